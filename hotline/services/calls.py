"""Inbound calls: found or made under the carrier's id, moved by what the caller does, ended by the carrier's word."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hotline.models import (
    Action,
    Attention,
    Call,
    Direction,
    Line,
    Receipt,
    ReceiptOutcome,
    Recording,
    RecordingKind,
    RecordingState,
    SurveyAttempt,
    Work,
)
from hotline.rules import call_flow
from hotline.rules.call_flow import CallEvent, CallState
from hotline.rules.roles import DESK
from hotline.rules.wording import DEFAULT
from hotline.services import audit, orders, outbox, receipts, recordings, roster, surveys, text_messages
from hotline.services.access import Actor, require_role
from hotline.services.receipts import RecordingTold, Told
from hotline.services.surveys import Asked

# The carrier says that a recording is complete within seconds; when it forgets to, we look for ourselves.
_COMPLETION_GRACE = timedelta(seconds=60)


@dataclass(frozen=True)
class Heard:
    """What the caller hears now, and all that the words need; `duty_number` is the next that would be rung."""

    state: CallState
    language: str
    line_name: str
    order_number: str | None
    duty_number: str | None


def ring_in(session: Session, told: Told, now: datetime, zone: ZoneInfo) -> Heard:
    """Somebody rings. The order number is reserved here, so that it can be told whatever happens later."""
    call = _find_or_make(session, told, now, zone)
    receipts.first_time(session, "voice", told.call_id, told.event, told, now)
    return _heard(session, call, now)


def happened(session: Session, told: Told, event: CallEvent, now: datetime, zone: ZoneInfo) -> Heard:
    """The caller did something; a repeated webhook is answered as the first was, and changes nothing."""
    call = _find_or_make(session, told, now, zone)
    if receipts.first_time(session, "voice", told.call_id, told.event, told, now) is not None:
        _move(call, _possible(session, call, event, now))
    return _heard(session, call, now)


def message_left(
    session: Session, told: Told, recording_id: str, now: datetime, zone: ZoneInfo, *, wants_person: bool
) -> Heard:
    """The caller finished speaking. The recording itself is fetched once the carrier calls it complete."""
    call = _find_or_make(session, told, now, zone)
    if receipts.first_time(session, "voice", told.call_id, told.event, told, now) is not None:
        fetch_at = now + _COMPLETION_GRACE
        recordings.announce(session, call, recording_id, RecordingKind.MESSAGE, now, now, fetch_at=fetch_at)
        event = CallEvent.MESSAGE_LEFT_PERSON_WANTED if wants_person else CallEvent.MESSAGE_LEFT
        _leave_message(session, call, now, _possible(session, call, event, now))
    return _heard(session, call, now)


def survey_spoken(
    session: Session, attempt: SurveyAttempt, told: Told, recording_id: str | None, now: datetime, zone: ZoneInfo
) -> Asked:
    """Somebody whom we rang spoke after the tone, or did not (None)."""
    recording = None
    if attempt.call is not None and recording_id is not None:
        fetch_at = now + _COMPLETION_GRACE
        recording = recordings.announce(
            session, attempt.call, recording_id, RecordingKind.SURVEY, now, now, fetch_at=fetch_at
        )
    return surveys.spoke(session, attempt, told, recording, now, zone)


def recording_told(session: Session, told: RecordingTold, now: datetime, zone: ZoneInfo) -> None:
    """The carrier's word on a recording. About a call that we do not know, the carrier is asked later."""
    call = _locked(session, told.carrier, told.call_id)
    event = "complete" if told.has_sound else "failed" if told.has_failed else "absent"
    outcome = ReceiptOutcome.APPLIED if call else ReceiptOutcome.UNMATCHED
    receipt_id = receipts.first_time(session, "recording", told.recording_id, event, told, now, outcome)
    if receipt_id is None:
        return
    if call is None:
        outbox.ask(session, Work.ADOPT_RECORDING, receipt_id, now)
    else:
        _apply_recording(session, call, told, now, zone)


