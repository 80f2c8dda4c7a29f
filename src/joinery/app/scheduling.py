"""What `joinery serve` does by itself: runs when the clock, a file or somebody's date says so, and helps others.

Rule: an instant is claimed in the store before it is dealt with, so two schedulers started by mistake run it once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from time import monotonic
from zoneinfo import ZoneInfo

from joinery.app.reach import bound_to
from joinery.app.wiring import Opened
from joinery.app.working import LOOK, PATIENCE, Hands
from joinery.core.rules.schedules import Every, When, cron
from joinery.errors import JoineryError, RunLocked, StoreTrouble
from joinery.flows.sync import sync
from joinery.jobs.node import DEAD_AFTER
from joinery.settings import Settings
from joinery.store import schedules
from joinery.store.nodes import nodes_of
from joinery.store.people import People
from joinery.store.schedules import ScheduleState, schedule_of

#: the kind of node that keeps the schedule
SERVE = "serve"
#: the three causes, each with a row of its own
CLOCK, FILE, DATE = "clock", "file", "date"
#: later than so long after its instant, a run counts as missed
MISSED = timedelta(minutes=10)
#: what a run was cut short for is tried again after `PATIENCE`, later each time, at most after so many seconds
LONGEST = 900.0
#: seconds until it is seen again whether another run has ended
BUSY = 10.0
AT_WORK = "another run was at work"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A run that is due: its cause, and the instant (UTC) that it is for."""

    cause: str
    instant: datetime
    #: the files, or people, that it is for
    what: tuple[str, ...] = ()


