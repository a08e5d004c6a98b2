"""Orders that 12345 and other platforms pass on: files brought in and answered row by row, results written back."""

from collections.abc import Callable

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from hotline.console.lists import page_number
from hotline.console.person import person
from hotline.console.transfer_forms import TransferForm, WriteForm
from hotline.console.transfer_words import column_words, row_trouble, source_trouble, table_trouble
from hotline.models import ResultFile
from hotline.services import transfers
from hotline.services.desk import transfers as desk
from hotline.services.desk import units
from hotline.services.transfers import NothingToWriteError, UnusableSourceError, UnusableTableError
from hotline.web import runtime

area = Blueprint("transfers", __name__, url_prefix="/transfers")

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@area.get("")
def page() -> ResponseReturnValue:
    """What came, what is on its way, and what is to go back."""
    return _shown(TransferForm(formdata=None))


@area.post("")
def bring_in() -> ResponseReturnValue:
    """Take the orders of a file, a few rows at a time, and show what became of each row."""
    held, actor, form = runtime(), person().actor, TransferForm()
    with held.transaction() as session:
        form.offer(units.choices(session, actor))
    if not form.validate():
        return _shown(form), 422
    name, content = form.file.data.filename or "", form.file.data.read()
    try:
        with held.transaction() as session:
            unit = units.one(session, actor, form.unit.data) or abort(404)
            upload = transfers.begin(session, form.source.data, name, content, unit, actor, held.now())
    except UnusableTableError as error:
        form.file.errors = [table_trouble(error.trouble)]
        return _shown(form), 422
    except UnusableSourceError as error:
        form.source.errors = [source_trouble(error.trouble)]
        return _shown(form), 422
    for batch in upload.batches:
        with held.transaction() as session:
            transfers.take_rows(session, upload.file_id, batch, held.now(), held.settings.zone)
    return redirect(url_for("transfers.file", file_id=upload.file_id))


@area.get("/files/<row:file_id>")
def file(file_id: int) -> ResponseReturnValue:
    """What became of each row of a file."""
    with runtime().transaction() as session:
        found = desk.file_by_id(session, person().actor, file_id) or abort(404)
    return render_template("transfer_file.html", file=found, column_words=column_words, row_trouble=row_trouble)


@area.post("/results")
def write_back() -> ResponseReturnValue:
    """Write down the results of what has ended since the last time, as a file to be downloaded."""
    held, actor, form = runtime(), person().actor, WriteForm()
    if not form.validate():
        abort(400)
    try:
        with held.transaction() as session:
            unit = units.one(session, actor, None) or abort(404)
            made = transfers.write_back(session, form.source.data, unit, actor, held.now())
    except NothingToWriteError:
        flash(gettext("Somebody else has written these results down meanwhile."))
        return redirect(url_for("transfers.page"))
    flash(gettext("The results are written down; download the file and hand it over."))
    return redirect(url_for("transfers.page", _anchor=f"results-{made.id}"))


@area.get("/results/<row:file_id>.csv")
def results_csv(file_id: int) -> ResponseReturnValue:
    """Results as they were written down, as CSV."""

    def content(session: Session, found: ResultFile) -> bytes:
        return transfers.as_csv(transfers.results_in(session, found), runtime().settings.zone)

    return _download(file_id, content, "csv", "text/csv; charset=utf-8")


@area.get("/results/<row:file_id>.xlsx")
def results_workbook(file_id: int) -> ResponseReturnValue:
    """The same as a workbook."""

    def content(session: Session, found: ResultFile) -> bytes:
        return transfers.as_workbook(transfers.results_in(session, found), runtime().settings.zone)

    return _download(file_id, content, "xlsx", _WORKBOOK)


def _download(
    file_id: int, content: Callable[[Session, ResultFile], bytes], ending: str, content_type: str
) -> Response:
    held = runtime()
    with held.transaction() as session:
        found = transfers.file_by_id(session, person().actor, file_id) or abort(404)
        made_at = found.made_at.astimezone(held.settings.zone)
        answer = Response(content(session, found), content_type=content_type)
    name = f"results-{file_id}-{made_at:%Y%m%d-%H%M}.{ending}"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _shown(form: TransferForm) -> str:
    held, actor = runtime(), person().actor
    with held.transaction() as session:
        found = desk.overview(session, actor, page_number(), held.now())
    form.offer(found.units)
    return render_template("transfers.html", found=found, form=form, is_first_page="page" not in request.args)
