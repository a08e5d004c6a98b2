"""Orders moved by random people at random times: what the services make of it is held against `order_model`."""

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import factories
import order_model as model
from factories import NOW, ZONE
from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from order_model import ABOVE, INTAKES, LEVEL, PEOPLE, SYSTEM, Case, City, Person, Told
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.db import Sessions
from hotline.models import (
    CalendarDay,
    Extension,
    Level,
    Line,
    Notice,
    Order,
    OrderClocks,
    Outcome,
    Pause,
    Result,
    SurveyRound,
    Unit,
    User,
)
from hotline.rules.calendar import DayKind
from hotline.rules.facts import FactName
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.order_states import Move
from hotline.rules.policy import Limits
from hotline.rules.roles import Role
from hotline.rules.supervision import Colour
from hotline.rules.survey_states import Resolved, Satisfied
from hotline.services import (
    alarms,
    assistance,
    clocks,
    emergency_mode,
    extensions,
    facts,
    intake,
    orders,
    pauses,
    people,
    results,
    supervision,
    surveys,
)
from hotline.services.access import SYSTEM as NOBODY
from hotline.services.access import Actor, NotAllowedError, actor_for, sees_order
from hotline.services.desk import orders as desk
from hotline.services.desk import surveys as desk_surveys
from hotline.services.orders import ChangedMeanwhileError

# What a service says no with.
REFUSALS = (ValueError, ImpossibleMoveError, NotAllowedError, ChangedMeanwhileError)
MOST_ORDERS = 6
# Minutes that go by before something is done: often none, seldom days.
PASSING = (*(0,) * 8, 1, 2, 4, 6, 9, 12, 16, 20, 25, 30, 45, 60, 90, 120, 200, 300, 500, 1500)
# From where an order came in to where somebody works on it.
LEADS_ON = {"received": "triage", "triaged": "dispatch", "dispatched": "accept", "reopened": "dispatch"}
# What leads on is done more often than what ends an order early.
MOVES = (
    *("report_back",) * 8,
    *("resolve",) * 4,
    *("triage", "dispatch", "accept", "contact", "refer") * 3,
    *("take_back",) * 3,
    *("close", "reopen", "rework", "unmerge", "restore") * 2,
    *("return", "answer", "merge", "invalidate"),
)
# What can be wrong with any move, and with some.
FLAWS = ("person", "person", "state")
FLAWS_OF = {
    **dict.fromkeys(model.NEEDS_REASON, ("reason",)),
    "refer": ("reason", "target"),
    "merge": ("reason", "target"),
    **dict.fromkeys(("resolve", "report_back"), ("done", "why_not", "aid", "evidence")),
}
UNITS = tuple(ABOVE)
CATEGORIES = ("supplies", "elderly", "children", "disability", "homeless")
URGENCIES = ("normal", "urgent", "emergency", "consultation")


@dataclass
class Tally:
    """What a run did, by move: taken and refused."""

    taken: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    # How many moves were tried until something was wrong.
    broken_after: int | None = None

    def broken(self, _error: Exception) -> None:
        """Something was wrong after the moves so far."""
        self.broken_after = self.broken_after or self.moves

    def refused_as(self, _machine: "OrderMachine", name: str, _wrong: set[str], _act: Callable[[], object]) -> None:
        """Something was refused, as it had to be."""
        self.reasons[name] += 1

    @property
    def moves(self) -> int:
        """Every move of the table that somebody tried."""
        return self.taken.total() + self.refused.total()

    def table(self) -> str:
        """The counts to be read."""
        lines = [f"{'move':<12} {'taken':>6} {'refused':>8}"]
        lines += [f"{move:<12} {self.taken[move]:>6} {self.refused[move]:>8}" for move in model.ALL_MOVES]
        lines.append(f"{'together':<12} {self.taken.total():>6} {self.refused.total():>8}")
        others = ", ".join(f"{name} {count}" for name, count in sorted(self.others.items()))
        reasons = ", ".join(f"{name} {count}" for name, count in sorted(self.reasons.items()))
        return "\n".join([*lines, f"refusals: {reasons}", f"beside them: {others}"])


@dataclass(frozen=True)
class World:
    """The organisation in the database: ids by the model's names, the people, and a line for each intake."""

    units: dict[str, int]
    lines: dict[str, int]
    people: tuple[Person, ...]
    actors: dict[int | None, Actor]

    @property
    def stays(self) -> Person:
        """The handler at the top, who never leaves and does what the system has done by somebody."""
        return self.people[3]

    @property
    def names(self) -> dict[int, str]:
        return {unit_id: name for name, unit_id in self.units.items()}


def build(sessions: Sessions) -> World:
    """The organisation, its people and its calendar, as the model has them, put into an empty database."""
    with sessions.begin() as session:
        return _built(session)


def _built(session: Session) -> World:
    units: dict[str, Unit] = {}
    for name, above in ABOVE.items():
        policy = {
            "calls_from": "00:00",
            "calls_until": "00:00",
            **(model.FIGURES[name].stored if name in INTAKES else {}),
        }
        parent = units[above] if above else None
        units[name] = factories.unit(session, name, parent=parent, level=Level(LEVEL[name]), policy=policy)
    users = [(factories.user(session, units[unit], *map(Role, roles)), unit) for unit, roles in PEOPLE]
    lines = {name: factories.line(session, units[name], f"+86201000000{place}") for place, name in enumerate(INTAKES)}
    special = {DayKind.HOLIDAY: model.HOLIDAYS, DayKind.WORKDAY: model.WORKED_TO_MAKE_UP}
    for kind, days in special.items():
        session.add_all(CalendarDay(day=day, kind=kind, name="特殊日") for day in sorted(days))
    session.flush()
    people = [Person(user.id, unit, frozenset(role.value for role in user.roles)) for user, unit in users]
    return World(
        {name: unit.id for name, unit in units.items()},
        {name: line.id for name, line in lines.items()},
        (*people, SYSTEM),
        {None: NOBODY, **{user.id: actor_for(user) for user, _ in users}},
    )


