"""The form with which anybody asks for help."""

import re
from contextvars import Context
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import factories
import pytest
from factories import NOW
from flask import Flask
from flask.ctx import RequestContext
from flask_wtf.csrf import CSRFError
from PIL import Image
from site_under_test import Browser, Site

from hotline.app import create_app
from hotline.models import Attachment, Channel, Direction, Level, Order, Statement, TextMessage
from hotline.public import pages, photos
from hotline.rules.attachments import AttachmentKind
from hotline.rules.order_states import OrderState

TEMPLATES = Path(pages.__file__).parent / "templates" / "public"
MOBILE = "13900139000"


def fill_in(visitor: Browser, path: str = "/help", **filled_in: Any) -> None:
    """Open the form and send it with a request in it."""
    visitor.get(path)
    visitor.send('id="help"', **{"text": "家里没有米了", **filled_in})


def only_order(site: Site) -> Order:
    with site.sessions() as session:
        (order,) = site.all(session, Order)
        _ = order.statements, order.messages, order.intake_unit
        return order


def orders(site: Site) -> int:
    with site.sessions() as session:
        return session.query(Order).count()


def sent(site: Site) -> list[TextMessage]:
    with site.sessions() as session:
        return session.query(TextMessage).filter_by(direction=Direction.OUTBOUND).order_by(TextMessage.id).all()


def test_a_request_becomes_an_order_and_its_writer_is_led_to_its_page(site: Site, visitor: Browser) -> None:
    fill_in(visitor, address="云景花园九号四楼", caller_name="陈秀英", phone=MOBILE)

    order = only_order(site)
    assert (order.channel, order.state, order.number_to_ring) == (Channel.WEB, OrderState.RECEIVED, f"+86{MOBILE}")
    assert not order.is_by_text
    assert order.received_at == NOW
    assert [each.text for each in order.statements] == [
        f"家里没有米了\n地址：云景花园九号四楼\n姓名：陈秀英\n电话：{MOBILE}"
    ]
    assert visitor.page is not None
    assert visitor.page.request.path == f"/s/{order.status_token}"
    assert order.number in visitor.page.text
    assert "已收到" in visitor.page.text


def test_the_form_is_the_topmost_units_or_that_of_the_streets_own_address(site: Site, visitor: Browser) -> None:
    assert "广州市" in visitor.get("/help").text
    fill_in(visitor, "/help/street")

    assert only_order(site).intake_unit.code == "street"


@pytest.mark.parametrize("code", ["nowhere", "body", "%00", "a/b"])
def test_there_is_no_form_where_nobody_takes_requests(site: Site, visitor: Browser, code: str) -> None:
    with site.sessions.begin() as session:
        factories.unit(session, "body", parent=session.merge(site.city), level=Level.CHARITY)

    page = visitor.get(f"/help/{code}")

    assert page.status_code == 404
    assert "data-error" in page.text


def test_whoever_leaves_a_mobile_number_gets_the_address_of_the_page(site: Site, visitor: Browser) -> None:
    fill_in(visitor, "/help/street", phone=MOBILE)

    (told,) = sent(site)
    order = only_order(site)
    assert told.number == f"+86{MOBILE}"
    assert order.number in told.body
    assert f"{factories.BASE_URL}/s/{order.status_token}" in told.body


def test_nobody_is_written_to_again_and_again_because_others_name_the_number(site: Site, visitor: Browser) -> None:
    for number in range(5):
        fill_in(visitor, "/help/street", text=f"第{number}件事", phone=MOBILE)
    assert len(sent(site)) == 3

    site.clock.at = NOW + timedelta(days=1, minutes=1)
    visitor.client.environ_base["REMOTE_ADDR"] = "10.200.0.1"
    fill_in(visitor, "/help/street", phone=MOBILE)
    assert len(sent(site)) == 4


