"""What a speech process hears and understands with: the models of all lines and the names of the organisation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy.orm import Session

from hotline.db import Sessions
from hotline.logs import get_log
from hotline.services import learning, local_words, organisation, speech_models
from hotline.services.speech_models import Choices
from hotline.settings import Settings
from speech.local_names import LocalNames, drug_names
from speech.recognizer import Recognizer
from speech.registry import NotAModelError, state_of_files, state_of_model
from speech.transcript import Transcript, Word
from speech.trial import TrialError, try_out
from speech.understand import Gazetteer, understand, understand_survey
from speech.understand.learned import Learned, base, read
from speech.understand.learned import NotAModelError as NotWeightsError
from speech.understand.lexicon import FOLDER as LEXICONS

log = get_log(__name__)

_ANYTHING = "家里没有米了"
# Ten thousand take 20 MB and three seconds to read, and among more each is put right less often.
_MOST_HEARD = 20_000

Files = frozenset[tuple[str, int, int, int]]


class ModelNotLoadedError(LookupError):
    """The model that was chosen for a line is not on this machine, or could not be loaded, or is being loaded."""


@dataclass(frozen=True)
class Sources:
    """All that ears are made from, as it stood at one moment; what is equal to it makes the same ears."""

    choices: Choices
    fallback: str
    models: Mapping[str, tuple[Path, Files]]
    lexicons: Files
    names: tuple[str | None, ...]
    understanding: int | None

    @property
    def absent(self) -> frozenset[str]:
        """Models that are in use, and not on this machine."""
        return _in_use(self.choices, self.fallback) - self.models.keys()


@dataclass(frozen=True)
class Ears:
    """Made once in the parent; every child shares its memory."""

    models: Mapping[str, Recognizer]
    fallback: str
    gazetteer: Gazetteer
    names: LocalNames
    understanding: Learned

    def recognizer(self, chosen: str | None) -> Recognizer:
        """The model of that label; where none was chosen, that of the settings.

        Raises:
            ModelNotLoadedError
        """
        label = chosen or self.fallback
        if label not in self.models:
            raise ModelNotLoadedError(label)
        return self.models[label]


def look(settings: Settings, sessions: Sessions) -> Sources:
    """What ears would be made from now."""
    with sessions() as session:
        choices = speech_models.choices(session)
        names = (*organisation.state_of_names(session), local_words.state_of_drugs(session))
        understanding = learning.in_use(session)
    there, fallback = speech_models.on_disk(settings), speech_models.label_of_settings(settings)
    used = _in_use(choices, fallback) & there.keys()
    models = {label: (there[label].path, state_of_model(there[label].path)) for label in used}
    return Sources(choices, fallback, models, state_of_files(LEXICONS), names, understanding)


def failing(sources: Sources) -> dict[str, TrialError | NotAModelError]:
    """The models that fail when each is tried in a process of its own, whatever happens to that process."""
    found: dict[str, TrialError | NotAModelError] = {}
    for label, (path, _) in sources.models.items():
        try:
            try_out(path)
        except (TrialError, NotAModelError) as error:
            log.exception("a recognition model fails its trial", model=label, reason=str(error))
            found[label] = error
    return found


def make(sources: Sources, sessions: Sessions, *, without: Collection[str] = frozenset()) -> Ears:
    """Load everything but the models `without`. One that cannot be loaded is told and left out.

    The lines of a model that is left out are deaf, and no others: their work is tried as often as any work, and then
    stands among what failed. A model that was never tried may end this process.
    """
    for label in sources.absent:
        log.error("a recognition model that is in use is not on this machine", model=label)
    wanted = {label: path for label, (path, _) in sources.models.items() if label not in without}
    loaded = {label: _load(label, path) for label, path in wanted.items()}
    with sessions() as session:
        gazetteer = organisation.gazetteer(session)
        drugs = local_words.drugs(session)
        understanding = model_in_use(session, sources.understanding)
    names = LocalNames.from_names([*drug_names(), *drugs, *_heard(gazetteer)])
    models = {label: recognizer for label, recognizer in loaded.items() if recognizer}
    ears = Ears(models, sources.fallback, gazetteer, names, understanding)
    _prepare(ears)
    return ears


def _heard(gazetteer: Gazetteer) -> Iterator[str]:
    """The names to listen for: units before places, as many as are worth their memory.

    The others are found in what was heard all the same, by their sound.
    """
    if len(gazetteer.known) > _MOST_HEARD:
        log.warning("not every name of a place is listened for", names=len(gazetteer.known), most=_MOST_HEARD)
    return islice(gazetteer.names, _MOST_HEARD)


def model_in_use(session: Session, round_id: int | None) -> Learned:
    """What a round of learning made, or the model that comes with the service: also where that round's is damaged.

    Better understood as at first than not at all; the log tells it until another round is put into use.
    """
    if round_id is None:
        return base()
    try:
        return read(learning.weights_of(session, round_id) or "")
    except NotWeightsError as error:
        log.exception("what was learned cannot be read", round_id=round_id, error=str(error))
        return base()


def _in_use(choices: Choices, fallback: str) -> frozenset[str]:
    return frozenset({choices.default or fallback, *choices.lines.values()})


def _load(label: str, path: Path) -> Recognizer | None:
    try:
        recognizer = Recognizer.load(path)
        recognizer.warm_up()
    except NotAModelError:
        log.exception("a recognition model could not be loaded", model=label)
        return None
    return recognizer


def _prepare(ears: Ears) -> None:
    """Read what is read at first use, here and not in each child for itself."""
    words = (Word(_ANYTHING, 0.0, 1.0, 1.0),)
    ears.names.correct(Transcript(1.0, words, ears.fallback, "zh-CN"))
    understand(_ANYTHING, ears.gazetteer, words=words, model=ears.understanding)
    understand_survey(_ANYTHING)
