"""What a speech process makes of a recording: with which model, what it tells on the way, and what doubt means."""

from dataclasses import replace
from typing import Any

import factories
import pytest
import soundfile
from factories import NOW
from sqlalchemy import select
from sqlalchemy.orm import Session
from workshop import Workshop

from hotline.models import (
    Alarm,
    Attention,
    Call,
    Channel,
    Fact,
    Line,
    ModelUse,
    Order,
    Origin,
    OutboxEntry,
    OutboxState,
    Place,
    Recording,
    RecordingKind,
    RecordingState,
    Statement,
    SurveyRound,
    Transcript,
    Unit,
    Work,
)
from hotline.rules.alarms import AlarmState
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role
from hotline.rules.survey_states import AttemptEvent, RoundState
from hotline.services import hearing_anew, intake, organisation, recordings, surveys
from speech.local_names import LocalNames
from speech.recognizer import Recognizer
from speech.transcript import Doubt
from speech.trial import RECORDING
from worker import jobs
from worker.jobs import limit_s
from worker.perform import perform_with

SAID = "老人一个人在家"


def a_spoken_message(workshop: Workshop, **more: object) -> int:
    """A recording in the store, of somebody who speaks."""

    def stored(session: Session) -> Recording:
        call = factories.call(session, factories.line(session))
        return factories.recording(session, call, store_key="spoken.wav", **more)

    recording_id = workshop.make(stored)
    with RECORDING.open("rb") as sound:
        workshop.context.store.put("spoken.wav", sound)
    return recording_id


def with_ears(workshop: Workshop, **changes: Any) -> Workshop:
    return replace(workshop, context=replace(workshop.context, hearing=replace(workshop.context.ears, **changes)))


def hear_anew(workshop: Workshop, recording_id: int) -> None:
    with workshop.context.sessions.begin() as session:
        assert hearing_anew.ask(session, [recording_id], workshop.clock.now()) == 1
    perform_with(workshop.context, workshop.take(Work.RETRANSCRIBE_RECORDING, recording_id))


# Models


def choose(workshop: Workshop, model: str, *, for_line: bool) -> None:
    def chosen(session: Session) -> ModelUse:
        line = session.query(Line).one() if for_line else None
        use = ModelUse(line=line, model=model, used_from=NOW)
        session.add(use)
        session.flush()
        return use

    workshop.make(chosen)


def test_a_recording_is_heard_and_its_outline_measured(workshop: Workshop, model: Recognizer) -> None:
    recording_id = a_spoken_message(workshop)

    workshop.do(Work.TRANSCRIBE_RECORDING, recording_id)

    transcript = workshop.one(Transcript)
    assert transcript.text.startswith(SAID)
    assert (transcript.model, transcript.language) == (model.info.label, "zh-CN")
    with workshop.context.sessions() as session:
        peaks = recordings.peaks_of(session.get_one(Recording, recording_id))
    assert peaks is not None
    (outline,) = peaks.channels
    seconds = soundfile.info(RECORDING).duration
    assert len(outline) == pytest.approx(seconds * peaks.per_second, abs=2)
    assert max(outline) > 50


@pytest.mark.parametrize("for_line", [True, False])
def test_a_line_is_heard_by_the_model_chosen_for_it(workshop: Workshop, model: Recognizer, *, for_line: bool) -> None:
    other = Recognizer.load(model.info.path)
    other.info = replace(other.info, name="another", version="9")
    recording_id = a_spoken_message(workshop)
    choose(workshop, "another-9", for_line=for_line)
    both = with_ears(workshop, models={model.info.label: model, "another-9": other})

    both.do(Work.TRANSCRIBE_RECORDING, recording_id)

    assert workshop.one(Transcript).model == "another-9"


def test_a_model_that_is_not_here_is_waited_for_and_then_left_to_a_person(workshop: Workshop) -> None:
    recording_id = a_spoken_message(workshop)
    choose(workshop, "vosk-model-cn-0.22", for_line=True)

    entry = workshop.do_until_dead(Work.TRANSCRIBE_RECORDING, recording_id)

    assert (entry.state, entry.trouble) == (OutboxState.DEAD, "ModelNotLoadedError")
    assert workshop.get(Recording, recording_id).state == RecordingState.FAILED
    assert workshop.one(Call).attention == Attention.TRANSCRIPTION_FAILED
    assert workshop.one(Order)


def test_heard_anew_by_another_model_it_has_two_versions(workshop: Workshop, model: Recognizer) -> None:
    recording_id = a_spoken_message(workshop)
    workshop.do(Work.TRANSCRIBE_RECORDING, recording_id)
    other = Recognizer.load(model.info.path)
    other.info = replace(other.info, name="another", version="9")
    choose(workshop, "another-9", for_line=False)
    both = with_ears(workshop, models={model.info.label: model, "another-9": other})

    for _ in range(2):
        hear_anew(both, recording_id)

    assert [(made.version, made.model) for made in workshop.all(Transcript)] == [
        (1, model.info.label),
        (2, "another-9"),
    ]