def recording_listed(session: Session, told: RecordingTold, now: datetime, zone: ZoneInfo) -> None:
    """The carrier lists a recording: nobody told us of it, or it was given up too early, or all is well."""
    recording_told(session, told, now, zone)
    lost_id = recordings.find_lost(session, told.carrier, told.recording_id)
    # Listed and yet not to be had, it is not asked for more often than once an hour.
    event = f"listed:{now:%y%m%d%H}"
    if lost_id and receipts.first_time(session, "recording", told.recording_id, event, told, now) is not None:
        recordings.fetch_again(session, lost_id, now)


def adopt(
    session: Session, receipt: Receipt, told: RecordingTold, who: Told | None, now: datetime, zone: ZoneInfo
) -> None:
    """The carrier was asked whose recording it is (`who`), and knows the call, or doesn't (None).

    An account at the carrier may serve others too: what was said on a number of theirs is not touched.
    """
    call = _locked(session, told.carrier, told.call_id)  # a call that we placed may have got its name meanwhile
    if call is None and who is None:
        receipt.outcome = ReceiptOutcome.UNKNOWN_TO_CARRIER
        return
    if call is None and who is not None:
        if session.scalar(select(Line.id).where(Line.number == who.dialled)) is None:
            receipt.outcome = ReceiptOutcome.NOT_OURS
            return
        call = _find_or_make(session, who, now, zone)
    if call is not None:
        receipt.outcome = ReceiptOutcome.APPLIED
        _apply_recording(session, call, told, now, zone)


def ended(
    session: Session, told: Told, ended_at: datetime, duration_s: int | None, now: datetime, zone: ZoneInfo
) -> None:
    """The line is dead. A call of which we never heard before is one that somebody has to ring back."""
    call = _find_or_make(session, told, now, zone)
    if call.ended_at is not None:
        return
    call.ended_at, call.duration_s = ended_at, duration_s
    kept = select(func.count()).where(Recording.call_id == call.id, Recording.state != RecordingState.LOST)
    _move(call, CallEvent.ENDED_WITH_MESSAGE if session.scalar(kept) else CallEvent.ENDED)


def overlooked(
    session: Session, told: Told, ended_at: datetime, duration_s: int | None, now: datetime, zone: ZoneInfo
) -> None:
    """The carrier lists a call that is over. If nobody told us of it we were away, and somebody rings back."""
    if _locked(session, told.carrier, told.call_id) is None:
        missed(session, told, ended_at - timedelta(seconds=duration_s or 0), now, zone)
        ended(session, told, ended_at, duration_s, now, zone)


def missed(session: Session, told: Told, at: datetime, now: datetime, zone: ZoneInfo) -> None:
    """A call that heard our apology because nothing could be stored then."""
    call = _find_or_make(session, told, now, zone)
    call.started_at = min(call.started_at, at)
    if call.state == CallState.GREETED:
        call.state = CallState.NOT_SERVED
        call.attention = Attention.RING_BACK


def reached_no_unit(call: Call) -> None:
    """Somebody spoke on a number that is none of ours: no unit has the order, a person decides."""
    call.attention = call.attention or Attention.RING_BACK


def handled(session: Session, call: Call, actor: Actor, now: datetime, note: str) -> None:
    """A person has dealt with what the call needed attention for.

    The note stays with the call and goes with it: it may hold what the caller said, which the audit log never does.
    """
    require_role(actor, *DESK)
    call.attention, call.handled_note = None, note
    audit.note(session, actor, Action.CALL_HANDLED, now, subject="calls", subject_id=call.id)


def _find_or_make(session: Session, told: Told, now: datetime, zone: ZoneInfo) -> Call:
    """The call, locked: webhooks about one call are worked on one after the other."""
    call = _locked(session, told.carrier, told.call_id)
    if call is not None:
        return call
    line = session.scalars(select(Line).where(Line.number == told.dialled, Line.is_active)).one_or_none()
    row = insert(Call).values(
        direction=Direction.INBOUND,
        carrier=told.carrier,
        carrier_call_id=told.call_id,
        line_id=line.id if line else None,
        number=told.number,
        state=CallState.GREETED if line else CallState.REFUSED,
        order_number=orders.reserve_number(session, now, zone) if line else None,
        started_at=now,
    )
    session.execute(row.on_conflict_do_nothing(index_elements=[Call.carrier, Call.carrier_call_id]))
    made = _locked(session, told.carrier, told.call_id)
    if made is None:
        raise LookupError("a call vanished while it was being made")
    return made


