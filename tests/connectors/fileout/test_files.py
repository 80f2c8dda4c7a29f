"""Import files say what a layout says; a kill at any instant loses nothing and writes nothing twice."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from joinery.app.fileout import layout_of
from joinery.connectors.fileout import FileOutTarget, layout_from, shipped
from joinery.connectors.fileout.confirming import Exported
from joinery.core.model.ids import PersonKey, RequirementKey
from joinery.core.model.operation import (
    ActionClass,
    Assign,
    CreateAccount,
    JoinGroup,
    LeaveGroup,
    Operation,
    SuspendAccount,
    Withdraw,
)
from joinery.core.model.receipt import Outcome, Receipt
from joinery.errors import BadAnswer, ConfigError, StopRun
from joinery.kit.contract import Order
from joinery.settings import load
from tests.conftest import ROOT
from tests.connectors.fileout.files import collected, layout

NOW = datetime(2026, 3, 9, 6, tzinfo=UTC)
INES = PersonKey("p1")
ATTRIBUTES = {"worker_id": "000101", "given_name": "Inès", "family_name": "=Duarte", "email": "Ines@x.example"}
CREATION = CreateAccount(person_key=INES, attributes=ATTRIBUTES)


def target(folder: Path, name: str = "generic", *, full: bool = False) -> FileOutTarget:
    return FileOutTarget(layout(name), folder=folder / "out", state=folder / "state", now=lambda: NOW, full=full)


def do(target: FileOutTarget, *operations: Operation) -> list[Receipt]:
    async def run() -> list[Receipt]:
        orders = [Order(key=f"k{n}", operation=one) for n, one in enumerate(operations)]
        return [receipt async for receipt in target.perform(orders)]

    return asyncio.run(run())


def test_a_joiner_is_a_row_with_raw_cells_and_everything_for_them_in_files_of_its_own(tmp_path: Path) -> None:
    due = Assign(person_key=INES, requirement=RequirementKey("course:FORKLIFT"), due_on=date(2026, 4, 1))
    receipts = do(target(tmp_path), CREATION, JoinGroup(person_key=INES, group="Logistics"), due)
    assert {receipt.outcome for receipt in receipts} == {Outcome.DONE}
    assert dict(collected(tmp_path / "out")) == {
        "users": [
            {
                "id": "f-000001",
                "employee_number": "000101",
                "email": "Ines@x.example",
                "first_name": "Inès",
                "last_name": "=Duarte",
                "job_title": "",
                "department": "",
                "location": "",
                "manager_number": "",
                "status": "active",
            }
        ],
        "groups": [{"employee_number": "000101", "group": "Logistics", "action": "add"}],
        "assignments": [
            {"employee_number": "000101", "course": "FORKLIFT", "due_date": "2026-04-01", "action": "assign"}
        ],
    }
    assert not list((tmp_path / "out" / "tmp").iterdir())


def test_a_leaver_is_a_row_that_says_inactive_and_nobody_else_is_in_the_file(tmp_path: Path) -> None:
    do(target(tmp_path), CREATION, CreateAccount(person_key=PersonKey("p2"), attributes={"worker_id": "2"}))
    collected(tmp_path / "out")
    do(target(tmp_path), SuspendAccount(person_key=INES))
    ((name, rows),) = collected(tmp_path / "out")
    assert name == "users" and [(row["employee_number"], row["status"]) for row in rows] == [("000101", "inactive")]
    assert do(target(tmp_path), SuspendAccount(person_key=INES))[0].changed is False
    assert collected(tmp_path / "out") == [], "nothing changed, so nothing is written"


def test_full_files_hold_everybody_each_time(tmp_path: Path) -> None:
    do(target(tmp_path, full=True), CREATION)
    collected(tmp_path / "out")
    do(target(tmp_path, full=True), CreateAccount(person_key=PersonKey("p2"), attributes={"worker_id": "2"}))
    files = dict(collected(tmp_path / "out"))
    assert [row["employee_number"] for row in files["users"]] == ["000101", "2"] and files["groups"] == []


def test_the_last_state_can_be_sent_again_whole(tmp_path: Path) -> None:
    do(target(tmp_path), CREATION)
    collected(tmp_path / "out")
    target(tmp_path).resend()
    assert [row["employee_number"] for row in dict(collected(tmp_path / "out"))["users"]] == ["000101"]


def test_what_a_layout_has_no_place_for_needs_somebody(tmp_path: Path) -> None:
    litmos = target(tmp_path, "litmos")
    assert ActionClass.SUSPEND not in litmos.capabilities.actions
    receipts = do(litmos, CREATION, JoinGroup(person_key=INES, group="Logistics"))
    assert [receipt.outcome for receipt in receipts] == [Outcome.DONE, Outcome.NEEDS_YOU]
    assert "the layout litmos has no column for this (group)" in receipts[1].detail


def test_moodle_gets_a_column_for_each_course_and_cohort_and_takes_no_cohort_back(tmp_path: Path) -> None:
    courses = [Assign(person_key=INES, requirement=RequirementKey(f"course:{name}")) for name in ("FORKLIFT", "FIRE")]
    other = CreateAccount(person_key=PersonKey("p2"), attributes={"worker_id": "2"})
    receipts = do(target(tmp_path, "moodle"), CREATION, other, JoinGroup(person_key=INES, group="Logistics"), *courses)
    assert {receipt.outcome for receipt in receipts} == {Outcome.DONE}
    ((_, (row, second)),) = collected(tmp_path / "out")
    assert (row["course1"], row["course2"], row["cohort1"]) == ("FORKLIFT", "FIRE", "Logistics")
    assert (second["course1"], second["course2"], second["cohort1"]) == ("", "", "")
    (left,) = do(target(tmp_path, "moodle"), LeaveGroup(person_key=INES, group="Logistics"))
    assert left.outcome is Outcome.NEEDS_YOU
    assert collected(tmp_path / "out") == []


def test_moodle_suspends_an_enrolment_that_is_taken_back(tmp_path: Path) -> None:
    fire, other = RequirementKey("course:FIRE"), RequirementKey("course:FORKLIFT")
    do(target(tmp_path, "moodle"), CREATION, *(Assign(person_key=INES, requirement=one) for one in (fire, other)))
    collected(tmp_path / "out")
    (receipt,) = do(target(tmp_path, "moodle"), Withdraw(person_key=INES, requirement=fire))
    assert receipt.outcome is Outcome.DONE
    ((_, (row,)),) = collected(tmp_path / "out")
    seen = {row[f"course{n}"]: row[f"enrolstatus{n}"] for n in (1, 2)}
    assert seen == {"FIRE": "1", "FORKLIFT": "0"}
    # open in another cycle is open
    do(target(tmp_path, "moodle"), Assign(person_key=INES, requirement=fire, cycle="2027-03-09"))
    ((_, (row,)),) = collected(tmp_path / "out")
    assert {row[f"course{n}"]: row[f"enrolstatus{n}"] for n in (1, 2)} == {"FIRE": "0", "FORKLIFT": "0"}


def test_what_a_column_for_each_course_holds_may_be_another_thing_of_the_person(tmp_path: Path) -> None:
    """As Moodle's `group1`, the group within `course1`."""
    columns = {"username": "email", "course{n}": {"each": "courses"}}
    columns["group{n}"] = {"each": "courses", "from": "department"}  # type: ignore[assignment]
    ours = layout_from("ours", {"files": [{"name": "users.csv", "of": "users", "columns": columns}]})
    into = FileOutTarget(ours, folder=tmp_path / "out", state=tmp_path / "state", now=lambda: NOW, full=False)
    creation = CreateAccount(person_key=INES, attributes=ATTRIBUTES | {"department": "Sales"})
    do(into, creation, Assign(person_key=INES, requirement=RequirementKey("course:FIRE")))
    ((_, rows),) = collected(tmp_path / "out")
    assert rows == [{"username": "Ines@x.example", "course1": "FIRE", "group1": "Sales"}]


