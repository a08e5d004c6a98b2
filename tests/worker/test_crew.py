"""The crew of a parent: what its children are told, whatever comes."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from worker.crew import Inherited, _Crew, watched

# Ends when its input does, and tells how often it was told to end.
_CHILD = """
import signal, sys
told = []
def note(number, frame):
    told.append(number)
    print("told", flush=True)
signal.signal(signal.SIGTERM, note)
print("ready", flush=True)
sys.stdin.read()
sys.exit(len(told))
"""


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", _CHILD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        assert line_of(started) == "ready"
        yield started


def line_of(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def nobody() -> int:
    raise AssertionError("nobody is to be replaced")


def test_a_child_is_told_to_end_once_by_all_the_programs_that_inherit_it(child: subprocess.Popen[str]) -> None:
    first = _Crew(nobody, Inherited(frozenset({child.pid})))
    first.tell(first.children)
    assert line_of(child) == "told"

    second = _Crew(nobody, Inherited(frozenset(first.children), frozenset(first.told)))
    second.tell(second.children)
    second.end()
    child.communicate()

    assert child.returncode == 1


def test_a_child_that_was_not_told_before_is_told_when_all_end(child: subprocess.Popen[str]) -> None:
    crew = _Crew(nobody, Inherited(frozenset({child.pid})))

    crew.end()
    assert line_of(child) == "told"
    child.communicate()

    assert child.returncode == 1


def forked(hang: bool) -> int:
    """How a process ended that was watched, and stood still inside a library or did not."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        with watched(0.2):
            if hang:
                # It keeps the interpreter locked, as a library may that loops for ever.
                ctypes.PyDLL(None).pause()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_who_stands_still_inside_a_library_is_ended() -> None:
    assert forked(hang=True) == 1
    assert forked(hang=False) == 0
