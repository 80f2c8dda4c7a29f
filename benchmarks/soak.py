"""Half an hour of mixed load with faults: does the memory of `joinery serve` stay flat, and is everything right after?

  python -m benchmarks.soak                              30 minutes on SQLite
  python -m benchmarks.soak --store postgresql
  python -m benchmarks.soak --minutes 3 --samples samples.ndjson

`joinery serve` is a process of its own; the learning system another, behind the door of `joinery_simulators chaos`:
429 with and without Retry-After, 500, resets, half answers, late ones, lies, and now and then gone altogether. Every
half minute HR pushes a whole file with changes, joiners, leavers and returners; in between come webhooks about single
people, each up to three times and out of order. Every few seconds: resident memory, threads, open files, bytes of the
store. The slope of the memory is the median of the slopes between all pairs of samples after the warm-up (the first
third), so that no single peak counts. At the end HR's last file is pushed, and the learning system must be as it says,
nobody twice. Ends with 1 when it is not, or when memory grows by more than `--bound` MiB an hour.
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.kill_switch import LIMITS, SECRET, SOURCE
from benchmarks.overhead import STORES, stores
from benchmarks.school import Place, free_port, school
from benchmarks.stage import COLUMNS, ROOT, Company, busy, row, told
from joinery_simulators.sender import Message, deliveries, signed

BOUND = 24.0
#: below so many minutes a slope is told, and not judged: the warm-up is most of it
JUDGED_FROM = 10.0
#: runs that the end may take: the same request meets trouble three times at most
LAST_RUNS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look at a process. `at` in seconds since the start, memory in MiB."""

    at: float
    memory: float
    threads: int
    files: int
    store: float


def sampled(pid: int, began: float, folder: Path) -> Sample:
    """As Linux tells."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    kept = sum(file.stat().st_size for file in (folder / ".joinery").glob("*.db*") if file.exists())
    return Sample(
        at=round(time.monotonic() - began, 1),
        memory=int(status["VmRSS"].split()[0]) / 1024,
        threads=int(status["Threads"]),
        files=len(list(Path(f"/proc/{pid}/fd").iterdir())),
        store=kept / 1024**2,
    )


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Theil and Sen: the median of the slopes between all pairs; in units of y for one of x."""
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.combinations(points, 2) if b[0] > a[0]]
    return statistics.median(slopes) if slopes else 0.0


