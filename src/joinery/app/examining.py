"""What `joinery doctor` looks at, one thing after the other. Rule: it only looks; each answer says what to do."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from joinery.app.anchors import anchors_file, newest
from joinery.app.checking import remembered
from joinery.app.keys import keys_of
from joinery.app.mailing import mail_server
from joinery.app.probing import rights
from joinery.app.targets import TargetMaker
from joinery.app.upgrading import age_of_backup
from joinery.errors import ConfigError, JoineryError
from joinery.settings import Settings
from joinery.settings.files import FilesSource
from joinery.settings.secret import Secret
from joinery.store.backup import holds_something
from joinery.store.connections import last_runs, stale
from joinery.store.database import Database
from joinery.store.migrate import pending

#: bytes below which there is too little room, and below which somebody should see to it
NO_ROOM, LITTLE_ROOM = 100 * 2**20, 2**30
#: seconds by which two clocks may differ
OFF, FAR_OFF = 5.0, 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`state`: ok | warn | fail; `code`: what the command ends with when this is the worst of it."""

    what: str
    state: str
    said: str
    fix: str = ""
    code: int = 0


def ok(what: str, said: str) -> Answer:
    """All is well."""
    return Answer(what=what, state="ok", said=said)


def warn(what: str, said: str, fix: str) -> Answer:
    """It works, and somebody should see to it."""
    return Answer(what=what, state="warn", said=said, fix=fix)


def fail(what: str, said: str, fix: str, code: int = 6) -> Answer:
    """It does not work."""
    return Answer(what=what, state="fail", said=said, fix=fix, code=code)


def examine(settings: Settings, now: Callable[[], datetime]) -> Iterator[Answer]:
    """Everything that can be looked at without writing. One thing that breaks hides none of the others."""
    yield ok("settings", f"{settings.file.name} is valid, mode {settings.mode}")
    yield from _secrets(settings)
    yield from _store(settings, now)
    yield _room(settings.folder)
    for right in rights(settings):
        what = f"source {right.source}: {right.right}"
        yield ok(what, right.said) if right.ok else fail(what, right.said, right.fix or "joinery connect test")
    yield from _whole(settings)
    for name in settings.learning:
        yield _target(settings, name, now)
    yield from _keys(settings, now())
    yield _mail(settings)
    yield _backup(settings, now())
    yield _anchor(settings, now())


def secrets_in(value: object, path: str = "") -> Iterator[tuple[str, Secret]]:
    """Every reference to a secret in the settings, with where it stands."""
    match value:
        case Secret():
            yield path, value
        case BaseModel():
            for name in type(value).model_fields:
                yield from secrets_in(getattr(value, name), f"{path}.{name}".strip("."))
        case Mapping():
            for name, each in value.items():
                yield from secrets_in(each, f"{path}.{name}")
        case list() | tuple():
            for number, each in enumerate(value, 1):
                yield from secrets_in(each, f"{path}[{number}]")


def _secrets(settings: Settings) -> Iterator[Answer]:
    for path, secret in secrets_in(settings):
        what = f"secret {path}"
        try:
            secret.reveal()
        except ConfigError as error:
            yield fail(what, error.message, error.fix, 7)
        else:
            yield ok(what, "is there")


def _store(settings: Settings, now: Callable[[], datetime]) -> Iterator[Answer]:
    try:
        database = Database(settings.store_url())
    except JoineryError as error:
        yield fail("store", error.message, error.fix)
        return
    try:
        yield from _reached(settings, database, now)
    except JoineryError as error:
        yield fail("store", error.message, error.fix)
    except (SQLAlchemyError, OSError) as error:
        yield fail("store", f"It cannot be reached ({type(error).__name__}).", "Check `store.url`, and that it runs.")
    finally:
        database.close()


def _reached(settings: Settings, database: Database, now: Callable[[], datetime]) -> Iterator[Answer]:
    if not holds_something(database):
        yield ok("store", "is empty; the first run makes it")
        return
    steps = pending(database)
    if steps:
        yield warn("store", f"{len(steps)} steps of an upgrade are pending: {', '.join(steps)}", "joinery db migrate")
        return
    yield ok("store", "is reached and up to date")
    yield _clock(settings, database, now)
    with database.read() as connection:
        left = stale(connection)
    if left:
        said = f"A run of {', '.join(left)} died and left its lock."
        yield warn("locks", said, "The next run takes it over by itself; joinery status says what it was at.")
    else:
        yield ok("locks", "none is left behind")


