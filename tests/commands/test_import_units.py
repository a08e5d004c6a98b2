"""`flask import units`: a tree that cannot be is told row by row and changes nothing; one that can be is whole."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import Engine, NullPool, create_engine, text

Flask = Callable[..., Result]

HEADING = "code,parent,level,name,aliases"
CITY, DISTRICT, STREET = "c,,city,广州市,广州", "d,c,district,白云区,", "s,d,street,京溪街道,京溪|京溪街"
COMMUNITY = "m,s,community,京溪社区,"
TREE = [CITY, DISTRICT, STREET, COMMUNITY, "dept,c,department,民政局,", "aid,m,charity,慈善会,"]
PLACES = ["s,京溪路", "m,京溪大街"]


@pytest.fixture
def database(own_database_url: str) -> Iterator[Engine]:
    engine = create_engine(own_database_url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def bring(flask_command: Flask, tmp_path: Path) -> Callable[..., Result]:
    """Imports rows, or a file as it stands."""

    def run(units: list[str] | bytes, places: list[str] | bytes = b"unit,name\n") -> Result:
        files = {"units.csv": (HEADING, units), "places.csv": ("unit,name", places)}
        for name, (heading, rows) in files.items():
            content = rows if isinstance(rows, bytes) else "\n".join([heading, *rows, ""]).encode()
            (tmp_path / name).write_bytes(content)
        return flask_command("import", "units", os.fspath(tmp_path / "units.csv"), os.fspath(tmp_path / "places.csv"))

    return run


def tree(database: Engine) -> list[tuple[str, str | None, str]]:
    """Each unit with the codes on its path."""
    query = """
        select unit.code, unit.name,
            (select string_agg(above.code, '/' order by length(above.path)) from units above
             where unit.path like above.path || '%')
        from units unit order by unit.code
        """
    with database.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_a_tree_is_brought_in_twice_and_is_one(bring: Callable[..., Result], database: Engine) -> None:
    assert bring(TREE, PLACES).output == bring(TREE, PLACES).output == "6 units, 2 places\n"

    assert [(code, path) for code, _, path in tree(database)] == [
        ("aid", "c/d/s/m/aid"),
        ("c", "c"),
        ("d", "c/d"),
        ("dept", "c/dept"),
        ("m", "c/d/s/m"),
        ("s", "c/d/s"),
    ]


def test_a_unit_that_moves_takes_all_below_along(bring: Callable[..., Result], database: Engine) -> None:
    bring([*TREE, "e,c,district,荔湾区,"])

    assert bring(["s,e,street,京溪街道,"]).exit_code == 0

    paths = {code: path for code, _, path in tree(database)}
    assert (paths["s"], paths["m"], paths["aid"]) == ("c/e/s", "c/e/s/m", "c/e/s/m/aid")


def test_a_new_top_may_take_the_old_one_below_it(bring: Callable[..., Result], database: Engine) -> None:
    bring(["d,,district,白云区,", STREET])

    assert bring([CITY, DISTRICT]).exit_code == 0

    assert {code: path for code, _, path in tree(database)} == {"c": "c", "d": "c/d", "s": "c/d/s"}


@pytest.mark.parametrize(
    ("rows", "line", "trouble"),
    [
        ([DISTRICT, DISTRICT], 3, "stands in units.csv:2 already"),
        (["d,d,district,白云区,"], 2, "its own parent"),
        (["x,nowhere,street,某街道,"], 2, "neither above it nor imported"),
        (["x,y,community,某社区,", "y,d,street,某街道,"], 2, "neither above it nor imported"),
        (["d,m,district,白云区,"], 2, "below itself"),
        (["d,aid,charity,白云区,", "aid,m,charity,慈善会,"], 2, "below itself"),
        (["x,s,district,某区,"], 2, "cannot lie below"),
        (["x,s,street,某街道,"], 2, "cannot lie below"),
        (["x,dept,grid,某网格,"], 2, "cannot lie below"),
        (["x,dept,department,某处,"], 2, "cannot lie below"),
        (["s,d,grid,京溪街道,"], 2, "cannot lie below"),
        (["x,,city,佛山市,"], 2, "one topmost unit"),
        (["x,c,village,某村,"], 2, "is no level"),
        ([",c,district,某区,"], 2, "code must not be empty"),
        (["x,c,district, ,"], 2, "name must not be empty"),
        (["x" * 61 + ",c,district,某区,"], 2, "more than 60 characters"),
        (["x,c,district," + "区" * 121 + ","], 2, "more than 120 characters"),
        (["x,c,district,某区," + "区" * 121], 2, "an alias has more than 120"),
        (["x,c,district,某\x00区,"], 2, "cannot be shown"),
        (["x,c,district,某区,,"], 2, "more columns"),
        ([DISTRICT, 'x,c,district,"某区,'], 3, "unexpected end of data"),
    ],
)
def test_a_row_that_cannot_be_is_told_and_nothing_changes(
    bring: Callable[..., Result], database: Engine, rows: list[str], line: int, trouble: str
) -> None:
    bring(TREE, PLACES)
    before = tree(database)

    done = bring(rows)

    assert done.exit_code == 1
    assert any(f"units.csv:{line}: " in told and trouble in told for told in done.output.splitlines())
    assert tree(database) == before


def test_one_wrong_row_keeps_all_others_out(bring: Callable[..., Result], database: Engine) -> None:
    bring(TREE)

    bring(["c,,city,新的名字,", "x,,city,佛山市,"])

    assert "新的名字" not in {name for _, name, _ in tree(database)}


@pytest.mark.parametrize("encoding", ["gbk", "utf-16"])
def test_another_encoding_is_said_to_be_one(bring: Callable[..., Result], encoding: str) -> None:
    done = bring("\n".join([HEADING, "c,,city,x,", "d,c,district,白云区,"]).encode(encoding))

    assert "save the file as UTF-8" in done.output
    assert done.exit_code == 1


def test_what_a_spreadsheet_puts_in_front_is_passed_over(bring: Callable[..., Result]) -> None:
    assert bring(("\ufeff" + "\r\n".join([HEADING, CITY, ""])).encode()).exit_code == 0


@pytest.mark.parametrize(
    ("row", "trouble"),
    [
        ("nowhere,某路", "no unit"),
        ("s,", "must not be empty"),
        ("s,京溪路\ns,京溪路", "the same place"),
        ("s,\x00", "shown"),
    ],
)
def test_a_place_that_cannot_be_is_told(bring: Callable[..., Result], database: Engine, row: str, trouble: str) -> None:
    done = bring(TREE, [row])

    assert trouble in done.output
    assert "places.csv:" in done.output
    assert tree(database) == []


def test_a_file_without_its_heading_is_told(bring: Callable[..., Result]) -> None:
    assert "units.csv:1: no column code" in bring(b"").output