class OrderMachine(RuleBasedStateMachine):
    """A handful of orders in one organisation; every turn somebody does something that may or may not be allowed."""

    def __init__(self, sessions: Sessions, world: World, tally: Tally) -> None:
        super().__init__()
        self.session: Session = sessions()
        self.world, self.tally = world, tally
        self.city = City()
        self.now = NOW
        self.ids: dict[Case, int] = {}
        self.pauses: dict[int, tuple[model.Pause, str]] = {}
        self.extensions: dict[int, model.Extension] = {}
        self.versions: dict[Case, list[int]] = {}
        self.known: dict[Case, dict[str, Any]] = {}
        self.rows: dict[Case, int] = {}
        self.last_event = 0
        self.passed: set[tuple[int, int, str, datetime]] = set()
        self.turns = 0
        self.is_checked = False
        self.stored: Sequence[Any] = ()

    def teardown(self) -> None:
        self.session.rollback()
        self.session.close()

    @initialize(hours=st.integers(0, 24 * 7))
    def begin(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        for name in INTAKES:
            self.receive(name)

    @rule(minutes=st.sampled_from(PASSING), data=st.data())
    def turn(self, minutes: int, data: st.DataObject) -> None:
        self.now += timedelta(minutes=minutes)
        self.turns += 1
        try:
            data.draw(st.sampled_from(DEEDS))(self, data)
            if not self.is_checked:
                self.holds()
        except Exception as error:
            self.tally.broken(error)
            raise

    # The table's moves

    def move_on(self, data: st.DataObject) -> None:
        """A move that is possible, by somebody who may make it; now and then others slip before."""
        for _ in range(data.draw(st.integers(0, 3))):
            self._slip(data)
        move, case = self._possible(data)
        person = self._person(data, lambda each: self._may(case, move, each))
        self._try(case, move, person, self._told(data, move, case))

    def _slip(self, data: st.DataObject) -> None:
        """A move with one thing wrong."""
        move, case = self._possible(data)
        flaw = data.draw(st.sampled_from(self._flaws(move, case)))
        told = self._told(data, move, case)
        person = self._person(data, lambda each: self._may(case, move, each))
        seen = None
        if flaw == "person":
            person = self._person(data, lambda each: not self._may(case, move, each))
        elif flaw == "appointed":
            person = self._person(
                data, lambda each: self.city.may_move(case, move, each, told) == {"SupervisorAppointsError"}
            )
        elif flaw == "target":
            told = Told(unit=data.draw(st.sampled_from(UNITS)), target=data.draw(st.sampled_from(self.city.cases)))
        elif flaw == "state":
            move = data.draw(st.sampled_from(model.ALL_MOVES))
            told = self._told(data, move, case)
            person = self._person(data, lambda each: self._may(case, move, each))
        elif flaw == "seen":
            seen = data.draw(st.sampled_from(self.versions[case][-4:-1]))
        else:
            told = model.flawed(told, flaw)
        self._try(case, move, person, told, seen)

    def _flaws(self, move: str, case: Case) -> tuple[str, ...]:
        looked_before = ("seen",) if len(self.versions[case]) > 1 else ()
        # What needs proof in its category is reported without it more often: few orders get that far.
        of_move = FLAWS_OF.get(move, ())
        proof = "evidence" if case.category in model.VISITED else "aid" if case.category in model.GIVEN_AID else None
        unproved = (proof,) * 8 if proof in of_move else ()
        returned = ("appointed",) * 3 if move == "dispatch" and case.returns else ()
        return (*FLAWS, *looked_before, *of_move, *unproved, *returned)

    def _possible(self, data: st.DataObject) -> tuple[str, Case]:
        open_to = [move for move in MOVES if any(move in model.MOVES[case.state] for case in self.city.cases)]
        move = data.draw(st.sampled_from(open_to))
        return move, data.draw(st.sampled_from([case for case in self.city.cases if move in model.MOVES[case.state]]))

    def _told(self, data: st.DataObject, move: str, case: Case) -> Told:
        if move == "dispatch":
            return Told(unit=data.draw(st.sampled_from(UNITS)))
        if move == "refer":
            return Told(unit=data.draw(st.sampled_from(("clinic", "alms"))))
        if move == "merge":
            others = [each for each in self.city.cases if each is not case and each.state in model.OPEN]
            return Told(target=data.draw(st.sampled_from(others)) if others else case)
        return Told()

    def _may(self, case: Case, move: str, person: Person) -> bool:
        """Whether the person's roles and unit allow the move, whatever else may be missing."""
        return not self.city.may_move(case, move, person, Told()) & {"NotAllowedError", "SupervisorAppointsError"}

    def _person(self, data: st.DataObject, fits: Callable[[Person], bool]) -> Person:
        """Somebody who fits; anybody where nobody does."""
        fitting = [person for person in self.world.people if fits(person)]
        return data.draw(st.sampled_from(fitting or self.world.people))

    def _try(self, case: Case, move: str, person: Person, told: Told, seen: int | None = None) -> None:
        """Have `person` make the move, who looked at the order when its version was `seen`."""
        if person.is_system and move in {"resolve", "report_back"}:
            person = self.world.stays  # a result is always somebody's
        if move == "report_back" and case.state == "in_progress":
            move = "resolve"
        elif move == "resolve" and case.state == "referred":
            move = "report_back"
        wrong = self.city.may_move(case, move, person, told)
        order = self._order(case, person)
        seen = order.version if seen is None else seen
        if seen != order.version:
            wrong.add("ChangedMeanwhileError")
        signing = person if move != "accept" or not person.is_system else self.world.stays

        def make() -> None:
            orders.check_unchanged(order, seen)
            self._make(order, move, signing, self._acting(person), told)

        def change() -> None:
            self.city.move(case, move, person, self.now, told)
            if move == "accept":
                case.handler = signing

        is_done = self._attempt(f"{move} {self._name(case)}", person, wrong, make, change)
        (self.tally.taken if is_done else self.tally.refused)[move] += 1

    def _make(self, order: Order, move: str, person: Person, actor: Actor, told: Told) -> None:
        make = _MAKE.get(move)
        if make is None:
            orders.move(self.session, order, Move(move), actor, self.now, told.reason)
        else:
            make(self, order, person, actor, told)

    def limits(self, order: Order) -> Limits:
        """What a person who opens the order again starts its clocks with."""
        return clocks.limits_for(self.session, order.intake_unit, order.urgency, self.now, ZONE)

    def other(self, order: Order, told: Told) -> Order:
        """The order to merge into."""
        return order if told.target is None else self.session.get_one(Order, self.ids[told.target])

    # What else is done

    def come_or_go(self, data: st.DataObject) -> None:
        """A handler is put out of service, mostly one who has an order, or comes back."""
        handlers = [each for each in self.world.people if "handler" in each.roles and each != self.world.stays]
        having = [case.handler for case in self.city.cases if case.handler in handlers]
        person = self._mostly(data, [*having, *sorted(self.city.gone, key=handlers.index)], handlers)
        user = self.session.get_one(User, person.id)
        (people.let_in if person in self.city.gone else people.end)(self.session, user, NOBODY, self.now)
        self.city.gone ^= {person}
        self.tally.others["came or went"] += 1

    def receive_another(self, data: st.DataObject) -> None:
        if len(self.city.cases) < MOST_ORDERS:
            self.receive(data.draw(st.sampled_from(INTAKES)))

    def receive(self, name: str) -> None:
        self.is_checked = False
        line = self.session.get_one(Line, self.world.lines[name])
        call = factories.call(self.session, line, ended_at=self.now)
        order = intake.receive_call(self.session, call, self.now, ZONE)
        case = self.city.receive(name, self.now)
        self.ids[case], self.versions[case] = order.id, []
        self.tally.others["received"] += 1

    def confirm(self, data: st.DataObject) -> None:
        case, name = self._case(data), data.draw(st.sampled_from(("urgency", "category", "category")))
        # There a question has no limit for its answer.
        likely = ("consultation",) * 3 if case.intake == "mill" else ()
        value = data.draw(st.sampled_from((*URGENCIES, *likely) if name == "urgency" else CATEGORIES))
        person = self._often(data, lambda each: not self.city.may_confirm(each) and case.seen_by(each))
        if not person.is_system and case.seen_by(person):
            order, actor = self._order(case, person), self._acting(person)
            self._attempt(
                f"confirm {name} {value} {self._name(case)}",
                person,
                self.city.may_confirm(person),
                lambda: facts.confirm(self.session, order, FactName(name), value, actor, self.now, ZONE),
                lambda: self.city.confirm(case, name, value, self.now),
            )

    def ask_pause(self, data: st.DataObject) -> None:
        flaw = self._flaw(data, "reason", "person", "long", "past", "paused")
        case = self._worked_on(data, flaw)
        until = self.now + timedelta(hours=data.draw(st.sampled_from(_HOURS_OF_PAUSE.get(flaw, (2, 20)))))
        reason = self._word(flaw)
        person = self._one(
            data, flaw, lambda each: "NotAllowedError" not in self.city.may_ask_pause(case, each, "x", until, self.now)
        )
        order, actor = self._order(case, person), self._acting(person)
        asked: list[Pause] = []

        def change() -> None:
            self.pauses[asked[0].id] = self.city.ask_pause(case, person, reason, until, self.now), reason

        self._attempt(
            f"pause until {until} {self._name(case)}",
            person,
            self.city.may_ask_pause(case, person, reason, until, self.now),
            lambda: asked.append(pauses.ask(self.session, order, until, reason, actor, self.now, ZONE)),
            change,
        )

    def decide_pause(self, data: st.DataObject) -> None:
        # Mostly what still waits; what was decided long ago is decided again now and then.
        known = self._mostly(
            data, [each for each in self.pauses.items() if each[1][0].state == "asked"], self.pauses.items()
        )
        if known is None:
            return
        pause_id, (asked, asked_for) = known
        case = next(case for case in self.city.cases if asked in case.pauses)
        flaw, granted = self._flaw(data, "reason", "person"), data.draw(st.booleans())
        word, may = self._word(flaw), self.city.may_decide_pause
        person = self._one(
            data, flaw, lambda each: "NotAllowedError" not in may(case, asked, each, "x", self.now, granted=granted)
        )
        self._order(case, person)
        pause, actor = self.session.get_one(Pause, pause_id), self._acting(person)
        self._attempt(
            f"decide pause {granted} {self._name(case)}",
            person,
            may(case, asked, person, word, self.now, granted=granted),
            lambda: pauses.decide(self.session, pause, actor, self.now, granted=granted, word=word),
            lambda: self.city.decide_pause(case, asked, person, word, asked_for, self.now, granted=granted),
        )

    def resume(self, data: st.DataObject) -> None:
        paused = [case for case in self.city.cases if case.pause is not None]
        case = self._mostly(data, paused, self.city.cases) or self._case(data)
        person = self._often(data, lambda each: "NotAllowedError" not in self.city.may_resume(case, each))
        order, actor = self._order(case, person), self._acting(person)
        self._attempt(
            f"resume {self._name(case)}",
            person,
            self.city.may_resume(case, person),
            lambda: pauses.resume(self.session, order, actor, self.now),
            lambda: self.city.resume(case, person, self.now),
        )

    def ask_extension(self, data: st.DataObject) -> None:
        flaw = self._flaw(data, "reason", "person", "early", "paused")
        case = self._worked_on(data, flaw)
        later = data.draw(st.sampled_from((0, -1) if flaw == "early" else (24, 3)))
        until = (case.due["resolve"] or self.now) + timedelta(hours=later)
        reason, may = self._word(flaw), self.city.may_ask_extension
        person = self._one(data, flaw, lambda each: "NotAllowedError" not in may(case, each, "x", until, self.now))
        order, actor = self._order(case, person), self._acting(person)
        asked: list[Extension] = []

        def change() -> None:
            self.extensions[asked[0].id] = self.city.ask_extension(case, person, reason, until, self.now)

        self._attempt(
            f"more time until {until} {self._name(case)}",
            person,
            may(case, person, reason, until, self.now),
            lambda: asked.append(extensions.ask(self.session, order, until, reason, actor, self.now)),
            change,
        )

    def decide_extension(self, data: st.DataObject) -> None:
        waiting = [each for each in self.extensions.items() if each[1].state == "asked"]
        known = self._mostly(data, waiting, self.extensions.items())
        if known is None:
            return
        extension_id, asked = known
        case = next(case for case in self.city.cases if asked in case.extensions)
        flaw, granted = self._flaw(data, "reason", "person"), data.draw(st.booleans())
        word, may = self._word(flaw), self.city.may_decide_extension
        person = self._one(
            data, flaw, lambda each: "NotAllowedError" not in may(case, asked, each, "x", self.now, granted=granted)
        )
        self._order(case, person)
        extension, actor = self.session.get_one(Extension, extension_id), self._acting(person)
        self._attempt(
            f"decide more time {granted} {self._name(case)}",
            person,
            may(case, asked, person, word, self.now, granted=granted),
            lambda: extensions.decide(self.session, extension, word, actor, self.now, granted=granted),
            lambda: self.city.decide_extension(case, asked, person, word, self.now, granted=granted),
        )

    def choose_assistant(self, data: st.DataObject) -> None:
        can_be = [case for case in self.city.cases if case.state in model.ASSISTED]
        case = self._mostly(data, can_be, self.city.cases)
        flaw = self._flaw(data, "person", "there")
        is_added = data.draw(st.booleans()) if case.assistants else True
        there = [case.holder, *sorted(case.assistants)]
        unit = data.draw(st.sampled_from(there if (flaw == "there") == is_added else UNITS))
        may = self.city.may_choose_assistant
        person = self._one(data, flaw, lambda each: "NotAllowedError" not in may(case, unit, each, is_added=is_added))
        order, actor = self._order(case, person), self._acting(person)
        act = assistance.add if is_added else assistance.remove
        self._attempt(
            f"{'add' if is_added else 'remove'} {unit} {self._name(case)}",
            person,
            may(case, unit, person, is_added=is_added),
            lambda: act(self.session, order, self.unit(unit), actor, self.now),
            lambda: self.city.choose_assistant(case, unit, person, self.now, is_added=is_added),
        )

    def report_assistance(self, data: st.DataObject) -> None:
        assisted = [case for case in self.city.cases if case.assistants]
        case = self._mostly(data, assisted, self.city.cases) or self._case(data)
        unit, flaw = self._mostly(data, sorted(case.assistants), UNITS), self._flaw(data, "reason", "person")
        done, may = self._word(flaw), self.city.may_report_assistance
        person = self._one(data, flaw, lambda each: "NotAllowedError" not in may(case, unit, each, "x"))
        order, actor = self._order(case, person), self._acting(person)
        self._attempt(
            f"report for {unit} {self._name(case)}",
            person,
            may(case, unit, person, done),
            lambda: assistance.report(self.session, order, self.unit(unit), actor, self.now, done),
            lambda: self.city.report_assistance(case, unit, person, done, self.now),
        )

    def supervise(self, data: st.DataObject) -> None:
        case, flaw = self._case(data), self._flaw(data, "reason", "person")
        words = self._word(flaw)
        person = self._one(data, flaw, lambda each: not self.city.may_supervise(case, each, "x"))
        order, actor = self._order(case, person), self._acting(person)
        self._attempt(
            f"supervise {self._name(case)}",
            person,
            self.city.may_supervise(case, person, words),
            lambda: supervision.note(self.session, order, words, actor, self.now),
            lambda: self.city.supervise(case, person, words, self.now),
        )

    def switch_mode(self, data: st.DataObject) -> None:
        unit = data.draw(st.sampled_from(("east", "mill", "city", "pine")))
        is_on = data.draw(st.sampled_from((True, True, False)))
        may, flaw = self.city.may_switch_off, self._flaw(data, "reason", "person", "long", "past")
        person = self._one(data, flaw, lambda each: "NotAllowedError" not in may(unit, each, self.now))
        actor = self._acting(person)
        if not is_on:
            self._attempt(
                f"emergency mode of {unit} off",
                person,
                may(unit, person, self.now),
                lambda: emergency_mode.switch_off(self.session, self.unit(unit), actor, self.now),
                lambda: self.city.switch_off(unit, self.now),
            )
            return
        hours = {"long": (745,), "past": (0, -1)}.get(flaw, (5, 12, 744))
        ends = self.now + timedelta(hours=data.draw(st.sampled_from(hours)))
        takes_in_open, reason = data.draw(st.booleans()), " " if flaw == "reason" else "寒潮"
        self._attempt(
            f"emergency mode of {unit} until {ends}",
            person,
            self.city.may_switch_on(unit, person, reason, ends, self.now),
            lambda: emergency_mode.switch_on(
                self.session, self.unit(unit), reason, ends, actor, self.now, ZONE, includes_open=takes_in_open
            ),
            lambda: self.city.switch_on(model.Mode(unit, self.now, ends, takes_in_open), self.now, reason),
        )

    def sweep(self, _data: st.DataObject) -> None:
        """What the clock process does."""
        self.is_checked = False
        emergency_mode.end_what_is_over(self.session, self.now)
        while supervision.look(self.session, self.now, ZONE):
            pass
        self.city.time_passed(self.now)
        self._limits_that_passed_were_told()
        self.tally.others["sweep"] += 1

    def open_page(self, data: st.DataObject) -> None:
        """Who opens an emergency takes it on."""
        burning = [case for case in self.city.cases if case.alarms.get(case.run) == "ringing"]
        case = self._mostly(data, burning, self.city.cases) or self._case(data)
        person = self._often(data, lambda each: self.city.takes_on(case, each))
        self.is_checked = False
        expected = self.city.takes_on(case, person)
        assert alarms.acknowledge(self.session, self._order(case, person), self._acting(person), self.now) == expected
        if expected:
            self.city.take_on(case)
        self.tally.others["opened"] += 1

    def ask_caller(self, data: st.DataObject) -> None:
        """A person rings the caller, and notes the answers."""
        case = self._asked_about(data)
        if case is None:
            return
        asked = data.draw(st.sampled_from([*case.rounds, case.rounds[-1]]))
        resolved, satisfied = data.draw(st.sampled_from(Resolved)), data.draw(st.sampled_from(Satisfied))
        person = self._often(data, lambda each: "NotAllowedError" not in self.city.may_answer(case, asked, each))
        survey, actor = self._survey(case, asked, person), self._acting(person)
        self._attempt(
            f"answer {resolved}/{satisfied} {self._name(case)}",
            person,
            self.city.may_answer(case, asked, person),
            lambda: surveys.answer_by_person(
                self.session, survey, resolved, satisfied, None, None, actor, self.now, ZONE
            ),
            lambda: self.city.answer(case, person, resolved, satisfied, self.now),
        )

    def give_up_caller(self, data: st.DataObject) -> None:
        """A person rings the caller in vain."""
        case = self._asked_about(data)
        if case is None:
            return
        asked = data.draw(st.sampled_from([*case.rounds, case.rounds[-1]]))
        person = self._often(data, lambda each: "NotAllowedError" not in self.city.may_give_up(case, asked, each))
        survey, actor = self._survey(case, asked, person), self._acting(person)
        self._attempt(
            f"give up {self._name(case)}",
            person,
            self.city.may_give_up(case, asked, person),
            lambda: surveys.give_up_by_person(self.session, survey, "无人接听", actor, self.now),
            lambda: self.city.give_up(case, person, self.now),
        )

    def machine_rings(self, data: st.DataObject) -> None:
        """The machine rings the caller, who presses two keys; or the carrier will not place the call."""
        waiting = [case for case in self.city.cases if case.round is not None and case.round.state == "waiting"]
        if not waiting:
            return
        case = data.draw(st.sampled_from(waiting))
        asked = case.round
        assert asked is not None
        (attempt,) = self._survey(case, asked, SYSTEM).attempts
        self.is_checked = False
        keys = data.draw(st.sampled_from(("", "", "11", "13", "31", "12")))
        if not keys:
            surveys.refused_by_carrier(self.session, attempt.id, "invalid number", self.now)
            asked.state = "person"
            return
        surveys.begin(self.session, attempt.id, "twilio", self.now, ZONE)
        call_id = factories.call_sid()
        surveys.dialled(self.session, attempt.id, call_id)
        surveys.picked_up(self.session, attempt, call_id, is_machine=False, now=self.now, zone=ZONE)
        for key in keys:
            surveys.keyed(self.session, attempt, factories.told(call_id), key, self.now, ZONE)
        self.city.answer(case, SYSTEM, _RESOLVED[keys[0]], _SATISFIED[keys[1]], self.now)
        self.tally.others["rung back"] += 1

    # What must hold after every turn

    def holds(self) -> None:
        """Every order is exactly as the model has it, and whoever looks sees exactly what is theirs."""
        self.stored = self._read(_ORDERS)
        stored = {row.id: row for row in self.stored}
        assert len(stored) == len(self.city.cases)
        new_rows = self._new_rows()
        for case, order_id in self.ids.items():
            assert new_rows.get(order_id, []) == case.history[self.rows.get(case, 0) :], self._name(case)
            self._is_as_it_must_be(case, stored[order_id], has_history=order_id in new_rows)
            self.rows[case] = len(case.history)
        self._papers_are_as_they_must_be()
        if self.turns % 3 == 0:
            self._sees_what_is_theirs(self.world.people[self.turns % (len(self.world.people) - 1)])
        if self.turns % 20 == 0:
            self._everything_so_far()
        self.is_checked = True

    def _is_as_it_must_be(self, case: Case, row: Any, *, has_history: bool) -> None:
        wanted = self._columns(case)
        differs = {name: (getattr(row, name), value) for name, value in wanted.items() if getattr(row, name) != value}
        assert not differs, f"{self._name(case)}: stored and wanted differ: {differs}"
        versions = self.versions[case]
        has_changed = has_history or wanted != self.known.get(case)
        if versions:
            assert (row.version > versions[-1]) == has_changed, f"{self._name(case)}: version {row.version}"
        if not versions or row.version != versions[-1]:
            versions.append(row.version)
        self.known[case] = wanted
        assert case.state in model.CLOCKS_RUN or row.look_at is None, f"{self._name(case)} waits for supervision"
        self._is_sound(case, row)

    def _is_sound(self, case: Case, row: Any) -> None:
        """What holds whatever the model says."""
        for step in ("accept", "contact", "resolve"):
            due = getattr(row, f"{step}_by")
            assert due is None or due > row.clocks_started_at
        if case.handler is not None:
            assert "handler" in case.handler.roles
            assert case.handler.reaches(case.holder)
        assert case.state not in model.SIGNED_FOR or case.handler is not None
        assert case.state not in {"received", "triaged", "dispatched", "invalid"} or case.handler is None
        target, chain = case.target, {case}
        while target is not None:
            assert target not in chain, "merged in a ring"
            chain.add(target)
            target = target.target
        assert (case.state == "merged") == (row.merged_into_id is not None)
        assert (case.state == "closed") == (row.closed_at is not None)
        assert row.paused_at is None or case.state in model.SIGNED_FOR

    def has_changed(self) -> bool:
        """Whether an order or its history is other than it was when all was last compared."""
        return self.is_checked and self._read(_ORDERS) != self.stored

    def _read(self, query: str, *values: object) -> Sequence[Any]:
        """Rows as the database has them, whatever the session remembers."""
        self.session.flush()
        return self.session.connection().exec_driver_sql(query, values).all()

    def _columns(self, case: Case) -> dict[str, Any]:
        units, pause = self.world.units, case.pause
        return {
            "state": case.state,
            "urgency": case.urgency,
            "category": case.category,
            "intake_unit_id": units[case.intake],
            "unit_id": units[case.holder],
            "handler_id": case.handler.id if case.handler else None,
            "referred_to_id": units[case.body] if case.body else None,
            "merged_into_id": self.ids[case.target] if case.target else None,
            "returns": case.returns,
            "resolutions": case.resolutions,
            "clocks_started_at": case.started,
            "accept_by": case.due["accept"],
            "contact_by": case.due["contact"],
            "resolve_by": case.due["resolve"],
            "accepted_at": case.done["accept"],
            "contacted_at": case.done["contact"],
            "resolved_at": case.done["resolve"],
            "closed_at": case.closed,
            "paused_at": pause.start if pause else None,
        }

    def _new_rows(self) -> dict[int, list[model.Row]]:
        found = self._read("select * from order_events where id > %s order by id", self.last_event)
        new: dict[int, list[model.Row]] = {}
        for event in found:
            new.setdefault(event.order_id, []).append(self._row(event))
            self.last_event = event.id
        return new

    def _row(self, event: Any) -> model.Row:
        names = self.world.names
        other = names[event.other_unit_id] if event.other_unit_id else None
        return model.Row(
            kind=event.move or event.remark or "received",
            before=event.from_state,
            after=event.to_state,
            person=event.user_id,
            unit=names[event.unit_id],
            other=other,
            reason=event.reason,
            at=event.at,
        )

    def _papers_are_as_they_must_be(self) -> None:
        stored = [tuple(row) for row in self._read(_PAPERS)]
        wanted: list[tuple[str, int, str, datetime | None, datetime | None]] = []
        for case, order_id in self.ids.items():
            wanted += [("alarm", order_id, state, None, None) for _, state in sorted(case.alarms.items())]
            wanted += [("assistant", order_id, unit, None, None) for unit in sorted(case.assistants)]
            wanted += [("extension", order_id, each.state, None, None) for each in case.extensions]
            wanted += [("pause", order_id, each.state, each.start, each.end) for each in case.pauses]
            wanted += [("round", order_id, each.state, None, None) for each in case.rounds]
        assert stored == sorted(wanted, key=lambda paper: paper[:2])

    def _sees_what_is_theirs(self, person: Person) -> None:
        seen = set(self.session.scalars(select(Order.id).where(sees_order(self._acting(person)))))
        assert seen == {self.ids[case] for case in self.city.cases if case.seen_by(person)}, person

    def _limits_that_passed_were_told(self) -> None:
        """Whoever has to look was told of each limit that passed while its clock ran, once, and of no other."""
        for case, order_id in self.ids.items():
            if case.state in model.CLOCKS_RUN and case.pause is None:
                over = {step: due for step, due in case.due.items() if due and due < self.now and not case.done[step]}
                self.passed |= {(order_id, case.run, step, due) for step, due in over.items()}
        self.session.flush()
        columns = select(Notice.order_id, Notice.run, Notice.step, Notice.due_at)
        told = [tuple(row) for row in self.session.execute(columns.where(Notice.colour == Colour.YELLOW))]
        assert sorted(told) == sorted(self.passed)

    def _everything_so_far(self) -> None:
        """The whole of what was written down: nothing of it has changed, and it leads to where the orders stand."""
        for case, order_id in self.ids.items():
            events = self._read("select * from order_events where order_id = %s order by id", order_id)
            rows = [self._row(event) for event in events]
            assert rows == case.history
            assert model.replayed(rows) == case.state
            assert [row.at for row in rows] == sorted(row.at for row in rows)
            past = self.session.execute(
                select(*(getattr(OrderClocks, name) for name in _PAST))
                .where(OrderClocks.order_id == order_id)
                .order_by(OrderClocks.run)
            )
            assert [tuple(row) for row in past] == case.past
            numbers = list(range(1, case.resolutions + 1))
            for kind in (Result, SurveyRound):
                found = select(kind.resolution).where(kind.order_id == order_id).order_by(kind.resolution)
                assert list(self.session.scalars(found)) == numbers

    # How it is tried

    def _attempt(
        self, what: str, person: Person, wrong: set[str], act: Callable[[], object], change: Callable[[], None]
    ) -> bool:
        """Do it; the model changes with it where nothing speaks against it, and otherwise nothing does."""
        who = "the system" if person.is_system else f"{person.unit} {'+'.join(sorted(person.roles))}"
        note(f"{self.now:%m-%d %H:%M} {who}: {what} {'refused: ' + ', '.join(sorted(wrong)) if wrong else ''}")
        refused = _refusal(act)
        if refused is not None:
            name = type(refused).__name__
            assert name in wrong, (
                f"{what} by {who} was refused as {name} ({refused}); the model has {wrong or 'nothing'}"
            )
            self._was_told_what_changed(refused)
            assert not self.has_changed(), f"{what} by {who} changed something"
            self.tally.refused_as(self, name, wrong, act)
            return False
        assert not wrong, f"{what} by {who} went through in spite of {wrong}"
        change()
        self.holds()
        self.tally.others[what.split(maxsplit=1)[0]] += 1
        return True

    def _was_told_what_changed(self, error: BaseException) -> None:
        if isinstance(error, ChangedMeanwhileError):
            assert error.since
            assert error.since[-1] is error.since[-1].order.history[-1]

    def _order(self, case: Case, person: Person) -> Order:
        """The order as the person gets hold of it to change it; who sees none of it tries it all the same."""
        order_id = self.ids[case]
        if self.turns % 4 or person.is_system:
            return self.session.get_one(Order, order_id)
        self.session.flush()
        number = self.session.get_one(Order, order_id).number
        found = desk.to_change(self.session, self._acting(person), number)
        assert (found is not None) == case.seen_by(person), f"{person} sees {self._name(case)}: {found is not None}"
        return found or orders.lock(self.session, order_id)

    def _survey(self, case: Case, asked: model.Round, person: Person) -> SurveyRound:
        self._order(case, person)
        found = select(SurveyRound).where(
            SurveyRound.order_id == self.ids[case], SurveyRound.resolution == case.rounds.index(asked) + 1
        )
        survey = self.session.scalars(found).one()
        if not person.is_system:
            seen = desk_surveys.to_change(self.session, self._acting(person), survey.id)
            assert (seen is not None) == case.seen_by(person)
        return survey

    def _asked_about(self, data: st.DataObject) -> Case | None:
        waiting = [case for case in self.city.cases if case.round is not None]
        return self._mostly(data, waiting, [case for case in self.city.cases if case.rounds])

    def _case(self, data: st.DataObject) -> Case:
        return data.draw(st.sampled_from(self.city.cases))

    def _worked_on(self, data: st.DataObject, flaw: str) -> Case:
        """Mostly an order that somebody works on and whose time has not run out, or one that stands still."""
        paused = [case for case in self.city.cases if case.pause is not None]
        if flaw == "paused":
            return self._mostly(data, paused, self.city.cases)
        if not self._able():
            self._lead_on(data)
        return self._mostly(data, self._able(), self.city.cases)

    def _able(self) -> list[Case]:
        return [case for case in self.city.cases if self.city.has_time(case, self.now)]

    def _lead_on(self, data: st.DataObject) -> None:
        """Have somebody work on an order that has time left, since few get that far in time by themselves."""
        early = [
            case for case in self.city.cases if case.state in LEADS_ON and (case.due["resolve"] or self.now) > self.now
        ]
        case = early[-1] if early else None
        while case is not None and case.state in LEADS_ON:
            move, before = LEADS_ON[case.state], case.state
            told = self._told(data, move, case)
            self._try(case, move, self._person(data, partial(self._may, case, move)), told)
            if case.state == before:
                return

    def _flaw(self, data: st.DataObject, *flaws: str) -> str:
        """What is wrong this time: one thing, or as often nothing."""
        return data.draw(st.sampled_from((*("",) * len(flaws), *flaws)))

    def _word(self, flaw: str) -> str:
        return " " if flaw == "reason" else "等证明"

    def _one(self, data: st.DataObject, flaw: str, fits: Callable[[Person], bool]) -> Person:
        """Somebody who fits, unless that is what is wrong."""
        return self._person(data, lambda each: fits(each) == (flaw != "person"))

    def _often(self, data: st.DataObject, fits: Callable[[Person], bool]) -> Person:
        """Mostly somebody who fits, now and then somebody who does not."""
        wanted = data.draw(st.sampled_from((True, True, True, False)))
        return self._person(data, lambda each: fits(each) == wanted)

    def _mostly(self, data: st.DataObject, likely: Sequence[Any], others: Any) -> Any:
        """Mostly one of `likely`, now and then any of `others`; None where there is neither."""
        is_likely = data.draw(st.sampled_from((True, True, True, True, False)))
        chosen = list(likely) if likely and is_likely else list(others)
        return data.draw(st.sampled_from(chosen)) if chosen else None

    def unit(self, name: str | None) -> Unit:
        return self.session.get_one(Unit, self.world.units[name or "city"])

    def _acting(self, person: Person) -> Actor:
        return self.world.actors[person.id]

    def _name(self, case: Case) -> str:
        return f"order {self.city.cases.index(case) + 1} ({case.state})"


_HOURS_OF_PAUSE = {"": (1, 2, 5, 20), "long": (25, 169), "past": (0, -1)}
_RESOLVED = {"1": "yes", "2": "partly", "3": "no"}
_SATISFIED = {"1": "satisfied", "2": "neutral", "3": "dissatisfied"}
_PAST = (
    *("started_at", "accept_by", "contact_by", "resolve_by"),
    *("accepted_at", "contacted_at", "resolved_at"),
)
# With the history's end, which moves with every row.
_ORDERS = "select orders.*, (select max(id) from order_events) as last_event from orders order by id"
_PAPERS = """
    select kind, order_id, state, started_at, ended_at from (
        select 'alarm' as kind, order_id, run as place, state, null::timestamptz as started_at,
            null::timestamptz as ended_at, null as name from alarms
        union all select 'assistant', order_id, 0, units.code, null, null, units.code
            from order_assistants join units on units.id = unit_id
        union all select 'extension', order_id, id, state, null, null, null from extensions
        union all select 'pause', order_id, id, state, started_at, ended_at, null from pauses
        union all select 'round', order_id, resolution, state, null, null, null from survey_rounds
    ) as papers order by kind, order_id, place, name
"""


def _refusal(act: Callable[[], object]) -> Exception | None:
    """What the service answered, if it would not."""
    try:
        act()
    except REFUSALS as error:
        return error
    return None


def _report(machine: OrderMachine, order: Order, _person: Person, actor: Actor, told: Told) -> None:
    report = results.Report(Outcome(told.outcome), told.done, told.why_not, told.aid, told.evidence)
    results.report(machine.session, order, report, actor, machine.now, ZONE)


# How a move is made, where it is not made by its name alone.
_MAKE: Mapping[str, Callable[[OrderMachine, Order, Person, Actor, Told], object]] = {
    "triage": lambda on, order, _, actor, _told: orders.triage(on.session, order, actor, on.now),
    "dispatch": lambda on, order, _, actor, told: orders.dispatch(
        on.session, order, on.unit(told.unit), actor, on.now, told.reason
    ),
    "accept": lambda on, order, person, actor, _: orders.accept(
        on.session, order, on.session.get_one(User, person.id), actor, on.now
    ),
    "return": lambda on, order, _, actor, told: orders.give_back(on.session, order, actor, on.now, told.reason),
    "refer": lambda on, order, _, actor, told: orders.refer(
        on.session, order, on.unit(told.unit or "clinic"), actor, on.now, told.reason
    ),
    "take_back": lambda on, order, _, actor, told: orders.take_back(on.session, order, actor, on.now, told.reason),
    "contact": lambda on, order, _, actor, told: orders.contact(on.session, order, actor, on.now, told.reason),
    "close": lambda on, order, _, actor, told: orders.close(on.session, order, actor, on.now, told.reason),
    "reopen": lambda on, order, _, actor, told: orders.reopen(
        on.session, order, actor, on.now, told.reason, on.limits(order), ZONE
    ),
    "merge": lambda on, order, _, actor, told: orders.merge(
        on.session, order, on.other(order, told), actor, on.now, told.reason
    ),
    "unmerge": lambda on, order, _, actor, _told: orders.unmerge(on.session, order, actor, on.now),
    "resolve": _report,
    "report_back": _report,
    "restore": lambda on, order, _, actor, _told: orders.move(on.session, order, Move.RESTORE, actor, on.now),
    "rework": lambda on, order, _, actor, _told: orders.move(on.session, order, Move.REWORK, actor, on.now),
}

DEEDS: tuple[Callable[[OrderMachine, st.DataObject], None], ...] = (
    *(OrderMachine.move_on,) * 34,
    OrderMachine.receive_another,
    *(OrderMachine.confirm,) * 4,
    *(OrderMachine.ask_pause,) * 6,
    *(OrderMachine.decide_pause,) * 4,
    *(OrderMachine.resume,) * 2,
    *(OrderMachine.ask_extension,) * 5,
    *(OrderMachine.decide_extension,) * 5,
    *(OrderMachine.choose_assistant,) * 3,
    *(OrderMachine.report_assistance,) * 3,
    OrderMachine.supervise,
    *(OrderMachine.switch_mode,) * 3,
    *(OrderMachine.sweep,) * 2,
    OrderMachine.open_page,
    *(OrderMachine.ask_caller,) * 2,
    *(OrderMachine.give_up_caller,) * 3,
    *(OrderMachine.machine_rings,) * 2,
    *(OrderMachine.come_or_go,) * 2,
)


def run(
    sessions: Sessions, world: World, *, examples: int, turns: int, first: int, tally: Tally | None = None
) -> Tally:
    """So many runs of so many turns each, the same ones for the same `first`; what was done in them.

    The database holds the world that `build` made there, and nothing else before and after.
    """
    counts = tally or Tally()
    chosen = settings(
        max_examples=examples,
        stateful_step_count=turns,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(first)(lambda: OrderMachine(sessions, world, counts)), settings=chosen)
    return counts


def show(tally: Tally) -> None:
    """Print the counts."""
    sys.stdout.write(f"\n{tally.table()}\n")
