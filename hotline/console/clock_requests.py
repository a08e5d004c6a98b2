"""What people do about the clocks of an order: what each request asks of them, and what it does with the answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from hotline.console.clock_forms import (
    GRANT,
    ExtensionDecisionForm,
    ExtensionForm,
    NoteForm,
    PauseDecisionForm,
    PauseForm,
)
from hotline.console.forms import MoveForm
from hotline.console.moves import Doing, UnusableFieldError
from hotline.console.words import word
from hotline.rules.supervision import Obstacle
from hotline.services import clocks, extensions, orders, pauses, supervision
from hotline.services.desk.clocks import ClockDesk, ClockRequest
from hotline.services.extensions import CannotExtendError
from hotline.services.orders import ChangedMeanwhileError, ReasonMissingError
from hotline.services.pauses import CannotPauseError, NotPausedError


@dataclass(frozen=True)
class RequestKind:
    """The form of a request, and what is done with it."""

    form: type[MoveForm]
    act: Callable[[Doing, Any], None]


# Which of them lie in the time that was chosen; the others are of the order as it stands.
_OF_THE_TIME = frozenset({Obstacle.ENDS_TOO_EARLY, Obstacle.TOO_LONG, Obstacle.GAINS_NOTHING})


def form_for(request: ClockRequest, **given: Any) -> MoveForm:
    """The form of a request; `given` goes to the form."""
    return REQUESTS[request].form(**given)


def forms_for(desk: ClockDesk) -> dict[ClockRequest, MoveForm]:
    """An empty form for each request that is offered."""
    return {request: form_for(request, formdata=None) for request in desk.requests}


def make(doing: Doing, request: ClockRequest, form: MoveForm, seen: int) -> None:
    """Do what was asked, with an order that was looked at when its version was `seen`.

    Raises:
        UnusableFieldError: what was filled in cannot be used, or the order does not allow it any more.
        ChangedMeanwhileError: the order is not what the person saw.
        NotAllowedError
    """
    orders.check_unchanged(doing.order, seen)
    try:
        REQUESTS[request].act(doing, form)
    except (CannotPauseError, CannotExtendError) as error:
        field = "until" if error.why in _OF_THE_TIME and "until" in form else ""
        raise UnusableFieldError({field: word(error.why)}) from error
    except ReasonMissingError as error:
        raise UnusableFieldError({"word": gettext("Please fill this in.")}) from error


def _ask_pause(doing: Doing, form: PauseForm) -> None:
    until, reason = form.until.moment, form.reason.data
    pauses.ask(doing.session, doing.order, until, reason, doing.actor, doing.now, doing.zone)


def _decide_pause(doing: Doing, form: PauseDecisionForm) -> None:
    pause = clocks.asked_pause(doing.order)
    if pause is None:
        raise ChangedMeanwhileError([])
    granted = form.decision.data == GRANT
    pauses.decide(doing.session, pause, doing.actor, doing.now, granted=granted, word=form.word.data or "")


def _resume(doing: Doing, _form: MoveForm) -> None:
    try:
        pauses.resume(doing.session, doing.order, doing.actor, doing.now)
    except NotPausedError as error:
        raise ChangedMeanwhileError([]) from error


def _ask_extension(doing: Doing, form: ExtensionForm) -> None:
    extensions.ask(doing.session, doing.order, form.until.moment, form.reason.data, doing.actor, doing.now)


def _decide_extension(doing: Doing, form: ExtensionDecisionForm) -> None:
    extension = clocks.asked_extension(doing.order)
    if extension is None:
        raise ChangedMeanwhileError([])
    granted = form.decision.data == GRANT
    extensions.decide(doing.session, extension, form.word.data, doing.actor, doing.now, granted=granted)


def _note(doing: Doing, form: NoteForm) -> None:
    supervision.note(doing.session, doing.order, form.note.data, doing.actor, doing.now)


REQUESTS: Mapping[ClockRequest, RequestKind] = {
    ClockRequest.ASK_PAUSE: RequestKind(PauseForm, _ask_pause),
    ClockRequest.DECIDE_PAUSE: RequestKind(PauseDecisionForm, _decide_pause),
    ClockRequest.RESUME: RequestKind(MoveForm, _resume),
    ClockRequest.ASK_EXTENSION: RequestKind(ExtensionForm, _ask_extension),
    ClockRequest.DECIDE_EXTENSION: RequestKind(ExtensionDecisionForm, _decide_extension),
    ClockRequest.NOTE: RequestKind(NoteForm, _note),
}
