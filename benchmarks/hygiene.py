"""How long `joinery check` takes for 300,000 rows, how much memory, and how well it finds people who are there twice.

    python -m benchmarks.hygiene                    speed, memory, and the published set (seed 20261129)
    python -m benchmarks.hygiene --sweep            other seeds, other names, less known, less kept
    python -m benchmarks.hygiene --file F --labels L   another set: L has columns `left,right` (employee numbers)

Bare read and check run in turn in one process; the best of five counts. Ends with 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.doubles import Recipe, make, write
from benchmarks.intake import best
from joinery.core.mapping.headers import mapping_for
from joinery.flows.check import Checked, Looking, check_file

TODAY = date(2026, 11, 29)
MOST_TIMES, MOST_MB, LEAST_RECALL, LEAST_PRECISION = 60.0, 1024, 0.93, 0.90
Labels = Mapping[tuple[str, str], str]
SWEEP = (
    {"seed": 2},
    {"seed": 3, "pool": "mixed", "known": 0.5, "kept": 0.75},
    {"seed": 4, "pool": "eastern"},
    {"seed": 5, "pool": "few", "known": 0.0, "tidy": False, "kept": 0.9},
    {"seed": 6, "pool": "made", "known": 0.3, "kept": 0.7},
    {"seed": 9, "pool": "eastern", "known": 0.1, "kept": 0.65},
    {"seed": 10, "pool": "eastern", "known": 0.3, "kept": 0.7, "tidy": False},
    {"seed": 7, "people": 30_000, "doubles": 500, "look_alikes": 500},
    {"seed": 8, "people": 2_000, "doubles": 60, "look_alikes": 60},
)


def look(path: Path) -> Checked:
    """The path of the command, without the command line."""
    return check_file(path, Looking(mapping_for=mapping_for, today=TODAY))


def judged(checked: Checked, labels: Labels) -> tuple[float, float, dict[str, float]]:
    """Recall, precision, and recall by kind."""
    found = {(pair.left, pair.right) for pair in checked.pairs}
    hit = [pair for pair in labels if pair in found]
    of, hits = Counter(labels.values()), Counter(labels[pair] for pair in hit)
    by_kind = {kind: hits[kind] / count for kind, count in sorted(of.items())}
    return len(hit) / max(1, len(labels)), len(hit) / max(1, len(found)), by_kind


def show(name: str, checked: Checked, labels: Labels) -> bool:
    """One line of figures; whether the targets are met."""
    recall, precision, by_kind = judged(checked, labels)
    print(f"{name}: {checked.rows:,} rows, {len(labels):,} pairs, {len(checked.pairs):,} found")
    print(f"  recall {recall:.3f} (at least {LEAST_RECALL}), precision {precision:.3f} (at least {LEAST_PRECISION})")
    print("  recall by kind: " + ", ".join(f"{kind} {share:.3f}" for kind, share in by_kind.items()))
    return recall >= LEAST_RECALL and precision >= LEAST_PRECISION


def timed(path: Path) -> bool:
    """Best of five of each, in turn; then the peak of a process that does nothing else."""
    bare, check = best(lambda: pl.read_csv(path, infer_schema=False), lambda: look(path))
    print(
        f"  bare pl.read_csv {bare * 1000:.0f} ms, check {check * 1000:.0f} ms: {check / bare:.1f} times (60 at most)"
    )
    alone = [sys.executable, "-m", "benchmarks.hygiene", "--peak", str(path)]
    peak = int(subprocess.run(alone, capture_output=True, text=True, check=True).stdout)
    print(f"  peak memory {peak} MiB ({MOST_MB} at most)")
    return check / bare <= MOST_TIMES and peak <= MOST_MB


def labels_of(path: Path) -> dict[tuple[str, str], str]:
    """Pairs of employee numbers, the smaller one first."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return {tuple(sorted((row["left"], row["right"]))): row.get("kind") or "pair" for row in rows}  # type: ignore[misc]


def sets(given: Any, folder: Path) -> Iterator[tuple[str, Path, Labels]]:
    """(name, file, labels) of what was asked for."""
    if given.file:
        yield given.file.name, given.file, labels_of(given.labels)
        return
    recipes: list[dict[str, Any]] = [{}, *SWEEP] if given.sweep else [{}]
    for number, changed in enumerate(recipes):
        rows, pairs = make(Recipe(**changed))
        path = folder / f"set-{number}.csv"
        write(path, rows)
        del rows
        yield ", ".join(f"{key} {value}" for key, value in changed.items()) or "published set", path, pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--file", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--peak", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peak:
        look(given.peak)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, path, labels) in enumerate(sets(given, Path(folder))):
            good &= show(name, look(path), labels)
            good &= number > 0 or timed(path)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
