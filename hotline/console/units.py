"""The organisation: the tree of units that a person sees, with their lines; files bring it in, no page does."""

from flask import Blueprint, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from hotline.console.lists import asked_place
from hotline.console.person import person
from hotline.services.desk import organisation as desk
from hotline.services.desk import units
from hotline.services.desk.orders import units_called
from hotline.web import runtime

area = Blueprint("units", __name__, url_prefix="/units")


@area.get("")
def page() -> str:
    """The person's own unit."""
    return _shown(None)


@area.get("/named")
def named() -> ResponseReturnValue:
    """The units in sight of a name, for whoever types it to choose one."""
    with runtime().transaction() as session:
        found = units_called(session, request.args.get("words", ""), person().actor)
    return jsonify([{"code": unit.code, "name": unit.name} for unit in found])


@area.get("/<code>")
def one(code: str) -> str:
    """A unit below it."""
    return _shown(code)


def _shown(code: str | None) -> str:
    actor, words = person().actor, request.args.get("words", "").strip()
    with runtime().transaction() as session:
        unit = units.one(session, actor, code) or abort(404)
        found = desk.overview(session, actor, unit, words, asked_place())
    return render_template("units.html", found=found, words=words)
