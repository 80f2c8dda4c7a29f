"""One e-mail for several people: an error, a recycled address, or one person who goes and comes under a new number.

Rule 1: whoever may be one person is left to the question `probable_same_person`; only people who are beside each other
for good are held.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import polars as pl

from joinery.audit.naming import some
from joinery.core.model.finding import Finding, Severity
from joinery.core.rules.same_person import ADJACENT

_Row = dict[str, Any]


def double_emails(people: pl.DataFrame) -> Iterator[Finding]:
    """Two people at work with one address are held; one who left and one who came is a recycled address.

    The old record of somebody who has a new number is nobody else: it may well have the same address.
    """
    given_up = people.filter((pl.col("former") != "") & (pl.col("former") != pl.col("id"))).get_column("former")
    rows = pl.struct("id", "person", "starts", "ends", "gone").sort_by("id")
    doubles = (
        people.filter((pl.col("email") != "") & ~pl.col("id").is_in(given_up.unique().to_list()))
        .unique(["id", "email"], keep="first", maintain_order=True)
        .filter(pl.col("email").is_duplicated())
        .group_by("email")
        .agg(rows.alias("rows"))
        .sort(pl.col("rows").list.first().struct.field("id"))
    )
    for everybody in doubles.get_column("rows").to_list():
        yield from _double_email(everybody)


def _double_email(everybody: Sequence[_Row]) -> Iterator[Finding]:
    here = [row for row in everybody if not row["gone"]]
    if _one_person(here) or _one_after_the_other(here):
        return
    if len(here) > 1:
        for row in here:
            others = some(other["id"] for other in here if other is not row)
            yield Finding(
                check="duplicate_email",
                severity=Severity.QUARANTINE,
                message=f"{row['id']} has the same work e-mail as {others}.",
                worker_id=row["id"],
                attribute="work_email",
                suggestion="Give each person an address of their own, or leave it empty.",
            )
    elif here:
        left = some(row["id"] for row in everybody if row["gone"])
        yield Finding(
            check="recycled_email",
            severity=Severity.WARNING,
            message=f"{here[0]['id']} has the work e-mail of {left}, who left.",
            worker_id=here[0]["id"],
            attribute="work_email",
            suggestion="See that the address is the new person's. The old account is never given to somebody else.",
        )


def _one_person(here: Sequence[_Row]) -> bool:
    """HR itself says that all these records are one person's."""
    return len(here) > 1 and bool(here[0]["person"]) and len({row["person"] for row in here}) == 1


def _one_after_the_other(here: Sequence[_Row]) -> bool:
    """Each has an end, and the next one begins about then."""
    if len(here) < 2:
        return False
    dated = sorted((_day(row["starts"]) or date.min, row["id"], _day(row["ends"])) for row in here)
    return all(
        end is not None and start > begun and abs((start - end).days) <= ADJACENT
        for (begun, _, end), (start, _, _) in pairwise(dated)
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
