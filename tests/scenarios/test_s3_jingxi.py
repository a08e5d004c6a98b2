"""S3, the livelihood hotline of a street in its second day: a raw stream of calls and passed-on orders, played whole.

Seventeen people in four groups, twelve by day and five by night. Source: docs/domain.md, service S3.

The figures, by hand. What comes in:

    473 calls, of which the carrier tells 40 twice      -> 473 orders
    130 rows of 12345 in two files, 10 of them doubles  -> 120 orders
                                                           593 orders
    - 18 calls in which nobody spoke: invalid              575
    - 34 calls about an order that was there: merged       541 received
      (12 add something, 12 ask how it stands, 7 repeat the request, 3 were closed and are opened again)

What becomes of the 541:

     63 questions, answered on the spot                       closed
    415 matters whose callers are content at the first asking closed
        (24 of them came back once from the wrong unit, 2 three times; 9 went to a charity and came back done)
      7 whose callers nobody reaches                          closed
      3 that were closed, whose callers rang again            closed a second time
     21 whose callers are not content: 16 closed the second time, 5 still worked on
     32 not done by the end: 12 in progress, 8 waiting for the callback, 6 signed for, 4 dispatched, 2 with a charity

    closed: 63 + 415 + 7 + 3 + 16 = 504        504 / 541 = 93.2 %        open: 5 + 32 = 37
    done again: 21 + 3 = 24                    returned: 24 + 2 * 3 = 30
"""

import heapq
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

import factories
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from town import ZONE, Town

from hotline.models import (
    Call,
    Channel,
    Level,
    Order,
    OrderEvent,
    Outcome,
    Result,
    SurveyRound,
    Transfer,
    TransferFile,
    Unit,
)
from hotline.rules.order_states import Move, OrderState, Remark
from hotline.rules.roles import Role
from hotline.rules.roster import Post, Span
from hotline.rules.survey_states import AttemptEvent, RoundState
from hotline.services import orders, recognition, results, roster, surveys, transfers
from hotline.services.access import Actor, actor_for
from hotline.services.recognition import Meaning
from hotline.services.results import Report

FIRST_MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=ZONE)
SECOND_MIDNIGHT = datetime(2026, 3, 4, 0, 0, tzinfo=ZONE)
DAY, NIGHT = (8, 20), (20, 8)
# Call taking, dispatch and statistics, order handling, supervision: how many of each by day and by night.
GROUPS = {Role.CALL_TAKER: (4, 2), Role.DISPATCHER: (2, 1), Role.HANDLER: (4, 1), Role.SUPERVISOR: (2, 1)}
POSTS = {
    Role.CALL_TAKER: Post.CALL_TAKER,
    Role.DISPATCHER: Post.DUTY,
    Role.HANDLER: Post.HANDLER,
    Role.SUPERVISOR: Post.LEADER,
}
AIDED = Report(Outcome.SOLVED, "网格员上门送去米、面和蔬菜", aid="米一袋、面一袋、蔬菜一份", evidence="入户照片已存")


class Street:
    """The street with two days on its clock: what is to happen lies in `agenda`, by the time at which it happens."""

    def __init__(self, session: Session) -> None:
        self.session, self.town = session, Town(session, FIRST_MORNING)
        city = factories.unit(session, "gz", name="广州市", level=Level.CITY, policy={"survey_attempts": 2})
        self.street = factories.unit(session, "gz-jx", name="京溪街道", level=Level.STREET, parent=city)
        self.grids = [
            factories.unit(session, f"gz-jx-{n}", name=f"第{n}网格", level=Level.GRID, parent=self.street)
            for n in range(8)
        ]
        self.charity = factories.unit(session, "gz-cs", name="慈善会", level=Level.CHARITY, parent=city)
        self.line = factories.line(session, self.street, name="京溪街道民生热线")
        self.agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._turn = count()
        self._employ()

    def _employ(self) -> None:
        planner = self.town.person(self.street, Role.ADMINISTRATOR, Role.SUPERVISOR)
        for role, (by_day, by_night) in GROUPS.items():
            for number in range(by_day + by_night):
                person = self.town.people[self.town.person(self.street, role).user_id or 0]
                begins, ends = DAY if number < by_day else NIGHT
                for morning in (FIRST_MORNING, FIRST_MORNING + timedelta(days=1)):
                    start = morning.replace(hour=begins)
                    span = Span(start, start + timedelta(hours=(ends - begins) % 24))
                    roster.plan(self.session, self.street, person, POSTS[role], span, planner, FIRST_MORNING)

    def on(self, role: Role) -> Actor:
        """Whoever of the group is on duty now."""
        on_duty = roster.who_is_on(self.session, self.street, self.town.at, POSTS[role])
        return actor_for(on_duty[0].user)

    def then(self, minutes: float, act: Callable[[], None]) -> None:
        """Do it so much later."""
        self.at(self.town.at + timedelta(minutes=minutes), act)

    def at(self, when: datetime, act: Callable[[], None]) -> None:
        """Do it then."""
        heapq.heappush(self.agenda, (when, next(self._turn), act))

    def play(self, until: datetime) -> None:
        """Let everything happen in its order."""
        while self.agenda and self.agenda[0][0] < until:
            self.town.at, _, act = heapq.heappop(self.agenda)
            act()
        self.town.at = until


