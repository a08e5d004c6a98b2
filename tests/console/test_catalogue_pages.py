"""The dispatch catalogue as people keep it, put it back, bring it in and ask it beforehand."""

import csv
import io

import factories
import pytest
from site_under_test import Browser, Site

from hotline.models import CatalogueRow, CatalogueUse, CatalogueVersion, Unit
from hotline.rules.facts import Category
from hotline.rules.roles import Role
from hotline.services import catalogue
from hotline.services.organisation import policy_for

KEEPERS = {Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR}


@pytest.fixture
def browser(site: Site) -> Browser:
    return site.browser(Role.DISPATCHER)


@pytest.fixture
def row(site: Site) -> int:
    """Medical orders anywhere go to the street next door."""
    with site.sessions.begin() as session:
        street, other = session.merge(site.street), session.merge(site.other)
        made = factories.catalogue(session, street, CatalogueRow(category=Category.MEDICAL, unit=other))
        return made.rows[0].id


def numbers(site: Site) -> list[tuple[str | None, str | None, str]]:
    """The rows of the street's catalogue in use: category, place, unit."""
    with site.sessions() as session:
        current = catalogue.in_use(session, session.merge(site.street))
        rows = catalogue.rows_of(session, current) if current else []
        return [(row.category, row.place.code if row.place else None, row.unit.code) for row in rows]


