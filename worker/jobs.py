"""The work that the outbox asks for: for each kind a function of an id that may run twice and counts once."""

import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BufferedRandom
from time import monotonic

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from hotline.logs import get_log
from hotline.models import (
    Direction,
    MessageState,
    Receipt,
    Recording,
    RecordingKind,
    RecordingState,
    Statement,
    TextMessage,
    Transcript,
    Work,
)
from hotline.services import (
    alarms,
    calls,
    correspondence,
    facts,
    intake,
    message_channels,
    orders,
    recordings,
    speech_models,
    surveys,
    text_messages,
)
from hotline.services.receipts import RecordingTold, Told
from hotline.telephony.carrier import CarrierRefusedError, NotThereError, RecordingTooLargeError
from hotline.telephony.journal import recording_told_from
from speech.audio import AudioError, Limits
from speech.peaks import PeakMeter, Peaks
from speech.recognizer import OnWords, Recognizer
from speech.transcript import FIRST_CHANNEL, Doubt, Word, join_words
from speech.transcript import Transcript as Heard
from speech.understand import Facts, SurveyAnswers, understand, understand_survey
from worker import learning
from worker.context import Context
from worker.ears import Ears
from worker.job import InVain, Job, PutOff, Store, nothing

log = get_log(__name__)

_TELL_EVERY_S = 5.0
NOBODY_ACKNOWLEDGED = "nobody acknowledged the alarm"


def fetch_recording(context: Context, recording_id: int) -> Store:
    """Bring a recording from the carrier into our store, whatever it is: only hearing it tells."""
    with context.sessions() as session:
        recording = session.get_one(Recording, recording_id)
        carrier_id, channels, recorded_at = recording.carrier_recording_id, recording.channels, recording.recorded_at
        if recording.state != RecordingState.EXPECTED:
            return nothing
    with tempfile.TemporaryFile() as media:
        try:
            context.carrier.fetch_recording(carrier_id, channels, media, context.settings.recording_limit_bytes)
        except RecordingTooLargeError as error:
            return _spoiled(context, recording_id, RecordingState.UNREADABLE, str(error))
        there = _describe(media, f"{recorded_at:%Y/%m/%d}/{recording_id}")
        media.seek(0)
        context.store.put(there.key, media)
    return lambda session, now: recordings.stored(session, recordings.lock(session, recording_id), there, now)


def _describe(media: BufferedRandom, stem: str) -> recordings.Stored:
    media.seek(0)
    digest = hashlib.file_digest(media, "sha256").hexdigest()
    return recordings.Stored(key=f"{stem}-{digest[:12]}.wav", size_bytes=media.tell(), sha256=digest)


def transcribe_recording(context: Context, recording_id: int) -> Store:
    """Let the recogniser hear a stored recording."""
    sound = _sound_of(context, recording_id, {RecordingState.STORED})
    if sound is None:
        return nothing
    try:
        heard, peaks = _hear(context, sound, _Progress(context, sound))
    except AudioError as error:
        return _spoiled(context, recording_id, RecordingState.UNREADABLE, str(error))

    def store(session: Session, now: datetime) -> None:
        recording = recordings.lock(session, recording_id)
        is_done_with = context.settings.delete_at_carrier
        recordings.transcribed(session, recording, heard, now, delete_at_carrier=is_done_with, peaks=peaks)

    return store


def retranscribe_recording(context: Context, recording_id: int) -> Store:
    """Let the recogniser of today hear what one heard before."""
    sound = _sound_of(context, recording_id, {RecordingState.TRANSCRIBED, RecordingState.NO_SPEECH})
    if sound is None:
        return nothing
    heard, peaks = _hear(context, sound)
    return lambda session, now: recordings.transcribed_anew(
        session, recordings.lock(session, recording_id), heard, now, peaks=peaks
    )


@dataclass(frozen=True)
class _Sound:
    """A recording in our store, and the model that hears its line."""

    recording_id: int
    key: str
    recognizer: Recognizer


def _sound_of(context: Context, recording_id: int, states: set[RecordingState]) -> _Sound | None:
    """None when there is nothing to hear, or not any more."""
    with context.sessions() as session:
        recording = session.get_one(Recording, recording_id)
        if recording.state not in states or recording.store_key is None:
            return None
        chosen = speech_models.choices(session).for_line(recording.call.line_id)
        return _Sound(recording_id, recording.store_key, context.ears.recognizer(chosen))


def _hear(context: Context, sound: _Sound, on_words: OnWords | None = None) -> tuple[Heard, Peaks]:
    meter = PeakMeter()
    with context.store.open(sound.key) as file:
        heard = sound.recognizer.transcribe(file, meter=meter, on_words=on_words)
    return context.ears.names.correct(heard), meter.peaks()


