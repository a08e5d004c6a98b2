"""The page of orders that 12345 passed on: files brought in, what became of their rows, results written back."""

import csv
import re
from collections.abc import Mapping
from enum import StrEnum
from io import BytesIO, StringIO

import factories
import openpyxl
import pytest
from factories import NOW, ZONE
from site_under_test import Browser, Site
from transfer_files import cells, text_of, workbook
from werkzeug.test import TestResponse

from hotline.console.transfer_words import ROW_TROUBLES, TABLE_TROUBLES
from hotline.models import Action, AuditEntry, Transfer
from hotline.rules.order_states import Move
from hotline.rules.roles import Role
from hotline.rules.transfers import LARGEST_FILE_BYTES, TableTrouble, Trouble
from hotline.services import transfers
from hotline.services.access import SYSTEM

NUMBER = "GZ202603020001"
TO_CLOSED = (Move.TRIAGE, Move.DISPATCH, Move.ACCEPT, Move.CONTACT, Move.RESOLVE, Move.CLOSE)


def bring_in(browser: Browser, content: bytes, name: str = "转办.csv", **more: str) -> TestResponse:
    browser.get("/transfers")
    return browser.send('data-transfers="file"', file=(BytesIO(content), name), **more)


def address(browser: Browser, pattern: str) -> str:
    """Where a link of the page leads."""
    found = re.search(rf'href="({pattern})"', browser.get("/transfers").text)
    assert found is not None, f"no link {pattern}"
    return found[1]


def close(site: Site, number: str = NUMBER) -> None:
    with site.sessions.begin() as session:
        order = transfers.order_of(session, "12345", session.merge(site.street), number)
        assert order is not None
        for move in TO_CLOSED:
            factories.step(session, order, move)


def test_each_row_of_a_file_is_answered(site: Site) -> None:
    browser = site.browser(Role.DISPATCHER)
    bring_in(browser, text_of(cells()).encode())

    page = bring_in(browser, text_of(cells(), cells("A2"), cells("A3", 承办单位="火星街道")).encode("gb18030"))

    assert page.status_code == 200
    assert 'data-taken="1" data-known="1" data-refused="1"' in page.text
    assert 'data-refused-row="4"' in page.text
    assert "<q>火星街道</q> 没有这个名称或代码的单位。" in page.text
    with site.sessions() as session:
        assert [each.foreign_number for each in site.all(session, Transfer)] == [NUMBER, "A2"]
        entries = site.all(session, AuditEntry)
        assert [entry.action for entry in entries if entry.subject == "transfer_files"] == [Action.TRANSFERS_TAKEN] * 2


def test_many_rows_are_taken_in_the_order_of_the_file(site: Site) -> None:
    rows = [cells(f"A{number:02d}") for number in range(45)]

    page = bring_in(site.browser(Role.SUPERVISOR), workbook(*rows), "转办.xlsx")

    assert 'data-taken="45"' in page.text
    with site.sessions() as session:
        found = site.all(session, Transfer)
    assert [each.foreign_number for each in found] == [row[0] for row in rows]


def test_a_file_that_was_cut_off_does_not_look_finished(site: Site) -> None:
    browser = site.browser(Role.DISPATCHER)
    content = text_of(*(cells(f"A{number}") for number in range(21))).encode()
    with site.sessions.begin() as session:
        upload = transfers.begin(session, "12345", "a.csv", content, session.merge(site.street), SYSTEM, NOW)
        transfers.take_rows(session, upload.file_id, next(upload.batches), NOW, ZONE)

    page = browser.get(f"/transfers/files/{upload.file_id}").text

    assert 'data-taken="20" data-known="0" data-refused="0"' in page
    assert "第 22 行起尚未读入" in page
    assert 'data-refused-row="22"' in page
    assert "从这一行起尚未读入。" in page
    assert 'data-not-reached="22"' in browser.get("/transfers").text


def test_a_number_that_stands_in_a_refused_row_is_hidden(site: Site) -> None:
    page = bring_in(site.browser(Role.DISPATCHER), text_of(cells(承办单位="街道 13800138000")).encode())

    assert "data-refused-row" in page.text
    assert "13800138000" not in page.text
    assert "<q>街道 •" in page.text


def test_an_order_shows_what_the_platform_said(site: Site) -> None:
    browser = site.browser(Role.DISPATCHER)
    bring_in(browser, text_of(cells()).encode())
    with site.sessions() as session:
        (transfer,) = site.all(session, Transfer)
        number = transfer.order.number

    page = browser.get(f"/orders/{number}")

    assert f'data-transferred="{NUMBER}"' in page.text
    assert "民政/临时救助" in page.text
    assert "加急" in page.text
    assert f'href="/orders/{number}"' in browser.get("/transfers").text


