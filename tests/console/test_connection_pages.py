"""Platforms with their tokens, and message channels, as administrators of the topmost unit set them up."""

import re

import factories
import pytest
from site_under_test import Browser, Site
from sqlalchemy import delete

from hotline.models import MessageChannel, TransferPlatform
from hotline.rules.roles import Role
from hotline.services import message_channels, transfers
from hotline.services.access import NotAllowedError


@pytest.fixture
def browser(site: Site) -> Browser:
    """An administrator of the topmost unit, on the page."""
    browser = site.browser(Role.ADMINISTRATOR, unit=site.city)
    browser.get("/connections")
    return browser


def make_token(browser: Browser, **filled_in: str) -> str:
    browser.get("/connections")
    page = browser.send('data-connect="platform"', **{"name": "12345", "unit": "street", **filled_in})
    found = re.search(r'class="token">([^<]+)<', page.text)
    return found[1] if found else ""


def unit_of_token(site: Site, token: str) -> str | None:
    with site.sessions() as session:
        platform = transfers.platform_by_token(session, token)
        return platform.unit.code if platform else None


def test_token_is_shown_once_and_a_new_one_takes_its_place(site: Site, browser: Browser) -> None:
    first = make_token(browser)
    assert unit_of_token(site, first) == "street"
    assert first not in browser.get("/connections").text

    second = make_token(browser, unit="other")

    assert (unit_of_token(site, first), unit_of_token(site, second)) == (None, "other")
    assert "已关闭" in browser.send('data-switch-off="12345"').text
    assert unit_of_token(site, second) is None


@pytest.mark.parametrize("wrong", [{"name": " "}, {"unit": ""}, {"name": "一\u200b二"}])
def test_platform_without_a_usable_name_or_unit_gets_no_token(browser: Browser, wrong: dict[str, str]) -> None:
    assert not make_token(browser, **wrong)
    assert browser.page is not None
    assert browser.page.status_code == 422


def test_channel_is_added_and_switched_off(site: Site, browser: Browser) -> None:
    given = {"name": "wechat", "unit": "street", "reply_url": "https://gateway.example/replies"}

    page = browser.send('data-connect="channel"', **given)

    assert "未配置密钥" in page.text
    with site.sessions() as session:
        channel = message_channels.by_name(session, "wechat")
        assert channel is not None
        assert (channel.unit.code, channel.reply_url) == ("street", given["reply_url"])
    browser.send('data-switch-off="wechat"')
    with site.sessions() as session:
        assert message_channels.by_name(session, "wechat") is None


@pytest.mark.parametrize("wrong", [{"name": "微信"}, {"reply_url": "http://elsewhere.example"}])
def test_channel_that_cannot_be_reached_is_refused_with_words(browser: Browser, wrong: dict[str, str]) -> None:
    given = {"name": "wechat", "unit": "street", "reply_url": "https://gateway.example", **wrong}

    page = browser.send('data-connect="channel"', **given)

    assert page.status_code == 422
    assert "渠道名称由 2 到 20 个" in page.text


@pytest.mark.parametrize("role", Role)
def test_connections_are_for_administrators_of_the_topmost_unit(site: Site, role: Role) -> None:
    assert site.browser(role).get("/connections").status_code == 403
    at_the_top = site.browser(role, unit=site.city).get("/connections")
    assert at_the_top.status_code == (200 if role == Role.ADMINISTRATOR else 403)


def test_administrators_below_the_top_connect_nothing(site: Site) -> None:
    with site.sessions.begin() as session:
        street = session.merge(site.street)
        actor = factories.actor(session, street, Role.ADMINISTRATOR)
        with pytest.raises(NotAllowedError):
            transfers.set_platform(session, "12345", street, actor, factories.NOW)
        with pytest.raises(NotAllowedError):
            message_channels.set_channel(session, "wechat", street, "https://gateway.example", actor, factories.NOW)


def test_what_is_not_connected_cannot_be_switched_off(site: Site, browser: Browser) -> None:
    make_token(browser)
    browser.get("/connections")
    browser.send('data-connect="channel"', name="wechat", unit="street", reply_url="https://gateway.example")
    page = browser.page
    with site.sessions.begin() as session:
        session.execute(delete(TransferPlatform))
        session.execute(delete(MessageChannel))

    for name in ("12345", "wechat"):
        browser.page = page
        assert browser.send(f'data-switch-off="{name}"').status_code == 404


def test_of_platforms_whose_names_look_alike_the_one_that_is_meant_is_switched_off(
    site: Site, browser: Browser
) -> None:
    with site.sessions.begin() as session:
        for name in ("民政 平台", "民政平台", "１２３４５"):
            platform = TransferPlatform(name=name, token_sha256=name, made_at=factories.NOW)
            platform.unit = session.merge(site.street)
            session.add(platform)
    browser.get("/connections")

    for name in ("民政平台", "１２３４５"):
        browser.send(f'data-switch-off="{name}"')

    with site.sessions() as session:
        assert [each.name for each in transfers.platforms(session) if each.is_active] == ["民政 平台"]
