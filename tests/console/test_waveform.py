"""The outline of a recording."""

import re

from hypothesis import given
from hypothesis import strategies as st

from hotline.console.waveform import waveform


def test_nothing_measured_gives_no_picture() -> None:
    assert waveform([]) is None
    assert waveform([b""]) is None


def test_a_loud_moment_is_drawn_at_its_place_and_fills_the_height() -> None:
    picture = waveform([bytes([0, 0, 200, 0])])
    assert picture is not None
    assert picture.width == 4
    assert picture.paths == ("M0.5 17V15M1.5 17V15M2.5 32V0M3.5 17V15",)


def test_two_parties_stand_above_and_below_the_middle_on_one_scale() -> None:
    picture = waveform([bytes([64, 0]), bytes([0, 128])])
    assert picture is not None
    assert picture.paths == ("M0.5 16V8M1.5 16V15", "M0.5 16V17M1.5 16V32")


def test_silence_is_a_line_and_never_blown_up() -> None:
    picture = waveform([bytes([1, 2, 1])])
    assert picture is not None
    assert picture.paths == ("M0.5 17V15M1.5 17V15M2.5 17V15",)


@given(
    st.lists(st.integers(1, 9000), min_size=1, max_size=2).flatmap(
        lambda n: st.tuples(*[st.binary(min_size=n[0], max_size=n[0]) for _ in n])
    )
)
def test_every_measurement_gives_bars_within_the_picture(channels: tuple[bytes, ...]) -> None:
    picture = waveform(channels)
    assert picture is not None
    for path in picture.paths:
        strokes = re.findall(r"M(\d+)\.5 (\d+)V(\d+)", path)
        assert len(strokes) == picture.width == min(480, len(channels[0]))
        assert all(0 <= int(end) <= picture.height and 0 <= int(start) <= picture.height for _, start, end in strokes)
