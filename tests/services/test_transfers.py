"""Orders of 12345 on a real database: taken in out of files of every kind, each once; results written back once."""

import csv
import re
import threading
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO

import factories
import openpyxl
import pytest
from factories import NOW, ZONE
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session
from test_at_once import at_once
from transfer_files import HEADING, cells, text_of, workbook

from hotline.db import Sessions
from hotline.models import (
    Channel,
    Level,
    Order,
    OutboxEntry,
    Outcome,
    Transfer,
    TransferFile,
    TransferPlatform,
    TransferResult,
    Unit,
    Work,
)
from hotline.rules.order_states import Move, OrderState
from hotline.rules.roles import Role
from hotline.rules.survey_states import Resolved, Satisfied
from hotline.rules.transfers import LARGEST_FILE_BYTES, MOST_ROWS, Column, TableTrouble, Trouble
from hotline.services import orders, transfers
from hotline.services.access import SYSTEM, Actor, NotAllowedError
from hotline.services.transfers import NothingToWriteError, UnusableSourceError, UnusableTableError, tables

NUMBER = "GZ202603020001"
PATIENCE_S = 10
# What the factories report, with the aid that was handed out.
DONE = "送去米面和菜\n发放救助：大米10千克"
# Workbooks know no zones.
RANG_AT = datetime(2026, 3, 2, 9, 12)  # noqa: DTZ001


