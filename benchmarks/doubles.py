"""An HR export with people who are in it twice, and people who only look like it. Rule 1: made from a seed, nobody
is anybody; the labels are pairs of employee numbers.

What varies: `pool` (which names there are), `known` (how often a telephone or private address is filled in) and `kept`
(how often the second record agrees where it should).
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

HEADER = (
    "employee_id,first_name,last_name,work_email,personal_email,phone,hire_date,termination_date,employment_status,"
    "job_title,department,location,country,manager_id,cost_center,employment_type"
).split(",")
Row = dict[str, str]

GIVEN = {
    "western": "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan "
    "Joseph Jessica Thomas Sarah Christopher Karen Charles Lisa Daniel Nancy Matthew Betty Anthony Sandra Mark Ashley "
    "Donald Emily Steven Kimberly Andrew Donna Paul Michelle Joshua Carol Kenneth Amanda Kevin Melissa Brian Deborah "
    "Stephanie Rebecca Laura Sharon Cynthia Kathleen Amy Angela Shirley Anna Marie Maria Luis Carlos Ana Pierre Jean "
    "Sophie Camille Julien Nicolas Antoine Chloe Hans Jürgen Günter Björn Søren Jørgen Lars Zoë René José María Peter",
    "eastern": "Aleksandr Ivan Dmitri Sergei Andrei Alexei Mikhail Yekaterina Anastasia Olga Natalia Svetlana Tatiana "
    "Krzysztof Małgorzata Katarzyna Wojciech Stanisław Agnieszka Łukasz Michał Zofia Jiří Tomáš Ondřej Zdeněk Šárka "
    "Wei Li Jing Yan Min Hui Ying Xin Yuki Haruto Sakura Ren Aoi Priya Rahul Anjali Vikram Sunita Arjun Deepika Amit "
    "Mohammed Fatima Ahmed Aisha Omar Layla Yusuf Zainab Nguyen Thanh Linh Minh Anh Huong Seo-yeon Ji-ho Min-jun",
}
FAMILY = {
    "western": "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez "
    "Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis "
    "Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera "
    "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schäfer Köhler Größler Jäger Dubois Lefèvre Moreau "
    "Hansen Jensen Sørensen Rasmussen Kjær Lindström Åkesson Núñez Ibáñez O'Brien MacDonald Fitzgerald Björklund",
    "eastern": "Ivanov Petrov Sidorov Kuznetsov Smirnov Popov Volkov Kowalski Nowak Wiśniewski Wójcik Kamiński "
    "Lewandowski Zieliński Szymański Dąbrowski Novák Svoboda Dvořák Černý Procházka Wang Li Zhang Liu Chen Yang Huang "
    "Zhao Wu Zhou Sato Suzuki Takahashi Tanaka Watanabe Sharma Patel Singh Kumar Gupta Reddy Khan Ahmed Ali Hussein "
    "Nguyen Tran Le Pham Hoang Kim Lee Park Choi Jung Yılmaz Kaya Demir Çelik Şahin Öztürk Haddad Khoury Mansour",  # noqa: RUF001
}
SYLLABLES = (
    "ba be bo da del den dor er fa fel gar gen hal han is jo kal kar la len lin ma mar mon na nor ol or par pen "
)
SYLLABLES += "ra ren ri ro sa sel son ta tel tin tor ul va ven vi wal wen yor za zel"
WRITTEN = {
    "ü": "ue", "ö": "oe", "ä": "ae", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae", "ł": "l", "ś": "s", "ń": "n", "ó": "o",
    "ą": "a", "ż": "z", "š": "s", "č": "c", "ř": "r", "ž": "z", "ý": "y", "á": "a", "é": "e", "í": "i", "ě": "e",
    "ç": "c", "ş": "s", "ı": "i", "ñ": "n", "è": "e", "ë": "e", "ă": "a",  # noqa: RUF001
}  # fmt: skip
SOUNDS = [("ei", "ey"), ("sky", "ski"), ("ph", "f"), ("c", "k"), ("sch", "sh"), ("kh", "h"), ("ie", "y"), ("x", "ks")]
SOUNDS += [("v", "w"), ("yu", "iu"), ("dm", "dim"), ("ks", "x"), ("j", "y"), ("oo", "u"), ("ck", "k"), ("th", "t")]
SHORT = {
    "Robert": "Bob", "William": "Bill", "Elizabeth": "Liz", "Michael": "Mike", "Thomas": "Tom", "Jennifer": "Jen",
    "Christopher": "Chris", "Daniel": "Dan", "Matthew": "Matt", "Rebecca": "Becky", "Richard": "Rick", "Joseph": "Joe",
    "Aleksandr": "Sasha", "Mikhail": "Misha", "Katarzyna": "Kasia", "Andrew": "Andy", "Steven": "Steve",
}  # fmt: skip
TITLES = "Engineer,Senior Engineer,Clerk,Driver,Picker,Team Lead,Analyst,Nurse,Technician,Planner,Buyer,Cook".split(",")
DEPARTMENTS = [f"{area} {n}" for area in ("Sales", "Operations", "Production", "Finance", "Care") for n in range(1, 9)]
SITES = [("London", "GB"), ("Lille", "FR"), ("Berlin", "DE"), ("Oslo", "NO"), ("Boston", "US"), ("Pune", "IN")]
PROVIDERS = ["gmail.com", "outlook.com", "gmx.de", "orange.fr", "yahoo.com", "proton.me"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to make a set. `doubles` planted pairs among `people` others."""

    seed: int = 20261129
    people: int = 290_000
    doubles: int = 5_000
    pool: str = "western"
    known: float = 0.75
    kept: float = 0.85
    look_alikes: int = 5_000
    #: nobody gets an address that somebody has
    tidy: bool = True


