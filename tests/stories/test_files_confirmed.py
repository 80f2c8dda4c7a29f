"""An export of its users shows what a learning system made of the files: who is otherwise there, and who is not."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from joinery.cli.main import app
from joinery.flows.reconcile import Reconciled, reconcile
from joinery.store.closings import closings_between
from joinery.store.plans import lines_of
from tests.connectors.fileout.files import collected
from tests.stories.company import Company, changed, moment, staff


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    learning = {"into": "file", "layout": "generic", "path": "./to-lms", "simulation": True}
    learning |= {"confirm": {"path": "./from-lms/users*.csv"}}
    made = Company(tmp_path / "acme", settings={"learning": learning, "guards": "off"})
    made.day("2026-11-24", staff(3))
    collected(made.folder / "to-lms")
    return made


def exported(acme: Company, day: str, rows: Sequence[tuple[str, str, str]], name: str = "users.csv") -> None:
    file = acme.folder / "from-lms" / name
    file.parent.mkdir(exist_ok=True)
    lines = ["Login,Employee number,Email,Status", *(f"{mail},{who},{mail},{state}" for who, mail, state in rows)]
    file.write_text("\n".join(lines) + "\n")
    at = moment(day).timestamp()
    os.utime(file, (at, at))


def rows(*but: str, **other: str) -> list[tuple[str, str, str]]:
    who = [f"000{n}" for n in (1, 2, 3) if f"000{n}" not in but]
    return [(one, f"w{one}@acme.example", other.get(f"w{one}", "active")) for one in who]


def looked(acme: Company, day: str) -> Reconciled:
    with acme.open(as_of=day) as it:
        return reconcile(it.ports, moment(day))


def written(acme: Company) -> list[tuple[str, str]]:
    files = [file for name, file in collected(acme.folder / "to-lms") if name == "users"]
    return [(row["employee_number"], row["status"]) for file in files for row in file]


def lines(acme: Company, plan: str = "P-1") -> dict[str, tuple[str, str]]:
    """`0001 create` -> (state, detail)."""
    with acme.ports() as ports, ports.database.read() as connection:
        found = list(lines_of(connection, plan))
    return {f"{one.line.worker_id} {one.line.action}": (str(one.state), one.detail) for one in found}


def states(acme: Company, plan: str = "P-1") -> dict[str, str]:
    return {who: state for who, (state, _) in lines(acme, plan).items()}


def said(acme: Company, *command: str) -> str:
    done = CliRunner().invoke(app, [*command, "--config", str(acme.config)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


NEVER = {"0001 create": "unconfirmed", "0002 create": "unconfirmed", "0003 create": "unconfirmed"}
SHOWN = dict.fromkeys(NEVER, "done")


def test_a_line_is_sent_and_not_done_until_a_nightly_run_finds_it_in_an_export(acme: Company) -> None:
    assert lines(acme) == dict.fromkeys(NEVER, ("unconfirmed", "sent; not yet confirmed by an export of users"))
    assert "import files: 3 lines sent, not yet confirmed by an export of users" in said(acme, "status")
    assert "  3 lines sent, not yet confirmed by an export of users\n" in said(acme, "plan", "show", "P-1")
    assert acme.day("2026-11-25").plan == "", "it is not told a second time"
    assert states(acme) == NEVER
    exported(acme, "2026-11-25T12:00", rows())
    acme.day("2026-11-26")
    assert lines(acme) == dict.fromkeys(NEVER, ("done", "users.csv of 2026-11-25 12:00 UTC shows it."))
    assert "import files" not in said(acme, "status")


def test_what_was_planned_is_what_is_told(acme: Company) -> None:
    left = changed(staff(3), "0002", status="Terminated", termination_date="2026-11-25")
    acme.drop(changed(left, "0003", family_name="Other"))
    seen = acme.look("2026-11-26")
    assert seen is not None
    night = acme.day("2026-11-26")
    ran = {one.line.worker_id: (one.line.operation, one.line.lane, one.line.held) for one in night.stored}
    assert ran == {one.line.worker_id: (one.line.operation, one.line.lane, one.line.held) for one in seen.stored}
    assert night.lines == ["0002 suspend unconfirmed", "0003 update unconfirmed"]
    assert sorted(written(acme)) == [("0002", "inactive"), ("0003", "active")]
    assert acme.day("2026-11-27").plan == ""


def test_an_older_line_is_done_when_the_account_is_as_it_was_told_last(acme: Company) -> None:
    acme.day("2026-11-25", changed(staff(3), "0002", family_name="Other"))
    acme.day("2026-11-26", changed(staff(3), "0002", family_name="Third"))
    file = acme.folder / "from-lms" / "users.csv"
    file.parent.mkdir()
    names = [("0001", "Family0001"), ("0002", "Third"), ("0003", "Family0003")]
    file.write_text("Employee number,Last name\n" + "".join(f"{who},{name}\n" for who, name in names))
    at = moment("2026-11-27").timestamp()
    os.utime(file, (at, at))
    acme.day("2026-11-27T06:00")
    assert (states(acme), states(acme, "P-2"), states(acme, "P-3")) == (
        SHOWN,
        {"0002 update": "done"},
        {"0002 update": "done"},
    )


def test_what_an_export_cannot_tell_is_over_when_it_shows_the_account(acme: Company) -> None:
    acme.day("2026-11-25", changed(staff(3), "0002", job_title="Chief"))
    exported(acme, "2026-11-24T20:00", rows())
    acme.day("2026-11-25T13:00")
    assert states(acme, "P-2") == {"0002 update": "unconfirmed"}, "the export is older than what was told"
    exported(acme, "2026-11-26", rows())
    acme.day("2026-11-26T13:00")
    assert states(acme) == SHOWN
    told = "users.csv of 2026-11-26 12:00 UTC shows the account and cannot show this; it is taken as done."
    assert lines(acme, "P-2") == {"0002 update": ("assumed", told)}
    assert "import files" not in said(acme, "status")
    shown = said(acme, "plan", "show", "P-2")
    assert "assumed" in shown and "cannot show this; it is taken as done" in shown


def test_an_end_of_access_is_never_assumed(acme: Company) -> None:
    acme.day("2026-11-25", changed(staff(3), "0002", status="Terminated", termination_date="2026-11-24"))
    file = acme.folder / "from-lms" / "users.csv"
    file.parent.mkdir()
    file.write_text("Employee number,Email\n" + "".join(f"000{n},w000{n}@acme.example\n" for n in (1, 2, 3)))
    os.utime(file, (at := moment("2026-11-26").timestamp(), at))
    acme.day("2026-11-26T13:00")
    assert states(acme, "P-2") == {"0002 suspend": "unconfirmed"}


def in_groups(tmp_path: Path, layout: str) -> Company:
    learning = {"into": "file", "layout": layout, "path": "./to-lms", "simulation": True}
    learning |= {"confirm": {"path": "./from-lms/users*.csv"}, "groups_from": ["department"]}
    acme = Company(tmp_path / "acme", settings={"learning": learning, "guards": "off"})
    acme.day("2026-11-24", [row | {"department": "Care"} for row in staff(3)])
    return acme


@pytest.mark.parametrize(
    ("header", "cells", "ended"),
    [
        ("cohort1,cohort2", ("Night,Care", "Care,", "Night,"), ["done", "done", "needs_you"]),
        ("cohort1", ('"Care; Night"', "Care", "Other"), ["done", "done", "needs_you"]),
        ("Phone", ("1", "2", "3"), ["assumed", "assumed", "assumed"]),
    ],
    ids=["a column for each group", "several in one cell", "no such column"],
)
def test_groups_are_confirmed_where_the_export_has_the_columns_of_the_layout(
    tmp_path: Path, header: str, cells: Sequence[str], ended: list[str]
) -> None:
    acme = in_groups(tmp_path, "moodle")
    file = acme.folder / "from-lms" / "users.csv"
    file.parent.mkdir()
    people = [f"w000{n}@acme.example,000{n},{cell}" for n, cell in enumerate(cells, 1)]
    file.write_text("\n".join([f"email,idnumber,{header}", *people, ""]))
    os.utime(file, (at := moment("2026-11-25").timestamp(), at))
    night = acme.day("2026-11-25T13:00")
    found = states(acme)
    assert [found[f"000{n} group"] for n in (1, 2, 3)] == ended
    assert {found[f"000{n} create"] for n in (1, 2, 3)} == {"done"}
    assert night.plan == "", "nothing is told again by itself"
    assert "import files" not in said(acme, "status")


def test_what_an_export_shows_otherwise_has_failed_and_is_told_again_in_the_same_run(acme: Company) -> None:
    exported(acme, "2026-11-25", rows(w0002="inactive"))
    acme.day("2026-11-26")
    assert states(acme) == SHOWN, "the account was made"
    assert lines(acme, "P-2") == {"0002 restore": ("unconfirmed", "sent; not yet confirmed by an export of users")}
    assert written(acme) == [("0002", "active")]
    exported(acme, "2026-11-27", rows(w0002="inactive"))
    acme.day("2026-11-28")
    assert lines(acme, "P-2") == {"0002 restore": ("failed", "users.csv of 2026-11-27 12:00 UTC shows otherwise.")}
    assert states(acme, "P-3") == {"0002 restore": "unconfirmed"}


def test_whoever_is_missing_in_an_export_needs_somebody_unless_nearly_everybody_is(acme: Company) -> None:
    exported(acme, "2026-11-25", rows("0001", "0002", "0003"))
    acme.day("2026-11-25T12:00")
    assert states(acme) == NEVER, "rather the export than they"
    exported(acme, "2026-11-26", rows("0003"), "users_2.csv")
    acme.day("2026-11-26T12:00")
    assert states(acme) == SHOWN | {"0003 create": "needs_you"}
    assert lines(acme)["0003 create"][1] == "users_2.csv of 2026-11-26 12:00 UTC does not show this account."


def test_an_export_that_cannot_be_read_says_nothing_and_keeps_no_leaver_in(acme: Company) -> None:
    (acme.folder / "from-lms").mkdir()
    (acme.folder / "from-lms" / "users.csv").write_text("this,is\nnot,it\n")
    gone = changed(staff(3), "0002", status="Terminated", termination_date="2026-11-25")
    assert acme.day("2026-11-26", gone).lines == ["0002 suspend unconfirmed"]
    assert written(acme) == [("0002", "inactive")] and states(acme) == NEVER


def test_an_end_of_access_is_closed_when_an_export_shows_it_and_not_before(acme: Company) -> None:
    acme.day("2026-11-26", changed(staff(3), "0002", status="Terminated", termination_date="2026-11-25"))

    def closed() -> list[str]:
        with acme.ports() as ports, ports.database.read() as connection:
            found = closings_between(connection, ports.policy.name, moment("2026-01-01"), moment("2027-01-01"))
        return [str(row.times.closed_at) for row in found]

    assert closed() == ["None"]
    exported(acme, "2026-11-26T18:00", rows(w0002="inactive"))
    acme.day("2026-11-27")
    assert closed() == ["2026-11-26 18:00:00+00:00"]
    assert states(acme, "P-2") == {"0002 suspend": "done"}


def test_lines_that_nobody_confirms_are_never_done_and_it_is_said(tmp_path: Path) -> None:
    learning = {"into": "file", "layout": "generic", "path": "./to-lms", "simulation": True}
    acme = Company(tmp_path / "acme", settings={"learning": learning, "guards": "off"})
    acme.day("2026-11-24", staff(3))
    acme.day("2026-11-25")
    assert lines(acme) == dict.fromkeys(NEVER, ("unconfirmed", "sent; nobody confirms it: no export of users is read"))
    told = "3 lines sent; nobody confirms what the system made of files: `confirm` names an export of users to read"
    assert f"import files: {told}" in said(acme, "status") and told in said(acme, "plan", "show", "P-1")
    acme.day("2026-11-26", changed(staff(3), "0002", status="Terminated", termination_date="2026-11-25"))
    acme.day("2026-12-24")
    assert not [one for one in acme.findings() if one.startswith("access_still_open")]
    # what was told can be taken back
    assert acme.undo("P-1", "2026-12-24") is not None


def test_an_export_that_shows_everybody_as_told_is_in_step(acme: Company) -> None:
    exported(acme, "2026-11-25", rows())
    found = looked(acme, "2026-11-26")
    assert (found.read, found.same, found.drift, found.gone) == (3, 3, (), ())


def test_somebody_who_is_shut_out_there_is_drift_and_is_told_again(acme: Company) -> None:
    exported(acme, "2026-11-25", rows(w0002="inactive"))
    found = looked(acme, "2026-11-26")
    assert [(d.worker_id, d.what) for d in found.drift] == [("0002", "access")]
    acme.day("2026-11-27")
    assert written(acme) == [("0002", "active")]


def test_somebody_who_is_not_there_is_named_and_is_back_when_an_export_shows_them(acme: Company) -> None:
    exported(acme, "2026-11-25", rows("0003"))
    assert [gone.worker_id for gone in looked(acme, "2026-11-26").gone] == ["0003"]
    assert acme.day("2026-11-27").did("create") == [] and written(acme) == []
    exported(acme, "2026-11-28", rows(), "users_2.csv")
    found = looked(acme, "2026-11-29")
    assert found.gone == () and len(found.back) == 1


def test_an_export_from_before_the_file_says_nothing(acme: Company) -> None:
    exported(acme, "2026-11-23", rows("0003", w0002="inactive"))
    found = looked(acme, "2026-11-26")
    assert (found.read, found.drift, found.gone) == (3, (), ())


def test_an_export_cut_down_to_nearly_nobody_is_not_concluded_from(acme: Company) -> None:
    exported(acme, "2026-11-25", rows("0001", "0002", "0003"))
    assert looked(acme, "2026-11-26").doubted == 3


def test_an_export_cut_in_the_middle_is_a_problem_until_a_whole_one_comes(acme: Company) -> None:
    exported(acme, "2026-11-24T20:00", rows())
    whole = (acme.folder / "from-lms" / "users.csv").read_text()
    (acme.folder / "from-lms" / "users.csv").write_text(whole[:40])
    cut = acme.day("2026-11-25", changed(staff(3), "0002", status="Terminated", termination_date="2026-11-24"))
    assert cut.did("suspend", "unconfirmed") == ["0002"], "whoever leaves does not wait for it"
    assert states(acme)["0001 create"] == "unconfirmed"
    assert [found for found in acme.findings() if found.startswith("export_unread")]
    assert "cannot be read" in said(acme, "issue", "list")
    exported(acme, "2026-11-25T20:00", rows(w0002="inactive"))
    acme.day("2026-11-26")
    assert states(acme)["0001 create"] == "done"
    assert not [found for found in acme.findings() if found.startswith("export_unread")]


# -------------------------------------------------------------------------------------------------------- training


FORKLIFT = {"name": "Forklift", "when": "department == 'Care'", "give": ["FORKLIFT"], "due": "30 days"}


def in_training(tmp_path: Path, layout: str) -> Company:
    learning = {"into": "file", "layout": layout, "path": "./to-lms", "simulation": True}
    learning |= {"confirm": {"path": "./from-lms/users*.csv"}}
    settings = {"learning": learning, "guards": "off", "learning_rules": [FORKLIFT]}
    acme = Company(tmp_path / "acme", settings=settings)
    acme.day("2026-11-24", [row | {"department": "Care"} for row in staff(3)])
    assert {who: state for who, state in states(acme).items() if "assign" in who} == dict.fromkeys(
        ("0001 assign", "0002 assign", "0003 assign"), "unconfirmed"
    )
    return acme


def training_shown(acme: Company, day: str, header: str, *people: str) -> None:
    file = acme.folder / "from-lms" / "users.csv"
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join([header, *people, ""]))
    os.utime(file, (at := moment(day).timestamp(), at))


@pytest.mark.parametrize(
    ("layout", "header", "people", "ended"),
    [
        pytest.param("moodle", "email,idnumber,course1,course2", ("FIRE,FORKLIFT", "FORKLIFT,", "FIRE,"),
                     ["done", "done", "needs_you"], id="moodle: a column for each course"),
        pytest.param("moodle", "email,idnumber,course1", ('"FIRE; FORKLIFT"', "FORKLIFT", ""),
                     ["done", "done", "needs_you"], id="moodle: several in one cell, and none"),
        pytest.param("moodle", "email,idnumber,course1,enrolstatus1", ("FORKLIFT,0", "FORKLIFT,", "FORKLIFT,1"),
                     ["done", "done", "needs_you"], id="moodle: enrolled and suspended there"),
        pytest.param("moodle", "email,idnumber,course1,enrolstatus1,course2,enrolstatus2",
                     ("FIRE,1,FORKLIFT,0", "FORKLIFT,0,FIRE,1", "FORKLIFT,1,FIRE,0"),
                     ["done", "done", "needs_you"], id="moodle: the status of each course"),
        pytest.param("talentlms", "Email,Employee number,Course", ("FORKLIFT", "FIRE|FORKLIFT", "FIRE"),
                     ["done", "done", "needs_you"], id="talentlms: one column"),
        pytest.param("generic", "email,employee_number,course", ("FORKLIFT", "FORKLIFT", "FIRE"),
                     ["done", "done", "needs_you"], id="generic: the column of the file of assignments"),
        pytest.param("generic", "email,employee_number,course,action",
                     ("FORKLIFT,assign", "FORKLIFT,", "FORKLIFT,withdraw"),
                     ["done", "done", "needs_you"], id="generic: given and taken away"),
        pytest.param("moodle", "email,idnumber,phone", ("1", "2", "3"),
                     ["assumed", "assumed", "assumed"], id="no such column"),
    ],
)  # fmt: skip
def test_training_is_confirmed_where_the_export_has_the_columns_of_the_layout(
    tmp_path: Path, layout: str, header: str, people: Sequence[str], ended: list[str]
) -> None:
    acme = in_training(tmp_path, layout)
    training_shown(
        acme, "2026-11-25", header, *(f"w000{n}@acme.example,000{n},{cells}" for n, cells in enumerate(people, 1))
    )
    night = acme.day("2026-11-25T13:00")
    found = states(acme)
    assert [found[f"000{n} assign"] for n in (1, 2, 3)] == ended
    assert {found[f"000{n} create"] for n in (1, 2, 3)} == {"done"}
    assert night.plan == "", "nothing is told again by itself"
    assert "import files" not in said(acme, "status")


def test_training_in_several_rows_of_somebody_and_training_that_was_never_told(tmp_path: Path) -> None:
    acme = in_training(tmp_path, "generic")
    people = [f"w000{n}@acme.example,000{n},{course}" for n in (1, 2, 3) for course in ("FIRE", "FORKLIFT")]
    training_shown(acme, "2026-11-25", "email,employee_number,course", *people)
    assert acme.day("2026-11-25T13:00").plan == "", "FIRE was given by others"
    assert {who: state for who, state in states(acme).items() if "assign" in who} == dict.fromkeys(
        ("0001 assign", "0002 assign", "0003 assign"), "done"
    )


def test_training_that_was_taken_away_is_over_when_the_account_is_shown(tmp_path: Path) -> None:
    acme = in_training(tmp_path, "moodle")
    acme.write_settings(learning_rules=[FORKLIFT | {"when_match_ends": "withdraw"}])
    acme.day("2026-11-25", [row | {"department": "Care" if row["worker_id"] != "0002" else "Bar"} for row in staff(3)])
    told = next(plan for plan in ("P-2", "P-3", "P-4") if "0002 withdraw" in states(acme, plan))
    assert states(acme, told)["0002 withdraw"] == "unconfirmed"
    shown = [f"w000{n}@acme.example,000{n},{'FORKLIFT' if n != 2 else ''}" for n in (1, 2, 3)]
    training_shown(acme, "2026-11-26", "email,idnumber,course1", *shown)
    acme.day("2026-11-26T13:00")
    assert states(acme, told)["0002 withdraw"] == "assumed"
    assert states(acme)["0001 assign"] == "done"
