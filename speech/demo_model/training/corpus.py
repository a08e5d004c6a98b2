"""The text that the language model learns from: sentences of text/, their gaps filled, cut into words."""

import logging
import random
import re
from collections.abc import Sequence
from itertools import accumulate

import jieba

from speech.demo_model.training.dictionary import is_number
from speech.demo_model.training.grammar import Grammar, sentences

_BETWEEN_CLAUSES = re.compile(r"[，。？！、；：,.?! ]+")
_STARTS, _LINKS, _ENDS = "{opening}", "{link}", "{thanks}"
_ALONE_SHARE, _LINKED_SHARE, _ENDED_SHARE = 0.45, 0.25, 0.08
# What has gaps may become many things; what has none is soon said.
_WEIGHT_OF_GAP = 4

Words = tuple[str, ...]


class Corpus:
    """Sentences cut into words."""

    def __init__(self, grammar: Grammar, written: Sequence[str]) -> None:
        self._grammar = grammar
        self._sentences = written
        self._weights = list(accumulate(1 + _WEIGHT_OF_GAP * grammar.gaps(sentence) for sentence in written))
        self._cutter = jieba.Tokenizer()
        jieba.setLogLevel(logging.ERROR)
        for name in grammar.choices.get("word", ()):
            self._cutter.add_word(name, 20000)

    @classmethod
    def load(cls) -> "Corpus":
        return cls(Grammar.load(), sentences())

    def cut(self, text: str) -> Words:
        """Words; numbers are always cut into single numerals, or there would be too many."""
        words: list[str] = []
        for clause in _BETWEEN_CLAUSES.split(text):
            for word in self._cutter.cut(clause, HMM=False):
                words += list(word) if is_number(word) else [word]
        return tuple(words)

    def compose(self, count: int, seed: int) -> list[Words]:
        """So many utterances: a sentence alone or two, with an opening, a link, a word of thanks or without."""
        chance = random.Random(seed)
        utterances = [self.cut(self._grammar.fill(sentence, chance)) for sentence in self._sentences]
        utterances += [self.cut(self._utterance(chance)) for _ in range(count)]
        return utterances

    def _utterance(self, chance: random.Random) -> str:
        first, second = chance.choices(self._sentences, cum_weights=self._weights, k=2)
        parts = [first]
        if chance.random() > _ALONE_SHARE:
            if chance.random() < _LINKED_SHARE:
                parts.append(_LINKS)
            parts.append(second)
        if chance.random() < _LINKED_SHARE:
            parts.insert(0, _STARTS)
        if chance.random() < _ENDED_SHARE:
            parts.append(_ENDS)
        return self._grammar.fill("，".join(parts), chance)