class Desk:
    """A street with a community, and whoever brings files in there."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.city = factories.unit(session, "city", level=Level.CITY, name="广州市")
        self.street = factories.unit(session, "street", parent=self.city, name="京溪街道", aliases=["京溪街"])
        self.community = factories.unit(session, "east", parent=self.street, name="东社区", level=Level.COMMUNITY)
        self.other = factories.unit(session, "other", parent=self.city, name="同和街道")
        self.actor = factories.actor(session, self.street, Role.DISPATCHER)

    def bring_in(
        self,
        content: bytes | str,
        *,
        at: datetime = NOW,
        actor: Actor | None = None,
        source: str = "12345",
        unit: Unit | None = None,
    ) -> TransferFile:
        """Bring in a file; what became of its rows."""
        raw = content.encode() if isinstance(content, str) else content
        to, by = unit or self.street, actor or self.actor
        upload = transfers.begin(self.session, source, "转办.csv", raw, to, by, at)
        for batch in upload.batches:
            transfers.take_rows(self.session, upload.file_id, batch, at, ZONE)
        return self.session.get_one(TransferFile, upload.file_id)

    def transfers(self) -> Sequence[Transfer]:
        return self.session.scalars(select(Transfer).order_by(Transfer.id)).all()

    def order(self, number: str = NUMBER) -> Order:
        found = transfers.order_of(self.session, "12345", self.street, number)
        assert found is not None
        return found

    def bring(self, order: Order, *moves: Move, at: datetime = NOW) -> None:
        for move in moves:
            factories.step(self.session, order, move, at=at)

    def write_back(self, at: datetime = NOW) -> list[TransferResult]:
        file = transfers.write_back(self.session, "12345", self.street, self.actor, at)
        return list(transfers.results_in(self.session, file))


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session)


TO_CLOSED = (Move.TRIAGE, Move.DISPATCH, Move.ACCEPT, Move.CONTACT, Move.RESOLVE, Move.CLOSE)


def test_a_row_becomes_an_order_that_keeps_the_number_it_has_there(desk: Desk) -> None:
    file = desk.bring_in(text_of(cells()))

    (transfer,) = desk.transfers()
    order = transfer.order
    assert (file.taken, file.known, file.refused) == (1, [], [])
    assert (transfer.source, transfer.foreign_number, transfer.file) == ("12345", NUMBER, file)
    assert (transfer.category_words, transfer.urgency_words, transfer.contact_name) == ("民政/临时救助", "加急", "张三")
    assert transfer.rang_at == datetime(2026, 3, 2, 1, 12, 30, tzinfo=UTC)
    assert transfer.due_at == datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
    assert (order.channel, order.state, order.intake_unit) == (Channel.TRANSFER, OrderState.RECEIVED, desk.street)
    assert order.number_to_ring == "+862088887777"
    assert order.statements[0].text == "家里没有米了，老人两天没吃饭\n地址：静溪新村9号401\n联系人：张三"
    assert desk.session.scalar(select(OutboxEntry.work)) == Work.UNDERSTAND_STATEMENT


@pytest.mark.parametrize(
    "said",
    [
        "2026-03-02 09:12",
        "2026/3/2 9:12",
        "2026年3月2日9时12分",
        "2026年03月02日 09：12",
        "20260302091200",
        "2026-03-02T09:12:00",
        "2026-03-02T01:12:00Z",
    ],
)
def test_a_time_is_understood_however_it_is_written(desk: Desk, said: str) -> None:
    desk.bring_in(text_of(cells(来电时间=said)))

    assert [transfer.rang_at for transfer in desk.transfers()] == [datetime(2026, 3, 2, 1, 12, tzinfo=UTC)]


def test_its_clocks_start_when_it_was_passed_on(desk: Desk) -> None:
    desk.bring_in(text_of(cells()), at=NOW + timedelta(hours=3))

    order = desk.order()
    assert order.received_at == order.clocks_started_at == NOW + timedelta(hours=3)


@pytest.mark.parametrize(
    "content",
    [
        text_of(cells()).encode(),
        text_of(cells()).encode("utf-8-sig"),
        text_of(cells()).encode("gb18030"),
        text_of(cells()).encode("utf-16"),
        text_of(cells()).replace("\r\n", "\n").encode(),
        "\n".join("\t".join(row) for row in (HEADING, cells())).encode("gb18030"),
        workbook(cells()),
        workbook(cells(), above=[["广州市12345工单导出"], [], ["导出时间", RANG_AT]]),
    ],
    ids=["utf-8", "bom", "gb18030", "utf-16", "newlines", "tabs", "workbook", "title above"],
)
def test_a_file_is_read_however_the_platform_wrote_it(desk: Desk, content: bytes) -> None:
    assert desk.bring_in(content).taken == 1
    assert desk.order().statements[0].text.startswith("家里没有米了，老人两天没吃饭")


def test_columns_may_stand_anywhere_under_other_names_beside_others(desk: Desk) -> None:
    heading = ("序号", "*诉求内容：", "备注", "受理编号", "手机号码")

    file = desk.bring_in(text_of(["1", "要一床被子", "x", "A-7", "138 0013 8000"], heading=heading))

    assert file.taken == 1
    assert desk.order("A-7").number_to_ring == "+8613800138000"


def test_a_workbook_may_hold_dates_and_numbers_instead_of_words(desk: Desk) -> None:
    row = [20260302001, RANG_AT, 13800138000, None, None, "要一床被子"]

    assert desk.bring_in(workbook(row, heading=HEADING[:6])).taken == 1

    (transfer,) = desk.transfers()
    assert transfer.foreign_number == "20260302001"
    assert transfer.rang_at == datetime(2026, 3, 2, 1, 12, tzinfo=UTC)
    assert transfer.order.number_to_ring == "+8613800138000"


def test_a_number_whose_last_digits_a_workbook_lost_is_refused(desk: Desk) -> None:
    file = desk.bring_in(workbook([202603020000012345, "要一床被子"], heading=("工单编号", "诉求内容")))

    assert [(row["column"], row["trouble"]) for row in file.refused] == [("number", Trouble.DIGITS_LOST)]
    assert not desk.transfers()


def test_the_same_order_is_taken_once_however_often_it_comes(desk: Desk) -> None:
    desk.bring_in(text_of(cells(), cells("B2")))

    again = desk.bring_in(text_of(cells(text="又来了"), cells("C3"), cells("C3")))

    number, third = desk.order().number, desk.order("C3").number
    assert again.taken == 1
    assert again.known == [
        {"row": 2, "number": NUMBER, "order": number},
        {"row": 4, "number": "C3", "order": third},
    ]
    assert len(desk.transfers()) == 3
    assert len(desk.order().statements) == 1


def test_two_platforms_may_use_the_same_number(desk: Desk) -> None:
    desk.bring_in(text_of(cells()))
    units = transfers.Units(desk.session, desk.street, [])
    passed = transfers.read({Column.NUMBER: NUMBER, Column.TEXT: "要一床被子"}, units, NOW, ZONE)

    assert transfers.take(desk.session, "民政部", desk.street, passed, NOW, ZONE).is_new
    assert not transfers.take(desk.session, "12345", desk.street, passed, NOW, ZONE).is_new


@pytest.mark.parametrize("spelled", ["12345", " １２３４５ ", "12 345"])
def test_a_platform_is_one_however_it_is_spelled(desk: Desk, spelled: str) -> None:
    desk.bring_in(text_of(cells()))

    again = desk.bring_in(text_of(cells()), source=spelled)

    assert (again.source, again.taken, len(again.known)) == ("12345", 0, 1)


def test_a_new_platform_keeps_the_spelling_in_which_it_was_named_first(desk: Desk) -> None:
    desk.bring_in(text_of(cells()), source="  民政 Ｈｏｔｌｉｎｅ")

    again = desk.bring_in(text_of(cells()), source="民政hotline")

    assert (again.source, again.taken) == ("民政 Hotline", 0)
    assert transfers.choices(desk.session, desk.actor) == ["12345", "民政 Hotline"]


def test_what_was_kept_under_an_odd_name_is_known_under_either(desk: Desk) -> None:
    desk.bring_in(text_of(cells()))
    first = desk.order()
    for row in (*desk.transfers(), *desk.session.scalars(select(TransferFile))):
        row.source = "１２３４５"

    again = [desk.bring_in(text_of(cells()), source=said) for said in ("12345", "１２３４５")]

    assert [(file.source, file.taken) for file in again] == [("12345", 0), ("１２３４５", 0)]
    desk.bring(first, *TO_CLOSED)
    assert transfers.ending_of(desk.session, first, "12345").done is not None
    source = transfers.known_as(desk.session, "１２３４５")
    file = transfers.write_back(desk.session, source, desk.street, desk.actor, NOW)
    assert len(transfers.results_in(desk.session, file)) == 1


def platform_named(desk: Desk, name: str) -> TransferPlatform:
    """A platform of before there were rules for names."""
    platform = TransferPlatform(name=name, unit=desk.street, token_sha256=name, made_at=NOW)
    desk.session.add(platform)
    desk.session.flush()
    return platform


@pytest.mark.parametrize("said", ["１２３４５", "12345"])
def test_a_new_token_takes_the_place_of_one_under_an_odd_name(desk: Desk, said: str) -> None:
    odd = platform_named(desk, "１２３４５")

    token = transfers.set_platform(desk.session, said, desk.street, SYSTEM, NOW)

    assert transfers.platforms(desk.session) == [odd]
    assert transfers.platform_by_token(desk.session, token) is odd


def test_of_platforms_whose_names_look_alike_the_one_that_is_written_just_so_is_meant(desk: Desk) -> None:
    spaced, plain = platform_named(desk, "民政 平台"), platform_named(desk, "民政平台")
    invisible = platform_named(desk, "民政\u200b")

    found = [transfers.platform_by_name(desk.session, each.name) for each in (spaced, plain, invisible)]

    assert found == [spaced, plain, invisible]
    assert transfers.platform_by_name(desk.session, "民　政平台") is spaced


@pytest.mark.parametrize("said", ["", "　", "x" * 41, "a\x00b"])
def test_what_names_no_platform_is_refused(desk: Desk, said: str) -> None:
    with pytest.raises(UnusableSourceError):
        desk.bring_in(text_of(cells()), source=said)


def test_two_streets_may_have_platforms_of_one_name(desk: Desk) -> None:
    desk.bring_in(text_of(cells()))

    of_other = desk.bring_in(text_of(cells()), unit=desk.other, actor=SYSTEM)

    assert (of_other.taken, of_other.known) == (1, [])
    first, second = desk.transfers()
    assert (first.unit, second.unit) == (desk.street, desk.other)
    assert transfers.order_of(desk.session, "12345", desk.other, NUMBER) is second.order


def test_what_a_platform_passed_on_by_machine_is_none_of_the_numbers_in_a_file_of_another_street(desk: Desk) -> None:
    passed = transfers.read(
        {Column.NUMBER: NUMBER, Column.TEXT: "要一床被子"}, transfers.Units(desk.session, desk.street, []), NOW, ZONE
    )
    transfers.take(desk.session, "12345", desk.street, passed, NOW, ZONE)

    assert desk.bring_in(text_of(cells()), unit=desk.other, actor=SYSTEM).taken == 1


@pytest.mark.parametrize("which", ["city", "community"])
def test_what_a_platform_passed_on_is_known_above_and_below(desk: Desk, which: str) -> None:
    desk.bring_in(text_of(cells()))

    again = desk.bring_in(text_of(cells()), unit=getattr(desk, which), actor=SYSTEM)

    assert (again.taken, len(again.known)) == (0, 1)


def test_an_order_that_two_units_know_under_one_number_is_the_own_one(desk: Desk) -> None:
    for unit in (desk.street, desk.other):
        desk.bring_in(text_of(cells()), unit=unit, actor=SYSTEM)

    assert desk.bring_in(text_of(cells()), unit=desk.city, actor=SYSTEM).taken == 0
    assert desk.order() is desk.transfers()[0].order


def test_names_of_platforms_are_offered_to_those_above_and_below(desk: Desk) -> None:
    desk.bring_in(text_of(cells()), source="街道平台")

    offered = {
        unit.name: transfers.choices(desk.session, factories.actor(desk.session, unit, Role.DISPATCHER))
        for unit in (desk.city, desk.community, desk.other)
    }

    assert offered == {"广州市": ["12345", "街道平台"], "东社区": ["12345", "街道平台"], "同和街道": ["12345"]}


def test_two_files_brought_in_at_once_make_each_order_once(own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        desk = Desk(session)
        street, actor = desk.street, desk.actor
    content = text_of(*(cells(f"A{number}") for number in range(5))).encode()

    def bring_in() -> int:
        with own_sessions.begin() as session:
            upload = transfers.begin(session, "12345", "a.csv", content, session.merge(street), actor, NOW)
            (batch,) = upload.batches
        with own_sessions.begin() as session:
            return transfers.take_rows(session, upload.file_id, batch, NOW, ZONE).taken

    assert sorted(at_once(bring_in, bring_in, bring_in)) == [0, 0, 5]  # type: ignore[type-var]
    with own_sessions() as session:
        assert len(session.scalars(select(Order)).all()) == len(session.scalars(select(Transfer)).all()) == 5


def test_a_number_that_a_city_and_its_street_bring_in_at_once_makes_one_order(own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        desk = Desk(session)
        actor = factories.actor(session, desk.city, Role.DISPATCHER)
    rows = [cells(f"A{number}") for number in range(5)]

    def bring_in(unit: Unit, rows: Sequence[list[str]]) -> int:
        with own_sessions.begin() as session:
            own, content = session.merge(unit), text_of(*rows).encode()
            upload = transfers.begin(session, "12345", "a.csv", content, own, actor, NOW)
            (batch,) = upload.batches
        with own_sessions.begin() as session:
            return transfers.take_rows(session, upload.file_id, batch, NOW, ZONE).taken

    taken = at_once(lambda: bring_in(desk.city, rows), lambda: bring_in(desk.street, rows[::-1]))
    assert sorted(taken) == [0, 5]  # type: ignore[type-var]
    with own_sessions() as session:
        assert len(session.scalars(select(Order)).all()) == len(session.scalars(select(Transfer)).all()) == 5


def test_what_comes_by_machine_while_a_file_brings_it_in_waits_for_the_file(own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        desk = Desk(session)
        upload = transfers.begin(session, "12345", "a.csv", text_of(cells()).encode(), desk.city, SYSTEM, NOW)
    are_new = []

    def pass_on() -> None:
        with own_sessions.begin() as session:
            street = session.merge(desk.street)
            told = {Column.NUMBER: NUMBER, Column.TEXT: "没有米"}
            passed = transfers.read(told, transfers.Units(session, street, []), NOW, ZONE)
            are_new.append(transfers.take(session, "12345", street, passed, NOW, ZONE).is_new)

    machine = threading.Thread(target=pass_on)
    with own_sessions.begin() as session:
        (batch,) = upload.batches
        assert transfers.take_rows(session, upload.file_id, batch, NOW, ZONE).taken == 1
        machine.start()
        machine.join(0.5)
        assert machine.is_alive(), "the machine must wait for the file"
    machine.join(PATIENCE_S)

    assert are_new == [False]


BROKEN = {
    "no number": (cells(""), "number", Trouble.EMPTY, ""),
    "no request": (cells(text=" "), "text", Trouble.EMPTY, ""),
    "endless number": (cells("9" * 65), "number", Trouble.TOO_LONG, ""),
    "endless request": (cells(text="米" * 4001), "text", Trouble.TOO_LONG, ""),
    "no time": (cells(来电时间="昨天"), "rang_at", Trouble.NO_TIME, "昨天"),
    "no day": (cells(来电时间="2026-02-30 10:00"), "rang_at", Trouble.NO_TIME, "2026-02-30 10:00"),
    "tomorrow": (cells(来电时间="2026-03-03 10:00"), "rang_at", Trouble.AHEAD, "2026-03-03 10:00"),
    "no limit": (cells(办理时限="三日内"), "due_at", Trouble.NO_TIME, "三日内"),
    "unknown unit": (cells(承办单位="火星街道"), "unit", Trouble.UNKNOWN_UNIT, "火星街道"),
    "another's unit": (cells(承办单位="同和街道"), "unit", Trouble.OUTSIDE, "同和街道"),
    "control character": (cells(text="米\x07"), "text", Trouble.UNREADABLE, ""),
    "nothing to be seen": (cells(text="\u200d \ufeff\u2028"), "text", Trouble.EMPTY, ""),
    "invisible in a number": (cells("GZ\u200b1"), "number", Trouble.UNREADABLE, ""),
    "joiner in a number": (cells("GZ\u200d1"), "number", Trouble.UNREADABLE, ""),
    "invisible in a unit": (cells(承办单位="京溪\ufeff街道"), "unit", Trouble.UNREADABLE, ""),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_row_is_named_with_what_is_wrong_and_the_others_are_kept(desk: Desk, case: str) -> None:
    row, column, trouble, said = BROKEN[case]

    file = desk.bring_in(text_of(cells("A1"), row, cells("A2")))

    assert file.taken == 2
    assert [(wrong["row"], wrong["column"], wrong["trouble"], wrong["said"]) for wrong in file.refused] == [
        (3, column, trouble, said)
    ]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("一家👨\u200d👩\u200d👧没米", "一家👨\u200d👩\u200d👧没米"),
        ("没米\u2003没菜\u2009没油\u3000没盐\xa0没柴", "没米 没菜 没油 没盐 没柴"),
        ("\ufeff没\u200b米\u00ad了\u202e", "没米了"),
        ("没米\u2028没菜\u2029没油\n没盐", "没米\n没菜\n没油\n没盐"),
    ],
)
def test_what_telephones_and_word_processors_put_among_words_refuses_no_order(
    desk: Desk, written: str, kept: str
) -> None:
    file = desk.bring_in(text_of(cells(text=written)))

    assert (file.taken, file.refused) == (1, [])
    assert desk.order().statements[0].text.startswith(f"{kept}\n地址：")


def test_a_number_and_a_time_copied_with_what_is_not_seen_are_understood(desk: Desk) -> None:
    desk.bring_in(text_of(cells(联系电话="\u202a13800138001\u202c", 来电时间="\ufeff2026-03-02\u200309:12")))

    (transfer,) = desk.transfers()
    assert transfer.order.number_to_ring == "+8613800138001"
    assert transfer.rang_at == datetime(2026, 3, 2, 1, 12, tzinfo=UTC)


def test_a_file_that_is_cut_off_says_from_which_row_on_nothing_was_read(desk: Desk) -> None:
    content = text_of(*(cells(f"A{number}") for number in range(45))).encode()
    upload = transfers.begin(desk.session, "12345", "a.csv", content, desk.street, desk.actor, NOW)
    file = desk.session.get_one(TransferFile, upload.file_id)
    told = [file.refused]
    told += [transfers.take_rows(desk.session, file.id, batch, NOW, ZONE).refused for batch in upload.batches]

    assert [[(each["row"], each["trouble"]) for each in refused] for refused in told] == [
        [(2, Trouble.NOT_REACHED)],
        [(22, Trouble.NOT_REACHED)],
        [(42, Trouble.NOT_REACHED)],
        [],
    ]


def test_everything_that_is_wrong_with_a_row_is_named_at_once(desk: Desk) -> None:
    file = desk.bring_in(text_of(cells("", 来电时间="昨天", 承办单位="火星街道", 办理时限="9" * 41)))

    told = [(wrong["column"], wrong["trouble"]) for wrong in file.refused]
    assert told == [
        ("number", Trouble.EMPTY),
        ("due_at", Trouble.TOO_LONG),
        ("rang_at", Trouble.NO_TIME),
        ("unit", Trouble.UNKNOWN_UNIT),
    ]


def test_what_a_refused_row_says_of_people_is_kept_nowhere(desk: Desk) -> None:
    file = desk.bring_in(text_of(cells("", 联系人="张三" * 40, 联系电话="1" * 70)))

    assert {(wrong["column"], wrong["said"]) for wrong in file.refused} == {
        ("number", ""),
        ("name", ""),
        ("phone", ""),
    }


def test_a_quotation_mark_that_is_missing_breaks_its_own_row_only(desk: Desk) -> None:
    good, bad = text_of(cells("A1")).splitlines()[1], 'A2,2026-03-02 09:12,,,,"没有米,,,,,'
    several = text_of(cells("A3", text='他说"没米"\n还没有菜')).partition("\r\n")[2]

    file = desk.bring_in("\n".join([",".join(HEADING), good, bad, several, text_of(cells("A4")).splitlines()[1]]))

    assert file.taken == 3
    assert [(wrong["row"], wrong["trouble"]) for wrong in file.refused] == [(3, Trouble.BROKEN_ROW)]
    assert desk.order("A3").statements[0].text.startswith('他说"没米"\n还没有菜')


def test_bytes_that_are_no_character_break_their_own_row_only(desk: Desk) -> None:
    lines = text_of(cells("A1"), cells("A2", text="没有米"), cells("A3")).encode().split(b"\r\n")
    lines[2] = lines[2].replace("没有米".encode(), "没有米".encode()[:-1])

    file = desk.bring_in(b"\r\n".join(lines))

    assert file.taken == 2
    assert [(wrong["row"], wrong["column"]) for wrong in file.refused] == [(3, "text")]


def test_a_row_with_more_cells_than_the_heading_is_broken(desk: Desk) -> None:
    file = desk.bring_in(text_of([*cells("A1"), "", ""], [*cells("A2"), "多出来的"]))

    assert (file.taken, [wrong["row"] for wrong in file.refused]) == (1, [3])


@pytest.mark.parametrize(("said", "unit"), [("东社区", "east"), ("east", "east"), ("京溪街", "street"), ("", "street")])
def test_the_order_comes_in_at_the_unit_that_is_named(desk: Desk, said: str, unit: str) -> None:
    desk.bring_in(text_of(cells(承办单位=said)))

    assert desk.order().intake_unit.code == unit


def test_a_name_that_several_units_have_is_no_unit(desk: Desk) -> None:
    factories.unit(desk.session, "east-2", parent=desk.street, name="东社区")

    file = desk.bring_in(text_of(cells(承办单位="东社区")))

    assert [wrong["trouble"] for wrong in file.refused] == [Trouble.SEVERAL_UNITS]


@pytest.mark.parametrize(
    ("phone", "caller", "rung"),
    [
        ("13800138000", "", "+8613800138000"),
        ("", "020-88887777", "+862088887777"),
        ("匿名", "13800138000", "+8613800138000"),
        ("88887777/13800138000", "", "+8613800138000"),
    ],
)
def test_the_number_to_ring_is_the_first_that_can_ring(desk: Desk, phone: str, caller: str, rung: str) -> None:
    desk.bring_in(text_of(cells(联系电话=phone, 来电号码=caller)))

    assert desk.order().number_to_ring == rung


def test_a_number_that_cannot_ring_is_kept_as_it_was_written(desk: Desk) -> None:
    desk.bring_in(text_of(cells(联系电话="88887777（家）", 来电号码="保密")))

    assert desk.order().number_to_ring is None
    assert desk.order().statements[0].text.endswith("联系电话：88887777（家）\n来电号码：保密")


def bomb() -> bytes:
    out = BytesIO(workbook(cells()))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/more", b"0" * 70_000_000)
    return out.getvalue()


def entities() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(workbook(cells()))) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if name == "xl/workbook.xml":
                content = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>' + content
            after.writestr(name, content)
    return out.getvalue()


UNUSABLE = {
    "nothing": (b"", TableTrouble.EMPTY),
    "too large": (b"x" * (LARGEST_FILE_BYTES + 1), TableTrouble.TOO_LARGE),
    "old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", TableTrouble.OLD_FORMAT),
    "half a workbook": (workbook(cells())[:1000], TableTrouble.NO_TABLE),
    "an archive of something else": (b"PK\x03\x04" + b"0" * 100, TableTrouble.NO_TABLE),
    "a bomb": (bomb(), TableTrouble.TOO_LARGE_UNPACKED),
    "entities": (entities(), TableTrouble.NO_TABLE),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", TableTrouble.NO_TABLE),
    "a letter": ("您好，转来三件工单。".encode(), TableTrouble.NO_HEADING),
    "no request column": (text_of(["1"], heading=("工单编号",)).encode(), TableTrouble.NO_HEADING),
    "heading too late": (("\n" + "说明,\n" * 10 + "工单编号,诉求内容\n1,米").encode(), TableTrouble.NO_HEADING),
    "one column twice": (
        text_of(["1", "2", "米"], heading=("工单编号", "受理编号", "诉求内容")).encode(),
        TableTrouble.COLUMN_TWICE,
    ),
    "only a heading": (text_of().encode(), TableTrouble.NO_ROW),
    "too many rows": (("工单编号,诉求内容\n" + "1,米\n" * (MOST_ROWS + 1)).encode(), TableTrouble.TOO_MANY_ROWS),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_file_of_which_nothing_can_be_used_says_why(case: str) -> None:
    content, why = UNUSABLE[case]

    with pytest.raises(UnusableTableError) as refused:
        tables.rows_of(content)

    assert refused.value.trouble == why
    assert str(refused.value)


def far_below(number: int) -> bytes:
    """A workbook whose last row says that it is that one, far below the others."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(workbook(cells(), cells("B2")))) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = content.replace(b'<row r="3"', f'<row r="{number}"'.encode())
                content = re.sub(rb'r="([A-Z])3"', rf'r="\g<1>{number}"'.encode(), content)
            after.writestr(name, content)
    return out.getvalue()


