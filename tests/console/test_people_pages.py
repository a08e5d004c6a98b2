"""People and organisation: found, added, changed, ended and let in; the tree of units."""

import re

import factories
import pytest
from site_under_test import Browser, Site, turn
from sqlalchemy import select

from hotline.console.install import ATTEMPTS
from hotline.models import Action, AuditEntry, Level, User
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.services import accounts
from hotline.services.desk.people import READERS
from hotline.services.desk.stretches import ROWS

PHONE = "+8613800138000"


def page_of(user: User) -> str:
    return f"/people/{user.id}"


def shown_password(page: str) -> str:
    found = re.search(r'class="digits password">([^<]+)<', page)
    assert found, "no password is shown"
    return found[1]


def add(browser: Browser, **filled_in: object) -> str:
    browser.get("/people/add")
    given = {"name": "王芳", "unit": "street", "roles": ["handler"], "login": "wang.fang", **filled_in}
    return browser.send('data-person="add"', **given).text


def user_called(site: Site, login: str) -> User | None:
    with site.sessions() as session:
        return accounts.by_login(session, login)


# Reading


def test_list_shows_the_people_of_the_own_part_with_hidden_numbers(site: Site) -> None:
    mine, foreign = site.person(Role.HANDLER), site.person(Role.HANDLER, unit=site.other)
    with site.sessions.begin() as session:
        session.merge(mine).phone = PHONE

    text = site.browser(Role.SUPERVISOR).get("/people").text

    assert f'data-person="{mine.login}"' in text
    assert "•••• 8000" in text
    assert PHONE not in text
    assert foreign.name not in text
    assert "可以登录" in text


def test_list_is_searched_and_turned(site: Site) -> None:
    with site.sessions.begin() as session:
        street = session.merge(site.street)
        logins = [factories.user(session, street, Role.HANDLER).login for _ in range(ROWS + 1)]
    browser = site.browser(Role.ADMINISTRATOR, unit=site.city)

    first = browser.get("/people?role=handler").text
    second = browser.get(turn(first, "next")).text

    assert logins[0] in first
    assert logins[-1] not in first
    assert logins[-1] in second
    assert re.findall(r'data-person="([^"]+)"', browser.get(f"/people?words={logins[7]}").text) == [logins[7]]
    assert "data-person" not in browser.get("/people?unit=other").text
    assert browser.get("/people?unit=nowhere").status_code == 404


@pytest.mark.parametrize("role", Role)
def test_each_role_meets_a_person_as_far_as_it_goes(site: Site, role: Role) -> None:
    user = site.person(Role.HANDLER)

    page = site.browser(role).get(page_of(user))

    assert page.status_code == (200 if role in READERS else 403)
    assert ("data-person=" in page.text) == (role == Role.ADMINISTRATOR)
    assert site.browser(role).get("/people/add").status_code == (200 if role == Role.ADMINISTRATOR else 403)


def test_supervisors_change_nobody(site: Site) -> None:
    user, browser = site.person(Role.HANDLER), site.browser(Role.ADMINISTRATOR)
    for form in ("details", "phone", "password", "end"):
        browser.get(page_of(user))
        supervisor = site.browser(Role.SUPERVISOR)
        supervisor.page = browser.page
        # A token of the supervisor's own, in the form that only an administrator is shown.
        page = supervisor.get("/people").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        supervisor.page = browser.page
        filled_in = {"csrf_token": token[1], "phone": PHONE}
        assert supervisor.send(f'data-person="{form}"', **filled_in).status_code == 403
    with site.sessions() as session:
        assert not session.scalars(select(AuditEntry)).all()


def test_people_of_other_parts_are_not_there(site: Site) -> None:
    stranger = site.person(Role.HANDLER, unit=site.other)

    assert site.browser(Role.ADMINISTRATOR).get(page_of(stranger)).status_code == 404


# Adding


def test_new_person_signs_in_with_the_password_that_is_shown_once(site: Site) -> None:
    browser = site.browser(Role.ADMINISTRATOR)

    text = add(browser, phone="13800138000", roles=["handler", "supervisor"], login="Wang.Fang")

    made = user_called(site, "wang.fang")
    assert made is not None
    with site.sessions() as session:
        user = session.merge(made)
        assert (user.name, user.unit.code, user.phone) == ("王芳", "street", PHONE)
        assert user.roles == {Role.HANDLER, Role.SUPERVISOR}
    password = shown_password(text)
    assert password not in browser.get(page_of(made)).text
    newcomer = Browser(site.app)
    newcomer.get("/login")
    assert newcomer.send('id="log-in"', login="wang.fang", password=password).request.path == "/"


