"""Exports for benchmarks: made here from a seed, or two real ones given by path. Nothing here is anybody."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

HEADER = (
    "employee_id,first_name,last_name,work_email,hire_date,job_title,department,manager_id,location,time_zone,"
    "employment_status,employment_type,termination_date,badge"
).split(",")
SITES = ["London|Europe/London", "Boston|America/New_York", "Pune|Asia/Kolkata", "Tokyo|Asia/Tokyo", "Oslo|Europe/Oslo"]
TITLES = ["Engineer", "Senior Engineer", "Staff", "Senior Staff", "Technique Leader", "Assistant Engineer"]
DEPARTMENTS = ["Sales", "Development", "Production", "Research", "Finance", "Quality Management"]


def made_up(people: int, seed: int = 7) -> list[list[str]]:
    """Rows of an export, IDs from 100001 on; half without title and department, as in real files."""
    dice = random.Random(seed)
    start = date(1985, 1, 1)
    rows = []
    for number in range(100001, 100001 + people):
        site, zone = dice.choice(SITES).split("|")
        vague = number % 2 == 0
        rows.append(
            [
                str(number),
                f"Given{number % 997}",
                f"Family{number % 8191}",
                f"p{number}@example.com",
                (start + timedelta(days=dice.randrange(4000))).isoformat(),
                "" if vague else dice.choice(TITLES),
                "" if vague else dice.choice(DEPARTMENTS),
                "" if vague else str(100001 + dice.randrange(1, 200)),
                site,
                zone,
                "Active",
                "Full-time",
                "",
                str(dice.randrange(10**6)),
            ]
        )
    return rows


def read(path: Path) -> list[list[str]]:
    """A real export (columns of the replay) with a badge column added."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    if rows[0] != HEADER[:-1]:
        raise SystemExit(f"{path} has other columns than the replay's")
    return [[*row, str(index)] for index, row in enumerate(rows[1:])]


def write(path: Path, rows: list[list[str]], *, seed: int, changed: int = 0) -> None:
    """The rows shuffled, every badge new, and the title of `changed` people another one, from then on."""
    dice = random.Random(seed)
    order = list(range(len(rows)))
    dice.shuffle(order)
    active = [index for index in order if rows[index][10] == "Active"]
    moved = set(active[:changed])
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(HEADER)
        for index in order:
            row = rows[index]
            row[13] = str(dice.randrange(10**6))
            if index in moved:
                row[5] = f"Title {seed}"
            out.writerow(row)
