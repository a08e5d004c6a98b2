"""The rules of a unit: limits and figures with who set them, the working calendar, and emergency mode."""

import io
from datetime import date, datetime, timedelta
from typing import Any

import factories
import pytest
from factories import NOW, ZONE
from site_under_test import Browser, Site, forms_of
from sqlalchemy import Connection, event
from werkzeug.test import TestResponse

from hotline.console.policy_forms import SETTINGS
from hotline.models import Action, AuditEntry, CalendarDay, EmergencyMode, Unit
from hotline.rules.calendar import DayKind
from hotline.rules.closing import Element
from hotline.rules.facts import Category, Urgency
from hotline.rules.policy import Policy
from hotline.rules.roles import Role
from hotline.services import emergency_mode
from hotline.services.access import SYSTEM
from hotline.services.organisation import policy_for

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIMITS = "/policies/limits/limits/normal"


@pytest.fixture
def administrator(site: Site) -> Browser:
    """Of the city, which stands at the top."""
    return site.browser(Role.ADMINISTRATOR, unit=site.city)


@pytest.fixture
def of_street(site: Site) -> Browser:
    return site.browser(Role.ADMINISTRATOR)


def local(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")


def policy(site: Site, unit: Unit) -> Policy:
    with site.sessions() as session:
        return policy_for(session, session.get_one(Unit, unit.id))


def own(site: Site, unit: Unit) -> dict[str, Any]:
    """What the unit set itself, but for the hours of calls that every unit of the tests sets."""
    with site.sessions() as session:
        stored = session.get_one(Unit, unit.id).policy
        return {key: value for key, value in stored.items() if not key.startswith("calls_")}


def post(browser: Browser, path: str, **fields: object) -> TestResponse:
    """Send what no form of a page would send."""
    browser.get("/")
    token = next(str(form.fields["csrf_token"]) for form in forms_of(browser.page) if "csrf_token" in form.fields)
    return browser.client.post(
        path,
        data={"csrf_token": token, **fields},
        base_url=factories.BASE_URL,
        headers={"Referer": f"{factories.BASE_URL}/"},
    )


# Limits


def test_limits_are_told_with_who_set_them(site: Site, administrator: Browser) -> None:
    supervisor = site.browser(Role.SUPERVISOR)
    administrator.get(f"{LIMITS}?unit=city")
    administrator.send("data-set-limits=", contact_amount="90", contact_span="minutes")

    city = administrator.get("/policies").text
    street = supervisor.get("/policies").text

    row = city[city.index('data-limits="limits-normal"') :]
    assert "1 小时 30 分钟" in row[: row.index("</tr>")]
    assert "本单位设置" in row[: row.index("</tr>")]
    row = street[street.index('data-limits="limits-normal"') :]
    assert "来自广州市" in row[: row.index("</tr>")]
    assert "默认" in row[: row.index("</tr>")]
    assert "data-set-limits" not in street


def test_a_street_sets_its_own_and_takes_it_back(site: Site, of_street: Browser) -> None:
    of_street.get(LIMITS)

    page = of_street.send(
        "data-set-limits=", accept_amount="2", accept_span="hours", resolve_span="none", same_day="yes",
        in_working_time="yes",
    )  # fmt: skip

    assert "已保存" in page.text
    assert page.request.path == "/policies"
    told = {"accept": 7200, "resolve": None, "same_day": True, "in_working_time": True}
    assert own(site, site.street) == {"limits": {"normal": told}}
    assert policy(site, site.street).limits[Urgency.NORMAL].accept == 2 * HOUR
    page = of_street.get(LIMITS)
    assert 'value="2"' in page.text
    of_street.send("data-set-limits=", button="take_back")
    assert own(site, site.street) == {}
    assert "全部改用上级的" not in of_street.get(LIMITS).text


def test_each_table_and_urgency_has_its_form_which_changes_nothing_by_itself(site: Site, of_street: Browser) -> None:
    before = policy(site, site.street)
    for table in ("limits", "emergency_mode"):
        for urgency in Urgency:
            page = of_street.get(f"/policies/limits/{table}/{urgency}")
            assert page.status_code == 200
            assert of_street.send("data-set-limits=").status_code == 200

    assert policy(site, site.street) == before
    assert own(site, site.street) == {}


@pytest.mark.parametrize(
    ("filled_in", "said"),
    [
        ({"accept_span": "minutes", "accept_amount": ""}, "请填写数字"),
        ({"accept_span": "minutes", "accept_amount": "0"}, "从1开始的整数"),
        ({"accept_span": "minutes", "accept_amount": "很久"}, "整数"),
        ({"accept_span": "days", "accept_amount": "367"}, "最长一年"),
        ({"accept_span": "weeks", "accept_amount": "1"}, "没有这个选项"),
        ({"same_day": "yes"}, "请选择“不限时”"),
    ],
)
def test_limits_that_make_no_sense_are_named(
    site: Site, of_street: Browser, filled_in: dict[str, str], said: str
) -> None:
    of_street.get(LIMITS)

    page = of_street.send("data-set-limits=", **filled_in)

    assert page.status_code == 422
    assert said in page.text
    assert own(site, site.street) == {}


def test_emergencies_are_offered_no_working_time(of_street: Browser) -> None:
    text = of_street.get("/policies/limits/limits/emergency").text

    assert "in_working_time" not in text
    assert "昼夜计时" in text


def test_what_a_unit_below_could_not_live_with_is_refused_and_the_unit_named(
    site: Site, administrator: Browser
) -> None:
    with site.sessions.begin() as session:
        session.get_one(Unit, site.street.id).policy = {"limits": {"normal": {"resolve": 3600}}}
    administrator.get(f"{LIMITS}?unit=city")

    page = administrator.send("data-set-limits=", same_day="yes", resolve_span="none")

    assert page.status_code == 422
    said = page.text[page.text.index('role="alert"') :].split("</p>")[0]
    assert "下级单位“京溪街道”" in said
    assert "不限时" in said
    assert "normal" not in said
    assert own(site, site.city) == {}


def test_of_two_administrators_the_second_is_told_and_nothing_is_lost(site: Site, of_street: Browser) -> None:
    slow = of_street
    slow.get(LIMITS)
    quick = site.browser(Role.ADMINISTRATOR)
    quick.get("/policies/limits/limits/urgent")
    quick.send("data-set-limits=", accept_amount="5", accept_span="minutes")

    page = slow.send("data-set-limits=", accept_amount="50", accept_span="minutes")

    assert page.status_code == 409
    assert "data-outdated" in page.text
    assert 'value="50"' in page.text
    assert own(site, site.street) == {"limits": {"urgent": {"accept": 300}}}
    assert slow.send("data-set-limits=").status_code == 200
    assert set(own(site, site.street)["limits"]) == {"urgent", "normal"}


@pytest.mark.parametrize(
    "path",
    [
        LIMITS,
        "/policies/settings/copies_up",
        "/policies/closing/elderly",
        "/policies/calendar",
        "/policies/emergency-mode",
    ],
)
@pytest.mark.parametrize("unit", ["city", "other", "nosuch"])
def test_a_unit_outside_the_own_subtree_is_not_there(of_street: Browser, path: str, unit: str) -> None:
    assert of_street.get(f"{path}?unit={unit}").status_code == 404
    target = {"/policies/emergency-mode": f"{path}/off"}.get(path, path)
    assert post(of_street, target, unit=unit, seen="", do="take_back").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/policies/limits/limits/lazy",
        "/policies/limits/roster/normal",
        "/policies/settings/limits",
        "/policies/closing/weather",
    ],
)
def test_what_is_no_setting_is_not_there(of_street: Browser, path: str) -> None:
    assert of_street.get(path).status_code == 404
    assert post(of_street, path).status_code == 404


