"""A learning system by SCIM 2.0, in memory, in a process of its own: each call takes its time, and is counted.

`python -m benchmarks.school --port 8901 --latency 0.05`

It is as plain as can be, so that what is measured is not this: HTTP/1.1 by hand, Users only, PATCH, equality filters by
index. It takes what it is told twice as two: whoever is created a second time has two accounts, and is counted.
Its own doors: `/told` counts, `/people` shows everybody, `/refused/NAME` answers when NAME may not come in any more,
`/begin?latency=0.05` forgets everything.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

PHRASES = {200: "OK", 201: "Created", 404: "Not Found", 409: "Conflict"}
OFF = {"supported": False}
CONFIG = {
    "patch": {"supported": True},
    "bulk": OFF,
    "filter": {"supported": True, "maxResults": 1000},
    "sort": OFF,
    "etag": OFF,
    "changePassword": OFF,
}
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
TYPES = {"totalResults": 1, "Resources": [{"id": "User", "name": "User", "endpoint": "/Users", "schema": USER}]}


@dataclass
class School:
    """Who is there, and what was asked. `latency` in seconds, of every call to the SCIM part."""

    latency: float = 0.0
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    by: dict[tuple[str, str], str] = field(default_factory=dict)
    #: ID -> instant (monotonic) at which they were shut out first
    closed: dict[str, float] = field(default_factory=dict)
    calls: int = 0
    writes: int = 0
    doubled: int = 0
    busy: int = 0
    busiest: int = 0
    first: float = 0.0
    last: float = 0.0

    async def answer(self, method: str, target: str, body: bytes) -> tuple[int, Any]:
        """Status and what is said."""
        parts = urlsplit(target)
        asked = dict(parse_qsl(parts.query))
        if not parts.path.startswith("/v2"):
            return await self._own(unquote(parts.path), asked)
        self.calls += 1
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
            return self._scim(method, unquote(parts.path.removeprefix("/v2")), asked, body)
        finally:
            self.busy -= 1

    def _scim(self, method: str, path: str, asked: dict[str, str], body: bytes) -> tuple[int, Any]:
        match method, path.strip("/").split("/"):
            case "GET", ["ServiceProviderConfig"]:
                return 200, CONFIG
            case "GET", ["ResourceTypes"]:
                return 200, TYPES
            case "GET", ["Users"]:
                return 200, self._listed(asked)
            case "POST", ["Users"]:
                return 201, self._made(json.loads(body))
            case "GET", ["Users", one] if one in self.users:
                return 200, self.users[one]
            case "PATCH", ["Users", one] if one in self.users:
                return 200, self._changed(self.users[one], json.loads(body))
            case _:
                return 404, {"status": "404"}

    def _listed(self, asked: dict[str, str]) -> dict[str, Any]:
        if match := re.fullmatch(r'(\w+) eq "(.*)"', asked.get("filter", "")):
            value = match[2].lower() if match[1] == "userName" else match[2]
            found = [self.users[self.by[match[1], value]]] if (match[1], value) in self.by else []
        else:
            found = list(self.users.values())
        first, count = int(asked.get("startIndex", 1)), int(asked.get("count", 100))
        return {"totalResults": len(found), "Resources": found[first - 1 : first - 1 + count]}

    def _made(self, user: dict[str, Any]) -> dict[str, Any]:
        key = str(user.get("externalId") or "")
        self.doubled += bool(key) and ("externalId", key) in self.by
        user |= {"id": f"u{len(self.users) + 1}", "active": user.get("active", True)}
        self.users[user["id"]] = user
        self.by["userName", user["userName"].lower()] = self.by["externalId", key] = user["id"]
        self._wrote()
        return user

    def _changed(self, user: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        for operation in body["Operations"]:
            value, path = operation.get("value"), operation.get("path")
            user |= value if path is None else {path: value}
        if user["active"] is False:
            self.closed.setdefault(user["id"], time.monotonic())
        self.by["userName", user["userName"].lower()] = user["id"]
        self._wrote()
        return user

    def _wrote(self) -> None:
        self.writes += 1
        self.last = time.monotonic()
        self.first = self.first or self.last

    async def _own(self, path: str, asked: dict[str, str]) -> tuple[int, Any]:
        match path.strip("/").split("/"):
            case ["told"]:
                counted = ("calls", "writes", "doubled", "busiest", "first", "last")
                spent = {"users": len(self.users), "cpu": round(time.process_time(), 2)}
                return 200, {name: getattr(self, name) for name in counted} | spent
            case ["people"]:
                return 200, list(self.users.values())
            case ["begin"]:
                self.__dict__ |= School(latency=float(asked.get("latency", self.latency))).__dict__
                return 200, {}
            case ["refused", name]:
                while (key := self.by.get(("userName", name.lower()), "")) not in self.closed:
                    await asyncio.sleep(0.002)
                return 200, {"at": self.closed[key], "writes": self.writes}
            case _:
                return 404, {}


@dataclass
class Line(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    school: School
    held: bytes = b""
    work: asyncio.Task[None] | None = None
    wire: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.wire = transport

    def data_received(self, data: bytes) -> None:
        self.held += data
        if self.work is None or self.work.done():
            self._next()

    def _next(self) -> None:
        head, end, rest = self.held.partition(b"\r\n\r\n")
        if not end:
            return
        size = int(found[1]) if (found := re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)) else 0
        if len(rest) < size:
            return
        self.held = rest[size:]
        method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        self.work = asyncio.get_running_loop().create_task(self._answer(method, target, rest[:size]))

    async def _answer(self, method: str, target: str, body: bytes) -> None:
        status, said = await self.school.answer(method, target, body)
        text = json.dumps(said, separators=(",", ":")).encode()
        head = f"HTTP/1.1 {status} {PHRASES[status]}\r\nContent-Type: application/scim+json\r\n"
        if not self.wire.is_closing():
            self.wire.write(f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text)
            self.work = None
            self._next()


async def serve(host: str, port: int, school: School, context: ssl.SSLContext | None) -> None:
    """Until it is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Line(school), host, port, ssl=context, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a school is: `url` for its SCIM part is `{url}/v2`. Certificates are believed as the process is told."""

    url: str
    pid: int
    trusted: Path | None = None

    def ask(self, path: str) -> Any:
        """One of its own doors."""
        context = ssl.create_default_context(cafile=str(self.trusted)) if self.trusted else None
        with urllib.request.urlopen(f"{self.url}{path}", timeout=600, context=context) as answer:
            return json.load(answer)


@contextmanager
def school(
    *, host: str = "127.0.0.1", port: int = 0, latency: float = 0.0, pair: tuple[Path, Path] | None = None
) -> Iterator[Place]:
    """One in a process of its own. `pair`: certificate and key; it then speaks HTTPS."""
    command = [sys.executable, "-m", "benchmarks.school", "--host", host, "--port", str(port)]
    command += ["--latency", str(latency), *(["--pair", *map(str, pair)] if pair else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = process.stdout.readline().strip()
            assert found, "the learning system did not start"
            url = f"{'https' if pair else 'http'}://{host}:{found}"
            yield Place(url=url, pid=process.pid, trusted=pair[0] if pair else None)
        finally:
            process.terminate()


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that every call takes")
    parser.add_argument("--pair", type=Path, nargs=2, metavar=("CERTIFICATE", "KEY"))
    asked = parser.parse_args(argv)
    context = None
    if asked.pair:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*asked.pair)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(asked.host, asked.port, School(latency=asked.latency), context))


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on."""
    with socket.create_server((host, 0)) as free:
        return int(free.getsockname()[1])


if __name__ == "__main__":
    main()