class Matter:
    """One caller's matter, from the first word to where the plan lets it end."""

    def __init__(self, place: Street, grid: Unit, number: str, ends: str = "content", *, returns: int = 0) -> None:
        self.street, self.town, self.session = place, place.town, place.session
        self.grid, self.number, self.ends, self.returns = grid, number, ends, returns
        self.order: Order

    def rings(self, times_told: int = 1) -> None:
        """The caller rings our line."""
        self.takes(self.town.call(self.street.line, self.number, times_told=times_told))

    def takes(self, order: Order) -> None:
        """The order is there; a call taker looks at it in a few minutes."""
        self.order = order
        self.street.then(3, self.is_reviewed)

    def is_reviewed(self) -> None:
        taker = self.street.on(Role.CALL_TAKER)
        if self.ends == "silent":
            orders.move(self.session, self.order, Move.INVALIDATE, taker, self.town.at, "没有人说话")
            return
        self.town.review(self.order, taker, category="policy" if self.ends == "question" else "supplies")
        if self.ends == "question":
            orders.move(self.session, self.order, Move.ANSWER, taker, self.town.at, "已告知临时救助的申请条件")
            orders.close(self.session, self.order, taker, self.town.at, "当场答复")
        else:
            self.street.then(3, self.is_dispatched)

    def is_dispatched(self) -> None:
        who = Role.SUPERVISOR if orders.needs_appointment(self.session, self.order) else Role.DISPATCHER
        wrong = self.street.grids[(self.street.grids.index(self.grid) + 1) % len(self.street.grids)]
        unit = wrong if self.order.returns < self.returns else self.grid
        orders.dispatch(self.session, self.order, unit, self.street.on(who), self.town.at)
        if self.order.returns < self.returns:
            self.street.then(5, self.comes_back)
        elif self.ends != "dispatched":
            self.street.then(5, self.is_signed_for)

    def comes_back(self) -> None:
        orders.give_back(self.session, self.order, self.street.on(Role.HANDLER), self.town.at, "不在本网格")
        self.street.then(5, self.is_dispatched)

    def is_signed_for(self) -> None:
        self.town.sign(self.order, self.street.on(Role.HANDLER))
        if self.ends != "signed":
            self.street.then(10, self.is_contacted)

    def is_contacted(self) -> None:
        handler = self.street.on(Role.HANDLER)
        orders.contact(self.session, self.order, handler, self.town.at, "电话联系，约定今天上门")
        if self.ends.startswith("charity"):
            orders.refer(self.session, self.order, self.street.charity, handler, self.town.at, "转慈善会资助")
        if self.ends not in {"in progress", "charity, open"} and not (
            self.ends == "worked on" and self.order.past_clocks
        ):
            self.street.then(60, self.is_reported)

    def is_reported(self) -> None:
        results.report(self.session, self.order, AIDED, self.street.on(Role.HANDLER), self.town.at, ZONE)
        if self.ends != "waiting":
            self.street.at(self.order.survey_rounds[-1].attempts[-1].due_at, self.is_rung_back)

    def is_rung_back(self) -> None:
        attempt = self.order.survey_rounds[-1].attempts[-1]
        begun = surveys.begin(self.session, attempt.id, "twilio", self.town.at, ZONE)
        if isinstance(begun, surveys.Postponed):
            self.street.at(begun.until, self.is_rung_back)
        elif self.ends == "not reached":
            self.does_not_pick_up()
        else:
            self.answers()

    def does_not_pick_up(self) -> None:
        survey = self.order.survey_rounds[-1]
        attempt = survey.attempts[-1]
        surveys.progressed(self.session, attempt, AttemptEvent.NO_ANSWER, self.town.at, ZONE)
        if survey.state == RoundState.PERSON:
            taker = self.street.on(Role.CALL_TAKER)
            surveys.give_up_by_person(self.session, survey, "再次拨打仍无人接听", taker, self.town.at)
        else:
            self.street.at(survey.attempts[-1].due_at, self.is_rung_back)

    def answers(self) -> None:
        attempt, sid = self.order.survey_rounds[-1].attempts[-1], factories.call_sid()
        surveys.dialled(self.session, attempt.id, sid)
        surveys.picked_up(self.session, attempt, sid, is_machine=False, now=self.town.at, zone=ZONE)
        is_unhappy = self.ends in {"unhappy", "worked on"} and not self.order.past_clocks
        for key in ("2", "3") if is_unhappy else ("1", "1"):
            surveys.keyed(self.session, attempt, factories.told(sid), key, self.town.at, ZONE)
        if self.order.state == OrderState.REOPENED:
            self.street.then(15, self.is_done_again)
        elif self.ends == "again" and not self.order.past_clocks:
            self.street.then(30, lambda: self.rings_again(Meaning.AGAIN))

    def is_done_again(self) -> None:
        orders.move(self.session, self.order, Move.REWORK, self.street.on(Role.SUPERVISOR), self.town.at)
        self.street.then(10, self.is_contacted)

    def rings_again(self, meaning: Meaning) -> None:
        """The same caller rings; a call taker sees the earlier order beside the new one, and says what it is to it."""
        new = self.town.call(self.street.line, self.number)
        taker = self.street.on(Role.CALL_TAKER)
        (known,) = recognition.known(self.session, taker, new)
        assert known.order is self.order
        assert meaning in known.means
        recognition.take_as(self.session, new, known.order, meaning, taker, self.town.at, ZONE)
        if meaning == Meaning.AGAIN:
            self.street.then(15, self.is_done_again)


