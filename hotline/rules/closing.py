"""The closing elements (办结要素): what must be there before an order counts as resolved, by category."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from hotline.rules.facts import Category


class Element(StrEnum):
    """One thing that a result must hold."""

    CONTACT = "contact"  # somebody spoke with the caller: when and who is in the history
    DONE = "done"
    WHY_NOT = "why_not"  # where it is not solved
    AID = "aid"  # what was handed out, or that nothing was needed
    VISIT_RECORD = "visit_record"
    PHOTO = "photo"  # taken by our own people


# Of every order, whatever it is about.
ALWAYS = (Element.CONTACT, Element.DONE, Element.WHY_NOT)
# What a category may ask for besides.
OF_CATEGORY = frozenset({Element.AID, Element.VISIT_RECORD, Element.PHOTO})

# Somebody has to be seen where the person, and not a thing, is what it is about.
BY_CATEGORY: Mapping[Category, frozenset[Element]] = {
    Category.SUPPLIES: frozenset({Element.AID}),
    Category.ELDERLY: frozenset({Element.VISIT_RECORD}),
    Category.CHILDREN: frozenset({Element.VISIT_RECORD}),
    Category.DISABILITY: frozenset({Element.VISIT_RECORD}),
    Category.HOMELESS: frozenset({Element.VISIT_RECORD}),
}


@dataclass(frozen=True)
class Held:
    """What a result holds of what may be needed."""

    is_contacted: bool
    done: str
    is_unsolved: bool
    why_not: str | None
    aid: str | None
    visit_record: str | None
    photos: int


def needed(category: Category | None, by_category: Mapping[Category, Collection[Element]]) -> tuple[Element, ...]:
    """The elements that an order of the category needs, in the order in which they are told."""
    of_category = by_category.get(category, ()) if category else ()
    return tuple(element for element in Element if element in ALWAYS or element in of_category)


def missing(elements: Collection[Element], held: Held) -> list[Element]:
    """Those of the needed elements that are not there."""
    found = there(held)
    return [element for element in elements if element not in found]


def there(held: Held) -> frozenset[Element]:
    """The elements that are there, needed or not."""
    return frozenset(_there(held))


def _there(held: Held) -> Iterator[Element]:
    if held.is_contacted:
        yield Element.CONTACT
    if held.photos:
        yield Element.PHOTO
    # Nothing needs to be said of why, where it is solved.
    why_not = held.why_not if held.is_unsolved else "-"
    said = {
        Element.DONE: held.done,
        Element.WHY_NOT: why_not,
        Element.AID: held.aid,
        Element.VISIT_RECORD: held.visit_record,
    }
    yield from (element for element, words in said.items() if (words or "").strip())