@pytest.mark.parametrize(
    ("filled_in", "said"),
    [
        ({"name": " "}, "请填写"),
        ({"name": "王\u200b芳"}, "无法显示的字符"),
        ({"login": "王芳"}, "用户名由 1 到 60 个"),
        ({"roles": []}, "请至少选择一个角色"),
        ({"unit": ""}, "请选择"),
        ({"unit": "other"}, "没有这个选项"),
        ({"phone": "1380013"}, "号码无效"),
        ({"login": "taken"}, "已有人使用这个用户名"),
    ],
)
def test_what_is_wrong_with_a_new_person_is_said_at_its_field(
    site: Site, filled_in: dict[str, object], said: str
) -> None:
    with site.sessions.begin() as session:
        factories.user(session, session.merge(site.street), login="taken")
    browser = site.browser(Role.ADMINISTRATOR)

    text = add(browser, **filled_in)

    assert browser.page is not None
    assert browser.page.status_code == 422
    assert said in text
    assert user_called(site, "wang.fang") is None


def test_units_to_choose_are_found_by_name_within_sight(site: Site) -> None:
    browser = site.browser(Role.ADMINISTRATOR)

    assert browser.get("/units/named?words=街道").json == [{"code": "street", "name": "京溪街道"}]


# Changing


def test_name_unit_and_roles_are_changed_and_the_log_says_it_in_words(site: Site) -> None:
    with site.sessions.begin() as session:
        factories.unit(session, "grid", parent=session.merge(site.street), name="八号网格", level=Level.GRID)
    user, browser = site.person(Role.HANDLER), site.browser(Role.ADMINISTRATOR)
    browser.get(page_of(user))

    text = browser.send('data-person="details"', name="王芳", unit="grid", roles=["supervisor"]).text

    assert "王芳 <small>八号网格</small>" in text
    assert "+督办员 -承办人 street → grid 姓名" in browser.get("/audit").text


def test_whoever_was_slower_is_told_and_keeps_what_was_filled_in(site: Site) -> None:
    user, first, second = site.person(Role.HANDLER), site.browser(Role.ADMINISTRATOR), site.browser(Role.ADMINISTRATOR)
    for browser in (first, second):
        browser.get(page_of(user))
    first.send('data-person="details"', name="王芳")

    page = second.send('data-person="details"', name="李四")

    assert page.status_code == 409
    assert "data-outdated" in page.text
    assert "李四" in page.text
    assert 'value="王芳"' in page.text


def test_own_role_of_administrator_stays(site: Site) -> None:
    myself = site.person(Role.ADMINISTRATOR)
    browser = site.browser_of(myself)
    browser.get(page_of(myself))

    page = browser.send('data-person="details"', roles=["handler"])

    assert page.status_code == 422
    assert "请由同事操作" in page.text
    assert 'data-person="end"' not in page.text
    assert browser.get("/people/add").status_code == 200


def test_telephone_is_set_and_taken_back(site: Site) -> None:
    user, browser = site.person(Role.HANDLER), site.browser(Role.ADMINISTRATOR)
    browser.get(page_of(user))

    assert "号码无效" in browser.send('data-person="phone"', phone="12").text
    assert "•••• 8000" in browser.send('data-person="phone"', phone="138 0013 8000").text
    assert "•••• 8000" not in browser.send('data-person="phone-away"').text


def test_new_password_ends_what_was_signed_in(site: Site) -> None:
    user = site.person(Role.HANDLER)
    theirs, browser = site.browser_of(user), site.browser(Role.ADMINISTRATOR)
    browser.get(page_of(user))

    password = shown_password(browser.send('data-person="password"').text)

    assert theirs.get("/").status_code == 302
    theirs.get("/login")
    assert theirs.send('id="log-in"', login=user.login, password=password).request.path == "/"


# Ending


