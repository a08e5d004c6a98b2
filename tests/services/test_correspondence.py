"""What people write to us: a new matter, more about an open one, a reminder, an answer to the callback, a wish."""

from datetime import timedelta

import factories
import pytest
from factories import CALLER, NOW, ZONE
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import (
    AnswerKind,
    Channel,
    Direction,
    Line,
    MessageState,
    OptOut,
    Order,
    OutboxEntry,
    SurveyAttempt,
    TextMessage,
    Work,
)
from hotline.rules.order_states import Move, OrderState, Remark
from hotline.rules.roles import Role
from hotline.rules.survey_states import AttemptState, Resolved, RoundState, Satisfied, Step
from hotline.services import correspondence, intake, orders, surveys, text_messages
from hotline.services.access import SYSTEM, NotAllowedError
from hotline.services.correspondence import EmptyLetterError, NoRoadError
from speech.understand import understand_survey


@pytest.fixture
def line(session: Session) -> Line:
    return factories.line(session)


def sent(session: Session, number: str = CALLER) -> list[str]:
    """What we wrote to the number."""
    found = select(TextMessage.body).where(TextMessage.number == number, TextMessage.direction == Direction.OUTBOUND)
    return list(session.scalars(found.order_by(TextMessage.id)))


def asked_for(session: Session, work: Work) -> int:
    return len(session.scalars(select(OutboxEntry).where(OutboxEntry.work == work)).all())


def remarks(order: Order) -> list[Remark]:
    return [row.remark for row in order.history if row.remark]


def test_a_message_becomes_an_order_and_its_writer_is_told_number_and_page(session: Session, line: Line) -> None:
    order = factories.wrote(session, line, "我听不见，今晚没有地方住")

    assert order is not None
    assert (order.channel, order.state, order.is_by_text) == (Channel.TEXT, OrderState.RECEIVED, True)
    assert (order.number_to_ring, order.intake_unit_id) == (CALLER, line.unit_id)
    assert [each.text for each in order.statements] == ["我听不见，今晚没有地方住"]
    assert asked_for(session, Work.UNDERSTAND_STATEMENT) == 1
    (told,) = sent(session)
    assert order.number in told
    assert factories.status_page(order.status_token or "") in told


def test_a_message_that_is_told_twice_counts_once(session: Session, line: Line) -> None:
    factories.wrote(session, line, message_id="SM" + "1" * 32)
    factories.wrote(session, line, message_id="SM" + "1" * 32)

    assert len(session.scalars(select(Order)).all()) == 1
    assert len(sent(session)) == 1


def test_the_clocks_start_when_it_was_written(session: Session, line: Line) -> None:
    order = factories.wrote(session, line, written_at=NOW - timedelta(minutes=5))

    assert order is not None
    assert order.received_at == NOW - timedelta(minutes=5)


def test_the_next_message_adds_to_the_open_order(session: Session, line: Line) -> None:
    order = factories.wrote(session, line)
    again = factories.wrote(session, line, "我家住在京溪街道云景花园九号四楼，只有我和孙子两个人")

    assert again is order
    assert order is not None
    session.refresh(order, ["statements"])
    assert len(order.statements) == 2
    assert remarks(order) == [Remark.SUPPLEMENTED]
    assert "补充" in sent(session)[-1]


def test_whoever_rang_and_then_writes_adds_to_the_order_of_the_call(session: Session, line: Line) -> None:
    rung = factories.order(session, line, OrderState.IN_PROGRESS)

    assert factories.wrote(session, line, "门牌是九号") is rung
    assert rung.channel == Channel.PHONE
    assert rung.status_token is not None


@pytest.mark.parametrize("text", ["怎么还没有人来", "催一下", "请问什么时候能办好？", "进度怎么样了"])
def test_whoever_asks_how_it_stands_is_told_and_the_order_shows_that_they_asked(
    session: Session, line: Line, text: str
) -> None:
    order = factories.wrote(session, line)
    factories.wrote(session, line, text)

    assert order is not None
    assert remarks(order) == [Remark.CHASED]
    assert "已受理" in sent(session)[-1]


