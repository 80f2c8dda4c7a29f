"""Brings every person into comparable shape and picks the pairs worth comparing. Rule 1: smallest groups first, within
a budget, so that a company where everybody is called the same costs no more than any other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import polars as pl

from joinery.audit.names import generation, plain, sound

#: pairs per key: so many for each person, at most
_BUDGET: Final = 1
_LARGEST: Final = 60
#: up to so many people everybody is held against everybody: it costs less than to ask what they share
_FEW: Final = 100

#: columns of texts that are compared for equality, as they are but for case and blanks
EQUAL: Final = ("person_id", "job_title", "department", "location", "manager_id", "cost_center", "legal_entity")
_DAYS: Final = ("hire_date", "termination_date", "birth_date")


def comparable(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per employee number: `row`, `id`, codes of texts (null for none), days, `gone`.

    `frame`: canonical columns of text, and `gone` as a boolean. `given`/`family` are codes of how a name sounds, in
    one vocabulary, so that swapped names show; `given_plain`/`family_plain` of how it is written.
    """
    have = frame.unique("id", keep="first", maintain_order=True)
    texts = have.select("id", "gone", *(_text(have, name) for name in _TEXTS))
    names = _names(texts)
    people = texts.select(
        "id",
        "gone",
        *(_code(pl.col(name).str.to_lowercase()).alias(name) for name in EQUAL),
        *(day_of(pl.col(name)).alias(name) for name in _DAYS),
        _code(pl.col("work_email").str.to_lowercase()).alias("mail"),
        _code(pl.col("personal_email").str.to_lowercase()).alias("private"),
        _code(_letters(pl.col("work_email"))).alias("local"),
        _code(_digits(pl.col("phone"))).alias("phone"),
        _code(pl.col("previous_id")).alias("former"),
    )
    return people.hstack(names).with_row_index("row")


_TEXTS: Final = (
    *EQUAL, *_DAYS, "given_name", "family_name", "preferred_name", "work_email", "personal_email", "phone",
    "previous_id",
)  # fmt: skip


def _text(frame: pl.DataFrame, name: str) -> pl.Expr:
    held = pl.col(name).fill_null("").str.strip_chars() if name in frame.columns else pl.lit("")
    return held.alias(name)


def _code(text: pl.Expr) -> pl.Expr:
    """Null for none; equal numbers for equal texts."""
    return pl.when(text.fill_null("") != "").then(text.hash())


def _letters(address: pl.Expr) -> pl.Expr:
    """The part before the @ without marks and digits: j.smith2@a and j.smith@b are alike."""
    local = address.str.to_lowercase().str.extract(r"^([^@]+)@").str.replace_all(r"[^\p{L}]", "")
    return pl.when(local.str.len_chars() >= 5).then(local).otherwise(pl.lit(""))


def _digits(phone: pl.Expr) -> pl.Expr:
    """The last nine digits: country codes and a leading zero are written or not."""
    digits = phone.str.replace_all(r"\D", "")
    return pl.when(digits.str.len_chars() >= 7).then(digits.str.tail(9)).otherwise(pl.lit(""))


def day_of(text: pl.Expr) -> pl.Expr:
    """Days since 1970; null where none can be read without asking how the column writes dates."""
    iso = text.str.head(10).str.to_date("%Y-%m-%d", strict=False)
    return pl.coalesce(iso, *(text.str.to_date(form, strict=False) for form in _FORMS)).cast(pl.Int32)


_FORMS: Final = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d", "%d-%b-%Y")


def _names(texts: pl.DataFrame) -> pl.DataFrame:
    """How given and family name sound and how they are written, and the generation (jr, sr); null for none."""
    columns = [_different(texts.get_column(name)) for name in ("given_name", "family_name")]
    given, family = columns
    frame = pl.DataFrame(
        {
            "given_plain": given.get_column("plain"),
            "family_plain": family.get_column("plain"),
            "given": given.get_column("sound"),
            "family": family.get_column("sound"),
            "generation": given.get_column("generation") + family.get_column("generation"),
        }
    )
    return frame.with_columns(pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)))


def _different(column: pl.Series) -> pl.DataFrame:
    """`plain`, `sound` and `generation` of each row; each different name is worked out once."""
    names = pl.DataFrame({"name": column.unique()}).with_columns(
        plain=plain(pl.col("name")), generation=generation(pl.col("name"))
    )
    names = names.with_columns(sound=sound(pl.col("plain")))
    return pl.DataFrame({"name": column}).join(names, on="name", how="left", maintain_order="left")


