"""Plans and their lines. Lines are streamed in and hashed as they come, so a large plan never sits in memory.

Rule: a line's operation, reasons and order never change after the plan was written; only its ledger columns do.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, insert, select, update

from joinery.core.model.codec import (
    canonical,
    decode_operation,
    decode_reason,
    instant_text,
)
from joinery.core.model.ids import PersonKey, PlanId, WorkerId
from joinery.core.model.operation import ActionClass
from joinery.core.model.plan import GuardResult, Lane, Line, LineState, PlanSummary
from joinery.core.planning.order import URGENT
from joinery.store.bulk import execute_many
from joinery.store.line_rows import Written, written
from joinery.store.people import in_chunks
from joinery.store.tables import people, plan_lines, plans
from joinery.store.tallies import GUARD_TRIPS, add

FLUSH = 2000
#: what was done, or told to a system that has not shown it yet or never will: the next plan starts from it
ENDED_WELL = ("done", "unconfirmed", "assumed")
# asked in every run: putting a statement together takes longer than the answer
_PLAN = select(plans).where(plans.c.id == bindparam("number"))
_COUNTS = (
    select(plan_lines.c.action, plan_lines.c.state, func.count())
    .where(plan_lines.c.plan_id == bindparam("number"))
    .group_by(plan_lines.c.action, plan_lines.c.state)
)
UNDECIDED = ("waiting", "held", "planned", "sent", "skipped", "failed", "needs_you")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLine:
    """A line with its place and what became of it."""

    seq: int
    line: Line
    state: LineState
    detail: str = ""
    changed: bool = False
    before: str = ""


class PlanWriter:
    """Writes one plan's lines in order, inside the caller's transaction."""

    def __init__(self, connection: Connection, plan: PlanId, chunk_size: int) -> None:
        self._db = connection
        self._plan = plan
        self._size = chunk_size
        self._hash = sha256()
        self._rows: list[dict[str, Any]] = []
        self._fill: Counter[tuple[int, bool, bool]] = Counter()
        self._chunk: dict[tuple[int, bool, bool], int] = {}
        self._chunks = 0
        self.count = 0
        #: suspensions on explicit evidence have chunks of their own: the lane may take them over
        self.evidenced = 0
        self.evidenced_chunks: set[int] = set()
        #: and so have those of a lay-off that was approved ahead
        self.approved_chunks: set[int] = set()

    def add(self, lines: Iterable[Line], *, approved: bool = False) -> None:
        """All lines of one person: those of one phase share a chunk. `approved`: their end of access was, ahead."""
        self.add_written([written(line) for line in lines], approved=approved)

    def add_written(self, lines: Sequence[Written], *, approved: bool = False) -> None:
        """The same, of what `written` made of them."""
        for phase in sorted({line.row["phase"] for line in lines}):
            mine = [line for line in lines if line.row["phase"] == phase]
            evidenced = any(line.evidenced for line in mine)
            chunk = self._place((phase, evidenced, evidenced and approved), len(mine))
            if evidenced and approved:
                self.approved_chunks.add(chunk)
            elif evidenced:
                self.evidenced += 1
                self.evidenced_chunks.add(chunk)
            for line in mine:
                self._append(line.row, chunk)
        if len(self._rows) >= FLUSH:
            self._flush()

    def _place(self, phase: tuple[int, bool, bool], lines: int) -> int:
        if phase not in self._chunk or self._fill[phase] + lines > self._size:
            self._chunks += 1
            self._chunk[phase], self._fill[phase] = self._chunks, 0
        self._fill[phase] += lines
        return self._chunk[phase]

    def _append(self, row: Mapping[str, Any], chunk: int) -> None:
        self._hash.update(row["digest"].encode())
        self.count += 1
        self._rows.append({"plan_id": self._plan, "seq": self.count, "chunk": chunk, **row})

    def _flush(self) -> None:
        for chunk in in_chunks(self._rows, 1000):
            execute_many(self._db, insert(plan_lines), chunk)
        self._rows.clear()

    def close(self) -> str:
        """Write what is left; the fingerprint over all line digests, in order."""
        self._flush()
        return self._hash.hexdigest()


def begin_plan(connection: Connection, name: str, target: str, summary: PlanSummary, undoes: str = "") -> None:
    """The plan's row, before its lines."""
    row = {
        "id": summary.id,
        "connection": name,
        "target": target,
        "state": "making",
        "as_of": instant_text(summary.as_of),
        "made_at": instant_text(summary.made_at),
        "cause": summary.cause,
        "config_version": summary.config_version,
        "snapshot_id": summary.snapshot_id,
        "undoes": undoes,
    }
    connection.execute(insert(plans), row)


