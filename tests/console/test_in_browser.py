"""The console in a real browser: by keyboard alone, with its scripts, at the width of a telephone."""

import io
import math
import struct
import wave
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import factories
import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from hotline.app import create_app
from hotline.db import Sessions
from hotline.models import Fact, Line, Order, Origin, Recording, Transcript, Unit
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.rules.supervision import ExtensionState
from hotline.services import accounts, emergency_mode, extensions, facts, recordings, supervision, uncleared
from hotline.services.access import SYSTEM
from hotline.store import RecordingStore
from speech.transcript import Transcript as Heard
from speech.transcript import Word
from speech.understand import Gazetteer, understand

SAID = "我姓陈家里没有米了"
PASSWORD = "a long password"


class Served:
    """The application on a port of this machine, in the machine's own time."""

    def __init__(self, directory: Path, database_url: str) -> None:
        settings = factories.settings(directory, database_url=database_url, public_base_url="http://127.0.0.1")
        self._app = create_app(settings)
        self.sessions: Sessions = self._app.extensions["hotline"].sessions
        self.store = RecordingStore(settings.recordings_url)
        self._server = make_server("127.0.0.1", 0, self._app, threaded=True)
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.port}"

    def close(self) -> None:
        """Stop serving and let go of the database."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._app.extensions["hotline"].engine.dispose()


@pytest.fixture
def served(tmp_path: Path, own_database_url: str) -> Iterator[Served]:
    served = Served(tmp_path, own_database_url)
    with served.sessions.begin() as session:
        street = factories.unit(session, "street", name="京溪街道")
        factories.unit(session, "meihuayuan", parent=street, name="梅花园社区")
        factories.line(session, street)
        roles = frozenset({Role.CALL_TAKER, Role.DISPATCHER})
        accounts.create_user(session, "chenying", "陈英", PASSWORD, street, roles, SYSTEM, factories.NOW)
    yield served
    served.close()


@pytest.fixture
def page(served: Served, browser: Browser) -> Iterator[Page]:
    """A page on which nothing may go wrong unseen."""
    context = browser.new_context(base_url=served.url, locale="zh-CN")
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    assert troubles == []


def sign_in(page: Page, login: str = "chenying") -> None:
    page.goto("/login")
    page.get_by_label("用户名").fill(login)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_label("密码").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("待办")


def receive(served: Served) -> str:
    """A call whose recording is in the store, not heard yet."""
    with served.sessions.begin() as session:
        order = factories.order(session, session.query(Line).one())
        recording = factories.recording(session, order.calls[0])
        served.store.put(str(recording.store_key), _sound())
        return order.number


def hear(served: Served, number: str) -> None:
    """What the workers do: transcribe and understand."""
    with served.sessions.begin() as session:
        order = session.query(Order).filter_by(number=number).one()
        recording = session.query(Recording).filter_by(call_id=order.calls[0].id).one()
        words = tuple(Word(char, i * 0.2, i * 0.2 + 0.2, 0.9) for i, char in enumerate(SAID))
        heard = Heard(2.0, words, "model", "zh-CN")
        recordings.transcribed(session, recording, heard, factories.NOW, delete_at_carrier=False)
        transcript = session.query(Transcript).one()
        understood = understand(SAID, Gazetteer.from_rows([], []), words=words)
        facts.propose(session, order, transcript, understood, factories.NOW, factories.ZONE)


def _sound() -> io.BytesIO:
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(i / 5))) for i in range(24000)))
    content.seek(0)
    return content


def tab_to(page: Page, selector: str, *, at_most: int = 80) -> None:
    """Go forward by the keyboard until the element has the focus."""
    for _ in range(at_most):
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not reach {selector}")


def test_order_is_reviewed_and_dispatched_by_keyboard_alone(served: Served, page: Page) -> None:
    number = receive(served)
    hear(served, number)
    page.goto("/login")
    tab_to(page, "[name=login]")
    page.keyboard.type("chenying")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")

    tab_to(page, f"[href='/orders/{number}']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/orders/{number}")
    tab_to(page, "[data-confirm-fact=category] button")
    page.keyboard.press("Enter")
    expect(page.locator("[data-fact=category]")).to_have_attribute("data-origin", "person")
    tab_to(page, "[data-move=triage] button")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_have_attribute("data-state", "triaged")
    tab_to(page, "[data-move=dispatch] [name=unit]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "[data-move=dispatch] button")
    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_have_attribute("data-state", "dispatched")
    with served.sessions() as session:
        order = session.query(Order).one()
        assert (order.state, order.unit.code) == (OrderState.DISPATCHED, "meihuayuan")
        assert session.query(Fact).filter_by(origin=Origin.PERSON).one().name == "category"


def test_list_refreshes_itself_without_taking_the_focus(served: Served, page: Page) -> None:
    first = receive(served)
    sign_in(page)
    page.goto("/orders")
    link = page.get_by_role("link", name=first)
    link.focus()

    second = receive(served)

    expect(page.get_by_role("link", name=second)).to_be_visible(timeout=15_000)
    expect(link).to_be_focused()


def test_facts_appear_by_themselves_while_somebody_writes_elsewhere(served: Served, page: Page) -> None:
    number = receive(served)
    sign_in(page)
    page.goto(f"/orders/{number}")
    expect(page.locator("#heard")).to_contain_text("正在转写")
    page.get_by_text("标为无效", exact=True).first.click()
    reason = page.locator("[data-move=invalidate] [name=reason]")
    reason.fill("写到一半")

    hear(served, number)

    expect(page.locator("[data-fact=category] [data-value]")).to_have_text("生活物资", timeout=15_000)
    expect(page.locator(".transcript")).to_have_text(f"{SAID}。")
    expect(reason).to_have_value("写到一半")


def test_word_leads_to_its_sound_and_fact_lights_its_words(served: Served, page: Page) -> None:
    number = receive(served)
    hear(served, number)
    sign_in(page)
    page.goto(f"/orders/{number}")

    page.locator(".piece", has_text="米").click()

    place = "() => document.querySelector('audio').currentTime"
    page.wait_for_function(f"({place})() >= 1.4")
    assert page.locator(".piece.lit").count() == 0
    page.locator("[data-fact=needs] th").hover()
    expect(page.locator(".piece.lit").filter(has_text="米")).to_have_count(1)
    page.mouse.move(0, 0)
    expect(page.locator(".piece.lit")).to_have_count(0)
    page.locator("[data-confirm-fact=needs] button").focus()
    expect(page.locator(".piece.lit").filter(has_text="米")).to_have_count(1)


def test_arrow_keys_go_from_word_to_word(served: Served, page: Page) -> None:
    number = receive(served)
    hear(served, number)
    sign_in(page)
    page.goto(f"/orders/{number}")

    page.locator(".transcript").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")

    expect(page.locator(".piece.here")).to_have_text(SAID[1])
    page.keyboard.press("Enter")
    page.wait_for_function("() => !document.querySelector('audio').paused")


def test_long_list_of_units_can_be_searched(served: Served, page: Page) -> None:
    with served.sessions.begin() as session:
        street = session.query(Unit).filter_by(code="street").one()
        for number in range(30):
            factories.unit(session, f"grid-{number}", parent=street, name=f"第{number}网格")
    number = receive(served)
    hear(served, number)
    sign_in(page)
    page.goto(f"/orders/{number}")
    page.locator("[data-fact=place] summary").click()
    form = page.locator("[data-correct-fact=place]")

    form.get_by_role("searchbox").fill("梅花")
    form.get_by_role("button").click()

    expect(page.locator("[data-fact=place] [data-value]")).to_contain_text("梅花园社区")


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_its_screen(served: Served, page: Page, width: int, scheme: str) -> None:
    number = receive(served)
    hear(served, number)
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    sign_in(page)

    for path in ("/", "/calls", "/orders", f"/orders/{number}", "/surveys", "/roster", "/catalogue"):
        page.goto(path)
        for each in page.locator("details").all():
            each.evaluate("details => { details.open = true }")
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert beyond == 0, path


def test_hours_without_anybody_are_listed_without_a_mark(served: Served, page: Page) -> None:
    now = datetime.now(UTC)
    with served.sessions.begin() as session:
        person = factories.user(session, session.query(Unit).filter_by(code="street").one(), Role.HANDLER)
        factories.shift(session, person, begins_at=now, ends_at=now + timedelta(hours=8))
    sign_in(page)

    page.goto("/roster")

    mark = page.locator("#gaps li").first.evaluate("line => getComputedStyle(line, '::before').content")
    assert mark == "none"


@pytest.fixture
def supervised(served: Served) -> str:
    """An order whose handler asks for more time, in a street of many units that is in emergency mode."""
    now = datetime.now(UTC)
    with served.sessions.begin() as session:
        street = session.query(Unit).filter_by(code="street").one()
        for count in range(30):
            factories.unit(session, f"grid-{count}", parent=street, name=f"名字很长的第{count}社区第{count}网格")
        roles = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
        accounts.create_user(session, "duban", "督办员", PASSWORD, street, roles, SYSTEM, now)
        order = factories.order(session, session.query(Line).one(), OrderState.IN_PROGRESS)
        order.resolve_by = now + timedelta(hours=2)
        handler = factories.actor(session, street, Role.HANDLER)
        extensions.ask(session, order, now + timedelta(days=1), "材料还没有齐", handler, now)
        emergency_mode.switch_on(session, street, "寒潮橙色预警", now + timedelta(days=1), SYSTEM, now, factories.ZONE)
        supervision.look(session, now, factories.ZONE)
        uncleared.make_due(session, now, factories.ZONE)
        return order.number


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_of_supervision_or_rules_is_wider_than_its_screen(
    supervised: str, page: Page, width: int, scheme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    sign_in(page, "duban")

    for path in (
        f"/orders/{supervised}",
        "/supervision",
        "/supervision/uncleared",
        "/policies",
        "/policies/limits/limits/normal",
        "/policies/settings/working_weekdays",
        "/policies/calendar",
        "/policies/emergency-mode",
    ):
        page.goto(path)
        for each in page.locator("details").all():
            each.evaluate("details => { details.open = true }")
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert beyond == 0, path


def test_more_time_is_granted_by_keyboard_alone(served: Served, supervised: str, page: Page) -> None:
    sign_in(page, "duban")
    page.goto("/supervision")

    tab_to(page, "[data-to-decide] summary")
    page.keyboard.press("Enter")
    tab_to(page, "[data-clocks=decide_extension] [name=decision]")
    page.keyboard.press("Space")
    tab_to(page, "[data-clocks=decide_extension] [name=word]")
    page.keyboard.type("抓紧办理")
    tab_to(page, "[data-clocks=decide_extension] button")
    page.keyboard.press("Enter")

    expect(page.locator("[data-to-decide]")).to_have_count(0)
    with served.sessions() as session:
        order = session.query(Order).filter_by(number=supervised).one()
        assert order.extensions[0].state == ExtensionState.GRANTED


def test_form_that_is_sent_twice_by_an_impatient_hand_counts_once(served: Served, page: Page) -> None:
    number = receive(served)
    sign_in(page)
    page.goto(f"/orders/{number}")

    page.locator("[data-move=triage] button").dblclick()

    expect(page.locator("#main")).to_have_attribute("data-state", "triaged")
    expect(page.locator("[data-outdated]")).to_have_count(0)
