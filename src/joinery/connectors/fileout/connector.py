"""A learning system that imports files: what it holds is what was written for it, as last confirmed by a rename.

Rule: files lie whole in `tmp/` and our state says so before the first of them is renamed; a kill at any instant then
either did nothing or is finished by the next call, and no file is written twice. Files that are brought to a server
go the same way: until the last of them has its name there, no line counts as done and every call tries again.
"""

from __future__ import annotations

import hashlib
import json
import os
from asyncio import to_thread
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from joinery.connectors.fileout.confirming import Exported, compare, told_and_shown
from joinery.connectors.fileout.layout import Layout
from joinery.connectors.fileout.rows import contents, packed
from joinery.core.model.account import Account, AccountState
from joinery.core.model.codec import decode_account, encode_account, instant_of, instant_text
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.model.operation import (
    ActionClass,
    ArchiveAccount,
    Assign,
    CreateAccount,
    JoinGroup,
    LeaveGroup,
    LinkAccount,
    RestoreAccount,
    SendSignInMail,
    SuspendAccount,
    UpdateAccount,
    Withdraw,
)
from joinery.core.model.receipt import Outcome, Receipt
from joinery.errors import BadAnswer, NotFound, Rejected, StopRun
from joinery.kit.contract import AccountPage, Capabilities, CompletionPage, Emptied, Order, Shown
from joinery.kit.moves import sync_folder
from joinery.kit.placing import Place
from joinery.kit.world import World, empty, perform

ACTIONS: Final = {
    LinkAccount: ActionClass.LINK,
    CreateAccount: ActionClass.CREATE,
    UpdateAccount: ActionClass.UPDATE,
    JoinGroup: ActionClass.GROUP,
    LeaveGroup: ActionClass.GROUP,
    Assign: ActionClass.ASSIGN,
    Withdraw: ActionClass.WITHDRAW,
    SuspendAccount: ActionClass.SUSPEND,
    ArchiveAccount: ActionClass.ARCHIVE,
    RestoreAccount: ActionClass.RESTORE,
    SendSignInMail: ActionClass.MAIL,
}
#: lines in one call: one set of files for as many as that
BATCH = 5000
#: what a line says that lies in a file, until an export shows it, and where none is read
NOT_YET = "sent; not yet confirmed by an export of users"
NOBODY_CONFIRMS = "sent; nobody confirms it: no export of users is read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One file that is where the learning system looks."""

    name: str
    rows: int


