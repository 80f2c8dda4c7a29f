"""A door before any learning system that speaks HTTP: what passes through meets the weather of a bad day.

Rule: the door never makes anything up about people. It hands a request on whole, or not at all, and then answers as the
trouble says; what it answers without asking says nothing that the request did not say.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import responses
from urllib.parse import urlsplit

from joinery_simulators.chaos import Asked, Event, Trouble, Weather

#: bytes of a request that are taken
_MOST = 64 * 1024 * 1024
#: where the door itself is asked: what it did, and to open or close it
_OWN = "/chaos"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def raw(self) -> bytes:
        """As it goes over the wire."""
        kept = [(n, v) for n, v in self.headers if n.lower() not in {"content-length", "connection", "date"}]
        lines = [f"HTTP/1.1 {self.status} {responses.get(self.status, 'Answer')}", *(f"{n}: {v}" for n, v in kept)]
        if self.status != 204:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + self.body


@dataclass(slots=True)
class Door:
    """`to` is the base address of the system, without a path. `speed`: seconds of the system in one of ours, so that an
    outage of an hour takes a second at 3600. One request per connection, so that a reset concerns nobody else."""

    to: str
    weather: Weather
    speed: float = 1.0
    #: seconds of the system that a slow answer takes, and that a busy system asks for
    slow: float = 2.0
    busy: float = 7.0
    _server: asyncio.Server | None = field(default=None, init=False)

    async def open(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Begin to listen; the port."""
        self._server = await asyncio.start_server(self._meet, host, port, limit=1 << 20)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def outage(self, seconds: float) -> None:
        """Away for so many seconds of the system."""
        self.weather.away = True
        await asyncio.sleep(seconds / self.speed)
        self.weather.away = False

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, EOFError, ValueError, asyncio.IncompleteReadError):
                asked = await _read(reader)
                if urlsplit(asked.target).path.startswith(_OWN):
                    writer.write(self._own(asked).raw())
                    await writer.drain()
                else:
                    await self._pass(asked, self.weather.befalls(asked), writer)
        finally:
            writer.close()

    async def _pass(self, asked: Asked, event: Event, writer: asyncio.StreamWriter) -> None:
        """Hand it on or not, and answer as the trouble says."""
        if (refusal := self._refusal(event.trouble, asked)) is not None:
            writer.write(refusal.raw())
        elif not event.done:
            return _reset(writer)
        else:
            answer = await self._ask(asked)
            self.weather.learns(answer.body)
            match event.trouble:
                case Trouble.SLOW:
                    await asyncio.sleep(self.slow / self.speed)
                    writer.write(answer.raw())
                case Trouble.DONE_BUT_BROKEN:
                    writer.write(_said(500, "internal error").raw())
                case Trouble.DONE_BUT_RESET:
                    return _reset(writer)
                case Trouble.HALF:
                    raw = answer.raw()
                    writer.write(raw[: len(raw) - max(1, len(answer.body) // 2)])
                case _:
                    writer.write(answer.raw())
        await writer.drain()
        return None

    def _refusal(self, trouble: Trouble, asked: Asked) -> _Answer | None:
        """What is answered without asking the system; None where it is asked, or nobody answers."""
        match trouble:
            case Trouble.BUSY:
                return _said(429, "busy")
            case Trouble.BUSY_UNTIL:
                seconds = max(1, round(self.busy / self.speed))
                return _Answer(status=429, headers=(("Retry-After", str(seconds)),))
            case Trouble.BROKEN:
                return _said(500, "internal error")
            case Trouble.REFUSED:
                return _said(400, "refused for good")
            case Trouble.EXPIRED:
                return _said(401, "token expired")
            case Trouble.LIE:
                return _lie(asked)
            case _:
                return None

    async def _ask(self, asked: Asked) -> _Answer:
        """The system's own answer, whole."""
        parts = urlsplit(self.to)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
        try:
            kept = {n: v for n, v in asked.headers.items() if n not in {"host", "connection", "content-length"}}
            kept |= {"host": parts.netloc, "connection": "close", "content-length": str(len(asked.body))}
            head = "".join(f"{name}: {value}\r\n" for name, value in kept.items())
            writer.write(f"{asked.method} {asked.target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + asked.body)
            await writer.drain()
            return await _answer(reader)
        finally:
            writer.close()

    def _own(self, asked: Asked) -> _Answer:
        """`GET /chaos` tells what happened; `POST /chaos/away` and `POST /chaos/back` close and open the door."""
        if asked.method == "POST":
            self.weather.away = asked.target.startswith(f"{_OWN}/away")
        body = json.dumps(self.weather.report() | {"away": self.weather.away}).encode()
        return _Answer(status=200, headers=(("Content-Type", "application/json"),), body=body)


def _said(status: int, what: str) -> _Answer:
    body = json.dumps({"status": str(status), "detail": what}).encode()
    return _Answer(status=status, headers=(("Content-Type", "application/json"),), body=body)


def _lie(asked: Asked) -> _Answer:
    """As done. Something new is said back without the ID that only a real one has."""
    if asked.method == "POST":
        return _Answer(status=201, headers=(("Content-Type", "application/json"),), body=asked.body or b"{}")
    return _Answer(status=204)


def _reset(writer: asyncio.StreamWriter) -> None:
    """RST, not FIN: as when the machine behind it died."""
    made = writer.get_extra_info("socket")
    if made is not None:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _read(reader: asyncio.StreamReader) -> Asked:
    first, headers = await _head(reader)
    method, target, _ = first.split(" ", 2)
    length = int(headers.get("content-length", "0"))
    if length > _MOST:
        raise ValueError("too large")
    body = await _chunks(reader) if headers.get("transfer-encoding") == "chunked" else await reader.readexactly(length)
    headers.pop("transfer-encoding", None)
    return Asked(method=method, target=target, headers=headers, body=body)


async def _answer(reader: asyncio.StreamReader) -> _Answer:
    first, headers = await _head(reader)
    status = int(first.split(" ", 2)[1])
    if headers.pop("transfer-encoding", "") == "chunked":
        body = await _chunks(reader)
    elif "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    else:
        body = b"" if status == 204 else await reader.read()
    return _Answer(status=status, headers=tuple(headers.items()), body=body)


async def _head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    raw = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = raw.rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return first, {name.strip().lower(): value.strip() for name, _, value in pairs}


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


@contextmanager
def chaos(to: str, weather: Weather, *, speed: float = 1.0) -> Iterator[str]:
    """The door in a thread of this process, for a while: the address to use instead of `to`."""
    loop, opened = asyncio.new_event_loop(), threading.Event()
    door, ports = Door(to=to, weather=weather, speed=speed), []

    async def opening() -> None:
        ports.append(await door.open())
        opened.set()

    def run() -> None:
        loop.run_until_complete(opening())
        loop.run_forever()

    thread = threading.Thread(target=run, name="joinery-chaos", daemon=True)
    thread.start()
    try:
        assert opened.wait(10), "the door did not open"  # noqa: S101 - nothing to clean up yet
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        asyncio.run_coroutine_threadsafe(door.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
