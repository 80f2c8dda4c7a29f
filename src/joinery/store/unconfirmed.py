"""Lines that were told to a system which shows only later, in an export, what it made of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from joinery.core.model.codec import decode_operation, instant_text
from joinery.core.model.ids import AccountId, PersonKey, PlanId
from joinery.core.model.operation import Operation
from joinery.core.model.plan import LineState
from joinery.store.tables import links, plan_lines, plans

_lines = plan_lines.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconfirmed:
    """One line that is not confirmed, and the account that it is about."""

    plan: PlanId
    seq: int
    person_key: PersonKey
    account_id: AccountId
    operation: Operation


def unconfirmed_lines(connection: Connection, name: str, target: str) -> Iterator[Unconfirmed]:
    """Every one of this connection, by plan and line; of people whose link is gone: none."""
    theirs = (links.c.person_key == _lines.person_key) & (links.c.target == target)
    query = (
        select(_lines.plan_id, _lines.seq, _lines.person_key, _lines.operation, links.c.account_id)
        .join(plans, plans.c.id == _lines.plan_id)
        .join(links, theirs)
        .where(plans.c.connection == name, _lines.state == LineState.UNCONFIRMED)
        .order_by(plans.c.made_at, _lines.plan_id, _lines.seq)
    )
    for row in connection.execute(query):
        yield Unconfirmed(
            plan=PlanId(row.plan_id),
            seq=row.seq,
            person_key=PersonKey(row.person_key),
            account_id=AccountId(row.account_id),
            operation=decode_operation(json.loads(row.operation)),
        )


def count_unconfirmed(connection: Connection, name: str) -> int:
    """How many lines of this connection were told and not shown."""
    query = (
        select(func.count())
        .select_from(plan_lines.join(plans, plans.c.id == _lines.plan_id))
        .where(plans.c.connection == name, _lines.state == LineState.UNCONFIRMED)
    )
    return int(connection.execute(query).scalar_one())


def is_unconfirmed(connection: Connection, name: str, key: PersonKey, actions: Collection[str]) -> bool:
    """Whether a line of these action classes was told about somebody and not shown."""
    query = (
        select(_lines.seq)
        .join(plans, plans.c.id == _lines.plan_id)
        .where(plans.c.connection == name, _lines.person_key == key)
        .where(_lines.state == LineState.UNCONFIRMED, _lines.action.in_([str(action) for action in actions]))
    )
    return connection.execute(query.limit(1)).first() is not None


def conclude(
    connection: Connection, ended: Iterable[tuple[Unconfirmed, LineState, str]], now: datetime
) -> dict[PlanId, int]:
    """Write what became of these lines, and why; the number of each plan. A line that is over already stays so."""
    found: dict[PlanId, int] = {}
    for line, state, detail in ended:
        where = _lines.plan_id == line.plan, _lines.seq == line.seq, _lines.state == LineState.UNCONFIRMED
        values = {"state": str(state), "detail": detail, "ended_at": instant_text(now)}
        if connection.execute(update(plan_lines).where(*where).values(**values)).rowcount:
            found[line.plan] = found.get(line.plan, 0) + 1
    return found
