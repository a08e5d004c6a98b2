"""Makes the base model again from its cases: `python -m speech.understand.base_model`. Tells how good it should be."""

import sys

from speech.understand.learned import BASE, write
from speech.understand.training import base_examples, cross_validated, train


def main() -> None:
    examples = base_examples()
    for fact, score in cross_validated(examples).items():
        sys.stdout.write(f"{fact:10} right in {score.right} of {score.count} that were not learned from\n")
    BASE.write_text(write(train(examples)), encoding="utf-8")
    sys.stdout.write(f"{BASE.name}: made from {len(examples)} examples\n")


if __name__ == "__main__":
    main()
