"""The duty roster on a real database: who is on now, swaps between people, gaps that are told, notes that are read."""

from datetime import timedelta

import factories
import pytest
from factories import NOW, ZONE
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hotline.models import Action, AuditEntry, RosterWarning, Shift, Unit, User
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.roles import Role
from hotline.rules.roster import Post, Span, SwapState
from hotline.services import accounts, people, roster
from hotline.services.access import SYSTEM, NotAllowedError, actor_for

HOUR = timedelta(hours=1)
TO_COME = Span(NOW + HOUR, NOW + 9 * HOUR)
AFTER_THAT = Span(NOW + 9 * HOUR, NOW + 17 * HOUR)


@pytest.fixture
def district(session: Session) -> Unit:
    return factories.unit(session)


@pytest.fixture
def street(session: Session, district: Unit) -> Unit:
    return factories.unit(session, parent=district)


def planned(session: Session, unit: Unit, span: Span = TO_COME, person: User | None = None) -> Shift:
    person = person or factories.user(session, unit, Role.HANDLER)
    return roster.plan(session, unit, person, Post.DUTY, span, SYSTEM, NOW)


def actions(session: Session) -> list[Action]:
    return [entry.action for entry in session.query(AuditEntry).order_by(AuditEntry.id)]


# Who is on


def test_first_on_call_comes_first_and_the_unit_above_serves_where_nobody_is(
    session: Session, district: Unit, street: Unit
) -> None:
    above = factories.shift(session, factories.user(session, district)).user
    assert [on.user for on in roster.who_is_on(session, street, NOW)] == [above]

    backup = factories.shift(session, factories.user(session, street), post=Post.BACKUP).user
    first = factories.shift(session, factories.user(session, street)).user

    assert [on.user for on in roster.who_is_on(session, street, NOW)] == [first, backup]
    assert [on.user for on in roster.who_is_on(session, street, NOW, Post.BACKUP)] == [backup]
    assert [on.user for on in roster.everybody_on(session, street, NOW)] == [first, backup, above]
    assert [on.user for on in roster.who_is_on(session, district, NOW)] == [above]


def test_at_the_change_the_next_is_on_and_not_the_last(session: Session, street: Unit) -> None:
    going = factories.shift(session, factories.user(session, street), NOW - HOUR, NOW).user
    coming = factories.shift(session, factories.user(session, street), NOW, NOW + HOUR).user

    assert [on.user for on in roster.who_is_on(session, street, NOW)] == [coming]
    assert [on.user for on in roster.who_is_on(session, street, NOW - timedelta(seconds=1))] == [going]


def test_cancelled_shifts_and_people_out_of_service_serve_nobody(session: Session, street: Unit) -> None:
    factories.shift(session, factories.user(session, street), cancelled_at=NOW)
    factories.shift(session, factories.user(session, street)).user.is_active = False

    assert roster.who_is_on(session, street, NOW) == []


# Plans


def test_nobody_is_on_duty_twice_at_once(session: Session, district: Unit, street: Unit) -> None:
    shift = planned(session, street)

    with pytest.raises(roster.OverlapError) as refused:
        planned(session, district, Span(NOW + 8 * HOUR, NOW + 12 * HOUR), shift.user)
    assert refused.value.shift is shift
    planned(session, district, AFTER_THAT, shift.user)


def test_the_database_refuses_it_too(session: Session, street: Unit) -> None:
    person = factories.user(session, street)
    factories.shift(session, person)

    with pytest.raises(IntegrityError, match="ex_shifts_one_at_a_time"), session.begin_nested():
        factories.shift(session, person)
    factories.shift(session, person, cancelled_at=NOW)


def test_who_supervises_another_unit_plans_nothing(session: Session, district: Unit, street: Unit) -> None:
    person = factories.user(session, street)
    for actor in (
        factories.actor(session, factories.unit(session, parent=district), Role.SUPERVISOR),
        factories.actor(session, street, Role.HANDLER),
    ):
        with pytest.raises(NotAllowedError):
            roster.plan(session, street, person, Post.DUTY, TO_COME, actor, NOW)


