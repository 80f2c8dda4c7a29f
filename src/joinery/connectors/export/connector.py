"""A learning system known from an export of its users: it can be read and nothing else.

Rule 1: nothing is ever written, and every operation is answered with `needs_you` and the way out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from joinery.connectors.export.wire import accounts_of, naming_column
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.model.receipt import Outcome, Receipt
from joinery.errors import Rejected, SourceUntrusted
from joinery.kit.contract import AccountPage, Capabilities, CompletionPage, Order

PAGE = 1000
ONLY_READ = "the learning system is known from an export only, and nothing can be written to a file"
CAPABILITIES = Capabilities(
    actions=frozenset(),
    holds_external_id=False,
    notes={"*": f"{ONLY_READ}. Put the system itself under `learning:`; what was confirmed is kept."},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A file that was read: heading row, rows of texts, and attribute -> heading."""

    header: tuple[str, ...]
    rows: Iterable[Sequence[str]]
    columns: Mapping[str, str]


class ExportTarget:
    """Accounts as the newest export shows them. `read` opens it; it is read once for each target."""

    capabilities = CAPABILITIES

    def __init__(self, read: Callable[[], Export], *, name: str = "lms") -> None:
        self.name = name
        self._read = read
        self._found: list[Account] | None = None

    async def check(self) -> None:
        """Raises SourceUntrusted when the export cannot be used."""
        self._accounts()

    async def accounts(self, after: str | None = None) -> AccountPage:
        """`after` is the number of accounts already given."""
        found = self._accounts()
        start = int(after or 0)
        end = start + PAGE
        return AccountPage(items=tuple(found[start:end]), next=str(end) if end < len(found) else None, total=len(found))

    async def look_up(self, *, person_keys: Sequence[PersonKey], account_ids: Sequence[AccountId]) -> Sequence[Account]:
        """By account ID; no export holds our keys."""
        wanted = set(account_ids)
        return tuple(account for account in self._accounts() if account.id in wanted)

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        """Nothing is done."""
        for order in orders:
            yield Receipt(key=order.key, outcome=Outcome.NEEDS_YOU, detail=ONLY_READ, changed=False, account=None)

    async def sign_in_link(self, account_id: AccountId) -> str:
        """Raises Rejected."""
        raise Rejected(f"Account {account_id} is known from an export only, which makes no sign-in links.")

    async def completions(self, after: str) -> CompletionPage:
        """An export of users holds no training records."""
        return CompletionPage(items=(), next=after, more=False)

    async def close(self) -> None:
        """Nothing is held open."""

    def _accounts(self) -> list[Account]:
        if self._found is None:
            export = self._read()
            if not naming_column(export.columns):
                raise SourceUntrusted(
                    "No column of the export says which account is which; nothing was read.",
                    fix="Name one: learning: { into: export, fields: { account_id: … } }. "
                    f"The file has: {', '.join(export.header)}.",
                    data={"code": "no_account_id", "columns": list(export.header)},
                )
            self._found = accounts_of(export.rows, export.header, export.columns)
        return self._found
