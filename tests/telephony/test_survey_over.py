"""Who picks up a callback that is over already is not asked what would not count."""

import factories
import pytest
from carrier_side import CarrierSide, voice_form

from hotline.models import Line, SurveyAnswer
from hotline.rules.survey_states import AttemptEvent
from hotline.rules.wording import text_for
from hotline.services import surveys


def a_callback_that_is_over(carrier: CarrierSide) -> tuple[str, str]:
    """Its token, and the carrier's name of the call."""
    assert carrier.sessions is not None
    with carrier.sessions.begin() as session:
        attempt = factories.talking(session, factories.attempt(session, session.query(Line).one()))
        surveys.progressed(session, attempt, AttemptEvent.FAIL, factories.NOW, factories.ZONE)
        assert attempt.call is not None
        assert attempt.call.carrier_call_id is not None
        return attempt.token, attempt.call.carrier_call_id


@pytest.mark.parametrize("what", ["picked-up", "key"])
def test_a_callback_that_is_over_says_goodbye(carrier: CarrierSide, what: str) -> None:
    token, sid = a_callback_that_is_over(carrier)

    heard = carrier.hear(f"/voice/survey/{token}/{what}", voice_form(sid, Digits="1", Direction="outbound-api"))

    assert heard.names == ["Say", "Hangup"]
    assert heard.words == text_for("zh-CN", "callback_over")
    assert carrier.count(SurveyAnswer) == 0
