"""What people do about a result that waits for a word, and about the secrecy of an order: forms and what they do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from hotline.console.closing_words import missing_words
from hotline.console.forms import MoveForm, NeededWordForm, ReasonForm, WordForm
from hotline.console.moves import Doing, UnusableFieldError
from hotline.models import Approval
from hotline.services import clocks, orders, results, secrecy
from hotline.services.desk.endings import EndingDesk, EndingRequest
from hotline.services.orders import ChangedMeanwhileError, ReasonMissingError
from hotline.services.results import ClosingElementsMissingError, NotReportedError
from hotline.services.secrecy import AlreadySoError


@dataclass(frozen=True)
class RequestKind:
    """What a request asks, and what it does with the answers."""

    form: type[MoveForm]
    act: Callable[[Doing, Any], None]


def form_for(request: EndingRequest, **given: Any) -> MoveForm:
    """The form of a request; `given` goes to the form."""
    return REQUESTS[request].form(**given)


def forms_for(found: EndingDesk) -> dict[EndingRequest, MoveForm]:
    """A fresh form for each request that is offered."""
    return {request: form_for(request, formdata=None) for request in found.requests}


def make(doing: Doing, request: EndingRequest, form: MoveForm, seen: int) -> None:
    """Do what is asked of an order that was looked at when its version was `seen`.

    Raises:
        UnusableFieldError: what was filled in cannot be used.
        ChangedMeanwhileError: the order is not what the person saw.
        NotAllowedError
    """
    orders.check_unchanged(doing.order, seen)
    try:
        REQUESTS[request].act(doing, form)
    except ReasonMissingError as error:
        field = "reason" if isinstance(form, ReasonForm) else "word"
        raise UnusableFieldError({field: gettext("Please fill this in.")}) from error
    except (NotReportedError, AlreadySoError) as error:
        raise ChangedMeanwhileError([]) from error


def _approve(doing: Doing, form: WordForm) -> None:
    approval = _waiting(doing)
    try:
        results.approve(doing.session, approval, doing.actor, doing.now, doing.zone, form.word.data or "")
    except ClosingElementsMissingError as error:
        missing = " ".join(missing_words(element, doing.order.category) for element in error.missing)
        words = gettext("The order needs more by now, so send the result back. %(missing)s", missing=missing)
        raise UnusableFieldError({"word": words}) from error


def _send_back(doing: Doing, form: NeededWordForm) -> None:
    results.send_back(doing.session, _waiting(doing), form.word.data, doing.actor, doing.now)


def _waiting(doing: Doing) -> Approval:
    approval = clocks.asked_approval(doing.order)
    if approval is None:
        raise ChangedMeanwhileError([])
    return approval


def _set_secret(*, is_secret: bool) -> Callable[[Doing, ReasonForm], None]:
    def act(doing: Doing, form: ReasonForm) -> None:
        secrecy.set_secret(doing.session, doing.order, form.reason.data, doing.actor, doing.now, is_secret=is_secret)

    return act


REQUESTS: Mapping[EndingRequest, RequestKind] = {
    EndingRequest.APPROVE: RequestKind(WordForm, _approve),
    EndingRequest.SEND_BACK: RequestKind(NeededWordForm, _send_back),
    EndingRequest.MAKE_SECRET: RequestKind(ReasonForm, _set_secret(is_secret=True)),
    EndingRequest.LIFT_SECRECY: RequestKind(ReasonForm, _set_secret(is_secret=False)),
}
