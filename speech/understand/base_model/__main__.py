"""Makes the base models again from their cases: `python -m speech.understand.base_model`. Tells how good they are."""

import sys

from speech.understand.learned import BASE, write
from speech.understand.training import KINDS, base_examples, cross_validated, train


def main() -> None:
    for fact, score in cross_validated(base_examples()).items():
        sys.stdout.write(f"{fact:10} right in {score.right} of {score.count} that were not learned from\n")
    for kind in KINDS:
        examples = base_examples(kind)
        file = BASE / f"{kind.name}.tsv"
        file.write_text(write(train(examples, kind)), encoding="utf-8")
        sys.stdout.write(f"{file.name}: made from {len(examples)} examples\n")


if __name__ == "__main__":
    main()
