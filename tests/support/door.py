"""A way to a server that can be closed and opened again: what a cut network or a restart of a database looks like.

Rule: closed, every connection is reset at once and every new one refused; nothing that was on its way arrives.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy.engine import make_url

#: close with a reset: what was not sent yet is thrown away
_RESET = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Door:
    """Listens at `port` while it is open. `passed`: connections that came through."""

    to: tuple[str, int]
    port: int = 0
    passed: int = 0
    _listener: socket.socket | None = None
    _pairs: set[tuple[socket.socket, socket.socket]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self) -> None:
        """Let everybody through, at the same port as before."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._welcome, args=(listener,), daemon=True).start()

    def close(self) -> None:
        """Reset who is inside, refuse who knocks."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            _reset(pair)

    def _welcome(self, listener: socket.socket) -> None:
        while True:
            try:
                guest, _ = listener.accept()
            except OSError:
                return
            try:
                host = socket.create_connection(self.to)
            except OSError:
                guest.close()
                continue
            pair = (guest, host)
            with self._lock:
                is_open = self._listener is listener
                if is_open:
                    self._pairs.add(pair)
                    self.passed += 1
            if not is_open:
                _reset(pair)
                continue
            for source, sink in (pair, pair[::-1]):
                threading.Thread(target=self._carry, args=(source, sink, pair), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, pair: tuple[socket.socket, socket.socket]) -> None:
        with suppress(OSError):
            while part := source.recv(65536):
                sink.sendall(part)
        with self._lock:
            self._pairs.discard(pair)
        for end in pair:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _reset(pair: tuple[socket.socket, socket.socket]) -> None:
    for end in pair:
        with suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        # without a shutdown a thread that reads would keep it open
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@contextmanager
def door_to(url: str) -> Iterator[tuple[Door, str]]:
    """An open door before the database at this URL, and the URL that leads through it."""
    address = make_url(url)
    door = Door((address.host or "127.0.0.1", address.port or 5432))
    door.open()
    try:
        through = address.set(host="127.0.0.1", port=door.port)
        yield door, through.render_as_string(hide_password=False)
    finally:
        door.close()
