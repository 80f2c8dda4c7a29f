"""From what was measured to 2.3 million workers and to 10,000 connections: what they would need, and what breaks first.

  python -m benchmarks.nightly > nightly.json
  python -m benchmarks.first_load --json > first.ndjson
  python -m benchmarks.workers --json > workers.ndjson
  python -m benchmarks.idle --json > idle.ndjson
  python -m benchmarks.extrapolate nightly.json first.ndjson workers.ndjson idle.ndjson

The files are what the other benchmarks print (nightly its one object, the others JSON a line). Everything that is not
in them is an assumption, and printed: what the machines have, what the vendor allows, how much changes in a night. They
can be changed: `--assume rate=10 --assume memory_gib=64`. The arithmetic is straight lines through zero, but for the
memory that a process needs before it has read anybody: no measurement here is above 300,000 people, so a line is all
that it can honestly bear, and what grows faster than a line breaks earlier than is said here.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

WORKERS, CONNECTIONS = 2_300_000, 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What the world gives; nobody measured it here."""

    #: of the one machine on which a night runs
    memory_gib: float = 16
    disk_gib: float = 200
    #: hours in which a night has to be over, and in which a first load has to be (a weekend)
    night_hours: float = 6
    weekend_hours: float = 60
    #: of all people, changed in one night; operations for each of them
    changed: float = 0.01
    operations: float = 1.2
    #: operations a second that the vendor allows
    rate: float = 50
    #: seconds that an end of access may wait behind something else
    patience: float = 1.0
    #: of one PostgreSQL: backends, and small transactions a second
    backends: float = 500
    transactions: float = 20_000
    #: machines that share 10,000 connections, and cores of each
    machines: float = 4
    cores: float = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the files hold; None where none of them says."""

    people: int | None = None
    quiet_seconds: float | None = None
    quiet_gib: float | None = None
    one_percent_gib: float | None = None
    plan_people: int | None = None
    plan_gib: float | None = None
    ms_per_changed: float | None = None
    per_second: float | None = None
    times_faster: float | None = None
    workers: int | None = None
    store_bytes: float | None = None
    load_mib: float | None = None
    load_people: int | None = None
    idle_mib: float | None = None
    idle_core: float | None = None
    idle_backends: float | None = None
    idle_transactions: float | None = None
    sync_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that is needed at a size; `at` is the size at which it is used up."""

    what: str
    need: float
    have: float
    unit: str
    why: str
    at: float

    @property
    def share(self) -> float:
        """Above 1 it breaks."""
        return self.need / self.have


def line(need: float, at: float, to: float, base: float = 0.0) -> float:
    """`need` was measured at the size `at`: what it is at `to`, on a straight line from `base` at nothing."""
    return base + (need - base) * to / at


def where(have: float, need: float, at: float, base: float = 0.0) -> float:
    """The size at which `have` is used up, on the same line; 0 when nothing fits at all."""
    return max(0.0, (have - base) * at / (need - base)) if need > base else float("inf")


def linear(
    what: str, *, need: float, at: float, to: float, have: float, unit: str, why: str, base: float = 0.0
) -> Need:
    """A need that grows with the size on a straight line."""
    base = min(base, need)
    return Need(what=what, need=line(need, at, to, base), have=have, unit=unit, why=why, at=where(have, need, at, base))


