"""Whether places are found fast, and in little memory, among a million names."""

import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from benchmarks.figures import Figure, at_least, at_most
from speech.understand import Gazetteer, PlaceRow, UnitRow, understand

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "hotline/sample"
SIZES = {"10,000": 10_000, "100,000": 100_000, "1,000,000": 1_000_000}
MANY = "1,000,000"
_SEED = 1
_TEXTS = 300
_ROUNDS = 5
_CHARACTERS = (
    "金银玉龙凤云山水石林花梅兰竹菊松柏桂荷莲江河湖海东西南北中上下新安康福寿和平光明永泰兴盛德仁义礼智信文华建国民富贵"
    "春夏秋冬阳月星天地青红白黄紫翠碧锦绣丽雅静怡景观望亭台楼阁桥塘湾洲岛岗坑涌溪泉井沙洞坪田长乐朝会埔堡罗陈李周吴郑"
)
_ENDINGS = ("路", "街", "大道", "巷", "村", "小区", "花园", "里", "新村", "大厦", "苑", "广场")
_DIRECTIONS = ("东", "西", "南", "北", "中", "一", "二", "三", "")
_CASES = ROOT / "speech/understand/base_model/cases"
# Levels of units, how their names end, and their share of all units.
_LEVELS = (("district", "区", 1 / 5000), ("street", "街道", 1 / 200), ("community", "社区", 1 / 10))
# A place, and as much beside it as callers say.
_SAID = (
    "喂你好我住在{place}二十二号三楼一个人住今年七十八了家里的米昨天就吃完了煤气也没有了下不了楼能不能送点吃的来我电话一三六四四零零二二一九",
    "我想问一下我妈妈那个高血压的药已经断了两天了我们在{place}这边她走不动路一直说头晕心口闷附近的药店都关门了能不能帮忙买药",
    "你好{place}这里有个老人家睡在楼梯口天气这么冷他只盖了一张纸皮我给了他一杯热水他说他没有家想去救助站又不知道怎么走",
)


def figures() -> Iterator[Figure]:
    measured = {name: _measured_apart(size) for name, size in SIZES.items()}
    many = measured[MANY]
    yield Figure(
        f"understanding a transcript among {MANY} names, median",
        many["median_ms"],
        "ms",
        at_most(5),
        {"95 in 100 are below": many["p95_ms"], "with the sample's names": many["reference_ms"]},
        "The whole of it, of which the place is a part; each text is understood for the first time.",
    )
    yield Figure(
        "the same beside the sample gazetteer, in turns",
        many["median_ms"] / many["reference_ms"],
        "x",
        beside={name: each["median_ms"] / each["reference_ms"] for name, each in measured.items()},
    )
    yield Figure(
        "finding the place alone, median",
        many["find_ms"],
        "ms",
        beside={f"{name} names": each["find_ms"] for name, each in measured.items()},
    )
    yield Figure(
        f"memory of a process that answers with {MANY} names",
        many["rss_mb"],
        "MB",
        at_most(300),
        {"before they are read": many["rss_before_mb"], "most while they are read": many["peak_mb"]},
        "All of the process, with Python and the lexicons.",
    )
    yield Figure(
        "memory for the names alone",
        many["rss_mb"] - many["rss_before_mb"],
        "MB",
        beside={f"{name} names": each["rss_mb"] - each["rss_before_mb"] for name, each in measured.items()},
    )
    yield Figure(
        f"reading {MANY} names from CSV",
        many["build_s"],
        "s",
        at_most(60),
        {f"{name} names": each["build_s"] for name, each in measured.items()},
    )
    yield Figure(
        "places named rightly that are found",
        many["found"],
        "%",
        at_least(99),
        {f"{name} names": each["found"] for name, each in measured.items()},
        "Distinct names, each said after or before words that call for a place.",
    )
    yield Figure(
        "places found in texts that name none",
        many["invented"],
        "%",
        at_most(1),
        {f"{name} names": each["invented"] for name, each in measured.items()},
    )


