"""Confidences come from the model's calibration; doubt says when a person has to listen."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.confidence import FEATURES, Calibration, CalibrationError, judge
from speech.hearing import Evidence, Hearing
from speech.recognizer import Recognizer
from speech.transcript import Doubt, Transcript, Word

DEMO = Path(__file__).parents[2] / "speech/demo_model"
# As it was fitted for one version of the demo model; what is said of it here doesn't change with the next.
FITTED = Calibration(
    {
        "always": -0.4401,
        "certainty": 2.854,
        "own_doubt": -2.7858,
        "certainty_near": -0.1686,
        "certainty_of_channel": 1.6044,
        "unknown_near": -1.2646,
        "unknown_of_channel": -0.8947,
        "one_syllable": 0.8792,
        "syllables": 0.7217,
        "hurried": -0.9379,
        "drawn_out": -1.1257,
    },
    doubt_below=0.287,
)


def hearing(words=(), unknown=(), sounding_s=5.0) -> Hearing:
    transcript = Transcript(10, tuple(words), "m-1", "zh-CN")
    return Hearing(transcript, Evidence(sounding_s, 0, sounding_s, tuple(unknown)))


def row(confs, channel="caller", start=0.0) -> list[Word]:
    """Two-character words, one after the other."""
    return [Word("家里", start + at * 0.4, start + at * 0.4 + 0.4, conf, channel) for at, conf in enumerate(confs)]


SURE = row([1.0] * 8)
UNKNOWN = Word("[unk]", 4, 7, 0.9)


def test_demo_model_has_a_calibration():
    weights = Calibration.of(DEMO).weights
    assert weights is not None
    assert set(weights) == set(FEATURES)


def test_sure_words_stay_sure_and_unsure_ones_are_believed_less():
    judged = judge(hearing(row([1.0] * 8 + [0.4])), FITTED)
    assert min(word.conf for word in judged.words[:8]) > 0.85
    assert judged.words[8].conf < 0.5
    assert judged.doubt is None


def test_word_is_believed_less_where_much_is_unknown():
    alone = judge(hearing(SURE), FITTED)
    beside_unknown = judge(hearing(SURE, [UNKNOWN]), FITTED)
    assert all(a.conf > b.conf for a, b in zip(alone.words, beside_unknown.words, strict=True))


def test_other_party_changes_nothing():
    agent = row([0.3] * 8, "agent", start=0.1)
    both = sorted([*SURE, *agent], key=lambda word: word.start)
    assert judge(hearing(both), FITTED).channel("caller").words == judge(hearing(SURE), FITTED).words


def test_model_without_a_calibration_is_capped(tmp_path: Path):
    calibration = Calibration.of(tmp_path)
    confs = [word.conf for word in judge(hearing(row([1.0, 0.97, 0.7])), calibration).words]
    assert confs == [0.95, 0.95, 0.7]


@pytest.mark.parametrize(
    ("heard", "doubt"),
    [
        (hearing(sounding_s=0.0), Doubt.SILENCE),
        (hearing(), Doubt.NO_SPEECH),
        (hearing(unknown=[UNKNOWN]), Doubt.UNKNOWN_SPEECH),
        (hearing(row([0.9]), [UNKNOWN]), Doubt.UNKNOWN_SPEECH),
        (hearing(row([0.4] * 8)), Doubt.UNSURE),
        (hearing(SURE), None),
    ],
)
def test_doubt_says_why(heard, doubt):
    assert judge(heard, FITTED).doubt == doubt


def test_noise_around_a_short_answer_is_no_doubt():
    noise = [Word("[unk]", 0.0, 0.3, 1.0), Word("[unk]", 1.0, 1.4, 1.0)]
    assert judge(hearing([Word("满意", 0.4, 0.9, 1.0)], noise, sounding_s=0.25), FITTED).doubt is None


def test_caller_who_is_not_understood_is_no_better_for_an_agent_who_is():
    unknown = [replace(UNKNOWN, start=at, end=at + 1.0) for at in (1.0, 2.5)]
    agent = row([1.0] * 40, "agent")
    assert judge(hearing(agent, unknown), FITTED).doubt == Doubt.UNKNOWN_SPEECH
    cough = [replace(UNKNOWN, start=1.0, end=1.4)]
    assert judge(hearing(agent, cough), FITTED).doubt is None


@pytest.mark.parametrize("said", [SURE, row([1.0])], ids=["long", "short"])
def test_agent_who_is_not_understood_takes_nothing_from_what_the_caller_said(said):
    agent = [replace(UNKNOWN, channel="agent", start=at, end=at + 2.0) for at in (4.0, 8.0, 12.0)]
    assert judge(hearing(said, agent), FITTED).doubt is None
    mumbling = row([0.4] * 20, "agent", start=4.0)
    assert judge(hearing([*said, *mumbling]), FITTED).doubt is None


def test_where_the_caller_says_nothing_it_is_the_agent_who_is_judged():
    agent = row([1.0] * 8, "agent")
    assert judge(hearing(agent), FITTED).doubt is None
    assert judge(hearing(agent[:2], [replace(UNKNOWN, channel="agent")]), FITTED).doubt == Doubt.UNKNOWN_SPEECH


def test_party_that_counts_has_the_name_that_its_channel_was_given():
    right = [replace(UNKNOWN, channel="right")]
    assert judge(hearing(row([1.0] * 2, "left"), right), FITTED, "left").doubt is None
    assert judge(hearing(row([1.0] * 2, "left"), right), FITTED, "right").doubt == Doubt.UNKNOWN_SPEECH


words = st.lists(
    st.builds(
        Word,
        st.text(max_size=5),
        st.floats(0, 100),
        st.floats(0, 100),
        st.floats(0, 1),
        st.sampled_from(["caller", "agent"]),
    ),
    max_size=12,
)


@given(words, words, st.sampled_from([FITTED, Calibration()]))
def test_whatever_was_heard_is_judged(known, unknown, calibration):
    judged = judge(hearing(known, unknown), calibration)
    assert [word.word for word in judged.words] == [word.word for word in known]
    assert all(0 <= word.conf < 1 for word in judged.words)
    assert known or judged.doubt is not None


@pytest.mark.parametrize("broken", ["none", {}, {"weights": {}, "doubt_below": 0.3}, {"weights": 1}])
def test_calibration_of_another_version_is_no_calibration(tmp_path: Path, broken):
    (tmp_path / "model.json").write_text(json.dumps({"calibration": broken}), encoding="utf-8")
    with pytest.raises(CalibrationError):
        Calibration.of(tmp_path)


def test_card_keeps_what_was_fitted(tmp_path: Path):
    (tmp_path / "model.json").write_text(json.dumps({"calibration": FITTED.as_dict()}), encoding="utf-8")
    assert Calibration.of(tmp_path) == FITTED


def test_caller_is_transcribed_without_doubt(recognizer: Recognizer, say):
    transcript = recognizer.transcribe(say("家里没有米了"))
    assert transcript.doubt is None
    assert 0.7 < transcript.confidence < 1


def test_caller_of_another_language_is_doubted(recognizer: Recognizer, say):
    transcript = recognizer.transcribe(say("Seven eight two, five one nine, zero four.", language="en"))
    assert transcript.doubt in (Doubt.UNKNOWN_SPEECH, Doubt.UNSURE)
