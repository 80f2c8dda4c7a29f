"""What a record is besides one row: numbered per entity, several jobs, a time of its own, a list of leavers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from joinery.core.mapping.inbound import Mapped, Rejected, key_of, key_read, map_record, record_key
from joinery.core.mapping.merge import merged, older_than_known, told_after
from joinery.core.mapping.records import JOBS, KEY, key_column, rows_of
from joinery.core.mapping.spec import FieldSpec, MappingSpec, row_of
from joinery.core.model.worker import Status, Worker

NAMES = ("worker_id", "given_name", "status", "termination_date", "manager_id", "changed_at", "effective_date", "team")
PLAIN = MappingSpec(rows=tuple(row_of(name, FieldSpec(column=name)) for name in NAMES))
NUMBERED = MappingSpec(
    rows=(*PLAIN.rows, row_of("legal_entity", FieldSpec(column="legal_entity"))), source="hris", per_entity=True
)
LEAVERS = replace(PLAIN, part="leavers")
ANA = Worker(source_id="007", worker_id="007", given_name="Ana", status=Status.ACTIVE, custom={"team": "Night"})


def mapped(spec: MappingSpec, previous: Worker | None = None, **raw: str) -> Mapped:
    found = map_record(spec, {"worker_id": "007"} | raw, previous)
    assert isinstance(found, Mapped)
    return found


def test_where_entities_number_their_own_people_the_entity_is_part_of_the_number() -> None:
    worker = mapped(NUMBERED, legal_entity=" FR ", manager_id="008").worker
    assert (worker.worker_id, worker.source_id, worker.manager_id) == ("FR/007", "FR/007", "FR/008")


def test_a_manager_of_another_entity_is_named_with_it() -> None:
    assert mapped(NUMBERED, legal_entity="FR", manager_id="DE/008").worker.manager_id == "DE/008"
    assert mapped(NUMBERED, legal_entity="FR").worker.manager_id == ""


def test_a_number_without_its_entity_is_refused() -> None:
    found = map_record(NUMBERED, {"worker_id": "007", "legal_entity": " "})
    assert isinstance(found, Rejected)
    assert (found.code, found.worker_id) == ("no_legal_entity", "007")


@pytest.mark.parametrize(
    ("spec", "raw", "key"),
    [
        (PLAIN, {"worker_id": " 007 "}, "007"),
        (NUMBERED, {"worker_id": "007", "legal_entity": "FR"}, "FR/007"),
        (NUMBERED, {"worker_id": " ", "legal_entity": "FR"}, ""),
    ],
    ids=["trimmed", "with its entity", "nobody's"],
)
def test_the_key_of_a_raw_record(spec: MappingSpec, raw: dict[str, str], key: str) -> None:
    assert key_of(spec, raw) == record_key(spec, raw) == key


def test_a_key_of_the_sources_own_comes_before_the_number() -> None:
    own = replace(PLAIN, rows=(*PLAIN.rows, row_of("source_id", FieldSpec(column="guid"))))
    assert record_key(own, {"worker_id": "007", "guid": "g-1"}) == "g-1"
    assert record_key(own, {"worker_id": "007", "guid": " "}) == "007"
    assert (key_column(own), key_column(PLAIN), key_column(NUMBERED)) == ("guid", "worker_id", KEY)


def test_a_key_is_read_as_it_stood_in_the_file() -> None:
    assert key_read(PLAIN, " 007") == "007"
    assert key_read(NUMBERED, "FR/ 007") == "FR/007"
    assert key_read(NUMBERED, "007") == "007"
    assert key_read(MappingSpec(rows=()), "x") == "x"


def test_a_record_is_one_row_or_one_for_each_job() -> None:
    jobs = [{"job_id": "a", "fte": None}, {"job_id": "b", "fte": "0.5"}]
    assert rows_of({"worker_id": "007"}) == [{"worker_id": "007"}]
    assert rows_of({"worker_id": "007", JOBS: json.dumps(jobs)}) == [{"job_id": "a"}, {"job_id": "b", "fte": "0.5"}]


@pytest.mark.parametrize(
    ("text", "at", "checks"),
    [
        ("2026-03-02T05:00:00", datetime(2026, 3, 2, 5, tzinfo=UTC), []),
        ("2026-03-02T05:00:00+01:00", datetime(2026, 3, 2, 5, tzinfo=timezone(timedelta(hours=1))), []),
        ("", None, []),
        ("yesterday", None, ["bad_record_time"]),
    ],
    ids=["UTC where no zone is named", "with its zone", "none", "no instant is left out and told"],
)
def test_when_hr_wrote_the_record(text: str, at: datetime | None, checks: list[str]) -> None:
    found = mapped(PLAIN, changed_at=text)
    assert (found.changed_at, [each.check for each in found.findings]) == (at, checks)


def test_from_which_day_the_record_holds() -> None:
    assert mapped(PLAIN, effective_date="2026-03-09").effective_on == date(2026, 3, 9)
    assert mapped(PLAIN).effective_on is None


def test_to_be_named_among_the_leavers_is_to_leave_and_nothing_else() -> None:
    worker = mapped(LEAVERS, ANA, termination_date="2026-03-09", given_name="Another").worker
    assert worker == replace(ANA, status=Status.TERMINATED, status_text="leaver", termination_date=date(2026, 3, 9))
    assert mapped(LEAVERS, ANA, status="Resigned").worker.status_text == "Resigned"
    assert LEAVERS.says == {"worker_id", "source_id", "status", "termination_date"} and PLAIN.says == set(NAMES)


def test_a_leaver_nobody_knows_is_refused() -> None:
    found = map_record(LEAVERS, {"worker_id": "007"})
    assert isinstance(found, Rejected) and found.code == "leaver_unknown"


def test_what_a_newer_record_said_stays() -> None:
    now = replace(ANA, given_name="Old", status=Status.LEAVE, status_text="Leave", custom={"team": "Day", "shift": "2"})
    before = replace(ANA, status_text="Active", custom={"team": "Night"})
    kept = merged(before, now, {"given_name", "status", "team", "shift"})
    assert (kept.given_name, kept.status, kept.status_text, dict(kept.custom)) == (
        "Ana", Status.ACTIVE, "Active", {"team": "Night"},
    )  # fmt: skip
    assert merged(before, now, set()) == now


def test_the_memory_of_who_said_what_last() -> None:
    mapped_names = {"worker_id", "given_name", "team"}
    assert older_than_known(mapped_names, {"given_name": "3", "": "1"}, "2", "") == {"given_name"}
    assert older_than_known(mapped_names, {}, "2", "3") == {"given_name", "team"}
    assert told_after(mapped_names, {"given_name"}, {"given_name": "3", "": "1"}, "2") == {
        "": "1", "given_name": "3", "team": "2",
    }  # fmt: skip
