"""How a connection stands: is the data fresh, what is open, what waits for whom. Rule: reads only, and never polls.

A source is in one of few states with the same words everywhere; `source_state` is the whole decision.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from joinery.core.model.plan import PlanSummary
from joinery.flows.issues import people_of
from joinery.flows.needing import CHECK as NEEDS_YOU
from joinery.flows.policy import Confirmation, Policy, Ports
from joinery.flows.waiting_ends import CHECKS
from joinery.jobs.node import DEAD_AFTER
from joinery.store.census import account_counts
from joinery.store.closings import ClosingRow, still_open
from joinery.store.completions import Completions
from joinery.store.connections import at_work, last_runs, load_state
from joinery.store.findings import open_findings
from joinery.store.mails import Mails
from joinery.store.nodes import NodeRow, nodes_of
from joinery.store.people import People
from joinery.store.plans import count_lines, plans_of
from joinery.store.schedules import schedule_of, waited_since
from joinery.store.snapshots import SnapshotRow, last_accepted, last_arrival
from joinery.store.target_states import TargetState, state_of
from joinery.store.unconfirmed import count_unconfirmed

#: plans somebody has to decide about, or whose lines were let go
WAITING = ("waiting", "approved")
LIVE = (*WAITING, "applying", "applied")
_SATURDAY = 5


class SourceState(StrEnum):
    """How the data of a source comes in: six states and no more."""

    ON_TIME = "On time"
    LATE = "Late"
    FAILING = "Failing"
    NEEDS_YOU = "Needs you"
    PAUSED = "Paused"
    NOT_SET_UP = "Not set up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """When a file is due: local time of day (None: no promise), every day or Monday to Friday.

    `causes`: the schedules that set off a run of it; it is paused when all of them are.
    """

    by: time | None = None
    workdays: bool = False
    causes: tuple[str, ...] = ("clock", "file")

    def last_due(self, now: datetime, zone: tzinfo) -> datetime | None:
        """The newest moment at or before `now` at which a file was due; None without a promise."""
        if self.by is None:
            return None
        day = now.astimezone(zone).date()
        while True:
            due = datetime.combine(day, self.by, zone)
            if due <= now and not (self.workdays and day.weekday() >= _SATURDAY):
                return due
            day -= timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """One source. `data_of`: the moment its facts speak of; `why`: one sentence, empty when all is well."""

    name: str
    state: SourceState
    why: str = ""
    last_good: SnapshotRow | None = None
    data_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEnds:
    """Ends of access that the learning system has not shown as closed yet. `late`: longer than `within`."""

    open: int = 0
    late: int = 0
    #: of these, accounts of administrators and others that are protected
    protected: int = 0
    #: when the first of them was to end; None without any
    since: datetime | None = None
    within: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Lines of all plans that were told and not shown until now, and who would show them."""

    unconfirmed: int = 0
    confirmed_by: Confirmation = "itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything `joinery status` says, as values."""

    now: datetime
    sources: Sequence[SourceStatus]
    people: Mapping[str, int]
    accounts: Mapping[str, int]
    issues: Mapping[str, int]
    plans: Sequence[PlanSummary]
    #: lines of the newest plan that ended badly: failed | needs_you | skipped | held | waiting
    lines: Mapping[str, int] = field(default_factory=dict)
    lines_of: str = ""
    #: what was told to a system that does not answer
    told: Told = field(default_factory=Told)
    mails: Mapping[str, int] = field(default_factory=dict)
    completions: Mapping[str, int] = field(default_factory=dict)
    last_run: Mapping[str, Any] | None = None
    #: the holder of the lock: {"pid", "host", "heartbeat_at"}; None when no run is at work
    at_work: Mapping[str, Any] | None = None
    #: processes that live, the oldest first
    alive: Sequence[NodeRow] = ()
    #: servers and workers that said nothing for a while: dead, or cut off
    silent: Sequence[NodeRow] = ()
    #: whether the learning system may be called
    target: TargetState = field(default_factory=TargetState)
    ends: OpenEnds = field(default_factory=OpenEnds)
    #: people whose access does not end because a limit is used up
    ends_waiting: int = 0
    #: people for whom something could not be done, in whatever plan
    needs_you: int = 0


