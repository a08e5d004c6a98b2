"""Every message of the pages in every language."""

import io
import re
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from factories import ZONE
from flask_babel import force_locale
from site_under_test import Site
from werkzeug.datastructures import MultiDict

import hotline
from hotline.console.clock_forms import PauseForm
from hotline.console.languages import CATALOGUES
from hotline.console.words import WORDS, fact_words, masked, reason_words, word
from hotline.rules.facts import FactName

ROOT = Path(hotline.__file__).parent
CATALOGUE = ROOT / "console" / "translations" / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
METHODS = [
    (f"{pages}/{files}", kind)
    for pages in ("console", "public")
    for files, kind in (("templates/**.html", "jinja2"), ("**.py", "python"))
]
KEYWORDS = {
    "_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2),
    "_p": ((1, "c"), 2), "pgettext": ((1, "c"), 2), "lazy_pgettext": ((1, "c"), 2),
}  # fmt: skip


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return read_po(io.BytesIO(CATALOGUE.read_bytes()), locale="zh_Hans_CN")


@pytest.fixture(scope="module")
def used() -> set[tuple[str | None, str]]:
    """Context and message of everything that console and public pages say."""
    found = extract_from_dir(str(ROOT), METHODS, keywords=KEYWORDS)
    return {(context, said[0] if isinstance(said, tuple) else said) for _file, _line, said, _notes, context in found}


def messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def first(said: str | tuple[str, ...] | list[str]) -> str:
    return said if isinstance(said, str) else said[0]


def _text(context: str | bytes | None) -> str | None:
    return context.decode() if isinstance(context, bytes) else context


def test_every_message_is_translated_and_no_translation_is_left_over(
    catalogue: Catalog, used: set[tuple[str | None, str]]
) -> None:
    translated = {
        (each.context, first(each.id)) for each in messages(catalogue) if first(each.string) and not each.fuzzy
    }

    assert translated == used
    assert len(used) > 300


def test_translations_keep_their_fields(catalogue: Catalog) -> None:
    for each in messages(catalogue):
        fields = set(re.findall(r"%\((\w+)\)", first(each.id)))
        assert set(re.findall(r"%\((\w+)\)", first(each.string))) == fields, each.id


def test_chinese_is_written_with_its_own_punctuation(catalogue: Catalog) -> None:
    for each in messages(catalogue):
        plain = re.sub(r"%\(\w+\)[sd]|%%|\d+(:\d+)?", "", first(each.string))
        assert not re.search(r"[,;:?!()\"]|\.$", plain), each.string


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_moment_is_taken_as_its_own_hint_writes_it(site: Site, language: str) -> None:
    with site.app.test_request_context(), force_locale(CATALOGUES[language]):
        empty = PauseForm(MultiDict({"until": ""}))
        assert not empty.until.validate(empty)
        example = re.search(r"\d.*\d", str(empty.until.errors[0]))
        assert example
        filled_in = PauseForm(MultiDict({"until": example[0]}))

        assert filled_in.until.validate(filled_in)
        assert filled_in.until.moment == datetime(2026, 3, 2, 18, tzinfo=ZONE)


def test_compiled_catalogue_is_that_of_the_source(catalogue: Catalog) -> None:
    again = io.BytesIO()
    write_mo(again, catalogue)

    def said(of: bytes) -> dict[tuple[str | None, str], Any]:
        return {(_text(each.context), str(each.id)): each.string for each in messages(read_mo(io.BytesIO(of)))}

    compiled = said(CATALOGUE.with_suffix(".mo").read_bytes())
    assert compiled == said(again.getvalue())
    assert len(compiled) == len(list(messages(catalogue)))


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_every_member_has_a_word_and_no_two_the_same(site: Site, kind: type[StrEnum]) -> None:
    for language in ("zh-CN", "en"):
        with site.app.test_request_context(headers={"Cookie": ""}):
            words = [word(member) for member in kind]
            assert all(words), language
            assert len(set(words)) == len(words)


def test_values_of_facts_are_put_into_words(site: Site) -> None:
    units = {"street": "京溪街道"}
    with site.app.test_request_context():
        assert fact_words(FactName.NEEDS, ["food", "water"], units) == "食物、饮水"
        assert fact_words(FactName.PLACE, "street", units) == "京溪街道"
        assert fact_words(FactName.PLACE, "gone", units) == "gone"
        assert fact_words(FactName.CONTACT, "问我女儿", units) == "问我女儿"
        assert fact_words(FactName.PEOPLE, 3, units) == "3"
        for nothing in (None, "", []):
            assert fact_words(FactName.NEEDS, nothing, units) == ""
        assert masked("+8613812345678") == "•••• 5678"
        assert masked(None) == "未显示号码"
        assert reason_words("callback:not_reached") == "回访：未联系上"
        assert reason_words("callback:-/-") == "回访："
        assert reason_words("打错了") == "打错了"
