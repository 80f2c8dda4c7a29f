"""How long from the HTTP request that brings a termination until the learning system refuses the person.

`python -m benchmarks.kill_switch --people 1000 --backlog 100000 --rate 50`

The learning system is a SCIM server in a process of its own, `joinery serve` another. Each leaver is one signed
webhook, one after the other; beside each, one bare PATCH to the same server for somebody Joinery does not know.
Both clocks are the machine's monotonic one: the server notes the instant at which the person is shut out.
First with nothing to do, then with so many operations queued and the system at its rate limit. Each line also says how
busy the machine was (processes that wanted a core, on average over the last minute, and cores).
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import csv
import hmac
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2

SECRET = "whsec_" + base64.b64encode(b"benchmark-secret-of-32-letters!!").decode()
COLUMNS = ("worker_id", "given_name", "family_name", "work_email", "status", "hire_date")
SETTINGS = """version: 1
company: {{ name: Bench, time_zone: UTC }}
people:
  from: push
  webhook: {{ secret: {{ file: secret }} }}
  trust: {{ floor: 10000000 }}
  fields: {{ {fields} }}
learning: {{ into: scim, url: "{url}", key: {{ env: KEY }}, {rate} }}
mode: automatic
guards: off
kill_switch: {{ push_per_hour: 1000000 }}
api: {{ per_minute: 1000000 }}
"""


# ------------------------------------------------------------------------------ the learning system, on its own


def lms(port: int) -> None:
    """A SCIM server in memory: Users only, PATCH, equality filters by index."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    users: dict[str, dict[str, Any]] = {}
    by: dict[tuple[str, str], str] = {}
    closed: dict[str, float] = {}
    writes = 0

    def shown(user: dict[str, Any]) -> JSONResponse:
        return JSONResponse(user, headers={"content-type": "application/scim+json"})

    async def config(_request: Request) -> JSONResponse:
        off = {"supported": False}
        listed = {"patch": {"supported": True}, "bulk": off, "filter": {"supported": True, "maxResults": 1000}}
        return JSONResponse(listed | {"sort": off, "etag": off, "changePassword": off})

    async def types(_request: Request) -> JSONResponse:
        kind = {
            "id": "User",
            "name": "User",
            "endpoint": "/Users",
            "schema": "urn:ietf:params:scim:schemas:core:2.0:User",
        }
        return JSONResponse({"totalResults": 1, "Resources": [kind]})

    async def listing(request: Request) -> JSONResponse:
        nonlocal writes
        if request.method == "POST":
            body = await request.json()
            body |= {"id": f"u{len(users) + 1}", "active": body.get("active", True)}
            users[body["id"]] = body
            by["userName", body["userName"].lower()] = by["externalId", str(body.get("externalId"))] = body["id"]
            writes += 1
            return JSONResponse(body, status_code=201)
        found = list(users.values())
        if match := re.fullmatch(r'(\w+) eq "(.*)"', request.query_params.get("filter", "")):
            value = match[2].lower() if match[1] == "userName" else match[2]
            found = [users[by[match[1], value]]] if (match[1], value) in by else []
        first, count = int(request.query_params.get("startIndex", 1)), int(request.query_params.get("count", 100))
        return JSONResponse({"totalResults": len(found), "Resources": found[first - 1 : first - 1 + count]})

    async def one(request: Request) -> JSONResponse:
        nonlocal writes
        user = users.get(request.path_params["id"])
        if user is None:
            return JSONResponse({"status": "404"}, status_code=404)
        if request.method == "PATCH":
            for operation in (await request.json())["Operations"]:
                value, path = operation.get("value"), operation.get("path")
                user |= value if path is None else {path: value}
            if user["active"] is False:
                closed.setdefault(user["id"], time.monotonic())
            writes += 1
        return shown(user)

    async def refused(request: Request) -> JSONResponse:
        """Answers when this person may not come in any more: the instant from which on they are refused."""
        wanted = request.path_params["name"]
        while True:
            key = by.get(("userName", wanted.lower()), "")
            if key in closed:
                return JSONResponse({"at": closed[key], "writes": writes})
            await asyncio.sleep(0.002)

    async def told(_request: Request) -> JSONResponse:
        return JSONResponse({"users": len(users), "writes": writes})

    routes = [
        Route("/v2/ServiceProviderConfig", config),
        Route("/v2/ResourceTypes", types),
        Route("/v2/Users", listing, methods=["GET", "POST"]),
        Route("/v2/Users/{id}", one, methods=["GET", "PATCH"]),
        Route("/refused/{name}", refused),
        Route("/told", told),
    ]
    uvicorn.run(Starlette(routes=routes), port=port, log_level="error", access_log=False)


# ------------------------------------------------------------------------------------------------ the measurement


def row(number: int, status: str = "Active") -> dict[str, str]:
    return {
        "worker_id": f"{number:06}",
        "given_name": f"G{number}",
        "family_name": f"F{number}",
        "work_email": f"w{number}@bench.example",
        "status": status,
        "hire_date": "2020-01-01",
    }


def signed(key: str, body: Any) -> dict[str, Any]:
    content, stamp = json.dumps(body).encode(), str(int(time.time()))
    raw = base64.b64decode(SECRET.removeprefix("whsec_"))
    mark = base64.b64encode(hmac.new(raw, f"{key}.{stamp}.".encode() + content, sha256).digest()).decode()
    headers = {"webhook-id": key, "webhook-timestamp": stamp, "webhook-signature": f"v1,{mark}"}
    return {"content": content, "headers": headers}


