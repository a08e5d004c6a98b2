"""A gateway of a message channel, which signs or does not."""

import hashlib
import hmac
import json
from typing import Any

import factories
from factories import NOW
from flask import Flask
from werkzeug.test import TestResponse

from hotline.db import Sessions
from hotline.services import message_channels
from hotline.services.access import SYSTEM

SECRET = "a-channel-secret-of-32-characters-or-more"
REPLY_URL = "https://gateway.example/replies"
MESSAGE = {"id": "m-1", "sender": "wx_o6_bmjrPTlm6_2sgVt7hMZOPfL2M", "text": "家里没有米了", "sent_at": NOW.isoformat()}


class ChannelSide:
    """The gateway of `wechat`."""

    def __init__(self, app: Flask, sessions: Sessions | None, clock: factories.SetClock) -> None:
        self.client, self.clock = app.test_client(), clock
        self.sessions = sessions
        if sessions is not None:
            with sessions.begin() as session:
                self.street = factories.unit(session, "street", name="京溪街道")
                message_channels.set_channel(session, "wechat", self.street, REPLY_URL, SYSTEM, NOW)

    def tell(self, **changes: Any) -> TestResponse:
        """A message, signed."""
        return self.post(json.dumps({**MESSAGE, **changes}).encode())

    def post(self, body: bytes, name: str = "wechat", *, secret: str = SECRET, age_s: int = 0) -> TestResponse:
        """A body signed so long ago."""
        timestamp = str(int(self.clock.now().timestamp()) - age_s)
        signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
        return self.send(body, name, {"X-Hotline-Timestamp": timestamp, "X-Hotline-Signature": signed})

    def send(self, body: bytes, name: str, headers: dict[str, str]) -> TestResponse:
        """A body with headers as they are."""
        return self.client.post(f"/channels/{name}/messages", data=body, headers=headers, base_url=factories.BASE_URL)