def table(*rows: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO("\n".join(["category,place,unit,assisting", *rows]).encode()), "目录.csv"


@pytest.mark.parametrize("role", Role)
def test_who_keeps_the_catalogue_opens_it(site: Site, role: Role) -> None:
    page = site.browser(role).get("/catalogue")

    assert page.status_code == (200 if role in KEEPERS else 403)


def test_without_a_catalogue_the_page_says_where_orders_go(browser: Browser) -> None:
    text = browser.get("/catalogue").text

    assert "未设本级目录" in text
    assert "还没有任何版本" in text
    assert "事发地所属单位" in text


@pytest.mark.parametrize("path", ["/catalogue/city", "/catalogue/other", "/catalogue/nosuch", "/catalogue/city/export"])
def test_other_peoples_catalogues_are_not_there(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_whoever_is_above_chooses_among_those_below(site: Site, row: int) -> None:
    page = site.browser(Role.DISPATCHER, unit=site.city).get("/catalogue?unit=street")

    assert f'data-row="{row}"' in page.text
    assert '<option value="other"' in page.text


def test_a_row_is_added_and_the_version_is_told_with_who_and_why(site: Site, browser: Browser) -> None:
    browser.get("/catalogue")

    page = browser.send(
        'data-catalogue="row"', category="medical", place="street", unit="street", assisting="other", note="先试行"
    )

    assert "第 1 版现已启用" in page.text
    assert numbers(site) == [("medical", "street", "street")]
    assert "先试行" in page.text
    assert "1 行有变动" in page.text
    with site.sessions() as session:
        (version,) = site.all(session, CatalogueVersion)
        assert version.user.name in page.text
        assert [unit.code for unit in version.rows[0].assisting] == ["other"]


def test_a_row_is_changed_where_it_stands(site: Site, browser: Browser, row: int) -> None:
    browser.get(f"/catalogue/street?row={row}")

    page = browser.send('data-catalogue="row"', unit="street", note="收回本街道办理")

    assert numbers(site) == [("medical", None, "street")]
    assert "<del>" in page.text


def test_a_row_is_dropped(site: Site, browser: Browser, row: int) -> None:
    browser.get(f"/catalogue/street?row={row}")

    page = browser.send('data-catalogue="drop"', note="不再需要")

    assert page.status_code == 200
    assert numbers(site) == []


@pytest.mark.parametrize(
    ("filled_in", "said"),
    [
        ({"unit": "", "note": "先试行"}, "请选择"),
        ({"unit": "other", "note": ""}, "请填写"),
        ({"unit": "other", "note": "先试行", "assisting": "other"}, "不能协办自己"),
        ({"unit": "other", "note": "先试行", "place": "nosuch"}, "没有这个选项"),
    ],
)
def test_a_row_that_cannot_be_kept_comes_back_with_the_reason(
    site: Site, browser: Browser, filled_in: dict[str, str], said: str
) -> None:
    browser.get("/catalogue")

    page = browser.send('data-catalogue="row"', category="housing", **filled_in)

    assert page.status_code == 422
    assert said in page.text
    assert '<option selected value="housing">' in page.text
    assert numbers(site) == []


def test_of_two_people_the_second_is_told_and_keeps_what_was_filled_in(site: Site, browser: Browser, row: int) -> None:
    browser.get("/catalogue")
    other = site.browser(Role.SUPERVISOR)
    other.get(f"/catalogue/street?row={row}")
    other.send('data-catalogue="row"', unit="street", note="督办员先改了")

    page = browser.send('data-catalogue="row"', category="housing", unit="other", note="派单员后改")

    assert page.status_code == 409
    assert "data-outdated" in page.text
    assert "督办员先改了" in page.text
    assert 'value="派单员后改"' in page.text
    assert numbers(site) == [("medical", None, "street")]
    again = browser.send('data-catalogue="row"')
    assert again.status_code == 200
    assert len(numbers(site)) == 2


def test_an_older_version_is_used_again_and_the_unit_does_without(site: Site, browser: Browser, row: int) -> None:
    with site.sessions() as session:
        first = session.get_one(CatalogueRow, row).version.number
    browser.get(f"/catalogue/street?row={row}")
    browser.send('data-catalogue="drop"', note="误删")

    page = browser.send(f'data-use-version="{first}"', note="改回来")

    assert f"第 {first} 版现已启用" in page.text
    assert len(numbers(site)) == 1
    page = browser.send('data-catalogue="off"', note="按上级目录办")
    assert "未设本级目录" in page.text
    with site.sessions() as session:
        assert [use.note for use in site.all(session, CatalogueUse)][1:] == ["误删", "改回来", "按上级目录办"]


@pytest.mark.parametrize("mark", ["rows/999999/drop", "versions/999999/use"])
def test_what_is_not_there_is_neither_dropped_nor_used(site: Site, browser: Browser, row: int, mark: str) -> None:
    browser.get(f"/catalogue/street?row={row}")
    token = next(form.fields["csrf_token"] for form in _forms(browser))

    answer = browser.client.post(
        f"/catalogue/street/{mark}",
        data={"csrf_token": token, "seen": _seen(site), "note": "试试"},
        base_url=factories.BASE_URL,
        headers={"Referer": f"{factories.BASE_URL}/"},
    )

    assert answer.status_code == 404


def _seen(site: Site) -> int:
    with site.sessions() as session:
        current = catalogue.in_use(session, session.merge(site.street))
        assert current is not None
        return current.number


def _forms(browser: Browser):  # type: ignore[no-untyped-def]  # the reader of the pages is the tests' own
    from site_under_test import forms_of  # noqa: PLC0415 - beside its one use

    return forms_of(browser.page)


def test_a_form_that_does_not_say_what_was_looked_at_is_no_form_of_ours(browser: Browser, row: int) -> None:
    browser.get(f"/catalogue/street?row={row}")

    assert browser.send('data-catalogue="drop"', note="试试", seen="x").status_code == 400


def test_a_file_becomes_the_whole_catalogue(site: Site, browser: Browser, row: int) -> None:
    browser.get("/catalogue")

    page = browser.send(
        'data-catalogue="file"', file=table("住房安置,京溪街道,other,street", ",,street,"), note="年度修订"
    )

    assert page.status_code == 200
    assert numbers(site) == [("housing", "street", "other"), (None, None, "street")]
    assert "目前无人可以签收：" in page.text


def test_bad_rows_are_told_by_number_with_the_reason_and_nothing_is_done(
    site: Site, browser: Browser, row: int
) -> None:
    before = numbers(site)
    browser.get("/catalogue")

    page = browser.send(
        'data-catalogue="file"',
        file=table(
            "住房,京溪街道,other,",
            "住房安置,,no,",
            "医疗,,,",
            "就医用药,,other,other",
            "就医用药,,other,",
            "就医用药,,street,",
        ),
        note="年度修订",
    )

    assert page.status_code == 422
    for said in (
        "第 2 行：没有“住房”这一类别",
        "第 3 行：没有“no”这个单位",
        "第 4 行：缺少单位",
        "第 5 行：“同和街道”不能协办自己",
        "第 7 行：与第 6 行重复",
    ):
        assert said in page.text
    assert 'value="年度修订"' in page.text
    assert numbers(site) == before


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ((io.BytesIO(b""), ""), "请选择文件"),
        ((io.BytesIO(b"category,place\n"), "a.csv"), "缺少列 unit"),
        ((io.BytesIO("category,place,unit\n医疗".encode("gb18030")), "a.csv"), "CSV UTF-8"),
        ((io.BytesIO(b"category,place,unit\n"), "a.csv"), "没有任何数据行"),
    ],
)
def test_a_file_that_is_no_table_is_told_as_that(browser: Browser, file: tuple[io.BytesIO, str], said: str) -> None:
    browser.get("/catalogue")

    page = browser.send('data-catalogue="file"', file=file, note="年度修订")

    assert page.status_code == 422
    assert said in page.text


