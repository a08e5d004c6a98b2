"""Recordings are read whatever their kind, and what is none is told apart by a typed error."""

import contextlib
import io
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speech.audio import (
    AudioError,
    AudioTooLargeError,
    AudioTooLongError,
    DamagedAudioError,
    EmptyAudioError,
    Limits,
    NotAudioError,
    Source,
    UnsupportedAudioError,
    open_sound,
)
from tests.speech.sounds import recording, tone


def samples_of(source: Source, rate_hz: int = 8000, limits: Limits | None = None) -> np.ndarray:
    with open_sound(source, rate_hz, limits) as sound:
        return np.concatenate(list(sound.blocks))


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "ULAW", "ALAW"])
def test_wav_of_every_telephone_encoding_gives_the_same_sound(subtype):
    heard = samples_of(recording(tone(), subtype=subtype)).astype(float)
    expected = tone() * 32768
    assert heard.shape == expected.shape
    assert np.sqrt(np.mean((heard - expected) ** 2)) < 600


@pytest.mark.parametrize("kind", ["FLAC", "OGG", "MP3", "AU", "AIFF"])
def test_other_kinds_of_file_are_read_too(kind):
    heard = samples_of(recording(tone(2, rate_hz=16000), rate_hz=16000, kind=kind), rate_hz=16000)
    assert len(heard) == pytest.approx(32000, rel=0.1)


def test_sixteen_bit_samples_at_the_models_rate_are_not_touched():
    noise = np.random.default_rng(1).integers(-32768, 32767, (4000, 1), dtype=np.int16)
    assert np.array_equal(samples_of(recording(noise)), noise)


