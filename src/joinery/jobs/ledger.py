"""The truth about every line of a plan: planned -> sent -> done | skipped | failed | needs_you | unconfirmed.

Rule: a line is written only by the holder of its token (`owner`), in one transaction per batch, never across a call
to the target. `assign` gives open lines to a new job and so fences whoever had them; a line that a claim finds in
`sent` was handed out before, and nobody knows what became of it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    update,
)

from joinery.core.model.codec import decode_operation, instant_text
from joinery.core.model.ids import AccountId, PersonKey, PlanId
from joinery.core.model.operation import CreateAccount, LinkAccount
from joinery.core.model.plan import LineState
from joinery.core.model.receipt import Outcome
from joinery.jobs.contract import Tally
from joinery.jobs.lines import LET_GO, Claim, Claimed, Holder, Job, Result, Trouble
from joinery.jobs.projection import Projection
from joinery.store.database import Database
from joinery.store.tables import links, plan_lines, plans

OPEN = (LineState.PLANNED, LineState.SENT)
TROUBLE = (LineState.FAILED, LineState.NEEDS_YOU)
_lines = plan_lines.c


class Ledger:
    """The ledger in one database. Thread-safe; every method is one short transaction."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def owed(self, plan_id: PlanId) -> int:
        """Lines that are not over yet."""
        with self._database.read() as tx:
            return int(tx.execute(select(func.count()).where(_of(plan_id), _lines.state.in_(OPEN))).scalar_one())

    def owing(self, connection: str) -> dict[PlanId, int]:
        """Plans of this connection in state `applying`, and how many lines each of them owes."""
        query = (
            select(plans.c.id, func.count())
            .join(plan_lines, _lines.plan_id == plans.c.id)
            .where(plans.c.connection == connection, plans.c.state == "applying", _lines.state.in_(OPEN))
            .group_by(plans.c.id, plans.c.made_at)
            .order_by(plans.c.made_at)
        )
        with self._database.read() as tx:
            return {PlanId(plan_id): int(count) for plan_id, count in tx.execute(query)}

    def tally(self, plan_id: PlanId) -> Tally:
        """How the lines of the plan ended so far."""
        unchanged = func.sum(case((_lines.changed, 0), else_=1))
        query = select(_lines.state, func.count(), unchanged).where(_of(plan_id)).group_by(_lines.state)
        with self._database.read() as tx:
            counts = {state: (int(count), int(same)) for state, count, same in tx.execute(query)}
        outcomes = {str(outcome): counts.get(outcome, (0, 0))[0] for outcome in Outcome}
        return Tally(**outcomes, unchanged=counts.get(LineState.DONE, (0, 0))[1])

    def holders(self, plan_id: PlanId) -> dict[Job, Holder]:
        """The jobs of the lowest open phase that are not over, and who has each of them."""
        is_open = and_(_of(plan_id), _lines.state.in_(OPEN))
        query = select(_lines.phase, _lines.chunk, _lines.owner, func.max(_lines.attempt)).where(is_open)
        with self._database.read() as tx:
            rows = tx.execute(query.group_by(_lines.phase, _lines.chunk, _lines.owner)).all()
        lowest = min((phase for phase, *_ in rows), default=None)
        found: dict[Job, Holder] = {}
        for phase, chunk, owner, attempt in rows:
            if phase == lowest:
                found[Job(plan_id=plan_id, phase=phase, chunk=chunk, attempt=attempt)] = Holder.of(owner)
        return found

    def assign(self, plan_id: PlanId, *, but: Collection[int] = ()) -> tuple[Job, ...]:
        """Give every open line of the lowest open phase to a new job, one per chunk; empty when nothing is owed.

        Whoever held these lines until now is fenced off: call it only for chunks that nobody alive is at work on, and
        name the others in `but`.
        """
        with self._write() as tx:
            is_open = and_(_of(plan_id), _lines.state.in_(OPEN))
            phase, attempt = tx.execute(
                select(_lines.phase, func.max(_lines.attempt)).where(is_open).group_by(_lines.phase).order_by("phase")
            ).first() or (None, 0)
            if phase is None:
                return ()
            now_open = and_(is_open, _lines.phase == phase)
            if but:
                now_open = and_(now_open, _lines.chunk.not_in(list(but)))
            owner = literal(f"{plan_id}/{phase}/") + cast(_lines.chunk, String) + f"/{attempt + 1}"
            tx.execute(update(plan_lines).where(now_open).values(owner=owner, attempt=attempt + 1))
            chunks = tx.execute(select(_lines.chunk).where(now_open).distinct().order_by(_lines.chunk)).scalars()
            return tuple(Job(plan_id=plan_id, phase=phase, chunk=chunk, attempt=attempt + 1) for chunk in chunks)

    def claim(self, job: Job, node: str = "") -> Claim | None:
        """Take the job's lines: planned -> sent under a fresh token; None when there is nothing (left) to do."""
        token = f"{job.id}#{f'{node}.' if node else ''}{uuid.uuid4().hex[:8]}"
        # a replay of the same job takes over from its earlier run; a job that was fenced finds nothing
        mine = or_(_lines.owner == job.id, _lines.owner.startswith(job.id + "#", autoescape=True))
        where = and_(_of(job.plan_id), _lines.chunk == job.chunk, _lines.state.in_(OPEN), _lines.phase == job.phase)
        query = select(_lines.seq, _lines.person_key, _lines.action, _lines.operation, _lines.state)
        with self._write() as tx:
            # sorted here: asked for an order, SQLite walks the whole plan by its key to find one chunk
            rows = sorted(tx.execute(query.where(where, mine).with_for_update()), key=lambda row: row.seq)
            if not rows:
                return None
            values = {"state": LineState.SENT, "owner": token, "sent_at": instant_text(self._clock())}
            tx.execute(update(plan_lines).where(where, mine).values(**values))
            target = tx.execute(select(plans.c.target).where(plans.c.id == job.plan_id)).scalar_one()
            people = sorted({row.person_key for row in rows})
            return Claim(
                token=token,
                plan_id=job.plan_id,
                target=target,
                lines=tuple(_claimed(job.plan_id, row) for row in rows),
                links=_links(tx, target, people),
                troubles=_troubles(tx, job.plan_id, people),
            )

    def holds(self, claim: Claim) -> bool:
        """Whether the token is still good: nobody took the lines over, and something is left to do."""
        mine = and_(_of(claim.plan_id), _lines.owner == claim.token, _lines.state == LineState.SENT)
        one_of_them = select(_lines.seq).where(mine, _lines.seq.in_([line.seq for line in claim.lines])).limit(1)
        with self._database.read() as tx:
            return tx.execute(one_of_them).first() is not None

    def record(self, claim: Claim, results: Sequence[Result]) -> tuple[Result, ...]:
        """Write outcomes, the accounts as seen and the links that were made, all or nothing.

        Returns what was written: lines that another owner took meanwhile are left out, and a link that would give one
        account to two people becomes `needs_you`.
        """
        with self._write() as tx:
            held = self._held(tx, claim, results)
            ours = [result for result in results if result.line.seq in held]
            now = instant_text(self._clock())
            projection = Projection.read(tx, claim.target, _account_ids(ours))
            written: list[Result] = []
            values: list[dict[str, Any]] = []
            for result in ours:
                before = projection.before(result.account.id if result.account else result.account_id)
                final = projection.take(result)
                written.append(final)
                values.append(_line_values(claim, final, before, now))
            if values:
                tx.execute(_RECORD, values)
            projection.write(tx, now)
            return tuple(written)

    def release(self, claim: Claim, lines: Sequence[Claimed]) -> None:
        """Claimed and certainly not handed to the target: planned again."""
        if not lines:
            return
        where = and_(_of(claim.plan_id), _lines.owner == claim.token, _lines.state == LineState.SENT)
        values = {"state": LineState.PLANNED, "sent_at": ""}
        with self._write() as tx:
            tx.execute(update(plan_lines).where(where, _lines.seq.in_([c.seq for c in lines])).values(**values))

    def let_go(self, job: Job, node: str) -> None:
        """The job is over and lines of it are still open: whoever drives the plan may give them out again."""
        mine = or_(_lines.owner == job.id, _lines.owner.startswith(f"{job.id}#{node}.", autoescape=True))
        where = and_(_of(job.plan_id), _lines.chunk == job.chunk, _lines.state.in_(OPEN))
        with self._write() as tx:
            tx.execute(update(plan_lines).where(where, mine).values(owner=f"{job.id}{LET_GO}"))

    def _held(self, tx: Connection, claim: Claim, results: Sequence[Result]) -> set[int]:
        mine = and_(_of(claim.plan_id), _lines.seq.in_([result.line.seq for result in results]))
        query = select(_lines.seq).where(mine, _lines.owner == claim.token, _lines.state == LineState.SENT)
        return set(tx.execute(query.with_for_update()).scalars())

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._database.write() as tx:
            self._database.briefly(tx)
            yield tx


