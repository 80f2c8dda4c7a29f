"""What an export shows ends the lines that were told to a system which does not answer.

Rule: an end of access is never assumed; what an export that shows the account cannot tell otherwise is, and is over.
Somebody who is not in it is no proof of anything while so many are missing that it is rather the export.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from joinery.core.model.ids import AccountId
from joinery.core.model.operation import (
    ArchiveAccount,
    Assign,
    JoinGroup,
    LeaveGroup,
    Operation,
    RestoreAccount,
    SuspendAccount,
    Withdraw,
)
from joinery.core.model.plan import LineState
from joinery.core.planning.effect import shows
from joinery.flows.policy import Ports
from joinery.kit.contract import Confirming, Shown
from joinery.store.audit_log import Happened, note
from joinery.store.plans import outcome_of
from joinery.store.unconfirmed import Unconfirmed, conclude, unconfirmed_lines

Ended = tuple[Unconfirmed, LineState, str]


def has_news(ports: Ports) -> bool:
    """Whether an export lies there that was not read. Raises SourceUntrusted when it cannot be."""
    return ports.policy.confirmed_by == "export" and asyncio.run(_news(ports))


def confirm(ports: Ports, *, doubted: bool) -> Counter[LineState]:
    """End the lines that an export speaks of: done, failed when it shows otherwise, or in need of somebody.

    `doubted`: so many accounts are missing in it that it says nothing of those that are.
    """
    if ports.policy.confirmed_by != "export":
        return Counter()
    with ports.database.read() as connection:
        lines = list(unconfirmed_lines(connection, ports.policy.name, ports.policy.target))
    shown = asyncio.run(_shown(ports)) if lines else None
    if shown is None:
        return Counter()
    ended = list(_judged(lines, shown, frozenset() if doubted else shown.missing))
    with ports.database.write() as connection:
        for plan, count in conclude(connection, ended, ports.now()).items():
            facts = {"lines": count, "outcome": outcome_of(connection, plan)}
            at, name = ports.now(), ports.policy.name
            note(connection, Happened(action="plan.shown", at=at, connection=name, subject=plan, facts=facts))
    return Counter(state for _, state, _ in ended)


async def _news(ports: Ports) -> bool:
    target = ports.target()
    try:
        return isinstance(target, Confirming) and await target.news()
    finally:
        await target.close()


async def _shown(ports: Ports) -> Shown | None:
    target = ports.target()
    try:
        return await target.shown() if isinstance(target, Confirming) else None
    finally:
        await target.close()


def _judged(lines: Sequence[Unconfirmed], shown: Shown, missing: Collection[AccountId]) -> Iterator[Ended]:
    for line in lines:
        if line.account_id in missing:
            yield line, LineState.NEEDS_YOU, f"{shown.by} does not show this account."
        elif (account := shown.accounts.get(line.account_id)) is not None:
            as_told = line.account_id in shown.as_told
            listed = shown.lists.get(line.account_id, frozenset())
            answer = shows(line.operation, account, shown.tells, as_told=as_told, listed=listed)
            if answer is not None:
                yield line, *_answered(line.operation, shown.by, yes=answer)
            elif not isinstance(line.operation, SuspendAccount | ArchiveAccount | RestoreAccount):
                detail = f"{shown.by} shows the account and cannot show this; it is taken as done."
                yield line, LineState.ASSUMED, detail


def _answered(operation: Operation, by: str, *, yes: bool) -> tuple[LineState, str]:
    if yes:
        return LineState.DONE, f"{by} shows it."
    if isinstance(operation, JoinGroup | LeaveGroup | Assign | Withdraw):
        # what the files told stays what we believe, so that no plan would tell it again by itself
        return LineState.NEEDS_YOU, f"{by} shows the account otherwise. To tell everybody again: joinery files resend"
    return LineState.FAILED, f"{by} shows otherwise."