# Names


def test_names_and_places_are_those_that_the_parent_loaded(workshop: Workshop) -> None:
    def place(session: Session) -> Unit:
        unit = factories.unit(session, "GRID-7", name="静溪街道", level="grid")
        session.add(Place(unit=unit, name="梅花苑"))
        return unit

    workshop.make(place)
    with workshop.context.sessions() as session:
        known = with_ears(workshop, gazetteer=organisation.gazetteer(session))
    text = "我住在梅花苑家里没有米了"

    workshop.do(Work.UNDERSTAND_TRANSCRIPT, workshop.make(lambda session: a_transcript(session, text)))
    assert workshop.one(Fact, Fact.name == "place").value is None

    known.do(Work.UNDERSTAND_TRANSCRIPT, workshop.make(lambda session: a_transcript(session, text)))
    assert [fact.value for fact in workshop.all(Fact, Fact.name == "place")] == [None, "GRID-7"]


def test_a_local_name_is_put_right_and_what_was_heard_is_kept(workshop: Workshop) -> None:
    recording_id = a_spoken_message(workshop)

    with_ears(workshop, names=LocalNames.from_names(["请邦邦芒"])).do(Work.TRANSCRIBE_RECORDING, recording_id)

    transcript = workshop.one(Transcript)
    assert transcript.text.endswith("请邦邦芒")
    assert [(word["word"], word["heard"]) for word in transcript.words if "heard" in word] == [("请邦邦芒", "请帮帮忙")]


# Progress


def test_how_far_a_recording_was_heard_is_told_on_the_way(workshop: Workshop) -> None:
    recording_id = a_spoken_message(workshop)
    progress = jobs._Progress(
        workshop.context, jobs._Sound(recording_id, "spoken.wav", workshop.context.ears.recognizer(None))
    )
    progress._due_at = 0.0

    with RECORDING.open("rb") as sound:
        heard = workshop.context.ears.recognizer(None).transcribe(sound, on_words=progress)

    recording = workshop.get(Recording, recording_id)
    assert heard.text.startswith(SAID)
    assert (recording.heard_until_s, recording.heard_text) == (heard.duration_s, heard.text)


# Doubt


def a_transcript(session: Session, text: str, **more: object) -> Transcript:
    line = session.query(Line).first() or factories.line(session)
    recording = factories.recording(session, factories.call(session, line), state=RecordingState.TRANSCRIBED)
    told = {"origin": Origin.MACHINE, "words": [], "language": "zh-CN", "made_at": NOW, **more}
    made = Transcript(recording=recording, version=1, text=text, **told)
    session.add(made)
    session.flush()
    return made


@pytest.mark.parametrize("doubt", [Doubt.SILENCE, Doubt.NO_SPEECH, Doubt.UNKNOWN_SPEECH])
def test_of_what_nobody_said_no_facts_are_taken_and_the_order_exists(workshop: Workshop, doubt: Doubt) -> None:
    made = workshop.make(lambda session: a_transcript(session, "我要跳楼家里没有米了", doubt=doubt))

    entry = workshop.do(Work.UNDERSTAND_TRANSCRIPT, made)

    assert entry.state == OutboxState.DONE
    assert workshop.all(Fact) == []
    order = workshop.one(Order)
    assert (order.category, order.urgency) == (None, "normal")


def said(workshop: Workshop) -> dict[str, Any]:
    return {fact.name: fact.value for fact in workshop.all(Fact) if fact.evidence}


def test_badly_heard_words_of_danger_act_at_once_and_nothing_else_is_taken(workshop: Workshop) -> None:
    made = workshop.make(lambda session: a_transcript(session, "我要跳楼家里没有米了", doubt=Doubt.UNSURE))

    workshop.do(Work.UNDERSTAND_TRANSCRIPT, made)

    assert said(workshop) == {"urgency": "emergency"}
    (evidence,) = workshop.one(Fact, Fact.name == "urgency").evidence
    assert "跳楼" in evidence["text"]
    order = workshop.one(Order)
    assert (order.category, order.summary, order.urgency) == (None, None, "emergency")


def test_without_words_of_danger_nothing_is_taken_of_what_was_badly_heard(workshop: Workshop) -> None:
    made = workshop.make(lambda session: a_transcript(session, "老人家里没有米了", doubt=Doubt.UNSURE))

    workshop.do(Work.UNDERSTAND_TRANSCRIPT, made)

    assert workshop.all(Fact) == []
    assert workshop.one(Order).urgency == "normal"


def test_the_same_without_doubt_has_facts(workshop: Workshop) -> None:
    made = workshop.make(lambda session: a_transcript(session, "我要跳楼家里没有米了"))

    workshop.do(Work.UNDERSTAND_TRANSCRIPT, made)

    assert workshop.one(Order).urgency == "emergency"


