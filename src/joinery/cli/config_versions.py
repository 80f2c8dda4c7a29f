"""`joinery config history | diff | export | import | revert`: configurations that were in force, and back to them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from joinery.app import clock
from joinery.app.versions import settings_of
from joinery.app.wiring import Opened
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, Format, Out, connection, say, show_json, show_table
from joinery.cli.file_edits import Kept, Patch, keep_edits
from joinery.cli.plan_command import summary_data, summary_lines
from joinery.errors import ConfigError, NotThere
from joinery.flows.replan import replan
from joinery.reports.tables import table
from joinery.settings import Settings, load
from joinery.settings.file_edits import keep_replaced
from joinery.settings.map_edit import FileEdit
from joinery.settings.restore import edits_to
from joinery.settings.wording import differences
from joinery.settings.written import Written, unpacked
from joinery.store.config_versions import ConfigVersion, every_version, versions_of
from joinery.store.connections import load_state
from joinery.store.database import Database

FILES = "files"
Yes: Any = Annotated[bool, typer.Option("--yes", help="Write the files; without it, only what would change is shown.")]
SHORT = 12


def history(
    config: Config = DEFAULT_CONFIG,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many (0: all).")] = 20,
) -> None:
    """Every configuration since it came into force, the newest first, and what it changed, in words."""
    with connection(config, quiet=True) as it:
        kept = _kept(it)
        rows = [_row(kept, place) for place in range(len(kept))[: limit or None]]
        edited = _in_force(it) != it.settings.version_hash
    if not rows and form == "text" and not json:
        print("No configuration was in force yet: joinery plan or joinery sync makes the first plan.")
        return
    columns = ("configuration", "since", "by", "version", "changes", "what")
    show_table(table("Configurations", columns, rows), "json" if json else form, out)
    if edited and form == "text" and not json:
        say("The files were edited since; nothing of it counts yet: joinery config diff")


def _row(kept: list[ConfigVersion], place: int) -> tuple[Any, ...]:
    each = kept[place]
    if place + 1 == len(kept):
        told: tuple[str, ...] = ("the first",)
        count = 0
    else:
        told = _words(unpacked(kept[place + 1].content), unpacked(each.content))
        count = len(told)
    more = f" and {count - 3} more" if count > 3 else ""
    return (each.id, each.since, each.made_by, each.version[:SHORT], count, "; ".join(told[:3]) + more)


def _words(before: Written, after: Written) -> tuple[str, ...]:
    with settings_of(before) as old, settings_of(after) as new:
        return differences(old, new)


def _kept(it: Opened) -> list[ConfigVersion]:
    with it.ports.database.read() as db:
        return versions_of(db, it.settings.name)


def _in_force(it: Opened) -> str:
    with it.ports.database.read() as db:
        return load_state(db, it.settings.name).config_version


def diff(
    before: Annotated[str, typer.Argument(metavar="[FROM]", help="C-2; what is in force when not given.")] = "",
    after: Annotated[str, typer.Argument(metavar="[TO]", help="C-3; the files of today when not given.")] = "",
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Two configurations in words: each setting, rule or table row that is not the same. People: joinery rules diff.

    Examples: joinery config diff | joinery config diff C-2 | joinery config diff C-1 C-3
    """
    with connection(config, quiet=True) as it, _settings(it, before, of_today=False) as old:
        with _settings(it, after, of_today=True) as new:
            told = differences(old, new)
    if json:
        show_json({"from": before or "in force", "to": after or "today", "differences": list(told)})
        return
    print("\n".join(told) if told else "They say the same.")


@contextmanager
def _settings(it: Opened, name: str, *, of_today: bool) -> Iterator[Settings]:
    if not name and (of_today or not _kept(it)):
        yield it.settings
        return
    with settings_of(unpacked(_named(it, name).content)) as found:
        yield found


def _named(it: Opened, name: str) -> ConfigVersion:
    """The configuration of this number; the one in force when none is named. Raises NotThere."""
    kept = _kept(it)
    version = _in_force(it)
    found = [each for each in kept if (each.id == name.strip().upper() if name else each.version == version)]
    if not found:
        told = ", ".join(each.id for each in kept[:5]) or "none yet"
        raise NotThere(f"There is no configuration {name or 'in force'}.", fix=f"Kept are: {told}.")
    return found[0]


