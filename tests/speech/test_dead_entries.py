"""Nothing in the lexicons is there in vain: every phrase can be found, every list is looked at."""

import random
import re
from collections.abc import Iterator
from pathlib import Path
from re import _constants as codes  # the expressions are taken apart as the library itself does it
from re import _parser as parser
from typing import Any

import pytest

from speech.understand.lexicon import FOLDER, Phrases, _expression, table

TRIES = 40
# Lists of words, or expressions that are put together elsewhere.
NOT_PHRASES = {"address", "concepts", "drugs", "local_names", "words"}
FILES = sorted(path.stem for path in FOLDER.glob("*.toml") if path.stem not in NOT_PHRASES)
CODE = "\n".join(path.read_text(encoding="utf-8") for path in Path("speech").rglob("*.py"))


def said_by(expression: Any, chance: random.Random) -> str:
    """A text that the expression finds, as far as what it looks around for does not forbid it."""
    return "".join(_one(code, argument, chance) for code, argument in expression)


def _one(code: Any, argument: Any, chance: random.Random) -> str:
    said = {
        codes.LITERAL: lambda: chr(argument),
        codes.NOT_LITERAL: lambda: "甲",
        codes.ANY: lambda: chance.choice("甲乙"),
        codes.IN: lambda: _of_class(argument, chance),
        codes.BRANCH: lambda: said_by(chance.choice(argument[1]), chance),
        codes.SUBPATTERN: lambda: said_by(argument[3], chance),
        codes.MAX_REPEAT: lambda: _repeated(*argument, chance),
        codes.MIN_REPEAT: lambda: _repeated(*argument, chance),
        codes.ASSERT: lambda: said_by(argument[1], chance),
        codes.ASSERT_NOT: lambda: "",
        codes.AT: lambda: "",
    }
    return said[code]()


def _repeated(least: int, most: Any, inner: Any, chance: random.Random) -> str:
    return "".join(said_by(inner, chance) for _ in range(chance.randint(least, min(int(most), least + 2))))


def _of_class(argument: Any, chance: random.Random) -> str:
    if argument[0][0] is codes.NEGATE:
        return "甲"
    code, value = chance.choice(argument)
    return chr(chance.randint(*value)) if code is codes.RANGE else chr(value) if code is codes.LITERAL else "1"


def entries(entry: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[str], list[str]]]:
    """Each list of phrases with what excuses it."""
    if isinstance(entry, dict):
        for key, value in entry.items():
            if key not in {"unless", "danger_unless"}:
                excuses = entry.get("unless", []) if key in {"say", "things", "hint"} else []
                yield from (
                    [((*path, key), value, excuses)]
                    if isinstance(value, list) and all(isinstance(each, str) for each in value)
                    else entries(value, (*path, key))
                )
    elif isinstance(entry, list):
        for at, each in enumerate(entry):
            yield from entries(each, (*path, str(at)))


def is_found(phrase: str, excuses: list[str]) -> bool:
    chance = random.Random(phrase)  # noqa: S311 - one that everybody can draw again
    expression = parser.parse(_expression(phrase))
    if expression.getwidth()[1] == 0:
        return True  # an end of the text, which is looked for where a text may end
    alone = Phrases([phrase], excuses)
    return any(alone.occur(f"{before}{said_by(expression, chance)}{behind}") for before, behind in AROUND * TRIES)


AROUND = [("", ""), ("嗯", "嗯"), ("", "没有了")]


@pytest.mark.parametrize("name", FILES)
def test_every_phrase_can_be_found(name: str) -> None:
    dead = [
        (path, phrase)
        for path, phrases, excuses in entries(dict(table(name)))
        for phrase in phrases
        if not is_found(phrase, excuses)
    ]
    assert dead == []


def test_every_named_list_is_used() -> None:
    written = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.toml"))
    assert [name for name in table("words") if f"{{{name}}}" not in written and f'"{name}"' not in CODE] == []


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.toml")))
def test_every_file_is_read(name: str) -> None:
    assert re.search(rf'(table|phrases|_correct|correct)\([^)]*"{name}"', CODE), f"nobody reads {name}.toml"
