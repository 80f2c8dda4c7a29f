"""Read every account of a target into our memory: at first contact, and at a reconcile. Reads only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from joinery.errors import BadAnswer
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
    target = ports.target()
    try:
        with ports.database.write() as connection:
            accounts = Accounts(connection, ports.policy.target)
            seen = await _pages(target, accounts, ports)
            state = load_state(connection, ports.policy.name)
            save_state(connection, ports.policy.name, replace(state, extra={**state.extra, "contacted": True}))
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
    """The target's accounts were read at least once."""
    with ports.database.read() as connection:
        return bool(load_state(connection, ports.policy.name).extra.get("contacted"))


Read = Callable[[Ports], int]
