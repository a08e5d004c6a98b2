"""`flask roster`: a plan is brought in as a whole or not at all, and told as people read it."""

import json
from collections.abc import Callable
from pathlib import Path

import factories
import pytest
from click.testing import Result
from sqlalchemy import NullPool, create_engine

from hotline.db import make_sessions
from hotline.models import Shift

Flask = Callable[..., Result]
HEADING = "unit,login,date,from,to,post"
UNIT = "440111-jingxi"
NIGHT, DAY = f"{UNIT},wangge,2099-03-02,20:00,08:00,值班", f"{UNIT},jiexian,2099/3/3,8:00,20:00,call_taker"


@pytest.fixture
def bring(with_sample: Flask, tmp_path: Path) -> Callable[..., Result]:
    """Imports rows into the sample organisation."""

    def run(*rows: str) -> Result:
        (tmp_path / "plan.csv").write_text("\n".join([HEADING, *rows, ""]))
        return with_sample("roster", "import", str(tmp_path / "plan.csv"))

    return run


def test_a_plan_is_brought_in_once_however_often(bring: Callable[..., Result]) -> None:
    assert bring(NIGHT, DAY, ",,,,,").output.startswith("2 shifts, 0 as before\n")
    assert bring(NIGHT, DAY).output.startswith("0 shifts, 2 as before\n")
    assert "wangge has no telephone" in bring(NIGHT).output


@pytest.mark.parametrize(
    ("row", "trouble"),
    [
        ("nowhere,wangge,2099-03-02,20:00,08:00,值班", "there is no unit 'nowhere'"),
        (f"{UNIT},nobody,2099-03-02,20:00,08:00,值班", "nobody is called 'nobody'"),
        (f"{UNIT},wangge,2099-02-30,20:00,08:00,值班", "'2099-02-30' is no date"),
        (f"{UNIT},wangge,9999-12-31,20:00,08:00,值班", "date value out of range"),
        (f"{UNIT},wangge,2099-03-02,25:00,08:00,值班", "'25:00' is no time of day"),
        (f"{UNIT},wangge,2099-03-02,20:00,8,值班", "'8' is no time of day"),
        (f"{UNIT},wangge,2099-03-02,20:00,08:00,睡觉", "'睡觉' is no post"),
        (f"{UNIT},wangge,2099-03-03,07:00,12:00,备班", "wangge is on duty then by plan.csv:2"),
        (NIGHT, "the same shift stands in plan.csv:2"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_nothing_is_brought_in(
    bring: Callable[..., Result], with_sample: Flask, row: str, trouble: str
) -> None:
    done = bring(NIGHT, row)

    assert done.exit_code == 1
    assert f"plan.csv:3: {trouble}" in done.output
    assert with_sample("roster", "gaps", "--json").output == "[]\n"


def test_a_plan_that_puts_somebody_on_twice_is_refused_by_what_stands_already(bring: Callable[..., Result]) -> None:
    bring(NIGHT)

    done = bring("440100,wangge,2099-03-02,19:00,21:00,值班")

    assert "plan.csv:2: wangge is on duty for 440111-jingxi from 2099-03-02 20:00 already" in done.output


def test_who_is_on_and_when_nobody_is(bring: Callable[..., Result], with_sample: Flask) -> None:
    bring(NIGHT, DAY)
    with_sample("users", "phone", "wangge", "13800138000")
    assert with_sample("clock", "freeze", "2099-03-02T21:00:00+08:00").exit_code == 0

    (on,) = json.loads(with_sample("roster", "now", UNIT, "--json").output)
    assert (on["login"], on["post"], on["until"], on["can_be_rung"]) == ("wangge", "duty", "2099-03-03 08:00", True)
    assert [row["login"] for row in json.loads(with_sample("roster", "show", UNIT, "--json").output)] == [
        "wangge",
        "jiexian",
    ]
    assert json.loads(with_sample("roster", "gaps", "--json").output) == [
        {"unit": UNIT, "from": "2099-03-03 20:00", "to": "2099-03-09 21:00"}
    ]
    assert "no unit" in with_sample("roster", "now", "nowhere").output


def test_a_number_that_no_telephone_has_is_refused(bring: Callable[..., Result], with_sample: Flask) -> None:
    assert "no telephone has this number" in with_sample("users", "phone", "wangge", "119").output
    assert "nobody is called" in with_sample("users", "phone", "nobody", "13800138000").output


def load_sample(flask_command: Flask, at: str) -> list[dict[str, str]]:
    """The shifts of the fortnight that follows, with the clock standing at `at` when the sample is loaded."""
    assert flask_command("clock", "freeze", at).exit_code == 0
    assert flask_command("sample", "load").exit_code == 0
    found: list[dict[str, str]] = json.loads(flask_command("roster", "show", UNIT, "--days", "14", "--json").output)
    return found


def test_the_sample_organisation_is_planned_for_a_fortnight_and_again(flask_command: Flask) -> None:
    first = load_sample(flask_command, "2099-03-02T03:00:00+08:00")

    on = json.loads(flask_command("roster", "now", UNIT, "--json").output)
    assert {(row["login"], row["post"]) for row in on} == {("paidan", "call_taker"), ("duban", "duty")}
    assert load_sample(flask_command, "2099-03-02T03:00:00+08:00") == first
    later = load_sample(flask_command, "2099-03-10T12:00:00+08:00")
    assert flask_command("roster", "gaps", "--json").output == "[]\n"
    assert [row for row in first if row["from"] > "2099-03-10 20"] == [
        row for row in later if "2099-03-10 20" < row["from"] <= first[-1]["from"]
    ]


def test_what_became_of_a_sample_shift_stays(flask_command: Flask, own_database_url: str) -> None:
    at = "2099-03-02T03:00:00+08:00"
    before = load_sample(flask_command, at)
    engine = create_engine(own_database_url, poolclass=NullPool)
    with make_sessions(engine).begin() as session:
        session.get_one(Shift, int(before[5]["id"])).cancelled_at = factories.NOW

    assert load_sample(flask_command, at) == [*before[:5], *before[6:]]
