"""The callbacks of one call late, twice and in any order: always one call, one recording, one number, one text."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import permutations

import factories
import pytest
from carrier_side import CarrierSide, recorded_form, recording_form, status_form, voice_form
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline.models import (
    Attention,
    Call,
    OrderNumberDay,
    OutboxEntry,
    Receipt,
    ReceiptOutcome,
    Recording,
    RecordingKind,
    TextMessage,
    Work,
)
from hotline.rules.call_flow import CallState
from hotline.services import calls
from hotline.telephony.journal import recording_told_from

SID, MESSAGE, TALK = factories.call_sid(1), factories.recording_sid(1), factories.recording_sid(2)
Send = Callable[[CarrierSide], object]

LEFT_A_MESSAGE: dict[str, Send] = {
    "inbound": lambda carrier: carrier.hear("/voice/inbound", voice_form(SID), token="1"),
    "recorded": lambda carrier: carrier.hear("/voice/recorded", recorded_form(SID, MESSAGE), token="2"),
    "recording": lambda carrier: carrier.tell("/voice/recording", recording_form(SID, MESSAGE)),
    "status": lambda carrier: carrier.tell("/voice/status", status_form(SID)),
}
TALKED: dict[str, Send] = {
    "inbound": LEFT_A_MESSAGE["inbound"],
    "key": lambda carrier: carrier.hear("/voice/key", voice_form(SID, Digits="0"), token="3"),
    "person": lambda carrier: carrier.hear(
        "/voice/person-done", voice_form(SID, DialCallStatus="completed"), token="4"
    ),
    "recording": lambda carrier: carrier.tell(
        "/voice/recording", recording_form(SID, TALK, RecordingSource="DialVerb", RecordingChannels="2")
    ),
    "status": LEFT_A_MESSAGE["status"],
}


def shuffled(callbacks: dict[str, Send]) -> st.SearchStrategy[list[str]]:
    """Every callback at least once, some of them twice, in any order."""
    names = sorted(callbacks)
    return st.lists(st.sampled_from(names), max_size=len(names), unique=True).flatmap(
        lambda again: st.permutations(names + again)
    )


def ask_the_carrier(carrier: CarrierSide) -> None:
    """What the worker does for recordings that came without a call: the carrier says whose it is."""
    assert carrier.sessions is not None
    with carrier.sessions.begin() as session:
        for entry in session.query(OutboxEntry).filter_by(work=Work.ADOPT_RECORDING):
            receipt = session.get_one(Receipt, entry.subject_id)
            who = factories.told(SID, event="adopted")
            told = recording_told_from(receipt.content)
            calls.adopt(session, receipt, told, who, factories.NOW, factories.ZONE)


def only_call(carrier: CarrierSide) -> Call:
    call: Call = carrier.one(Call)
    assert carrier.one(OrderNumberDay).last == 1
    assert (call.order_number, call.number) == ("2603020001", factories.CALLER)
    assert call.attention is None
    assert call.duration_s == 60
    assert {receipt.outcome for receipt in carrier.all(Receipt)} <= {ReceiptOutcome.APPLIED}
    return call


def work_asked_for(carrier: CarrierSide) -> list[Work]:
    return sorted(entry.work for entry in carrier.all(OutboxEntry) if entry.work != Work.ADOPT_RECORDING)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=shuffled(LEFT_A_MESSAGE))
def test_a_message_is_kept_once(connected: Callable[[], AbstractContextManager[CarrierSide]], order: list[str]) -> None:
    with connected() as carrier:
        assert carrier.sessions is not None
        with carrier.sessions.begin() as session:
            factories.line(session)

        for name in order:
            LEFT_A_MESSAGE[name](carrier)
        ask_the_carrier(carrier)

        assert only_call(carrier).state == CallState.THANKED
        recording = carrier.one(Recording)
        assert (recording.kind, recording.duration_s) == (RecordingKind.MESSAGE, 12)
        assert carrier.one(TextMessage).number == factories.CALLER
        assert work_asked_for(carrier) == [Work.FETCH_RECORDING, Work.SEND_MESSAGE]
        fetch = carrier.one(OutboxEntry, OutboxEntry.work == Work.FETCH_RECORDING)
        assert fetch.due_at == factories.NOW


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=shuffled(TALKED))
def test_a_conversation_is_kept_once(
    connected: Callable[[], AbstractContextManager[CarrierSide]], order: list[str]
) -> None:
    with connected() as carrier:
        assert carrier.sessions is not None
        with carrier.sessions.begin() as session:
            factories.line(session)

        for name in order:
            TALKED[name](carrier)
        ask_the_carrier(carrier)

        assert only_call(carrier).state == CallState.TALKED
        recording = carrier.one(Recording)
        assert (recording.kind, recording.channels) == (RecordingKind.CONVERSATION, 2)
        assert carrier.count(TextMessage) == 1
        assert work_asked_for(carrier) == [Work.FETCH_RECORDING, Work.SEND_MESSAGE]


@pytest.mark.parametrize("order", list(permutations(("recorded", "recording", "status"))))
def test_a_message_after_the_greeting_comes_through_in_every_order(carrier: CarrierSide, order: tuple[str]) -> None:
    LEFT_A_MESSAGE["inbound"](carrier)

    for name in order:
        LEFT_A_MESSAGE[name](carrier)

    assert only_call(carrier).state == CallState.THANKED
    assert work_asked_for(carrier) == [Work.FETCH_RECORDING, Work.SEND_MESSAGE]


def test_a_repeated_webhook_is_answered_with_the_same_words(carrier: CarrierSide) -> None:
    sent = [
        ("/voice/inbound", voice_form(SID)),
        ("/voice/nothing-said", voice_form(SID)),
        ("/voice/nothing-said", voice_form(SID)),
    ]
    for number, (path, form) in enumerate(sent):
        first = carrier.hear(path, form, token=str(number))
        again = carrier.hear(path, form, token=str(number))
        assert first.response.data == again.response.data

    assert carrier.one(Call).state == CallState.SILENT


def test_a_call_whose_first_webhook_never_came_is_known_by_its_last(carrier: CarrierSide) -> None:
    carrier.tell("/voice/status", status_form(SID, CallStatus="completed"))

    call = carrier.one(Call)
    assert call.state == CallState.ABANDONED
    assert call.attention is not None
    assert call.order_number is not None


def test_a_talk_of_which_nothing_was_recorded_asks_for_attention(carrier: CarrierSide) -> None:
    sid = factories.call_sid()
    carrier.hear("/voice/inbound", voice_form(sid))
    carrier.hear("/voice/key", voice_form(sid, Digits="0"))
    carrier.hear("/voice/person-done", voice_form(sid, DialCallStatus="completed"))

    told = recording_form(sid, factories.recording_sid(), RecordingStatus="absent", RecordingSource="DialVerb")
    carrier.tell("/voice/recording", told)

    assert carrier.one(Call).attention == Attention.RECORDING_LOST
