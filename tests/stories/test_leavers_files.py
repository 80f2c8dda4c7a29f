"""Files of starters and of leavers beside the full one: what each may say, and what it never means."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from joinery.flows.status import Expected, Signs, SourceState, source_state, status
from joinery.store.snapshots import SnapshotRow
from tests.stories.company import FIELDS, Company, changed, moment, staff, worker

LEAVERS = {"files": "leavers*.csv", "fields": {"worker_id": "No", "termination_date": "Last day"}}
STARTERS = {"files": "starters*.csv"}


def company(folder: Path, **people: object) -> Company:
    given = {"leavers": LEAVERS, "starters": STARTERS, "fields": FIELDS}
    return Company(folder, people=given | people)


def leave(acme: Company, name: str, rows: Mapping[str, str]) -> None:
    """HR's file of leavers: number and last day."""
    with (acme.folder / "inbox" / name).open("w", newline="") as file:
        csv.writer(file).writerows([("No", "Last day"), *rows.items()])


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    made = company(tmp_path)
    made.day("2026-11-20", staff(6), name="people_1.csv")
    return made


def test_whoever_is_named_leaves_and_nobody_else_is_missing(acme: Company) -> None:
    leave(acme, "leavers_1.csv", {"0002": "", "0003": "2026-11-20"})
    night = acme.day("2026-11-24")
    assert night.files == {"leavers_1.csv": "accepted"}
    assert acme.who_is("suspended") == {"0002", "0003"}
    assert acme.who_is("active") == {"0001", "0004", "0005", "0006"}
    assert acme.findings() == {"ended_without_date 0002"}


def test_a_last_day_to_come_fires_on_its_day(acme: Company) -> None:
    leave(acme, "leavers_1.csv", {"0002": "2026-11-27"})
    assert acme.day("2026-11-24").did("suspend") == []
    assert acme.day("2026-11-28").did("suspend") == ["0002"]


def test_what_the_file_has_no_column_for_stays(acme: Company) -> None:
    leave(acme, "leavers_1.csv", {"0002": ""})
    acme.day("2026-11-24")
    facts = acme.person("0002").worker
    assert (facts.given_name, facts.work_email, facts.job_title) == ("Given0002", "w0002@acme.example", "Clerk")
    assert acme.account("0002").attributes["job_title"] == "Clerk"


def test_the_next_full_file_still_compares_with_the_last_full_one(acme: Company) -> None:
    leave(acme, "leavers_1.csv", {"0002": ""})
    acme.day("2026-11-24")
    rows = changed(staff(6), "0004", job_title="Driver")
    night = acme.day("2026-11-25", rows, name="people_2.csv")
    assert night.lines == ["0004 update done"]
    assert acme.who_is("suspended") == {"0002"}


def test_the_same_leavers_again_and_again_do_nothing_and_a_rehire_stays(acme: Company) -> None:
    leave(acme, "leavers_1.csv", {"0002": ""})
    acme.day("2026-11-24")
    leave(acme, "leavers_2.csv", {"0002": ""})
    assert acme.day("2026-11-24T12:05").files == {"leavers_2.csv": "same"}
    back = changed(staff(6), "0002", hire_date="2026-11-25")
    assert acme.day("2026-11-25", back, name="people_2.csv").did("restore") == ["0002"]
    leave(acme, "leavers_3.csv", {"0002": "", "0005": ""})
    assert acme.day("2026-11-26").did("suspend") == ["0005"]


def test_somebody_unknown_among_the_leavers_is_said_and_stops_nobody(acme: Company) -> None:
    leave(acme, "leavers_1.csv", {"9999": "", "0002": ""})
    acme.day("2026-11-24")
    assert acme.who_is("suspended") == {"0002"}
    assert acme.findings() == {"leaver_unknown 9999", "ended_without_date 0002"}


def test_starters_come_from_their_own_file_and_nobody_goes_by_it(acme: Company) -> None:
    acme.drop([worker(7)], name="starters_1.csv")
    night = acme.day("2026-11-24")
    assert night.did("create") == ["0007"]
    assert acme.who_is("active") == {f"{n:04}" for n in range(1, 8)}


