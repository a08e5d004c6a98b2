"""The clocks of one order as people read them: how each step stands, what stopped or moved it, who had to look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from hotline.models import Extension, Notice, Order, OrderClocks, Pause
from hotline.rules.clocks import BROKEN, PAUSABLE, Deadlines, Done, Standing, Step, standing
from hotline.rules.supervision import TIMED, ExtensionState, PauseState
from hotline.services import clocks, extensions, pauses, supervision
from hotline.services.access import Actor, supervises


class ClockRequest(StrEnum):
    """What a person does about the clocks of an order."""

    ASK_PAUSE = "ask_pause"
    DECIDE_PAUSE = "decide_pause"
    RESUME = "resume"
    ASK_EXTENSION = "ask_extension"
    DECIDE_EXTENSION = "decide_extension"
    NOTE = "note"


@dataclass(frozen=True)
class StepDesk:
    """One step of a run of work against its limit; `span` is what is left of it, or by how much it is late."""

    step: Step
    due_at: datetime | None
    done_at: datetime | None
    standing: Standing
    span: timedelta

    @property
    def is_broken(self) -> bool:
        """Whether the limit was not kept."""
        return self.standing in BROKEN


@dataclass(frozen=True)
class PastRun:
    """A run of work that a reopening ended; `number` counts from 1."""

    number: int
    started_at: datetime
    steps: tuple[StepDesk, ...]

    @property
    def is_broken(self) -> bool:
        """Whether any limit was not kept."""
        return any(step.is_broken for step in self.steps)


@dataclass(frozen=True)
class ClockDesk:
    """Everything about an order's clocks, and what the actor may do about them."""

    steps: tuple[StepDesk, ...]
    past: tuple[PastRun, ...]
    pauses: Sequence[Pause]
    extensions: Sequence[Extension]
    notices: Sequence[Notice]
    # Ids of those readers of notices that the actor is, and who have not looked yet.
    unseen: frozenset[int]
    requests: tuple[ClockRequest, ...]
    left_to_pause: timedelta
    pause_begins_at_once: bool

    @property
    def pause(self) -> Pause | None:
        """The one that stops the clocks now."""
        return next((each for each in self.pauses if each.state == PauseState.RUNNING), None)

    @property
    def asked_pause(self) -> Pause | None:
        """The one that waits for a supervisor's word."""
        return next((each for each in self.pauses if each.state == PauseState.ASKED), None)

    @property
    def asked_extension(self) -> Extension | None:
        """The request for more time that waits for a supervisor's word."""
        return next((each for each in self.extensions if each.state == ExtensionState.ASKED), None)

    @property
    def over(self) -> list[Pause | Extension]:
        """The pauses and requests that wait for nothing any more, the latest first."""
        over: list[Pause | Extension] = [
            *(each for each in self.pauses if each.state not in {PauseState.RUNNING, PauseState.ASKED}),
            *(each for each in self.extensions if each.state != ExtensionState.ASKED),
        ]
        return sorted(over, key=lambda each: each.asked_at, reverse=True)


def of_order(session: Session, actor: Actor, order: Order, now: datetime) -> ClockDesk:
    """What the page of an order that the actor sees tells of its clocks."""
    notices = supervision.of_order(session, order)
    return ClockDesk(
        steps=_present_run(order, now),
        past=tuple(_past_runs(order, now)),
        pauses=order.pauses,
        extensions=order.extensions,
        notices=notices,
        unseen=frozenset(
            reader.id
            for notice in notices
            for reader in notice.readers
            if reader.seen_at is None and supervision.is_for(reader, actor)
        ),
        requests=tuple(_offered(session, actor, order, now)),
        left_to_pause=pauses.left_to_pause(session, order, now),
        pause_begins_at_once=pauses.begins_at_once(session, order, actor),
    )


def _offered(session: Session, actor: Actor, order: Order, now: datetime) -> Iterator[ClockRequest]:
    decides = supervises(session, actor, order)
    if decides and clocks.asked_pause(order) is not None:
        yield ClockRequest.DECIDE_PAUSE
    # Nothing runs out meanwhile; once the clocks run on, whoever asked may still need it.
    if decides and order.paused_at is None and clocks.asked_extension(order) is not None:
        yield ClockRequest.DECIDE_EXTENSION
    if order.paused_at is not None and pauses.may_ask(session, order, actor):
        yield ClockRequest.RESUME
    if pauses.may_ask(session, order, actor) and pauses.is_possible(session, order, now):
        yield ClockRequest.ASK_PAUSE
    if extensions.may_ask(session, order, actor) and extensions.is_possible(order, now):
        yield ClockRequest.ASK_EXTENSION
    if decides:
        yield ClockRequest.NOTE


def _present_run(order: Order, now: datetime) -> tuple[StepDesk, ...]:
    ended_at = None if order.state in TIMED else _ended_at(order, now)
    steps = _steps(clocks.until(order), clocks.done(order), now, ended_at, order.paused_at)
    pause = clocks.running_pause(order)
    left = {Step.CONTACT: pause.contact_left, Step.RESOLVE: pause.resolve_left} if pause else {}
    return (*(_with_left(step, left.get(step.step)) for step in steps), *_word_due(order, now))


def _word_due(order: Order, now: datetime) -> Iterator[StepDesk]:
    if order.decide_by is not None:
        stands, span = standing(order.decide_by, None, now, ended_at=None, is_stopped=False)
        yield StepDesk(Step.DECIDE, order.decide_by, None, stands, span)


def _with_left(step: StepDesk, left: timedelta | None) -> StepDesk:
    if step.standing != Standing.STOPPED or left is None:
        return step
    return StepDesk(step.step, step.due_at, step.done_at, step.standing, left)


def _past_runs(order: Order, now: datetime) -> Iterator[PastRun]:
    starts = [*(run.started_at for run in order.past_clocks), order.clocks_started_at]
    for run, reopened_at in zip(order.past_clocks, starts[1:], strict=True):
        done = {Step.ACCEPT: run.accepted_at, Step.CONTACT: run.contacted_at, Step.RESOLVE: run.resolved_at}
        yield PastRun(run.run + 1, run.started_at, _steps(_until(run), done, now, _ended_at(order, reopened_at), None))


def _until(run: OrderClocks) -> Deadlines:
    return Deadlines(run.accept_by, run.contact_by, run.resolve_by)


def _steps(
    until: Deadlines, done: Done, now: datetime, ended_at: datetime | None, paused_at: datetime | None
) -> tuple[StepDesk, ...]:
    limits = {Step.ACCEPT: until.accept_by, Step.CONTACT: until.contact_by, Step.RESOLVE: until.resolve_by}

    def one(step: Step, due: datetime | None) -> StepDesk:
        is_stopped = bool(paused_at and due and step in PAUSABLE and due > paused_at)
        stands, span = standing(due, done[step], now, ended_at=ended_at, is_stopped=is_stopped)
        return StepDesk(step, due, done[step], stands, span)

    return tuple(one(step, due) for step, due in limits.items())


def _ended_at(order: Order, by: datetime) -> datetime:
    """When our work on the order ended last before `by`: after that it waited for its caller, or for nobody."""
    ends = [
        event.at
        for event in order.history
        if event.at <= by and event.from_state in TIMED and event.to_state not in TIMED
    ]
    return ends[-1] if ends else by
