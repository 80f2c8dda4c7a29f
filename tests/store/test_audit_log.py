"""The audit log on both databases: chained across writers, refused to be changed, true after erasure."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from joinery.core.model.chain import Anchor
from joinery.store.audit_log import ACTOR, Happened, Wanted, forget, head_of, note, told, verified
from joinery.store.database import Database
from joinery.store.migrate import migrate
from joinery.store.tables import audit_log, audit_values

AT = datetime(2026, 11, 24, 5, tzinfo=UTC)


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    database = Database(store_url)
    migrate(database)
    yield database
    database.close()


def happened(action: str = "plan.approved", **more: object) -> Happened:
    return Happened(action=action, at=AT, connection="main", **more)  # type: ignore[arg-type]


def noted(database: Database, *several: Happened) -> None:
    with database.write() as tx:
        for one in several:
            note(tx, one)


def breaks(database: Database, *anchors: Anchor) -> list[tuple[str, int, int]]:
    with database.read() as tx:
        return [(each.kind, each.first, each.last) for each in verified(tx, anchors).breaks]


def tamper(database: Database, statement: str) -> None:
    """As somebody who owns the database: past the triggers."""
    with database.write() as tx:
        if database.embedded:
            for (name,) in tx.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                tx.execute(text(f"DROP TRIGGER {name}"))
        else:
            tx.execute(text("DROP FUNCTION audit_append_only() CASCADE"))
        tx.execute(text(statement))


def test_entries_of_one_and_of_several_transactions_are_one_chain(database: Database) -> None:
    noted(database, happened(subject="P-1"), happened(subject="P-2"))
    noted(database, happened(subject="P-3"))
    with database.read() as tx:
        rows = tx.execute(select(audit_log).order_by(audit_log.c.seq)).all()
    assert [row.seq for row in rows] == [1, 2, 3]
    assert [row.prev for row in rows] == ["", rows[0].hash, rows[1].hash]
    assert breaks(database) == []


def test_what_is_rolled_back_was_never_noted(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as tx:
        note(tx, happened())
        raise RuntimeError
    noted(database, happened(subject="P-2"))
    with database.read() as tx:
        head = head_of(tx)
    assert head is not None and (head.seq, head.subject) == (1, "P-2")


def test_writers_at_the_same_time_make_one_chain(database: Database) -> None:
    def some(number: int) -> None:
        mine = Database(database.url)
        for _ in range(10):
            noted(mine, happened(subject=f"P-{number}"), happened("plan.ran", subject=f"P-{number}"))
        mine.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(some, range(4)))
    assert breaks(database) == []
    with database.read() as tx:
        assert verified(tx, ()).entries == 80


@pytest.mark.parametrize("statement", ["UPDATE audit_log SET actor = 'eve'", "DELETE FROM audit_log"])
def test_the_database_refuses_what_is_not_appending(database: Database, statement: str) -> None:
    noted(database, happened())
    with pytest.raises(DBAPIError, match="append-only"), database.write() as tx:
        tx.execute(text(statement))
    assert breaks(database) == []


def test_texts_beside_the_chain_cannot_be_changed_either(database: Database) -> None:
    noted(database, happened(private={"reason": "INC-1"}))
    with pytest.raises(DBAPIError, match="append-only"), database.write() as tx:
        tx.execute(text("UPDATE audit_values SET value = 'another'"))


def test_postgresql_refuses_to_empty_it_at_once(postgres_url: str) -> None:
    database = Database(postgres_url)
    migrate(database)
    noted(database, happened())
    with pytest.raises(DBAPIError, match="append-only"), database.write() as tx:
        tx.execute(text("TRUNCATE audit_log"))
    database.close()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit_log SET actor = 'eve' WHERE seq = 2", [("changed", 2, 2)]),
        ("UPDATE audit_log SET facts = '[]' WHERE seq = 3", [("changed", 3, 3)]),
        ("DELETE FROM audit_log WHERE seq = 2", [("removed", 2, 2)]),
        ("DELETE FROM audit_log WHERE seq >= 4", [("removed", 4, 5)]),
        ("INSERT INTO audit_log (seq, at, connection, actor, action, hash) VALUES (6, 'x', 'main', 'eve', 'x', 'y')",
         [("changed", 6, 6), ("inserted", 6, 6)]),
        ("UPDATE audit_values SET value = 'INC-2'", [("value", 1, 1)]),
        ("DELETE FROM audit_values", [("value", 1, 1)]),
    ],
    ids=["changed", "facts changed", "removed", "the end removed", "one added", "a text changed", "a text removed"],
)  # fmt: skip
def test_whoever_owns_the_database_is_found_out(
    database: Database, statement: str, found: list[tuple[str, int, int]]
) -> None:
    noted(database, happened(private={"reason": "INC-1"}))
    noted(database, *(happened(subject=f"P-{n}") for n in range(4)))
    tamper(database, statement)
    assert breaks(database) == found


def test_an_erasure_takes_the_salt_and_the_texts_and_the_chain_still_holds(database: Database) -> None:
    noted(database, happened("decision.end_access", person_key="k1", private={"reason": "INC-1"}))
    noted(database, happened("decision.release", private={"about": "000102"}))
    noted(database, happened("decision.end_access", person_key="k2", private={"reason": "INC-2"}))
    with database.write() as tx:
        assert forget(tx, "main", "k1", {"000102"}, AT) == 3
    assert breaks(database) == []
    with database.read() as tx:
        entries = told(tx, Wanted(connection="main"))
        left = tx.execute(select(audit_values.c.value)).scalars().all()
    assert sorted(left) == ["INC-2", "k2"]
    assert [each.facts.get("reason") for each in entries if each.entry.action == "decision.end_access"] == [
        "INC-2",
        "(erased)",
    ]


def test_a_text_that_is_taken_without_an_erasure_is_missed(database: Database) -> None:
    noted(database, happened(person_key="k1", private={"reason": "INC-1"}))
    noted(database, happened(person_key="k2", private={"reason": "INC-2"}))
    with database.write() as tx:
        forget(tx, "main", "k1", (), AT)
    with database.write() as tx:
        tx.execute(text("DELETE FROM audit_values"))
    assert breaks(database) == [("value", 2, 2)]


def test_entries_of_one_person_carry_one_digest_and_are_found_by_it(database: Database) -> None:
    noted(database, happened(person_key="k1"), happened("plan.ran"), happened("decision.pin", person_key="k1"))
    with database.read() as tx:
        mine = told(tx, Wanted(person_key="k1"))
    assert [each.entry.action for each in mine] == ["decision.pin", "plan.approved"]
    assert len({each.entry.person for each in mine}) == 1 and mine[0].person_key == "k1"
    assert "k1" not in mine[0].entry.person


def test_lists_are_narrowed_by_who_what_and_when(database: Database) -> None:
    token = ACTOR.set("petra")
    try:
        noted(database, happened(subject="P-1"), happened("plan", subject="P-2"), happened("planning", actor="ana"))
    finally:
        ACTOR.reset(token)
    with database.read() as tx:
        assert [t.entry.subject for t in told(tx, Wanted(actor="petra"))] == ["P-2", "P-1"]
        assert [t.entry.subject for t in told(tx, Wanted(action="plan"))] == ["P-2", "P-1"]
        assert [t.entry.action for t in told(tx, Wanted(limit=1))] == ["planning"]
        assert told(tx, Wanted(since="2026-11-25")) == [] and told(tx, Wanted(until="2026-11-24")) == []
        assert len(told(tx, Wanted(subject="P-1"))) == 1
