"""The outline of a recording has its loudest moments, however long it is and however it comes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speech.peaks import MAX_BINS, PeakMeter, Peaks

RATE_HZ = 8000


def measured(samples: np.ndarray, block: int = 16000) -> Peaks:
    meter = PeakMeter()
    for first in range(0, len(samples), block):
        meter.add(samples[first : first + block], RATE_HZ)
    return meter.peaks()


def silence(seconds: float, channels: int = 1) -> np.ndarray:
    return np.zeros((round(seconds * RATE_HZ), channels), np.int16)


def test_nothing_has_no_peaks():
    assert PeakMeter().peaks() == Peaks(50.0, ())


def test_a_short_recording_has_fifty_peaks_a_second():
    samples = silence(1)
    samples[160 * 3] = 16384
    assert measured(samples) == Peaks(50.0, (bytes([0, 0, 0, 127] + [0] * 46),))


@pytest.mark.parametrize(("sample", "peak"), [(0, 0), (127, 0), (129, 1), (32767, 254), (-32768, 255), (-16384, 127)])
def test_a_peak_is_a_part_of_full_scale_whatever_its_sign(sample, peak):
    samples = silence(0.02)
    samples[5] = sample
    assert measured(samples).channels == (bytes([peak]),)


def test_channels_have_peaks_of_their_own():
    samples = silence(0.04, channels=2)
    samples[3, 0], samples[200, 1] = 32767, -32768
    assert measured(samples).channels == (bytes([254, 0]), bytes([0, 255]))


def test_a_last_stretch_that_is_not_full_counts():
    samples = silence(0.021)
    samples[-1] = -32768
    assert measured(samples).channels == (bytes([0, 255]),)


@pytest.mark.parametrize("seconds", [163, 164, 1000, 3 * 3600])
def test_a_long_recording_has_no_more_peaks_than_there_is_room_for(seconds):
    meter, loud_s = PeakMeter(), seconds * 2 // 3
    for second in range(seconds):
        block = silence(1)
        block[4000] = -32768 if second == loud_s else 0
        meter.add(block, RATE_HZ)
    peaks = meter.peaks()
    (channel,) = peaks.channels
    assert MAX_BINS / 2 - 1 <= len(channel) <= MAX_BINS
    assert len(channel) / peaks.per_second == pytest.approx(seconds, abs=1 / peaks.per_second)
    assert channel.index(255) == int((loud_s + 0.5) * peaks.per_second)
    assert channel.count(0) == len(channel) - 1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 5000), min_size=1, max_size=20))
def test_how_it_is_cut_into_blocks_changes_nothing(sizes):
    samples = np.random.default_rng(1).integers(-32768, 32767, (30000, 2), dtype=np.int16, endpoint=True)
    meter, at, turn = PeakMeter(), 0, 0
    while at < len(samples):
        meter.add(samples[at : at + sizes[turn % len(sizes)]], RATE_HZ)
        at, turn = at + sizes[turn % len(sizes)], turn + 1
    assert meter.peaks() == measured(samples)
