"""What callers hear and read: the same in every language, short enough, and numbers as one speaks them."""

import string
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.wording import DEFAULT, TEXTS, VOICES, spoken_digits, text_for, voice_for

LANGUAGES = sorted(TEXTS)
KEYS = sorted(TEXTS[DEFAULT])
LONGEST_SAY = 4096
LONGEST_TEXT_MESSAGE = 1600


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything(language: str) -> None:
    assert sorted(TEXTS[language]) == KEYS
    assert all(text.strip() for text in TEXTS[language].values())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", KEYS)
def test_every_language_fills_in_the_same(language: str, key: str) -> None:
    assert fields(TEXTS[language][key]) == fields(TEXTS[DEFAULT][key])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", KEYS)
def test_every_text_can_be_said_in_one_go(language: str, key: str) -> None:
    longest = {"line": "名" * 120, "digits": spoken_digits(language, "260302" + "0" * 8), "number": "260302" + "0" * 8}
    longest |= {"step": "首次联系"}
    longest |= {"page": "https://hotline.example.gov.cn/s/" + "x" * 43, "state": "状" * 40}

    said = text_for(language, key, **{name: longest[name] for name in fields(TEXTS[language][key])})

    assert len(escape(said)) <= (LONGEST_TEXT_MESSAGE if key.startswith(("sms_", "written_")) else LONGEST_SAY)
    assert "{" not in said


@pytest.mark.parametrize("key", KEYS)
def test_chinese_is_written_with_its_own_punctuation(key: str) -> None:
    for language in ("zh-CN", "yue"):
        text = TEXTS[language][key]
        assert not set(text) & set(',;:!?"'), key
        assert " " not in text


def test_every_language_has_a_voice_of_its_own() -> None:
    assert set(VOICES) == set(TEXTS)
    assert VOICES["zh-CN"].language == "cmn-CN"
    assert VOICES["yue"].language == "yue-CN"
    assert len({voice.name for voice in VOICES.values()}) == len(VOICES)


def test_a_language_that_we_do_not_speak_hears_the_default_one() -> None:
    assert text_for("wuu", "goodbye") == TEXTS[DEFAULT]["goodbye"]
    assert voice_for("wuu") == VOICES[DEFAULT]
    assert spoken_digits("wuu", "10") == spoken_digits(DEFAULT, "10")


def test_every_caller_is_told_of_the_recording_and_of_the_emergency_numbers() -> None:
    for language in ("zh-CN", "yue"):
        assert "录音" in TEXTS[language]["greeting"]
        assert "录音" in TEXTS[language]["connecting"]
        for key in ("heard_nothing", "apology"):
            assert "一二零" in TEXTS[language][key] or "幺二零" in TEXTS[language][key]
        assert "110" in TEXTS[language]["sms_order_number"]
    assert "recorded" in TEXTS["en"]["greeting"]


def test_numbers_are_spoken_in_pairs() -> None:
    assert spoken_digits("zh-CN", "2603020017") == "二六，零三，零二，零零，幺七"
    assert spoken_digits("yue", "2603020017") == "二六，零三，零二，零零，一七"
    assert spoken_digits("en", "2603") == "two six, zero three"
    assert spoken_digits("zh-CN", "123") == "幺二，三"
    assert spoken_digits("zh-CN", "") == ""


ONE_BY_ONE = {"zh-CN": "零幺二三四五六七八九", "yue": "零一二三四五六七八九"}


@given(number=st.text("0123456789", max_size=20), language=st.sampled_from(sorted(ONE_BY_ONE)))
def test_no_digit_is_lost_or_invented(number: str, language: str) -> None:
    spoken = spoken_digits(language, number).replace("，", "")

    assert "".join(str(ONE_BY_ONE[language].index(each)) for each in spoken) == number


@given(st.text(max_size=20))
def test_only_digits_are_spoken(text: str) -> None:
    allowed = set("零幺二三四五六七八九，")

    assert set(spoken_digits("zh-CN", text)) <= allowed