def test_the_file_that_is_saved_opens_in_spreadsheets_and_comes_in_again(
    site: Site, browser: Browser, row: int
) -> None:
    answer = browser.get("/catalogue/street/export")

    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[1][0] == "medical"
    assert "就医用药" in rows[1]
    browser.get("/catalogue")
    assert browser.send(
        'data-catalogue="file"', file=(io.BytesIO(answer.data), "catalogue.csv"), note="原样导回"
    ).status_code == 200  # fmt: skip
    assert numbers(site) == [("medical", None, "other")]


def test_a_version_that_does_not_exist_is_saved_by_nobody(site: Site, browser: Browser, row: int) -> None:
    assert browser.get("/catalogue/street/export?version=999999").status_code == 404
    assert site.browser(Role.DISPATCHER, unit=site.city).get("/catalogue/city/export").status_code == 404


def test_who_gets_it_is_told_with_the_way_that_led_there(site: Site, browser: Browser) -> None:
    with site.sessions.begin() as session:
        city, street, other = (session.merge(each) for each in (site.city, site.street, site.other))
        factories.catalogue(session, street, CatalogueRow(category=Category.HOUSING, unit=other))
        above = factories.catalogue(session, city, CatalogueRow(category=Category.MEDICAL, unit=other)).number

    text = browser.get("/catalogue/street?ask=1&category=medical&place=street").text

    assert 'data-recipient="other"' in text
    assert f"广州市的目录，第 {above} 版" in text
    assert "没有适用的行" in text
    assert "那里和上级都无人可以签收" in text


def test_without_a_row_it_goes_up_from_the_place_to_where_handlers_work(site: Site, browser: Browser) -> None:
    with site.sessions.begin() as session:
        below = factories.unit(session, "grid", parent=session.merge(site.street), name="京海01网格")
        factories.user(session, session.merge(site.street), Role.HANDLER)
        assert below.code == "grid"

    text = browser.get("/catalogue/street?ask=1&category=&place=grid").text

    assert 'data-recipient="street"' in text
    assert "京海01网格：没有承办人员" in text
    assert "京溪街道：<b>有承办人员</b>" in text
    assert 'data-recipient=""' in browser.get("/catalogue/street?ask=1").text


def test_automatic_dispatch_is_switched_by_a_supervisor(site: Site) -> None:
    browser = site.browser(Role.SUPERVISOR)
    assert 'data-automatic="off"' in browser.get("/catalogue").text

    page = browser.send('data-catalogue="automatic"', is_on="y", percent="85")

    assert 'data-automatic="on"' in page.text
    with site.sessions() as session:
        policy = policy_for(session, session.get_one(Unit, site.street.id))
        assert (policy.auto_dispatch, policy.auto_confidence) == (True, 0.85)


@pytest.mark.parametrize("percent", ["", "101", "-1", "x"])
def test_a_share_that_is_none_is_refused(site: Site, percent: str) -> None:
    browser = site.browser(Role.SUPERVISOR)
    browser.get("/catalogue")

    page = browser.send('data-catalogue="automatic"', is_on="y", percent=percent)

    assert page.status_code == 422
    with site.sessions() as session:
        assert not policy_for(session, session.get_one(Unit, site.street.id)).auto_dispatch


def test_a_dispatcher_is_not_offered_the_switch(browser: Browser) -> None:
    assert 'data-catalogue="automatic"' not in browser.get("/catalogue").text


def test_long_catalogues_come_in_pages_and_by_category(site: Site, browser: Browser) -> None:
    with site.sessions.begin() as session:
        street = session.merge(site.street)
        places = [factories.unit(session, parent=street) for _ in range(60)]
        rows = [CatalogueRow(category=Category.MEDICAL, place=place, unit=street) for place in places]
        factories.catalogue(session, street, *rows, CatalogueRow(category=Category.HOUSING, unit=street))

    assert browser.get("/catalogue/street").text.count("data-row=") == 50
    assert browser.get("/catalogue/street?page=2").text.count("data-row=") == 11
    assert browser.get("/catalogue/street?show=housing").text.count("data-row=") == 1
