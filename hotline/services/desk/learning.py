"""What an administrator sees of what the service learns: rounds and their figures, and local words to decide about."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from hotline.models import LearningRound, Level, LocalWord, UnderstandingUse, Unit
from hotline.rules.roles import Role
from hotline.services import learning, local_words, organisation
from hotline.services.access import Actor, require_top
from hotline.services.desk.orders import UnitChoice, unit_choices


@dataclass(frozen=True)
class LearningDesk:
    """`in_use` is the round whose model understands now; None where it is the one that comes with the service."""

    in_use: int | None
    rounds: Sequence[LearningRound]
    uses: Sequence[UnderstandingUse]
    reviewed: int
    proposed: Sequence[LocalWord]
    count_proposed: int
    decided: Sequence[LocalWord]
    units: Sequence[UnitChoice]


_NO_PLACES = frozenset({Level.DEPARTMENT, Level.CHARITY})


def overview(session: Session, actor: Actor) -> LearningDesk:
    """Everything on the page."""
    require_top(actor, Role.ADMINISTRATOR)
    return LearningDesk(
        learning.in_use(session),
        learning.rounds(session),
        learning.uses(session),
        learning.count_reviewed(session),
        local_words.proposed(session),
        local_words.count_proposed(session),
        local_words.decided(session),
        units(session),
    )


def units(session: Session) -> list[UnitChoice]:
    """Those that a place may lie in."""
    return [unit for unit in unit_choices(session) if unit.level not in _NO_PLACES]


def unit_of(session: Session, code: str) -> Unit | None:
    """The unit that a place lies in; None for what serves no place."""
    unit = organisation.unit_by_code(session, code)
    return unit if unit is not None and unit.level not in _NO_PLACES else None
