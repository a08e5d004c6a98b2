"""The tables that hold the workers together: no kind of work without a job, no queue without a process."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline.models import Work
from worker.jobs import JOBS, QUEUES
from worker.main import _Beside, main
from worker.schedule import SCHEDULE, Periodic, Timetable
from worker.sweep import send_due

_ROOT = Path(__file__).parents[2]


def test_every_kind_of_work_has_a_job() -> None:
    assert set(JOBS) == set(Work)


def test_every_queue_is_consumed_by_a_process() -> None:
    procfile = (_ROOT / "Procfile").read_text()
    processes = set(re.findall(r"python -m worker\.main (\w+)", procfile))

    assert processes == {*QUEUES, "clock"}


@pytest.mark.parametrize("kind", ["", "web", "everything"])
def test_there_is_no_other_kind_of_worker(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([kind] if kind else [])

    assert "usage" in capsys.readouterr().err


def test_a_run_that_hangs_is_ended_before_an_hour_is_over() -> None:
    assert all(0 < job.limit_s <= 3600 for job in JOBS.values())


def test_new_work_wakes_the_first_task_of_the_schedule() -> None:
    assert SCHEDULE[0].run is send_due


def test_slow_work_that_is_not_over_is_not_asked_for_again() -> None:
    begun, may_end = threading.Semaphore(0), threading.Event()

    def run(_context: Any, _redis: Any) -> None:
        begun.release()
        may_end.wait(10)

    task = Periodic("slow", 1, run, is_slow=True)
    with ThreadPoolExecutor(max_workers=1) as pool:
        beside = _Beside(pool)
        for _ in range(5):
            beside.do(task, None, None)  # type: ignore[arg-type]
        assert begun.acquire(timeout=10)
        may_end.set()
        wait(beside._asked.values(), timeout=10)
        beside.do(task, None, None)  # type: ignore[arg-type]

    assert begun.acquire(timeout=10)
    assert not begun.acquire(blocking=False)


def test_names_are_told_apart() -> None:
    assert len({task.name for task in SCHEDULE}) == len(SCHEDULE)


class Hands:
    """The machine's seconds, moved by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def periodic(name: str, every_s: float) -> Periodic:
    return Periodic(name, every_s, lambda _context, _redis: None)


def test_at_the_start_everything_is_due_and_then_in_its_time() -> None:
    often, seldom, hands = periodic("often", 5), periodic("seldom", 60), Hands()
    table = Timetable((often, seldom), hands)

    assert list(table.due()) == [often, seldom]
    assert list(table.due()) == []
    assert table.wait_s() == timedelta(seconds=5).total_seconds()
    hands.at += 5
    assert list(table.due()) == [often]
    hands.at += 55
    assert list(table.due()) == [often, seldom]


def test_what_was_missed_while_the_machine_slept_does_not_pile_up() -> None:
    often, hands = periodic("often", 5), Hands()
    table = Timetable((often,), hands)
    list(table.due())
    hands.at += 3600

    assert list(table.due()) == [often]
    assert list(table.due()) == []


def test_nobody_waits_for_less_than_no_time() -> None:
    hands = Hands()
    table = Timetable((periodic("often", 5),), hands)
    hands.at += 100

    assert table.wait_s() == 0
