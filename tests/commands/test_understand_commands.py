"""Lines in, lines out: one that is no record is answered with its error, and the others as ever."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result

Flask = Callable[..., Result]
COMMANDS = ["understand", "understand-survey", "understand-outreach"]
GOOD = '{"id": 7, "text": "家里没有米了"}'


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("no json", None),
        ("[]", None),
        ('"x"', None),
        ('{"id": 1}', 1),
        ('{"id": 1, "text": 5}', 1),
        ("[" * 100_000, None),
    ],
)
def test_one_bad_line_ends_no_batch(flask_command: Flask, command: str, line: str, known: int | None) -> None:
    done = flask_command(command, given=f"{GOOD}\n{line}\n\n{GOOD}\n")

    first, bad, last = [json.loads(answer) for answer in done.stdout.splitlines()]
    assert first == last
    assert first["id"] == 7
    assert "error" not in first
    assert bad["id"] == known
    assert bad["error"]
    assert done.exit_code == 1


def test_words_that_are_none_are_a_bad_line(flask_command: Flask) -> None:
    done = flask_command("understand", given='{"id": 1, "text": "水", "words": 7}\n')

    assert json.loads(done.stdout)["id"] == 1
    assert done.exit_code == 1


@pytest.mark.parametrize("given", [("\ufeff" + GOOD).encode(), GOOD.encode()])
def test_a_file_may_begin_with_a_byte_order_mark(flask_command: Flask, given: bytes) -> None:
    done = flask_command("understand", given=given)

    assert json.loads(done.stdout)["id"] == 7
    assert done.exit_code == 0


def test_what_is_not_utf_8_is_a_bad_line(flask_command: Flask) -> None:
    done = flask_command("understand", given=GOOD.encode("gbk") + b"\n" + GOOD.encode())

    assert ["error" in json.loads(line) for line in done.stdout.splitlines()] == [True, False]
