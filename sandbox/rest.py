"""Twilio's REST interface, as far as the service uses it."""

import hmac
import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request
from werkzeug.datastructures import MultiDict

from sandbox.call import API_VERSION, Call, CallbackOrder
from sandbox.carrier import CallOrder, CallStateError, Carrier
from sandbox.interpreter import Source
from sandbox.messages import MessageCenter
from sandbox.office import Office
from sandbox.recordings import Recording
from sandbox.twiml import RecordingCallback

T = TypeVar("T")

_CALL_EVENTS = ("initiated", "ringing", "answered", "completed")
_RECORDING_EVENTS = ("in-progress", "completed", "absent")
_QUEUED = {"status": "queued"}
"""What an order is answered with, however far it got while the answer was written."""
_MAX_PAGE = 1000
_DEFAULT_PAGE = 50
_MAX_TWIML = 4000
_MAX_BODY = 1600
_E164 = re.compile(r"\+[1-9]\d{6,14}")


class RestError(Exception):
    """A refusal in Twilio's form."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def response(self) -> Response:
        """The JSON that Twilio answers with."""
        more_info = f"https://www.twilio.com/docs/errors/{self.code}"
        body = {"code": self.code, "message": str(self), "more_info": more_info, "status": self.status}
        response = jsonify(body)
        response.status_code = self.status
        if self.status == HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
        return response


class _RequestLimit:
    """Counts the requests of the last second."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._recent: deque[float] = deque()

    def check(self, per_second: float) -> None:
        """Count one more; RestError 20429 when there were more than so many (0 lets all pass)."""
        now = time.monotonic()
        with self._lock:
            while self._recent and self._recent[0] <= now - 1:
                self._recent.popleft()
            if per_second and len(self._recent) >= per_second:
                raise RestError(429, 20429, "Too many requests")
            self._recent.append(now)


def blueprint(office: Office, carrier: Carrier, messages: MessageCenter) -> Blueprint:
    """Routes below /2010-04-01/Accounts/{sid}."""
    account_sid = office.config.account_sid
    routes = Blueprint("rest", __name__, url_prefix=f"/{API_VERSION}/Accounts/{account_sid}")
    limit = _RequestLimit()

    @routes.before_request
    def admit() -> None:
        _authenticate(office)
        faults = office.postman.faults
        limit.check(faults.requests_per_second or office.config.requests_per_second)
        if faults.rest_status and not _asks_for_media():
            raise RestError(faults.rest_status, 20500, "the stand-in carrier was told to fail")

    @routes.errorhandler(RestError)
    def refuse(problem: RestError) -> Response:
        return problem.response()

    _add_calls(routes, office, carrier)
    _add_recordings(routes, office)
    _add_messages(routes, office, messages)
    _add_numbers(routes, office)
    return routes


def unknown(office: Office) -> Callable[[Exception], Response]:
    """What answers below no known address: whose credentials are wrong learns only that."""

    def answer(_problem: Exception) -> Response:
        try:
            if request.path.startswith(f"/{API_VERSION}/"):
                _authenticate(office)
        except RestError as refusal:
            return refusal.response()
        return _not_found().response()

    return answer


def _add_calls(routes: Blueprint, office: Office, carrier: Carrier) -> None:
    @routes.post("/Calls.json")
    def create_call() -> tuple[Response, int]:
        call = carrier.place(_call_order(office, request.form))
        return jsonify(call.resource() | _QUEUED), HTTPStatus.CREATED

    @routes.get("/Calls.json")
    def list_calls() -> Response:
        calls = sorted(office.calls.values(), key=lambda call: call.created_at, reverse=True)
        chosen = [call for call in calls if _call_matches(call, request.args)]
        return _page("calls", chosen, Call.resource)

    @routes.get("/Calls/<sid>.json")
    def fetch_call(sid: str) -> Response:
        return jsonify(_known(office.calls.get(sid)).resource())

    @routes.post("/Calls/<sid>.json")
    def update_call(sid: str) -> Response:
        call = _known(office.calls.get(sid))
        _order_call(carrier, call, request.form)
        return jsonify(call.resource())

    @routes.get("/Calls/<sid>/Recordings.json")
    def list_recordings_of_call(sid: str) -> Response:
        _known(office.calls.get(sid))
        return _recordings(office, MultiDict([*request.args.items(multi=True), ("CallSid", sid)]))


def _add_recordings(routes: Blueprint, office: Office) -> None:
    fetches: dict[str, int] = {}

    @routes.get("/Recordings.json")
    def list_recordings() -> Response:
        return _recordings(office, request.args)

    @routes.get("/Recordings/<sid>.json")
    def fetch_recording(sid: str) -> Response:
        return jsonify(_known(office.recordings.find(sid)).resource(office.base_url))

    @routes.delete("/Recordings/<sid>.json")
    def delete_recording(sid: str) -> tuple[str, int]:
        if not office.recordings.delete(sid):
            raise _not_found()
        return "", HTTPStatus.NO_CONTENT

    @routes.get("/Recordings/<sid>")
    @routes.get("/Recordings/<sid>.wav")
    def fetch_media(sid: str) -> Response:
        recording = _known(office.recordings.find(sid))
        fetches[sid] = fetches.get(sid, 0) + 1
        return _media(office, recording, fetches[sid])


