"""What may be speech is passed on whole; silence, noise of the line and tones are not."""

from collections.abc import Sequence
from itertools import cycle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speech.sounding import Passage, Sieve
from tests.speech.sounds import bursts, keys, line_noise, tone, voice

RATE_HZ = 8000


def sift(samples: np.ndarray, block: int = 16000, rate_hz: int = RATE_HZ) -> tuple[list[Passage], Sieve]:
    sieve = Sieve(rate_hz)
    mono = np.clip(np.rint(samples.ravel() * 32768), -32768, 32767).astype(np.int16)
    passages = [passage for first in range(0, len(mono), block) for passage in sieve.add(mono[first : first + block])]
    return [*passages, *sieve.finish()], sieve


def kept(passages: Sequence[Passage], length: int) -> np.ndarray:
    flags = np.zeros(length, bool)
    for passage in passages:
        assert not flags[passage.start : passage.start + len(passage.samples)].any()
        flags[passage.start : passage.start + len(passage.samples)] = True
    return flags


def seconds(count: float) -> int:
    return round(count * RATE_HZ)


def between(sound: np.ndarray, before_s: float, after_s: float, noise: float = 0.0) -> np.ndarray:
    """A sound with silence or noise of the line around it."""
    padding = ((seconds(before_s), seconds(after_s)), (0, 0))
    whole = np.pad(sound, padding)
    return whole + line_noise(len(whole) / RATE_HZ, noise)


@pytest.mark.parametrize("noise", [0.0, 0.0003, 0.003])
@pytest.mark.parametrize("before_s", [0.0, 6.0, 6.123, 61.7])
def test_a_voice_between_long_silences_is_kept_and_the_silences_are_not(before_s, noise):
    whole = between(voice(3), before_s, 30, noise)
    flags = kept(sift(whole)[0], len(whole))
    assert flags[seconds(before_s) : seconds(before_s + 3)].all()
    assert flags.sum() <= seconds(3 + 1.6)


@pytest.mark.parametrize("level_db", [-30, -40, -55])
def test_a_quiet_speaker_is_kept(level_db):
    quiet = voice(3) / np.sqrt(np.mean(voice(3) ** 2)) * 10 ** (level_db / 20)
    whole = between(quiet, 20, 20, 10 ** ((level_db - 20) / 20))
    flags = kept(sift(whole)[0], len(whole))
    assert flags[seconds(20) : seconds(23)].all()
    assert flags.sum() <= seconds(3 + 1.6)


def test_a_speaker_in_noise_as_loud_as_the_voice_is_kept():
    whole = between(voice(4), 15, 15, float(np.sqrt(np.mean(voice(4) ** 2))))
    flags = kept(sift(whole)[0], len(whole))
    assert flags[seconds(15) : seconds(19)].all()


def test_a_quiet_speaker_after_a_loud_one_is_kept():
    whole = np.concatenate([voice(10), between(voice(3) * 0.01, 2, 10, 0.0001)])
    flags = kept(sift(whole)[0], len(whole))
    assert flags[: seconds(10)].all()
    assert flags[seconds(12) : seconds(15)].all()


def test_what_is_kept_are_the_very_samples():
    whole = between(voice(2), 5, 5)
    expected = np.clip(np.rint(whole.ravel() * 32768), -32768, 32767).astype(np.int16)
    for passage in sift(whole)[0]:
        assert np.array_equal(passage.samples, expected[passage.start : passage.start + len(passage.samples)])


def test_pauses_of_speech_are_kept():
    whole = np.concatenate([between(voice(1), 0, 0.8) for _ in range(5)])
    assert kept(sift(whole)[0], len(whole)).all()


@pytest.mark.parametrize(("noise", "sounding_s"), [(0.0, 0), (0.0003, 0), (0.005, 0), (0.1, 30)])
def test_a_line_on_which_nobody_speaks_is_not_heard_but_loud_noise_is_no_silence(noise, sounding_s):
    passages, sieve = sift(line_noise(30, noise))
    assert passages == []
    assert sieve.sounding_s == pytest.approx(sounding_s)
    assert (sieve.tone_s, sieve.possible_speech_s) == (0, 0)


def test_noise_that_rises_is_heard_until_it_is_known():
    whole = np.concatenate([line_noise(20, 0.0003), line_noise(40, 0.003)])
    flags = kept(sift(whole)[0], len(whole))
    assert flags[seconds(20) : seconds(29)].all()
    assert not flags[seconds(32) :].any()