def test_who_wrote_about_a_merged_order_goes_on_in_the_one_that_it_went_into(session: Session, line: Line) -> None:
    order = factories.wrote(session, line)
    assert order is not None
    into = factories.order(session, line, OrderState.IN_PROGRESS, number=factories.LANDLINE)
    orders.merge(session, order, into, SYSTEM, NOW, "同一件事")

    assert factories.wrote(session, line, "怎么还没来") is into
    assert remarks(into)[-1] == Remark.CHASED


def merged(session: Session, order: Order | None, into: Order) -> Order:
    """The order once it went into the other."""
    assert order is not None
    orders.merge(session, order, into, SYSTEM, NOW, "同一件事")
    return order


@pytest.mark.parametrize("is_by_text", [True, False])
def test_whose_order_was_merged_long_ago_answers_the_callback_of_what_it_went_into(
    session: Session, line: Line, is_by_text: bool
) -> None:
    into = factories.order(session, line, OrderState.IN_PROGRESS, number="+8613911112222")
    into.is_by_text = is_by_text
    between = factories.order(session, line, number=factories.LANDLINE)
    merged(session, factories.wrote(session, line), between)
    merged(session, between, into)
    factories.step(session, into, Move.RESOLVE)
    attempt = into.survey_rounds[-1].attempts[-1]
    later = NOW + timedelta(days=8)
    surveys.begin(session, attempt.id, "twilio", later, ZONE)

    assert factories.wrote(session, line, "1", later) is into
    assert attempt.step == (Step.ASK_SATISFIED if is_by_text else Step.ASK_RESOLVED)


@pytest.mark.parametrize("is_over", [False, True])
def test_whose_order_was_merged_stops_messages_to_themselves_and_refuses_for_nobody_else(
    session: Session, line: Line, is_over: bool
) -> None:
    asked = factories.asked_in_writing(session, line)
    order = asked.round.order
    merged(session, factories.order(session, line), order)
    if is_over:
        surveys.nothing_written(session, asked.id, NOW + timedelta(hours=24), ZONE)

    factories.wrote(session, line, "退订")

    road = text_messages.road_to(session, order)
    assert session.get(OptOut, CALLER) is not None
    assert asked.round.state == (RoundState.WAITING if is_over else RoundState.CALLING)
    assert road is not None
    assert road.number == order.number_to_ring


@pytest.mark.parametrize("is_merged", [False, True])
def test_a_stop_on_another_way_refuses_for_the_caller_and_for_nobody_else(
    session: Session, line: Line, is_merged: bool
) -> None:
    order = factories.wrote(session, line, carrier="wechat", number="o6_bmjrP", channel="social")
    assert order is not None
    if is_merged:
        merged(session, factories.order(session, line), order)
    else:
        order.number_to_ring = CALLER
    asked = asked_about(session, order)

    factories.wrote(session, line, "退订")

    assert asked.round.state == (RoundState.CALLING if is_merged else RoundState.REFUSED)


def test_whose_order_was_merged_refuses_no_question_that_stands_on_the_page(session: Session, line: Line) -> None:
    order = factories.order(session, line, OrderState.IN_PROGRESS, number=factories.LANDLINE)
    order.is_by_text = True
    intake.make_followable(order)
    merged(session, factories.order(session, line), order)
    asked = asked_about(session, order)

    factories.wrote(session, line, "退订")

    assert asked.round.state == RoundState.CALLING


def test_whose_order_was_merged_is_not_asked_instead_once_they_wanted_no_messages(session: Session, line: Line) -> None:
    into = factories.statement(session, line).order
    merged(session, factories.order(session, line), into)

    factories.wrote(session, line, "退订")

    road = text_messages.road_to(session, into)
    assert road is not None
    assert road.number == into.number_to_ring


