"""The parent of the speech processes: loads once what they hear with, and becomes a new one when that changes."""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from time import monotonic

from sqlalchemy.exc import OperationalError

from hotline.logs import get_log
from speech.trial import CutShortError
from worker import crew, ears
from worker.context import Context, make_context
from worker.crew import Inherited
from worker.ears import Sources

log = get_log(__name__)

_PROGRAM = (sys.executable, "-m", "worker.main", "speech")
_WAIT_S = 1.0
# Long enough for the largest model from a slow disk, twice.
_TRIAL_S = 900
# How a trial ends whose result would be the same another time.
BROKEN = 3
# What failed for another reason is tried again after so long: loading a large model over and over would be felt.
_AGAIN_S = 60.0


def run(context: Context, old: Inherited) -> None:
    """Hear and understand what is in the queue, until told to end; `old` are children of the program before this.

    That program has tried what is loaded now. Where there was none, each model is tried before it is loaded, or a
    damaged one would end this process at each start.
    """
    crew.block_signals()
    sources = _look(context)
    if sources is None:
        return
    failing = {} if old.children else ears.failing(sources)
    hearing = ears.make(sources, context.sessions, without=failing)
    count = context.settings.speech_processes or os.cpu_count() or 1
    renewal = Renewal(context, None if _may_pass(failing) else sources)
    crew.run("speech", make_context(context.settings, hearing), count, renewal, old)


def try_out(context: Context) -> int:
    """Load everything as a parent would, in a process that nobody needs; 0 when a new parent can be made."""
    signal.alarm(_TRIAL_S)
    sources = ears.look(context.settings, context.sessions)
    failing = ears.failing(sources)
    if failing:
        return 1 if _may_pass(failing) else BROKEN
    ears.make(sources, context.sessions)
    return 0


def _may_pass(failing: Mapping[str, Exception]) -> bool:
    """Whether a model failed for a reason that may be gone another time."""
    return any(isinstance(error, CutShortError) for error in failing.values())


def _look(context: Context) -> Sources | None:
    """What there is to hear with; None when told to end while the database is away."""
    while True:
        try:
            return ears.look(context.settings, context.sessions)
        except OperationalError as error:
            log.warning("the database is away", error=type(error).__name__)
        if signal.sigtimedwait(crew.END, _WAIT_S) is not None:
            return None


class Renewal:
    """A new program in the same process frees all that the old one held, and its children go on meanwhile.

    What has changed is tried in a process of its own first: a damaged model may end whoever loads it. `known` is what
    was loaded, or None where that has to be tried again.
    """

    def __init__(self, context: Context, known: Sources | None, time: Callable[[], float] = monotonic) -> None:
        self._context, self._known, self._time = context, known, time
        self._not_before = time()

    def check(self) -> int | None:
        """The process that tries what has changed; whatever goes wrong here, the work goes on."""
        if self._time() < self._not_before:
            return None
        try:
            now = ears.look(self._context.settings, self._context.sessions)
            return None if now == self._known else self._try(now)
        except OperationalError as error:
            log.warning("the database is away", error=type(error).__name__)
        except Exception:
            log.exception("whether something has changed cannot be seen")
        return None

    def _try(self, now: Sources) -> int:
        log.info("models, lexicons or names have changed: they are tried")
        tried = os.posix_spawn(sys.executable, [*_PROGRAM, "--try"], os.environ, setsigmask=())
        self._known = now
        return tried

    def is_ready(self, status: int) -> bool:
        """Whether what was tried can be used; what failed for a passing reason is tried again later."""
        if status == 0:
            return True
        log.error("what has changed cannot be used: everything goes on as before", status=status)
        if status != BROKEN:
            self._known = None
            self._not_before = self._time() + _AGAIN_S
        return False

    def renew(self, children: Iterable[int], told: Iterable[int]) -> None:
        log.info("models, lexicons or names are loaded anew")
        os.execv(sys.executable, [*_PROGRAM, "--old", _list(children), "--told", _list(told)])  # noqa: S606 - our own program


def _list(children: Iterable[int]) -> str:
    return ",".join(map(str, children))
