"""Many speakers: espeak-ng's own variants, and random ones drawn so that no two sound alike."""

import random
from pathlib import Path
from typing import Final

import espeakng_loader

# Those of benchmarks/speech/*/voices.txt must never be among them.
SHIPPED: Final = (
    *("m1", "m2", "m3", "m4", "m6", "f1", "f2", "f4", "Alex"),
    *("Andy", "Annie", "Denis", "Diogo", "Gene", "Henrique", "Hugo", "Jacky", "Marco"),
    *("Mario", "Michael", "Mike", "Nguyen", "adam", "anika", "antonio", "aunty", "belinda"),
    *("benjamin", "caleb", "ed", "edward", "gustave", "iven", "john", "kaukovalta", "marcelo"),
    *("max", "michel", "miguel", "norbert", "pablo", "paul", "pedro", "quincy", "rob"),
    *("robert", "sandro", "shelby", "steph", "travis", "victor", "zac"),
)
RANDOM_COUNT: Final = 200
_ODD_SHARE = 0.5
_UPPER_FORMANT = 5
LANGUAGES: Final = (
    *("sit/cmn", "sit/yue", "sit/hak", "gmw/en", "gmw/de", "zle/ru", "roa/fr", "roa/es", "jpx/ja"),
    *("ko", "aav/vi", "sem/ar", "inc/hi", "trk/tr", "urj/fi", "poz/id"),
)


def random_names() -> list[str]:
    return [f"random{number:03}" for number in range(RANDOM_COUNT)]


def prepare(folder: Path, seed: int, *, is_odd: bool = False) -> Path:
    """Make espeak-ng data with the random variants of this seed in it; give the path to start espeak-ng with.

    espeak-ng lists at most 349 voices and then loses languages, so there are only those needed here.
    """
    shipped = Path(espeakng_loader.get_data_path())
    data = folder / f"voices-{seed}" / "espeak-ng-data"
    (data / "voices" / "!v").mkdir(parents=True, exist_ok=True)
    for entry in shipped.iterdir():
        if entry.name not in ("voices", "lang"):
            _link(data / entry.name, entry)
    for language in LANGUAGES:
        _link(data / "lang" / language, shipped / "lang" / language)
    for name in SHIPPED:
        _link(data / "voices" / "!v" / name, shipped / "voices" / "!v" / name)
    source = random.Random(seed)
    for name in random_names():
        (data / "voices" / "!v" / name).write_text(_odd_variant(source) if is_odd else _variant(source))
    return data.parent


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.exists():
        link.symlink_to(target)


def _variant(source: random.Random) -> str:
    """The settings of a speaker: pitch, length of the vocal tract, the formants around it, roughness, breath."""
    low = source.randint(55, 210)
    lines = ["language variant", f"pitch {low} {round(low * source.uniform(1.15, 1.8))}"]
    tract = source.lognormvariate(0, 0.12)
    for number in range(9):
        place = 100 * (tract if number else 1.0) * source.lognormvariate(0, 0.05)
        height, width = source.gauss(92, 18), source.gauss(100, 25)
        lines.append(f"formant {number} {_within(place, 55, 170)} {_within(height, 40, 160)} {_within(width, 50, 190)}")
    for share, line in (
        (0.4, f"flutter {source.randint(0, 24)}"),
        (0.4, f"roughness {source.randint(0, 6)}"),
        (0.4, f"voicing {source.randint(50, 150)}"),
        (0.4, f"consonants {source.randint(70, 140)} {source.randint(70, 140)}"),
        (0.3, "breath " + " ".join(str(source.randint(0, 8)) for _ in range(8))),
        (0.15, f"echo {source.randint(40, 150)} {source.randint(3, 15)}"),
        (0.4, "tone " + " ".join(f"{hz} {source.randint(20, 255)}" for hz in (100, 600, 1200, 2000, 3000))),
    ):
        if source.random() < share:
            lines.append(line)
    return "\n".join(lines) + "\n"


def _odd_variant(source: random.Random) -> str:
    """A speaker further from the usual: with another rhythm, formants that are missing or far from their place."""
    lines = _variant(source).splitlines()
    for number, sigma in ((0, 0.22), *((number, 0.18) for number in range(3, 9))):
        if source.random() < _ODD_SHARE:
            place = _within(100 * source.lognormvariate(0, sigma), 45, 180)
            height = 0 if number >= _UPPER_FORMANT and source.random() < _ODD_SHARE else source.randint(50, 130)
            lines = [line for line in lines if not line.startswith(f"formant {number} ")]
            lines.append(f"formant {number} {place} {height} {source.randint(60, 150)}")
    if source.random() < _ODD_SHARE:
        lines.append("stressLength " + " ".join(str(source.randint(100, 230)) for _ in range(8)))
    if source.random() < _ODD_SHARE:
        lines.append(f"intonation {source.randint(1, 4)}")
    return "\n".join(lines) + "\n"


def _within(value: float, low: int, high: int) -> int:
    return round(min(max(value, low), high))