def asked_about(session: Session, order: Order) -> SurveyAttempt:
    """The first attempt of the callback about the order, once its question is written."""
    moves = (Move.TRIAGE, Move.DISPATCH, Move.ACCEPT, Move.CONTACT, Move.RESOLVE)
    for move in moves if order.state == OrderState.RECEIVED else moves[-1:]:
        factories.step(session, order, move)
    asked = order.survey_rounds[-1].attempts[-1]
    surveys.begin(session, asked.id, "twilio", NOW, ZONE)
    return asked


def test_what_an_order_went_into_long_ago_is_not_added_to_without_a_callback(session: Session, line: Line) -> None:
    into = factories.order(session, line, OrderState.IN_PROGRESS, number=factories.LANDLINE)
    merged(session, factories.wrote(session, line), into)

    assert factories.wrote(session, line, at=NOW + timedelta(days=8)) is not into


def test_many_orders_that_were_merged_hide_none_that_is_open(session: Session, line: Line) -> None:
    still_open = factories.order(session, line, OrderState.IN_PROGRESS)
    ended = factories.order(session, line, number=factories.LANDLINE)
    for _ in range(6):
        merged(session, factories.order(session, line), ended)
    factories.step(session, ended, Move.INVALIDATE)

    assert factories.wrote(session, line, "还缺降压药") is still_open


def test_a_number_in_a_form_that_was_merged_brings_nobodys_messages_there(session: Session, line: Line) -> None:
    into = factories.order(session, line, OrderState.IN_PROGRESS, number=factories.LANDLINE)
    merged(session, intake.receive(session, intake.Matter(Channel.WEB, line.unit, NOW, CALLER), NOW, ZONE), into)

    assert factories.wrote(session, line, "我丈夫打我，我躲在表姐家") is not into


def test_a_matter_written_to_another_town_is_that_towns(session: Session, line: Line) -> None:
    elsewhere = factories.line(session, number="+862022223333")
    first = factories.wrote(session, line)

    second = factories.wrote(session, elsewhere)

    assert second is not first
    assert second is not None
    assert second.intake_unit == elsewhere.unit


def test_a_number_that_somebody_put_into_a_form_brings_nobodys_messages_there(session: Session, line: Line) -> None:
    matter = intake.Matter(Channel.WEB, line.unit, NOW, CALLER)
    form = intake.receive(session, matter, NOW, ZONE)

    order = factories.wrote(session, line, "我丈夫打我，我躲在表姐家")

    assert order is not form


def test_who_wrote_at_a_channel_and_then_on_the_page_is_still_reached_at_the_channel(
    session: Session, line: Line
) -> None:
    order = factories.wrote(session, line, carrier="wechat", number="o6_bmjrP", channel="social")
    assert order is not None
    correspondence.answer_on_page(session, order, "门牌是九号", "key-1", None, NOW, ZONE)

    road = text_messages.road_to(session, order)

    assert road is not None
    assert (road.carrier, road.number) == ("wechat", "o6_bmjrP")


def test_a_stop_at_a_channel_stops_the_channel_and_no_telephone(session: Session, line: Line) -> None:
    factories.wrote(session, line, "退订", carrier="wechat", number=CALLER, channel="social")

    assert session.get(OptOut, CALLER) is None
    assert session.get(OptOut, f"wechat:{CALLER}") is not None


def test_a_machine_that_answers_each_answer_is_not_answered_for_ever(session: Session, line: Line) -> None:
    for _ in range(20):
        factories.wrote(session, line, "您的短信已收到，我们会尽快处理。详询请致电")

    assert len(sent(session)) == 6


def test_a_name_at_a_message_channel_is_no_telephone_number(session: Session, line: Line) -> None:
    theirs = {"carrier": "wechat", "channel": "social"}
    withheld, rung = factories.order(session, line, number=None), factories.order(session, line)

    order = factories.wrote(session, line, number=CALLER, **theirs)

    assert order not in {withheld, rung}
    assert factories.wrote(session, line, "还有一位老人", number=CALLER, **theirs) is order


