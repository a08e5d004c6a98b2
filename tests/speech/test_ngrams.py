"""The demo model's language model: a distribution after every context, written as the ARPA format wants it."""

from dataclasses import replace
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.demo_model.training.ngrams import END, START, LanguageModel, NGram, Settings, learn

UNKNOWN = "[unk]"
UTTERANCES = [("没有", "米"), ("没有", "药"), ("没有", "米", "了"), ("米", "没有", "了")] * 3
SINGLES = {"没有": 9.0, "米": 2.0, "药": 2.0, "了": 20.0, "天气": 4.0}
EVERYTHING = Settings(at_least=(1, 1, 1))


def probability(model: LanguageModel, gram: NGram) -> float:
    """What a reader of the ARPA file makes of it."""
    if gram in model.probabilities[len(gram) - 1]:
        return model.probabilities[len(gram) - 1][gram]
    return model.back_off.get(gram[:-1], 1.0) * probability(model, gram[1:])


def what_may_follow() -> list[str]:
    return [*SINGLES, UNKNOWN, END]


def test_after_every_context_the_probabilities_make_one() -> None:
    model = learn(UTTERANCES, SINGLES, UNKNOWN, EVERYTHING)
    contexts = [(), (START,), ("没有",), ("天气",), (START, "没有"), ("没有", "米"), ("药", "药")]
    totals = [sum(probability(model, (*context, word)) for word in what_may_follow()) for context in contexts]
    assert totals == pytest.approx([1.0] * len(contexts), abs=1e-6)


@given(st.lists(st.lists(st.sampled_from(sorted(SINGLES)), min_size=1, max_size=5).map(tuple), min_size=1, max_size=8))
def test_any_text_gives_probabilities(utterances: list[tuple[str, ...]]) -> None:
    model = learn(utterances, SINGLES, UNKNOWN, EVERYTHING)
    assert all(0 < value <= 1 for grams in model.probabilities for value in grams.values())
    assert all(value > 0 for value in model.back_off.values())
    for context in {utterance[:2] for utterance in utterances}:
        total = sum(probability(model, (*context, word)) for word in what_may_follow())
        assert isclose(total, 1, abs_tol=1e-4)


def test_what_was_written_is_likelier_than_what_was_not() -> None:
    model = learn(UTTERANCES, SINGLES, UNKNOWN, EVERYTHING)
    assert probability(model, ("没有", "米")) > probability(model, ("没有", "天气"))
    assert probability(model, (START, "没有", "药")) > probability(model, (START, "米", "药"))


def test_words_that_are_never_written_are_known_by_their_frequency() -> None:
    model = learn(UTTERANCES, SINGLES | {"下雨": 1.0}, UNKNOWN, EVERYTHING)
    assert model.probabilities[0]["天气",] == pytest.approx(4 * model.probabilities[0]["下雨",])


def test_more_novelty_leaves_more_to_what_was_not_written() -> None:
    cautious, bold = (learn(UTTERANCES, SINGLES, UNKNOWN, replace(EVERYTHING, novelty=n)) for n in (20.0, 1.0))
    assert probability(cautious, ("没有", "天气")) > probability(bold, ("没有", "天气"))


def test_the_unknown_word_has_its_share() -> None:
    model = learn(UTTERANCES, SINGLES, UNKNOWN, replace(EVERYTHING, unknown=0.03))
    assert model.probabilities[0][UNKNOWN,] == pytest.approx(0.03)


def test_rare_ngrams_are_left_out() -> None:
    model = learn([("米",), ("米",), ("药", "了")], SINGLES, UNKNOWN, Settings(at_least=(1, 1, 2)))
    assert set(model.probabilities[2]) == {(START, "米", END)}


def test_the_arpa_file_counts_and_orders_its_ngrams() -> None:
    model = learn(UTTERANCES, SINGLES, UNKNOWN, EVERYTHING)
    lines = model.arpa().splitlines()
    assert lines[1:4] == [f"ngram {size}={len(grams)}" for size, grams in enumerate(model.probabilities, start=1)]
    second = lines[lines.index("\\2-grams:") + 1 : lines.index("\\3-grams:") - 1]
    assert [line.split("\t")[1] for line in second] == [" ".join(gram) for gram in sorted(model.probabilities[1])]
    assert all(float(line.split("\t")[0]) <= 0 for line in second)
    assert lines[-1] == "\\end\\"


def test_the_start_is_never_said() -> None:
    lines = learn(UTTERANCES, SINGLES, UNKNOWN, EVERYTHING).arpa().splitlines()
    assert any(line.startswith(f"-99.0000\t{START}\t") for line in lines)
