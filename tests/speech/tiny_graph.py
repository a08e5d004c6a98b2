"""Writes a graph of three sentences, in the environment that trains: python -m tests.speech.tiny_graph FOLDER."""

import json
import sys
from pathlib import Path

from speech.demo_model.training import ngrams
from speech.demo_model.training.corpus import Corpus
from speech.demo_model.training.dictionary import Dictionary
from speech.demo_model.training.grammar import Grammar
from speech.demo_model.training.graph import write_graph
from speech.demo_model.training.lexicon import UNKNOWN_WORD, Breadth, compile_lexicon

SENTENCES = ["家里没有{food}了", "我的电话是一二三四五", "低保已经两个月没有发了"]
GRAMMAR = Grammar(
    {"food": ["大米", "尿不湿"], "word": ["尿不湿"], "opening": ["你好"], "link": ["但是"], "thanks": ["谢谢"]}
)


def main(folder: Path) -> None:
    corpus = Corpus(GRAMMAR, SENTENCES)
    utterances = corpus.compose(300, seed=5)
    lexicon = compile_lexicon(utterances, Dictionary.load(), Breadth(characters=0, words=0))
    language = ngrams.learn(utterances, lexicon.frequency_of, UNKNOWN_WORD, ngrams.Settings())
    write_graph(lexicon.pronunciations, language.arpa(), folder)
    seen = {
        "cut": corpus.cut("家里没有尿不湿了，一二三四五！"),
        "same": utterances == corpus.compose(300, seed=5),
        "pronunciations": [[entry.word, entry.phones] for entry in lexicon.pronunciations],
    }
    print(json.dumps(seen))  # noqa: T201 - what the tests look at


if __name__ == "__main__":
    main(Path(sys.argv[1]))
