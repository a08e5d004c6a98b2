"""Orders passed on by machine, and what became of them; docs/api.md is its description."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from hotline.logs import get_log
from hotline.models import Order, TransferPlatform
from hotline.rules.transfers import TROUBLES, Column, Trouble
from hotline.services import transfers
from hotline.services.transfers import Ending, Units, UnusableOrderError, Wrong
from hotline.web import json_body, runtime

log = get_log(__name__)

api = Blueprint("api", __name__, url_prefix="/api/v1")

MOST_AT_ONCE = 100
_LARGEST_BODY = 2 * 1024 * 1024
_LONGEST_FIELD_NAME = 40


class UnusableBodyError(ValueError):
    """A body that is neither an order nor a list of them."""


_WORDS: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "the body is nested too deeply",
    HTTPStatus.UNAUTHORIZED: "no token, or none that counts: Authorization: Bearer TOKEN",
    HTTPStatus.NOT_FOUND: "no order is known under this number",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the body is larger than 2 MB",
    HTTPStatus.TOO_MANY_REQUESTS: "too many requests: wait a minute",
}


def _refused(error: HTTPException) -> ResponseReturnValue:
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    answer = jsonify(error=_WORDS[code])
    if code == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer, code


for _code in _WORDS:
    api.register_error_handler(_code, _refused)


@api.errorhandler(UnusableBodyError)
def _unusable(error: UnusableBodyError) -> ResponseReturnValue:
    return jsonify(error=str(error)), HTTPStatus.UNPROCESSABLE_ENTITY


@api.errorhandler(OperationalError)
def _away(error: OperationalError) -> ResponseReturnValue:
    log.error("the interface could not reach the database", view=request.endpoint, exc_info=error)
    return jsonify(error="not now: ask again in a while"), HTTPStatus.SERVICE_UNAVAILABLE


@api.post("/transfers")
def take() -> ResponseReturnValue:
    """Take an order, or each of a list, once; one that was here before is told with what it is called here."""
    platform = _platform()
    request.max_content_length = _LARGEST_BODY
    told = json_body()
    if isinstance(told, dict):
        return _take(platform, told)
    if not isinstance(told, list) or not 0 < len(told) <= MOST_AT_ONCE:
        raise UnusableBodyError(f"the body must be a JSON object, or a list of 1 to {MOST_AT_ONCE} of them")
    answers = [_take(platform, each) for each in told]
    return jsonify(orders=[{"status": status, **(answer.json or {})} for answer, status in answers])


@api.get("/transfers/<path:number>")
def look(number: str) -> ResponseReturnValue:
    """How the order stands that the platform calls so, and its result once it has ended."""
    platform = _platform()
    with runtime().transaction() as session:
        order = transfers.order_of(session, platform.name, platform.unit, number) if number.isprintable() else None
        if order is None:
            abort(HTTPStatus.NOT_FOUND)
        ending = transfers.ending_of(session, order, platform.name)
        return jsonify({**_named(number, order), **_standing(ending)})


def _platform() -> TransferPlatform:
    """Whose token it is; asked before anything of the body is read."""
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    with runtime().transaction() as session:
        known = transfers.platform_by_token(session, token.strip()) if kind.lower() == "bearer" else None
    return known or abort(HTTPStatus.UNAUTHORIZED)


def _take(platform: TransferPlatform, told: Any) -> tuple[Response, int]:
    """In a transaction of its own: of a list, the good ones are kept."""
    held = runtime()
    try:
        with held.transaction() as session:
            taken = _taken(session, platform, told, held.now())
            answer = jsonify(_named(told[Column.NUMBER].strip(), taken.order))
    except UnusableOrderError as error:
        number = told.get(Column.NUMBER) if isinstance(told, dict) else None
        return jsonify(number=number, errors=_errors(error.wrong)), HTTPStatus.UNPROCESSABLE_ENTITY
    return answer, HTTPStatus.CREATED if taken.is_new else HTTPStatus.OK


def _taken(session: Session, platform: TransferPlatform, told: Any, now: datetime) -> transfers.Taken:
    cells, zone = _cells(told), runtime().settings.zone
    units = Units(session, platform.unit, [cells.get(Column.UNIT, "")])
    return transfers.take(session, platform.name, platform.unit, transfers.read(cells, units, now, zone), now, zone)


def _cells(told: Any) -> dict[Column, str]:
    """The fields as the cells of a row; null is the same as nothing."""
    if not isinstance(told, dict):
        raise UnusableOrderError([Wrong(Trouble.NOT_WORDS)])
    wrong = [Wrong(Trouble.UNKNOWN_FIELD, said=name[:_LONGEST_FIELD_NAME]) for name in told if name not in set(Column)]
    cells = {}
    for column in Column:
        said = told.get(column.value)
        if isinstance(said, str):
            cells[column] = said
        elif said is not None:
            wrong.append(Wrong(Trouble.NOT_WORDS, column))
    if wrong:
        raise UnusableOrderError(wrong)
    return cells


def _errors(wrong: list[Wrong]) -> dict[str, str]:
    return {each.column.value if each.column else each.said or "order": TROUBLES[each.trouble] for each in wrong}


def _named(number: str, order: Order) -> dict[str, str]:
    return {"number": number, "order": order.number, "received_at": order.received_at.isoformat()}


def _standing(ending: Ending) -> dict[str, Any]:
    result = {
        "outcome": ending.outcome,
        "done": ending.done,
        "resolved_at": _told(ending.resolved_at),
        "callback": {"resolved": ending.resolved, "satisfied": ending.satisfied},
    }
    return {
        "state": ending.state,
        "contacted_at": _told(ending.contacted_at),
        "result": result if ending.is_over else None,
    }


def _told(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