def status(ports: Ports, expected: Mapping[str, Expected], now: datetime) -> Status:
    """How things stand at `now` (UTC). `expected` is by source."""
    policy = ports.policy
    with ports.database.read() as db:
        runs = last_runs(db, policy.name, limit=2)
        found = open_findings(db, policy.name)
        waiting = plans_of(db, policy.name, WAITING)
        newest, lines = _lines(db, policy.name)
        moment = _moment(db, policy, now)
        running = at_work(db, policy.name)
        ended = next((run for run in runs if run["ended_at"] or not running), None)
        sources = _sources(db, ports, expected, found, Signs(now=moment, zone=policy.company_zone, run=ended))
        alive, silent = _processes(db, policy.name)
        people, accounts = People(db, policy.name).counts(), account_counts(db, policy.target)
        target = state_of(db, policy.target)
        ends = _open_ends(still_open(db, policy.name), policy.close_within, moment)
    return Status(
        now=moment,
        sources=sources,
        people=people,
        accounts=accounts,
        issues=Counter(f["severity"] for f in found),
        plans=waiting,
        lines=lines,
        lines_of=newest,
        told=_not_shown(ports),
        mails={str(state): count for state, count in Mails(ports.database, policy.name).counts().items()},
        completions=Completions(ports.database, policy.name).counts(),
        last_run=ended,
        at_work=running,
        alive=alive,
        silent=silent,
        target=target,
        ends=ends,
        ends_waiting=len(people_of([f for f in found if f["check"] in CHECKS])),
        needs_you=len(people_of([f for f in found if f["check"] == NEEDS_YOU])),
    )


def _lines(db: Connection, name: str) -> tuple[str, dict[str, int]]:
    """The newest plan whose lines were let go or may be (empty: none), and its lines that ended badly, by state."""
    newest = plans_of(db, name, LIVE, limit=1)
    states: Counter[str] = Counter()
    for counted in count_lines(db, newest[0].id).values() if newest else ():
        states.update(counted)
    bad = {state: count for state, count in states.items() if state in {"failed", "needs_you", "held", "skipped"}}
    return (newest[0].id if newest else ""), bad


def _processes(db: Connection, name: str) -> tuple[list[NodeRow], list[NodeRow]]:
    """Those that live, and the servers and workers that do not; the oldest first."""
    nodes = sorted(nodes_of(db, name), key=lambda node: node.started_at)
    alive = [node for node in nodes if node.silent < DEAD_AFTER]
    return alive, [node for node in nodes if node not in alive and node.kind != "run"]


