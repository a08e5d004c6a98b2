"""Orders passed on by machine: each once, wrong ones answered by field, results asked for by the platform's number."""

import json
import re
from pathlib import Path

import factories
import pytest
from platform_side import ORDER, PlatformSide
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from hotline.models import Order, Transfer, Unit
from hotline.rules.order_states import Move
from hotline.rules.transfers import Column
from hotline.services import transfers
from hotline.services.access import SYSTEM

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
TO_CLOSED = (Move.TRIAGE, Move.DISPATCH, Move.ACCEPT, Move.CONTACT, Move.RESOLVE, Move.CLOSE)


def taken(platform: PlatformSide) -> list[Transfer]:
    with platform.sessions() as session:
        return list(session.scalars(select(Transfer).order_by(Transfer.id).options(joinedload(Transfer.order))))


def bring(platform: PlatformSide, *moves: Move) -> None:
    with platform.sessions.begin() as session:
        for move in moves:
            factories.step(session, session.scalars(select(Order)).one(), move)


def test_an_order_is_taken_once_however_often_it_is_passed_on(platform: PlatformSide) -> None:
    first, again = platform.pass_on(ORDER), platform.pass_on({**ORDER, "text": "又来了"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    (transfer,) = taken(platform)
    assert (transfer.source, transfer.foreign_number, transfer.file_id) == ("12345", ORDER["number"], None)
    assert first.json == {
        "number": ORDER["number"],
        "order": transfer.order.number,
        "received_at": "2026-03-02T02:00:00+00:00",
    }


def test_of_a_list_the_good_ones_are_kept_and_each_is_answered(platform: PlatformSide) -> None:
    platform.pass_on(ORDER)

    answer = platform.pass_on([ORDER, {**ORDER, "number": "A2"}, {"number": "A3"}, "A4", {**ORDER, "number": "A5"}])

    assert answer.status_code == 200
    told = [(each["status"], each.get("number")) for each in answer.json["orders"]]  # type: ignore[index]
    assert told == [(200, ORDER["number"]), (201, "A2"), (422, "A3"), (422, None), (201, "A5")]
    assert [each.foreign_number for each in taken(platform)] == [ORDER["number"], "A2", "A5"]


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"number": " "}, {"number": "must not be empty"}),
        ({"text": None}, {"text": "must not be empty"}),
        ({"number": 7}, {"number": "must be words in quotation marks"}),
        ({"rang_at": "yesterday"}, {"rang_at": "is no time: write 2026-03-02 09:30"}),
        ({"unit": "火星街道"}, {"unit": "is no unit here, neither by name nor by code"}),
        ({"unit": "other"}, {"unit": "is a unit outside the part for which orders are brought in"}),
        ({"nummer": "7"}, {"nummer": "is no field"}),
        ({"text": "米\x00"}, {"text": "holds a character that cannot be read or shown"}),
        ({"number": "A\u200b1"}, {"number": "holds a character that cannot be read or shown"}),
        ({"text": "\ud800"}, {"text": "holds a character that cannot be read or shown"}),
    ],
)
def test_what_is_wrong_is_told_by_field(
    platform: PlatformSide, changes: dict[str, object], errors: dict[str, str]
) -> None:
    answer = platform.pass_on({**ORDER, **changes})

    assert (answer.status_code, (answer.json or {})["errors"]) == (422, errors)
    assert taken(platform) == []


def test_what_a_telephone_puts_among_words_refuses_no_order(platform: PlatformSide) -> None:
    answer = platform.pass_on({**ORDER, "text": "\ufeff一家👨\u200d👧没米\u2003没菜\u2028请帮忙"})

    assert answer.status_code == 201
    with platform.sessions() as session:
        assert session.scalars(select(Order)).one().statements[0].text.startswith("一家👨\u200d👧没米 没菜\n请帮忙")


@pytest.mark.parametrize("body", [[], "x", 7, None, [ORDER] * 101])
def test_a_body_that_is_no_order_is_refused_in_words(platform: PlatformSide, body: object) -> None:
    answer = platform.pass_on(body)

    assert answer.status_code == 422
    assert "1 to 100" in (answer.json or {})["error"]


def test_a_body_that_is_nested_too_deeply_is_refused_in_words(platform: PlatformSide) -> None:
    answer = platform.client.post(
        "/api/v1/transfers",
        data=b"[" * 100_000,
        headers={"Authorization": f"Bearer {platform.token}"},
        base_url=factories.BASE_URL,
    )

    assert (answer.status_code, answer.json) == (400, {"error": "the body is nested too deeply"})