@dataclass(slots=True)
class _Making:
    recipe: Recipe
    dice: random.Random
    given: list[str]
    family: list[str]
    rows: list[Row] = field(default_factory=list)
    pairs: dict[tuple[str, str], str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def number(self) -> str:
        return f"{len(self.rows) + 100_001:07}"

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def add(self, row: Row) -> Row:
        self.rows.append({**row, "employee_id": self.number()})
        return self.rows[-1]


def make(recipe: Recipe) -> tuple[list[Row], dict[tuple[str, str], str]]:
    """The rows, shuffled, and the labelled pairs (smaller number first) with their kind."""
    dice = random.Random(recipe.seed)
    making = _Making(recipe, dice, *_pools(recipe, dice))
    for _ in range(recipe.people):
        _somebody(making)
    originals = dice.sample(making.rows, recipe.doubles + recipe.look_alikes)
    for at, row in enumerate(originals):
        if at < recipe.doubles:
            kind = dice.choices([k.__name__.strip("_") for k in KINDS], [5, 3, 3, 2, 2, 3, 1])[0]
            _double(making, row, kind)
        else:
            dice.choice(LOOK_ALIKES)(making, row)
    rows = making.rows
    dice.shuffle(rows)
    return rows, making.pairs


def write(path: Path, rows: Sequence[Row]) -> None:
    """As an export: UTF-8, commas."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, HEADER, lineterminator="\n")
        out.writeheader()
        out.writerows(rows)


def _pools(recipe: Recipe, dice: random.Random) -> tuple[list[str], list[str]]:
    """Names with frequencies like those of real ones: a few are everywhere, most are rare."""

    def made(count: int, parts: Sequence[int]) -> list[str]:
        return ["".join(dice.choices(SYLLABLES.split(), k=dice.choice(parts))).title() for _ in range(count)]

    if recipe.pool == "few":
        return made(300, (2, 3)), made(1_500, (2, 3))
    given, family = GIVEN.get(recipe.pool, "").split(), FAMILY.get(recipe.pool, "").split()
    if recipe.pool == "mixed":
        given, family = [n for v in GIVEN.values() for n in v.split()], [n for v in FAMILY.values() for n in v.split()]
    return _uneven([*given, *made(600, (2, 2, 3))], dice), _uneven([*family, *made(9_000, (2, 3, 3))], dice)


def _uneven(names: list[str], dice: random.Random) -> list[str]:
    weights = [1 / (rank + 8) for rank in range(len(names))]
    return dice.choices(names, weights, k=200_000)


def _somebody(making: _Making) -> Row:
    dice = making.dice
    given, family = dice.choice(making.given), dice.choice(making.family)
    site, country = dice.choice(SITES)
    department = dice.randrange(len(DEPARTMENTS))
    hired = date(1996, 1, 1) + timedelta(days=int(10_900 * dice.random() ** 0.6))
    hired = hired.replace(day=1) if dice.random() < 0.4 else hired
    left = dice.random() < 0.18
    end = min(hired + timedelta(days=dice.randrange(60, 3_000)), date(2026, 11, 20)) if left else None
    return making.add(
        {
            "first_name": given,
            "last_name": family,
            "work_email": _address(making, given, family),
            "personal_email": _private(making, given, family) if making.chance(making.recipe.known * 0.8) else "",
            "phone": _phone(making) if making.chance(making.recipe.known) else "",
            "hire_date": hired.isoformat(),
            "termination_date": end.isoformat() if end else "",
            "employment_status": "Terminated" if left else "Active",
            "job_title": dice.choice(TITLES),
            "department": DEPARTMENTS[department],
            "location": site,
            "country": country,
            "manager_id": f"{100_001 + department * 97 + dice.randrange(60):07}",
            "cost_center": str(4_000 + department * 10 + dice.randrange(4)),
            "employment_type": "Employee" if dice.random() < 0.9 else "Contractor",
        }
    )


def _ascii(text: str) -> str:
    return "".join(WRITTEN.get(c, c) for c in text.lower() if c.isalpha())


def _address(making: _Making, given: str, family: str) -> str:
    first, last = _ascii(given), _ascii(family)
    form = making.dice.choice([f"{first}.{last}", f"{first}.{last}", f"{first[:1]}{last}", f"{last}.{first[:1]}"])
    number = 1
    while making.recipe.tidy and f"{form}{number if number > 1 else ''}" in making.taken:
        number += 1 if number < 9 else making.dice.randrange(1, 900)
    address = f"{form}{number if number > 1 else ''}"
    making.taken.add(address)
    return f"{address}@example.com"


def _private(making: _Making, given: str, family: str) -> str:
    dice = making.dice
    name = f"{_ascii(given)}{dice.choice(['', '.', '_'])}{_ascii(family)}"
    return f"{name}{dice.randrange(40, 9999)}@{dice.choice(PROVIDERS)}"


def _phone(making: _Making) -> str:
    return f"+{making.dice.choice([33, 44, 49, 1, 91])}{making.dice.randrange(10**8, 10**9)}"


def _double(making: _Making, row: Row, kind: str) -> None:
    """A second record of the same person: what it keeps it keeps mostly, and one thing happened to it."""
    dice, kept, second = making.dice, making.recipe.kept, dict(row)
    for name, share in (("phone", kept), ("personal_email", kept * 0.85), ("hire_date", kept), ("department", kept)):
        if not making.chance(share):
            second[name] = _other(making, name, row[name])
    for name, other in (("job_title", TITLES), ("cost_center", ["4990", "4991"])):
        if not making.chance(kept):
            second[name] = dice.choice(other)
    if making.chance(0.8):
        second["work_email"] = _address(making, row["first_name"], row["last_name"])
    next(k for k in KINDS if k.__name__.strip("_") == kind)(making, row, second)
    added = making.add(second)
    making.pairs[tuple(sorted((row["employee_id"], added["employee_id"])))] = kind  # type: ignore[index]


def _other(making: _Making, name: str, before: str) -> str:
    dice = making.dice
    if name == "hire_date":
        return (date.fromisoformat(before) + timedelta(days=dice.choice([-1, 1, 3, 30, -30, 365]))).isoformat()
    if name == "phone":
        return _phone(making) if before and dice.random() < 0.5 else ""
    return dice.choice(DEPARTMENTS) if name == "department" else ""


def _slipped(making: _Making, text: str) -> str:
    dice, at = making.dice, making.dice.randrange(1, max(2, len(text) - 1))
    letter = dice.choice("abcdefghijklmnoprstuvwyz")
    return dice.choice(
        [
            text[:at] + text[at + 1 :],
            text[:at] + letter + text[at:],
            text[:at] + letter + text[at + 1 :],
            text[: at - 1] + text[at : at + 1] + text[at - 1 : at] + text[at + 1 :],
        ]
    )


def _typo(making: _Making, row: Row, second: Row) -> None:
    name = making.dice.choice(["first_name", "last_name", "last_name"])
    second[name] = _slipped(making, row[name])


def _transliteration(making: _Making, row: Row, second: Row) -> None:
    for name in ("first_name", "last_name"):
        text = "".join(WRITTEN.get(c, WRITTEN.get(c.lower(), c)) for c in row[name])
        if text == row[name]:
            for old, new in making.dice.sample(SOUNDS, 6):
                if old in text.lower():
                    text = text.lower().replace(old, new, 1).title()
                    break
        second[name] = text


def _married(making: _Making, row: Row, second: Row) -> None:
    new = making.dice.choice(making.family)
    second["last_name"] = making.dice.choice([new, new, f"{row['last_name']}-{new}"])
    second["work_email"] = making.dice.choice([row["work_email"], _address(making, row["first_name"], new)])
    second["hire_date"] = row["hire_date"]


def _swapped(making: _Making, row: Row, second: Row) -> None:
    second["first_name"], second["last_name"] = row["last_name"], row["first_name"]


def _email(making: _Making, row: Row, second: Row) -> None:
    local, _, domain = row["work_email"].partition("@")
    second["work_email"] = making.dice.choice([f"{local}@ext.{domain}", f"{local}1@{domain}", f"x-{local}@{domain}"])


def _rehire(making: _Making, row: Row, second: Row) -> None:
    """Back under a new number; the old record ended."""
    dice = making.dice
    end = date.fromisoformat(row["hire_date"]) + timedelta(days=dice.randrange(200, 2_500))
    end = min(end, date(2026, 6, 1))
    row["termination_date"], row["employment_status"] = end.isoformat(), "Terminated"
    second["hire_date"] = (end + timedelta(days=dice.randrange(1, 500))).isoformat()
    second["termination_date"], second["employment_status"] = "", "Active"
    second["work_email"] = dice.choice([row["work_email"], second["work_email"]])
    second["manager_id"] = dice.choice([row["manager_id"], second["manager_id"]])


def _short(making: _Making, row: Row, second: Row) -> None:
    second["first_name"] = SHORT.get(row["first_name"], row["first_name"][:1] + ".")


KINDS: list[Callable[[_Making, Row, Row], None]] = [
    _typo,
    _transliteration,
    _married,
    _swapped,
    _email,
    _rehire,
    _short,
]


def _namesake(making: _Making, row: Row) -> None:
    other = _somebody(making)
    other["first_name"], other["last_name"] = row["first_name"], row["last_name"]
    other["work_email"] = _address(making, row["first_name"], row["last_name"])


def _colleague(making: _Making, row: Row) -> None:
    """Same day, same department, same given or family name: somebody else all the same."""
    other = _somebody(making)
    name = making.dice.choice(["first_name", "last_name"])
    other.update({key: row[key] for key in (name, "hire_date", "department", "location", "country")})


def _twin(making: _Making, row: Row) -> None:
    other = _somebody(making)
    shared = ["last_name", "location", "country", *(["phone"] if making.chance(0.6) else [])]
    shared += ["hire_date", "department"] if making.chance(0.4) else []
    other.update({key: row[key] for key in shared})


def _father(making: _Making, row: Row) -> None:
    """The same name at the same telephone, a working life apart."""
    other = _somebody(making)
    shared = ["first_name", "last_name", "location", "country", *(["phone"] if making.chance(0.5) else [])]
    other.update({key: row[key] for key in shared})
    if making.chance(0.4):
        other["last_name"] += " Jr."


def _successor(making: _Making, row: Row) -> None:
    """A newcomer with the address of somebody who left."""
    other = _somebody(making)
    other["work_email"], other["department"], other["location"] = row["work_email"], row["department"], row["location"]
    row["employment_status"], row["termination_date"] = "Terminated", "2026-01-31"
    row["hire_date"] = min(row["hire_date"], "2024-03-01")
    other["hire_date"], other["termination_date"], other["employment_status"] = "2026-03-01", "", "Active"


LOOK_ALIKES: list[Callable[[_Making, Row], None]] = [
    _namesake,
    _namesake,
    _colleague,
    _colleague,
    _twin,
    _father,
    _successor,
]
