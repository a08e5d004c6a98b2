"""What a browser is told to forbid, and which requests are refused before a view sees them."""

import re
from pathlib import Path

import factories
import pytest
from psycopg.errors import AdminShutdown, DeadlockDetected, SerializationFailure
from site_under_test import Browser, Site
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError

from hotline import console
from hotline.app import create_app
from hotline.models import Attention, RecordingState
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.order_states import Move, OrderState
from hotline.rules.roles import Role
from hotline.rules.survey_states import RoundEvent, round_after
from hotline.services import recordings

TEMPLATES = Path(console.__file__).parent / "templates"


def test_pages_allow_nothing_but_our_own_scripts_and_styles(site: Site) -> None:
    headers = site.browser(Role.SUPERVISOR).get("/orders").headers

    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_no_template_has_a_script_or_style_of_its_own(template: Path) -> None:
    assert not re.search(r"\s(style|on\w+)=|<style|<script(?![^>]* src=)", template.read_text())


def test_form_without_its_token_is_refused_and_says_so(site: Site) -> None:
    with site.sessions.begin() as session:
        number = factories.order(session, session.merge(site.line)).number
    browser = site.browser(Role.CALL_TAKER)

    page = browser.client.post(
        f"/orders/{number}/moves/triage",
        data={"version": "2"},
        base_url=factories.BASE_URL,
        headers={"Referer": f"{factories.BASE_URL}/"},
    )

    assert page.status_code == 400
    assert "表单已失效" in page.text
    assert 'data-state="received"' in browser.get(f"/orders/{number}").text


# Who signs each request, or bears a token, and has no cookie that somebody could misuse.
_MACHINES = ("voice.", "notices.", "channels.", "api.")


