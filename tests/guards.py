"""Proof that the machine of `test_order_machine` misses every guard: each is taken out of the code, and it must fail.

    python -m tests.guards            every guard; ends with 1 when one was not missed, in about half an hour
    python -m tests.guards pauses     those whose name holds the word
    python -m tests.guards --list     what there is

Guards are found in the source, so that a new one is tried as soon as it is written: what raises under a condition,
each part of that condition, a check that is called for its error alone, a rule of who may, what stands in a table.
"""

import argparse
import ast
import importlib
import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic
from types import CodeType, FrameType, FunctionType, ModuleType

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine

from hotline.db import Sessions, make_engine, make_sessions
from stack.postgres import Postgres

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/services")]

import order_machine  # noqa: E402 - found where pytest finds it too
from order_machine import REFUSALS, OrderMachine, Tally, World  # noqa: E402

# Where guards stand, and in which functions; all of a module's where none are named.
GUARDED: dict[str, set[str]] = {
    "hotline/services/orders.py": set(),
    "hotline/services/results.py": set(),
    "hotline/rules/closing.py": set(),
    "hotline/services/pauses.py": set(),
    "hotline/services/extensions.py": set(),
    "hotline/services/assistance.py": set(),
    "hotline/services/access.py": set(),
    "hotline/services/emergency_mode.py": set(),
    "hotline/services/supervision.py": {"note", "mark_seen"},
    "hotline/services/surveys/rounds.py": {"answer_by_person", "give_up_by_person", "_require_open"},
    "hotline/services/facts.py": {"confirm"},
    "hotline/rules/order_states.py": set(),
}
# Who may; such a function is taken out by letting everybody.
ALLOWS = re.compile(r"_?may(_\w+)?|reaches|supervises|_is_below")
# What must wait; such a function is taken out by letting nothing wait.
HOLDS_BACK = re.compile(r"_waits_for_\w+|needs_appointment")
# Finds what is there of what is needed; it is taken out by finding everything.
FINDS = "_there"
# Called for the error that it may raise.
CHECKS = re.compile(r"_?check(_\w+)?|_?require(_\w+)?|_present|after")
# What only says which forms a page offers: whoever fills one in is checked.
OFFERS = {"is_possible", "allowed"}
# Tables of what is asked for: without a member, less is.
ASKS = {"_NEEDS_REASON", "BY_CATEGORY"}
# Tables of what is let through: with everything in them, all is.
LETS = {"BODIES": "frozenset(Level)", "OPEN": "frozenset(_S)", "_WORKED_ON": "frozenset(OrderState)"}
# Who reads a table.
USED_BY = {
    "_NEEDS_REASON": "orders.check",
    "BY_CATEGORY": "results.report",
    "BODIES": "orders.refer",
    "OPEN": "orders.merge",
    "_WORKED_ON": "assistance.is_possible",
    "WHO": "orders._may",
}
# So often is the same done without a guard before it is tried in a run of its own.
MOST_TRIES = 300
# What no move of an order comes by, and the tests that miss it.
ELSEWHERE = {
    "access._alarmed": "tests/services/test_alarms.py",
    "access._is_alarmed": "tests/services/test_alarms.py",
    "access.call_contents_seen": "tests/services/test_secrecy.py",
    "access.require_call_contents": "tests/services/test_secrecy.py",
    "access.require_contents": "tests/services/test_secrecy.py",
    "access.require_manager": "tests/services/test_people.py",
    "access.require_top": "tests/services/test_learning.py",
    "access.sees_call": "tests/services/test_sight.py",
    "access.supervises: not sees_contents": "tests/services/test_secrecy.py",
    "assistance.may_choose: not sees_contents": "tests/services/test_secrecy.py",
    "closing._there: held.photos": "tests/services/test_results.py",
    "access.units_below": "tests/services/test_sight.py",
    "emergency_mode.switch_off: _check_allowed": "tests/services/test_supervision.py",
    "extensions.decide: granted and": "tests/services/test_supervision.py",
    "facts.confirm: require_contents": "tests/services/test_secrecy.py",
    "orders.merge: require_contents": "tests/services/test_secrecy.py",
    "orders._may: chosen != Move.ACCEPT": "tests/services/test_secrecy.py",
    "orders._may_work": "tests/services/test_orders.py",
    "orders.accept: not _may_work": "tests/services/test_orders.py",
    "results._check_undecided": "tests/services/test_results.py",
    "results.approve": "tests/services/test_results.py",
    "results.may_decide": "tests/services/test_results.py",
    "results.send_back": "tests/services/test_results.py",
    "supervision.mark_seen": "tests/services/test_supervision.py",
}
# As in `test_order_machine`.
EXAMPLES, TURNS, FIRST = 105, 100, 1


