"""`joinery map`: codes without a word, proposals, and words that are written where people keep them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner

from joinery.cli import map_command
from joinery.errors import ConfigError, NotThere
from joinery.flows.reconcile import reconcile
from tests.stories.company import Company, moment, staff, worker

PEOPLE = [*staff(4, department="4711"), *staff(3, first=5, department="4712"), worker(8, department="IT Dept.")]
WORDS = {"4711": "Logistics"}


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    settings = {"map": {"department": {"values": WORDS}}, "guards": "off"}
    company = Company(tmp_path, settings=settings, learning={"groups_from": ["department"]})
    company.day("2026-11-20", PEOPLE)
    return company


def typed(acme: Company, *words: str, ends: int = 0, pasted: str = "") -> str:
    done = CliRunner().invoke(
        map_command.app, [*words, "--config", str(acme.config)], catch_exceptions=False, input=pasted
    )
    assert done.exit_code == ends, done.output
    return done.stdout


def data(acme: Company, *words: str, ends: int = 0) -> Any:
    return json.loads(typed(acme, *words, "--json", ends=ends))


def groups(acme: Company) -> dict[str, list[str]]:
    return {a.worker_id: sorted(a.groups) for a in acme.raw_accounts()}


def test_codes_without_a_word_are_listed_with_their_people_and_what_happens_meanwhile(acme: Company) -> None:
    rows = data(acme, "unmapped", ends=4)["rows"]
    assert [(row["code"], row["people"], row["who"]) for row in rows] == [
        ("4712", 3, "0005, 0006, 0007"),
        ("IT Dept.", 1, "0008"),
    ]
    assert rows[0]["meanwhile"] == "this department is held: accounts keep what they have, new ones get none"
    assert groups(acme)["0005"] == [] and "department" not in acme.account("0005").attributes
    acme.write_settings(map={"department": {"values": WORDS, "unmapped": "use: Others"}})
    assert data(acme, "unmapped", ends=4)["rows"][0]["meanwhile"] == "Others is written"
    acme.write_settings(map={"department": {"values": {**WORDS, "4712": "Sales", "IT Dept.": "IT"}}})
    assert typed(acme, "unmapped") == "Every code has a word.\n"


def test_the_list_says_the_word_of_each_code(acme: Company) -> None:
    assert [(row["code"], row["word"], row["people"]) for row in data(acme, "list")["rows"]] == [
        ("4711", "Logistics", 4),
        ("4712", "(held)", 3),
        ("IT Dept.", "(held)", 1),
    ]


def test_a_word_that_is_set_reaches_those_with_the_code_and_nobody_else(acme: Company) -> None:
    assert "4712 is Sales; 3 people have it." in typed(acme, "set", "department", "4712", "Sales")
    night = acme.day("2026-11-21")
    assert {s.line.worker_id for s in night.stored} == {"0005", "0006", "0007"}
    assert groups(acme)["0005"] == ["Sales"]


def test_a_word_from_a_day_on_moves_the_values_into_a_table_and_waits_for_the_day(acme: Company) -> None:
    typed(acme, "set", "department", "4711", "Stock", "--effective", "2027-01-01")
    text = (acme.folder / "maps" / "department.csv").read_text()
    assert text == "code,value,valid_from,valid_to\n4711,Logistics,,2026-12-31\n4711,Stock,2027-01-01,\n"
    assert acme.day("2026-11-21").lines == []
    acme.day("2027-01-01")
    assert groups(acme)["0001"] == ["Stock"]
    typed(acme, "set", "department", "4712", "Sales")
    assert (acme.folder / "maps" / "department.csv").read_text() == text + "4712,Sales\n"


def test_rows_are_pasted_from_a_spreadsheet_or_read_from_one_and_come_back(acme: Company, tmp_path: Path) -> None:
    typed(acme, "import", "department", "-", pasted="4712\tSales\nIT Dept.\tIT\n")
    assert [row["code"] for row in data(acme, "export", "department")["rows"]] == ["4711", "4712", "IT Dept."]
    book = Workbook()
    for line in (["code", "value"], [4712, "Selling"]):
        book.active.append(line)
    book.save(tmp_path / "words.xlsx")
    typed(acme, "import", "department", str(tmp_path / "words.xlsx"))
    rows = {row["code"]: row["value"] for row in data(acme, "export", "department")["rows"]}
    assert rows == {"4711": "Logistics", "4712": "Selling", "IT Dept.": "IT"}
    typed(acme, "import", "department", str(tmp_path / "words.xlsx"), "--replace")
    assert [row["code"] for row in data(acme, "export", "department")["rows"]] == ["4712"]
    out = tmp_path / "out.xlsx"
    typed(acme, "export", "department", "--format", "xlsx", "--out", str(out))
    assert [cell.value for cell in load_workbook(out).active[2]][:2] == ["4712", "Selling"]


def test_what_people_share_already_is_suggested_then_what_is_spelled_alike(acme: Company) -> None:
    target = acme.lms()
    for account in list(target.world.accounts.values()):
        joined = {"0005": "Sales", "0006": "Sales", "0007": "Sales", "0001": "Information Technology"}
        if account.worker_id in joined:
            target.edit(replace(account, groups=account.groups | {joined[account.worker_id]}))
    with acme.open("2026-11-21") as it:
        reconcile(it.ports, moment("2026-11-21"))
    found = {row["code"]: (row["value"], row["why"]) for row in data(acme, "suggest")["rows"]}
    assert found == {
        "4712": ("Sales", "3 of 3 are in this group"),
        "IT Dept.": ("Information Technology", "the names are alike"),
    }
    out = acme.folder / "words.csv"
    typed(acme, "suggest", "--format", "csv", "--out", str(out))
    typed(acme, "import", "department", str(out))
    assert typed(acme, "unmapped") == "Every code has a word.\n"


def test_files_that_are_not_ours_to_write_are_left_and_the_change_is_a_patch(acme: Company) -> None:
    before = acme.config.read_bytes()
    patch = typed(acme, "set", "department", "4712", "Sales", "--patch")
    assert patch.startswith("--- a/joinery.yaml\n+++ b/joinery.yaml\n") and "+" in patch and '"4712": "Sales"' in patch
    assert acme.config.read_bytes() == before


REFUSED = [
    ("an attribute that does not exist", ["set", "departmant", "1", "A"], NotThere, "There is no attribute"),
    ("a file that does not exist", ["import", "department", "nowhere.csv"], NotThere, "There is no file"),
]


@pytest.mark.parametrize(("words", "error", "said"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED])
def test_what_cannot_be_is_refused_and_the_files_stay(
    acme: Company, words: list[str], error: type[Exception], said: str
) -> None:
    before = acme.config.read_bytes()
    with pytest.raises(error, match=said):
        typed(acme, *words)
    assert acme.config.read_bytes() == before


def test_a_table_in_a_workbook_is_left_to_the_spreadsheet(acme: Company) -> None:
    book = Workbook()
    book.active.append(["4711", "Logistics"])
    book.save(acme.folder / "d.xlsx")
    acme.write_settings(map={"department": {"table": "d.xlsx"}})
    assert data(acme, "list")["rows"][0]["word"] == "Logistics"
    with pytest.raises(ConfigError, match="is a workbook"):
        typed(acme, "set", "department", "4712", "Sales")
