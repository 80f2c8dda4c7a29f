"""The sample company as HR's export would show it. Invented from a seed: the same number gives the same people.

Rule: nobody in it exists; addresses end in `.example`, which never resolves.
"""

from __future__ import annotations

import csv
import random
import unicodedata
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

NAME = "Wren & Harbour"
ZONE = "Europe/London"
DOMAIN = "wrenharbour.example"
SEED = 20_26
#: below this there are not enough people for a mass change that a default guard holds
FEWEST = 100

COLUMNS = (
    "Employee number",
    "Previous number",
    "First name",
    "Last name",
    "Work e-mail",
    "Status",
    "Hire date",
    "Last day",
    "Job title",
    "Level",
    "Department",
    "Site",
    "Country",
    "Time zone",
    "Manager number",
    "Contract",
)


class Site(NamedTuple):
    """Where people work."""

    name: str
    country: str
    zone: str


LONDON = Site("London", "GB", "Europe/London")
NEW_YORK = Site("New York", "US", "America/New_York")
BERLIN = Site("Berlin", "DE", "Europe/Berlin")
MELBOURNE = Site("Melbourne", "AU", "Australia/Melbourne")
OSAKA = Site("Osaka", "JP", "Asia/Tokyo")
SITES = (LONDON, LONDON, LONDON, NEW_YORK, NEW_YORK, BERLIN, BERLIN, MELBOURNE, OSAKA)

GIVEN = (
    "Ada Alma Amir Anneke Arlo Asta Basil Beatriz Bodhi Calla Caspar Dalia Darius Edda Elias Emre Esme Farah Fenna "
    "Finn Gaia Goran Hana Hugo Ida Ilse Imran Isolde Ivo Jana Jonah Juno Kaya Kenji Lior Lotte Lucia Maeve Malik Marek "
    "Mila Nadia Niall Noor Odile Omar Orla Pascal Petra Quentin Rania Remi Rosa Samir Sanna Silas Sunniva Tariq Thea "
    "Tobias Uma Vera Viggo Wanda Xenia Yara Yusuf Zelda Zoran"
).split()
FAMILY = (
    "Abelard Achterberg Adeyemi Amberg Ashdown Bakkali Barrowclough Belmonte Birkeland Brandvold Caldero Castellane "
    "Cobblestone Dahlquist Dekkers Demirel Dunmore Eastwick Elgaard Faircloth Fernhill Fontane Galloway-Ross Grenfell "
    "Halvard Hartnell Ibarra Ingleby Jankowiak Jurgens Kessling Kilbride Kovarik Lanfranc Larkspur Lindqvist Maddox "
    "Marchetti Mbeki-Lund Nakahara Nordahl Oakenshaw Okafor Ostrander Pellegrin Pemberton Quist Ravensworth Renshaw "
    "Sandoval Sorensen Tamworth Thistlewood Umarov Uytdehaag Valcourt Vandermeer Weatherby Winterbourne Yilmazer "
    "Zawadzki Zellweg"
).split()

#: department, the job of its people, the job of its leads
DEPARTMENTS = (
    ("Logistics", "Dispatcher", "Shift Lead"),
    ("Engineering", "Engineer", "Engineering Lead"),
    ("Sales", "Account Adviser", "Sales Lead"),
    ("Care", "Care Adviser", "Care Lead"),
    ("Finance", "Accountant", "Finance Lead"),
)
TEAM = 9


@dataclass(slots=True, kw_only=True)
class Row:
    """One line of the export."""

    number: str
    given: str
    family: str
    email: str
    hired: date
    job: str
    department: str
    site: Site
    manager: str
    level: str = "Staff"
    status: str = "Active"
    last_day: date | None = None
    previous: str = ""
    contract: str = "Permanent"

    def cells(self) -> tuple[str, ...]:
        """In the order of COLUMNS."""
        return (
            self.number,
            self.previous,
            self.given,
            self.family,
            self.email,
            self.status,
            self.hired.isoformat(),
            self.last_day.isoformat() if self.last_day else "",
            self.job,
            self.level,
            self.department,
            self.site.name,
            self.site.country,
            self.site.zone,
            self.manager,
            self.contract,
        )


@dataclass(slots=True)
class Company:
    """Everybody, by employee number, in the order of the export."""

    people: dict[str, Row] = field(default_factory=dict)
    #: department -> employee number of its head
    heads: dict[str, str] = field(default_factory=dict)

    def add(self, row: Row) -> Row:
        """Somebody more."""
        self.people[row.number] = row
        return row

    def export(self, path: Path) -> None:
        """HR's file, as a whole: written under another name first, as a careful system would."""
        part = path.with_suffix(".part")
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(row.cells() for row in self.people.values())
        part.replace(path)


def address(given: str, family: str) -> str:
    """given.family@…, in ASCII."""
    text = unicodedata.normalize("NFKD", f"{given}.{family}".lower())
    return "".join(c for c in text if c.isascii() and (c.isalnum() or c in ".-")).strip(".") + f"@{DOMAIN}"


def founded(people: int, first_day: date) -> Company:
    """The company on the day before anything happens: `people` rows, heads and leads included."""
    chance = random.Random(SEED)  # noqa: S311 invented people, not secrets
    company = Company()
    names = _names(chance)
    top = company.add(_row(100, next(names), ("Managing Director", "Office", "Executive"), LONDON, ""))
    for index, (department, _, _) in enumerate(DEPARTMENTS):
        head = _row(101 + index, next(names), (f"Head of {department}", department, "Director"), LONDON, top.number)
        company.heads[department] = company.add(head).number
    sizes = _sizes(people - len(company.people))
    number = 200
    for (department, job, lead_job), size in zip(DEPARTMENTS, sizes, strict=True):
        lead = ""
        for place in range(size):
            site = chance.choice(SITES)
            leads = place % TEAM == 0
            what = (lead_job, department, "Manager") if leads else (job, department, "Staff")
            row = company.add(_row(number, next(names), what, site, company.heads[department] if leads else lead))
            lead = row.number if leads else lead
            number += 1
    for row in company.people.values():
        row.hired = first_day - timedelta(days=chance.randint(200, 4000))
    return company


def _sizes(people: int) -> list[int]:
    """Logistics is the largest: it is the department that will be reorganised."""
    logistics = max(70, people // 4)
    rest = people - logistics
    part = rest // (len(DEPARTMENTS) - 1)
    return [logistics, *[part] * (len(DEPARTMENTS) - 2), rest - part * (len(DEPARTMENTS) - 2)]


def _names(chance: random.Random) -> _Names:
    pairs = [(given, family) for given in GIVEN for family in FAMILY]
    chance.shuffle(pairs)
    return _Names(pairs)


class _Names:
    """Names without end; the second round gets a number in the address so that no two are the same."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs
        self._next = 0

    def __next__(self) -> tuple[str, str, str]:
        given, family = self._pairs[self._next % len(self._pairs)]
        again = self._next // len(self._pairs)
        self._next += 1
        local, _, domain = address(given, family).partition("@")
        return given, family, f"{local}{again or ''}@{domain}"


def _row(number: int, name: tuple[str, str, str], what: tuple[str, str, str], site: Site, manager: str) -> Row:
    job, department, level = what
    return Row(
        number=f"{number:06}",
        given=name[0],
        family=name[1],
        email=name[2],
        hired=date.min,
        job=job,
        department=department,
        level=level,
        site=site,
        manager=manager,
    )