def of_people(found: Measured, given: Assumed, people: int = WORKERS) -> Iterator[Need]:
    """One connection with so many people."""
    base = (found.idle_mib or 0) / 1024
    if found.people and found.quiet_gib:
        why = "the file and the digests of yesterday are joined in memory"
        yield linear(
            "memory of a quiet night", need=found.quiet_gib, at=found.people, to=people, have=given.memory_gib,
            unit="GiB", why=why, base=base,
        )  # fmt: skip
    if found.people and found.one_percent_gib:
        why = "the same, with those who changed, and the look for people who are there twice"
        yield linear(
            "memory of a night with changes", need=found.one_percent_gib, at=found.people, to=people,
            have=given.memory_gib, unit="GiB", why=why, base=base,
        )  # fmt: skip
    if found.plan_people and found.plan_gib:
        why = "everybody is new and is looked at in one run, nothing written yet"
        yield linear(
            "memory of a first load", need=found.plan_gib, at=found.plan_people, to=people, have=given.memory_gib,
            unit="GiB", why=why, base=base,
        )  # fmt: skip
    if found.load_people and found.load_mib:
        yield linear(
            "memory of a first load and its writes", need=found.load_mib / 1024, at=found.load_people, to=people,
            have=given.memory_gib, unit="GiB", why="`joinery sync` from the file to the last account", base=base,
        )  # fmt: skip
    if found.people and found.quiet_seconds is not None and found.ms_per_changed is not None:
        each = found.quiet_seconds / found.people + given.changed * found.ms_per_changed / 1000
        why = "reading, comparing and deciding; the learning system not counted"
        yield linear(
            "a night until its plan", need=each, at=1, to=people, have=3600 * given.night_hours, unit="s", why=why
        )
    writes = given.changed * given.operations
    why = f"{given.changed:.0%} change, {given.operations:g} operations each, at the vendor's rate"
    yield linear(
        "a night's writes", need=writes / given.rate, at=1, to=people, have=3600 * given.night_hours, unit="s", why=why
    )
    yield linear(
        "the first load's writes", need=1 / given.rate, at=1, to=people, have=3600 * given.weekend_hours, unit="s",
        why="one creation each, at the vendor's rate",
    )  # fmt: skip
    if found.ms_per_changed is not None:
        yield linear(
            "an end of access behind a night's plan (SQLite)", need=given.changed * found.ms_per_changed / 1000, at=1,
            to=people, have=given.patience, unit="s",
            why="the plan is one transaction, and SQLite has one writer; on PostgreSQL nobody waits for it",
        )  # fmt: skip
    if found.per_second:
        workers = found.workers or 1
        gained = found.per_second * (found.times_faster or 1) / workers if workers > 1 else found.per_second
        most = given.rate / gained
        yield Need(
            what="workers to reach the vendor's rate", need=most, have=64, unit="processes", at=float("inf"),
            why=f"{gained:.0f} operations a second each, as measured at 50 ms a call; more people need no more of them",
        )  # fmt: skip
    if found.store_bytes:
        yield linear(
            "the store after the first load", need=found.store_bytes / 1024**3, at=1, to=people, have=given.disk_gib,
            unit="GiB", why="facts, accounts and one plan; each night adds its changes",
        )  # fmt: skip


def of_connections(found: Measured, given: Assumed, connections: int = CONNECTIONS) -> Iterator[Need]:
    """So many connections in one store, each with a `joinery serve` of its own; and the same by a timer."""
    several = [
        (
            "memory of the processes", found.idle_mib and found.idle_mib / 1024,
            given.machines * given.memory_gib, "GiB", "each connection is a process of its own",
        ),
        (
            "processor while nothing happens", found.idle_core, given.machines * given.cores, "cores",
            "each looks into its queues ten times a second",
        ),
        (
            "connections to the database", found.idle_backends, given.backends, "backends",
            "each process keeps a pool of its own",
        ),
        (
            "transactions while nothing happens", found.idle_transactions, given.transactions, "a second",
            "signs of life and looks into queues",
        ),
        (
            "by a timer instead: a night of `joinery sync`", found.sync_seconds,
            given.machines * given.cores * 3600 * given.night_hours, "s of a core",
            "nothing changed, 9,000 people each; and an end of access waits for the next run",
        ),
    ]  # fmt: skip
    for what, each, have, unit, why in several:
        if each is not None:
            yield linear(what, need=each, at=1, to=connections, have=have, unit=unit, why=why)


def first(needs: Sequence[Need]) -> Need | None:
    """What breaks at the smallest size, of what breaks; None when all of it fits."""
    broken = [need for need in needs if need.share > 1]
    return min(broken, key=lambda need: need.at, default=None)


