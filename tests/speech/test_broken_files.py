"""Broken recordings of every kind end in a transcript or a typed error, in little time and memory."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from benchmarks.speech.fuzz import KINDS, Ending, broken_files, endings

FILES = 66


@pytest.fixture(scope="module")
def what_became_of_them() -> list[Ending]:
    """Heard from a process that holds nothing else: the tests before this one would count as memory of theirs."""
    with ProcessPoolExecutor(1, get_context("spawn")) as clean:
        return clean.submit(endings, FILES, seed=3).result()


@pytest.mark.parametrize("number", range(len(KINDS)), ids=["/".join(kind) for kind in KINDS])
def test_a_broken_recording_has_a_clear_end(what_became_of_them: list[Ending], number: int) -> None:
    of_this_kind = what_became_of_them[number :: len(KINDS)]
    assert len(of_this_kind) == FILES // len(KINDS)
    assert [(e.broken.how, e.state, e.peak_mib) for e in of_this_kind if not e.is_clear] == []


def test_the_same_seed_breaks_the_same_files():
    assert list(broken_files(22, seed=5)) == list(broken_files(22, seed=5))
    assert list(broken_files(22, seed=5)) != list(broken_files(22, seed=6))