def test_rows_that_a_workbook_leaves_out_are_counted_and_no_more_than_that() -> None:
    assert [row.number for row in tables.rows_of(far_below(tables.MOST_LINES))] == [2, tables.MOST_LINES]
    # As many as there are would take hours.
    for number in (tables.MOST_LINES + 1, 10**9):
        with pytest.raises(UnusableTableError) as refused:
            tables.rows_of(far_below(number))
        assert refused.value.trouble == TableTrouble.TOO_MANY_ROWS


@given(st.binary(max_size=400), st.booleans())
def test_whatever_is_brought_in_is_read_or_refused_in_words(noise: bytes, has_heading: bool) -> None:
    heading = "工单编号,诉求内容\n".encode() if has_heading else b""
    is_refused = False
    try:
        rows = tables.rows_of(heading + noise)
    except UnusableTableError:
        rows, is_refused = [], True

    assert is_refused or rows
    assert all(row.number > 1 for row in rows)


@pytest.mark.parametrize("role", [Role.CALL_TAKER, Role.HANDLER])
def test_whoever_neither_dispatches_nor_supervises_brings_in_no_file(desk: Desk, role: Role) -> None:
    with pytest.raises(NotAllowedError):
        desk.bring_in(text_of(cells()), actor=factories.actor(desk.session, desk.street, role))


