"""Decides which rows of a file are new, changed or gone, against the digests of the last accepted one.

Rule 1: only the columns named here count, so a shuffled file or a column nobody mapped is an empty delta.
Keys are compared after trimming. The digests are Polars' own hashes: another version of Polars (or other columns, or
another `salt`) makes every row "changed" once, which costs time and changes nothing.
"""

from __future__ import annotations

import io
import json
import platform
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import polars as pl

from joinery.core.mapping.records import STEPS
from joinery.core.model.snapshot import RawRecord
from joinery.intake.read import LINE

Key: TypeAlias = str | tuple[str, ...]
"""The trimmed key: text for one key column, a tuple for several."""

_DIGESTS: Final = ("__digest1__", "__digest2__")
_ALWAYS: Final = "__always__"
_GOLDEN: Final = 0x9E3779B97F4A7C15
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What changed. The frames have the file's columns and `__line__`.

    `duplicated`: keys on several rows, in neither frame and never gone. `unkeyed`: rows without a key.
    """

    added: pl.DataFrame
    changed: pl.DataFrame
    gone: list[Key]
    unchanged: int
    duplicated: list[Key]
    unkeyed: pl.DataFrame
    #: key columns and digests: of this file (sound rows only), and of the last
    _now: pl.DataFrame
    _before: pl.DataFrame
    _head: Mapping[str, object]
    _kept: pl.DataFrame
    #: the last index as it is stored, where its digests could be compared
    _stored: bytes | None = None

    @property
    def empty(self) -> bool:
        """Nobody was added, changed or is gone."""
        return not (self.added.height or self.changed.height or self.gone)

    def blob(self) -> bytes:
        """The digest index to keep for the next comparison."""
        return self.blob_without(())

    def blob_without(
        self, refused: Collection[Key], *, keep_gone: bool = False, doubtful: Collection[str] = ()
    ) -> bytes:
        """As `blob`, but these keys keep their old digest (or none), so that they stay pending until they are right.

        `keep_gone`: for a file of changes only, which says nothing about those it does not name. `doubtful`: of these
        something was believed all the same, so that they are looked at even when they say again what they said before.
        """
        if self.empty and self._stored is not None:
            return self._stored  # every digest is as it was: nothing to sort and pack again
        names = _key_names(self._now)
        now = self._now
        kept = self._before if keep_gone else self._kept
        if refused:
            pending = _keys_frame(refused, names)
            now = now.join(pending, on=names, how="anti")
            old = self._before.join(pending, on=names, how="semi")
            kept = pl.concat([kept, old]).unique(names)
        if kept.height:
            now = pl.concat([now, kept.join(now, on=names, how="anti")])
        return _pack(self._head, _unread(now, doubtful).sort(names))


def compare(
    frame: pl.DataFrame,
    *,
    key: Sequence[str],
    columns: Sequence[str],
    before: bytes | None,
    salt: str = "",
    pending: Collection[Key] = (),
) -> Delta:
    """The rows that differ from the index `before` (None: everybody is added).

    `columns` are the allow-listed, mapped ones. `salt` is any text that makes older digests worthless when it
    changes. `pending` are keys known to be in the file though their rows were rejected: they are never gone. A row that
    stands for several changes says more than its cells, and is never unchanged.
    """
    head = _head(key, columns, salt)
    names = [f"__key{n}__" for n in range(len(key))]
    old, comparable = _unpack(before, head, names)
    now = _digested(frame, key=key, columns=columns, names=names)
    keyed, unkeyed = _split(now, pl.any_horizontal(pl.col(name) == "" for name in names))
    twice = _twice(keyed.select(names))
    held = pl.concat([twice, _keys_frame(pending, names)]).unique() if pending else twice
    sound = keyed.join(held, on=names, how="anti", maintain_order="left") if held.height else keyed
    joined = _joined(sound, old, names, comparable=comparable)
    return Delta(
        added=_rows(frame, joined.filter(pl.col("new"))),
        changed=_rows(frame, joined.filter(~pl.col("new") & ~pl.col("same"))),
        gone=_gone(old, sound, held, names, known=joined.filter(~pl.col("new")).height),
        unchanged=joined.filter(pl.col("same")).height,
        duplicated=_keys(twice.sort(names)),
        unkeyed=_rows(frame, unkeyed),
        _now=sound.select(*names, *_DIGESTS),
        _before=old,
        _head=head,
        _kept=old.join(held, on=names, how="semi") if held.height else old.clear(),
        _stored=before if comparable else None,
    )


def _joined(sound: pl.DataFrame, old: pl.DataFrame, names: Sequence[str], *, comparable: bool) -> pl.DataFrame:
    """Row number, `new` (not in the index) and `same` (digests equal) of every sound row."""
    if not old.height:
        return sound.select("__row__", new=pl.lit(value=True), same=pl.lit(value=False))
    one, two = _DIGESTS
    before = old.rename({digest: f"{digest}old" for digest in _DIGESTS})
    joined = sound.join(before, on=names, how="left", maintain_order="left")
    same = (pl.col(one) == pl.col(f"{one}old")) & (pl.col(two) == pl.col(f"{two}old"))
    return joined.select(
        "__row__",
        new=pl.col(f"{one}old").is_null(),
        same=same.fill_null(value=False) & ~pl.col(_ALWAYS) if comparable else pl.lit(value=False),
    )


def _gone(old: pl.DataFrame, sound: pl.DataFrame, held: pl.DataFrame, names: Sequence[str], *, known: int) -> list[Key]:
    if known == old.height:
        return []
    present = pl.concat([sound.select(names), held.select(names)])
    return _keys(old.join(present, on=names, how="anti").select(names).sort(names))


def _twice(keys: pl.DataFrame) -> pl.DataFrame:
    """The keys that stand on more than one row."""
    whole = keys.to_series() if keys.width == 1 else keys.to_struct()
    if whole.n_unique() == keys.height:
        return keys.clear()
    return keys.filter(keys.is_duplicated()).unique()


def _split(frame: pl.DataFrame, blank: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(the rest, those that match); the frame itself where nothing matches."""
    mask = frame.select(blank.alias("blank")).to_series()
    return (frame.filter(~mask), frame.filter(mask)) if mask.any() else (frame, frame.clear())


