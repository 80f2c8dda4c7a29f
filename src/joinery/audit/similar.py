"""How likely two records are one person, in bits of evidence. Rule 1: what many people share says little, what few
share says much; names alone never suffice, and a different given name ends it.

A bit halves the number of pairs that would agree by chance. The threshold is what it takes to find one true pair
among all that could be made of the file (Fellegi and Sunter's idea, with the frequencies of the file itself).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Final

import polars as pl

from joinery.audit.blocking import EQUAL, candidates, comparable
from joinery.audit.likeness import ALIKE, NEAR, OTHER, PART, SAME, SHORT, levels_of

#: one person in so many is there twice, before anything is known
_RATE: Final = 0.01
#: bits beyond even odds, so that a list of pairs is mostly right
_SURE: Final = 2.0
#: only pairs that share a key are compared, and in a crowd there are no more of them for each person: chance then finds
#: less than the square of the people would have it, and each doubling asks for so much less; a small file, where it
#: is not known how rare a name is, for a little more
_CROWD: Final = 30_000
_LESS: Final = 0.2
_MORE: Final = 0.6
#: most bits that one kind of evidence can give: relatives share telephones, starters share days
_MOST: Final = {
    "phone": 13.0, "private": 18.0, "mail": 18.0, "local": 14.0, "hire_date": 13.0, "birth_date": 13.0,
    "termination_date": 8.0,
}  # fmt: skip
#: what it says when both are known and differ
_DIFFERENT: Final = {"phone": -2.0, "private": -2.0, "mail": -0.5, "local": 0.0, "birth_date": -8.0}
#: one of these mostly follows from another; these say something of their own, half
_UNITS: Final = ("department", "manager_id", "cost_center", "legal_entity")
_PLACES: Final = ("location", "job_title")
_MOST_ORGANISATION: Final = 12.0
#: people move, so that another unit says little against it; few have their place or job entered twice and otherwise
_MOVED: Final = {"unit": 1.0, "place": 1.5}
#: names that agree perfectly are still so many bits short of the threshold
_NAMES_SHORT: Final = 4.0
#: how often a name is expected where the file is too small to tell, and how many people that guess is worth
_GUESS: Final = {"given": 2.0**-7, "family": 2.0**-9}
_WORTH: Final = 300
#: days between two entries of one day: a slip, and at most; what each says at most, so much less than the same day
_SLIP, _CLOSE = 3, 31
_MOST_SLIP, _MOST_CLOSE, _LESS_THAN_SAME = 5.0, 2.0, 6.0
#: both at work since different days: more often two people than a second contract beside the first
_BESIDE: Final = -3.5
#: what more people than that share with somebody identifies nobody in this file, and is worth so little
_UNIQUE: Final = 0.06
_COMMON: Final = 3.0
_ENDED: Final = -100.0
_CHUNK: Final = 500_000

#: the kinds of evidence beside names; columns of the answer
KINDS: Final = (*_MOST, "hired_about", "person_id", "organisation", "employment")
_DAYS: Final = ("hire_date", "birth_date", "termination_date")
_COUNTED: Final = (*EQUAL, *_MOST)
_BESIDES: Final = (*_COUNTED, "gone")
_NAMES: Final = (
    "given", "family", "given_plain", "family_plain", "given_bits", "family_bits", "given_count", "family_count",
    "generation",
)  # fmt: skip


def similar(frame: pl.DataFrame, among: Collection[str] | None = None) -> pl.DataFrame:
    """Pairs over the threshold, best first: `left_id`, `right_id`, `bits`, one column per kind of evidence.

    `frame` holds canonical text columns, `id` and `gone`. `among`: only pairs with at least one of these IDs; what
    agreement is worth is measured by everybody in any case.
    """
    people = _counted(comparable(frame))
    least = needed(people.height)
    chunks = list(candidates(people, among).iter_slices(_CHUNK)) or [_NOBODY]
    besides = pl.concat(_besides(people, chunk, least) for chunk in chunks)
    found, ids = _scored(people, besides, least), people.get_column("id")
    named = found.with_columns(
        left_id=ids.gather(found.get_column("left")), right_id=ids.gather(found.get_column("right"))
    )
    return named.sort(["bits", "left_id", "right_id"], descending=[True, False, False])


def needed(people: int) -> float:
    """Bits that it takes to believe a pair of a file of so many people."""
    crowded = max(-_MORE, _LESS * math.log2(max(2, people) / _CROWD))
    return math.log2(max(2, people) / 2) - math.log2(_RATE) + _SURE - crowded


_NOBODY: Final = pl.DataFrame(schema={"left": pl.UInt32, "right": pl.UInt32})


def _counted(people: pl.DataFrame) -> pl.DataFrame:
    """With `<name>_bits`: how much it says when somebody else has the same value."""
    size = max(2, people.height)
    counts = [(pl.len().over(name).cast(pl.Float64)).alias(f"{name}_count") for name in _GUESS]
    return people.with_columns(
        *(_bits(pl.len().over(name) - 1, size).alias(f"{name}_bits") for name in (*EQUAL, *_DAYS)),
        *(_own(name, size) for name in ("phone", "private", "mail", "local")),
        _bits(pl.len().over("given", "family") - 1, size).alias("full_bits"),
        *counts,
    ).with_columns(
        _bits(pl.col(f"{name}_count") - 1 + _WORTH * guess, size + _WORTH).alias(f"{name}_bits")
        for name, guess in _GUESS.items()
    )


def _own(name: str, size: float) -> pl.Expr:
    """As rare as it is, where the file shows that nearly everybody has one of their own."""
    given = pl.col(name).is_not_null()
    shared = (given & (pl.len().over(name) > 1)).sum() / pl.max_horizontal(given.sum(), 1)
    most = pl.when(shared > _UNIQUE).then(_COMMON).otherwise(_MOST[name])
    return pl.min_horizontal(_bits(pl.len().over(name) - 1, size), most).alias(f"{name}_bits")


def _bits(others: pl.Expr, size: float) -> pl.Expr:
    return -(others.cast(pl.Float64).clip(0.5) / size).log(2).cast(pl.Float32)


def _besides(people: pl.DataFrame, pairs: pl.DataFrame, needed: float) -> pl.DataFrame:
    """What stands beside the names comes first: most pairs end there, and names are dear to compare."""
    rarities = [f"{name}_bits" for name in (*_COUNTED, *_GUESS)]
    most = (pl.col("given_bits") + pl.col("family_bits")).clip(None, needed - _NAMES_SHORT).alias("most")
    weighed = _both(people, pairs, _BESIDES, rarities).select("left", "right", most, *_evidence())
    enough = pl.col("most") + pl.sum_horizontal(f"+{kind}" for kind in KINDS) > needed
    return weighed.filter(enough).drop("most")


def _scored(people: pl.DataFrame, weighed: pl.DataFrame, needed: float) -> pl.DataFrame:
    both = _both(people, weighed, _NAMES, ["full_bits"])
    both = both.with_columns(levels_of(both)).with_columns(names=_names(needed))
    agreed = pl.col("family_level").is_in([SAME, NEAR, PART]) | pl.col("swapped")
    local = pl.when(agreed).then(pl.col("+local").clip(0, 2)).otherwise(pl.col("+local"))
    both = both.with_columns(local.alias("+local"))
    bits = pl.col("names") + pl.sum_horizontal(f"+{kind}" for kind in KINDS) - needed
    kinds = [pl.col(f"+{kind}").alias(kind) for kind in KINDS]
    scored = both.select(bits.alias("bits"), "left", "right", "names", "given_level", "family_level", "swapped", *kinds)
    return scored.filter(pl.col("bits") > 0)


def _both(people: pl.DataFrame, pairs: pl.DataFrame, names: Sequence[str], once: Sequence[str]) -> pl.DataFrame:
    """`x` of the left record and `x_2` of the right one; `once` of the left one only."""
    firsts = [people.get_column(name).gather(pairs.get_column("left")) for name in (*names, *once)]
    seconds = [people.get_column(name).gather(pairs.get_column("right")).alias(f"{name}_2") for name in names]
    return pairs.hstack([*firsts, *seconds])


def _same(name: str) -> pl.Expr:
    return (pl.col(name) == pl.col(f"{name}_2")).fill_null(value=False)


def _differ(name: str) -> pl.Expr:
    return (pl.col(name) != pl.col(f"{name}_2")).fill_null(value=False)


@cache
def _evidence() -> tuple[pl.Expr, ...]:
    """It is the same for every file, and to put it together takes as long as to weigh a few people by it."""
    return tuple(_weighed())


def _weighed() -> Iterator[pl.Expr]:
    for name, against in _DIFFERENT.items():
        apart = pl.when(_differ(name)).then(against).otherwise(0.0)
        yield pl.when(_same(name)).then(_shared(name)).otherwise(apart).alias(f"+{name}")
    days = (pl.col("hire_date") - pl.col("hire_date_2")).abs()
    apart = pl.when(days > _CLOSE).then(-2.0).otherwise(0.0)
    yield pl.when(days == 0).then(_shared("hire_date")).otherwise(apart).alias("+hire_date")
    yield _hired_about(days).alias("+hired_about")
    left = _same("termination_date") & pl.col("gone") & pl.col("gone_2")
    yield pl.when(left).then(_shared("termination_date")).otherwise(0.0).alias("+termination_date")
    yield pl.when(_same("person_id")).then(30.0).otherwise(0.0).alias("+person_id")
    yield _organisation().alias("+organisation")
    yield _employment(days).alias("+employment")


def _hired_about(days: pl.Expr) -> pl.Expr:
    """A few days or weeks apart, and not the same day; it says less the more people came on such a day."""
    most = pl.when(days == 0).then(0.0).when(days <= _SLIP).then(_MOST_SLIP).when(days <= _CLOSE).then(_MOST_CLOSE)
    return pl.min_horizontal(most.otherwise(0.0), (pl.col("hire_date_bits") - _LESS_THAN_SAME).clip(0))


def _organisation() -> pl.Expr:
    agreed = {name: pl.when(_same(name)).then(pl.col(f"{name}_bits").clip(0)).otherwise(0.0) for name in EQUAL}
    unit = pl.max_horizontal(agreed[name] for name in _UNITS)
    places = pl.sum_horizontal(agreed[name] * 0.5 for name in _PLACES)
    moved = {**dict.fromkeys(_UNITS, _MOVED["unit"]), **dict.fromkeys(_PLACES, _MOVED["place"])}
    unlike = pl.sum_horizontal(pl.when(_differ(name)).then(less).otherwise(0.0) for name, less in moved.items())
    return (unit + places).clip(0, _MOST_ORGANISATION) - unlike


def _shared(name: str) -> pl.Expr:
    return pl.col(f"{name}_bits").clip(0, _MOST[name])


def _employment(days: pl.Expr) -> pl.Expr:
    """One ended before the other began: a return. Both at work since different days: more likely two people."""
    first = pl.col("gone") & (pl.col("termination_date") <= pl.col("hire_date_2"))
    second = pl.col("gone_2") & (pl.col("termination_date_2") <= pl.col("hire_date"))
    beside = ~pl.col("gone") & ~pl.col("gone_2") & (days > _CLOSE)
    return (
        pl.when((first | second).fill_null(value=False))
        .then(3.0)
        .when(beside.fill_null(value=False))
        .then(_BESIDE)
        .otherwise(0.0)
    )


def _names(needed: float) -> pl.Expr:
    """Bits of both names together; far below zero where they end it."""
    given, family = pl.col("given_level"), pl.col("family_level")
    bits = _name("given", -6.0) + _name("family", -2.0)
    whole = (given == SAME) & (family == SAME)
    bits = pl.when(whole).then(pl.min_horizontal(bits, pl.col("full_bits") + 3.0)).otherwise(bits)
    swapped = _worth("given") + _worth("family") - 2.0
    bits = pl.when(pl.col("swapped")).then(swapped).otherwise(bits).clip(None, needed - _NAMES_SHORT)
    ages = pl.col("generation"), pl.col("generation_2")
    apart = (ages[0] != ages[1]).fill_null(value=False)
    ended = (given == OTHER) & ~pl.col("swapped") | apart
    one = ages[0].is_null() != ages[1].is_null()
    return pl.when(ended).then(_ENDED).otherwise(bits - pl.when(one).then(6.0).otherwise(0.0))


def _worth(name: str) -> pl.Expr:
    return pl.min_horizontal(f"{name}_bits", f"{name}_bits_2")


def _name(name: str, alike: float) -> pl.Expr:
    level = pl.col(f"{name}_level")
    return (
        pl.when(level == SAME)
        .then(_worth(name))
        .when(level.is_in([NEAR, PART, SHORT]))
        .then(_worth(name) - 2.0)
        .when(level == ALIKE)
        .then(alike)
        .when(level == OTHER)
        .then(-3.0)
        .otherwise(0.0)
    )