def test_nobody_brings_in_a_file_for_a_unit_of_others(desk: Desk) -> None:
    with pytest.raises(NotAllowedError):
        desk.bring_in(text_of(cells()), actor=factories.actor(desk.session, desk.other, Role.DISPATCHER))


def test_the_result_of_a_closed_order_is_written_back_once(desk: Desk) -> None:
    desk.bring_in(text_of(cells(), cells("B2")))
    desk.bring(desk.order(), *TO_CLOSED)
    survey = desk.order().survey_rounds[0]
    survey.resolved, survey.satisfied = Resolved.YES, Satisfied.SATISFIED

    (result,) = desk.write_back()

    assert transfers.waiting(desk.session, desk.actor, NOW) == {}
    assert result.transfer.foreign_number == NUMBER
    assert (result.state, result.outcome, result.done) == (OrderState.CLOSED, Outcome.SOLVED, DONE)
    assert (result.resolved, result.satisfied) == (Resolved.YES, Satisfied.SATISFIED)
    with pytest.raises(NothingToWriteError):
        desk.write_back()


def test_what_was_answered_at_once_or_is_invalid_is_written_back_with_its_reason(desk: Desk) -> None:
    desk.bring_in(text_of(cells(), cells("B2")))
    desk.bring(desk.order(), Move.TRIAGE, Move.ANSWER)
    desk.bring(desk.order("B2"), Move.INVALIDATE)

    told = [(result.state, result.done) for result in desk.write_back()]

    assert told == [(OrderState.ANSWERED, "理由"), (OrderState.INVALID, "理由")]
    desk.bring(desk.order(), Move.CLOSE)
    assert transfers.waiting(desk.session, desk.actor, NOW) == {}


