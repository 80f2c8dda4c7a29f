"""How alike two names are. Rule 1: a rare spelling close to a common one is a slip; two common ones are two names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import polars as pl
from rapidfuzz.distance import OSA

from joinery.audit.names import short_forms

#: no name on one side; the same; a slip away; one holds the other; short form; two names that look alike; different
NONE, SAME, NEAR, PART, SHORT, ALIKE, OTHER = range(7)
_SHORTEST: Final = 4
_LONG: Final = 8
#: a spelling with more people than that, and than this share of the other's, is no slip
_FEW: Final = 2
_SHARE: Final = 0.02


def levels_of(both: pl.DataFrame) -> list[pl.Series]:
    """`given_level`, `family_level` and `swapped` of pairs (`x`, `x_2`)."""
    given, family = _levels(both, "given", partial(_given, short_forms())), _levels(both, "family", _family)
    crossed = (pl.col("given") == pl.col("family_2")) & (pl.col("family") == pl.col("given_2"))
    swapped = crossed & (pl.col("given") != pl.col("family"))
    return [given, family, both.select(swapped.fill_null(value=False).alias("swapped")).to_series()]


def _levels(both: pl.DataFrame, name: str, alike: Callable[[str, str, str, str], int]) -> pl.Series:
    """Each different pair of names is compared once."""
    columns = [name, f"{name}_2", f"{name}_plain", f"{name}_plain_2"]
    differing = both.select(*columns, f"{name}_count", f"{name}_count_2").unique(columns)
    differing = differing.filter(pl.col(name) != pl.col(f"{name}_2"))
    found = pl.Series("level", [alike(*row) for row in differing.select(columns).iter_rows()], pl.Int8)
    rarer = pl.min_horizontal(f"{name}_count", f"{name}_count_2")
    commoner = pl.max_horizontal(f"{name}_count", f"{name}_count_2")
    both_common = (pl.col("level") == NEAR) & (rarer > _FEW) & (rarer > _SHARE * commoner)
    compared = differing.with_columns(found).with_columns(
        pl.when(both_common).then(ALIKE).otherwise(pl.col("level")).cast(pl.Int8).alias("level")
    )
    same = pl.when(pl.col(name) == pl.col(f"{name}_2")).then(SAME).otherwise(NONE)
    joined = both.select(columns).join(
        compared.select(*columns, "level"), on=columns, how="left", maintain_order="left"
    )
    level = pl.when(pl.col("level").is_null()).then(same).otherwise(pl.col("level"))
    return joined.select(level.fill_null(NONE).cast(pl.Int8).alias(f"{name}_level")).to_series()


def _family(left: str, right: str, plain_left: str, plain_right: str) -> int:
    if _within(plain_left, plain_right):
        return PART
    return NEAR if _slip(left, right) or _slip(plain_left, plain_right) else OTHER


def _given(forms: dict[str, frozenset[str]], left: str, right: str, plain_left: str, plain_right: str) -> int:
    if _within(plain_left, plain_right):
        return PART
    if left in forms and right in forms and forms[left] & forms[right]:
        return SHORT
    if min(len(plain_left), len(plain_right)) == 1:
        return PART if plain_left[0] == plain_right[0] else OTHER
    return NEAR if _slip(left, right) or _slip(plain_left, plain_right) else OTHER


def _within(left: str, right: str) -> bool:
    """`Ana` in `Ana Maria`, `Meier` in `Meier Schulz`."""
    if " " not in left and " " not in right:
        return False
    first, second = set(left.split()), set(right.split())
    return first < second or second < first


def _slip(left: str, right: str) -> bool:
    """One mistake in a short name, two in a long one."""
    shortest = min(len(left), len(right))
    if shortest < _SHORTEST:
        return shortest == _SHORTEST - 1 and OSA.distance(left, right) <= 1
    most = 2 if shortest >= _LONG else 1
    return OSA.distance(left, right, score_cutoff=most) <= most
