"""The delta says exactly who is new, changed or gone, whatever the order and whatever nobody mapped."""

from __future__ import annotations

import json
from collections import Counter

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from joinery.intake.delta import Delta, compare, numbered, records
from joinery.intake.layout import Layout
from joinery.intake.read import LINE, read_bytes

Rows = list[tuple[str, str, str]]

CELL = st.sampled_from(["", "a", "b", "ab", " a"])
ROWS = st.lists(st.tuples(st.sampled_from(["", "1", "2", "3", "01", " 1", "4"]), CELL, CELL), max_size=9)


def frame(rows: Rows) -> pl.DataFrame:
    columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    made = pl.DataFrame({n: pl.Series(n, list(c), pl.String) for n, c in zip(("id", "x", "y"), columns, strict=True)})
    return made.with_row_index(LINE, 2)


def delta(rows: Rows, before: bytes | None, **more: object) -> Delta:
    return compare(frame(rows), key=["id"], columns=["id", "x"], before=before, **more)  # type: ignore[arg-type]


def ids(part: pl.DataFrame) -> list[str]:
    return sorted(part.get_column("id").str.strip_chars().to_list())


def naive(rows: Rows, known: dict[str, str]) -> tuple[list[str], list[str], list[str], dict[str, str]]:
    """(added, changed, gone, what is known next), in plain Python."""
    counts = Counter(row[0].strip() for row in rows)
    sound = {row[0].strip(): f"{row[0]}|{row[1]}" for row in rows if row[0].strip() and counts[row[0].strip()] == 1}
    twice = {key for key, count in counts.items() if key and count > 1}
    added = sorted(sound.keys() - known.keys())
    changed = sorted(key for key in sound.keys() & known.keys() if sound[key] != known[key])
    gone = sorted(known.keys() - sound.keys() - twice)
    return added, changed, gone, {**{key: known[key] for key in twice & known.keys()}, **sound}


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_is_what_plain_python_finds_file_after_file(files: list[Rows]) -> None:
    known: dict[str, str] = {}
    blob: bytes | None = None
    for rows in files:
        added, changed, gone, known_next = naive(rows, known)
        found = delta(rows, blob)
        assert (ids(found.added), ids(found.changed), found.gone) == (added, changed, gone)
        assert found.unchanged == len(known_next.keys() & known.keys() - set(changed) - set(found.duplicated))
        assert found.unkeyed.height == sum(1 for row in rows if not row[0].strip())
        blob, known = found.blob(), known_next


@given(ROWS, st.randoms())
def test_a_shuffled_file_with_other_unmapped_cells_is_no_change(rows: Rows, random: object) -> None:
    blob = delta(rows, None).blob()
    again = [(key, x, f"{y}!") for key, x, y in rows]
    random.shuffle(again)  # type: ignore[attr-defined]
    found = delta(again, blob)
    assert found.empty
    assert found.blob() == blob


def test_duplicates_keep_their_old_digest_and_come_back_as_they_were() -> None:
    blob = delta([("1", "a", ""), ("2", "a", "")], None).blob()
    doubled = delta([("1", "a", ""), ("1", "b", ""), ("2", "a", "")], blob)
    assert (doubled.empty, doubled.duplicated) == (True, ["1"])
    assert delta([("1", "a", ""), ("2", "a", "")], doubled.blob()).empty


def test_refused_rows_stay_pending_until_they_are_right() -> None:
    blob = delta([("1", "a", "")], None).blob()
    found = delta([("1", "b", ""), ("2", "c", "")], blob)
    kept = found.blob_without(["1", "2"])
    again = delta([("1", "b", ""), ("2", "c", "")], kept)
    assert (ids(again.added), ids(again.changed)) == (["2"], ["1"])
    assert delta([("1", "a", "")], kept).empty


def test_pending_keys_are_neither_gone_nor_forgotten() -> None:
    blob = delta([("1", "a", ""), ("2", "a", "")], None).blob()
    found = delta([("2", "a", "")], blob, pending=["1"])
    assert found.empty
    assert delta([("1", "a", ""), ("2", "a", "")], found.blob()).empty


def test_a_file_of_changes_forgets_nobody() -> None:
    blob = delta([("1", "a", ""), ("2", "a", "")], None).blob()
    found = delta([("2", "b", "")], blob)
    assert found.gone == ["1"]
    assert delta([("1", "a", ""), ("2", "b", "")], found.blob_without((), keep_gone=True)).empty


def test_other_columns_or_another_salt_make_everybody_changed_once() -> None:
    rows = [("1", "a", "c"), ("2", "a", "c")]
    blob = delta(rows, None).blob()
    assert delta(rows, blob, salt="mapping 2").changed.height == 2
    other = compare(frame(rows), key=["id"], columns=["id", "y"], before=blob)
    assert (other.changed.height, other.gone) == (2, [])


def test_another_version_of_polars_makes_everybody_changed_once() -> None:
    rows = [("1", "a", "c")]
    first, _, body = delta(rows, None).blob().partition(b"\n")
    head = {**json.loads(first), "polars": "0.1"}
    assert delta(rows, json.dumps(head).encode() + b"\n" + body).changed.height == 1


def test_values_moved_between_columns_are_a_change() -> None:
    before = compare(frame([("1", "a", "b")]), key=["id"], columns=["id", "x", "y"], before=None).blob()
    found = compare(frame([("1", "b", "a")]), key=["id"], columns=["id", "x", "y"], before=before)
    assert found.changed.height == 1


def test_keys_of_several_columns_are_tuples() -> None:
    rows = [("1", "FR", "n"), ("1", "DE", "n")]
    blob = compare(frame(rows), key=["x", "id"], columns=["y"], before=None).blob()
    found = compare(frame(rows[:1]), key=["x", "id"], columns=["y"], before=blob)
    assert found.gone == [("DE", "1")]
    kept = compare(frame([("1", "FR", "m")]), key=["x", "id"], columns=["y"], before=blob)
    again = compare(frame([("1", "FR", "m")]), key=["x", "id"], columns=["y"], before=kept.blob_without([("FR", "1")]))
    assert again.changed.height == 1


def test_records_come_with_their_lines() -> None:
    table = read_bytes(b'id,x\n1,"a\nb"\n2,\n', Layout())
    assert list(numbered(table.frame)) == [(2, {"id": "1", "x": "a\nb"}), (4, {"id": "2", "x": ""})]
    assert list(records(table.frame)) == [{"id": "1", "x": "a\nb"}, {"id": "2", "x": ""}]
