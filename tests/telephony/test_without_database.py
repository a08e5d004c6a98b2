"""While the database is away a caller hears words, and what was told is kept on the disk and stored once later."""

import json
import stat
from pathlib import Path

import factories
import pytest
from carrier_side import CarrierSide, recorded_form, recording_form, status_form, voice_form
from sqlalchemy.exc import DataError, OperationalError

from hotline.db import Sessions
from hotline.models import Attention, Call, Order, OutboxEntry, Recording, SurveyAttempt, TextMessage
from hotline.rules.call_flow import CallState
from hotline.rules.survey_states import AttemptState
from hotline.rules.wording import text_for
from hotline.services import text_messages
from hotline.telephony.addresses import Addresses
from hotline.telephony.journal import Entry, Journal, MissedCall, store

SID, RECORDING = factories.call_sid(), factories.recording_sid()


def written(carrier: CarrierSide) -> list[Path]:
    return sorted(carrier.settings.journal_dir.glob("*.json"))


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/voice/inbound", voice_form(SID)),
        ("/voice/key", voice_form(SID, Digits="0")),
        ("/voice/recorded", recorded_form(SID, RECORDING)),
        ("/voice/nothing-said", voice_form(SID)),
        ("/voice/person-done", voice_form(SID, DialCallStatus="busy")),
        ("/voice/fallback", voice_form(SID, ErrorCode="11200")),
    ],
)
def test_a_caller_hears_that_somebody_will_ring_back(cut_off: CarrierSide, path: str, form: dict[str, str]) -> None:
    heard = cut_off.hear(path, form)

    assert heard.names == ["Say", "Hangup"]
    assert heard.words == text_for("zh-CN", "apology")
    (file,) = written(cut_off)
    assert json.loads(file.read_text())["told"]["number"] == factories.CALLER


@pytest.mark.parametrize("what", ["picked-up", "key", "spoken"])
def test_who_was_rung_by_us_hears_words_and_is_no_missed_caller(cut_off: CarrierSide, what: str) -> None:
    heard = cut_off.hear(f"/voice/survey/{'f' * 32}/{what}", voice_form(SID, Direction="outbound-api"))

    assert heard.words == text_for("zh-CN", "apology")
    assert written(cut_off) == []


def test_what_is_kept_can_be_read_by_nobody_else(cut_off: CarrierSide) -> None:
    cut_off.hear("/voice/inbound", voice_form(SID))

    (file,) = written(cut_off)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert list(file.parent.iterdir()) == [file]


def test_a_caller_hears_words_even_when_nothing_can_be_written(cut_off: CarrierSide) -> None:
    cut_off.settings.journal_dir.write_text("a file where a directory should be")

    assert cut_off.hear("/voice/inbound", voice_form(SID)).names == ["Say", "Hangup"]
    assert cut_off.hear("/voice/fallback", voice_form(SID)).names == ["Say", "Hangup"]


def test_logs_tell_of_the_trouble_and_never_the_number(cut_off: CarrierSide, caplog: pytest.LogCaptureFixture) -> None:
    cut_off.hear("/voice/inbound", voice_form(SID))
    cut_off.tell("/voice/status", status_form(SID))

    assert "voice webhook failed" in caplog.text
    assert "callback could not be stored" in caplog.text
    assert factories.CALLER[3:] not in caplog.text


