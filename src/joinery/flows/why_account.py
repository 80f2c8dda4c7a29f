"""Whose account it is and how we know; or why there is none.

Rule: why access was ended by hand is confidential; that it was, by whom and when is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, assert_never

from joinery.core.correlation.correlate import Disputed, Matched, Unmatched, correlate
from joinery.core.model.account import Account, AccountState, Link
from joinery.core.model.standing import Stage
from joinery.core.planning.pretend import NOT_YET
from joinery.flows.latch import latch_of
from joinery.flows.why_case import Case
from joinery.flows.why_part import Part, day
from joinery.store.accounts import Accounts
from joinery.store.history import done_with, last_mail
from joinery.store.mails import MailState

_MADE_BY = {
    "created": "made by Joinery",
    "worker_id": "recognised by the employee number",
    "email": "recognised by the e-mail address",
    "person": "recognised by a person",
    "key": "made by Joinery, and found again by our key",
}
_STATE = {
    AccountState.ACTIVE: "can sign in",
    AccountState.SUSPENDED: "suspended: cannot sign in, everything is kept",
    AccountState.ARCHIVED: "archived: cannot sign in, out of current lists, history kept",
}


def account_part(case: Case) -> Part:
    """Linked to which account, since when, in what state; or why not."""
    account, link = case.account, Accounts(case.connection, case.policy.target).link_of(case.person.key)
    said = list(_linked(case, account, link)) if account is not None else [_none(case)]
    access, hold = case.decided.access, case.decided.subject.desired.hold
    if hold:
        said.append(f"Nothing is written for this person: {hold}.")
    data: dict[str, Any] = {
        "id": account.id if account is not None and account.id != NOT_YET else None,
        "state": str(account.state) if account is not None else None,
        "wanted": str(access.state) if access.state else None,
        "because": access.because.text,
        "protected": case.decided.subject.protected or (account is not None and account.protected),
        "matched_by": link.made_by if link else None,
        "linked_at": link.made_at.isoformat() if link else None,
        "held": hold or None,
    }
    mail = None if case.ahead else last_mail(case.connection, case.person.key)
    if mail is not None:
        said += _mailed(case, *mail)
        data |= {"sign_in_mail": mail[0], "sign_in_mail_due": mail[1].isoformat()}
    return Part(name="account", title="Account", said=(*said, *_by_hand(case)), data=data)


def _mailed(case: Case, state: str, due_at: datetime) -> list[str]:
    on = day(due_at, case.zone)
    told = {
        MailState.PLANNED: f"to be sent on {on}",
        MailState.WAITING: "waits for an address",
        MailState.SENDING: "is being sent",
        MailState.SENT: f"sent, for {on}",
        MailState.FAILED: "could not be sent; joinery mail list says why",
        MailState.UNKNOWN: "may or may not have arrived, and is not sent again by itself; joinery mail list",
        MailState.SILENCED: "none, because the first load was silent",
    }.get(MailState(state))
    return [f"Sign-in mail: {told}."] if told else []


def _linked(case: Case, account: Account, link: Link | None) -> Iterator[str]:
    wanted, hold = case.decided.access.state, case.decided.subject.desired.hold
    if account.id == NOT_YET:
        yield f"An account, made by then: {_STATE[account.state]}."
    else:
        yield f"Account {account.id} ({_how(case, link)}): {_STATE[account.state]}."
    closed = account.state is not AccountState.ACTIVE
    if closed and wanted is AccountState.ACTIVE and not hold:
        yield "It should be open again; see below."
    elif not closed and wanted not in {None, AccountState.ACTIVE} and not hold:
        yield f"It should be {wanted}: {_cause(case)}."
    elif closed and not case.decided.access.by_hand:
        yield f"Cause: {_cause(case)}."
    if case.decided.subject.protected or account.protected:
        yield "Protected (an administrator, or on the list): only an explicit termination of this person touches it."


def _how(case: Case, link: Link | None) -> str:
    """How it came to be theirs; the day is that of the plan, which in a simulation is not that of the clock."""
    if link is None:
        return "linked"
    made = next((d for d in done_with(case.connection, case.person.key) if d.action in {"create", "link"}), None)
    how = _MADE_BY.get(link.made_by, link.made_by)
    if made is None:
        return f"{how}, {day(link.made_at, case.zone)}"
    return f"{how}, {day(made.as_of, case.zone)}, {made.plan}"


def _cause(case: Case) -> str:
    return case.decided.access.because.text.replace("left: end date", "left, end date")


def _none(case: Case) -> str:
    access, standing = case.decided.access, case.person.standing
    if access.state is not AccountState.ACTIVE:
        if standing.stage is Stage.PREHIRE:
            days = case.policy.lifecycle_of(case.person.worker).days_before
            when = "then" if case.person.worker.hire_date is None or not days else f"{days} days before"
            return f"None yet: {access.because.text}; it is made {when}."
        return f"None, and none is made: {_cause(case)}."
    correlation = correlate(case.person.worker, case.decided.subject.candidates)
    match correlation:
        case Matched(account=account, by=by):
            return f"None linked yet: account {account.id} has the same {by.replace('_', ' ')}; see below."
        case Disputed(why=why):
            return f"None, because it is disputed: {why}. A person must decide: joinery match."
        case Unmatched():
            mail = "" if case.person.worker.work_email else " HR gives no e-mail, so it is made without one."
            return f"None yet; one is to be made, see below.{mail}"
        case _:
            assert_never(correlation)


def _by_hand(case: Case) -> list[str]:
    latch = latch_of(case.person, case.batch.decisions.get(case.person.key, ()), case.zone)
    if latch is None:
        return []
    said = f"{latch.owner} ended access by hand on {day(latch.made_at, case.zone)}; it stays ended until released."
    return [f"{said} Confidential reason: {latch.reason}."] if case.confidential else [said]