def test_a_cancelled_shift_leaves_room_and_one_that_is_over_stays_on_record(session: Session, street: Unit) -> None:
    shift = planned(session, street)
    roster.cancel(session, shift, SYSTEM, NOW)
    roster.cancel(session, shift, SYSTEM, NOW)
    again = planned(session, street, TO_COME, shift.user)

    assert actions(session).count(Action.SHIFT_CANCELLED) == 1
    with pytest.raises(roster.PastShiftError):
        roster.cancel(session, again, SYSTEM, TO_COME.ends_at)
    assert roster.shifts(session, street, TO_COME) == [again]


# Swaps


def test_two_people_exchange_shifts_of_the_same_hours(session: Session, district: Unit, street: Unit) -> None:
    mine, theirs = planned(session, street), planned(session, district)
    asker, asked = mine.user, theirs.user
    swap = roster.ask_swap(session, mine, asked, theirs, "家里有事", actor_for(asker), NOW)

    roster.accept_swap(session, swap, actor_for(asked), NOW)

    assert (mine.user, theirs.user, mine.planned_user) == (asked, asker, asker)
    assert swap.state == SwapState.ACCEPTED
    assert actions(session)[-2:] == [Action.SWAP_ASKED, Action.SWAP_DECIDED]
    with pytest.raises(ImpossibleMoveError):
        roster.decline_swap(session, swap, actor_for(asked), NOW)


def test_a_supervisor_may_decide_and_nobody_else(session: Session, street: Unit) -> None:
    shift = planned(session, street)
    asked = factories.user(session, street)
    swap = roster.ask_swap(session, shift, asked, None, None, actor_for(shift.user), NOW)
    stranger = factories.actor(session, street, Role.HANDLER)
    supervisor = factories.actor(session, street, Role.SUPERVISOR)

    assert roster.swap_to_change(session, stranger, swap.id) is None
    with pytest.raises(NotAllowedError):
        roster.accept_swap(session, swap, stranger, NOW)
    with pytest.raises(NotAllowedError):
        roster.accept_swap(session, swap, actor_for(shift.user), NOW)
    assert list(roster.swaps_for(session, supervisor)) == [swap]
    roster.accept_swap(session, swap, supervisor, NOW)
    assert (shift.user, swap.decided_by_id) == (asked, supervisor.user_id)


def test_a_swap_that_would_put_somebody_on_twice_is_refused(session: Session, street: Unit) -> None:
    mine, theirs = planned(session, street), planned(session, street)

    with pytest.raises(roster.OverlapError):
        roster.ask_swap(session, mine, theirs.user, None, None, actor_for(mine.user), NOW)
    with pytest.raises(roster.NoSwapError):
        roster.ask_swap(session, mine, mine.user, None, None, actor_for(mine.user), NOW)
    with pytest.raises(NotAllowedError):
        roster.ask_swap(session, mine, theirs.user, theirs, None, actor_for(theirs.user), NOW)


def test_what_nobody_decided_before_the_shift_lapses(session: Session, street: Unit) -> None:
    shift = planned(session, street)
    asked = factories.user(session, street)
    swap = roster.ask_swap(session, shift, asked, None, None, actor_for(shift.user), NOW)
    with pytest.raises(roster.NoSwapError, match="already"):
        roster.ask_swap(session, shift, asked, None, None, actor_for(shift.user), NOW)

    assert roster.lapse_swaps(session, NOW) == 0
    with pytest.raises(roster.NoSwapError, match="begun"):
        roster.accept_swap(session, swap, actor_for(asked), TO_COME.begins_at)
    assert roster.lapse_swaps(session, TO_COME.begins_at) == 1
    assert swap.state == SwapState.LAPSED


def test_who_asked_may_take_it_back(session: Session, street: Unit) -> None:
    shift = planned(session, street)
    swap = roster.ask_swap(session, shift, factories.user(session, street), None, None, actor_for(shift.user), NOW)

    with pytest.raises(NotAllowedError):
        roster.withdraw_swap(session, swap, actor_for(swap.asked), NOW)
    roster.withdraw_swap(session, swap, actor_for(shift.user), NOW)

    assert swap.state == SwapState.WITHDRAWN


# Gaps


