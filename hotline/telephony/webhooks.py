"""Every address that the carrier calls: the signature, the form as a record, one service, the words."""

import re

from flask import Blueprint, Response, abort, request
from sqlalchemy.orm import Session
from twilio.request_validator import RequestValidator
from werkzeug.exceptions import HTTPException

from hotline.logs import get_log
from hotline.models import AlarmAttempt, SurveyAttempt
from hotline.rules.call_flow import CallEvent
from hotline.rules.wording import DEFAULT
from hotline.services import alarms, calls, surveys
from hotline.services.receipts import Told
from hotline.telephony import documents, forms
from hotline.telephony.addresses import Addresses
from hotline.telephony.journal import (
    AWAY,
    AlarmProgress,
    EndedCall,
    Entry,
    Journal,
    MessageFate,
    MissedCall,
    SurveyProgress,
    store,
)
from hotline.web import runtime

log = get_log(__name__)

voice = Blueprint("voice", __name__, url_prefix="/voice")
notices = Blueprint("notices", __name__)

_LARGEST_FORM = 64 * 1024
_LAST_ID = 2**31 - 1
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{27}=")  # an HMAC-SHA1 in base64


@voice.before_request
@notices.before_request
def _check_signature() -> None:
    """Fail closed: what is not signed with our token for our own address never reaches a view."""
    settings = runtime().settings
    signature = request.headers.get("X-Twilio-Signature", "")
    if not _SIGNATURE.fullmatch(signature):
        # Before the form is read: whoever has no signature holds up a thread no longer than this.
        log.warning("webhook refused: no signature", view=request.endpoint)
        abort(403)
    request.max_content_length = _LARGEST_FORM
    address = settings.base_url + request.full_path.rstrip("?")
    validator = RequestValidator(settings.twilio_auth_token.get_secret_value())
    if not validator.validate(address, request.form, signature):
        log.warning("webhook refused: wrong signature", view=request.endpoint)
        abort(403)


@voice.errorhandler(forms.UnusableFormError)
@notices.errorhandler(forms.UnusableFormError)
def _unusable(error: forms.UnusableFormError) -> Response:
    log.warning("webhook refused: unusable form", view=request.endpoint, field=error.field)
    return Response("", status=400)


class _UnknownAttemptError(Exception):
    """A call, placed by us as it seems, that we know nothing of."""


@voice.errorhandler(_UnknownAttemptError)
@voice.errorhandler(alarms.WrongNumberError)
def _unknown_attempt(error: Exception) -> Response:
    """Whoever picked up hears words, not the carrier's own about a fault."""
    log.warning("a call that was placed is none of ours", view=request.endpoint, error=type(error).__name__)
    return _words(_apology())


@voice.errorhandler(Exception)
def _apologise(error: Exception) -> Response:
    """A caller always hears words; what was told is kept on the local disk until it can be stored."""
    if isinstance(error, HTTPException):
        return Response(status=error.code)
    log.error("voice webhook failed", view=request.endpoint, exc_info=error)
    # Whom we rang is rung again by the survey itself.
    if "token" not in (request.view_args or {}):
        _journal_missed()
    return _words(_apology())


def _apology() -> str:
    """Our own people are told what it means that we cannot do our work; callers, that somebody rings back."""
    is_alarm = (request.endpoint or "").startswith("voice.alarm")
    return documents.apology(DEFAULT, "alarm_fault" if is_alarm else "apology")


@voice.post("/inbound")
def inbound() -> Response:
    """Somebody rings."""
    held = runtime()
    with held.transaction() as session:
        heard = calls.ring_in(session, _told(), held.now(), held.settings.zone)
    return _words(documents.inbound(heard, _addresses()))


@voice.post("/key")
def key() -> Response:
    """A key was pressed during the greeting."""
    wants_person = request.form.get("Digits") == "0"
    return _happened(CallEvent.PERSON_WANTED if wants_person else CallEvent.OTHER_KEY)


@voice.post("/recorded")
def recorded() -> Response:
    """The caller finished speaking."""
    held = runtime()
    with held.transaction() as session:
        heard = calls.message_left(
            session,
            _told(),
            forms.recording_id(request.form),
            held.now(),
            held.settings.zone,
            wants_person=request.form.get("Digits") == "0",
        )
    return _words(documents.inbound(heard, _addresses()))


@voice.post("/nothing-said")
def nothing_said() -> Response:
    """The recorder heard nothing."""
    return _happened(CallEvent.NOTHING_SAID)


@voice.post("/person-done")
def person_done() -> Response:
    """The duty number's part is over, or never began."""
    talked = request.form.get("DialCallStatus") == "completed"
    return _happened(CallEvent.PERSON_TALKED if talked else CallEvent.PERSON_ABSENT)


@voice.post("/fallback")
def fallback() -> Response:
    """Our own document could not be had: say so, and see that the caller is rung back."""
    log.error("fallback was asked for", error_code=forms.error_code(request.form))
    _journal_missed()
    return _words(documents.apology(DEFAULT))


@voice.post("/survey/<token>/picked-up")
def survey_picked_up(token: str) -> Response:
    """The person whom we rang answered."""
    held = runtime()
    with held.transaction() as session:
        asked = surveys.picked_up(
            session,
            _attempt(session, token),
            _told().call_id,
            is_machine=forms.is_machine(request.form),
            now=held.now(),
            zone=held.settings.zone,
        )
    return _words(documents.survey(asked, _addresses()))


