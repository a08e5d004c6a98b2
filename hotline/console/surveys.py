"""Callback surveys: those that a machine could not finish, asked by a person, and what the others brought."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm.exc import StaleDataError

from hotline.console.forms import AnswersForm, Form, NoteForm
from hotline.console.person import person
from hotline.rules.machine import ImpossibleMoveError
from hotline.rules.survey_states import Reason, Resolved, RoundState, Satisfied
from hotline.services import surveys
from hotline.services.desk import surveys as desk
from hotline.services.desk.surveys import SurveyDesk
from hotline.web import runtime

# Somebody else finished the round, just now or in the very same moment.
_QUICKER = (ImpossibleMoveError, StaleDataError)

area = Blueprint("surveys", __name__, url_prefix="/surveys")


@area.get("")
def page() -> str:
    """The rounds that wait for a person, the latest that ended, and the sums."""
    return _page()


@area.post("/<row:round_id>/answers")
def answer(round_id: int) -> ResponseReturnValue:
    """A person reached the caller and asked."""
    form, held, actor = AnswersForm(), runtime(), person().actor
    if not form.validate():
        return _page(round_id, form), 422
    try:
        with held.transaction() as session:
            surveys.answer_by_person(
                session,
                desk.to_change(session, actor, round_id) or abort(404),
                Resolved(form.resolved.data),
                Satisfied(form.satisfied.data),
                Reason(form.reason.data) if form.reason.data else None,
                form.note.data or None,
                actor,
                held.now(),
                held.settings.zone,
            )
    except _QUICKER:
        return _page(round_id, form, is_outdated=True), 409
    flash(gettext("The answers are kept."))
    return redirect(url_for("surveys.page"))


@area.post("/<row:round_id>/given-up")
def give_up(round_id: int) -> ResponseReturnValue:
    """A person did not reach the caller either."""
    form, held, actor = NoteForm(), runtime(), person().actor
    if not form.validate():
        return _page(round_id, form), 422
    try:
        with held.transaction() as session:
            survey = desk.to_change(session, actor, round_id) or abort(404)
            surveys.give_up_by_person(session, survey, form.note.data, actor, held.now())
    except _QUICKER:
        return _page(round_id, form, is_outdated=True), 409
    flash(gettext("Noted as not reached."))
    return redirect(url_for("surveys.page"))


def _page(refused_id: int | None = None, refused: Form | None = None, *, is_outdated: bool = False) -> str:
    held = runtime()
    with held.transaction() as session:
        found = desk.overview(session, person().actor, held.now())
    return render_template(
        "surveys.html",
        found=found,
        period_days=desk.PERIOD.days,
        answers_forms=_forms(AnswersForm, found, refused_id, refused),
        note_forms=_forms(NoteForm, found, refused_id, refused),
        RoundState=RoundState,
        outdated=refused if is_outdated else None,
    )


def _forms(kind: type[Form], found: SurveyDesk, refused_id: int | None, refused: Form | None) -> dict[int, Form]:
    """One for each round that waits, the refused one with what was filled in."""
    forms = {survey.id: kind(formdata=None) for survey in found.for_person}
    if refused_id is not None and isinstance(refused, kind):
        forms[refused_id] = refused
    return forms
