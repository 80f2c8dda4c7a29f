"""A small real HTTP server on loopback whose answers a test scripts. Every request it saw is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DATE = "Tue, 24 Nov 2026 09:00:00 GMT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """One scripted answer. `length` lies about the body's size; `act` replaces the whole answer."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    act: Callable[[BaseHTTPRequestHandler], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Peer:
    """Answers with `script` in turn, the last one for ever."""

    url: str = ""
    script: list[Say] = field(default_factory=lambda: [Say()])
    seen: list[Seen] = field(default_factory=list)

    def says(self, *script: Say) -> None:
        """What the next requests get."""
        self.script = list(script)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is what some tests are about; no traceback for it."""


@contextmanager
def serving() -> Iterator[Peer]:
    """A server for the length of a test; all of its threads end with it."""
    peer = Peer()
    server = _Server(("127.0.0.1", 0), _handler(peer))
    peer.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(peer: Peer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            peer.seen.append(Seen(method=self.command, path=self.path, headers=headers, body=body))
            say = peer.script.pop(0) if len(peer.script) > 1 else peer.script[0]
            self.close_connection = True  # no thread may wait for a next request when the test is over
            if say.act is not None:
                say.act(self)
                return
            self.send_response_only(say.status)
            given = {"Date": DATE, "Content-Type": "application/json", "Connection": "close", **say.headers}
            given["Content-Length"] = str(len(say.body) if say.length is None else say.length)
            for name, value in given.items():
                if value:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(say.body)

        do_GET = do_POST = do_PUT = do_PATCH = _answer  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    return Handler
