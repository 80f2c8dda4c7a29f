"""A line between client and server that can be cut or go dead after so many bytes from the server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Line:
    """`left`: bytes from the server that still pass; None: all. Then it is cut, or (`dead`) nothing comes any more."""

    port: int
    left: int | None = None
    dead: bool = False
    hung: threading.Event = field(default_factory=threading.Event)

    def passes(self, data: bytes) -> bytes:
        """What of these bytes gets through."""
        if self.left is None:
            return data
        through = data[: self.left]
        self.left -= len(through)
        return through


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """Listens on a port of its own and forwards to `port`."""
    listener = socket.create_server(("127.0.0.1", 0))
    line, threads, open_ones = Line(port=listener.getsockname()[1]), [], []

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", port))
                open_ones.extend([client, server])
                for source, sink, back in ((client, server, False), (server, client, True)):
                    thread = threading.Thread(target=forward, args=(source, sink, back), daemon=True)
                    thread.start()
                    threads.append(thread)

    def forward(source: socket.socket, sink: socket.socket, back: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                through = line.passes(data) if back else data
                sink.sendall(through)
                if len(through) < len(data):
                    if line.dead:
                        line.hung.wait(30)
                    break
            for end in (source, sink):
                end.shutdown(socket.SHUT_RDWR)

    accepting = threading.Thread(target=serve, daemon=True)
    accepting.start()
    try:
        yield line
    finally:
        line.hung.set()
        for each in (listener, *open_ones):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        accepting.join(5)
        for thread in threads:
            thread.join(5)
