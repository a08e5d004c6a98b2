"""Lexicon and language model as the two transducers that Vosk composes while it listens, HCLr and Gr."""

import os
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Final

import kaldifst
import kaldilm

from speech.demo_model.training.kaldi import stays
from speech.demo_model.training.phones import PHONE_ID, PHONES, PLACES, SILENCE

EPSILON: Final = "<eps>"
BACK_OFF: Final = "#0"

_PAUSE_AFTER_WORD = 0.3
# Words are left out far oftener than put in: each is a cost to the recogniser, and a sound that is drawn out isn't.
_GAIN_OF_A_WORD = 0.8
# Kaldi tells homophones apart by marks after their last phone; these numbers keep them from the phones'.
_MARK = 100000
_OPENFST_PLUGINS = "/usr/lib/x86_64-linux-gnu/fst/22"


@dataclass(frozen=True)
class Pronunciation:
    """A word as phones that know their place in it."""

    word: str
    phones: tuple[str, ...]


@dataclass(frozen=True)
class _Arc:
    start: int
    end: int
    in_label: int
    out_label: int
    cost: float

    def __str__(self) -> str:
        return f"{self.start} {self.end} {self.in_label} {self.out_label} {self.cost:.5f}"


def write_graph(lexicon: Sequence[Pronunciation], arpa: str, folder: Path) -> None:
    """Everything that belongs into graph/. Needs fstconvert with its look-ahead and ngram plug-ins."""
    (folder / "phones").mkdir(parents=True, exist_ok=True)
    names = [EPSILON, *sorted({entry.word for entry in lexicon}), BACK_OFF, "<s>", "</s>"]
    number_of = {name: number for number, name in enumerate(names)}
    with tempfile.TemporaryDirectory() as workshop:
        relabelled, marks = _write_lexicon(lexicon, number_of, folder / "HCLr.fst", Path(workshop))
        numbers = _renumbered(number_of, relabelled)
        _write_words(numbers, folder / "words.txt")
        _write_grammar(arpa, number_of, numbers, folder / "Gr.fst", Path(workshop))
    first_mark = 2 * len(PHONES) + 1
    _write_lines([str(first_mark + mark) for mark in range(marks + 1)], folder / "disambig_tid.int")
    boundaries = [f"{number} {_place(phone)}" for phone, number in PHONE_ID.items()]
    _write_lines(boundaries, folder / "phones" / "word_boundary.int")


def _place(phone: str) -> str:
    return "nonword" if phone == SILENCE else PLACES[phone[-1]]


def _write_lexicon(
    lexicon: Sequence[Pronunciation], number_of: Mapping[str, int], file: Path, workshop: Path
) -> tuple[dict[int, int], int]:
    arcs, marks = _lexicon_arcs(lexicon, number_of)
    words_of_phones = kaldifst.compile("\n".join([*map(str, arcs), f"{_LOOP} 0"]))
    if kaldifst.determinize_star(words_of_phones):
        raise ValueError("The lexicon can't be made deterministic.")
    graph = kaldifst.compile(_with_states(words_of_phones))
    kaldifst.arcsort(graph, "olabel")
    graph.write(str(workshop / "lexicon"))
    pairs = workshop / "relabelled"
    _fstconvert("olabel_lookahead", workshop / "lexicon", file, f"--save_relabel_opairs={pairs}")
    relabelled = (map(int, line.split()) for line in pairs.read_text().splitlines())
    return dict(relabelled), marks  # type: ignore[arg-type] # each line is a pair


_START, _LOOP, _BEFORE_PAUSE = 0, 1, 2


def _lexicon_arcs(lexicon: Sequence[Pronunciation], number_of: Mapping[str, int]) -> tuple[list[_Arc], int]:
    """Any words one after another, a pause after each or not; and how many marks tell homophones apart."""
    pause, no_pause = -log(_PAUSE_AFTER_WORD), -log(1 - _PAUSE_AFTER_WORD)
    arcs = [_Arc(_START, _LOOP, 0, 0, no_pause), _Arc(_START, _BEFORE_PAUSE, 0, 0, pause)]
    alike = Counter(entry.phones for entry in lexicon)
    used: Counter[tuple[str, ...]] = Counter()
    free = _BEFORE_PAUSE + 1
    for entry in lexicon:
        labels = [PHONE_ID[phone] for phone in entry.phones]
        if alike[entry.phones] > 1:
            used[entry.phones] += 1
            labels.append(_MARK + used[entry.phones])
        at, word = _LOOP, number_of[entry.word]
        for label in labels[:-1]:
            arcs.append(_Arc(at, free, label, word, 0.0))
            at, word, free = free, 0, free + 1
        arcs.append(_Arc(at, _LOOP, labels[-1], word, no_pause - _GAIN_OF_A_WORD))
        arcs.append(_Arc(at, _BEFORE_PAUSE, labels[-1], word, pause - _GAIN_OF_A_WORD))
    marks = max(used.values(), default=0) + 1
    arcs.append(_Arc(_BEFORE_PAUSE, free, PHONE_ID[SILENCE], 0, 0.0))
    arcs.append(_Arc(free, _LOOP, _MARK + marks, 0, 0.0))
    return arcs, marks


