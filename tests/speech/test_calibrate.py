"""What confidences are fitted and measured with: which words are right, and how bins are weighed."""

import math

import numpy as np

from benchmarks.speech.calibrate import calibrated
from benchmarks.speech.cer import characters
from benchmarks.speech.confidence import Claim, bins, difference, words_of
from benchmarks.speech.examples import CALIBRATION, JUDGED, Example, Other
from benchmarks.speech.sounds import RATE_HZ, crowd, recording, sounds
from benchmarks.speech.truth import are_right
from speech.confidence import judge
from speech.hearing import Evidence, Hearing
from speech.transcript import Doubt, Transcript, Word


def words(*texts: str) -> list[Word]:
    return [Word(text, at, at + 0.5, 0.9) for at, text in enumerate(texts)]


def test_word_is_right_when_all_of_it_was_said_there():
    heard = words("我", "加里", "没有", "米", "了", "吗")
    assert are_right("我家里没有米了", heard) == [True, False, True, True, True, False]


def test_word_that_was_left_out_makes_no_other_wrong():
    assert are_right("请快一点来", words("请", "来")) == [True, True]


def test_nothing_said_makes_every_word_wrong():
    assert are_right("", words("而")) == [False]


def test_bins_are_weighted_by_their_words():
    claims = [Claim(0.95, 1.0, 30), Claim(0.95, 0.0, 10), Claim(0.15, 0.15, 40), Claim(1.0, 0.75, 0)]
    assert [(round(each.claimed, 2), round(each.right, 2), each.words) for each in bins(claims)] == [
        (0.15, 0.15, 40),
        (0.95, 0.75, 40),
    ]
    assert math.isclose(difference(claims), 0.1)


def example(chance: np.random.Generator) -> Example:
    """Words of which those that Vosk gives c are right with the probability c squared."""
    heard = tuple(Word("家里", at, at + 0.4, float(chance.uniform(0.3, 1))) for at in range(10))
    hearing = Hearing(Transcript(10, heard, "m", "zh-CN"), Evidence(9, 0, 9, ()))
    return Example("telephone", hearing, tuple(bool(chance.random() < word.conf**2) for word in heard))


def test_overconfident_model_is_put_right():
    chance = np.random.default_rng(5)
    learnt, unseen = [example(chance) for _ in range(300)], [example(chance) for _ in range(300)]
    calibration = calibrated(learnt, [])
    own = [
        Claim(word.conf, right)
        for each in unseen
        for word, right in zip(each.hearing.transcript.words, each.are_right, strict=True)
    ]
    assert difference(own) > 0.15
    assert difference([claim for each in unseen for claim in words_of(each, calibration)]) < 0.05


def test_doubt_is_fitted_so_that_nearly_all_good_speech_passes():
    chance = np.random.default_rng(6)
    learnt = [example(chance) for _ in range(200)]
    stranger = Other("en", Hearing(Transcript(3, (), "m", "zh-CN"), Evidence(3, 0, 3, (Word("[unk]", 0, 3, 0.9),))))
    calibration = calibrated(learnt, [stranger])
    doubted = [judge(each.hearing, calibration).doubt is not None for each in learnt]
    assert 0 < calibration.doubt_below <= 0.5
    assert sum(doubted) <= 0.02 * len(learnt)
    assert judge(stranger.hearing, calibration).doubt is Doubt.UNKNOWN_SPEECH


def test_what_is_measured_with_was_not_learnt_from():
    for name in ("sentences.txt", "voices.txt", "other_languages.tsv"):
        learnt, judged = ((folder / name).read_text(encoding="utf-8").splitlines() for folder in (CALIBRATION, JUDGED))
        assert len(learnt) == len(set(learnt))
        assert not set(learnt) & set(judged)
    sentences = (CALIBRATION / "sentences.txt").read_text(encoding="utf-8").split()
    assert len(sentences) >= 150
    assert all(characters(sentence) for sentence in sentences)


def test_hundred_clips_are_no_mandarin():
    languages = (JUDGED / "other_languages.tsv").read_text(encoding="utf-8").splitlines()
    crowds = 3
    assert len(languages) + crowds + len(list(sounds(2))) == 100


def test_sounds_are_drawn_anew_and_can_be_drawn_again():
    first, again, other = dict(sounds(1)), dict(sounds(1)), dict(sounds(2))
    assert all((first[name] == again[name]).all() for name in first)
    assert [name for name in first if len(first[name]) == len(other[name]) and (first[name] == other[name]).all()] == []
    assert all(len(sound) > 4 * RATE_HZ for sound in first.values())


def test_crowd_is_as_long_as_its_longest_voice():
    mixed = crowd([next(sounds(1))[1][:30], next(sounds(2))[1][:100]])
    assert len(mixed) == 100
    assert len(recording(mixed).getvalue()) > 100