class _Progress:
    """Writes down every few seconds how far a long recording has been heard; short ones are over before that."""

    def __init__(self, context: Context, sound: _Sound) -> None:
        self._context, self._sound = context, sound
        self._words: list[str] = []
        self._due_at = monotonic() + _TELL_EVERY_S

    def __call__(self, until_s: float, words: Sequence[Word]) -> None:
        self._words += [word.word for word in words]
        if monotonic() >= self._due_at:
            self._due_at = monotonic() + _TELL_EVERY_S
            self._tell(until_s)

    def _tell(self, until_s: float) -> None:
        text = join_words(self._words, self._sound.recognizer.info.language)
        try:
            with self._context.sessions.begin() as session:
                recordings.heard_so_far(session, self._sound.recording_id, until_s, text)
        except OperationalError:
            # What counts is stored at the end, and by then the database may be back.
            log.warning("progress cannot be told", recording_id=self._sound.recording_id)


def understand_transcript(context: Context, transcript_id: int) -> Store:
    """Take the facts from a transcript, the machine's or a person's, into the order or the survey.

    Of one that is in doubt nothing is taken: the order is there, and a person listens. But words of danger act at
    once, if badly heard: whoever is in danger cannot wait for that person.
    """
    with context.sessions() as session:
        transcript = session.get_one(Transcript, transcript_id)
        kind, text, doubt = transcript.recording.kind, transcript.text, transcript.doubt
        words = tuple(Word(**word) for word in transcript.words)
    if kind == RecordingKind.SURVEY:
        return _answered(context, transcript_id, None if doubt in _NO_WORDS else understand_survey(text), bool(doubt))
    understood = None if doubt in _NO_WORDS else _understood(text, words, context.ears)
    if understood is not None and doubt:
        understood = understood.danger

    def store(session: Session, now: datetime) -> None:
        made = session.get_one(Transcript, transcript_id)
        call = recordings.lock(session, made.recording_id).call
        if call.order_number is None:
            calls.reached_no_unit(call)
            return
        order = intake.receive_call(session, call, now, context.settings.zone)
        if understood is not None:
            facts.propose(session, order, made, understood, now, context.settings.zone)

    return store


# What words there are with such a doubt were said by nobody.
_NO_WORDS = frozenset({Doubt.SILENCE, Doubt.NO_SPEECH, Doubt.UNKNOWN_SPEECH})


def _answered(context: Context, transcript_id: int, answers: SurveyAnswers | None, is_doubtful: bool) -> Store:
    """Of an answer in doubt only words of danger count: these act at once, as in a request."""

    def store(session: Session, now: datetime) -> None:
        recording = session.get_one(Transcript, transcript_id).recording
        if answers is None or (is_doubtful and not answers.emergencies):
            surveys.not_heard(session, recording, now, context.settings.zone)
        else:
            surveys.heard(session, recording, answers, now, context.settings.zone)
        if answers is not None and answers.emergencies:
            attempt = surveys.attempt_of_call(session, recording.call_id)
            if attempt is not None:
                alarms.begin_for_answer(session, attempt.round.order_id, now, context.settings.zone)

    return store


def _understood(text: str, words: tuple[Word, ...], ears: Ears) -> Facts | None:
    """The facts, from the caller's words alone where an agent spoke too; None when there are no words."""
    by_caller = tuple(word for word in words if word.channel == FIRST_CHANNEL)
    if not text or (words and not by_caller):
        return None
    if len(by_caller) == len(words):
        return understand(text, ears.gazetteer, words=words, model=ears.understanding)
    said = "".join(word.word for word in by_caller)
    facts = understand(said, ears.gazetteer, words=by_caller, model=ears.understanding)
    return facts.placed_in(_positions(words, FIRST_CHANNEL))


def _positions(words: tuple[Word, ...], channel: str) -> list[int]:
    """For each character that `channel` said, where it stands among everybody's."""
    positions: list[int] = []
    at = 0
    for word in words:
        if word.channel == channel:
            positions += range(at, at + len(word.word))
        at += len(word.word)
    return positions


def understand_statement(context: Context, statement_id: int) -> Store:
    """Take the facts from what was written, into the order."""
    with context.sessions() as session:
        text = correspondence.told_in(session.get_one(Statement, statement_id))
    understood = _understood(text, (), context.ears)
    if understood is None:
        return nothing

    def store(session: Session, now: datetime) -> None:
        statement = session.get_one(Statement, statement_id)
        order = orders.lock(session, statement.order_id)
        facts.propose(session, order, statement, understood, now, context.settings.zone)

    return store


def understand_answer(context: Context, message_id: int) -> Store:
    """Carry what was written about a callback's question into its round; words of danger act at once."""
    with context.sessions() as session:
        answers = understand_survey(surveys.words_since(session, message_id))

    def store(session: Session, now: datetime) -> None:
        zone = context.settings.zone
        order = surveys.understood(session, message_id, answers, now, zone)
        if answers.emergencies:
            alarms.begin_for_answer(session, order.id, now, zone)

    return store