def caller(number: int) -> str:
    return f"+861380013{number:04d}"


# How the 541 matters, and the calls that are none, end; first those that have two days for it, last those that come
# in on the second afternoon and are not done by midnight.
ENDS_EARLY = {"content": 415 - 120 - 9, "charity": 9, "question": 63, "silent": 18, "not reached": 7, "again": 3,
              "unhappy": 16, "worked on": 5}  # fmt: skip
ENDS_LATE = {"in progress": 12, "waiting": 8, "signed": 6, "dispatched": 4, "charity, open": 2}
ADDING = {Meaning.SUPPLEMENT: 12, Meaning.CHASE: 12, Meaning.REPEAT: 7}


def spread(counted: dict[str, int]) -> list[str]:
    """Each as often as it is counted, mixed evenly."""
    placed = [((at + 0.5) / often, name) for name, often in counted.items() for at in range(often)]
    return [name for _, name in sorted(placed)]


def announce_calls(place: Street) -> None:
    """The 473 calls, every few minutes from the first morning on; 40 of them are told twice."""
    early, late = spread(ENDS_EARLY), spread(ENDS_LATE)
    adding = [meaning for meaning, often in ADDING.items() for _ in range(often)]
    returning = iter([1] * 24 + [3] * 2)
    apart = timedelta(hours=30) / len(early)
    for at, ends in enumerate([*early, *late]):
        grid = place.grids[at % len(place.grids)]
        returns = next(returning, 0) if ends == "content" else 0
        matter = Matter(place, grid, caller(at), ends, returns=returns)
        afternoon = timedelta(hours=31, minutes=9 * (at - len(early)))
        when = FIRST_MORNING + (apart * at if at < len(early) else afternoon)
        times_told = 2 if at < 40 else 1
        place.at(when, lambda matter=matter, times_told=times_told: matter.rings(times_told))
        if ends == "content" and returns == 0 and adding:
            meaning = adding.pop()
            place.at(when + timedelta(minutes=30), lambda matter=matter, meaning=meaning: matter.rings_again(meaning))
    assert not adding


