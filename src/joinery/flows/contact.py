"""Read accounts of a target into our memory: all at first contact, single ones after a doubt. Reads only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from joinery.errors import BadAnswer
from joinery.flows.erase import forget_erased_accounts
from joinery.flows.moving import another_kind, follow, forget_the_old
from joinery.flows.policy import Ports
from joinery.kit.contract import Target
from joinery.store.accounts import Accounts
from joinery.store.connections import load_state, save_state


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


def contacted(ports: Ports) -> bool:
    """The accounts of this learning system were read at least once; not those of another kind under its name."""
    with ports.database.read() as connection:
        known = load_state(connection, ports.policy.name).extra.get("contacted")
        return bool(known) and not another_kind(connection, ports.policy)


Read = Callable[[Ports], int]
