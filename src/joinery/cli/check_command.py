"""`joinery check`: problems in an HR file, for those who can correct them there. Rule: it writes nothing anywhere."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

import typer

from joinery.app import clock
from joinery.app.checking import plain, remembered
from joinery.cli.check_report import as_data, problems, verdict
from joinery.cli.common import DEFAULT_CONFIG, AsJson, AsOf, Out, instant, say, show_for_people
from joinery.cli.wording import SEVERITIES, number, several
from joinery.core.hygiene.catalogue import CATALOGUE, explained
from joinery.core.mapping.headers import by_headings
from joinery.errors import NotThere

if TYPE_CHECKING:
    from joinery.core.model.account import Account
    from joinery.flows.check import Checked, Group, Looking
    from joinery.reports.problems import Problems
    from joinery.settings import Settings

app = typer.Typer(rich_markup_mode=None)

#: people and lines named in the text; all of them are in csv, xlsx and json
SAMPLE = 5


class FailOn(StrEnum):
    """From which severity on the command ends with 4."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


Ending: TypeAlias = Annotated[FailOn, typer.Option("--fail-on", help="End with 4 from this on.")]


File: TypeAlias = Annotated[Path | None, typer.Argument(metavar="FILE", help="The file; else those that wait.")]
Named: TypeAlias = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The settings that name the columns; joinery.yaml if it is there."),
]
Headings: TypeAlias = Annotated[
    bool, typer.Option("--headings", help="Recognise the columns by well-known headings; read no settings.")
]
Number: TypeAlias = Annotated[
    str, typer.Option("--number", metavar="COLUMN", help="The column of the employee number; reads no settings.")
]
Against: TypeAlias = Annotated[
    Path | None,
    typer.Option("--against", metavar="LMS_EXPORT", help="The learning system's user export, to compare with."),
]
Before: TypeAlias = Annotated[
    Path | None,
    typer.Option("--before", metavar="FILE", help="The export before this; with settings, the last accepted."),
]
Only: TypeAlias = Annotated[
    str, typer.Option("--issue", help="Only this issue (H-42, or the name of a check): is it right now?")
]
Key: TypeAlias = Annotated[
    str, typer.Option("--decrypt-with", metavar="REF", help="Our OpenPGP private key: file:PATH or env:NAME.")
]
Forget: TypeAlias = Annotated[
    bool, typer.Option("--forget-layout", help="As if nothing were known of what earlier files looked like.")
]
Form: TypeAlias = Annotated[str, typer.Option("--format", help="text | html | xlsx | csv | json.")]


@app.command()
def main(
    file: File = None,
    config: Named = None,
    headings: Headings = False,
    number: Number = "",
    against: Against = None,
    before: Before = None,
    issue: Only = "",
    form: Form = "text",
    json: AsJson = False,
    out: Out = None,
    fail_on: Ending = FailOn.ERROR,
    as_of: AsOf = None,
    key: Key = "",
    forget: Forget = False,
) -> None:
    """Look for problems in an HR file; nothing is written and nobody is touched.

    Needs no settings: columns are recognised by their headings. With settings (joinery.yaml), by what they say; then a
    file is read as `joinery sync` would read it, an encrypted one and what is known of earlier ones included.

    Examples: joinery check employees.csv | joinery check employees.csv --format html --out check.html |
    joinery check employees.csv --against lms-users.csv --format xlsx --out for-hr.xlsx

    Ends with 0, with 4 when something keeps people back (see --fail-on), with 5 when the file cannot be used.
    """
    settings = None if headings or number else _settings(config)
    moment = instant(as_of) or clock.now()
    accounts, checked = _accounts(against), []
    for path, name in _files(file, settings):
        from joinery.flows.check import check_file

        compared = _Compared(accounts=accounts, before=before or _last(settings, name))
        looking = _looking(settings, name, moment, compared, forget) if settings else _plainly(number, moment, compared)
        with plain(path, settings, name, key) as opened:
            checked.append(replace(check_file(opened, looking), name=path.name))
    checked = [_only(each, issue, config) for each in checked] if issue else checked
    _show(checked, "json" if json else form, out, moment)
    raise typer.Exit(exit_code(checked, fail_on))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """What the file is compared with."""

    accounts: Sequence[Account] | None
    before: Path | None


def _last(settings: Settings | None, name: str) -> Path | None:
    """The file of this source that was accepted last, while it is kept in a folder of this machine."""
    from joinery.settings.sources import FileSource

    source = settings.people[name] if settings else None
    if not isinstance(source, FileSource) or source.decrypt_with:
        return None
    from joinery.connectors.file import FolderDrop

    return FolderDrop(inbox=source.path, archive=source.archive).last_accepted()


def _only(checked: Checked, issue: str, config: Path | None) -> Checked:
    """What of this file belongs to that issue. An issue is looked up where it is kept; a check needs no settings."""
    check, attribute = issue.replace(" ", "_").lower(), ""
    if check not in CATALOGUE:
        from joinery.cli.common import connection
        from joinery.flows.issues import show_issue

        with connection(config or DEFAULT_CONFIG, quiet=True) as it:
            cause = show_issue(it.ports, issue).issue.cause
        check, attribute = cause.check, cause.attribute
    groups = tuple(g for g in checked.groups if g.check == check and attribute in {"", g.attribute})
    left = sum(len(group.people) or len(group.findings) for group in groups)
    after = "It closes after the next good run." if not left else "Correct them and check again."
    say(f"{issue}: {several(left, 'person', 'people')} left. {after}")
    return replace(checked, groups=groups, pairs=checked.pairs if check == "same_person" else ())


