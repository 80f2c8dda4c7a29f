"""A mail server that keeps what it gets as files: nothing leaves the machine. SMTP as far as one client needs it.

Rule: loopback only; one file a mail, named by the order of arrival.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from socket import socket

LONGEST = 1_000_000
ANSWERS = {
    b"EHLO": "250-joinery demo\r\n250-8BITMIME\r\n250 SMTPUTF8",
    b"HELO": "250 joinery demo",
    b"MAIL": "250 fine",
    b"RCPT": "250 fine",
    b"RSET": "250 forgotten",
    b"NOOP": "250 here",
    b"DATA": "354 end with a dot on a line of its own",
    b"QUIT": "221 bye",
}


class Postbox:
    """Keeps mails in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._numbers = count(1 + len(list(folder.glob("*.eml"))))
        self._talks: set[asyncio.Task[None] | None] = set()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until QUIT or the end."""
        me = asyncio.current_task()
        self._talks.add(me)
        writer.write(b"220 joinery demo\r\n")
        try:
            while line := await reader.readline():
                word = line[:4].upper()
                writer.write(f"{ANSWERS.get(word, '502 not here')}\r\n".encode())
                await writer.drain()
                if word == b"DATA":
                    self._keep(await _content(reader))
                    writer.write(b"250 kept\r\n")
                elif word == b"QUIT":
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a client that goes away: its mail counts as not taken
        finally:
            writer.close()
            self._talks.discard(me)

    async def stop(self, server: asyncio.Server) -> None:
        """No new connections; those that are open end."""
        server.close()
        open_ones = [task for task in self._talks if task is not None]
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)

    def _keep(self, content: bytes) -> None:
        part = self._folder / "arriving"
        part.write_bytes(content)
        part.replace(self._folder / f"{next(self._numbers):03}.eml")


async def _content(reader: asyncio.StreamReader) -> bytes:
    raw = await reader.readuntil(b"\r\n.\r\n")
    return raw.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")


@contextmanager
def postbox(folder: Path, listener: socket) -> Iterator[None]:
    """Receives mail on this socket in a thread of its own, until the end of the block."""
    loop = asyncio.new_event_loop()
    box = Postbox(folder)
    server = loop.run_until_complete(asyncio.start_server(box.talk, sock=listener, limit=LONGEST))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(box.stop(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
