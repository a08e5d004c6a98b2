"""The life of orders told a second time, apart from the code: what may happen, who may do it, and what it leaves.

Written from docs/domain.md. It imports nothing of the service: where both say the same, one of them cannot hide what
the other lost. Every question is answered with complaints, the names of the errors that fit; no complaint means that
it must be done.
"""

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# The organisation: each unit, the one above it, and what kind it is.
ABOVE = {
    "city": None,
    "east": "city",
    "pine": "east",
    "pine_court": "pine",
    "reed": "east",
    "west": "city",
    "mill": "west",
    "mill_lane": "mill",
    "clinic": "city",
    "alms": "west",
}
LEVEL = {
    "city": "city",
    "east": "district",
    "pine": "street",
    "pine_court": "community",
    "reed": "street",
    "west": "district",
    "mill": "street",
    "mill_lane": "community",
    "clinic": "department",
    "alms": "charity",
}
# Where people ring: each with figures of its own.
INTAKES = ("pine", "reed", "mill")
PEOPLE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("city", ("supervisor",)),
    ("city", ("call_taker",)),
    ("city", ("administrator",)),
    ("city", ("handler",)),
    ("east", ("supervisor",)),
    ("east", ("dispatcher",)),
    ("west", ("supervisor", "dispatcher")),
    ("pine", ("call_taker",)),
    ("pine", ("dispatcher",)),
    ("pine", ("handler",)),
    ("pine", ("supervisor",)),
    ("pine_court", ("handler",)),
    ("pine_court", ("supervisor",)),
    ("reed", ("call_taker", "dispatcher")),
    ("reed", ("handler",)),
    ("reed", ("supervisor",)),
    ("mill", ("call_taker",)),
    ("mill", ("dispatcher",)),
    ("mill", ("handler",)),
    ("mill", ("administrator",)),
    ("mill_lane", ("handler",)),
    ("clinic", ("handler",)),
    ("clinic", ("dispatcher",)),
    ("clinic", ("supervisor",)),
    ("alms", ("handler",)),
    ("alms", ("call_taker",)),
)

BACK_WHERE_IT_WAS = "where it was before the merge"
MOVES: dict[str, dict[str, str]] = {
    "received": {"triage": "triaged", "invalidate": "invalid", "merge": "merged"},
    "triaged": {"dispatch": "dispatched", "answer": "answered", "invalidate": "invalid", "merge": "merged"},
    "dispatched": {"accept": "accepted", "return": "triaged", "merge": "merged"},
    "accepted": {"contact": "in_progress", "return": "triaged", "take_back": "triaged", "merge": "merged"},
    "in_progress": {
        "contact": "in_progress",
        "resolve": "resolved",
        "refer": "referred",
        "take_back": "triaged",
        "merge": "merged",
    },
    "referred": {"contact": "referred", "report_back": "resolved", "take_back": "triaged", "merge": "merged"},
    "resolved": {"close": "closed", "reopen": "reopened", "merge": "merged"},
    "reopened": {"rework": "in_progress", "dispatch": "dispatched", "merge": "merged"},
    "answered": {"close": "closed", "merge": "merged"},
    "closed": {"reopen": "reopened"},
    "merged": {"unmerge": BACK_WHERE_IT_WAS},
    "invalid": {"restore": "triaged"},
}
ALL_MOVES = tuple(dict.fromkeys(move for moves in MOVES.values() for move in moves))
WHO = {
    "triage": {"call_taker", "supervisor"},
    "invalidate": {"call_taker", "supervisor"},
    "restore": {"call_taker", "supervisor"},
    "dispatch": {"dispatcher", "supervisor"},
    "answer": {"call_taker"},
    "accept": {"handler"},
    "return": {"handler"},
    "contact": {"handler"},
    "resolve": {"handler"},
    "refer": {"handler", "dispatcher"},
    "report_back": {"handler", "dispatcher"},
    "take_back": {"dispatcher", "supervisor"},
    "close": {"call_taker", "supervisor"},
    "reopen": {"supervisor"},
    "rework": {"supervisor"},
    "merge": {"call_taker", "dispatcher", "supervisor"},
    "unmerge": {"call_taker", "dispatcher", "supervisor"},
}
NEEDS_REASON = {"return", "invalidate", "reopen", "take_back", "refer", "merge"}
# Moves that are made without a word.
SAYS_NOTHING = {"triage", "accept", "rework", "unmerge", "restore", "resolve", "report_back"}
OPEN = set(MOVES) - {"closed", "merged", "invalid"}
# Somebody of ours has to act, so that time runs against us.
CLOCKS_RUN = OPEN - {"resolved", "answered"}
SIGNED_FOR = {"accepted", "in_progress", "referred"}
ASSISTED = {"triaged", "dispatched", "accepted", "in_progress", "referred", "reopened"}
REFERRED_TO = {"department", "charity"}
VISITED = {"elderly", "children", "disability", "homeless"}
GIVEN_AID = {"supplies"}
REVIEWERS = {"call_taker", "dispatcher", "supervisor"}
DESK = {"call_taker", "supervisor"}
ACTS_ON_EMERGENCIES = {"call_taker", "dispatcher", "handler", "supervisor"}