TONES = {
    "ringing": lambda: bursts([450], on_s=1, off_s=4),
    "busy": lambda: bursts([450], on_s=0.35, off_s=0.35),
    "a fax that calls": lambda: bursts([1100], on_s=0.5, off_s=3),
    "a fax that answers": lambda: bursts([2100], on_s=3, off_s=1),
    "dialling": lambda: bursts([350, 440], on_s=20, off_s=0),
    "engaged in America": lambda: bursts([480, 620], on_s=0.5, off_s=0.5),
    "keys": lambda: keys("0123456789*#", on_s=0.1, off_s=0.1),
    "keys held long": lambda: keys("0123456789*#", on_s=0.4, off_s=0.3),
    "short keys": lambda: keys("0123456789*#", on_s=0.07, off_s=0.07),
}


@pytest.mark.parametrize("noise", [0.0, 0.001])
@pytest.mark.parametrize("name", TONES)
def test_tones_are_heard_by_nobody_and_counted(name, noise):
    whole = TONES[name]()
    passages, sieve = sift(whole + line_noise(len(whole) / RATE_HZ, noise))
    assert passages == []
    assert sieve.tone_s == pytest.approx(sieve.sounding_s, rel=0.01)
    assert sieve.tone_s >= 0.8 * np.count_nonzero(np.abs(whole).reshape(-1, 80).max(axis=1)) / 100
    assert sieve.possible_speech_s == 0


@pytest.mark.parametrize("name", TONES)
def test_a_voice_after_tones_is_kept(name):
    whole = np.concatenate([TONES[name](), voice(3)])
    flags = kept(sift(whole)[0], len(whole))
    assert flags[-seconds(3) :].all()


@pytest.mark.parametrize("pitch_hz", [90, 140, 220, 310])
def test_a_voice_that_sings_one_note_is_no_tone(pitch_hz):
    sung = voice(6, pitch_hz=pitch_hz, wander=0)
    passages, sieve = sift(between(sung, 3, 3))
    assert kept(passages, len(sung) + seconds(6))[seconds(3) : seconds(9)].all()
    assert sieve.tone_s == 0


def test_a_voice_over_a_tone_is_kept():
    whole = between(voice(3) + 0.5 * tone(3, hz=450), 5, 5)
    assert kept(sift(whole)[0], len(whole))[seconds(5) : seconds(8)].all()


def test_seconds_are_counted_of_what_sounds_of_tones_and_of_the_rest():
    whole = np.concatenate([between(tone(2, hz=450), 3, 3), between(voice(4), 0, 5)])
    sieve = sift(whole)[1]
    assert sieve.tone_s == pytest.approx(2, abs=0.2)
    assert sieve.possible_speech_s == pytest.approx(4, abs=0.3)
    assert sieve.sounding_s == pytest.approx(sieve.tone_s + sieve.possible_speech_s)


@pytest.mark.parametrize("rate_hz", [8000, 11025, 16000])
def test_every_rate_gives_the_same(rate_hz):
    whole = np.interp(
        np.arange(0, seconds(20), RATE_HZ / rate_hz), np.arange(seconds(20)), between(voice(4), 8, 8)[:, 0]
    )
    starts = [passage.start / rate_hz for passage in sift(whole, rate_hz=rate_hz)[0]]
    assert min(starts) == pytest.approx(7.7, abs=0.1)


def sift_in(mono: np.ndarray, sizes: Sequence[int]) -> tuple[list[Passage], Sieve]:
    """In blocks of these sizes, over and over."""
    sieve, at, passages, turn = Sieve(RATE_HZ), 0, [], cycle(sizes)
    while at < len(mono):
        size = next(turn)
        passages += sieve.add(mono[at : at + size])
        at += size
    return [*passages, *sieve.finish()], sieve


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 30000), min_size=1, max_size=12).filter(lambda sizes: sum(sizes) >= 200),
    st.integers(0, 40000),
)
def test_how_it_is_cut_into_blocks_changes_nothing(sizes, before):
    whole = np.concatenate([np.zeros((before, 1)), voice(2), np.zeros((16000, 1)), tone(1), np.zeros((16000, 1))])
    mono = np.clip(np.rint(whole.ravel() * 32768), -32768, 32767).astype(np.int16)
    passages, sieve = sift_in(mono, sizes)
    at_once, sieve_at_once = sift_in(mono, [len(mono)])
    assert np.array_equal(kept(passages, len(mono)), kept(at_once, len(mono)))
    assert np.array_equal(*(np.concatenate([passage.samples for passage in row]) for row in (passages, at_once)))
    for counted in ("sounding_s", "tone_s", "possible_speech_s"):
        assert getattr(sieve, counted) == pytest.approx(getattr(sieve_at_once, counted))
    assert kept(at_once, len(mono))[before : before + 16000].all()


@pytest.mark.parametrize("length", [0, 100, 239, 240, 241, 5000])
def test_the_shortest_recordings_are_taken(length):
    assert kept(sift(line_noise(length / RATE_HZ, 0.1))[0], length).all()
