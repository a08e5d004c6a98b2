"""The names of platforms: chosen from those that are known or named anew, and one however somebody spells it."""

import unicodedata
from collections.abc import Iterator, Sequence

from sqlalchemy import func, select, union
from sqlalchemy.orm import Session

from hotline.models import TransferFile, TransferPlatform, Unit
from hotline.rules.transfers import TROUBLES, USUAL_SOURCE, Trouble
from hotline.services.access import Actor

LONGEST_SOURCE = 40


class UnusableSourceError(ValueError):
    """A platform's name that says nothing, is too long or cannot be shown; `trouble` says which."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(f"the name of a platform, of at most {LONGEST_SOURCE} characters, {TROUBLES[trouble]}")
        self.trouble = trouble


def known_as(session: Session, said: str) -> str:
    """The platform's name as it was first written here, whatever its width, case and spaces are now; else the new one.

    What was kept just so stays itself, as odd as it is: once there were no rules for names. Whoever names the same one
    at this moment waits, and takes this spelling.

    Raises:
        UnusableSourceError
    """
    name = said if said in _named_so_far(session) else _plain(said)
    _wait_for(session, f"platform {_key(name)}")
    return same_as(name, _named_so_far(session)) or name


def wait_for_others(session: Session, name: str) -> None:
    """Until the transaction ends nobody else takes an order of the platform: each then sees what the other took.

    Units in line, a city and its street, share its numbers, of which no index knows. One lock for all numbers, and not
    one for each: two files with the same rows in another order would wait for each other.
    """
    _wait_for(session, f"transfers of {_key(name)}")


def same_as(said: str, names: Sequence[str]) -> str | None:
    """Which of the names is meant: the one that is written just so, else the first that differs in spelling alone."""
    return said if said in names else next(_alike(said, names), None)


def spellings(session: Session, name: str) -> set[str]:
    """All ways in which the platform's name stands with what was brought in."""
    return {name, *_alike(name, _named_so_far(session))}


def choices(session: Session, actor: Actor) -> Sequence[str]:
    """The names that stand with what was brought in for the actor's unit, those above it and those below."""
    above = [int(part) for part in actor.unit_path.strip("/").split("/") if part]
    in_line = Unit.id.in_(above) | Unit.path.startswith(actor.unit_path, autoescape=True)
    files = select(TransferFile.source).join(TransferFile.unit).where(in_line)
    platforms = select(TransferPlatform.name).join(TransferPlatform.unit).where(in_line)
    return sorted({USUAL_SOURCE, *session.scalars(union(files, platforms))})


def _wait_for(session: Session, what: str) -> None:
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(what))))


def _named_so_far(session: Session) -> Sequence[str]:
    """The earliest first: what came by machine has its platform's name, and what came as a file the file's."""
    platforms = select(TransferPlatform.name).order_by(TransferPlatform.id)
    files = select(TransferFile.source).group_by(TransferFile.source).order_by(func.min(TransferFile.id))
    return [USUAL_SOURCE, *session.scalars(platforms), *session.scalars(files)]


def _alike(said: str, names: Sequence[str]) -> Iterator[str]:
    return (each for each in names if _key(each) == _key(said))


def _plain(said: str) -> str:
    name = " ".join(unicodedata.normalize("NFKC", said).split())
    if not name:
        raise UnusableSourceError(Trouble.EMPTY)
    if len(name) > LONGEST_SOURCE:
        raise UnusableSourceError(Trouble.TOO_LONG)
    if not name.isprintable():
        raise UnusableSourceError(Trouble.UNREADABLE)
    return name


def _key(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
