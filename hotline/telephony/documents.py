"""What a call hears, as TwiML: one document for each state of the call, one for each step of the survey."""

from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Gather, Record, VoiceResponse

from hotline.rules.alarms import ASKING
from hotline.rules.call_flow import CallState
from hotline.rules.survey_states import Step
from hotline.rules.wording import spoken_digits, text_for, voice_for
from hotline.services import alarms
from hotline.services.calls import Heard
from hotline.services.surveys import Asked
from hotline.telephony.addresses import Addresses

_MESSAGE_LIMIT_S = 180
_ANSWER_LIMIT_S = 60
# People who are old or upset take long breaths: twice the usual silence ends a message.
_SILENCE_S = 8
_KEY_WAIT_S = 6
_DUTY_RING_S = 25
_PERSON_KEY = "0"


def inbound(heard: Heard, addresses: Addresses) -> str:
    """What the caller hears in this state."""
    document = VoiceResponse()
    match heard.state:
        case CallState.GREETED:
            _greet(document, heard, addresses)
        case CallState.WITH_PERSON if heard.duty_number:
            _connect(document, heard, addresses)
        case CallState.WITH_PERSON | CallState.RECORDER:
            _ask_to_speak(document, heard, addresses, "nobody_there")
        case CallState.ASKED_AGAIN:
            _ask_to_speak(document, heard, addresses, "ask_again")
        case _:
            _say(document, heard.language, _LAST_WORDS[heard.state], digits=_digits(heard))
            document.hangup()
    return str(document)


def nothing() -> str:
    """No words: a message is answered by another, not by the document."""
    return str(MessagingResponse())


def survey(asked: Asked, addresses: Addresses) -> str:
    """What the person who was rung hears at this step."""
    document = VoiceResponse()
    if asked.step is not None and asked.is_over:
        _say(document, asked.language, "callback_over")
        document.hangup()
    elif asked.step in _QUESTIONS:
        gather = Gather(
            input="dtmf",
            num_digits=1,
            timeout=_KEY_WAIT_S,
            finish_on_key="",
            action_on_empty_result=True,
            action=addresses.survey(asked.token, "key"),
        )
        _say(gather, asked.language, asked.step, line=asked.line_name)
        document.append(gather)
    elif asked.step in {Step.SPEAK_FREELY, Step.ASK_REASON}:
        _say(document, asked.language, asked.step)
        document.append(_recorder(addresses, addresses.survey(asked.token, "spoken"), _ANSWER_LIMIT_S, "#"))
        document.redirect(addresses.survey(asked.token, "spoken"))
    else:
        if asked.step is not None:
            _say(document, asked.language, asked.step)
        document.hangup()
    return str(document)


def alarm(heard: alarms.Heard, addresses: Addresses) -> str:
    """What one of our own people hears who was rung about an emergency: its number, never what the caller said."""
    document = VoiceResponse()
    digits = spoken_digits(heard.language, heard.order_number)
    if heard.say not in ASKING:
        _say(document, heard.language, heard.say)
        document.hangup()
        return str(document)
    gather = Gather(
        input="dtmf",
        num_digits=1,
        timeout=_KEY_WAIT_S,
        finish_on_key="",
        action_on_empty_result=True,
        action=addresses.alarm(heard.token, "key"),
    )
    _say(gather, heard.language, heard.say, line=heard.line_name, digits=digits)
    document.append(gather)
    return str(document)


def apology(language: str, words: str = "apology") -> str:
    """What a caller hears when we cannot do our work; our own people hear other `words`."""
    document = VoiceResponse()
    _say(document, language, words)
    document.hangup()
    return str(document)


_QUESTIONS = frozenset({Step.ASK_RESOLVED, Step.ASK_RESOLVED_AGAIN, Step.ASK_SATISFIED, Step.ASK_SATISFIED_AGAIN})

_LAST_WORDS = {
    CallState.THANKED: "thanks",
    CallState.TALKED: "goodbye",
    CallState.SILENT: "heard_nothing",
    CallState.ABANDONED: "goodbye",
    CallState.REFUSED: "not_in_service",
    CallState.NOT_SERVED: "apology",
    CallState.OUTBOUND: "goodbye",
}


def _greet(document: VoiceResponse, heard: Heard, addresses: Addresses) -> None:
    gather = _key_for_person(addresses)
    _say(gather, heard.language, "greeting", line=heard.line_name)
    document.append(gather)
    _record(document, addresses)


def _ask_to_speak(document: VoiceResponse, heard: Heard, addresses: Addresses, words: str) -> None:
    gather = _key_for_person(addresses)
    _say(gather, heard.language, words)
    if heard.duty_number:
        _say(gather, heard.language, "or_person")
    document.append(gather)
    _record(document, addresses)


def _key_for_person(addresses: Addresses) -> Gather:
    """Whoever knows what is being said need not wait for the tone before pressing the key."""
    return Gather(input="dtmf", num_digits=1, timeout=1, finish_on_key="", action=addresses.voice("key"))


def _record(document: VoiceResponse, addresses: Addresses) -> None:
    document.append(_recorder(addresses, addresses.voice("recorded"), _MESSAGE_LIMIT_S, "#" + _PERSON_KEY))
    # An empty recording makes no request: the next verb runs.
    document.redirect(addresses.voice("nothing-said"))


def _recorder(addresses: Addresses, action: str, limit_s: int, keys: str) -> Record:
    return Record(
        action=action,
        max_length=limit_s,
        timeout=_SILENCE_S,
        finish_on_key=keys,
        play_beep=True,
        recording_status_callback=addresses.voice("recording"),
        recording_status_callback_event="completed absent",
    )


def _connect(document: VoiceResponse, heard: Heard, addresses: Addresses) -> None:
    _say(document, heard.language, "connecting")
    dial = document.dial(
        action=addresses.voice("person-done"),
        timeout=_DUTY_RING_S,
        record="record-from-answer-dual",
        recording_status_callback=addresses.voice("recording"),
        recording_status_callback_event="completed absent",
    )
    dial.number(heard.duty_number)


def _say(document: VoiceResponse | Gather, language: str, key: str, **fields: str) -> None:
    voice = voice_for(language)
    document.say(text_for(language, key, **fields), voice=voice.name, language=voice.language)


def _digits(heard: Heard) -> str:
    return spoken_digits(heard.language, heard.order_number or "")