def test_logs_of_a_refused_statement_do_not_tell_its_values(
    carrier: CarrierSide, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(DataError) as raised, carrier.sessions.begin() as session:
        factories.unit(session, "x" * 61, name="secret-name")

    assert "secret-name" not in str(raised.value)


def replay(carrier: CarrierSide, sessions: Sessions) -> int:
    def apply(entry: Entry) -> None:
        with sessions.begin() as session:
            store(session, entry, Addresses(factories.BASE_URL), factories.LATER, factories.ZONE)

    return Journal(carrier.settings.journal_dir).replay(apply)


def test_a_missed_call_becomes_one_to_return(cut_off: CarrierSide, sessions: Sessions) -> None:
    with sessions.begin() as session:
        factories.line(session)
    cut_off.hear("/voice/inbound", voice_form(SID))
    cut_off.hear("/voice/fallback", voice_form(SID))

    assert replay(cut_off, sessions) == 2
    assert replay(cut_off, sessions) == 0

    with sessions() as session:
        call = session.query(Call).one()
        assert (call.state, call.attention) == (CallState.NOT_SERVED, Attention.RING_BACK)
        assert (call.number, call.started_at) == (factories.CALLER, factories.NOW)


def test_notices_are_stored_once_when_the_database_is_back(cut_off: CarrierSide, sessions: Sessions) -> None:
    with sessions.begin() as session:
        factories.line(session)
        factories.call(session, session.query(factories.Line).one(), carrier_call_id=SID, ended_at=None)
    cut_off.tell("/voice/recording", recording_form(SID, RECORDING))
    cut_off.tell("/voice/recording", recording_form(SID, RECORDING))
    cut_off.tell("/voice/status", status_form(SID))

    assert replay(cut_off, sessions) == 3

    with sessions() as session:
        assert session.query(Recording).one().carrier_recording_id == RECORDING
        assert session.query(OutboxEntry).filter_by(work="fetch_recording").count() == 1
        assert session.query(Call).one().duration_s == 60


def test_how_our_own_calls_and_texts_fared_is_stored_when_the_database_is_back(
    cut_off: CarrierSide, sessions: Sessions
) -> None:
    with sessions.begin() as session:
        attempt = factories.talking(session, factories.attempt(session))
        text_messages.tell_order_number(session, attempt.round.order.calls[0], factories.NOW)
        message = session.query(TextMessage).one()
    told = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "undelivered", "ErrorCode": "30003"}

    cut_off.tell(f"/voice/survey/{attempt.token}/status", voice_form(SID, CallStatus="completed"))
    cut_off.tell(f"/messages/{message.id}/status", told)

    assert replay(cut_off, sessions) == 2
    with sessions() as session:
        assert session.query(SurveyAttempt).one().state == AttemptState.HUNG_UP
        assert session.query(TextMessage).one().trouble == "carrier error 30003"


def test_what_somebody_wrote_becomes_an_order_when_the_database_is_back(
    cut_off: CarrierSide, sessions: Sessions
) -> None:
    with sessions.begin() as session:
        factories.line(session)
    wrote = {"MessageSid": "SM" + "a" * 32, "From": factories.CALLER, "To": factories.LINE, "Body": "家里没有米了"}

    assert cut_off.post("/messages/inbound", wrote).status_code == 200

    assert replay(cut_off, sessions) == 1
    with sessions() as session:
        assert session.query(Order).one().received_at == factories.NOW


def test_a_message_that_was_thanked_for_outlives_a_journalled_failure(cut_off: CarrierSide, sessions: Sessions) -> None:
    with sessions.begin() as session:
        factories.call(session, factories.line(session), carrier_call_id=SID)
    cut_off.hear("/voice/recorded", recorded_form(SID, RECORDING))

    replay(cut_off, sessions)

    with sessions() as session:
        assert session.query(Call).one().state == CallState.THANKED


def test_a_replay_that_fails_keeps_what_it_could_not_store(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    told = factories.told(SID)
    journal.write(MissedCall(told, factories.NOW))

    def away(_entry: Entry) -> None:
        raise OperationalError("select 1", {}, Exception("away"))

    with pytest.raises(OperationalError):
        journal.replay(away)

    seen: list[Entry] = []
    assert journal.replay(seen.append) == 1
    assert seen == [MissedCall(told, factories.NOW)]


def test_an_entry_that_cannot_be_stored_holds_up_no_other(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    bad, good = factories.told(factories.call_sid()), factories.told(factories.call_sid())
    journal.write(MissedCall(bad, factories.NOW))
    journal.write(MissedCall(good, factories.LATER))
    stored: list[Entry] = []

    def apply(entry: Entry) -> None:
        assert isinstance(entry, MissedCall)
        if entry.told == bad:
            raise ValueError
        stored.append(entry)

    assert journal.replay(apply) == 1
    assert stored == [MissedCall(good, factories.LATER)]
    assert list(tmp_path.glob("*.json")) == []
    assert len(list((tmp_path / "unusable").glob("*.json"))) == 1


def test_what_was_half_written_when_the_machine_died_is_passed_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(MissedCall(factories.told(SID), factories.NOW))
    (tmp_path / "0.json").write_text("")
    (tmp_path / ".unfinished").write_text('{"kind": "Mis')
    stored: list[Entry] = []

    assert journal.replay(stored.append) == 1
    assert len(stored) == 1


def test_a_healthy_service_says_so_and_one_without_a_database_does_not(
    carrier: CarrierSide,
) -> None:
    assert carrier.app.test_client().get("/healthz", base_url=factories.BASE_URL).json == {"status": "ok"}


def test_a_service_without_a_database_is_not_healthy(cut_off: CarrierSide) -> None:
    assert cut_off.app.test_client().get("/healthz", base_url=factories.BASE_URL).status_code == 503