def test_a_supervisor_looks_and_sets_nothing(site: Site) -> None:
    browser = site.browser(Role.SUPERVISOR)
    version = "".join(
        form.fields["seen"] for form in forms_of(site.browser(Role.ADMINISTRATOR).get(LIMITS)) if "seen" in form.fields
    )

    assert browser.get("/policies").status_code == 200
    taken = {f"{step}_span": "none" for step in ("accept", "contact", "resolve")}
    flags = {"same_day": "above", "in_working_time": "above"}
    assert post(browser, LIMITS, seen=version, **taken, **flags).status_code == 403
    assert post(browser, "/policies/settings/copies_up", seen=version, count="3").status_code == 403
    assert post(browser, "/policies/closing/elderly", seen=version, elements=["photo"]).status_code == 403
    assert own(site, site.street) == {}


# Other figures


@pytest.mark.parametrize(
    ("key", "filled_in", "stored", "shown"),
    [
        ("copies_up", {"count": "3"}, 3, "3"),
        ("reminder", {"percent": "10", "amount": "2", "span": "hours"}, {"share": 0.1, "most": 7200}, "10 %"),
        ("quiet_from", {"at": "21:30"}, "21:30", "21:30"),
        ("pause_needs_approval", {"value": "no"}, False, "否"),
        ("longest_pause", {"amount": "3", "span": "days"}, 259200, "3 天"),
        (
            "results_need_approval",
            {"urgencies": ["emergency"], "categories": ["children"]},
            ["emergency", "children"],
            "特急、儿童保护",
        ),
        ("results_need_approval", {"urgencies": [each.value for each in Urgency]}, [*Urgency], "全部结果"),
        ("results_need_approval", {}, [], "无"),
        ("working_weekdays", {"days": ["1", "2", "6"]}, [1, 2, 6], "星期六"),
        (
            "working_hours",
            {"hours": "08:30-12:00，14:00-17:30"},
            [["08:30", "12:00"], ["14:00", "17:30"]],
            "08:30-12:00",
        ),
    ],
)
def test_a_figure_is_set_shown_and_taken_back(
    site: Site, of_street: Browser, key: str, filled_in: dict[str, Any], stored: Any, shown: str
) -> None:
    of_street.get(f"/policies/settings/{key}")

    page = of_street.send(f'data-set="{key}"', **filled_in)

    assert page.status_code == 200
    assert own(site, site.street) == {key: stored}
    row = page.text[page.text.index(f'data-setting="{key}"') :]
    assert shown in row[: row.index("</tr>")]
    of_street.get(f"/policies/settings/{key}")
    of_street.send(f'data-set="{key}"', button="take_back")
    assert own(site, site.street) == {}


