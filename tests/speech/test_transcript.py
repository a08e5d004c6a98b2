"""A transcript keeps its words, their order and its numbers through JSON and back."""

from hypothesis import given
from hypothesis import strategies as st

from speech.transcript import Transcript, Word, in_time_order

WORDS = (Word("家里", 0.3, 0.6, 0.9), Word("没米", 0.6, 1.02, 0.8))


def transcript(words: tuple[Word, ...] = WORDS, language: str = "zh-CN") -> Transcript:
    return Transcript(duration_s=2.5, words=words, model="relief-demo-cn-0.1", language=language)


def test_chinese_is_written_without_spaces():
    assert transcript().text == "家里没米"


def test_other_languages_keep_their_spaces():
    words = (Word("no", 0, 1, 1), Word("rice", 1, 2, 1))
    assert transcript(words, "en-US").text == "no rice"


def test_confidence_is_the_mean_of_the_words():
    assert transcript().confidence == 0.85


def test_nothing_heard_has_no_confidence():
    assert transcript(()).text == ""
    assert transcript(()).confidence is None


def test_json_has_the_fields_that_others_build_on():
    assert transcript(WORDS[:1]).as_dict() == {
        "duration_s": 2.5,
        "text": "家里",
        "words": [{"word": "家里", "start": 0.3, "end": 0.6, "conf": 0.9, "channel": "caller"}],
        "confidence": 0.9,
        "model": "relief-demo-cn-0.1",
        "language": "zh-CN",
    }


def test_channels_are_merged_in_time_order():
    words = in_time_order([Word("好", 2, 3, 1, "caller"), Word("喂", 0, 1, 1, "agent"), Word("你", 1, 2, 1)])
    assert transcript(words).text == "喂你好"
    assert transcript(words).channel("caller").text == "你好"


seconds = st.floats(0, 1e5, allow_nan=False)
words = st.builds(Word, st.text(), seconds, seconds, st.floats(0, 1), st.sampled_from(["caller", "agent"]))


@given(st.builds(Transcript, seconds, st.lists(words).map(tuple), st.text(), st.text()))
def test_json_round_trip_is_exact(original):
    assert Transcript.from_json(original.to_json()) == original