@pytest.mark.parametrize(
    ("filled_in", "is_by_text"),
    [
        ({}, True),
        ({"phone": MOBILE}, False),
        ({"phone": MOBILE, "by_text": "y"}, True),
        ({"phone": "020-88887777"}, False),
    ],
)
def test_who_asks_for_it_or_leaves_no_telephone_is_served_in_writing(
    site: Site, visitor: Browser, filled_in: dict[str, str], is_by_text: bool
) -> None:
    fill_in(visitor, **filled_in)

    assert only_order(site).is_by_text is is_by_text


def test_the_same_form_sent_twice_is_one_order(site: Site, visitor: Browser) -> None:
    form = visitor.get("/help/street")
    visitor.send('id="help"', text="家里没有米了", phone=MOBILE)
    assert visitor.page is not None
    first = visitor.page.request.path
    visitor.page = form
    visitor.send('id="help"', text="家里没有米了", phone=MOBILE)

    assert visitor.page.request.path == first
    assert orders(site) == 1
    assert len(sent(site)) == 1


def test_what_was_changed_before_it_was_sent_again_is_another_request(site: Site, visitor: Browser) -> None:
    form = visitor.get("/help")
    visitor.send('id="help"', text="家里没有米了")
    visitor.page = form
    visitor.send('id="help"', text="还有一位邻居也没有米了")

    assert orders(site) == 2


def test_nobody_gets_to_the_page_of_another_by_a_made_up_form(site: Site, visitor: Browser) -> None:
    fill_in(visitor, key="made-up")
    fill_in(visitor, key="made-up")

    assert orders(site) == 2