@pytest.mark.parametrize(
    ("after", "state"), [((), "直接答复"), ((Move.CLOSE,), "办结")], ids=["answered", "closed since"]
)
def test_of_what_was_answered_at_once_the_answer_and_its_time_are_told(
    desk: Desk, after: tuple[Move, ...], state: str
) -> None:
    desk.bring_in(text_of(cells()))
    order = desk.order()
    desk.bring(order, Move.TRIAGE)
    orders.move(desk.session, order, Move.ANSWER, SYSTEM, NOW, "已告知供水恢复时间")
    for move in after:
        orders.move(desk.session, order, move, SYSTEM, NOW + timedelta(hours=3), "来电人无异议")

    (row, *_) = written(desk)[0][1:]

    answered_at = "2026-03-02 10:00:00"
    assert row[2:7] == [state, "直接答复", "已告知供水恢复时间", answered_at, answered_at]


def test_an_invalid_order_has_neither_outcome_nor_time(desk: Desk) -> None:
    desk.bring_in(text_of(cells()))
    desk.bring(desk.order(), Move.INVALIDATE)

    (row, *_) = written(desk)[0][1:]

    assert row[2:7] == ["无效", "", "理由", "", ""]


def test_an_order_that_is_done_again_is_written_back_again(desk: Desk) -> None:
    desk.bring_in(text_of(cells()))
    desk.bring(desk.order(), *TO_CLOSED)
    desk.write_back()

    desk.bring(desk.order(), Move.REOPEN)
    assert transfers.waiting(desk.session, desk.actor, NOW) == {}
    desk.bring(desk.order(), Move.REWORK, Move.CONTACT, Move.RESOLVE, Move.CLOSE)

    assert transfers.waiting(desk.session, desk.actor, NOW) == {"12345": 1}
    assert [result.resolution for result in desk.write_back()] == [2]


