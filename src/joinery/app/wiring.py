"""Settings -> ports: chooses connectors, store, engine and clock. `opened` is the door for every face."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from joinery.app import clock
from joinery.app.after_run import AfterRun
from joinery.app.anchors import daily
from joinery.app.calls import Calls
from joinery.app.copies import FolderCopies
from joinery.app.mailing import Mailing
from joinery.app.policy import day_of, policy_from
from joinery.app.privacy import sealer
from joinery.app.records import carry_records
from joinery.app.sources import source_policy
from joinery.app.targets import TargetMaker
from joinery.app.tracing import spans
from joinery.app.upgrading import upgrade
from joinery.app.versions import KeptVersions
from joinery.errors import ConfigError
from joinery.flows.policy import Ports
from joinery.jobs.api import Engine, open_engine
from joinery.settings import Settings, load
from joinery.store.connections import load_state, other_caller
from joinery.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How a run speaks to whoever watches: a line, and progress as (what, done, of)."""

    say: Callable[[str], None] = lambda _line: None
    progress: Callable[[str, int, int], None] = lambda _what, _done, _of: None


@dataclass(slots=True)
class _Lazy:
    """An engine that is opened when first asked for and closed if it was."""

    opening: Callable[[], Engine]
    engine: Engine | None = None

    def get(self) -> Engine:
        self.engine = self.engine or self.opening()
        return self.engine

    def close(self) -> None:
        if self.engine is not None:
            self.engine.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A connection ready to work: its settings, ports, and where its state lives."""

    settings: Settings
    ports: Ports
    state_dir: Path
    targets: TargetMaker
    mailing: Mailing
    #: since when a version of a rule counts
    published_on: Callable[[str, str], date]
    extra: Mapping[str, object] = field(default_factory=dict)


@contextmanager
def opened(
    config: Path,
    *,
    environ: Mapping[str, str],
    voice: Voice | None = None,
    as_of: datetime | None = None,
    settings: Settings | None = None,
) -> Iterator[Opened]:
    """Load, migrate, wire; close everything at the end. Raises ConfigError, or StopRun when the store is not there.

    `settings`: those of `config`, if they were read already.
    """
    settings = settings or load(config, environ=environ)
    voice = voice or Voice()
    state_dir = settings.folder / ".joinery"
    state_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.store_url())
    engines: list[_Lazy] = []
    try:
        upgrade(database, state_dir, clock.now())
        it = _put_together(settings, database, state_dir, voice, as_of or clock.now(), engines)
        try:
            yield it
        finally:
            it.targets.calls.write(database, settings.name)
    finally:
        for lazy in engines:
            lazy.close()
        database.close()


def _put_together(
    settings: Settings, database: Database, state_dir: Path, voice: Voice, moment: datetime, engines: list[_Lazy]
) -> Opened:
    name = _only_target(settings)
    _own_target(settings, database, name)
    calls = Calls(into=(database, settings.name), now=clock.now, kept_for=settings.retention.calls)
    classroom_clock = _classroom_clock(settings, moment)
    targets = TargetMaker(settings=settings, name=name, state_dir=state_dir, now=classroom_clock, calls=calls)
    published = _published(database, settings, moment)
    policy = policy_from(settings, name, published, targets.batch_size)
    mailing = Mailing(settings=settings, database=database, policy=policy, targets=targets, now=clock.now)
    lazy = _Lazy(opening=lambda: _engine(database, targets, mailing))
    engines.append(lazy)
    ports = Ports(
        database=database,
        sources={key: source_policy(settings, key) for key in settings.people},
        policy=policy,
        target=targets.make,
        engine=lazy.get,
        now=clock.now,
        versions=KeptVersions(settings=settings, target=name, published_on=published, chunk_size=targets.batch_size),
        send_mail=mailing.send_due,
        carry_records=lambda at: carry_records(database, policy, targets, at, clock.now),
        seal=sealer(settings, state_dir),
        copies=FolderCopies(folder=state_dir),
        say=voice.say,
        progress=voice.progress,
        anchor=daily(settings, database, voice.say),
        after_run=AfterRun(settings=settings, database=database, calls=targets.calls, say=voice.say),
        span=spans(settings, voice.say),
    )
    return Opened(
        settings=settings,
        ports=ports,
        state_dir=state_dir,
        targets=targets,
        mailing=mailing,
        published_on=published,
    )


def _engine(database: Database, targets: TargetMaker, mailing: Mailing) -> Engine:
    return open_engine(
        database,
        target=targets.make,
        mailer=mailing.queue(),
        clock=clock.now,
        name=targets.settings.name,
        state_dir=targets.state_dir,
        target_name=targets.name,
    )


def _only_target(settings: Settings) -> str:
    if len(settings.learning) != 1:
        raise ConfigError(
            f"`learning` names {len(settings.learning)} learning systems; this version joins one.",
            fix="Keep one entry, or use one settings file for each learning system.",
        )
    return next(iter(settings.learning))


def _own_target(settings: Settings, database: Database, name: str) -> None:
    """Accounts, links, pauses and failures are kept by the name of the learning system: two connections of one store
    that share it would take each other's accounts for their own."""
    with database.read() as connection:
        other = other_caller(connection, settings.name, name)
    if other:
        raise ConfigError(
            f"The connection {other} of this store calls its learning system {name!r}, too; nothing was done.",
            fix=f"Give this one a name of its own: learning: {{ {settings.name}-{name}: {{ into: … }} }}.",
        )


def _classroom_clock(settings: Settings, moment: datetime) -> Callable[[], datetime]:
    """A simulated Classroom lives in the as-of moment, a real one in real time."""
    simulated = any(entry.simulation for entry in settings.learning.values())
    return (lambda: moment) if simulated else clock.now


def _published(database: Database, settings: Settings, moment: datetime) -> Callable[[str, str], date]:
    """A rule version counts from the day we first saw it."""
    with database.read() as connection:
        known = load_state(connection, settings.name).extra.get("published", {})
    today = day_of(moment, settings)
    return lambda name, version: date.fromisoformat(known.get(f"{name}@{version}", today.isoformat()))