def test_starters_and_leavers_of_one_day(acme: Company) -> None:
    acme.drop([worker(7), worker(8)], name="starters_1.csv")
    leave(acme, "leavers_1.csv", {"0001": ""})
    night = acme.day("2026-11-24")
    assert (sorted(night.did("create")), night.did("suspend")) == (["0007", "0008"], ["0001"])


def test_a_few_leavers_ride_alone_past_a_plan_that_waits(tmp_path: Path) -> None:
    acme = company(tmp_path)
    acme.day("2026-11-20", staff(6), name="people_1.csv")
    acme.write_settings(mode="approve")
    rows: Sequence[dict[str, str]] = [row | {"job_title": "Chief"} for row in staff(6)]
    assert acme.day("2026-11-24", list(rows), name="people_2.csv").exit_code == 5
    leave(acme, "leavers_1.csv", {"0002": ""})
    night = acme.day("2026-11-24T12:05")
    assert night.did("suspend") == ["0002"]
    assert acme.account("0003").attributes["job_title"] == "Clerk"


def test_more_leavers_than_the_lane_takes_wait(tmp_path: Path) -> None:
    acme = company(tmp_path)
    acme.write_settings(mode="approve", kill_switch={"per_hour": 2})
    acme.day("2026-11-20", staff(6), name="people_1.csv")
    for plan, state in acme.plans().items():
        if state == "waiting":
            acme.approve(plan)
    leave(acme, "leavers_1.csv", {"0001": "", "0002": "", "0003": ""})
    assert acme.day("2026-11-24").did("suspend") == []


def test_a_file_of_leavers_that_cannot_be_read_is_said_by_status_until_a_good_one_comes(acme: Company) -> None:
    acme.drop_text("", name="leavers_1.csv")
    assert acme.day("2026-11-24").files == {"leavers_1.csv": "rejected"}
    assert state_of(acme) is SourceState.NEEDS_YOU
    leave(acme, "leavers_2.csv", {"0002": "2026-11-20"})
    acme.day("2026-11-25")
    assert state_of(acme) is SourceState.ON_TIME


def state_of(acme: Company) -> SourceState:
    with acme.ports() as ports:
        (source,) = status(ports, {}, moment("2026-11-25")).sources
        return source.state


PARIS, MONDAY = ZoneInfo("Europe/Paris"), "2026-11-23T06:00"

#: the last file came -> now (both UTC; 07:30 in Paris is 06:30) -> the state
LATE = {
    "one minute before the agreed time": (MONDAY, "2026-11-24T06:29", SourceState.ON_TIME),
    "at the agreed minute": (MONDAY, "2026-11-24T06:30", SourceState.LATE),
    "the same day's file came early": ("2026-11-24T01:00", "2026-11-24T06:30", SourceState.ON_TIME),
    "the file came late, but it came": ("2026-11-24T09:00", "2026-11-24T09:01", SourceState.ON_TIME),
    "on the weekend after a Friday's file": ("2026-11-27T06:00", "2026-11-29T23:59", SourceState.ON_TIME),
    "on Monday before the agreed time": ("2026-11-27T06:00", "2026-11-30T06:29", SourceState.ON_TIME),
    "on Monday at the agreed minute": ("2026-11-27T06:00", "2026-11-30T06:30", SourceState.LATE),
    "on a Saturday after a Friday without a file": ("2026-11-26T06:00", "2026-11-28T12:00", SourceState.LATE),
    "after the clocks went back": ("2026-10-23T05:00", "2026-10-26T06:29", SourceState.ON_TIME),
    "after the clocks went back, at the minute": ("2026-10-23T05:00", "2026-10-26T06:30", SourceState.LATE),
}


@pytest.mark.parametrize(("came", "now", "state"), LATE.values(), ids=LATE)
def test_late_begins_at_the_agreed_minute_in_the_companys_zone(came: str, now: str, state: SourceState) -> None:
    at = moment(came)
    row = SnapshotRow(
        id="1", source="hris", name="a.csv", sha256="", state="accepted", complete=True, rows=1, as_of=at, taken_at=at
    )
    signs = Signs(now=moment(now), zone=PARIS, expected=Expected(by=time(7, 30), workdays=True), last=row)
    assert source_state(signs)[0] is state