def end_text_attempt(context: Context, attempt_id: int) -> Store:
    """Nobody answers in writing any more, unless something was asked or answered since the wait began."""

    def store(session: Session, now: datetime) -> None:
        until = surveys.nothing_written(session, attempt_id, now, context.settings.zone)
        if until is not None:
            raise PutOff(until)

    return store


def delete_at_carrier(context: Context, recording_id: int) -> Store:
    """Remove a recording from the carrier once it is safe in our store."""
    with context.sessions() as session:
        recording = session.get_one(Recording, recording_id)
        carrier_id, key, size = recording.carrier_recording_id, recording.store_key, recording.size_bytes
    if key is None or context.store.size(key) != size:
        raise FileNotFoundError("the store does not hold the whole recording")
    context.carrier.delete_recording(carrier_id)

    def store(session: Session, now: datetime) -> None:
        session.get_one(Recording, recording_id).carrier_deleted_at = now

    return store


def send_message(context: Context, message_id: int) -> Store:
    """Send a text message, by telephone or by the message channel by which its recipient wrote."""
    with context.sessions() as session:
        message = session.get_one(TextMessage, message_id)
        if message.carrier_message_id is not None:
            return nothing
        send = _sending(context, session, message)
    if send is None:
        return nothing
    try:
        sent_id = send()
    except CarrierRefusedError as error:
        trouble = str(error)
        return lambda session, now: _message_failed(context, session, message_id, trouble, now)
    return lambda session, now: text_messages.sent(_message(session, message_id), sent_id, now)


def _sending(context: Context, session: Session, message: TextMessage) -> Callable[[], str] | None:
    """What sends the message, and needs no database; None where nobody carries it."""
    message_id, number, body, name = message.id, message.number, message.body, message.carrier
    if not message_channels.carries(message):
        line = message.line
        return (lambda: context.carrier.send_text(message_id, line.number, number, body)) if line else None
    channel = message_channels.by_name(session, name)
    reply_url = channel.reply_url if channel else None

    def by_channel() -> str:
        if reply_url is None:
            raise CarrierRefusedError("channel_off")
        return context.channels.send(name, reply_url, message_id, number, body)

    return by_channel


def dial_attempt(context: Context, attempt_id: int) -> Store:
    """Ring the caller of a resolved order, unless it is too early, too late or not wanted any more."""
    zone = context.settings.zone
    with context.sessions.begin() as session:
        plan = surveys.begin(session, attempt_id, context.carrier.name, context.clock.now(), zone)
    if plan is None:
        return nothing
    if isinstance(plan, surveys.Postponed):
        raise PutOff(plan.until)
    known = None
    if plan.maybe_dialled:
        known = context.carrier.find_call(plan.from_number, plan.to_number, plan.since, plan.known_calls)
    try:
        call_id = known or context.carrier.place_survey_call(plan.token, plan.from_number, plan.to_number)
    except CarrierRefusedError as error:
        trouble = str(error)
        return lambda session, now: surveys.refused_by_carrier(session, attempt_id, trouble, now)
    return lambda session, now: surveys.dialled(session, attempt_id, call_id)  # noqa: ARG005 - a Store's signature


def ring_alarm(context: Context, attempt_id: int) -> Store:
    """Ring the next on the roster about an emergency, at any hour: these are our own people."""
    with context.sessions.begin() as session:
        plan = alarms.ring(session, attempt_id, context.carrier.name, context.clock.now())
    if plan is None:
        return nothing
    if isinstance(plan, alarms.Unanswered):
        raise InVain(NOBODY_ACKNOWLEDGED)
    known = None
    if plan.maybe_dialled:
        known = context.carrier.find_call(plan.from_number, plan.to_number, plan.since, plan.known_calls)
    try:
        call_id = known or context.carrier.place_alarm_call(plan.token, plan.from_number, plan.to_number)
    except CarrierRefusedError as error:
        trouble = str(error)
        return lambda session, now: alarms.refused_by_carrier(session, attempt_id, trouble, now)
    return lambda session, now: alarms.dialled(session, attempt_id, call_id)  # noqa: ARG005 - a Store's signature


def adopt_recording(context: Context, receipt_id: int) -> Store:
    """Ask the carrier whose recording it is that came without a call we know."""
    with context.sessions() as session:
        content = session.get_one(Receipt, receipt_id).content
    told = recording_told_from(content)
    who = _who_rang(context, told)

    def store(session: Session, now: datetime) -> None:
        receipt = session.get_one(Receipt, receipt_id, with_for_update=True)
        calls.adopt(session, receipt, told, who, now, context.settings.zone)

    return store


