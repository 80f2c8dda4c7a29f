"""Access that ends is read back as closed, and the five instants of it are kept.

Rule: a receipt is no proof. Closed is what the learning system shows when it is asked again, afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from joinery.core.model.account import Account, AccountState
from joinery.core.model.codec import instant_of
from joinery.core.model.finding import Finding, Severity
from joinery.core.model.ids import AccountId, PersonKey, PlanId
from joinery.core.model.standing import Stage
from joinery.core.rules.closing import Closing, access_ended_at, entry_of
from joinery.core.rules.instants import local_day
from joinery.core.rules.lifecycle import ended_unsaid
from joinery.errors import StopRun, TryAgain
from joinery.flows.book import Book
from joinery.flows.in_time import entered_in
from joinery.flows.latch import latch_of
from joinery.flows.policy import Policy, Ports
from joinery.kit.contract import Confirming
from joinery.store.accounts import Accounts
from joinery.store.closings import (
    ClosingRow,
    Ending,
    end_known_since,
    endings_of,
    forget_closings,
    save_closings,
    to_tell,
)
from joinery.store.decisions import Decision, in_force
from joinery.store.people import People, Person, in_chunks

#: findings about ends of access are of the whole connection
LEAVERS, OPEN, PROTECTED = "leavers", "access", "protected"
#: accounts in one look-up
ASKED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How news came that were pushed: by which door, when it was here, and when HR says it was entered."""

    by: str
    at: datetime
    entered_at: datetime | None = None


def close_the_book(
    ports: Ports, plan: PlanId, as_of: datetime, heard: Mapping[PersonKey, Heard] | None = None
) -> Sequence[ClosingRow]:
    """Ask again about everybody whose access this plan ends, and keep the instants. A system that is away now is
    asked by the next run."""
    with ports.database.read() as connection:
        rows = _rows(connection, ports, plan, as_of, heard or {})
    if not rows:
        return ()
    asked_at = ports.now()
    seen = _read_back(ports, [row for row in rows if row.times.accepted_at is not None])
    rows = [_closed(row, seen) for row in rows]
    with ports.database.write() as connection:
        there = [account for account, _ in seen.values()]
        Accounts(connection, ports.policy.target).confirm(there, ports.now(), asked_at=asked_at)
        save_closings(connection, ports.policy.name, rows)
        again = [row.person_key for row in rows if row.times.accepted_at and row.times.closed_at is None]
        People(connection, ports.policy.name).mark(again, unsettled=True)
    return rows


def look_again(ports: Ports, as_of: datetime) -> bool:
    """At the end of a run: ends that nobody has seen to be closed are asked about once more; whether there were any.

    An end that was taken back meanwhile is no end. What is still open too long is one finding, and so one issue; so is
    the end of a protected account, until it is closed and somebody was told.
    """
    with ports.database.read() as connection:
        listed = to_tell(connection, ports.policy.name)
        rows = [row for row in listed if row.times.closed_at is None]
        people = People(connection, ports.policy.name).by_key([row.person_key for row in rows])
        decided = in_force(connection, list(people), local_day(as_of, ports.policy.company_zone))
        left = {key: p for key, p in people.items() if _ended(ports.policy, p, decided.get(key, [])) is not None}
    over = {row.person_key: row.times.ended_at for row in rows if row.person_key not in left}
    rows = [row for row in rows if row.person_key in left]
    asked_at = ports.now()
    seen = _read_back(ports, rows) if rows else {}
    rows = [_closed(row, seen) for row in rows]
    untold = [row for row in listed if row.times.closed_at is not None]
    late = [row for row in rows if row.times.closed_at is None and row.times.breach(ports.policy.close_within, as_of)]
    if ports.policy.confirmed_by == "nobody":
        # `status` says that nobody confirms anything; once more for each leaver would drown what can be answered
        late = []
    with ports.database.write() as connection:
        if rows or over:
            there = [account for account, _ in seen.values()]
            Accounts(connection, ports.policy.target).confirm(there, ports.now(), asked_at=asked_at)
            save_closings(connection, ports.policy.name, rows)
            forget_closings(connection, ports.policy.name, over)
        book = Book(connection, ports.policy.name, LEAVERS, ports.now())
        book.whole(OPEN, [_still_in(row, ports.policy) for row in late])
        book.whole(PROTECTED, [_was_protected(row) for row in (*rows, *untold) if row.protected])
    return bool(listed)


def _rows(
    connection: Connection, ports: Ports, plan: PlanId, as_of: datetime, heard: Mapping[PersonKey, Heard]
) -> list[ClosingRow]:
    endings = endings_of(connection, plan)
    if not endings:
        return []
    policy, keys = ports.policy, [each.person_key for each in endings]
    people = People(connection, policy.name).by_key(keys)
    decided = in_force(connection, keys, local_day(as_of, policy.company_zone))
    accounts, known = Accounts(connection, policy.target).of_people(keys), end_known_since(connection, keys)
    found = []
    for each in endings:
        person, account = people.get(each.person_key), accounts.get(each.person_key)
        end = _ended(policy, person, decided.get(each.person_key, [])) if person is not None else None
        if person is None or end is None or account is None:
            continue
        ended_at, by_hand = end
        told = heard.get(each.person_key)
        read_at = told.at if told else ended_at if by_hand else known.get(each.person_key, as_of)
        entered_at, read_at = _word(person, told, read_at, by_hand=by_hand)
        times = Closing(
            ended_at=ended_at,
            read_at=read_at,
            entered_at=entered_at,
            accepted_at=each.ended_at if each.state == "done" else None,
        )
        found.append(_row(policy, plan, each, account, times, told.by if told else "hand" if by_hand else "file"))
    return found