def test_gaps_are_told_once_a_day_to_those_who_supervise_the_unit(
    session: Session, district: Unit, street: Unit
) -> None:
    planned(session, street)
    factories.unit(session, parent=district)  # without a roster, it has no gaps

    assert (roster.tell_gaps(session, NOW, ZONE), roster.tell_gaps(session, NOW + HOUR, ZONE)) == (1, 0)
    warning = session.query(RosterWarning).one()
    assert warning.spans == [Span(NOW, TO_COME.begins_at), Span(TO_COME.ends_at, NOW + timedelta(days=7))]
    supervisor = factories.actor(session, district, Role.SUPERVISOR)
    assert list(roster.warnings(session, supervisor, NOW)) == [warning]
    roster.see_warning(session, warning, supervisor, NOW)
    assert list(roster.warnings(session, supervisor, NOW)) == []
    assert roster.tell_gaps(session, NOW + timedelta(days=1), ZONE) == 1
    with pytest.raises(NotAllowedError):
        roster.warnings(session, factories.actor(session, district, Role.HANDLER), NOW)


def test_a_full_roster_has_no_gaps_and_one_given_up_long_ago_is_none(session: Session, street: Unit) -> None:
    factories.shift(session, factories.user(session, street), NOW, NOW + timedelta(days=8))
    assert roster.gaps_of(session, street, NOW, ZONE) == []

    assert list(roster.rostered_units(session, NOW + timedelta(days=38))) == [street]
    assert list(roster.rostered_units(session, NOW + timedelta(days=40))) == []


# Hand-over


def test_a_note_is_left_by_who_goes_and_read_by_who_comes(session: Session, street: Unit) -> None:
    going = factories.shift(session, factories.user(session, street), NOW - 8 * HOUR, NOW).user
    coming = factories.shift(session, factories.user(session, street), NOW, NOW + 8 * HOUR).user
    note = roster.leave_note(session, street, " 两单待回访 ", actor_for(going), NOW + HOUR)

    assert (note.text, list(roster.unread_notes(session, street))) == ("两单待回访", [note])
    with pytest.raises(roster.NotOnDutyError):
        roster.read_note(session, note, actor_for(going), NOW + HOUR)
    for at in (NOW + HOUR, NOW + 2 * HOUR):
        roster.read_note(session, note, actor_for(coming), at)

    assert (note.read_by, note.read_at) == (coming, NOW + HOUR)
    assert list(roster.unread_notes(session, street)) == []
    assert list(roster.notes(session, street)) == [note]
    assert "两单待回访" not in {entry.detail for entry in session.query(AuditEntry)}


def test_who_was_not_on_duty_leaves_no_note(session: Session, street: Unit) -> None:
    shift = factories.shift(session, factories.user(session, street), NOW - 24 * HOUR, NOW - 13 * HOUR)

    with pytest.raises(roster.NotOnDutyError):
        roster.leave_note(session, street, "太晚了", actor_for(shift.user), NOW)
    with pytest.raises(roster.NothingWrittenError):
        roster.leave_note(session, street, " ", actor_for(shift.user), NOW)


# Telephones


@pytest.mark.parametrize(("typed", "kept"), [("13800138000", "+8613800138000"), ("020-87654321", "+862087654321")])
def test_a_telephone_is_kept_as_it_is_dialled(session: Session, street: Unit, typed: str, kept: str) -> None:
    person = factories.user(session, street)

    people.set_phone(session, person, typed, actor_for(person), NOW)
    assert person.phone == kept
    assert not any(kept in (entry.detail or "") for entry in session.query(AuditEntry))
    people.set_phone(session, person, None, SYSTEM, NOW)
    assert person.phone is None


@pytest.mark.parametrize("typed", ["110", "1380013800", "张三", "+"])
def test_what_no_telephone_has_is_refused(session: Session, street: Unit, typed: str) -> None:
    person = factories.user(session, street)

    with pytest.raises(accounts.UnusablePhoneError):
        people.set_phone(session, person, typed, SYSTEM, NOW)
    with pytest.raises(NotAllowedError):
        people.set_phone(session, person, "13800138000", factories.actor(session, street, Role.HANDLER), NOW)
