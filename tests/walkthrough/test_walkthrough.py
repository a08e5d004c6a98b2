"""One call, all the way round: from a ring to the answered callback, on the real parts, by the pages people use."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from looking import SERVICE, rows, until
from sqlalchemy import Engine

from stack.stack import Stack
from stack.telephone import Telephone
from stack.visitor import Visitor

STORY = "你好，我姓陈，我一个人住在京溪路九号四楼，家里没有米了，请帮帮我。"
MOVES: list[tuple[str, str, Mapping[str, str]]] = [
    ("call_taker", "triage", {}),
    ("dispatcher", "dispatch", {"note": "请尽快上门"}),
    ("handler", "accept", {}),
    ("handler", "contact", {"how": "已电话联系，约好上门"}),
    ("handler", "resolve", {"outcome": "solved", "done": "送去大米十公斤", "aid": "大米10千克"}),
]


@pytest.fixture(scope="module")
def people(stack: Stack) -> dict[str, Visitor]:
    return {who.roles[0]: Visitor(stack.web_url, who.login, who.password or "") for who in stack.log_ins}


def resolve(telephone: Telephone, database: Engine, people: dict[str, Visitor], caller: str) -> str:
    """Ring, speak, hang up, and have the order taken through to its result; the order's number."""
    telephone.ring(caller, SERVICE, [{"on": "record", "say": STORY, "then": "hang_up"}])
    known = "select number from orders where number_to_ring = :number and summary is not null"
    number: str = until(lambda: rows(database, known, number=caller), "the order")[0][0]
    for role, move, filled_in in MOVES:
        people[role].make(number, move, filled_in)
    assert people["handler"].order(number).state == "resolved"
    return number


def ended_round(database: Engine, number: str) -> Any:
    query = """
        select s.state, s.resolved, s.satisfied, s.reason from survey_rounds s join orders o on o.id = s.order_id
        where o.number = :number and s.ended_at is not null
    """
    return until(lambda: rows(database, query, number=number), "the callback", 60)[0]


def history(database: Engine, number: str) -> list[Any]:
    query = """
        select e.from_state, e.move, e.to_state, e.user_id is null from order_events e
        join orders o on o.id = e.order_id where o.number = :number order by e.id
    """
    return rows(database, query, number=number)


def test_satisfied_caller_closes_the_order(
    stack: Stack, telephone: Telephone, database: Engine, people: dict[str, Visitor]
) -> None:
    caller = "+8613800138001"
    telephone.will_answer(caller, [{"on": "gather", "press": "1"}, {"on": "gather", "press": "1"}])
    number = resolve(telephone, database, people, caller)

    assert tuple(ended_round(database, number)) == ("answered", "yes", "satisfied", None)
    assert people["call_taker"].order(number).state == "closed"
    moves = history(database, number)
    assert [(row[1], row[2]) for row in moves] == [
        (None, "received"),
        ("triage", "triaged"),
        ("dispatch", "dispatched"),
        ("accept", "accepted"),
        ("contact", "in_progress"),
        ("resolve", "resolved"),
        ("close", "closed"),
    ]
    assert all(after[0] == before[2] for before, after in pairwise(moves))
    assert [row[3] for row in moves] == [True, False, False, False, False, False, True]  # by the system itself
    assert [number in message for message in telephone.messages_to(caller)] == [True]


def test_unhappy_caller_opens_the_order_again_and_says_why(
    stack: Stack, telephone: Telephone, database: Engine, people: dict[str, Visitor]
) -> None:
    caller = "+8613800138002"
    unhappy = [
        {"on": "gather", "press": "3"},
        {"on": "gather", "press": "3"},
        {"on": "record", "say": "等了三天都没有人来", "then": "hang_up"},
    ]
    telephone.will_answer(caller, unhappy)
    number = resolve(telephone, database, people, caller)

    assert tuple(ended_round(database, number))[:3] == ("answered", "no", "dissatisfied")
    assert people["supervisor"].order(number).state == "reopened"
    reason = "select s.reason from survey_rounds s join orders o on o.id = s.order_id where o.number = :number"
    until(lambda: rows(database, reason, number=number)[0][0] == "not_contacted", "the reason")


def test_caller_who_presses_nothing_answers_in_words(
    stack: Stack, telephone: Telephone, database: Engine, people: dict[str, Visitor]
) -> None:
    caller = "+8613800138003"
    spoken = [
        {"on": "gather", "nothing": True},
        {"on": "gather", "nothing": True},
        {"on": "record", "say": "解决了，很满意，谢谢你们", "then": "hang_up"},
    ]
    telephone.will_answer(caller, spoken)
    number = resolve(telephone, database, people, caller)

    assert tuple(ended_round(database, number)) == ("answered", "yes", "satisfied", None)
    assert people["call_taker"].order(number).state == "closed"


def test_zero_rings_the_duty_number_and_records_both_sides(
    stack: Stack, telephone: Telephone, database: Engine
) -> None:
    caller, duty = "+8613800138004", rows(database, "select duty_number from lines")[0][0]
    telephone.will_answer(duty, [{"on": "dial", "say": "你好，请讲。"}])
    call = telephone.ring(
        caller, SERVICE, [{"on": "gather", "press": "0"}, {"on": "dial", "say": "家里没有米了。"}, {"hang_up": True}]
    )
    until(lambda: telephone.call(call)["settled"], "the end of the call", 60)

    query = """
        select r.kind, r.channels, t.words from recordings r join calls c on c.id = r.call_id
        join transcripts t on t.recording_id = r.id where c.number = :number
    """
    kind, channels, words = until(lambda: rows(database, query, number=caller), "the transcript")[0]
    assert (kind, channels) == ("conversation", 2)
    assert {word["channel"] for word in words} == {"caller", "agent"}


def test_silent_caller_is_asked_again_once_and_then_rung_back(
    stack: Stack, telephone: Telephone, database: Engine
) -> None:
    caller = "+8613800138005"
    call = telephone.ring(caller, SERVICE, [{"on": "record", "silence": True}, {"on": "record", "silence": True}])
    log = until(lambda: telephone.call(call)["settled"] and telephone.call(call), "the end of the call", 60)["log"]

    said = [entry["text"] for entry in log if entry["event"] == "said"]
    assert sum("再说一次" in text for text in said) == 1
    assert "还是没有听到" in said[-1]
    assert "给您回电" in said[-1]
    assert rows(database, "select state, attention from calls where number = :number", number=caller) == [
        ("silent", "ring_back")
    ]


def test_first_caller_hears_of_the_recording_before_the_tone(
    stack: Stack, telephone: Telephone, database: Engine
) -> None:
    call = telephone.ring("+8613800138006", SERVICE, [{"on": "say", "hang_up_after_s": 1}])
    log = until(lambda: telephone.call(call)["settled"] and telephone.call(call), "the end of the call", 60)["log"]

    assert "录音" in next(entry["text"] for entry in log if entry["event"] == "said")
    query = "select state, attention from calls where number = '+8613800138006'"
    until(lambda: rows(database, query) == [("abandoned", "ring_back")], "the missed call to be marked")
