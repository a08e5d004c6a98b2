"""Which of the words that were heard are right, when it is known what was said."""

from collections.abc import Sequence

from benchmarks.speech.cer import characters
from speech.transcript import Word


def are_right(said: str, words: Sequence[Word]) -> list[bool]:
    """For each word whether all of its characters were said where they were heard.

    Heard and said are laid side by side so that as few characters as possible differ.
    """
    right = _matched(characters(said), "".join(characters(word.word) for word in words))
    found: list[bool] = []
    at = 0
    for word in words:
        size = len(characters(word.word))
        found.append(size > 0 and all(right[at : at + size]))
        at += size
    return found


def _matched(said: str, heard: str) -> list[bool]:
    """For each character of `heard` whether the best alignment puts it beside the same one of `said`."""
    costs = [list(range(len(heard) + 1))]
    for above, expected in enumerate(said, start=1):
        row = [above]
        for place, found in enumerate(heard, start=1):
            row.append(min(costs[-1][place] + 1, row[-1] + 1, costs[-1][place - 1] + (expected != found)))
        costs.append(row)
    right = [False] * len(heard)
    line, place = len(said), len(heard)
    while line and place:
        is_same = said[line - 1] == heard[place - 1]
        if costs[line][place] == costs[line - 1][place - 1] + (not is_same):
            right[place - 1] = is_same
            line, place = line - 1, place - 1
        elif costs[line][place] == costs[line - 1][place] + 1:
            line -= 1
        else:
            place -= 1
    return right
