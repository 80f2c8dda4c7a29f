"""Compares two exports of one source: what changed for so many people at once that somebody should know why.

Rule 1: a warning; who is a leaver is decided elsewhere, and guards hold the writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl

from joinery.core.model.finding import Finding, Severity

#: a change of one attribute is a mass change from so many people and this share of those in both files on
_MANY: Final = 20
_SHARE: Final = 0.1
_ENOUGH: Final = 20
_MOST: Final = 0.9
_NOT_COMPARED: Final = frozenset({"id", "gone", "worker_id", "__line__"})


def changes(before: pl.DataFrame, now: pl.DataFrame) -> tuple[Finding, ...]:
    """Mass changes, numbers of another width, people under a new number. Both frames: see `population.known`."""
    old, new = (frame.unique("id", keep="first", maintain_order=True) for frame in (before, now))
    return (*_mass_changes(old, new), *_width(old, new), *_renumbered(old, new))


def _mass_changes(old: pl.DataFrame, new: pl.DataFrame) -> Iterator[Finding]:
    names = [name for name in new.columns if name in old.columns and name not in _NOT_COMPARED]
    both = new.select("id", *names).join(old.select("id", *names), on="id", suffix="_before")
    for name in names:
        changed = both.filter(pl.col(name).str.strip_chars() != pl.col(f"{name}_before").str.strip_chars())
        if changed.height < max(_MANY, _SHARE * both.height):
            continue
        share = round(100 * changed.height / both.height)
        yield Finding(
            check="mass_change",
            severity=Severity.WARNING,
            message=f"The {name} of {changed.height} people ({share} %) is another one than in the file before.",
            worker_id=changed.get_column("id")[0],
            attribute=name,
            suggestion="If that was meant, tell whoever approves plans; otherwise look at the export's column.",
            people=tuple(changed.get_column("id").sort()),
        )


def _width(old: pl.DataFrame, new: pl.DataFrame) -> Iterator[Finding]:
    """The usual number of characters of a number is another one than before: zeros lost or added."""
    was, now = _usual(old), _usual(new)
    if was and now and was != now:
        yield Finding(
            check="id_width_changed",
            severity=Severity.WARNING,
            message=f"Employee numbers had {was} characters in the file before and have {now} now.",
            attribute="worker_id",
            suggestion="Export the number as text. To Joinery another number is another person.",
        )


def _usual(frame: pl.DataFrame) -> int:
    widths = frame.select(pl.col("id").str.len_chars().alias("n")).get_column("n")
    counts = widths.value_counts(sort=True)
    if len(widths) < _ENOUGH or counts.row(0)[1] < _MOST * len(widths):
        return 0
    return int(counts.row(0)[0])


def _renumbered(old: pl.DataFrame, new: pl.DataFrame) -> Iterator[Finding]:
    """One address, one name, another number, and nothing that links the two."""
    needed = ("work_email", "given_name", "family_name")
    if not all(name in frame.columns for name in needed for frame in (old, new)):
        return
    came, went = new.join(old, on="id", how="anti"), old.join(new, on="id", how="anti")
    if "previous_id" in new.columns:
        came = came.filter(pl.col("previous_id").str.strip_chars() == "")
    key = [pl.col(name).str.strip_chars().str.to_lowercase() for name in needed]
    pairs = came.select("id", *key).join(went.select("id", *key), on=list(needed), suffix="_before").sort("id")
    for new_id, *_, old_id in pairs.filter(pl.col("work_email") != "").iter_rows():
        yield Finding(
            check="renumbered",
            severity=Severity.WARNING,
            message=f"{new_id} is new and has the name and the address of {old_id}, who is not in the file any more.",
            worker_id=new_id,
            attribute="worker_id",
            suggestion="If it is one person, give the old number as the previous one; the account then follows.",
            people=(new_id, old_id),
            better=old_id,
        )
