"""A language model of three words, after Witten and Bell, as the ARPA format wants it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import Final

START: Final = "<s>"
END: Final = "</s>"

NGram = tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """`general` is the share of Mandarin at large in single words, `unknown` that of sounds that are no words.

    Sentences made by filling gaps repeat themselves more than people do: counts are taken to the power of
    `flatten`. Each word that followed a context stands for `novelty` more that might have. N-grams seen fewer
    times than `at_least` are left out.
    """

    general: float = 0.2
    unknown: float = 0.01
    flatten: float = 0.85
    novelty: float = 10.0
    at_least: tuple[int, ...] = (1, 1, 2)


@dataclass(frozen=True)
class LanguageModel:
    """By the length of the n-gram: its probability; and the weight with which a shorter context stands in."""

    probabilities: Sequence[Mapping[NGram, float]]
    back_off: Mapping[NGram, float]

    def arpa(self) -> str:
        lines = ["\\data\\", *(f"ngram {n}={len(grams)}" for n, grams in enumerate(self.probabilities, start=1)), ""]
        for n, grams in enumerate(self.probabilities, start=1):
            lines.append(f"\\{n}-grams:")
            for gram in sorted(grams):
                weight = f"\t{log10(self.back_off[gram]):.4f}" if gram in self.back_off else ""
                value = -99.0 if gram == (START,) else log10(grams[gram])
                lines.append(f"{value:.4f}\t{' '.join(gram)}{weight}")
            lines.append("")
        return "\n".join([*lines, "\\end\\", ""])


def learn(
    utterances: Iterable[Sequence[str]], singles: Mapping[str, float], unknown: str, settings: Settings
) -> LanguageModel:
    """`singles` are all words there are, with their frequency in Mandarin at large."""
    counts = _count(utterances, settings)
    builder = _Builder([_singles(counts[0], singles, unknown, settings)], {})
    for grams in counts[1:]:
        builder.add(grams, settings.novelty)
    return LanguageModel(builder.probabilities, builder.back_off)


def _count(utterances: Iterable[Sequence[str]], settings: Settings) -> list[dict[NGram, float]]:
    longest = len(settings.at_least)
    seen: list[Counter[NGram]] = [Counter() for _ in range(longest)]
    for utterance in utterances:
        words = (START, *utterance, END)
        for size in range(longest):
            seen[size].update(words[at : at + size + 1] for at in range(len(words) - size))
    kept = [
        {gram: count**settings.flatten for gram, count in grams.items() if count >= least}
        for grams, least in zip(seen, settings.at_least, strict=True)
    ]
    for size in range(longest - 1, 0, -1):
        for gram in kept[size]:
            kept[size - 1].setdefault(gram[:-1], 1.0)
    return kept


def _singles(
    counts: Mapping[NGram, float], singles: Mapping[str, float], unknown: str, settings: Settings
) -> dict[NGram, float]:
    known = {word: counts.get((word,), 0.0) for word in (*singles, END)}
    known_sum, general_sum = sum(known.values()), sum(singles.values())
    found: dict[NGram, float] = {
        (word,): (1 - settings.general) * count / known_sum + settings.general * singles.get(word, 0.0) / general_sum
        for word, count in known.items()
    }
    scaled: dict[NGram, float] = {gram: share * (1 - settings.unknown) for gram, share in found.items()}
    return {**scaled, (unknown,): settings.unknown, (START,): 1e-10}


class _Builder:
    """Adds one length of n-gram after another."""

    def __init__(self, probabilities: list[dict[NGram, float]], back_off: dict[NGram, float]) -> None:
        self.probabilities = probabilities
        self.back_off = back_off

    def add(self, counts: Mapping[NGram, float], novelty: float) -> None:
        following: dict[NGram, list[NGram]] = defaultdict(list)
        for gram in counts:
            following[gram[:-1]].append(gram)
        added: dict[NGram, float] = {}
        for context, grams in following.items():
            total, new = sum(counts[gram] for gram in grams), novelty * len(grams)
            shorter = {gram: self._probability(gram[1:]) for gram in grams}
            added |= {gram: (counts[gram] + new * shorter[gram]) / (total + new) for gram in grams}
            left = max(1 - sum(added[gram] for gram in grams), 1e-6)
            self.back_off[context] = left / max(1 - sum(shorter.values()), 1e-6)
        self.probabilities.append(added)

    def _probability(self, gram: NGram) -> float:
        if gram in self.probabilities[len(gram) - 1]:
            return self.probabilities[len(gram) - 1][gram]
        return self.back_off.get(gram[:-1], 1.0) * self._probability(gram[1:])
