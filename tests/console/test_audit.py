"""The audit log as administrators read it."""

import re
from pathlib import Path

import factories
from site_under_test import Site, turn

from hotline.console.words import SUBJECTS
from hotline.models import Action, Order
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.services import audit
from hotline.services.access import SYSTEM, actor_for
from hotline.services.desk.stretches import ROWS

ROOT = Path(__file__).parent.parent.parent


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