def test_what_depends_on_a_person_is_said_before_ending(site: Site) -> None:
    with site.sessions.begin() as session:
        user = factories.user(session, session.merge(site.street), Role.HANDLER)
        order = factories.order(session, session.merge(site.line), OrderState.IN_PROGRESS)
        order.handler = user
        factories.shift(session, user)
    theirs, browser = site.browser_of(user), site.browser(Role.ADMINISTRATOR)

    text = browser.get(page_of(user)).text
    assert "手上有 1 件未结工单、待值班次 1 个" in text
    assert f'href="/orders/{order.number}"' in text

    browser.send('data-person="end"')

    assert theirs.get("/").status_code == 302
    assert user.login not in browser.get("/people").text
    assert user.login in browser.get("/people?ended=1").text
    browser.get(page_of(user))
    assert "可以登录" in browser.send('data-person="let-in"').text
    done = [Action.USER_ENDED, Action.USER_LET_IN]
    with site.sessions() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action.in_(done)).order_by(AuditEntry.id))
        assert [entry.action for entry in entries] == done


# One's own password


def test_own_password_is_changed_by_whoever_knows_it(site: Site) -> None:
    text = add(site.browser(Role.ADMINISTRATOR))
    old, new = shown_password(text), "a password of my own"
    browser = Browser(site.app)
    browser.get("/login")
    browser.send('id="log-in"', login="wang.fang", password=old)

    browser.get("/password")
    wrong = browser.send("data-password", present="something else", new=new, again=new)
    assert (wrong.status_code, "这不是您现在的密码" in wrong.text) == (401, True)
    for filled_in, said in (({"new": "short", "again": "short"}, "密码至少"), ({"new": new, "again": "x"}, "不一致")):
        assert said in browser.send("data-password", present=old, **filled_in).text
    assert browser.send("data-password", present=old, new=new, again=new).request.path == "/"

    elsewhere = Browser(site.app)
    elsewhere.get("/login")
    assert elsewhere.send('id="log-in"', login="wang.fang", password=old).status_code == 401
    assert elsewhere.send('id="log-in"', login="wang.fang", password=new).request.path == "/"


def test_no_administrator_gets_a_password_of_their_own_without_the_present_one(site: Site) -> None:
    myself = site.person(Role.ADMINISTRATOR)
    browser = site.browser_of(myself)
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page_of(myself)).text)
    assert token is not None

    page = browser.client.post(
        f"{page_of(myself)}/password",
        data={"csrf_token": token[1]},
        base_url=factories.BASE_URL,
        headers={"Referer": f"{factories.BASE_URL}/"},
    )

    assert (page.status_code, "请在“我的密码”中修改" in page.text) == (422, True)
    assert "data-new-password" not in page.text


def test_own_password_is_guessed_no_more_often_than_at_the_door(site: Site) -> None:
    browser = site.browser(Role.HANDLER)

    def guess() -> int:
        browser.get("/password")
        guessed = {"present": "something else", "new": "a good long one", "again": "a good long one"}
        return browser.send("data-password", **guessed).status_code

    assert [guess() for _ in range(ATTEMPTS + 1)] == [401] * ATTEMPTS + [429]


# The organisation


def test_tree_is_walked_from_the_own_unit_down(site: Site) -> None:
    with site.sessions.begin() as session:
        street = session.merge(site.street)
        factories.unit(session, "grid", parent=street, name="八号网格", level=Level.GRID, aliases=["八号院"])
    site.person(Role.HANDLER)
    browser = site.browser(Role.ADMINISTRATOR, unit=site.city)

    city = browser.get("/units").text
    street_page = browser.get("/units/street").text

    assert re.findall(r'data-unit="([^"]+)"', city) == ["street", "other"]
    assert factories.LINE in city
    assert 'href="/people?unit=street">1 人' in city
    assert re.findall(r'data-unit="([^"]+)"', street_page) == ["grid"]
    assert 'href="/units/city"' in street_page
    assert re.findall(r'data-unit="([^"]+)"', browser.get("/units/city?words=八号院").text) == ["grid"]


def test_units_out_of_sight_are_not_there(site: Site) -> None:
    browser = site.browser(Role.SUPERVISOR)

    assert browser.get("/units/other").status_code == 404
    assert 'href="/units/city"' not in browser.get("/units").text
    assert "data-unit" not in browser.get("/units/street?words=同和").text