def test_a_matter_of_long_ago_is_not_added_to(session: Session, line: Line) -> None:
    first = factories.wrote(session, line)
    second = factories.wrote(session, line, at=NOW + timedelta(days=8))

    assert first is not second


def test_a_closed_order_is_not_added_to(session: Session, line: Line) -> None:
    first = factories.wrote(session, line)
    assert first is not None
    factories.step(session, first, Move.INVALIDATE)

    assert factories.wrote(session, line) is not first


def test_a_message_without_words_begins_nothing_and_is_answered(session: Session, line: Line) -> None:
    assert factories.wrote(session, line, " 。。。") is None
    assert "没有收到文字" in sent(session)[-1]


def test_whoever_wants_no_more_of_it_is_asked_no_more(session: Session, line: Line) -> None:
    assert factories.wrote(session, line, " 退订 ") is None

    assert session.get(OptOut, CALLER) is not None
    order = factories.wrote(session, line)
    assert order is not None
    for move in (Move.TRIAGE, Move.DISPATCH, Move.ACCEPT, Move.CONTACT, Move.RESOLVE):
        factories.step(session, order, move)
    assert order.survey_rounds[-1].state == RoundState.PERSON


class TestCallback:
    """The two questions in writing."""

    @pytest.fixture
    def asked(self, session: Session, line: Line) -> SurveyAttempt:
        return factories.asked_in_writing(session, line)

    def answer(self, session: Session, asked: SurveyAttempt, *texts: str) -> None:
        order = asked.round.order
        for text in texts:
            factories.wrote(session, order.messages[0].line, text, number=order.number_to_ring)

    def understand(self, session: Session) -> None:
        for entry in session.scalars(select(OutboxEntry).where(OutboxEntry.work == Work.UNDERSTAND_ANSWER)):
            words = surveys.words_since(session, entry.subject_id)
            surveys.understood(session, entry.subject_id, understand_survey(words), NOW, ZONE)

    def test_the_question_is_written_and_nobody_is_rung(self, session: Session, asked: SurveyAttempt) -> None:
        number = asked.round.order.number_to_ring or ""

        assert (asked.state, asked.call) == (AttemptState.DIALLING, None)
        assert "解决了吗" in sent(session, number)[-1]
        assert surveys.begin(session, asked.id, "twilio", NOW, ZONE) is None
        assert len([text for text in sent(session, number) if "解决了吗" in text]) == 1

    @pytest.mark.parametrize("figures", [("1", "1"), ("１。", " 1 ")])
    def test_two_figures_close_the_order(
        self, session: Session, asked: SurveyAttempt, figures: tuple[str, str]
    ) -> None:
        self.answer(session, asked, *figures)

        assert asked.round.order.state == OrderState.CLOSED
        assert (asked.round.resolved, asked.round.satisfied) == (Resolved.YES, Satisfied.SATISFIED)
        assert "感谢" in sent(session, asked.round.order.number_to_ring or "")[-1]

    def test_an_unhappy_figure_opens_the_order_again_and_asks_why(self, session: Session, asked: SurveyAttempt) -> None:
        self.answer(session, asked, "3", "3")
        assert asked.round.order.state == OrderState.REOPENED

        self.answer(session, asked, "根本没有人来过")
        self.understand(session)

        assert asked.round.reason == "not_contacted"
        assert "重新办理" in sent(session, asked.round.order.number_to_ring or "")[-1]

    def test_words_count_as_figures_do(self, session: Session, asked: SurveyAttempt) -> None:
        self.answer(session, asked, "米和菜都收到了，问题解决了，很满意")
        self.understand(session)

        assert asked.round.order.state == OrderState.CLOSED
        assert {answer.kind for answer in asked.answers} == {AnswerKind.TEXT}

    def test_words_that_answer_one_question_bring_the_other(self, session: Session, asked: SurveyAttempt) -> None:
        self.answer(session, asked, "已经解决了")
        self.understand(session)

        assert "满意吗" in sent(session, asked.round.order.number_to_ring or "")[-1]
        self.answer(session, asked, "2")
        assert asked.round.satisfied == Satisfied.NEUTRAL

    def test_what_is_not_understood_is_asked_once_more_and_then_left_to_a_person(
        self, session: Session, asked: SurveyAttempt
    ) -> None:
        self.answer(session, asked, "7")
        assert "没有看懂" in sent(session, asked.round.order.number_to_ring or "")[-1]

        self.answer(session, asked, "8")
        assert asked.round.state == RoundState.PERSON

    def test_without_an_answer_it_is_asked_again_later(self, session: Session, asked: SurveyAttempt) -> None:
        surveys.nothing_written(session, asked.id, NOW + timedelta(hours=24), ZONE)

        assert asked.state == AttemptState.NO_ANSWER
        assert [each.state for each in asked.round.attempts] == [AttemptState.NO_ANSWER, AttemptState.PLANNED]

    def test_the_end_of_the_wait_changes_nothing_about_what_was_answered(
        self, session: Session, asked: SurveyAttempt
    ) -> None:
        self.answer(session, asked, "1", "1")
        surveys.nothing_written(session, asked.id, NOW + timedelta(hours=24), ZONE)

        assert asked.round.order.state == OrderState.CLOSED

    def test_who_writes_in_pieces_is_understood_as_a_whole(self, session: Session, asked: SurveyAttempt) -> None:
        self.answer(session, asked, "米收到了", "但是药还没有人送，问题没有解决，不满意")
        self.understand(session)

        assert asked.round.order.state == OrderState.REOPENED

    def test_a_figure_settles_what_the_words_before_it_left_open(self, session: Session, asked: SurveyAttempt) -> None:
        self.answer(session, asked, "那个事情嘛", "1")

        assert asked.step == Step.ASK_SATISFIED
        self.understand(session)
        assert asked.step == Step.ASK_SATISFIED

    def test_a_question_of_a_round_that_ended_otherwise_is_asked_no_more(
        self, session: Session, asked: SurveyAttempt
    ) -> None:
        order = asked.round.order
        factories.step(session, order, Move.REOPEN)

        self.answer(session, asked, "老人的降压药也没有了")

        session.refresh(order, ["statements"])
        assert [each.text for each in order.statements][-1] == "老人的降压药也没有了"
        assert surveys.question_in_writing(session, order, NOW) is None

    def test_the_reason_is_told_to_whoever_does_it_again_and_waited_for_a_day_only(
        self, session: Session, asked: SurveyAttempt
    ) -> None:
        order = asked.round.order
        self.answer(session, asked, "3", "3", "送来的米是发霉的")
        session.refresh(order, ["statements"])
        assert order.statements[-1].text == "送来的米是发霉的"

        late = factories.wrote(
            session, order.messages[0].line, "还缺降压药", NOW + timedelta(days=3), number=order.number_to_ring
        )
        assert late is order
        assert remarks(order)[-1] == Remark.SUPPLEMENTED

    def test_a_late_answer_between_two_askings_counts(self, session: Session, asked: SurveyAttempt) -> None:
        surveys.nothing_written(session, asked.id, NOW + timedelta(hours=24), ZONE)

        self.answer(session, asked, "1", "1")

        assert asked.round.order.state == OrderState.CLOSED

    def test_the_wait_counts_from_the_last_question(self, session: Session, asked: SurveyAttempt) -> None:
        order = asked.round.order
        on = order.messages[0].line
        factories.wrote(session, on, "1", NOW + timedelta(hours=20), number=order.number_to_ring)

        until = surveys.nothing_written(session, asked.id, NOW + timedelta(hours=24), ZONE)

        assert (until, asked.state) == (NOW + timedelta(hours=44), AttemptState.TALKING)
        factories.wrote(session, on, "1", NOW + timedelta(hours=43), number=order.number_to_ring)
        assert order.state == OrderState.CLOSED

    def test_the_wait_counts_from_when_the_question_left(self, session: Session, asked: SurveyAttempt) -> None:
        text_messages.sent(self.question(session), "SM1", NOW + timedelta(hours=5))

        assert surveys.nothing_written(session, asked.id, NOW + timedelta(hours=24), ZONE) == NOW + timedelta(hours=29)

    def test_nothing_is_waited_for_beyond_the_last_question(self, session: Session, asked: SurveyAttempt) -> None:
        self.answer(session, asked, "1")

        assert surveys.nothing_written(session, asked.id, NOW + timedelta(hours=24), ZONE) is None
        assert (asked.state, asked.round.state) == (AttemptState.NO_KEY, RoundState.PERSON)

    @pytest.mark.parametrize("before", [[], ["1"]])
    def test_an_answer_counts_until_a_person_has_asked(
        self, session: Session, asked: SurveyAttempt, before: list[str]
    ) -> None:
        self.answer(session, asked, *before)
        self.leave_to_a_person(session, asked)

        self.answer(session, asked, *["1", "1"][len(before) :])

        assert (asked.round.state, asked.round.order.state) == (RoundState.ANSWERED, OrderState.CLOSED)

    @pytest.mark.parametrize("before", [[], ["1"]])
    def test_a_late_refusal_leaves_nobody_to_a_person(
        self, session: Session, asked: SurveyAttempt, before: list[str]
    ) -> None:
        self.answer(session, asked, *before)
        self.leave_to_a_person(session, asked)

        self.answer(session, asked, "退订")

        assert asked.round.attempts[-1].state == AttemptState.REFUSED
        assert (asked.round.state, asked.round.order.state) == (RoundState.REFUSED, OrderState.CLOSED)

    def leave_to_a_person(self, session: Session, asked: SurveyAttempt) -> None:
        """Let question after question wait in vain, until no machine asks any more."""
        while asked.round.state != RoundState.PERSON:
            last = asked.round.attempts[-1]
            surveys.begin(session, last.id, "twilio", NOW + timedelta(days=9), ZONE)
            surveys.nothing_written(session, last.id, NOW + timedelta(days=10), ZONE)
            session.refresh(asked.round, ["attempts"])

    def test_words_understood_after_the_wait_count(self, session: Session, asked: SurveyAttempt) -> None:
        self.answer(session, asked, "1", "很满意")
        surveys.nothing_written(session, asked.id, NOW + timedelta(hours=24), ZONE)
        assert asked.round.state == RoundState.PERSON

        self.understand(session)

        assert asked.round.order.state == OrderState.CLOSED

    def test_whoever_is_silent_again_after_a_late_answer_is_asked_by_a_person(
        self, session: Session, asked: SurveyAttempt
    ) -> None:
        self.answer(session, asked, "7")
        surveys.nothing_written(session, asked.id, NOW + timedelta(hours=24), ZONE)
        self.answer(session, asked, "1")

        surveys.nothing_written(session, asked.id, NOW + timedelta(hours=48), ZONE)

        assert (asked.round.state, asked.step) == (RoundState.PERSON, Step.ASK_SATISFIED)

    def test_who_wants_to_be_spoken_with_is_asked_by_no_machine_any_more(
        self, session: Session, asked: SurveyAttempt
    ) -> None:
        self.answer(session, asked, "0", "1")

        assert asked.round.state == RoundState.PERSON

    @pytest.mark.parametrize(
        ("before", "ended_as"), [([], AttemptState.FAILED), (["1"], AttemptState.NO_KEY), (["7"], AttemptState.NO_KEY)]
    )
    def test_a_question_that_cannot_be_delivered_is_asked_by_a_person_at_once(
        self, session: Session, asked: SurveyAttempt, before: list[str], ended_as: AttemptState
    ) -> None:
        self.answer(session, asked, *before)

        self.report_failed(session, self.question(session))

        assert (asked.state, asked.round.state, asked.trouble) == (ended_as, RoundState.PERSON, "30005")

    def test_a_question_that_was_answered_all_the_same_needs_no_delivery(
        self, session: Session, asked: SurveyAttempt
    ) -> None:
        first = self.question(session)
        self.answer(session, asked, "1")

        self.report_failed(session, first)

        assert (asked.state, asked.round.state) == (AttemptState.TALKING, RoundState.CALLING)

    def test_another_message_that_cannot_be_delivered_leaves_the_callback_alone(
        self, session: Session, asked: SurveyAttempt
    ) -> None:
        self.report_failed(session, session.scalars(select(TextMessage).where(TextMessage.purpose == "receipt")).one())

        assert asked.round.state == RoundState.CALLING

    def question(self, session: Session) -> TextMessage:
        """The last one that was written."""
        found = select(TextMessage).where(TextMessage.purpose == text_messages.SURVEY)
        return session.scalars(found.order_by(TextMessage.id.desc()).limit(1)).one()

    def report_failed(self, session: Session, message: TextMessage) -> None:
        surveys.message_reported(session, message.id, MessageState.FAILED, "30005", NOW, ZONE)

    def test_whoever_stops_it_in_the_middle_has_refused(self, session: Session, asked: SurveyAttempt) -> None:
        self.answer(session, asked, "退订")

        assert (asked.state, asked.round.state) == (AttemptState.REFUSED, RoundState.REFUSED)
        assert asked.round.order.state == OrderState.CLOSED

    @pytest.mark.parametrize("text", ["谢谢！", "好的", "1"])
    def test_thanks_for_what_is_over_is_no_new_matter(self, session: Session, asked: SurveyAttempt, text: str) -> None:
        self.answer(session, asked, "1", "1", text)

        assert session.scalars(select(Order)).all() == [asked.round.order]

    def test_whoever_writes_before_being_asked_is_spoken_with_by_a_person(self, session: Session, line: Line) -> None:
        order = factories.order(session, line, OrderState.RESOLVED)
        factories.wrote(session, line, "东西没有收到")

        assert order.survey_rounds[-1].state == RoundState.PERSON


