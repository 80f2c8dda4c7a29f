"""Another learning system under the name of an earlier one, mostly the real one after its export: who is who, kept.

Rule: a link or an answer follows only to an account that shows the same e-mail or employee number; the rest is asked
about anew, as at first contact. Nothing is written to any learning system.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from joinery.flows.policy import Policy
from joinery.store.accounts import Accounts
from joinery.store.connections import load_state
from joinery.store.matches import answers_about, linked_accounts, move_answers, move_links
from joinery.store.people import People


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How many links and answers followed to the new system, and how many have to be found again."""

    followed: int
    asked_anew: int

    def sentence(self) -> str:
        """For whoever watches."""
        lost = f"; {self.asked_anew} have to be found again" if self.asked_anew else ""
        return f"another kind of learning system: {self.followed} known accounts were found again in it{lost}"


def forget_the_old(connection: Connection, policy: Policy) -> Mapping[AccountId, Account]:
    """The accounts of the system that was there before, taken out of our memory."""
    return Accounts(connection, policy.target).forget_all()


def follow(connection: Connection, policy: Policy, old: Mapping[AccountId, Account]) -> Moved:
    """After the new system's accounts were read: links and answers go to the account that is the same."""
    there = _Index(Accounts(connection, policy.target).all())
    links, answers = linked_accounts(connection, policy.target), answers_about(connection, policy.name)
    named = {*links, *(account_id for account_id in answers if account_id in old)}
    twins = {account_id: there.twin(old[account_id]) if account_id in old else None for account_id in named}
    move_links(connection, policy.target, {person: twins[account_id] for account_id, person in links.items()})
    move_answers(connection, policy.name, {account_id: twin for account_id, twin in twins.items() if twin})
    People(connection, policy.name).mark_all()
    found = sum(twin is not None for twin in twins.values())
    return Moved(followed=found, asked_anew=len(twins) - found)


class _Index:
    """The new accounts, found by what two systems have in common."""

    def __init__(self, accounts: Mapping[AccountId, Account]) -> None:
        self._by_id = accounts
        self._emails = Counter(a.email for a in accounts.values() if a.email)
        self._numbers = Counter(a.worker_id for a in accounts.values() if a.worker_id)
        self._by_email = {a.email: a.id for a in accounts.values() if a.email}
        self._by_number = {a.worker_id: a.id for a in accounts.values() if a.worker_id}

    def twin(self, old: Account) -> AccountId | None:
        """The same ID where e-mail or number agree; else the only account with this e-mail, else with this number."""
        same = self._by_id.get(old.id)
        if same is not None and _agree(old, same):
            return same.id
        if old.email and self._emails[old.email] == 1:
            found = self._by_id[self._by_email[old.email]]
            return found.id if not _contradict(old, found) else None
        if old.worker_id and self._numbers[old.worker_id] == 1:
            return self._by_number[old.worker_id]
        return None


def _agree(one: Account, other: Account) -> bool:
    mail = bool(one.email) and one.email == other.email
    number = bool(one.worker_id) and one.worker_id == other.worker_id
    return (mail or number) and not _contradict(one, other)


def _contradict(one: Account, other: Account) -> bool:
    """Both say an employee number, and not the same one."""
    return bool(one.worker_id and other.worker_id) and one.worker_id != other.worker_id


def another_kind(connection: Connection, policy: Policy) -> bool:
    """What was read before is of another kind of system than the one in the settings now."""
    known = load_state(connection, policy.name).extra.get("contacted")
    return isinstance(known, str) and bool(policy.target_kind) and known != policy.target_kind