@pytest.mark.parametrize("key", SETTINGS)
def test_a_figures_form_begins_with_what_counts(site: Site, of_street: Browser, key: str) -> None:
    before = policy(site, site.street)
    of_street.get(f"/policies/settings/{key}")

    assert of_street.send(f'data-set="{key}"').status_code == 200

    assert policy(site, site.street) == before


@pytest.mark.parametrize(
    ("key", "filled_in"),
    [
        ("copies_up", {"count": "11"}),
        ("copies_up", {"count": "x"}),
        ("appoint_after_returns", {"count": "0"}),
        ("reminder", {"percent": "101"}),
        ("quiet_from", {"at": "25:00"}),
        ("quiet_from", {"at": ""}),
        ("working_weekdays", {"days": []}),
        ("working_weekdays", {"days": ["8"]}),
        ("working_hours", {"hours": "12:00-09:00"}),
        ("working_hours", {"hours": "上午"}),
        ("working_hours", {"hours": ""}),
        ("longest_pause", {"amount": "-1"}),
    ],
)
def test_figures_that_make_no_sense_are_refused(
    site: Site, of_street: Browser, key: str, filled_in: dict[str, Any]
) -> None:
    of_street.get(f"/policies/settings/{key}")

    page = of_street.send(f'data-set="{key}"', **filled_in)

    assert page.status_code == 422
    assert 'class="error"' in page.text
    assert own(site, site.street) == {}


@pytest.mark.parametrize(
    ("key", "filled_in", "said"),
    [
        ("copies_up", {"count": "11"}, "请填写 0 至 10 之间的数字"),
        ("appoint_after_returns", {"count": "0"}, "请填写 1 至 100 之间的数字"),
        ("working_hours", {"hours": "12:00-09:00"}, "例如09:00-12:00 14:00-18:00"),
        ("decide_within", {"amount": "367", "span": "days"}, "最长一年"),
    ],
)
def test_what_the_policy_refuses_is_said_at_its_field_in_the_pages_language(
    of_street: Browser, key: str, filled_in: dict[str, str], said: str
) -> None:
    of_street.get(f"/policies/settings/{key}")

    page = of_street.send(f'data-set="{key}"', **filled_in)

    assert page.status_code == 422
    field = page.text[page.text.index('class="field wrong"') :]
    assert said in field[: field.index("</div>")]
    assert "must" not in page.text