def _with_states(fst: kaldifst.StdVectorFst) -> str:
    """Phones become Kaldi's transition numbers, and every phone may last: a loop on the state that it leads to.

    A state to which several phones lead gets a state for each of them before it. Marks are kept, numbered
    above the transitions.
    """
    arcs, finals = _read(fst)
    leading: dict[int, set[int]] = defaultdict(set)
    leading[fst.start].add(0)
    for arc in arcs:
        leading[arc.end].add(0 if arc.in_label > _MARK else arc.in_label)
    free = max(max(arc.start, arc.end) for arc in arcs) + 1
    loops: dict[int, int] = {}
    before: dict[tuple[int, int], int] = {}
    for state, phones in leading.items():
        if len(phones) == 1:
            loops.update((state, phone) for phone in phones if phone)
        else:
            for phone in sorted(phones - {0}):
                before[state, phone], loops[free], free = free, phone, free + 1
    staying = {number: stays(phone) for phone, number in PHONE_ID.items()}
    leaving = {state: -log(1 - staying[phone]) for state, phone in loops.items()}
    first_mark = 2 * len(PHONES)
    made = [
        _Arc(
            arc.start,
            before.get((arc.end, arc.in_label), arc.end),
            arc.in_label - _MARK + first_mark if arc.in_label > _MARK else 2 * arc.in_label,
            arc.out_label,
            arc.cost + leaving.get(arc.start, 0.0),
        )
        for arc in arcs
    ]
    made += [_Arc(state, end, 0, 0, leaving[state]) for (end, _), state in before.items()]
    made += [_Arc(state, state, 2 * phone - 1, 0, -log(staying[phone])) for state, phone in loops.items()]
    made.sort(key=lambda arc: (arc.start != fst.start, arc.start, arc.in_label, arc.out_label, arc.end))
    ends = [f"{state} {cost + leaving.get(state, 0.0):.5f}" for state, cost in sorted(finals.items())]
    return "\n".join([*map(str, made), *ends])


def _read(fst: kaldifst.StdVectorFst) -> tuple[list[_Arc], dict[int, float]]:
    arcs, finals = [], {}
    for line in fst.to_str().strip().splitlines():
        fields = line.split()
        if len(fields) > 2:
            cost = float(fields[4]) if len(fields) > 4 else 0.0
            start, end, in_label, out_label = map(int, fields[:4])
            arcs.append(_Arc(start, end, in_label, out_label, cost))
        else:
            finals[int(fields[0])] = float(fields[1]) if len(fields) > 1 else 0.0
    return arcs, finals


def _renumbered(number_of: Mapping[str, int], relabelled: Mapping[int, int]) -> dict[str, int]:
    """The look-ahead gives words new numbers; what it doesn't know follows after."""
    known = {name: relabelled[number] for name, number in number_of.items() if number in relabelled}
    free = max([*relabelled.values(), *number_of.values()]) + 1
    rest = [name for name in number_of if name not in known and name != EPSILON]
    return {EPSILON: 0, **known, **{name: free + place for place, name in enumerate(rest)}}


def _write_words(numbers: Mapping[str, int], file: Path) -> None:
    _write_lines([f"{name} {number}" for name, number in sorted(numbers.items(), key=lambda item: item[1])], file)


def _write_grammar(
    arpa: str, number_of: Mapping[str, int], numbers: Mapping[str, int], file: Path, workshop: Path
) -> None:
    (workshop / "arpa").write_text(arpa, encoding="utf-8")
    _write_words(number_of, workshop / "words")
    text = kaldilm.arpa2fst(str(workshop / "arpa"), disambig_symbol=BACK_OFF, read_symbol_table=str(workshop / "words"))
    new = {str(number): str(0 if name == BACK_OFF else numbers[name]) for name, number in number_of.items()}
    lines = []
    for line in text.strip().splitlines():
        fields = line.split()
        if len(fields) > 2:
            fields[2:4] = new[fields[2]], new[fields[3]]
        lines.append(" ".join(fields))
    grammar = kaldifst.compile("\n".join(lines))
    kaldifst.arcsort(grammar, "ilabel")
    grammar.write(str(workshop / "grammar"))
    _fstconvert("ngram", workshop / "grammar", file)


def _fstconvert(kind: str, source: Path, target: Path, *options: str) -> None:
    command = ["fstconvert", f"--fst_type={kind}", *options, str(source), str(target)]
    subprocess.run(command, check=True, env={**os.environ, "LD_LIBRARY_PATH": _OPENFST_PLUGINS})  # noqa: S603 - our own files


def _write_lines(lines: Sequence[str], file: Path) -> None:
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
