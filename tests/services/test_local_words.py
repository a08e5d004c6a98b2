"""Names that reviewers type: proposed where no list has them, decided by an administrator, known from then on."""

import factories
import pytest
from factories import LATER, NOW
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.models import Line, LocalWord, Place, WordKind, WordState
from hotline.rules.local_words import words_typed
from hotline.rules.roles import Role
from hotline.services import local_words, organisation, recordings
from hotline.services.access import NotAllowedError
from hotline.services.local_words import AlreadyDecidedError, NotAWordError


@pytest.fixture
def line(session: Session) -> Line:
    return factories.line(session)


@pytest.fixture
def word(session: Session) -> LocalWord:
    made = LocalWord(word="静溪北村", kind=WordKind.PLACE, state=WordState.PROPOSED, typed_at=NOW)
    session.add(made)
    session.flush()
    return made


def correct(session: Session, line: Line, heard: str, typed: str, *, is_secret: bool = False) -> None:
    order = factories.order(session, line)
    order.is_secret = is_secret
    made = factories.transcript(session, order.calls[0], heard)
    recordings.correct(session, made.recording, typed, factories.actor(session, line.unit, Role.CALL_TAKER), NOW)


@pytest.mark.parametrize(
    ("heard", "typed", "words"),
    [
        ("我住在静西被村九号", "我住在静溪北村九号", [("静溪北村", False)]),
        ("在荷花远小区门口", "在荷花苑小区门口", [("荷花苑", False)]),
        ("要买飞洛地平", "要买非洛地平", [("非洛地平", True)]),
        ("我住在荷花路没有米了", "我住在荷花路没有面了", []),
        ("没有米了", "没有面了", []),
        ("", "荷花路", [("荷花路", False)]),
        ("荷花路", "", []),
    ],
)
def test_names_that_were_typed_and_not_heard(heard: str, typed: str, words: list[tuple[str, bool]]) -> None:
    found = list(words_typed(heard, typed))
    assert [(word, is_drug) for word, is_drug in found if (word, is_drug) in words] == words
    assert bool(found) == bool(words)


def test_a_name_that_nobody_knows_is_proposed_and_counted(session: Session, line: Line) -> None:
    for _ in range(2):
        correct(session, line, "我住在静西被村", "我住在静溪北村")

    (proposed,) = local_words.proposed(session)
    assert (proposed.word, proposed.kind, proposed.times) == ("静溪北村", WordKind.PLACE, 2)


def test_what_a_list_has_is_not_proposed(session: Session, line: Line) -> None:
    session.add(Place(unit=line.unit, name="静溪北村"))
    line.unit.aliases = ["荷花小区"]
    session.flush()
    correct(session, line, "我住在静西被村河花小区吃飞洛地平", "我住在静溪北村，荷花小区，吃非洛地平")

    assert local_words.proposed(session) == []


def test_of_a_secret_order_nothing_is_kept(session: Session, line: Line) -> None:
    correct(session, line, "我住在静西被村", "我住在静溪北村", is_secret=True)

    assert session.scalars(select(LocalWord)).all() == []


def test_a_place_that_is_taken_in_stands_in_the_gazetteer(session: Session, line: Line, word: LocalWord) -> None:
    before = organisation.state_of_names(session)
    administrator = factories.actor(session, line.unit, Role.ADMINISTRATOR)

    local_words.accept_place(session, word, "静溪北新村", line.unit, administrator, LATER)

    place = organisation.gazetteer(session).find("我住在静溪北新村")
    assert place is not None
    assert place.unit == line.unit.code
    assert organisation.state_of_names(session) != before
    assert local_words.proposed(session) == []


def test_a_medicine_that_is_taken_in_is_among_the_names_to_hear(session: Session, line: Line, word: LocalWord) -> None:
    before = local_words.state_of_drugs(session)

    local_words.accept_drug(session, word, "卡谷氨酸", factories.actor(session, line.unit, Role.ADMINISTRATOR), LATER)

    assert local_words.drugs(session) == ["卡谷氨酸"]
    assert local_words.state_of_drugs(session) != before


def test_what_was_turned_down_is_not_asked_about_again(session: Session, line: Line) -> None:
    correct(session, line, "我住在静西被村", "我住在静溪北村")
    (proposed,) = local_words.proposed(session)
    local_words.reject(session, proposed, factories.actor(session, line.unit, Role.ADMINISTRATOR), LATER)

    correct(session, line, "我住在静西被村", "我住在静溪北村")

    assert local_words.proposed(session) == []


def test_decided_twice_the_second_is_told(session: Session, line: Line, word: LocalWord) -> None:
    administrator = factories.actor(session, line.unit, Role.ADMINISTRATOR)
    local_words.reject(session, word, administrator, LATER)

    with pytest.raises(AlreadyDecidedError):
        local_words.accept_place(session, word, "静溪北村", line.unit, administrator, LATER)


@pytest.mark.parametrize("name", ["村", "x" * 41, "North Village", "静 溪", "字" * 41, ""])
def test_a_name_that_cannot_be_heard_is_refused(session: Session, line: Line, word: LocalWord, name: str) -> None:
    with pytest.raises(NotAWordError):
        local_words.accept_drug(session, word, name, factories.actor(session, line.unit, Role.ADMINISTRATOR), LATER)


def test_only_administrators_decide(session: Session, line: Line, word: LocalWord) -> None:
    with pytest.raises(NotAllowedError):
        local_words.reject(session, word, factories.actor(session, line.unit, Role.SUPERVISOR), LATER)
