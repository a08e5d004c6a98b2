"""Facts of an order: proposed by the machine, confirmed or corrected by a person, no version ever lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hotline.models import Action, Fact, Order, Origin, Statement, Transcript, Unit
from hotline.rules.facts import Category, FactName, Group, Need, Urgency
from hotline.rules.order_states import OPEN
from hotline.rules.roles import REVIEWERS
from hotline.services import alarms, audit, emergency_mode, orders
from hotline.services.access import Actor, require_contents, require_role
from hotline.services.clocks import limits_for
from speech.understand.facts import Facts

_HOME = "CN"  # where a number without a country code is dialled
LONGEST_TEXT = 200
MOST_PEOPLE = 100_000


class WrongFactError(ValueError):
    """The value is none that this fact can have."""


@dataclass(frozen=True)
class FactVersions:
    """One fact: what counts now, and every version there is, oldest first."""

    name: FactName
    now: Fact | None
    versions: tuple[Fact, ...]


def present(order: Order) -> Mapping[FactName, FactVersions]:
    """Every fact in reading order. A person's last word counts; without one, what the machine understood.

    Of each recording its newest transcript counts, and of several recordings and statements the last that says
    something; urgency is the highest of them, and once it was an emergency no machine takes that back. What kind of
    matter it is, no later question and no guess takes away; the summary is that of the words that told the kind.
    """
    return {name: _versions(name, order.facts) for name in FactName}


def propose(
    session: Session, order: Order, source: Transcript | Statement, understood: Facts, now: datetime, zone: ZoneInfo
) -> None:
    """Keep what the machine understood of `source`; understood twice, nothing is added.

    What a person confirmed stays: the machine's new version lies beside it.
    """
    rows = [
        {
            "order_id": order.id,
            "name": FactName(name),
            "content": {"value": _plain(fact.value)},
            "evidence": [piece.as_dict() for piece in fact.evidence],
            "confidence": fact.confidence if fact.is_said else None,
            "origin": Origin.MACHINE,
            "transcript_id": source.id if isinstance(source, Transcript) else None,
            "statement_id": source.id if isinstance(source, Statement) else None,
            "made_at": now,
        }
        for name, fact in understood.items()
    ]
    session.execute(insert(Fact).values(rows).on_conflict_do_nothing())
    session.refresh(order, ["facts"])
    _carry_over(session, order, now, zone)


def confirm(
    session: Session, order: Order, name: FactName, value: Any, actor: Actor, now: datetime, zone: ZoneInfo
) -> Fact:
    """A reviewer's own statement, the machine's or another.

    Raises:
        WrongFactError: the value is none that this fact can have.
        NotAllowedError
    """
    require_role(actor, *REVIEWERS)
    require_contents(actor, order)
    checked = _check(session, name, value)
    before = _versions(name, order.facts).now
    unchanged = before is not None and before.value == checked
    fact = Fact(
        name=name,
        content={"value": checked},
        evidence=before.evidence if before is not None and unchanged else [],
        confidence=None,
        origin=Origin.PERSON,
        transcript_id=before.transcript_id if before is not None and unchanged else None,
        statement_id=before.statement_id if before is not None and unchanged else None,
        user_id=actor.user_id,
        made_at=now,
    )
    order.facts.append(fact)
    session.flush()
    _carry_over(session, order, now, zone)
    audit.note(session, actor, Action.FACT_CONFIRMED, now, subject="orders", subject_id=order.id, detail=name.value)
    return fact


def _versions(name: FactName, facts: Sequence[Fact]) -> FactVersions:
    versions = tuple(fact for fact in facts if fact.name == name)
    by_person = [fact for fact in versions if fact.origin == Origin.PERSON]
    if by_person:
        now: Fact | None = by_person[-1]
    elif name == FactName.SUMMARY:
        now = next(iter(_summaries(facts)), None)
    else:
        now = _by_machine(name, versions)
    return FactVersions(name, now, versions)


def _by_machine(name: FactName, versions: Sequence[Fact]) -> Fact | None:
    counting = _newest_of_each_source(versions)
    if name == FactName.URGENCY:
        emergencies = [fact for fact in versions if fact.value == Urgency.EMERGENCY]
        return max(reversed([*emergencies, *counting]), key=_pressing, default=None)
    if name == FactName.CATEGORY:
        return max(reversed(counting), key=_telling_the_matter, default=None)
    return max(reversed(counting), key=_telling, default=None)


def _summaries(facts: Sequence[Fact]) -> list[Fact]:
    """Those that count, first that of the words which told what kind of matter it is, then as they were said."""
    counting = _newest_of_each_source([fact for fact in facts if fact.name == FactName.SUMMARY])
    matter = _by_machine(FactName.CATEGORY, [fact for fact in facts if fact.name == FactName.CATEGORY])
    source = (matter.transcript_id, matter.statement_id) if matter else None
    return sorted(counting, key=lambda fact: (not fact.evidence, (fact.transcript_id, fact.statement_id) != source))


def _summed_up(order: Order) -> str | None:
    """The order in few words: those for the matter, then what was added to it, as far as there is room."""
    now = present(order)[FactName.SUMMARY].now
    if now is None or now.origin == Origin.PERSON:
        return now.value if now else None
    words = ""
    for fact in _summaries([fact for fact in order.facts if fact.origin == Origin.MACHINE]):
        longer = "；".join(filter(None, (words, fact.value)))
        if fact.value and fact.value not in words and len(longer) <= LONGEST_TEXT:
            words = longer
    return words or None


def _newest_of_each_source(versions: Sequence[Fact]) -> list[Fact]:
    """In the order in which they were said; of each recording what its transcript says that counts."""
    newest: dict[int, Fact] = {}
    written = []
    for fact in versions:
        transcript = fact.transcript
        if transcript is None:
            written += [fact] if fact.statement else []
            continue
        before = newest.get(transcript.recording_id)
        if before is None or before.transcript is None or transcript.standing >= before.transcript.standing:
            newest[transcript.recording_id] = fact
    return sorted([*newest.values(), *written], key=_said_at)


def _said_at(fact: Fact) -> tuple[datetime, int]:
    if fact.transcript is not None:
        return fact.transcript.recording.recorded_at, fact.transcript.recording_id
    return (fact.statement.made_at if fact.statement else fact.made_at), fact.id


def _telling(fact: Fact) -> tuple[bool, bool]:
    """A value without words for it is what is taken for granted as long as nobody says anything."""
    return bool(fact.evidence), fact.value not in (None, [])


# Whoever asks or adds something later has not taken back what they need.
_NO_MATTER = frozenset({Category.POLICY, Category.OTHER})
_MORE_LIKELY_THAN_NOT = 0.5


def _telling_the_matter(fact: Fact) -> tuple[bool, bool, float]:
    """Of those that name a matter of their own the last counts, of what is merely guessed the surest."""
    likely = fact.confidence or 0.0
    names_one = fact.value is not None and fact.value not in _NO_MATTER and likely > _MORE_LIKELY_THAN_NOT
    return *_telling(fact), 1.0 if names_one else likely - 1.0


_MOST_PRESSING_FIRST = tuple(Urgency)


def _pressing(fact: Fact) -> int:
    return -_MOST_PRESSING_FIRST.index(Urgency(fact.value or Urgency.CONSULTATION))


def _carry_over(session: Session, order: Order, now: datetime, zone: ZoneInfo) -> None:
    """Bring the order's own columns, by which it is listed and timed, in line with its facts."""
    values = {name: versions.now.value if versions.now else None for name, versions in present(order).items()}
    category = values[FactName.CATEGORY]
    order.category = Category(category) if category else None
    order.summary = _summed_up(order)
    place = values[FactName.PLACE]
    order.place_id = session.scalar(select(Unit.id).where(Unit.code == place)) if place else None
    _carry_number_over(order)
    urgency = Urgency(values[FactName.URGENCY] or Urgency.NORMAL)
    has_changed = urgency != order.urgency
    if has_changed:
        unit = session.get_one(Unit, order.intake_unit_id)
        orders.set_urgency(order, urgency, limits_for(session, unit, urgency, order.clocks_started_at, zone), zone)
        emergency_mode.tighten(session, order, now, zone)
    session.flush()
    if urgency != Urgency.EMERGENCY:
        alarms.end(session, order, now)
    elif order.state in OPEN:
        alarms.begin(session, order, now, is_new=has_changed)


