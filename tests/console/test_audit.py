"""The audit log as administrators read it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import factories
import pytest
from flask_babel import force_locale
from site_under_test import Site, turn

from hotline.console.audit_words import KINDS, SAYINGS, SETTINGS, detail_words
from hotline.console.words import SUBJECTS
from hotline.models import Action, AuditEntry, Order
from hotline.rules.order_states import OrderState
from hotline.rules.policy import Policy
from hotline.rules.roles import Role
from hotline.services import audit
from hotline.services.access import SYSTEM, actor_for
from hotline.services.desk.stretches import ROWS

ROOT = Path(__file__).parent.parent.parent

# What the services write down: how the detail stands in the code, under which action, and as people read it.
WRITTEN = [
    ("{count} units", Action.ORGANISATION_IMPORTED, "52 units", "52 个单位"),
    ("{count} shifts", Action.ROSTER_IMPORTED, "58 shifts", "58 个班次"),
    ("{added} added, {changed} changed", Action.CALENDAR_CHANGED, "3 added, 1 changed", "新增 3 天，修改 1 天"),
    ("{day} removed", Action.CALENDAR_CHANGED, "2026-05-01 removed", "删除 2026-05-01"),
    ("on", Action.EMERGENCY_MODE_SET, "on", "开启"),
    ("off", Action.EMERGENCY_MODE_SET, "off", "关闭"),
    ("over", Action.EMERGENCY_MODE_SET, "over", "到期自动结束"),
    ("{code} {version}", Action.CATALOGUE_CHANGED, "street 3", "street：第 3 版"),
    ("{code} {version}", Action.CATALOGUE_CHOSEN, "street -", "street：不用自己的目录"),
    ("{is_on} {confidence}", Action.AUTO_DISPATCH_SET, "on 0.85", "开启，所需把握 0.85"),
    ("{is_on} {confidence}", Action.AUTO_DISPATCH_SET, "off 0.85", "关闭，所需把握 0.85"),
    ("{is_on} {confidence}", Action.AUTO_DISPATCH_SET, "on", "开启"),
    ("{is_on} {confidence}", Action.AUTO_DISPATCH_SET, "off", "关闭"),
    ("{table} set", Action.POLICY_SET, "limits set", "平时的时限：已设置"),
    ("closing set", Action.POLICY_SET, "closing set", "办结要求：已设置"),
    ("{key} set", Action.POLICY_SET, "survey_spacing set", "回访间隔：已设置"),
    ("{key} unset", Action.POLICY_SET, "survey_spacing unset", "回访间隔：恢复沿用上级"),
]


def test_what_people_of_the_unit_did_is_told_in_words(site: Site) -> None:
    mine, foreign = site.person(Role.CALL_TAKER), site.person(Role.CALL_TAKER, unit=site.other)
    with site.sessions.begin() as session:
        for user, detail in ((mine, "dispatch"), (foreign, "triage")):
            audit.note(
                session, actor_for(session.merge(user)), Action.ORDER_MOVED, factories.NOW,
                subject="orders", subject_id=7, detail=detail,
            )  # fmt: skip
        audit.note(session, SYSTEM, Action.SIGN_IN_FAILED, factories.NOW, subject="users", subject_id=mine.id)

    text = site.browser(Role.ADMINISTRATOR).get("/audit").text

    assert mine.name in text
    assert "派单" in text
    assert "登录失败" in text
    assert foreign.name not in text
    assert "审核通过" not in text


def link(order: Order) -> str:
    return f'<a class="digits" href="/orders/{order.number}">{order.number}</a>'


def test_whatever_entries_are_about_has_a_word() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "hotline").rglob("*.py"))

    named = set(re.findall(r'subject="(\w+)"', sources))

    assert len(named) >= 5
    assert named <= set(SUBJECTS)


def in_chinese(site: Site, action: Action, detail: str) -> str:
    with site.app.test_request_context(), force_locale("zh_Hans_CN"):
        return detail_words(AuditEntry(action=action, detail=detail))


@pytest.mark.parametrize(("action", "detail", "said"), [each[1:] for each in WRITTEN])
def test_a_detail_is_told_in_words(site: Site, action: Action, detail: str, said: str) -> None:
    assert in_chinese(site, action, detail) == said


@pytest.mark.parametrize("action", KINDS)
def test_a_detail_of_a_kind_has_the_words_of_the_kind(site: Site, action: Action) -> None:
    said = {in_chinese(site, action, member.value) for member in KINDS[action]}

    assert len(said) > 1
    assert not [each for each in said if re.search("[a-z]{2}", each)]


def test_what_is_not_known_is_told_as_it_was_written(site: Site) -> None:
    assert in_chinese(site, Action.POLICY_SET, "old_key set") == "old_key set"
    assert in_chinese(site, Action.PAUSE_DECIDED, "an old word") == "an old word"
    assert in_chinese(site, Action.SHIFT_PLANNED, "wang") == "wang"


def test_whatever_services_write_as_a_detail_is_among_what_is_told() -> None:
    """Forms alone are compared: what stands around the parts that are filled in."""
    found = {form for path in (ROOT / "hotline" / "services").rglob("*.py") for form in _details(path)}

    assert found == {re.sub(r"{\w+}", "{}", form) for form, *_rest in WRITTEN}


def _details(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        given: list[ast.expr] = []
        if isinstance(node, ast.Call) and _called(node) in {"note", "_note", "_write", "_store"}:
            given = [*node.args, *(each.value for each in node.keywords if each.arg == "detail")]
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["detail"]:
            given = [_stripped(node.value)]
        yield from (_form(each) for each in given if isinstance(each, ast.JoinedStr))
        yield from (each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str))


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _stripped(value: ast.expr) -> ast.expr:
    match value:
        case ast.Call(func=ast.Attribute(value=said, attr="strip")):
            return said
    return value


def _form(template: ast.JoinedStr) -> str:
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in template.values)


def test_every_setting_of_a_unit_has_a_name() -> None:
    assert set(SETTINGS) == {each.name for each in fields(Policy)}


def test_an_action_tells_its_details_in_one_way() -> None:
    assert not set(KINDS) & set(SAYINGS)
    assert {action for _form, action, *_rest in WRITTEN} == {*SAYINGS, Action.POLICY_SET}


def test_what_the_system_did_is_seen_where_its_subject_is(site: Site) -> None:
    with site.sessions.begin() as session:
        other_line = factories.line(session, session.merge(site.other), number="+862011112222")
        here = factories.order(session, session.merge(site.line), OrderState.TRIAGED)
        there = factories.order(session, other_line, OrderState.INVALID)
        stranger = site.person(Role.HANDLER, unit=site.other)
        for subject, subject_id in (
            ("calls", there.calls[0].id), ("recordings", factories.recording(session, there.calls[0]).id),
            ("users", stranger.id), ("users", None), (None, None),
        ):  # fmt: skip
            audit.note(session, SYSTEM, Action.SIGN_IN_FAILED, factories.NOW, subject=subject, subject_id=subject_id)

    street = site.browser(Role.ADMINISTRATOR).get("/audit").text
    city = site.browser(Role.ADMINISTRATOR, unit=site.city).get("/audit").text

    assert f"工单 {link(here)}" in street
    assert there.number not in street
    assert "登录失败" not in street
    assert f"工单 {link(here)}" in city
    assert f"工单 {link(there)}" in city
    assert f'href="/calls/{there.calls[0].id}">来电 ' in city
    assert city.count("登录失败") == 5


def test_log_has_pages_with_the_latest_entries_first(site: Site) -> None:
    with site.sessions.begin() as session:
        actor = factories.actor(session, session.merge(site.street), Role.SUPERVISOR)
        for number in range(ROWS + 1):
            audit.note(session, actor, Action.CALL_HANDLED, factories.NOW, detail=f"note-{number:03d}")
    browser = site.browser(Role.ADMINISTRATOR)

    first = browser.get("/audit").text
    second = browser.get(turn(first, "next")).text

    assert f"note-{ROWS:03d}" in first
    assert "note-000" not in first
    assert "note-000" in second
    assert 'rel="prev"' in second
