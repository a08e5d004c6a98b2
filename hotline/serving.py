"""How gunicorn serves us: a thread waits a few seconds for a request, so that slow connections silence nobody."""

import socket
from contextlib import suppress
from time import monotonic

from gunicorn.workers.gthread import TConn, ThreadWorker

# The carrier's requests and the console's are small; whoever takes longer holds up those who wait for a thread.
RECEIVE_S = 5.0


class PunctualWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Hears no more of a request that has not arrived `RECEIVE_S` after a thread took it up.

    A timeout of the socket would not do: it counts from one byte to the next. What is answered slowly is still
    answered, since only the receiving side is closed.
    """

    def __init__(self, *args: object, **settings: object) -> None:
        super().__init__(*args, **settings)
        self._taken_up: dict[TConn, float] = {}

    def handle(self, conn: TConn) -> object:
        """Serve one request, in a thread."""
        self._taken_up[conn] = monotonic()
        try:
            return super().handle(conn)
        finally:
            self._taken_up.pop(conn, None)

    def murder_pending(self) -> None:
        """Close what has not spoken in time; the worker's loop calls it about every second."""
        super().murder_pending()
        too_early = monotonic() - RECEIVE_S
        for conn, since in self._taken_up.copy().items():
            if since < too_early:
                with suppress(OSError):  # it is closed already
                    conn.sock.shutdown(socket.SHUT_RD)
