"""What a text says, fact by fact, each with the words that it came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic, TypeVar

Value_co = TypeVar("Value_co", covariant=True)


@dataclass(frozen=True)
class Evidence:
    """Words of the text: `start` and `end` count characters, `start_s` and `end_s` seconds where known.

    `says` is what these words stand for where a fact has several values or rules, as in a list of needs.
    """

    text: str
    start: int
    end: int
    start_s: float | None = None
    end_s: float | None = None
    says: str | None = None

    def placed_in(self, positions: Sequence[int]) -> Evidence:
        """The same words where they stand in a longer text; see `Facts.placed_in`."""
        if not self.text:
            return self
        return replace(self, start=positions[self.start], end=positions[self.end - 1] + 1)

    def as_dict(self) -> dict[str, Any]:
        """Only the fields that are known."""
        known = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True)
class Fact(Generic[Value_co]):
    """One fact: None or empty where the words don't say; `confidence` in 0..1, 0 where nothing was said."""

    value: Value_co
    evidence: tuple[Evidence, ...] = ()
    confidence: float = 0.0

    @property
    def is_said(self) -> bool:
        return self.value not in (None, ())


NOT_SAID: Fact[None] = Fact(None)
NONE_SAID: Fact[tuple[str, ...]] = Fact(())


class _Answers:
    """The facts of a text, under their names."""

    def items(self) -> Iterator[tuple[str, Fact[Any]]]:
        for item in fields(self):  # type: ignore[arg-type]  # every subclass is a dataclass
            value = getattr(self, item.name)
            if isinstance(value, Fact):
                yield item.name, value

    def __getitem__(self, name: str) -> Fact[Any]:
        return dict(self.items())[name]

    def as_dict(self) -> dict[str, Any]:
        """Flat values, then `evidence` and `confidence` of those facts that were said."""
        facts = list(self.items())
        said = [(name, fact) for name, fact in facts if fact.is_said]
        return {
            **{name: _flat(fact.value) for name, fact in facts},
            "evidence": {name: [each.as_dict() for each in fact.evidence] for name, fact in said},
            "confidence": {name: round(fact.confidence, 3) for name, fact in said},
        }


@dataclass(frozen=True)
class Facts(_Answers):
    """What a request for help says; the words are explained in docs/speech.md.

    `emergencies` are all words of danger that were found, whatever the rest says: they act at once.
    """

    category: Fact[str | None] = NOT_SAID
    urgency: Fact[str | None] = NOT_SAID
    needs: Fact[tuple[str, ...]] = NONE_SAID
    groups: Fact[tuple[str, ...]] = NONE_SAID
    phone: Fact[str | None] = NOT_SAID
    place: Fact[str | None] = NOT_SAID
    people: Fact[int | None] = NOT_SAID
    caller_name: Fact[str | None] = NOT_SAID
    address: Fact[str | None] = NOT_SAID
    contact: Fact[str | None] = NOT_SAID
    summary: Fact[str | None] = NOT_SAID
    emergencies: tuple[Evidence, ...] = field(default=())

    def placed_in(self, positions: Sequence[int]) -> Facts:
        """The same facts with their evidence placed in a longer text, as that of a conversation of two.

        `positions` has for each character of the text that was understood its place in the longer one.
        """
        moved = {
            name: replace(fact, evidence=tuple(each.placed_in(positions) for each in fact.evidence))
            for name, fact in self.items()
        }
        return replace(self, **moved, emergencies=tuple(each.placed_in(positions) for each in self.emergencies))

    @property
    def danger(self) -> Facts | None:
        """The words of danger alone and how urgent they make it; None where there are none."""
        return Facts(urgency=self.urgency, emergencies=self.emergencies) if self.emergencies else None

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), "emergencies": [each.as_dict() for each in self.emergencies]}


@dataclass(frozen=True)
class SurveyAnswers(_Answers):
    """A spoken answer to our callback: was it solved, are they satisfied, and if not why.

    `emergencies` are words of danger, which act at once whatever the answer is.
    """

    resolved: Fact[str | None] = NOT_SAID
    satisfied: Fact[str | None] = NOT_SAID
    reason: Fact[str | None] = NOT_SAID
    wants_human: Fact[bool] = Fact(False)
    opt_out: Fact[bool] = Fact(False)
    emergencies: tuple[Evidence, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), "emergencies": [each.as_dict() for each in self.emergencies]}


@dataclass(frozen=True)
class CheckCallAnswers(_Answers):
    """A spoken answer to a check call: is anything missing, what, and how urgently."""

    problem: Fact[bool | None] = NOT_SAID
    needs: Fact[tuple[str, ...]] = NONE_SAID
    urgency: Fact[str | None] = NOT_SAID
    wants_human: Fact[bool] = Fact(False)
    emergencies: tuple[Evidence, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), "emergencies": [each.as_dict() for each in self.emergencies]}


def _flat(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
