"""Transcripts cut into pieces to mark."""

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


def facts(spans: Sequence[tuple[int, int, FactName]], transcript_id: int = 1) -> dict[FactName, FactVersions]:
    known = {}
    for name in FactName:
        evidence = [{"text": "", "start": start, "end": end} for start, end, of in spans if of == name]
        fact = Fact(name=name, evidence=evidence, transcript_id=transcript_id, origin=Origin.MACHINE)
        known[name] = FactVersions(name, fact, (fact,))
    return known


@given(WORDS, SPANS, st.sampled_from(["zh-CN", "en"]))
def test_pieces_in_a_row_are_the_whole_text(
    words: list[tuple[str, str]], spans: list[tuple[int, int, FactName]], language: str
) -> None:
    said = transcript(words, language)

    turns = turns_of(said, facts(spans))

    assert "".join(piece.text for turn in turns for piece in turn.pieces) == said.text


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
        ("家里", 0.0, True), ("没有", 0.5, False), ("米", 1.0, False),
    ]  # fmt: skip


def test_two_people_take_turns() -> None:
    turns = turns_of(transcript([("喂", "agent"), ("你好", "agent"), ("我", "caller"), ("好", "agent")]), facts([]))

    assert [(turn.speaker, "".join(piece.text for piece in turn.pieces)) for turn in turns] == [
        ("agent", "喂你好"), ("caller", "我"), ("agent", "好"),
    ]  # fmt: skip


def test_evidence_of_another_version_marks_nothing() -> None:
    [turn] = turns_of(transcript([("家里", "caller")]), facts([(0, 2, FactName.NEEDS)], transcript_id=2))

    assert turn.pieces[0].facts == ()
