"""How a message reaches somebody of a message channel, whoever carries it; and the one way that is built here."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Protocol

import requests
from pydantic import SecretStr
from requests.exceptions import RequestException

from hotline.clock import Clock
from hotline.telephony.carrier import CarrierRefusedError, CarrierUnavailableError
from hotline.telephony.signatures import signed

_TIMEOUT_S = 10
# These say nothing about the message itself: it is brought again.
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class MessageSender(Protocol):
    """Sends for all message channels."""

    def send(self, channel: str, reply_url: str, message_id: int, recipient: str, text: str) -> str:
        """Send a message, which is ours under `message_id`; the gateway's name for it.

        Raises:
            CarrierRefusedError: it will never be sent.
            CarrierUnavailableError: asked again later, it may be.
        """


class SignedHttpChannel:
    """Implements `MessageSender`: a signed POST to the gateway, which knows a message that it was told before."""

    def __init__(self, secrets: Mapping[str, SecretStr], clock: Clock) -> None:
        self._secrets, self._clock = secrets, clock

    def send(self, channel: str, reply_url: str, message_id: int, recipient: str, text: str) -> str:
        """Send a message; a redirect is not followed, since it would lead where nobody allowed."""
        secret = self._secrets.get(channel)
        if secret is None:
            raise CarrierRefusedError("no_secret")
        body = json.dumps({"id": str(message_id), "recipient": recipient, "text": text}, ensure_ascii=False).encode()
        headers = signed(secret.get_secret_value(), body, self._clock.now())
        try:
            answer = requests.post(
                reply_url,
                data=body,
                headers={**headers, "Content-Type": "application/json"},
                timeout=_TIMEOUT_S,
                allow_redirects=False,
                stream=True,  # what it says beside its status is read by nobody
            )
        except RequestException as error:
            raise CarrierUnavailableError(type(error).__name__) from error
        answer.close()
        if answer.status_code in _LATER or answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise CarrierUnavailableError(f"the gateway answered {answer.status_code}")
        if not answer.ok or answer.is_redirect:
            raise CarrierRefusedError(str(answer.status_code))
        return f"reply-{message_id}"