def numbered(frame: pl.DataFrame) -> Iterator[tuple[int, RawRecord]]:
    """(line, record) of each row, one at a time."""
    names = [name for name in frame.columns if name != LINE]
    for chunk in frame.iter_slices(10_000):
        lines = chunk.get_column(LINE).to_list() if LINE in chunk.columns else [0] * chunk.height
        for line, row in zip(lines, chunk.select(names).iter_rows(), strict=True):
            yield line, dict(zip(names, row, strict=True))


def records(frame: pl.DataFrame) -> Iterator[RawRecord]:
    """The rows as raw records, one at a time."""
    return (record for _, record in numbered(frame))


def keys_of(before: bytes | None, key: Sequence[str]) -> pl.DataFrame:
    """The keys of an index, one column for each key column."""
    names = [f"__key{n}__" for n in range(len(key))]
    return _unpack(before, {}, names)[0].select(names)


def doubted(blob: bytes, keys: Collection[str]) -> bytes:
    """The index with these people's rows to be looked at again, whatever the next file says of them."""
    first, _, body = blob.partition(b"\n")
    frame = pl.read_ipc(io.BytesIO(body))
    return _pack(json.loads(first), _unread(frame, keys))


def _unread(frame: pl.DataFrame, keys: Collection[str]) -> pl.DataFrame:
    """With digests for these keys that no row has."""
    if not keys:
        return frame
    theirs = pl.any_horizontal(pl.col(name).is_in(list(keys)) for name in _key_names(frame))
    nothing = pl.lit(0, dtype=pl.UInt64)
    return frame.with_columns(pl.when(theirs).then(nothing).otherwise(pl.col(each)).alias(each) for each in _DIGESTS)


