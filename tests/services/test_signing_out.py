"""Signing out ends what it says: a cookie that somebody copied is worth nothing afterwards."""

import factories
from sqlalchemy.orm import Session

from hotline.rules.roles import Role
from hotline.services import accounts
from hotline.services.access import actor_for


def test_signing_out_ends_every_sign_in_of_the_person_and_of_nobody_else(session: Session) -> None:
    unit = factories.unit(session)
    leaving, staying = (factories.user(session, unit, Role.HANDLER) for _ in range(2))
    kept = [(person.id, person.session_key) for person in (leaving, staying)]

    accounts.sign_out(session, actor_for(leaving), factories.NOW)
    session.flush()

    assert [accounts.signed_in(session, *known) for known in kept] == [None, staying]
    assert accounts.signed_in(session, leaving.id, leaving.session_key) is leaving