def test_talentlms_gets_its_own_words_and_a_column_of_the_same_name_for_each_course(tmp_path: Path) -> None:
    courses = [Assign(person_key=INES, requirement=RequirementKey(f"course:{name}")) for name in ("FORKLIFT", "FIRE")]
    do(target(tmp_path, "talentlms"), CREATION, *courses, SuspendAccount(person_key=INES))
    (file,) = (tmp_path / "out").glob("talentlms_users_*.csv")
    assert list(csv.reader(io.StringIO(file.read_text()))) == [
        ["Login", "Firstname", "Lastname", "Email", "Active", "Course", "Course"],
        ["ines@x.example", "Inès", "=Duarte", "Ines@x.example", "NO", "FORKLIFT", "FIRE"],
    ]


def test_moodle_s_columns_are_those_of_its_page(tmp_path: Path) -> None:
    do(target(tmp_path, "moodle"), CREATION)
    ((_, (row,)),) = collected(tmp_path / "out")
    assert (row["username"], row["idnumber"], row["suspended"]) == ("ines@x.example", "000101", "0")


@pytest.mark.parametrize("name", shipped())
def test_every_layout_that_comes_along_is_one_and_can_suspend_where_its_page_says_how(name: str) -> None:
    assert (ActionClass.SUSPEND in layout(name).actions) is (name != "litmos")


def test_columns_may_stand_in_the_settings(tmp_path: Path) -> None:
    said = (
        "version: 1\ncompany: {name: A, time_zone: UTC}\n"
        "people: {from: file, path: ./in/*.csv, fields: {worker_id: ID}}\n"
        "learning:\n  into: file\n  path: ./out\n  layout: {columns: {Login: email, "
        'Active: {from: state, words: {active: "NO", suspended: "0123"}}, "Course {n}": {each: courses}}}\n'
    )
    (tmp_path / "joinery.yaml").write_text(said)
    own = layout_of(load(tmp_path / "joinery.yaml", environ={}).learning["lms"])
    assert [column.heading for column in own.files[0].columns] == ["Login", "Active", "Course {n}"]
    assert own.files[0].columns[1].words == {"active": "NO", "suspended": "0123"}
    assert ActionClass.ASSIGN in own.actions and ActionClass.SUSPEND in own.actions
    (tmp_path / "joinery.yaml").write_text(said.replace("{columns: {Login", "{file: x.yaml, columns: {Login"))
    with pytest.raises(ConfigError, match="must be the name of a layout"):
        load(tmp_path / "joinery.yaml", environ={})