# Minutes for signing, first contact and result; "day": until the end of the local day.
Spans = tuple[int | None, int | None, int | str | None]
LIMITS: dict[str, Spans] = {
    "emergency": (5, 15, 2 * 60),
    "urgent": (15, 30, 24 * 60),
    "normal": (30, 2 * 60, 24 * 60),
    "consultation": (None, 30, "day"),
}
EMERGENCY_MODE: dict[str, Spans] = {
    "emergency": (5, 15, 2 * 60),
    "urgent": (10, 20, 12 * 60),
    "normal": (15, 30, 24 * 60),
    "consultation": (None, 30, "day"),
}
LONGEST_MODE = 31 * DAY


@dataclass(frozen=True)
class Figures:
    """What an intake unit set for itself."""

    stored: dict[str, object] = field(default_factory=dict)
    appoint_after: int = 3
    pause_needs_approval: bool = True
    longest_pause: timedelta = 7 * DAY
    in_working_time: frozenset[str] = frozenset()
    limits: dict[str, Spans] = field(default_factory=lambda: LIMITS)


FIGURES = {
    "pine": Figures(
        stored={"limits": {"normal": {"in_working_time": True}}, "appoint_after_returns": 2},
        appoint_after=2,
        in_working_time=frozenset({"normal"}),
    ),
    "reed": Figures(
        stored={"pause_needs_approval": False, "longest_pause": 86400},
        pause_needs_approval=False,
        longest_pause=DAY,
    ),
    "mill": Figures(
        stored={"appoint_after_returns": 1, "limits": {"consultation": {"same_day": False}}},
        appoint_after=1,
        limits={**LIMITS, "consultation": (None, 30, None)},
    ),
}

HOLIDAYS = {date(2026, 3, 9), date(2026, 3, 10), date(2026, 4, 6), date(2026, 5, 1)}
WORKED_TO_MAKE_UP = {date(2026, 3, 14), date(2026, 4, 12)}
WORKED_HOURS = ((time(9), time(12)), (time(14), time(18)))


@cache
def is_in(unit: str, top: str) -> bool:
    """Whether `unit` is `top` or lies below it."""
    step: str | None = unit
    while step is not None and step != top:
        step = ABOVE[step]
    return step == top


@dataclass(frozen=True)
class Person:
    """Somebody with roles in a unit; without an id the system itself, which is asked nothing."""

    id: int | None
    unit: str
    roles: frozenset[str]

    @property
    def is_system(self) -> bool:
        return self.id is None

    def reaches(self, *units: str | None) -> bool:
        """Whether one of the units is the own one or lies below it."""
        return self.is_system or any(is_in(unit, self.unit) for unit in units if unit is not None)

    def is_one_of(self, roles: set[str]) -> bool:
        return self.is_system or bool(self.roles & roles)


SYSTEM = Person(None, "city", frozenset())


class AllDay:
    """Time that always counts."""

    def moved(self, due: datetime, start: datetime, end: datetime) -> datetime:
        """`due`, later by what stood still from `start` to `end`."""
        return due + (end - start)

    def after(self, start: datetime, span: timedelta) -> datetime:
        return start + span