def _who_rang(context: Context, told: RecordingTold) -> Told | None:
    try:
        call = context.carrier.fetch_call(told.call_id)
    except NotThereError:
        return None
    # Somebody whom this account rang dialled no line of ours.
    dialled = call.dialled if call.is_inbound else ""
    return Told(told.carrier, call.call_id, call.number, dialled, "adopted")


def _spoiled(context: Context, recording_id: int, state: RecordingState, trouble: str) -> Store:
    def store(session: Session, now: datetime) -> None:
        recording = recordings.lock(session, recording_id)
        recordings.spoiled(session, recording, state, trouble, now, context.settings.zone)

    return store


def _recording_lost(context: Context, session: Session, recording_id: int, trouble: str, now: datetime) -> None:
    _spoiled(context, recording_id, RecordingState.LOST, trouble)(session, now)


def _recording_failed(context: Context, session: Session, recording_id: int, trouble: str, now: datetime) -> None:
    _spoiled(context, recording_id, RecordingState.FAILED, trouble)(session, now)


def _not_understood(context: Context, session: Session, transcript_id: int, _trouble: str, now: datetime) -> None:
    """The caller's order exists all the same; whoever opens it finds the transcript without facts."""
    recording = session.get_one(Transcript, transcript_id).recording
    if recording.kind == RecordingKind.SURVEY:
        surveys.not_heard(session, recording, now, context.settings.zone)
    elif recording.call.direction == Direction.INBOUND and recording.call.order_number:
        intake.receive_call(session, recording.call, now, context.settings.zone)


def _message_failed(context: Context, session: Session, message_id: int, trouble: str, now: datetime) -> None:
    surveys.message_reported(session, message_id, MessageState.FAILED, trouble, now, context.settings.zone)


def _message(session: Session, message_id: int) -> TextMessage:
    """Locked: the carrier may tell of its delivery at this very moment."""
    return session.get_one(TextMessage, message_id, with_for_update=True)


def _attempt_failed(context: Context, session: Session, attempt_id: int, trouble: str, now: datetime) -> None:
    surveys.not_dialled(session, attempt_id, trouble, now, context.settings.zone)


def _alarm_failed(_context: Context, session: Session, attempt_id: int, trouble: str, now: datetime) -> None:
    alarms.not_rung(session, attempt_id, trouble, now)


def _leave_to_a_person(_context: Context, _session: Session, _subject_id: int, _trouble: str, _now: datetime) -> None:
    """Nobody waits for it: it stands among the dead entries until a person replays it."""


JOBS: Mapping[Work, Job] = {
    Work.FETCH_RECORDING: Job("io", fetch_recording, _recording_lost),
    Work.TRANSCRIBE_RECORDING: Job("speech", transcribe_recording, _recording_failed),
    Work.RETRANSCRIBE_RECORDING: Job("speech", retranscribe_recording, _leave_to_a_person),
    Work.UNDERSTAND_TRANSCRIPT: Job("speech", understand_transcript, _not_understood),
    Work.DELETE_AT_CARRIER: Job("io", delete_at_carrier, _leave_to_a_person),
    Work.SEND_MESSAGE: Job("io", send_message, _message_failed),
    Work.DIAL_ATTEMPT: Job("io", dial_attempt, _attempt_failed),
    Work.ADOPT_RECORDING: Job("io", adopt_recording, _leave_to_a_person),
    Work.RING_ALARM: Job("io", ring_alarm, _alarm_failed),
    Work.UNDERSTAND_STATEMENT: Job("speech", understand_statement, _leave_to_a_person),
    Work.UNDERSTAND_ANSWER: Job("speech", understand_answer, _leave_to_a_person),
    Work.END_TEXT_ATTEMPT: Job("io", end_text_attempt, _leave_to_a_person),
    Work.LEARN: Job("io", learning.learn, learning.give_up, learning.LIMIT_S),
}
_HEARING = frozenset({Work.TRANSCRIBE_RECORDING, Work.RETRANSCRIBE_RECORDING})
# Telephone sound that is packed more tightly than this is not delivered.
_FEWEST_BYTES_A_SECOND = 4000
# A model that takes longer than the talk itself took, on a busy machine, is too large for it.
_SLOWEST = 2


def limit_s(session: Session, work: Work, subject_id: int) -> int:
    """After how many seconds a run hangs: for sound, from its length and the number of its channels."""
    recording = session.get(Recording, subject_id) if work in _HEARING else None
    if recording is None:
        return JOBS[work].limit_s
    guessed_s = (recording.size_bytes or 0) / _FEWEST_BYTES_A_SECOND
    length_s = min(recording.duration_s or guessed_s, Limits().max_duration_s)
    return JOBS[work].limit_s + round(length_s * recording.channels * _SLOWEST)


QUEUES = tuple(sorted({job.queue for job in JOBS.values()}))
