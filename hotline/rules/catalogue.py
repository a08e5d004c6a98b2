"""Which unit an order goes to: by the rows of a catalogue, else by the tree; and when nobody need be asked."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hotline.rules.facts import Category


class Ground(StrEnum):
    """Why an order goes to a unit, or why the catalogue knows of none."""

    ROW = "row"
    PLACE = "place"
    ABOVE = "above"
    NO_PLACE = "no_place"
    NOBODY = "nobody"


class Hold(StrEnum):
    """Why an order that the system could have dispatched waits for a person."""

    SECRET = "secret"  # noqa: S105 - a name of a reason
    RETURNED = "returned"
    UNSURE_CATEGORY = "unsure_category"
    UNSURE_PLACE = "unsure_place"
    NO_SIGNER = "no_signer"


@dataclass(frozen=True)
class Row:
    """A row as it is chosen by; None stands for any category, or any place. `place` and `unit` are paths of units."""

    row_id: int
    category: Category | None
    place: str | None
    unit: str

    def fits(self, category: Category | None, place: str | None) -> bool:
        """Whether an order of that category at that place, which may be unknown, goes by this row."""
        if self.category is not None and self.category != category:
            return False
        return self.place is None or (place is not None and place.startswith(self.place))

    @property
    def narrowness(self) -> tuple[int, bool]:
        """How much it asks for: a deeper place above all, then a named category."""
        return depth(self.place), self.category is not None


@dataclass(frozen=True)
class Choice:
    """The path of the unit that gets the order, None when there is none, and why; `row` when a row decided."""

    ground: Ground
    unit: str | None = None
    row: Row | None = None


@dataclass(frozen=True)
class Known:
    """How sure a fact is: said by a person, or by a machine with this confidence; None when it says nothing."""

    is_there: bool
    by_person: bool
    confidence: float | None

    def suffices(self, limit: float) -> bool:
        """Whether the system may act on it."""
        return self.is_there and (self.by_person or (self.confidence or 0.0) >= limit)


def depth(path: str | None) -> int:
    """How many units lead to it; 0 for any place."""
    return path.count("/") - 1 if path else 0


def above(path: str) -> list[str]:
    """The unit's own path, then those of the units above it, the nearest first."""
    ids = path.strip("/").split("/")
    return ["/" + "/".join(ids[:count]) + "/" for count in range(len(ids), 0, -1)]


def narrowest(rows: Iterable[Row], category: Category | None, place: str | None) -> Row | None:
    """The row that asks for most among those that fit; a catalogue has no two alike."""
    fitting = (row for row in rows if row.fits(category, place))
    return max(fitting, key=lambda row: row.narrowness, default=None)


def choose(
    catalogues: Iterable[Sequence[Row]], category: Category | None, place: str | None, staffed: Collection[str]
) -> Choice:
    """Who gets an order of that category at that place.

    `catalogues` are those that count where it came in, the nearest first: the first one with a row that fits decides.
    Without any it is the unit of the place, or the nearest above it, among the paths `staffed`, where handlers work.
    """
    for rows in catalogues:
        row = narrowest(rows, category, place)
        if row is not None:
            return Choice(Ground.ROW, row.unit, row)
    if place is None:
        return Choice(Ground.NO_PLACE)
    unit = next((path for path in above(place) if path in staffed), None)
    if unit is None:
        return Choice(Ground.NOBODY)
    return Choice(Ground.PLACE if unit == place else Ground.ABOVE, unit)


def held(*, is_secret: bool, returns: int, category: Known, place: Known, limit: float) -> Hold | None:
    """Why the system may not dispatch this order by itself; None when it may."""
    if is_secret:
        return Hold.SECRET
    if returns:
        return Hold.RETURNED
    if not category.suffices(limit):
        return Hold.UNSURE_CATEGORY
    return None if place.suffices(limit) else Hold.UNSURE_PLACE


# What a cell may hold instead of a name, for any.
ANY = frozenset({"", "*", "any", "任意", "全部", "不限"})

# As the console shows them; a file may name a category by its code or by this word.
CATEGORY_WORDS: Mapping[Category, str] = {
    Category.SUPPLIES: "生活物资",
    Category.MEDICAL: "就医用药",
    Category.HOUSING: "住房安置",
    Category.INCOME: "生活救助",
    Category.ELDERLY: "养老照料",
    Category.CHILDREN: "儿童保护",
    Category.DISABILITY: "残疾服务",
    Category.HOMELESS: "流浪救助",
    Category.UTILITIES: "水电气网",
    Category.POLICY: "政策咨询",
    Category.COMPLAINT: "投诉建议",
    Category.OTHER: "其他",
}
_CATEGORIES = {word: category for category, word in CATEGORY_WORDS.items()} | {each.value: each for each in Category}


def category_of(cell: str) -> Category | None:
    """The category that a cell names by code or word; None for any.

    Raises:
        ValueError: it names none.
    """
    said = cell.strip().casefold()
    if said in ANY:
        return None
    if said not in _CATEGORIES:
        raise ValueError(f"{cell.strip()!r} is no category")
    return _CATEGORIES[said]
