"""Erasure beyond the store: the account in the learning system, copies of settings; and what is not reached, by name.

Rule: what is done here is done before the store's own transaction and is the same when done twice, so that a crash in
between is healed by asking again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from joinery.core.model.ids import AccountId
from joinery.errors import Conflict, ErasureRefused
from joinery.flows.policy import Ports
from joinery.kit.contract import Emptied, Erases
from joinery.store.erasure import Trace, named_as_manager, records_of
from joinery.store.mentions import settings_that_name, without_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One kind of data: `becomes` erased | without name | kept; `why` is the ground, or where to go on."""

    what: str
    count: int
    becomes: str
    why: str = ""


def beyond(connection: Connection, ports: Ports, trace: Trace) -> Iterator[Part]:
    """What becomes of what lies outside the store; what this does not reach is told, so that nobody is surprised."""
    if trace.account_id is not None:
        yield _account(ports, trace.account_id)
    yield Part(
        what="other accounts there that show their number or address",
        count=len(trace.alike),
        becomes="kept",
        why=f"nobody's, so never written to: erase {', '.join(sorted(trace.alike))} there",
    )
    yield Part(
        what="copies of settings that were replaced",
        count=ports.copies.named(lambda text: _without(text, trace)),
        becomes="without name",
        why="the pseudonym stands in their place",
    )
    yield from _not_reached(connection, ports, trace)


def _not_reached(connection: Connection, ports: Ports, trace: Trace) -> Iterator[Part]:
    named = settings_that_name(connection, ports.policy.name, trace.all_words)
    yield Part(
        what=f"settings that name the person ({', '.join(named[-3:])})",
        count=len(named),
        becomes="kept",
        why="they are proof of what was in force; take the person out of the settings by hand",
    )
    days = {source.keep_files.days for source in ports.sources.values()}
    yield Part(
        what="files as HR sent them",
        count=len(ports.sources),
        becomes="kept",
        why=f"go by themselves {max(days, default=0)} days after they were read (retention.raw_files)",
    )
    yield Part(
        what="copies of the whole store",
        count=ports.copies.of_store(),
        becomes="kept",
        why="they hold what was there when they were made: delete them, or let them run out",
    )
    sent = sum(bool(delivered) for *_, delivered in records_of(connection, trace))
    yield Part(
        what="training records in files for HR",
        count=sent,
        becomes="kept",
        why="HR's own since they were written; delete them where HR keeps them",
    )
    yield Part(
        what="HR records of others that name the person as manager",
        count=named_as_manager(connection, trace),
        becomes="kept",
        why="their data; HR changes it",
    )


def _account(ports: Ports, account: AccountId) -> Part:
    erases, note = asyncio.run(_able(ports))
    what = "the account in the learning system itself"
    if erases:
        return Part(what=what, count=1, becomes="without name", why=note)
    said = f"; {note}" if note else ""
    return Part(what=what, count=1, becomes="kept", why=f"it has no way to erase: erase account {account} there{said}")


def erase_beyond(ports: Ports, trace: Trace) -> bool:
    """Do it; whether unused bytes of the files hold nothing of before. Raises ErasureRefused while the account is open
    there, whatever we remember, and what the learning system raises; nothing was erased then."""
    emptied = asyncio.run(_empty(ports, trace)) if trace.account_id else Emptied(found=False)
    ports.copies.rewrite(lambda text: _without(text, trace))
    return emptied.scrubbed


async def _able(ports: Ports) -> tuple[bool, str]:
    target = ports.target()
    try:
        able = isinstance(target, Erases) and target.capabilities.erases
        return able, target.capabilities.notes.get("erase", "")
    finally:
        await target.close()


async def _empty(ports: Ports, trace: Trace) -> Emptied:
    target, account = ports.target(), trace.account_id
    try:
        if account is None or not isinstance(target, Erases):
            return Emptied(found=False)
        return await target.erase(account, trace.pseudonym)
    except Conflict as still_open:
        raise ErasureRefused(
            f"account {account} may still sign in, as the learning system itself says; nothing was erased.",
            fix="joinery reconcile, then end the access",
        ) from still_open
    finally:
        await target.close()


def _without(text: str, trace: Trace) -> str:
    """In settings a short plain number is a limit or a share far more often than somebody's."""
    words = {word for word in trace.all_words if not word.isdigit() or len(word) > 4 or word.startswith("0")}
    return without_words(text, words, trace.pseudonym)
