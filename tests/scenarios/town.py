"""A place that runs the service: its units, its people, and everything that happens there, told in few words."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import factories
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Call, Line, Order, OutboxEntry, Outcome, Statement, SurveyAttempt, Unit, User, Work
from hotline.rules.facts import FactName
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.rules.survey_states import AttemptEvent, RoundState
from hotline.services import alarms, calls, catalogue, facts, intake, orders, organisation, results, surveys
from hotline.services.access import Actor, actor_for
from hotline.services.results import Report
from speech.understand import understand

ZONE = factories.ZONE
SOLVED = Report(outcome=Outcome.SOLVED, done="已上门办理", aid="米、面、油各一份", evidence="入户记录一份")


@dataclass
class Town:
    """What a scenario is played on; `at` is its present."""

    session: Session
    at: datetime
    people: dict[int, User] = field(default_factory=dict)

    def later(self, **span: float) -> datetime:
        """Let time pass."""
        self.at += timedelta(**span)
        return self.at

    def person(self, unit: Unit, *roles: Role) -> Actor:
        """Somebody new who works there."""
        made = factories.user(self.session, unit, *roles)
        self.people[made.id] = made
        return actor_for(made)

    def call(self, line: Line, number: str, seconds: int = 40, times_told: int = 1) -> Order:
        """Somebody rings the line, speaks and hangs up; each notice of the carrier arrives `times_told` times."""
        sid = factories.call_sid()
        told = {"number": number, "dialled": line.number, "carrier": "twilio"}
        for _ in range(times_told):
            calls.ring_in(self.session, factories.told(sid, event=f"{sid}1", **told), self.at, ZONE)
        self.later(seconds=seconds)
        for _ in range(times_told):
            left = factories.told(sid, event=f"{sid}2", **told)
            calls.message_left(self.session, left, f"RE{sid[2:]}", self.at, ZONE, wants_person=False)
            calls.ended(self.session, factories.told(sid, event=f"{sid}3", **told), self.at, seconds, self.at, ZONE)
        rung = self.session.scalars(select(Call).filter_by(carrier_call_id=sid)).one()
        return intake.receive_call(self.session, rung, self.at, ZONE)

    def understand(self, order: Order) -> None:
        """Do what the worker does with what was written into the order and not yet understood."""
        gazetteer = organisation.gazetteer(self.session)
        waiting = select(OutboxEntry.subject_id).where(OutboxEntry.work == Work.UNDERSTAND_STATEMENT)
        for said in self.session.scalars(
            select(Statement).where(Statement.order_id == order.id, Statement.id.in_(waiting))
        ):
            facts.propose(self.session, order, said, understand(said.text, gazetteer), self.at, ZONE)

    def review(self, order: Order, taker: Actor, **said: Any) -> None:
        """The call taker states what there is to know, by the names of the facts, and passes the order on."""
        for name, value in said.items():
            facts.confirm(self.session, order, FactName(name), value, taker, self.at, ZONE)
        catalogue.triage(self.session, order, taker, self.at)

    def sign(self, order: Order, handler: Actor) -> None:
        """The handler signs for it."""
        orders.accept(self.session, order, self.people[handler.user_id or 0], handler, self.at)

    def work(self, order: Order, handler: Actor, told: Report = SOLVED) -> None:
        """The handler speaks with the caller, helps, and reports."""
        orders.contact(self.session, order, handler, self.at, "电话联系，约定上门时间")
        self.later(minutes=1)
        results.report(self.session, order, told, handler, self.at, ZONE)

    def ring_back(self, order: Order) -> SurveyAttempt:
        """The callback rings, and the caller picks up."""
        attempt = order.survey_rounds[-1].attempts[-1]
        self.at = max(self.at, attempt.due_at)
        while isinstance(wait := surveys.begin(self.session, attempt.id, "twilio", self.at, ZONE), surveys.Postponed):
            self.at = wait.until
        sid = factories.call_sid()
        surveys.dialled(self.session, attempt.id, sid)
        surveys.picked_up(self.session, attempt, sid, is_machine=False, now=self.at, zone=ZONE)
        return attempt

    def answer(self, order: Order, *keys: str) -> None:
        """The caller answers the callback by these keys."""
        attempt = self.ring_back(order)
        sid = attempt.call.carrier_call_id if attempt.call else ""
        for key in keys:
            surveys.keyed(self.session, attempt, factories.told(sid or ""), key, self.at, ZONE)

    def not_reached(self, order: Order, desk: Actor) -> None:
        """The machine rings in vain as often as it may, then a person does."""
        while order.survey_rounds[-1].state != RoundState.PERSON:
            attempt = order.survey_rounds[-1].attempts[-1]
            self.at = max(self.at, attempt.due_at)
            begun = surveys.begin(self.session, attempt.id, "twilio", self.at, ZONE)
            if isinstance(begun, surveys.Postponed):
                self.at = begun.until
                continue
            surveys.progressed(self.session, attempt, AttemptEvent.NO_ANSWER, self.at, ZONE)
        surveys.give_up_by_person(self.session, order.survey_rounds[-1], "三次无人接听", desk, self.at)

    def alarmed(self, order: Order) -> bool:
        """Whether the order rings at people."""
        return bool(alarms.of_order(self.session, order))

    def in_state(self, *states: OrderState) -> int:
        """How many orders stand in these states."""
        return len(self.session.scalars(select(Order.id).where(Order.state.in_(states))).all())
