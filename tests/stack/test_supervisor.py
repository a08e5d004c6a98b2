"""The supervisor: who dies is started again, who is stopped leaves nothing behind, who speaks is heard."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack.errors import StackError
from stack.process import Command, run_to_end
from stack.supervisor import Supervisor

ROOT = Path(__file__).parents[2]
PATIENCE_S = 20.0


class Heard:
    """Collects what programs say, and waits for a line."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def __call__(self, name: str, line: str) -> None:
        self.lines.append((name, line))

    def of(self, name: str) -> list[str]:
        return [line for speaker, line in self.lines if speaker == name]


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def supervisor(heard: Heard) -> Iterator[Supervisor]:
    with Supervisor(heard) as supervisor:
        yield supervisor


def shell(name: str, script: str, patience_s: float = 5.0) -> Command:
    return Command(name, ("/bin/sh", "-c", script), {"PATH": os.defpath}, ROOT, patience_s=patience_s)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and ") Z " not in status.read_text()


def test_killed_program_is_started_again(supervisor: Supervisor, heard: Heard) -> None:
    supervisor.start(shell("sleeper", "exec sleep 1000"))
    killed = supervisor.kill("sleeper")

    until(lambda: supervisor.pid("sleeper") not in {None, killed})

    assert not is_alive(killed)
    assert "sleeper was ended by signal 9 (Killed); starting it again in 0.2 s" in heard.of("stack")


def test_program_that_keeps_dying_is_tried_less_and_less_often(supervisor: Supervisor, heard: Heard) -> None:
    supervisor.start(shell("wretch", "exit 3"))

    until(lambda: len(heard.of("stack")) >= 3)

    assert [line.rpartition(" in ")[2] for line in heard.of("stack")[:3]] == ["0.2 s", "0.4 s", "0.8 s"]


def test_death_of_one_leaves_the_others_alone(supervisor: Supervisor) -> None:
    supervisor.start(shell("a", "exec sleep 1000"))
    supervisor.start(shell("b", "exec sleep 1000"))
    untouched = supervisor.pid("b")
    killed = supervisor.kill("a")

    until(lambda: supervisor.pid("a") not in {None, killed})

    assert supervisor.pid("b") == untouched


def test_each_line_is_passed_on_with_the_name_of_its_program(supervisor: Supervisor, heard: Heard) -> None:
    supervisor.start(shell("a", "echo eins; echo 第二行 >&2; printf unfinished; exec sleep 1000 >/dev/null 2>&1"))

    until(lambda: len(heard.of("a")) == 3)

    assert heard.of("a") == ["eins", "第二行", "unfinished"]


# Its child makes itself leader of a process group, as those of the queue's workers do.
DEAF = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child:
    os.setpgid(child, child)
    print(child, flush=True)
signal.pause()
"""


def test_who_will_not_stop_is_ended_with_everything_it_started(heard: Heard) -> None:
    with Supervisor(heard) as supervisor:
        supervisor.start(Command("deaf", (sys.executable, "-c", DEAF), {}, ROOT, patience_s=0.3))
        until(lambda: bool(heard.of("deaf")))
        leader, child = supervisor.pid("deaf"), int(heard.of("deaf")[0])
        assert leader is not None
        assert os.getpgid(child) != os.getpgid(leader)

    until(lambda: not is_alive(leader) and not is_alive(child))


def test_children_of_a_killed_program_are_gone_before_it_starts_again(supervisor: Supervisor, heard: Heard) -> None:
    supervisor.start(shell("parent", "sleep 1000 & echo $!; wait"))
    until(lambda: len(heard.of("parent")) == 1)
    supervisor.kill("parent")

    until(lambda: len(heard.of("parent")) == 2)

    assert not is_alive(int(heard.of("parent")[0]))


def test_stopped_program_stays_stopped(supervisor: Supervisor) -> None:
    supervisor.start(shell("a", "exec sleep 1000"))
    supervisor.stop("a")
    assert supervisor.pid("a") is None


def test_missing_program_is_an_error_at_once(supervisor: Supervisor) -> None:
    with pytest.raises(StackError, match="no-such-program"):
        supervisor.start(Command("a", ("no-such-program",), {"PATH": os.defpath}, ROOT))


def test_failed_command_tells_what_it_wrote() -> None:
    with pytest.raises(StackError, match="release failed \\(4\\):\nwhat went wrong"):
        run_to_end(shell("release", "echo what went wrong; exit 4"))


def test_programs_end_when_the_supervisor_itself_is_killed() -> None:
    script = f"""
from pathlib import Path
from stack.process import Command
from stack.supervisor import Supervisor
with Supervisor(lambda name, line: print(line, flush=True)) as supervisor:
    supervisor.start(Command("a", ("/bin/sh", "-c", "echo $$; exec sleep 1000"), {{"PATH": "{os.defpath}"}}, Path("/")))
    supervisor._loop.result()
"""
    ours = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert ours.stdout is not None
    program = int(ours.stdout.readline())
    assert is_alive(program)

    ours.send_signal(signal.SIGKILL)
    ours.wait()
    ours.stdout.close()

    until(lambda: not is_alive(program))
