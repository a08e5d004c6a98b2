"""What a unit sets for itself and all below it: looked at as a whole before it is stored, and written down."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Action, Unit
from hotline.rules.facts import Urgency
from hotline.rules.policy import Policy, PolicyError
from hotline.rules.roles import Role
from hotline.services import audit
from hotline.services.access import Actor, NotAllowedError, reaches, require_role
from hotline.services.organisation import policy_for


class NotSetError(ValueError):
    """The unit has not set this itself."""


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
    found = select(Unit).where(Unit.id == unit.id).with_for_update(key_share=True)
    session.scalars(found, execution_options={"populate_existing": True}).one()
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
    others = {name: value for name, value in unit.policy.get(table, {}).items() if name != urgency}
    own = {**others, urgency.value: dict(told)} if told else others
    stored = {key: value for key, value in unit.policy.items() if key != table}
    return _store(session, unit, {**stored, table: own} if own else stored, f"{table} set", actor, now)


def set_policy(session: Session, unit: Unit, key: str, value: Any, actor: Actor, now: datetime) -> Policy:
    """Store one setting of the unit, a JSON value; the policy that counts for the unit then.

    Deadlines that run already stay as they were given.

    Raises:
        PolicyError: no such setting, or no such value for the unit or one below it; nothing is changed then.
        NotAllowedError
    """
    return _store(session, unit, {**unit.policy, key: value}, f"{key} set", actor, now)


def unset_policy(session: Session, unit: Unit, key: str, actor: Actor, now: datetime) -> Policy:
    """Let what the unit above set count again.

    Raises:
        NotSetError, PolicyError, NotAllowedError
    """
    if key not in unit.policy:
        raise NotSetError(f"{key} is not set for this unit")
    left = {name: value for name, value in unit.policy.items() if name != key}
    return _store(session, unit, left, f"{key} unset", actor, now)


def _store(session: Session, unit: Unit, stored: Mapping[str, Any], detail: str, actor: Actor, now: datetime) -> Policy:
    require_role(actor, Role.ADMINISTRATOR)
    if not reaches(session, actor, unit.id):
        raise NotAllowedError("the unit is none of the person's")
    before = unit.policy
    unit.policy = dict(stored)
    session.flush()
    try:
        policy = policy_for(session, unit)
        _check_below(session, unit)
    except PolicyError:
        unit.policy = before
        session.flush()
        raise
    audit.note(session, actor, Action.POLICY_SET, now, subject="units", subject_id=unit.id, detail=detail)
    return policy


def _check_below(session: Session, unit: Unit) -> None:
    """What a unit below changes in part must fit what it inherits now."""
    found = select(Unit).where(Unit.path.startswith(unit.path, autoescape=True), Unit.id != unit.id)
    for below in session.scalars(found):
        if below.policy:
            policy_for(session, below)
