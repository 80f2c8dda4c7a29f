"""`joinery check`: problems in an HR file, for those who can correct them there. Rule: it writes nothing anywhere."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

import typer

from joinery.app import clock
from joinery.cli.common import DEFAULT_CONFIG, AsJson, AsOf, Format, Out, instant, show_for_people, show_json
from joinery.cli.wording import SEVERITIES, number, several
from joinery.core.mapping.headers import mapping_for
from joinery.core.model.finding import Finding, Severity
from joinery.errors import NotThere
from joinery.reports.tables import table

if TYPE_CHECKING:
    from joinery.flows.check import Checked, Group, Looking
    from joinery.settings import Settings

app = typer.Typer(rich_markup_mode=None)

#: people and lines named in the text; all of them are in csv, xlsx and json
SAMPLE = 5
COLUMNS = (
    "severity=How bad",
    "check",
    "worker_id=Employee number",
    "line",
    "column",
    "message=What is wrong",
    "suggestion=What to do",
)


class FailOn(StrEnum):
    """From which severity on the command ends with 4."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


Ending: TypeAlias = Annotated[FailOn, typer.Option("--fail-on", help="End with 4 from this on.")]


@app.command()
def main(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="The file; else those that wait.")] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="The settings that name the columns; joinery.yaml if it is there."),
    ] = None,
    headings: Annotated[
        bool, typer.Option("--headings", help="Recognise the columns by well-known headings; read no settings.")
    ] = False,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
    fail_on: Ending = FailOn.ERROR,
    as_of: AsOf = None,
) -> None:
    """Look for problems in an HR file; nothing is written and nobody is touched.

    Needs no settings: columns are recognised by their headings. With settings (joinery.yaml), by what they say.

    Examples: joinery check employees.csv | joinery check employees.csv --format xlsx --out for-hr.xlsx

    Ends with 0, with 4 when something keeps people back (see --fail-on), with 5 when the file cannot be used.
    """
    settings = None if headings else _settings(config)
    moment = instant(as_of) or clock.now()
    checked = []
    for path, name in _files(file, settings):
        from joinery.flows.check import check_file

        checked.append(check_file(path, _looking(settings, name, _today(settings, moment))))
    if json or form == "json":
        show_json({"files": [as_data(each) for each in checked]})
    elif form == "text" and out is None:
        for each in checked:
            print("\n".join(sentences(each)))
    else:
        rows = [row for each in checked for row in _rows(each)]
        show_for_people(table("Problems", COLUMNS, rows), form, out)
    raise typer.Exit(exit_code(checked, fail_on))


def _today(settings: Settings | None, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(settings.company.time_zone)).date() if settings else moment.date()


def exit_code(checked: Iterable[Checked], fail_on: FailOn) -> int:
    """0, or 4 when something is as bad as asked for."""
    for each in checked:
        if fail_on is not FailOn.NEVER and each.errors:
            return 4
        if fail_on is FailOn.WARNING and each.warnings:
            return 4
    return 0


def _settings(config: Path | None) -> Settings | None:
    named = config or (Path(os.environ["JOINERY_CONFIG"]) if os.environ.get("JOINERY_CONFIG") else None)
    if named is None and not DEFAULT_CONFIG.is_file():
        return None
    from joinery.settings import load

    return load(named or DEFAULT_CONFIG, environ=os.environ)


def _files(file: Path | None, settings: Settings | None) -> Sequence[tuple[Path, str]]:
    """(file, name of its source); without a file, all that wait in the folders of the settings."""
    if file is not None:
        if not file.is_file():
            raise NotThere(f"There is no file {file}.", fix="Name the HR file: joinery check employees.csv")
        return [(file, _source_of(file, settings))]
    if settings is None:
        raise NotThere("No file is named, and there is no joinery.yaml here.", fix="joinery check employees.csv")
    from joinery.connectors.file import FolderDrop, Ready

    found = [
        (waiting.path, name)
        for name, source in settings.people.items()
        for waiting in FolderDrop(inbox=source.path, archive=source.archive, ready_when=Ready.PRESENT).pending()
    ]
    if not found:
        folders = ", ".join(str(source.path) for source in settings.people.values())
        raise NotThere(f"No file waits in {folders}.", fix="Name one: joinery check employees.csv")
    return found


def _source_of(file: Path, settings: Settings | None) -> str:
    """The source whose pattern the file's name fits; the first one otherwise."""
    names = list(settings.people) if settings else [""]
    fits = [name for name in names if settings and file.match(settings.people[name].path.name)]
    return (fits or names)[0]


