"""The carrier's side of the webhooks: forms as it sends them, signed as it signs them."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import uuid4

import factories
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

from hotline import web
from hotline.app import create_app
from hotline.db import Base, Sessions
from hotline.settings import Settings


@cache
def application() -> Flask:
    """The web process's application; each test gives it a runtime of its own."""
    return create_app(factories.settings(factories.NOWHERE))


@dataclass(frozen=True)
class Heard:
    """What a webhook was answered: the verbs of the document, in order."""

    response: TestResponse
    verbs: list[ET.Element]

    @property
    def names(self) -> list[str]:
        """The verbs' names."""
        return [verb.tag for verb in self.verbs]

    @property
    def words(self) -> str:
        """Everything that is spoken, also while keys are awaited."""
        return "".join(say.text or "" for verb in self.verbs for say in verb.iter("Say"))

    def verb(self, name: str) -> ET.Element:
        """The one verb of that name."""
        (found,) = [verb for verb in self.verbs if verb.tag == name]
        return found


@dataclass
class CarrierSide:
    """Sends what the carrier sends; `sessions` look into the database behind it."""

    settings: Settings
    sessions: Sessions | None = None
    clock: factories.SetClock = field(default_factory=factories.SetClock)

    @property
    def app(self) -> Flask:
        """The application with this test's runtime."""
        held: web.Runtime = application().extensions["hotline"]
        assert held.settings is self.settings
        return application()

    def post(self, path: str, form: dict[str, str], *, token: str = "", **signing: str) -> TestResponse:
        """A signed request. `signed_for` and `signed_with` let it be signed wrongly; `signature` replaces it."""
        secret = signing.get("signed_with", factories.AUTH_TOKEN)
        address = factories.BASE_URL + signing.get("signed_for", path)
        signature = signing.get("signature", RequestValidator(secret).compute_signature(address, form))
        headers = {"X-Twilio-Signature": signature, "I-Twilio-Idempotency-Token": token or str(uuid4())}
        return self.app.test_client().post(path, data=form, headers=headers, base_url=factories.BASE_URL)

    def hear(self, path: str, form: dict[str, str], *, token: str = "") -> Heard:
        """A signed request that is answered with a spoken document."""
        response = self.post(path, form, token=token)
        assert response.status_code == 200, response.text
        assert response.mimetype == "application/xml"
        return Heard(response, list(ET.fromstring(response.data)))  # noqa: S314 - our own document

    def tell(self, path: str, form: dict[str, str]) -> None:
        """A signed notice that is answered with nothing."""
        response = self.post(path, form)
        assert (response.status_code, response.data) == (204, b""), response.text

    def one(self, kind: type[Base], *conditions: Any) -> Any:
        """The only row of its kind."""
        with self._session() as session:
            return session.scalars(select(kind).where(*conditions)).one()

    def all(self, kind: type[Base]) -> list[Any]:
        """Every row of a kind, oldest first."""
        with self._session() as session:
            return list(session.scalars(select(kind).order_by(kind.id)))  # type: ignore[attr-defined]  # all have one

    def count(self, kind: type[Base]) -> int:
        """How many rows of a kind there are."""
        with self._session() as session:
            return session.scalar(select(func.count()).select_from(kind)) or 0

    def _session(self) -> Session:
        assert self.sessions is not None, "this carrier's hotline has no database"
        return self.sessions()


def voice_form(call_sid: str, **more: str) -> dict[str, str]:
    """What every voice webhook of an inbound call carries."""
    known = {
        "AccountSid": factories.ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "CallSid": call_sid,
        "CallStatus": "ringing",
        "Direction": "inbound",
        "From": factories.CALLER,
        "To": factories.LINE,
        "Caller": factories.CALLER,
        "Called": factories.LINE,
        "FromCity": "",
        "FromState": "",
        "FromZip": "",
        "FromCountry": "CN",
    }
    return {**known, **more}


def recorded_form(call_sid: str, recording_sid: str, **more: str) -> dict[str, str]:
    """What the action of a Record verb carries."""
    url = f"https://api.twilio.com/2010-04-01/Accounts/{factories.ACCOUNT_SID}/Recordings/{recording_sid}"
    told = {
        "CallStatus": "in-progress",
        "RecordingSid": recording_sid,
        "RecordingUrl": url,
        "RecordingDuration": "12",
        "Digits": "#",
    }
    return voice_form(call_sid, **{**told, **more})


def recording_form(call_sid: str, recording_sid: str, **more: str) -> dict[str, str]:
    """What the recording status callback carries; it names neither party."""
    known = {
        "AccountSid": factories.ACCOUNT_SID,
        "CallSid": call_sid,
        "RecordingSid": recording_sid,
        "RecordingStatus": "completed",
        "RecordingDuration": "12",
        "RecordingChannels": "1",
        "RecordingStartTime": "Mon, 02 Mar 2026 02:00:00 +0000",
        "RecordingSource": "RecordVerb",
    }
    return {**known, **more}


def status_form(call_sid: str, **more: str) -> dict[str, str]:
    """What the status callback of a call that is over carries."""
    told = {
        "CallStatus": "completed",
        "Timestamp": "Mon, 02 Mar 2026 02:01:00 +0000",
        "CallDuration": "60",
        "Duration": "1",
        "CallbackSource": "call-progress-events",
        "SequenceNumber": "0",
    }
    return voice_form(call_sid, **{**told, **more})
