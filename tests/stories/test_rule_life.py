"""The life of rules: edited, looked at before, published, corrected, and told from everything that is not a rule."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from joinery.flows.edits import edit_between, mark_touched
from joinery.flows.look import pretended
from joinery.store.config_versions import versions_of
from joinery.store.connections import load_state
from joinery.store.people import People
from tests.stories.company import Company, changed, moment, staff, worker

FORKLIFT = {"name": "Warehouse", "when": {"department": "Warehouse"}, "give": "FORKLIFT", "due": "30 days"}
PEOPLE = [*staff(6), *staff(4, first=7, department="Warehouse")]


def company(folder: Path, *rules: dict[str, Any], **settings: Any) -> Company:
    acme = Company(folder, settings={"learning_rules": list(rules), "guards": "off", **settings})
    acme.day("2026-11-20", PEOPLE)
    return acme


def looked_at(acme: Company, day: str) -> list[str]:
    """Whom the edit makes the next plan look at; nothing is kept of this look."""
    with acme.open(day) as it, pretended(it.ports) as (trial, connection):
        state = load_state(connection, trial.policy.name)
        before = trial.versions.policy(connection, state.config_version)
        assert before is not None, "the configuration in force cannot be read again"
        mark_touched(connection, edit_between(before, trial.policy), moment(day), state.go_live)
        people = People(connection, trial.policy.name)
        return sorted(each.worker.worker_id for each in people.by_key(people.unsettled()).values())


def versions(acme: Company) -> list[str]:
    with acme.ports() as ports, ports.database.read() as connection:
        return [each.id for each in versions_of(connection, ports.policy.name)]


def test_a_comment_is_no_edit(tmp_path: Path) -> None:
    acme = company(tmp_path, FORKLIFT)
    acme.config.write_text("# somebody was here\n" + acme.config.read_text())
    assert acme.day("2026-11-21").plan == ""
    assert versions(acme) == ["C-1"]


@pytest.mark.parametrize(
    "edit",
    [{"mail": {"per_run": 7}}, {"retention": {"raw_files": "10 days"}}, {"kill_switch": {"per_hour": 3}}],
    ids=["mail", "how long files are kept", "a limit"],
)
def test_what_decides_nothing_about_people_makes_nobody_be_looked_at(tmp_path: Path, edit: dict[str, Any]) -> None:
    acme = company(tmp_path, FORKLIFT)
    acme.write_settings(**edit)
    assert looked_at(acme, "2026-11-21") == []
    assert acme.day("2026-11-21").plan == ""
    assert versions(acme) == ["C-2", "C-1"]


def test_an_edited_rule_makes_those_be_looked_at_whom_it_matched_or_matches(tmp_path: Path) -> None:
    acme = company(tmp_path, FORKLIFT)
    rows = changed(PEOPLE, "0002", location="Lyon")
    acme.day("2026-11-21", rows)
    acme.write_settings(learning_rules=[FORKLIFT | {"when": {"location": "Lyon"}}])
    assert looked_at(acme, "2026-11-22") == ["0002", "0007", "0008", "0009", "0010"]


def test_an_edit_of_a_table_makes_those_be_looked_at_who_have_the_code(tmp_path: Path) -> None:
    codes = {"Sales": "Selling", "Warehouse": "Stock"}
    acme = company(tmp_path, FORKLIFT, map={"department": {"values": codes}})
    acme.write_settings(map={"department": {"values": codes | {"Warehouse": "Logistics"}}})
    assert looked_at(acme, "2026-11-21") == ["0007", "0008", "0009", "0010"]


def test_an_edit_of_the_scope_makes_those_be_looked_at_who_come_in_or_go_out(tmp_path: Path) -> None:
    acme = company(tmp_path, FORKLIFT)
    acme.write_settings(exclude=[{"where": {"department": "Warehouse"}}])
    assert looked_at(acme, "2026-11-21") == ["0007", "0008", "0009", "0010"]


def test_the_plan_of_an_edit_names_the_configuration_and_only_what_follows_from_it(tmp_path: Path) -> None:
    acme = company(tmp_path, FORKLIFT)
    acme.write_settings(learning_rules=[FORKLIFT | {"give": ["FORKLIFT", "FIRE-1"]}])
    night = acme.day("2026-11-21")
    assert night.report.plan is not None and night.report.plan.cause.endswith("; configuration C-2")
    assert night.did("assign") == ["0007", "0008", "0009", "0010"]
    assert acme.day("2026-11-22").lines == []


def test_a_rule_edit_that_reaches_too_many_waits_at_the_guard_and_holds_nothing_else(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"learning_rules": [FORKLIFT]})
    acme.day("2026-11-20", PEOPLE)
    acme.write_settings(
        guards={"assign": {"share": "30%", "floor": 3}},
        learning_rules=[FORKLIFT | {"when": "True"}],
    )
    night = acme.day("2026-11-21", changed(PEOPLE, "0001", job_title="Chief"))
    assert night.tripped == ["assign"]
    assert night.did("assign", "held") == ["0001", "0002", "0003", "0004", "0005", "0006"]
    assert night.did("update") == ["0001"]
    assert "6 of 10 people would be given learning" in night.why_held("0002")


def test_a_rule_that_is_edited_back_takes_nothing_back_and_gives_nothing_twice(tmp_path: Path) -> None:
    acme = company(tmp_path, FORKLIFT)
    before = acme.assigned("0007")
    acme.write_settings(learning_rules=[FORKLIFT | {"when": {"department": "Nowhere"}}])
    assert acme.day("2026-11-21").lines == []
    acme.write_settings(learning_rules=[FORKLIFT])
    assert acme.day("2026-11-22").lines == []
    assert acme.assigned("0007") == before


def test_a_value_corrected_to_and_fro_assigns_once(tmp_path: Path) -> None:
    acme = company(tmp_path, FORKLIFT | {"when_match_ends": "withdraw_if_not_started"})
    acme.day("2026-11-21", changed(PEOPLE, "0001", department="Warehouse"))
    due = acme.assigned("0001")
    acme.day("2026-11-22", PEOPLE)
    assert acme.assigned("0001") == {}
    acme.day("2026-11-22T18:00", changed(PEOPLE, "0001", department="Warehouse"))
    assert acme.assigned("0001") == due
    assert list(acme.account("0001").enrolments) == ["course:FORKLIFT"]


def test_a_rule_on_a_change_fires_once_however_often_the_value_is_corrected(tmp_path: Path) -> None:
    acme = company(tmp_path, {"name": "Moved", "when": 'changed_to(department, "Warehouse")', "give": "TOUR"})
    there, back = changed(PEOPLE, "0001", department="Warehouse"), PEOPLE
    nights = [acme.day(f"2026-11-2{n}", rows) for n, rows in enumerate((there, back, there), 1)]
    assert [night.did("assign") for night in nights] == [["0001"], [], []]
    assert list(acme.account("0001").enrolments) == ["course:TOUR"]


def test_a_rule_for_new_matches_leaves_those_alone_whom_an_edit_lets_in(tmp_path: Path) -> None:
    rule = FORKLIFT | {"applies_to": "new_matches"}
    acme = company(tmp_path, rule)
    acme.write_settings(learning_rules=[rule | {"when": {"department": ["Warehouse", "Sales"]}}])
    assert acme.day("2026-11-21").did("assign") == []
    newcomer = worker(11, hire_date="2026-11-23")
    acme.day("2026-11-23", [*PEOPLE, newcomer])
    assert [who for who in acme.accounts() if acme.assigned(who)] == ["0011"]


def test_somebody_who_did_not_match_when_the_rule_was_published_is_a_new_match_later(tmp_path: Path) -> None:
    acme = company(tmp_path)
    acme.write_settings(learning_rules=[FORKLIFT | {"applies_to": "new_matches"}])
    assert acme.day("2026-11-21").lines == []
    night = acme.day("2026-11-25", changed(PEOPLE, "0001", department="Warehouse"))
    assert night.did("assign") == ["0001"]


@contextmanager
def sitting_in(zone: str) -> Iterator[None]:
    """The machine of whoever edits and publishes stands there."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Paris"])
