"""Which row an order goes by: never a wider one than another that fits, and always a unit or a reason."""

import io
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.catalogue import (
    ANY,
    CATEGORY_WORDS,
    Choice,
    Ground,
    Hold,
    Known,
    Row,
    above,
    category_of,
    choose,
    depth,
    held,
    narrowest,
)
from hotline.rules.facts import Category

PO = Path(__file__).parents[2] / "hotline/console/translations/zh_Hans_CN/LC_MESSAGES/messages.po"

CITY, DISTRICT, STREET, COMMUNITY = "/1/", "/1/2/", "/1/2/3/", "/1/2/3/4/"
OTHER = "/1/2/33/"
SUPPLIES, MEDICAL = Category.SUPPLIES, Category.MEDICAL


def row(category: Category | None, place: str | None, unit: str = CITY, row_id: int = 1) -> Row:
    return Row(row_id, category, place, unit)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row(None, None)], (None, None)),
        ([row(None, None), row(SUPPLIES, None)], (SUPPLIES, None)),
        ([row(SUPPLIES, None), row(None, CITY)], (None, CITY)),
        ([row(SUPPLIES, CITY), row(None, STREET)], (None, STREET)),
        ([row(SUPPLIES, STREET), row(None, STREET)], (SUPPLIES, STREET)),
        ([row(None, STREET), row(None, COMMUNITY), row(None, DISTRICT)], (None, COMMUNITY)),
        ([row(None, CITY), row(MEDICAL, COMMUNITY), row(SUPPLIES, OTHER)], (None, CITY)),
    ],
)
def test_a_deeper_place_comes_before_a_named_category(
    rows: list[Row], expected: tuple[Category | None, str | None]
) -> None:
    found = narrowest(rows, SUPPLIES, COMMUNITY)

    assert found is not None
    assert (found.category, found.place) == expected


def test_what_is_not_known_goes_by_rows_for_any() -> None:
    rows = [row(SUPPLIES, None), row(None, CITY)]

    assert narrowest(rows, None, None) is None
    assert narrowest(rows, SUPPLIES, None) == rows[0]
    assert narrowest(rows, None, STREET) == rows[1]


def test_a_place_whose_number_begins_alike_is_another() -> None:
    assert narrowest([row(None, STREET)], None, OTHER) is None


def test_the_nearest_catalogue_comes_first_even_with_a_wider_row() -> None:
    near, far = [row(None, None, STREET)], [row(SUPPLIES, COMMUNITY, CITY)]

    assert choose([near, far], SUPPLIES, COMMUNITY, ()).unit == STREET
    assert choose([[], far], SUPPLIES, COMMUNITY, ()).unit == CITY


@pytest.mark.parametrize(
    ("staffed", "expected"),
    [
        ({COMMUNITY, STREET}, Choice(Ground.PLACE, COMMUNITY)),
        ({STREET, CITY}, Choice(Ground.ABOVE, STREET)),
        ({CITY}, Choice(Ground.ABOVE, CITY)),
        ({OTHER}, Choice(Ground.NOBODY)),
        (set(), Choice(Ground.NOBODY)),
    ],
)
def test_without_a_row_it_is_where_handlers_work_from_the_place_upwards(staffed: set[str], expected: Choice) -> None:
    assert choose([[row(MEDICAL, None)]], SUPPLIES, COMMUNITY, staffed) == expected


def test_without_row_and_place_nobody_is_named() -> None:
    assert choose([], SUPPLIES, None, {CITY}) == Choice(Ground.NO_PLACE)


PATHS = st.lists(st.integers(1, 3), min_size=1, max_size=4).map(lambda ids: "/" + "/".join(map(str, ids)) + "/")
CATEGORIES = st.none() | st.sampled_from([SUPPLIES, MEDICAL])
CATALOGUE = st.lists(st.tuples(CATEGORIES, st.none() | PATHS), max_size=12, unique=True).flatmap(
    lambda keys: st.lists(PATHS, min_size=len(keys), max_size=len(keys)).map(
        lambda units: [Row(number, *key, unit) for number, (key, unit) in enumerate(zip(keys, units, strict=True))]
    )
)


