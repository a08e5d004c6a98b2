"""Orders dispatched by the catalogue: by a person who asks for it, or by themselves where the unit allows that."""

from datetime import datetime

from sqlalchemy.orm import Session

from hotline.models import Order, Origin, Unit
from hotline.rules import catalogue as rules
from hotline.rules.catalogue import Ground, Hold, Known
from hotline.rules.facts import FactName
from hotline.rules.order_states import OrderState, Remark
from hotline.rules.policy import Policy
from hotline.services import assistance, facts, orders
from hotline.services.access import SYSTEM, Actor
from hotline.services.catalogue.recipients import Recipient, recipient_of
from hotline.services.facts import FactVersions
from hotline.services.organisation import policy_for


class NobodyGetsItError(Exception):
    """The catalogue and the tree know of no unit; `ground` says why."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground.value)
        self.ground = ground


def dispatch(session: Session, order: Order, actor: Actor, now: datetime, note: str | None = None) -> Recipient:
    """Dispatch the order to whom the catalogue names, with who assists; the caller has locked it.

    Raises:
        NobodyGetsItError, and what `orders.dispatch` raises.
    """
    found = recipient_of(session, order)
    if found.unit is None:
        raise NobodyGetsItError(found.ground)
    _hand_over(session, order, found, found.unit, actor, now, note)
    return found


def triage(session: Session, order: Order, actor: Actor, now: datetime) -> Recipient | None:
    """Transcript and facts are as they should be; where the unit allows it, the order goes on at once.

    The caller has locked the order. Gives who got it, None when it waits for a dispatcher.

    Raises:
        What `orders.triage` raises.
    """
    orders.triage(session, order, actor, now)
    return dispatch_by_itself(session, order, now)


def dispatch_by_itself(session: Session, order: Order, now: datetime) -> Recipient | None:
    """Dispatch a reviewed order by the catalogue, if its intake unit's policy allows and nothing speaks against it.

    What speaks against it is written into the history. The caller has locked the order.
    """
    policy = policy_for(session, order.intake_unit)
    if not policy.auto_dispatch or order.state != OrderState.TRIAGED:
        return None
    found = recipient_of(session, order)
    against = _against(order, found, policy)
    if found.unit is None or against is not None:
        reason = f"catalogue:{against or found.ground}"
        orders.remark(session, order, Remark.KEPT, SYSTEM, now, reason=reason)
        return None
    _hand_over(session, order, found, found.unit, SYSTEM, now, None)
    return found


def _hand_over(
    session: Session, order: Order, found: Recipient, unit: Unit, actor: Actor, now: datetime, note: str | None
) -> None:
    reason = (note or "").strip() or f"catalogue:{found.ground}"
    orders.dispatch(session, order, unit, actor, now, reason, found.row)
    if found.row is not None:
        assistance.set_to(session, order, found.row.assisting, actor, now)


def _against(order: Order, found: Recipient, policy: Policy) -> Hold | None:
    said = facts.present(order)
    hold = rules.held(
        is_secret=order.is_secret,
        returns=order.returns,
        category=_known(said[FactName.CATEGORY], is_there=order.category is not None),
        place=_known(said[FactName.PLACE], is_there=order.place_id is not None),
        limit=policy.auto_confidence,
    )
    if hold is None and found.unit is not None and not found.has_signer:
        return Hold.NO_SIGNER
    return hold


def _known(said: FactVersions, *, is_there: bool) -> Known:
    fact = said.now
    if fact is None:
        return Known(is_there=is_there, by_person=False, confidence=None)
    return Known(is_there=is_there, by_person=fact.origin == Origin.PERSON, confidence=fact.confidence)
