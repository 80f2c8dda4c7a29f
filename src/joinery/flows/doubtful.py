"""People with whom a change failed as far as we heard: what became of it is seen in their account, not in our memory.

Rule: nobody's end, and nobody's return, is decided from memory while a failed change of theirs is open; and an answer
that lacks an account says little: a system may take a while to find what it has just made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from joinery.core.model.account import Account, Link
from joinery.core.model.codec import instant_text
from joinery.core.model.ids import PersonKey
from joinery.core.planning.believing import after_actions
from joinery.errors import StopRun, TryAgain
from joinery.flows.policy import Ports
from joinery.store.accounts import Accounts
from joinery.store.people import People, in_chunks
from joinery.store.plans import in_doubt

#: people in one look-up
ASKED: Final = 100
#: so long after a change failed, an account that is not in an answer is looked for again
LOOKED_FOR: Final = timedelta(days=7)


def look_at_doubtful(ports: Ports, only: Collection[PersonKey] | None = None) -> Sequence[PersonKey]:
    """See the accounts of people whose last change failed: it may have happened all the same. Who could not be seen.

    Without it a suspension that took effect unheard would outlive a rehire, and an account that was made unheard
    would outlive a termination. A system that cannot be asked now stops nothing: call `still_in_doubt` at the end.
    `only` these of them.
    """
    with ports.database.read() as connection:
        failed = in_doubt(connection, ports.policy.name, only)
    if not failed:
        return ()
    asked, seen = look_at(ports, failed)
    lately = instant_text(ports.now() - LOOKED_FOR)
    recent = {key for key, actions in failed.items() if max(actions.values()) > lately}
    return [key for key in failed if key not in asked or (key not in seen and key in recent)]


def still_in_doubt(ports: Ports, unseen: Sequence[PersonKey]) -> None:
    """Whatever a plan made of them, the next run looks at these people again."""
    if unseen:
        with ports.database.write() as connection:
            People(connection, ports.policy.name).mark(unseen, unsettled=True)


def look_at(ports: Ports, of: Mapping[PersonKey, Collection[str]]) -> tuple[set[PersonKey], set[PersonKey]]:
    """See the accounts of these people now: (about whom the system was asked, whose account it showed).

    `of`: the actions of each whose outcome is in doubt; what is shown of anything else is left for a reconcile.
    """
    return asyncio.run(_look_at(ports, of))


async def _look_at(ports: Ports, of: Mapping[PersonKey, Collection[str]]) -> tuple[set[PersonKey], set[PersonKey]]:
    target, asked, seen = ports.target(), set[PersonKey](), set[PersonKey]()
    try:
        for chunk in in_chunks(of, ASKED):
            with ports.database.read() as connection:
                linked = Accounts(connection, ports.policy.target).of_people(chunk)
            asked_at = ports.now()
            found = await target.look_up(person_keys=chunk, account_ids=[account.id for account in linked.values()])
            with ports.database.write() as connection:
                accounts = Accounts(connection, ports.policy.target)
                seen |= _remember(accounts, found, {key: of[key] for key in chunk}, linked, asked_at)
            asked.update(chunk)
    except (StopRun, TryAgain):
        pass  # the rest was not asked about
    finally:
        await target.close()
    return asked, seen


def _remember(
    accounts: Accounts,
    found: Sequence[Account],
    of: Mapping[PersonKey, Collection[str]],
    linked: Mapping[PersonKey, Account],
    at: datetime,
) -> set[PersonKey]:
    """What was seen of what is in doubt, as of when it was asked for, replaces what we remembered; an account that
    carries our key for somebody is theirs. Those whose account was seen."""
    known = {account.id: (account, of[key]) for key, account in linked.items()}
    # all of an account that was nobody's until now
    seen = [after_actions(known[each.id][1], known[each.id][0], each) if each.id in known else each for each in found]
    accounts.confirm(seen, at, asked_at=at)
    theirs = {account.external_id: account.id for account in found if account.external_id}
    new = [key for key in of if key in theirs and key not in linked]
    accounts.link(Link(person_key=key, account_id=theirs[key], made_by="key", made_at=at) for key in new)
    shown = {account.id for account in found}
    return {*new, *(key for key, account in linked.items() if account.id in shown)}