def test_a_rule_means_the_same_wherever_its_editor_sits(tmp_path: Path, zone: str) -> None:
    rule = FORKLIFT | {"when": 'hire_date >= date("2026-11-21")', "due": "10 days after start"}
    with sitting_in(zone):
        acme = company(tmp_path)
        acme.write_settings(learning_rules=[rule])
        people = [*PEOPLE, worker(11, hire_date="2026-11-21", time_zone="Australia/Melbourne")]
        # 20 November, 12:59 UTC is a minute before midnight in Melbourne
        acme.day("2026-11-20T12:59", people)
        assert "0011" not in acme.accounts()
        acme.day("2026-11-20T13:00")
        assert acme.assigned("0011") == {"course:FORKLIFT": "2026-12-01"}


# ------------------------------------------------------------------------------------------ tables and departments


def mapped(folder: Path, rows: str, **settings: Any) -> Company:
    """Departments are codes: 47 and 48."""
    (folder / "departments.csv").write_text(f"code,value,valid_from,valid_to\n{rows}")
    settings = {"map": {"department": {"table": "departments.csv"}}, "guards": "off", **settings}
    acme = Company(folder, settings=settings, learning={"groups_from": ["department"]})
    acme.day("2026-11-20", [*staff(2, department="47"), *staff(1, first=3, department="48")])
    return acme


