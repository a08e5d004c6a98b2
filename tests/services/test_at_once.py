"""Webhooks that arrive at the same moment: each waits for the other, and nothing is made twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import factories
from factories import NOW, ZONE
from sqlalchemy import func, select

from hotline.db import Sessions
from hotline.models import Call, MessageChannel, OrderNumberDay, OutboxEntry, Receipt, Recording, TextMessage
from hotline.services import calls, intake, message_channels, receipts
from hotline.services.access import SYSTEM

MANY = 4


def at_once(*actions: Callable[[], object]) -> list[object]:
    """All of them begun at one moment; their results."""
    start = Barrier(len(actions))

    def begin(action: Callable[[], object]) -> object:
        start.wait(10)
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return [done.result(30) for done in [pool.submit(begin, action) for action in actions]]


def count(sessions: Sessions, kind: type) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(kind)) or 0


def with_line(sessions: Sessions) -> None:
    with sessions.begin() as session:
        factories.line(session)


def test_a_callback_told_twice_at_once_is_new_to_one_of_them(own_sessions: Sessions) -> None:
    told = factories.told(factories.call_sid(1), event="key:1")

    def tell() -> bool:
        with own_sessions.begin() as session:
            return receipts.first_time(session, "voice", told.call_id, told.event, told, NOW) is not None

    assert sorted(at_once(*[tell] * MANY)) == [False] * (MANY - 1) + [True]  # type: ignore[type-var]
    assert count(own_sessions, Receipt) == 1


def test_a_callback_whose_first_telling_failed_is_new_to_the_second(own_sessions: Sessions) -> None:
    told = factories.told(factories.call_sid(1), event="key:1")
    with own_sessions() as failing:
        receipts.first_time(failing, "voice", told.call_id, told.event, told, NOW)
        failing.rollback()

    with own_sessions.begin() as session:
        assert receipts.first_time(session, "voice", told.call_id, told.event, told, NOW) is not None


def test_one_call_is_made_once_whatever_tells_of_it_first(own_sessions: Sessions) -> None:
    with_line(own_sessions)
    sid = factories.call_sid(1)

    def ring() -> str | None:
        with own_sessions.begin() as session:
            return calls.ring_in(session, factories.told(sid), NOW, ZONE).order_number

    def end() -> str | None:
        with own_sessions.begin() as session:
            calls.ended(session, factories.told(sid), NOW, 60, NOW, ZONE)
            return session.scalars(select(Call.order_number)).one()

    assert len(set(at_once(ring, end, ring, end))) == 1
    assert count(own_sessions, Call) == 1


def test_calls_at_one_moment_have_numbers_of_their_own(own_sessions: Sessions) -> None:
    with_line(own_sessions)

    def ring() -> str | None:
        with own_sessions.begin() as session:
            return calls.ring_in(session, factories.told(), NOW, ZONE).order_number

    assert set(at_once(*[ring] * MANY)) == {f"260302{number:04d}" for number in range(1, MANY + 1)}
    with own_sessions() as session:
        assert session.scalars(select(OrderNumberDay.last)).one() == MANY


def test_a_message_told_by_two_callbacks_at_once_is_kept_once(own_sessions: Sessions) -> None:
    with_line(own_sessions)
    sid, recording_sid = factories.call_sid(1), factories.recording_sid(1)
    with own_sessions.begin() as session:
        calls.ring_in(session, factories.told(sid), NOW, ZONE)

    def left() -> None:
        with own_sessions.begin() as session:
            calls.message_left(session, factories.told(sid), recording_sid, NOW, ZONE, wants_person=False)

    def complete() -> None:
        with own_sessions.begin() as session:
            calls.recording_told(session, factories.recording_told(sid, recording_sid), NOW, ZONE)

    at_once(left, complete, left, complete)

    assert count(own_sessions, Recording) == 1
    assert count(own_sessions, TextMessage) == 1
    with own_sessions() as session:
        works = session.scalars(select(OutboxEntry.work)).all()
    assert sorted(works) == ["fetch_recording", "send_message"]


def test_two_transcripts_of_one_call_at_once_make_one_order(own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        call_id = factories.call(session, factories.line(session)).id

    def receive() -> int:
        with own_sessions.begin() as session:
            return intake.receive_call(session, session.get_one(Call, call_id), NOW, ZONE).id

    assert len(set(at_once(*[receive] * MANY))) == 1


def test_a_channel_named_several_times_at_once_is_one(own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        street = factories.unit(session)

    def name() -> int:
        with own_sessions.begin() as session:
            reply_url = "https://gateway.example"
            return message_channels.set_channel(session, "wechat", session.merge(street), reply_url, SYSTEM, NOW).id

    assert len(set(at_once(*[name] * MANY))) == 1
    assert count(own_sessions, MessageChannel) == 1