def rows_of_12345(numbers: range) -> bytes:
    """A file as the other platform writes it."""
    head = "工单编号,来电时间,联系电话,诉求内容"
    rows = [f"GZ20260302{n:05d},2026-03-02 07:00:00,{caller(5000 + n)[3:]},家里老人没有米和面了" for n in numbers]
    return "\n".join([head, *rows]).encode("gb18030")


def announce_files(place: Street) -> None:
    """Two files of the other platform: 70 rows on the first morning, 60 at noon, of which 10 were in the first."""

    def bring_in(numbers: range) -> None:
        dispatcher, now = place.on(Role.DISPATCHER), place.town.at
        upload = transfers.begin(
            place.session, "12345", "12345.csv", rows_of_12345(numbers), place.street, dispatcher, now
        )
        for rows in upload.batches:
            transfers.take_rows(place.session, upload.file_id, rows, now, ZONE)
        taken = select(Order).join(Transfer, Transfer.order_id == Order.id).where(Transfer.file_id == upload.file_id)
        for at, order in enumerate(place.session.scalars(taken.order_by(Order.id)).all()):
            Matter(place, place.grids[at % len(place.grids)], "").takes(order)

    place.at(FIRST_MORNING + timedelta(minutes=30), lambda: bring_in(range(70)))
    place.at(FIRST_MORNING + timedelta(hours=4), lambda: bring_in(range(60, 120)))


@pytest.mark.long
def test_the_second_day_of_jingxi_ends_with_541_received_and_504_closed(session: Session) -> None:
    place = Street(session)
    announce_calls(place)
    announce_files(place)

    place.play(SECOND_MIDNIGHT)

    states = Counter(session.scalars(select(Order.state)))
    left_out = states[OrderState.MERGED] + states[OrderState.INVALID]
    assert (states[OrderState.INVALID], states[OrderState.MERGED]) == (18, 34)
    assert states.total() - left_out == 541
    assert states[OrderState.CLOSED] == 504
    assert {state: number for state, number in states.items() if state in _OPEN} == {
        OrderState.IN_PROGRESS: 12 + 5,
        OrderState.RESOLVED: 8,
        OrderState.ACCEPTED: 6,
        OrderState.DISPATCHED: 4,
        OrderState.REFERRED: 2,
    }
    refused = [(file.taken, len(file.known), file.refused) for file in session.scalars(select(TransferFile))]
    assert refused == [(70, 0, []), (50, 10, [])]
    channels = Counter(session.scalars(select(Order.channel)))
    assert channels == {Channel.PHONE: 473, Channel.TRANSFER: 120}
    assert session.scalar(select(func.count(Call.id)).where(Call.direction == "inbound")) == 473

    moves = Counter(session.scalars(select(OrderEvent.move)))
    assert (moves[Move.RETURN], moves[Move.REOPEN], moves[Move.REPORT_BACK]) == (30, 24, 9)
    remarks = Counter(session.scalars(select(OrderEvent.remark)))
    told = {Remark.SUPPLEMENTED: 12, Remark.CHASED: 12, Remark.TOOK_IN: 7 + 3}
    assert {remark: remarks[remark] for remark in told} == told
    not_reached = session.scalar(select(func.count()).where(SurveyRound.state == RoundState.NOT_REACHED))
    assert not_reached == 7
    assert_nothing_closed_without_its_elements(session)


_OPEN = frozenset(OrderState) - {OrderState.CLOSED, OrderState.MERGED, OrderState.INVALID}


def assert_nothing_closed_without_its_elements(session: Session) -> None:
    """Contacted, and a result told, before any order was resolved; a question needs its answer alone."""
    resolved = select(Order).where(Order.state == OrderState.CLOSED, Order.resolutions > 0)
    for order in session.scalars(resolved):
        assert order.contacted_at is not None, order.number
        assert order.contacted_at <= (order.resolved_at or order.contacted_at)
        assert order.resolutions == len(order.results)
    assert session.scalar(select(func.count(Result.id)).where(Result.done == "")) == 0
