"""`flask transfers` and `flask channels`: files of 12345 taken in and written back, tokens and channels set."""

from collections.abc import Callable
from pathlib import Path

import openpyxl
from click.testing import Result
from transfer_files import cells, text_of, workbook

Flask = Callable[..., Result]
UNIT = "440111-jingxi"


def test_each_row_of_a_file_is_answered(with_sample: Flask, tmp_path: Path) -> None:
    file = tmp_path / "转办.csv"
    file.write_bytes(text_of(cells("A1"), cells("A2", 承办单位="火星街道"), cells("A1")).encode("gb18030"))

    done = with_sample("transfers", "import", str(file), "--unit", UNIT)

    assert done.exit_code == 0
    assert done.output.startswith("1 new, 1 here before, 1 refused\n")
    assert "转办.csv:4: A1 is here as order " in done.output
    assert "转办.csv:3: 承办单位 “火星街道” is no unit here, neither by name nor by code" in done.output


def test_a_workbook_for_the_whole_city_is_taken(with_sample: Flask, tmp_path: Path) -> None:
    file = tmp_path / "转办.xlsx"
    file.write_bytes(workbook(*(cells(f"A{number}") for number in range(25))))

    assert with_sample("transfers", "import", str(file)).output.startswith("25 new, 0 here before, 0 refused\n")


def test_what_cannot_be_used_is_said_in_words(with_sample: Flask, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("您好")

    for arguments, words in (
        (("import", str(file)), "no heading with 工单编号 and 诉求内容"),
        (("import", str(file), "--unit", "mars"), "there is no unit mars"),
        (("results", str(tmp_path / "out.csv")), "no order of 12345 has ended since the last time"),
        (("off", "12345"), "there is no platform 12345"),
        (("token", " ", "--unit", UNIT), "the name of a platform, of at most 40 characters, must not be empty"),
    ):
        done = with_sample("transfers", *arguments)
        assert done.exit_code == 1
        assert words in done.output
    assert not (tmp_path / "out.csv").exists()


def test_results_of_a_time_without_any_are_a_heading(with_sample: Flask, tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"

    done = with_sample("transfers", "results", str(out), "--since", "2026-03-01", "--until", "2026-03-02")

    assert done.output == "0 results\n"
    assert [row[0] for row in openpyxl.load_workbook(out).active.iter_rows(values_only=True)] == ["工单编号"]


def test_a_token_is_shown_once(with_sample: Flask) -> None:
    first, second = (with_sample("transfers", "token", "12345", "--unit", UNIT).stdout.strip() for _ in range(2))

    assert len(first) == len(second) == 43
    assert first != second
    assert with_sample("transfers", "platforms").output == f"12345\t{UNIT}\ton\n"
    with_sample("transfers", "off", "12345")
    assert with_sample("transfers", "platforms").output == f"12345\t{UNIT}\toff\n"


def test_a_channel_is_added_listed_and_switched_off(with_sample: Flask) -> None:
    added = with_sample("channels", "add", "wechat", "--unit", UNIT, "--reply-url", "https://gateway.example/replies")

    assert added.output.startswith("wechat is on\nCHANNEL_SECRETS has no secret for wechat yet")
    assert with_sample("channels", "list").output == f"wechat\t{UNIT}\tno secret\thttps://gateway.example/replies\n"
    assert with_sample("channels", "off", "wechat").output == "wechat is off\n"
    assert "\toff\t" in with_sample("channels", "list").output


def test_a_channel_that_cannot_be_is_refused_in_words(with_sample: Flask) -> None:
    for name, unit, url, words in (
        ("wechat", UNIT, "http://gateway.example", "replies go to an https:// address"),
        ("WeChat", UNIT, "https://gateway.example", "a channel's name has 2 to 20"),
        ("wechat", "mars", "https://gateway.example", "there is no unit mars"),
    ):
        done = with_sample("channels", "add", name, "--unit", unit, "--reply-url", url)
        assert done.exit_code == 1
        assert words in done.output
    assert "there is no message channel" in with_sample("channels", "off", "wechat").output
