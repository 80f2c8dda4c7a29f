"""Empty files for somebody else to fill in. Rule: every heading is one that is recognised, so a filled-in file needs no
mapping; nothing in it looks like a person."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import xlsxwriter


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One column: what goes into it, an example, and whether it is a date or has to be there."""

    heading: str
    meaning: str
    example: str
    date: bool = False
    needed: bool = False


def _asked(*columns: tuple[str, str, str]) -> tuple[Asked, ...]:
    """(heading, meaning, example); a heading that ends with `*` has to be there, an example like a date makes one."""
    return tuple(
        Asked(
            heading=heading.rstrip("*"),
            meaning=meaning,
            example=example,
            date=len(example) == 10 and example[4:8:3] == "--",
            needed=heading.endswith("*"),
        )
        for heading, meaning, example in columns
    )


TEMPLATES: Final[dict[str, tuple[Asked, ...]]] = {
    "employees": _asked(
        ("Employee number*", "As text, zeros in front kept; never given to a second person.", "000101"),
        ("Previous employee number", "Only when the number has changed: the one before.", ""),
        ("First name", "May be empty for people with one name.", "Ines"),
        ("Last name", "", "Duarte"),
        ("Work e-mail", "Empty for people who have none.", "ines.duarte@example.com"),
        ("Employment status", "Active, On leave, Terminated, Pre-hire, or your own words.", "Active"),
        ("Hire date", "First day at work.", "2026-03-09"),
        ("Termination date", "Last day employed; empty while there is none.", "2026-12-31"),
        ("Job title", "", "Forklift Driver"),
        ("Department", "A code or a name, always the same one.", "Logistics"),
        ("Location", "", "Lille"),
        ("Country", "Two letters.", "FR"),
        ("Time zone", "Where it is not that of the company.", "Europe/Paris"),
        ("Manager number", "The employee number of the manager.", "000100"),
        ("Cost center", "", "4711"),
        ("Legal entity", "The company that employs the person.", "Example SA"),
        ("Employment type", "", "Permanent"),
        ("Language", "For mails and certificates.", "fr"),
    ),
    "users": _asked(
        ("Account ID*", "The learning system's own key of the account.", "4821"),
        ("Username", "What the person signs in with.", "iduarte"),
        ("E-mail", "", "ines.duarte@example.com"),
        ("Employee number", "As text, where the learning system keeps it.", "000101"),
        ("First name", "", "Ines"),
        ("Last name", "", "Duarte"),
        ("Account status", "Active, Suspended or Archived.", "Active"),
        ("User type", "Learner, or what kind of administrator.", "Learner"),
    ),
    "completions": _asked(
        ("worker_id*", "The employee number, as text.", "000101"),
        ("course*", "The course's key in the learning system.", "FORKLIFT"),
        ("course_title", "", "Forklift, basics"),
        ("course_version", "", "2"),
        ("completed_at*", "The day, or the moment with its zone.", "2026-03-20"),
        ("result", "passed, failed or completed.", "passed"),
        ("score", "0 to 100.", "92"),
        ("expires_on", "The last day on which it is valid.", "2028-03-20"),
        ("certificate_id", "", "C-1042"),
    ),
    "mapping": _asked(
        ("code*", "HR's code, exactly as in the file.", "LOG-01"),
        ("value*", "What it is called in the learning system.", "Logistics"),
        ("valid_from", "First day; empty: always was.", "2026-01-01"),
        ("valid_to", "Last day; empty: until further notice.", "2026-12-31"),
    ),
}


def write_csv_template(kind: str, path: Path) -> None:
    """Remarks with `#` above the headings, which readers skip."""
    asked = TEMPLATES[kind]
    out = io.StringIO()
    out.write(f"# {_title(kind)}. Lines with # may stay; they are not read.\n")
    for each in asked:
        out.write(f"# {each.heading}: {_explained(each)}\n")
    csv.writer(out, lineterminator="\n").writerow([each.heading for each in asked])
    path.write_text(out.getvalue(), encoding="utf-8-sig", newline="")


def write_xlsx_template(kind: str, path: Path, made_at: datetime) -> None:
    """Text columns that keep zeros, date columns, a remark on each heading, and all remarks on a second sheet."""
    asked = TEMPLATES[kind]
    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"title": _title(kind), "created": made_at.astimezone(UTC).replace(tzinfo=None)})
        head = book.add_format({"bold": True, "bottom": 1})
        needed = book.add_format({"bold": True, "bottom": 1, "bg_color": "#FFF2CC"})
        text, day = book.add_format({"num_format": "@"}), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet(kind.capitalize())
        sheet.freeze_panes(1, 0)
        for column, each in enumerate(asked):
            sheet.set_column(column, column, max(12, len(each.heading) + 2), day if each.date else text)
            sheet.write_string(0, column, each.heading, needed if each.needed else head)
            sheet.write_comment(0, column, _explained(each), {"author": "Joinery"})
        _help(book.add_worksheet("How to fill in"), asked, head)


def _help(sheet: xlsxwriter.worksheet.Worksheet, asked: Sequence[Asked], head: xlsxwriter.format.Format) -> None:
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 70)
    sheet.set_column(2, 2, 28)
    for column, heading in enumerate(("Column", "What goes into it", "Example")):
        sheet.write_string(0, column, heading, head)
    for row, each in enumerate(asked, 1):
        for column, cell in enumerate((each.heading, _meaning(each), each.example)):
            sheet.write_string(row, column, cell)


def _title(kind: str) -> str:
    return {"employees": "People, one row each", "users": "Accounts of the learning system, one row each"}.get(
        kind, "Training records, one row each" if kind == "completions" else "HR's codes and what they are called"
    )


def _meaning(each: Asked) -> str:
    rest = "A date as YYYY-MM-DD." if each.date else ""
    return " ".join(part for part in ("Needed." if each.needed else "", each.meaning, rest) if part) or "May be empty."


def _explained(each: Asked) -> str:
    return _meaning(each) + (f" Example: {each.example}" if each.example else "")
