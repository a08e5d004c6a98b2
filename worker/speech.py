"""The parent of the speech processes: loads once what they hear with, and becomes a new one when that changes."""

import os
import signal
import sys
from collections.abc import Iterable

from sqlalchemy.exc import OperationalError

from hotline.logs import get_log
from worker import crew, ears
from worker.context import Context, make_context
from worker.crew import Inherited
from worker.ears import BrokenModelError, Sources

log = get_log(__name__)

_PROGRAM = (sys.executable, "-m", "worker.main", "speech")
_WAIT_S = 1.0
# Long enough for the largest model from a slow disk.
_TRIAL_S = 600


def run(context: Context, old: Inherited) -> None:
    """Hear and understand what is in the queue, until told to end; `old` are children of the program before this."""
    crew.block_signals()
    sources = _look(context)
    if sources is None:
        return
    hearing = ears.make(sources, context.sessions)
    count = context.settings.speech_processes or os.cpu_count() or 1
    crew.run("speech", make_context(context.settings, hearing), count, _Renewal(context, sources), old)


def try_out(context: Context) -> bool:
    """Load everything as a parent would, in a process that nobody needs; whether a new parent can be made."""
    signal.alarm(_TRIAL_S)
    try:
        ears.make(ears.look(context.settings, context.sessions), context.sessions, is_strict=True)
    except BrokenModelError as error:
        log.exception("a recognition model cannot be loaded", model=str(error))
        return False
    return True


def _look(context: Context) -> Sources | None:
    """What there is to hear with; None when told to end while the database is away."""
    while True:
        try:
            return ears.look(context.settings, context.sessions)
        except OperationalError as error:
            log.warning("the database is away", error=type(error).__name__)
        if signal.sigtimedwait(crew.END, _WAIT_S) is not None:
            return None


class _Renewal:
    """A new program in the same process frees all that the old one held, and its children go on meanwhile.

    What has changed is tried in a process of its own first: a damaged model may end whoever loads it.
    """

    def __init__(self, context: Context, sources: Sources) -> None:
        self._context, self._known = context, sources

    def check(self) -> int | None:
        try:
            now = ears.look(self._context.settings, self._context.sessions)
        except OperationalError as error:
            log.warning("the database is away", error=type(error).__name__)
            return None
        if now == self._known:
            return None
        self._known = now
        log.info("models, lexicons or names have changed: they are tried")
        return os.posix_spawn(sys.executable, [*_PROGRAM, "--try"], os.environ, setsigmask=())

    def renew(self, children: Iterable[int], told: Iterable[int]) -> None:
        log.info("models, lexicons or names are loaded anew")
        os.execv(sys.executable, [*_PROGRAM, "--old", _list(children), "--told", _list(told)])  # noqa: S606 - our own program


def _list(children: Iterable[int]) -> str:
    return ",".join(map(str, children))
