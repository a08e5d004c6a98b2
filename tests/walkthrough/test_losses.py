"""Processes killed and queues emptied between two steps: each call still becomes one transcript and one order."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from looking import SERVICE, answers, rows, until
from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from stack.stack import Stack
from stack.telephone import Telephone

SHORT_STORY = "家里没有米了，请帮帮忙。"
LONG_STORY = "家里没有米了，两个孩子没有饭吃，请你们帮帮忙。" * 40

ORDER = "select number from orders where number_to_ring = :number and summary is not null"
COUNTS = """
    select
        (select count(*) from calls where number = :number),
        (select count(*) from recordings join calls c on c.id = call_id where number = :number),
        (select count(*) from transcripts join recordings r on r.id = recording_id join calls c on c.id = r.call_id
            where number = :number),
        (select count(*) from orders where number_to_ring = :number),
        (select count(*) from order_events join orders o on o.id = order_id where number_to_ring = :number),
        (select count(*) from text_messages where number = :number)
"""
ONE_OF_EACH = (1, 1, 1, 1, 1, 1)
TRANSCRIPTION = """
    select o.state, o.tries from outbox o join recordings r on r.id = subject_id join calls c on c.id = call_id
    where work = 'transcribe_recording' and number = :number
"""
TRANSCRIPTION_AT_WORK = """
    select 1 from pg_locks join outbox o on o.id = objid
    where locktype = 'advisory' and o.work = 'transcribe_recording'
"""


def has_order(database: Engine, number: str) -> bool:
    try:
        return bool(rows(database, ORDER, number=number))
    except OperationalError:  # PostgreSQL was killed and is on its way back
        return False


def counts(database: Engine, number: str) -> tuple[int, ...]:
    return tuple(rows(database, COUNTS, number=number)[0])


def with_all_below(pid: int | None) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


@contextmanager
def standing_still(pid: int | None) -> Iterator[None]:
    processes = with_all_below(pid)
    for process in processes:
        process.suspend()
    yield
    for process in processes:
        process.resume()


def test_worker_killed_in_the_middle_of_a_transcription(stack: Stack, telephone: Telephone, database: Engine) -> None:
    caller = "+8613800138101"
    telephone.ring(caller, SERVICE, [{"on": "record", "say": LONG_STORY}])
    until(lambda: rows(database, TRANSCRIPTION_AT_WORK), "the transcription to begin")
    for process in with_all_below(stack.pid("worker-speech")):
        os.kill(process.pid, signal.SIGKILL)

    until(lambda: has_order(database, caller), "the order", 60)
    assert counts(database, caller) == ONE_OF_EACH
    assert rows(database, TRANSCRIPTION, number=caller) == [("done", 2)]


def test_redis_emptied_between_two_steps(stack: Stack, telephone: Telephone, database: Engine) -> None:
    caller = "+8613800138102"
    with standing_still(stack.pid("worker-speech")):
        telephone.ring(caller, SERVICE, [{"on": "record", "say": SHORT_STORY}])
        until(lambda: rows(database, TRANSCRIPTION, number=caller) == [("sent", 1)], "the transcription to be queued")
        Redis.from_url(stack.redis_url).flushall()

    until(lambda: has_order(database, caller), "the order", 60)
    assert counts(database, caller) == ONE_OF_EACH


CALLERS = {
    "redis": "+8613800138103",
    "postgres": "+8613800138104",
    "clock": "+8613800138105",
    "web": "+8613800138106",
    "worker-io": "+8613800138107",
}


@pytest.mark.parametrize("victim", CALLERS)
def test_process_killed_right_after_a_call(stack: Stack, telephone: Telephone, database: Engine, victim: str) -> None:
    caller = CALLERS[victim]
    call = telephone.ring(caller, SERVICE, [{"on": "record", "say": SHORT_STORY}])
    until(lambda: telephone.call(call)["settled"], "the end of the call")
    stack.kill(victim)

    until(lambda: has_order(database, caller), "the order", 90)
    assert counts(database, caller) == ONE_OF_EACH
    # The order may be there before the web process is: who rang meanwhile would reach nobody.
    until(lambda: answers(f"{stack.web_url}/healthz"), "the web process")
