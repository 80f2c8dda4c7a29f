"""The list of people who may be in the file twice, with the evidence in words. Rule 1: a list to review, never a merge;
what is said holds no name and no address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from joinery.audit.likeness import NEAR, OTHER, PART, SAME, SHORT
from joinery.audit.similar import similar
from joinery.core.model.finding import Finding, Severity

#: bits over the threshold -> how sure, in words
_SURE: Final = ((14.0, "almost certainly"), (7.0, "very probably"), (0.0, "probably"))
SURENESS: Final = tuple(word for _, word in _SURE)
#: a name that says so much is shared by few
_RARE: Final = 14.0

#: what is compared side by side, in this order
SIDE_BY_SIDE: Final = (
    "given_name", "family_name", "work_email", "personal_email", "phone", "birth_date", "status", "hire_date",
    "termination_date", "job_title", "department", "location", "manager_id", "cost_center", "legal_entity",
    "employment_type",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two employee numbers; `bits` beyond the threshold, and what agrees and differs, strongest first."""

    left: str
    right: str
    bits: float
    agree: tuple[str, ...]
    differ: tuple[str, ...]

    @property
    def sure(self) -> str:
        """`almost certainly`, `very probably` or `probably`."""
        return next(word for least, word in _SURE if self.bits >= least)

    @property
    def message(self) -> str:
        """One sentence: who, how sure, and why."""
        against = f" Against it: {', '.join(self.differ)}." if self.differ else ""
        return f"{self.left} and {self.right} are {self.sure} one person: {', '.join(self.agree)}.{against}"

    def finding(self) -> Finding:
        """The pair as a data problem."""
        return Finding(
            check="same_person",
            severity=Severity.WARNING,
            message=self.message,
            worker_id=self.left,
            attribute="worker_id",
            suggestion="Compare the two records. If it is one person, close one number in the HR system and give it as "
            "the other's previous number. Joinery never merges them by itself.",
            people=(self.left, self.right),
        )


def duplicates(frame: pl.DataFrame, among: Collection[str] | None = None) -> tuple[Pair, ...]:
    """Pairs that are probably one person, surest first; those that HR itself has linked by a former number are none.

    `frame`: canonical text columns, `id` and `gone`. `among`: only pairs with at least one of these IDs.
    """
    found = similar(frame, among)
    linked = _linked(frame)
    pairs = (
        Pair(
            left=row["left_id"],
            right=row["right_id"],
            bits=row["bits"],
            agree=tuple(_agree(row)),
            differ=tuple(_differ(row)),
        )
        for row in found.iter_rows(named=True)
        if frozenset((row["left_id"], row["right_id"])) not in linked
    )
    return tuple(_ordered(pair) for pair in pairs)


def _ordered(pair: Pair) -> Pair:
    if pair.left <= pair.right:
        return pair
    return Pair(left=pair.right, right=pair.left, bits=pair.bits, agree=pair.agree, differ=pair.differ)


def _linked(frame: pl.DataFrame) -> frozenset[frozenset[str]]:
    if "previous_id" not in frame.columns:
        return frozenset()
    given = frame.select("id", former=pl.col("previous_id").fill_null("").str.strip_chars()).filter(
        (pl.col("former") != "") & (pl.col("former") != pl.col("id"))
    )
    return frozenset(frozenset(pair) for pair in given.iter_rows())


def _agree(row: Mapping[str, Any]) -> list[str]:
    said = [(row[kind], words) for kind, words in _AGREEING.items() if row[kind] > 0.5]
    if row["mail"] > 0:
        said = [each for each in said if each[1] != _AGREEING["local"]]
    if row["organisation"] >= 3:
        said.append((row["organisation"], "the same unit or place of work"))
    return [_named(row), *(words for _, words in sorted(said, key=lambda each: (-each[0], each[1])))]


_AGREEING: Final = {
    "person_id": "one person number in HR",
    "phone": "the same telephone",
    "private": "the same private e-mail",
    "mail": "the same work e-mail",
    "local": "work e-mails made from one name",
    "birth_date": "born on the same day",
    "hire_date": "hired on the same day",
    "hired_about": "hired at about the same time",
    "termination_date": "left on the same day",
    "employment": "one employment ended before the other began",
}
_DIFFERING: Final = {
    "phone": "different telephones",
    "private": "different private e-mails",
    "hire_date": "hired on different days",
    "birth_date": "born on different days",
    "employment": "both at work at the same time",
}
_LEVELS: Final = {
    NEAR: "a letter or two apart",
    PART: "one holds the other",
    SHORT: "one is short for the other",
    OTHER: "not the same (marriage?)",
}


def _named(row: Mapping[str, Any]) -> str:
    if row["swapped"]:
        return "given and family name changed places"
    given, family = row["given_level"], row["family_level"]
    if given == SAME and family == SAME:
        return f"the same name, which {'few have' if row['names'] >= _RARE else 'others have too'}"
    unlike = [(word, level) for word, level in (("given", given), ("family", family)) if level in _LEVELS]
    if not unlike:
        return "the same name, as far as given"
    same = "the same family name" if family == SAME else "the same given name" if given == SAME else ""
    parts = [f"{word} names {_LEVELS[level]}" for word, level in unlike]
    return ", ".join(part for part in (same, *parts) if part)


def _differ(row: Mapping[str, Any]) -> Iterator[str]:
    returned = row["employment"] > 0
    return (words for kind, words in _DIFFERING.items() if row[kind] < -1 and not (returned and kind == "hire_date"))


def namesakes(frame: pl.DataFrame, pairs: Sequence[Pair]) -> Iterator[Finding]:
    """People at work with one full name between two or three of them, who are not a pair already."""
    names = [name for name in ("given_name", "family_name") if name in frame.columns]
    if len(names) < 2:
        return
    paired = [worker_id for pair in pairs for worker_id in (pair.left, pair.right)]
    full = pl.concat_str([pl.col(name).str.to_lowercase().str.strip_chars() for name in names], separator=" ")
    here = frame.unique("id", keep="first", maintain_order=True).filter(
        ~pl.col("gone") & ~pl.col("id").is_in(paired) & pl.all_horizontal(pl.col(names) != "")
    )
    shared = here.select("id", full.alias("name")).filter(pl.len().over("name").is_between(2, 3)).sort("name", "id")
    if not shared.height:
        return
    ids = shared.get_column("id").to_list()
    yield Finding(
        check="same_name",
        severity=Severity.NOTE,
        message=f"{len(ids)} people share their full name with one or two others; nothing else says that they are one "
        "person.",
        worker_id=ids[0],
        attribute="family_name",
        suggestion="Nothing. Names never match anybody; look here when two people were taken for each other.",
        people=tuple(ids),
    )


def sides(frame: pl.DataFrame, pairs: Sequence[Pair]) -> dict[str, dict[str, str]]:
    """employee number -> attribute -> value, of everybody in these pairs: to be looked at side by side."""
    wanted = {worker_id for pair in pairs for worker_id in (pair.left, pair.right)}
    shown = [name for name in SIDE_BY_SIDE if name in frame.columns]
    rows = frame.filter(pl.col("id").is_in(list(wanted))).unique("id", keep="first", maintain_order=True)
    return {row.pop("id"): row for row in rows.select("id", *shown).iter_rows(named=True)}
