"""Whose account it is and how we know; or why there is none."""

from __future__ import annotations

from typing import Any, assert_never

from joinery.core.correlation.correlate import Disputed, Matched, Unmatched, correlate
from joinery.core.model.account import Account, AccountState
from joinery.core.model.standing import Stage
from joinery.flows.decide import latch_of
from joinery.flows.why_case import Case
from joinery.flows.why_part import Part, day
from joinery.store.accounts import Accounts

_MADE_BY = {
    "created": "Joinery made it",
    "worker_id": "recognised by the employee number it holds",
    "email": "recognised by the e-mail, confirmed by a person",
    "person": "a person said that it is theirs",
    "key": "it carries our key",
}
_STATE = {
    AccountState.ACTIVE: "can sign in",
    AccountState.SUSPENDED: "cannot sign in, everything is kept",
    AccountState.ARCHIVED: "archived: cannot sign in, out of current lists, history kept",
}


def account_part(case: Case) -> Part:
    """Linked to which account, since when, in what state; or why not."""
    account = case.account
    said = _linked(case, account) if account is not None else _none(case)
    data: dict[str, Any] = {
        "id": account.id if account else None,
        "state": str(account.state) if account else None,
        "wanted": str(case.decided.access.state or "") or None,
        "because": case.decided.access.because.text,
    }
    link = Accounts(case.connection, case.policy.target).link_of(case.person.key)
    if link is not None:
        data |= {"matched_by": link.made_by, "linked_at": link.made_at.isoformat()}
    return Part(name="account", title="Account", said=(*said, *_by_hand(case)), data=data)


def _linked(case: Case, account: Account) -> list[str]:
    link = Accounts(case.connection, case.policy.target).link_of(case.person.key)
    how = f" ({_MADE_BY.get(link.made_by, link.made_by)}, {day(link.made_at, case.zone)})" if link else ""
    said = [f"Account {account.id}{how}: {_STATE[account.state]}."]
    wanted = case.decided.access.state
    if account.state is not AccountState.ACTIVE or (wanted is not None and wanted is not account.state):
        said.append(f"Because: {_why_access(case)}.")
    if account.protected or case.decided.subject.protected:
        said.append("Protected (administrator, or on the list): only an explicit termination touches it.")
    if case.decided.subject.desired.hold:
        said.append(f"Nothing is written: {case.decided.subject.desired.hold}.")
    return said


def _why_access(case: Case) -> str:
    return case.decided.access.because.text


def _none(case: Case) -> list[str]:
    access, standing = case.decided.access, case.person.standing
    if access.state is not AccountState.ACTIVE:
        if standing.stage is Stage.PREHIRE:
            return [f"No account yet: {access.because.text}."]
        return [f"No account, and none is made: {access.because.text}."]
    if case.decided.subject.desired.hold:
        return [f"No account: held, {case.decided.subject.desired.hold}."]
    correlation = correlate(case.person.worker, case.decided.subject.candidates)
    match correlation:
        case Matched(account=account, by=by):
            return [f"No account linked yet: account {account.id} has the same {by.replace('_', ' ')}."]
        case Disputed(why=why):
            return [f"No account: disputed, {why}. A person must decide: joinery match."]
        case Unmatched():
            mail = "" if case.person.worker.work_email else "; HR gives no e-mail, so they sign in by number"
            return [f"No account yet; one is to be made{mail}."]
        case _:
            assert_never(correlation)


def _by_hand(case: Case) -> list[str]:
    latch = latch_of(case.person, case.batch.decisions.get(case.person.key, ()), case.zone)
    if latch is None:
        return []
    reason = f" Confidential reason: {latch.reason}" if case.confidential else ""
    said = f"{latch.owner} ended access by hand on {day(latch.made_at, case.zone)}; it stays ended until released."
    return [said + reason]
