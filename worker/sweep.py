"""What finds again whatever was lost: work that no queue holds, calls and recordings that nobody told us of."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from io import BytesIO

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from hotline.logs import get_log
from hotline.models import Call, Direction, OutboxEntry
from hotline.rules.survey_states import AttemptEvent
from hotline.services import (
    alarms,
    calls,
    emergency_mode,
    learning,
    organisation,
    outbox,
    roster,
    supervision,
    surveys,
    uncleared,
    unnamed_files,
)
from hotline.services.receipts import Told
from hotline.store import RecordingStore
from hotline.telephony.addresses import Addresses
from hotline.telephony.carrier import CallAtCarrier, CarrierUnavailableError, NotThereError
from hotline.telephony.journal import Entry, Journal, store
from worker.context import Context
from worker.jobs import limit_s
from worker.perform import alone, take_up_lost
from worker.queue import Parcel, send, waiting

log = get_log(__name__)

# Time enough for a worker that took a job to lock its entry.
_GRACE = timedelta(seconds=5)
_CALLS_ARE_OVER_AFTER = timedelta(minutes=10)
_LOOK_BACK = timedelta(days=1)
_LOOKS = 5


def send_due(context: Context, redis: Redis) -> None:
    """Send what is due, until nothing is."""
    while True:
        with context.sessions.begin() as session:
            parcels = [_parcel(session, entry) for entry in outbox.take_due(session, context.clock.now())]
        if not parcels:
            return
        send(redis, parcels)


def send_lost_again(context: Context, redis: Redis) -> None:
    """Send again, or give up, what was sent, is in no queue, and is worked on by nobody."""
    with context.sessions() as session:
        long_ago = context.clock.now() - _GRACE
        parcels = [
            _parcel(session, entry)
            for entry in outbox.sent(session)
            if entry.sent_at is not None and entry.sent_at <= long_ago
        ]
    for parcel in _missing(redis, parcels):
        with alone(context.engine, parcel.entry_id) as is_alone:
            if is_alone:
                take_up_lost(context, parcel.entry_id)
    send_due(context, redis)


def _parcel(session: Session, entry: OutboxEntry) -> Parcel:
    return Parcel(entry.id, entry.tries, entry.work, limit_s(session, entry.work, entry.subject_id))


def _missing(redis: Redis, parcels: Iterable[Parcel]) -> list[Parcel]:
    try:
        there = waiting(redis)
    except RedisError as error:
        log.warning("the queues cannot be looked at", error=type(error).__name__)
        return []
    return [parcel for parcel in parcels if parcel.job_id not in there]


def replay_journal(context: Context) -> None:
    """Store what webhooks were told while the database was away."""
    addresses = Addresses(context.settings.base_url)

    def apply(entry: Entry) -> None:
        with context.sessions.begin() as session:
            store(session, entry, addresses, context.clock.now(), context.settings.zone)

    try:
        count = Journal(context.settings.journal_dir).replay(apply)
    except SQLAlchemyError as error:
        log.warning("the journal cannot be replayed yet", error=type(error).__name__)
        return
    if count:
        log.info("journal replayed", entries=count)


def ask_to_learn(context: Context) -> None:
    """At night, once enough orders were reviewed."""
    with context.sessions.begin() as session:
        learning.ask_if_due(session, context.clock.now(), context.settings.zone)


def look_after_emergencies(context: Context) -> None:
    """Begin the alarm of an emergency that has none, however it came in."""
    with context.sessions.begin() as session:
        alarms.begin_missing(session, context.clock.now())


def look_after_rosters(context: Context) -> None:
    """Tell of gaps, once a day; end what nobody decided in time."""
    now, zone = context.clock.now(), context.settings.zone
    with context.sessions.begin() as session:
        roster.lapse_swaps(session, now)
    with context.sessions.begin() as session:
        roster.tell_gaps(session, now, zone)


def supervise(context: Context) -> None:
    """Tell of limits that come near or have passed, and end what has come to its end.

    So many orders at a time, and so many times, that other work waits for seconds at most; the rest comes next time.
    """
    for _ in range(_LOOKS):
        with context.sessions.begin() as session:
            looked_at = supervision.look(session, context.clock.now(), context.settings.zone)
        if not looked_at:
            break
    with context.sessions.begin() as session:
        emergency_mode.end_what_is_over(session, context.clock.now())


def list_uncleared(context: Context) -> None:
    """Make the day's lists whose time has come."""
    with context.sessions.begin() as session:
        made = uncleared.make_due(session, context.clock.now(), context.settings.zone)
    if made:
        log.info("daily lists made", lists=made)