@given(rows=CATALOGUE, category=CATEGORIES, place=st.none() | PATHS)
def test_no_row_that_fits_is_narrower_than_the_one_chosen(
    rows: list[Row], category: Category | None, place: str | None
) -> None:
    found = narrowest(rows, category, place)
    fitting = [each for each in rows if each.fits(category, place)]

    assert (found is None) == (not fitting)
    for other in fitting:
        assert found is not None
        assert other is found or other.narrowness < found.narrowness


@given(
    catalogues=st.lists(CATALOGUE, max_size=3),
    category=CATEGORIES,
    place=st.none() | PATHS,
    staffed=st.frozensets(PATHS, max_size=5),
)
def test_whatever_the_catalogues_say_the_answer_is_a_unit_or_a_reason(
    catalogues: list[list[Row]], category: Category | None, place: str | None, staffed: frozenset[str]
) -> None:
    found = choose(catalogues, category, place, staffed)

    if found.ground == Ground.ROW:
        assert any(found.row in rows for rows in catalogues)
        assert found.unit == found.row.unit
        return
    assert not any(each.fits(category, place) for rows in catalogues for each in rows)
    assert found.row is None
    assert (found.unit is None) == (found.ground in {Ground.NO_PLACE, Ground.NOBODY})
    if found.unit is not None:
        assert place is not None
        assert found.unit in staffed
        assert place.startswith(found.unit)
        assert not any(found.unit != other and other.startswith(found.unit) for other in staffed & set(above(place)))


@given(PATHS)
def test_above_leads_from_a_unit_to_the_top(path: str) -> None:
    chain = above(path)

    assert chain[0] == path
    assert [depth(each) for each in chain] == list(range(depth(path), 0, -1))
    assert all(path.startswith(each) for each in chain)


CERTAIN = Known(is_there=True, by_person=True, confidence=None)


def guessed(confidence: float | None) -> Known:
    return Known(is_there=True, by_person=False, confidence=confidence)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, None),
        ({"category": guessed(0.9), "place": guessed(0.95)}, None),
        ({"category": guessed(0.89)}, Hold.UNSURE_CATEGORY),
        ({"category": guessed(None)}, Hold.UNSURE_CATEGORY),
        ({"category": Known(is_there=False, by_person=True, confidence=None)}, Hold.UNSURE_CATEGORY),
        ({"place": guessed(0.1)}, Hold.UNSURE_PLACE),
        ({"is_secret": True}, Hold.SECRET),
        ({"returns": 1}, Hold.RETURNED),
        ({"is_secret": True, "returns": 1, "place": guessed(0)}, Hold.SECRET),
    ],
)
def test_what_keeps_the_system_from_dispatching(known: dict[str, object], expected: Hold | None) -> None:
    usual = {"is_secret": False, "returns": 0, "category": CERTAIN, "place": CERTAIN, "limit": 0.9}

    assert held(**{**usual, **known}) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("category", Category)
def test_categories_are_named_by_code_or_word(category: Category) -> None:
    assert category_of(f" {category.value.upper()} ") == category
    assert category_of(CATEGORY_WORDS[category]) == category


@pytest.mark.parametrize("cell", sorted(ANY))
def test_any_category_is_named_in_several_ways(cell: str) -> None:
    assert category_of(cell) is None


def test_what_is_no_category_is_told() -> None:
    with pytest.raises(ValueError, match="'米' is no category"):
        category_of(" 米 ")


def test_the_words_of_files_are_those_of_the_console() -> None:
    catalogue = read_po(io.BytesIO(PO.read_bytes()), locale="zh_Hans_CN")
    shown = {each.string for each in catalogue if each.context == "category"}

    assert set(CATEGORY_WORDS.values()) == shown
