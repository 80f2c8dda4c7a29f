"""A filled-in template is read as it is: every heading means something, and zeros and dates survive."""

from __future__ import annotations

import datetime as d
from pathlib import Path

import openpyxl
import pytest

from joinery.core.mapping.headers import mapping_for
from joinery.core.mapping.inbound import Mapped, map_record
from joinery.core.mapping.recognition import recognise_accounts
from joinery.intake.delta import records
from joinery.intake.layout import Layout
from joinery.intake.read import read_table
from joinery.reports.templates import TEMPLATES, write_csv_template, write_xlsx_template
from joinery.settings.table_rows import read_rows

NOW = d.datetime(2026, 1, 1, tzinfo=d.UTC)


def filled(folder: Path, kind: str, ending: str) -> Path:
    """The template with its own examples as a row."""
    path = folder / f"{kind}.{ending}"
    examples = [each.example for each in TEMPLATES[kind]]
    if ending == "csv":
        write_csv_template(kind, path)
        with path.open("a", encoding="utf-8") as file:
            file.write(",".join(f'"{cell}"' for cell in examples) + "\n")
    else:
        write_xlsx_template(kind, path, NOW)
        book = openpyxl.load_workbook(path)
        sheet = book[kind.capitalize()]
        assert sheet["A1"].comment is not None
        sheet.append(examples)
        book.save(path)
    return path


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_employees_are_read_without_fields(tmp_path: Path, ending: str) -> None:
    table = read_table(filled(tmp_path, "employees", ending), Layout())
    spec = mapping_for(table.header)
    assert len(spec.rows) == len(TEMPLATES["employees"])
    (record,) = records(table.frame)
    found = map_record(spec, record)
    assert isinstance(found, Mapped)
    assert (found.worker.worker_id, found.worker.hire_date) == ("000101", d.date(2026, 3, 9))
    assert (found.worker.manager_id, found.worker.status_text) == ("000100", "Active")


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_accounts_are_recognised(tmp_path: Path, ending: str) -> None:
    table = read_table(filled(tmp_path, "users", ending), Layout(sheet="Users"))
    found = recognise_accounts(table.header, {}, {})
    assert [column.attribute for column in found.columns] == [
        "account_id", "username", "email", "worker_id", "given_name", "family_name", "state", "roles",
    ]  # fmt: skip


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_table_of_codes_is_read(tmp_path: Path, ending: str) -> None:
    (row,) = read_rows(filled(tmp_path, "mapping", ending))
    assert (row.code, row.value, row.valid_from) == ("LOG-01", "Logistics", d.date(2026, 1, 1))


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_training_records_have_the_columns_that_hr_gets(tmp_path: Path, ending: str) -> None:
    from joinery.reports.completions_file import COLUMNS

    table = read_table(filled(tmp_path, "completions", ending), Layout(sheet="Completions"))
    assert set(table.header) <= set(COLUMNS)