# Closing elements


def closing_row(page: TestResponse, category: str) -> str:
    row = page.text[page.text.index(f'data-setting="closing-{category}"') :]
    return row[: row.index("</tr>")]


def test_what_a_result_needs_is_told_for_each_category_with_who_set_it(site: Site, administrator: Browser) -> None:
    supervisor = site.browser(Role.SUPERVISOR)
    administrator.get("/policies/closing/medical?unit=city")
    administrator.send('data-set="closing-medical"', elements=["photo", "visit_record"])

    page = supervisor.get("/policies")

    assert "走访记录、本单位人员拍摄的照片" in closing_row(page, "medical")
    assert "来自广州市" in closing_row(page, "medical")
    assert "走访记录" in closing_row(page, "elderly")
    assert "默认" in closing_row(page, "elderly")
    assert "无其他要求" in closing_row(page, "policy")
    assert "/policies/closing/" not in page.text


def test_a_street_sets_what_a_result_needs_and_takes_it_back(site: Site, of_street: Browser) -> None:
    page = of_street.get("/policies/closing/elderly")
    assert page.text.count(' type="checkbox"') == 3
    assert "每个结果都需要" in page.text

    page = of_street.send('data-set="closing-elderly"', elements=["photo", "aid"])

    assert own(site, site.street) == {"closing": {"elderly": ["aid", "photo"]}}
    assert policy(site, site.street).closing[Category.ELDERLY] == {Element.AID, Element.PHOTO}
    assert "本单位设置" in closing_row(page, "elderly")
    of_street.get("/policies/closing/supplies")
    page = of_street.send('data-set="closing-supplies"', elements=[])
    assert "无其他要求" in closing_row(page, "supplies")
    for category in ("elderly", "supplies"):
        of_street.get(f"/policies/closing/{category}")
        of_street.send(f'data-set="closing-{category}"', button="take_back")
    assert own(site, site.street) == {}
    with site.sessions() as session:
        details = [entry.detail for entry in site.all(session, AuditEntry) if entry.action == Action.POLICY_SET]
    assert details == ["closing set"] * 4


def test_nobody_is_offered_to_leave_out_what_is_needed_always(site: Site, of_street: Browser) -> None:
    of_street.get("/policies/closing/elderly")

    page = of_street.send('data-set="closing-elderly"', elements=["done"])

    assert page.status_code == 422
    assert "没有这个选项" in page.text
    assert own(site, site.street) == {}


# The working calendar


GOOD = "day,kind,name\n2026-10-01,holiday,国庆节\n2026-10-10,workday,国庆节调休\n"


def bring_in(browser: Browser, content: str | bytes, **more: str) -> TestResponse:
    browser.get("/policies/calendar")
    raw = content.encode() if isinstance(content, str) else content
    return browser.send('data-calendar="import"', file=(io.BytesIO(raw), "days.csv"), **more)


def days(site: Site) -> list[tuple[date, DayKind, int | None]]:
    with site.sessions() as session:
        return [(each.day, each.kind, each.unit_id) for each in site.all(session, CalendarDay)]


def test_days_are_brought_in_listed_by_year_and_removed(site: Site, of_street: Browser) -> None:
    page = bring_in(of_street, GOOD)

    assert "新增 2 天" in page.text
    assert days(site) == [
        (date(2026, 10, 1), DayKind.HOLIDAY, site.street.id),
        (date(2026, 10, 10), DayKind.WORKDAY, site.street.id),
    ]
    text = of_street.get("/policies/calendar?year=2026").text
    assert "国庆节调休" in text
    assert "星期四" in text
    assert "国庆节" not in of_street.get("/policies/calendar?year=2027").text
    of_street.get("/policies/calendar?year=2026")
    page = of_street.send('data-remove-day="2026-10-01"')
    assert "恢复为普通日子" in page.text
    assert [day for day, _kind, _unit in days(site)] == [date(2026, 10, 10)]


