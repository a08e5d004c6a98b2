"""The outline of a recording's sound, as a picture that a page can draw by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hotline.models import Recording
from hotline.services import recordings

# As wide as the widest player has room for bars that an eye can tell apart.
_BARS = 480
_HALF = 16
# A telephone call is seldom loud; less is silence on any line.
_QUIETEST_TOP = 32


@dataclass(frozen=True)
class Waveform:
    """One path for each party, in a box of `width` by `height`; the first stands above the middle, the second below."""

    paths: tuple[str, ...]
    width: int
    height: int = 2 * _HALF


def waveform_of(recording: Recording) -> Waveform | None:
    """The picture of a recording that was heard."""
    peaks = recordings.peaks_of(recording)
    return waveform(peaks.channels) if peaks else None


def waveform(channels: Sequence[bytes]) -> Waveform | None:
    """The picture of what `speech.peaks` measured; None when there is nothing to draw.

    Both parties share one scale, which the loudest moment fills, so that a quiet call can be seen too.
    """
    bars = [_bars(channel) for channel in channels]
    if not bars or not bars[0]:
        return None
    top = max(_QUIETEST_TOP, *(max(party) for party in bars))
    directions = [(-1, 1)] if len(bars) == 1 else [(-1,), (1,)]
    paths = (_path(party, top, ways) for party, ways in zip(bars, directions, strict=True))
    return Waveform(tuple(paths), len(bars[0]))


def _bars(peaks: bytes) -> list[int]:
    """The loudest of each share of the recording."""
    count = min(_BARS, len(peaks))
    edges = [number * len(peaks) // count for number in range(count + 1)] if count else []
    return [max(peaks[start:end]) for start, end in pairwise(edges)]


def _path(bars: Sequence[int], top: int, ways: Sequence[int]) -> str:
    return "".join(_strokes(bars, top, ways))


def _strokes(bars: Sequence[int], top: int, ways: Sequence[int]) -> Iterator[str]:
    for place, loudness in enumerate(bars):
        # Something is always drawn, so that silence is seen as a line and not as a gap.
        length = max(1, round(_HALF * loudness / top))
        start = _HALF + (length if 1 in ways and -1 in ways else 0)
        end = _HALF - length if -1 in ways else _HALF + length
        yield f"M{place}.5 {start}V{end}"