def test_an_order_that_went_into_another_ends_as_that_one_does(desk: Desk) -> None:
    desk.bring_in(text_of(cells(), cells("B2"), cells("C3")))
    first, second, third = desk.order(), desk.order("B2"), desk.order("C3")
    orders.merge(desk.session, second, first, SYSTEM, NOW, "同一件事")
    orders.merge(desk.session, first, third, SYSTEM, NOW, "同一件事")
    assert transfers.waiting(desk.session, desk.actor, NOW) == {}

    desk.bring(third, *TO_CLOSED)

    assert [result.done for result in desk.write_back()] == [DONE] * 3
    assert transfers.waiting(desk.session, desk.actor, NOW) == {}


def told_of(desk: Desk) -> list[tuple[object, ...]]:
    """What the last files tell: state, outcome, what was done and when, and what the caller said."""
    results = desk.session.scalars(select(TransferResult).order_by(TransferResult.id)).all()
    rows = csv.DictReader(StringIO(transfers.as_csv(results, ZONE).decode("utf-8-sig"), newline=""))
    names = ("办理状态", "办理结果", "办理情况", "办结时间", "回访是否解决")
    return [tuple(row[name] for name in names) for row in rows]


WITHHELD = ("办结", "已解决", "", "2026-03-02 10:00:00", "")


