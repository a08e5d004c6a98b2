"""Which words the model knows, how each may be said, and how usual it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from speech.demo_model.training.corpus import Words
from speech.demo_model.training.dictionary import Dictionary, is_number
from speech.demo_model.training.espeak import Espeak
from speech.demo_model.training.graph import Pronunciation
from speech.demo_model.training.phones import UNKNOWN, in_word
from speech.demo_model.training.reading import Reader

UNKNOWN_WORD: Final = "[unk]"
"""What stands in a transcript for sound that is no Mandarin of ours."""

_LONGEST = 4


@dataclass(frozen=True)
class Breadth:
    """How much of Mandarin at large is known beside the words of the corpus: the commonest words."""

    characters: int = 2500
    words: int = 20000


@dataclass(frozen=True)
class Lexicon:
    """`frequency_of` is the use of each word in Mandarin at large, dampened."""

    pronunciations: Sequence[Pronunciation]
    frequency_of: Mapping[str, float]


def compile_lexicon(utterances: Iterable[Words], dictionary: Dictionary, breadth: Breadth) -> Lexicon:
    reader = Reader(Espeak(), dictionary.characters)
    words = sorted({word for utterance in utterances for word in utterance} | set(_common(dictionary, breadth)))
    entries = [Pronunciation(word, tuple(in_word(sounds))) for word in words for sounds in reader.pronunciations(word)]
    known = {entry.word for entry in entries}
    frequency_of = {word: dictionary.frequency_of.get(word, 1) ** 0.75 for word in words if word in known}
    return Lexicon([*entries, Pronunciation(UNKNOWN_WORD, (f"{UNKNOWN}_S",))], frequency_of)


def _common(dictionary: Dictionary, breadth: Breadth) -> list[str]:
    usable = [word for word in dictionary.words if len(word) <= _LONGEST and not (len(word) > 1 and is_number(word))]
    single = [word for word in usable if len(word) == 1][: breadth.characters]
    longer = [word for word in usable if len(word) > 1][: breadth.words]
    return [*single, *longer]
