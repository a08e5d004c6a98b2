"""Makes the base models again from their cases, and tells how often such models are right elsewhere.

python -m speech.understand.base_model
"""

import argparse
import sys
from pathlib import Path

from speech.understand.learned import BASE, write
from speech.understand.training import KINDS, base_examples, cross_validated, train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    _say("learning from four fifths of the cases at a time, to see how well the other fifth is told ...")
    for fact, score in cross_validated(base_examples()).items():
        _say(f"{fact:10} right in {score.right} of {score.count} that were not learned from")
    for kind in KINDS:
        examples = base_examples(kind)
        _put(BASE / f"{kind.name}.tsv", write(train(examples, kind)))
        _say(f"{kind.name}.tsv: made from {len(examples)} examples")


def _put(file: Path, text: str) -> None:
    """In one step: whoever reads it meanwhile reads the old one."""
    new = file.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(file)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