def groups(acme: Company) -> dict[str, list[str]]:
    return {a.worker_id: sorted(a.groups) for a in acme.raw_accounts()}


def test_a_new_label_for_the_same_code_is_a_rename_and_nobody_moved(tmp_path: Path) -> None:
    acme = mapped(tmp_path, "47,Ops,,\n48,Shop,,\n")
    (tmp_path / "departments.csv").write_text("47,Operations\n48,Shop\n")
    night = acme.day("2026-11-21")
    assert night.did("update") == ["0001", "0002"]
    assert groups(acme) == {"0001": ["Operations"], "0002": ["Operations"], "0003": ["Shop"]}
    assert acme.events() == []
    assert "the word for 47 is Operations now, it was Ops" in night.why("0001")


def test_a_dated_row_changes_the_word_on_its_day_in_the_zone_of_the_person(tmp_path: Path) -> None:
    acme = mapped(tmp_path, "47,Ops,,2026-11-30\n47,Operations,2026-12-01,\n48,Shop,,\n")
    acme.day("2026-11-21", [*staff(1, department="47"), worker(2, department="47", time_zone="Australia/Melbourne")])
    # without another file; it is 1 December in Melbourne already
    assert acme.day("2026-11-30T12:59").lines == []
    acme.day("2026-11-30T13:00")
    assert groups(acme)["0001"] == ["Ops"] and groups(acme)["0002"] == ["Operations"]
    acme.day("2026-12-01T00:00")
    assert groups(acme)["0001"] == ["Operations"]
    assert acme.day("2026-12-02").lines == []


def test_a_row_for_a_day_to_come_wakes_on_that_day_those_who_were_settled(tmp_path: Path) -> None:
    acme = mapped(tmp_path, "47,Ops,,\n48,Shop,,\n")
    (tmp_path / "departments.csv").write_text("code,value,valid_from\n47,Ops,\n48,Shop,\n", encoding="utf-8")
    assert acme.day("2026-11-21").lines == []
    (tmp_path / "departments.csv").write_text("47,Ops,,2026-12-31\n47,North,2027-01-01,\n48,Shop\n")
    assert acme.day("2026-11-22").lines == []
    assert acme.day("2027-01-01").did("update") == ["0001", "0002"]


@pytest.mark.parametrize(
    ("unmapped", "written"),
    [("hold", "Shop"), ("keep", "49"), ("use: Others", "Others")],
    ids=["it is held", "HR's code is written", "another word is written"],
)
def test_a_code_without_a_word_holds_that_attribute_and_nothing_else(
    tmp_path: Path, unmapped: str, written: str
) -> None:
    acme = mapped(
        tmp_path, "47,Ops,,\n48,Shop,,\n", map={"department": {"table": "departments.csv", "unmapped": unmapped}}
    )
    rows = [*staff(2, department="47"), worker(3, department="49", job_title="Chief")]
    acme.day("2026-11-21", rows)
    attributes = acme.account("0003").attributes
    assert (attributes["department"], attributes["job_title"]) == (written, "Chief")


TREE = "code,parent,valid_from,valid_to\nShop,Sales,,2026-11-30\nShop,Support,2026-12-01,\nDesk,Shop,,\n"


def test_departments_stand_below_one_another_as_of_the_day(tmp_path: Path) -> None:
    (tmp_path / "tree.csv").write_text(TREE)
    rules = [
        {"name": "S", "when": 'under(department, "Sales")', "give": "SELLING", "when_match_ends": "withdraw"},
        {"name": "U", "when": 'under(department, "Support")', "give": "HELPING"},
    ]
    acme = Company(tmp_path, settings={"learning_rules": rules, "department_tree": "tree.csv", "guards": "off"})
    acme.day("2026-11-20", [worker(1, department="Desk"), worker(2, department="sales"), worker(3, department="Post")])
    assert {who: list(acme.assigned(who)) for who in acme.accounts()} == {
        "0001": ["course:SELLING"],
        "0002": ["course:SELLING"],
        "0003": [],
    }
    acme.day("2026-12-01")
    assert {who: list(acme.assigned(who)) for who in acme.accounts()} == {
        "0001": ["course:HELPING"],
        "0002": ["course:SELLING"],
        "0003": [],
    }


