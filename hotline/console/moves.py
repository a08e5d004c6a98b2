"""Every move of an order as the console offers it: what it asks the person, and what it does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from sqlalchemy.orm import Session

from hotline.console.closing_words import missing_words
from hotline.console.forms import (
    AnswerForm,
    CloseForm,
    ContactForm,
    MergeForm,
    MoveForm,
    ReasonForm,
    ReferForm,
    ResultForm,
    UnitForm,
)
from hotline.models import Order, Outcome, Unit, User
from hotline.rules.closing import Element
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.order_states import Move
from hotline.services import catalogue, clocks, orders, organisation, results
from hotline.services.access import Actor
from hotline.services.desk import orders as desk
from hotline.services.desk.orders import UnitChoice
from hotline.services.orders import ChangedMeanwhileError, ReasonMissingError
from hotline.services.results import ClosingElementsMissingError, Report


class UnusableFieldError(ValueError):
    """What was filled in cannot be used; `troubles` says by field what is wrong, "" is the form as a whole."""

    def __init__(self, troubles: Mapping[str, str]) -> None:
        super().__init__(", ".join(troubles))
        self.troubles = troubles


@dataclass(frozen=True)
class Doing:
    """Who does something to which order, and when."""

    session: Session
    order: Order
    actor: Actor
    now: datetime
    zone: ZoneInfo


@dataclass(frozen=True)
class MoveKind:
    """What a move asks, and what it does with the answers."""

    form: type[MoveForm]
    act: Callable[[Doing, Any], None]


def form_for(move: Move, units: Sequence[UnitChoice], **given: Any) -> MoveForm:
    """The form of a move, with its choices; `given` goes to the form."""
    form = MOVES[move].form(**given)
    if isinstance(form, UnitForm):
        form.offer([unit for unit in units if move != Move.REFER or unit.level in orders.BODIES])
    return form


def seen_version(form: MoveForm) -> int | None:
    """Which version of the order the person looked at; None when that is no number."""
    version = str(form.version.data)
    return int(version) if version.isdecimal() and version.isascii() else None


def order_beside(form: MoveForm) -> str | None:
    """The number of the other order that the move is about."""
    return str(form.number.data) if isinstance(form, MergeForm) else None


def make(doing: Doing, move: Move, form: MoveForm, seen: int) -> None:
    """Make the move of an order that was looked at when its version was `seen`.

    Raises:
        UnusableFieldError: what was filled in cannot be used.
        ChangedMeanwhileError, ImpossibleMoveError: the order is not what the person saw.
        NotAllowedError
    """
    orders.check_unchanged(doing.order, seen)
    try:
        MOVES[move].act(doing, form)
    except ReasonMissingError as error:
        raise UnusableFieldError({"reason": gettext("Please fill this in.")}) from error


def _plain(move: Move) -> MoveKind:
    return MoveKind(MoveForm, lambda doing, _form: _move(doing, move, None))


def _with_reason(move: Move, form: type[MoveForm] = ReasonForm) -> MoveKind:
    return MoveKind(form, lambda doing, filled: _move(doing, move, filled.reason.data))


def _move(doing: Doing, move: Move, reason: str | None) -> None:
    orders.move(doing.session, doing.order, move, doing.actor, doing.now, reason)


def _triage(doing: Doing, _form: MoveForm) -> None:
    catalogue.triage(doing.session, doing.order, doing.actor, doing.now)


def _dispatch(doing: Doing, form: UnitForm) -> None:
    """To the unit that was chosen; by the catalogue's row, with those who assist by it, where that is what it says."""
    unit, named = _unit(doing, form), catalogue.recipient_of(doing.session, doing.order)
    if named.row is not None and named.unit == unit:
        catalogue.dispatch(doing.session, doing.order, doing.actor, doing.now, form.note.data)
    else:
        orders.dispatch(doing.session, doing.order, unit, doing.actor, doing.now, form.note.data)


def _accept(doing: Doing, _form: MoveForm) -> None:
    handler = doing.session.get_one(User, doing.actor.user_id)
    orders.accept(doing.session, doing.order, handler, doing.actor, doing.now)


def _return(doing: Doing, form: ReasonForm) -> None:
    orders.give_back(doing.session, doing.order, doing.actor, doing.now, form.reason.data)


