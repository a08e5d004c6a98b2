"""With which characters a match of an expression may begin, so that it need not be tried anywhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator

_QUANTIFIER = re.compile(r"(?:[?*+]|\{(?P<least>\d*)(?:,\d*)?\})\??")
_SPECIAL = frozenset(".^$\\")


def first_characters(expression: str) -> frozenset[str] | None:
    """The characters; None where it may be any, or where the match may be empty."""
    begins: set[str] = set()
    for branch in _branches(expression):
        begin = _of_branch(branch)
        if begin is None:
            return None
        begins |= begin
    return frozenset(begins)


def _of_branch(branch: str) -> set[str] | None:
    begins: set[str] = set()
    at = 0
    while at < len(branch):
        end = _end_of_atom(branch, at)
        quantifier = _QUANTIFIER.match(branch, end)
        if not _looks_around(branch, at):
            atom = _of_atom(branch[at:end])
            if atom is None:
                return None
            begins |= atom
            if not _is_optional(quantifier):
                return begins
        at = quantifier.end() if quantifier else end
    return None


def _of_atom(atom: str) -> frozenset[str] | None:
    if atom.startswith("("):
        inner = atom[1:-1].removeprefix("?:")
        return None if inner.startswith("?") else first_characters(inner)
    if atom.startswith("["):
        listed = atom[1:-1]
        return None if listed.startswith("^") or "-" in listed or "\\" in listed else frozenset(listed)
    return None if atom[0] in _SPECIAL else frozenset(atom)


def _looks_around(branch: str, at: int) -> bool:
    return branch.startswith(("(?=", "(?!", "(?<=", "(?<!"), at)


def _is_optional(quantifier: re.Match[str] | None) -> bool:
    if quantifier is None:
        return False
    return quantifier[0][0] in "?*" or (quantifier[0][0] == "{" and int(quantifier["least"] or 0) == 0)


def _end_of_atom(branch: str, at: int) -> int:
    if branch[at] == "(":
        depth = 0
        for place, character in _outside_classes(branch, at):
            depth += (character == "(") - (character == ")")
            if depth == 0:
                return place + 1
    if branch[at] == "[":
        return branch.index("]", at + 2) + 1
    return at + (2 if branch[at] == "\\" else 1)


def _branches(expression: str) -> Iterator[str]:
    """The alternatives at the top."""
    depth, begin = 0, 0
    for place, character in _outside_classes(expression, 0):
        depth += (character == "(") - (character == ")")
        if character == "|" and depth == 0:
            yield expression[begin:place]
            begin = place + 1
    yield expression[begin:]


def _outside_classes(expression: str, at: int) -> Iterator[tuple[int, str]]:
    """Each character that is neither escaped nor inside of brackets."""
    while at < len(expression):
        character = expression[at]
        if character == "\\":
            at += 2
            continue
        if character == "[":
            at = expression.index("]", at + 2)
        else:
            yield at, character
        at += 1
