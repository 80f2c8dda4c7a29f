"""Compares an HR file with the accounts of the learning system. Rule 1: a work-list; no account is ever touched by it.

An account is named by its own ID, or not at all where that is an e-mail address.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from joinery.audit.blocking import day_of
from joinery.core.model.account import Account, AccountState
from joinery.core.model.finding import Finding, Severity

#: somebody who leaves within this time is about to be suspended
_SOON: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class _Person:
    id: str
    gone: bool
    leaves_on: date | None


def against(people: pl.DataFrame, accounts: Sequence[Account], today: date) -> tuple[Finding, ...]:
    """What the two sides disagree about. `people`: see `population.known`."""
    by_id, by_email = _known(people)
    found: list[Finding] = []
    for account in accounts:
        named, addressed = by_id.get(account.worker_id), by_email.get(account.email, [])
        found += _whose(account, named, addressed)
        whose = named or (addressed[0] if len(addressed) == 1 and not account.worker_id else None)
        if whose is not None:
            found += _leaving(account, whose, today)
    return (*found, *_second_accounts(accounts, by_id, by_email))


def _known(people: pl.DataFrame) -> tuple[dict[str, _Person], dict[str, list[_Person]]]:
    days = pl.col("termination_date") if "termination_date" in people.columns else pl.lit("")
    email = pl.col("work_email").str.strip_chars().str.to_lowercase() if "work_email" in people.columns else pl.lit("")
    rows = people.select("id", "gone", day_of(days).cast(pl.Date).alias("day"), email.alias("email"))
    by_id: dict[str, _Person] = {}
    by_email: dict[str, list[_Person]] = {}
    for worker_id, gone, day, address in rows.unique("id", keep="first", maintain_order=True).iter_rows():
        by_id[worker_id] = person = _Person(worker_id, gone, day)
        if address:
            by_email.setdefault(address, []).append(person)
    return by_id, by_email


def _name(account: Account) -> str:
    return "an account" if "@" in account.id else f"account {account.id}"


def _whose(account: Account, named: _Person | None, addressed: Sequence[_Person]) -> Iterator[Finding]:
    """Nobody's, one person's, or two people's."""
    others = [person for person in addressed if named is None or person.id != named.id]
    if named is None and not addressed:
        yield _finding(
            "lms_only_account",
            Severity.NOTE if account.protected else Severity.WARNING,
            f"{_name(account).capitalize()} of the learning system belongs to nobody in the HR file.",
            "Find out whose it is: a leaver from before, a service account, or somebody HR does not know. "
            "Joinery never touches it.",
            account,
        )
    elif named is not None and others:
        holder = others[0]
        if named.gone and not holder.gone:
            yield _finding(
                "recycled_email",
                Severity.QUARANTINE,
                f"{holder.id} has the work e-mail of {_name(account)}, which belongs to {named.id}, who left.",
                "Take the address off the old account, or give the newcomer another one. "
                "The old account is never given to somebody else.",
                account,
                holder.id,
                named.id,
            )
            return
        yield _disagrees(
            account, f"belongs to {named.id} by its number and to {holder.id} by its e-mail", holder, named
        )
    elif named is None and account.worker_id:
        holder = addressed[0]
        said = f"has the number {account.worker_id}, which HR does not have, and the e-mail of {holder.id}"
        yield _disagrees(account, said, holder)


def _disagrees(account: Account, said: str, *people: _Person) -> Finding:
    return _finding(
        "account_disagrees",
        Severity.WARNING,
        f"{_name(account).capitalize()} {said}.",
        "Correct the number or the address in the learning system. Until then a person must say whose it is.",
        account,
        *(person.id for person in people),
    )


def _leaving(account: Account, person: _Person, today: date) -> Iterator[Finding]:
    """Open accounts of people who left, and the power of those who are about to."""
    if account.state is not AccountState.ACTIVE:
        return
    soon = person.leaves_on is not None and today <= person.leaves_on <= today + _SOON
    if account.protected and (person.gone or soon):
        when = "who left" if person.gone else f"who leaves on {person.leaves_on}"
        yield _finding(
            "privileged_account_ending",
            Severity.WARNING,
            f"{_name(account).capitalize()} of {person.id}, {when}, has the role {', '.join(account.roles)}.",
            "Give the role to somebody else before the account is suspended.",
            account,
            person.id,
        )
    elif person.gone:
        yield _finding(
            "leaver_account_open",
            Severity.WARNING,
            f"{person.id} left, and {_name(account)} is still open.",
            "Suspend it, unless HR's status is wrong.",
            account,
            person.id,
        )


def _second_accounts(
    accounts: Sequence[Account], by_id: dict[str, _Person], by_email: dict[str, list[_Person]]
) -> Iterator[Finding]:
    open_ones: dict[str, list[Account]] = {}
    for account in accounts:
        addressed = by_email.get(account.email, [])
        person = by_id.get(account.worker_id) or (addressed[0] if len(addressed) == 1 else None)
        if account.state is AccountState.ACTIVE and person is not None:
            open_ones.setdefault(person.id, []).append(account)
    for worker_id, theirs in open_ones.items():
        if len(theirs) > 1:
            named = ", ".join(sorted(a.id for a in theirs if "@" not in a.id))
            yield Finding(
                check="second_account",
                severity=Severity.WARNING,
                message=f"{worker_id} has {len(theirs)} open accounts{f' ({named})' if named else ''}.",
                worker_id=worker_id,
                suggestion="Keep the one with the training records, and suspend the others.",
                accounts=tuple(account.id for account in theirs),
            )


def _finding(check: str, severity: Severity, message: str, suggestion: str, account: Account, *people: str) -> Finding:
    return Finding(
        check=check,
        severity=severity,
        message=message,
        worker_id=people[0] if people else "",
        suggestion=suggestion,
        people=people,
        accounts=(account.id,),
    )
