"""How gunicorn serves us: a thread waits a few seconds for a request, so that slow connections silence nobody.

A view that takes files asks for more.
"""

import socket
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from gunicorn.workers.gthread import TConn, ThreadWorker

from hotline.web import MORE_TIME

# The carrier's requests and the console's are small; whoever takes longer holds up those who wait for a thread.
RECEIVE_S = 5.0


class PunctualWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Hears no more of a request that has not arrived `RECEIVE_S` after a thread took it up.

    A timeout of the socket would not do: it counts from one byte to the next. What is answered slowly is still
    answered, since only the receiving side is closed.
    """

    def __init__(self, *args: object, **settings: object) -> None:
        super().__init__(*args, **settings)
        # Until when each request has to have arrived.
        self._due: dict[TConn, float] = {}
        self.wsgi: WSGIApplication

    def load_wsgi(self) -> None:
        """Load the application, and give it a way to ask for more time."""
        super().load_wsgi()
        served = self.wsgi

        def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            environ[MORE_TIME] = partial(self._allow, environ["gunicorn.socket"])
            return served(environ, start_response)

        self.wsgi = serve

    def handle(self, conn: TConn) -> object:
        """Serve one request, in a thread."""
        self._due[conn] = monotonic() + RECEIVE_S
        try:
            return super().handle(conn)
        finally:
            self._due.pop(conn, None)

    def murder_pending(self) -> None:
        """Close what has not spoken in time; the worker's loop calls it about every second."""
        super().murder_pending()
        now = monotonic()
        for conn, due in self._due.copy().items():
            if due < now:
                with suppress(OSError):  # it is closed already
                    conn.sock.shutdown(socket.SHUT_RD)

    def _allow(self, sock: Any, seconds: float) -> None:
        """Hear so long of the request that arrives by this socket."""
        for conn in self._due.copy():
            if conn.sock is sock:
                self._due[conn] = monotonic() + seconds