class FileOutTarget:
    """`folder`: where the learning system looks. `state`: our memory of what was written, a folder for us only.

    With another `place` the files are brought there, and `folder` is only where they are written. `sign_in_at` is the
    address at which people sign in, empty when it is not known.
    """

    def __init__(
        self,
        layout: Layout,
        *,
        folder: Path,
        state: Path,
        now: Callable[[], datetime],
        full: bool,
        name: str = "file",
    ) -> None:
        self.name = name
        self.layout = layout
        self.capabilities = Capabilities(
            actions=layout.actions,
            batch_size=BATCH,
            concurrency=1,
            unconfirmed=NOBODY_CONFIRMS,
            notes={
                "confirmed": "A line is sent when its file is in place; whether the system imported it, only an "
                "export of its users tells.",
                "mail": "Sign-in mails are sent by Joinery itself.",
                "erase": "what was written of them is forgotten; import files are the system's own",
            },
        )
        self._folder, self._state, self._now, self._full = folder, state, now, full
        #: where files go when they are whole: the folder itself, unless somebody says otherwise
        self.place: Place = _Here(folder)
        self.sign_in_at = ""
        self._mark: Callable[[], str] = str
        self._export: Callable[[], Exported | None] = lambda: None
        self.world = World()
        self._number = 0
        #: when each account was last told of, the export that was read, and who was not in it
        self._told: dict[AccountId, datetime] = {}
        self._seen = ""
        self._shown: dict[AccountId, tuple[datetime, bool]] = {}
        self._lists: dict[AccountId, frozenset[str]] = {}
        self._read: dict[str, Any] = {}
        self._missing: set[AccountId] = set()
        self._erased: set[AccountId] = set()

    def confirmed_by(self, mark: Callable[[], str], export: Callable[[], Exported | None]) -> None:
        """`export` reads the newest export of the system's users, None when there is none yet; it raises
        SourceUntrusted. `mark` names that very file without reading it, as the export itself does; empty for none."""
        self._mark = mark
        self._export = export
        self.capabilities = replace(self.capabilities, unconfirmed=NOT_YET)

    async def check(self) -> None:
        """Raises StopRun when the folder cannot be written, BadAnswer when our memory of it cannot be read."""
        await to_thread(self._open)

    async def accounts(self, after: str | None = None) -> AccountPage:
        """`after` is the number of accounts already given. As they were told, or as a newer export shows them."""
        await to_thread(self._open)
        if after is None:
            await to_thread(self._read_back)
        there = [account for account in self._people() if account.id not in self._missing]
        start, total = int(after or 0), len(there)
        end = start + BATCH
        items = tuple(there[start:end])
        return AccountPage(items=items, next=str(end) if end < total else None, total=total)

    async def look_up(self, *, person_keys: Sequence[PersonKey], account_ids: Sequence[AccountId]) -> Sequence[Account]:
        """Each account once, as it was last written."""
        await to_thread(self._open)
        found = [self.world.of(key) for key in person_keys] + [self.world.accounts.get(one) for one in account_ids]
        gone = self._missing | self._erased
        there = {one.id: one for one in found if one is not None and one.id not in gone}
        return tuple(there.values())

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        """One set of files for all of them, in place, then the receipts."""
        await to_thread(self._open)
        before = dict(self.world.accounts)
        receipts = [self._one(order) for order in orders]
        anew = self._made_anew(orders)
        changed = [one for key, one in self.world.accounts.items() if before.get(key) != one or key in anew]
        if changed:
            await to_thread(self._write, before, changed)
        for receipt in receipts:
            yield receipt

    async def news(self) -> bool:
        """Whether an export lies there that was not read."""
        await to_thread(self._open)
        return await to_thread(self._mark) not in {"", self._seen}

    async def shown(self) -> Shown | None:
        """What the exports that were read say of accounts, since each was last told."""
        await to_thread(self._open)
        if not self._read:
            return None
        told = self._told
        since = {key: same for key, (at, same) in self._shown.items() if key not in told or at > told[key]}
        at = instant_of(self._read["at"])
        return Shown(
            by=f"{self._read['name']} of {at:%Y-%m-%d %H:%M} UTC",
            at=at,
            accounts={key: self.world.accounts[key] for key in since if key in self.world.accounts},
            as_told=frozenset(key for key, same in since.items() if same),
            missing=frozenset(self._missing),
            lists={key: self._lists.get(key, frozenset()) for key in since},
            tells=told_and_shown(self.layout, frozenset(self._read["tells"])),
        )

    async def completions(self, after: str) -> CompletionPage:
        """Files go one way: nothing comes back."""
        return CompletionPage(items=(), next=after, more=False)

    async def sign_in_link(self, account_id: AccountId) -> str:
        """Where everybody signs in; raises Rejected when the account is closed or the place unknown, NotFound when
        there is none."""
        await to_thread(self._open)
        account = self.world.accounts.get(account_id)
        if account is None or account_id in self._missing | self._erased:
            raise NotFound(data={"account_id": account_id})
        if account.state is not AccountState.ACTIVE or not self.sign_in_at:
            why = f"is {account.state} and may not sign in" if self.sign_in_at else "has no address to sign in at"
            raise Rejected(f"Account {account_id} {why}.")
        return self.sign_in_at

    async def erase(self, account_id: AccountId, pseudonym: str) -> Emptied:
        """Out of our memory, and of files that a crash left half-done; a shell keeps the ID from being given anew."""
        await to_thread(self._open)
        return Emptied(found=await to_thread(self._forget, account_id, pseudonym))

    async def close(self) -> None:
        """Nothing is held open."""

    def resend(self) -> Sequence[Sent]:
        """The accounts as they are, all of them, in a new set of full files; none when there is nobody."""
        self._open()
        people = self._people()
        if not people:
            return ()
        self._told = {account.id: self._now() for account in people}
        return self._publish(contents(self.layout, {}, people, today=self._now().date()), full=True)

    def _people(self) -> tuple[Account, ...]:
        """Without the shells of the erased: they only keep their IDs from being given anew."""
        return tuple(one for one in self.world.accounts.values() if one.id not in self._erased)

    def _forget(self, account_id: AccountId, pseudonym: str) -> bool:
        found = empty(self.world, account_id, pseudonym)
        if found:
            self._erased.add(account_id)
            self._missing.discard(account_id)
            self._told.pop(account_id, None)
            self._lists.pop(account_id, None)
            self._remember([])
        for left in self._tmp.iterdir():  # what was on its way has been brought there by `_open`
            left.unlink(missing_ok=True)
        return found

    def _one(self, order: Order) -> Receipt:
        action = ACTIONS[type(order.operation)]
        stays = isinstance(order.operation, LeaveGroup) and not self.layout.leaves_groups
        if stays or action not in self.capabilities.actions:
            why = f"the layout {self.layout.name} has no column for this ({action})"
            return Receipt(key=order.key, outcome=Outcome.NEEDS_YOU, detail=why, changed=False)
        return perform(self.world, order)

    def _made_anew(self, orders: Sequence[Order]) -> set[AccountId]:
        """Accounts that the system does not have, and somebody said to make once more."""
        made = {order.operation.person_key for order in orders if isinstance(order.operation, CreateAccount)}
        anew = {one.id for key in made if (one := self.world.of(key)) is not None and one.id in self._missing}
        self._missing -= anew
        return anew

    def _read_back(self) -> None:
        """What a new export shows replaces what we believed; who is not in it is not there."""
        export = self._export() if self._mark() not in {"", self._seen} else None
        if export is None:
            return
        found = compare(self.layout, self._people(), self._told, export)
        for account in found.other:
            self.world.put(account)
        self._missing = (self._missing | found.missing) - found.there
        others = {account.id for account in found.other}
        self._shown |= {key: (export.taken_at, key not in others) for key in found.there}
        self._lists = dict(found.lists)
        self._read = {"name": export.name, "at": instant_text(export.taken_at), "tells": sorted(export.tells)}
        self._seen = export.mark
        self._remember([])

    def _write(self, before: dict[AccountId, Account], changed: Sequence[Account]) -> None:
        self._told |= {account.id: self._now() for account in changed}
        told = self._people() if self._full else changed
        self._publish(contents(self.layout, before, told, self._full, today=self._now().date()), full=self._full)

    def _publish(self, files: Iterable[tuple[str, bytes, int]], *, full: bool) -> Sequence[Sent]:
        self._number += 1
        files = packed(self.layout.zip, files) if self.layout.zip else files
        stamp = f"{self._now().astimezone(UTC):%Y%m%dT%H%M%SZ}-{self._number:04}"
        sent: list[Sent] = []
        for name, content, rows in files:
            named = name.replace("{stamp}", stamp)
            if named == name:
                named = f"{Path(name).stem}_{stamp}{Path(name).suffix}"
            manifest = {
                "file": named,
                "rows": rows,
                "sha256": hashlib.sha256(content).hexdigest(),
                "content": "full" if full else "changes",
                "cells": "raw",
            }
            self._put(self._tmp / named, content)
            self._put(self._tmp / f"{named}.done", json.dumps(manifest, indent=1).encode() + b"\n")
            sent.append(Sent(name=named, rows=rows))
        names = [name for each in sent for name in (each.name, f"{each.name}.done")]
        self._remember(names)
        self._rename(names)
        return sent

    @property
    def _tmp(self) -> Path:
        return self._folder / "tmp"

    @property
    def _memory(self) -> Path:
        return self._state / "accounts.json"

    def _open(self) -> None:
        """Read what was written, and finish what a crash left."""
        try:
            self._tmp.mkdir(parents=True, exist_ok=True)
            self._state.mkdir(parents=True, exist_ok=True)
            self._state.chmod(0o700)
            data = json.loads(self._memory.read_bytes()) if self._memory.exists() else {}
            accounts = [decode_account(one) for one in data.get("accounts", ())]
        except OSError as error:
            raise _not_written(error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise BadAnswer(
                f"What was written before cannot be read in {self._memory}; nothing was written."
            ) from error
        self.world = World(prefix="f", groups=set(data.get("groups", ())), progress=data.get("progress", {}))
        for account in accounts:
            self.world.put(account)
        self._number = data.get("number", 0)
        self._told = {AccountId(key): instant_of(at) for key, at in data.get("told", {}).items()}
        self._shown = {AccountId(key): (instant_of(at), same) for key, (at, same) in data.get("shown", {}).items()}
        self._lists = {AccountId(key): frozenset(names) for key, names in data.get("lists", {}).items()}
        self._read = data.get("read", {})
        self._seen, self._missing = data.get("seen", ""), {AccountId(key) for key in data.get("missing", ())}
        self._erased = {AccountId(key) for key in data.get("erased", ())}
        if data.get("on_its_way"):
            self._rename(data["on_its_way"])

    def _rename(self, names: Sequence[str]) -> None:
        """Each file, its marker after it. What is not in `tmp/` any more has been moved before."""
        self.place.put([self._tmp / name for name in names])
        self._remember([])

    def _remember(self, on_its_way: Sequence[str]) -> None:
        data: dict[str, Any] = {
            "on_its_way": list(on_its_way),
            "number": self._number,
            "groups": sorted(self.world.groups),
            "progress": self.world.progress,
            "told": {key: instant_text(at) for key, at in self._told.items()},
            "seen": self._seen,
            "shown": {key: [instant_text(at), same] for key, (at, same) in self._shown.items()},
            "lists": {key: sorted(names) for key, names in self._lists.items() if names},
            "read": self._read,
            "missing": sorted(self._missing),
            "erased": sorted(self._erased),
            "accounts": [encode_account(account) for account in self.world.accounts.values()],
        }
        partial = self._memory.with_suffix(".part")
        self._put(partial, json.dumps(data, ensure_ascii=False).encode())
        partial.replace(self._memory)
        sync_folder(self._state)

    def _put(self, path: Path, content: bytes) -> None:
        try:
            with path.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _not_written(error) from error


class _Here:
    """The folder itself: a rename."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, paths: Sequence[Path]) -> None:
        try:
            for path in paths:
                if path.exists():
                    path.replace(self._folder / path.name)
            sync_folder(self._folder)
        except OSError as error:
            raise _not_written(error) from error


def _not_written(error: OSError) -> StopRun:
    return StopRun(
        f"The import files cannot be written ({error.strerror}); what was not in place before is not now.",
        fix="Make room or correct the rights; the next run goes on from there.",
    )