def _word(person: Person, told: Heard | None, read_at: datetime, *, by_hand: bool) -> tuple[datetime | None, datetime]:
    """(T1, T2): when HR entered this end, and when we read it. `read_at`: as far as the facts, or the push, tell it.

    The row that told the end counts, however long ago; an end by hand is nobody's entry.
    """
    said = None if by_hand else entered_in(person)
    if said is None:
        if told is None and not by_hand and ended_unsaid(person.worker, person.standing):
            read_at = person.standing.since  # the file that had them no more was the word
        return entry_of(told.entered_at if told else None, read_at), read_at
    read_at = instant_of(said.read_at)
    return entry_of(instant_of(said.at) if said.at else None, read_at), read_at


def _row(policy: Policy, plan: PlanId, ending: Ending, account: Account, times: Closing, by: str) -> ClosingRow:
    return ClosingRow(
        person_key=ending.person_key,
        worker_id=ending.worker_id,
        account_id=account.id,
        target=policy.target,
        heard_by=by,
        plan_id=plan,
        times=times,
        protected=_protected(policy, ending, account),
    )


def _protected(policy: Policy, ending: Ending, account: Account) -> bool:
    """As planning sees it, and as it was before the line was carried out: the roles may be gone by now."""
    named = ending.worker_id in policy.protected_workers or account.id in policy.protected_accounts
    return named or account.protected or ending.roles


def _ended(policy: Policy, person: Person, decided: Sequence[Decision]) -> tuple[datetime, bool] | None:
    """When access was to end, and whether by hand; None for somebody whose access is not to end by leaving."""
    zone = policy.zone_of(person.worker)
    latch = latch_of(person, decided, zone)
    left = person.standing.stage is Stage.LEFT
    by_facts = access_ended_at(person.standing, policy.lifecycle_of(person.worker), zone) if left else None
    if latch is not None and (by_facts is None or latch.made_at < by_facts):
        return latch.made_at, True
    return (by_facts, False) if by_facts is not None else None


def _closed(row: ClosingRow, seen: Mapping[str, tuple[Account, datetime]]) -> ClosingRow:
    found = seen.get(row.account_id)
    if found is None:
        return row
    account, at = found
    closed_at = at if account.state is not AccountState.ACTIVE else None
    left = f", still {', '.join(sorted(account.roles))}" if account.roles else ""
    shown = row.protected or account.protected
    times = replace(row.times, closed_at=closed_at)
    return replace(row, times=times, detail=f"{account.state}{left}", protected=shown)


def _still_in(row: ClosingRow, policy: Policy) -> Finding:
    return Finding(
        check="access_still_open",
        severity=Severity.WARNING,
        message=f"Access was to end within {policy.close_within} and was not seen to be closed.",
        worker_id=row.worker_id,
        attribute="access",
        suggestion=f"Look at account {row.account_id} in the learning system, and at the plan {row.plan_id}.",
    )


def _was_protected(row: ClosingRow) -> Finding:
    closed = row.times.closed_at is not None
    said = "is seen to be closed" if closed else "is not seen to be closed yet"
    return Finding(
        check="administrator_left",
        severity=Severity.WARNING,
        message=f"Access with a protected account of the learning system was to end; it {said}.",
        worker_id=row.worker_id,
        attribute="access",
        suggestion=f"Account {row.account_id}: see what only it could do, and whose keys and passwords it knew."
        if closed
        else f"Close account {row.account_id} in the learning system by hand if {row.plan_id} cannot.",
    )


def _read_back(ports: Ports, rows: Collection[ClosingRow]) -> dict[str, tuple[Account, datetime]]:
    """account ID -> what the learning system shows now, and when it said so."""
    return asyncio.run(_ask(ports, list(rows))) if rows else {}


async def _ask(ports: Ports, rows: Sequence[ClosingRow]) -> dict[str, tuple[Account, datetime]]:
    target, seen = ports.target(), dict[str, tuple[Account, datetime]]()
    try:
        if ports.policy.confirmed_by != "itself":
            # what we wrote into a file proves nothing: only an export does
            shown = await target.shown() if isinstance(target, Confirming) else None
            here = {AccountId(row.account_id) for row in rows} & (shown.accounts.keys() if shown else set())
            return {one: (shown.accounts[one], shown.at) for one in here} if shown and "state" in shown.tells else seen
        for chunk in in_chunks(rows, ASKED):
            ids = [AccountId(row.account_id) for row in chunk]
            for account in await target.look_up(person_keys=[], account_ids=ids):
                seen[account.id] = account, ports.now()
    except (StopRun, TryAgain):
        return seen
    finally:
        await target.close()
    return seen