def test_a_day_that_somebody_else_removed_is_told(site: Site, of_street: Browser) -> None:
    bring_in(of_street, GOOD)
    of_street.get("/policies/calendar?year=2026")
    quick = site.browser(Role.ADMINISTRATOR)
    quick.get("/policies/calendar?year=2026")
    quick.send('data-remove-day="2026-10-01"')

    assert "已有别人" in of_street.send('data-remove-day="2026-10-01"').text


def test_bad_rows_are_each_named_and_nothing_is_brought_in(site: Site, of_street: Browser) -> None:
    rows = ("2026-10-01,holiday,国庆节", "2026-02-30,holiday,x", "2026-10-02,party,x", "2026-10-03,holiday,",
            "2026-10-01,workday,又一次")  # fmt: skip
    page = bring_in(of_street, "\n".join(("day,kind,name", *rows)))

    assert page.status_code == 422
    for said in ("第 3 行", "“2026-02-30”不是日期", "第 4 行", "“party”", "第 5 行", "第 6 行"):
        assert said in page.text, said
    assert days(site) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "缺少列"), ("day,name\n2026-10-01,x\n", "缺少列 kind"), (GOOD.encode("gb18030"), "CSV UTF-8")],
)
def test_files_that_are_none_are_told(site: Site, of_street: Browser, content: str | bytes, said: str) -> None:
    page = bring_in(of_street, content)

    assert page.status_code == 422
    assert said in page.text
    assert days(site) == []


def test_no_file_is_told(of_street: Browser) -> None:
    of_street.get("/policies/calendar")

    page = of_street.send('data-calendar="import"', whom="unit")

    assert page.status_code == 422
    assert "请选择文件" in page.text


def test_only_the_topmost_unit_speaks_for_everybody(site: Site, administrator: Browser, of_street: Browser) -> None:
    assert "everybody" not in of_street.get("/policies/calendar").text
    assert bring_in(of_street, GOOD, whom="everybody").status_code == 422
    assert days(site) == []

    bring_in(administrator, GOOD, whom="everybody")

    assert [unit for _day, _kind, unit in days(site)] == [None, None]
    text = of_street.get("/policies/calendar?year=2026").text
    assert "国庆节" in text
    assert "data-remove-day" not in text
    assert post(of_street, "/policies/calendar/2026-10-01/removal", whom="everybody").status_code == 403
    assert len(days(site)) == 2


@pytest.mark.parametrize("path", ["/policies/calendar?year=1", "/policies/calendar?year=99999"])
def test_years_that_no_calendar_has_are_not_there(of_street: Browser, path: str) -> None:
    assert of_street.get(path).status_code == 404


def test_a_supervisor_brings_no_days_in(site: Site) -> None:
    browser = site.browser(Role.SUPERVISOR)
    assert "data-calendar" not in browser.get("/policies/calendar").text

    page = post(browser, "/policies/calendar", whom="unit", file=(io.BytesIO(GOOD.encode()), "days.csv"))

    assert page.status_code == 403
    assert post(browser, "/policies/calendar/2026-10-01/removal").status_code == 403
    assert post(browser, "/policies/calendar/soon/removal").status_code == 404


# Emergency mode


def on(site: Site, unit: Unit, reason: str = "寒潮橙色预警") -> None:
    with site.sessions.begin() as session:
        whose = session.merge(unit)
        emergency_mode.switch_on(session, whose, reason, NOW + 2 * DAY, SYSTEM, NOW, ZONE)


def test_it_is_switched_on_seen_on_every_page_and_off(site: Site) -> None:
    supervisor = site.browser(Role.SUPERVISOR)
    supervisor.get("/policies/emergency-mode")

    page = supervisor.send('data-emergency="on"', reason="寒潮橙色预警", until=local(NOW + 2 * DAY), includes_open="y")

    assert "已进入应急状态" in page.text
    with site.sessions() as session:
        (mode,) = site.all(session, EmergencyMode)
        assert (mode.unit_id, mode.includes_open, mode.ends_at) == (site.street.id, True, NOW + 2 * DAY)
    for path in ("/", "/orders", "/supervision", "/policies"):
        text = supervisor.get(path).text
        assert 'data-emergency-mode="street"' in text, path
        assert "寒潮橙色预警" in text, path
    assert "data-emergency-mode" in site.browser(Role.HANDLER).get("/").text
    assert "data-emergency-mode" in site.browser(Role.SUPERVISOR, unit=site.city).get("/").text
    assert "data-emergency-mode" not in site.browser(Role.SUPERVISOR, unit=site.other).get("/").text
    assert "data-emergency-mode" not in Browser(site.app).get("/login").text
    supervisor.get("/policies/emergency-mode")
    page = supervisor.send('data-emergency="off"')
    assert "已解除应急状态" in page.text
    assert "data-emergency-mode" not in page.text
    assert "寒潮橙色预警" in page.text


