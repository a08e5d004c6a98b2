"""One piece of work from beginning to end: run by at most one process at a time, stored and finished at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from hotline.logs import get_log
from hotline.models import OutboxEntry, OutboxState, Work
from hotline.services import outbox
from hotline.telephony.carrier import CarrierUnavailableError
from worker.context import Context
from worker.job import InVain, PutOff, Store
from worker.jobs import JOBS

log = get_log(__name__)

# The name of our locks among all advisory locks of the database.
_LOCK_SPACE = 0x0B0B

_installed: list[Context] = []


class WorkLostError(Exception):
    """The process that did the work died of it, or its queue lost it."""


def install(context: Context) -> None:
    """Give this process what jobs need."""
    _installed[:] = [context]


def perform(entry_id: int) -> None:
    """What a queue runs."""
    perform_with(_installed[0], entry_id)


def perform_with(context: Context, entry_id: int) -> None:
    """Do the work of one outbox entry, unless it is done or being done."""
    with alone(context.engine, entry_id) as is_alone:
        if not is_alone:
            return
        with context.sessions() as session:
            entry = session.get(OutboxEntry, entry_id)
            if entry is None or entry.state != OutboxState.SENT:
                return
            work, subject_id = entry.work, entry.subject_id
        _run(context, entry_id, work, subject_id)


def take_up_lost(context: Context, entry_id: int) -> None:
    """What neither queue nor worker has, while nobody works on it: sent again, or given up after its last try.

    Work that kills its process each time would never end otherwise.
    """
    with context.sessions() as session:
        entry = session.get_one(OutboxEntry, entry_id)
    if entry.state != OutboxState.SENT:
        return
    log.warning("work was lost", entry_id=entry_id, work=entry.work.value, tries=entry.tries)
    if outbox.was_last_try(entry):
        _fail(context, entry_id, WorkLostError())
        return
    with context.sessions.begin() as session:
        outbox.send_again(session, entry_id, context.clock.now())


@contextmanager
def alone(engine: Engine, entry_id: int) -> Iterator[bool]:
    """Whether nobody else works on the entry; while inside, nobody else can.

    The lock lives in the connection: it goes when this process dies, however it dies.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        names = {"space": _LOCK_SPACE, "entry": entry_id}
        try:
            taken = connection.execute(text("select pg_try_advisory_lock(:space, :entry)"), names).scalar_one()
            yield taken
            if taken:
                connection.execute(text("select pg_advisory_unlock(:space, :entry)"), names)
        except BaseException:
            # Time may be up at any line, also while the lock is given back. It must not stay in a pool.
            connection.invalidate()
            raise


def _run(context: Context, entry_id: int, work: Work, subject_id: int) -> None:
    job = JOBS[work]
    try:
        store = job.run(context, subject_id)
        _finish(context, entry_id, store)
    except PutOff as later:
        with context.sessions.begin() as session:
            outbox.put_off(_locked(session, entry_id), later.until)
    except InVain as vain:
        log.warning("a person must look", work=work.value, entry_id=entry_id, subject_id=subject_id, reason=str(vain))
        with context.sessions.begin() as session:
            outbox.bury(_locked(session, entry_id), str(vain))
    except CarrierUnavailableError as error:
        log.warning("the carrier is away", work=work.value, entry_id=entry_id, subject_id=subject_id, error=str(error))
        _wait(context, entry_id, error)
    except Exception as error:
        # Whatever went wrong, a person must be able to see it and the work must be tried again.
        log.exception("work failed", work=work.value, entry_id=entry_id, subject_id=subject_id)
        _fail(context, entry_id, error)


def _finish(context: Context, entry_id: int, store: Store) -> None:
    now = context.clock.now()
    with context.sessions.begin() as session:
        store(session, now)
        session.flush()
        # Last, as everywhere: what asks for work holds the rows that the work is about.
        entry = _locked(session, entry_id)
        outbox.finish(entry, now)
        work, subject_id = entry.work.value, entry.subject_id
    log.info("work done", work=work, entry_id=entry_id, subject_id=subject_id)


def _fail(context: Context, entry_id: int, error: Exception) -> None:
    now = context.clock.now()
    # The name alone: messages of libraries may hold numbers, addresses or what was said.
    trouble = type(error).__name__
    with context.sessions.begin() as session:
        entry = session.get_one(OutboxEntry, entry_id)
        if outbox.was_last_try(entry):
            _give_up(context, session, entry, trouble, now)
        outbox.fail(_locked(session, entry_id), trouble, now)


def _wait(context: Context, entry_id: int, error: CarrierUnavailableError) -> None:
    now = context.clock.now()
    trouble = f"{type(error).__name__}: {error}"
    with context.sessions.begin() as session:
        entry = session.get_one(OutboxEntry, entry_id)
        if outbox.was_last_wait(entry):
            _give_up(context, session, entry, trouble, now)
        outbox.wait(_locked(session, entry_id), trouble, now)


def _give_up(context: Context, session: Session, entry: OutboxEntry, trouble: str, now: datetime) -> None:
    """Say what it means for people, if that can be said: the entry is dead all the same, and seen by a person."""
    try:
        with session.begin_nested():
            JOBS[entry.work].give_up(context, session, entry.subject_id, trouble, now)
    except Exception:
        log.exception("work could not be given up in order", work=entry.work.value, entry_id=entry.id)


def _locked(session: Session, entry_id: int) -> OutboxEntry:
    return session.get_one(OutboxEntry, entry_id, with_for_update=True)