def an_answer(session: Session, text: str, doubt: Doubt | None) -> Transcript:
    """What somebody said in a callback that is being listened to."""
    attempt = factories.talking(session, factories.attempt(session))
    surveys.progressed(session, attempt, AttemptEvent.SPEAK, NOW, factories.ZONE)
    call = attempt.call
    assert call is not None
    recording = factories.recording(session, call, kind=RecordingKind.SURVEY, state=RecordingState.TRANSCRIBED)
    told = {"origin": Origin.MACHINE, "words": [], "language": "zh-CN", "made_at": NOW, "doubt": doubt}
    made = Transcript(recording=recording, version=1, text=text, **told)
    session.add(made)
    session.flush()
    return made


@pytest.mark.parametrize("doubt", [None, Doubt.UNSURE])
@pytest.mark.parametrize("text", ["办好了很满意可是我妈刚才晕倒了叫不醒", "我不想活了"])
def test_danger_in_a_callback_alarms_and_leaves_the_verdict_to_a_person(
    workshop: Workshop, text: str, doubt: Doubt | None
) -> None:
    made = workshop.make(lambda session: an_answer(session, text, doubt))

    workshop.do(Work.UNDERSTAND_TRANSCRIPT, made)

    survey, order = workshop.one(SurveyRound), workshop.one(Order)
    assert (survey.state, survey.resolved, survey.wants_person) == (RoundState.PERSON, None, True)
    assert (order.urgency, workshop.one(Alarm).state) == ("emergency", AlarmState.RINGING)


def test_danger_that_is_heard_when_all_is_over_opens_the_order_again(workshop: Workshop) -> None:
    made = workshop.make(lambda session: an_answer(session, "我不想活了", None))
    with workshop.context.sessions.begin() as session:
        survey = session.scalars(select(SurveyRound)).one()
        surveys.not_heard(session, session.get_one(Transcript, made).recording, NOW, factories.ZONE)
        surveys.give_up_by_person(session, survey, "没有人接", factories.actor(session, survey.order.unit, *Role), NOW)

    workshop.do(Work.UNDERSTAND_TRANSCRIPT, made)

    assert workshop.one(Order).state == OrderState.REOPENED
    assert workshop.one(Alarm).state == AlarmState.RINGING


def test_a_spoken_answer_that_is_in_doubt_was_not_heard(workshop: Workshop) -> None:
    made = workshop.make(lambda session: an_answer(session, "没解决不满意", Doubt.UNSURE))
    assert workshop.one(SurveyRound).state == RoundState.LISTENING

    workshop.do(Work.UNDERSTAND_TRANSCRIPT, made)

    survey = workshop.one(SurveyRound)
    assert (survey.state, survey.resolved, survey.satisfied) == (RoundState.PERSON, None, None)


def test_of_what_is_written_later_words_that_only_chase_are_not_understood(workshop: Workshop) -> None:
    def chased(session: Session) -> Statement:
        order = factories.statement(session, text="停水两天了").order
        return intake.state(session, order, Channel.TEXT, "怎么还没人来", NOW)

    workshop.do(Work.UNDERSTAND_STATEMENT, workshop.make(chased))

    assert {fact.confidence for fact in workshop.all(Fact)} == {None}


# How long a run may take


@pytest.mark.parametrize(
    ("told", "least_s", "most_s"),
    [
        ({"duration_s": 60, "channels": 1}, 60, 600),
        ({"duration_s": 3 * 3600, "channels": 1}, 3 * 3600, 7 * 3600),
        ({"duration_s": 3 * 3600, "channels": 2}, 2 * 3 * 3600, 13 * 3600),
        ({"duration_s": None, "size_bytes": 3 * 3600 * 16000}, 3 * 3600, 7 * 3600),
        ({"duration_s": None, "size_bytes": 2 * 10**9}, 3 * 3600, 7 * 3600),
    ],
)
def test_a_run_has_as_long_as_its_recording_needs(
    workshop: Workshop, told: dict[str, Any], least_s: int, most_s: int
) -> None:
    recording_id = a_spoken_message(workshop, **told)

    with workshop.context.sessions() as session:
        for work in (Work.TRANSCRIBE_RECORDING, Work.RETRANSCRIBE_RECORDING):
            assert least_s <= limit_s(session, work, recording_id) <= most_s
        assert limit_s(session, Work.FETCH_RECORDING, recording_id) < 600


def test_nothing_else_is_asked_for_by_hearing_anew_what_says_the_same(workshop: Workshop) -> None:
    recording_id = a_spoken_message(workshop)
    workshop.do(Work.TRANSCRIBE_RECORDING, recording_id)
    before = len(workshop.all(OutboxEntry))

    hear_anew(workshop, recording_id)

    assert len(workshop.all(Transcript)) == 1
    assert len(workshop.all(OutboxEntry)) == before + 1
