"""A call's way from initiated to its end, told to whoever asked to hear of it."""

from datetime import UTC, datetime

from sandbox.call import FINAL, Call, rfc2822
from sandbox.callbacks import Callback
from sandbox.office import Office
from sandbox.ringing import SIP_CODES

_EVENTS = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}


def reach(office: Office, call: Call, status: str, **more: str) -> None:
    """Bring a call to its next status, and tell."""
    call.advance(status)
    tell(office, call, **more)


def tell(office: Office, call: Call, **more: str) -> None:
    """Send the status callback for where the call is now, if that event was asked for."""
    event = _EVENTS.get(call.status, "completed")
    sequence = call.next_sequence()
    if event not in call.callback.events:
        return
    params = {
        **call.params(),
        "Timestamp": rfc2822(datetime.now(UTC)) or "",
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(sequence),
        **more,
    }
    if call.status in FINAL:
        seconds = call.duration_s or 0
        params |= {
            "CallDuration": str(seconds),
            "Duration": str(-(-seconds // 60)),
            "SipResponseCode": SIP_CODES[call.status],
        }
    callback = Callback("call", call.callback.url, params, call.note, call.callback.method)
    office.postman.send(call.sid, callback)
