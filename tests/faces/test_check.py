"""`joinery check`: one command, five forms; a report that shuts nobody out and lets nothing of the file act."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright
from typer.testing import CliRunner, Result

from joinery.cli.main import app
from joinery.errors import SourceUntrusted
from tests.support.peers import CHROMIUM_ARGS

HR = """\
Employee ID,First name,Last name,Work e-mail,Phone,Status,Start date,End date,Department,Manager ID
001,Ana,Berg,ana.berg@acme.com,+49 170 1234567,Active,2019-04-08,,Care,009
002,Ana,Bergh,a.bergh@acme.com,+49 170 1234567,Active,2019-04-08,,Care,009
003,<b>Bob</b>,"<script>alert(1)</script>",bob@acme.com,,Active,2020-02-30,,Care,
004,Eve,Khan,eve@acme.com,,Terminated,2018-01-01,2026-01-31,Care,
005,Jan,Roy,jan@acme.com,,=1+1,2018-01-01,,Care,
=cmd|' /C calc'!A0,Li,Wu,bob@acme.com,,Active,2018-01-01,,Care,
009,Mia,Abel,mia@acme.com,,Active,2010-01-01,,Care,
"""
LMS = """\
id,username,email,idnumber,status,role
1,ana,ana.berg@acme.com,001,active,learner
4,eve,eve@acme.com,004,active,Administrator
7,ghost,ghost@acme.com,,active,learner
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hr.csv").write_text(HR)
    (tmp_path / "lms.csv").write_text(LMS)
    return tmp_path


def check(*words: str) -> Result:
    return CliRunner().invoke(app, ["check", "hr.csv", "--as-of", "2026-11-29", *words])


def found(*words: str) -> dict[str, Any]:
    groups: list[dict[str, Any]] = json.loads(check("--json", *words).stdout)["files"][0]["groups"]
    return {group["check"]: group for group in groups}


def test_it_needs_no_settings_and_says_the_verdict_first(folder: Path) -> None:
    done = check()
    assert done.exit_code == 4
    assert done.stdout.splitlines()[0].startswith("hr.csv: ")
    assert "block them" in done.stdout.splitlines()[0]


def test_the_pair_is_told_with_its_evidence_and_no_name(folder: Path) -> None:
    (pair,) = json.loads(check("--json").stdout)["files"][0]["pairs"]
    assert (pair["left"], pair["right"]) == ("001", "002")
    assert "the same telephone" in pair["agree"]
    assert "Berg" not in check("--json").stdout


def test_each_group_says_why_and_where(folder: Path) -> None:
    group = found()["same_person"]
    assert group["title"] and group["why"] and group["where"]
    assert group["findings"][0]["worker_ids"] == ["001", "002"]


def test_the_learning_system_is_compared(folder: Path) -> None:
    groups = found("--against", "lms.csv")
    assert groups["lms_only_account"]["findings"][0]["accounts"] == ["7"]
    assert groups["privileged_account_ending"]["findings"][0]["worker_ids"] == ["004"]
    assert "lms_only_account" not in found()


def test_yesterdays_export_is_compared(folder: Path) -> None:
    (folder / "before.csv").write_text(HR.replace("009,Mia", "099,Mia"))
    assert found("--before", "before.csv")["renumbered"]["findings"][0]["better"] == "099"


@pytest.mark.parametrize(("fail_on", "code"), [("error", 4), ("warning", 4), ("never", 0)])
def test_how_it_ends(folder: Path, fail_on: str, code: int) -> None:
    assert check("--fail-on", fail_on).exit_code == code


def test_csv_has_one_row_per_person_and_no_formula(folder: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(check("--format", "csv").stdout)))
    pair = [row["Employee number"] for row in rows if row["Check"] == "same_person"]
    assert pair == ["001", "002"]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


def test_the_workbook_has_an_overview_pairs_and_a_sheet_for_each_issue(folder: Path) -> None:
    assert check("--format", "xlsx", "--out", "out.xlsx").exit_code == 4
    book = openpyxl.load_workbook(folder / "out.xlsx")
    assert book.sheetnames[:2] == ["Overview", "Side by side"]
    assert len(book.sheetnames) == 2 + len(found())
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert "=cmd|' /C calc'!A0" in {cell.value for cell in cells}
    assert {cell.data_type for cell in cells} <= {"s", "n"}, "no cell is a formula"


@pytest.mark.parametrize("form", ["xlsx", "docx"])
def test_a_form_that_cannot_be_is_said_so(folder: Path, form: str) -> None:
    assert check("--format", form).exit_code == 2


def test_a_file_that_is_not_there(folder: Path) -> None:
    done = check("--against", "none.csv")
    assert "There is no file none.csv" in str(done.exception)


def test_the_page_stands_alone_and_nothing_of_the_file_acts(folder: Path) -> None:
    page = check("--format", "html").stdout
    assert page.startswith("<!doctype html>")
    assert "<script" not in page and "<b>Bob" not in page
    assert "src=" not in page and "http" not in page.replace("http-equiv", "")
    assert "people are kept back" in page


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(chromium_path), args=list(CHROMIUM_ARGS))
        yield started
        started.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 320])
