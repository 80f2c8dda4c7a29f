"""Decides which column of a file means what, and how sure that is: the heading first, then what the cells hold.

Rule 1: what is in doubt is asked or left unread, never guessed; what is sensitive is never read at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from joinery.core.mapping.account_headings import (
    ACCOUNT_ATTRIBUTES,
    ACCOUNT_CERTAIN,
    ACCOUNT_LIKELY,
    LOGINS,
    ONLY_IN_HR,
    ONLY_IN_LEARNING,
)
from joinery.core.mapping.dates import NoDay, NotADate, parse_date
from joinery.core.mapping.headers import OWN_NAMES, holds_forms_of_address, packed, sensitive
from joinery.core.mapping.spec import CANONICAL, DateFormat
from joinery.core.mapping.vocabulary import CERTAIN, GIVES_WAY, LIKELY
from joinery.core.model.worker import DATE_NAMES

#: most questions about columns; what goes beyond is left unread and said
MOST: Final = 3
#: the order in which doubtful columns are asked about; the rest is left unread
ASKED: Final = ("worker_id", "work_email", "account_id", "email", "status", "termination_date", "hire_date")
UNKNOWN_HEADING: Final = "no heading Joinery knows"
_SAID: Final = "you said so"
#: share of the cells that must look right
_FITS: Final = 0.8


class Sure(StrEnum):
    """How sure a meaning is."""

    SURE = "sure"
    LIKELY = "likely"
    #: several columns could be meant
    DOUBTFUL = "doubtful"
    #: no meaning known: not read
    UNKNOWN = "unknown"
    #: never read
    SENSITIVE = "sensitive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """What a column holds: some of its values (trimmed, not empty), of how many rows, how many of them filled."""

    values: Sequence[str] = ()
    rows: int = 0
    filled: int = 0
    #: different values among the filled
    distinct: int = 0

    def share(self, right: Callable[[str], bool]) -> float:
        """How many of the values look right; 1 when there is none to look at."""
        return sum(map(right, self.values)) / len(self.values) if self.values else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column and what it is taken for; `why` in words people understand."""

    name: str
    attribute: str = ""
    sure: Sure = Sure.UNKNOWN
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """All columns in the order of the file, and attributes for which several columns could be meant."""

    columns: tuple[Column, ...]
    doubtful: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def taken(self) -> dict[str, str]:
        """attribute -> column, of what is sure or likely."""
        return {c.attribute: c.name for c in self.columns if c.sure in {Sure.SURE, Sure.LIKELY}}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    certain: Mapping[str, str]
    likely: Mapping[str, str]
    own: Mapping[str, str]


_HR: Final = _Kind(certain=CERTAIN, likely=LIKELY, own=OWN_NAMES)
_LEARNING: Final = _Kind(
    certain=ACCOUNT_CERTAIN, likely=ACCOUNT_LIKELY, own={packed(name): name for name in ACCOUNT_ATTRIBUTES}
)


def recognise_people(header: Sequence[str], cells: Mapping[str, Cells], said: Mapping[str, str]) -> Recognised:
    """The columns of an HR file. `said`: attribute -> column, by somebody's word."""
    return _recognise(header, cells, said, _HR)


def recognise_accounts(header: Sequence[str], cells: Mapping[str, Cells], said: Mapping[str, str]) -> Recognised:
    """The columns of a learning system's user export."""
    return _recognise(header, cells, said, _LEARNING)


def _recognise(header: Sequence[str], cells: Mapping[str, Cells], said: Mapping[str, str], kind: _Kind) -> Recognised:
    by_word = {column: attribute for attribute, column in said.items()}
    first = [_one(name, cells.get(name, Cells()), by_word.get(name, ""), kind) for name in header]
    columns, doubtful = _settled([c if c.attribute not in said or c.name in by_word else _spare(c) for c in first])
    return Recognised(columns=tuple(columns), doubtful=doubtful)


def _spare(column: Column) -> Column:
    return Column(name=column.name, why=f"another column is {column.attribute}")


def _one(name: str, cells: Cells, by_word: str, kind: _Kind) -> Column:
    """The meaning of one column by itself."""
    if private := sensitive(name):
        return Column(name=name, sure=Sure.SENSITIVE, why=f"{private}: never read")
    if by_word:
        return Column(name=name, attribute=by_word, sure=Sure.SURE, why=_SAID)
    key = packed(name.removeprefix("custom_field:"))
    certain = kind.own.get(key) or kind.certain.get(key, "")
    attribute = certain or kind.likely.get(key, "")
    if not attribute:
        return Column(name=name, why="log-ins are not read" if key in LOGINS else UNKNOWN_HEADING)
    if objection := _objection(attribute, cells):
        return Column(name=name, why=f"called like {attribute}, but {objection}")
    return Column(
        name=name,
        attribute=attribute,
        sure=Sure.SURE if certain else Sure.LIKELY,
        why="its heading says so" if certain else "headings like this usually mean it",
    )


