"""Describes a table in numbers, for the gate to compare. Rule 1: a profile holds counts and domains, never a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import polars as pl

from joinery.core.hygiene.trust import Churn, Profile
from joinery.intake.delta import keys_of
from joinery.intake.read import Table

_TOP: Final = 50


def profile_of(table: Table, mapped: Mapping[str, str], *, as_of: datetime | None = None) -> Profile:
    """The table in numbers; `mapped` is canonical attribute -> column."""
    frame = table.frame
    blanks = frame.select(_blank(column).alias(attribute) for attribute, column in mapped.items())
    counts = blanks.row(0, named=True)
    key = mapped.get("worker_id")
    return Profile(
        rows=frame.height,
        columns=table.header,
        blanks={attribute: round(count / max(1, frame.height), 4) for attribute, count in counts.items()},
        domains=_domains(frame, mapped.get("work_email")),
        ids=frame.get_column(key).str.strip_chars().n_unique() if key else 0,
        sha256=table.sha256,
        as_of=as_of,
    )


def _blank(column: str) -> pl.Expr:
    """How many cells are empty or white space; only those that begin with a space are trimmed, for speed."""
    cells = pl.col(column)
    spaces = cells.filter(cells.str.starts_with(" ")).str.strip_chars() == ""
    return (cells == "").sum() + spaces.sum()


def _domains(frame: pl.DataFrame, column: str | None) -> dict[str, int]:
    if column is None:
        return {}
    # cut at the first @ and counted as they are; what is dear, reading them as domains, is done once for each
    after = frame.get_column(column).str.splitn("@", 2).struct.field("field_1").alias("domain")
    counted = (
        after.value_counts(name="people")
        .select(domain=("@" + pl.col("domain")).str.extract(r"@([^@\s]+)\s*$").str.to_lowercase(), people="people")
        .drop_nulls()
        .group_by("domain")
        .agg(pl.col("people").sum())
        .sort(["people", "domain"], descending=[True, False])
        .head(_TOP)
    )
    return dict(counted.iter_rows())


def churn(before: bytes | None, frame: pl.DataFrame, *, key: Sequence[str], claims: str | None = None) -> Churn | None:
    """How the keys differ from those of the last accepted index; None when there is none.

    `claims`: the column with former numbers; a row that fills it says itself that its number is a new one.
    """
    if before is None:
        return None
    old = keys_of(before, key)
    now = frame.select(
        pl.col(column).str.strip_chars().alias(name) for column, name in zip(key, old.columns, strict=True)
    ).unique()
    kept = now.join(old, on=old.columns, how="semi").height
    rezeroed, could_be = (0, 0) if kept == now.height else _zeros(old, _unclaimed(frame, key, claims))
    return Churn(
        before=old.height,
        now=now.height,
        gone=old.height - kept,
        new=now.height - kept,
        rezeroed=rezeroed,
        could_be=could_be,
    )


def rezeroed(before: bytes | None, frame: pl.DataFrame, key: str, claims: str | None) -> Mapping[str, str]:
    """present number -> the number of the last accepted file that differs from it by zeros in front only."""
    if before is None:
        return {}
    pairs = _same_but_zeros(keys_of(before, [key]), _unclaimed(frame, [key], claims))
    return dict(pairs.select("now", "before").iter_rows())


def _unclaimed(frame: pl.DataFrame, key: Sequence[str], claims: str | None) -> pl.DataFrame:
    rows = frame.filter(pl.col(claims).str.strip_chars() == "") if claims else frame
    return rows.select(pl.col(column).str.strip_chars().alias(f"__key{n}__") for n, column in enumerate(key)).unique()


def _zeros(old: pl.DataFrame, now: pl.DataFrame) -> tuple[int, int]:
    """(numbers with other zeros in front, those that could have them: of the old ones when zeros were lost)."""
    if old.width > 1:
        return 0, 0
    pairs = _same_but_zeros(old, now)
    if not pairs.height:
        return 0, 0
    lost = pairs.filter(pl.col("before").str.len_chars() > pl.col("now").str.len_chars()).height
    zeroed = (old if lost else now).to_series().str.starts_with("0").sum()
    return pairs.height, int(zeroed)


def _same_but_zeros(old: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """`before` and `now` of each new number that is a gone one with other zeros in front."""
    name = old.columns[0]
    gone = (
        old.join(now, on=name, how="anti").select(pl.col(name).alias("before"), _bare(name)).unique("bare", keep="none")
    )
    new = now.join(old, on=name, how="anti").select(pl.col(name).alias("now"), _bare(name)).unique("bare", keep="none")
    return new.filter(pl.col("bare") != "").join(gone, on="bare", how="inner")


def _bare(name: str) -> pl.Expr:
    return pl.col(name).str.strip_chars_start("0").alias("bare")