def test_the_page_shuts_nobody_out(folder: Path, browser: Browser, scheme: Any, width: int) -> None:
    check("--format", "html", "--against", "lms.csv", "--out", "check.html")
    page = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    page.goto((folder / "check.html").as_uri())
    assert page.locator("h1").inner_text().endswith("worth a look.")
    assert page.locator("article.pair h3").inner_text() == "001 and 002: probably one person"
    assert [violation["id"] for violation in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


CHANGES = """\
Employee ID,First name,Last name,Work e-mail,Status,Start date,Department,Manager ID
001,Ana,Berg,ana.berg@acme.com,Active,2019-04-08,Care,009
001,Ana,Berg,ana.berg@acme.com,Active,2019-04-08,Bar,009
002,Bo,Arp,bo.arp@acme.com,Terminated,2019-04-08,Care,009
002,Bo,Arp,bo.arp@acme.com,Active,2019-04-08,Care,009
"""


@pytest.mark.parametrize("told_by", ["its name", "the settings", "nothing"])
def test_a_file_of_changes_is_looked_at_as_a_run_reads_it(folder: Path, told_by: str) -> None:
    """Several rows of one person are changes, a manager may stand elsewhere, and an unclear end is told."""
    name = "hris_employees_changes_20261120T050000Z.csv" if told_by == "its name" else "news.csv"
    (folder / name).write_text(CHANGES)
    content = "\n  content: changes" if told_by == "the settings" else ""
    head = "version: 1\ncompany: { name: Acme, time_zone: UTC }\nlearning: { into: memory, file: lms.json }\n"
    (folder / "joinery.yaml").write_text(f"{head}people:\n  from: file\n  path: ./*.csv{content}\n")
    done = CliRunner().invoke(app, ["check", name, "--json", "--as-of", "2026-11-29", "--config", "joinery.yaml"])
    groups = json.loads(done.stdout)["files"][0]["groups"]
    checks = {group["check"]: json.dumps(group["findings"]) for group in groups}
    if told_by == "nothing":
        assert {"duplicate_worker_id", "manager_missing"} <= checks.keys()
    else:
        assert "2 rows tell of 002, differ in status" in checks["changes_without_order"]
        assert not {"duplicate_worker_id", "manager_missing"} & checks.keys()


def test_a_file_with_headings_only_is_not_called_free_of_issues(folder: Path) -> None:
    (folder / "hr.csv").write_text(HR.splitlines()[0] + "\n")
    assert check().stdout.splitlines()[0] == "hr.csv: headings only, and nobody in it."


def test_a_number_that_stands_twice_is_told_with_all_its_lines(folder: Path) -> None:
    (folder / "hr.csv").write_text(HR + HR.splitlines()[1] + "\n")
    assert "The employee number 001 stands on 2 rows (lines 2, 9)." in check().stdout


SEVERAL = """version: 1
company: { name: A, time_zone: UTC }
learning: { into: classroom }
people:
  from: file
  path: ./inbox/*.csv
  %s
  fields: { worker_id: id, given_name: given, job_id: job, department: dept, status: status, legal_entity: unit }
"""
JOBS = "id,given,job,dept,status,unit\n1,Ana,A,Sales,Active,FR\n1,Ana,B,Bar,Active,FR\n2,Bo,A,Bar,Active,FR\n"


@pytest.mark.parametrize("name", ["people.csv", "hris_people_changes_20261120T040000Z.csv"])
@pytest.mark.parametrize("also", ["has_several_jobs: true", "has_several_jobs: true\n  numbering: per_entity"])
def test_several_jobs_are_read_as_a_run_reads_them(folder: Path, name: str, also: str) -> None:
    (folder / "joinery.yaml").write_text(SEVERAL % also)
    (folder / name).write_text(JOBS)
    done = CliRunner().invoke(app, ["check", name, "--as-of", "2026-11-29", "--json"])
    (checked,) = json.loads(done.stdout)["files"]
    assert not [group for group in checked["groups"] if group["check"] == "duplicate_worker_id"]
    other = JOBS.replace("1,Ana,B", "1,Eve,B")
    (folder / name).write_text(other)
    done = CliRunner().invoke(app, ["check", name, "--as-of", "2026-11-29", "--json"])
    assert "duplicate_worker_id" in done.stdout, "two people under one number"


# ---------------------------------------------------------------- columns that no settings name

ODD = """\
Clock card,Title,First name,Last name,Work e-mail,Locale,Preferred language
17,Mr,Ana,Berg,ana.berg@acme.com,de,German
18,Dr,Bob,Low,bob@acme,de,German
"""


def raised(result: Result) -> None:
    if result.exception is not None:
        raise result.exception


def test_the_column_of_the_number_can_be_named(folder: Path) -> None:
    (folder / "hr.csv").write_text(ODD)
    with pytest.raises(SourceUntrusted) as refused:
        raised(check())
    assert '--number "COLUMN"' in refused.value.fix
    with pytest.raises(SourceUntrusted, match="did you mean 'Clock card'"):
        raised(check("--number", "Clockcard"))
    assert found("--number", "Clock card")["impossible_address"]["people"] == 1


def test_headings_in_doubt_and_forms_of_address_are_said_and_not_read(folder: Path) -> None:
    (folder / "hr.csv").write_text(ODD)
    text = check("--number", "Clock card").output
    assert "The columns 'Locale' and 'Preferred language' could each be language; none of them is read." in text
    assert "The column 'Title' holds forms of address (Mr, Ms, Dr) and no job titles; it is not read." in text
    assert "not read: Title, Locale, Preferred language" in text