def _add_messages(routes: Blueprint, office: Office, messages: MessageCenter) -> None:
    @routes.post("/Messages.json")
    def create_message() -> tuple[Response, int]:
        form = request.form
        sender, recipient, body = form.get("From", ""), form.get("To", ""), form.get("Body", "")
        _check_recipient(recipient)
        if sender not in office.numbers:
            raise RestError(400, 21606, f"The 'From' number {sender} is not one that this account may text from")
        if not body:
            raise RestError(400, 21602, "Message body is required")
        if len(body) > _MAX_BODY:
            raise RestError(400, 21617, f"The message body exceeds {_MAX_BODY} characters")
        callback_url = _address(form, "StatusCallback")
        message = messages.send(sender, recipient, body, callback_url=callback_url)
        return jsonify(message.resource() | _QUEUED), HTTPStatus.CREATED

    @routes.get("/Messages.json")
    def list_messages() -> Response:
        wanted = {"sender": request.args.get("From"), "recipient": request.args.get("To")}
        chosen = [
            one
            for one in messages.all()
            if all(value is None or getattr(one, name) == value for name, value in wanted.items())
        ]
        return _page("messages", chosen, lambda one: one.resource())

    @routes.get("/Messages/<sid>.json")
    def fetch_message(sid: str) -> Response:
        return jsonify(_known(messages.find(sid)).resource())


def _add_numbers(routes: Blueprint, office: Office) -> None:
    @routes.get("/IncomingPhoneNumbers.json")
    def list_numbers() -> Response:
        chosen = [one for one in sorted(office.numbers) if request.args.get("PhoneNumber", one) == one]
        return _page("incoming_phone_numbers", chosen, lambda number: _number_resource(office, number))


def _number_resource(office: Office, phone_number: str) -> dict[str, Any]:
    number = office.numbers[phone_number]
    return {
        "sid": "PN" + phone_number.strip("+").zfill(32),
        "account_sid": office.config.account_sid,
        "phone_number": phone_number,
        "friendly_name": phone_number,
        "voice_url": number.voice_url,
        "voice_method": "POST",
        "voice_fallback_url": number.voice_fallback_url,
        "status_callback": number.status_callback,
        "sms_url": number.sms_url,
        "sms_fallback_url": number.sms_fallback_url,
        "capabilities": {"voice": True, "sms": True, "mms": False},
        "api_version": API_VERSION,
    }


# What a request asks for


def _call_order(office: Office, form: MultiDict[str, str]) -> CallOrder:
    _check_recipient(form.get("To", ""))
    if form.get("From", "") not in office.numbers:
        raise RestError(400, 21210, f"'From' phone number not verified: {form.get('From', '')}")
    return CallOrder(
        caller=form["From"],
        called=form["To"],
        source=_source(form),
        fallback_url=_address(form, "FallbackUrl"),
        callback=CallbackOrder(
            _address(form, "StatusCallback"),
            _method(form, "StatusCallbackMethod"),
            _events(form, "StatusCallbackEvent", _CALL_EVENTS),
        ),
        timeout_s=min(_whole(form, "Timeout", 60), 600),
        time_limit_s=_whole(form, "TimeLimit", 14400),
        detects_machine=_one_of(form, "MachineDetection", ("", "Enable", "DetectMessageEnd")),
        detects_aside=form.get("AsyncAmd", "false").lower() == "true",
        detection_callback=CallbackOrder(
            _address(form, "AsyncAmdStatusCallback"), _method(form, "AsyncAmdStatusCallbackMethod")
        ),
        records=form.get("Record", "false").lower() == "true",
        is_dual=_one_of(form, "RecordingChannels", ("mono", "dual")) == "dual",
        trims=_one_of(form, "Trim", ("trim-silence", "do-not-trim")) == "trim-silence",
        recording_callback=RecordingCallback(
            _address(form, "RecordingStatusCallback"),
            _method(form, "RecordingStatusCallbackMethod"),
            _events(form, "RecordingStatusCallbackEvent", _RECORDING_EVENTS),
        ),
    )


def _source(form: Mapping[str, str]) -> Source:
    if "Twiml" in form:
        if len(form["Twiml"]) > _MAX_TWIML:
            raise RestError(400, 21239, f"Twiml has more than {_MAX_TWIML} characters")
        return Source(inline=form["Twiml"])
    if "Url" not in form:
        raise RestError(400, 21205, "Url parameter is required: one of Url and Twiml")
    return Source(_address(form, "Url"), _method(form, "Method"))