def _clock(settings: Settings, database: Database, now: Callable[[], datetime]) -> Answer:
    """Against the database's machine; for one in a file against the last run."""
    fix = "Set the clock of this machine by NTP: the moment of an end of access is read from it."
    with database.read() as connection:
        if database.embedded:
            runs = last_runs(connection, settings.name, limit=1)
            last = datetime.fromisoformat(runs[0]["started_at"]) if runs else now()
            off = max(0.0, (last - now()).total_seconds())
            compared = "the last run"
        else:
            there = connection.scalar(text("SELECT clock_timestamp()"))
            off = abs((now() - there.astimezone(UTC)).total_seconds()) if there is not None else 0.0
            compared = "the database"
    if off <= OFF:
        return ok("clock", f"agrees with {compared}")
    said = f"This machine and {compared} are {off:.0f} seconds apart."
    return fail("clock", said, fix, 1) if off > FAR_OFF else warn("clock", said, fix)


def _room(folder: Path) -> Answer:
    free = shutil.disk_usage(folder).free
    said = f"{free / 2**30:.1f} GiB are free beside the settings"
    if free < NO_ROOM:
        return fail("disk", said, "Make room: nothing can be recorded without it, so nothing would be written.", 1)
    return warn("disk", said, "Make room soon.") if free < LITTLE_ROOM else ok("disk", said)


def _target(settings: Settings, name: str, now: Callable[[], datetime]) -> Answer:
    maker = TargetMaker(settings=settings, name=name, state_dir=settings.folder / ".joinery", now=now)
    what = f"learning system {name}"

    async def reach() -> None:
        target = maker.make()
        try:
            await target.check()
        finally:
            await target.close()

    try:
        asyncio.run(reach())
    except JoineryError as error:
        return fail(what, error.message, error.fix or "Check its address and key.", 7 if error.exit_code == 7 else 6)
    return ok(what, f"{maker.entry.into} answers")


def _whole(settings: Settings) -> Iterator[Answer]:
    """Where whoever is absent has left, a file that was cut between two rows must not look like a whole one."""
    for name, source in settings.people.items():
        if not isinstance(source, FilesSource) or source.leavers_are == "status":
            continue
        known, what = remembered(settings, name), f"source {name}: whole files"
        counted = source.trailer not in {None, "none"} or known.get("trailer") or "sheet_before" in known
        if counted or source.ready_when == "marker" or source.decrypt_with or source.require_signature_from:
            yield ok(what, "a count, a .done file, a seal or a workbook shows that a file is whole")
        else:
            said = "Whoever is absent has left, and nothing shows that a file was not cut between two rows."
            yield warn(what, said, "Have it end with a count (`trailer`), or come with a .done file that says `rows`.")


def _keys(settings: Settings, now: datetime) -> Iterator[Answer]:
    for key in keys_of(settings):
        whose = "ours" if key.ours else "of who signs"
        what = f"key of {key.source}, {whose}"
        if key.trouble:
            yield fail(what, key.trouble, "joinery key show", 7)
        elif key.soon(now) and key.expires is not None:
            yield warn(what, f"counts until {key.expires:%Y-%m-%d} only", "joinery key new, and give HR the public key")
        else:
            yield ok(what, "counts for more than 30 days")


def _mail(settings: Settings) -> Answer:
    if not settings.mail.enabled:
        return ok("mail", "is switched off")

    async def reach() -> None:
        from joinery.mail.sender import Sender

        async with Sender(mail_server(settings)):
            pass

    try:
        asyncio.run(reach())
    except JoineryError as error:
        return fail("mail", error.message, error.fix or "Check `mail`.", 7 if error.exit_code == 7 else 6)
    return ok("mail", f"{settings.mail.host or 'localhost'} takes mail from us")


def _backup(settings: Settings, now: datetime) -> Answer:
    age = age_of_backup(settings, now)
    if age is None:
        return warn("backup", "No copy is in .joinery/backups.", "joinery db backup, or see that yours runs elsewhere")
    if age > timedelta(days=7):
        return warn("backup", f"The newest copy is {age.days} days old.", "joinery db backup")
    return ok("backup", "the newest copy is less than a week old")


def _anchor(settings: Settings, now: datetime) -> Answer:
    file = anchors_file(settings)
    try:
        last = newest(file)
    except ConfigError as error:
        return fail("audit anchor", error.message, error.fix, 7)
    beside = ".joinery" in file.parts
    if last is not None and now - last > timedelta(days=2):
        return warn("audit anchor", f"The last head was kept on {last:%Y-%m-%d}.", "joinery audit anchor")
    if beside:
        return warn("audit anchor", "Heads are kept beside the store only.", "Set `audit.anchors` to another place.")
    return ok("audit anchor", f"heads are kept in {file}")


def worst(answers: list[Answer]) -> int:
    """What the command ends with: 7 before 6 before anything else."""
    codes: list[Any] = [answer.code for answer in answers if answer.state == "fail"]
    return next((code for code in (7, 6) if code in codes), max(codes, default=0))
