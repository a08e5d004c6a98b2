"""Swaps: one person asks another to take a shift; the other, or a supervisor, decides; both are on record."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import case, or_, select, update
from sqlalchemy.orm import Session, joinedload

from hotline.models import Action, Shift, ShiftSwap, Unit, User
from hotline.rules import roster
from hotline.rules.roles import Role
from hotline.rules.roster import SwapEvent, SwapState
from hotline.services import audit
from hotline.services.access import Actor, NotAllowedError
from hotline.services.roster.plan import OverlapError, clash_of, lock_people


class NoSwap(StrEnum):
    """Why two people cannot swap."""

    PERSON = "this person cannot take it"
    ASKED = "somebody is asked to take it already"
    CHANGED = "the shift is somebody else's by now, or nobody's"
    BEGUN = "the shift has begun"


class NoSwapError(ValueError):
    """These two cannot swap these shifts; `why` says why not."""

    def __init__(self, why: NoSwap) -> None:
        super().__init__(why.value)
        self.why = why


def ask_swap(
    session: Session,
    shift: Shift,
    asked: User,
    in_return: Shift | None,
    note: str | None,
    actor: Actor,
    now: datetime,
) -> ShiftSwap:
    """The person on duty asks `asked` to take the shift, and offers to take `in_return` if that is named.

    Raises:
        NoSwapError: it has begun, is asked for already, or is no swap of these two.
        OverlapError: somebody would be on duty twice at once.
        NotAllowedError: it is somebody else's shift.
    """
    if actor.user_id != shift.user_id:
        raise NotAllowedError("only who is on duty can ask somebody to take the shift")
    lock_people(session, [shift.user_id, asked.id])
    if not asked.is_active or asked.id == shift.user_id:
        raise NoSwapError(NoSwap.PERSON)
    if session.scalar(select(ShiftSwap.id).where(ShiftSwap.shift_id == shift.id, ShiftSwap.state == SwapState.ASKED)):
        raise NoSwapError(NoSwap.ASKED)
    _check(session, shift, shift.user_id, asked.id, in_return, now)
    swap = ShiftSwap(
        shift=shift,
        in_return=in_return,
        asker_id=shift.user_id,
        asked=asked,
        state=SwapState.ASKED,
        note=(note or "").strip() or None,
        asked_at=now,
    )
    session.add(swap)
    session.flush()
    audit.note(session, actor, Action.SWAP_ASKED, now, subject="shifts", subject_id=shift.id, detail=asked.login)
    return swap


def accept_swap(session: Session, swap: ShiftSwap, actor: Actor, now: datetime) -> None:
    """The person asked, or a supervisor, agrees: from now on the shifts are the other's.

    Raises:
        NoSwapError: a shift has begun or changed hands meanwhile.
        OverlapError, NotAllowedError
        hotline.rules.machine.ImpossibleMoveError: it is decided already.
    """
    _check_decider(swap, actor)
    lock_people(session, [swap.asker_id, swap.asked_id])
    roster.swap_after(swap.state, SwapEvent.ACCEPT)
    _check(session, swap.shift, swap.asker_id, swap.asked_id, swap.in_return, now)
    hands = {swap.shift_id: swap.asked_id}
    if swap.in_return_id is not None:
        hands[swap.in_return_id] = swap.asker_id
    # In one statement, since both may have the same hours.
    session.execute(
        update(Shift).where(Shift.id.in_(hands)).values(user_id=case(hands, value=Shift.id)),
        execution_options={"synchronize_session": False},
    )
    for shift in filter(None, (swap.shift, swap.in_return)):
        session.refresh(shift)
    _decide(session, swap, SwapEvent.ACCEPT, actor, now)


def decline_swap(session: Session, swap: ShiftSwap, actor: Actor, now: datetime) -> None:
    """The person asked, or a supervisor, does not agree.

    Raises:
        NotAllowedError
        hotline.rules.machine.ImpossibleMoveError: it is decided already.
    """
    _check_decider(swap, actor)
    _decide(session, swap, SwapEvent.DECLINE, actor, now)


def withdraw_swap(session: Session, swap: ShiftSwap, actor: Actor, now: datetime) -> None:
    """Who asked takes it back.

    Raises:
        NotAllowedError
        hotline.rules.machine.ImpossibleMoveError: it is decided already.
    """
    if actor.user_id != swap.asker_id:
        raise NotAllowedError("only who asked takes it back")
    _decide(session, swap, SwapEvent.WITHDRAW, actor, now)


def lapse_swaps(session: Session, now: datetime) -> int:
    """What nobody decided before the shift began is not decided any more; how many these were."""
    open_swaps = (
        select(ShiftSwap)
        .join(ShiftSwap.shift)
        .where(ShiftSwap.state == SwapState.ASKED, or_(Shift.begins_at <= now, Shift.cancelled_at.is_not(None)))
        .with_for_update(of=ShiftSwap, skip_locked=True)
    )
    lapsed = session.scalars(open_swaps).all()
    for swap in lapsed:
        swap.state, swap.ended_at = roster.swap_after(swap.state, SwapEvent.LAPSE), now
    return len(lapsed)


def swaps_for(session: Session, actor: Actor) -> Sequence[ShiftSwap]:
    """Open swaps that the actor asked for, is asked about, or can decide as a supervisor; the next shift first."""
    own = or_(ShiftSwap.asker_id == actor.user_id, ShiftSwap.asked_id == actor.user_id)
    if Role.SUPERVISOR in actor.roles:
        below = select(Unit.id).where(Unit.path.startswith(actor.unit_path, autoescape=True))
        own = or_(own, Shift.unit_id.in_(below))
    return session.scalars(
        select(ShiftSwap)
        .join(ShiftSwap.shift)
        .where(ShiftSwap.state == SwapState.ASKED, own)
        .order_by(Shift.begins_at, ShiftSwap.id)
        .options(joinedload(ShiftSwap.shift), joinedload(ShiftSwap.asker), joinedload(ShiftSwap.asked))
    ).all()


def swap_to_change(session: Session, actor: Actor, swap_id: int) -> ShiftSwap | None:
    """A swap that concerns the actor, locked until the transaction ends."""
    swap = session.scalars(
        select(ShiftSwap).where(ShiftSwap.id == swap_id).with_for_update(),
        execution_options={"populate_existing": True},
    ).one_or_none()
    if swap is None or not (actor.user_id == swap.asker_id or _may_decide(swap, actor)):
        return None
    return swap


def _check(
    session: Session, shift: Shift, asker_id: int, asked_id: int, in_return: Shift | None, now: datetime
) -> None:
    for each, owner_id in ((shift, asker_id), (in_return, asked_id)):
        if each is None:
            continue
        if each.user_id != owner_id or each.cancelled_at is not None:
            raise NoSwapError(NoSwap.CHANGED)
        if each.begins_at <= now:
            raise NoSwapError(NoSwap.BEGUN)
    given = frozenset({shift.id, *([in_return.id] if in_return else [])})
    for user_id, taken in ((asked_id, shift), (asker_id, in_return)):
        clash = clash_of(session, user_id, taken.span, but=given) if taken is not None else None
        if clash is not None:
            raise OverlapError(clash)


def _check_decider(swap: ShiftSwap, actor: Actor) -> None:
    if not _may_decide(swap, actor):
        raise NotAllowedError("only who is asked, or a supervisor, decides")


def _may_decide(swap: ShiftSwap, actor: Actor) -> bool:
    supervises = Role.SUPERVISOR in actor.roles and swap.shift.unit.path.startswith(actor.unit_path)
    return actor.user_id == swap.asked_id or supervises


def _decide(session: Session, swap: ShiftSwap, event: SwapEvent, actor: Actor, now: datetime) -> None:
    swap.state = roster.swap_after(swap.state, event)
    swap.ended_at, swap.decided_by_id = now, actor.user_id
    session.flush()
    detail = swap.state.value
    audit.note(session, actor, Action.SWAP_DECIDED, now, subject="shifts", subject_id=swap.shift_id, detail=detail)
