"""Run the benchmarks: `python -m benchmarks [PART] [--only NAME ...]`, or print the last run: `... --last`.

Prints a table and writes the same as JSON to var/bench/. The measurements of a part run one after the other, and what
is compared is measured in one run, in turns.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import Figure, line, row
from benchmarks.orders.measurements import MEASUREMENTS as ORDERS
from benchmarks.speech.measurements import MEASUREMENTS as SPEECH
from benchmarks.understand.measurements import MEASUREMENTS as UNDERSTAND

ROOT = Path(__file__).parents[1]
PARTS: Mapping[str, Mapping[str, Callable[[], Iterable[Figure]]]] = {
    "speech": SPEECH,
    "understand": UNDERSTAND,
    "orders": ORDERS,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="?", choices=PARTS, help="all of them when left out")
    parser.add_argument("--only", action="append", help="one measurement of the part; may be given again")
    parser.add_argument(
        "--last", action="store_true", help="print what was measured last, as docs/benchmarks.md has it"
    )
    chosen = parser.parse_args()
    for part in [chosen.part] if chosen.part else PARTS:
        unknown = set(chosen.only or ()) - PARTS[part].keys()
        if unknown:
            parser.error(f"{part} measures {', '.join(PARTS[part])}; it has no {', '.join(sorted(unknown))}")
        if chosen.last:
            print(_last(part))
            continue
        _run(part, [name for name in PARTS[part] if name in (chosen.only or PARTS[part])])


def _run(part: str, names: list[str]) -> None:
    for name in names:
        print(f"\n== {part}: {name}", flush=True)
        figures = []
        for figure in PARTS[part][name]():
            print(line(figure), flush=True)
            figures.append(figure.as_dict())
        _keep(part, name, figures)


def _keep(part: str, name: str, figures: list[dict[str, object]]) -> None:
    """Write one measurement down; the others keep what was measured before."""
    file = ROOT / "var/bench" / f"{part}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(file.read_text(encoding="utf-8"))["figures"] if file.exists() else {}
    ordered = {each: {**known, name: figures}[each] for each in PARTS[part] if each in known or each == name}
    report = {"at": datetime.now(UTC).isoformat(), "machine": _machine(), "figures": ordered}
    file.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _last(part: str) -> str:
    """The tables of the last run of a part."""
    report = json.loads((ROOT / "var/bench" / f"{part}.json").read_text(encoding="utf-8"))
    heading = "| what | value | must be | | beside |\n|---|---|---|---|---|"
    tables = ("\n".join([f"### {name}\n", heading, *map(row, figures)]) for name, figures in report["figures"].items())
    return "\n\n".join(tables)


def _machine() -> dict[str, object]:
    return {
        "cores": os.cpu_count(),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    main()
