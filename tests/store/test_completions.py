"""Training records on SQLite and PostgreSQL: taken once, kept whatever is odd about them, given to one file each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from joinery.core.model.ids import AccountId, PersonKey
from joinery.kit.contract import Completion, CompletionPage
from joinery.store.completions import Completions, Record, Taken, Whose, when
from joinery.store.database import Database
from joinery.store.tables import metadata, people

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
STEM = "joinery_completions_changes_20260302T050000Z"


@pytest.fixture
def ledger(store_url: str) -> Iterator[Completions]:
    database = Database(store_url)
    metadata.create_all(database.engine)
    person = {"connection": "acme", "source": "hris", "stage": "active", "worker": "{}", "standing": "{}"}
    with database.write() as tx:
        for name in ("ana", "bob"):
            tx.execute(insert(people).values(key=f"p-{name}", source_id=name, worker_id=f"00{name}", **person))
    yield Completions(database, "acme")
    database.close()


def org_of(person: PersonKey, at: datetime) -> dict[str, str]:
    return {"department": "Sales" if at.year < 2026 else "Marketing", "manager_id": "007"}


KNOWN = {AccountId("a-ana"): PersonKey("p-ana"), AccountId("a-bob"): PersonKey("p-bob")}
WHOSE = Whose(person_of=KNOWN.get, org_of=org_of)


def done(id_: str = "c1", account: str = "a-ana", **changed: Any) -> Completion:
    values = {"course": "FORKLIFT", "course_title": "Forklift", "course_version": "3", "result": "passed"}
    at = {"completed_at": "2026-02-27T09:30:00Z"}
    return Completion(**{"id": id_, "account_id": AccountId(account), **values, **at, **changed})


def take(ledger: Completions, *items: Completion, cursor: str = "1", whose: Whose = WHOSE) -> Taken:
    with ledger.database.write() as tx:
        return ledger.take(tx, "lms", CompletionPage(items=items, next=cursor, more=False), whose, NOW)


def ids(records: Any) -> list[str]:
    return [f"{r.completion.id}.{r.completion.revision}" for r in records]


def test_a_page_is_taken_once_and_moves_the_cursor(ledger: Completions) -> None:
    page = (done("c2"), done("c1"), done("c1", revision=2, result="failed"))
    assert take(ledger, *page, cursor="77") == Taken(new=3)
    assert take(ledger, *page, cursor="78") == Taken(known=3)
    assert ledger.cursor("lms") == "78"
    assert ledger.cursor("another") == ""
    assert ids(ledger.undelivered()) == ["c2.1", "c1.1", "c1.2"], "in the order they came"


def test_a_page_that_fails_half_way_moves_nothing(ledger: Completions) -> None:
    def fails(account: AccountId) -> PersonKey | None:
        if account == "a-bob":
            raise RuntimeError
        return KNOWN.get(account)

    with pytest.raises(RuntimeError):
        take(ledger, done("c1"), done("c2", "a-bob"), whose=Whose(person_of=fails, org_of=org_of))
    assert ledger.cursor("lms") == ""
    assert ledger.undelivered() == ()


def test_the_organisation_is_the_one_of_that_time(ledger: Completions) -> None:
    take(ledger, done("old", completed_at="2025-12-31T23:00:00Z"), done("new"))
    assert [r.org_then["department"] for r in ledger.undelivered()] == ["Sales", "Marketing"]
    assert {r.worker_id for r in ledger.undelivered()} == {"00ana"}


def test_order_survives_pages_that_come_at_the_same_moment(ledger: Completions) -> None:
    take(ledger, done("z"), done("y"))
    take(ledger, done("a"), done("m"))
    assert ids(ledger.undelivered()) == ["z.1", "y.1", "a.1", "m.1"]


def test_a_record_that_changes_without_a_new_revision_is_named_and_left_alone(ledger: Completions) -> None:
    take(ledger, done("c1"), done("c2"))
    assert take(ledger, done("c1", result="failed"), done("c2")) == Taken(known=2, changed=("c1",))
    assert {r.completion.result for r in ledger.undelivered()} == {"passed"}


def test_records_of_unknown_people_are_kept_and_find_their_person_later(ledger: Completions) -> None:
    assert take(ledger, done("c1", "a-new"), done("c2")) == Taken(new=2, unknown_people=1, flagged=1)
    assert [(r.completion.id, r.flags) for r in ledger.flagged()] == [("c1", ("unknown_person",))]
    assert ids(ledger.undelivered()) == ["c2.1"]
    linked = Whose(person_of=lambda account: PersonKey("p-bob"), org_of=org_of)
    with ledger.database.write() as tx:
        assert ledger.look_again(tx, "lms", WHOSE, NOW) == 0
        assert ledger.look_again(tx, "lms", linked, NOW) == 1
    assert ids(ledger.undelivered()) == ["c1.1", "c2.1"]
    assert ledger.undelivered()[0].org_then["department"] == "Marketing"
    assert ledger.flagged() == ()


@pytest.mark.parametrize(
    ("completed_at", "flags", "delivered"),
    [
        pytest.param("2026-03-02T04:59:00Z", (), True, id="as it should be"),
        pytest.param("2026-03-02T05:10:00Z", (), True, id="ten minutes ahead is a clock"),
        pytest.param("2026-03-03T05:00:00Z", ("future",), True, id="tomorrow is flagged and kept"),
        pytest.param("2026-03-02", (), True, id="a date of today"),
        pytest.param("2026-03-03", ("future",), True, id="a date that has begun nowhere yet"),
        pytest.param("2024-01-01T00:00:00Z", ("before_hire",), True, id="before hire is flagged and kept"),
        pytest.param("2026-02-30", ("unclear_date",), False, id="a date that does not exist waits for a person"),
        pytest.param("", ("unclear_date",), False, id="no date waits for a person"),
    ],
)
def test_odd_dates(completed_at: str, flags: tuple[str, ...], delivered: bool, ledger: Completions) -> None:
    def flags_of(person: PersonKey, day: date) -> Iterator[str]:
        if day < date(2025, 1, 1):
            yield "before_hire"

    take(ledger, done(completed_at=completed_at), whose=Whose(person_of=KNOWN.get, org_of=org_of, flags_of=flags_of))
    shown = ledger.flagged()
    assert [r.flags for r in shown] == ([flags] if flags else [])
    assert len(ledger.undelivered()) == delivered


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-27T09:30:00+01:00", (datetime(2026, 2, 27, 8, 30, tzinfo=UTC), False)),
        ("2026-02-27T09:30:00", (datetime(2026, 2, 27, 9, 30, tzinfo=UTC), False)),
        ("2026-02-27", (datetime(2026, 2, 27, tzinfo=UTC), True)),
        ("27/02/2026", (None, False)),
    ],
)
def test_reading_a_moment(text: str, expected: tuple[datetime | None, bool]) -> None:
    assert when(text) == expected


def test_what_hr_is_to_do_with_a_record(ledger: Completions) -> None:
    take(ledger, done("c1"), done("c1", revision=2), done("c9", revokes="c1"))
    assert [r.action for r in ledger.undelivered()] == ["new", "update", "revoke"]


def test_a_reserved_record_belongs_to_one_file(ledger: Completions) -> None:
    take(ledger, *(done(f"c{n}") for n in range(5)))
    first = ledger.reserve(STEM, lambda name: False, 3)
    second = ledger.reserve(STEM, lambda name: False, 3)
    assert first is not None
    assert second is not None
    assert (first[0], ids(first[1])) == (f"{STEM}.csv", ["c0.1", "c1.1", "c2.1"])
    assert (second[0], ids(second[1])) == (f"{STEM}_01.csv", ["c3.1", "c4.1"])
    assert ledger.reserve(STEM, lambda name: False, 3) is None
    assert ledger.unfinished() == [(f"{STEM}.csv", "pending"), (f"{STEM}_01.csv", "pending")]
    ledger.ready(first[0])
    assert ids(ledger.rows_of(first[0], "ready")) == ["c0.1", "c1.1", "c2.1"]
    ledger.finish(first[0])
    assert ledger.counts() == {"waiting": 0, "on_its_way": 2, "delivered": 3, "needs_you": 0, "unknown_person": 0}


def test_a_name_that_lies_there_already_is_not_used_again(ledger: Completions) -> None:
    take(ledger, done())
    reserved = ledger.reserve(STEM, lambda name: name in {f"{STEM}.csv", f"{STEM}_01.csv"}, 3)
    assert reserved is not None
    assert reserved[0] == f"{STEM}_02.csv"


def test_a_call_marks_what_it_brought_and_takes_nothing_from_a_file(ledger: Completions) -> None:
    take(ledger, done("c1"), done("c2"))
    ledger.reserve(STEM, lambda name: False, 1)
    with ledger.database.write() as tx:
        keys: list[tuple[str, str, int]] = [("lms", "c1", 1), ("lms", "c2", 1)]
        assert ledger.mark_delivered(tx, keys, "workday call 7") == 1
    assert ledger.unfinished() == [(f"{STEM}.csv", "pending")]
    assert ledger.undelivered() == ()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 3)), max_size=6), max_size=6))
def test_however_pages_overlap_each_record_is_kept_once(pages: list[list[tuple[int, int]]]) -> None:
    database = Database("sqlite://")
    metadata.create_all(database.engine)
    ledger = Completions(database, "acme")
    new = sum(take(ledger, *(done(f"c{n}", "a-new", revision=r) for n, r in page)).new for page in pages)
    kept: list[Record] = list(ledger.flagged())
    database.close()
    assert len(kept) == new == len({item for page in pages for item in page})


def test_taking_a_page_of_two_thousand_is_quick_enough_to_be_one_transaction(ledger: Completions) -> None:
    items = tuple(done(f"c{n}", completed_at=(NOW - timedelta(days=n % 300)).isoformat()) for n in range(2000))
    assert take(ledger, *items).new == 2000
    assert take(ledger, *items).known == 2000
