"""A web server that publishes models from memory, and breaks off, forgets or lies as a test tells it to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import md5, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

NAME = "vosk-model-small-xx-0.1"


def zipped(files: dict[str, bytes]) -> bytes:
    """An archive with these files."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


# Random enough not to be packed away to nothing, and always the same.
SOUND = b"".join(sha256(number.to_bytes(4, "big")).digest() for number in range(10_000))
MODEL = zipped({f"{NAME}/am/final.mdl": SOUND, f"{NAME}/README": b"a model"})


@dataclass
class ModelServer:
    """What it publishes and how it answers; `asked` has the Range of each request for the archive."""

    content: bytes = MODEL
    etag: str | None = '"one"'
    modified: str | None = None
    knows_ranges: bool = True
    breaks_after: list[int] = field(default_factory=list)
    # After how many bytes the list breaks off.
    list_breaks_after: int | None = None
    says: list[int] = field(default_factory=list)
    asked: list[str | None] = field(default_factory=list)
    # What the list says otherwise than it is.
    claims: dict[str, object] = field(default_factory=dict)
    address: str = ""

    @property
    def list_url(self) -> str:
        return f"{self.address}/list.json"

    def entry(self, **more: object) -> dict[str, object]:
        """The model as a list announces it."""
        return {
            "lang": "cn",
            "lang_text": "Chinese",
            "md5": md5(self.content, usedforsecurity=False).hexdigest(),
            "name": NAME,
            "obsolete": "false",
            "size": len(self.content),
            "size_text": "313 KiB",
            "type": "small",
            "url": f"{self.address}/{NAME}.zip",
            "version": "0.1",
            **self.claims,
            **more,
        }

    @contextmanager
    def serving(self) -> Iterator["ModelServer"]:
        """Answer at a port of this machine."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        if request.path == "/list.json":
            self._send(request, 200, json.dumps([self.entry(), self.entry(name="old", obsolete="true")]).encode())
            return
        wanted = request.headers.get("Range")
        self.asked.append(wanted)
        if request.path != f"/{NAME}.zip" or self.says:
            self._send(request, self.says.pop(0) if self.says else 404, b"not this")
            return
        first = self._first(wanted, request.headers.get("If-Range"))
        part = {"Content-Range": f"bytes {first}-{len(self.content) - 1}/{len(self.content)}"} if first else {}
        self._send(request, 206 if first else 200, self.content[first:], part)

    def _first(self, wanted: str | None, if_range: str | None) -> int:
        if not (wanted and self.knows_ranges) or if_range not in {self.etag, self.modified}:
            return 0
        return int(wanted.removeprefix("bytes=").removesuffix("-"))

    def _send(
        self, request: BaseHTTPRequestHandler, code: int, content: bytes, more: dict[str, str] | None = None
    ) -> None:
        request.send_response(code)
        request.send_header("Content-Length", str(len(content)))
        for name, value in {"ETag": self.etag, "Last-Modified": self.modified, **(more or {})}.items():
            if value:
                request.send_header(name, value)
        request.end_headers()
        with suppress(ConnectionError):  # whoever asked has seen enough
            request.wfile.write(content[: self._breaks_after(request)])

    def _breaks_after(self, request: BaseHTTPRequestHandler) -> int | None:
        if not request.path.endswith(".zip"):
            return self.list_breaks_after
        return self.breaks_after.pop(0) if self.breaks_after else None


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Tests read what was asked from `asked`."""

    return Handler