@cache
def source_of(path: str) -> str:
    """The module as it was when it was first asked for, whatever is written meanwhile."""
    return (ROOT / path).read_text()


@dataclass(frozen=True)
class Guard:
    """A piece of source, and what stands in its place when the guard is taken out."""

    path: str
    name: str
    start: int
    end: int
    instead: str
    # The function that asks it.
    used_by: str
    # The table that it stands in, if it stands in one.
    table: str = ""

    def taken_out(self, source: str) -> str:
        """The module without it."""
        return source[: self.start] + self.instead + source[self.end :]


class Finder:
    """The guards of one module."""

    def __init__(self, path: str, functions: set[str]) -> None:
        self._path, self._functions = path, functions
        self.source = source_of(path)
        self._starts = [0]
        for line in self.source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def guards(self) -> Iterator[Guard]:
        """One for each way to take one out."""
        for node in ast.parse(self.source).body:
            if isinstance(node, ast.Assign | ast.AnnAssign):
                yield from self._of_table(node)
            elif isinstance(node, ast.FunctionDef) and node.name in (self._functions or {node.name}) - OFFERS:
                yield from self._of_function(node)

    def _of_function(self, function: ast.FunctionDef) -> Iterator[Guard]:
        for node in ast.walk(function):
            if isinstance(node, ast.If) and _refuses(node) and not HOLDS_BACK.fullmatch(function.name):
                yield self._guard(function, node.test, "False")
                yield from self._parts(function, node.test, holds=True)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and CHECKS.fullmatch(_called(node)):
                yield self._guard(function, node, "pass")
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and self._is_sight(node):
                yield self._guard(function, node, ast.unparse(node.func.value))
        if function.name == FINDS:
            yield from self._of_finding(function)
        if ALLOWS.fullmatch(function.name):
            yield from self._of_rule(function, "True")
        if HOLDS_BACK.fullmatch(function.name):
            yield from self._of_rule(function, "False")

    def _is_sight(self, call: ast.Call) -> bool:
        """Whether the call narrows what people see."""
        return self._path.endswith("access.py") and _called_name(call) == "where" and "select" in ast.unparse(call)

    def _of_finding(self, function: ast.FunctionDef) -> Iterator[Guard]:
        for node in ast.walk(function):
            if isinstance(node, ast.If):
                yield self._guard(function, node.test, "True")
            elif isinstance(node, ast.IfExp):
                yield self._guard(function, node.test, "False")
            elif isinstance(node, ast.comprehension):
                for test in node.ifs:
                    yield self._guard(function, test, "True")

    def _of_rule(self, function: ast.FunctionDef, instead: str) -> Iterator[Guard]:
        lets = instead == "True"
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
                yield self._guard(function, node.value, instead)
                yield from self._parts(function, node.value, holds=not lets)
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.BoolOp):
                yield from self._parts(function, node.value, holds=not lets)
            elif lets and isinstance(node, ast.If) and ast.unparse(node.body[0]) == "return True":
                yield from self._parts(function, node.test, holds=False)

    def _parts(self, function: ast.FunctionDef, test: ast.expr, *, holds: bool) -> Iterator[Guard]:
        """Each part of a condition without which it refuses less (`holds`), or is fulfilled more often."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            yield from self._parts(function, test.operand, holds=not holds)
        elif isinstance(test, ast.Call) and _called_name(test) == "bool":
            yield from self._parts(function, test.args[0], holds=holds)
        elif isinstance(test, ast.BoolOp):
            for part in test.values:
                if isinstance(test.op, ast.Or) == holds:
                    yield self._guard(function, part, "False" if holds else "True")
                yield from self._parts(function, part, holds=holds)
        elif isinstance(test, ast.Compare) and len(test.ops) > 1 and not holds:
            operands = [test.left, *test.comparators]
            for place in range(len(test.ops)):
                left = [
                    ast.Compare(operands[each], [test.ops[each]], [operands[each + 1]])
                    for each in range(len(test.ops))
                    if each != place
                ]
                yield self._guard(function, test, " and ".join(f"({ast.unparse(each)})" for each in left))

    def _of_table(self, node: ast.Assign | ast.AnnAssign) -> Iterator[Guard]:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        name, value = ast.unparse(target), node.value
        if name in ASKS and isinstance(value, ast.Dict):
            for key, elements in zip(value.keys, value.values, strict=True):
                assert key is not None
                yield self._piece(f"{name} without {ast.unparse(key)}", elements, "frozenset()", table=name)
        elif name in ASKS and isinstance(value, ast.Call) and isinstance(value.args[0], ast.Set):
            members = [ast.unparse(each) for each in value.args[0].elts]
            for member in members:
                rest = ", ".join(each for each in members if each != member)
                yield self._piece(f"{name} without {member}", value, f"frozenset({{{rest}}})", table=name)
        elif name in LETS and value is not None:
            yield self._piece(f"{name} with all", value, LETS[name], table=name)
        elif name == "WHO" and isinstance(value, ast.Dict):
            for key, roles in zip(value.keys, value.values, strict=True):
                assert key is not None
                yield self._piece(f"WHO {ast.unparse(key)} by all", roles, "frozenset(_R)", table=name)

    def _guard(self, function: ast.FunctionDef, node: ast.expr | ast.stmt, instead: str) -> Guard:
        words = " ".join(ast.unparse(node).split())
        shown = words if len(words) <= 70 else f"{words[:67]}..."
        put = f"({instead})" if isinstance(node, ast.expr) else instead
        return self._piece(f"{function.name}: {shown}", node, put, function=function.name)

    def _piece(
        self, words: str, node: ast.expr | ast.stmt, instead: str, *, function: str = "", table: str = ""
    ) -> Guard:
        module = Path(self._path).stem
        return Guard(
            self._path,
            f"{module}.{words} (line {node.lineno})",
            self._place(node.lineno, node.col_offset),
            self._place(node.end_lineno or 0, node.end_col_offset or 0),
            instead,
            USED_BY.get(table, f"{module}.{function}"),
            table,
        )

    def _place(self, line: int, column: int) -> int:
        start = self._starts[line - 1]
        return start + len(self.source[start:].encode()[:column].decode())


def _refuses(node: ast.If) -> bool:
    """Whether the branch raises, or says no to whoever asks."""
    last = node.body[-1]
    return isinstance(last, ast.Raise) or ast.unparse(last) in {"return []", "return False"}


def _called(node: ast.Expr) -> str:
    return _called_name(node.value) if isinstance(node.value, ast.Call) else ""


def _called_name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)


def all_guards() -> list[Guard]:
    """Every guard of the modules, in reading order, each once."""
    found = [guard for path, functions in GUARDED.items() for guard in Finder(path, functions).guards()]
    return list({(guard.path, guard.start, guard.end, guard.instead): guard for guard in found}.values())


class Missed(BaseException):
    """The machine failed; no example need be made smaller."""


class EagerTally(Tally):
    """Ends the run at the first failure."""

    def broken(self, error: Exception) -> None:
        super().broken(error)
        raise Missed(f"after {self.broken_after} moves: {(str(error).splitlines() or [repr(error)])[0][:110]}")


class Swap:
    """A guard in this process: its module as it is, and as it would be without."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        module = importlib.import_module(guard.path.removesuffix(".py").replace("/", "."))
        without = compile(guard.taken_out(source_of(guard.path)), guard.path, "exec")
        # Whoever imported a function has the new one: it is the same object with other code.
        self._functions = [
            (function, function.__code__, code)
            for code in without.co_consts
            if isinstance(code, CodeType) and isinstance(function := vars(module).get(code.co_name), FunctionType)
        ]
        self._tables: list[tuple[ModuleType, object, object]] = []
        if guard.table:
            self._find_table(module, without)

    def _find_table(self, module: ModuleType, without: CodeType) -> None:
        names = dict(vars(module))
        exec(without, names)  # noqa: S102 - our own source
        old, new = vars(module)[self.guard.table], names[self.guard.table]
        modules = [each for each in list(sys.modules.values()) if isinstance(each, ModuleType)]
        self._tables = [(each, old, new) for each in modules if vars(each).get(self.guard.table) is old]

    def take_out(self) -> None:
        """Go on without the guard."""
        for function, _, code in () if self.guard.table else self._functions:
            function.__code__ = code
        for module, _, table in self._tables:
            setattr(module, self.guard.table, table)

    def put_back(self) -> None:
        """Go on with it."""
        for function, code, _ in () if self.guard.table else self._functions:
            function.__code__ = code
        for module, table, _ in self._tables:
            setattr(module, self.guard.table, table)