def test_of_a_secret_order_no_words_are_written_back(desk: Desk) -> None:
    desk.bring_in(text_of(cells()))
    desk.bring(desk.order(), *TO_CLOSED)
    desk.order().survey_rounds[0].resolved = Resolved.YES
    desk.order().is_secret = True

    (result,) = desk.write_back()

    assert (result.state, result.outcome, result.done, result.resolved) == (
        OrderState.CLOSED,
        Outcome.SOLVED,
        None,
        None,
    )
    assert told_of(desk) == [WITHHELD]


def test_files_written_before_an_order_became_secret_tell_its_words_no_more(desk: Desk) -> None:
    desk.bring_in(text_of(cells()))
    desk.bring(desk.order(), *TO_CLOSED)
    desk.order().survey_rounds[0].resolved = Resolved.YES
    desk.write_back()
    assert told_of(desk) == [("办结", "已解决", DONE, "2026-03-02 10:00:00", "已解决")]

    desk.order().is_secret = True
    desk.session.flush()

    assert told_of(desk) == [WITHHELD]
    ending = transfers.ending_of(desk.session, desk.order(), "12345")
    assert (ending.outcome, ending.done, ending.resolved) == (Outcome.SOLVED, None, None)


@pytest.mark.parametrize("is_secret", [True, False])
def test_nobody_is_told_what_was_done_in_the_matter_of_somebody_else(desk: Desk, is_secret: bool) -> None:
    desk.bring_in(text_of(cells(), cells("B2")))
    into = desk.order("B2") if is_secret else factories.order(desk.session, factories.line(desk.session, desk.street))
    orders.merge(desk.session, desk.order(), into, SYSTEM, NOW, "同一件事")
    desk.bring(into, *TO_CLOSED)
    # Lifted of the one, it still counts for the other.
    into.is_secret = is_secret

    assert [result.done for result in desk.write_back()] == [None] * (2 if is_secret else 1)
    ending = transfers.ending_of(desk.session, desk.order(), "12345")
    assert (ending.state, ending.done) == (OrderState.CLOSED, None)


