"""Signing in and out, and what ends a sign-in."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import factories
import pytest
from site_under_test import Browser, Site

from hotline.app import create_app
from hotline.console.install import ATTEMPTS
from hotline.console.signing import own_address
from hotline.models import Action, AuditEntry, User
from hotline.rules.roles import Role
from hotline.services import accounts, people
from hotline.services.access import SYSTEM
from hotline.web import install

PASSWORD = "a long password"


@pytest.fixture
def login(site: Site) -> str:
    with site.sessions.begin() as session:
        user = accounts.create_user(
            session,
            f"person{id(site)}",
            "陈英",
            PASSWORD,
            session.merge(site.street),
            frozenset({Role.CALL_TAKER}),
            SYSTEM,
            factories.NOW,
        )
        return user.login


def sign_in(site: Site, login: str, password: str = PASSWORD) -> Browser:
    browser = Browser(site.app)
    browser.get("/login")
    browser.send('id="log-in"', login=login, password=password)
    return browser


def test_name_and_password_open_the_first_page(site: Site, login: str) -> None:
    browser = sign_in(site, login)

    assert browser.page is not None
    assert browser.page.request.path == "/"
    assert "陈英" in browser.page.text


def test_whoever_was_led_to_the_form_goes_on_to_the_page_asked_for(site: Site, login: str) -> None:
    browser = Browser(site.app)
    browser.get("/orders?mine=1", follow_redirects=True)

    page = browser.send('id="log-in"', login=login, password=PASSWORD)

    assert page.request.full_path == "/orders?mine=1"


@pytest.mark.parametrize(("wrong_login", "password"), [(True, PASSWORD), (False, "another password")])
def test_wrong_name_and_wrong_password_are_told_in_the_same_words(
    site: Site, login: str, wrong_login: bool, password: str
) -> None:
    page = sign_in(site, "nobody" if wrong_login else login, password).page

    assert page is not None
    assert page.status_code == 401
    assert "用户名或密码不正确" in page.text
    assert password not in page.text


def test_signing_in_and_failing_to_and_leaving_are_written_down(site: Site, login: str) -> None:
    sign_in(site, login, "another password")
    browser = sign_in(site, login)
    browser.send('id="log-out"')

    with site.sessions() as session:
        actions = [entry.action for entry in site.all(session, AuditEntry)]
    assert actions[-3:] == [Action.SIGN_IN_FAILED, Action.SIGNED_IN, Action.SIGNED_OUT]


def test_after_signing_out_nothing_opens(site: Site, login: str) -> None:
    browser = sign_in(site, login)

    browser.send('id="log-out"')

    assert browser.get("/orders").status_code == 302


def test_cookie_that_was_kept_opens_nothing_after_signing_out(site: Site, login: str) -> None:
    browser = sign_in(site, login)
    kept = browser.client.get_cookie("session", domain="hotline.example")
    assert kept is not None
    browser.send('id="log-out"')

    thief = Browser(site.app)
    thief.client.set_cookie("session", kept.value, domain="hotline.example")

    assert thief.get("/orders").status_code == 302


def test_sign_in_ends_after_a_working_day_whatever_was_done_in_between(site: Site, login: str) -> None:
    browser = sign_in(site, login)
    for _ in range(11):
        site.clock.at += timedelta(hours=1)
        assert browser.get("/").status_code == 200
        browser.send('action="/language"', language="en")
    site.clock.at += timedelta(hours=1)

    assert browser.get("/orders", headers={"X-Refresh": "1"}).status_code == 401
    assert browser.get("/orders").status_code == 302


def test_new_password_ends_the_sign_in(site: Site, login: str) -> None:
    browser = sign_in(site, login)
    with site.sessions.begin() as session:
        user = accounts.by_login(session, login)
        assert user is not None
        people.set_password(session, user, "a newer password", SYSTEM, factories.NOW)

    assert browser.get("/").status_code == 302


def test_person_out_of_service_is_out_at_once(site: Site, login: str) -> None:
    browser = sign_in(site, login)
    with site.sessions.begin() as session:
        session.query(User).filter(User.login == login).one().is_active = False

    assert browser.get("/").status_code == 302


def test_page_that_refreshes_itself_is_told_that_the_sign_in_ended(site: Site) -> None:
    assert Browser(site.app).get("/orders", headers={"X-Refresh": "1"}).status_code == 401


def test_guessing_is_slowed_down_for_one_name_only(site: Site, login: str) -> None:
    for _ in range(ATTEMPTS):
        page = sign_in(site, login, "another password").page
        assert page is not None
        assert page.status_code == 401

    slowed, other = sign_in(site, login).page, sign_in(site, "somebody-else", "another password").page

    assert slowed is not None
    assert slowed.status_code == 429
    assert "尝试次数过多" in slowed.text
    assert other is not None
    assert other.status_code == 401


def test_attempts_at_several_processes_are_counted_together(
    site: Site, login: str, tmp_path: Path, redis_url: str
) -> None:
    settings = factories.settings(tmp_path, redis_url=redis_url)
    processes = [create_app(settings), create_app(settings)]
    held = site.app.extensions["hotline"]
    for app in processes:
        install(app, held)

    answers = []
    for number in range(ATTEMPTS + 1):
        browser = Browser(processes[number % 2])
        browser.get("/login")
        answers.append(browser.send('id="log-in"', login=login, password="another password").status_code)

    assert answers == [*[401] * ATTEMPTS, 429]


def test_guesses_at_once_are_counted_as_well(own_database_url: str, redis_url: str, tmp_path: Path) -> None:
    app = create_app(factories.settings(tmp_path, database_url=own_database_url, redis_url=redis_url))

    def guess(_number: int) -> int:
        browser = Browser(app)
        browser.get("/login")
        return browser.send('id="log-in"', login="somebody", password="another password").status_code

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(guess, range(30)))

    assert sorted(answers) == [*[401] * ATTEMPTS, *[429] * 20]


def test_signing_in_rightly_is_not_counted(site: Site, login: str) -> None:
    for _ in range(ATTEMPTS + 1):
        assert sign_in(site, login).page.request.path == "/"  # type: ignore[union-attr]
        page = sign_in(site, login, "").page
        assert page is not None
        assert page.status_code == 422


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "", None, "/a\nb"])
def test_nothing_leads_away_from_us(path: str | None) -> None:
    assert own_address(path) is None


def test_signing_in_with_a_foreign_destination_leads_to_the_first_page(site: Site, login: str) -> None:
    browser = Browser(site.app)
    browser.get("/login?next=//evil.example")

    assert browser.send('id="log-in"', login=login, password=PASSWORD).request.path == "/"


def test_language_is_kept_for_the_person(site: Site) -> None:
    user = site.person(Role.HANDLER)
    browser = site.browser_of(user)
    browser.get("/")
    assert "待办" in browser.page.text  # type: ignore[union-attr]

    page = browser.send('action="/language"', language="en")

    assert "To do" in page.text
    assert 'lang="en"' in page.text
    assert "To do" in site.browser_of(user).get("/").text


def test_unknown_language_changes_nothing(site: Site) -> None:
    browser = site.browser(Role.HANDLER)
    browser.get("/")

    assert "待办" in browser.send('action="/language"', language="xx").text
