"""A number that is none of ours: what was said there may be somebody else's, and is left where it is."""

import factories
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import OutboxEntry, Receipt, ReceiptOutcome, Recording, Work
from hotline.services import calls, receipts, recordings
from speech.transcript import Transcript as Heard
from speech.transcript import Word


@pytest.mark.parametrize(("has_line", "asked"), [(True, 1), (False, 0)])
def test_only_what_was_said_on_a_line_of_ours_is_deleted_at_the_carrier(
    session: Session, has_line: bool, asked: int
) -> None:
    call = factories.call(session, factories.line(session) if has_line else None)
    recording = factories.recording(session, call)
    heard = Heard(words=(Word("米", 0.0, 0.3, 1.0),), duration_s=1.0, model="demo", language="zh-CN")

    recordings.transcribed(session, recording, heard, factories.NOW, delete_at_carrier=True)

    wanted = session.scalars(select(OutboxEntry).where(OutboxEntry.work == Work.DELETE_AT_CARRIER)).all()
    assert len(wanted) == asked


@pytest.mark.parametrize(("is_active", "outcome"), [(True, ReceiptOutcome.APPLIED), (False, ReceiptOutcome.APPLIED)])
def test_a_line_that_was_closed_since_was_ours(session: Session, is_active: bool, outcome: ReceiptOutcome) -> None:
    factories.line(session, is_active=is_active)
    assert _adopted(session, factories.LINE).outcome == outcome


def test_a_number_that_is_no_line_is_somebody_elses(session: Session) -> None:
    factories.line(session)

    assert _adopted(session, "+862099990000").outcome == ReceiptOutcome.NOT_OURS
    assert session.scalars(select(Recording)).all() == []


def _adopted(session: Session, dialled: str) -> Receipt:
    told = factories.recording_told(factories.call_sid())
    receipt_id = receipts.first_time(
        session, "recording", told.recording_id, "complete", told, factories.NOW, ReceiptOutcome.UNMATCHED
    )
    receipt = session.get_one(Receipt, receipt_id)
    who = factories.told(told.call_id, dialled=dialled)
    calls.adopt(session, receipt, told, who, factories.NOW, factories.ZONE)
    return receipt
