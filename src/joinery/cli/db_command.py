"""`joinery db backup | restore | migrate`: the store as a whole. Rule: nothing is replaced without a copy of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from joinery.app import clock
from joinery.app.looking import acting
from joinery.app.upgrading import place, restore_copy, upgrade
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, say, settings_of, show_json
from joinery.settings import Settings
from joinery.store.backup import backup as copy_store
from joinery.store.database import Database
from joinery.store.migrate import pending, revisions

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="The store: copy it, bring it back, upgrade it.")


@contextmanager
def _store(config: Path) -> Iterator[tuple[Settings, Database]]:
    """The settings and their store, as it is: not brought up to date."""
    settings = settings_of(config)
    (settings.folder / ".joinery").mkdir(parents=True, exist_ok=True)
    database = Database(settings.store_url())
    try:
        yield settings, database
    finally:
        database.close()


@app.command()
def backup(
    out: Annotated[Path | None, typer.Option("--out", help="The file; else one in `.joinery/backups`.")] = None,
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Copy the store while others may go on working. It holds personal data: only its owner can read the file.

    Examples: joinery db backup | joinery db backup --out /backup/joinery-monday.db
    """
    with _store(config) as (settings, database):
        file = out or place(database, settings.folder / ".joinery", clock.now(), "by-hand")
        copy_store(database, file)
    if json:
        show_json({"written": str(file), "bytes": file.stat().st_size})
        return
    print(f"Written: {file}")
    say(f"Back: joinery db restore {file} --yes")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that joinery db backup wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Really do it.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Over a store that is in use; it is copied first.")] = False,
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Put a copy in the place of the store. People who were erased since the copy was made must be erased again.

    Example: joinery db restore .joinery/backups/joinery-20261129T050000000000Z-by-hand.db --force --yes

    Refused over a store that is in use without --force, and while a run is at work (8).
    """
    if not yes:
        raise typer.BadParameter("this replaces everything that Joinery remembers: say --yes", param_hint="--yes")
    settings = settings_of(config)
    (settings.folder / ".joinery").mkdir(parents=True, exist_ok=True)
    done = restore_copy(settings, file, force=force, by=acting(), now=clock.now())
    if json:
        show_json({"restored": str(file), "sha256": done.sha256, "kept": str(done.kept) if done.kept else None})
        return
    print(f"The store is the one of {file}.")
    if done.kept is not None:
        say(f"What was there before is kept in {done.kept}")
    say("Next: joinery reconcile reads what the learning system really holds; erase again whoever was erased since")


@app.command()
def migrate(
    check: Annotated[bool, typer.Option("--check", help="Only say what is pending.")] = False,
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Bring the store to the tables of this version, all or nothing, after a copy. Every command does it by itself.

    With --check it ends with 0 when nothing is pending, else with 1.
    """
    with _store(config) as (settings, database):
        steps = pending(database)
        copy = None if check else upgrade(database, settings.folder / ".joinery", clock.now())
    if json:
        show_json({"pending": list(steps), "newest": revisions()[-1], "done": not check, "copy": str(copy or "")})
    elif not steps:
        print(f"The store is up to date (step {revisions()[-1]}).")
    elif check:
        print(f"Pending: {', '.join(steps)}.")
        say("Next: joinery db migrate")
    else:
        print(f"Done: {', '.join(steps)}.")
        say(f"The store as it was: {copy}", quiet=copy is None)
    raise typer.Exit(1 if check and steps else 0)
