"""A newcomer's first try, in real browsers: type what the caller says into the softphone, see the order appear."""

from collections.abc import Iterator

import pytest
from looking import SERVICE
from playwright.sync_api import Browser, Page, expect

from stack.stack import Stack

OWN = "+8613800138401"
WORDS = "你好，家里停水两天了，宝宝没有奶粉，在同泰路租房住。"
# The call itself is in real time: greeting, message, the number read twice.
CALL_MS = 90_000
PROMISED_MS = 10_000


@pytest.fixture
def console(stack: Stack, browser: Browser) -> Iterator[Page]:
    """A call taker who looks at the list of orders."""
    person = next(one for one in stack.log_ins if "call_taker" in one.roles)
    page = browser.new_page(locale="zh-CN")
    page.goto(f"{stack.web_url}/login")
    page.fill("input[name=login]", person.login)
    page.fill("input[name=password]", person.password or "")
    page.press("input[name=password]", "Enter")
    page.goto(f"{stack.web_url}/orders")
    yield page
    page.close()


@pytest.fixture
def softphone(stack: Stack, browser: Browser) -> Iterator[Page]:
    page = browser.new_page(locale="zh-CN")
    page.goto(f"{stack.sandbox_url}/phone")
    expect(page.locator("#service")).to_have_value(SERVICE)
    yield page
    page.close()


def test_typed_call_appears_as_an_order_in_the_console(console: Page, softphone: Page) -> None:
    softphone.fill("#words", WORDS)
    softphone.click("#say button[type=submit]")
    softphone.fill("#own", OWN)
    softphone.click("#dial")
    expect(softphone.locator("#log")).to_contain_text(WORDS, timeout=CALL_MS)
    expect(softphone.locator("#log")).to_contain_text("编号", timeout=CALL_MS)

    # Nobody reloads the list: it keeps itself up to date.
    expect(console.locator("tbody")).to_contain_text("奶粉", timeout=PROMISED_MS)
    expect(softphone.locator("#messages")).to_contain_text("工单编号", timeout=PROMISED_MS)
