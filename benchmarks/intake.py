"""How long reading, comparing, mapping and auditing take, as ratios of a bare `pl.read_csv` of the same file.

    python -m benchmarks.intake [FILE.csv]

Without a file it makes one: 265,000 rows, 13 columns, and the same with quotes where needed and all quoted.
Baseline and measured call run in turn in one process; the best of five counts.
"""

from __future__ import annotations

import csv
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

from joinery.audit import audit
from joinery.core.mapping.headers import mapping_for
from joinery.core.mapping.inbound import map_record
from joinery.intake.delta import compare, records
from joinery.intake.layout import Layout
from joinery.intake.profile import profile_of
from joinery.intake.read import read_table

ROWS = 265_000
HEADER = (
    "employee_id,first_name,last_name,work_email,hire_date,job_title,department,manager_id,location,time_zone,"
    "employment_status,employment_type,termination_date"
).split(",")


def person(n: int, title: str) -> list[str]:
    return [
        f"{n:06}", f"First{n % 997}", f"Last{n % 4001}", f"first{n}@example.com",
        f"19{70 + n % 30}-0{1 + n % 9}-1{n % 10}",
        title, f"Department {n % 9}", f"{n // 20:06}", f"City {n % 18}", "Europe/Paris", "Active", "Full-time", "",
    ]  # fmt: skip


def make(path: Path, title: str, quoting: int) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=quoting)
        writer.writerow(HEADER)
        writer.writerows(person(n, title) for n in range(ROWS))
    return path


def best(*calls: Callable[[], object]) -> list[float]:
    """Seconds of each call, best of five, all in turn so that a busy machine is fair to each."""
    times = [float("inf")] * len(calls)
    for _ in range(5):
        for number, call in enumerate(calls):
            begin = time.perf_counter()
            call()
            times[number] = min(times[number], time.perf_counter() - begin)
    return times


def show(what: str, seconds: float, bare: float) -> None:
    print(f"  {what:42} {seconds * 1000:8.0f} ms  {seconds / bare:6.2f} x bare")


def measure(name: str, path: Path) -> None:
    table = read_table(path, Layout())
    print(f"{name}: {table.frame.height:,} rows, {len(table.header)} columns, {path.stat().st_size / 1e6:.1f} MB")
    spec = mapping_for(table.header)
    key = [spec.by_attribute["worker_id"]]
    blob = compare(table.frame, key=key, columns=spec.columns, before=None).blob()
    canonical = table.frame.select(pl.col(row.column).alias(row.to) for row in spec.rows)
    bare, read, same, first, profile, checks = best(
        lambda: pl.read_csv(path, infer_schema=False, separator=table.delimiter),
        lambda: read_table(path, Layout()),
        lambda: compare(table.frame, key=key, columns=spec.columns, before=blob),
        lambda: compare(table.frame, key=key, columns=spec.columns, before=None).blob(),
        lambda: profile_of(table, spec.by_attribute),
        lambda: audit(canonical),
    )
    show("bare pl.read_csv", bare, bare)
    show("read_table", read, bare)
    show("compare, nothing changed", same, bare)
    show("compare with nothing, and its index", first, bare)
    show("profile_of", profile, bare)
    show("audit", checks, bare)
    some = list(records(table.frame.head(20_000)))
    (mapping,) = best(lambda: [map_record(spec, raw) for raw in some])
    print(f"  {'map_record':42} {mapping / max(1, len(some)) * 1e6:8.1f} us each\n")


def main() -> None:
    if len(sys.argv) > 1:
        measure(sys.argv[1], Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            measure("plain", make(Path(folder) / "a.csv", "Engineer", csv.QUOTE_MINIMAL))
            measure("one quoted column", make(Path(folder) / "b.csv", "Engineer, senior", csv.QUOTE_MINIMAL))
            measure("all quoted", make(Path(folder) / "c.csv", "Engineer", csv.QUOTE_ALL))
    print(f"peak memory of everything: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
