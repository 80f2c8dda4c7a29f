"""Which questions two files leave open, and what the answers make of them. At most a handful, the weightiest first.

Rule 1: what nobody answers is never guessed: it is asked, or the column stays unread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from joinery.core.mapping.recognition import ASKED, MOST, Cells, Recognised, Sure, Written
from joinery.core.mapping.spec import DateFormat

#: without these a file is of no use
NEEDED_OF_PEOPLE: Final = "worker_id"
NAMES_AN_ACCOUNT: Final = ("account_id", "username", "email", "worker_id")
MATCHES_AN_ACCOUNT: Final = ("worker_id", "email")
NONE: Final = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What somebody said: attribute -> column (`none`: read no column for it), and the rest."""

    fields: Mapping[str, str] = field(default_factory=dict)
    account_fields: Mapping[str, str] = field(default_factory=dict)
    dates: DateFormat | None = None
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question. `flag` is what answers it on the command line, with the answer put at its end."""

    key: str
    text: str
    flag: str
    choices: tuple[tuple[str, str], ...] = ()
    default: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Both files as recognised."""

    people: Recognised
    people_cells: Mapping[str, Cells]
    accounts: Recognised
    accounts_cells: Mapping[str, Cells]
    dates: Written


def open_questions(seen: Seen, answers: Answers, *, zone_guess: str = "") -> tuple[Question, ...]:
    """What is still to be asked, in the order in which it is asked; at most MOST about columns."""
    columns = [*_about_people(seen, answers), *_about_accounts(seen, answers)]
    asked = sorted(columns, key=lambda pair: ASKED.index(pair[0]) if pair[0] in ASKED else len(ASKED))
    found = [question for _, question in asked[:MOST]]
    if seen.dates.asked and answers.dates is None:
        found.append(_dates(seen.dates.example))
    if not answers.zone:
        text = "In which time zone is the company? Days begin and end there for everybody without a zone of their own."
        found.append(Question(key="zone", text=text, flag="--zone ", default=zone_guess))
    return tuple(found)


def _about_people(seen: Seen, answers: Answers) -> list[tuple[str, Question]]:
    found = [
        ("people", attribute, columns, seen.people_cells)
        for attribute, columns in seen.people.doubtful.items()
        if attribute in ASKED and attribute not in answers.fields
    ]
    if NEEDED_OF_PEOPLE not in seen.people.taken.keys() | seen.people.doubtful.keys() | answers.fields.keys():
        found.append(("people", NEEDED_OF_PEOPLE, _unique(seen.people, seen.people_cells), seen.people_cells))
    return [(attribute, _column(*each)) for each in found for attribute in [each[1]]]


def _about_accounts(seen: Seen, answers: Answers) -> list[tuple[str, Question]]:
    found = [
        ("accounts", attribute, columns, seen.accounts_cells)
        for attribute, columns in seen.accounts.doubtful.items()
        if attribute in ASKED and attribute not in answers.account_fields
    ]
    known = seen.accounts.taken.keys() | seen.accounts.doubtful.keys() | answers.account_fields.keys()
    if not known & set(NAMES_AN_ACCOUNT):
        found.append(("accounts", "account_id", _unique(seen.accounts, seen.accounts_cells), seen.accounts_cells))
    return [(attribute, _column(*each)) for each in found for attribute in [each[1]]]


def _unique(recognised: Recognised, cells: Mapping[str, Cells]) -> tuple[str, ...]:
    """Columns that tell rows apart, and are not sensitive: what can hold an ID."""
    return tuple(
        c.name
        for c in recognised.columns
        if c.sure is not Sure.SENSITIVE
        and (held := cells.get(c.name, Cells())).filled > 0
        and held.distinct >= held.filled * 0.98
    )


_MEANS: Final = {
    "worker_id": "the employee number",
    "work_email": "the work e-mail",
    "email": "the e-mail address",
    "account_id": "the account's own ID",
    "status": "the employment status",
    "hire_date": "the first day of work",
    "termination_date": "the end of employment",
}


def _column(which: str, attribute: str, columns: tuple[str, ...], cells: Mapping[str, Cells]) -> Question:
    file = "HR file" if which == "people" else "export of the learning system"
    option = "--field" if which == "people" else "--account-field"
    choices = tuple((name, _example(cells.get(name, Cells()))) for name in columns)
    needed = attribute in {NEEDED_OF_PEOPLE, "account_id"}
    if not needed:
        choices = (*choices, (NONE, "read none of them"))
    text = f"Which column of the {file} holds {_MEANS[attribute]} ({attribute})?"
    return Question(key=f"{which}.{attribute}", text=text, flag=f"{option} {attribute}=", choices=choices)


def _example(cells: Cells) -> str:
    shown = ", ".join(cells.values[:3])
    return f"{shown[:60]} …" if len(cells.values) > 3 or len(shown) > 60 else shown


def _dates(example: str) -> Question:
    parts = example.replace("-", "/").split("/")
    first, second = parts[0], parts[1]
    return Question(
        key="dates",
        text=f"Dates such as {example} can be read in two ways. Which part is the day?",
        flag="--dates ",
        choices=(
            (DateFormat.DAY_FIRST.value, f"day first: day {int(first)} of month {int(second)}"),
            (DateFormat.MONTH_FIRST.value, f"month first: day {int(second)} of month {int(first)}"),
        ),
    )
