"""Changes that HR dates ahead, and several changes of one person in one file, through the real nightly run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from joinery.cli.main import app
from joinery.store.connections import load_state
from tests.stories.company import COLUMNS, FIELDS, Company, Row, changed, staff, worker

ALL = (*COLUMNS, "changed_at", "effective_date")
TIMES = {"fields": FIELDS | {"changed_at": "changed_at", "effective_date": "effective_date"}}
SOON = "2026-12-01"


def company(tmp_path: Path, *, content: str = "changes", **people: object) -> tuple[Company, list[Row]]:
    acme = Company(tmp_path, people=TIMES | {"content": content} | people)
    rows = [row | {"changed_at": "", "effective_date": "2020-01-15"} for row in staff(5)]
    acme.day("2026-11-18", rows, columns=ALL)
    return acme, rows


def one(rows: list[Row], who: str, **values: str) -> list[Row]:
    return [row | values for row in rows if row["worker_id"] == who]


def title(acme: Company, who: str = "0002") -> str:
    return acme.account(who).attributes["job_title"]


def test_a_promotion_delivered_ahead_comes_into_force_on_its_day_without_another_file(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    night = acme.day("2026-11-20", one(rows, "0002", job_title="Head", effective_date=SOON), columns=ALL)
    assert (night.lines, night.report.pulled.files[0].counts["waiting"]) == ([], 1)
    assert (acme.person("0002").worker.job_title, title(acme)) == ("Clerk", "Clerk")
    assert acme.day("2026-11-30").lines == []
    assert acme.day(SOON).lines == ["0002 update done"]
    assert title(acme) == "Head"
    assert acme.events("0002") == ["0002 mover 2026-12-01 job_title: Clerk -> Head"]
    assert acme.day("2026-12-02").lines == []


def test_it_begins_with_the_day_where_the_worker_is(tmp_path: Path) -> None:
    acme = Company(tmp_path, people=TIMES | {"content": "changes"})
    rows = [worker(n, time_zone="Asia/Tokyo", changed_at="", effective_date="2020-01-15") for n in (1, 2)]
    acme.day("2026-11-18", rows, columns=ALL)
    acme.day("2026-11-20", one(rows, "0002", job_title="Head", effective_date=SOON), columns=ALL)
    assert acme.day("2026-11-30T14:59").lines == []
    assert acme.day("2026-11-30T15:00").lines == ["0002 update done"]


def test_a_run_that_comes_late_keeps_the_day(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.day("2026-11-20", one(rows, "0002", job_title="Head", effective_date=SOON), columns=ALL)
    acme.day("2026-12-05")
    assert acme.events("0002") == ["0002 mover 2026-12-01 job_title: Clerk -> Head"]


def test_why_tells_what_is_to_come_and_when(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.day("2026-11-20", one(rows, "0002", job_title="Head", effective_date=SOON), columns=ALL)
    said = CliRunner().invoke(app, ["why", "0002", "--config", str(acme.config)])
    assert "From 2026-12-01 on: job_title Head instead of Clerk. HR said so on 2026-11-20" in said.stdout, said.output
    ahead = CliRunner().invoke(app, ["why", "0002", "--as-of", "2026-12-02", "--json", "--config", str(acme.config)])
    assert "update" in json.dumps(json.loads(ahead.stdout)), "a look ahead shows it"


def test_person_show_tells_it_too_and_no_end_of_employment(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    soon = one(rows, "0002", job_title="Head", effective_date=SOON)
    gone = one(rows, "0003", status="Terminated", effective_date=SOON)
    acme.day("2026-11-20", [*soon, *gone], columns=ALL)

    def shown(who: str, *more: str) -> str:
        asked = ["person", "show", who, *more, "--config", str(acme.config)]
        return CliRunner().invoke(app, asked, catch_exceptions=False).stdout

    sentence = "From 2026-12-01 on: job_title Head instead of Clerk. HR said so on 2026-11-20."
    assert sentence in shown("0002").splitlines()
    rows_told = json.loads(shown("0002", "--json"))["rows"]
    assert sentence in [row["hr"] for row in rows_told]
    assert "From 2026" not in shown("0003") and "erminated" not in shown("0003")
    acme.day(SOON)
    assert "From 2026" not in shown("0002")


JOBS = {"fields": TIMES["fields"] | {"job_id": "job_id"}, "has_several_jobs": True}
WIDE = (*ALL, "job_id")


def two_jobs(tmp_path: Path, content: str) -> tuple[Company, list[Row]]:
    acme = Company(tmp_path, people=JOBS | {"content": content}, learning={"groups_from": ["department"]})
    same = {"changed_at": "", "effective_date": "2020-01-15"}
    rows = [worker(1, job_id="A", **same)]
    rows += [worker(2, job_id="A", **same), worker(2, job_id="B", department="Bar", job_title="Waiter", **same)]
    acme.day("2026-11-18", rows, columns=WIDE)
    assert acme.account("0002").groups == {"Sales", "Bar"}
    return acme, rows


@pytest.mark.parametrize("content", ["full", "changes"])
def test_of_two_jobs_one_waits_for_its_day_and_the_other_does_not(tmp_path: Path, content: str) -> None:
    acme, (first, kept, moved) = two_jobs(tmp_path, content)
    soon = moved | {"department": "Kitchen", "effective_date": SOON}
    now = kept | {"job_title": "Chief", "effective_date": "2026-11-20"}
    night = acme.day("2026-11-20", [first, now, soon], columns=WIDE)
    assert (night.lines, night.report.pulled.files[0].counts["waiting"]) == (["0002 update done"], 1)
    assert acme.account("0002").groups == {"Sales", "Bar"} and title(acme) == "Chief"
    said = CliRunner().invoke(app, ["person", "show", "0002", "--config", str(acme.config)]).stdout
    assert "From 2026-12-01 on: department Kitchen instead of Bar. HR said so on 2026-11-20." in said.splitlines()
    assert acme.day("2026-11-30").lines == []
    assert sorted(acme.day(SOON).lines) == ["0002 group done", "0002 group done"]
    assert acme.account("0002").groups == {"Sales", "Kitchen"} and title(acme) == "Chief"
    assert acme.day("2026-12-02").lines == [] and "ahead" not in acme.person("0002").memory


def test_a_job_dated_ahead_that_a_full_file_tells_no_more_is_taken_back(tmp_path: Path) -> None:
    acme, (first, kept, moved) = two_jobs(tmp_path, "full")
    soon = moved | {"department": "Kitchen", "effective_date": SOON}
    acme.day("2026-11-20", [first, kept, soon], columns=WIDE)
    acme.day("2026-11-21", [first, kept, moved], columns=WIDE)
    assert "ahead" not in acme.person("0002").memory
    assert acme.day(SOON).lines == [] and acme.account("0002").groups == {"Sales", "Bar"}


def test_another_job_dated_ahead_begins_on_its_day(tmp_path: Path) -> None:
    acme, (first, kept, moved) = two_jobs(tmp_path, "full")
    third = moved | {"job_id": "C", "department": "Door", "effective_date": SOON}
    assert acme.day("2026-11-20", [first, kept, moved, third], columns=WIDE).lines == []
    assert acme.day(SOON).lines == ["0002 group done"]
    assert acme.account("0002").groups == {"Sales", "Bar", "Door"}


def test_an_end_without_a_date_waits_for_its_day_and_is_confidential(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    gone = one(rows, "0002", status="Terminated", effective_date=SOON)
    assert acme.day("2026-11-20", gone, columns=ALL).lines == []
    asked = ["why", "0002", "--config", str(acme.config)]
    assert "erminated" not in CliRunner().invoke(app, asked).stdout
    assert "erminated" in CliRunner().invoke(app, [*asked, "--confidential"]).stdout
    with_them = CliRunner().invoke(app, [*asked, "--as-of", "2026-12-02"]).stdout
    assert "suspend" not in with_them.lower(), with_them
    assert acme.day(SOON).lines == ["0002 suspend done"]
    assert acme.events("0002") == ["0002 leaver 2026-12-01"]


@pytest.mark.parametrize("content", ["full", "changes"])
def test_an_end_in_a_row_that_cannot_be_used_waits_for_its_day_too(tmp_path: Path, content: str) -> None:
    acme, rows = company(tmp_path, content=content)
    gone = changed(rows, "0002", status="Terminated", effective_date=SOON, hire_date="the 31st")
    night = acme.day("2026-11-20", gone, columns=ALL)
    assert night.exit_code != 0, "the row is bad"
    assert (night.lines, acme.accounts()["0002"]) == ([], "active")
    assert acme.day("2026-11-30").lines == []
    assert acme.day(SOON).lines == ["0002 suspend done"]
    assert acme.events("0002") == ["0002 leaver 2026-12-01"]


def test_an_end_date_keeps_its_own_day(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    end = one(rows, "0002", status="Terminated", termination_date="2026-11-24", effective_date=SOON, job_title="X")
    acme.day("2026-11-20", end, columns=ALL)
    assert acme.day("2026-11-25").lines == ["0002 suspend done"]


@pytest.mark.parametrize("effective", ["", "2026-12-10"])
@pytest.mark.parametrize("files", [1, 2])
def test_a_return_after_an_end_to_come_waits_for_its_first_day(tmp_path: Path, effective: str, files: int) -> None:
    acme, rows = company(tmp_path)
    told = one(rows, "0002", status="Terminated", termination_date="2026-12-05")
    if files == 2:
        acme.day("2026-11-20", told, columns=ALL)
        told = []
    back = one(rows, "0002", hire_date="2026-12-10", effective_date=effective, job_title="Head")
    acme.day("2026-11-21", [*told, *back], columns=ALL)
    assert (acme.accounts()["0002"], acme.events("0002")) == ("active", []), "neither has come"
    assert acme.day("2026-12-06").lines == ["0002 suspend done"]
    assert acme.day("2026-12-10").did("restore") == ["0002"]
    assert title(acme) == "Head"
    assert acme.events("0002") == ["0002 leaver 2026-12-05", "0002 rehire 2026-12-10"]


def test_an_end_to_come_that_a_row_dated_ahead_takes_back_ends_nobody(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.day("2026-11-20", one(rows, "0002", status="Terminated", termination_date="2026-12-05"), columns=ALL)
    acme.day("2026-11-21", one(rows, "0002", effective_date="2026-12-06"), columns=ALL)
    acme.day("2026-12-06")
    assert (acme.accounts()["0002"], acme.events("0002"), acme.findings()) == ("active", [], set())


def test_a_newer_row_takes_the_place_of_what_was_to_come(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.day("2026-11-20", one(rows, "0002", job_title="Head", effective_date=SOON), columns=ALL)
    acme.day("2026-11-23", one(rows, "0002", job_title="Deputy", effective_date="2026-11-23"), columns=ALL)
    assert title(acme) == "Deputy"
    assert acme.day(SOON).lines == []


def test_another_change_in_between_leaves_it_waiting(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.day("2026-11-20", one(rows, "0002", job_title="Head", effective_date=SOON), columns=ALL)
    acme.day("2026-11-23", one(rows, "0002", department="Legal", effective_date="2026-11-23"), columns=ALL)
    assert title(acme) == "Clerk"
    assert acme.day(SOON).lines == ["0002 update done"]
    assert (title(acme), acme.person("0002").worker.department) == ("Head", "Legal")


@pytest.mark.parametrize("next_file", [SOON, "2026-12-03"])
@pytest.mark.parametrize("woken", [False, True], ids=["with_the_file", "before_the_file"])
def test_a_row_that_is_what_it_was_takes_back_what_has_come_into_force_since(
    tmp_path: Path, next_file: str, woken: bool
) -> None:
    acme, rows = company(tmp_path)
    acme.day("2026-11-20", one(rows, "0002", job_title="Head", effective_date=SOON), columns=ALL)
    renamed = one(rows, "0002", given_name="Bea", effective_date="2026-11-21")
    acme.day("2026-11-21", renamed, columns=ALL)
    assert acme.person("0002").memory["ahead"], "a change of something else leaves it waiting"
    if woken:
        assert acme.day(f"{SOON}T02:00").lines == ["0002 update done"]
    others = one(rows, "0003", job_title="Chief", effective_date=next_file)
    acme.day(f"{next_file}T05:00", [*others, *renamed], columns=ALL)
    assert title(acme) == "Clerk", "HR's newest word is the row that is what it was"
    assert acme.day("2026-12-05", [*others, *renamed], columns=ALL).lines == []
    assert title(acme) == "Clerk"


def test_who_is_looked_at_again_is_not_kept_longer_than_until_the_next_file(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.day("2026-11-20", one(rows, "0002", job_title="Head", effective_date=SOON), columns=ALL)

    def kept() -> object:
        with acme.open(SOON) as it, it.ports.database.read() as connection:
            return load_state(connection, it.ports.policy.name).extra.get("begun", {})

    assert kept() == {}
    acme.day(SOON)
    assert list(kept().values()) == [["0002"]]
    acme.day("2026-12-02", one(rows, "0003", job_title="Chief"), columns=ALL)
    assert kept() == {}
    acme.day("2026-12-03", one(rows, "0002", job_title="Clerk"), columns=ALL)
    assert title(acme) == "Clerk", "their row is looked at when it comes"


def test_what_is_taken_back_or_moved_does_not_come_on_the_old_day(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    for who in ("0002", "0003"):
        acme.day("2026-11-20", one(rows, who, job_title="Head", effective_date=SOON), columns=ALL)
    acme.day("2026-11-23", one(rows, "0002", effective_date=SOON), columns=ALL)
    acme.day("2026-11-23", one(rows, "0003", job_title="Head", effective_date="2026-12-15"), columns=ALL)
    assert acme.day(SOON).lines == []
    assert acme.day("2026-12-15").lines == ["0003 update done"]


def test_a_full_file_with_a_row_dated_ahead(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, content="full")
    ahead = changed(rows, "0002", job_title="Head", effective_date=SOON)
    assert acme.day("2026-11-20", ahead, columns=ALL).lines == []
    assert acme.day("2026-11-23", ahead, columns=ALL).lines == []
    # on its day the same file arrives once more; a day later HR writes the row anew
    assert acme.day(SOON, ahead, columns=ALL).lines == ["0002 update done"]
    taken_back = changed(rows, "0003", job_title="Head", effective_date="2026-12-10")
    acme.day("2026-12-02", changed(taken_back, "0002", job_title="Head"), columns=ALL)
    acme.day("2026-12-03", changed(rows, "0002", job_title="Head"), columns=ALL)
    assert acme.day("2026-12-10").lines == []
    assert (title(acme), title(acme, "0003")) == ("Head", "Clerk")


def test_a_row_on_the_day_itself_finds_it_in_force(tmp_path: Path) -> None:
    """A file of that day that speaks of something else, and leaves the title out."""
    acme, rows = company(tmp_path, fields={}, hr_system="workday")
    acme.day("2026-11-20", one(rows, "0002", job_title="Head", effective_date=SOON), columns=ALL)
    acme.day(SOON, one(rows, "0002", department="Legal"), columns=("worker_id", "department"))
    assert (title(acme), acme.person("0002").worker.department) == ("Head", "Legal")
    assert acme.day("2026-12-02").lines == []


def test_an_older_row_that_comes_late_does_not_touch_what_waits(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    written = {"changed_at": "2026-11-20T10:00Z"}
    acme.day("2026-11-20", one(rows, "0002", job_title="Head", effective_date=SOON, **written), columns=ALL)
    late = one(rows, "0002", job_title="Deputy", effective_date="2026-11-19", changed_at="2026-11-19T10:00Z")
    acme.day("2026-11-21", late, columns=ALL)
    assert title(acme) == "Deputy"
    acme.day(SOON)
    assert title(acme) == "Head"


def test_a_new_number_dated_ahead_does_not_take_over_before_its_day(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    new = one(rows, "0002", worker_id="0902", previous_id="0002", job_title="Head", effective_date=SOON)
    acme.day("2026-11-20", new, columns=ALL)
    assert acme.accounts()["0002"] == "active"
    assert title(acme) == "Clerk"
    acme.day(SOON)
    assert acme.accounts().get("0902") == "active"
    assert title(acme, "0902") == "Head"
    assert "leaver" not in " ".join(acme.events())


def test_what_waited_under_a_former_number_does_not_bring_it_back(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, content="full")
    acme.day("2026-11-19", changed(rows, "0002", status="Garden leave"), columns=ALL)
    acme.day("2026-11-20", changed(rows, "0002", status="Active", effective_date=SOON), columns=ALL)
    others = [row for row in rows if row["worker_id"] != "0002"]
    new = one(rows, "0002", worker_id="9002", previous_id="0002", effective_date="2026-11-23")
    acme.day("2026-11-23", [*others, *new], columns=ALL)
    assert acme.accounts().get("9002") == "active"
    for n, day in enumerate(("2026-11-24", "2026-11-25", SOON)):
        acme.day(day, changed(others, "0003", job_title=f"Chief {n}"), columns=ALL)
    assert acme.accounts().get("9002") == "archived", "absent, and not at work under the former number"
    assert "0002" not in acme.accounts()


def test_somebody_new_without_a_first_day_starts_on_the_day(tmp_path: Path) -> None:
    acme, _ = company(tmp_path)
    new = worker("0009", hire_date="", effective_date=SOON, changed_at="")
    assert acme.day("2026-11-20", [new], columns=ALL).lines == []
    assert "0009" not in acme.accounts()
    acme.day(SOON)
    assert acme.accounts()["0009"] == "active"


# ---------------------------------------------------------------- several rows of one person


def test_several_changes_of_one_person_in_one_file_are_one_net_change(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    told = [
        *one(rows, "0002", job_title="Chief", changed_at="2026-11-20T12:00Z"),
        *one(rows, "0002", job_title="Head", changed_at="2026-11-20T10:00Z"),
        *one(rows, "0003", department="Legal", changed_at="2026-11-20T10:00Z"),
    ]
    night = acme.day("2026-11-20", told, columns=ALL)
    assert night.exit_code == 0, night.checks
    assert title(acme) == "Chief", "the newest by its record time, whatever the order in the file"
    assert [e.partition("mover ")[2] for e in acme.events("0002")] == ["2020-01-15 job_title: Clerk -> Chief"]
    assert acme.person("0003").worker.department == "Legal"


def test_without_record_times_the_order_of_the_file_counts(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    told = [*one(rows, "0002", job_title="Head"), *one(rows, "0002", job_title="Chief")]
    assert acme.day("2026-11-20", told, columns=ALL).exit_code == 0
    assert title(acme) == "Chief"


def test_an_end_that_the_same_file_takes_back_is_none(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    told = [
        *one(rows, "0002", status="Terminated", changed_at="2026-11-20T10:00Z"),
        *one(rows, "0002", changed_at="2026-11-20T12:00Z"),
    ]
    assert acme.day("2026-11-20", told, columns=ALL).lines == []
    assert (acme.accounts()["0002"], acme.events("0002")) == ("active", [])


def test_one_change_now_and_one_dated_ahead(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    told = [
        *one(rows, "0002", job_title="Deputy", effective_date="2026-11-20"),
        *one(rows, "0002", job_title="Head", effective_date=SOON),
    ]
    acme.day("2026-11-20", told, columns=ALL)
    assert title(acme) == "Deputy"
    acme.day(SOON)
    assert title(acme) == "Head"


def test_two_people_under_one_number_are_held_also_in_a_file_of_changes(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    other = worker("0002", given_name="Ola", family_name="Nord", work_email="ola@acme.example", changed_at="")
    night = acme.day("2026-11-20", [*one(rows, "0002", job_title="Head"), other], columns=ALL)
    assert night.exit_code != 0
    assert (title(acme), acme.person("0002").worker.family_name) == ("Clerk", "Family0002")


def test_in_a_full_file_two_rows_are_a_double_still(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, content="full")
    night = acme.day("2026-11-20", [*rows, *one(rows, "0002", job_title="Head")], columns=ALL)
    assert night.exit_code != 0
    assert title(acme) == "Clerk"


def test_a_bad_row_among_several_keeps_all_of_them_back(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    told = [*one(rows, "0002", job_title="Head"), *one(rows, "0002", job_title="Chief", hire_date="the 31st")]
    assert acme.day("2026-11-20", told, columns=ALL).exit_code != 0
    assert title(acme) == "Clerk"