def finish_plan(connection: Connection, summary: PlanSummary) -> None:
    """Numbers, guards, fingerprint and state, after the lines."""
    body = asdict(summary)
    numbers = {key: body[key] for key in ("counts", "held", "guards", "seats_before", "seats_after")}
    values = {
        "state": summary.state,
        "fingerprint": summary.fingerprint,
        "expires_at": instant_text(summary.expires_at) if summary.expires_at else "",
        "summary": canonical(numbers),
    }
    mine = update(plans).where(plans.c.id == summary.id)
    name = connection.scalar(mine.values(**values).returning(plans.c.connection))
    tripped = Counter(guard.guard for guard in summary.guards if guard.tripped)
    if name is not None and tripped:
        add(connection, name, GUARD_TRIPS, tripped)


def drop_empty_plan(connection: Connection, plan: PlanId) -> None:
    """A plan without a line says nothing: it is not kept, and its number is not used again."""
    connection.execute(plans.delete().where(plans.c.id == plan))


def plan_by_id(connection: Connection, plan: str) -> tuple[PlanSummary, Mapping[str, Any]] | None:
    """The summary and the raw row (target, approved_by, undoes …); None when there is no such plan."""
    row = connection.execute(_PLAN, {"number": plan}).one_or_none()
    return None if row is None else (_summary(row), dict(row._mapping))


def plans_of(connection: Connection, name: str, states: tuple[str, ...] = (), limit: int = 50) -> list[PlanSummary]:
    """The newest first."""
    query = select(plans).where(plans.c.connection == name).order_by(plans.c.made_at.desc(), plans.c.id.desc())
    if states:
        query = query.where(plans.c.state.in_(states))
    return [_summary(row) for row in connection.execute(query.limit(limit))]


def _summary(row: Any) -> PlanSummary:
    numbers = json.loads(row.summary)
    return PlanSummary(
        id=PlanId(row.id),
        as_of=datetime.fromisoformat(row.as_of),
        made_at=datetime.fromisoformat(row.made_at),
        cause=row.cause,
        fingerprint=row.fingerprint,
        config_version=row.config_version,
        snapshot_id=row.snapshot_id,
        counts=numbers.get("counts", {}),
        held=numbers.get("held", {}),
        guards=tuple(GuardResult(**guard) for guard in numbers.get("guards", ())),
        seats_before=numbers.get("seats_before", 0),
        seats_after=numbers.get("seats_after", 0),
        expires_at=datetime.fromisoformat(row.expires_at) if row.expires_at else None,
        state=row.state,
    )


def lines_of(
    connection: Connection, plan: str, *, states: tuple[str, ...] = (), after: int = 0, limit: int | None = None
) -> Iterator[StoredLine]:
    """Lines in order, keyset-paged by `after` (a seq)."""
    query = select(plan_lines).where(plan_lines.c.plan_id == plan, plan_lines.c.seq > after).order_by(plan_lines.c.seq)
    if states:
        query = query.where(plan_lines.c.state.in_(states))
    if limit is not None:
        query = query.limit(limit)
    for row in connection.execute(query):
        yield _line(row)


def _line(row: Any) -> StoredLine:
    line = Line(
        worker_id=WorkerId(row.worker_id),
        operation=decode_operation(json.loads(row.operation)),
        action=ActionClass(row.action),
        because=tuple(decode_reason(reason) for reason in json.loads(row.because)),
        guard=row.guard,
        segment=tuple((name, value) for name, value in json.loads(row.segment)),
        lane=Lane(row.lane),
        held=row.held,
    )
    return StoredLine(
        seq=row.seq, line=line, state=LineState(row.state), detail=row.detail, changed=row.changed, before=row.before
    )


