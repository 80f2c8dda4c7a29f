"""A learning system in memory, or in one JSON file that several processes may use in turn.

Shows what `Target`, `SignIn`, `RecordSource` and `Erases` promise; `kit/world.py` holds the effects. Not for the
data of real people.
Rule: an effect is kept (and written to the file) before its receipt is handed out.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path

from joinery.core.model.account import Account, AccountState
from joinery.core.model.codec import decode_account, encode_account
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.model.operation import ActionClass
from joinery.core.model.receipt import Receipt
from joinery.errors import BadAnswer, NotFound, Rejected
from joinery.kit.contract import AccountPage, Capabilities, Completion, CompletionPage, Emptied, Order
from joinery.kit.world import World, empty, perform

CAPABILITIES = Capabilities(
    actions=frozenset(ActionClass) - {ActionClass.MAIL},
    batch_size=200,
    concurrency=2,
    erases=True,
    simulation=True,
    notes={
        "mail": "Sign-in mails are sent by Joinery itself.",
        "erase": "an empty shell of the account stays, and training records to be counted",
    },
)


class MemoryTarget:
    """Accounts in the order they were made, numbered `m-000001`. `world` may be looked at and edited by tests."""

    def __init__(
        self,
        accounts: Iterable[Account] = (),
        *,
        path: Path | None = None,
        page_size: int = 5000,
        name: str = "memory",
        capabilities: Capabilities = CAPABILITIES,
    ) -> None:
        self.name = name
        # one file: whoever else writes to it waits
        self.capabilities = replace(capabilities, concurrency=1) if path is not None else capabilities
        self.world = World()
        self._path = path
        self._page_size = page_size
        for account in accounts:
            self.edit(account)

    async def check(self) -> None:
        """Nothing to sign in to; a damaged file raises BadAnswer."""
        self._read()

    async def accounts(self, after: str | None = None) -> AccountPage:
        """`after` is the number of accounts already given."""
        self._read()
        start = int(after or 0)
        end = start + self._page_size
        total = len(self.world.accounts)
        items = tuple(islice(self.world.accounts.values(), start, end))
        return AccountPage(items=items, next=str(end) if end < total else None, total=total)

    async def look_up(self, *, person_keys: Sequence[PersonKey], account_ids: Sequence[AccountId]) -> Sequence[Account]:
        """Each account once, however often it is asked for."""
        self._read()
        found = [self.world.of(key) for key in person_keys] + [self.world.accounts.get(one) for one in account_ids]
        return tuple({account.id: account for account in found if account is not None}.values())

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        """All of them, kept, then the receipts."""
        self._read()
        receipts = [perform(self.world, order) for order in orders]
        self._write()
        for receipt in receipts:
            yield receipt

    async def sign_in_link(self, account_id: AccountId) -> str:
        """The same link each time; raises Rejected when the account is closed, NotFound when there is none."""
        self._read()
        account = self.world.accounts.get(account_id)
        if account is None:
            raise NotFound(data={"account_id": account_id})
        if account.state is not AccountState.ACTIVE:
            raise Rejected(f"Account {account_id} is {account.state} and may not sign in.")
        return f"https://memory.invalid/sign-in/{account_id}"

    async def completions(self, after: str) -> CompletionPage:
        """The cursor is the number of completions already given."""
        self._read()
        start = int(after or 0)
        items = tuple(self.world.completions[start : start + self._page_size])
        end = start + len(items)
        return CompletionPage(items=items, next=str(end), more=end < len(self.world.completions))

    async def erase(self, account_id: AccountId, pseudonym: str) -> Emptied:
        """In memory, and in the file, which is written anew."""
        self._read()
        found = empty(self.world, account_id, pseudonym)
        self._write()
        return Emptied(found=found)

    async def close(self) -> None:
        """Nothing is held open."""

    def edit(self, account: Account) -> None:
        """Somebody edits the account by hand in the system itself; an account without an ID is a new one."""
        self._read()
        known = self.world.accounts.get(account.id)
        version = str(int(known.version) + 1) if known else account.version or "1"
        new_id = account.id or AccountId(f"m-{len(self.world.accounts) + 1:06d}")
        self.world.groups |= account.groups
        self.world.put(replace(account, id=new_id, version=version))
        self._write()

    def edit_with(self, account_id: AccountId, **values: object) -> None:
        """Somebody edits some fields of an account by hand: `edit_with(id, state=AccountState.SUSPENDED)`."""
        self._read()
        self.edit(replace(self.world.accounts[account_id], **values))  # type: ignore[arg-type]

    def learn(self, account_id: AccountId, enrolment: str, state: str = "in_progress") -> None:
        """The person has come this far (in_progress | completed) with the assignment of this key."""
        self._read()
        account = self.world.accounts[account_id]
        self.world.progress.setdefault(account_id, {})[enrolment] = state
        done = {**account.enrolments, enrolment: replace(account.enrolments[enrolment], state=state)}
        self.world.put(replace(account, enrolments=done))
        self._write()

    def complete(self, completion: Completion) -> None:
        """A training record comes to exist; also a later revision of one, or a revocation."""
        self._read()
        self.world.completions.append(completion)
        self._write()

    def _read(self) -> None:
        if self._path is None or not self._path.exists():
            return
        try:
            data = json.loads(self._path.read_bytes())
            world = World(groups=set(data["groups"]), progress=data["progress"])
            world.completions = [Completion(**one) for one in data["completions"]]
            for one in data["accounts"]:
                world.put(decode_account(one))
        except (ValueError, KeyError, TypeError) as error:
            raise BadAnswer(f"The accounts in {self._path} cannot be read; nothing was believed.") from error
        self.world = world

    def _write(self) -> None:
        if self._path is None:
            return
        data = {
            "accounts": [encode_account(account) for account in self.world.accounts.values()],
            "groups": sorted(self.world.groups),
            "progress": self.world.progress,
            "completions": [asdict(completion) for completion in self.world.completions],
        }
        # a reader in another process sees the old file or the new one, never half of one
        partial = self._path.with_name(self._path.name + ".partial")
        partial.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
        partial.replace(self._path)
