"""`joinery template`: empty files with headings that need no mapping, for somebody else to fill in."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from joinery.app import clock
from joinery.cli.common import AsJson, show_json
from joinery.errors import NotThere
from joinery.reports.templates import TEMPLATES, write_csv_template, write_xlsx_template

app = typer.Typer(rich_markup_mode=None)


class Kind(StrEnum):
    """What the file is about."""

    EMPLOYEES = "employees"
    USERS = "users"
    COMPLETIONS = "completions"
    MAPPING = "mapping"


@app.command()
def main(
    kind: Annotated[Kind, typer.Argument(help="employees | users | completions | mapping")],
    xlsx: Annotated[bool, typer.Option("--xlsx", help="An Excel workbook; this is the default.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="A CSV file, with remarks above the headings.")] = False,
    json: AsJson = False,
    out: Annotated[Path | None, typer.Option("--out", help="The file; else KIND-template.xlsx or .csv here.")] = None,
) -> None:
    """Write an empty file with explained columns. Employees and users, filled in, are read without `fields`.

    A mapping is read by `joinery map import`. Completions are for the import of a learning system: Joinery reads none
    from a file.

    Example: joinery template employees --xlsx
    """
    if xlsx and csv:
        raise typer.BadParameter("--xlsx and --csv cannot both be asked for", param_hint="--csv")
    path = out or Path(f"{kind.value}-template.{'csv' if csv else 'xlsx'}")
    if path.exists():
        raise NotThere(f"There is a file {path} already; it was left as it is.", fix="Name another one with --out.")
    if csv or (not xlsx and path.suffix.lower() == ".csv"):
        write_csv_template(kind.value, path)
    else:
        write_xlsx_template(kind.value, path, clock.now())
    columns = [each.heading for each in TEMPLATES[kind.value]]
    if json:
        show_json({"file": str(path), "columns": columns})
        return
    print(f"{path}: {len(columns)} columns, {', '.join(h for h in columns[:3])} …")
    print(f"Next: fill it in, then joinery check {path}" if kind is Kind.EMPLOYEES else "Next: fill it in.")
