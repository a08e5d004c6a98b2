"""What a browser is told to forbid, and which requests are refused before a view sees them."""

import re
from pathlib import Path

import factories
import pytest
from site_under_test import Site

from hotline import console
from hotline.app import create_app
from hotline.rules.roles import Role

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


def test_every_posting_rule_but_the_carriers_asks_for_the_token(site: Site) -> None:
    client = site.browser(*Role).client
    posts = [rule for rule in site.app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    ours = [rule for rule in posts if not rule.endpoint.startswith(("voice.", "notices."))]

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
        assert "找不到" in page.text


@pytest.mark.parametrize(
    "path", ["/orders/%00", "/orders?number=%00", "/calls/99999999999999999999", "/orders?page=99999999999999999999"]
)
def test_what_the_database_cannot_hold_is_no_fault_of_ours(site: Site, path: str) -> None:
    assert site.browser(Role.SUPERVISOR).get(path).status_code in {400, 404}


def test_fault_of_ours_is_a_page_without_any_detail(tmp_path: Path) -> None:
    """No database listens there."""
    app = create_app(factories.settings(tmp_path))
    client = app.test_client()
    with client.session_transaction(base_url=factories.BASE_URL) as kept:
        kept["_user_id"] = "1.key"

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
