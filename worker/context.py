"""What a worker process holds from start to end; forked children share it with their parent."""

from dataclasses import dataclass, replace

from sqlalchemy import Engine

from hotline.clock import Clock, clock_for
from hotline.db import Sessions, make_engine, make_sessions
from hotline.settings import Settings
from hotline.store import RecordingStore
from hotline.telephony.carrier import Carrier
from hotline.telephony.message_sender import MessageSender, SignedHttpChannel
from hotline.telephony.twilio_carrier import TwilioCarrier
from worker.ears import Ears


class NoEarsError(RuntimeError):
    """A transcription reached a process that is not for speech."""


@dataclass(frozen=True)
class Context:
    """Made before the fork, with nothing open; `for_one_process` is for what comes after it."""

    settings: Settings
    engine: Engine
    sessions: Sessions
    clock: Clock
    carrier: Carrier
    channels: MessageSender
    store: RecordingStore
    hearing: Ears | None = None

    @property
    def ears(self) -> Ears:
        """What a speech process hears with.

        Raises:
            NoEarsError
        """
        if self.hearing is None:
            raise NoEarsError
        return self.hearing

    def for_one_process(self) -> "Context":
        """The same for a process that forks no more: its connections stay open from one job to the next."""
        engine = make_engine(self.settings.sqlalchemy_url)
        return replace(self, engine=engine, sessions=make_sessions(engine))


def make_context(settings: Settings, hearing: Ears | None = None) -> Context:
    """Everything a job needs; connects to nothing."""
    engine = make_engine(settings.sqlalchemy_url, is_pooled=False)
    clock = clock_for(settings.clock_file)
    return Context(
        settings=settings,
        engine=engine,
        sessions=make_sessions(engine),
        clock=clock,
        carrier=TwilioCarrier(settings),
        channels=SignedHttpChannel(settings.channel_secrets, clock),
        store=RecordingStore(settings.recordings_url),
        hearing=hearing,
    )