def _order_call(carrier: Carrier, call: Call, form: Mapping[str, str]) -> None:
    try:
        if "Status" in form:
            carrier.finish(call, _one_of(form, "Status", ("completed", "canceled"), default=""))
        elif "Twiml" in form or "Url" in form:
            source = _source(form)
            carrier.move(call, url=source.url, method=source.method, twiml=source.inline)
        else:
            raise RestError(400, 20001, "nothing to change: Status, Url or Twiml is needed")
    except CallStateError as problem:
        raise RestError(400, 21220, f"Invalid call state: {problem}") from problem


def _call_matches(call: Call, wanted: MultiDict[str, str]) -> bool:
    plain = {"To": call.called, "From": call.caller, "Status": call.status, "ParentCallSid": call.parent_sid}
    if any(wanted.get(name) not in (None, value) for name, value in plain.items()):
        return False
    return _is_within(call.started_at or call.created_at, wanted, "StartTime")


def _recordings(office: Office, wanted: MultiDict[str, str]) -> Response:
    chosen = [
        one
        for one in office.recordings.all()
        if wanted.get("CallSid") in (None, one.call_sid) and _is_within(one.created_at, wanted, "DateCreated")
    ]
    return _page("recordings", chosen, lambda one: one.resource(office.base_url))


def _is_within(moment: datetime, wanted: Mapping[str, str], name: str) -> bool:
    """Twilio writes `DateCreated>=2026-01-31`: the comparison is part of the parameter's name."""
    if (since := _moment(wanted.get(f"{name}>"))) and moment < since:
        return False
    if (until := _moment(wanted.get(f"{name}<"))) and moment > until:
        return False
    day = _moment(wanted.get(name))
    return day is None or day <= moment < day + timedelta(days=1)


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise RestError(400, 20001, f"{text!r} is no date") from problem
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _media(office: Office, recording: Recording, fetches: int) -> Response:
    faults = office.postman.faults
    if faults.media_status:
        raise RestError(faults.media_status, 20500, "the stand-in carrier was told to fail")
    if fetches <= faults.media_not_found_first:
        raise _not_found()
    channels = _one_of(request.args, "RequestedChannels", ("1", "2"))
    sound = faults.media or office.recordings.media(recording, int(channels))
    return Response(sound, mimetype="audio/x-wav")


def _page(key: str, items: Sequence[T], show: Callable[[T], dict[str, Any]]) -> Response:
    size = min(max(_whole(request.args, "PageSize", _DEFAULT_PAGE), 1), _MAX_PAGE)
    number = _whole(request.args, "Page", 0)
    last = max(0, (len(items) - 1) // size)

    def uri(page: int) -> str:
        kept = [(name, value) for name, value in request.args.items(multi=True) if name not in ("Page", "PageSize")]
        return f"{request.path}?{urlencode([*kept, ('PageSize', size), ('Page', page)])}"

    return jsonify(
        {
            key: [show(item) for item in items[number * size : (number + 1) * size]],
            "page": number,
            "page_size": size,
            "start": number * size,
            "end": max(number * size, min(len(items), (number + 1) * size) - 1),
            "uri": uri(number),
            "first_page_uri": uri(0),
            "next_page_uri": uri(number + 1) if number < last else None,
            "previous_page_uri": uri(number - 1) if number else None,
        }
    )


# What is refused


def _authenticate(office: Office) -> None:
    given = request.authorization
    user, password = (given.username or "", given.password or "") if given else ("", "")
    is_known = hmac.compare_digest(user.encode(), office.config.account_sid.encode())
    if not (hmac.compare_digest(password.encode(), office.config.auth_token.encode()) and is_known):
        raise RestError(401, 20003, "Authenticate")


def _asks_for_media() -> bool:
    return "/Recordings/" in request.path and not request.path.endswith(".json")


def _known(found: T | None) -> T:
    if found is None:
        raise _not_found()
    return found


def _not_found() -> RestError:
    return RestError(404, 20404, f"The requested resource {request.path} was not found")


def _check_recipient(number: str) -> None:
    if not _E164.fullmatch(number):
        raise RestError(400, 21211, f"The 'To' number {number} is not a valid phone number.")


def _address(form: Mapping[str, str], name: str) -> str:
    url = form.get(name, "")
    if url and not re.match(r"https?://[^/]", url):
        raise RestError(400, 21205, f"{name} is not a valid URL: {url}")
    return url


def _events(form: MultiDict[str, str], name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    chosen = tuple(part for value in form.getlist(name) for part in value.split())
    if set(chosen) - set(allowed):
        raise RestError(400, 21626, f"{name} knows only {', '.join(allowed)}, not {', '.join(chosen)}")
    return chosen or ("completed",)


def _one_of(form: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    value = form.get(name, allowed[0] if default is None else default)
    if value not in allowed:
        raise RestError(400, 20001, f"{name} cannot be {value!r}")
    return value


def _method(form: Mapping[str, str], name: str) -> str:
    return _one_of(form, name, ("POST", "GET"))


def _whole(form: Mapping[str, str], name: str, default: int) -> int:
    value = form.get(name, str(default))
    if not value.isdigit():
        raise RestError(400, 20001, f"{name} is no number: {value!r}")
    return int(value)
