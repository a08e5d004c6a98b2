"""Making people and numbers by command: what could not be typed, rung or spoken is refused in plain words."""

from collections.abc import Callable

import pytest
from click.testing import Result

Flask = Callable[..., Result]
PASSWORD = "a long enough one"


@pytest.fixture
def organisation(with_sample: Flask) -> Flask:
    """The sample organisation is there."""
    return with_sample


def create(flask: Flask, login: str, name: str) -> Result:
    told = ("--name", name, "--unit", "440100", "--role", "handler", "--password", PASSWORD)
    return flask("users", "create", *told, "--", login)


@pytest.mark.parametrize(
    ("login", "name"),
    [
        ("", "张三"),
        (" ", "张三"),
        ("x" * 61, "张三"),
        ("a b", "张三"),
        ("张三", "张三"),
        ("a\n", ""),
        ("zhang", " "),
        ("zhang", "x" * 61),
    ],
)
def test_a_person_without_a_usable_name_is_not_made(organisation: Flask, login: str, name: str) -> None:
    done = create(organisation, login, name)

    assert done.exit_code == 1
    assert "Error: " in done.output


def test_a_name_that_is_taken_is_said_to_be(organisation: Flask) -> None:
    assert create(organisation, "Zhang.San", "张三").exit_code == 0

    assert "zhang.san" in create(organisation, "zhang.san", "张三").output


@pytest.mark.parametrize(
    "arguments",
    [
        ("12349",),
        ("02012345678",),
        ("+86 20 1234 5678",),
        ("+8620123456780000",),
        ("+862012345679", "--duty-number", "119"),
        ("+862012345679", "--language", "fr"),
        ("+862012345679", "--name", ""),
    ],
)
def test_a_line_that_nobody_could_ring_is_not_made(organisation: Flask, arguments: tuple[str, ...]) -> None:
    done = organisation("lines", "add", "--name", "热线", "--unit", "440100", *arguments)

    assert done.exit_code == 1
    assert "Error: " in done.output
    assert len(organisation("lines", "list").output.splitlines()) == 1


def test_without_a_database_a_command_says_so(flask_command: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")

    assert "cannot be reached" in flask_command("lines", "list").output


def test_whoever_was_put_out_of_service_is_let_in_again(organisation: Flask) -> None:
    create(organisation, "li.si", "李四")

    assert organisation("users", "end", "li.si").exit_code == 0
    assert organisation("users", "let-in", "li.si").exit_code == 0
    assert "nobody is called" in organisation("users", "end", "nobody").output
