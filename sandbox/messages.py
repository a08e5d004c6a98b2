"""Text messages, both ways: sent by the service and told of step by step, or written to it by somebody."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock, Thread
from typing import Any

from sandbox.call import API_VERSION, new_sid, place_params, rfc2822
from sandbox.callbacks import Callback
from sandbox.office import Office
from sandbox.script import Person
from sandbox.twiml import TwimlError, parse_replies
from sandbox.webhooks import Answer, WebhookError

_SEGMENT_CHARACTERS = 67
_ERROR_CODES = {"undelivered": 30003, "failed": 30008}


@dataclass
class Message:
    """One text message and how far it got."""

    account_sid: str
    direction: str
    sender: str
    recipient: str
    body: str
    status: str
    callback_url: str = ""
    error_code: int | None = None
    sent_at: datetime | None = None
    sid: str = field(default_factory=lambda: new_sid("SM"))
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    log: list[dict[str, Any]] = field(default_factory=list)
    is_settled: bool = False

    def note(self, event: str, **facts: object) -> None:
        """Write a line of the log."""
        self.log.append({"event": event, **facts})

    @property
    def segments(self) -> int:
        """How many short messages this one fills, as Chinese text counts."""
        return max(1, -(-len(self.body) // _SEGMENT_CHARACTERS))

    def resource(self) -> dict[str, Any]:
        """The message as Twilio's REST shows it."""
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "api_version": API_VERSION,
            "messaging_service_sid": None,
            "from": self.sender,
            "to": self.recipient,
            "body": self.body,
            "num_segments": str(self.segments),
            "num_media": "0",
            "direction": self.direction,
            "status": self.status,
            "error_code": self.error_code,
            "error_message": None,
            "date_created": rfc2822(self.created_at),
            "date_updated": rfc2822(self.created_at),
            "date_sent": rfc2822(self.sent_at),
            "price": None,
            "price_unit": "USD",
            "uri": f"/{API_VERSION}/Accounts/{self.account_sid}/Messages/{self.sid}.json",
            "subresource_uris": {},
        }

    def record(self) -> dict[str, Any]:
        """The message as the control interface shows it."""
        return {
            "message_sid": self.sid,
            "direction": self.direction,
            "from": self.sender,
            "to": self.recipient,
            "body": self.body,
            "status": self.status,
            "settled": self.is_settled,
            "log": list(self.log),
        }


class MessageCenter:
    """Keeps and delivers messages."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._lock = Lock()
        self._messages: dict[str, Message] = {}
        self.on_delivery: list[Callable[[Message], None]] = []
        """Who else wants to see a message that reached a telephone."""

    def all(self) -> list[Message]:
        """Every message, newest first."""
        with self._lock:
            return list(self._messages.values())[::-1]

    def find(self, sid: str) -> Message | None:
        """A message by its identifier."""
        with self._lock:
            return self._messages.get(sid)

    def send(self, sender: str, recipient: str, body: str, *, callback_url: str = "", reply: bool = False) -> Message:
        """A message of the service leaves; its progress is told to `callback_url`."""
        direction = "outbound-reply" if reply else "outbound-api"
        account_sid = self._office.config.account_sid
        message = Message(account_sid, direction, sender, recipient, body, "queued", callback_url)
        self._keep(message)
        Thread(target=self._deliver, args=(message,), name=f"message-{message.sid}", daemon=True).start()
        return message

    def receive(self, sender: str, recipient: str, body: str) -> Message:
        """Somebody writes to one of the service's numbers."""
        account_sid = self._office.config.account_sid
        message = Message(account_sid, "inbound", sender, recipient, body, "received")
        self._keep(message)
        Thread(target=self._hand_over, args=(message,), name=f"message-{message.sid}", daemon=True).start()
        return message

    def _keep(self, message: Message) -> None:
        with self._lock:
            self._messages[message.sid] = message

    def _deliver(self, message: Message) -> None:
        outcome = self._office.people.get(message.recipient, Person()).texts
        for status in ("queued", "sent", outcome) if outcome != "failed" else ("queued", "failed"):
            message.status = status
            message.error_code = _ERROR_CODES.get(status)
            if status == "sent":
                message.sent_at = datetime.now(UTC)
            self._tell(message)
        if outcome == "delivered":
            for hear in self.on_delivery:
                hear(message)
        self._office.postman.close(message.sid)
        message.is_settled = True

    def _tell(self, message: Message) -> None:
        params = {
            "AccountSid": message.account_sid,
            "ApiVersion": API_VERSION,
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "MessageStatus": message.status,
            "SmsStatus": message.status,
            "From": message.sender,
            "To": message.recipient,
        }
        if message.error_code:
            params["ErrorCode"] = str(message.error_code)
        message.note("status", status=message.status)
        callback = Callback("message", message.callback_url, params, message.note)
        self._office.postman.send(message.sid, callback)

    def _hand_over(self, message: Message) -> None:
        number = self._office.numbers[message.recipient]
        params = {
            "AccountSid": message.account_sid,
            "ApiVersion": API_VERSION,
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "SmsMessageSid": message.sid,
            "SmsStatus": "received",
            "From": message.sender,
            "To": message.recipient,
            "Body": message.body,
            "NumMedia": "0",
            "NumSegments": str(message.segments),
            **place_params("From", message.sender),
            **place_params("To", message.recipient),
        }
        try:
            self._ask(message, number.sms_url, params)
        except (WebhookError, TwimlError) as problem:
            message.note("error", code=problem.code, message=str(problem), url=number.sms_url)
            self._ask_fallback(message, number.sms_fallback_url, params, problem.code, number.sms_url)
        message.is_settled = True

    def _ask_fallback(self, message: Message, url: str, params: dict[str, str], code: int, failed_url: str) -> None:
        if not url:
            return
        try:
            self._ask(message, url, {**params, "ErrorCode": str(code), "ErrorUrl": failed_url})
        except (WebhookError, TwimlError) as problem:
            message.note("error", code=problem.code, message=str(problem), url=url)

    def _ask(self, message: Message, url: str, params: dict[str, str]) -> None:
        answer: Answer = self._office.webhooks.ask(url, params)
        message.note("webhook", url=url, params=params, status=answer.status)
        replies = parse_replies(answer.body, answer.content_type) if answer.body.strip() else ()
        for reply in replies:
            self.send(message.recipient, message.sender, reply, reply=True)