@voice.post("/survey/<token>/key")
def survey_key(token: str) -> Response:
    """A key was pressed at a question, or none in time."""
    held, told = runtime(), _told()
    with held.transaction() as session:
        attempt = _attempt(session, token)
        asked = surveys.keyed(session, attempt, told, forms.pressed(request.form), held.now(), held.settings.zone)
    return _words(documents.survey(asked, _addresses()))


@voice.post("/survey/<token>/spoken")
def survey_spoken(token: str) -> Response:
    """Something was said after the tone; without a recording, nothing was."""
    held, told = runtime(), _told()
    recording_id = forms.recording_id(request.form) if request.form.get("RecordingSid") else None
    with held.transaction() as session:
        attempt = _attempt(session, token)
        asked = calls.survey_spoken(session, attempt, told, recording_id, held.now(), held.settings.zone)
    return _words(documents.survey(asked, _addresses()))


@voice.post("/survey/<token>/fallback")
def survey_fallback(token: str) -> Response:  # noqa: ARG001 - every address of a survey call names its attempt
    """The document for whom we rang could not be had. The survey's own table says who tries next."""
    log.error("fallback was asked for by a survey call", error_code=request.form.get("ErrorCode", ""))
    return _words(documents.apology(DEFAULT))


@voice.post("/alarm/<token>/picked-up")
def alarm_picked_up(token: str) -> Response:
    """Whoever is on duty answered."""
    held, told = runtime(), _told()
    with held.transaction() as session:
        heard = alarms.picked_up(session, _alarm_attempt(session, token), told, held.now())
    return _words(documents.alarm(heard, _addresses()))


@voice.post("/alarm/<token>/key")
def alarm_key(token: str) -> Response:
    """Whoever is on duty pressed a key, or none in time."""
    held, told = runtime(), _told()
    with held.transaction() as session:
        attempt = _alarm_attempt(session, token)
        heard = alarms.keyed(session, attempt, told, forms.pressed(request.form), held.now())
    return _words(documents.alarm(heard, _addresses()))


@voice.post("/alarm/<token>/fallback")
def alarm_fallback(token: str) -> Response:  # noqa: ARG001 - every address of an alarm's call names its attempt
    """The document for whoever is on duty could not be had: the text is there, and the next one is rung."""
    log.error("fallback was asked for by an alarm's call", error_code=forms.error_code(request.form))
    return _words(_apology())


@notices.post("/voice/alarm/<token>/status")
def alarm_status(token: str) -> Response:
    """How the call about an emergency is getting on."""
    event = forms.progress(request.form)
    if event is not None:
        _keep(AlarmProgress(token, event, forms.duration_s(request.form)))
    return Response(status=204)


@notices.post("/voice/survey/<token>/status")
def survey_status(token: str) -> Response:
    """How the call that we placed is getting on."""
    event = forms.progress(request.form)
    if event is not None:
        _keep(SurveyProgress(token, event, forms.duration_s(request.form)))
    return Response(status=204)


@notices.post("/voice/status")
def status() -> Response:
    """An inbound call's line is dead."""
    held = runtime()
    if forms.has_ended(request.form):
        at = forms.ended_at(request.form) or held.now()
        _keep(EndedCall(_told(), at, forms.duration_s(request.form)))
    return Response(status=204)


@notices.post("/voice/recording")
def recording() -> Response:
    """A recording is complete, or there is none."""
    _keep(forms.recording_told(request.form))
    return Response(status=204)


@notices.post("/messages/inbound")
def message_inbound() -> Response:
    """Somebody wrote to one of our numbers; the answer is a message of its own, so this document is empty."""
    _keep(forms.text_told(request.form, runtime().now()))
    return _words(documents.nothing())


@notices.post(f"/messages/<int(max={_LAST_ID}):message_id>/status")
def message_status(message_id: int) -> Response:
    """How far a text message has come."""
    state, code = forms.message_state(request.form), forms.error_code(request.form)
    if state is not None:
        _keep(MessageFate(message_id, state, f"carrier error {code}" if code else None))
    return Response(status=204)


def _happened(event: CallEvent) -> Response:
    held = runtime()
    with held.transaction() as session:
        heard = calls.happened(session, _told(), event, held.now(), held.settings.zone)
    return _words(documents.inbound(heard, _addresses()))


def _keep(entry: Entry) -> None:
    """Store what a callback told; while the database is away, on the local disk."""
    held = runtime()
    try:
        with held.transaction() as session:
            store(session, entry, _addresses(), held.now(), held.settings.zone)
    except AWAY:
        log.exception("callback could not be stored", view=request.endpoint)
        _journal(entry)


def _journal_missed() -> None:
    try:
        _journal(MissedCall(_told(), runtime().now()))
    except OSError:
        # The caller hears words all the same; what the carrier knows of the call is asked for later.
        log.exception("a missed call could not be written down")


def _journal(entry: Entry) -> None:
    Journal(runtime().settings.journal_dir).write(entry)


def _told() -> Told:
    return forms.told(request.form, request.path, request.headers.get("I-Twilio-Idempotency-Token"))


def _attempt(session: Session, token: str) -> SurveyAttempt:
    attempt = surveys.attempt_by_token(session, token)
    if attempt is None:
        raise _UnknownAttemptError
    return attempt


def _alarm_attempt(session: Session, token: str) -> AlarmAttempt:
    attempt = alarms.attempt_by_token(session, token)
    if attempt is None:
        raise _UnknownAttemptError
    return attempt


def _addresses() -> Addresses:
    return Addresses(runtime().settings.base_url)


def _words(document: str) -> Response:
    return Response(document, mimetype="application/xml")
