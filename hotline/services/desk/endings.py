"""The ending of one order as people work towards it: what a result must hold, files, a result that waits, secrecy."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from hotline.models import Approval, Attachment, Order
from hotline.rules.closing import OF_CATEGORY, Element
from hotline.services import attachments, clocks, results, secrecy
from hotline.services.access import Actor, sees_contents


class EndingRequest(StrEnum):
    """What a person does about a result that waits, or about secrecy."""

    APPROVE = "approve"
    SEND_BACK = "send_back"
    MAKE_SECRET = "make_secret"  # noqa: S105 - a name of a form
    LIFT_SECRECY = "lift_secrecy"


@dataclass(frozen=True)
class EndingDesk:
    """What belongs to the ending of an order, and what the actor may do about it."""

    needed: tuple[Element, ...]
    # Those of them that are there before a result is reported.
    there: frozenset[Element]
    approval: Approval | None
    decided: tuple[Approval, ...]
    files: tuple[Attachment, ...]
    requests: tuple[EndingRequest, ...]
    attaches: bool

    @property
    def of_category(self) -> list[Element]:
        """What is needed because of what the order is about."""
        return [element for element in self.needed if element in OF_CATEGORY]


def of_order(session: Session, actor: Actor, order: Order) -> EndingDesk:
    """What the page of an order that the actor sees tells of its ending."""
    asked = clocks.asked_approval(order)
    return EndingDesk(
        needed=results.needed(session, order),
        there=results.there_before(order),
        approval=asked,
        decided=tuple(each for each in reversed(order.approvals) if each is not asked),
        files=tuple(order.attachments),
        requests=tuple(_offered(session, order, asked, actor)),
        attaches=bool(actor.roles & attachments.WHO_ATTACHES) and sees_contents(actor, order),
    )


def _offered(session: Session, order: Order, asked: Approval | None, actor: Actor) -> Iterator[EndingRequest]:
    if asked is not None and results.may_decide(session, asked, actor):
        yield from (EndingRequest.APPROVE, EndingRequest.SEND_BACK)
    if secrecy.may_set(session, order, actor) and sees_contents(actor, order):
        yield EndingRequest.LIFT_SECRECY if order.is_secret else EndingRequest.MAKE_SECRET
