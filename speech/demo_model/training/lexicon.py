"""Which words the model knows, how each may be said, and how usual it is."""

from collections import Counter, defaultdict
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
_READ_ALOUD = 20000
_OFTEN, _SHARE = 3, 0.02


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


def compile_lexicon(utterances: Sequence[Words], dictionary: Dictionary, breadth: Breadth) -> Lexicon:
    reader = Reader(Espeak(), dictionary.characters)
    words = sorted({word for utterance in utterances for word in utterance} | set(_common(dictionary, breadth)))
    in_sentences = _in_sentences(utterances[:_READ_ALOUD], reader)
    entries = [
        Pronunciation(word, tuple(in_word(list(sounds))))
        for word in words
        for sounds in dict.fromkeys([*map(tuple, reader.pronunciations(word)), *in_sentences.get(word, ())])
    ]
    known = {entry.word for entry in entries}
    frequency_of = {word: dictionary.frequency_of.get(word, 1) ** 0.75 for word in words if word in known}
    return Lexicon([*entries, Pronunciation(UNKNOWN_WORD, (f"{UNKNOWN}_S",))], frequency_of)


def _in_sentences(utterances: Iterable[Words], reader: Reader) -> dict[str, list[tuple[str, ...]]]:
    """What espeak-ng makes of each word among others, where that isn't rare: 不 has no tone of its own in 打不通."""
    heard: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for utterance in utterances:
        for word, sounds in zip(utterance, reader.read(utterance), strict=False):
            heard[word][tuple(sounds)] += 1
    return {
        word: [sounds for sounds, count in counts.items() if count >= max(_OFTEN, _SHARE * counts.total())]
        for word, counts in heard.items()
    }


def _common(dictionary: Dictionary, breadth: Breadth) -> list[str]:
    usable = [word for word in dictionary.words if len(word) <= _LONGEST and not (len(word) > 1 and is_number(word))]
    single = [word for word in usable if len(word) == 1][: breadth.characters]
    longer = [word for word in usable if len(word) > 1][: breadth.words]
    return [*single, *longer]
