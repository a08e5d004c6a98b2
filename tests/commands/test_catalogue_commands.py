"""`flask catalogue`: brought in as a whole or not at all, asked beforehand, put back."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import factories
import pytest
from click.testing import Result
from sqlalchemy import NullPool, create_engine, select

from hotline.db import Sessions, make_sessions
from hotline.models import Action, AuditEntry, CatalogueVersion, Level, Unit
from hotline.rules.roles import Role

Flask = Callable[..., Result]
HEADING = "category,place,unit,assisting"
ROWS = ("生活物资,east,east,dept", "医药,,dept,", ",,street,")
GOOD = ("生活物资,east,east,dept", "medical,,dept,", ",,street,")


@pytest.fixture
def sessions(own_database_url: str) -> Sessions:
    """A city with a street, a community with a handler, and a department."""
    made = make_sessions(create_engine(own_database_url, poolclass=NullPool))
    with made.begin() as session:
        city = factories.unit(session, "city", level=Level.CITY, name="广州市")
        street = factories.unit(session, "street", parent=city, name="京溪街道")
        east = factories.unit(session, "east", parent=street, level=Level.COMMUNITY, name="东社区")
        factories.unit(session, "dept", parent=city, level=Level.DEPARTMENT, name="民政局")
        factories.user(session, east, Role.HANDLER)
    return made


@pytest.fixture
def bring(flask_command: Flask, sessions: Sessions, tmp_path: Path) -> Callable[..., Result]:
    """Imports rows into the street's catalogue."""

    def run(*rows: str, note: str = "首次录入", unit: str = "street") -> Result:
        path = tmp_path / "catalogue.csv"
        path.write_text("\n".join([HEADING, *rows, ""]), encoding="utf-8-sig")
        return flask_command("catalogue", "import", os.fspath(path), "--unit", unit, "--note", note)

    return run


def test_an_import_is_the_next_version_and_is_written_down(bring: Callable[..., Result], sessions: Sessions) -> None:
    assert "version 1 is in use: 3 rows" in bring(*GOOD).output
    done = bring(*GOOD, note="再来一次")

    assert "version 2 is in use: 3 rows" in done.output
    assert "nobody could sign for an order at dept 民政局" in done.output
    assert "east" not in done.output
    with sessions() as session:
        notes = session.scalars(select(CatalogueVersion.note).order_by(CatalogueVersion.number)).all()
        audited = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == Action.CATALOGUE_CHANGED)).all()
    assert notes == ["首次录入", "再来一次"]
    assert audited == ["street 1", "street 2"]


def test_one_wrong_row_keeps_all_others_out(bring: Callable[..., Result], sessions: Sessions) -> None:
    done = bring(*ROWS, "supplies,,gone,")

    assert done.exit_code == 1
    assert "catalogue.csv:3: '医药' is no category" in done.output
    assert "catalogue.csv:5: there is no unit 'gone'" in done.output
    with sessions() as session:
        assert session.scalars(select(CatalogueVersion)).all() == []


@pytest.mark.parametrize(
    ("more", "trouble"),
    [
        ({"note": " "}, "please say why"),
        ({"unit": "east"}, "东社区 keeps no catalogue"),
        ({"unit": "gone"}, "there is no unit gone"),
    ],
)
def test_what_cannot_be_is_said_in_words(bring: Callable[..., Result], more: dict[str, str], trouble: str) -> None:
    done = bring(*GOOD, **more)

    assert done.exit_code == 1
    assert trouble in done.output


def test_what_is_exported_can_be_brought_in_again(
    bring: Callable[..., Result], flask_command: Flask, tmp_path: Path
) -> None:
    bring(*GOOD)
    path = tmp_path / "out.csv"

    assert flask_command("catalogue", "export", "--unit", "street", "--output", os.fspath(path)).exit_code == 0

    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    text = flask_command("catalogue", "export", "--unit", "street").stdout_bytes.decode()
    assert text.splitlines()[1] == "supplies,east,east,dept,生活物资,东社区,东社区"
    assert path.read_text(encoding="utf-8-sig").splitlines() == text.splitlines()
    again = flask_command("catalogue", "import", os.fspath(path), "--unit", "street", "--note", "原样")
    assert "version 2 is in use: 3 rows" in again.output
    assert flask_command("catalogue", "export", "--unit", "street").stdout_bytes.decode() == text


