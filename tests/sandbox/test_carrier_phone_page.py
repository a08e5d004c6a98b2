"""The softphone's page in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from stand_in import HOTLINE, Sandbox, Service, until

OWN = "+8613800138000"


@pytest.fixture
def page(browser: Browser, real_time_sandbox: Sandbox) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda problem: problems.append(str(problem)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.goto(f"{real_time_sandbox.url}/phone")
    expect(page.locator("#state")).to_have_text("可以拨打")
    yield page
    context.close()
    assert problems == []


def test_somebody_rings_writes_ahead_and_is_recorded(page: Page, service: Service) -> None:
    service.on("/voice", "<Say language='cmn-CN'>您好。</Say><Record action='/done' timeout='2'/>")
    service.on("/done", "<Say language='cmn-CN'>谢谢。</Say>")
    page.get_by_role("button", name="拨打").click()
    expect(page.locator("#log")).to_contain_text("您好。")
    page.get_by_label("替求助人说话").fill("没有米了")
    page.get_by_role("button", name="说出来").click()
    expect(page.locator("#log .caller")).to_contain_text("没有米了")
    expect(page.locator("#log")).to_contain_text("录下了", timeout=10_000)
    expect(page.locator("#log")).to_contain_text("谢谢。")
    expect(page.locator("#state")).to_have_text("通话结束（正常结束）")


def test_words_written_before_the_call_are_said_after_the_beep(page: Page, service: Service) -> None:
    service.on("/voice", "<Record action='/done' timeout='2'/>")
    service.on("/done")
    page.get_by_label("替求助人说话").fill("没有米了")
    page.get_by_role("button", name="说出来").click()
    page.get_by_label("本机号码").fill("+8613800138099")
    page.get_by_role("button", name="拨打").click()  # straight from the number, before the exchange knows it
    expect(page.locator("#log .caller")).to_contain_text("没有米了")
    expect(page.locator("#log")).to_contain_text("录下了", timeout=10_000)


def test_an_incoming_call_is_answered_and_keyed_without_a_mouse(
    page: Page, service: Service, real_time_sandbox: Sandbox
) -> None:
    url = service.on("/survey", "<Gather numDigits='1' action='/keys'><Say>solved?</Say></Gather>")
    service.on("/keys")
    real_time_sandbox.client().calls.create(to=OWN, from_=HOTLINE, url=url)
    expect(page.locator("#state")).to_have_text(f"来电：{HOTLINE}")
    expect(page.get_by_role("button", name="接听")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#log")).to_contain_text("solved?")
    page.keyboard.press("1")
    until(lambda: service.at("/keys"), "the key arrives")
    assert service.at("/keys")[0].form["Digits"] == "1"


def test_text_messages_are_shown(page: Page, service: Service, real_time_sandbox: Sandbox) -> None:
    service.on("/sms", "<Message>收到了。</Message>")
    page.get_by_label("发给热线的短信").fill("我听不见")
    page.get_by_role("button", name="发送短信").click()
    expect(page.locator("#messages")).to_contain_text("收到了。")


def test_loading_the_page_anew_keeps_the_number(page: Page) -> None:
    page.reload()
    expect(page.locator("#state")).to_have_text("可以拨打")


def test_words_without_a_call_are_kept_for_the_next_one(page: Page) -> None:
    page.get_by_label("替求助人说话").fill("有人吗")
    page.keyboard.press("Enter")
    expect(page.locator("#log .fact")).to_contain_text("有人吗")


def test_the_page_speaks_english_and_fits_a_small_screen(page: Page) -> None:
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="Hang up")).to_be_disabled()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.locator("html").evaluate("page => page.scrollWidth") <= 390