def _take_back(doing: Doing, form: ReasonForm) -> None:
    orders.take_back(doing.session, doing.order, doing.actor, doing.now, form.reason.data)


def _contact(doing: Doing, form: ContactForm) -> None:
    orders.contact(doing.session, doing.order, doing.actor, doing.now, form.how.data)


def _refer(doing: Doing, form: ReferForm) -> None:
    body = _unit(doing, form)
    reason = gettext("%(body)s: %(reason)s", body=body.name, reason=form.note.data)
    orders.refer(doing.session, doing.order, body, doing.actor, doing.now, reason)


def _close(doing: Doing, form: CloseForm) -> None:
    orders.close(doing.session, doing.order, doing.actor, doing.now, form.reason.data)


def _reopen(doing: Doing, form: ReasonForm) -> None:
    unit = doing.session.get_one(Unit, doing.order.intake_unit_id)
    limits = clocks.limits_for(doing.session, unit, doing.order.urgency, doing.now, doing.zone)
    orders.reopen(doing.session, doing.order, doing.actor, doing.now, form.reason.data, limits, doing.zone)


def _merge(doing: Doing, form: MergeForm) -> None:
    into = desk.to_change(doing.session, doing.actor, form.number.data)
    if into is None:
        raise UnusableFieldError({"number": gettext("There is no such order.")})
    if into.merged_into_id == doing.order.id:
        raise ChangedMeanwhileError(into.history[-1:])  # somebody merged the two the other way round
    try:
        orders.merge(doing.session, doing.order, into, doing.actor, doing.now, form.reason.data)
    except ImpossibleMoveError as error:
        raise UnusableFieldError({"number": gettext("That order is this one, or is not open.")}) from error


def _unmerge(doing: Doing, _form: MoveForm) -> None:
    orders.unmerge(doing.session, doing.order, doing.actor, doing.now)


def _report(doing: Doing, form: ResultForm) -> None:
    told = Report(
        outcome=Outcome(form.outcome.data),
        done=form.done.data or "",
        why_not=form.why_not.data or None,
        aid=form.aid.data or None,
        evidence=form.evidence.data or None,
    )
    try:
        results.report(doing.session, doing.order, told, doing.actor, doing.now, doing.zone)
    except ClosingElementsMissingError as error:
        category = doing.order.category
        missing = {_FIELD[element]: missing_words(element, category) for element in error.missing}
        raise UnusableFieldError(missing) from error


# Where it is said that an element is missing.
_FIELD: Mapping[Element, str] = {
    Element.CONTACT: "",
    Element.DONE: "done",
    Element.WHY_NOT: "why_not",
    Element.AID: "aid",
    Element.VISIT_RECORD: "evidence",
    Element.PHOTO: "photos",
}


def _unit(doing: Doing, form: UnitForm) -> Unit:
    unit = organisation.unit_by_code(doing.session, form.unit.data)
    if unit is None:
        raise UnusableFieldError({"unit": gettext("Please choose one.")})
    return unit


MOVES: Mapping[Move, MoveKind] = {
    Move.TRIAGE: MoveKind(MoveForm, _triage),
    Move.INVALIDATE: _with_reason(Move.INVALIDATE),
    Move.RESTORE: _plain(Move.RESTORE),
    Move.DISPATCH: MoveKind(UnitForm, _dispatch),
    Move.ANSWER: _with_reason(Move.ANSWER, AnswerForm),
    Move.ACCEPT: MoveKind(MoveForm, _accept),
    Move.RETURN: MoveKind(ReasonForm, _return),
    Move.CONTACT: MoveKind(ContactForm, _contact),
    Move.RESOLVE: MoveKind(ResultForm, _report),
    Move.REFER: MoveKind(ReferForm, _refer),
    Move.REPORT_BACK: MoveKind(ResultForm, _report),
    Move.TAKE_BACK: MoveKind(ReasonForm, _take_back),
    Move.CLOSE: MoveKind(CloseForm, _close),
    Move.REOPEN: MoveKind(ReasonForm, _reopen),
    Move.REWORK: _plain(Move.REWORK),
    Move.MERGE: MoveKind(MergeForm, _merge),
    Move.UNMERGE: MoveKind(MoveForm, _unmerge),
}