def _carry_number_over(order: Order) -> None:
    """Only a person names another number than the one that called: a recogniser may lose a digit."""
    fact = present(order)[FactName.PHONE].now
    if fact is None or fact.origin != Origin.PERSON:
        return
    called = next((call.number for call in order.calls if call.order_number == order.number), order.number_to_ring)
    order.number_to_ring = dialled_from_anywhere(fact.value) if fact.value else called


def dialled_from_anywhere(number: str) -> str | None:
    """The number as carriers take it; None when no telephone can have it."""
    try:
        parsed = phonenumbers.parse(number, _HOME)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


_CHOICES: Mapping[FactName, type[Category | Urgency]] = {FactName.CATEGORY: Category, FactName.URGENCY: Urgency}
_LISTS: Mapping[FactName, type[Need | Group]] = {FactName.NEEDS: Need, FactName.GROUPS: Group}


def _check(session: Session, name: FactName, value: Any) -> Any:
    if name in _LISTS:
        return _check_list(_LISTS[name], value)
    if value in (None, ""):
        return None
    if name in _CHOICES:
        return _check_choice(_CHOICES[name], value)
    if name == FactName.PEOPLE:
        return _check_people(value)
    if name == FactName.PLACE and session.scalar(select(Unit.id).where(Unit.code == value)) is None:
        raise WrongFactError(f"there is no unit {value!r}")
    if name == FactName.PHONE and dialled_from_anywhere(str(value)) is None:
        raise WrongFactError("no telephone has this number: a digit is missing, or the area code")
    if len(str(value)) > LONGEST_TEXT:
        raise WrongFactError(f"longer than {LONGEST_TEXT} characters")
    return str(value).strip()


def _check_choice(choices: type[Category | Urgency], value: Any) -> str:
    try:
        return choices(value).value
    except ValueError:
        raise WrongFactError(f"{value!r} is none of the choices") from None


def _check_list(choices: type[Need | Group], value: Any) -> list[str]:
    wrong = [item for item in value or [] if item not in set(choices)]
    if wrong:
        raise WrongFactError(f"{wrong[0]!r} is none of the choices")
    return [choice.value for choice in choices if choice in (value or [])]


def _check_people(value: Any) -> int:
    try:
        people = int(value)
    except ValueError:
        raise WrongFactError(f"{value!r} is no number") from None
    if not 1 <= people <= MOST_PEOPLE:
        raise WrongFactError(f"must be between 1 and {MOST_PEOPLE}")
    return people