def _show(checked: Sequence[Checked], form: str, out: Path | None, moment: datetime) -> None:
    if form == "json":
        _write(dumps({"version": 1, "files": [as_data(each) for each in checked]}, ensure_ascii=False) + "\n", out)
    elif form == "text":
        _write("\n".join(line for each in checked for line in sentences(each)) + "\n", out)
    elif form in {"html", "csv", "xlsx"}:
        _report([problems(each, f"{moment:%d %B %Y}") for each in checked], form, out)
    else:
        raise typer.BadParameter(f"{form!r} is not text, html, xlsx, csv or json", param_hint="--format")


def _report(found: Sequence[Problems], form: str, out: Path | None) -> None:
    from joinery.reports.problems import affected, books

    if form == "csv":
        show_for_people(affected(found), form, out)
    elif form == "html":
        from joinery.reports.render_problems import as_html

        _write(as_html(found), out)
    elif out is None:
        raise typer.BadParameter("an .xlsx needs a file: --out for-hr.xlsx", param_hint="--out")
    else:
        from joinery.reports.render_xlsx import write_book

        write_book(books(found), out, clock.now())
    if out is not None:
        say(f"Written: {out}. It shows data of people; keep it where you keep the HR file.")


def _write(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8", newline="")


def _accounts(path: Path | None) -> Sequence[Account] | None:
    if path is None:
        return None
    if not path.is_file():
        raise NotThere(f"There is no file {path}.", fix="Name the learning system's user export.")
    from joinery.app.exports import read_accounts

    return read_accounts(path)


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
    from joinery.settings.sources import FileSource

    here = {name: source for name, source in settings.people.items() if isinstance(source, FileSource)}
    found = [
        (waiting.path, name)
        for name, source in here.items()
        for waiting in FolderDrop(inbox=source.path, archive=source.archive, ready_when=Ready.PRESENT).pending()
    ]
    if not found:
        folders = ", ".join(str(source.path) for source in here.values()) or "a folder of this machine"
        raise NotThere(f"No file waits in {folders}.", fix="Name one: joinery check employees.csv")
    return found


def _source_of(file: Path, settings: Settings | None) -> str:
    """The source whose pattern the file's name fits; the first one otherwise."""
    names = list(settings.people) if settings else [""]
    fits = [name for name in names if settings and file.match(settings.people[name].file_pattern or "/")]
    return (fits or names)[0]


def _plainly(number: str, moment: datetime, compared: _Compared) -> Looking:
    """Without settings; `number`: the column of the employee number, where somebody named it."""
    from joinery.flows.check import Looking
    from joinery.intake.layout import Layout

    column = number.strip()
    return Looking(
        mapping_for=lambda header: by_headings(header, column),
        today=moment.date(),
        layout=Layout(wanted=frozenset({column} if column else ())),
        time_zones=frozenset(available_timezones()),
        accounts=compared.accounts,
        before=compared.before,
        by_headings=True,
    )


def _looking(settings: Settings, name: str, moment: datetime, compared: _Compared, forget: bool) -> Looking:
    from joinery.app.policy import mapping_reader
    from joinery.app.sources import layout_of
    from joinery.flows.check import Looking

    source, today = settings.people[name], moment.astimezone(ZoneInfo(settings.company.time_zone)).date()
    known = {} if forget else remembered(settings, name)
    return Looking(
        mapping_for=mapping_reader(name, source),
        today=today,
        layout=layout_of(source).with_remembered(known),
        dates=known.get("dates", {}),
        time_zones=frozenset(available_timezones()),
        accounts=compared.accounts,
        before=compared.before,
        mapped_values=_values(settings, today),
        changes=source.content == "changes",
        several_jobs=source.has_several_jobs,
    )


def _values(settings: Settings, today: date) -> dict[str, frozenset[str]]:
    """attribute -> codes that have a value today; where a code without one is kept as it is, none is missing."""
    return {
        name: frozenset(row.code for row in each.rows() if row.holds(today))
        for name, each in settings.map.items()
        if each.unmapped.action == "hold"
    }


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


def _group(group: Group) -> Iterator[str]:
    column = f", column {group.column}" if group.column else ""
    size = _size(group)
    yield f"{explained(group.check).title}: {size} ({SEVERITIES[group.severity]}{column})"
    messages = list(dict.fromkeys(finding.message for finding in group.findings))
    yield from (f"  {message}" for message in messages[:2])
    if len(messages) > 2:
        yield f"  … and {number(len(messages) - 2)} more like this"
    if group.findings[0].suggestion:
        yield f"  What to do: {group.findings[0].suggestion}"
    if where := _where(group):
        yield f"  {where}"


def _size(group: Group) -> str:
    if group.people:
        return several(len(group.people), "person", "people")
    return several(len(group.findings), "account" if group.findings[0].accounts else "line")


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