def _of(plan_id: PlanId) -> ColumnElement[bool]:
    return _lines.plan_id == plan_id


def _claimed(plan_id: PlanId, row: Any) -> Claimed:
    return Claimed(
        seq=row.seq,
        key=f"{plan_id}/{row.seq}",
        person_key=PersonKey(row.person_key),
        action=row.action,
        operation=decode_operation(json.loads(row.operation)),
        unknown=row.state == LineState.SENT,
    )


def _links(tx: Connection, target: str, people: Sequence[str]) -> dict[PersonKey, AccountId]:
    query = select(links.c.person_key, links.c.account_id).where(links.c.target == target)
    rows = tx.execute(query.where(links.c.person_key.in_(people)))
    return {PersonKey(person): AccountId(account) for person, account in rows}


def _troubles(tx: Connection, plan_id: PlanId, people: Sequence[str]) -> dict[PersonKey, tuple[Trouble, ...]]:
    query = select(_lines.seq, _lines.person_key, _lines.action, _lines.operation).where(_of(plan_id))
    found: dict[PersonKey, tuple[Trouble, ...]] = {}
    rows = tx.execute(query.where(_lines.person_key.in_(people), _lines.state.in_(TROUBLE)))
    for row in sorted(rows, key=lambda row: row.seq):
        trouble = Trouble(seq=row.seq, action=row.action, operation=decode_operation(json.loads(row.operation)))
        person = PersonKey(row.person_key)
        found[person] = (*found.get(person, ()), trouble)
    return found


def _account_ids(results: Sequence[Result]) -> set[AccountId]:
    """Every account that the results, or the links they make, are about."""
    seen = {result.account.id for result in results if result.account is not None}
    seen |= {result.account_id for result in results if result.account_id is not None}
    operations = (result.line.operation for result in results)
    return seen | {operation.account_id for operation in operations if isinstance(operation, LinkAccount)}


def _line_values(claim: Claim, result: Result, before: str, now: str) -> dict[str, Any]:
    changed = result.outcome.believed and result.changed
    undoable = changed and not isinstance(result.line.operation, CreateAccount)
    return {
        "b_plan": claim.plan_id,
        "b_seq": result.line.seq,
        "b_owner": claim.token,
        "state": str(result.outcome),
        "ended_at": now,
        "detail": result.detail,
        "changed": changed,
        "before": before if undoable else "",
    }


_RECORD = update(plan_lines).where(
    _lines.plan_id == bindparam("b_plan"), _lines.seq == bindparam("b_seq"), _lines.owner == bindparam("b_owner")
)
