"""Who may open which page."""

import factories
import pytest
from site_under_test import Browser, Site

from hotline.rules.roles import Role

_T, _D, _H, _S, _A = Role.CALL_TAKER, Role.DISPATCHER, Role.HANDLER, Role.SUPERVISOR, Role.ADMINISTRATOR

OPENS = {
    "/": {_T, _D, _H, _S, _A},
    "/calls": {_T, _D, _S, _A},
    "/calls/{call}": {_T, _D, _S, _A},
    "/orders": {_T, _D, _H, _S, _A},
    "/orders/{number}": {_T, _D, _H, _S, _A},
    "/surveys": {_T, _D, _S, _A},
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


@pytest.mark.parametrize("path", ["/", "/calls", "/orders", "/orders/1", "/surveys", "/troubles", "/audit"])
def test_whoever_is_not_signed_in_is_led_to_the_form(site: Site, path: str) -> None:
    page = Browser(site.app).get(path)

    assert page.status_code == 302
    assert page.location.startswith("/login?next=")


def test_navigation_leads_nowhere_that_is_closed(site: Site) -> None:
    for role in Role:
        browser = site.browser(role)
        start = browser.get("/").text
        for path, roles in OPENS.items():
            if "{" not in path:
                assert (f'href="{path}"' in start) == (role in roles), (role, path)
