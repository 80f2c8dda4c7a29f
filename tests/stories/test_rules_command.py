"""`joinery rules` over a company that lives: what it says before is what happens afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from joinery.cli import rules_command
from joinery.settings import load
from tests.stories.company import Company, Row, changed, moment, worker

RULE = {"name": "Safety", "when": {"country": "FR", "department": "Warehouse"}, "give": ["FORKLIFT"], "due": "30 days"}
ROWS: list[Row] = [
    worker(n, country="FR" if n % 2 else "DE", department="Warehouse" if n <= 8 else "Sales") for n in range(1, 13)
]


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    company = Company(tmp_path, settings={"learning_rules": [RULE], "guards": "off"})
    company.day("2026-11-20", ROWS)
    return company


def typed(acme: Company, *words: str, ends: int = 0) -> str:
    done = CliRunner().invoke(rules_command.app, [*words, "--config", str(acme.config)], catch_exceptions=False)
    assert done.exit_code == ends, done.output
    return done.stdout


def data(acme: Company, *words: str) -> Any:
    return json.loads(typed(acme, *words, "--json"))


def rule_file(acme: Company, text: str) -> str:
    file = acme.folder / "rules" / "new.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return str(file)


def test_the_list_says_whom_each_rule_matches_and_who_owes_because_of_it(acme: Company) -> None:
    (row,) = data(acme, "list")["rows"]
    assert (row["rule"], row["gives"], row["matches"], row["owing"]) == ("Safety", "course:FORKLIFT", 4, 4)
    assert row["from"].startswith("joinery.yaml:")


def test_a_rule_file_is_tried_before_any_setting_names_it(acme: Company) -> None:
    file = rule_file(acme, "name: Desk\nwhen: { country: DE, job_title: Clerk }\ngive: DESK\n")
    (found,) = data(acme, "test", file, "--people", "0001,0002")["rules"]
    assert (found["matches"], found["misses"], found["unknown"], found["people"]) == (6, 6, 0, 12)
    assert len(found["samples"]) == 5
    first, second = found["asked"]
    assert (first["matches"], first["why"]) == (False, ['country is "FR", not "DE"'])
    assert (second["matches"], second["why"]) == (True, ['country is "DE"', 'job_title is "Clerk"'])
    assert '0001 Given0001 Family0001 does not match: country is "FR", not "DE".' in typed(
        acme, "test", file, "--people", "0001"
    )


def test_what_hr_does_not_give_cannot_be_told(acme: Company) -> None:
    acme.day("2026-11-21", changed(ROWS, "0003", country=""))
    (found,) = data(acme, "test", "--rule", "Safety", "--people", "0003")["rules"]
    assert (found["unknown"], found["asked"][0]["why"]) == (1, ["country is not known"])


def test_who_has_left_matches_and_gets_nothing(acme: Company) -> None:
    acme.day("2026-11-22", changed(ROWS, "0001", status="Terminated", termination_date="2026-11-20"))
    (found,) = data(acme, "test", "--people", "0001")["rules"]
    assert found["matches"] == 3
    assert (found["asked"][0]["matches"], found["asked"][0]["but"][:23]) == (True, "their stage of life is ")


def test_a_moment_to_come_counts_who_will_be_there(acme: Company) -> None:
    acme.day("2026-11-21", [*ROWS, worker(13, country="FR", department="Warehouse", hire_date="2026-12-01")])
    assert data(acme, "test")["rules"][0]["matches"] == 4
    assert data(acme, "test", "--as-of", "2026-12-02")["rules"][0]["matches"] == 5


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name: A\nwhen: { cuntry: FR }\ngive: X\n", 'There is no attribute "cuntry"'),
        ("name: A\ngibe: X\n", "gibe"),
        ("- name: A\n", "a rule gives something"),
        ("just text\n", "a rule file holds one rule or a list of rules"),
    ],
    ids=["no such attribute", "no such key", "gives nothing", "no rule at all"],
)
def test_a_rule_file_with_a_mistake_is_refused_with_its_place(acme: Company, text: str, problem: str) -> None:
    from joinery.errors import ConfigError

    file = rule_file(acme, text)
    with pytest.raises(ConfigError) as caught:
        typed(acme, "test", file)
    problems = caught.value.data["problems"]
    assert any(problem in f"{told['key']}: {told['message']}" for told in problems)  # type: ignore[attr-defined]
    assert {told["file"] for told in problems} == {file}  # type: ignore[attr-defined]


def test_the_effect_of_a_rule_file_is_shown_before_any_setting_names_it_and_nothing_is_kept(acme: Company) -> None:
    text = "- { name: Safety, when: { department: Warehouse }, give: [FORKLIFT], due: 30 days }\n"
    file = rule_file(acme, text + "- { name: Desk, when: { country: DE }, give: DESK, groups: [Desk] }\n")
    found = data(acme, "diff", file)
    assert found["rules"] == [
        {"rule": "Desk", "word": "new", "gains": 6, "loses": 0, "stays": 0},
        {"rule": "Safety", "word": "edited", "gains": 4, "loses": 0, "stays": 4},
    ]
    assert found["courses"] == {"course:DESK": {"gained": 6, "lost": 0}, "course:FORKLIFT": {"gained": 4, "lost": 0}}
    assert [each["worker_id"] for each in found["people"]] == ["0002", "0004", "0006", "0008", "0010", "0012"]
    assert "Safety (edited): +4 -0 =4 people" in typed(acme, "diff", file)
    # nothing was kept: the next night has nothing to do
    assert acme.day("2026-11-21").lines == []


def test_the_effect_that_is_shown_is_what_the_plan_then_does(acme: Company) -> None:
    acme.write_settings(
        learning_rules=[
            RULE | {"when": {"department": "Sales"}, "when_match_ends": "withdraw", "give": ["FORKLIFT", "TILL"]}
        ]
    )
    told = {each["worker_id"]: each["changes"] for each in data(acme, "diff")["people"]}
    night = acme.day("2026-11-20T13:00")
    lines: dict[str, list[tuple[str, str]]] = {}
    for stored in night.stored:
        word = {"assign": "gets", "withdraw": "loses"}[str(stored.line.action)]
        requirement = getattr(stored.line.operation, "requirement", "")
        lines.setdefault(stored.line.worker_id, []).append((word, requirement))
    shown = {who: sorted((each["change"], each["what"]) for each in changes) for who, changes in told.items()}
    assert shown == {who: sorted(several) for who, several in lines.items()}
    assert sum(len(each) for each in shown.values()) == 12
    assert data(acme, "diff")["edited"] is False


def test_an_edited_table_and_scope_are_shown_too(acme: Company) -> None:
    acme.write_settings(map={"department": {"values": {"Sales": "Selling", "Warehouse": "Warehouse"}}})
    assert {(c["what"], c["after"]) for p in data(acme, "diff")["people"] for c in p["changes"]} == {
        ("department", "Selling")
    }
    acme.write_settings(map={}, exclude=[{"where": {"department": "Sales"}}])
    assert {(c["change"], c["after"]) for p in data(acme, "diff")["people"] for c in p["changes"]} == {
        ("access", "archived")
    }


def test_the_effect_goes_into_a_spreadsheet(acme: Company, tmp_path: Path) -> None:
    acme.write_settings(learning_rules=[RULE | {"give": ["FORKLIFT", "FIRE-1"]}])
    out = tmp_path / "effect.xlsx"
    typed(acme, "diff", "--format", "xlsx", "--out", str(out))
    rows = list(load_workbook(out).active.iter_rows(values_only=True))
    assert len(rows) == 5 and [cell for cell in rows[1] if cell][:4] == [
        "0001",
        "Given0001 Family0001",
        "gets",
        "course:FIRE-1",
    ]
    assert typed(acme, "diff", "--format", "csv").count("course:FIRE-1") == 4


def test_lint_says_what_looks_wrong_and_ends_with_4_for_an_error(acme: Company) -> None:
    acme.write_settings(
        learning_rules=[
            RULE,
            {"name": "Nobody", "when": {"country": "IT"}, "give": "X"},
            {"name": "Again", "when": {"country": "FR"}, "give": "FORKLIFT", "due": "10 days"},
            {
                "name": "Restless",
                "when": "True",
                "give": "Y",
                "kind": "optional",
                "recurs": {"every": "1 month", "window": "60 days"},
            },
        ]
    )
    found = {(row["check"], row["rule"]) for row in json.loads(typed(acme, "lint", "--json", ends=4))["rows"]}
    assert found == {
        ("window_longer_than_cycle", "Restless"),
        ("matches_nobody", "Nobody"),
        ("value_that_does_not_occur", "Nobody"),
        ("two_due_dates", "Safety"),
        ("nothing_mandatory", ""),
    }


def test_lint_has_nothing_to_say_about_sound_rules(acme: Company) -> None:
    acme.write_settings(learning_rules=[RULE | {"when": "True"}])
    assert typed(acme, "lint").startswith("Nothing to say about 1 rule")


def test_a_rule_is_explained_in_sentences(acme: Company) -> None:
    said = typed(acme, "explain", "Safety")
    assert 'Everybody whose country is "FR" and department is "Warehouse" gets course:FORKLIFT.' in said
    with pytest.raises(Exception, match='There is no rule "Safty"'):
        typed(acme, "explain", "Safty")


def having(acme: Company, course: str, who: list[str]) -> None:
    """The learning system gave it to them by hand."""
    from dataclasses import replace

    from joinery.core.model.account import Enrolment
    from joinery.core.model.ids import RequirementKey

    target = acme.lms()
    for account in list(target.world.accounts.values()):
        if account.worker_id in who:
            there = Enrolment(requirement=RequirementKey(course))
            target.edit(replace(account, enrolments={**account.enrolments, there.key: there}))


def test_rules_are_learnt_from_accounts_and_load_as_they_are_written(tmp_path: Path) -> None:
    from joinery.flows.reconcile import reconcile

    acme = Company(tmp_path, settings={"guards": "off"})
    acme.day("2026-11-20", ROWS)
    having(acme, "course:FORKLIFT", [f"{n:04}" for n in range(1, 9) if n != 5])
    with acme.open("2026-11-21") as it:
        reconcile(it.ports, moment("2026-11-21"))
    (found,) = data(acme, "learn", "--confidence", "80")["proposals"]
    assert found == {
        "gives": "course:FORKLIFT",
        "when": {"department": ["Warehouse"]},
        "support": 8,
        "having": 7,
        "confidence": 0.875,
        "exceptions": ["0005"],
        "beside": 0,
    }
    out = tmp_path / "rules" / "learnt.yaml"
    said = typed(acme, "learn", "--confidence", "80", "--out", str(out))
    assert (
        "88 % of 8 people with department Warehouse have course:FORKLIFT: make this a rule? Without it: 0005." in said
    )
    acme.write_settings(rules=["rules/*.yaml"])
    (rule,) = load(acme.config, environ={}).learning_rules
    assert (rule.name, rule.give, rule.applies_to) == ("FORKLIFT for Warehouse", ("course:FORKLIFT",), "new_matches")
    # nobody is given anything by it, not even the exception
    assert data(acme, "diff")["people"] == []
    assert acme.day("2026-11-22").lines == []
    assert data(acme, "learn", "--confidence", "80")["given"] == ["course:FORKLIFT"]


def test_rules_are_learnt_from_a_file_of_two_columns(acme: Company, tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    rows = "".join(f"{n:04};TILL\n" for n in range(1, 13) if n % 2)
    file.write_text(f"Employee number;Course\n{rows}9999;TILL\n")
    found = data(acme, "learn", "--from", str(file))
    assert [(each["when"], each["having"]) for each in found["proposals"]] == [({"country": ["FR"]}, 6)]
    assert found["unknown"] == 1
    with pytest.raises(Exception, match="There is no file"):
        typed(acme, "learn", "--from", str(tmp_path / "none.csv"))