def _looking(settings: Settings | None, name: str, today: Any) -> Looking:
    from joinery.flows.check import Looking

    zones = frozenset(available_timezones())
    if settings is None:
        return Looking(mapping_for=mapping_for, today=today, time_zones=zones)
    from joinery.app.policy import mapping_reader
    from joinery.app.sources import layout_of

    source = settings.people[name]
    return Looking(mapping_for=mapping_reader(name, source), today=today, layout=layout_of(source), time_zones=zones)


def sentences(checked: Checked) -> Iterator[str]:
    """The verdict first, then what it rests on, then each group with what to do."""
    yield f"{checked.name}: {verdict(checked)}"
    aside = f", {several(checked.set_aside, 'line')} cannot be read" if checked.set_aside else ""
    yield f"  {several(checked.rows, 'person', 'people')} read{aside}; {checked.read_as}"
    recognised = ", ".join(f"{column} = {attribute}" for attribute, column in checked.recognised.items())
    yield from _wrapped(f"read as: {recognised}")
    if checked.unread:
        yield from _wrapped("not read: " + ", ".join(_unread(column, why) for column, why in checked.unread.items()))
    for group in checked.groups:
        yield ""
        yield from _group(group)


def _wrapped(text: str) -> Iterator[str]:
    yield from textwrap.wrap(text, 110, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


def _unread(column: str, why: str) -> str:
    return f"{column} ({why})" if why.startswith("sensitive") else column


def verdict(checked: Checked) -> str:
    """`9 issues in 4 groups, 61 people; 2 block them`, in numbers that can be acted on."""
    groups = [group for group in checked.groups if group.severity is not Severity.NOTE]
    notes = sum(1 for _ in checked.findings(Severity.NOTE))
    noted = f" ({several(notes, 'note')})" if notes else ""
    if not groups:
        return f"no issues{noted}."
    issues = sum(len(group.findings) for group in groups)
    people = frozenset[str]().union(*(group.people for group in groups))
    said = f"{several(issues, 'issue')} in {several(len(groups), 'group')}, {several(len(people), 'person', 'people')}"
    if not checked.errors:
        return f"{said}; none blocks anybody{noted}."
    return f"{said}; {number(checked.errors)} block{'s' if checked.errors == 1 else ''} them{noted}."


def _group(group: Group) -> Iterator[str]:
    column = f", column {group.column}" if group.column else ""
    size = several(len(group.people), "person", "people") if group.people else several(len(group.findings), "line")
    yield f"{group.check.replace('_', ' ').capitalize()}: {size} ({SEVERITIES[group.severity]}{column})"
    messages = list(dict.fromkeys(finding.message for finding in group.findings))
    yield from (f"  {message}" for message in messages[:2])
    if len(messages) > 2:
        yield f"  … and {number(len(messages) - 2)} more like this"
    if group.findings[0].suggestion:
        yield f"  What to do: {group.findings[0].suggestion}"
    if where := _where(group):
        yield f"  {where}"


def _where(group: Group) -> str:
    """The first people and lines."""
    named: list[str] = []
    for finding in group.findings:
        line = f"line {finding.line}" if finding.line else ""
        first, *others = finding.about or ("",)
        named += [f"{first} ({line})" if first and line else first or line, *others]
    named = [each for each in dict.fromkeys(named) if each]
    more = f" and {number(len(named) - SAMPLE)} more" if len(named) > SAMPLE else ""
    return f"{', '.join(named[:SAMPLE])}{more}" if named else ""


def _rows(checked: Checked) -> Iterator[tuple[str | int | None, ...]]:
    """One row for each person, so that the list can be sorted and handed on."""
    for group in checked.groups:
        for finding in group.findings:
            for worker_id in finding.about or ("",):
                line = finding.line if worker_id in ("", *finding.about[:1]) else None
                bad = SEVERITIES[group.severity]
                yield bad, group.check, worker_id, line, group.column, finding.message, finding.suggestion


def as_data(checked: Checked) -> dict[str, Any]:
    """The same for programs, complete."""
    return {
        "file": checked.name,
        "verdict": verdict(checked),
        "rows": checked.rows,
        "set_aside": checked.set_aside,
        "encoding": checked.encoding,
        "delimiter": checked.delimiter,
        "read_as": checked.read_as,
        "recognised": dict(checked.recognised),
        "not_read": dict(checked.unread),
        "errors": checked.errors,
        "warnings": checked.warnings,
        "groups": [
            {
                "check": group.check,
                "severity": str(group.severity),
                "attribute": group.attribute,
                "column": group.column,
                "people": len(group.people),
                "findings": [_finding_data(finding) for finding in group.findings],
            }
            for group in checked.groups
        ],
    }


def _finding_data(finding: Finding) -> dict[str, Any]:
    return {
        "worker_ids": list(finding.about),
        "line": finding.line,
        "message": finding.message,
        "suggestion": finding.suggestion,
    }
