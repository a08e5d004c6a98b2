"""The real recogniser, with the demo model, on synthetic callers."""

import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speech.audio import DamagedAudioError, NotAudioError, UnsupportedAudioError
from speech.peaks import PeakMeter
from speech.recognizer import Recognizer
from speech.registry import NotAModelError
from speech.transcript import Transcript, Word
from tests.speech.sounds import bursts, keys, line_noise, recording, tone

REQUEST = "家里没有米了"


def test_a_caller_is_understood(recognizer, say):
    transcript = recognizer.transcribe(say(REQUEST))
    assert transcript.text == REQUEST
    assert transcript.confidence > 0.8
    assert transcript.language == "zh-CN"
    assert transcript.model == recognizer.info.label


def test_words_lie_one_after_the_other_inside_the_recording(recognizer, say):
    transcript = recognizer.transcribe(say(REQUEST))
    times = [time for word in transcript.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= transcript.duration_s
    assert all(0 <= word.conf <= 1 for word in transcript.words)


def test_sound_from_memory_gives_the_same_as_from_a_file(recognizer, say):
    path = say(REQUEST)
    assert recognizer.transcribe(io.BytesIO(path.read_bytes())) == recognizer.transcribe(path)


def test_after_a_warm_up_every_channel_is_heard_as_before(recognizer, say):
    before = [recognizer.transcribe(say(REQUEST)), recognizer.transcribe(two_parties(say))]
    warm = Recognizer.load(recognizer.info.path)
    warm.warm_up()
    assert [warm.transcribe(say(REQUEST)), warm.transcribe(two_parties(say)), warm.transcribe(say(REQUEST))] == [
        *before,
        before[0],
    ]


def test_what_was_heard_before_changes_nothing(recognizer, say):
    used = Recognizer.load(recognizer.info.path)
    used.transcribe(two_parties(say))
    with pytest.raises(DamagedAudioError):
        used.transcribe(io.BytesIO(damaged(say(REQUEST))))
    assert used.transcribe(say(REQUEST)) == Recognizer.load(recognizer.info.path).transcribe(say(REQUEST))


def damaged(path) -> bytes:
    """A FLAC file whose second half is lost: it is found out when half of it has been heard."""
    file = io.BytesIO()
    soundfile.write(file, np.tile(soundfile.read(path)[0], 5), 8000, format="FLAC")
    return file.getvalue()[: len(file.getvalue()) // 2]


@pytest.mark.parametrize("rate_hz", [11025, 16000, 44100])
def test_other_rates_are_heard_as_well(recognizer, say, rate_hz):
    samples, _ = soundfile.read(say(REQUEST), always_2d=True)
    stretched = np.interp(np.arange(0, len(samples), 8000 / rate_hz), np.arange(len(samples)), samples[:, 0])
    transcript = recognizer.transcribe(recording(stretched, rate_hz))
    assert transcript.text == REQUEST


def two_parties(say) -> io.BytesIO:
    caller, _ = soundfile.read(say(REQUEST))
    agent, _ = soundfile.read(say("请问您住在哪里"))
    both = np.zeros((len(caller) + len(agent), 2))
    both[: len(caller), 0] = caller
    both[len(caller) :, 1] = agent
    return recording(both)


def test_two_channels_are_transcribed_apart_and_merged_in_time_order(recognizer, say):
    transcript = recognizer.transcribe(two_parties(say))
    assert transcript.channel("caller").text == REQUEST
    assert transcript.channel("agent").text == recognizer.transcribe(say("请问您住在哪里")).text
    starts = [word.start for word in transcript.words]
    assert starts == sorted(starts)


def test_second_channel_must_be_expected(recognizer, say):
    with pytest.raises(UnsupportedAudioError):
        recognizer.transcribe(two_parties(say), channels=("caller",))


def test_silence_has_no_words(recognizer):
    transcript = recognizer.transcribe(recording(np.zeros((16000, 1), np.float32)))
    assert (transcript.text, transcript.confidence, transcript.duration_s) == ("", None, 2.0)


def test_text_named_wav_is_refused(recognizer, tmp_path: Path):
    (tmp_path / "a.wav").write_text("没有声音", encoding="utf-8")
    with pytest.raises(NotAudioError):
        recognizer.transcribe(tmp_path / "a.wav")


def test_forked_child_uses_the_model_its_parent_loaded(recognizer, say):
    path = say(REQUEST)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, recognizer.transcribe(path).to_json().encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        heard = Transcript.from_json(pipe.read())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert heard == recognizer.transcribe(path)


def test_folder_without_a_model_is_refused(tmp_path: Path):
    with pytest.raises(NotAModelError):
        Recognizer.load(tmp_path)


def test_broken_model_is_refused(tmp_path: Path):
    (tmp_path / "am").mkdir()
    (tmp_path / "am/final.mdl").write_bytes(b"no model")
    with pytest.raises(NotAModelError):
        Recognizer.load(tmp_path)


def between_silences(spoken: Path, before_s: float, after_s: float, noise: float = 0.0) -> np.ndarray:
    samples, _ = soundfile.read(spoken, always_2d=True)
    whole = np.pad(samples, ((round(before_s * 8000), round(after_s * 8000)), (0, 0)))
    return whole + line_noise(len(whole) / 8000, noise)


@pytest.mark.parametrize("before_s", [7.0, 63.217])
@pytest.mark.parametrize("noise", [0.0, 0.0005])
def test_long_silence_loses_no_word_and_moves_none(recognizer, say, before_s, noise):
    alone = recognizer.hear(recording(between_silences(say(REQUEST), 0, 0, noise))).transcript.words
    words = recognizer.hear(recording(between_silences(say(REQUEST), before_s, 20, noise))).transcript.words
    assert [word.word for word in words] == [word.word for word in alone]
    assert [word.start for word in words] == pytest.approx([word.start + before_s for word in alone], abs=0.061)
    assert [word.end for word in words] == pytest.approx([word.end + before_s for word in alone], abs=0.061)


def test_words_after_each_of_many_silences_are_at_their_place(recognizer, say):
    pieces = [between_silences(say(REQUEST), 9.7, 0) for _ in range(4)]
    words = recognizer.transcribe(recording(np.concatenate(pieces))).words
    length_s = len(pieces[0]) / 8000
    starts = [word.start for word in words if word.word == words[0].word]
    assert starts == pytest.approx([starts[0] + number * length_s for number in range(4)], abs=0.061)
    assert starts[0] == pytest.approx(9.7 + 0.3, abs=0.2)


def test_evidence_tells_speech_from_what_only_sounds(recognizer, say):
    spoken = between_silences(say(REQUEST), 5, 5)
    evidence = recognizer.hear(recording(np.concatenate([spoken, tone(2, hz=450), spoken]))).evidence
    assert evidence.tone_s == pytest.approx(2, abs=0.2)
    assert evidence.possible_speech_s == pytest.approx(2 * (len(spoken) / 8000 - 10.6), abs=0.8)
    assert evidence.unknown_s == sum(word.end - word.start for word in evidence.unknown)


def test_unknown_words_are_evidence_and_no_words(recognizer, say):
    hearing = recognizer.hear(say("the weather in the mountains is wonderful today", language="en"))
    assert hearing.evidence.unknown
    assert recognizer.info.unknown_word not in {word.word for word in hearing.transcript.words}
    assert {word.word for word in hearing.evidence.unknown} == {recognizer.info.unknown_word}


@pytest.mark.parametrize(
    "sound",
    [
        lambda: bursts([450], on_s=1, off_s=4),
        lambda: bursts([450], on_s=0.35, off_s=0.35),
        lambda: bursts([1100], on_s=0.5, off_s=3),
        lambda: keys("13800138000#", on_s=0.1, off_s=0.1),
        lambda: line_noise(20, 0.001),
        lambda: line_noise(20, 0.2),
    ],
    ids=["ringing", "busy", "fax", "keys", "a noisy line", "loud noise"],
)
def test_what_is_no_speech_has_no_words(recognizer, sound):
    transcript = recognizer.transcribe(recording(sound()))
    assert transcript.words == ()
    assert transcript.duration_s == pytest.approx(len(sound()) / 8000, abs=0.001)


def test_clipped_speech_is_heard(recognizer, say):
    samples, _ = soundfile.read(say(REQUEST), always_2d=True)
    clipped = np.clip(samples * 40, -1, 1)
    assert np.mean(np.abs(clipped) == 1) > 0.2
    assert recognizer.transcribe(recording(clipped)).words


def test_words_are_told_while_a_long_recording_is_heard(recognizer, say):
    told: list[tuple[float, Sequence[Word]]] = []
    whole = np.concatenate([between_silences(say(REQUEST), 2, 8) for _ in range(6)])
    transcript = recognizer.transcribe(recording(whole), on_words=lambda at, words: told.append((at, words)))
    assert [at for at, _ in told] == sorted(at for at, _ in told)
    assert told[-1][0] == transcript.duration_s
    assert next(at for at, words in told if words) < 40
    assert [word.start for _, words in told for word in words] == [word.start for word in transcript.words]


def test_outline_is_measured_in_the_same_pass(recognizer, say):
    meter = PeakMeter()
    transcript = recognizer.transcribe(recording(np.tile(between_silences(say(REQUEST), 1, 1), (1, 2))), meter=meter)
    peaks = meter.peaks()
    assert len(peaks.channels) == 2
    assert len(peaks.channels[0]) / peaks.per_second == pytest.approx(transcript.duration_s, abs=0.02)
    assert max(peaks.channels[0][: int(peaks.per_second)]) == 0
    assert max(peaks.channels[0]) > 30


def test_transcript_of_a_call_is_json(recognizer, say):
    data = json.loads(recognizer.transcribe(say(REQUEST)).to_json())
    assert set(data["words"][0]) == {"word", "start", "end", "conf", "channel"}
