"""Options that many commands share, and how answers are shown."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from joinery.app.looking import acting, looking_of, may_ask
from joinery.app.wiring import Opened, Voice, opened
from joinery.core.rules.disclosure import Looking
from joinery.errors import ConfigError
from joinery.reports.tables import Table, as_json
from joinery.settings import Settings, load
from joinery.store.audit_log import act_as

Config: TypeAlias = Annotated[
    Path, typer.Option("--config", "-c", envvar="JOINERY_CONFIG", help="The settings file.", show_default=True)
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Answer as JSON on stdout.")]
AsOf: TypeAlias = Annotated[
    str | None,
    typer.Option("--as-of", metavar="ISO8601", help="Decide for this moment, e.g. 2026-12-01T12:00:00Z."),
]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but errors.")]
Format: TypeAlias = Annotated[
    str, typer.Option("--format", help="text | csv | xlsx | json; csv and json are raw, for other programs.")
]
Out: TypeAlias = Annotated[Path | None, typer.Option("--out", help="Write to this file instead of stdout.")]

DEFAULT_CONFIG = Path("joinery.yaml")


def instant(text: str | None) -> datetime | None:
    """The moment of `--as-of`; without a zone it is UTC. Raises ConfigError on anything else."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is not a moment; write 2026-12-01 or 2026-12-01T12:00:00Z", param_hint="--as-of"
        ) from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def settings_of(config: Path) -> Settings:
    """The settings alone; nothing is opened. Raises ConfigError."""
    if not config.is_file():
        raise ConfigError(f"There is no settings file {config}.", fix="Name one with --config.")
    return load(config, environ=os.environ)


@contextmanager
def connection(
    config: Path, *, quiet: bool = False, as_of: datetime | None = None, confidential: bool = False
) -> Iterator[Opened]:
    """The opened connection of this settings file, with progress on stderr where somebody watches.

    `confidential`: such things were asked for. Raises NotPermitted for whoever may not be told.
    """
    if not config.is_file():
        raise ConfigError(
            f"There is no settings file {config}.",
            fix="Name one with --config, or begin with config.example.yaml.",
        )
    act_as(acting())
    with opened(config, environ=os.environ, voice=voice(quiet=quiet), as_of=as_of) as it:
        if confidential:
            may_ask(it.settings)
        yield it


def looking(it: Opened) -> Looking:
    """Who looks: what is shown of people goes past it."""
    from joinery.app import clock

    return looking_of(it.settings, clock.now().date())


def voice(*, quiet: bool) -> Voice:
    """Progress as one line that overwrites itself; nothing when nobody watches."""
    if quiet or not sys.stderr.isatty():
        return Voice()

    def progress(what: str, done: int, of: int) -> None:
        end = "\n" if done >= of else ""
        print(f"\r{what}: {done} of {of}   ", end=end, file=sys.stderr, flush=True)

    return Voice(say=lambda line: print(line, file=sys.stderr), progress=progress)


def show_json(body: dict[str, Any]) -> None:
    """`{"version": 1, …}` on stdout."""
    print(json.dumps({"version": 1, **body}, ensure_ascii=False, default=str))


def show_table(shown: Table, form: str, out: Path | None) -> None:
    """A list in the form asked for."""
    if form == "xlsx":
        _xlsx(shown, out)
        return
    text = _forms()[form](shown) if form in _forms() else None
    if text is None:
        raise typer.BadParameter(f"{form!r} is not text, csv, xlsx or json", param_hint="--format")
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8", newline="")


def show_for_people(shown: Table, form: str, out: Path | None) -> None:
    """As `show_table`, for a list that somebody opens in a spreadsheet: no cell of its csv can start a formula."""
    if form != "csv":
        show_table(shown, form, out)
        return
    from joinery.reports.render_csv import as_csv, write_csv

    if out is None:
        sys.stdout.write(as_csv(shown))
    else:
        write_csv(shown, out)


def _forms() -> dict[str, Callable[[Table], str]]:
    return {"csv": raw_csv, "json": lambda shown: as_json(shown) + "\n", "text": _text}


def _text(shown: Table) -> str:
    from joinery.reports.render_text import as_text, colour_wanted

    colour = colour_wanted(os.environ, terminal=sys.stdout.isatty())
    return as_text(shown, colour=colour) + "\n"


def raw_csv(shown: Table) -> str:
    """Machine columns and raw values: a feed for other programs, not for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in shown.columns])
    writer.writerows([["" if cell is None else cell for cell in row] for row in shown.rows])
    return out.getvalue()


def _xlsx(shown: Table, out: Path | None) -> None:
    from joinery.app import clock
    from joinery.reports.render_xlsx import write_xlsx

    if out is None:
        raise typer.BadParameter("an .xlsx needs a file: --out list.xlsx", param_hint="--out")
    write_xlsx(shown, out, clock.now())


def counted(parts: Sequence[tuple[int, str]]) -> str:
    """`3 created, 1 held`: only what there is."""
    return ", ".join(f"{number} {word}" for number, word in parts if number)


def say(line: str, *, quiet: bool = False) -> None:
    """A message for the person, on stderr."""
    if not quiet:
        print(line, file=sys.stderr)