class ProvingTally(Tally):
    """At each refusal, tries the same without each guard that had to do with it: until then nothing was otherwise.

    What was not refused then, or not for the same reason, or changed something, is what the machine fails at.
    """

    def __init__(self, guards: Sequence[Guard]) -> None:
        super().__init__()
        self.left = [Swap(guard) for guard in guards]
        self.missed: set[str] = set()
        self._tries: Counter[str] = Counter()

    def refused_as(self, machine: OrderMachine, name: str, wrong: set[str], act: Callable[[], object]) -> None:
        super().refused_as(machine, name, wrong, act)
        # Where two things are wrong, the one refuses what the other lets through.
        if len(wrong) > 1:
            return
        called = _called_by(act)
        for swap in [swap for swap in self.left if swap.guard.used_by in called]:
            self._tries[swap.guard.name] += 1
            if self._tries[swap.guard.name] < MOST_TRIES and _is_missed(swap, machine, wrong, act):
                self.left.remove(swap)
                self.missed.add(swap.guard.name)
                _say(f"missed      {swap.guard.name}: after {self.moves} moves")


def _called_by(act: Callable[[], object]) -> set[str]:
    """The functions that are called until it is refused once more."""
    called = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and "/hotline/" in frame.f_code.co_filename:
            called.add(f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        with suppress(*REFUSALS):
            act()
    finally:
        sys.setprofile(before)
    return called


def _is_missed(swap: Swap, machine: OrderMachine, wrong: set[str], act: Callable[[], object]) -> bool:
    """Whether the machine would fail here without the guard; what is done is undone."""
    nested = machine.session.begin_nested()
    swap.take_out()
    try:
        act()
    except REFUSALS as error:
        return type(error).__name__ not in wrong or machine.has_changed()
    except Exception:  # noqa: BLE001 - however it shows, the guard was missed
        return True
    else:
        return True
    finally:
        swap.put_back()
        nested.rollback()


@dataclass
class Verdict:
    """What became of the code without the guard."""

    is_missed: bool
    words: str


def _tests_of(guard: Guard) -> str | None:
    return next((file for start, file in ELSEWHERE.items() if guard.name.startswith(start)), None)


def attempt(guard: Guard, sessions: Sessions, world: World) -> Verdict:
    """Run the machine, or the tests that are named for the guard, without it; in a process of its own."""
    Swap(guard).take_out()
    tests = _tests_of(guard)
    if tests is not None:
        code = pytest.main(["-x", "-q", "-n", "0", "-p", "no:cacheprovider", str(ROOT / tests)])
        return Verdict(code == pytest.ExitCode.TESTS_FAILED, f"by {tests}")
    tally = EagerTally()
    try:
        order_machine.run(sessions, world, examples=EXAMPLES, turns=TURNS, first=FIRST, tally=tally)
    except Missed as missed:
        return Verdict(is_missed=True, words=str(missed))
    return Verdict(is_missed=False, words=f"nothing in {tally.moves} moves")


@dataclass
class Slot:
    """A database of which one process at a time makes use, and the engine that a fork goes on with."""

    sessions: Sessions
    world: World
    guard: Guard | None = None
    process: BaseProcess | None = None
    answer: Connection | None = None

    def begin(self, guard: Guard) -> None:
        """Try without `guard` in a fork, which has all of the service loaded."""
        ours, theirs = get_context("fork").Pipe(duplex=False)
        self.guard, self.answer = guard, ours
        self.process = get_context("fork").Process(target=self._work, args=(guard, theirs))
        self.process.start()
        theirs.close()

    def end(self) -> Verdict:
        """What came of it."""
        assert self.answer is not None
        assert self.process is not None
        try:
            return self.answer.recv()
        except EOFError:
            return Verdict(is_missed=False, words="the trial itself broke down")
        finally:
            self.process.join()
            self.process = None

    def _work(self, guard: Guard, answer: Connection) -> None:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, sys.stdout.fileno())
        os.dup2(quiet, sys.stderr.fileno())
        answer.send(attempt(guard, self.sessions, self.world))