def lines_of_person(connection: Connection, key: str, limit: int = 50) -> list[tuple[str, StoredLine]]:
    """(plan, line) of one person, newest plan first."""
    query = (
        select(plan_lines, plans.c.made_at)
        .join(plans, plans.c.id == plan_lines.c.plan_id)
        .where(plan_lines.c.person_key == key)
        .order_by(plans.c.made_at.desc(), plan_lines.c.seq)
        .limit(limit)
    )
    return [(row.plan_id, _line(row)) for row in connection.execute(query)]


def hold_lines(connection: Connection, plan: str, guard: str, segment: str, message: str) -> None:
    """A tripped guard: its class, or its class in one segment, waits."""
    c = plan_lines.c
    where = [c.plan_id == plan, c.guard == guard, c.held == "", c.lane == "normal"]
    if segment:
        attribute, _, value = segment.partition("=")
        # not LIKE: on SQLite it takes lille for Lille
        where.append(func.replace(c.segment, canonical([attribute, value]), "") != c.segment)
    connection.execute(update(plan_lines).where(*where).values(held=message, state="held"))


def hold_ends_of(connection: Connection, plan: str, people: Collection[PersonKey], message: str) -> None:
    """These people's ends of access wait."""
    c = plan_lines.c
    for part in in_chunks(people):
        where = c.plan_id == plan, c.action == "suspend", c.held == "", c.lane == "normal", c.person_key.in_(part)
        connection.execute(update(plan_lines).where(*where).values(held=message, state="held"))


def hold_creations_beyond(connection: Connection, plan: str, free: int, message: str) -> None:
    """Only the first `free` creations fit into the seats that were bought."""
    c = plan_lines.c
    create = c.plan_id == plan, c.action == "create", c.held == ""
    fitting = select(c.seq).where(*create).order_by(c.seq).limit(free).scalar_subquery()
    connection.execute(update(plan_lines).where(*create, c.seq.not_in(fitting)).values(held=message, state="held"))


def hold_with_creation(connection: Connection, plan: str) -> None:
    """Without the account nothing else of the same person can be done."""
    c = plan_lines.c
    made = select(c.person_key).where(c.plan_id == plan, c.action.in_(("create", "link")), c.held != "")
    where = c.plan_id == plan, c.held == "", c.person_key.in_(made)
    connection.execute(update(plan_lines).where(*where).values(held="the account itself is held", state="held"))


def make_urgent(connection: Connection, plan: str, chunks: list[int]) -> None:
    """These chunks (suspensions only) ride in the lane: before everything else, past every guard."""
    c = plan_lines.c
    for part in in_chunks(chunks):
        where = c.plan_id == plan, c.chunk.in_(part), c.held == ""
        connection.execute(update(plan_lines).where(*where).values(lane="urgent", phase=URGENT))


#: how the cause of a plan begins that ends one person's access by hand, and of one that was pushed
BY_HAND = "end of access by hand"
PUSHED = "pushed"


def count_lines(connection: Connection, plan: str) -> dict[str, Counter[str]]:
    """action -> state -> lines."""
    found: dict[str, Counter[str]] = {}
    for action, state, count in connection.execute(_COUNTS, {"number": plan}):
        found.setdefault(action, Counter())[state] = count
    return found


def outcome_of(connection: Connection, plan: str) -> str:
    """SHA-256 over every line and what became of it, for the audit log."""
    c = plan_lines.c
    found = sha256()
    lines = select(c.seq, c.digest, c.state, c.ended_at).where(c.plan_id == plan).order_by(c.seq)
    for row in connection.execute(lines):
        found.update("|".join(map(str, row)).encode() + b"\n")
    return found.hexdigest()


def release_lines(connection: Connection, plan: str, actions: tuple[str, ...], *, urgent: bool = False) -> int:
    """waiting -> planned for these action classes (or for the urgent lane): from here on the ledger owns them."""
    c = plan_lines.c
    where = [c.plan_id == plan, c.state == "waiting"]
    where.append(c.lane == "urgent" if urgent else c.action.in_(actions))
    if not urgent:
        # nothing can be done to an account that still waits to be made
        own = plan_lines.alias()
        still = (own.c.state == "held") | ((own.c.state == "waiting") & own.c.action.not_in(actions))
        waits = own.c.action.in_(("create", "link")) & still
        where.append(c.person_key.not_in(select(own.c.person_key).where(own.c.plan_id == plan, waits)))
    return connection.execute(update(plan_lines).where(*where).values(state="planned")).rowcount


