"""What the carrier's own lists bring back when no webhook reached us, and what in them is none of our business."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import factories
import pytest
from sqlalchemy import select
from stand_in import Sandbox, Service

from hotline.db import Base
from hotline.models import Attention, Call, Direction, Line, OutboxEntry, Receipt, ReceiptOutcome, Recording
from hotline.rules.call_flow import CallState
from hotline.services import outbox
from worker.context import Context, make_context
from worker.perform import perform_with
from worker.sweep import reconcile_calls, reconcile_recordings

SOMEBODY_ELSES = "+862099990000"
# Nobody listens there.
AWAY = "http://127.0.0.1:1"
SPEAKS = [{"on": "record", "say": "家里没有米了，请送点米来。"}]


@dataclass(frozen=True)
class Account:
    """One account at the carrier with two numbers: ours, and that of another service."""

    sandbox: Sandbox
    service: Service
    context: Context

    def answers(self, number: str, voice_url: str) -> None:
        """What the carrier asks when somebody dials the number."""
        self.sandbox.set(f"/numbers/{number}", {"voice_url": voice_url})

    def work(self) -> None:
        """Do all that is asked for, until nothing is."""
        while entries := self._due():
            for entry_id in entries:
                perform_with(self.context, entry_id)

    def _due(self) -> list[int]:
        with self.context.sessions.begin() as session:
            return [entry.id for entry in outbox.take_due(session, self.context.clock.now())]

    def rows(self, kind: type[Base]) -> list[Any]:
        """Every row of a kind."""
        with self.context.sessions() as session:
            return list(session.scalars(select(kind)))


@pytest.fixture
def account(tmp_path: Path, service: Service, own_database_url: str) -> Iterator[Account]:
    sandbox = Sandbox(tmp_path, auth_token=factories.AUTH_TOKEN)
    context = make_context(factories.settings(tmp_path, database_url=own_database_url, twilio_api_base=sandbox.url))
    with context.sessions.begin() as session:
        factories.line(session)
    yield Account(sandbox, service, context)
    context.engine.dispose()
    sandbox.close()


def test_who_rang_while_the_web_process_was_away_is_rung_back(account: Account) -> None:
    account.answers(factories.LINE, f"{AWAY}/voice/inbound")
    rang = account.sandbox.ring()

    reconcile_calls(account.context)
    reconcile_calls(account.context)

    (call,) = account.rows(Call)
    assert call.carrier_call_id == rang["call_sid"]
    assert (call.direction, call.number) == (Direction.INBOUND, factories.CALLER)
    assert (call.state, call.attention) == (CallState.NOT_SERVED, Attention.RING_BACK)
    assert call.started_at <= call.ended_at


def test_a_call_that_we_know_stays_as_it_is(account: Account) -> None:
    account.answers(factories.LINE, f"{AWAY}/voice/inbound")
    rang = account.sandbox.ring()
    with account.context.sessions.begin() as session:
        line = session.scalars(select(Line)).one()
        factories.call(session, line, carrier_call_id=rang["call_sid"])

    reconcile_calls(account.context)

    (call,) = account.rows(Call)
    assert (call.state, call.attention) == (CallState.THANKED, None)


def test_who_rang_somebody_else_is_none_of_our_business(account: Account) -> None:
    account.answers(SOMEBODY_ELSES, f"{AWAY}/voice")
    account.sandbox.ring(to=SOMEBODY_ELSES)

    reconcile_calls(account.context)

    assert account.rows(Call) == []


def test_what_was_said_to_somebody_else_is_neither_fetched_nor_deleted(account: Account) -> None:
    account.answers(SOMEBODY_ELSES, account.service.on("/voice", "<Record timeout='3' action='/done'/>"))
    account.service.on("/done")
    rang = account.sandbox.ring(SPEAKS, to=SOMEBODY_ELSES)

    for _ in range(2):
        reconcile_recordings(account.context)
        account.work()

    assert [receipt.outcome for receipt in account.rows(Receipt)] == [ReceiptOutcome.NOT_OURS]
    assert account.rows(Call) == account.rows(Recording) == []
    assert len(account.rows(OutboxEntry)) == 1
    there = account.sandbox.client(factories.AUTH_TOKEN).recordings.list()
    assert [recording.sid for recording in there] == rang["recordings"]


def test_what_was_said_to_us_is_taken_up_without_a_webhook(account: Account) -> None:
    account.answers(factories.LINE, account.service.on("/voice", "<Record timeout='3' action='/done'/>"))
    account.service.on("/done")
    rang = account.sandbox.ring(SPEAKS)

    reconcile_recordings(account.context)
    account.work()

    assert [call.carrier_call_id for call in account.rows(Call)] == [rang["call_sid"]]
    assert [receipt.outcome for receipt in account.rows(Receipt)] == [ReceiptOutcome.APPLIED]