def export(
    version: Annotated[str, typer.Argument(metavar="[CONFIGURATION]", help="C-2; what is in force if not given.")] = "",
    out: Annotated[Path, typer.Option("--out", help="The zip file to write.")] = Path("joinery-configuration.zip"),
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """The settings, rule files and tables of a configuration as a zip, comments kept. Secrets are not in it."""
    with connection(config, quiet=True) as it:
        kept = _named(it, version) if version or _kept(it) else None
        content = kept.content if kept else it.settings.written().packed()
    out.write_bytes(content)
    files = sorted(unpacked(content).files)
    if json:
        show_json({"configuration": kept.id if kept else "", "written": str(out), FILES: files})
    else:
        print(f"{kept.id if kept else 'The files of today'}: {', '.join(files)}")
        say(f"Written: {out}. Back: joinery config import {out} --yes")


def import_files(
    file: Annotated[Path, typer.Argument(help="A zip that joinery config export wrote.")],
    yes: Yes = False,
    config: Config = DEFAULT_CONFIG,
    patch: Patch = False,
    json: AsJson = False,
) -> None:
    """Put the files of an exported configuration in the place of those of today; what they replace is kept."""
    try:
        kept = unpacked(file.read_bytes())
    except (OSError, ValueError) as error:
        raise NotThere(
            f"{file} is not a configuration that was exported; nothing was written.", fix="joinery config export"
        ) from error
    settings = load(config, environ=os.environ)
    with settings_of(kept) as new:
        told = differences(settings, new)
    _put_back(edits_to(kept, config, settings.written()), config, told, yes=yes, patch=patch, json=json)


def _put_back(
    edits: Sequence[FileEdit], config: Path, told: Sequence[str], *, yes: bool, patch: bool, json: bool
) -> Kept | None:
    """Show what it says otherwise; with `yes`, write it and keep what is replaced. None when nothing was written."""
    if not json:
        print("\n".join(f"  {line}" for line in told) if told else "  It says the same as the files of today.")
    if not (yes or patch):
        if json:
            show_json({"written": [], "differences": list(told)})
        else:
            say("Nothing was written. To write the files: --yes. As a patch: --patch")
        return None
    copies = keep_replaced(edits, config.parent, clock.now()) if yes and not patch else None
    done = keep_edits(config, edits, patch=patch)
    if not json:
        done.tell("The files are as they were then.")
        if done.written and copies:
            say(f"What they replace lies in {copies}")
    elif not done.written:
        show_json({**done.data, "differences": list(told)})
    return done if done.written else None


def revert(
    version: Annotated[str, typer.Argument(metavar="CONFIGURATION", help="C-2, as joinery config history shows it.")],
    yes: Yes = False,
    config: Config = DEFAULT_CONFIG,
    patch: Patch = False,
    json: AsJson = False,
) -> None:
    """Bring back the files of a configuration and make a plan of what follows. It never applies anything by itself.

    Examples: joinery config revert C-2 | joinery config revert C-2 --yes
    """
    kept, today, told = _to_revert(config, version)
    if _put_back(edits_to(kept, config, today), config, told, yes=yes, patch=patch, json=json) is None:
        return
    with connection(config, quiet=True) as it:
        plan = replan(it.ports, f"back to {version.strip().upper()}")
    if json:
        show_json({"differences": list(told), "plan": summary_data(plan) if plan else None})
    elif plan is None:
        print("Nothing follows from it for anybody.")
    else:
        print("\n".join(summary_lines(plan)))
        say(f"Nothing was applied. Next: joinery plan show {plan.id}")


def _to_revert(config: Path, version: str) -> tuple[Written, Written | None, Sequence[str]]:
    """What was kept, what is there, and the difference in words; also when what is there cannot be read."""
    try:
        with connection(config, quiet=True) as it:
            kept = unpacked(_named(it, version).content)
            with settings_of(kept) as old:
                return kept, it.settings.written(), differences(it.settings, old)
    except ConfigError as broken:
        found = _from_usual_store(config, version)
        if found is None:
            raise
        return found, None, [f"The settings of today cannot be read: {broken.message.splitlines()[0]}"]


def _from_usual_store(config: Path, version: str) -> Written | None:
    """Broken settings do not say where the store is: looked for where it lies if nothing else is said."""
    file = config.parent / ".joinery" / "joinery.db"
    if not file.is_file():
        return None
    database = Database(f"sqlite:///{file.absolute()}")
    try:
        with database.read() as db:
            found = [each for each in every_version(db) if each.id == version.strip().upper()]
    finally:
        database.close()
    return unpacked(found[0].content) if found else None
