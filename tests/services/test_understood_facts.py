"""Facts of an order out of several recordings and transcripts, and what they do to the order itself."""

from datetime import timedelta
from typing import Any

import factories
import pytest
from factories import CALLER, NOW, ZONE
from sqlalchemy.orm import Session

from hotline.models import Alarm, Channel, Order, Origin, OutboxEntry, Recording, Transcript, Work
from hotline.rules.alarms import AlarmState
from hotline.rules.facts import Category, FactName, Urgency
from hotline.rules.order_states import Move
from hotline.rules.roles import Role
from hotline.services import correspondence, facts, intake
from hotline.services.facts import WrongFactError
from speech.understand import Gazetteer, understand

HUNGRY = "家里没有米了"
NO_PULSE = "老人晕倒了没有呼吸"
NOTHING = "喂喂"
NO_WATER = "停水两天了，家里老人没水喝"


class Case:
    """One order and the machine that listens to its recordings."""

    def __init__(self, session: Session, **call: Any) -> None:
        self.session = session
        self.order: Order = factories.order(session, **call)
        self.reviewer = factories.actor(session, self.order.intake_unit, Role.CALL_TAKER)

    def recording(self) -> Recording:
        return factories.recording(self.session, self.order.calls[0])

    def hear(self, recording: Recording, text: str) -> None:
        """A transcript, the recording's next version, is understood."""
        told = {"version": len(recording.transcripts) + 1, "origin": Origin.MACHINE, "words": [], "language": "zh-CN"}
        transcript = Transcript(text=text, made_at=NOW, **told)
        recording.transcripts.append(transcript)
        self.session.flush()
        understood = understand(text, Gazetteer.from_rows([], []), words=())
        facts.propose(self.session, self.order, transcript, understood, NOW, ZONE)

    def write(self, text: str) -> None:
        """More about the order by text, understood as the worker does."""
        statement = intake.state(self.session, self.order, Channel.TEXT, text, NOW)
        understood = understand(correspondence.told_in(statement), Gazetteer.from_rows([], []), words=())
        facts.propose(self.session, self.order, statement, understood, NOW, ZONE)

    def say(self, name: FactName, value: Any) -> None:
        """A reviewer states a fact."""
        facts.confirm(self.session, self.order, name, value, self.reviewer, NOW, ZONE)

    def value(self, name: FactName) -> Any:
        fact = facts.present(self.order)[name].now
        return fact.value if fact else None


@pytest.fixture
def case(session: Session) -> Case:
    return Case(session)


def test_a_later_recording_that_says_nothing_takes_nothing_away(case: Case) -> None:
    case.hear(case.recording(), HUNGRY)

    case.hear(case.recording(), NOTHING)

    assert case.value(FactName.NEEDS) == ["food"]
    assert case.order.category == Category.SUPPLIES


def test_a_later_recording_that_says_something_counts(case: Case) -> None:
    case.hear(case.recording(), "我姓陈，" + HUNGRY)

    case.hear(case.recording(), "我姓李，" + HUNGRY)

    assert "李" in case.value(FactName.CALLER_NAME)


@pytest.fixture
def written(session: Session) -> Case:
    """An order that a text message began."""
    line = factories.line(session)
    case = Case(session, on=line)
    statement = factories.statement(session, line, NO_WATER)
    case.order = statement.order
    understood = understand(NO_WATER, Gazetteer.from_rows([], []), words=())
    facts.propose(session, case.order, statement, understood, NOW, ZONE)
    return case


@pytest.mark.parametrize("chased", ["怎么还没人来", "催一下", "请问什么时候能办好？", "进度怎么样了", "多久才能到啊"])
def test_words_that_only_chase_change_neither_facts_nor_summary(written: Case, chased: str) -> None:
    before = {name: written.value(name) for name in FactName}
    summary = written.order.summary

    written.write(chased)

    assert {name: written.value(name) for name in FactName} == before
    assert (written.order.category, written.order.summary) == (Category.UTILITIES, summary)
    assert summary is not None
    assert "停水" in summary


@pytest.mark.parametrize(
    "said", ["老人晕倒了没有呼吸怎么还没人来", "还没来人快不行了没有呼吸", "怎么还没有人来，老人晕倒了没有呼吸"]
)
def test_danger_among_words_that_chase_acts_all_the_same(written: Case, said: str) -> None:
    written.write(said)

    assert written.order.urgency == Urgency.EMERGENCY


def test_a_supplement_adds_what_it_says_and_leaves_the_matter(written: Case) -> None:
    matter = written.order.summary

    written.write("门牌是九号，我姓陈，电话13812345678")
    written.write("请问要带什么材料")

    assert written.order.category == Category.UTILITIES
    assert written.value(FactName.SUMMARY) == matter
    assert written.order.summary is not None
    assert written.order.summary.startswith(f"{matter}；")
    assert (written.value(FactName.CALLER_NAME), written.value(FactName.PHONE)) == ("陈", "13812345678")


