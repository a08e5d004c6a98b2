"""Times as people read them, where the hotline is."""

from datetime import timedelta

import factories
import pytest
from site_under_test import Site

from hotline.console.moments import moment, seconds, short, span, stretch


@pytest.mark.parametrize(
    ("back", "said"),
    [
        (timedelta(0), "今天 10:00"),
        (timedelta(hours=10), "今天 00:00"),
        (timedelta(hours=10, minutes=1), "昨天 23:59"),
        (timedelta(days=2), "2026-02-28 10:00"),
        (timedelta(days=-1), "明天 10:00"),
        (timedelta(days=-2), "2026-03-04 10:00"),
    ],
)
def test_near_days_are_said_in_words(site: Site, back: timedelta, said: str) -> None:
    with site.app.test_request_context():
        assert short(factories.NOW - back) == said


def test_time_element_tells_the_whole_of_it(site: Site) -> None:
    with site.app.test_request_context():
        assert moment(factories.NOW) == (
            '<time datetime="2026-03-02T02:00:00+00:00" title="2026-03-02 10:00">今天 10:00</time>'
        )
        assert moment(None) == ""


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=2), "1 分钟"),
        (timedelta(minutes=59, seconds=59), "59 分钟"),
        (timedelta(hours=1), "1 小时"),
        (timedelta(hours=23, minutes=5), "23 小时 5 分钟"),
        (timedelta(days=3, hours=4), "3 天"),
    ],
)
def test_lengths_are_said_in_their_largest_units(site: Site, length: timedelta, said: str) -> None:
    with site.app.test_request_context():
        assert span(length) == said


def test_length_of_a_recording_is_minutes_and_seconds() -> None:
    assert [seconds(length) for length in (None, 0, 9, 75)] == ["", "0:00", "0:09", "1:15"]


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (8, "3月2日 周一 10:00 至 18:00"),
        (14, "3月2日 周一 10:00 至 24:00"),
        (22, "3月2日 周一 10:00 至次日 08:00"),
        (48, "3月2日 周一 10:00 至 3月4日 周三 10:00"),
    ],
)
def test_a_stretch_of_time_is_said_in_few_words(site: Site, hours: int, said: str) -> None:
    with site.app.test_request_context():
        assert stretch(factories.NOW, factories.NOW + timedelta(hours=hours)) == said
