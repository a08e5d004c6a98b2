"""Who may open which page."""

from pathlib import Path

import factories
import pytest
from flask import Blueprint
from site_under_test import Browser, Site

from hotline.app import create_app
from hotline.console.areas import OPEN_AREAS, SIGNED_AREAS, WHO_OPENS, is_open
from hotline.rules.roles import Role

_T, _D, _H, _S, _A = Role.CALL_TAKER, Role.DISPATCHER, Role.HANDLER, Role.SUPERVISOR, Role.ADMINISTRATOR

OPENS = {
    "/": {_T, _D, _H, _S, _A},
    "/calls": {_T, _D, _S, _A},
    "/calls/{call}": {_T, _D, _S, _A},
    "/orders": {_T, _D, _H, _S, _A},
    "/orders/{number}": {_T, _D, _H, _S, _A},
    "/orders/new": {_T, _D, _S},
    "/events": {_T, _D, _S},
    "/surveys": {_T, _D, _S, _A},
    "/supervision": {_T, _D, _H, _S, _A},
    "/supervision/uncleared": {_T, _D, _H, _S, _A},
    "/roster": {_T, _D, _H, _S, _A},
    "/roster/street": {_T, _D, _H, _S, _A},
    "/transfers": {_D, _S, _A},
    "/catalogue": {_D, _S, _A},
    "/catalogue/street": {_D, _S, _A},
    "/policies": {_S, _A},
    "/policies/limits/limits/normal": {_A},
    "/policies/settings/copies_up": {_A},
    "/policies/calendar": {_S, _A},
    "/policies/emergency-mode": {_S, _A},
    "/password": {_T, _D, _H, _S, _A},
    "/people": {_S, _A},
    "/people/add": {_A},
    "/units": {_S, _A},
    "/units/street": {_S, _A},
    "/troubles": {_S, _A},
    "/audit": {_A},
}


@pytest.mark.parametrize("path", OPENS)
@pytest.mark.parametrize("role", Role)
def test_each_role_opens_the_pages_of_its_work(site: Site, path: str, role: Role) -> None:
    with site.sessions.begin() as session:
        order = factories.order(session, session.merge(site.line))
        address = path.format(number=order.number, call=order.calls[0].id)

    page = site.browser(role).get(address)

    assert page.status_code == (200 if role in OPENS[path] else 403)
    assert ("data-error" in page.text) == (page.status_code != 200)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/calls",
        "/orders",
        "/orders/1",
        "/orders/new",
        "/events",
        "/surveys",
        "/supervision",
        "/transfers",
        "/roster",
        "/catalogue",
        "/policies",
        "/password",
        "/people",
        "/units",
        "/connections",
        "/troubles",
        "/learning",
        "/audit",
    ],
)
def test_whoever_is_not_signed_in_is_led_to_the_form(site: Site, path: str) -> None:
    page = Browser(site.app).get(path)

    assert page.status_code == 302
    assert page.location.startswith("/login?next=")


def test_every_address_is_of_an_area_that_is_named(site: Site) -> None:
    rules = list(site.app.url_map.iter_rules())

    nameless = [
        rule for rule in rules if not is_open(rule.endpoint) and rule.endpoint.partition(".")[0] not in WHO_OPENS
    ]

    assert not nameless
    assert set(site.app.blueprints) == {*WHO_OPENS, *OPEN_AREAS, *SIGNED_AREAS}


def test_every_address_that_is_not_named_open_asks_who_is_there(site: Site) -> None:
    for rule in site.app.url_map.iter_rules():
        if is_open(rule.endpoint):
            continue
        values = dict.fromkeys(rule.arguments, 1)
        with site.app.test_request_context(base_url=factories.BASE_URL):
            path = site.app.url_for(rule.endpoint, **values, _external=False)
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        answer = Browser(site.app).client.open(path, method=method, base_url=factories.BASE_URL)
        assert (answer.status_code, answer.location) in {(302, answer.location), (400, None)}, rule
        assert "data-error" in answer.text or str(answer.location).startswith("/login"), rule


def test_area_that_nobody_named_is_closed_to_everybody(site: Site, tmp_path: Path) -> None:
    app = create_app(factories.settings(tmp_path))
    app.extensions["hotline"] = site.app.extensions["hotline"]
    forgotten = Blueprint("forgotten", __name__)
    forgotten.add_url_rule("/forgotten", view_func=lambda: "secret")
    app.register_blueprint(forgotten)
    site.app = app

    assert Browser(app).get("/forgotten").status_code == 302
    assert site.browser(*Role).get("/forgotten").status_code == 403


@pytest.mark.parametrize("path", ["/connections", "/learning"])
def test_what_holds_for_all_units_is_for_administrators_of_the_topmost_one(site: Site, path: str) -> None:
    for unit, is_open_there in ((site.city, True), (site.street, False)):
        browser = site.browser(Role.ADMINISTRATOR, unit=unit)

        assert (f'href="{path}"' in browser.get("/").text) == is_open_there
        assert browser.get(path).status_code == (200 if is_open_there else 403)


def test_navigation_leads_nowhere_that_is_closed(site: Site) -> None:
    for role in Role:
        browser = site.browser(role)
        start = browser.get("/").text
        for path, roles in OPENS.items():
            if "{" not in path and path.count("/") == 1:
                assert (f'href="{path}"' in start) == (role in roles), (role, path)