def _objection(attribute: str, cells: Cells) -> str:
    """Why the cells cannot be what the heading says; empty when they can."""
    if attribute in {"work_email", "personal_email", "manager_email", "email"} and cells.share(_address) < _FITS:
        return "most cells hold no e-mail address"
    if attribute in DATE_NAMES and cells.share(_date) < _FITS:
        return "most cells hold no date"
    if attribute == "job_title" and holds_forms_of_address(cells.values):
        return "most cells hold a form of address"
    few = {"worker_id": 2, "source_id": 2, "account_id": 50}.get(attribute, 0)
    if few and cells.filled > 1 and cells.distinct <= max(1, cells.filled / few):
        return "many cells are the same"
    return ""


def _address(text: str) -> bool:
    return "@" in text


def _date(text: str) -> bool:
    found = parse_date(text, None)
    return not (isinstance(found, NotADate) and found.code == "bad_date")


def _settled(columns: Sequence[Column]) -> tuple[list[Column], dict[str, tuple[str, ...]]]:
    """One column for each attribute: a certain one beats likely ones; two of a rank are in doubt."""
    doubtful: dict[str, tuple[str, ...]] = {}
    settled = list(columns)
    for attribute in dict.fromkeys(c.attribute for c in columns if c.attribute):
        same = [c for c in columns if c.attribute == attribute]
        best = [c for c in same if c.sure is Sure.SURE] or same
        best = [c for c in best if c.why == _SAID or packed(c.name) not in GIVES_WAY] or best
        own = [c for c in best if c.why == _SAID or packed(c.name) == packed(attribute)]
        winner = own[0] if len(own) == 1 else best[0] if len(best) == 1 else None
        if winner is None:
            doubtful[attribute] = tuple(c.name for c in best)
        for n, column in enumerate(settled):
            if column.attribute == attribute and column is not winner:
                settled[n] = _beaten(column, winner, best)
    return settled, doubtful


def _beaten(column: Column, winner: Column | None, best: Sequence[Column]) -> Column:
    if winner is not None:
        return Column(name=column.name, why=f"{winner.name} is {column.attribute}")
    others = " and ".join(c.name for c in best)
    return Column(name=column.name, attribute=column.attribute, sure=Sure.DOUBTFUL, why=f"{others} could each be this")


# ----------------------------------------------------------------------------------------------------- dates


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How the dates of some columns are written: `format` None where they need none; `example` where it is asked."""

    format: DateFormat | None = None
    asked: bool = False
    example: str = ""


def written(values: Sequence[str]) -> Written:
    """Found from all values of all date columns together: 25/12/2020 in one of them settles 03/04/2020 in the others.

    Only what can be read in two ways and is never settled is asked about.
    """
    example = ""
    day_first = month_first = False
    for text in values:
        found = parse_date(text, None)
        if isinstance(found, NotADate) and found.code == "ambiguous_date":
            example = example or text
        elif not isinstance(found, NotADate | NoDay) and ("/" in text or "-" in text):
            day_first = day_first or _reads(text, DateFormat.DAY_FIRST, but=DateFormat.MONTH_FIRST)
            month_first = month_first or _reads(text, DateFormat.MONTH_FIRST, but=DateFormat.DAY_FIRST)
    if not example:
        return Written()
    if day_first != month_first:
        return Written(format=DateFormat.DAY_FIRST if day_first else DateFormat.MONTH_FIRST)
    return Written(asked=True, example=example)


def _reads(text: str, one: DateFormat, *, but: DateFormat) -> bool:
    return not isinstance(parse_date(text, one), NotADate) and isinstance(parse_date(text, but), NotADate)


# ----------------------------------------------------------------------------------------------------- which file


def looks_like_accounts(header: Sequence[str], people: Recognised) -> bool:
    """The header of a learning system's export: it has what only such a system has, and nothing that only HR has."""
    theirs = sum(packed(name) in ONLY_IN_LEARNING for name in header)
    ours = len(ONLY_IN_HR & people.taken.keys())
    return theirs > 0 and ours == 0


def looks_like_people(header: Sequence[str], people: Recognised) -> bool:
    """The header of an HR file: dates of employment, a contract or the like, and nothing only learning systems have."""
    theirs = sum(packed(name) in ONLY_IN_LEARNING for name in header)
    return len(ONLY_IN_HR & people.taken.keys()) > 0 and theirs == 0


def is_attribute(name: str) -> bool:
    """An attribute of people that Joinery knows."""
    return name in CANONICAL
