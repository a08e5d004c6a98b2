"""What stands around an order: whom the catalogue names for it, who assists, whom to ring now, and its alarm."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from hotline.models import Alarm, Order, Unit
from hotline.rules.alarms import LIVE
from hotline.rules.facts import Urgency
from hotline.rules.order_states import OPEN, Move
from hotline.rules.roster import FOR_ALARMS
from hotline.services import alarms, assistance, catalogue, roster
from hotline.services.access import Actor
from hotline.services.catalogue import Recipient
from hotline.services.roster import OnDuty

# More than these nobody rings one after the other by hand.
_MOST_ON_DUTY = 6


@dataclass(frozen=True)
class Assisting:
    """What the actor may do about the units that assist with the order."""

    may_add: bool
    may_release: bool
    reports_for: tuple[Unit, ...]


@dataclass(frozen=True)
class Ringing:
    """An emergency: who is on duty, first on call first, the number that is rung last, and who was told so far.

    `is_past`: nobody is alarmed, and the order is no emergency any more. `may_take_on`: nobody has taken it on, and
    the actor could. `may_ring`: the numbers are the actor's business.
    """

    on_duty: tuple[OnDuty, ...]
    duty_number: str | None
    alarm: Alarm | None
    is_live: bool
    is_past: bool
    may_take_on: bool
    may_ring: bool


@dataclass(frozen=True)
class Around:
    """`recommended` is there for whoever may dispatch the order now; `ringing` where it is, or was, an emergency."""

    recommended: Recipient | None
    assisting: Assisting
    ringing: Ringing | None

    @property
    def recommended_unit(self) -> Unit | None:
        """The unit that the catalogue names."""
        return self.recommended.unit if self.recommended else None


def around(session: Session, order: Order, actor: Actor, moves: Collection[Move], now: datetime) -> Around:
    """Everything that stands around the order for someone who can make `moves`."""
    recommended = catalogue.recipient_of(session, order) if Move.DISPATCH in moves else None
    if recommended is not None and recommended.row is not None:
        session.refresh(recommended.row.version, ["unit"])
    return Around(recommended, _assisting(session, order, actor), _ringing(session, order, actor, now))


def _assisting(session: Session, order: Order, actor: Actor) -> Assisting:
    chooses = assistance.may_choose(session, order, actor)
    speaks_for = assistance.speaks_for(order, actor) if order.state in OPEN else []
    return Assisting(chooses and assistance.is_possible(order), chooses, tuple(speaks_for))


def _ringing(session: Session, order: Order, actor: Actor, now: datetime) -> Ringing | None:
    alarm, is_open = alarms.of_order(session, order), order.state in OPEN
    is_emergency = order.urgency == Urgency.EMERGENCY and is_open
    if alarm is None and not is_emergency:
        return None
    may_act = alarms.can_act(session, order, actor)
    is_live = alarm is not None and alarm.state in LIVE
    return Ringing(
        on_duty=tuple(roster.everybody_on(session, order.unit, now, FOR_ALARMS)[:_MOST_ON_DUTY]) if is_open else (),
        duty_number=alarms.duty_number(session, order) if is_open else None,
        alarm=alarm,
        is_live=is_live,
        is_past=not is_live and order.urgency != Urgency.EMERGENCY,
        may_take_on=is_live and may_act,
        may_ring=may_act,
    )