def when_of(settings: Settings) -> When | None:
    """What the clock sets off; None when nothing was asked for."""
    wanted = settings.schedule
    if wanted.every is not None:
        return Every(minutes=int(wanted.every.total_seconds()) // 60)
    if wanted.cron is not None:
        return cron(wanted.cron, ZoneInfo(wanted.zone or settings.company.time_zone))
    return None


def asked_for(settings: Settings) -> bool:
    """Whether anything is to run by itself."""
    return when_of(settings) is not None or settings.schedule.when_file_arrives


def later_by(settings: Settings) -> timedelta:
    """The jitter: the same for one connection every time, so that a run does not wander."""
    longest = settings.schedule.jitter
    share = int.from_bytes(hashlib.sha256(settings.name.encode()).digest()[:4], "big") / 2**32
    return timedelta(seconds=int(longest.total_seconds() * share))


@dataclass(slots=True, kw_only=True)
class Keeper:
    """One scheduler. `say` gets a line for whoever watches: IDs and numbers only."""

    opened: Opened
    say: Callable[[str], None]
    stop: Event
    #: by cause: what a run was set off for already; who or what stays due after it waits for something else
    _tried: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: by cause, after runs that did not come to their end: seconds of patience, and until when (monotonic)
    _rest: dict[str, tuple[float, float]] = field(default_factory=dict)
    #: causes that wait for another run to end
    _behind: set[str] = field(default_factory=set)

    def keep(self) -> None:
        """Until `stop` is set: help others, and deal with what is due. What goes wrong is said and tried again."""
        node = ""
        while not self.stop.wait(LOOK):
            with self._carrying_on():
                node = node or self.opened.ports.engine().join(SERVE)
                Hands(opened=self.opened, say=self.say, stop=self.stop).look()
                if asked_for(self.opened.settings):
                    self._once(node)

    def stand_in(self, node: str) -> None:
        """The same once, by a worker: while no `joinery serve` of this connection lives that would see to it."""
        if bound_to(self.opened.settings) or not asked_for(self.opened.settings):
            return
        with self._carrying_on():
            with self.opened.ports.database.read() as tx:
                there = nodes_of(tx, self.opened.settings.name)
            if not any(each.kind == SERVE and each.silent < DEAD_AFTER for each in there):
                self._once(node)

    def _once(self, node: str) -> None:
        if (found := self.due(self.opened)) is not None:
            self.fire(self.opened, found, node)

    @contextmanager
    def _carrying_on(self) -> Iterator[None]:
        """What goes wrong is said, and looked at again after a while."""
        try:
            yield
        except JoineryError as error:
            self.say(f"{error.message} {error.fix}".strip())
            self.stop.wait(PATIENCE)
        except Exception as error:  # noqa: BLE001 whatever it is, the next look may do better
            self.say(f"The scheduler was stopped by {type(error).__name__}; it is tried again.")
            self.stop.wait(PATIENCE)

    def due(self, it: Opened) -> Due | None:
        """The first thing that is due now and was not dealt with."""
        now = it.ports.now()
        known = self._known(it, now)
        # asked outside any transaction: a source may be a server that takes its time, and others have to write
        for look in (self._by_clock, self._by_date, self._by_file):
            found = look(it, now)
            if found is None or (found.what and found.what == self._tried.get(found.cause)):
                continue
            if monotonic() < self._rest.get(found.cause, (0.0, 0.0))[1]:
                continue
            state = known[found.cause]
            if not state.paused and state.done_for is not None and state.done_for < found.instant:
                return found
        return None

    def _known(self, it: Opened, now: datetime) -> dict[str, ScheduleState]:
        """How each cause stands; the store is written to only when it has not heard of one yet."""
        name, causes = it.settings.name, (CLOCK, FILE, DATE)
        with it.ports.database.read() as tx:
            known = {cause: schedule_of(tx, name, cause) for cause in causes}
        if all(state.done_for is not None for state in known.values()):
            return known
        with it.ports.database.write() as tx:
            for cause in causes:
                # what the clock would have set off before is not made up for; what lies there is dealt with
                schedules.begin(tx, name, cause, now if cause == CLOCK else now - MISSED)
            return {cause: schedule_of(tx, name, cause) for cause in causes}

    def fire(self, it: Opened, due: Due, node: str) -> bool:
        """One run for this instant, unless somebody else has it or had it; whether it was ours."""
        name, database = it.settings.name, it.ports.database
        with database.write() as tx:
            alive = {each.id for each in nodes_of(tx, name) if each.silent < DEAD_AFTER} - {node}
            if not schedules.claim(tx, name, due.cause, due.instant, node, alive=alive):
                return False
        outcome, ended = self._run(it, due)
        if outcome == AT_WORK:
            return self._wait(it, due, node)
        self._behind.discard(due.cause)
        self._remember(due, ended=ended)
        with database.write() as tx:
            schedules.done(tx, name, due.cause, due.instant, node, outcome)
        self.say(f"{due.cause} {due.instant:%Y-%m-%d %H:%M} UTC: {outcome}")
        return True

    def _wait(self, it: Opened, due: Due, node: str) -> bool:
        """The instant stays due until the other run has ended: what it was for may have come after that run looked."""
        with it.ports.database.write() as tx:
            schedules.give_back(tx, it.settings.name, due.cause, node, AT_WORK)
        if due.cause not in self._behind:
            self.say(f"{due.cause} {due.instant:%Y-%m-%d %H:%M} UTC: {AT_WORK}; it follows when that has ended")
        self._behind.add(due.cause)
        self._rest[due.cause] = (PATIENCE / 2, monotonic() + BUSY)
        return False

    def _remember(self, due: Due, *, ended: bool) -> None:
        """After its run a file or a date waits for something else; when the run was cut short, for another run."""
        if ended:
            self._tried[due.cause] = due.what
            self._rest.pop(due.cause, None)
            return
        seconds = min(LONGEST, 2 * self._rest.get(due.cause, (PATIENCE / 2, 0.0))[0])
        self._rest[due.cause] = (seconds, monotonic() + seconds)

    def _run(self, it: Opened, due: Due) -> tuple[str, bool]:
        """What came of it, and whether it came to its end. Raises StoreTrouble: then the instant is not dealt with."""
        late = it.ports.now() - due.instant - later_by(it.settings)
        if due.cause == CLOCK and late > MISSED and not it.settings.schedule.catch_up:
            return "missed", True
        try:
            report = sync(it.ports, it.ports.now())
        except RunLocked:
            return AT_WORK, False
        except StoreTrouble:
            raise
        except JoineryError as error:
            return f"stopped: {error.message}", False
        return f"{report.run} ended with {report.exit_code}", True

    def _by_clock(self, it: Opened, now: datetime) -> Due | None:
        when = when_of(it.settings)
        instant = when.last(now - later_by(it.settings)) if when is not None else None
        return Due(cause=CLOCK, instant=instant) if instant is not None else None

    def _by_date(self, it: Opened, now: datetime) -> Due | None:
        """Somebody's hire date, last day or due date has come: it fires on its instant, with no file."""
        with it.ports.database.read() as tx:
            woken = tuple(People(tx, it.settings.name).due(now))
        return Due(cause=DATE, instant=now, what=woken) if woken else None

    def _by_file(self, it: Opened, now: datetime) -> Due | None:
        if not it.settings.schedule.when_file_arrives:
            return None
        names = tuple(f"{key}/{file.name}" for key, each in it.ports.sources.items() for file in each.drop.pending())
        return Due(cause=FILE, instant=now, what=names) if names else None
