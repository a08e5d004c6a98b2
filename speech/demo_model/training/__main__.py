"""Make the demo model again: python -m speech.demo_model.training [--out FOLDER] [--workshop FOLDER]."""

import argparse
from pathlib import Path

from speech.demo_model.training.recipe import Recipe, make

_MODEL = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=_MODEL, help="where the model is written; default: in its place")
    parser.add_argument("--workshop", type=Path, default=Path("var/demo-model"), help="what is kept on the way")
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    chosen = parser.parse_args()
    make(Recipe(seed=chosen.seed), chosen.workshop, chosen.out)


if __name__ == "__main__":
    main()
