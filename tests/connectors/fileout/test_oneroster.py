"""OneRoster archives keep the published rules of both versions; the check itself finds each kind of fault."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from joinery.core.model.ids import PersonKey, RequirementKey
from joinery.core.model.operation import ActionClass, Assign, CreateAccount, JoinGroup, SuspendAccount, Withdraw
from joinery.core.model.receipt import Outcome
from tests.connectors.fileout import oneroster
from tests.connectors.fileout.test_files import ATTRIBUTES, INES, do, target

MONO, PLAIN = PersonKey("p2"), PersonKey("p3")
FORKLIFT, FIRE = RequirementKey("course:FORKLIFT"), RequirementKey("path:Fire, first aid")
PEOPLE = (
    CreateAccount(person_key=INES, attributes=ATTRIBUTES | {"department": "R&D, Berlin"}),
    CreateAccount(person_key=MONO, attributes={"worker_id": "2", "given_name": "Suharto", "email": "s@x.example"}),
    CreateAccount(person_key=PLAIN, attributes={"worker_id": "3", "family_name": "Li", "department": "Sales"}),
)


def made(folder: Path, version: str, *more: object) -> Path:
    """The archive after these operations, the newest."""
    answers = do(target(folder, f"oneroster-{version}", full=True), *PEOPLE, *more)  # type: ignore[arg-type]
    assert {answer.outcome for answer in answers} == {Outcome.DONE}
    return max((folder / "out").glob("oneroster_*.zip"))


def table(archive: Path, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(archive) as zipped:
        return list(csv.DictReader(io.StringIO(zipped.read(f"{name}.csv").decode(), newline="")))


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_everything_that_is_known_is_told_by_the_rules(tmp_path: Path, version: str) -> None:
    again = Assign(person_key=INES, requirement=FORKLIFT, cycle="2026-03-01")
    orders = (Assign(person_key=INES, requirement=FORKLIFT), again, Assign(person_key=MONO, requirement=FIRE))
    archive = made(tmp_path, version, *orders, SuspendAccount(person_key=PLAIN))
    assert oneroster.violations(archive, version) == []
    assert [(row["courseCode"], row["title"]) for row in table(archive, "courses")] == [
        ("FORKLIFT", "FORKLIFT"),
        ("Fire, first aid", "Fire, first aid"),
    ]
    users = {row["identifier"]: row for row in table(archive, "users")}
    assert {who: row["enabledUser"] for who, row in users.items()} == {"000101": "true", "2": "true", "3": "false"}
    assert (users["2"]["givenName"], users["2"]["familyName"]) == ("Suharto", "Suharto")
    classes = {row["sourcedId"]: row["classCode"] for row in table(archive, "classes")}
    who = {row["sourcedId"]: row["identifier"] for row in users.values()}
    enrolled = [(who[row["userSourcedId"]], classes[row["classSourcedId"]]) for row in table(archive, "enrollments")]
    assert enrolled == [("000101", "FORKLIFT"), ("2", "Fire, first aid")], "each course once, whatever its cycles"
    orgs = {row["sourcedId"]: row["name"] for row in table(archive, "orgs")}
    assert set(orgs.values()) == {"Company", "R&D, Berlin", "Sales"}
    column = "orgSourcedIds" if version == "1.1" else "primaryOrgSourcedId"
    told = {number: [orgs[one] for one in row[column].split(",")] for number, row in users.items()}
    here = ["Company"] if version == "1.1" else []
    assert told == {"000101": [*here, "R&D, Berlin"], "2": ["Company"], "3": [*here, "Sales"]}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_what_is_taken_away_is_not_in_the_next_archive_and_an_empty_company_is_one_too(
    tmp_path: Path, version: str
) -> None:
    first = made(tmp_path, version)
    assert oneroster.violations(first, version) == [] and table(first, "enrollments") == []
    second = made(tmp_path, version, Assign(person_key=INES, requirement=FORKLIFT))
    assert len(table(second, "enrollments")) == 1
    third = made(tmp_path, version, Withdraw(person_key=INES, requirement=FORKLIFT))
    assert table(third, "enrollments") == [] and oneroster.violations(third, version) == []
    able = target(tmp_path, f"oneroster-{version}", full=True).capabilities.actions
    assert ActionClass.WITHDRAW in able and ActionClass.GROUP not in able


def test_a_group_has_no_place_in_it(tmp_path: Path) -> None:
    (*_, answer) = do(target(tmp_path, "oneroster-1.2", full=True), *PEOPLE, JoinGroup(person_key=INES, group="A"))
    assert answer.outcome is Outcome.NEEDS_YOU


#: file, what is replaced in it, what it becomes, what the check says
FAULTS = {
    "a heading in another place": ("orgs", "status,dateLastModified", "dateLastModified,status", "headings"),
    "a heading that is missing": ("users", "sourcedId,status", "status", "headings"),
    "a heading of our own": ("classes", "periods", "periods,ours", "headings"),
    "a name that is empty": ("users", "Inès", "", "givenName is empty"),
    "a word that is none": ("enrollments", "student", "learner", "role is learner"),
    "an end of access in other words": ("users", "true", "yes", "enabledUser is yes"),
    "a type of place that is none": ("orgs", "department,,company", "team,,company", "type is team"),
    "a class at no school": ("orgs", ",school,", ",district,", "is no school"),
    "a term that is not there": ("classes", "year-2026", "year-2027", "termSourcedIds points to nothing"),
    "a class that is not there": ("enrollments", "class-course", "klass-course", "classSourcedId points to nothing"),
    "a day the other way round": ("academicSessions", "2026-01-01", "01.01.2026", "startDate is"),
    "a state where bulk has none": ("orgs", "company,,", "company,active,", "status is not empty"),
    "another version": ("manifest", "version,1.", "version,2.", "versions"),
    "a file that is not named": ("manifest", "file.results,absent\r\n", "", "wrongly"),
    "a file that is said not to be there": ("manifest", "file.users,bulk", "file.users,absent", "says otherwise"),
    "somebody twice": ("users", "f-000002", "f-000001", "sourcedId is there twice"),
}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize(("file", "old", "new", "why"), FAULTS.values(), ids=FAULTS)
def test_the_check_finds_each_fault(tmp_path: Path, version: str, file: str, old: str, new: str, why: str) -> None:
    archive = made(tmp_path, version, Assign(person_key=INES, requirement=FORKLIFT))
    found = oneroster.violations(_spoiled(archive, file, old, new), version)
    assert [one for one in found if why in one], found


def _spoiled(archive: Path, file: str, old: str, new: str) -> Path:
    target = archive.with_name("spoiled.zip")
    with zipfile.ZipFile(archive) as good, zipfile.ZipFile(target, "w") as bad:
        names: Sequence[str] = good.namelist()
        for name in names:
            text = good.read(name).decode()
            if name == f"{file}.csv":
                assert old in text, "the fault is planted nowhere"
                text = text.replace(old, new)
            bad.writestr(name, text)
    return target
