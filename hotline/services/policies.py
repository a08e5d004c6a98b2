"""What a unit sets for itself and all below it: looked at as a whole before it is stored, and written down."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Action, Unit
from hotline.rules.closing import Element
from hotline.rules.facts import Category, Urgency
from hotline.rules.policy import Policy, PolicyError
from hotline.rules.roles import Role
from hotline.services import audit
from hotline.services.access import Actor, NotAllowedError, reaches, require_role
from hotline.services.organisation import policy_for

# Who lets orders go by themselves; all else is an administrator's to set.
AUTOMATIC_SETTERS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})

_Stored = Mapping[str, Any]


class NotSetError(ValueError):
    """The unit has not set this itself."""


class UnfitBelowError(PolicyError):
    """What is to be set does not fit what a unit below, called `unit_name`, has set."""

    def __init__(self, unit: Unit, why: PolicyError) -> None:
        super().__init__(unit.code, why)
        self.key, self.unit_name = why.key, unit.name


class PolicyChangedError(Exception):
    """Somebody else has changed the unit's settings since the person looked."""


def version(unit: Unit) -> str:
    """Changes whenever what the unit set itself does."""
    return hashlib.sha256(json.dumps(unit.policy, sort_keys=True).encode()).hexdigest()[:16]


def lock(session: Session, unit: Unit, seen: str) -> None:
    """Let nobody else change the unit's settings until the transaction ends.

    Raises:
        PolicyChangedError: they are not those whose version the person has `seen`.
    """
    _lock(session, unit)
    if version(unit) != seen:
        raise PolicyChangedError


def set_limits(
    session: Session, unit: Unit, table: str, urgency: Urgency, told: Mapping[str, Any], actor: Actor, now: datetime
) -> Policy:
    """Let the unit set exactly `told` of one urgency's limits, and take the rest of them from above.

    `table` is `limits` or `emergency_mode`; `told` is as a unit stores it, and may be empty.

    Raises:
        PolicyError, NotAllowedError
    """
    return _store(session, unit, _part_set(table, urgency.value, dict(told) or None), actor, now, f"{table} set")


def set_closing(
    session: Session, unit: Unit, category: Category, elements: Collection[Element] | None, actor: Actor, now: datetime
) -> Policy:
    """Let the unit say what a result needs besides in one category; None takes that from above.

    Raises:
        PolicyError, NotAllowedError
    """
    told = None if elements is None else sorted(elements)
    return _store(session, unit, _part_set("closing", category.value, told), actor, now, "closing set")


def set_policy(session: Session, unit: Unit, key: str, value: Any, actor: Actor, now: datetime) -> Policy:
    """Store one setting of the unit, a JSON value; the policy that counts for the unit then.

    Deadlines that run already stay as they were given.

    Raises:
        PolicyError: no such setting, or no such value; nothing is changed then.
        UnfitBelowError: no such value for a unit below; nothing is changed then either.
        NotAllowedError
    """
    return _store(session, unit, lambda before: {**before, key: value}, actor, now, f"{key} set")


def unset_policy(session: Session, unit: Unit, key: str, actor: Actor, now: datetime) -> Policy:
    """Let what the unit above set count again.

    Raises:
        NotSetError, PolicyError, NotAllowedError
    """

    def change(before: _Stored) -> _Stored:
        if key not in before:
            raise NotSetError(f"{key} is not set for this unit")
        return _without(before, key)

    return _store(session, unit, change, actor, now, f"{key} unset")


def set_automatic(
    session: Session, unit: Unit, *, is_on: bool, confidence: float | None, actor: Actor, now: datetime
) -> Policy:
    """Let orders that come in at the unit or below be dispatched by themselves, or not.

    `confidence`, 0 to 1, is how sure a fact must be that no person confirmed; None leaves it as it is.

    Raises:
        PolicyError, NotAllowedError
    """
    told = {"auto_dispatch": is_on} | ({} if confidence is None else {"auto_confidence": confidence})
    detail = f"{'on' if is_on else 'off'} {'' if confidence is None else confidence}".strip()
    return _store(
        session,
        unit,
        lambda before: {**before, **told},
        actor,
        now,
        detail,
        action=Action.AUTO_DISPATCH_SET,
        setters=AUTOMATIC_SETTERS,
    )


def _store(
    session: Session,
    unit: Unit,
    change: Callable[[_Stored], _Stored],
    actor: Actor,
    now: datetime,
    detail: str,
    *,
    action: Action = Action.POLICY_SET,
    setters: Collection[Role] = frozenset({Role.ADMINISTRATOR}),
) -> Policy:
    """The one way in which a unit's settings change: by whom they may, as a whole that makes sense, and on record."""
    require_role(actor, *setters)
    if not reaches(session, actor, unit.id):
        raise NotAllowedError("the unit is none of the person's")
    _lock(session, unit)
    before = unit.policy
    unit.policy = dict(change(before))
    session.flush()
    try:
        policy = policy_for(session, unit)
        _check_below(session, unit)
    except PolicyError:
        unit.policy = before
        session.flush()
        raise
    audit.note(session, actor, action, now, subject="units", subject_id=unit.id, detail=detail)
    return policy


def _lock(session: Session, unit: Unit) -> None:
    """Let nobody else change the settings of the unit, of those above or of those below, and read them as they are now.

    They must fit together. The unit and those above are locked, by their ids: whoever changes one below locks this one
    too, and waits.
    """
    chain = [int(each) for each in unit.path.strip("/").split("/")]
    found = select(Unit).where(Unit.id.in_(chain)).order_by(Unit.id).with_for_update(key_share=True)
    session.scalars(found, execution_options={"populate_existing": True}).all()


def _part_set(key: str, part: str, value: Any) -> Callable[[_Stored], _Stored]:
    """Of a setting made of parts one that is set, or with None taken from above; without any the setting goes too."""

    def change(before: _Stored) -> _Stored:
        own = {**_without(before.get(key, {}), part), **({} if value is None else {part: value})}
        return {**_without(before, key), **({key: own} if own else {})}

    return change


def _without(stored: _Stored, key: str) -> _Stored:
    return {name: value for name, value in stored.items() if name != key}


def _check_below(session: Session, unit: Unit) -> None:
    """What a unit below changes in part must fit what it inherits now.

    Raises:
        UnfitBelowError
    """
    found = select(Unit).where(Unit.path.startswith(unit.path, autoescape=True), Unit.id != unit.id)
    for below in session.scalars(found, execution_options={"populate_existing": True}):
        if below.policy:
            try:
                policy_for(session, below)
            except PolicyError as error:
                raise UnfitBelowError(below, error) from error
