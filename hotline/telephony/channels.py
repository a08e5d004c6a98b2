"""Where the gateways of message channels bring what people write: WeChat, Weibo, or any other that signs as we do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from hotline.logs import get_log
from hotline.models import Channel
from hotline.services import correspondence, message_channels
from hotline.services.correspondence import Written
from hotline.services.intake import LONGEST_REQUEST
from hotline.telephony import signatures
from hotline.telephony.journal import AWAY
from hotline.web import json_body, runtime

log = get_log(__name__)

channels = Blueprint("channels", __name__, url_prefix="/channels")

_LARGEST_BODY = 64 * 1024
_LONGEST_NAME = 64
_OLDEST = timedelta(days=7)


class UnusableMessageError(ValueError):
    """A message that says not what it must; `field` and `why` say what is wrong."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field} {why}")
        self.field, self.why = field, why


@dataclass(frozen=True)
class _Told:
    message_id: str
    sender: str
    text: str
    sent_at: datetime


@channels.before_request
def _check_signature() -> None:
    """Fail closed: what is not signed with the channel's own secret never reaches a view."""
    held = runtime()
    secret = held.settings.channel_secrets.get((request.view_args or {}).get("name", ""))
    timestamp, signature = request.headers.get(signatures.TIMESTAMP, ""), request.headers.get(signatures.SIGNATURE, "")
    if secret is None or not signatures.may_be_fresh(timestamp, signature, held.now()):
        # Before the body is read: whoever has no secret holds up a thread no longer than this.
        log.warning("channel refused: unknown, unsigned or old", view=request.endpoint)
        abort(HTTPStatus.FORBIDDEN)
    request.max_content_length = _LARGEST_BODY
    if not signatures.fits(secret.get_secret_value(), timestamp, signature, request.get_data()):
        log.warning("channel refused: wrong signature", view=request.endpoint)
        abort(HTTPStatus.FORBIDDEN)


@channels.errorhandler(UnusableMessageError)
def _unusable(error: UnusableMessageError) -> ResponseReturnValue:
    log.warning("channel refused: unusable message", view=request.endpoint, field=error.field)
    return jsonify(errors={error.field: error.why}), HTTPStatus.UNPROCESSABLE_ENTITY


@channels.errorhandler(HTTPStatus.BAD_REQUEST)
@channels.errorhandler(HTTPStatus.FORBIDDEN)
@channels.errorhandler(HTTPStatus.NOT_FOUND)
@channels.errorhandler(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
def _refused(error: Any) -> ResponseReturnValue:
    return jsonify(error=HTTPStatus(error.code).phrase.lower()), error.code


@channels.post("/<name>/messages")
def message(name: str) -> ResponseReturnValue:
    """Somebody wrote; told again, nothing is done again. 503 asks the gateway to bring it again in a while."""
    held, told = runtime(), _told()
    try:
        with held.transaction() as session:
            channel = message_channels.by_name(session, name)
            if channel is None:
                abort(HTTPStatus.NOT_FOUND)
            now = held.now()
            came = Written(
                carrier=channel.name,
                message_id=told.message_id,
                number=told.sender,
                unit_id=channel.unit_id,
                line_id=None,
                channel=Channel.SOCIAL,
                text=told.text,
                # What is said to be older cannot be true; its clocks would have run out before it came.
                written_at=told.sent_at if now - told.sent_at <= _OLDEST else now,
            )
            correspondence.take(session, came, held.status_page, now, held.settings.zone)
    except AWAY:
        log.exception("a message of a channel could not be stored", view=request.endpoint)
        return jsonify(error="not now"), HTTPStatus.SERVICE_UNAVAILABLE
    return jsonify({})


def _told() -> _Told:
    record = json_body()
    if not isinstance(record, dict):
        raise UnusableMessageError("body", "must be a JSON object")
    return _Told(
        message_id=_name(record, "id"),
        sender=_name(record, "sender"),
        text=_words(record, "text")[:LONGEST_REQUEST],
        sent_at=_moment(record, "sent_at"),
    )


def _words(record: dict[str, Any], field: str) -> str:
    said = record.get(field)
    if not isinstance(said, str):
        raise UnusableMessageError(field, "must be a string")
    # Half of a pair, or a character of no text: no database holds these.
    return said.encode("utf-8", "replace").decode().replace("\x00", "").strip()


def _name(record: dict[str, Any], field: str) -> str:
    said = _words(record, field)
    if not 0 < len(said) <= _LONGEST_NAME or not said.isprintable():
        raise UnusableMessageError(field, f"must have 1 to {_LONGEST_NAME} printable characters")
    return said


def _moment(record: dict[str, Any], field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_words(record, field))
    except ValueError as error:
        if isinstance(error, UnusableMessageError):
            raise
        raise UnusableMessageError(field, "must be a time as 2026-03-02T09:30:00+08:00") from None
    if moment.tzinfo is None:
        raise UnusableMessageError(field, "must say its zone, as 2026-03-02T09:30:00+08:00")
    return moment
