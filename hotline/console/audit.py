"""The audit log."""

from flask import Blueprint, render_template

from hotline.console.lists import asked_place
from hotline.console.person import person
from hotline.services.desk import log as desk
from hotline.web import runtime

area = Blueprint("audit", __name__, url_prefix="/audit")


@area.get("")
def page() -> str:
    """The latest entries first."""
    with runtime().transaction() as session:
        actor = person().actor
        found = desk.listed(session, actor, asked_place())
        order_numbers = desk.order_numbers(session, actor, found)
    return render_template("audit.html", found=found, order_numbers=order_numbers)