class WorkedTime:
    """Time that counts in working hours only: every stretch of many months written out, and added up."""

    def __init__(self) -> None:
        days = [date(2026, 2, 23) + DAY * later for later in range(400)]
        worked = [day for day in days if day in WORKED_TO_MAKE_UP or (day.weekday() < 5 and day not in HOLIDAYS)]
        stretches = [(day, begin, end) for day in worked for begin, end in WORKED_HOURS]
        self._starts = [datetime.combine(day, begin, ZONE).astimezone(UTC) for day, begin, _ in stretches]
        self._ends = [datetime.combine(day, end, ZONE).astimezone(UTC) for day, _, end in stretches]
        spans = [end - start for start, end in zip(self._starts, self._ends, strict=True)]
        self._sums = list(accumulate(spans))

    def _counted(self, at: datetime) -> timedelta:
        place = bisect_left(self._ends, at)
        before = self._sums[place - 1] if place else timedelta()
        return before + max(at - self._starts[place], timedelta())

    def _reached(self, counted: timedelta) -> datetime:
        place = bisect_left(self._sums, counted)
        return self._ends[place] - (self._sums[place] - counted)

    def moved(self, due: datetime, start: datetime, end: datetime) -> datetime:
        """`due`, later by the working time that stood still from `start` to `end`."""
        left = self._counted(due) - self._counted(start)
        return max(due, self._reached(self._counted(end) + left) if left else end)

    def after(self, start: datetime, span: timedelta) -> datetime:
        return self._reached(self._counted(start) + span)


ALL_DAY, WORKED = AllDay(), WorkedTime()
STEPS = ("accept", "contact", "resolve")


@dataclass
class Pause:
    """A standstill that was asked for."""

    person: int | None
    run: int
    until: datetime
    state: str = "asked"
    start: datetime | None = None
    end: datetime | None = None
    # Which clocks it stops.
    stops: frozenset[str] = frozenset()


@dataclass
class Extension:
    """More time that was asked for."""

    run: int
    until: datetime
    state: str = "asked"


@dataclass
class Mode:
    """An emergency mode of a unit."""

    unit: str
    start: datetime
    ends: datetime
    takes_in_open: bool
    ended: datetime | None = None

    def is_on(self, at: datetime) -> bool:
        return self.start <= at < (self.ended or self.ends)


@dataclass
class Round:
    """The callback about one resolution."""

    state: str = "waiting"


@dataclass(frozen=True)
class Row:
    """One row of the history, as it must be written."""

    kind: str
    before: str | None
    after: str
    person: int | None
    unit: str
    other: str | None
    reason: str | None
    at: datetime


@dataclass(eq=False, repr=False)
class Case:
    """An order as it must be."""

    intake: str
    holder: str
    started: datetime
    due: dict[str, datetime | None]
    state: str = "received"
    urgency: str = "normal"
    category: str | None = None
    handler: Person | None = None
    body: str | None = None
    assistants: set[str] = field(default_factory=set)
    target: "Case | None" = None
    before_merge: str = "received"
    returns: int = 0
    resolutions: int = 0
    done: dict[str, datetime | None] = field(default_factory=lambda: dict.fromkeys(STEPS))
    closed: datetime | None = None
    past: list[tuple[datetime | None, ...]] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    # By run of work: whether anybody has taken the emergency on.
    alarms: dict[int, str] = field(default_factory=dict)
    history: list[Row] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<an order of {self.intake}, {self.state} at {self.holder}>"

    @property
    def run(self) -> int:
        return len(self.past)

    @property
    def pause(self) -> Pause | None:
        """The one that stands now."""
        return next((each for each in self.pauses if each.state == "running"), None)

    @property
    def round(self) -> Round | None:
        """The one whose answer is waited for."""
        return next((each for each in self.rounds if each.state in {"waiting", "calling", "person"}), None)

    def seen_by(self, person: Person) -> bool:
        """Whether the order lies in the person's part of the organisation, in any way."""
        return person.reaches(self.holder, self.intake, self.body, *self.assistants)


@dataclass(frozen=True)
class Told:
    """What a person fills in beside the move."""

    reason: str = "理由"
    target: Case | None = None
    unit: str | None = None
    outcome: str = "solved"
    done: str = "送去米面"
    why_not: str | None = None
    aid: str | None = "大米10千克"
    evidence: str | None = "入户记录"