def _open_ends(rows: Sequence[ClosingRow], within: timedelta, now: datetime) -> OpenEnds:
    return OpenEnds(
        open=len(rows),
        late=sum(row.times.breach(within, now) for row in rows),
        protected=sum(row.protected for row in rows),
        since=min((row.times.ended_at for row in rows), default=None),
        within=within,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What the state of a source is read from. `held`: why its file was not believed; `run`: the last that ended."""

    now: datetime
    zone: tzinfo
    expected: Expected = field(default_factory=Expected)
    last: SnapshotRow | None = None
    held: str = ""
    #: why the place where its files arrive could not be looked at
    unreachable: str = ""
    #: why the last file of its starters or leavers was not believed
    feed: str = ""
    run: Mapping[str, Any] | None = None
    #: who paused every schedule that would read it
    paused_by: str = ""
    #: since when its first file may be waited for; None: nothing runs yet
    since: datetime | None = None


def source_state(signs: Signs) -> tuple[SourceState, str]:
    """The state and why, in one sentence (empty when all is well)."""
    last = signs.last
    if signs.unreachable:
        return SourceState.FAILING, signs.unreachable
    if last is None:
        late = "" if signs.paused_by else _never_came(signs)
        return (SourceState.LATE, late) if late else (SourceState.NOT_SET_UP, "No file has arrived yet.")
    if last.state == "held":
        return SourceState.NEEDS_YOU, signs.held or f"{last.name} was not believed; yesterday's facts stay in force."
    if last.state == "rejected":
        return SourceState.FAILING, signs.held or f"{last.name} could not be read."
    if signs.feed:
        return SourceState.NEEDS_YOU, signs.feed
    if signs.run is not None and signs.run["state"] in {"stopped", "failed"}:
        message = str(signs.run["summary"].get("message", ""))
        return SourceState.FAILING, message or f"The run {signs.run['id']} did not come to its end."
    if signs.paused_by:
        return SourceState.PAUSED, f"{signs.paused_by} paused it: nothing runs by itself, dates of people wait too."
    late = _late(signs, last)
    return (SourceState.LATE, late) if late else (SourceState.ON_TIME, "")


def _never_came(signs: Signs) -> str:
    """Why the first file of a source counts as late; empty before its first agreed time."""
    due = signs.expected.last_due(signs.now, signs.zone)
    if due is None or signs.since is None or signs.since >= due:
        return ""
    return f"A file was due by {due:%Y-%m-%d %H:%M}; none has ever come."


def _late(signs: Signs, last: SnapshotRow) -> str:
    """Why the file counts as late; empty before the agreed time and after it came."""
    due = signs.expected.last_due(signs.now, signs.zone)
    before = signs.expected.last_due(due - timedelta(seconds=1), signs.zone) if due is not None else None
    if due is None or before is None or last.as_of > before:
        return ""
    return f"A file was due by {due:%Y-%m-%d %H:%M}; the last one came before that day's."


def _paused_by(db: Connection, name: str, causes: Sequence[str]) -> str:
    """Who paused the last of these schedules; empty while one of them still fires."""
    states = [schedule_of(db, name, cause) for cause in causes]
    return states[-1].paused_by if states and all(state.paused for state in states) else ""


def _not_shown(ports: Ports) -> Told:
    by = ports.policy.confirmed_by
    if by == "itself":
        return Told()
    with ports.database.read() as db:
        return Told(unconfirmed=count_unconfirmed(db, ports.policy.name), confirmed_by=by)


def _moment(db: Connection, policy: Policy, now: datetime) -> datetime:
    """A simulated connection lives in the moment of its last run."""
    last = load_state(db, policy.name).last_as_of if policy.simulation else None
    return last or now


def _told(signs: Signs, name: str, blockers: Mapping[str, str]) -> Signs:
    """With what is open about the source's last file and the place where its files arrive."""
    unreachable = blockers.get(f"{name}:reach", "").removeprefix(f"{name}: ")
    feeds = (blockers.get(f"{name}:{role}:file", "") for role in ("leavers", "starters"))
    feed = next((told for told in feeds if told), "")
    return replace(signs, held=blockers.get(f"{name}:file", ""), unreachable=unreachable, feed=feed)


def _sources(
    db: Connection, ports: Ports, expected: Mapping[str, Expected], found: Sequence[Mapping[str, Any]], signs: Signs
) -> list[SourceStatus]:
    blockers = {f["source"]: f["message"] for f in found if f["severity"] == "blocker"}
    return [
        _source(db, ports.policy, name, _told(replace(signs, expected=expected.get(name, Expected())), name, blockers))
        for name in ports.sources
    ]


def _source(db: Connection, policy: Policy, name: str, signs: Signs) -> SourceStatus:
    good = last_accepted(db, policy.name, name)
    signs = replace(signs, paused_by=_paused_by(db, policy.name, signs.expected.causes))
    last = last_arrival(db, policy.name, name)
    since = waited_since(db, policy.name, policy.version) if last is None else None
    state, why = source_state(replace(signs, last=last, since=since))
    return SourceStatus(
        name=name,
        state=state,
        why=why,
        last_good=good,
        data_of=(good.content_as_of or good.as_of) if good else None,
    )
