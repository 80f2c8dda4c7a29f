"""A night at scale, each figure beside a bare Polars read and digest join in the same process, best of 5, as a ratio.

  python -m benchmarks.nightly                        265,000 made-up people
  python -m benchmarks.nightly --first A.csv --second B.csv    two real exports of consecutive days
  python -m benchmarks.nightly --only marginal        one part: quiet | one_percent | first_load | marginal | warm

Every part runs in a process of its own, so that its peak memory is its own. Set-up (accounts that exist already) is
written through the store and not timed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from benchmarks import people as made
from joinery.app.wiring import Opened, opened
from joinery.core.mapping.outbound import attributes_for
from joinery.core.model.account import Account, Link
from joinery.core.model.ids import AccountId
from joinery.flows.doubles import look_for_doubles
from joinery.flows.plan import make_plan
from joinery.flows.pull import pull
from joinery.flows.sync import sync
from joinery.intake.delta import keys_of
from joinery.store.accounts import Accounts
from joinery.store.comparing import looked_at
from joinery.store.connections import load_state, save_state
from joinery.store.people import People, in_chunks

START = datetime(1996, 8, 30, 12, tzinfo=UTC)
BOUNDS = {"quiet_ratio": 6.0, "quiet_gib": 1.0, "one_percent_ratio": 40.0, "first_load_gib": 1.5, "marginal": 0.25}
CONFIG = """version: 1
company: { name: Benchmark, time_zone: UTC }
people:
  from: file
  path: ./inbox/*.csv
  ready_when: present
  end_date_means: first_day_out
  fields:
    worker_id: employee_id
    given_name: first_name
    family_name: last_name
    work_email: work_email
    hire_date: hire_date
    job_title: job_title
    department: department
    manager_id: manager_id
    location: location
    time_zone: time_zone
    status: employment_status
    employment_type: employment_type
    termination_date: termination_date
learning: { into: memory, simulation: true }
mode: automatic
guards: off
"""


@contextmanager
def company(folder: Path) -> Iterator[Opened]:
    (folder / "inbox").mkdir(parents=True, exist_ok=True)
    (folder / "joinery.yaml").write_text(CONFIG)
    with opened(folder / "joinery.yaml", environ=os.environ) as it:
        yield it


def gib() -> float:
    """Peak resident memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def bare(path: Path, index: bytes | None) -> float:
    """The floor: read the file as text, hash the mapped columns, join with the digests of yesterday."""

    def run() -> None:
        frame = pl.read_csv(path, infer_schema=False)
        mapped = frame.drop("badge")
        hashed = frame.select("employee_id", one=mapped.hash_rows(1), two=mapped.hash_rows(2))
        if index is not None:
            old = keys_of(index, ["employee_id"])
            assert hashed.join(old, left_on="employee_id", right_on=old.columns[0], how="left").height == frame.height

    return min(timed(run) for _ in range(5))


def existing_accounts(it: Opened, *, changed: bool = False) -> None:
    """Everybody who is active has had an account for long: written straight into the store.

    `changed`: those of the last night only; the others have theirs as it should be.
    """
    ports = it.ports
    with ports.database.write() as connection:
        everybody = People(connection, ports.policy.name)
        accounts = Accounts(connection, ports.policy.target)
        keys = everybody.unsettled() if changed else everybody.everybody()
        for chunk in in_chunks(keys, 2000):
            persons = [p for p in everybody.by_key(chunk).values() if p.standing.stage.employed]
            accounts.confirm(
                [
                    Account(
                        id=AccountId(f"m-{p.worker.worker_id}"),
                        external_id=p.key,
                        attributes=attributes_for(ports.policy.outbound, p.worker, None),
                    )
                    for p in persons
                ],
                START,
            )
            accounts.link(
                Link(
                    person_key=p.key, account_id=AccountId(f"m-{p.worker.worker_id}"), made_by="created", made_at=START
                )
                for p in persons
            )
        everybody.mark(keys, unsettled=False)
        looked_at(connection, ports.policy.name, None)
        state = load_state(connection, ports.policy.name)
        extra = {**state.extra, "contacted": True, "loaded": True}
        save_state(connection, ports.policy.name, replace(state, config_version=ports.policy.version, extra=extra))


def settled_company(folder: Path, rows: list[list[str]]) -> None:
    """A store on the morning after a long time of use."""
    with company(folder) as it:
        made.write(folder / "inbox" / "a.csv", rows, seed=1)
        pull(it.ports, START)
        existing_accounts(it)


def digests(it: Opened) -> bytes | None:
    from joinery.store.snapshots import load_digests

    with it.ports.database.read() as connection:
        return load_digests(connection, it.ports.policy.name, "hris", "")


def no_target(_: object = None) -> None:
    raise SystemExit("a quiet night asked for the learning system")


def quiet(folder: Path, rows: list[list[str]]) -> dict[str, float]:
    """Nothing changed: rows shuffled, an unmapped column different."""
    best, floor = 1e9, 1e9
    with company(folder) as it:
        ports = replace(it.ports, target=no_target, engine=no_target)  # type: ignore[arg-type]
        for night in range(5):
            file = folder / "inbox" / f"q{night}.csv"
            made.write(file, rows, seed=100 + night)
            floor = min(floor, bare(file, digests(it)))
            best = min(best, timed(lambda night=night: sync(ports, START + timedelta(minutes=1 + night))))
    found = {"seconds": best, "baseline": floor, "ratio": best / floor, "peak_gib": gib()}
    return found | {"target_calls": 0, "people": len(rows)}


def one_percent(folder: Path, rows: list[list[str]], share: float = 0.01) -> dict[str, float]:
    """One in a hundred changed: from the file to a stored plan."""
    best, floor, audit = 1e9, 1e9, 1e9
    with company(folder) as it:
        for night in range(5):
            file = folder / "inbox" / f"c{night}.csv"
            made.write(file, rows, seed=200 + night, changed=int(len(rows) * share))
            floor = min(floor, bare(file, digests(it)))
            as_of = START + timedelta(minutes=1 + night)
            spent = timed(lambda as_of=as_of: (pull(it.ports, as_of), make_plan(it.ports, as_of, "benchmark")))
            best = min(best, spent)
            # after the plan, and after it is applied: nobody waits for it
            audit = min(audit, timed(lambda as_of=as_of: look_for_doubles(it.ports, as_of)))
            existing_accounts(it, changed=True)
    found = {"seconds": best, "baseline": floor, "ratio": best / floor, "peak_gib": gib()}
    return found | {"audit_seconds": audit, "people": len(rows)}


def first_load(folder: Path, rows: list[list[str]]) -> dict[str, float]:
    """Everybody new: from the file to a stored plan with a line for each."""
    with company(folder) as it:
        made.write(folder / "inbox" / "f.csv", rows, seed=3)
        spent = timed(lambda: (pull(it.ports, START), make_plan(it.ports, START, "benchmark")))
        audit = timed(lambda: look_for_doubles(it.ports, START))
    return {"seconds": spent, "people": len(rows), "peak_gib": gib(), "audit_seconds": audit}


def marginal(folder: Path, rows: list[list[str]]) -> dict[str, float]:
    """Milliseconds for one more dirty worker: the slope between few and many changed people."""
    spent = {}
    few, many = 400, 2400
    with company(folder) as it:
        for count in (few, many):
            best = 1e9
            for night in range(3):
                made.write(folder / "inbox" / f"m{count}-{night}.csv", rows, seed=300 + night + count, changed=count)
                as_of = START + timedelta(seconds=night + count)
                seconds = timed(lambda as_of=as_of: (pull(it.ports, as_of), make_plan(it.ports, as_of, "benchmark")))
                best = min(best, seconds)
                existing_accounts(it, changed=True)
            spent[count] = best
    return {"people": len(rows), "ms_per_worker": 1000 * (spent[many] - spent[few]) / (many - few)}


def warm(folder: Path, rows: list[list[str]]) -> dict[str, float]:
    """`joinery sync` as a process, the file the same as yesterday: nothing to do."""
    settled_company(folder, rows[:9000])
    command = [
        str(Path(sys.executable).parent / "joinery"),
        "sync",
        "--config",
        str(folder / "joinery.yaml"),
        "--quiet",
    ]
    as_of = ["--as-of", "1996-08-30T13:00:00Z"]
    run = lambda: subprocess.run([*command, *as_of], check=True, stdout=subprocess.DEVNULL)  # noqa: E731
    return {
        "people": 9000,
        "seconds": min(timed(run) for _ in range(5)),
        "python": min(timed(_bare_python) for _ in range(5)),
    }


def _bare_python() -> None:
    subprocess.run([sys.executable, "-c", "import polars, sqlalchemy, pydantic, typer"], check=True)


PARTS = {"quiet": quiet, "one_percent": one_percent, "first_load": first_load, "marginal": marginal, "warm": warm}


def child(part: str, folder: Path, rows: list[list[str]]) -> None:
    if part == "setup":
        settled_company(folder, rows)
        return
    print(json.dumps(PARTS[part](folder, rows)))


def load(args: argparse.Namespace) -> list[list[str]]:
    if args.second:
        return made.read(args.second)
    return made.made_up(args.people)


def run(args: argparse.Namespace, part: str, folder: Path, people: int | None = None) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.nightly", "--child", part, "--folder", str(folder)]
    command += ["--people", str(people or args.people)]
    if args.second and people is None:
        command += ["--second", str(args.second)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout) if done.stdout.strip() else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=265_000)
    parser.add_argument("--second", type=Path, help="a real export to work on instead of made-up people")
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--child", choices=["setup", *PARTS], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args.child, args.folder, load(args))
        return
    with tempfile.TemporaryDirectory() as made_here:
        results = {part: measure(args, part, Path(made_here)) for part in ([args.only] if args.only else PARTS)}
    print(json.dumps(results, indent=1))
    sys.exit(bool(misses(results)))


def measure(args: argparse.Namespace, part: str, root: Path) -> dict[str, float]:
    folder = root / part
    if part == "marginal":
        return _marginals(args, folder)
    if part in {"quiet", "one_percent"}:
        settled = root / "settled"
        if not settled.exists():
            run(args, "setup", settled)
        shutil.copytree(settled, folder)
    found = run(args, part, folder)
    shutil.rmtree(folder)
    print(part, {name: round(value, 3) for name, value in found.items()}, file=sys.stderr)
    return found


def _marginals(args: argparse.Namespace, folder: Path) -> dict[str, float]:
    found = {}
    for people in (10_000, 30_000, 100_000, 300_000):
        run(args, "setup", folder, people)
        found[str(people)] = run(args, "marginal", folder, people)["ms_per_worker"]
        shutil.rmtree(folder)
        print("marginal", people, round(found[str(people)], 3), "ms", file=sys.stderr)
    middle = sorted(found.values())[len(found) // 2]
    return {**found, "spread": max(abs(value / middle - 1) for value in found.values())}


def misses(results: dict[str, dict[str, float]]) -> list[str]:
    checks = {
        "quiet night, ratio": (results.get("quiet", {}).get("ratio"), BOUNDS["quiet_ratio"]),
        "quiet night, GiB": (results.get("quiet", {}).get("peak_gib"), BOUNDS["quiet_gib"]),
        "one percent, ratio": (results.get("one_percent", {}).get("ratio"), BOUNDS["one_percent_ratio"]),
        "first load, GiB": (results.get("first_load", {}).get("peak_gib"), BOUNDS["first_load_gib"]),
        "marginal, spread": (results.get("marginal", {}).get("spread"), BOUNDS["marginal"]),
        "warm sync, seconds": (results.get("warm", {}).get("seconds"), 2.0),
    }
    missed = [
        f"{name}: {value:.2f}, the bound is {bound}"
        for name, (value, bound) in checks.items()
        if value and value > bound
    ]
    for line in missed:
        print("MISSED", line, file=sys.stderr)
    return missed


if __name__ == "__main__":
    main()
