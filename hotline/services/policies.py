"""What a unit sets for itself and all below it: looked at as a whole before it is stored, and written down."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Action, Unit
from hotline.rules.policy import Policy, PolicyError
from hotline.rules.roles import Role
from hotline.services import audit
from hotline.services.access import Actor, NotAllowedError, reaches, require_role
from hotline.services.organisation import policy_for


class NotSetError(ValueError):
    """The unit has not set this itself."""


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
