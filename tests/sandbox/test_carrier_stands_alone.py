"""The stand-in carrier and the service know each other by the telephone alone."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from stand_in import ROOT

OURS = {"hotline", "speech", "worker", "stack"}
# Making the demo model takes the synthesiser too, in an environment of its own; nothing that runs imports it.
TRAINING = ROOT / "speech" / "demo_model" / "training"


def imported(package: str) -> Iterator[str]:
    for path in (path for path in (ROOT / package).rglob("*.py") if TRAINING not in path.parents):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (name.name for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield node.module or ""


def top(modules: Iterator[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def test_the_carrier_imports_nothing_of_the_service() -> None:
    found = top(imported("sandbox"))
    assert "sandbox" in found
    assert not OURS & found


@pytest.mark.parametrize("package", sorted(OURS))
def test_nothing_that_runs_imports_the_training(package: str) -> None:
    assert not any(module.startswith("speech.demo_model.training") for module in imported(package))


@pytest.mark.parametrize("package", sorted(OURS))
def test_the_service_imports_nothing_of_the_carrier(package: str) -> None:
    assert Path(ROOT / package).is_dir()
    assert not {"sandbox", "espeakng_loader"} & top(imported(package))
