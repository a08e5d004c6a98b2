"""Calendar, emergency mode and the list of the day, as somebody types them."""

import csv
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import factories
import pytest
from click.testing import Result
from factories import NOW, ZONE
from sqlalchemy import NullPool, create_engine

from hotline.db import Sessions, make_sessions
from hotline.rules.order_states import OrderState
from hotline.services import orders, pauses, uncleared
from hotline.services.access import SYSTEM

Flask = Callable[..., Result]
DAYS = "day,kind,name\n2026-10-01,holiday,国庆节\n2026-10-10,workday,国庆节调休\n"


@pytest.fixture
def sessions(own_database_url: str) -> Sessions:
    return make_sessions(create_engine(own_database_url, poolclass=NullPool))


def write(tmp_path: Path, content: str) -> str:
    file = tmp_path / "days.csv"
    file.write_text(content)
    return str(file)


def test_days_are_imported_listed_replaced_and_removed(flask_command: Flask, tmp_path: Path) -> None:
    file = write(tmp_path, DAYS)
    assert flask_command("calendar", "import", file).output == "2 added, 0 changed, 0 as before\n"
    assert flask_command("calendar", "import", file).output == "0 added, 0 changed, 2 as before\n"
    file = write(tmp_path, DAYS.replace("国庆节\n", "国庆\n"))
    assert flask_command("calendar", "import", file).output == "0 added, 1 changed, 1 as before\n"

    assert json.loads(flask_command("calendar", "list", "--year", "2026", "--json").output) == [
        {"day": "2026-10-01", "kind": "holiday", "name": "国庆"},
        {"day": "2026-10-10", "kind": "workday", "name": "国庆节调休"},
    ]
    assert flask_command("calendar", "remove", "2026-10-10").exit_code == 0
    assert flask_command("calendar", "list").output == "2026-10-01\tholiday\t国庆\n"
    assert "ordinary day" in flask_command("calendar", "remove", "2026-10-10").output
    assert "no unit nowhere" in flask_command("calendar", "list", "--unit", "nowhere").output


def test_each_row_that_cannot_be_used_is_named_and_nothing_is_brought_in(flask_command: Flask, tmp_path: Path) -> None:
    wrong = (
        "2026-13-01,holiday,x\n2026-01-02,feast,x\n2026-01-03,holiday,\n2026-01-04,holiday,x\n2026-01-04,holiday,x\n"
    )

    done = flask_command("calendar", "import", write(tmp_path, "day,kind,name\n" + wrong))

    assert done.exit_code == 1
    assert [f"days.csv:{line}" in done.output for line in (2, 3, 4, 6)] == [True] * 4
    assert flask_command("calendar", "list").output == "\n"
    assert "no column kind" in flask_command("calendar", "import", write(tmp_path, "day,name\n")).output


def test_emergency_mode_is_switched_on_shown_and_off(with_sample: Flask) -> None:
    assert with_sample("clock", "freeze", "2026-03-02T10:00:00+08:00").exit_code == 0
    on = ("emergency-mode", "on", "--unit", "440100", "--reason", "寒潮")

    assert with_sample(*on, "--until", "2026-03-04T18:00", "--open-too").exit_code == 0
    assert with_sample("emergency-mode", "list").output == "440100\t2026-03-04 18:00\t寒潮\n"
    assert "already" in with_sample(*on, "--until", "2026-03-05").output
    assert with_sample("emergency-mode", "off", "--unit", "440100").exit_code == 0
    assert with_sample("emergency-mode", "list").output == ""
    assert "not in emergency mode" in with_sample("emergency-mode", "off", "--unit", "440100").output
    assert "later than now" in with_sample(*on, "--until", "2026-03-01").output


def test_the_list_of_the_day_is_written_as_csv(flask_command: Flask, sessions: Sessions) -> None:
    with sessions.begin() as session:
        unit = factories.unit(session, "street")
        order = factories.order(session, factories.line(session, unit), OrderState.IN_PROGRESS)
        pauses.ask(session, order, NOW.replace(day=4), "=等医院开证明", SYSTEM, NOW, ZONE)
        uncleared.make_due(session, NOW.replace(hour=12), ZONE)
        orders.lock(session, order.id)
        number, login = order.number, order.handler.login if order.handler else ""

    (row,) = csv.DictReader(StringIO(flask_command("orders", "uncleared", "--unit", "street").output))

    assert row == {
        "day": "2026-03-02",
        "unit": "street",
        "order": number,
        "state": "in_progress",
        "handler": login,
        "since": "2026-03-02 10:00",
        "resolve_by": "2026-03-03 10:00",
        "overdue": "no",
        "why": "paused",
        "words": "'=等医院开证明",
    }
    empty = flask_command("orders", "uncleared", "--unit", "street", "--day", "2026-03-01").output
    assert empty.splitlines() == [",".join(row)]
    assert "no unit" in flask_command("orders", "uncleared", "--unit", "nowhere").output


def test_a_policy_is_set_shown_and_unset(with_sample: Flask) -> None:
    unit = ("--unit", "440111")

    assert with_sample("policy", "set", *unit, "limits", '{"normal": {"contact": 1800}}').exit_code == 0
    assert json.loads(with_sample("policy", "show", *unit).output) == {"limits": {"normal": {"contact": 1800}}}
    assert "quiet_from: " in with_sample("policy", "set", *unit, "quiet_from", "22").output
    assert "no JSON" in with_sample("policy", "set", *unit, "quiet_from", "22:00").output
    assert with_sample("policy", "unset", *unit, "limits").exit_code == 0
    assert "not set" in with_sample("policy", "unset", *unit, "limits").output
    assert "no unit" in with_sample("policy", "show", "--unit", "nowhere").output
