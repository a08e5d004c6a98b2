"""The other side of the counter: tests, demo and newcomers decide here what people on the telephone do."""

import time
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from sandbox.call import Call
from sandbox.carrier import Carrier
from sandbox.config import ConfigError, Number
from sandbox.faults import FaultError, Faults
from sandbox.messages import MessageCenter
from sandbox.office import Office
from sandbox.party import rehearse
from sandbox.script import Person, ScriptError, script_from

_LONGEST_WAIT_S = 120.0


def blueprint(office: Office, carrier: Carrier, messages: MessageCenter) -> Blueprint:
    """Routes below /sandbox/, for this machine alone."""
    routes = Blueprint("control", __name__, url_prefix="/sandbox")

    @routes.before_request
    def stay_local() -> None:
        if request.remote_addr not in ("127.0.0.1", "::1"):
            abort(HTTPStatus.FORBIDDEN, "the control interface answers this machine alone")
        if request.origin not in (None, request.host_url.rstrip("/")):
            abort(HTTPStatus.FORBIDDEN, "the control interface obeys no page of another site")

    @routes.errorhandler(HTTPException)
    def refuse(problem: HTTPException) -> tuple[Response, int]:
        return jsonify({"error": problem.description}), problem.code or HTTPStatus.INTERNAL_SERVER_ERROR

    @routes.errorhandler(ScriptError)
    @routes.errorhandler(FaultError)
    @routes.errorhandler(ConfigError)
    def explain(problem: Exception) -> tuple[Response, int]:
        return jsonify({"error": str(problem)}), HTTPStatus.BAD_REQUEST

    @routes.get("/health")
    def health() -> dict[str, Any]:
        return {"status": "ok", "calls": len(office.calls), "numbers": sorted(office.numbers)}

    _add_calls(routes, office, carrier)
    _add_people(routes, office, messages)
    return routes


def _add_calls(routes: Blueprint, office: Office, carrier: Carrier) -> None:
    @routes.post("/calls")
    def ring_in() -> tuple[dict[str, str], int]:
        asked = _body()
        called = _own_number(office, asked)
        call = carrier.ring_in(str(asked.get("from", "")), called, script_from(asked.get("script", ())))
        return {"call_sid": call.sid}, HTTPStatus.CREATED

    @routes.get("/calls")
    def list_calls() -> Response:
        wanted = request.args
        calls = [call.record() for call in list(office.calls.values())]
        fits = [call for call in calls if all(str(call.get(key)) == value for key, value in wanted.items())]
        return jsonify(fits)

    @routes.get("/calls/<sid>")
    def show_call(sid: str) -> Response:
        call = office.calls.get(sid) or abort(HTTPStatus.NOT_FOUND, f"there is no call {sid}")
        _wait_until_settled(call, min(float(request.args.get("wait_s", 0)), _LONGEST_WAIT_S))
        return jsonify(call.record())


def _add_people(routes: Blueprint, office: Office, messages: MessageCenter) -> None:
    @routes.put("/people/<number>")
    def set_person(number: str) -> dict[str, str]:
        person = Person.from_record(_body())
        rehearse(person.script)
        office.people[number] = person
        return {"number": number}

    @routes.put("/numbers/<number>")
    def set_number(number: str) -> dict[str, str]:
        office.numbers[number] = Number.from_record(_body())
        return {"number": number}

    @routes.get("/faults")
    def show_faults() -> dict[str, Any]:
        return office.postman.faults.record()

    @routes.put("/faults")
    def set_faults() -> dict[str, Any]:
        office.postman.faults = Faults.from_record(_body())
        return office.postman.faults.record()

    @routes.get("/messages")
    def list_messages() -> Response:
        return jsonify([message.record() for message in messages.all()])

    @routes.post("/messages")
    def write_message() -> tuple[dict[str, str], int]:
        asked = _body()
        recipient = _own_number(office, asked)
        message = messages.receive(str(asked.get("from", "")), recipient, str(asked.get("body", "")))
        return {"message_sid": message.sid}, HTTPStatus.CREATED


def _own_number(office: Office, asked: dict[str, Any]) -> str:
    number = str(asked.get("to", ""))
    if number not in office.numbers:
        abort(HTTPStatus.NOT_FOUND, f"{number or '(no number)'} is none of the service's numbers")
    return number


def _body() -> dict[str, Any]:
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        abort(HTTPStatus.BAD_REQUEST, "the body is no JSON object")
    return body


def _wait_until_settled(call: Call, longest_s: float) -> None:
    """Answer when the call is over and everything about it was told, or when the time is up."""
    ends_at = time.monotonic() + longest_s
    with call.changed:
        while not call.is_settled and (left_s := ends_at - time.monotonic()) > 0:
            call.changed.wait(left_s)