@pytest.mark.parametrize(
    ("filled_in", "error"),
    [
        ({"text": " \n "}, "help-text-error"),
        ({"text": "救" * 5001}, "help-text-error"),
        ({"address": "a" * 201}, "help-address-error"),
        ({"phone": "12345"}, "help-phone-error"),
        ({"phone": "我没有电话"}, "help-phone-error"),
        ({"website": "https://spam.example"}, "help-website-error"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_typed_is_lost(
    site: Site, visitor: Browser, filled_in: dict[str, str], error: str
) -> None:
    visitor.get("/help")
    page = visitor.send('id="help"', **{"text": "没有药了", "caller_name": "陈秀英", **filled_in})

    assert page.status_code == 422
    assert f'id="{error}"' in page.text
    assert "陈秀英" in page.text
    assert orders(site) == 0
    visitor.send('id="help"', text="没有药了", address="", phone="")
    assert orders(site) == 1


def test_a_program_that_fills_in_everything_gets_nowhere_and_people_do_not_see_its_field(
    site: Site, visitor: Browser
) -> None:
    trap = re.search(r'<div class="trap" aria-hidden="true">.*?tabindex="-1"', visitor.get("/help").text, re.DOTALL)

    assert trap
    assert "website" in trap[0]


def test_long_requests_with_signs_of_all_kinds_are_kept_to_the_last_word(site: Site, visitor: Browser) -> None:
    text = "🆘没有药了 <b>&amp;</b>\n" * 240 + "完"
    fill_in(visitor, text=text.replace("\n", "\r\n"), address="九号四楼", caller_name="😀" * 60)

    assert only_order(site).statements[0].text == f"{text}\n地址：九号四楼\n姓名：" + "😀" * 60


def test_markup_is_shown_as_it_was_typed(site: Site, visitor: Browser) -> None:
    fill_in(visitor, text="<script>alert(1)</script>")

    assert visitor.page is not None
    assert "<script>alert" not in visitor.page.text
    assert "&lt;script&gt;alert(1)" in visitor.page.text


def test_a_senseless_character_is_left_out(site: Site, visitor: Browser) -> None:
    fill_in(visitor, text="没有\0药了")

    with site.sessions() as session:
        assert [each.text for each in site.all(session, Statement)] == ["没有药了"]


def test_without_the_token_nothing_is_sent_and_nothing_lost(site: Site, visitor: Browser) -> None:
    visitor.get("/help")

    page = visitor.send('id="help"', text="没有药了", csrf_token="")

    assert page.status_code == 400
    assert "data-notice" in page.text
    assert "没有药了" in page.text
    assert orders(site) == 0
    visitor.send('id="help"')
    assert orders(site) == 1


def test_more_than_anybody_writes_is_refused_in_words(site: Site, visitor: Browser) -> None:
    visitor.get("/help")

    page = visitor.send('id="help"', photo=(BytesIO(bytes(12_000_000)), "a.jpg"))

    assert page.status_code == 413
    assert 'data-error="413"' in page.text


def picture(kind: str = "PNG") -> BytesIO:
    """A small photo."""
    content = BytesIO()
    Image.new("RGB", (40, 30), "red").save(content, kind)
    content.seek(0)
    return content


def test_a_photo_is_attached_once(site: Site, visitor: Browser) -> None:
    form = visitor.get("/help")
    for _ in range(2):
        visitor.page = form
        page = visitor.send('id="help"', text="屋顶漏水", photo=(picture(), "屋顶.png"))
        assert page.status_code == 200

    with site.sessions() as session:
        (attachment,) = site.all(session, Attachment)
        assert (attachment.kind, attachment.name, attachment.user_id) == (AttachmentKind.PHOTO, "屋顶.png", None)
        assert attachment.order.statements[0].text == "屋顶漏水"
        assert (site.recordings / attachment.store_key).exists()


@pytest.mark.parametrize(
    ("content", "name"), [(b"%PDF-1.4", "a.pdf"), (b"MZ\x90", "photo.jpg"), (b"", "a.png"), (b"\xff\xd8\xff", "a.jpg")]
)
def test_what_is_no_photo_is_told_so_and_the_words_are_kept(
    site: Site, visitor: Browser, content: bytes, name: str
) -> None:
    visitor.get("/help")
    page = visitor.send('id="help"', text="屋顶漏水", photo=(BytesIO(content), name))

    assert page.status_code == 422
    assert 'id="help-photo-error"' in page.text
    assert "屋顶漏水" in page.text
    assert orders(site) == 0


def test_a_form_without_a_photo_is_sent_as_browsers_send_it(site: Site, visitor: Browser) -> None:
    fill_in(visitor, photo=(BytesIO(b""), ""))

    assert orders(site) == 1


def test_danger_is_named_first_with_numbers_to_dial_and_to_write_to(visitor: Browser) -> None:
    text = visitor.get("/help").text

    for way in ("tel:110", "tel:119", "tel:120", "sms:12110"):
        assert f'href="{way}"' in text
    assert text.index("tel:110") < text.index('<form method="post" action="/help"')


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("en-GB,en;q=0.9", "en"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("fr-FR,en;q=0.5", "en"),
        ("fr", "zh-CN"),
        ("", "zh-CN"),
    ],
)
def test_the_page_speaks_as_the_browser_asks_and_chinese_otherwise(visitor: Browser, asked: str, language: str) -> None:
    text = visitor.get("/help", headers={"Accept-Language": asked}).text

    assert f'<html lang="{language}">' in text


def test_our_own_people_read_chinese_until_they_choose(visitor: Browser) -> None:
    assert '<html lang="zh-CN">' in visitor.get("/login", headers={"Accept-Language": "en"}).text


def test_the_language_can_be_chosen(visitor: Browser) -> None:
    visitor.get("/help/street")

    page = visitor.send('action="/language"', language="en")

    assert page.request.path == "/help/street"
    assert "Ask for help" in page.text


@pytest.fixture
def strict(site: Site, tmp_path: Path) -> Browser:
    """Somebody at an address that may send two forms in an hour."""
    app = create_app(factories.settings(tmp_path, public_form_limits="2 per hour"))
    app.extensions["hotline"] = site.app.extensions["hotline"]
    return Browser(app)


def test_whoever_sends_too_much_is_told_so_and_keeps_the_words(site: Site, strict: Browser) -> None:
    for text in ("第一件", "第二件", "第三件"):
        fill_in(strict, text=text)

    assert strict.page is not None
    assert strict.page.status_code == 429
    assert 'data-error="429"' in strict.page.text
    assert "第三件" in strict.page.text
    assert orders(site) == 2


def test_a_form_that_was_not_taken_does_not_count(site: Site, strict: Browser) -> None:
    for _ in range(4):
        fill_in(strict, text="")
    fill_in(strict)

    assert orders(site) == 1


def test_a_form_whose_photo_was_looked_at_counts_though_it_was_not_taken(site: Site, strict: Browser) -> None:
    for content in (b"MZ\x90", bytes(200_000)):
        strict.get("/help")
        refused = strict.send('id="help"', text="屋顶漏水", photo=(BytesIO(content), "a.jpg"))
        assert refused.status_code == 422
    fill_in(strict)

    assert strict.page is not None
    assert strict.page.status_code == 429
    assert orders(site) == 0


class Unread(BytesIO):
    """What nobody looks into."""

    def read(self, size: int | None = -1) -> bytes:
        """Never asked for."""
        raise AssertionError(size)


def begin_to_send(app: Flask, address: str) -> RequestContext:
    """A large request from there that has not ended; without the form's token it asks the database nothing."""
    request = app.test_request_context(
        "/help",
        base_url=factories.BASE_URL,
        method="POST",
        data=bytes(200_000),
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"REMOTE_ADDR": address},
    )
    request.push()
    with pytest.raises(CSRFError):
        app.preprocess_request()
    return request


def test_photos_of_strangers_leave_threads_to_others(site: Site, strict: Browser) -> None:
    app = strict.client.application
    threads = [Context() for _ in range(photos.AT_ONCE)]
    arriving = [each.run(begin_to_send, app, f"10.7.0.{at}") for at, each in enumerate(threads)]
    strict.client.environ_base["REMOTE_ADDR"] = "10.7.1.1"
    try:
        for _ in range(3):  # and none of them counts
            one_more = strict.client.post(
                "/help",
                base_url=factories.BASE_URL,
                input_stream=Unread(bytes(200_000)),
                content_type="multipart/form-data; boundary=x",
            )
            assert one_more.status_code == 503
            assert 'data-error="503"' in one_more.text
        fill_in(strict, text="没有照片")
        assert orders(site) == 1
    finally:
        for each, request in zip(threads, arriving, strict=True):
            each.run(request.pop)
    fill_in(strict, text="现在有照片", photo=(noisy(), "屋顶.png"))
    assert orders(site) == 2


def noisy() -> BytesIO:
    """A photo of more than a hundred thousand bytes."""
    content = BytesIO()
    Image.effect_noise((500, 400), 90).save(content, "PNG")
    assert content.tell() > 100_000
    content.seek(0)
    return content


def test_one_address_holds_up_no_other(site: Site, strict: Browser) -> None:
    for text in ("第一件", "第二件", "第三件"):
        fill_in(strict, text=text)
    strict.client.environ_base["REMOTE_ADDR"] = "10.9.9.9"
    fill_in(strict, text="第四件")

    assert orders(site) == 3


def test_a_network_of_the_new_kind_is_one_address(site: Site, strict: Browser) -> None:
    for number in range(4):
        strict.client.environ_base["REMOTE_ADDR"] = f"2001:db8:1:2::{number}"
        fill_in(strict, text=f"第{number}件")

    assert orders(site) == 2


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_no_page_has_a_script_or_style_of_its_own(template: Path) -> None:
    assert not re.search(r"\s(style|on\w+)=|<style|<script", template.read_text())


def test_search_engines_keep_off_and_no_cache_keeps_it(visitor: Browser) -> None:
    headers = visitor.get("/help").headers

    assert "noindex" in headers["X-Robots-Tag"]
    assert headers["Cache-Control"] == "no-store"
