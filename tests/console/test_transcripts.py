"""Transcripts cut into pieces to mark."""

import re
from collections.abc import Sequence

import factories
from hypothesis import given
from hypothesis import strategies as st

from hotline.console.transcripts import turns_of
from hotline.models import Fact, Origin, Transcript
from hotline.rules.facts import FactName
from hotline.services.facts import FactVersions
from speech.transcript import join_words

CHANNELS = st.sampled_from(["caller", "agent"])
WORDS = st.lists(st.tuples(st.text("家里没有米了ab", min_size=1, max_size=3), CHANNELS), max_size=12)
SPANS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.sampled_from(FactName)), max_size=6)


def transcript(words: Sequence[tuple[str, str]], language: str = "zh-CN", text: str | None = None) -> Transcript:
    heard = [
        {"word": word, "start": i / 2, "end": i / 2 + 0.4, "conf": 0.9 if i % 3 else 0.3, "channel": channel}
        for i, (word, channel) in enumerate(words)
    ]
    return Transcript(
        id=1, recording_id=1, version=1, origin=Origin.MACHINE, words=heard, language=language, made_at=factories.NOW,
        text=join_words([word for word, _ in words], language) if text is None else text,
    )  # fmt: skip


def fluent(said: str) -> Transcript:
    """Words that follow one another without a pause, surely heard."""
    words = [(word, "caller") for word in said.split()]
    made = transcript(words)
    for i, word in enumerate(made.words):
        word |= {"start": i / 5, "end": i / 5 + 0.2, "conf": 0.9}
    return made


def facts(spans: Sequence[tuple[int, int, FactName]], transcript_id: int = 1) -> dict[FactName, FactVersions]:
    known = {}
    for name in FactName:
        evidence = [{"text": "", "start": start, "end": end} for start, end, of in spans if of == name]
        fact = Fact(name=name, evidence=evidence, transcript_id=transcript_id, origin=Origin.MACHINE)
        known[name] = FactVersions(name, fact, (fact,))
    return known


@given(WORDS, SPANS, st.sampled_from(["zh-CN", "en"]))
def test_each_word_is_shown_once_and_knows_the_facts_that_rest_on_it(
    words: list[tuple[str, str]], spans: list[tuple[int, int, FactName]], language: str
) -> None:
    turns = turns_of(transcript(words, language), facts(spans))

    shown = {(turn.speaker, piece.start_s): piece for turn in turns for piece in turn.pieces}
    gap, at = 0 if language == "zh-CN" else 1, 0
    assert len(shown) == len(words)
    for i, (word, channel) in enumerate(words):
        piece = shown[channel if len({each for _, each in words}) > 1 else None, i / 2]
        assert re.sub(r"[，。？ ]", "", piece.text) == word
        assert set(piece.facts) == {name for start, stop, name in spans if start < at + len(word) and at < stop}
        at += len(word) + gap


def test_numbers_are_written_and_pauses_become_punctuation() -> None:
    [turn] = turns_of(fluent("我 住 二十 三 号 家里 没有 米 了"), facts([(2, 5, FactName.ADDRESS)]))

    assert "".join(piece.text for piece in turn.pieces) == "我住23号家里没有米了。"
    assert turn.pieces[2].text == "23"
    assert turn.pieces[2].facts == (FactName.ADDRESS,)
    assert turn.start_s == 0.0


@given(st.text("零一二三四五六七八九幺", min_size=11, max_size=11))
def test_a_hidden_number_stays_hidden_where_it_is_written_in_figures(number: str) -> None:
    said = fluent(f"电话 {' '.join(number)} 就是 这个")
    hidden = f"电话•••••••{number[-4:]}就是这个"

    shown = "".join(piece.text for turn in turns_of(said, facts([]), hidden) for piece in turn.pieces)

    digits = re.sub(r"[^•0-9零一二三四五六七八九幺]", "", shown)
    assert digits.startswith("•" * 7)
    assert "•" not in digits[7:]
    assert len(digits) == 11


def test_a_local_name_tells_what_was_heard() -> None:
    said = fluent("我 住 杏花苑")
    said.words[2]["heard"] = "信花园"

    [turn] = turns_of(said, facts([]))

    assert [piece.heard for piece in turn.pieces] == [None, None, "信花园"]


@given(st.text("家里没有米了", max_size=20), SPANS)
def test_text_that_a_person_wrote_is_cut_where_evidence_begins_and_ends(
    text: str, spans: list[tuple[int, int, FactName]]
) -> None:
    turns = turns_of(transcript([], text=text), facts(spans))

    at = 0
    for piece in (piece for turn in turns for piece in turn.pieces):
        assert piece.start_s is None
        end = at + len(piece.text)
        assert set(piece.facts) == {name for start, stop, name in spans if start < end and at < stop}
        at = end
    assert at == len(text)


def test_words_know_their_time_and_which_were_guessed() -> None:
    [turn] = turns_of(transcript([("家里", "caller"), ("没有", "caller"), ("米", "caller")]), facts([]))

    assert turn.speaker is None
    assert [(piece.text, piece.start_s, piece.is_unsure) for piece in turn.pieces] == [
        ("家里", 0.0, True), ("没有", 0.5, False), ("米。", 1.0, False),
    ]  # fmt: skip


def test_two_people_take_turns() -> None:
    turns = turns_of(transcript([("喂", "agent"), ("你好", "agent"), ("我", "caller"), ("好", "agent")]), facts([]))

    assert [(turn.speaker, "".join(piece.text for piece in turn.pieces)) for turn in turns] == [
        ("agent", "喂你好。"), ("caller", "我。"), ("agent", "好。"),
    ]  # fmt: skip


def test_evidence_of_another_version_marks_nothing() -> None:
    [turn] = turns_of(transcript([("家里", "caller")]), facts([(0, 2, FactName.NEEDS)], transcript_id=2))

    assert turn.pieces[0].facts == ()