class TestLetters:
    """What one of ours writes to a caller."""

    def test_it_goes_by_the_road_that_the_caller_took(self, session: Session, line: Line) -> None:
        order = factories.wrote(session, line)
        assert order is not None
        taker = factories.actor(session, line.unit, Role.CALL_TAKER)

        correspondence.write(session, order, "工作人员今晚七点到您家", taker, NOW)

        assert sent(session)[-1] == f"【{line.name}】工作人员今晚七点到您家"
        assert remarks(order) == [Remark.WROTE]

    def test_only_the_desk_and_the_handler_write(self, session: Session, line: Line) -> None:
        order = factories.order(session, line, OrderState.ACCEPTED)
        other = factories.actor(session, line.unit, Role.HANDLER)
        own = other.__class__(order.handler_id, frozenset({Role.HANDLER}), line.unit.path)

        correspondence.write(session, order, "我已经在楼下", own, NOW)
        with pytest.raises(NotAllowedError):
            correspondence.write(session, order, "我已经在楼下", other, NOW)

    def test_nothing_is_no_letter_and_nobody_is_written_to_who_has_no_road(self, session: Session, line: Line) -> None:
        taker = factories.actor(session, line.unit, Role.CALL_TAKER)
        withheld = factories.order(session, line, number=None)

        with pytest.raises(NoRoadError):
            correspondence.write(session, withheld, "您好", taker, NOW)
        with pytest.raises(EmptyLetterError):
            correspondence.write(session, factories.order(session, line), " ！", taker, NOW)
