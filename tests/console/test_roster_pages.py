"""The duty roster as people read, plan and swap it, and what one shift tells the next."""

import io
from datetime import datetime, timedelta

import factories
import pytest
from factories import NOW, ZONE
from site_under_test import Browser, Site

from hotline.models import HandoverNote, RosterWarning, Shift, ShiftSwap, User
from hotline.rules.roles import Role
from hotline.rules.roster import Post, SwapState
from hotline.services import roster

PLANNERS = {Role.SUPERVISOR, Role.ADMINISTRATOR}
# Of the Monday on which the clock stands.
NIGHT = (datetime(2026, 3, 2, 20, tzinfo=ZONE), datetime(2026, 3, 3, 8, tzinfo=ZONE))
TUESDAY = (datetime(2026, 3, 3, 8, tzinfo=ZONE), datetime(2026, 3, 3, 20, tzinfo=ZONE))
HEADING = "unit,login,date,from,to,post"


@pytest.fixture
def supervisor(site: Site) -> Browser:
    return site.browser(Role.SUPERVISOR)


@pytest.fixture
def wang(site: Site) -> User:
    """A handler of the street, at work by night."""
    return someone(site, "wang")


def someone(site: Site, login: str) -> User:
    with site.sessions.begin() as session:
        return factories.user(session, session.merge(site.street), Role.HANDLER, login=login)


def on(site: Site, user: User, begins: datetime = NIGHT[0], ends: datetime = NIGHT[1], post: Post = Post.DUTY) -> int:
    with site.sessions.begin() as session:
        return factories.shift(session, session.merge(user), begins, ends, post).id


def shifts(site: Site) -> list[Shift]:
    with site.sessions() as session:
        return site.all(session, Shift)


def swaps(site: Site) -> list[SwapState]:
    with site.sessions() as session:
        return [swap.state for swap in site.all(session, ShiftSwap)]


def test_without_a_shift_the_page_says_what_happens_then(site: Site) -> None:
    text = site.browser(Role.HANDLER).get("/roster").text

    assert "本周没有排班" in text
    assert "没有值班表时，呼叫热线值班电话" in text
    assert "您近期没有班次" in text
    assert "没有未阅的交接班记录" in text
    assert "无人值班的时段" not in text


@pytest.mark.parametrize("role", Role)
def test_everybody_reads_the_roster_and_planners_plan_it(site: Site, role: Role) -> None:
    text = site.browser(role).get("/roster").text

    assert ('data-roster="shift"' in text) == (role in PLANNERS)
    assert ('data-roster="file"' in text) == (role in PLANNERS)


@pytest.mark.parametrize("path", ["/roster/city", "/roster/other", "/roster/nosuch", "/roster?unit=other"])
def test_other_peoples_rosters_are_not_there(supervisor: Browser, path: str) -> None:
    assert supervisor.get(path).status_code == 404


def test_whoever_serves_a_unit_above_opens_its_roster(site: Site) -> None:
    helper = someone(site, "helper")
    with site.sessions.begin() as session:
        factories.shift(session, session.merge(helper), *NIGHT, unit=session.merge(site.city))

    page = site.browser_of(helper).get("/roster/city")

    assert page.status_code == 200
    assert '<option value="city" selected>' in page.text


def test_a_shift_over_midnight_stands_on_both_days(site: Site, supervisor: Browser, wang: User) -> None:
    on(site, wang)

    text = supervisor.get("/roster").text

    monday, tuesday = text.index('data-day="2026-03-02"'), text.index('data-day="2026-03-03"')
    wednesday = text.index('data-day="2026-03-04"')
    assert "20:00–次日08:00" in text[monday:tuesday]
    assert "至08:00" in text[tuesday:wednesday]
    assert wang.name in text[tuesday:wednesday]
    assert wang.name not in text[wednesday : text.index('data-day="2026-03-05"')]


def test_a_shift_that_ends_at_midnight_is_of_one_day(site: Site, supervisor: Browser, wang: User) -> None:
    on(site, wang, NIGHT[0], NIGHT[0] + timedelta(hours=4))

    text = supervisor.get("/roster").text

    assert "20:00–24:00" in text
    assert text.count("data-shift=") == 1


@pytest.mark.parametrize(
    ("week", "first"),
    [("2026-03-11", "2026-03-11"), ("nonsense", "2026-03-02"), ("9999-12-31", "2026-03-02"), ("", "2026-03-02")],
)
def test_another_week_is_asked_for_by_its_first_day(
    site: Site, supervisor: Browser, wang: User, week: str, first: str
) -> None:
    on(site, wang, datetime.fromisoformat(f"{first}T08:00+08:00"), datetime.fromisoformat(f"{first}T20:00+08:00"))

    assert f'data-day="{first}"' in supervisor.get(f"/roster?week={week}").text