def test_a_page_that_refreshes_itself_or_tells_of_an_error_does_not_ask_for_it(site: Site) -> None:
    on(site, site.street)
    browser = site.browser(Role.SUPERVISOR)
    asked: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    engine = site.app.extensions["hotline"].engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        for path, more in (("/orders", {"X-Refresh": "1"}), ("/nowhere", {}), ("/orders/1", {})):
            assert "data-emergency-mode" not in browser.get(path, headers=more).text
        assert asked
        assert not any("FROM emergency_modes" in each for each in asked)
        browser.get("/orders")
        assert any("FROM emergency_modes" in each for each in asked)
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_it_ends_by_itself(site: Site) -> None:
    on(site, site.street)
    site.clock.at = NOW + 2 * DAY

    text = site.browser(Role.SUPERVISOR).get("/policies/emergency-mode").text

    assert "data-emergency-mode" not in text
    assert "寒潮橙色预警" in text


def test_what_the_city_switched_on_only_the_city_switches_off(site: Site) -> None:
    on(site, site.city)
    street, city = site.browser(Role.SUPERVISOR), site.browser(Role.ADMINISTRATOR, unit=site.city)

    text = street.get("/policies/emergency-mode").text
    assert 'data-mode-on="city"' in text
    assert 'data-emergency="off"' not in text
    assert post(street, "/policies/emergency-mode/off", unit="city").status_code == 404
    city.get("/policies/emergency-mode")
    assert "已解除应急状态" in city.send('data-emergency="off"').text


@pytest.mark.parametrize(
    ("filled_in", "field", "said"),
    [
        ({"reason": " "}, "reason", "请填写此项"),
        ({"until": ""}, "until", "请填写日期和时间"),
        ({"until": local(NOW)}, "until", "31天之内"),
        ({"until": local(NOW + 32 * DAY)}, "until", "31天之内"),
        ({"until": "soon"}, "until", "请填写日期和时间"),
    ],
)
def test_without_reason_or_a_usable_end_it_stays_off(
    site: Site, filled_in: dict[str, str], field: str, said: str
) -> None:
    browser = site.browser(Role.SUPERVISOR)
    browser.get("/policies/emergency-mode")

    page = browser.send('data-emergency="on"', **{"reason": "寒潮", "until": local(NOW + DAY), **filled_in})

    assert page.status_code == 422
    assert f'id="emergency-{field}-error"' in page.text
    assert said in page.text
    with site.sessions() as session:
        assert site.all(session, EmergencyMode) == []


def test_of_two_who_switch_it_on_the_second_is_told(site: Site) -> None:
    slow, quick = site.browser(Role.SUPERVISOR), site.browser(Role.SUPERVISOR)
    slow.get("/policies/emergency-mode")
    quick.get("/policies/emergency-mode")
    quick.send('data-emergency="on"', reason="寒潮", until=local(NOW + DAY))

    page = slow.send('data-emergency="on"', reason="台风", until=local(NOW + DAY))

    assert page.status_code == 409
    assert "已有别人" in page.text
    slow.get("/policies/emergency-mode")
    quick.get("/policies/emergency-mode")
    quick.send('data-emergency="off"')
    assert "已有别人" in slow.send('data-emergency="off"').text


@pytest.mark.parametrize("role", [Role.CALL_TAKER, Role.DISPATCHER, Role.HANDLER])
def test_others_have_no_part_in_it(site: Site, role: Role) -> None:
    browser = site.browser(role)

    assert browser.get("/policies").status_code == 403
    assert post(browser, "/policies/emergency-mode/on", reason="x", until=local(NOW + DAY)).status_code == 403
    assert post(browser, LIMITS, seen="").status_code == 403
