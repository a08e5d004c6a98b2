"""The whole service on one machine: up as promised, up again after a death, down without a trace."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from honcho.environ import parse_procfile

from stack.environment import ROOT
from stack.errors import StackError
from stack.lock import HeldError, held
from stack.stack import Stack

PROCESSES = sorted(set(parse_procfile((ROOT / "Procfile").read_text()).processes) - {"release"})
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def stack(services_directory: Path) -> Iterator[Stack]:
    with Stack(services_directory / "whole", speed=0, durable=False) as stack:
        yield stack


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - our own address
            return response.status == 200
    except OSError:
        return False


def processes_of(directory: Path) -> set[int]:
    """Whoever was given a setting that names the directory, or names it in its command."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
        except OSError:
            continue  # ended while we looked, or somebody else's
        if str(directory).encode() in told:
            found.add(int(entry.name))
    return found


def test_everything_is_up(stack: Stack) -> None:
    assert answers(f"{stack.web_url}/healthz")
    assert answers(f"{stack.sandbox_url}/sandbox/health")
    assert answers(f"{stack.sandbox_url}/phone")
    assert all(stack.pid(name) for name in [*PROCESSES, "sandbox", "postgres", "redis"])


def test_who_is_taken_down_stays_down_until_it_is_brought_up(stack: Stack) -> None:
    stack.take_down("postgres")
    assert stack.pid("postgres") is None
    assert not answers(f"{stack.web_url}/healthz")

    stack.bring_up("postgres")

    until(lambda: answers(f"{stack.web_url}/healthz"))


@pytest.mark.parametrize("name", [*PROCESSES, "sandbox", "postgres", "redis"])
def test_whoever_is_killed_is_up_again_and_so_is_the_console(stack: Stack, name: str) -> None:
    killed = stack.kill(name)

    until(lambda: stack.pid(name) not in {None, killed})
    until(lambda: answers(f"{stack.web_url}/healthz"))


def test_commands_of_the_service_work_beside_it_and_change_nothing_twice(stack: Stack) -> None:
    lines = stack.flask("lines", "list", "--json")
    stack.flask("sample", "load")
    assert stack.flask("lines", "list", "--json") == lines


def test_failing_command_tells_what_it_wrote(stack: Stack) -> None:
    with pytest.raises(StackError, match="No such command 'nonsense'"):
        stack.flask("nonsense")


def test_secrets_are_kept_to_their_owner(stack: Stack) -> None:
    private = [stack.directory / "env", stack.directory / "sandbox.json", *(stack.directory / "secrets").iterdir()]
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}


def test_second_stack_in_the_same_directory_is_refused(stack: Stack) -> None:
    with pytest.raises(HeldError, match=str(os.getpid())), Stack(stack.directory):
        pass


def test_taken_port_is_named(stack: Stack, services_directory: Path) -> None:
    port = stack.env["PORT"]
    with (
        pytest.raises(StackError, match=f"port {port} is taken; set PORT"),
        Stack(services_directory / "late", {"PORT": port}, durable=False),
    ):
        pass


@pytest.mark.long
def test_services_that_are_given_are_used(own_database_url: str, redis_url: str, services_directory: Path) -> None:
    given = {"DATABASE_URL": own_database_url, "REDIS_URL": redis_url}
    with Stack(services_directory / "given", given, speed=0) as stack:
        assert answers(f"{stack.web_url}/healthz")
        assert (stack.database_url, stack.redis_url) == (own_database_url, redis_url)
        assert not {"postgres", "redis"} & {entry.name for entry in stack.directory.iterdir()}


@pytest.mark.long
def test_another_runs_beside_it_and_leaves_without_a_trace(stack: Stack, services_directory: Path) -> None:
    directory = services_directory / "another"
    command = (sys.executable, "-m", "stack", "run", "--directory", str(directory))
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        printed = []
        for line in run.stdout:
            printed.append(line)
            if "Ctrl-C" in line:
                break
        beside = processes_of(directory)
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=30)

    assert run.returncode == 0
    assert "  The hotline is up.\n" in printed
    assert len(beside) > len(PROCESSES)
    assert processes_of(directory) == set()
    with held(directory / "postgres" / "lock"), held(directory / "redis" / "lock"):
        pass
    assert answers(f"{stack.web_url}/healthz")