def test_an_order_taken_out_of_another_again_is_told_of_by_its_own_ending(desk: Desk) -> None:
    desk.bring_in(text_of(cells(), cells("B2")))
    first, into = desk.order(), desk.order("B2")
    orders.merge(desk.session, first, into, SYSTEM, NOW, "同一件事")
    desk.bring(into, *TO_CLOSED)
    assert [result.order for result in desk.write_back()] == [into, into]

    orders.unmerge(desk.session, first, SYSTEM, NOW)
    desk.bring(first, *TO_CLOSED)

    assert first.resolutions == into.resolutions
    assert [result.order for result in desk.write_back()] == [first]
    assert transfers.waiting(desk.session, desk.actor, NOW) == {}


def test_results_of_others_are_not_seen(desk: Desk) -> None:
    desk.bring_in(text_of(cells()))
    desk.bring(desk.order(), *TO_CLOSED)
    stranger = factories.actor(desk.session, desk.other, Role.SUPERVISOR)
    above = factories.actor(desk.session, desk.city, Role.SUPERVISOR)

    assert transfers.waiting(desk.session, stranger, NOW) == {}
    assert transfers.waiting(desk.session, above, NOW) == {"12345": 1}
    file = transfers.write_back(desk.session, "12345", desk.street, desk.actor, NOW)
    assert transfers.file_by_id(desk.session, stranger, file.id) is None
    assert transfers.file_by_id(desk.session, above, file.id) is file


def test_results_of_a_time_are_the_same_whenever_they_are_asked_for(desk: Desk) -> None:
    desk.bring_in(text_of(cells(), cells("B2")))
    desk.bring(desk.order(), *TO_CLOSED)
    first = desk.write_back(NOW)
    desk.bring(desk.order("B2"), *TO_CLOSED)
    desk.write_back(NOW + timedelta(days=1))
    desk.bring(desk.order(), Move.REOPEN)

    asked = transfers.results_between(desk.session, desk.actor, NOW, NOW + timedelta(days=1))

    assert list(asked) == first


def test_two_who_write_back_at_once_do_so_once(own_sessions: Sessions) -> None:
    with own_sessions.begin() as session:
        desk = Desk(session)
        desk.bring_in(text_of(cells()))
        desk.bring(desk.order(), *TO_CLOSED)
        street, actor = desk.street, desk.actor

    def write() -> bool:
        try:
            with own_sessions.begin() as session:
                transfers.write_back(session, "12345", session.merge(street), actor, NOW)
        except NothingToWriteError:
            return False
        return True

    assert sorted(at_once(write, write)) == [False, True]  # type: ignore[type-var]


def written(desk: Desk) -> tuple[list[list[str]], list[list[str]]]:
    """The results as the CSV file and the workbook tell them."""
    results = desk.write_back()
    rows = list(csv.reader(StringIO(transfers.as_csv(results, ZONE).decode("utf-8-sig"), newline="")))
    sheet = openpyxl.load_workbook(BytesIO(transfers.as_workbook(results, ZONE))).active
    return rows, [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]


def test_both_kinds_of_file_tell_the_result_under_the_platforms_number(desk: Desk) -> None:
    desk.bring_in(text_of(cells()))
    desk.bring(desk.order(), *TO_CLOSED)

    rows, sheet = written(desk)

    assert rows == sheet
    assert dict(zip(*rows, strict=True)) == {
        "工单编号": NUMBER,
        "本单编号": desk.order().number,
        "办理状态": "办结",
        "办理结果": "已解决",
        "办理情况": DONE,
        "联系时间": "2026-03-02 10:00:00",
        "办结时间": "2026-03-02 10:00:00",
        "回访是否解决": "",
        "回访满意度": "",
    }


def test_no_cell_of_a_result_is_a_formula(desk: Desk) -> None:
    desk.bring_in(text_of(cells("=1+1")))
    desk.bring(desk.order("=1+1"), Move.TRIAGE)
    orders.move(desk.session, desk.order("=1+1"), Move.ANSWER, SYSTEM, NOW, '=HYPERLINK("http://x")\x07')

    rows, sheet = written(desk)

    assert rows[1][0] == sheet[1][0] == "'=1+1"
    assert sheet[1][4] == '\'=HYPERLINK("http://x")'


def test_each_token_is_known_by_its_hash_alone_and_ends_with_the_next(desk: Desk) -> None:
    first = transfers.set_platform(desk.session, "12345", desk.street, SYSTEM, NOW)
    second = transfers.set_platform(desk.session, "12345", desk.street, SYSTEM, NOW)

    assert transfers.platform_by_token(desk.session, first) is None
    (platform,) = transfers.platforms(desk.session)
    assert transfers.platform_by_token(desk.session, second) is platform
    assert second not in platform.token_sha256
    transfers.switch_off(desk.session, platform, SYSTEM, NOW)
    assert transfers.platform_by_token(desk.session, second) is None


def test_only_an_administrator_gives_out_tokens(desk: Desk) -> None:
    with pytest.raises(NotAllowedError):
        transfers.set_platform(desk.session, "12345", desk.street, desk.actor, NOW)
