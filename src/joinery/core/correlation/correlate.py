"""Whose account is it? linked, matched, disputed, taken or unmatched. Names never match anybody.

Rule: an employee-ID match links by itself; an e-mail match waits for a person; anything that disagrees is disputed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from joinery.core.model.account import Account
from joinery.core.model.addresses import is_shared
from joinery.core.model.ids import AccountId
from joinery.core.model.worker import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """One account, found by `worker_id` or by `email`, or because a `person` said so."""

    account: Account
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """Nobody there: an account can be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """Several candidates, or ID and e-mail disagree: a person must decide."""

    candidates: tuple[AccountId, ...]
    why: str


Correlation: TypeAlias = Matched | Unmatched | Disputed


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Accounts that hold this employee ID or this e-mail; `linked_to_others` are already somebody else's."""

    by_worker_id: Sequence[Account] = ()
    by_email: Sequence[Account] = ()
    linked_to_others: frozenset[AccountId] = frozenset()
    #: an account that already carries our key for this person: made, and its answer lost
    ours: Account | None = None
    #: somebody said that this one is theirs
    confirmed: Account | None = None
    #: somebody said that these are not
    refused: frozenset[AccountId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """What a match does: `link` by itself, `ask` a person; `email` may be `never` looked at."""

    worker_id: str = "link"
    email: str = "ask"


def correlate(worker: Worker, found: Candidates) -> Correlation:
    """Find the account of a worker who has no link yet."""
    if found.ours is not None:
        return Matched(account=found.ours, by="key")
    if found.confirmed is not None:
        return _by_word(worker, found.confirmed, found.linked_to_others)
    if is_shared(worker.work_email):
        return _without_address(worker, found)
    if (refused := _not_theirs(worker, found)) is not None:
        return refused
    if len(found.by_worker_id) == 1:
        account = found.by_worker_id[0]
        others = [a for a in found.by_email if a.id != account.id]
        if others:
            return Disputed(candidates=_ids([account, *others]), why="employee ID and e-mail point at two accounts")
        return Matched(account=account, by="worker_id")
    if found.by_worker_id or len(found.by_email) > 1:
        several = [*found.by_worker_id, *found.by_email]
        return Disputed(candidates=_ids(several), why=f"{len(several)} accounts match")
    return _by_address(worker, found.by_email[0]) if found.by_email else Unmatched()


def _without_address(worker: Worker, found: Candidates) -> Correlation:
    """A mailbox that several people read matches nobody; only the number may."""
    answer = correlate(replace(worker, work_email=""), replace(found, by_email=()))
    if isinstance(answer, Unmatched) and found.by_email:
        why = f"the e-mail is a mailbox that several people read, and account {found.by_email[0].id} has it"
        return Disputed(candidates=_ids(found.by_email), why=why)
    return answer


def _by_address(worker: Worker, account: Account) -> Correlation:
    if account.worker_id and account.worker_id not in {worker.worker_id, worker.worker_id.rpartition("/")[2]}:
        # the predecessor's account: never re-activate it for a newcomer
        return Disputed(candidates=(account.id,), why=f"the e-mail belongs to account {account.id} of another number")
    return Matched(account=account, by="email")


def _by_word(worker: Worker, account: Account, linked_to_others: frozenset[AccountId]) -> Correlation:
    """Somebody's word settles what numbers and addresses cannot, except that one account has one owner."""
    if account.id in linked_to_others:
        why = f"account {account.id}, confirmed for {worker.worker_id}, has become somebody else's"
        return Disputed(candidates=(account.id,), why=why)
    if account.external_id:
        return Disputed(candidates=(account.id,), why=f"account {account.id} carries a key of another system")
    return Matched(account=account, by="person")


def _not_theirs(worker: Worker, found: Candidates) -> Disputed | None:
    """Accounts that are somebody else's, carry a key that is not ours, or were said not to be theirs."""
    everybody = (*found.by_worker_id, *found.by_email)
    if taken := [a for a in everybody if a.id in found.linked_to_others]:
        why = f"the address or number of {worker.worker_id} belongs to account {taken[0].id} of somebody else"
        return Disputed(candidates=_ids(taken), why=why)
    if foreign := [a for a in everybody if a.external_id]:
        return Disputed(candidates=_ids(foreign), why=f"account {foreign[0].id} carries a key of another system")
    if said := [a for a in everybody if a.id in found.refused]:
        what = "address" if said[0] in found.by_email else "number"
        why = f"the {what} belongs to account {said[0].id}, which is not theirs: HR must give another one"
        return Disputed(candidates=_ids(said), why=why)
    return None


def _ids(accounts: Sequence[Account]) -> tuple[AccountId, ...]:
    return tuple(dict.fromkeys(a.id for a in accounts))