@dataclass
class City:
    """All orders and emergency modes as they must be; every method is what somebody does at `now`."""

    cases: list[Case] = field(default_factory=list)
    modes: list[Mode] = field(default_factory=list)
    # Who is out of service.
    gone: set[Person] = field(default_factory=set)

    # Receiving

    def receive(self, intake: str, now: datetime) -> Case:
        case = Case(intake, intake, now, {})
        case.due = self._fresh(case)
        case.history.append(Row("received", None, "received", None, intake, None, None, now))
        self.cases.append(case)
        return case

    # Moves

    def may_move(self, case: Case, move: str, person: Person, told: Told) -> set[str]:
        """What speaks against the move."""
        wrong = set()
        if move not in MOVES[case.state]:
            wrong.add("ImpossibleMoveError")
        if not self._is_allowed(case, move, person):
            wrong.add("NotAllowedError")
        wrong |= self._waits(case, move, person)
        if move in NEEDS_REASON and not told.reason.strip():
            wrong.add("ReasonMissingError")
        if move == "refer" and told.unit is not None and LEVEL[told.unit] not in REFERRED_TO:
            wrong.add("NotABodyError")
        if move == "merge" and told.target is not None and (told.target is case or told.target.state not in OPEN):
            wrong.add("ImpossibleMoveError")
        if move == "accept" and person in self.gone:
            wrong.add("NotAHandlerError")
        if move in {"resolve", "report_back"} and self.missing(case, told):
            wrong.add("ClosingElementsMissingError")
        return wrong

    def _waits(self, case: Case, move: str, person: Person) -> set[str]:
        """Whether somebody is missing whom the move needs."""
        if move == "rework" and (case.handler is None or case.handler in self.gone):
            return {"NobodyHadItError"}
        if move == "take_back" and case.state in {"accepted", "in_progress"} and case.handler not in self.gone:
            return {"HandlerHasItError"}
        is_appointed = move == "dispatch" and case.returns >= FIGURES[case.intake].appoint_after
        return {"SupervisorAppointsError"} if is_appointed and not person.is_one_of({"supervisor"}) else set()

    def missing(self, case: Case, told: Told) -> set[str]:
        """The closing elements that are not there."""
        there = {
            "contact": case.done["contact"] is not None,
            "done": bool(told.done.strip()),
            "why_not": told.outcome != "not_solved" or bool((told.why_not or "").strip()),
            "aid": case.category not in GIVEN_AID or bool((told.aid or "").strip()),
            "visit_record": case.category not in VISITED or bool((told.evidence or "").strip()),
        }
        return {element for element, is_there in there.items() if not is_there}

    def _is_allowed(self, case: Case, move: str, person: Person) -> bool:
        if person.is_system:
            return True
        roles = person.roles & WHO[move]
        if roles and person.reaches(case.holder):
            return True
        if roles and move in {"contact", "report_back"} and person.reaches(case.body):
            return True
        # Who only handles works on what the own part of the organisation holds, not on what merely came in there.
        return bool(roles - {"handler"}) and person.reaches(case.intake)

    def move(self, case: Case, move: str, person: Person, now: datetime, told: Told) -> None:
        """Make a move against which nothing speaks."""
        before, body, holder = case.state, case.body, case.holder
        after = MOVES[before][move]
        case.state = case.before_merge if after == BACK_WHERE_IT_WAS else after
        self._change_hands(case, move, person, told)
        self._change_relations(case, move, before, now, told)
        self._time(case, move, before, now)
        self._ask_about(case, move)
        row = Row(
            kind=move,
            before=before,
            after=case.state,
            person=person.id,
            # Who hands it on to somebody names them; who gives it back stands for himself.
            unit=case.holder if move == "dispatch" else holder,
            other={"refer": told.unit, "report_back": body, "take_back": body}.get(move),
            reason=None if move in SAYS_NOTHING else told.reason.strip() or None,
            at=now,
        )
        case.history.append(row)
        self._alarm_follows(case, move, person)

    def _change_hands(self, case: Case, move: str, person: Person, told: Told) -> None:
        match move:
            case "dispatch":
                assert told.unit is not None
                case.holder, case.handler = told.unit, None
                case.assistants.discard(told.unit)
            case "accept":
                case.handler = person
            case "return" | "take_back":
                case.holder, case.handler = case.intake, None
                case.returns += move == "return"
            case "refer":
                case.body = told.unit
        if move in {"dispatch", "take_back", "rework"}:
            case.body = None

    def _change_relations(self, case: Case, move: str, before: str, now: datetime, told: Told) -> None:
        match move:
            case "merge":
                case.before_merge, case.target = before, told.target
            case "unmerge":
                case.target = None
            case "close":
                case.closed = now
            case "reopen":
                self._begin_again(case, now)
            case "resolve" | "report_back":
                case.resolutions += 1

    def _ask_about(self, case: Case, move: str) -> None:
        """One round of the callback for each resolution, open as long as the order waits for it."""
        if move in {"resolve", "report_back"}:
            case.rounds.append(Round())
        elif case.state == "resolved":
            case.rounds[-1].state = "person"
        elif case.round is not None:
            case.round.state = "cancelled"

    def _begin_again(self, case: Case, now: datetime) -> None:
        case.past.append((case.started, *case.due.values(), *case.done.values()))
        case.started, case.done, case.closed = now, dict.fromkeys(STEPS), None
        case.due = self._fresh(case)

    def _time(self, case: Case, move: str, before: str, now: datetime) -> None:
        pause = case.pause
        if case.state != before:
            for asked in case.pauses:
                asked.state = "withdrawn" if asked.state == "asked" else asked.state
            if case.state not in SIGNED_FOR:
                self._withdraw(case)
            if pause is not None:
                self._end_pause(case, pause, "moved_on", now)
        elif move == "contact" and pause is not None and "contact" in pause.stops:
            self._move_due(case, pause, frozenset({"contact"}), min(now, pause.until))
            pause.stops -= {"contact"}
        step = {"accept": "accept", "rework": "accept", "contact": "contact"}.get(move)
        step = "resolve" if move in {"resolve", "report_back"} else step
        if step is not None:
            case.done[step] = case.done[step] or now

    # Clocks

    def mode_at(self, unit: str, at: datetime) -> Mode | None:
        """The emergency mode that counts for the unit: the one that began last."""
        on = [mode for mode in self.modes if is_in(unit, mode.unit) and mode.is_on(at)]
        return max(reversed(on), key=lambda mode: mode.start, default=None)

    def counting(self, case: Case) -> AllDay | WorkedTime:
        """How time counts for the order's present clocks."""
        is_usual = self.mode_at(case.intake, case.started) is None
        return WORKED if is_usual and case.urgency in FIGURES[case.intake].in_working_time else ALL_DAY

    def _fresh(self, case: Case) -> dict[str, datetime | None]:
        mode = self.mode_at(case.intake, case.started)
        spans = (EMERGENCY_MODE if mode else FIGURES[case.intake].limits)[case.urgency]
        return self._due(spans, case.started, self.counting(case))

    def _due(self, spans: Spans, start: datetime, counting: AllDay | WorkedTime) -> dict[str, datetime | None]:
        found: dict[str, datetime | None] = {}
        for step, span in zip(STEPS, spans, strict=True):
            if span == "day":
                midnight = datetime.combine(start.astimezone(ZONE).date() + DAY, time(0), ZONE)
                found[step] = midnight.astimezone(UTC)
            else:
                found[step] = counting.after(start, int(span) * MINUTE) if span is not None else None
        return found

    def prioritise(self, case: Case, urgency: str, now: datetime) -> None:
        """Another priority: other limits from the start, moved by what stood still; more time that was given ends."""
        case.urgency = urgency
        if case.done["resolve"] is None and case.closed is None:
            case.due = self._fresh(case)
            for pause in case.pauses:
                if pause.run == case.run and pause.start is not None and pause.end is not None:
                    self._move_due(case, pause, self._stoppable(case, pause.start), pause.end)
            pause_now = case.pause
            if pause_now is not None and pause_now.start is not None:
                pause_now.stops = self._stoppable(case, pause_now.start)
                contacted = case.done["contact"]
                if "contact" in pause_now.stops and contacted is not None:
                    self._move_due(case, pause_now, frozenset({"contact"}), contacted)
                    pause_now.stops -= {"contact"}
        self._tighten(case, now)

    def _stoppable(self, case: Case, at: datetime) -> frozenset[str]:
        """What a pause from `at` on stops: what was not done then and had not run out."""
        return frozenset(
            step
            for step in ("contact", "resolve")
            if (due := case.due[step]) is not None and due > at and not ((done := case.done[step]) and done <= at)
        )

    def _move_due(self, case: Case, pause: Pause, stopped: frozenset[str], end: datetime) -> None:
        assert pause.start is not None
        for step in stopped:
            due = case.due[step]
            assert due is not None
            case.due[step] = self.counting(case).moved(due, pause.start, end)

    def _end_pause(self, case: Case, pause: Pause, ending: str, now: datetime) -> None:
        end = min(now, pause.until)
        self._move_due(case, pause, pause.stops, end)
        pause.state, pause.end = ending, end

    # Emergency mode

    def may_switch_on(self, unit: str, person: Person, reason: str, ends: datetime, now: datetime) -> set[str]:
        wrong = self._may_switch(unit, person)
        if not reason.strip():
            wrong.add("ReasonMissingError")
        if ends <= now or ends > now + LONGEST_MODE:
            wrong.add("UnusableEndError")
        if self._own_mode(unit, now) is not None:
            wrong.add("AlreadyOnError")
        return wrong

    def may_switch_off(self, unit: str, person: Person, now: datetime) -> set[str]:
        wrong = self._may_switch(unit, person)
        if self._own_mode(unit, now) is None:
            wrong.add("NotOnError")
        return wrong

    def switch_on(self, mode: Mode, now: datetime, reason: str) -> None:
        self.modes.append(mode)
        if mode.takes_in_open:
            for case in self.cases:
                if is_in(case.intake, mode.unit):
                    self._tighten(case, now, reason)

    def switch_off(self, unit: str, now: datetime) -> None:
        mode = self._own_mode(unit, now)
        assert mode is not None
        mode.ended = now

    def _may_switch(self, unit: str, person: Person) -> set[str]:
        is_allowed = person.is_one_of({"supervisor", "administrator"}) and person.reaches(unit)
        return set() if is_allowed else {"NotAllowedError"}

    def _own_mode(self, unit: str, now: datetime) -> Mode | None:
        return next((mode for mode in self.modes if mode.unit == unit and mode.is_on(now)), None)

    def _tighten(self, case: Case, now: datetime, reason: str = "寒潮") -> None:
        mode = self.mode_at(case.intake, now)
        if mode is None or not mode.takes_in_open or case.started >= mode.start:
            return
        if case.state not in CLOCKS_RUN or case.pause is not None:
            return
        sharp = self._due(EMERGENCY_MODE[case.urgency], mode.start, ALL_DAY)
        before = dict(case.due)
        for step, limit in sharp.items():
            if limit is not None and case.done[step] is None:
                had = case.due[step]
                case.due[step] = limit if had is None else min(had, limit)
        if case.due != before:
            self._remark(case, "tightened", SYSTEM, now, reason=reason)

    # Pauses

    def may_ask_pause(self, case: Case, person: Person, reason: str, until: datetime, now: datetime) -> set[str]:
        wrong = self._cannot_pause(case, until, now)
        if not self._decides(case, person) and not self._handles(case, person):
            wrong.add("NotAllowedError")
        if not reason.strip():
            wrong.add("ReasonMissingError")
        return wrong

    def ask_pause(self, case: Case, person: Person, reason: str, until: datetime, now: datetime) -> Pause:
        for asked in case.pauses:
            asked.state = "withdrawn" if asked.state == "asked" else asked.state
        pause = Pause(person.id, case.run, until)
        case.pauses.append(pause)
        if self._decides(case, person) or not FIGURES[case.intake].pause_needs_approval:
            self._begin_pause(case, pause, person, reason, now)
        else:
            self._remark(case, "pause_asked", person, now, reason=reason)
        return pause

    def may_decide_pause(
        self, case: Case, pause: Pause, person: Person, word: str, now: datetime, *, granted: bool
    ) -> set[str]:
        wrong = self._cannot_pause(case, pause.until, now) if granted else set()
        if not self._decides(case, person):
            wrong.add("NotAllowedError")
        if pause.state != "asked":
            wrong.add("NotAskedError")
        if not granted and not word.strip():
            wrong.add("ReasonMissingError")
        return wrong

    def decide_pause(
        self, case: Case, pause: Pause, person: Person, word: str, asked_for: str, now: datetime, *, granted: bool
    ) -> None:
        if granted:
            self._begin_pause(case, pause, person, word.strip() or asked_for, now)
        else:
            pause.state = "refused"
            self._remark(case, "pause_refused", person, now, reason=word)

    def may_resume(self, case: Case, person: Person) -> set[str]:
        wrong = set() if self._decides(case, person) or self._handles(case, person) else {"NotAllowedError"}
        return wrong | (set() if case.pause is not None else {"NotPausedError"})

    def resume(self, case: Case, person: Person, now: datetime, ending: str = "resumed") -> None:
        assert case.pause is not None
        self._end_pause(case, case.pause, ending, now)
        self._remark(case, "resumed", person, now)

    def has_time(self, case: Case, now: datetime) -> bool:
        """Whether the order may stand still for a while, or get more time."""
        return not self._cannot_pause(case, now + MINUTE, now)

    def _cannot_pause(self, case: Case, until: datetime, now: datetime) -> set[str]:
        stood = [each for each in case.pauses if each.run == case.run and each.start is not None]
        so_far = sum(((each.end or now) - (each.start or now) for each in stood), timedelta())
        is_possible = (
            case.state in SIGNED_FOR
            and case.pause is None
            and until > now
            and so_far + (until - now) <= FIGURES[case.intake].longest_pause
            and bool(self._stoppable(case, now))
        )
        return set() if is_possible else {"CannotPauseError"}

    def _begin_pause(self, case: Case, pause: Pause, person: Person, reason: str, now: datetime) -> None:
        pause.state, pause.start, pause.stops = "running", now, self._stoppable(case, now)
        self._remark(case, "paused", person, now, reason=reason)

    # More time

    def may_ask_extension(self, case: Case, person: Person, reason: str, until: datetime, now: datetime) -> set[str]:
        wrong = self._cannot_extend(case, until, now)
        if not self._handles(case, person):
            wrong.add("NotAllowedError")
        if not reason.strip():
            wrong.add("ReasonMissingError")
        return wrong

    def ask_extension(self, case: Case, person: Person, reason: str, until: datetime, now: datetime) -> Extension:
        self._withdraw(case)
        extension = Extension(case.run, until)
        case.extensions.append(extension)
        self._remark(case, "extension_asked", person, now, reason=reason)
        return extension

    def may_decide_extension(
        self, case: Case, extension: Extension, person: Person, word: str, now: datetime, *, granted: bool
    ) -> set[str]:
        wrong = self._cannot_extend(case, extension.until, now) if granted else set()
        if not self._decides(case, person):
            wrong.add("NotAllowedError")
        if extension.state != "asked":
            wrong.add("NotAskedError")
        if not word.strip():
            wrong.add("ReasonMissingError")
        return wrong

    def decide_extension(
        self, case: Case, extension: Extension, person: Person, word: str, now: datetime, *, granted: bool
    ) -> None:
        extension.state = "granted" if granted else "refused"
        if granted:
            case.due["resolve"] = extension.until
        self._remark(case, "extended" if granted else "extension_refused", person, now, reason=word)

    def _cannot_extend(self, case: Case, until: datetime, now: datetime) -> set[str]:
        due = case.due["resolve"]
        is_possible = case.state in SIGNED_FOR and case.pause is None and due is not None and due > now and until > due
        return set() if is_possible else {"CannotExtendError"}

    def _withdraw(self, case: Case) -> None:
        for asked in case.extensions:
            asked.state = "withdrawn" if asked.state == "asked" else asked.state

    def _decides(self, case: Case, person: Person) -> bool:
        return person.is_one_of({"supervisor"}) and person.reaches(case.holder, case.intake)

    def _handles(self, case: Case, person: Person) -> bool:
        return person.is_one_of({"handler"}) and person.reaches(case.holder)

    # Assistance, supervision

    def may_choose_assistant(self, case: Case, unit: str, person: Person, *, is_added: bool) -> set[str]:
        wrong = set()
        if not (person.is_one_of({"dispatcher", "supervisor"}) and person.reaches(case.holder)):
            wrong.add("NotAllowedError")
        if is_added and case.state not in ASSISTED:
            wrong.add("ImpossibleMoveError")
        if is_added and unit in {case.holder, *case.assistants}:
            wrong.add("AssistsAlreadyError")
        if not is_added and unit not in case.assistants:
            wrong.add("NotAssistingError")
        return wrong

    def choose_assistant(self, case: Case, unit: str, person: Person, now: datetime, *, is_added: bool) -> None:
        case.assistants = case.assistants | {unit} if is_added else case.assistants - {unit}
        self._remark(case, "assistant_added" if is_added else "assistant_removed", person, now, other=unit)

    def may_report_assistance(self, case: Case, unit: str, person: Person, done: str) -> set[str]:
        wrong = set()
        if unit not in case.assistants:
            wrong.add("NotAssistingError")
        if person.is_system or not (person.roles & {"handler", "dispatcher", "supervisor"} and person.reaches(unit)):
            wrong.add("NotAllowedError")
        if case.state not in OPEN:
            wrong.add("ImpossibleMoveError")
        if not done.strip():
            wrong.add("NothingSaidError")
        return wrong

    def report_assistance(self, case: Case, unit: str, person: Person, done: str, now: datetime) -> None:
        self._remark(case, "assisted", person, now, other=unit, reason=done)

    def may_supervise(self, case: Case, person: Person, text: str) -> set[str]:
        wrong = set() if self._decides(case, person) else {"NotAllowedError"}
        return wrong | (set() if text.strip() else {"ReasonMissingError"})

    def supervise(self, case: Case, person: Person, text: str, now: datetime) -> None:
        self._remark(case, "supervised", person, now, reason=text)

    def time_passed(self, now: datetime) -> None:
        """What ends by itself has ended."""
        for case in self.cases:
            if case.pause is not None and case.pause.until <= now:
                self.resume(case, SYSTEM, now, "expired")

    # Facts and alarms

    def may_confirm(self, person: Person) -> set[str]:
        return set() if person.is_one_of(REVIEWERS) else {"NotAllowedError"}

    def confirm(self, case: Case, name: str, value: str, now: datetime) -> None:
        """A reviewer's word on category or urgency."""
        if name == "category":
            case.category = value
        has_changed = name == "urgency" and value != case.urgency
        if has_changed:
            self.prioritise(case, value, now)
        if case.urgency != "emergency":
            self._alarm(case, {"ringing": "over"})
        elif case.state in OPEN:
            self._begin_alarm(case, has_changed)

    def takes_on(self, case: Case, person: Person) -> bool:
        """Whether the person who opens the order is the one who takes the emergency on."""
        can_act = not person.is_system and person.is_one_of(ACTS_ON_EMERGENCIES)
        return can_act and person.reaches(case.holder, case.intake) and case.alarms.get(case.run) == "ringing"

    def take_on(self, case: Case) -> None:
        self._alarm(case, {"ringing": "acknowledged"})

    def _begin_alarm(self, case: Case, is_new: bool) -> None:
        if case.run in case.alarms:
            if is_new:
                self._alarm(case, {"over": "ringing"})
        elif is_new or not case.alarms:
            case.alarms[case.run] = "ringing"

    def _alarm_follows(self, case: Case, move: str, person: Person) -> None:
        if case.state not in OPEN:
            self._alarm(case, {"ringing": "over"})
        elif not person.is_system or move in {"accept", "contact"}:
            self._alarm(case, {"ringing": "acknowledged"})

    def _alarm(self, case: Case, becomes: dict[str, str]) -> None:
        if case.run in case.alarms:
            state = case.alarms[case.run]
            case.alarms[case.run] = becomes.get(state, state)

    # The callback

    def may_answer(self, case: Case, asked: Round, person: Person) -> set[str]:
        """Who may close the order may ask its caller."""
        wrong = set() if self._is_allowed(case, "close", person) else {"NotAllowedError"}
        return wrong | (set() if case.round is asked else {"ImpossibleMoveError"})

    def may_give_up(self, case: Case, asked: Round, person: Person) -> set[str]:
        wrong = self.may_answer(case, asked, person)
        return wrong | (set() if asked.state == "person" else {"ImpossibleMoveError"})

    def answer(self, case: Case, person: Person, resolved: str, satisfied: str, now: datetime) -> None:
        """Only no, partly or dissatisfied opens the order again."""
        assert case.round is not None
        case.round.state = "answered"
        told = Told(reason=f"callback:{resolved}/{satisfied}")
        if resolved == "yes" and satisfied != "dissatisfied":
            self.move(case, "close", person, now, told)
        else:
            self.move(case, "reopen", SYSTEM, now, told)

    def give_up(self, case: Case, person: Person, now: datetime) -> None:
        assert case.round is not None
        case.round.state = "not_reached"
        self.move(case, "close", person, now, Told(reason="callback:not_reached"))

    def _remark(
        self,
        case: Case,
        kind: str,
        person: Person,
        now: datetime,
        *,
        other: str | None = None,
        reason: str | None = None,
    ) -> None:
        case.history.append(Row(kind, case.state, case.state, person.id, case.holder, other, reason, now))


def replayed(history: list[Row]) -> str:
    """The state to which a history leads by the table alone; raises where a row cannot follow the one before."""
    state = before_merge = "received"
    for row in history:
        if row.kind not in ALL_MOVES:
            assert row.before in {None, state}, row
            assert row.after == state, row
            continue
        assert row.before == state, row
        after = MOVES[state][row.kind]
        before_merge = state if row.kind == "merge" else before_merge
        state = before_merge if after == BACK_WHERE_IT_WAS else after
        assert row.after == state, row
    return state


def flawed(told: Told, flaw: str) -> Told:
    """What was filled in, with one thing left out."""
    match flaw:
        case "reason":
            return replace(told, reason=" \n")
        case "done":
            return replace(told, done="  ")
        case "why_not":
            return replace(told, outcome="not_solved", why_not=" ")
        case "aid":
            return replace(told, aid=" ")
        case "evidence":
            return replace(told, evidence=None)
    return told