@dataclass
class Hr:
    """What HR knows: number -> row. The only truth that the end is judged by."""

    dice: random.Random
    people: dict[int, dict[str, str]] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)

    def joins(self, count: int) -> None:
        for _ in range(count):
            number = len(self.people) + 1
            self.people[number] = row(number)

    def active(self, count: int) -> list[int]:
        there = [number for number, one in self.people.items() if one["status"] == "Active"]
        return self.dice.sample(there, min(count, len(there)))

    def night(self) -> list[dict[str, str]]:
        """The whole file: one in a hundred changed, two left, one came back, one is new."""
        for number in self.active(max(1, len(self.people) // 100)):
            self.people[number] |= {"job_title": f"Title {self.dice.randrange(10**6)}"}
        for number in self.active(2):
            self.people[number] |= {"status": "Terminated"}
        gone = [number for number, one in self.people.items() if one["status"] != "Active"]
        for number in self.dice.sample(gone, min(1, len(gone))):
            # in another job: a row that is the same as in the file before says nothing against a push in between
            self.people[number] |= {"status": "Active", "job_title": f"Back {self.dice.randrange(10**6)}"}
        self.joins(1)
        return list(self.people.values())

    def news(self, count: int, name: str) -> list[Message]:
        """Single people, each in one message of this batch; every fourth is an end of access."""
        messages = []
        for place, number in enumerate(self.active(count)):
            change = {"status": "Terminated"} if place % 4 == 0 else {"job_title": f"Title {name}.{place}"}
            self.people[number] |= change
            messages.append(Message(id=f"{name}-{place}", body={"data": {**self.people[number]}}))
        return messages


@contextmanager
def door(lms: Place, chance: float, seed: int) -> Iterator[str]:
    """The bad weather before the learning system, in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "joinery_simulators", "chaos", "--to", lms.url, "--port", str(port)]
    command += ["--chance", str(chance), "--seed", str(seed), "--speed", "10"]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}/src"}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment) as process:
        try:
            assert process.stderr is not None and process.stderr.readline(), "the door did not open"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@dataclass
class Soak:
    """One run under way."""

    company: Company
    url: str
    hr: Hr
    asked: argparse.Namespace
    token: str = ""
    began: float = field(default_factory=time.monotonic)
    samples: list[Sample] = field(default_factory=list)
    http: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=300))

    def upload(self, rows: list[dict[str, str]]) -> None:
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
        address = f"{self.url}/api/v1/ingest/hris?content=full"
        headers = {"authorization": f"Bearer {self.token}", "content-type": "text/csv"}
        answer = self.http.post(address, content=out.getvalue().encode(), headers=headers)
        assert answer.status_code == 202, answer.text
        self.hr.told["files"] += 1

    def webhooks(self, name: str) -> None:
        order = deliveries(self.hr.news(self.asked.webhooks, name), self.hr.dice.randrange(10**6))
        for message in order:
            content, headers = signed(message, SECRET, time.time())
            answer = self.http.post(f"{self.url}/api/v1/webhooks/hris", content=content, headers=headers)
            assert answer.status_code in (200, 202), answer.text
            self.hr.told["webhooks"] += 1

    def watch(self, pid: int, over: threading.Event) -> None:
        while not over.wait(self.asked.every):
            self.samples.append(sampled(pid, self.began, self.company.folder))

    def load(self, weather: str) -> None:
        """Until the time is up."""
        self.token = self.company.run("token", "new", "soak", "--scope", "ingest", "--scope", "read").strip()
        until, outage = self.began + 60 * self.asked.minutes, self.began + self.asked.outage
        for number in itertools.count():
            next_night = time.monotonic() + self.asked.night
            self.upload(self.hr.night())
            self.webhooks(f"n{number}")
            if time.monotonic() > outage:
                self.http.post(f"{weather}/chaos/away")
                time.sleep(5)
                self.http.post(f"{weather}/chaos/back")
                outage += self.asked.outage
                self.hr.told["outages"] += 1
            if time.monotonic() >= until:
                return
            time.sleep(max(0.0, min(next_night, until) - time.monotonic()))

    def wrong(self, lms: Place) -> list[str]:
        """What is not as HR's last word says; numbers only."""
        users, doubled = lms.ask("/people"), lms.ask("/told")["doubled"]
        by_name = {user["userName"]: user for user in users}
        extra = max(doubled, len(users) - len(by_name))
        found = [f"{extra} accounts too many"] if extra else []
        for number, one in self.hr.people.items():
            user, active = by_name.get(one["work_email"]), one["status"] == "Active"
            if user is None:
                found += [f"{number} has no account"] if active else []
            elif user["active"] is not active:
                found.append(f"{number} is {'in' if user['active'] else 'out'} and should not be")
            elif active and user.get("title") != one["job_title"]:
                found.append(f"{number} has another title")
        return found


def runs_until_right(soak: Soak, lms: Place) -> tuple[int, list[str]]:
    """`joinery sync` as often as it takes; how often, and what is still wrong."""
    for number in range(LAST_RUNS + 1):
        wrong = soak.wrong(lms)
        if not wrong or number == LAST_RUNS:
            break
        if number == 0:  # news that were kept and not taken in yet are for whoever serves next
            with soak.company.serving():
                time.sleep(soak.asked.rest)
        soak.company.run("sync", "--quiet", good=(0, 4, 5, 6, 7))
    return number, wrong


def measured(asked: argparse.Namespace, here: Path) -> dict[str, Any]:
    hr = Hr(random.Random(asked.seed))
    hr.joins(asked.people)
    with (
        stores(asked.store) as fresh,
        fresh() as store,
        school() as lms,
        door(lms, asked.chance, asked.seed) as weather,
    ):
        company = Company(folder=here, url=weather, store=store, source=SOURCE, more=LIMITS, mode="automatic")
        (here / "secret").write_text(SECRET)
        company.settle()
        over = threading.Event()
        with company.serving() as (process, url):
            soak = Soak(company, url, hr, asked)
            watching = threading.Thread(target=soak.watch, args=(process.pid, over), daemon=True)
            watching.start()
            soak.load(weather)
            over.set()
            watching.join()
            soak.upload(list(hr.people.values()))
            time.sleep(asked.rest)
            met = soak.http.get(f"{weather}/chaos").json()["met"]
        runs, wrong = runs_until_right(soak, lms)
        company.stack.close()
    if asked.samples:
        asked.samples.write_text("".join(json.dumps(asdict(one)) + "\n" for one in soak.samples))
    return figures(soak, asked) | {"runs until right": runs, "wrong": wrong[:20], "troubles met": met}


def figures(soak: Soak, asked: argparse.Namespace) -> dict[str, Any]:
    """What the samples say."""
    kept = soak.samples[len(soak.samples) // 3 :]
    first, last = kept[: len(kept) // 4 or 1], kept[-(len(kept) // 4) or -1 :]
    before, after = (statistics.median(one.memory for one in part) for part in (first, last))
    return {
        "what": f"soak on {asked.store}",
        "minutes": asked.minutes,
        "people": len(soak.hr.people),
        **soak.hr.told,
        "MiB after warm-up": round(before, 1),
        "MiB at the end": round(after, 1),
        "ratio": round(after / before, 3),
        "MiB an hour": round(3600 * slope([(one.at, one.memory) for one in kept]), 1),
        "bound": asked.bound,
        "judged": asked.minutes >= JUDGED_FROM,
        "peak MiB": round(max(one.memory for one in soak.samples), 1),
        "threads": f"{kept[0].threads} to {kept[-1].threads}",
        "open files": f"{kept[0].files} to {kept[-1].files}",
        "store MiB": f"{kept[0].store:.1f} to {kept[-1].store:.1f}",
        "load": busy(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--store", choices=STORES, default="sqlite")
    parser.add_argument("--night", type=float, default=30, help="seconds from one whole file to the next")
    parser.add_argument("--webhooks", type=int, default=20, help="people that webhooks are about, after each file")
    parser.add_argument("--chance", type=float, default=0.1, help="of trouble with a request, 0 to 1")
    parser.add_argument("--outage", type=float, default=300, help="seconds from one outage to the next")
    parser.add_argument("--rest", type=float, default=15, help="seconds that it has to come to rest at the end")
    parser.add_argument("--every", type=float, default=3, help="seconds from one sample to the next")
    parser.add_argument("--bound", type=float, default=BOUND, help="MiB that it may grow in an hour")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where Joinery lives, kept afterwards; else a temporary one")
    parser.add_argument("--samples", type=Path, help="write all samples to this file, JSON a line")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as here:
        found = measured(asked, asked.folder or Path(here))
    told([found], as_json=asked.json)
    grows = found["judged"] and found["MiB an hour"] > asked.bound
    sys.exit(bool(found["wrong"]) or grows)


if __name__ == "__main__":
    main()
