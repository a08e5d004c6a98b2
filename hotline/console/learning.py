"""What the service learns here: rounds of learning and their figures, the model in use, local words to decide about."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from hotline.console.forms import LocalWordForm
from hotline.console.person import person
from hotline.models import LocalWord
from hotline.rules.learning import EXAM_AT_LEAST, EXAMPLES_AT_LEAST, FROM_HOUR, NEW_AT_LEAST, UNTIL_HOUR
from hotline.services import learning, local_words
from hotline.services.access import Actor
from hotline.services.desk import learning as desk
from hotline.services.desk.learning import LearningDesk
from hotline.services.learning import NotUsableError
from hotline.services.local_words import AlreadyDecidedError, NotAWordError
from hotline.web import runtime

area = Blueprint("learning", __name__, url_prefix="/learning")

_REJECT = "reject"


@area.get("")
def page() -> str:
    """What is in use, what each round brought, and which words wait for a decision."""
    return _page()


@area.post("/rounds")
def learn() -> ResponseReturnValue:
    """Ask for a round of learning, without waiting for the night."""
    held, actor = runtime(), person().actor
    with held.transaction() as session:
        learning.ask(session, actor, held.now())
    flash(gettext("A round of learning has been asked for; it begins when no recording waits."))
    return redirect(url_for("learning.page"))


@area.post("/rounds/<row:round_id>/use")
def use(round_id: int) -> ResponseReturnValue:
    """Understand with what that round made."""
    held, actor = runtime(), person().actor
    try:
        with held.transaction() as session:
            chosen = learning.round_by_id(session, round_id) or abort(404)
            learning.put_in_use(session, chosen, actor, held.now())
    except NotUsableError:
        abort(404)
    return _chosen()


@area.post("/base/use")
def use_base() -> ResponseReturnValue:
    """Understand with what comes with the service."""
    held, actor = runtime(), person().actor
    with held.transaction() as session:
        learning.put_in_use(session, None, actor, held.now())
    return _chosen()


def _chosen() -> ResponseReturnValue:
    flash(gettext("Put into use; those who understand change over within seconds."))
    return redirect(url_for("learning.page"))


@area.post("/words/<row:word_id>")
def decide(word_id: int) -> ResponseReturnValue:
    """Take a word in as a place or a medicine, or turn it down."""
    held, actor, form = runtime(), person().actor, LocalWordForm()
    is_rejected = request.form.get("decision") == _REJECT
    with held.transaction() as session:
        form.offer(desk.units(session))
    if not is_rejected and not form.validate():
        return _page(word_id, form), 422
    try:
        with held.transaction() as session:
            word = local_words.to_decide(session, word_id) or abort(404)
            _decision(form, is_rejected=is_rejected)(session, word, actor, held.now())
    except NotAWordError as error:
        form.word.errors = [_why(error)]
        return _page(word_id, form), 422
    except AlreadyDecidedError:
        flash(gettext("Somebody else has decided about this word meanwhile."))
        return redirect(url_for("learning.page"))
    flash(gettext("Kept; it is not asked about again."))
    return redirect(url_for("learning.page"))


Decision = Callable[[Session, LocalWord, Actor, datetime], None]


def _decision(form: LocalWordForm, *, is_rejected: bool) -> Decision:
    if is_rejected:
        return local_words.reject
    name = form.word.data
    if form.names.data == form.DRUG:
        return lambda session, word, actor, now: local_words.accept_drug(session, word, name, actor, now)

    def accept(session: Session, word: LocalWord, actor: Actor, now: datetime) -> None:
        unit = desk.unit_of(session, form.names.data) or abort(404)
        local_words.accept_place(session, word, name, unit, actor, now)

    return accept


def _why(error: NotAWordError) -> str:
    if error.is_taken:
        return str(gettext("This name stands in the list already."))
    return str(gettext("A name has 2 to %(most)d Chinese characters.", most=local_words.LONGEST_WORD))


def _page(refused_id: int | None = None, refused: LocalWordForm | None = None) -> str:
    with runtime().transaction() as session:
        found = desk.overview(session, person().actor)
    return render_template(
        "learning.html",
        found=found,
        forms=_forms(found, refused_id, refused),
        least={"examples": EXAMPLES_AT_LEAST, "exam": EXAM_AT_LEAST, "new": NEW_AT_LEAST},
        hours=(FROM_HOUR, UNTIL_HOUR),
    )


def _forms(found: LearningDesk, refused_id: int | None, refused: LocalWordForm | None) -> dict[int, LocalWordForm]:
    """One for each word that waits, the refused one with what was filled in."""
    forms = {}
    for word in found.proposed:
        form = LocalWordForm(formdata=None, word=word.word, names=LocalWordForm.DRUG if word.kind == "drug" else "")
        form.offer(found.units)
        forms[word.id] = refused if refused and word.id == refused_id else form
    return forms
