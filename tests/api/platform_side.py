"""12345 as it asks our interface."""

from typing import Any

import factories
from factories import NOW
from flask import Flask
from werkzeug.test import TestResponse

from hotline.db import Sessions
from hotline.services import transfers
from hotline.services.access import SYSTEM

ORDER = {"number": "GZ202603020001", "text": "家里没有米了", "phone": "13800138000", "rang_at": "2026-03-02 09:12"}


class PlatformSide:
    """A platform with a token for a street."""

    def __init__(self, app: Flask, sessions: Sessions) -> None:
        self.app, self.client, self.sessions = app, app.test_client(), sessions
        with sessions.begin() as session:
            self.city = factories.unit(session, "city", name="广州市")
            self.street = factories.unit(session, "street", parent=self.city, name="京溪街道")
            factories.unit(session, "east", parent=self.street, name="东社区")
            factories.unit(session, "other", parent=self.city, name="同和街道")
            self.token = transfers.set_platform(session, "12345", self.street, SYSTEM, NOW)

    def pass_on(self, body: Any, token: str | None = None) -> TestResponse:
        """Post it as JSON."""
        return self.client.post(
            "/api/v1/transfers", json=body, headers=self._headers(token), base_url=factories.BASE_URL
        )

    def look(self, number: str = ORDER["number"], token: str | None = None) -> TestResponse:
        """Ask how an order stands."""
        return self.client.get(f"/api/v1/transfers/{number}", headers=self._headers(token), base_url=factories.BASE_URL)

    def _headers(self, token: str | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token if token is None else token}"}
