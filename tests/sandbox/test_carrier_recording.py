"""<Record>: when it ends, what it keeps, and what is told when nothing was said or the caller left."""

import io

import requests
import soundfile
from stand_in import ACCOUNT_SID, AUTH_TOKEN, Sandbox, Service, events

HELP = "家里没有米了，请送点米来。"


def record(service: Service, attributes: str = "timeout='3'", then: str = "<Say>nothing heard</Say>") -> None:
    service.on("/rec")
    service.on("/done")
    callback = "recordingStatusCallback='/rec' recordingStatusCallbackEvent='in-progress completed absent'"
    service.on("/voice", f"<Record action='/done' {callback} {attributes}/>{then}")


def statuses(service: Service) -> list[str]:
    return [hit.form["RecordingStatus"] for hit in service.at("/rec")]


def media(call: dict, sandbox: Sandbox, query: str = "") -> tuple:
    url = f"{sandbox.url}/2010-04-01/Accounts/{ACCOUNT_SID}/Recordings/{call['recordings'][0]}.wav{query}"
    response = requests.get(url, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5)
    return soundfile.read(io.BytesIO(response.content))


def test_speech_is_kept_without_the_silence_around_it(sandbox: Sandbox, service: Service) -> None:
    record(service)
    call = sandbox.ring([{"on": "record", "say": HELP, "after_s": 2.5}])
    sound, rate_hz = media(call, sandbox)
    assert 2 < len(sound) / rate_hz < 5
    assert statuses(service) == ["in-progress", "completed"]
    assert service.at("/rec")[1].form["RecordingSource"] == "RecordVerb"
    assert service.at("/done")[0].form["Digits"] == ""


def test_silence_is_kept_when_asked_for(sandbox: Sandbox, service: Service) -> None:
    record(service, "timeout='3' trim='do-not-trim'")
    call = sandbox.ring([{"on": "record", "silence": True}])
    sound, rate_hz = media(call, sandbox)
    assert len(sound) / rate_hz == 3


def test_an_empty_recording_makes_no_request_and_the_next_verb_runs(sandbox: Sandbox, service: Service) -> None:
    record(service)
    call = sandbox.ring([{"on": "record", "silence": True}])
    assert not service.at("/done")
    assert events(call, "said")[0]["text"] == "nothing heard"
    assert statuses(service) == ["in-progress", "absent"]
    assert call["recordings"] == []


def test_a_key_ends_the_recording(sandbox: Sandbox, service: Service) -> None:
    record(service, "timeout='60'")
    sandbox.ring([{"on": "record", "say": HELP, "then": {"press": "#"}}])
    assert service.at("/done")[0].form["Digits"] == "#"


def test_other_keys_do_not_end_it(sandbox: Sandbox, service: Service) -> None:
    record(service, "finishOnKey='*'")
    call = sandbox.ring([{"on": "record", "say": HELP, "then": {"press": "5"}}])
    assert service.at("/done")[0].form["Digits"] == ""
    assert [line["key"] for line in events(call, "pressed")] == ["5"]


def test_the_length_has_a_limit(sandbox: Sandbox, service: Service) -> None:
    record(service, "maxLength='2'")
    call = sandbox.ring([{"on": "record", "say": HELP, "after_s": 0}])
    sound, rate_hz = media(call, sandbox)
    assert len(sound) / rate_hz <= 2


def test_hanging_up_keeps_what_was_said_and_tells_it(sandbox: Sandbox, service: Service) -> None:
    record(service)
    call = sandbox.ring([{"on": "record", "say": HELP, "then": "hang_up"}])
    (done,) = service.at("/done")
    assert (done.form["Digits"], done.form["CallStatus"]) == ("hangup", "completed")
    assert done.form["RecordingSid"] == call["recordings"][0]
    assert statuses(service) == ["in-progress", "completed"]
    assert not events(call, "said")
    assert service.at("/status")[0].form["CallStatus"] == "completed"


def test_hanging_up_without_a_word_tells_of_no_recording(sandbox: Sandbox, service: Service) -> None:
    record(service)
    call = sandbox.ring([{"on": "record", "hang_up_after_s": 1}])
    assert not service.at("/done")
    assert statuses(service) == ["in-progress", "absent"]
    assert call["status"] == "completed"


def test_without_an_action_the_same_document_is_asked_for_again(sandbox: Sandbox, service: Service) -> None:
    service.on("/voice", "<Record timeout='2'/>", "<Say>again</Say>")
    call = sandbox.ring([{"on": "record", "say": HELP}])
    assert len(service.at("/voice")) == 2
    assert events(call, "said")[0]["text"] == "again"


def test_a_long_pause_ends_the_recording_in_the_middle(sandbox: Sandbox, service: Service, tmp_path) -> None:
    record(service)
    spoken = sandbox.ring([{"on": "record", "say": HELP}])
    sound, rate_hz = media(spoken, sandbox)
    file = tmp_path / "pause.wav"
    soundfile.write(file, [*sound, *[0.0] * (4 * rate_hz), *sound], rate_hz)
    call = sandbox.ring([{"on": "record", "wav": str(file)}])
    kept, rate_hz = media(call, sandbox)
    assert len(kept) < 1.3 * len(sound)


def test_the_same_words_sound_the_same_every_time(sandbox: Sandbox, service: Service) -> None:
    record(service)
    script = [{"on": "record", "say": HELP, "voice": "f3", "snr": 20, "seed": 7}]
    first, second = (media(sandbox.ring(script), sandbox)[0] for _ in range(2))
    assert (first == second).all()