def test_who_is_on_now_stands_with_the_telephone(site: Site, supervisor: Browser) -> None:
    with site.sessions.begin() as session:
        street = session.merge(site.street)
        factories.shift(session, factories.user(session, street, Role.HANDLER, login="li", phone="+8613900139000"))

    text = supervisor.get("/roster").text

    assert 'data-on-duty="li"' in text
    assert 'href="tel:+8613900139000"' in text


def test_hours_without_anybody_are_told_in_words(site: Site, supervisor: Browser, wang: User) -> None:
    on(site, wang)

    text = supervisor.get("/roster").text

    assert "无人值班的时段" in text
    assert "3月2日 周一 10:00 至 20:00" in text
    assert 'class="gap"' in text


def test_a_shift_is_planned(site: Site, supervisor: Browser, wang: User) -> None:
    supervisor.get("/roster")

    page = supervisor.send(
        'data-roster="shift"', person="wang", post="backup", day="2026-03-04", begins="20:00", ends="08:00"
    )

    assert "班次已排定" in page.text
    (made,) = shifts(site)
    assert (made.post, made.begins_at.astimezone(ZONE).hour, made.ends_at.astimezone(ZONE).day) == (Post.BACKUP, 20, 5)


@pytest.mark.parametrize(
    ("filled_in", "said"),
    [
        ({"person": ""}, "请选择"),
        ({"person": "nobody"}, "没有这个选项"),
        ({"day": ""}, "请填写日期"),
        ({"day": "x"}, ""),
        ({"begins": "25:00"}, ""),
        ({"day": "2026-03-01"}, "时间已过"),
        ({"day": "9999-12-31"}, "没有这段时间"),
        ({"day": "2026-03-02"}, "届时已在京溪街道值班：3月2日 周一 20:00 至次日 08:00"),
    ],
)
def test_a_shift_that_cannot_be_comes_back_with_the_reason(
    site: Site, supervisor: Browser, wang: User, filled_in: dict[str, str], said: str
) -> None:
    on(site, wang)
    supervisor.get("/roster")
    known = {"person": "wang", "post": "duty", "day": "2026-03-04", "begins": "20:00", "ends": "08:00"}

    page = supervisor.send('data-roster="shift"', **{**known, **filled_in})

    assert page.status_code == 422
    assert said in page.text
    assert 'class="error"' in page.text
    assert len(shifts(site)) == 1


def test_a_handler_who_writes_the_form_by_hand_plans_nothing(site: Site, supervisor: Browser, wang: User) -> None:
    supervisor.get("/roster")
    supervisor.client = site.browser_of(wang).client

    known = {"person": "wang", "post": "duty", "day": "2026-03-04", "begins": "20:00", "ends": "08:00"}
    assert supervisor.send('data-roster="shift"', **known).status_code in {400, 403}
    assert shifts(site) == []


def test_a_shift_is_cancelled_once(site: Site, supervisor: Browser, wang: User) -> None:
    shift_id = on(site, wang)
    supervisor.get("/roster")

    page = supervisor.send(f'data-cancel="{shift_id}"')

    assert "班次已取消" in page.text
    assert "data-shift=" not in page.text
    assert shifts(site)[0].cancelled_at == NOW


def test_a_shift_that_is_over_stays(site: Site, supervisor: Browser, wang: User) -> None:
    shift_id = on(site, wang)
    supervisor.get("/roster")
    site.clock.at = NOW + timedelta(days=2)

    site_again = site.browser(Role.SUPERVISOR)
    site_again.page = supervisor.page
    page = supervisor.send(f'data-cancel="{shift_id}"')

    assert "登录" in page.text or "班次已结束" in page.text
    assert shifts(site)[0].cancelled_at is None


def test_somebody_elses_shift_is_cancelled_by_nobody(site: Site, wang: User) -> None:
    shift_id = on(site, wang)
    browser = site.browser(Role.SUPERVISOR, unit=site.other)
    browser.get("/roster")
    form = browser.page
    assert form is not None

    assert post(browser, f"/roster/shifts/{shift_id}/cancel") == 404
    assert shifts(site)[0].cancelled_at is None


def post(browser: Browser, path: str, **fields: str) -> int:
    """The answer to a form that no page showed."""
    from site_under_test import forms_of  # noqa: PLC0415 - beside its one use

    token = next(form.fields["csrf_token"] for form in forms_of(browser.page))
    referer = {"Referer": f"{factories.BASE_URL}/"}
    data = {"csrf_token": token, **fields}
    return browser.client.post(path, data=data, base_url=factories.BASE_URL, headers=referer).status_code


