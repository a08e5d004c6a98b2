"""A transcript keeps its words, their order and its numbers through JSON and back, and tells how they are written."""

from hypothesis import given
from hypothesis import strategies as st

from speech.transcript import Doubt, Transcript, Word, in_time_order

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
        "display": "家里。",
        "words": [{"word": "家里", "start": 0.3, "end": 0.6, "conf": 0.9, "channel": "caller"}],
        "segments": [
            {"start": 0.3, "end": 0.6, "channel": "caller", "text": "家里。", "confidence": 0.9, "first": 0, "last": 0}
        ],
        "confidence": 0.9,
        "doubt": None,
        "model": "relief-demo-cn-0.1",
        "language": "zh-CN",
    }


def test_channels_are_merged_in_time_order():
    words = in_time_order([Word("好", 2, 3, 1, "caller"), Word("喂", 0, 1, 1, "agent"), Word("你", 1, 2, 1)])
    assert transcript(words).text == "喂你好"
    assert transcript(words).channel("caller").text == "你好"


def said(*words: str, channel: str = "caller", start: float = 0.0) -> tuple[Word, ...]:
    """Words of a quarter of a second; a number among them is a pause of so many seconds."""
    spoken: list[Word] = []
    for word in words:
        try:
            start += float(word)
        except ValueError:
            spoken.append(Word(word, start, start + 0.25, 0.9, channel))
            start += 0.25
    return tuple(spoken)


def test_pauses_become_punctuation_and_segments():
    heard = transcript(said("家里", "没米", "了", "0.2", "电话", "是", "幺", "三", "九", "0.5", "请问", "怎么", "申请"))
    assert [segment.text for segment in heard.segments] == ["家里没米了，电话是139。", "请问怎么申请？"]
    assert heard.display == "家里没米了，电话是139。请问怎么申请？"
    assert [(segment.first, segment.last) for segment in heard.segments] == [(0, 7), (8, 10)]


def test_number_told_with_pauses_stays_one_number():
    digits = said(*"一三九", "0.7", *"一二三四", "0.4", *"五六七八")
    assert transcript(digits).display == "13912345678。"


def test_two_numbers_in_a_row_are_not_made_one():
    digits = said("住", *"五零二", "0.4", *"一三九", "0.2", *"一二三四", "0.2", *"五六七八")
    assert transcript(digits).display == "住502，13912345678。"
    assert transcript(said(*"五零二", "0.4", *"三零四")).display == "502，304。"


def test_pause_parts_a_number_from_the_next_word():
    assert transcript(said("今年", "八十", "二", "岁", "0.2", "一个", "人", "住")).display == "今年82岁，一个人住。"
    assert transcript(said("三", "十", "0.2", "二", "十", "块")).display == "三十，20块。"


def test_who_falters_has_not_ended_a_sentence():
    assert transcript(said("我", "0.4", "住", "在", "河边")).display == "我，住在河边。"


def test_number_within_a_word_is_left_alone():
    assert transcript(said("三元里", "三", "号")).display == "三元里3号。"
    assert transcript(said("我", "住", "二", "十号楼")).display == "我住20号楼。"


def test_question_is_marked_and_what_only_looks_like_one_is_not():
    def mark(*words: str) -> str:
        return transcript(said(*words)).display[-1]

    assert [mark("有人", "在", "吗"), mark("什么", "时候", "来"), mark("你们", "管", "不", "管", "呢")] == ["？"] * 3
    assert [mark("什么", "都", "没有"), mark("不知道", "怎么", "办"), mark("没", "什么")] == ["。"] * 3


def test_party_who_is_interrupted_by_a_word_keeps_its_sentence():
    caller = said("我", "住", "在", "河边", "路", "口")
    agent = said("嗯", channel="agent", start=0.6)
    heard = transcript(in_time_order([*caller, *agent]))
    assert heard.display == "我住在河边路口。\n嗯。"
    assert [(segment.channel, segment.first, segment.last) for segment in heard.segments] == [
        ("caller", 0, 6),
        ("agent", 3, 3),
    ]


def test_an_answer_between_ends_the_segment():
    caller = said("我", "住", "0.25", "在", "河边")
    agent = said("嗯", channel="agent", start=0.55)
    heard = transcript(in_time_order([*caller, *agent]))
    assert [segment.text for segment in heard.segments] == ["我住。", "嗯。", "在河边。"]


def test_other_languages_are_displayed_as_words():
    words = said("no", "rice", "0.5", "at", "all")
    assert transcript(words, "en-US").display == "no rice at all"


def test_segment_has_the_mean_of_its_words():
    words = (*said("家里"), Word("没米", 0.3, 0.5, 0.5), Word("了", 5, 5.2, 0.1))
    assert [segment.confidence for segment in transcript(words).segments] == [0.7, 0.1]


def test_what_was_heard_before_a_correction_is_kept():
    word = Word("杏花苑", 0, 1, 0.6, heard="信花园")
    assert transcript((word,)).as_dict()["words"][0]["heard"] == "信花园"
    assert Transcript.from_json(transcript((word,)).to_json()).words == (word,)


def test_transcript_stored_before_there_were_doubts_is_read():
    stored = {
        "duration_s": 2.5,
        "text": "家里",
        "words": [{"word": "家里", "start": 0.3, "end": 0.6, "conf": 0.9, "channel": "caller"}],
        "confidence": 0.9,
        "model": "relief-demo-cn-0.1",
        "language": "zh-CN",
    }
    assert Transcript.from_dict(stored) == transcript(WORDS[:1])


seconds = st.floats(0, 1e5, allow_nan=False)
channels = st.sampled_from(["caller", "agent"])
numerals = st.text(st.sampled_from("零一两三九十百千万点半号岁块个人第 a"), max_size=4)
words = st.builds(
    Word, st.text() | numerals, seconds, seconds, st.floats(0, 1), channels, heard=st.none() | st.text(min_size=1)
)
languages = st.sampled_from(["zh-CN", "en-US", "und"])
transcripts = st.builds(
    Transcript, seconds, st.lists(words).map(tuple), st.text(), languages, st.none() | st.sampled_from(Doubt)
)


@given(transcripts)
def test_json_round_trip_is_exact(original):
    assert Transcript.from_json(original.to_json()) == original


@given(transcripts)
def test_display_leads_back_to_every_word(heard):
    pieces = [(piece, segment) for segment in heard.segments for piece in segment.pieces]
    told = sorted(
        number
        for piece, segment in pieces
        for number in range(piece.first, piece.last + 1)
        if heard.words[number].channel == segment.channel
    )
    assert told == list(range(len(heard.words)))
    assert "".join(heard.words[number].word for number in told) == "".join(word.word for word in heard.words)
    assert "".join(segment.text for segment in heard.segments) == "".join(piece.text for piece, _ in pieces)


spoken_words = st.lists(
    numerals.filter(bool) | st.sampled_from(["住在", "电话", "三元里", "十分", "元", "楼"]), min_size=1
)


@given(spoken_words)
def test_piece_of_one_word_without_a_number_is_that_word(spoken):
    heard = transcript(said(*(word for word in spoken if not word.isspace())))
    for segment in heard.segments:
        for piece in segment.pieces:
            if not any(sign in "0123456789" for sign in piece.text):
                said_so = "".join(heard.words[number].word for number in range(piece.first, piece.last + 1))
                assert piece.text.rstrip("，。？") == said_so
