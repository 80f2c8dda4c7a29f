"""How long from the HTTP request that brings a termination until the learning system refuses the person.

`python -m benchmarks.kill_switch --people 1000 --backlog 100000 --rate 50`

The learning system is a SCIM server in a process of its own (benchmarks/school.py), `joinery serve` another. Each
leaver is one signed webhook, one after the other; beside each, one bare PATCH to the same server for somebody Joinery
does not know. Both clocks are the machine's monotonic one: the server notes the instant at which the person is shut
out.
First with nothing to do, then with so many operations queued and the system at its rate limit. Each line also says how
busy the machine was (processes that wanted a core, on average over the last minute, and cores).
"""

from __future__ import annotations

import argparse
import base64
import csv
import hmac
import io
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.school import school
from benchmarks.stage import COLUMNS, Company, busy, row, told

SECRET = "whsec_" + base64.b64encode(b"benchmark-secret-of-32-letters!!").decode()
#: pushed, never held, and at most so many a second
LIMITS = "kill_switch: { push_per_hour: 1000000 }\napi: { per_minute: 1000000 }"
SOURCE = "push\n  webhook: { secret: { file: secret } }\n  trust: { floor: 10000000 }"


def signed(key: str, body: Any) -> dict[str, Any]:
    content, stamp = json.dumps(body).encode(), str(int(time.time()))
    raw = base64.b64decode(SECRET.removeprefix("whsec_"))
    mark = base64.b64encode(hmac.new(raw, f"{key}.{stamp}.".encode() + content, sha256).digest()).decode()
    headers = {"webhook-id": key, "webhook-timestamp": stamp, "webhook-signature": f"v1,{mark}"}
    return {"content": content, "headers": headers}


class Bench:
    def __init__(self, folder: Path, school: str) -> None:
        self.school = school
        self.company = Company(folder=folder, url=school, source=SOURCE, more=LIMITS, mode="automatic")
        self.http = httpx2.Client(timeout=600)
        (folder / "secret").write_text(SECRET)

    def settings(self, rate: float | None) -> None:
        self.company.learning = f"rate: {rate:g}" if rate else "concurrency: 4"
        self.company.settle()

    @contextmanager
    def serving(self) -> Iterator[str]:
        with self.company.serving() as (_, url):
            yield url

    def upload(self, url: str, rows: list[dict[str, str]]) -> None:
        token = self.company.run("token", "new", "bench", "--scope", "ingest", "--scope", "read").strip()
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
        headers = {"authorization": f"Bearer {token}", "content-type": "text/csv"}
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
            sent = signed(f"leaver-{number}", {"data": {"worker_id": f"{number:07}", "status": "Terminated"}})
            began = time.monotonic()
            assert self.http.post(f"{url}/api/v1/webhooks/hris", **sent).status_code == 202
            joinery.append(self.http.get(f"{self.school}/refused/w{number}@bench.example").json()["at"] - began)
            began = time.monotonic()
            name = self.http.patch(f"{self.school}/v2/Users/{hand}", json=off).json()["userName"]
            bare.append(self.http.get(f"{self.school}/refused/{name}").json()["at"] - began)
        return joinery, bare


def figures(what: str, spans: list[float]) -> dict[str, Any]:
    ordered = sorted(spans)
    at = {
        f"p{share}": round(1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))], 1)
        for share in (50, 95, 99)
    }
    return {"what": what, "n": len(spans), **at, "max": round(1000 * ordered[-1], 1), "unit": "ms", "load": busy()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--backlog", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, school() as lms:
        for line in phases(Bench(Path(folder), lms.url), asked):
            told([line], as_json=asked.json)


def phases(bench: Bench, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    n = asked.people
    hands = bench.by_hand(0, 2 * n)
    everybody = [row(number) for number in range(1, 2 * n + 1)]
    bench.settings(None)
    with bench.serving() as url:
        bench.upload(url, everybody)
        bench.until(4 * n)
        time.sleep(3)
        idle, bare = bench.measure(url, range(1, n + 1), hands[:n])
    yield figures("idle: webhook until refused", idle)
    yield figures("idle: bare PATCH until refused", bare)
    if not asked.backlog:
        return
    bench.settings(asked.rate)
    with bench.serving() as url:
        began = time.monotonic()
        stay = [row(number, status="Terminated" if number <= n else "Active") for number in range(1, 2 * n + 1)]
        bench.upload(url, stay + [row(number) for number in range(10_000_000, 10_000_000 + asked.backlog)])
        bench.until(4 * n + 50)
        ready = time.monotonic() - began
        before = bench.http.get(f"{bench.school}/told").json()["users"]
        began = time.monotonic()
        full, bare = bench.measure(url, range(n + 1, 2 * n + 1), hands[n:])
        seconds, made = time.monotonic() - began, bench.http.get(f"{bench.school}/told").json()["users"] - before
    yield {"what": f"set-up: {asked.backlog} pushed, planned, the first 50 done", "seconds": round(ready, 1)}
    yield figures(f"{asked.backlog} queued, rate {asked.rate}/s: webhook until refused", full)
    yield figures("the same: bare PATCH until refused", bare)
    left = asked.backlog - (before + made - 4 * n)
    yield {"what": "meanwhile", "creations a second": round(made / seconds, 1), "still queued at the end": left}


if __name__ == "__main__":
    main()