def table(*rows: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO("\n".join([HEADING, *rows]).encode()), "值班表.csv"


def test_a_plan_is_brought_in_once_however_often(site: Site, supervisor: Browser, wang: User) -> None:
    plan = "street,wang,2026-03-04,20:00,08:00,值班"
    supervisor.get("/roster")

    assert "新增 1 个班次，0 个已有" in supervisor.send('data-roster="file"', file=table(plan)).text
    page = supervisor.send('data-roster="file"', file=table(plan))

    assert "新增 0 个班次，1 个已有" in page.text
    assert "未登记电话，无法呼叫：wang" in page.text
    assert len(shifts(site)) == 1


def test_bad_rows_are_told_by_number_and_nothing_is_brought_in(site: Site, supervisor: Browser, wang: User) -> None:
    on(site, wang)
    supervisor.get("/roster")

    page = supervisor.send(
        'data-roster="file"',
        file=table(
            "nowhere,wang,2026-03-04,20:00,08:00,值班",
            "other,wang,2026-03-04,20:00,08:00,值班",
            "street,nobody,2026-03-04,20:00,08:00,值班",
            "street,wang,2026-02-30,20:00,08:00,值班",
            "street,wang,2026-03-04,25:00,08:00,值班",
            "street,wang,2026-03-04,20:00,08:00,睡觉",
            "street,wang,2026-03-05,20:00,08:00,值班",
            "street,wang,2026-03-06,07:00,12:00,备班",
            "street,wang,2026-03-02,19:00,21:00,值班",
        ),
    )

    assert page.status_code == 422
    for said in (
        "第 2 行：没有“nowhere”这个单位",
        "第 3 行：单位“other”不在您的管辖范围内",
        "第 4 行：没有用户名为“nobody”的人员",
        "第 5 行：“2026-02-30”不是日期",
        "第 6 行：“25:00”不是时刻",
        "第 7 行：没有“睡觉”这个岗位",
        "第 9 行：wang 与第 8 行的班次时间重叠",
        "第 10 行：wang 自 2026-03-02 20:00 起已在 street 排班",
    ):
        assert said in page.text
    assert len(shifts(site)) == 1


def test_a_swap_is_asked_for_and_agreed_to(site: Site, wang: User) -> None:
    li = someone(site, "li")
    mine, theirs = on(site, wang), on(site, li, *TUESDAY)
    asking, asked = site.browser_of(wang), site.browser_of(li)
    asking.get("/roster")

    page = asking.send(f'data-ask-swap="{mine}"', asked="li", in_return=str(theirs), note="家里有事")

    assert f"已请{li.name}接班" in page.text
    assert "家里有事" in asked.get("/roster").text
    asked.send('data-swap-decision="accept"')
    assert swaps(site) == [SwapState.ACCEPTED]
    assert [shift.user_id for shift in shifts(site)] == [li.id, wang.id]


@pytest.mark.parametrize(("decision", "state"), [("decline", SwapState.DECLINED), ("withdraw", SwapState.WITHDRAWN)])
def test_a_swap_is_declined_or_taken_back(site: Site, wang: User, decision: str, state: SwapState) -> None:
    li, mine = someone(site, "li"), on(site, wang)
    browsers = {"withdraw": site.browser_of(wang), "decline": site.browser_of(li)}
    browsers["withdraw"].get("/roster")
    browsers["withdraw"].send(f'data-ask-swap="{mine}"', asked="li")
    browsers[decision].get("/roster")

    page = browsers[decision].send(f'data-swap-decision="{decision}"')

    assert page.status_code == 200
    assert swaps(site) == [state]
    assert shifts(site)[0].user_id == wang.id


def test_a_swap_that_was_decided_meanwhile_is_told_as_that(site: Site, supervisor: Browser, wang: User) -> None:
    li, mine = someone(site, "li"), on(site, wang)
    asking, asked = site.browser_of(wang), site.browser_of(li)
    asking.get("/roster")
    asking.send(f'data-ask-swap="{mine}"', asked="li")
    asked.get("/roster")
    supervisor.get("/roster")
    supervisor.send('data-swap-decision="decline"')

    assert "这次换班已有结果" in asked.send('data-swap-decision="accept"').text
    assert swaps(site) == [SwapState.DECLINED]


def test_a_swap_that_would_put_somebody_on_twice_is_refused(site: Site, wang: User) -> None:
    li, mine = someone(site, "li"), on(site, wang)
    on(site, li, post=Post.BACKUP)
    browser = site.browser_of(wang)
    browser.get("/roster")

    page = browser.send(f'data-ask-swap="{mine}"', asked="li", note="家里有事")

    assert page.status_code == 422
    assert f"{li.name}届时已在京溪街道值班" in page.text
    assert 'value="家里有事"' in page.text
    assert swaps(site) == []


def test_swaps_of_others_are_decided_by_nobody(site: Site, wang: User) -> None:
    someone(site, "li")
    mine = on(site, wang)
    asking, other = site.browser_of(wang), site.browser(Role.HANDLER)
    asking.get("/roster")
    asking.send(f'data-ask-swap="{mine}"', asked="li")
    with site.sessions() as session:
        swap_id = site.all(session, ShiftSwap)[0].id
    other.get("/roster")

    assert post(other, f"/roster/swaps/{swap_id}/accept") == 404
    assert post(other, f"/roster/swaps/{swap_id}/eat") == 404
    assert post(other, f"/roster/shifts/{mine}/swap", asked="li") == 404
    assert post(asking, f"/roster/swaps/{swap_id}/accept") == 403


def test_a_note_waits_on_the_first_page_of_the_next_shift_until_it_is_read(site: Site, wang: User) -> None:
    li = someone(site, "li")
    on(site, wang, NOW - timedelta(hours=9), NOW - timedelta(hours=1))
    on(site, li, NOW - timedelta(hours=1), NOW + timedelta(hours=7))
    going, coming = site.browser_of(wang), site.browser_of(li)
    going.get("/roster")

    going.send('data-roster="note"', text="陈婆婆的药今晚送到\n请回电确认")

    assert "陈婆婆" not in going.get("/").text
    assert "陈婆婆的药今晚送到" in coming.get("/").text
    page = coming.send("data-read-note")
    assert page.request.path == "/"
    assert "陈婆婆" not in page.text
    assert f"{li.name}已阅" in going.get("/roster").text
    with site.sessions() as session:
        assert site.all(session, HandoverNote)[0].read_by_id == li.id


def test_an_empty_note_is_none(site: Site, supervisor: Browser) -> None:
    supervisor.get("/roster")

    assert supervisor.send('data-roster="note"', text="  ").status_code == 422


def test_who_is_not_on_duty_neither_writes_nor_reads_notes(site: Site, supervisor: Browser) -> None:
    supervisor.get("/roster")
    supervisor.send('data-roster="note"', text="今晚有寒潮")
    browser = site.browser(Role.HANDLER)
    text = browser.get("/roster").text
    with site.sessions() as session:
        note_id = site.all(session, HandoverNote)[0].id

    assert "今晚有寒潮" in text
    assert 'data-roster="note"' not in text
    assert "data-read-note" not in text
    assert "今晚有寒潮" not in browser.get("/").text
    browser.get("/roster")
    assert post(browser, f"/roster/notes/{note_id}/read") == 403
    assert post(browser, "/roster/street/notes", text="我也写") == 403
    foreign = site.browser(Role.SUPERVISOR, unit=site.other)
    foreign.get("/roster")
    assert post(foreign, f"/roster/notes/{note_id}/read") == 404


def test_a_supervisor_is_warned_on_the_first_page_until_seen(site: Site, supervisor: Browser, wang: User) -> None:
    on(site, wang)
    with site.sessions.begin() as session:
        assert roster.tell_gaps(session, NOW, ZONE) == 1

    assert "京溪街道有无人值班的时段" in supervisor.get("/").text
    assert "无人值班的时段" not in site.browser(Role.HANDLER).get("/").text
    page = supervisor.send("data-see-warning")

    assert "京溪街道有无人值班的时段" not in page.text
    with site.sessions() as session:
        assert site.all(session, RosterWarning)[0].seen_at == NOW


def test_people_say_where_they_are_rung(site: Site, wang: User) -> None:
    browser = site.browser_of(wang)
    browser.get("/roster")

    page = browser.send('data-roster="phone"', phone="119")
    assert page.status_code == 422
    assert "没有这个电话号码" in page.text or "号码" in page.text
    browser.send('data-roster="phone"', phone="13900139000")

    with site.sessions() as session:
        assert session.get_one(User, wang.id).phone == "+8613900139000"


def test_an_emergency_that_nobody_has_taken_on_stands_on_the_first_page_of_those_who_can_act(site: Site) -> None:
    with site.sessions.begin() as session:
        number = factories.alarm(session, session.merge(site.line)).order.number

    assert f'href="/orders/{number}"' in site.browser(Role.DISPATCHER).get("/").text
    assert "data-unacknowledged" in site.browser(Role.HANDLER).get("/").text
    assert "data-unacknowledged" not in site.browser(Role.ADMINISTRATOR).get("/").text
    assert "data-unacknowledged" not in site.browser(Role.HANDLER, unit=site.other).get("/").text


def test_what_a_secret_emergency_is_about_stands_on_no_first_page_of_others(site: Site) -> None:
    with site.sessions.begin() as session:
        order = factories.alarm(session, session.merge(site.line)).order
        order.is_secret, order.summary = True, "有人要跳楼"

    text = site.browser(Role.HANDLER).get("/").text

    assert "data-unacknowledged" in text
    assert "有人要跳楼" not in text
