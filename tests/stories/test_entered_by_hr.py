"""When HR entered an end of access (T1): the moment of the row that told it, by file or by push, or nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from joinery.cli.main import app
from joinery.core.rules.closing import Closing
from joinery.flows.person import Word, end_access
from joinery.flows.push import News, tell
from joinery.flows.who import same_person
from joinery.store.closings import closings_between
from tests.stories.company import COLUMNS, FIELDS, Company, Row, changed, moment, staff, without, worker

ALL = (*COLUMNS, "changed_at", "effective_date", "job_id")
FIELDS_TIMED = FIELDS | {"changed_at": "changed_at", "effective_date": "effective_date"}
BEFORE = "2026-11-02T08:00:00Z"
GONE = {"status": "Terminated"}
HOUR = timedelta(hours=1)


def company(tmp_path: Path, rows: list[Row] | None = None, **people: Any) -> tuple[Company, list[Row]]:
    acme = Company(tmp_path, people={"fields": FIELDS_TIMED} | people)
    rows = [row | {"changed_at": BEFORE, "effective_date": ""} for row in rows or staff(4)]
    night(acme, "2026-11-18T05:00", rows)
    return acme, rows


def night(acme: Company, at: str, rows: list[Row] | None = None, *, name: str = "") -> None:
    """The run at this moment, by every clock."""
    acme.clock = lambda: moment(at)
    acme.day(at, rows, columns=ALL, **({"name": name} if name else {}))


def one(rows: list[Row], who: str, **values: str) -> list[Row]:
    return [row for row in changed(rows, who, **values) if row["worker_id"] == who]


def pushed(acme: Company, at: str, *records: Row, changed_at: datetime | None = None) -> None:
    acme.clock = lambda: moment(at)
    with acme.open(at) as it:
        (source,) = it.ports.sources.values()
        news = News(door="push", name="n", records=records, received_at=moment(at), changed_at=changed_at)
        tell(it.ports, source, news)


def times(acme: Company) -> dict[str, Closing]:
    """Employee number -> the five instants; one end of each."""
    with acme.ports() as ports, ports.database.read() as connection:
        every = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
        rows = closings_between(connection, ports.policy.name, *every)
    assert len({row.worker_id for row in rows}) == len(rows)
    return {row.worker_id: row.times for row in rows}


def told(acme: Company) -> dict[str, Any]:
    """`joinery report run deprovision --json`."""
    asked = ["report", "run", "deprovision", "--from", "2026-11-01", "--to", "2026-12-31", "--json"]
    said = CliRunner().invoke(app, [*asked, "--config", str(acme.config)], catch_exceptions=False)
    found: dict[str, Any] = json.loads(said.stdout)
    return found


@pytest.mark.parametrize("content", ["changes", "full"])
def test_the_row_of_a_file_says_when_hr_entered_an_end_that_is_over(tmp_path: Path, content: str) -> None:
    acme, rows = company(tmp_path, content=content)
    gone = GONE | {"termination_date": "2026-11-22", "changed_at": "2026-11-23T09:00:00Z"}
    night(acme, "2026-11-24T05:00", changed(rows, "0002", **gone) if content == "full" else one(rows, "0002", **gone))
    assert times(acme) == {
        "0002": Closing(
            ended_at=moment("2026-11-23T00:00"),
            entered_at=moment("2026-11-23T09:00"),
            read_at=moment("2026-11-24T05:00"),
            accepted_at=moment("2026-11-24T05:00"),
            closed_at=moment("2026-11-24T05:00"),
        )
    }
    report = told(acme)
    assert (report["ended"], report["entered_late"]) == (1, 1)
    medians = {name: spans["median"] for name, spans in report["seconds"].items()}
    assert medians == {"control": 29 * 3600, "known": 20 * 3600, "ours": 0, "feed": 20 * 3600}
    assert (report["people"][0]["late_entry"], report["people"][0]["feed_s"]) == (True, 20 * 3600)


@pytest.mark.parametrize("content", ["changes", "full"])
def test_an_end_that_fires_later_was_entered_with_the_row_that_told_it_first(tmp_path: Path, content: str) -> None:
    acme, rows = company(tmp_path, content=content)

    def say(at: str, **values: str) -> None:
        nonlocal rows
        rows = changed(rows, "0002", **values)
        night(acme, at, rows if content == "full" else one(rows, "0002"))

    say("2026-11-20T05:00", termination_date="2026-11-30", changed_at="2026-11-19T16:00:00+01:00")
    say("2026-11-25T05:00", job_title="Head", changed_at="2026-11-24T16:00:00Z")
    say("2026-11-27T05:00", status="Notice", changed_at="2026-11-26T16:00:00Z")
    night(acme, "2026-12-01T00:05")
    found = times(acme)["0002"]
    assert found.ended_at == moment("2026-12-01T00:00") and found.closed_at == moment("2026-12-01T00:05")
    assert (found.entered_at, found.read_at) == (moment("2026-11-19T15:00"), moment("2026-11-20T05:00"))
    assert (found.feed_lag, found.entered_late, found.known) == (14 * HOUR, False, timedelta(minutes=5))
    report = told(acme)
    assert report["entered_late"] == 0 and report["people"][0]["late_entry"] is False


def test_a_word_that_waits_for_its_day_was_entered_and_read_when_it_came(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, content="changes")
    gone = GONE | {"effective_date": "2026-12-01", "changed_at": "2026-11-20T01:00:00Z"}
    night(acme, "2026-11-20T05:00", one(rows, "0002", **gone))
    night(acme, "2026-12-01T05:00")
    found = times(acme)["0002"]
    assert (found.entered_at, found.read_at) == (moment("2026-11-20T01:00"), moment("2026-11-20T05:00"))
    assert found.feed_lag == 4 * HOUR and not found.entered_late


def test_an_end_that_moves_or_is_told_anew_was_entered_with_its_last_row(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, content="changes")

    def say(at: str, who: str, end: str) -> None:
        row = one(rows, who, termination_date=end, changed_at=f"{at}T01:00:00Z")
        night(acme, f"{at}T05:00", row)

    say("2026-11-19", "0002", "2026-11-30")
    say("2026-11-20", "0002", "2026-11-28")
    say("2026-11-19", "0003", "2026-11-28")
    say("2026-11-20", "0003", "")
    say("2026-11-21", "0003", "2026-11-28")
    night(acme, "2026-11-29T05:00")
    assert {who: found.entered_at for who, found in times(acme).items()} == {
        "0002": moment("2026-11-20T01:00"),
        "0003": moment("2026-11-21T01:00"),
    }


def test_a_push_says_of_each_person_when_hr_entered_it(tmp_path: Path) -> None:
    acme, _ = company(tmp_path)
    one_said = GONE | {"worker_id": "0002", "changed_at": "2026-11-20T09:58:00Z"}
    other_said = GONE | {"worker_id": "0003", "changed_at": "2026-11-20T09:59:30Z"}
    pushed(acme, "2026-11-20T10:00", one_said, other_said)
    found = times(acme)
    assert {who: each.entered_at for who, each in found.items()} == {
        "0002": moment("2026-11-20T09:58"),
        "0003": moment("2026-11-20T09:59:30"),
    }
    assert [each.feed_lag for each in found.values()] == [timedelta(minutes=2), timedelta(seconds=30)]
    assert {each.read_at for each in found.values()} == {moment("2026-11-20T10:00")}
    report = told(acme)
    assert (report["ended"], report["entered_late"], report["seconds"]["feed"]["longest"]) == (2, 0, 120)


def test_a_message_that_says_when_it_happened_says_it_of_its_people_also_of_an_end_to_come(tmp_path: Path) -> None:
    acme, _ = company(tmp_path)
    at = moment("2026-11-20T09:50")
    pushed(acme, "2026-11-20T10:00", {"worker_id": "0002"} | GONE, changed_at=at)
    ahead = {"worker_id": "0003", "termination_date": "2026-11-21"}
    pushed(acme, "2026-11-20T10:00", ahead, changed_at=at)
    night(acme, "2026-11-22T05:00")
    found = times(acme)
    assert {who: (each.entered_at, each.read_at) for who, each in found.items()} == dict.fromkeys(
        ("0002", "0003"), (at, moment("2026-11-20T10:00"))
    )


def test_a_late_entry_that_is_pushed_is_of_its_own_class(tmp_path: Path) -> None:
    acme, _ = company(tmp_path)
    row = GONE | {"worker_id": "0002", "termination_date": "2026-11-17", "changed_at": "2026-11-20T09:00:00Z"}
    pushed(acme, "2026-11-20T10:00", row)
    found = times(acme)["0002"]
    assert found.ended_at == moment("2026-11-18T00:00") and found.entered_late
    assert (found.known, found.ours) == (HOUR, timedelta(0))
    assert told(acme)["entered_late"] == 1


@pytest.mark.parametrize("way", ["file", "push"])
@pytest.mark.parametrize(
    ("clock", "entered"),
    [
        pytest.param("2026-11-24T05:10:00Z", "2026-11-24T05:00", id="ten minutes fast: when it was read"),
        pytest.param("2027-11-24T05:00:00Z", None, id="a year ahead: nothing is known"),
    ],
)
def test_a_clock_of_hrs_in_the_future_gives_no_absurd_time(
    tmp_path: Path, way: str, clock: str, entered: str | None
) -> None:
    acme, rows = company(tmp_path)
    gone = GONE | {"termination_date": "2026-11-22", "changed_at": clock}
    if way == "file":
        night(acme, "2026-11-24T05:00", changed(rows, "0002", **gone))
    else:
        pushed(acme, "2026-11-24T05:00", {"worker_id": "0002"} | gone)
    found = times(acme)["0002"]
    assert found.entered_at == (moment(entered) if entered else None)
    assert found.feed_lag == (timedelta(0) if entered else None)
    assert found.known == (timedelta(0) if entered else 29 * HOUR), "late as far as anybody can know"


def test_where_no_row_says_it_nothing_is_made_up(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, leavers_are="both")
    night(acme, "2026-11-20T05:00", changed(rows, "0001", termination_date="2026-12-30", changed_at=BEFORE))
    said = changed(rows, "0002", **GONE, termination_date="2026-11-22", changed_at="")
    night(acme, "2026-11-24T05:00", without(said, "0003"), name="people_full_20261124T040000Z.csv")
    with acme.ports() as ports:
        assert end_access(ports, "0001", Word(owner="ana", reason="INC-1")).closed
    found = times(acme)
    assert {who: each.entered_at for who, each in found.items()} == dict.fromkeys(("0001", "0002", "0003"))
    assert found["0003"].read_at == moment("2026-11-24T05:00")
    assert [told(acme)["entered_late"], told(acme)["seconds"]["feed"]["median"]] == [0, None]


def test_two_jobs_of_one_number_end_with_the_word_that_ended_the_last(tmp_path: Path) -> None:
    jobs = {"fields": FIELDS_TIMED | {"job_id": "job_id"}, "has_several_jobs": True}
    both = [*(row | {"job_id": "A"} for row in staff(3)), *(row | {"job_id": "B"} for row in staff(1, first=2))]
    acme, rows = company(tmp_path, both, **jobs)

    def gone(row: Row) -> Row:
        at = "2026-11-22T07:00:00Z" if row["job_id"] == "A" else "2026-11-22T09:00:00Z"
        return row | GONE | {"termination_date": "2026-11-30", "changed_at": at}

    night(acme, "2026-11-23T05:00", [gone(row) if row["worker_id"] == "0002" else row for row in rows])
    night(acme, "2026-12-01T05:00")
    assert times(acme)["0002"].entered_at == moment("2026-11-22T09:00")


def test_who_turns_out_to_be_the_same_person_keeps_what_was_entered_of_either_number(tmp_path: Path) -> None:
    mail = {"work_email": "kim@acme.example"}
    old = worker("C1", **mail, termination_date="2026-11-27", employment_type="Contractor")
    acme, rows = company(tmp_path, [*staff(4), old])
    new = worker("E1", **mail, hire_date="2026-11-30", status="Pre-hire", termination_date="2026-12-04")
    night(acme, "2026-11-26T05:00", [*rows, new | {"changed_at": "2026-11-25T09:00:00Z"}])
    with acme.ports() as ports:
        same_person(ports, "E1", "C1", Word(owner="ana", reason="INC-1"))
    night(acme, "2026-11-30T05:00")
    night(acme, "2026-12-05T05:00")
    assert {who: each.entered_at for who, each in times(acme).items()} == {"E1": moment("2026-11-25T09:00")}
