"""Settings of a unit: stored when they make sense for it and for all below it, by whoever administers it."""

import factories
import pytest
from factories import NOW
from sqlalchemy import select
from sqlalchemy.orm import Session
from test_at_once import at_once

from hotline.db import Sessions
from hotline.models import Action, AuditEntry, Unit
from hotline.rules.facts import Urgency
from hotline.rules.policy import PolicyError
from hotline.rules.roles import Role
from hotline.services import policies
from hotline.services.access import SYSTEM, NotAllowedError
from hotline.services.organisation import policy_for


def test_what_is_set_counts_for_all_below_and_is_written_down(session: Session) -> None:
    city = factories.unit(session, policy={})
    street = factories.unit(session, parent=city, policy={"copies_up": 2})

    policies.set_policy(session, city, "limits", {"normal": {"contact": 1800}}, SYSTEM, NOW)
    policies.set_policy(session, city, "copies_up", 0, SYSTEM, NOW)

    contact = policy_for(session, street).limits[Urgency.NORMAL].contact
    assert contact is not None
    assert contact.total_seconds() == 1800
    assert policy_for(session, street).copies_up == 2
    details = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == Action.POLICY_SET)).all()
    assert details == ["limits set", "copies_up set"]


def test_what_is_unset_is_inherited_again(session: Session) -> None:
    city = factories.unit(session, policy={"copies_up": 3})
    policies.unset_policy(session, city, "copies_up", SYSTEM, NOW)

    assert city.policy == {}
    with pytest.raises(policies.NotSetError):
        policies.unset_policy(session, city, "copies_up", SYSTEM, NOW)


def test_what_makes_no_sense_here_or_below_changes_nothing(session: Session) -> None:
    city = factories.unit(session, policy={})
    factories.unit(session, parent=city, policy={"limits": {"normal": {"resolve": 3600}}})

    for key, value in (("copies", 1), ("copies_up", 99), ("limits", {"normal": {"resolve": None, "same_day": True}})):
        with pytest.raises(PolicyError):
            policies.set_policy(session, city, key, value, SYSTEM, NOW)
    assert city.policy == {}


def test_of_two_at_once_whose_settings_do_not_fit_together_one_is_refused(own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        city = factories.unit(session, policy={})
        city_id, street_id = city.id, factories.unit(session, parent=city, policy={}).id

    def store(unit_id: int, value: dict[str, object]) -> bool:
        try:
            with own_sessions.begin() as session:
                unit = session.get_one(Unit, unit_id)
                policies.set_policy(session, unit, "limits", {"normal": value}, SYSTEM, NOW)
        except PolicyError:
            return False
        return True

    above = {"resolve": None, "same_day": True}
    done = at_once(lambda: store(city_id, above), lambda: store(street_id, {"resolve": 3600}))

    assert sorted(done) == [False, True]  # type: ignore[type-var]
    with own_sessions() as session:
        policy_for(session, session.get_one(Unit, street_id))


def test_what_a_unit_below_set_since_it_was_read_is_looked_at(own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        city = factories.unit(session, policy={})
        city_id, street_id = city.id, factories.unit(session, parent=city, policy={}).id
    with own_sessions() as slow:
        city, _street = slow.get_one(Unit, city_id), slow.get_one(Unit, street_id)
        with own_sessions.begin() as quick:
            policies.set_limits(
                quick, quick.get_one(Unit, street_id), "limits", Urgency.NORMAL, {"resolve": 3600}, SYSTEM, NOW
            )

        with pytest.raises(policies.UnfitBelowError):
            policies.set_policy(slow, city, "limits", {"normal": {"resolve": None, "same_day": True}}, SYSTEM, NOW)


def test_only_an_administrator_of_the_unit_sets_it(session: Session) -> None:
    city = factories.unit(session, policy={})
    street = factories.unit(session, parent=city)

    for nobody in (
        factories.actor(session, city, Role.SUPERVISOR),
        factories.actor(session, street, Role.ADMINISTRATOR),
    ):
        with pytest.raises(NotAllowedError):
            policies.set_policy(session, city, "copies_up", 1, nobody, NOW)


def test_what_somebody_else_set_since_it_was_read_is_kept(own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        city_id = factories.unit(session, policy={}).id
    with own_sessions.begin() as slow:
        city = slow.get_one(Unit, city_id)
        with own_sessions.begin() as quick:
            policies.set_policy(quick, quick.get_one(Unit, city_id), "copies_up", 2, SYSTEM, NOW)

        policies.set_automatic(slow, city, is_on=True, confidence=None, actor=SYSTEM, now=NOW)
        policies.set_limits(slow, city, "limits", Urgency.NORMAL, {"accept": 60}, SYSTEM, NOW)

        assert set(city.policy) == {"copies_up", "auto_dispatch", "limits"}