def test_a_body_that_is_too_large_is_refused_in_words(platform: PlatformSide) -> None:
    answer = platform.pass_on({**ORDER, "text": "x" * 2_100_000})

    assert (answer.status_code, answer.json) == (413, {"error": "the body is larger than 2 MB"})


def test_an_order_comes_in_at_the_unit_that_is_named(platform: PlatformSide) -> None:
    platform.pass_on({**ORDER, "unit": "东社区"})

    (transfer,) = taken(platform)
    with platform.sessions() as session:
        assert session.get_one(Order, transfer.order_id).intake_unit.code == "east"


def test_how_an_order_stands_is_told_and_its_result_once_it_has_ended(platform: PlatformSide) -> None:
    platform.pass_on(ORDER)
    before = platform.look().json or {}
    bring(platform, *TO_CLOSED[:-1])
    resolved = platform.look().json or {}
    bring(platform, TO_CLOSED[-1])

    after = platform.look().json or {}

    assert (before["state"], before["result"]) == ("received", None)
    assert (resolved["state"], resolved["result"]) == ("resolved", None)
    assert (after["state"], after["contacted_at"]) == ("closed", "2026-03-02T02:00:00+00:00")
    assert after["result"] == {
        "outcome": "solved",
        "done": "送去米面和菜\n发放救助：大米10千克",
        "resolved_at": "2026-03-02T02:00:00+00:00",
        "callback": {"resolved": None, "satisfied": None},
    }


def test_a_number_that_nobody_passed_on_is_not_there(platform: PlatformSide) -> None:
    answer = platform.look("A9")

    assert (answer.status_code, answer.json) == (404, {"error": "no order is known under this number"})


def test_of_a_secret_order_only_state_outcome_and_times_are_told(platform: PlatformSide) -> None:
    platform.pass_on(ORDER)
    bring(platform, *TO_CLOSED)
    with platform.sessions.begin() as session:
        session.scalars(select(Order)).one().is_secret = True

    after = platform.look().json or {}

    assert (after["state"], after["result"]["outcome"], after["result"]["done"]) == ("closed", "solved", None)


@pytest.mark.parametrize("number", ["%00", "A%00", "%0A"])
def test_a_number_that_cannot_be_one_is_not_there(platform: PlatformSide, number: str) -> None:
    assert platform.look(number).status_code == 404


def test_a_platform_sees_only_what_it_passed_on_itself(platform: PlatformSide) -> None:
    platform.pass_on(ORDER)
    with platform.sessions.begin() as session:
        other = transfers.set_platform(session, "民政部", platform.street, SYSTEM, factories.NOW)

    assert platform.look(token=other).status_code == 404
    assert platform.pass_on(ORDER, other).status_code == 201
    assert len(taken(platform)) == 2


def test_a_platform_that_is_moved_to_another_unit_knows_what_it_passed_on_before(platform: PlatformSide) -> None:
    platform.pass_on(ORDER)
    with platform.sessions.begin() as session:
        other = session.scalars(select(Unit).where(Unit.code == "other")).one()
        token = transfers.set_platform(session, "12345", other, SYSTEM, factories.NOW)

    assert platform.look(token=token).status_code == 200
    assert platform.pass_on(ORDER, token).status_code == 200
    assert platform.pass_on({**ORDER, "number": "A2"}, token).status_code == 201
    assert len(taken(platform)) == 2


@pytest.mark.parametrize("token", ["", "x", "ä", "x" * 10_000])
def test_without_a_token_that_counts_nothing_is_answered(platform: PlatformSide, token: str) -> None:
    for answer in (platform.pass_on(ORDER, token), platform.look(token=token)):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert "Bearer TOKEN" in (answer.json or {})["error"]
    assert taken(platform) == []


def test_a_token_that_was_switched_off_counts_no_longer(platform: PlatformSide) -> None:
    with platform.sessions.begin() as session:
        transfers.switch_off(session, transfers.platforms(session)[0], SYSTEM, factories.NOW)

    assert platform.pass_on(ORDER).status_code == 401


def test_whoever_guesses_tokens_must_wait(platform: PlatformSide) -> None:
    codes = [platform.look(token=f"guess-{number}").status_code for number in range(32)]

    assert codes == [401] * 30 + [429] * 2


def test_every_field_is_described_and_the_examples_are_taken(platform: PlatformSide) -> None:
    text = DOCS.read_text()

    assert [column.value for column in Column if f"| `{column.value}` |" not in text] == []
    examples = [json.loads(found) for found in re.findall(r"-d '(.*?)'", text, re.DOTALL)]
    assert len(examples) >= 2
    assert [platform.pass_on(example).status_code // 100 for example in examples] == [2] * len(examples)
