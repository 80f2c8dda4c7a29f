"""The power of Joinery's machine is cut, again and again: is anything lost, doubled, or taken back?

  PYTHONPATH=src python -m benchmarks.power_cut                   60 cuts
  PYTHONPATH=src python -m benchmarks.power_cut --cuts 5 --seed 7

Not a measurement, a proof: as root with /dev/fuse, `pip install mfusepy` and the package libfuse2. The company's folder
is on a disk (benchmarks/lossy_disk.py) that keeps of what was never synced only a random part of the pages. Every night
HR's file brings changes, joiners and leavers; `joinery sync` is cut short at a random instant: the process is killed,
the disk loses what it may lose, and the next start finds what is left. In between somebody's access is ended by hand,
and the power goes in the instant in which the command has said that it is done. The learning system is elsewhere, keeps
its power, and makes a second account of whoever it is told to make twice. Before each start every SQLite file must
pass its own check; whose access was ended must be out after the next whole run; in the end everybody is as HR says,
nobody twice, and the audit log is whole. Ends with 1 otherwise.

`--control` does the same with a store that does not sync (synchronous=OFF), to show that this disk does lose things.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import stage
from benchmarks.school import Place, school
from benchmarks.stage import ROOT, Company, row, told

PEOPLE = 150
#: `joinery` whose transactions on SQLite are never synced
OFF = """
from sqlalchemy import Engine, event
@event.listens_for(Engine, "begin")
def off(connection):
    connection.connection.dbapi_connection.execute("PRAGMA synchronous=OFF")
from joinery.cli.main import run
run()
"""


@contextmanager
def mounted(platter: Path, place: Path, seed: int) -> Iterator[subprocess.Popen[bytes]]:
    """The disk with its power on; whoever leaves has cut it."""
    words = [sys.executable, "-m", "benchmarks.lossy_disk", str(platter), str(place), "--seed", str(seed)]
    disk = subprocess.Popen(words, cwd=ROOT)
    try:
        while not os.path.ismount(place):
            assert disk.poll() is None, "the disk did not start: is mfusepy there, and libfuse2?"
            time.sleep(0.02)
        yield disk
    finally:
        disk.send_signal(signal.SIGUSR1)
        while disk.poll() is None:  # asked something, it sees the signal
            subprocess.run(["ls", str(place)], capture_output=True)
            time.sleep(0.02)
        subprocess.run(["umount", "-l", str(place)], check=True)


@dataclass(kw_only=True)
class Storm:
    """A company on a disk that loses its power."""

    company: Company
    lms: Place
    dice: random.Random
    staff: dict[int, dict[str, str]] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    nights: int = 0
    #: the power goes within so many seconds: about as long as a run takes
    within: float = 6.0
    counts: Counter[str] = field(default_factory=Counter)

    def a_night(self) -> None:
        """HR's next file."""
        self.nights += 1
        for _ in range(40):
            number = self.dice.randint(1, PEOPLE + 3 * self.nights)
            status = "Terminated" if number in self.ended or self.dice.random() < 0.2 else "Active"
            title = f"Title {self.dice.randint(1, 9)}"
            self.staff[number] = row(number, status=status, job_title=title)
        self.company.export(list(self.staff.values()), f"people-{self.nights:04}.csv")
        self._sync_folder()

    def cut_short(self) -> bool:
        """`joinery sync`, and the power goes at some instant; whether it was still at work."""
        process = self.company.start("sync", "--quiet", stdout=subprocess.DEVNULL)
        began = time.monotonic()
        try:
            process.wait(self.dice.uniform(0.3, self.within))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self.within *= 1.1
            return True
        self.within = 1.2 * (time.monotonic() - began)
        assert process.returncode == 0, (self.company.folder, process.returncode)
        return False

    def end_somebody(self) -> None:
        """The command says that it is done: then it is, whatever happens now."""
        known = {user["userName"] for user in self.lms.ask("/people")}
        there = [n for n, who in self.staff.items() if who["status"] == "Active" and who["work_email"] in known]
        if not there:
            return
        number = self.dice.choice(there)
        self.company.run("person", "end-access", f"{number:07}", "--reason", "INC-1", "--yes")
        self.ended.add(number)
        self.counts["ended by hand"] += 1

    def whole(self) -> None:
        """A run to its end, undisturbed; then nobody has access who must not have it."""
        self.company.run("sync", "--quiet")
        active = {user["userName"]: user.get("active", True) for user in self.lms.ask("/people")}
        for number in self.ended:
            assert active[f"w{number}@bench.example"] is False, f"{number} is back"
        self.counts["whole runs"] += 1

    def sound(self) -> None:
        """Every file of SQLite as it was left passes its own check."""
        for file in sorted((self.company.folder / ".joinery").glob("*.db")):
            with sqlite3.connect(file) as db:
                assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)], file
            db.close()

    def judge(self) -> dict[str, Any]:
        """The learning system against HR's last file, and the audit log."""
        self.whole()
        heard, users = self.lms.ask("/told"), self.lms.ask("/people")
        there = {user["userName"]: user.get("active", True) for user in users}
        wanted = {who["work_email"]: who["status"] == "Active" for n, who in self.staff.items() if n not in self.ended}
        wrong = [name for name, active in wanted.items() if there.get(name, False) != active]
        self.company.run("audit", "verify")
        return {
            "nights": self.nights,
            "people": len(self.staff),
            **self.counts,
            "wrong": len(wrong),
            "twice": len(users) - len(there) + heard["doubled"],
            "calls": heard["calls"],
        }

    def _sync_folder(self) -> None:
        for folder in (self.company.folder, self.company.folder / "inbox"):
            for file in (*(f for f in folder.iterdir() if f.is_file()), folder):
                handle = os.open(file, os.O_RDONLY)
                os.fsync(handle)
                os.close(handle)


def stormed(asked: argparse.Namespace, here: Path) -> dict[str, Any]:
    """So many cuts; what was found after them."""
    platter, place = here / "platter", here / "disk"
    platter.mkdir()
    place.mkdir()
    dice, cuts, seed = random.Random(asked.seed), 0, asked.seed * 1000
    with school(latency=0.01) as lms:
        company = Company(folder=place / "acme", url=lms.url, mode="automatic")
        storm = Storm(company=company, lms=lms, dice=dice)
        storm.staff = {n: row(n) for n in range(1, PEOPLE + 1)}
        with mounted(platter, place, seed):
            company.settle()
            storm.a_night()
        while cuts < asked.cuts:
            cuts += 1
            with mounted(platter, place, seed + cuts):
                storm.sound()
                if storm.cut_short():
                    storm.counts["cut at work"] += 1
                else:
                    if dice.random() < 0.5:
                        storm.whole()
                    if dice.random() < 0.5:
                        storm.end_somebody()
                    else:
                        storm.a_night()
                company.stack.close()
        with mounted(platter, place, seed + cuts + 1):
            storm.sound()
            found = storm.judge()
            company.stack.close()
    return {"what": "the power was cut", "cuts": cuts} | found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuts", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--control", action="store_true", help="with a store that does not sync: must fail")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.control:
        stage.JOINERY = (sys.executable, "-c", OFF)
    here = Path(tempfile.mkdtemp(prefix="joinery-power-"))
    found = stormed(asked, here)
    shutil.rmtree(here)  # of what went wrong, everything stays to be looked at
    told([found], as_json=asked.json)
    sys.exit(bool(found["wrong"] or found["twice"]))


if __name__ == "__main__":
    main()