def _locked(session: Session, carrier: str, call_id: str) -> Call | None:
    return session.scalars(
        select(Call).where(Call.carrier == carrier, Call.carrier_call_id == call_id).with_for_update(key_share=True)
    ).one_or_none()


def _apply_recording(session: Session, call: Call, told: RecordingTold, now: datetime, zone: ZoneInfo) -> None:
    if not told.has_sound and not told.has_failed:
        # Nothing was said to the recorder: the talk itself goes on from there. What was said to a person is missing.
        if told.is_conversation:
            call.attention = call.attention or Attention.RECORDING_LOST
        return
    kind = _kind(call, told)
    recording = recordings.announce(
        session,
        call,
        told.recording_id,
        kind,
        told.recorded_at or now,
        now,
        channels=told.channels,
        duration_s=told.duration_s,
    )
    if told.has_failed:
        recordings.spoiled(session, recording, RecordingState.LOST, "the carrier could not record", now, zone)
    elif kind == RecordingKind.MESSAGE:
        _leave_message(session, call, now, CallEvent.MESSAGE_LEFT)
    elif kind == RecordingKind.CONVERSATION:
        _leave_message(session, call, now, CallEvent.PERSON_TALKED)


def _kind(call: Call, told: RecordingTold) -> RecordingKind:
    if call.direction == Direction.OUTBOUND:
        return RecordingKind.SURVEY
    return RecordingKind.CONVERSATION if told.is_conversation else RecordingKind.MESSAGE


def _leave_message(session: Session, call: Call, now: datetime, event: CallEvent) -> None:
    _move(call, event)
    text_messages.tell_order_number(session, call, now)


_NOBODY_ON_DUTY = {
    CallEvent.PERSON_WANTED: CallEvent.PERSON_ABSENT,
    CallEvent.MESSAGE_LEFT_PERSON_WANTED: CallEvent.MESSAGE_LEFT,
}


def _possible(session: Session, call: Call, event: CallEvent, now: datetime) -> CallEvent:
    """Who asks for a person where nobody is on duty finds nobody there; where one does not answer, the next is rung."""
    numbers = _duty_numbers(session, call, now)
    if event == CallEvent.PERSON_ABSENT and call.state == CallState.WITH_PERSON:
        call.people_rung += 1
        return CallEvent.PERSON_WANTED if call.people_rung < len(numbers) else event
    if event in _NOBODY_ON_DUTY and call.state != CallState.WITH_PERSON:
        call.people_rung = 0
    return event if numbers else _NOBODY_ON_DUTY.get(event, event)


def _duty_numbers(session: Session, call: Call, now: datetime) -> list[str]:
    return roster.numbers_for_caller(session, call.line, now) if call.line is not None else []


def _move(call: Call, event: CallEvent) -> None:
    before, call.state = call.state, call_flow.after(call.state, event)
    if call.state == before:
        return  # a late callback asks for no attention that a person gave already
    if call.state in call_flow.RING_BACK:
        call.attention = Attention.RING_BACK
    elif call.attention == Attention.RING_BACK:
        call.attention = None


def _heard(session: Session, call: Call, now: datetime) -> Heard:
    numbers = _duty_numbers(session, call, now)
    is_ringing = call.state == CallState.WITH_PERSON
    # The roster may have grown shorter since the last one was rung.
    following = numbers[min(call.people_rung, len(numbers) - 1) if is_ringing else 0] if numbers else None
    return Heard(
        state=call.state,
        language=_language(call),
        line_name=call.line.name if call.line else "",
        order_number=call.order_number,
        duty_number=following,
    )


def _language(call: Call) -> str:
    return call.line.language if call.line else DEFAULT