def _keys() -> Iterator[list[pl.Expr]]:
    """What two records of one person have in common, in at least one of these ways."""
    given, family, hired = pl.col("given"), pl.col("family"), pl.col("hire_date")
    swapped = [pl.min_horizontal(given, family), pl.max_horizontal(given, family)]
    for alone in ("person_id", "private", "phone", "mail", "local"):
        yield [pl.col(alone)]
    yield swapped
    yield [*swapped, hired]
    yield [*swapped, pl.col("department"), pl.col("location")]
    yield [*swapped, pl.col("manager_id")]
    yield [given, hired]
    yield [family, hired]
    yield [given.str.head(1), family.str.head(1), hired]
    yield [given.str.head(1), family.str.tail(1), hired, pl.col("department")]
    yield [given, pl.col("birth_date")]
    yield [family, pl.col("birth_date")]
    yield [family, given.str.head(2)]
    yield [family, given.str.tail(3)]
    yield [given, family.str.head(3)]
    yield [given, family.str.tail(3)]
    # a slip in both ends of one name: the other name, and whose team; where no manager is given, where they work
    yield [family, pl.col("manager_id")]
    yield [given, pl.col("manager_id")]
    yield [family, pl.when(pl.col("manager_id").is_null()).then(pl.col("department")), pl.col("location")]
    yield [given, family.str.head(1), pl.col("department"), pl.col("cost_center")]
    yield [given, family.str.tail(1), pl.col("department"), pl.col("location")]


def candidates(people: pl.DataFrame, among: Collection[str] | None = None) -> pl.DataFrame:
    """`left` < `right`, rows of `comparable`: pairs that share at least one key; of few people, all pairs.

    `among`: only pairs with at least one of these IDs.
    """
    if people.height <= _FEW:
        return _all(people, among)
    most = _BUDGET * max(people.height, 1000)
    some = None if among is None else people.select("row").filter(people.get_column("id").is_in(list(among)))
    found = [_block(_keyed(people, parts), most, some) for parts in _keys()]
    both = pl.concat(found).select(pl.col("left").cast(pl.UInt64) * 2**32 + pl.col("right")).to_series().unique()
    return pl.DataFrame({"left": (both // 2**32).cast(pl.UInt32), "right": (both % 2**32).cast(pl.UInt32)})


def _all(people: pl.DataFrame, among: Collection[str] | None) -> pl.DataFrame:
    """Every pair; with somebody of `among` in each."""
    rows = people.get_column("row")
    wanted = rows if among is None else rows.filter(people.get_column("id").is_in(list(among)))
    pairs = pl.DataFrame({"left": wanted}).join(pl.DataFrame({"right": rows}), how="cross")
    apart = pairs.filter(pl.col("left") != pl.col("right"))
    return apart.select(left=pl.min_horizontal("left", "right"), right=pl.max_horizontal("left", "right")).unique()


def _keyed(people: pl.DataFrame, parts: list[pl.Expr]) -> pl.DataFrame:
    named = [part.alias(f"part{n}") for n, part in enumerate(parts)]
    whole = people.select("row", *named).filter(pl.all_horizontal(pl.col("^part.*$").is_not_null()))
    return whole.select("row", key=pl.struct("^part.*$").hash())


def _block(keyed: pl.DataFrame, most: int, some: pl.DataFrame | None) -> pl.DataFrame:
    """All pairs of the smallest groups, up to `most` of them; with somebody of `some` in each."""
    if some is not None:
        theirs = keyed.join(some, on="row", how="semi")
        keyed = keyed.join(theirs.select("key").unique(), on="key", how="semi")
    sizes = (
        keyed.lazy()
        .group_by("key")
        .len("size")
        .filter(pl.col("size").is_between(2, _LARGEST))
        .sort("size", "key")
        .with_columns((pl.col("size") * (pl.col("size") - 1) // 2).cum_sum().alias("pairs"))
        .filter(pl.col("pairs") <= most)
        .select("key")
    )
    groups = keyed.lazy().join(sizes, on="key")
    if some is None:
        pairs = groups.join(groups, on="key", suffix="_right").filter(pl.col("row") < pl.col("row_right"))
        return pairs.select(left="row", right="row_right").collect()
    # both ways round: the other one may be of these people, too
    pairs = groups.join(some.lazy(), on="row", how="semi").join(groups, on="key", suffix="_right")
    ends = pl.col("row"), pl.col("row_right")
    apart = pairs.filter(ends[0] != ends[1])
    return apart.select(left=pl.min_horizontal(*ends), right=pl.max_horizontal(*ends)).collect()
