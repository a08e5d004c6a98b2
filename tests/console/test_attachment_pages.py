"""Photos and files on an order's page: sent, refused in words, looked at, and never more than what they are."""

import re
from io import BytesIO

import factories
import pytest
from PIL import Image
from pypdf import PdfWriter
from site_under_test import Browser, Site
from test_reading import read
from werkzeug.test import TestResponse

from hotline.models import Action, Attachment, AuditEntry, Order
from hotline.rules.facts import Category
from hotline.rules.order_states import OrderState
from hotline.rules.roles import Role


def photo(width: int = 40, kind: str = "JPEG") -> BytesIO:
    written = BytesIO()
    Image.new("RGB", (width, 30), "green").save(written, kind)
    written.seek(0)
    return written


def pdf() -> BytesIO:
    writer, written = PdfWriter(), BytesIO()
    writer.add_blank_page(100, 100)
    writer.write(written)
    written.seek(0)
    return written


@pytest.fixture
def number(site: Site) -> str:
    with site.sessions.begin() as session:
        return factories.order(session, session.merge(site.line), OrderState.IN_PROGRESS).number


def attach(browser: Browser, number: str, *files: tuple[BytesIO, str]) -> TestResponse:
    browser.get(f"/orders/{number}")
    return browser.send("data-attach", files=list(files))


def attached(site: Site) -> list[Attachment]:
    with site.sessions() as session:
        return site.all(session, Attachment)


def test_photos_and_files_are_attached_and_named_with_who_and_when(site: Site, number: str) -> None:
    handler = site.person(Role.HANDLER)

    page = attach(site.browser_of(handler), number, (photo(), "门口.jpg"), (pdf(), "回执.pdf"))

    assert page.status_code == 200
    text = read(page.text.split('id="attachments"')[1].split("</section>")[0])
    for said in ("门口.jpg", "回执.pdf", handler.name, "今天 10:00", "照片", "PDF"):
        assert said in text
    assert len(re.findall(r"<img src=\"/attachments/\d+/small\"", page.text)) == 1
    assert [each.name for each in attached(site)] == ["门口.jpg", "回执.pdf"]


def test_what_is_wrong_with_a_file_is_said_and_the_others_are_kept(site: Site, number: str) -> None:
    broken = BytesIO(photo().getvalue()[:-100])

    page = attach(
        site.browser(Role.HANDLER),
        number,
        (BytesIO("只是文字".encode()), "照片.jpg"),
        (photo(), "好的.jpg"),
        (broken, "断了.jpg"),
        (BytesIO(), "空的.jpg"),
        (BytesIO(b"\0\0\0\x18ftypheic" + bytes(40)), "苹果.heic"),
    )

    assert page.status_code == 422
    for said in (
        "“照片.jpg”既不是照片",
        "“断了.jpg”已损坏",
        "“空的.jpg”是空文件",
        "“苹果.heic”是 HEIC 格式的照片",
    ):
        assert said in page.text
    assert [each.name for each in attached(site)] == ["好的.jpg"]


def test_the_same_photo_again_is_not_there_twice(site: Site, number: str) -> None:
    browser = site.browser(Role.HANDLER)
    attach(browser, number, (photo(), "门口.jpg"))

    page = attach(browser, number, (photo(), "门口2.jpg"))

    assert page.status_code == 200
    assert len(attached(site)) == 1
    assert len([path for path in site.recordings.rglob("*") if path.is_file()]) == 2


def test_a_form_without_a_file_says_so(site: Site, number: str) -> None:
    page = attach(site.browser(Role.HANDLER), number)

    assert page.status_code == 422
    assert "请填写此项" in page.text


def test_a_file_that_is_too_large_is_told_with_how_large_it_may_be(site: Site, number: str) -> None:
    page = attach(site.browser(Role.HANDLER), number, (BytesIO(b"\xff\xd8\xff" + bytes(10_000_000)), "大.jpg"))

    assert page.status_code == 422
    assert "“大.jpg”超过 10 MB" in page.text
    assert attached(site) == []


def test_more_than_any_form_brings_is_refused_before_it_is_read(site: Site, number: str) -> None:
    browser = site.browser(Role.HANDLER)

    page = attach(browser, number, *((BytesIO(bytes(9_000_000)), f"{each}.jpg") for each in range(7)))

    assert page.status_code == 413
    assert "内容过大" in page.text
    assert "分次上传" in page.text
    assert attached(site) == []


def test_too_many_at_once_are_refused(site: Site, number: str) -> None:
    page = attach(site.browser(Role.HANDLER), number, *((photo(10 + each), f"{each}.jpg") for each in range(6)))

    assert page.status_code == 422
    assert "一次最多上传 5 个文件" in page.text


def test_other_forms_stay_as_small_as_they_were(site: Site) -> None:
    browser = site.browser(Role.CALL_TAKER)
    browser.get("/orders")

    assert browser.send('action="/language"', next="x" * 2_000_000).status_code == 413


