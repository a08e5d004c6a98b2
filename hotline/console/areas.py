"""Which areas the console has, who may open each, and which of them stand in the navigation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import LazyString, lazy_gettext

from hotline.rules.roles import REPLAYERS, REVIEWERS, Role
from hotline.services.access import Actor
from hotline.services.catalogue import KEEPERS
from hotline.services.desk.people import READERS
from hotline.services.transfers import TAKERS

_EVERYBODY = frozenset(Role)
_DESK_AND_ABOVE = frozenset({Role.CALL_TAKER, Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR})

# By the name of the blueprint. What is named neither here nor below is closed to everybody.
WHO_OPENS: Mapping[str, frozenset[Role]] = {
    "start": _EVERYBODY,
    "account": _EVERYBODY,
    "calls": _DESK_AND_ABOVE,
    "orders": _EVERYBODY,
    "entry": REVIEWERS,
    "events": REVIEWERS,
    "recordings": _EVERYBODY,
    "attachments": _EVERYBODY,
    "surveys": _DESK_AND_ABOVE,
    "supervision": _EVERYBODY,
    "roster": _EVERYBODY,
    "transfers": TAKERS,
    "catalogue": KEEPERS,
    "policies": frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR}),
    "people": READERS,
    "units": READERS,
    "connections": frozenset({Role.ADMINISTRATOR}),
    "troubles": REPLAYERS,
    "learning": frozenset({Role.ADMINISTRATOR}),
    "audit": frozenset({Role.ADMINISTRATOR}),
}
# What is set there holds for all units.
FOR_THE_TOPMOST_UNIT = frozenset({"connections", "learning"})
OPEN_AREAS = frozenset({"console", "signing", "public"})
# What comes from the carrier or a message channel is signed, and another platform has a token: these blueprints check
# that themselves.
SIGNED_AREAS = frozenset({"voice", "notices", "channels", "api"})
# Of no blueprint: asked by whoever watches over the process.
OPEN_ENDPOINTS = frozenset({"_healthz", "static"})


@dataclass(frozen=True)
class Entry:
    """One entry of the navigation."""

    area: str
    label: LazyString
    # Opened every day; the others stand behind one more click, so that the bar fits a telephone.
    is_daily: bool = True

    @property
    def endpoint(self) -> str:
        """The area's first page."""
        return f"{self.area}.page"


NAVIGATION: Sequence[Entry] = (
    Entry("start", lazy_gettext("To do")),
    Entry("calls", lazy_gettext("Calls")),
    Entry("orders", lazy_gettext("Orders")),
    Entry("surveys", lazy_gettext("Callbacks")),
    Entry("roster", lazy_gettext("Duty roster")),
    Entry("supervision", lazy_gettext("Supervision")),
    Entry("transfers", lazy_gettext("Passed on"), is_daily=False),
    Entry("events", lazy_gettext("Outreach events"), is_daily=False),
    Entry("catalogue", lazy_gettext("Dispatch catalogue"), is_daily=False),
    Entry("policies", lazy_gettext("Rules"), is_daily=False),
    Entry("people", lazy_gettext("People"), is_daily=False),
    Entry("units", lazy_gettext("Organisation"), is_daily=False),
    Entry("connections", lazy_gettext("Connections"), is_daily=False),
    Entry("troubles", lazy_gettext("Troubles"), is_daily=False),
    Entry("learning", lazy_gettext("Learning"), is_daily=False),
    Entry("audit", lazy_gettext("Audit log"), is_daily=False),
)


def is_open(endpoint: str) -> bool:
    """Whether nobody has to be signed in for it."""
    blueprint, _dot, _view = endpoint.rpartition(".")
    return blueprint in OPEN_AREAS | SIGNED_AREAS or endpoint in OPEN_ENDPOINTS


def may_open(area: str, actor: Actor) -> bool:
    """Whether the actor's roles and unit let them in; into an area that nobody named, nobody's do."""
    is_far_enough_up = actor.is_at_the_top or area not in FOR_THE_TOPMOST_UNIT
    return is_far_enough_up and bool(WHO_OPENS.get(area, frozenset()) & actor.roles)


def entries_for(actor: Actor) -> list[Entry]:
    """The entries that the actor may open."""
    return [entry for entry in NAVIGATION if may_open(entry.area, actor)]