def remove_unnamed_files(context: Context) -> None:
    """Remove what was stored for an order that never came to name it; nothing from a store of another database."""
    now = context.clock.now()
    stored = {key for folder in unnamed_files.folders(now) for key in context.store.keys(folder)}
    if not stored:
        return
    with context.sessions() as session:
        unnamed, database_id = unnamed_files.unnamed(session, stored, now), unnamed_files.database_id(session)
    if not _is_own(context.store, database_id, names_some=unnamed < stored):
        return
    for key in unnamed:
        context.store.delete(key)
    if unnamed:
        log.info("files that no order names are removed", files=len(unnamed))


def _is_own(store: RecordingStore, database_id: str, *, names_some: bool) -> bool:
    """Whether the store is this database's; one that was nobody's yet is, once the database names a file in it."""
    try:
        with store.open(unnamed_files.OWNER_KEY) as file:
            owner = file.read().decode()
    except FileNotFoundError:
        if names_some:
            store.put(unnamed_files.OWNER_KEY, BytesIO(database_id.encode()))
        return names_some
    if owner != database_id:
        log.error("the store belongs to another database: no file is removed", owner=owner, database=database_id)
    return owner == database_id


def reconcile_recordings(context: Context) -> None:
    """Ask the carrier for the last day's recordings: what nobody told us of is told now, what was lost is fetched."""
    since = context.clock.now() - _LOOK_BACK
    for told in context.carrier.recordings_since(since):
        with context.sessions.begin() as session:
            calls.recording_listed(session, told, context.clock.now(), context.settings.zone)


def reconcile_calls(context: Context) -> None:
    """Ask the carrier who rang in the last day; who rang while our web process was away is rung back."""
    since = context.clock.now() - _LOOK_BACK
    with context.sessions() as session:
        numbers = organisation.numbers(session)
    for number in numbers:
        for known in context.carrier.calls_since(number, since):
            if known.ended_at is not None:
                _take_up(context, known, known.ended_at)


def _take_up(context: Context, known: CallAtCarrier, ended_at: datetime) -> None:
    told = Told(context.carrier.name, known.call_id, known.number, known.dialled, "listed")
    with context.sessions.begin() as session:
        calls.overlooked(session, told, ended_at, known.duration_s, context.clock.now(), context.settings.zone)


def ask_about_calls(context: Context) -> None:
    """Ask the carrier how calls ended that should be over by now."""
    long_ago = context.clock.now() - _CALLS_ARE_OVER_AFTER
    with context.sessions() as session:
        unfinished = session.scalars(
            select(Call).where(Call.ended_at.is_(None), Call.started_at <= long_ago, Call.carrier_call_id.is_not(None))
        ).all()
    for call in unfinished:
        _ask_about(context, call)


def _ask_about(context: Context, call: Call) -> None:
    try:
        known = context.carrier.fetch_call(call.carrier_call_id or "")
    except NotThereError:
        log.warning("the carrier does not know a call: it is over", call_id=call.id)
        _end(context, call, context.clock.now(), None, AttemptEvent.FAIL)
        return
    except CarrierUnavailableError as error:
        log.warning("the carrier cannot be asked", call_id=call.id, error=str(error))
        return
    if known.ended_at is not None:
        _end(context, call, known.ended_at, known.duration_s, known.ending or AttemptEvent.FAIL)


def _end(context: Context, call: Call, ended_at: datetime, duration_s: int | None, ending: AttemptEvent) -> None:
    now, zone = context.clock.now(), context.settings.zone
    with context.sessions.begin() as session:
        if call.direction == Direction.INBOUND:
            asked = Told(call.carrier, call.carrier_call_id or "", call.number, "", "asked")
            calls.ended(session, asked, ended_at, duration_s, now, zone)
            return
        attempt = surveys.attempt_of_call(session, call.id)
        if attempt is not None:
            surveys.progressed(session, attempt, ending, now, zone, duration_s=duration_s)
            return
        told = alarms.attempt_of_call(session, call.id)
        if told is not None:
            alarms.progressed(session, told, alarms.event_of(ending), now, duration_s=duration_s)
