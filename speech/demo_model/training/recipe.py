"""The steps from nothing to a model, each left alone where what it makes is there already."""

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from speech.demo_model.training import kaldi, ngrams, synthesis
from speech.demo_model.training.corpus import Corpus
from speech.demo_model.training.dictionary import Dictionary
from speech.demo_model.training.features import MFCC_CONF, RATE_HZ
from speech.demo_model.training.graph import write_graph
from speech.demo_model.training.lexicon import UNKNOWN_WORD, Breadth, compile_lexicon
from speech.demo_model.training.network import Trained, train

NAME: Final = "relief-demo-cn"
VERSION: Final = "0.4"

_MODEL_CONF = """\
--min-active=20
--max-active=3000
--beam=10.0
--lattice-beam=5.0
--acoustic-scale=0.4
--frame-subsampling-factor=3
--endpoint.silence-phones=1
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=1.0
--endpoint.rule4.min-trailing-silence=2.0
"""


@dataclass(frozen=True)
class Lesson:
    """So many utterances, and how long the network learns from them and from those of earlier lessons.

    `is_odd` has voices far from the usual say it, and numerals twice in a row.
    """

    utterances: int
    steps: int
    peak_rate: float
    is_odd: bool = False


LESSONS: Final = (Lesson(22000, 8500, 2e-3), Lesson(9000, 2500, 7e-4, is_odd=True))


@dataclass(frozen=True)
class Recipe:
    """How much of everything; the seed decides all that is drawn."""

    seed: int = 11
    lessons: tuple[Lesson, ...] = LESSONS
    sentences: int = 60000
    breadth: Breadth = field(default_factory=Breadth)
    language: ngrams.Settings = field(default_factory=ngrams.Settings)


def make_network(recipe: Recipe, workshop: Path) -> Trained:
    """Say the utterances and learn from them: the slow part, two hours on two cores."""
    heard: tuple[synthesis.Heard, ...] = ()
    trained = None
    for number, lesson in enumerate(recipe.lessons):
        seed = recipe.seed + 100 * number
        heard = (synthesis.make(workshop / f"speech-{number}", lesson.utterances, seed, is_odd=lesson.is_odd), *heard)
        file = workshop / f"network-{number}.pt"
        if not file.exists():
            unfinished = workshop / "network.part.pt"
            train(synthesis.join(heard), lesson.steps, lesson.peak_rate, seed, unfinished, trained)
            unfinished.rename(file)
        trained = Trained.load(file)
    if trained is None:
        raise ValueError("A recipe has one lesson at least.")
    return trained


def write_words(recipe: Recipe, model: Path) -> None:
    """The lexicon and the language model, as a graph: a minute."""
    corpus = Corpus.load()
    utterances = corpus.compose(recipe.sentences, recipe.seed)
    lexicon = compile_lexicon(utterances, Dictionary.load(), recipe.breadth)
    known = [tuple(word for word in utterance if word in lexicon.frequency_of) for utterance in utterances]
    language = ngrams.learn(known, lexicon.frequency_of, UNKNOWN_WORD, recipe.language)
    write_graph(lexicon.pronunciations, language.arpa(), model / "graph")


def make(recipe: Recipe, workshop: Path, model: Path) -> None:
    """Write the model's files into `model`, replacing those that are there."""
    workshop.mkdir(parents=True, exist_ok=True)
    trained = make_network(recipe, workshop)
    for part in ("am", "conf", "graph"):
        shutil.rmtree(model / part, ignore_errors=True)
    kaldi.write_model(trained, model / "am" / "final.mdl")
    (model / "conf").mkdir(parents=True)
    (model / "conf" / "mfcc.conf").write_text(MFCC_CONF)
    (model / "conf" / "model.conf").write_text(_MODEL_CONF)
    write_words(recipe, model)
    (model / "model.json").write_text(json.dumps(_card(model), ensure_ascii=False, indent=2) + "\n")


def _card(model: Path) -> dict[str, object]:
    files = sorted(file for part in ("am", "conf", "graph") for file in (model / part).rglob("*") if file.is_file())
    return {
        "name": NAME,
        "version": VERSION,
        "language": "zh-CN",
        "sample_rate_hz": RATE_HZ,
        "understands": "synthetic callers only, not people",
        "unknown_word": UNKNOWN_WORD,
        "trial_text": "老人一个人在家没有药了请帮帮忙",
        "licence": "Apache-2.0",
        "sha256": {str(file.relative_to(model)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files},
    }