def new_accounts_of(connection: Connection, plan: str) -> list[PersonKey]:
    """The people for whom this plan has made an account."""
    c = plan_lines.c
    query = select(c.person_key).where(c.plan_id == plan, c.action == "create", c.state.in_(ENDED_WELL)).distinct()
    return [PersonKey(key) for key in connection.scalars(query)]


def free_held(connection: Connection, plan: str) -> int:
    """Somebody overrides the guards: held lines wait for the approval like the others."""
    c = plan_lines.c
    where = c.plan_id == plan, c.state == "held"
    return connection.execute(update(plan_lines).where(*where).values(state="waiting")).rowcount


def in_doubt(
    connection: Connection, name: str, only: Collection[PersonKey] | None = None
) -> dict[PersonKey, dict[str, str]]:
    """People to look at again with whom a line failed or needs somebody: what became of it may not be what we heard.

    `only` these of them. In the order of their keys, with each action that failed and when it last did.
    """
    c, p = plan_lines.c, people.c
    # by the few who are unsettled, not by all lines there ever were: on a quiet night that is nobody
    query = select(p.key).where(p.connection == name, p.unsettled).order_by(p.worker_id, p.key)
    again = connection.scalars(query if only is None else query.where(p.key.in_(only)))
    found: dict[PersonKey, dict[str, str]] = {}
    for chunk in in_chunks(again.all()):
        bad = c.person_key.in_(chunk), c.state.in_(("failed", "needs_you"))
        lines = select(c.person_key, c.action, func.max(c.ended_at)).where(*bad).group_by(c.person_key, c.action)
        for key, action, ended_at in connection.execute(lines):
            found.setdefault(PersonKey(key), {})[action] = ended_at
    return dict(sorted(found.items()))


def set_plan_state(connection: Connection, plan: str, state: str, **values: str) -> None:
    """making | waiting | approved | applying | applied | observed | discarded | superseded."""
    connection.execute(update(plans).where(plans.c.id == plan).values(state=state, **values))


def supersede(connection: Connection, name: str, newer: str) -> None:
    """Plans of this connection that still wait are replaced by a newer one: their lines can no longer run."""
    c = plans.c
    old = select(c.id).where(c.connection == name, c.id != newer, c.state.in_(("waiting", "observed", "approved")))
    ids = list(connection.scalars(old))
    for chunk in in_chunks(ids):
        where = plan_lines.c.plan_id.in_(chunk), plan_lines.c.state == "waiting"
        connection.execute(update(plan_lines).where(*where).values(state="discarded"))
        connection.execute(update(plans).where(c.id.in_(chunk)).values(state="superseded"))


def drop_lines_of(connection: Connection, key: str, *, but: str) -> int:
    """Somebody's lines in every other plan that is not over can no longer run; what is wanted is planned anew."""
    c = plan_lines.c
    alive = select(plans.c.id).where(plans.c.state.in_(("waiting", "observed", "approved", "applying")))
    where = c.person_key == key, c.plan_id != but, c.state.in_(("waiting", "held", "planned")), c.plan_id.in_(alive)
    return connection.execute(update(plan_lines).where(*where).values(state="discarded")).rowcount


def settle(connection: Connection, plan: str) -> None:
    """Nothing is left to do for people all of whose lines ended well; the others are looked at by the next run.

    So is whoever was to be looked at once more after the plan was made, and whoever had an account already when it was
    to be made: it may be as an earlier, lost creation wanted it.
    """
    c = plan_lines.c
    found_there = (c.action == "create") & ~c.changed
    bad = func.sum(case((c.state.in_(ENDED_WELL) & ~found_there, 0), else_=1))
    well = select(c.person_key).where(c.plan_id == plan).group_by(c.person_key).having(bad == 0)
    p = people.c
    known = p.key.in_(well), p.unsettled, p.looked == p.asked
    connection.execute(update(people).where(*known).values(unsettled=False))
