"""The real recogniser, with the demo model, on synthetic callers."""

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speech.audio import NotAudioError, UnsupportedAudioError
from speech.recognizer import Recognizer
from speech.registry import NotAModelError
from speech.transcript import Transcript
from tests.speech.sounds import recording, tone

REQUEST = "家里没有米了"


def test_a_caller_is_understood(recognizer, say):
    transcript = recognizer.transcribe(say(REQUEST))
    assert transcript.text == REQUEST
    assert transcript.confidence > 0.8
    assert transcript.language == "zh-CN"
    assert transcript.model == "relief-demo-cn-0.2"


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


def test_tone_is_no_reason_to_fail(recognizer):
    assert recognizer.transcribe(recording(tone(2))).duration_s == 2.0


def test_transcript_of_a_call_is_json(recognizer, say):
    data = json.loads(recognizer.transcribe(say(REQUEST)).to_json())
    assert set(data["words"][0]) == {"word", "start", "end", "conf", "channel"}
