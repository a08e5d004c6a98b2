"""The sounds that the model tells apart, their numbers, and which syllable is made of which.

A Mandarin syllable is an initial, or none, and a final with its tone. Vosk's word times need phones that
know their place in the word, so each sound is four phones (begin, internal, end, single) with the same
acoustic scores. As in Kaldi's chain models a phone has one state with two scores: one for its first step of
30 ms, without which 二二 would sound like one long 二, and one for the steps that follow. A final's first
step is the same in every tone.
"""

from typing import Final

INITIALS: Final = (
    *("b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h"),
    *("j", "q", "x", "zh", "ch", "sh", "r", "z", "c", "s"),
)
FINALS: Final = (
    *("a", "o", "e", "ai", "ei", "ao", "ou", "an", "en", "ang", "eng", "er"),
    *("i", "ii", "iii", "ia", "ie", "iao", "iu", "ian", "in", "iang", "ing", "iong"),
    *("u", "ua", "uo", "uai", "ui", "uan", "un", "uang", "ong", "ueng"),
    *("v", "ve", "van", "vn"),
)
TONES: Final = (1, 2, 3, 4, 5)
SILENCE: Final = "SIL"
UNKNOWN: Final = "SPN"
"""Sound that is no Mandarin of ours: other languages, music, noises."""

TONAL_FINALS: Final = tuple(f"{final}{tone}" for final in FINALS for tone in TONES)
SOUNDS: Final = (SILENCE, UNKNOWN, *INITIALS, *TONAL_FINALS)

_ALONE = {SILENCE: 0, UNKNOWN: 1}
_FIRST_FROM = len(_ALONE)
_LOOP_FROM = _FIRST_FROM + len(INITIALS) + len(FINALS)
FIRST_PDF: Final = {
    **_ALONE,
    **{sound: _FIRST_FROM + number for number, sound in enumerate(INITIALS)},
    **{f"{final}{tone}": _FIRST_FROM + len(INITIALS) + number for number, final in enumerate(FINALS) for tone in TONES},
}
LOOP_PDF: Final = {
    **_ALONE,
    **{sound: _LOOP_FROM + number for number, sound in enumerate((*INITIALS, *TONAL_FINALS))},
}
PDF_COUNT: Final = _LOOP_FROM + len(INITIALS) + len(TONAL_FINALS)

PHONES: Final = (
    SILENCE,
    f"{UNKNOWN}_S",
    *(f"{sound}_{place}" for sound in (*INITIALS, *TONAL_FINALS) for place in "BIES"),
)
PHONE_ID: Final = {phone: number for number, phone in enumerate(PHONES, start=1)}
PLACES: Final = {"B": "begin", "I": "internal", "E": "end", "S": "singleton"}

_WITHOUT_INITIAL = {
    "yi": "i",
    "ya": "ia",
    "ye": "ie",
    "yao": "iao",
    "you": "iu",
    "yan": "ian",
    "yin": "in",
    "yang": "iang",
    "ying": "ing",
    "yong": "iong",
    "yu": "v",
    "yue": "ve",
    "yuan": "van",
    "yun": "vn",
    "wu": "u",
    "wa": "ua",
    "wo": "uo",
    "wai": "uai",
    "wei": "ui",
    "wan": "uan",
    "wen": "un",
    "wang": "uang",
    "weng": "ueng",
}
_LONGEST_FIRST = sorted(INITIALS, key=len, reverse=True)


def sound_of(phone: str) -> str:
    """The sound that a phone is a copy of."""
    return phone if phone == SILENCE else phone.rsplit("_", 1)[0]


def in_word(sounds: list[str]) -> list[str]:
    """The sounds of one word as phones that know their place in it."""
    if len(sounds) == 1:
        return [f"{sounds[0]}_S"]
    return [f"{sounds[0]}_B", *(f"{sound}_I" for sound in sounds[1:-1]), f"{sounds[-1]}_E"]


def split_syllable(pinyin: str) -> tuple[str, str] | None:
    """zhuang is zh and uang; yi has no initial and the final i; None is no syllable of Mandarin."""
    if pinyin in _WITHOUT_INITIAL:
        return "", _WITHOUT_INITIAL[pinyin]
    initial = next((sound for sound in _LONGEST_FIRST if pinyin.startswith(sound)), "")
    final = pinyin[len(initial) :]
    if initial in ("j", "q", "x") and final.startswith("u"):
        final = "v" + final[1:]
    if final == "i" and initial in ("zh", "ch", "sh", "r"):
        final = "iii"
    if final == "i" and initial in ("z", "c", "s"):
        final = "ii"
    return (initial, final) if final in FINALS else None
