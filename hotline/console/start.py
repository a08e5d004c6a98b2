"""The first page: what waits for this person."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, url_for

from hotline.console.person import person
from hotline.rules.order_states import OrderState
from hotline.services.desk import start
from hotline.services.desk.start import Waiting
from hotline.web import runtime

area = Blueprint("start", __name__)

# Where each count leads.
_LEADS_TO: Mapping[Waiting, tuple[str, dict[str, Any]]] = {
    Waiting.TO_REVIEW: ("orders.page", {"state": OrderState.RECEIVED}),
    Waiting.CALLS: ("calls.page", {"attention": 1}),
    Waiting.SURVEYS: ("surveys.page", {}),
    Waiting.ANSWERED: ("orders.page", {"state": OrderState.ANSWERED}),
    Waiting.TO_DISPATCH: ("orders.page", {"state": OrderState.TRIAGED}),
    Waiting.TO_ACCEPT: ("orders.page", {"state": OrderState.DISPATCHED}),
    Waiting.TO_CONTACT: ("orders.page", {"state": OrderState.ACCEPTED}),
    Waiting.TO_RESOLVE: ("orders.page", {"state": OrderState.IN_PROGRESS}),
    Waiting.REFERRED: ("orders.page", {"state": OrderState.REFERRED}),
    Waiting.REOPENED: ("orders.page", {"state": OrderState.REOPENED}),
    Waiting.TO_APPROVE: ("orders.page", {"to_approve": 1}),
    Waiting.OVERDUE: ("orders.page", {"overdue": 1}),
    Waiting.RED: ("supervision.page", {}),
    Waiting.NOTICES: ("supervision.page", {}),
    Waiting.TO_DECIDE: ("supervision.page", {}),
    Waiting.TO_APPOINT: ("supervision.page", {}),
    Waiting.TROUBLES: ("troubles.page", {}),
}


@area.get("/")
def page() -> str:
    """The counts, each a link to its list, and the orders to begin with."""
    held = runtime()
    with held.transaction() as session:
        found = start.overview(session, person().actor, held.now())
    addresses = {kind: url_for(_LEADS_TO[kind][0], **_LEADS_TO[kind][1]) for kind in found.counts}
    return render_template("start.html", found=found, addresses=addresses)
