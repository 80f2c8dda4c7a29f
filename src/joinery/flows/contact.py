"""Read accounts of a target into our memory: all at first contact, single ones after a doubt. Reads only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from joinery.core.model.account import Account, Link
from joinery.core.model.ids import PersonKey
from joinery.errors import BadAnswer, StopRun, TryAgain
from joinery.flows.erase import forget_erased_accounts
from joinery.flows.moving import another_kind, follow, forget_the_old
from joinery.flows.policy import Ports
from joinery.kit.contract import Target
from joinery.store.accounts import Accounts
from joinery.store.connections import load_state, save_state
from joinery.store.people import People, in_chunks
from joinery.store.plans import in_doubt


def read_accounts(ports: Ports) -> int:
    """All accounts, page by page, as the target shows them now; the number read.

    Raises BadAnswer when the pages do not add up to the target's own count: then nothing was believed.
    """
    return asyncio.run(_read(ports))


async def _read(ports: Ports) -> int:
    target, policy = ports.target(), ports.policy
    try:
        with ports.database.write() as connection:
            changed = another_kind(connection, policy)
            old = forget_the_old(connection, policy) if changed else {}
            seen = await _pages(target, Accounts(connection, policy.target), ports)
            if changed:
                ports.say(follow(connection, policy, old).sentence())
            state = load_state(connection, policy.name)
            forget_erased_accounts(connection, ports)
            gone = [] if changed else state.extra.get("vanished", [])
            extra = {**state.extra, "contacted": policy.target_kind or True, "vanished": gone}
            save_state(connection, policy.name, replace(state, extra=extra))
        return seen
    finally:
        await target.close()


async def _pages(target: Target, accounts: Accounts, ports: Ports) -> int:
    seen, total, after = 0, None, None
    while True:
        page = await target.accounts(after)
        accounts.confirm(page.items, ports.now())
        seen += len(page.items)
        total = page.total
        ports.progress("read accounts", seen, total or seen)
        if page.next is None:
            break
        after = page.next
    if total is not None and total != seen:
        raise BadAnswer(
            f"{ports.policy.target} says it has {total} accounts and showed {seen}; nothing was believed.",
            fix="Run again; if it stays so, the account used for reading may not see everybody.",
        )
    return seen


#: people in one look-up
ASKED = 100


def look_at_doubtful(ports: Ports) -> Sequence[PersonKey]:
    """See the accounts of people whose last change failed: it may have happened all the same. Who could not be seen.

    Without it a suspension that took effect unheard would outlive a rehire, and an account that was made unheard
    would outlive a termination. A system that cannot be asked now stops nothing: call `still_in_doubt` at the end.
    """
    with ports.database.read() as connection:
        keys = in_doubt(connection, ports.policy.name)
    return keys[asyncio.run(_look_at(ports, keys)) :] if keys else ()


def still_in_doubt(ports: Ports, unseen: Sequence[PersonKey]) -> None:
    """Whatever a plan made of them, the next run looks at these people again."""
    if unseen:
        with ports.database.write() as connection:
            People(connection, ports.policy.name).mark(unseen, unsettled=True)


async def _look_at(ports: Ports, keys: Sequence[PersonKey]) -> int:
    """How many of them were asked about, from the first on."""
    target, seen = ports.target(), 0
    try:
        for chunk in in_chunks(keys, ASKED):
            with ports.database.read() as connection:
                linked = Accounts(connection, ports.policy.target).of_people(chunk)
            asked_at = ports.now()
            found = await target.look_up(person_keys=chunk, account_ids=[account.id for account in linked.values()])
            with ports.database.write() as connection:
                _remember(Accounts(connection, ports.policy.target), found, chunk, linked, asked_at)
            seen += len(chunk)
    except (StopRun, TryAgain):
        return seen
    finally:
        await target.close()
    return seen


def _remember(
    accounts: Accounts, found: Sequence[Account], keys: Sequence[PersonKey], linked: Collection[PersonKey], at: datetime
) -> None:
    """What was seen, as of when it was asked for, replaces what we remembered; an account that carries our key for
    somebody is theirs."""
    accounts.confirm(found, at, asked_at=at)
    theirs = {account.external_id: account.id for account in found if account.external_id}
    new = [key for key in keys if key in theirs and key not in linked]
    accounts.link(Link(person_key=key, account_id=theirs[key], made_by="key", made_at=at) for key in new)


def contacted(ports: Ports) -> bool:
    """The accounts of this learning system were read at least once; not those of another kind under its name."""
    with ports.database.read() as connection:
        known = load_state(connection, ports.policy.name).extra.get("contacted")
        return bool(known) and not another_kind(connection, ports.policy)


Read = Callable[[Ports], int]
