"""`joinery map`: HR's codes and the words used in learning. Rule: it writes files that people own, no data."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from joinery.app import clock
from joinery.app.policy import day_of
from joinery.app.wiring import Opened
from joinery.cli.common import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    Format,
    Out,
    connection,
    say,
    show_for_people,
    show_json,
    show_table,
)
from joinery.cli.file_edits import Patch, keep_edits
from joinery.cli.wording import several
from joinery.core.model.worker import FIELD_NAMES
from joinery.errors import NotThere
from joinery.flows.maps import Code, codes, suggestions
from joinery.reports.tables import table
from joinery.settings.map_edit import FileEdit, merge_rows, set_word
from joinery.settings.table_rows import TableTrouble, cells_of, read_rows, rows_of

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Mapping tables: HR's codes and the words used in learning.",
)

Attribute: Any = Annotated[str, typer.Argument(help="The worker attribute, e.g. department.")]
MaybeAttribute: Any = Annotated[str, typer.Argument(metavar="[ATTRIBUTE]", help="Only this attribute.")]
NEXT = "The next joinery plan shows what follows, person by person; before that: joinery rules diff"


@app.command("list")
def list_codes(
    attribute: MaybeAttribute = "",
    config: Config = DEFAULT_CONFIG,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
) -> None:
    """Every code that people have, its word today, and how many have it."""
    with connection(config, quiet=True) as it:
        found = codes(it.ports, _named(it, attribute))
    rows = [(each.attribute, each.code, _word(each), each.people) for each in found]
    if not rows and form == "text" and not json:
        print("No attribute has a table: `map` in the settings, or joinery map set ATTRIBUTE CODE WORD.")
        return
    show_table(table("Codes", ("attribute", "code", "word", "people"), rows), "json" if json else form, out)


def _word(code: Code) -> str:
    if code.word is not None:
        return code.word
    return (
        "(held)"
        if code.unmapped == "hold"
        else code.unmapped.removeprefix("use:")
        if ":" in code.unmapped
        else "(kept)"
    )


def _named(it: Opened, attribute: str) -> tuple[str, ...]:
    if not attribute:
        return ()
    custom = {name for source in it.settings.people.values() for name in source.fields}
    if attribute not in FIELD_NAMES | custom:
        raise NotThere(
            f'There is no attribute "{attribute}".', fix=f"Mapped here: {', '.join(it.settings.map) or 'none'}."
        )
    return (attribute,)


@app.command()
def unmapped(
    attribute: MaybeAttribute = "",
    config: Config = DEFAULT_CONFIG,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
) -> None:
    """Codes that no table has a word for, how many people have them, and what happens to these meanwhile.

    Ends with 0 when there are none, else with 4.
    """
    with connection(config, quiet=True) as it:
        found = [each for each in codes(it.ports, _named(it, attribute)) if each.word is None]
    rows = [(each.attribute, each.code, each.people, _meanwhile(each), ", ".join(each.who)) for each in found]
    if not rows and form == "text" and not json:
        print("Every code has a word.")
        return
    columns = ("attribute", "code", "people", "meanwhile", "who=For example")
    show_table(table("Codes without a word", columns, rows), "json" if json else form, out)
    if form == "text" and not json:
        say('Next: joinery map suggest, or joinery map set ATTRIBUTE CODE "WORD"')
    raise typer.Exit(4 if rows else 0)


def _meanwhile(code: Code) -> str:
    if code.unmapped == "hold":
        return f"this {code.attribute} is held: accounts keep what they have, new ones get none"
    return "HR's code is written" if code.unmapped == "keep" else f"{code.unmapped.removeprefix('use:')} is written"


@app.command()
def suggest(
    attribute: MaybeAttribute = "",
    config: Config = DEFAULT_CONFIG,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
) -> None:
    """Words for codes that have none: a group that their people share already, or a name that is like the code.

    Example: joinery map suggest department --format csv --out words.csv, then correct and import it
    """
    with connection(config, quiet=True) as it:
        found = suggestions(it.ports, _named(it, attribute))
    rows = [(each.code, each.word, each.attribute, each.people, each.score, each.why) for each in found]
    if not rows and form == "text" and not json:
        print("Every code has a word.")
        return
    columns = ("code", "value", "attribute", "people", "score", "why")
    show_table(table("Suggestions", columns, rows), "json" if json else form, out)
    if out is not None:
        say(f"{several(len(rows), 'code')}. Correct the column value, then: joinery map import ATTRIBUTE {out}")


@app.command("set")
def set_value(
    attribute: Attribute,
    code: Annotated[str, typer.Argument(help="HR's code, exactly as HR writes it.")],
    word: Annotated[str, typer.Argument(help="The word used in learning.")],
    config: Config = DEFAULT_CONFIG,
    effective: Annotated[
        str, typer.Option("--effective", metavar="DATE", help="From this day on; until then what holds now.")
    ] = "",
    patch: Patch = False,
    json: AsJson = False,
) -> None:
    """Write one word into the table or the settings that hold it; comments and other rows stay as they are.

    Examples: joinery map set department 4711 "Ops/North" | joinery map set department 4711 Ops --effective 2027-01-01
    """
    since = _day(effective)
    with connection(config, quiet=True) as it:
        _named(it, attribute)
        today = day_of(clock.now(), it.settings)
        edits = set_word(it.settings, attribute, code, word, since=since, today=today)
        people = sum(each.people for each in codes(it.ports, (attribute,)) if each.code == code)
    from_on = f" from {since} on" if since else ""
    _finish(
        it, edits, f"{code} is {word}{from_on}; {several(people, 'person has', 'people have')} it.", patch, json=json
    )


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a day; write 2027-01-01", param_hint="--effective") from error


@app.command("import")
def import_rows(
    attribute: Attribute,
    file: Annotated[Path, typer.Argument(help="A .csv or .xlsx file; - for what is pasted.")],
    config: Config = DEFAULT_CONFIG,
    sheet: Annotated[str, typer.Option("--sheet", help="The sheet of an .xlsx file.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="The file is the whole table; other rows go.")] = False,
    patch: Patch = False,
    json: AsJson = False,
) -> None:
    """Take over rows of code and value (valid_from, valid_to) from a file, or pasted from a spreadsheet.

    Examples: joinery map import department words.xlsx | joinery map import department - < pasted.txt
    """
    rows = _rows(file, sheet or None)
    with connection(config, quiet=True) as it:
        _named(it, attribute)
        edits = merge_rows(it.settings, attribute, rows, replacing=replace)
    _finish(it, edits, f"{several(len(rows), 'row')} for {attribute}.", patch, json=json)


def _rows(file: Path, sheet: str | None) -> tuple[Any, ...]:
    try:
        if str(file) == "-":
            found = rows_of(cells_of(sys.stdin.read()))
        elif file.is_file():
            found = read_rows(file, sheet)
        else:
            raise NotThere(f"There is no file {file}.", fix="It has the columns code and value.")
    except TableTrouble as trouble:
        raise NotThere(f"{file}: {trouble}; nothing was written.", fix="Correct the file.") from trouble
    return tuple(row for row in found if row.code and row.value)


@app.command("export")
def export_rows(
    attribute: Attribute,
    config: Config = DEFAULT_CONFIG,
    form: Format = "csv",
    json: AsJson = False,
    out: Out = None,
) -> None:
    """The rows of a table, to edit in a spreadsheet and to import again.

    Example: joinery map export department --format xlsx --out department.xlsx
    """
    with connection(config, quiet=True) as it:
        there = it.settings.map.get(attribute)
        rows = there.rows() if there else ()
    shown = [(r.code, r.value, r.valid_from, r.valid_to) for r in rows]
    made = table(attribute, ("code=code", "value=value", "valid_from=valid_from", "valid_to=valid_to"), shown)
    show_for_people(made, "json" if json else form, out)


def _finish(it: Opened, edits: Sequence[FileEdit], done: str, patch: bool, *, json: bool) -> None:
    kept = keep_edits(it.settings.file, edits, patch=patch)
    if json:
        show_json({"done": done, **kept.data})
        return
    kept.tell(done)
    if kept.written:
        say(NEXT)