def without_keys(blob: bytes, keys: Collection[str]) -> bytes:
    """The index as if these had never been in the file."""
    first, _, body = blob.partition(b"\n")
    frame = pl.read_ipc(io.BytesIO(body))
    names = _key_names(frame)
    return _pack(json.loads(first), frame.filter(~pl.any_horizontal(pl.col(name).is_in(list(keys)) for name in names)))


def _digested(frame: pl.DataFrame, *, key: Sequence[str], columns: Sequence[str], names: Sequence[str]) -> pl.DataFrame:
    """Row number, trimmed keys, the two digests of every row, and whether it is looked at whatever they say."""
    keys = [pl.col(column).str.strip_chars().alias(name) for column, name in zip(key, names, strict=True)]
    digests = [_digest(sorted(columns), seed).alias(name) for seed, name in enumerate(_DIGESTS)]
    mark = (pl.col(STEPS) != "" if STEPS in frame.columns else pl.lit(value=False)).alias(_ALWAYS)
    return frame.select(*keys, *digests, mark).with_row_index("__row__")


def _digest(columns: Sequence[str], seed: int) -> pl.Expr:
    """Cell hashes, each of a seed of its own, times odd numbers, added up modulo 2**64: three times quicker than
    hashing the joined text, and a moved value does not cancel out."""
    total = pl.lit(seed, dtype=pl.UInt64)
    for number, column in enumerate(columns):
        factor = (_GOLDEN * (2 * number + 1000 * seed + 1)) % 2**64 | 1
        total += pl.col(column).hash(1000 * seed + number) * pl.lit(factor, dtype=pl.UInt64)
    return total


def _rows(frame: pl.DataFrame, marked: pl.DataFrame) -> pl.DataFrame:
    return frame[marked.get_column("__row__")] if marked.height else frame.clear()


def _key_names(frame: pl.DataFrame) -> list[str]:
    return [name for name in frame.columns if name.startswith("__key")]


def _keys(frame: pl.DataFrame) -> list[Key]:
    if frame.width == 1:
        return frame.to_series().to_list()
    return list(frame.iter_rows())


def _keys_frame(keys: Collection[Key], names: Sequence[str]) -> pl.DataFrame:
    rows = [(key,) if isinstance(key, str) else key for key in keys]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    series = {name: pl.Series(name, list(c), pl.String) for name, c in zip(names, columns, strict=True)}
    return pl.DataFrame(series).select(pl.all().str.strip_chars()).unique()


def read_alike(before: bytes, *, key: Sequence[str], columns: Sequence[str], salt: str) -> bool:
    """True when that index was made of the same columns, read in the same way."""
    first, _, _ = before.partition(b"\n")
    alike: bool = json.loads(first) == _head(key, columns, salt)
    return alike


def _head(key: Sequence[str], columns: Sequence[str], salt: str) -> dict[str, object]:
    return {
        "format": _FORMAT,
        "polars": pl.__version__,
        "machine": platform.machine(),
        "key": list(key),
        "columns": sorted(columns),
        "salt": salt,
    }


def _pack(head: Mapping[str, object], frame: pl.DataFrame) -> bytes:
    body = io.BytesIO()
    frame.write_ipc(body, compression="zstd")
    return json.dumps(dict(head)).encode() + b"\n" + body.getvalue()


def _unpack(blob: bytes | None, head: Mapping[str, object], names: Sequence[str]) -> tuple[pl.DataFrame, bool]:
    """The index, and whether its digests may be compared with those of this file."""
    schema: dict[str, type[pl.DataType]] = {**dict.fromkeys(names, pl.String), **dict.fromkeys(_DIGESTS, pl.UInt64)}
    if blob is None:
        return pl.DataFrame(schema=schema), False
    first, _, body = blob.partition(b"\n")
    stored = json.loads(first)
    if stored.get("format") != _FORMAT or len(stored.get("key", ())) != len(names):
        return pl.DataFrame(schema=schema), False
    return pl.read_ipc(io.BytesIO(body)).select(list(schema)), stored == head