@pytest.mark.parametrize("source_hz", [8000, 11025, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("model_hz", [8000, 16000])
def test_any_rate_is_brought_to_the_models_rate(source_hz, model_hz):
    heard = samples_of(recording(tone(2, source_hz), source_hz), model_hz)[:, 0]
    assert len(heard) == pytest.approx(2 * model_hz, abs=2)
    spectrum = np.abs(np.fft.rfft(heard))
    assert np.argmax(spectrum) * model_hz / len(heard) == pytest.approx(440, abs=1)


def test_two_channels_stay_apart():
    both = np.concatenate([tone(hz=440), np.zeros((8000, 1), np.float32)], axis=1)
    heard = samples_of(recording(both))
    assert np.abs(heard[:, 0]).max() > 10000
    assert np.abs(heard[:, 1]).max() == 0


def test_header_is_told_before_decoding():
    with open_sound(recording(tone(channels=2), subtype="ULAW"), 16000) as sound:
        assert (sound.kind, sound.source_rate_hz, sound.channels) == ("WAV/ULAW", 8000, 2)


def test_samples_come_in_small_blocks():
    with open_sound(recording(tone(20)), 8000) as sound:
        assert max(len(block) for block in sound.blocks) <= 5 * 8000


def test_memory_does_not_grow_with_the_recording(tmp_path: Path):
    path = tmp_path / "long.wav"
    path.write_bytes(recording(tone(10 * 60), subtype="ULAW").getvalue())
    tracemalloc.start()
    try:
        with open_sound(path, 16000) as sound:
            frames = sum(len(block) for block in sound.blocks)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert frames == pytest.approx(10 * 60 * 16000, rel=1e-4)
    assert peak < 2_000_000


def test_empty_file_is_empty():
    with pytest.raises(EmptyAudioError):
        samples_of(io.BytesIO())


def test_recording_without_samples_is_empty():
    with pytest.raises(EmptyAudioError):
        samples_of(recording(tone(0)))


@pytest.mark.parametrize("name", ["call.wav", "call.raw", "call.mp3", "call"])
def test_text_is_no_recording_whatever_its_name(tmp_path: Path, name):
    (tmp_path / name).write_text("这不是录音。" * 500, encoding="utf-8")
    with pytest.raises(NotAudioError):
        samples_of(tmp_path / name)


def test_recording_is_known_by_its_bytes_and_not_by_its_name(tmp_path: Path):
    (tmp_path / "call.raw").write_bytes(recording(tone()).getvalue())
    assert len(samples_of(tmp_path / "call.raw")) == 8000


def test_cut_off_recording_gives_what_there_is():
    whole = recording(tone(2)).getvalue()
    assert len(samples_of(io.BytesIO(whole[: 44 + 16000]))) == 8000


def test_header_that_promises_too_much_gives_what_there_is():
    lying = bytearray(recording(tone()).getvalue())
    lying[40:44] = struct.pack("<I", 0x7FFFFFF0)
    assert len(samples_of(io.BytesIO(bytes(lying)))) == 8000


@pytest.mark.parametrize("told", [0, 100])
def test_header_that_hides_most_of_the_file_is_no_recording_of_that_length(told):
    lying = bytearray(recording(tone()).getvalue())
    lying[40:44] = struct.pack("<I", told)
    with pytest.raises(DamagedAudioError, match=f"{told} bytes of sound, but the file has 16044"):
        samples_of(io.BytesIO(bytes(lying)))


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def wav_with(before: bytes = b"", after: bytes = b"", told: int | None = None) -> io.BytesIO:
    """A second of sound with other chunks around it; `told` is what its header tells of the sound's bytes."""
    whole = recording(tone()).getvalue()
    sound = bytearray(whole[36:])
    if told is not None:
        sound[4:8] = struct.pack("<I", told)
    body = whole[8:36] + before + bytes(sound) + after
    return io.BytesIO(chunk(b"RIFF", body))


TAGS = chunk(b"LIST", b"INFO" + bytes(500)) + chunk(b"id3 ", bytes(60_001))


@pytest.mark.parametrize(("before", "after"), [(TAGS, b""), (b"", TAGS), (TAGS, TAGS)], ids=["before", "after", "both"])
def test_good_wav_with_large_tags_is_read(before, after):
    heard = samples_of(wav_with(before, after))
    assert np.array_equal(heard, samples_of(recording(tone())))


def test_good_aiff_with_large_tags_is_read():
    whole = recording(tone(), kind="AIFF").getvalue()
    picture = b"APPL" + struct.pack(">I", 60_000) + bytes(60_000)
    tagged = whole[:4] + struct.pack(">I", len(whole) - 8 + len(picture)) + whole[8:] + picture
    assert np.array_equal(samples_of(io.BytesIO(tagged)), samples_of(recording(tone())))


@pytest.mark.parametrize("told", [0, 100])
def test_tags_hide_no_sound_that_a_header_does_not_tell_of(told):
    with pytest.raises(DamagedAudioError, match=f"{told} bytes of sound"):
        samples_of(wav_with(before=TAGS, told=told))


def told_by_flac(frames: int) -> io.BytesIO:
    flac = bytearray(recording(tone(2), kind="FLAC").getvalue())
    flac[18:26] = (int.from_bytes(flac[18:26]) >> 36 << 36 | frames).to_bytes(8)
    return io.BytesIO(bytes(flac))


def test_flac_from_a_pipe_does_not_know_its_length_and_is_read():
    assert len(samples_of(told_by_flac(0))) == 16000


def test_flac_of_a_hundred_days_is_too_long():
    with pytest.raises(AudioTooLongError):
        samples_of(told_by_flac(2**36 - 1))


def test_flac_of_unknown_length_is_counted_while_it_is_read():
    with pytest.raises(AudioTooLongError):
        samples_of(told_by_flac(0), limits=Limits(max_duration_s=1))


def test_cut_off_flac_is_damaged():
    whole = recording(tone(20), kind="FLAC").getvalue()
    with pytest.raises(DamagedAudioError):
        samples_of(io.BytesIO(whole[: len(whole) // 2]))


@pytest.mark.parametrize("kind", ["OGG", "MP3"])
def test_cut_off_recording_of_a_streamed_kind_gives_what_there_is(kind):
    noise = np.random.default_rng(1).normal(0, 0.1, (80000, 1))
    whole = recording(noise, kind=kind).getvalue()
    assert 3 * 8000 < len(samples_of(io.BytesIO(whole[: len(whole) // 2]))) < 6 * 8000


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"#!AMR\n\x3c", "AMR"),
        (b"#!AMR-WB\n\x04", "AMR"),
        (b"\x02#!SILK_V3", "WeChat"),
        (b"\0\0\0\x18ftyp3gp4", "3gp"),
        (b"\0\0\0\x1cftypM4A ", "m4a"),
        (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "wma"),
        (bytes.fromhex("1a45dfa39f428681"), "WebM"),
        (bytes.fromhex("fff15080"), "AAC"),
        (b"RIFF\x10\0\0\0AVI LIST", "AVI"),
    ],
)
def test_a_kind_that_is_not_read_is_told_by_its_name_and_what_to_do(start, name):
    with pytest.raises(UnsupportedAudioError, match=f"{name}.*save it as WAV, MP3, OGG or FLAC"):
        samples_of(io.BytesIO(start + bytes(5000)))


@pytest.mark.parametrize(("start", "name"), [(b"RIFF", "WAV"), (b"OggS", "OGG"), (b"fLaC", "FLAC"), (b"ID3", "MP3")])
def test_a_known_kind_that_is_broken_at_its_beginning_is_damaged(start, name):
    with pytest.raises(DamagedAudioError, match=name):
        samples_of(io.BytesIO(start + bytes(range(256)) * 20))


@pytest.mark.parametrize("rate_hz", [0, 1, 2_000_000])
def test_impossible_rate_is_refused(rate_hz):
    lying = bytearray(recording(tone()).getvalue())
    lying[24:28] = struct.pack("<I", rate_hz)
    with pytest.raises((DamagedAudioError, UnsupportedAudioError)):
        samples_of(io.BytesIO(bytes(lying)))


def test_more_channels_than_a_line_has_are_refused():
    with pytest.raises(UnsupportedAudioError):
        samples_of(recording(tone(channels=6)))


def test_size_limit_is_checked_first():
    with pytest.raises(AudioTooLargeError):
        samples_of(io.BytesIO(b"x" * 2000), limits=Limits(max_bytes=1999))


def test_length_limit_is_checked_before_decoding():
    with (
        pytest.raises(AudioTooLongError),
        open_sound(recording(tone(3)), 8000, Limits(max_duration_s=2)),
    ):
        raise AssertionError("the recording should not have been opened")


def test_float_recording_with_impossible_values_is_read():
    wild = tone()
    wild[10:13, 0] = [np.nan, np.inf, -np.inf]
    heard = samples_of(recording(wild, subtype="FLOAT"))
    assert heard[10:13, 0].tolist() == [0, 32767, -32768]


class TimeIsUp(BaseException):
    """What a worker's alarm raises into whatever is going on."""


class FailingFile(io.BytesIO):
    """A store that delivers so many bytes, and then an error."""

    def __init__(self, whole: bytes, error: BaseException, good_bytes: int) -> None:
        super().__init__(whole)
        self._error, self._good_bytes = error, good_bytes

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() >= self._good_bytes:
            raise self._error
        return super().read(size)


@pytest.mark.parametrize("error", [OSError("the store is away"), TimeIsUp()], ids=["store", "alarm"])
@pytest.mark.parametrize("good_bytes", [0, 20_000], ids=["at once", "half-way"])
@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_what_cannot_be_read_now_is_no_recording_that_ends_early(kind, error, good_bytes, capfd):
    noise = np.random.default_rng(1).normal(0, 0.1, (160_000, 1))
    with pytest.raises(type(error)) as raised:
        samples_of(FailingFile(recording(noise, kind=kind).getvalue(), error, good_bytes))
    assert raised.value is error
    assert capfd.readouterr().err == ""


GOOD = {kind: recording(tone(0.3), kind=kind).getvalue() for kind in ("WAV", "FLAC", "OGG", "MP3")}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(GOOD)), st.data())
def test_broken_recording_is_read_or_refused_but_never_crashes(kind, data):
    good = bytearray(GOOD[kind])
    for _ in range(data.draw(st.integers(1, 8))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    broken = bytes(good[: data.draw(st.integers(0, len(good)))])
    with contextlib.suppress(AudioError):
        assert samples_of(io.BytesIO(broken), limits=Limits(max_duration_s=60)).dtype == np.int16
