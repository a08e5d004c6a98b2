"""How a message channel's gateway and we sign what we tell each other: a time, and the body as it is sent."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta

TIMESTAMP, SIGNATURE = "X-Hotline-Timestamp", "X-Hotline-Signature"
# Longer than that nobody waits for an answer, and no clock differs by more.
FRESH_FOR = timedelta(minutes=5)
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)


def signed(secret: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers that go with the body: seconds since 1970, and the HMAC-SHA256 of these, a dot and the body."""
    timestamp = str(int(now.timestamp()))
    return {TIMESTAMP: timestamp, SIGNATURE: _signature(secret, timestamp, body)}


def may_be_fresh(timestamp: str, signature: str, now: datetime) -> bool:
    """Whether the headers have their form and are of about now: what can be known before the body is read."""
    if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
        return False
    return abs(now.timestamp() - int(timestamp)) <= FRESH_FOR.total_seconds()


def fits(secret: str, timestamp: str, signature: str, body: bytes) -> bool:
    """Whether whoever knows the secret signed this body; it takes as long for a wrong signature as for the right."""
    return hmac.compare_digest(_signature(secret, timestamp, body), signature)


def _signature(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
