"""From a text to the facts that a person can check."""

from speech.understand.answers import understand_outreach, understand_survey
from speech.understand.facts import CheckCallAnswers, Evidence, Fact, Facts, SurveyAnswers
from speech.understand.place_names import PlaceRow, UnitRow
from speech.understand.places import Gazetteer
from speech.understand.records import (
    RecordError,
    understand_outreach_record,
    understand_record,
    understand_survey_record,
)
from speech.understand.request import understand

__all__ = [
    "CheckCallAnswers",
    "Evidence",
    "Fact",
    "Facts",
    "Gazetteer",
    "PlaceRow",
    "RecordError",
    "SurveyAnswers",
    "UnitRow",
    "understand",
    "understand_outreach",
    "understand_outreach_record",
    "understand_record",
    "understand_survey",
    "understand_survey_record",
]