def test_a_file_of_which_nothing_can_be_used_says_why_at_the_field(site: Site) -> None:
    page = bring_in(site.browser(Role.DISPATCHER), "您好".encode())

    assert page.status_code == 422
    assert "前 10 行中没有找到" in page.text


def test_a_platform_is_chosen_from_those_that_are_known_or_named_anew(site: Site) -> None:
    browser = site.browser(Role.DISPATCHER)
    bring_in(browser, text_of(cells()).encode(), source="民政 平台")

    bring_in(browser, text_of(cells()).encode(), source=" 民政平台")

    assert '<option value="民政 平台">' in browser.get("/transfers").text
    with site.sessions() as session:
        assert session.query(Transfer).one().source == "民政 平台"


# Longer once it is in plain letters; an invisible character.
@pytest.mark.parametrize(("name", "words"), [("㍿" * 40, "最多填写 40 个字"), ("民政\u200b平台", "含有无法显示的字符")])
def test_why_a_platform_cannot_be_called_so_is_said_at_the_field(site: Site, name: str, words: str) -> None:
    brought = bring_in(site.browser(Role.DISPATCHER), text_of(cells()).encode(), source=name)
    administrator = site.browser(Role.ADMINISTRATOR, unit=site.city)
    administrator.get("/connections")
    connected = administrator.send('data-connect="platform"', name=name, unit="street")

    assert (brought.status_code, connected.status_code) == (422, 422)
    assert words in brought.text
    assert words in connected.text


def test_a_file_that_is_too_large_is_refused_in_words(site: Site) -> None:
    browser = site.browser(Role.DISPATCHER)

    a_little = bring_in(browser, b"x" * (LARGEST_FILE_BYTES + 1))
    much = bring_in(browser, b"x" * (LARGEST_FILE_BYTES * 2))

    assert (a_little.status_code, much.status_code) == (422, 413)
    assert "文件超过 10 MB。" in a_little.text
    assert "data-error" in much.text


def test_other_forms_are_as_small_as_before(site: Site) -> None:
    browser = site.browser(Role.DISPATCHER)

    page = browser.client.post("/transfers/results", data={"source": "x" * 2_000_000}, base_url=factories.BASE_URL)

    assert page.status_code == 413


def test_results_are_written_down_once_and_downloaded_as_often_as_wanted(site: Site) -> None:
    browser = site.browser(Role.DISPATCHER)
    bring_in(browser, text_of(cells(), cells("A2")).encode())
    close(site)

    browser.get("/transfers")
    page = browser.send('data-write-back="12345"')

    assert "data-write-back" not in page.text
    assert f'data-transfer="{NUMBER}"' not in page.text
    assert 'data-transfer="A2"' in page.text
    csv_file, book_file = (address(browser, rf"/transfers/results/\d+\.{ending}") for ending in ("csv", "xlsx"))
    for _ in range(2):
        answer = browser.get(csv_file)
        rows = list(csv.reader(StringIO(answer.data.decode("utf-8-sig"), newline="")))
        assert [row[0] for row in rows[1:]] == [NUMBER]
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=results-")
    book = openpyxl.load_workbook(BytesIO(browser.get(book_file).data))
    assert [row[0] for row in book.active.iter_rows(min_row=2, values_only=True)] == [NUMBER]


def test_what_belongs_to_others_is_not_there(site: Site) -> None:
    browser = site.browser(Role.DISPATCHER)
    bring_in(browser, text_of(cells()).encode())
    close(site)
    browser.get("/transfers")
    browser.send('data-write-back="12345"')
    stranger = site.browser(Role.DISPATCHER, unit=site.other)

    assert NUMBER not in stranger.get("/transfers").text
    for pattern in (r"/transfers/files/\d+", r"/transfers/results/\d+\.csv", r"/transfers/results/\d+\.xlsx"):
        path = address(browser, pattern)
        assert browser.get(path).status_code == 200
        assert stranger.get(path).status_code == 404
    assert bring_in(stranger, text_of(cells("A2")).encode(), unit="street").status_code == 422


@pytest.mark.parametrize(("kind", "words"), [(Trouble, ROW_TROUBLES), (TableTrouble, TABLE_TROUBLES)])
def test_every_trouble_has_its_words(site: Site, kind: type[StrEnum], words: Mapping[StrEnum, str]) -> None:
    with site.app.test_request_context():
        assert all(str(words[member]) for member in kind)