def test_an_edited_tree_makes_those_be_looked_at_who_stand_elsewhere_now(tmp_path: Path) -> None:
    (tmp_path / "tree.csv").write_text("Shop,Sales\nDesk,Shop\n")
    rules = [{"name": "S", "when": 'under(department, "Sales")', "give": "SELLING"}]
    acme = Company(tmp_path, settings={"learning_rules": rules, "department_tree": "tree.csv", "guards": "off"})
    acme.day("2026-11-20", [worker(n, department=d) for n, d in enumerate(("Sales", "Shop", "Desk", "Post"), 1)])
    (tmp_path / "tree.csv").write_text("Shop,Sales\nDesk,Support\n")
    assert looked_at(acme, "2026-11-21") == ["0003"]


def test_the_same_file_says_something_else_once_a_word_of_hr_has_its_meaning(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"guards": "off"})
    rows = [worker(1), worker(2, status="Zurück ins Glied")]
    acme.day("2026-11-20", [worker(1), worker(2)])
    acme.day("2026-11-21", rows)
    assert acme.accounts()["0002"] == "active"
    acme.people = {"statuses": {"Zurück ins Glied": "terminated"}}
    acme.write_settings()
    assert list(acme.day("2026-11-22", rows).files.values()) == ["accepted"]
    assert acme.accounts()["0002"] == "suspended"
    assert list(acme.day("2026-11-23", rows).files.values()) == ["same"]


def test_a_rule_about_tenure_fires_on_its_day_without_a_file_and_without_an_edit(tmp_path: Path) -> None:
    rule = {"name": "Settled in", "when": "tenure_days >= 90", "give": "SECOND-STEP"}
    acme = Company(tmp_path, settings={"learning_rules": [rule], "guards": "off"})
    acme.day("2026-11-20", [worker(1, hire_date="2026-11-02"), worker(2, hire_date="2026-11-03")])
    assert acme.day("2027-01-30").lines == []
    assert acme.day("2027-01-31").did("assign") == ["0001"]
    assert acme.day("2027-02-05").did("assign") == ["0002"]


# -------------------------------------------------------------------------------------- what others' changes lead to


def managers(acme: Company) -> dict[str, str]:
    return {a.worker_id: a.attributes.get("manager_id", "") for a in acme.raw_accounts()}


def test_reports_follow_when_a_manager_is_away_and_when_the_manager_above_changes_meanwhile(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"guards": "off"})
    rows = [
        worker(1),
        worker(2),
        worker(3, manager_id="0001"),
        worker(4, manager_id="0003"),
        worker(5, manager_id="0004"),
    ]
    acme.day("2026-11-20", rows)
    rows = changed(rows, "0003", status="On leave")
    acme.day("2026-11-21", rows)
    assert managers(acme)["0004"] == "0001"
    acme.day("2026-11-22", rows := changed(rows, "0003", manager_id="0002"))
    assert managers(acme)["0004"] == "0002"
    # two away in a row, and the upper one is given another manager
    acme.day("2026-11-23", rows := changed(rows, "0004", status="On leave"))
    assert managers(acme)["0005"] == "0002"
    acme.day("2026-11-24", rows := changed(rows, "0003", manager_id="0001"))
    assert managers(acme)["0005"] == "0001"
    acme.day("2026-11-25", changed(rows, "0003", status="Active"))
    assert managers(acme)["0004"] == "0003" and managers(acme)["0005"] == "0003"


def test_who_loses_the_last_report_leads_nobody(tmp_path: Path) -> None:
    rule = {"name": "Leads", "when": "has_reports", "give": "LEAD", "when_match_ends": "withdraw"}
    acme = Company(tmp_path, settings={"learning_rules": [rule], "guards": "off"})
    rows = [worker(1), worker(2, manager_id="0001")]
    acme.day("2026-11-20", rows)
    assert acme.assigned("0001") != {}
    acme.day("2026-11-25", changed(rows, "0002", status="Terminated", termination_date="2026-11-24"))
    assert acme.assigned("0001") == {}