def test_every_posting_rule_but_those_of_machines_asks_for_the_token(site: Site) -> None:
    client = site.browser(*Role, unit=site.city).client
    posts = [rule for rule in site.app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    ours = [rule for rule in posts if not rule.endpoint.startswith(_MACHINES)]

    for rule in ours:
        values = {name: 1 if "_id" in name else "1" for name in rule.arguments}
        with site.app.test_request_context(base_url=factories.BASE_URL):
            path = site.app.url_for(rule.endpoint, **values, _external=False)
        assert client.post(path, base_url=factories.BASE_URL).status_code == 400, rule

    assert len(ours) >= 10


def test_too_large_a_form_is_refused(site: Site) -> None:
    browser = site.browser(Role.CALL_TAKER)
    browser.get("/orders")

    page = browser.send('action="/language"', next="x" * 2_000_000)

    assert page.status_code == 413
    assert "内容过大" in page.text


def test_cookie_is_for_us_alone_and_unseen_by_scripts(site: Site) -> None:
    page = site.app.test_client().get("/login", base_url=factories.BASE_URL)

    cookie = page.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Domain" not in cookie


def test_with_https_the_cookie_never_travels_without_it(tmp_path: Path) -> None:
    app = create_app(factories.settings(tmp_path, session_cookie_secure=True))
    client = app.test_client()

    plain = client.get("/login", base_url=factories.BASE_URL.replace("https", "http"))
    secure = client.get("/login", base_url=factories.BASE_URL)

    assert plain.location.startswith("https://")
    assert "Secure" in secure.headers["Set-Cookie"]
    assert secure.headers["Strict-Transport-Security"].startswith("max-age=")


def test_the_carrier_is_never_led_elsewhere(tmp_path: Path) -> None:
    app = create_app(factories.settings(tmp_path, session_cookie_secure=True))

    answer = app.test_client().post("/voice/inbound", base_url=factories.BASE_URL.replace("https", "http"))

    assert answer.status_code == 403


def test_foreign_host_name_is_refused(site: Site) -> None:
    assert site.app.test_client().get("/login", base_url="https://evil.example").status_code == 400


def test_unknown_address_says_so_to_whoever_asks(site: Site) -> None:
    for client in (site.app.test_client(), site.browser(Role.HANDLER).client):
        page = client.get("/nowhere", base_url=factories.BASE_URL)
        assert page.status_code == 404
        assert "页面不存在" in page.text


_MANY = "9" * 23


@pytest.mark.parametrize(
    ("path", "code"),
    [
        *((path, 400) for path in ("/orders/%00", "/orders?number=%00", "/calls?number=%00")),
        (f"/catalogue?page={_MANY}", 404),
        (f"/calls/{_MANY}", 404),
        (f"/recordings/{_MANY}/audio", 404),
        ("/calls/2147483648", 404),
    ],
)
def test_what_the_database_cannot_hold_is_no_fault_of_ours(site: Site, path: str, code: int) -> None:
    page = site.browser(*Role).get(path)

    assert page.status_code == code
    assert f'data-error="{code}"' in page.text


@pytest.mark.parametrize("area", ["orders", "calls", "audit"])
@pytest.mark.parametrize("place", [_MANY, "9" * 18, "x", "-1", "1.2.3", f"{'9' * 18}.1", f"1.{'9' * 18}", "%00"])
def test_place_that_no_list_has_is_its_beginning(site: Site, area: str, place: str) -> None:
    page = site.browser(*Role).get(f"/{area}?after={place}")

    assert page.status_code == 200


def test_name_with_a_senseless_character_signs_nobody_in(site: Site) -> None:
    browser = Browser(site.app)
    browser.get("/login")

    assert browser.send('id="log-in"', login="a\0b", password="a\0b").status_code == 400


@pytest.mark.parametrize(
    ("form", "filled_in"),
    [
        ('data-move="invalidate"', {"reason": "a\0b"}),
        ('data-move="merge"', {"reason": "a", "number": "\0"}),
        ('data-correct-fact="address"', {"value": "a\0b", "do": "correct"}),
        ('data-correct-fact="summary"', {"value": "a\0b", "do": "correct"}),
        ("data-correct-transcript", {"text": "a\0b"}),
        ('data-move="triage"', {"version": "²"}),
    ],
)
def test_form_with_a_senseless_character_is_told_so_and_changes_nothing(
    site: Site, form: str, filled_in: dict[str, str]
) -> None:
    with site.sessions.begin() as session:
        order = factories.order(session, session.merge(site.line))
        trouble = factories.recording(session, order.calls[0])
        recordings.spoiled(session, trouble, RecordingState.UNREADABLE, "", factories.NOW, factories.ZONE)
        trouble.trouble = "x"
    browser = site.browser(*Role)
    browser.get(f"/orders/{order.number}")

    assert browser.send(form, **filled_in).status_code == 400
    with site.sessions() as session:
        assert [session.get_one(type(order), order.id).version] == [order.version]


def test_note_with_a_senseless_character_is_told_so(site: Site) -> None:
    with site.sessions.begin() as session:
        call = factories.call(session, session.merge(site.line), attention=Attention.RING_BACK)
        survey = factories.attempt(session, session.merge(site.line)).round
        survey.state = round_after(survey.state, RoundEvent.HAND_OVER)
    browser = site.browser(*Role)

    browser.get(f"/calls/{call.id}")
    assert browser.send("data-handled", note="a\0b").status_code == 400
    browser.get("/surveys")
    assert browser.send('data-survey="given-up"', note="a\0b").status_code == 400
    browser.get("/surveys")
    answers = {"resolved": "yes", "satisfied": "satisfied", "note": "\0"}
    assert browser.send('data-survey="answers"', **answers).status_code == 400


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (ImpossibleMoveError(OrderState.CLOSED, Move.TRIAGE), 409),
        (StaleDataError(), 409),
        (OperationalError("", None, DeadlockDetected()), 409),
        (OperationalError("", None, SerializationFailure()), 409),
        (OperationalError("", None, AdminShutdown()), 500),
    ],
    ids=str,
)
def test_who_is_second_is_told_so(site: Site, tmp_path: Path, raised: Exception, code: int) -> None:
    app = create_app(factories.settings(tmp_path))
    app.extensions["hotline"] = site.app.extensions["hotline"]

    def fail() -> str:
        raise raised

    app.view_functions["start.page"] = fail
    site.app = app

    page = site.browser(Role.SUPERVISOR).get("/")

    assert page.status_code == code
    assert f'data-error="{code}"' in page.text


def test_fault_of_ours_is_a_page_without_any_detail(tmp_path: Path) -> None:
    """No database listens there."""
    app = create_app(factories.settings(tmp_path))
    client = app.test_client()
    with client.session_transaction(base_url=factories.BASE_URL) as kept:
        kept["_user_id"] = "1.key"
        kept["signed_in_at"] = "2999-01-01T00:00:00+00:00"

    page = client.get("/orders", base_url=factories.BASE_URL)

    assert page.status_code == 500
    assert 'data-error="500"' in page.text
    assert "Traceback" not in page.text
    assert "psycopg" not in page.text


def test_static_files_may_be_kept_and_change_their_address_with_their_content(site: Site) -> None:
    login = site.app.test_client().get("/login", base_url=factories.BASE_URL).text
    address = login.split('rel="stylesheet" href="')[1].split('"')[0]

    answer = site.app.test_client().get(address, base_url=factories.BASE_URL)

    assert "?v=" in address
    assert "max-age=31536000" in answer.headers["Cache-Control"]