def units(names: int) -> Iterator[UnitRow]:
    """One name in five: a city, its districts, streets, communities and grids, each in one of the level above."""
    yield UnitRow("c", "", "city", "花城市")
    own = _names(_chance(_SEED))
    left = names // 5 - 1
    above = [("c", "")]
    for level, ending, share in (
        ("district", "区", 1 / 5000),
        ("street", "街道", 1 / 200),
        ("community", "社区", 1 / 10),
    ):
        rows = [(f"{level[0]}{number:07}", next(own)) for number in range(max(1, int(left * share)))]
        for number, (code, name) in enumerate(rows):
            aliases = (name,) if level == "community" else ()
            yield UnitRow(code, above[number % len(above)][0], level, f"{name}{ending}", aliases)
        above = rows
    for number in range(left):
        code, name = above[number % len(above)]
        yield UnitRow(f"g{number:07}", code, "grid", f"{name}{number // len(above) + 1:02}网格")


def places(names: int) -> Iterator[PlaceRow]:
    """The others, each served by one of the grids."""
    grids = names // 5 - 1
    own = _names(_chance(_SEED + 1))
    for number in range(names - grids - 1):
        yield PlaceRow(f"g{number % grids:07}", f"{next(own)}{_ENDINGS[number % len(_ENDINGS)]}")


def _chance(seed: int) -> random.Random:
    """One that everybody can draw again."""
    return random.Random(seed)  # noqa: S311 - names are made of it, no secrets


def _names(chance: random.Random) -> Iterator[str]:
    """Distinct names without an ending."""
    known: set[str] = set()
    while True:
        name = "".join(chance.choices(_CHARACTERS, k=chance.choice((2, 2, 3, 3, 3)))) + chance.choice(_DIRECTIONS)
        if name not in known:
            known.add(name)
            yield name


def _measured_apart(names: int) -> dict[str, float]:
    """In a process of its own, which holds nothing but what it reads."""
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder), names)
        command = [sys.executable, "-m", "benchmarks.understand.gazetteer", folder]
        answer = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE).stdout
    found: dict[str, float] = json.loads(answer)
    return found


def _write(folder: Path, names: int) -> None:
    chance = _chance(_SEED + 2)
    asked = set(chance.sample(range(names * 3 // 4), _TEXTS))
    with (folder / "units.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["code", "parent", "level", "name", "aliases"])
        writer.writerows([row.code, row.parent, row.level, row.name, "|".join(row.aliases)] for row in units(names))
    with (folder / "places.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["unit", "name"])
        said = []
        for number, place in enumerate(places(names)):
            writer.writerow([place.unit, place.name])
            if number in asked:
                said.append([_SAID[number % len(_SAID)].format(place=place.name), place.unit])
    (folder / "said.json").write_text(json.dumps(said), encoding="utf-8")


def _measure(folder: Path) -> dict[str, float]:
    sample = Gazetteer.from_csv(SAMPLE / "units.csv", SAMPLE / "places.csv")
    said: list[tuple[str, str]] = json.loads((folder / "said.json").read_text(encoding="utf-8"))
    nowhere = _nowhere()
    for text in nowhere:
        understand(text, sample)
    before = _rss_mb()
    begun = perf_counter()
    many = Gazetteer.from_csv(folder / "units.csv", folder / "places.csv")
    build_s = perf_counter() - begun
    times, references, finds, right = [], [], [], 0
    for text, unit in said:
        references.append(_timed_ms(text, sample))
        times.append(_timed_ms(text, many))
        begun = perf_counter()
        place = many.find(text)
        finds.append(1000 * (perf_counter() - begun))
        right += place is not None and place.unit == unit
    return {
        "build_s": build_s,
        "median_ms": median(times),
        "p95_ms": quantiles(times, n=20)[-1],
        "reference_ms": median(references),
        "find_ms": median(finds),
        "rss_before_mb": before,
        "rss_mb": _rss_mb(),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
        "found": 100 * right / len(said),
        "invented": 100 * sum(many.find(text) is not None for text in nowhere) / len(nowhere),
    }


def _nowhere() -> list[str]:
    """What callers say who name no place."""
    rows = [json.loads(line) for file in _CASES.glob("*/requests.jsonl") for line in file.open(encoding="utf-8")]
    return [row["text"] for row in rows if row["place"] is None]


def _timed_ms(text: str, gazetteer: Gazetteer) -> float:
    begun = perf_counter()
    understand(text, gazetteer)
    return 1000 * (perf_counter() - begun)


def _rss_mb() -> float:
    rows = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(row.split()[1]) for row in rows if row.startswith("Rss:")) * 1024 / 1e6


if __name__ == "__main__":
    print(json.dumps(_measure(Path(sys.argv[1]))))
