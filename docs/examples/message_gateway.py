"""The other side of a message channel, to start from: brings what people write to the hotline, and takes its replies.

    export CHANNEL_SECRET=...      # what the hotline has for this channel in CHANNEL_SECRETS
    python docs/examples/message_gateway.py --hotline https://hotline.example --channel wechat --port 9000

Each line typed is one message, `sender: words`; replies are printed. A real gateway has the social network's own
interface in both places. Needs nothing beside Python.
"""

import argparse
import hashlib
import hmac
import json
import os
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FRESH_FOR_S = 300
LARGEST_BODY = 64 * 1024


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What stands in X-Hotline-Signature, in both directions."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class Gateway:
    """One channel; `on_reply(recipient, text)` is called once for each reply of the hotline."""

    def __init__(self, hotline: str, channel: str, secret: str, on_reply: Callable[[str, str], None]) -> None:
        self.address = f"{hotline.rstrip('/')}/channels/{channel}/messages"
        self.secret, self.on_reply = secret, on_reply
        self.replied: set[str] = set()  # a real gateway keeps these where they outlive it

    def bring(self, sender: str, text: str, message_id: str = "") -> None:
        """Tell the hotline what somebody wrote. On an error tell it again, under the same id: it is counted once."""
        sent_at = datetime.now(UTC).isoformat()
        told = {"id": message_id or uuid.uuid4().hex, "sender": sender, "text": text, "sent_at": sent_at}
        body, timestamp = json.dumps(told).encode(), str(int(time.time()))
        headers = {"X-Hotline-Timestamp": timestamp, "X-Hotline-Signature": signature(self.secret, timestamp, body)}
        request = urllib.request.Request(self.address, body, {**headers, "Content-Type": "application/json"})  # noqa: S310 - our own address
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - as above

    def take(self, timestamp: str, signed: str, body: bytes) -> bool:
        """A reply of the hotline, which may come twice; whether it was the hotline that signed it, just now."""
        fits = hmac.compare_digest(signature(self.secret, timestamp, body), signed)
        if not fits or abs(time.time() - int(timestamp)) > FRESH_FOR_S:
            return False
        reply = json.loads(body)
        if reply["id"] not in self.replied:
            self.replied.add(reply["id"])
            self.on_reply(reply["recipient"], reply["text"])
        return True

    def serve(self, port: int) -> ThreadingHTTPServer:
        """Listen for replies in the background; port 0 is any that is free."""
        gateway = self

        class Replies(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), LARGEST_BODY))
                told = (self.headers.get("X-Hotline-Timestamp", ""), self.headers.get("X-Hotline-Signature", ""))
                self.send_response(200 if gateway.take(*told, body) else 403)
                self.end_headers()

            def log_message(self, *_of_request: object) -> None:
                """Nothing: what people write stands in no log."""

        server = ThreadingHTTPServer(("127.0.0.1", port), Replies)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


def main() -> None:
    """Messages from the keyboard, replies to the screen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hotline", required=True)
    parser.add_argument("--channel", required=True)
    parser.add_argument("--port", type=int, default=9000)
    told = parser.parse_args()
    secret = os.environ["CHANNEL_SECRET"]
    gateway = Gateway(told.hotline, told.channel, secret, lambda to, text: print(f"-> {to}: {text}", flush=True))
    gateway.serve(told.port)
    for line in sys.stdin:
        sender, _colon, text = line.strip().partition(":")
        gateway.bring(sender.strip(), text.strip())


if __name__ == "__main__":
    main()