# ------------------------------------------------------------------------------------------------ the files


def read(paths: Sequence[Path]) -> Measured:
    """All of them together; a later file wins."""
    found = Measured()
    for path in paths:
        text = path.read_text(encoding="utf-8").strip()
        try:
            whole = [json.loads(text)]
        except ValueError:
            whole = [json.loads(one) for one in text.splitlines() if one.startswith("{")]
        for one in whole:
            found = replace(found, **taken(one))
    return found


def taken(said: Mapping[str, Any]) -> dict[str, Any]:
    """What one object of a benchmark tells, by the names of `Measured`."""
    what = str(said.get("what", ""))
    if what.endswith("workers against 1"):
        return {
            "per_second": said["people"] / said["seconds with 1"],
            "times_faster": said["times faster"],
            "workers": int(what.split()[0]),
        }
    if what.startswith("first load") and "killed" not in what:
        return {
            "store_bytes": said["store MiB"] * 1024**2 / said["people"],
            "load_mib": said["peak MiB"],
            "load_people": said["people"],
        }
    if what == "idle connection":
        return {
            "idle_mib": said["MiB"],
            "idle_core": said["share of a core"],
            "idle_backends": said["database connections"],
            "idle_transactions": said["transactions a second"],
        }
    return _nightly(said)


def _nightly(said: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of `benchmarks.nightly`."""
    told: dict[str, Any] = {}
    if quiet := said.get("quiet"):
        told |= {"quiet_seconds": quiet["seconds"], "quiet_gib": quiet["peak_gib"], "people": quiet["people"]}
    if changed := said.get("one_percent"):
        told |= {"one_percent_gib": changed["peak_gib"], "people": changed["people"]}
    if load := said.get("first_load"):
        told |= {"plan_gib": load["peak_gib"], "plan_people": load["people"]}
    if slopes := said.get("marginal"):
        told["ms_per_changed"] = slopes[max((name for name in slopes if name.isdigit()), key=int)]
    if warm := said.get("warm"):
        told["sync_seconds"] = warm["seconds"]
    return told


def report(found: Measured, given: Assumed) -> list[dict[str, Any]]:
    """For each of the two sizes: every need, then what breaks first."""
    lines: list[dict[str, Any]] = []
    for size, needs in (
        (f"{WORKERS:,} workers", list(of_people(found, given))),
        (f"{CONNECTIONS:,} connections", list(of_connections(found, given))),
    ):
        lines += [
            {"at": size, "what": one.what, "needs": f"{one.need:.3g} {one.unit}", "has": f"{one.have:.3g}"}
            | {"times": round(one.share, 2), "enough until": f"{one.at:,.0f}" if one.at < 1e12 else "any size"}
            | {"why": one.why}
            for one in sorted(needs, key=lambda one: one.at)
        ]
        broken = first(needs)
        said = f"{broken.what}, at {broken.at:,.0f}: {broken.why}" if broken else "nothing that was measured"
        lines.append({"at": size, "breaks first": said})
    return lines


def assumptions(words: Sequence[str]) -> Assumed:
    """`rate=10` and the like over the usual ones; exits with a message on a name that is none."""
    names = {one.name for one in fields(Assumed)}
    changed = dict(word.split("=", 1) for word in words)
    if unknown := set(changed) - names:
        raise SystemExit(f"no such assumption: {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}")
    return replace(Assumed(), **{name: float(value) for name, value in changed.items()})


def main() -> None:
    from benchmarks.stage import told

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--assume", action="append", default=[], metavar="NAME=NUMBER")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found, given = read(asked.files), assumptions(asked.assume)
    missing = [one.name for one in fields(found) if getattr(found, one.name) is None]
    header = {"assumed": {one.name: getattr(given, one.name) for one in fields(given)}, "not measured": missing}
    told([header, *report(found, given)], as_json=asked.json)


if __name__ == "__main__":
    main()