def test_a_photo_is_shown_and_does_nothing_else(site: Site, number: str) -> None:
    browser = site.browser(Role.HANDLER)
    attach(browser, number, (photo(), "../../门\u202e口.jpg"))
    (made,) = attached(site)

    for path in (f"/attachments/{made.id}", f"/attachments/{made.id}/small"):
        sent = browser.client.get(path, base_url=factories.BASE_URL)

        assert (sent.status_code, sent.mimetype) == (200, "image/jpeg")
        assert Image.open(BytesIO(sent.data)).size == (40, 30)
        assert sent.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "sandbox" in sent.headers["Content-Security-Policy"]
        assert sent.headers["X-Content-Type-Options"] == "nosniff"
        assert sent.headers["Cache-Control"] == "no-store"
        assert sent.headers["Content-Disposition"].startswith("inline")
        assert "%E9%97%A8%E5%8F%A3.jpg" in sent.headers["Content-Disposition"]


def test_a_pdf_is_kept_and_not_opened_in_the_page(site: Site, number: str) -> None:
    browser = site.browser(Role.HANDLER)
    attach(browser, number, (pdf(), "回执.pdf"))
    (made,) = attached(site)

    sent = browser.client.get(f"/attachments/{made.id}", base_url=factories.BASE_URL)

    assert (sent.status_code, sent.mimetype) == (200, "application/pdf")
    assert sent.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in sent.headers["Content-Security-Policy"]
    assert browser.get(f"/attachments/{made.id}/small").status_code == 404


def test_a_look_is_written_down_once(site: Site, number: str) -> None:
    browser = site.browser(Role.HANDLER)
    attach(browser, number, (photo(), "门口.jpg"))
    (made,) = attached(site)

    for path in (f"/attachments/{made.id}/small", f"/attachments/{made.id}"):
        assert browser.client.get(path, base_url=factories.BASE_URL).status_code == 200

    with site.sessions() as session:
        looks = [each for each in site.all(session, AuditEntry) if each.action == Action.ATTACHMENT_SEEN]
        assert [(each.subject, each.subject_id) for each in looks] == [("attachments", made.id)]


def test_who_does_not_see_the_order_sees_no_file_and_attaches_none(site: Site, number: str) -> None:
    attach(site.browser(Role.HANDLER), number, (photo(), "门口.jpg"))
    (made,) = attached(site)
    stranger = site.browser(*Role, unit=site.other)

    assert stranger.get(f"/attachments/{made.id}").status_code == 404
    assert stranger.get(f"/attachments/{made.id}/small").status_code == 404
    stranger.get("/orders")
    token = re.search(r'name="csrf_token" value="([^"]+)"', stranger.page.text if stranger.page else "")
    assert token is not None
    refused = stranger.client.post(
        f"/orders/{number}/attachments",
        data={"csrf_token": token[1], "files": [(photo(50), "x.jpg")]},
        base_url=factories.BASE_URL,
        headers={"Referer": f"{factories.BASE_URL}/"},
    )
    assert refused.status_code == 404
    assert len(attached(site)) == 1


def test_a_file_that_the_store_lost_is_not_there(site: Site, number: str) -> None:
    with site.sessions.begin() as session:
        order = session.query(Order).filter(Order.number == number).one()
        lost = factories.attachment(session, order).id
    browser = site.browser(Role.HANDLER)

    assert browser.get(f"/attachments/{lost}").status_code == 404


# With the result


def test_the_form_says_beforehand_what_is_needed(site: Site, number: str) -> None:
    with site.sessions.begin() as session:
        order = session.query(Order).filter(Order.number == number).one()
        order.category = Category.ELDERLY
    site.street.policy = {"closing": {"elderly": ["visit_record", "photo"]}}

    text = read(site.browser(Role.HANDLER).get(f"/orders/{number}").text)

    for said in (
        "办结前必须具备",
        "已与求助人联系。 （已具备）",
        "“养老照料”类工单须有走访记录。",
        "“养老照料”类工单须有工作人员拍摄的照片。",
    ):
        assert said in text


def test_photos_come_with_the_result_and_stay_when_something_else_is_missing(site: Site, number: str) -> None:
    with site.sessions.begin() as session:
        order = session.query(Order).filter(Order.number == number).one()
        order.category = Category.ELDERLY
    site.street.policy = {"closing": {"elderly": ["visit_record", "photo"]}}
    browser = site.browser(Role.HANDLER)
    browser.get(f"/orders/{number}")

    page = browser.send('data-move="resolve"', outcome="solved", done="已上门", photos=[(photo(), "门口.jpg")])

    assert page.status_code == 422
    assert 'id="move-resolve-evidence-error"' in page.text
    assert 'id="move-resolve-photos-error"' not in page.text
    assert "门口.jpg" in page.text
    page = browser.send('data-move="resolve"', outcome="solved", done="已上门", evidence="入户记录一份")
    assert page.status_code == 200
    result = page.text.split('id="results"')[1]
    assert "门口.jpg" in result.split("</section>")[0]


def test_a_bad_photo_with_the_result_reports_nothing_and_keeps_the_words(site: Site, number: str) -> None:
    browser = site.browser(Role.HANDLER)
    browser.get(f"/orders/{number}")

    page = browser.send('data-move="resolve"', outcome="solved", done="已送到家", photos=[(BytesIO(b"x"), "照片.jpg")])

    assert page.status_code == 422
    assert "“照片.jpg”既不是照片" in page.text
    assert "已送到家" in page.text
    assert 'data-state="in_progress"' in page.text
