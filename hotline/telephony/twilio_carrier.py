"""Twilio as our carrier, through its official client."""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO, TypeVar

import requests
from requests.exceptions import ConnectTimeout, RequestException
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio.rest.api.v2010.account.call import CallInstance

from hotline.services.receipts import RecordingTold
from hotline.settings import Settings
from hotline.telephony.addresses import Addresses
from hotline.telephony.carrier import (
    CallAtCarrier,
    CarrierRefusedError,
    CarrierUnavailableError,
    NotThereError,
    RecordingTooLargeError,
)
from hotline.telephony.twilio_words import ENDED, NAME, PROGRESS, RECORDING_ID, REFUSALS, telephone

Result = TypeVar("Result")

_API = "https://api.twilio.com"
_TIMEOUT_S = 10
_TOO_MANY, _NOT_FOUND = 429, 404
_RING_S = 45
_FEW = 20
_CHUNK = 64 * 1024


class _ClientElsewhere(TwilioHttpClient):  # type: ignore[misc]  # the client ships no types
    """The official HTTP client, pointed at another base address."""

    def __init__(self, base: str) -> None:
        # A connection that a firewall forgot while it lay idle looks like a carrier that may have dialled.
        super().__init__(timeout=_TIMEOUT_S, pool_connections=False)
        self._base = base.rstrip("/")

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """The client's own request, at our base instead of Twilio's."""
        return super().request(method, url.replace(_API, self._base, 1), *args, **kwargs)


class TwilioCarrier:
    """Implements `hotline.telephony.carrier.Carrier`."""

    name = NAME

    def __init__(self, settings: Settings) -> None:
        self._base = str(settings.twilio_api_base or _API).rstrip("/")
        self._account = settings.twilio_account_sid
        self._auth = (self._account, settings.twilio_auth_token.get_secret_value())
        self._client = Client(*self._auth, http_client=_ClientElsewhere(self._base))
        self._addresses = Addresses(settings.base_url)

    def place_survey_call(self, token: str, from_number: str, to_number: str) -> str:
        """Ring somebody, telling people from machines before a word is said."""
        call = _asked(
            lambda: self._client.calls.create(
                to=to_number,
                from_=from_number,
                url=self._addresses.survey(token),
                fallback_url=self._addresses.survey(token, "fallback"),
                status_callback=self._addresses.survey(token, "status"),
                status_callback_event=["initiated", "ringing", "answered", "completed"],
                timeout=_RING_S,
                machine_detection="Enable",
            )
        )
        return str(call.sid)

    def place_alarm_call(self, token: str, from_number: str, to_number: str) -> str:
        """Ring somebody of our own: whatever picks up hears it at once, and a machine presses no key."""
        call = _asked(
            lambda: self._client.calls.create(
                to=to_number,
                from_=from_number,
                url=self._addresses.alarm(token),
                fallback_url=self._addresses.alarm(token, "fallback"),
                status_callback=self._addresses.alarm(token, "status"),
                status_callback_event=["initiated", "ringing", "answered", "completed"],
                timeout=_RING_S,
            )
        )
        return str(call.sid)

    def find_call(self, from_number: str, to_number: str, since: datetime, known: Collection[str]) -> str | None:
        """The latest call between the two numbers that was placed by request, as ours are."""
        calls = _asked(
            lambda: self._client.calls.list(to=to_number, from_=from_number, start_time_after=since, limit=_FEW)
        )
        ours = (str(call.sid) for call in calls if call.direction == "outbound-api")
        return next((call_id for call_id in ours if call_id not in known), None)

    def fetch_call(self, call_id: str) -> CallAtCarrier:
        """One call."""
        return _known(_asked(lambda: self._client.calls(call_id).fetch()))

    def calls_since(self, number: str, since: datetime) -> Iterator[CallAtCarrier]:
        """Calls that are over, a page at a time; what lasts still tells of itself."""
        listed = _asked(lambda: self._client.calls.list(to=number, start_time_after=since, page_size=1000))
        for known in map(_known, listed):
            if known.is_inbound and known.ended_at is not None:
                yield known

    def recordings_since(self, since: datetime) -> Iterator[RecordingTold]:
        """Finished recordings, a page at a time."""
        found = _asked(lambda: self._client.recordings.list(date_created_after=since, page_size=1000))
        for recording in found:
            if recording.status == "completed":
                yield RecordingTold(
                    carrier=self.name,
                    call_id=recording.call_sid,
                    recording_id=recording.sid,
                    has_sound=True,
                    has_failed=False,
                    duration_s=int(recording.duration or 0),
                    channels=int(recording.channels or 1),
                    recorded_at=recording.start_time or recording.date_created,
                    is_conversation=recording.source == "DialVerb",
                )

    def fetch_recording(self, recording_id: str, channels: int, into: BinaryIO, limit_bytes: int) -> None:
        """The media, from an address made of the configured base and a checked id, never from a posted one."""
        if not RECORDING_ID.fullmatch(recording_id):
            raise NotThereError(recording_id)
        address = f"{self._base}/2010-04-01/Accounts/{self._account}/Recordings/{recording_id}.wav"
        try:
            with requests.get(
                address, params={"RequestedChannels": channels}, auth=self._auth, timeout=_TIMEOUT_S, stream=True
            ) as answer:
                _check_media(answer.status_code)
                _copy(answer, into, limit_bytes)
        except RequestException as error:
            raise CarrierUnavailableError(type(error).__name__) from None

    def delete_recording(self, recording_id: str) -> None:
        """Delete it there."""
        try:
            _asked(lambda: self._client.recordings(recording_id).delete())
        except NotThereError:
            return

    def send_text(self, message_id: int, from_number: str, to_number: str, body: str) -> str:
        """Send a text message."""
        message = _asked(
            lambda: self._client.messages.create(
                to=to_number, from_=from_number, body=body, status_callback=self._addresses.message_status(message_id)
            )
        )
        return str(message.sid)