def test_another_matter_told_later_counts_and_the_summary_tells_both(written: Case) -> None:
    written.write(HUNGRY)

    assert written.order.category == Category.SUPPLIES
    assert written.order.summary is not None
    assert "没有米" in written.order.summary
    assert "停水" in written.order.summary


def test_a_need_told_after_a_question_is_the_matter(case: Case) -> None:
    case.hear(case.recording(), "请问低保怎么申请")
    assert case.order.category == Category.POLICY

    case.hear(case.recording(), HUNGRY)

    assert case.order.category == Category.SUPPLIES
    assert case.value(FactName.SUMMARY) == "没有米"


def test_who_begins_with_a_question_of_when_has_that_as_the_matter(session: Session) -> None:
    question = "请问低保什么时候能办好"

    assert correspondence.told_in(factories.statement(session, text=question)) == question


def test_a_corrected_transcript_takes_the_place_of_the_one_before(case: Case) -> None:
    recording = case.recording()
    case.hear(recording, HUNGRY)

    case.hear(recording, NOTHING)

    assert case.value(FactName.NEEDS) == []


@pytest.mark.parametrize("texts", [(NO_PULSE, HUNGRY), (HUNGRY, NO_PULSE)])
def test_the_most_pressing_of_several_recordings_counts(case: Case, texts: tuple[str, str]) -> None:
    for text in texts:
        case.hear(case.recording(), text)

    assert case.order.urgency == Urgency.EMERGENCY


def test_no_machine_takes_an_emergency_back_but_a_person_does(case: Case) -> None:
    recording = case.recording()
    case.hear(recording, NO_PULSE)

    case.hear(recording, HUNGRY)
    assert case.order.urgency == Urgency.EMERGENCY

    case.say(FactName.URGENCY, "normal")
    case.hear(case.recording(), NO_PULSE)
    assert case.order.urgency == Urgency.NORMAL


def test_urgency_is_carried_over_also_when_the_order_is_done_again(case: Case) -> None:
    for move in (Move.TRIAGE, Move.DISPATCH, Move.ACCEPT, Move.CONTACT, Move.RESOLVE):
        factories.step(case.session, case.order, move)
    tomorrow = NOW + timedelta(days=1)
    factories.step(case.session, case.order, Move.REOPEN, at=tomorrow)

    case.say(FactName.URGENCY, "urgent")

    assert case.order.urgency == Urgency.URGENT
    assert case.order.accept_by == tomorrow + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("said", "rung"),
    [
        ("13812345678", "+8613812345678"),
        ("138 1234 5678", "+8613812345678"),
        ("+8613812345678", "+8613812345678"),
        ("020-87654321", "+862087654321"),
        ("+85223456789", "+85223456789"),
    ],
)
def test_the_number_that_a_person_writes_down_is_rung(case: Case, said: str, rung: str) -> None:
    case.say(FactName.PHONE, said)

    assert case.order.number_to_ring == rung


def test_without_the_persons_number_the_one_that_called_is_rung_again(case: Case) -> None:
    case.say(FactName.PHONE, "13812345678")

    case.say(FactName.PHONE, "")

    assert case.order.number_to_ring == CALLER


@pytest.mark.parametrize("said", ["1381234567", "87654321", "没有", "0"])
def test_a_number_that_no_telephone_has_is_refused(case: Case, said: str) -> None:
    with pytest.raises(WrongFactError):
        case.say(FactName.PHONE, said)

    assert case.order.number_to_ring == CALLER


def test_a_number_that_the_machine_heard_never_takes_the_place_of_the_one_that_called(case: Case) -> None:
    case.hear(case.recording(), "我的电话是一三八一二三四五六七八")

    assert case.value(FactName.PHONE) == "13812345678"
    assert case.order.number_to_ring == CALLER


def test_what_a_withheld_caller_says_is_a_proposal_until_a_person_confirms_it(session: Session) -> None:
    case = Case(session, number=None)
    case.hear(case.recording(), "我的电话是一三八一二三四五六七八")
    assert case.order.number_to_ring is None

    case.say(FactName.PHONE, case.value(FactName.PHONE))

    assert case.order.number_to_ring == "+8613812345678"


def test_an_emergency_begins_one_alarm_however_often_it_is_told(case: Case) -> None:
    case.hear(case.recording(), NO_PULSE)
    case.hear(case.recording(), NO_PULSE)

    alarm = case.session.query(Alarm).one()
    assert (alarm.order, alarm.state) == (case.order, AlarmState.RINGING)
    assert case.session.query(OutboxEntry).filter_by(work=Work.RING_ALARM, subject_id=alarm.attempts[0].id).count() == 1


def test_what_can_wait_alarms_nobody_until_a_person_calls_it_an_emergency(case: Case) -> None:
    case.hear(case.recording(), HUNGRY)
    assert case.session.query(Alarm).count() == 0

    case.say(FactName.URGENCY, "emergency")
    assert case.session.query(Alarm).one().state == AlarmState.RINGING

    case.say(FactName.URGENCY, "urgent")
    assert case.session.query(Alarm).one().state == AlarmState.OVER

    case.say(FactName.URGENCY, "emergency")
    assert case.session.query(Alarm).one().state == AlarmState.RINGING
