"""Snapshots and the digest index on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from joinery.store.database import Database
from joinery.store.snapshots import (
    SnapshotRow,
    last_accepted,
    last_arrival,
    load_digests,
    record_snapshot,
    save_digests,
)
from tests.store.acme import HOUR, NOW, opened


@pytest.fixture
def store(store_url: str) -> Iterator[Database]:
    with opened(store_url) as database:
        yield database


def snapshot(id_: str, hours: int = 0, state: str = "accepted", source: str = "hris", **given: Any) -> SnapshotRow:
    values = {"name": f"{id_}.csv", "sha256": "f" * 64, "complete": True, "rows": 7, "as_of": NOW}
    return SnapshotRow(
        **{"id": id_, "source": source, "state": state, "taken_at": NOW + hours * HOUR, **values, **given}
    )


def record(store: Database, *some: SnapshotRow) -> None:
    with store.write() as tx:
        for one in some:
            record_snapshot(tx, "acme", one)


def test_a_snapshot_comes_back_as_it_went_in(store: Database) -> None:
    whole = snapshot("s1", content_as_of=NOW - HOUR, complete=False, profile={"rows": 7, "é": 0.5}, report={"ok": []})
    record(store, whole)
    with store.read() as tx:
        assert last_accepted(tx, "acme", "hris") == whole
        assert last_accepted(tx, "another", "hris") is None
        assert last_arrival(tx, "acme", "another") is None


def test_the_newest_counts_and_only_of_its_source(store: Database) -> None:
    record(store, snapshot("s2", 2), snapshot("s1", 1), snapshot("s3", 3, source="another"))
    with store.read() as tx:
        found = last_accepted(tx, "acme", "hris")
        assert found is not None
        assert found.id == "s2"


@pytest.mark.parametrize("state", ["held", "rejected", "same"])
def test_what_was_not_accepted_is_an_arrival_and_no_more(state: str, store: Database) -> None:
    record(store, snapshot("s1"), snapshot("s2", 1, state))
    with store.read() as tx:
        accepted, arrived = last_accepted(tx, "acme", "hris"), last_arrival(tx, "acme", "hris")
        assert accepted is not None
        assert arrived is not None
        assert (accepted.id, arrived.id, arrived.state) == ("s1", "s2", state)


def test_of_two_of_one_instant_the_later_number_counts(store: Database) -> None:
    record(store, snapshot("s1"), snapshot("s2"))
    with store.read() as tx:
        found = last_accepted(tx, "acme", "hris")
        assert found is not None
        assert found.id == "s2"


def test_digests_are_replaced_and_good_for_one_mapping_only(store: Database) -> None:
    with store.write() as tx:
        assert load_digests(tx, "acme", "hris", "m1") is None
        save_digests(tx, "acme", "hris", snapshot_id="s1", columns="m1", payload=b"\x00\xffone")
        save_digests(tx, "acme", "another", snapshot_id="s1", columns="m1", payload=b"other")
        assert load_digests(tx, "acme", "hris", "m1") == b"\x00\xffone"
        save_digests(tx, "acme", "hris", snapshot_id="s2", columns="m2", payload=b"two")
        assert load_digests(tx, "acme", "hris", "m1") is None
        assert load_digests(tx, "acme", "hris", "m2") == b"two"
        assert load_digests(tx, "acme", "another", "m1") == b"other"
