"""People and their facts on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from joinery.core.model.ids import PersonKey
from joinery.core.model.standing import Stage
from joinery.store.database import Database
from joinery.store.facts import FACTS_AFTER, FactChange, facts_known_at, newest_fact, told_between
from joinery.store.looks import wake_earlier
from joinery.store.people import People, Person, in_chunks
from joinery.store.reporting import Reporting
from joinery.store.snapshots import SnapshotRow, record_snapshot
from joinery.store.tables import facts
from tests.store.acme import HOUR, NOW, TODAY, opened, person, record_facts, way, ways

ANA = PersonKey("p-ana")


@pytest.fixture
def store(store_url: str) -> Iterator[Database]:
    with opened(store_url) as database:
        yield database


def add(store: Database, *people: Person, name: str = "acme") -> None:
    with store.write() as tx:
        People(tx, name).add(people)


def test_a_person_comes_back_as_they_went_in(store: Database) -> None:
    ana = person(
        "ana", Stage.LEAVE, given_name="Añá \"x\" 100%", hire_date=date(2020, 2, 29), custom={"team": "Night"},
        memory={"groups": ["a"]}, wake_at=NOW + HOUR, unsettled=True, frozen="bad_date",
    )  # fmt: skip
    add(store, ana)
    with store.read() as tx:
        assert People(tx, "acme").by_key([ANA]) == {ANA: ana}


def test_people_are_found_by_what_is_known_of_them(store: Database) -> None:
    add(store, person("ana", work_email="Ana@X.org"), person("bob", source_id="s-2", manager_id="ana"))
    add(store, person("other", worker_id="ana", source_id="s-ana", work_email="ana@x.org"), name="elsewhere")
    with store.read() as tx:
        people = People(tx, "acme")
        assert people.by_source_id("hris", ["s-ana", "s-9"]).keys() == {"s-ana"}
        assert people.by_source_id("another", ["s-ana"]) == {}
        assert [p.key for p in people.by_worker_id(["ana"])["ana"]] == ["p-ana"]
        for text in ("ana", " s-ana ", "ANA@x.ORG", "p-ana"):
            assert [p.key for p in people.find(text)] == ["p-ana"], text
        assert people.find("%") == []
        assert people.everybody() == ["p-ana", "p-bob"]


def test_two_legal_entities_may_share_a_number(store: Database) -> None:
    add(store, person("ana", worker_id="1"), person("bob", worker_id="1"))
    with store.read() as tx:
        assert {p.key for p in People(tx, "acme").by_worker_id(["1"])["1"]} == {"p-ana", "p-bob"}


def test_managers_and_their_people(store: Database) -> None:
    add(
        store,
        person("boss"),
        person("ana", manager_id="boss"),
        person("bob", Stage.LEFT, manager_id="ana"),
        person("eve", Stage.LEAVE, manager_id="boss"),
    )
    with store.read() as tx:
        people = People(tx, "acme")
        assert sorted(people.reports_of(["boss"])) == ["p-ana", "p-eve"]
        reporting, mine = Reporting(tx, "acme"), [PersonKey(f"p-{who}") for who in ("boss", "ana", "eve")]
        assert reporting.leads(mine) == {"p-boss"}, "who manages only people who left has none"
        assert reporting.lines(["ana", "bob", "nobody"]) == {
            "ana": ("active", "boss", "ana"),
            "bob": ("left", "ana", "bob"),
        }


def test_numbers(store: Database) -> None:
    add(
        store,
        person("a", location="Lille"),
        person("b", Stage.LEAVE, location="Lille"),
        person("c", Stage.LEFT, location="Lille"),
        person("d"),
    )
    with store.read() as tx:
        people = People(tx, "acme")
        assert people.counts() == {"active": 2, "leave": 1, "left": 1}
        assert people.employed_by("location") == {"Lille": 2, "": 1}
        assert People(tx, "elsewhere").counts() == {}


def test_replacing_changes_the_row_and_nobody_elses(store: Database) -> None:
    add(store, person("ana"), person("bob"))
    moved = person("ana", Stage.LEFT, location="Lyon", source_id="s-new", wake_at=NOW)
    with store.write() as tx:
        People(tx, "acme").replace([moved])
    with store.read() as tx:
        assert People(tx, "acme").by_key([ANA, PersonKey("p-bob")]) == {ANA: moved, "p-bob": person("bob")}


def test_whoever_is_unsettled_is_found_in_the_order_of_numbers(store: Database) -> None:
    add(store, *(person(who) for who in ("c", "a", "b")), person("x", unsettled=True))
    with store.write() as tx:
        People(tx, "acme").mark([PersonKey("p-c"), PersonKey("p-a")], unsettled=True)
        People(tx, "acme").mark([PersonKey("p-x")], unsettled=False)
    with store.read() as tx:
        assert People(tx, "acme").unsettled() == ["p-a", "p-c"]
        assert People(tx, "elsewhere").unsettled() == []


def test_whose_wake_date_has_come(store: Database) -> None:
    add(
        store,
        person("now", wake_at=NOW),
        person("late", wake_at=NOW - timedelta(days=400)),
        person("soon", wake_at=NOW + timedelta(microseconds=1)),
        person("never"),
    )
    with store.read() as tx:
        assert sorted(People(tx, "acme").due(NOW)) == ["p-late", "p-now"]


def test_only_an_earlier_wake_date_counts(store: Database) -> None:
    add(store, person("ana", wake_at=NOW + HOUR), person("bob"))
    with store.write() as tx:
        wake_earlier(tx, {ANA: NOW + 2 * HOUR, PersonKey("p-bob"): NOW + 2 * HOUR})
    with store.write() as tx:
        assert People(tx, "acme").by_key([ANA])[ANA].wake_at == NOW + HOUR
        assert People(tx, "acme").by_key([PersonKey("p-bob")])[PersonKey("p-bob")].wake_at == NOW + 2 * HOUR
        wake_earlier(tx, {ANA: NOW})
        assert People(tx, "acme").by_key([ANA])[ANA].wake_at == NOW


def test_what_is_remembered_touches_nothing_else(store: Database) -> None:
    ana = person("ana", wake_at=NOW, unsettled=True)
    add(store, ana)
    with store.write() as tx:
        People(tx, "acme").remember({ANA: {"groups": ["a"]}})
        assert People(tx, "acme").by_key([ANA]) == {ANA: replace(ana, memory={"groups": ["a"]})}


def test_more_keys_than_a_statement_may_hold(store: Database) -> None:
    everybody = [person(f"{n:05}", manager_id="1") for n in range(1203)]
    add(store, *everybody)
    keys = [p.key for p in everybody]
    with store.write() as tx:
        people = People(tx, "acme")
        people.mark(keys, unsettled=True)
        assert len(people.by_key(keys)) == len(people.unsettled()) == len(people.reports_of(["1"])) == 1203


def test_chunks() -> None:
    assert list(in_chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(in_chunks([], 2)) == []


# --- how SQLite goes about it ---


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Database]:
    with opened(f"sqlite:///{tmp_path / 'store.db'}") as database:
        yield database


def test_the_sleeping_are_found_by_their_index(embedded: Database) -> None:
    assert "USING INDEX ix_people_wake" in way(embedded, lambda tx: People(tx, "acme").due(NOW))


def test_the_unsettled_are_found_by_their_index_already_in_order(embedded: Database) -> None:
    steps = way(embedded, lambda tx: People(tx, "acme").unsettled())
    assert "ix_people_unsettled" in steps
    assert "TEMP B-TREE" not in steps


@pytest.mark.parametrize(
    ("store", "ask"), [(People, "by_worker_id"), (People, "reports_of"), (Reporting, "leads"), (Reporting, "lines")]
)
def test_numbers_and_managers_are_found_by_index(store: type, ask: str, embedded: Database) -> None:
    steps = ways(embedded, lambda tx: getattr(store(tx, "acme"), ask)(["1", "2"]))
    assert steps and not [each for each in steps if "SCAN" in each]


# --- facts ---


def know(store: Database, days: int, attribute: str, value: str, *, supersedes: bool = False) -> None:
    change = FactChange(person_key=ANA, attribute=attribute, value=value, effective_from=TODAY, supersedes=supersedes)
    with store.write() as tx:
        at = NOW + timedelta(days=days)
        record_facts(tx, [change], known_from=at, snapshot_id=f"snap{days}", source="hris")


def known(store: Database, days: float) -> dict[str, str]:
    with store.read() as tx:
        return {k: v for k, (v, _) in facts_known_at(tx, ANA, NOW + timedelta(days=days)).items()}


def test_what_did_we_know_then(store: Database) -> None:
    know(store, 0, "job_title", "Clerk")
    know(store, 0, "location", "Lille")
    know(store, 10, "job_title", "Boss", supersedes=True)
    know(store, 20, "job_title", "", supersedes=True)
    know(store, 30, "job_title", "Clerk", supersedes=True)
    assert known(store, -1) == {}
    assert known(store, 0) == known(store, 9.99) == {"job_title": "Clerk", "location": "Lille"}
    assert known(store, 10) == {"job_title": "Boss", "location": "Lille"}
    assert known(store, 20) == {"location": "Lille"}, "a value that HR took away is not known"
    assert known(store, 30) == known(store, 4000) == {"job_title": "Clerk", "location": "Lille"}
    with store.read() as tx:
        assert facts_known_at(tx, PersonKey("p-bob"), NOW) == {}
        assert facts_known_at(tx, ANA, NOW + timedelta(days=11))["job_title"] == ("Boss", "2026-03-12T05:00:00.000000Z")


def test_facts_are_appended_and_never_changed_or_deleted(store: Database) -> None:
    know(store, 0, "job_title", "Clerk")
    with store.read() as tx:
        (before,) = tx.execute(select(facts)).all()
    know(store, 10, "job_title", "Boss", supersedes=True)
    with store.read() as tx:
        first, second = tx.execute(select(facts).order_by(facts.c.id)).all()
    closed = first._asdict()
    assert closed.pop("known_to") == second.known_from == "2026-03-12T05:00:00.000000Z"
    assert closed == {k: v for k, v in before._asdict().items() if k != "known_to"}
    assert (second.known_to, second.effective_from, second.snapshot_id) == ("", "2026-03-02", "snap10")


def pushed(store: Database) -> None:
    """Facts of a file, then 1,200 pushes, a minute each; of three of them something is in force."""
    known = {0: "early", 600: "ana", 1100: "late"}
    with store.write() as tx:
        record_facts(tx, [of_key("filed")], known_from=NOW, snapshot_id="file", source="hris")
        for n in range(1200):
            at = NOW + timedelta(minutes=n)
            of = SnapshotRow(
                id=f"t-{n}", source="hris:told", name="", sha256="", state="accepted", complete=False, rows=1,
                as_of=at, taken_at=at, report={FACTS_AFTER: newest_fact(tx)} if n else {},
            )  # fmt: skip
            record_snapshot(tx, "acme", of)
            if n in known:
                record_facts(tx, [of_key(known[n])], known_from=NOW, snapshot_id=f"t-{n}", source="hris")


def of_key(key: str) -> FactChange:
    return FactChange(person_key=PersonKey(key), attribute="a", value="1", effective_from=TODAY, supersedes=False)


SINCE, UNTIL = NOW + timedelta(minutes=1), NOW + timedelta(minutes=1000)


def test_of_whom_was_pushed_is_told(store: Database) -> None:
    pushed(store)
    with store.read() as tx:
        assert told_between(tx, "acme", "hris", SINCE, UNTIL) == {"ana"}
        assert told_between(tx, "other", "hris", SINCE, UNTIL) == set()
        early = NOW - timedelta(minutes=1)
        assert told_between(tx, "acme", "hris", early, NOW + timedelta(days=9)) == {"early", "ana", "late"}


def test_of_whom_was_pushed_is_one_question_however_often_was_pushed(embedded: Database) -> None:
    pushed(embedded)
    asked = ways(embedded, lambda tx: told_between(tx, "acme", "hris", SINCE, UNTIL))
    (of_facts,) = [way for way in asked if "facts" in way]
    assert len(asked) == 2 and "SEARCH facts USING INTEGER PRIMARY KEY (rowid>?)" in of_facts, of_facts


def test_where_nothing_was_pushed_nobody_looks_at_the_facts(embedded: Database) -> None:
    """A quiet night of 265,000 people took a second longer for it."""
    pushed(embedded)
    (asked,) = ways(embedded, lambda tx: told_between(tx, "other", "hris", SINCE, UNTIL))
    assert "snapshots" in asked and "facts" not in asked


def test_facts_of_many_people_in_one_go(store: Database) -> None:
    many = [
        FactChange(person_key=PersonKey(f"p{n}"), attribute="a", value="1", effective_from=TODAY, supersedes=False)
        for n in range(12_000)
    ]
    with store.write() as tx:
        record_facts(tx, many, known_from=NOW, snapshot_id="s", source="hris")
        assert tx.scalar(select(func.count()).select_from(facts)) == 12_000