WRONG = {
    "no files": ({"files": []}, "list of at least one file"),
    "no users": ({"files": [{"name": "a", "of": "groups", "columns": {"a": "b"}}]}, "of: users"),
    "a word that is none": ({"filez": []}, "filez means nothing"),
    "a column that says something unknown": (
        {"files": [{"name": "a", "of": "users", "columns": {"a": {"form": "x"}}}]},
        "form means nothing",
    ),
    "a column for each of what there is not": (
        {"files": [{"name": "a", "of": "users", "columns": {"a": {"each": "cats"}}}]},
        "groups or courses",
    ),
    "another line end": (
        {"line_end": "cr", "files": [{"name": "a", "of": "users", "columns": {"a": "b"}}]},
        "crlf or lf",
    ),
}


@pytest.mark.parametrize(("data", "why"), WRONG.values(), ids=WRONG)
def test_a_layout_that_is_wrong_says_why(data: object, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        layout_from("ours", data)


def test_changes_are_refused_where_a_system_takes_everybody_only() -> None:
    with pytest.raises(ConfigError, match="holds everybody each time"):
        layout("oneroster-1.1", send="changes")


def test_a_folder_that_cannot_be_written_and_a_memory_that_cannot_be_read_stop_the_run(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StopRun, match="cannot be written"):
        do(target(tmp_path), CREATION)
    (tmp_path / "out").unlink()
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "accounts.json").write_text("{")
    with pytest.raises(BadAnswer, match="cannot be read"):
        do(target(tmp_path), CREATION)


CHILD = """
import os, signal, sys
from pathlib import Path
from tests.connectors.fileout import test_files as t
calls, last = 0, int(sys.argv[2])
def watch(event, args):
    global calls
    if event in ("open", "os.rename") and sys.argv[1] in str(args[0]):
        calls += 1
        if calls == last:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
t.do(t.target(Path(sys.argv[1])), t.CREATION, t.JoinGroup(person_key=t.INES, group="Logistics"))
"""


@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.long)], ids=["every third", "each"])
def test_killed_at_any_instant_nothing_is_lost_and_nothing_is_there_twice(tmp_path: Path, step: int) -> None:
    """As the engine does it: after a kill it looks whether the account is there, and hands the lines over again."""
    kills = 0
    for instant in range(1, 60, step):
        folder = tmp_path / f"{instant}"
        folder.mkdir()
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
        child = subprocess.run(
            [sys.executable, "-c", CHILD, str(folder), str(instant)], env=environment, cwd=ROOT, check=False
        )
        kills += child.returncode == -signal.SIGKILL
        assert child.returncode in {0, -signal.SIGKILL}
        do(target(folder), CREATION, JoinGroup(person_key=INES, group="Logistics"))
        files = collected(folder / "out")
        assert sorted(name for name, _ in files) == ["groups", "users"], instant
        assert [len(rows) for _, rows in files] == [1, 1], instant
        if child.returncode == 0:
            break
    assert kills > 10 / step


def test_an_account_that_the_system_lost_is_written_when_it_is_made_once_more(tmp_path: Path) -> None:
    do(target(tmp_path), CREATION)
    collected(tmp_path / "out")
    again = target(tmp_path)
    empty = Exported(mark="users.csv", taken_at=NOW + timedelta(days=1), accounts=(), tells=frozenset({"email"}))
    again.confirmed_by(lambda: empty.mark, lambda: empty)
    assert asyncio.run(again.accounts()).items == ()
    assert asyncio.run(again.look_up(person_keys=[INES], account_ids=())) == ()
    do(again, CREATION)
    assert [row["employee_number"] for row in dict(collected(tmp_path / "out"))["users"]] == ["000101"]
    assert len(asyncio.run(target(tmp_path).accounts()).items) == 1


def test_an_export_that_was_read_is_not_read_again_to_know_that(tmp_path: Path) -> None:
    do(target(tmp_path), CREATION)
    reads: list[str] = []

    def export() -> Exported:
        reads.append("read")
        return Exported(mark="users.csv 1", taken_at=NOW, accounts=(), tells=frozenset({"email"}))

    again = target(tmp_path)
    again.confirmed_by(lambda: "users.csv 1", export)
    assert asyncio.run(again.news()) and reads == []
    asyncio.run(again.accounts())
    later = target(tmp_path)
    later.confirmed_by(lambda: "users.csv 1", export)
    assert not asyncio.run(later.news()) and reads == ["read"]