def test_versions_are_listed_and_put_back(bring: Callable[..., Result], flask_command: Flask) -> None:
    bring(*GOOD)
    bring(",,east,", note="都给东社区")

    flask_command("catalogue", "use", "1", "--unit", "street", "--note", "误改")

    listed = json.loads(flask_command("catalogue", "versions", "--unit", "street", "--json").output)
    assert [(each["version"], each["is_in_use"], each["note"]) for each in listed] == [
        (2, False, "都给东社区"),
        (1, True, "首次录入"),
    ]
    plain = flask_command("catalogue", "versions", "--unit", "street").output.splitlines()
    assert [line[:3] for line in plain] == ["  2", "* 1"]
    assert "version 1," in flask_command("catalogue", "show", "--unit", "street").output
    shown = json.loads(flask_command("catalogue", "show", "--unit", "street", "--version", "2", "--json").output)
    assert shown == [{"category": None, "place": None, "unit": "east", "assisting": []}]


def test_a_version_that_is_not_there_is_told(bring: Callable[..., Result], flask_command: Flask) -> None:
    bring(*GOOD)

    for wrong, trouble in (("7", "has no version 7"), ("first", "'first' is no number")):
        done = flask_command("catalogue", "use", wrong, "--unit", "street", "--note", "误改")
        assert done.exit_code == 1
        assert trouble in done.output
    assert "has no catalogue of its own" in flask_command("catalogue", "show", "--unit", "city").output


def test_without_a_catalogue_of_its_own_the_place_decides(bring: Callable[..., Result], flask_command: Flask) -> None:
    bring(*GOOD)
    asked = ("catalogue", "preview", "--unit", "street", "--category", "生活物资", "--place", "east")
    assert "by the row 生活物资 east of version 1 of street; assisting: dept" in flask_command(*asked).output

    flask_command("catalogue", "use", "none", "--unit", "street", "--note", "停用")

    assert "east 东社区\tno row fits; it is the unit of the place" in flask_command(*asked).output


def test_sample_orders_are_asked_at_once(bring: Callable[..., Result], flask_command: Flask, tmp_path: Path) -> None:
    bring("supplies,,street,", "medical,,dept,")
    path = tmp_path / "samples.csv"
    path.write_text("category,place\n生活物资,\nmedical,east\nhomeless,east\nhomeless,\n", encoding="utf-8")

    asked = ("catalogue", "preview", "--unit", "street", "--samples", os.fspath(path))
    found = [json.loads(line) for line in flask_command(*asked, "--json").output.splitlines()]

    assert [(each["unit"], each["ground"], each["has_signer"]) for each in found] == [
        ("street", "row", False),
        ("dept", "row", False),
        ("east", "place", True),
        (None, "no_place", False),
    ]
    plain = flask_command(*asked).output.splitlines()
    assert plain[1].endswith("of version 1 of street; nobody there could sign for it")
    assert plain[3] == "homeless\t?\t-\tnobody: no row fits, and the place is not known"


@pytest.mark.parametrize(
    ("asked", "trouble"),
    [
        (("--unit", "gone"), "there is no unit gone"),
        (("--unit", "street", "--place", "gone"), "there is no unit gone"),
        (("--unit", "street", "--category", "米"), "'米' is no category"),
    ],
)
def test_what_is_asked_wrongly_is_told(
    flask_command: Flask, sessions: Sessions, asked: tuple[str, ...], trouble: str
) -> None:
    done = flask_command("catalogue", "preview", *asked)

    assert done.exit_code == 1
    assert trouble in done.output


def test_automatic_dispatch_is_switched(flask_command: Flask, sessions: Sessions) -> None:
    flask_command("catalogue", "automatic", "on", "--unit", "street", "--confidence", "0.8")
    wrong = flask_command("catalogue", "automatic", "on", "--unit", "street", "--confidence", "80")

    assert (wrong.exit_code, "auto_confidence: must be between 0 and 1" in wrong.output) == (1, True)
    with sessions() as session:
        policy = session.scalars(select(Unit.policy).where(Unit.code == "street")).one()
    assert (policy["auto_dispatch"], policy["auto_confidence"]) == (True, 0.8)
    assert "is off" in flask_command("catalogue", "automatic", "off", "--unit", "street").output