class Bench:
    def __init__(self, folder: Path, school: str) -> None:
        self.folder, self.school = folder, school
        self.http = httpx2.Client(timeout=600)
        (folder / "secret").write_text(SECRET)

    def settings(self, rate: float | None) -> None:
        fields = ", ".join(f"{name}: {name}" for name in COLUMNS)
        text = SETTINGS.format(fields=fields, url=f"{self.school}/v2", rate=f"rate: {rate:g}" if rate else "")
        (self.folder / "joinery.yaml").write_text(text)

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"KEY": "k" * 20}

    @contextmanager
    def serving(self) -> Iterator[str]:
        command = [sys.executable, "-c", "from joinery.cli.main import run; run()", "serve", "--port", "0"]
        with subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            address = ""
            while not (found := re.search(r"http://[\d.]+:\d+", address)):
                address = process.stderr.readline()
                assert address, "joinery serve did not start"
            log = (self.folder / "serve.log").open("a")
            import threading

            threading.Thread(target=lambda: [log.write(line) for line in process.stderr or ()], daemon=True).start()
            try:
                yield found[0]
            finally:
                process.terminate()
                process.wait(60)

    def token(self) -> str:
        command = [sys.executable, "-c", "from joinery.cli.main import run; run()", "token", "new", "bench"]
        done = subprocess.run(
            [*command, "--scope", "ingest", "--scope", "read"],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def upload(self, url: str, rows: list[dict[str, str]]) -> None:
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
        headers = {"authorization": f"Bearer {self.token()}", "content-type": "text/csv"}
        answer = self.http.post(
            f"{url}/api/v1/ingest/hris?content=full", content=out.getvalue().encode(), headers=headers
        )
        assert answer.status_code == 202, answer.text

    def until(self, users: int) -> None:
        while self.http.get(f"{self.school}/told").json()["users"] < users:
            time.sleep(0.2)

    def by_hand(self, first: int, last: int) -> list[str]:
        made = []
        for number in range(first, last):
            body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": f"hand{number}"}
            made.append(self.http.post(f"{self.school}/v2/Users", json=body).json()["id"])
        return made

    def measure(self, url: str, people: range, hands: list[str]) -> tuple[list[float], list[float]]:
        joinery, bare = [], []
        off = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
        off["Operations"] = [{"op": "replace", "path": "active", "value": False}]  # type: ignore[assignment]
        for number, hand in zip(people, hands, strict=True):
            sent = signed(f"leaver-{number}", {"data": {"worker_id": f"{number:06}", "status": "Terminated"}})
            began = time.monotonic()
            assert self.http.post(f"{url}/api/v1/webhooks/hris", **sent).status_code == 202
            joinery.append(self.http.get(f"{self.school}/refused/w{number}@bench.example").json()["at"] - began)
            began = time.monotonic()
            name = self.http.patch(f"{self.school}/v2/Users/{hand}", json=off).json()["userName"]
            bare.append(self.http.get(f"{self.school}/refused/{name}").json()["at"] - began)
        return joinery, bare


def told(what: str, spans: list[float]) -> dict[str, Any]:
    ordered = sorted(spans)
    at = {
        f"p{share}": round(1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))], 1)
        for share in (50, 95, 99)
    }
    busy = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()}"
    return {"what": what, "n": len(spans), **at, "max": round(1000 * ordered[-1], 1), "unit": "ms", "load": busy}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lms", type=int)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--backlog", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=50)
    asked = parser.parse_args()
    if asked.lms:
        lms(asked.lms)
        return
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    school = subprocess.Popen([sys.executable, "-m", "benchmarks.kill_switch", "--lms", str(port)])
    try:
        with tempfile.TemporaryDirectory() as folder:
            for line in phases(Bench(Path(folder), f"http://127.0.0.1:{port}"), asked):
                print(json.dumps(line), flush=True)
    finally:
        school.terminate()


def phases(bench: Bench, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for _ in range(100):
        try:
            bench.http.get(f"{bench.school}/told")
            break
        except httpx2.HTTPError:
            time.sleep(0.1)
    n = asked.people
    hands = bench.by_hand(0, 2 * n)
    everybody = [row(number) for number in range(1, 2 * n + 1)]
    bench.settings(None)
    with bench.serving() as url:
        bench.upload(url, everybody)
        bench.until(4 * n)
        time.sleep(3)
        idle, bare = bench.measure(url, range(1, n + 1), hands[:n])
    yield told("idle: webhook until refused", idle)
    yield told("idle: bare PATCH until refused", bare)
    if not asked.backlog:
        return
    bench.settings(asked.rate)
    with bench.serving() as url:
        stay = [row(number, "Terminated" if number <= n else "Active") for number in range(1, 2 * n + 1)]
        bench.upload(url, stay + [row(number) for number in range(10_000_000, 10_000_000 + asked.backlog)])
        bench.until(4 * n + 50)
        before = bench.http.get(f"{bench.school}/told").json()["users"]
        began = time.monotonic()
        busy, bare = bench.measure(url, range(n + 1, 2 * n + 1), hands[n:])
        seconds, made = time.monotonic() - began, bench.http.get(f"{bench.school}/told").json()["users"] - before
    yield told(f"{asked.backlog} queued, rate {asked.rate}/s: webhook until refused", busy)
    yield told("the same: bare PATCH until refused", bare)
    left = asked.backlog - (before + made - 4 * n)
    yield {"what": "meanwhile", "creations a second": round(made / seconds, 1), "still queued at the end": left}


if __name__ == "__main__":
    main()