def prove(guards: Sequence[Guard], jobs: int) -> int:
    """First all of them in passing, in one run; then each that is left in a run of its own; say what became of them."""
    directory, begun = Path(tempfile.mkdtemp(prefix="guards-")), monotonic()
    try:
        with Postgres(directory / "postgres", durable=False) as server:
            _migrate(server)
            slots = [_slot(server, f"slot{number}") for number in range(jobs)]
            left = _in_passing(guards, slots[0])
            unmissed = _one_by_one(left, slots)
    finally:
        shutil.rmtree(directory)
    _say(f"{len(guards)} guards in {monotonic() - begun:.0f} s; not missed: {', '.join(unmissed) or 'none'}")
    return 1 if unmissed else 0


def _in_passing(guards: Sequence[Guard], slot: Slot) -> list[Guard]:
    """Those that the moves did not miss where they were refused. The whole code must pass."""
    tally = ProvingTally([guard for guard in guards if not _tests_of(guard)])
    order_machine.run(slot.sessions, slot.world, examples=EXAMPLES, turns=TURNS, first=FIRST, tally=tally)
    _say(f"the whole code passes {tally.moves} moves")
    return [guard for guard in guards if guard.name not in tally.missed]


def _one_by_one(guards: Sequence[Guard], slots: Sequence[Slot]) -> list[str]:
    """The names of those that nothing missed."""
    waiting, unmissed = list(guards), []
    while waiting or any(slot.process for slot in slots):
        for slot in slots:
            if waiting and slot.process is None:
                slot.begin(waiting.pop(0))
        ready = connection.wait([slot.answer for slot in slots if slot.process and slot.answer])
        for slot in slots:
            if slot.process is not None and slot.guard is not None and slot.answer in ready:
                verdict = slot.end()
                unmissed += [] if verdict.is_missed else [slot.guard.name]
                _say(f"{'missed    ' if verdict.is_missed else 'NOT MISSED'}  {slot.guard.name}: {verdict.words}")
    return unmissed


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _migrate(server: Postgres) -> None:
    server.create_database("migrated")
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("script_location", str(ROOT / "migrations"))
    with create_engine(server.url("migrated"), poolclass=NullPool).connect() as opened:
        config.attributes["connection"] = opened
        command.upgrade(config, "head")


def _slot(server: Postgres, name: str) -> Slot:
    server.create_database(name, template="migrated")
    sessions = make_sessions(make_engine(server.url(name), is_pooled=False))
    slot = Slot(sessions, order_machine.build(sessions))
    # What is compiled now need not be by each fork.
    order_machine.run(slot.sessions, slot.world, examples=3, turns=TURNS, first=FIRST)
    return slot


def main() -> int:
    """Take out one guard after the other; 1 when the code without one still passes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="only guards whose name holds one of them")
    parser.add_argument("--list", action="store_true", help="say what there is")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    told = parser.parse_args()
    guards = [guard for guard in all_guards() if any(word in guard.name for word in told.words or [""])]
    if told.list:
        sys.stdout.writelines(f"{guard.name}  ->  {guard.instead}\n" for guard in guards)
        return 0
    return prove(guards, told.jobs)


if __name__ == "__main__":
    sys.exit(main())