def _known(call: CallInstance) -> CallAtCarrier:
    has_ended = call.status in ENDED
    caller = call._from  # noqa: SLF001 - the client's only name for it
    is_inbound = call.direction == "inbound"
    return CallAtCarrier(
        call_id=call.sid,
        number=telephone(caller if is_inbound else call.to),
        dialled=(call.to if is_inbound else caller) or "",
        is_inbound=is_inbound,
        ending=PROGRESS.get(call.status) if has_ended else None,
        ended_at=(call.end_time or datetime.now(UTC)) if has_ended else None,
        duration_s=int(call.duration or 0) if has_ended else None,
    )


def _asked(ask: Callable[[], Result]) -> Result:
    """Ask the client; too many requests, and connections that never came about, are tried again."""
    try:
        return _RETRYING(_with_status(ask))
    except TwilioRestException as error:
        raise _meant(error) from None
    except RequestException as error:
        raise CarrierUnavailableError(type(error).__name__) from None


def _meant(error: TwilioRestException) -> Exception:
    """The client's error as one of ours; its message stays behind, since it quotes numbers."""
    if error.status == _NOT_FOUND:
        return NotThereError(str(error.code))
    if error.code in REFUSALS:
        return CarrierRefusedError(str(error.code))
    return CarrierUnavailableError(f"HTTP {error.status}, code {error.code}" if error.code else f"HTTP {error.status}")


def _with_status(ask: Callable[[], Result]) -> Callable[[], Result]:
    """The client tells of a list that it could not fetch in an error without a status; give it one."""

    def asked() -> Result:
        try:
            return ask()
        except TwilioRestException:
            raise
        except TwilioException as error:
            answer = error.args[1] if len(error.args) > 1 else None
            if not isinstance(answer, Response):
                raise
            raise TwilioRestException(answer.status_code, "") from None

    return asked


def _is_harmless_to_repeat(error: BaseException) -> bool:
    # A request that may have arrived is not sent twice here: it could ring somebody twice.
    return isinstance(error, ConnectTimeout) or (isinstance(error, TwilioRestException) and error.status == _TOO_MANY)


def _give_up(state: RetryCallState) -> Any:
    return state.outcome.result() if state.outcome else None


_RETRYING = Retrying(
    retry=retry_if_exception(_is_harmless_to_repeat),
    wait=wait_random_exponential(multiplier=0.1, max=3),
    stop=stop_after_attempt(6),
    retry_error_callback=_give_up,
)


def _check_media(status: int) -> None:
    if status == _NOT_FOUND:
        raise NotThereError("media")
    if status != requests.codes.ok:
        raise CarrierUnavailableError(f"HTTP {status}")


def _copy(answer: requests.Response, into: BinaryIO, limit_bytes: int) -> None:
    copied = 0
    for chunk in answer.iter_content(_CHUNK):
        copied += len(chunk)
        if copied > limit_bytes:
            raise RecordingTooLargeError(f"more than {limit_bytes} bytes")
        into.write(chunk)
