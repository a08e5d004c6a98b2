"""Local words: proposed where a reviewer typed a name that no list here has, decided by an administrator."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, any_, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.orm import Session, joinedload

from hotline.models import Action, LocalWord, Order, Place, Transcript, Unit, WordKind, WordState
from hotline.rules.local_words import words_typed
from hotline.rules.roles import Role
from hotline.services import audit
from hotline.services.access import Actor, require_top
from speech.local_names import drug_names

LONGEST_WORD = 40
_SHORTEST_WORD = 2


class NotAWordError(ValueError):
    """Such a name could not be heard, having another length or no Chinese characters, or it `is_taken`."""

    def __init__(self, name: str, *, is_taken: bool = False) -> None:
        super().__init__(name)
        self.is_taken = is_taken


class AlreadyDecidedError(ValueError):
    """Somebody else was quicker."""


def propose(session: Session, heard: str, corrected: Transcript, order: Order | None, now: datetime) -> None:
    """Keep the names that a correction brought and no list here has; typed again, one counts once more."""
    if order is not None and order.is_secret:
        return
    for word, is_drug in dict(words_typed(heard, corrected.text)).items():
        if len(word) <= LONGEST_WORD and not _is_known(session, word):
            _keep(session, word, WordKind.DRUG if is_drug else WordKind.PLACE, order, now)


def _is_known(session: Session, word: str) -> bool:
    named = exists().where(or_(Unit.name == word, literal(word) == any_(Unit.aliases)))
    return word in drug_names() or bool(session.scalar(select(or_(named, exists().where(Place.name == word)))))


def _keep(session: Session, word: str, kind: WordKind, order: Order | None, now: datetime) -> None:
    row = insert(LocalWord).values(
        word=word, kind=kind, state=WordState.PROPOSED, typed_at=now, order_id=order.id if order else None
    )
    session.execute(
        row.on_conflict_do_update(
            index_elements=[LocalWord.word],
            set_={"times": LocalWord.times + 1, "typed_at": now, "order_id": row.excluded.order_id},
        )
    )


def proposed(session: Session, limit: int = 30) -> Sequence[LocalWord]:
    """What waits for a decision, the most often typed first; of an order that became secret meanwhile nothing."""
    waiting = select(LocalWord).where(*_waiting()).options(joinedload(LocalWord.order))
    return session.scalars(waiting.order_by(LocalWord.times.desc(), LocalWord.id).limit(limit)).all()


def count_proposed(session: Session) -> int:
    """How many there are in all."""
    return session.scalar(select(func.count()).select_from(LocalWord).where(*_waiting())) or 0


def _waiting() -> tuple[ColumnElement[bool], ...]:
    secret = select(Order.id).where(Order.is_secret)
    return LocalWord.state == WordState.PROPOSED, or_(LocalWord.order_id.is_(None), LocalWord.order_id.not_in(secret))


def decided(session: Session, limit: int = 50) -> Sequence[LocalWord]:
    """What was decided last."""
    done = select(LocalWord).where(LocalWord.state != WordState.PROPOSED)
    done = done.options(joinedload(LocalWord.user), joinedload(LocalWord.unit))
    return session.scalars(done.order_by(LocalWord.decided_at.desc(), LocalWord.id).limit(limit)).all()


def to_decide(session: Session, word_id: int) -> LocalWord | None:
    """A word, locked; None when there is none."""
    return session.get(LocalWord, word_id, with_for_update=True)


def accept_place(session: Session, known: LocalWord, name: str, unit: Unit, actor: Actor, now: datetime) -> None:
    """The word, or what was made of it, is a place that `unit` serves; from now on it is heard and found.

    Raises:
        NotAWordError
        AlreadyDecidedError
        NotAllowedError
    """
    name = _checked(session, known, name)
    with session.no_autoflush:
        _decide(session, known, WordState.ACCEPTED, actor, now)
        known.word, known.kind, known.unit = name, WordKind.PLACE, unit
    if session.scalar(select(Place.id).where(Place.unit_id == unit.id, Place.name == known.word)) is None:
        session.add(Place(unit_id=unit.id, name=known.word))
    session.flush()


def accept_drug(session: Session, known: LocalWord, name: str, actor: Actor, now: datetime) -> None:
    """The word, or what was made of it, is a medicine; from now on it is heard. Raises as `accept_place`."""
    name = _checked(session, known, name)
    with session.no_autoflush:
        _decide(session, known, WordState.ACCEPTED, actor, now)
        known.word, known.kind = name, WordKind.DRUG
    session.flush()


def reject(session: Session, known: LocalWord, actor: Actor, now: datetime) -> None:
    """It is no word to know; it is not proposed again. Raises as `accept_place`."""
    _decide(session, known, WordState.REJECTED, actor, now)
    session.flush()


def _decide(session: Session, known: LocalWord, state: WordState, actor: Actor, now: datetime) -> None:
    require_top(actor, Role.ADMINISTRATOR)
    if known.state != WordState.PROPOSED:
        raise AlreadyDecidedError(known.word)
    known.state, known.decided_at, known.user_id = state, now, actor.user_id
    audit.note(session, actor, Action.WORD_DECIDED, now, subject="local_words", subject_id=known.id)


def _checked(session: Session, known: LocalWord, name: str) -> str:
    name = name.strip()
    is_chinese = all("\u4e00" <= each <= "\u9fff" or each.isdigit() for each in name)
    if not _SHORTEST_WORD <= len(name) <= LONGEST_WORD or not is_chinese:
        raise NotAWordError(name)
    other = session.scalar(select(LocalWord.id).where(LocalWord.word == name, LocalWord.id != known.id))
    if other is not None:
        raise NotAWordError(name, is_taken=True)
    return name


def drugs(session: Session) -> Sequence[str]:
    """The medicines that were accepted here."""
    return session.scalars(select(LocalWord.word).where(*_IS_DRUG).order_by(LocalWord.id)).all()


def state_of_drugs(session: Session) -> str | None:
    """Changes whenever `drugs` does."""
    joined = func.string_agg(LocalWord.word, aggregate_order_by(literal("\n"), LocalWord.id))
    return session.scalar(select(func.md5(joined)).where(*_IS_DRUG))


_IS_DRUG = (LocalWord.kind == WordKind.DRUG, LocalWord.state == WordState.ACCEPTED)
