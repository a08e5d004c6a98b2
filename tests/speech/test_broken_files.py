"""Broken recordings of every kind end in a transcript or a typed error, in little time and memory."""

import pytest

from benchmarks.speech.fuzz import KINDS, broken_files, heard

FILES = 66


@pytest.mark.parametrize("number", range(len(KINDS)), ids=["/".join(kind) for kind in KINDS])
def test_a_broken_recording_has_a_clear_end(recognizer, number):
    endings = [heard(recognizer, broken) for broken in list(broken_files(FILES, seed=3))[number :: len(KINDS)]]
    assert len(endings) == FILES // len(KINDS)
    assert [(ending.broken.how, ending.state) for ending in endings if not ending.is_clear] == []


def test_the_same_seed_breaks_the_same_files():
    assert list(broken_files(22, seed=5)) == list(broken_files(22, seed=5))
    assert list(broken_files(22, seed=5)) != list(broken_files(22, seed=6))
