"""From "should" and "is" to lines, for one person. Pure: no line without a reason, no line for an unlinked account.

A line that may not run now is still a line, with `held` saying why: what is wanted stays visible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from joinery.core.correlation.correlate import Candidates, Disputed, Matched, Matching, Unmatched, correlate
from joinery.core.model.account import Account, AccountState, Enrolment
from joinery.core.model.ids import AccountId, RequirementKey, WorkerId
from joinery.core.model.operation import (
    ActionClass,
    ArchiveAccount,
    Assign,
    Change,
    CreateAccount,
    JoinGroup,
    LeaveGroup,
    LinkAccount,
    Operation,
    RestoreAccount,
    SendSignInMail,
    SuspendAccount,
    UpdateAccount,
    Withdraw,
)
from joinery.core.model.plan import Line, Reason
from joinery.core.model.worker import Worker
from joinery.core.rules.desired import Desired

#: account attribute -> the guard that counts its change; everything else is `update`
KEY_ATTRIBUTES = {
    "email": "email_change",
    "manager_id": "manager_change",
    "given_name": "name_change",
    "family_name": "name_change",
    "display_name": "name_change",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """All that planning needs to know of one person."""

    worker: Worker
    desired: Desired
    account: Account | None = None
    candidates: Candidates = field(default_factory=Candidates)
    #: fact changes since the last plan: canonical attribute -> (old, new), for reasons
    changes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    segments: tuple[str, ...] = ()
    #: groups that Joinery gave: only these are taken away again
    own_groups: frozenset[str] = frozenset()
    create_groups: bool = True
    protected: bool = False
    #: worker attribute behind an account attribute, for reasons
    behind: Mapping[str, str] = field(default_factory=dict)
    #: worker attributes that a table translates, for reasons
    translated: frozenset[str] = frozenset()
    #: a sign-in mail is wanted for a new account: the employment (ISO hire date), else empty
    sign_in: str = ""
    #: a new employment on an old account: the mail is wanted when access comes back, too
    rehired: bool = False
    matching: Matching = field(default_factory=Matching)
    #: somebody else is given this person's e-mail, and this person another: it is freed first
    makes_room: bool = False
    #: accounts that free their e-mail in the same plan
    room_made: frozenset[AccountId] = frozenset()
    #: what an undo pinned: attribute names, `access`, `group:X`, assignment keys
    pinned: frozenset[str] = frozenset()
    #: the same names, changed by hand in the learning system: somebody must say which value is right
    asked: frozenset[str] = frozenset()


def lines_for(subject: Subject) -> tuple[Line, ...]:
    """The ordered lines of one person; empty when all is as it should be."""
    lines = tuple(_asked(subject, line) for line in _lines(subject))
    if subject.desired.hold:
        return tuple(replace(line, held=subject.desired.hold) for line in lines)
    return lines


def _asked(subject: Subject, line: Line) -> Line:
    """Held, where somebody changed it by hand and the settings want to ask; an explicit end is never asked about."""
    about = sorted(names_of(line.operation) & subject.asked)
    if not about or line.held or line.evidenced:
        return line
    return replace(line, held=f"{', '.join(about)}: changed by hand in the learning system; say which one is right")


def names_of(operation: Operation) -> frozenset[str]:
    """What an operation is about, by the names that pins and settings use."""
    match operation:
        case UpdateAccount(changes=changes):
            return frozenset(change.attribute for change in changes)
        case SuspendAccount() | ArchiveAccount() | RestoreAccount():
            return frozenset({"access"})
        case JoinGroup(group=group) | LeaveGroup(group=group):
            return frozenset({f"group:{group}"})
        case Assign(requirement=requirement, cycle=cycle) | Withdraw(requirement=requirement, cycle=cycle):
            return frozenset({Enrolment(requirement=requirement, cycle=cycle).key})
        case CreateAccount() | LinkAccount() | SendSignInMail():
            return frozenset()
        case _:
            assert_never(operation)


def _lines(subject: Subject) -> Iterator[Line]:
    state = subject.desired.access.state
    account = subject.account
    if account is not None:
        yield from _existing(subject, account)
        return
    correlation = correlate(subject.worker, subject.candidates)
    if state is not AccountState.ACTIVE:
        if isinstance(correlation, Matched) and correlation.by == "person":
            # somebody said whose it is: it is closed like any other, once it is linked
            yield from (replace(line, evidenced=False) for line in _linked(subject, correlation))
        return
    match correlation:
        case Matched():
            yield from _linked(subject, correlation)
        case Disputed(why=why):
            create = CreateAccount(person_key=subject.desired.person_key, attributes=_filled(subject))
            yield _line(subject, create, ActionClass.CREATE, subject.desired.access.because, why)
        case Unmatched():
            yield from _new(subject)
        case _:
            assert_never(correlation)


def _linked(subject: Subject, matched: Matched) -> Iterator[Line]:
    """An account that is there already, and what it lacks."""
    account, by = matched.account, matched.by
    link = LinkAccount(person_key=subject.desired.person_key, account_id=account.id, made_by=by)
    held = _doubt(subject.matching, by)
    same = f"somebody confirmed account {account.id}" if by == "person" else f"account {account.id} has the same {by}"
    yield _line(subject, link, ActionClass.LINK, Reason(text=same), held)
    yield from (replace(line, held=line.held or held) for line in _existing(subject, account))


def _doubt(matching: Matching, by: str) -> str:
    """Why a person must confirm the match; empty when it links by itself."""
    choice = {"worker_id": matching.worker_id, "email": matching.email}.get(by, "link")
    if choice == "never":
        return "another account holds this e-mail, and e-mail never links here: correct one of the two"
    return "" if choice == "link" else f"same {by.replace('_', ' ')}: a person must confirm that it is theirs"


def _new(subject: Subject) -> Iterator[Line]:
    key = subject.desired.person_key
    because = subject.desired.access.because
    yield _line(subject, CreateAccount(person_key=key, attributes=_filled(subject)), ActionClass.CREATE, because)
    yield from _groups(subject, frozenset())
    yield from _assignments(subject, {})
    yield from _sign_in(subject, "a new account needs a way in")


def _sign_in(subject: Subject, why: str) -> Iterator[Line]:
    if subject.sign_in:
        key, language = subject.desired.person_key, subject.worker.language
        mail = SendSignInMail(person_key=key, employment=subject.sign_in, language=language)
        yield _line(subject, mail, ActionClass.MAIL, Reason(text=why))


def _existing(subject: Subject, account: Account) -> Iterator[Line]:
    wanted = subject.desired.access.state
    if wanted is AccountState.ACTIVE:
        comes_back = account.state is not AccountState.ACTIVE and "access" not in subject.pinned
        if comes_back:
            yield _access(subject, RestoreAccount(person_key=subject.desired.person_key), ActionClass.RESTORE)
        yield from _updates(subject, account)
        yield from _groups(subject, account.groups)
        yield from _assignments(subject, {key: e.state for key, e in account.enrolments.items()}, account)
        if comes_back and subject.rehired:
            yield from _sign_in(subject, "somebody who came back needs a way in")
    elif "access" not in subject.pinned:
        yield from _closing(subject, account)


def _closing(subject: Subject, account: Account) -> Iterator[Line]:
    """Archived is suspended already. Whoever left long ago and is still let in is closed first, which may ride."""
    wanted, there = subject.desired.access.state, account.state
    if there is AccountState.ACTIVE and (
        wanted is AccountState.SUSPENDED or (wanted is AccountState.ARCHIVED and subject.desired.access.evidenced)
    ):
        yield _suspension(subject, account)
    if wanted is AccountState.ARCHIVED and there is not AccountState.ARCHIVED:
        yield _access(subject, ArchiveAccount(person_key=subject.desired.person_key), ActionClass.ARCHIVE, account)


def _suspension(subject: Subject, account: Account) -> Line:
    # whatever roles we last saw: somebody may have been made an administrator since
    revoke = subject.desired.access.evidenced
    suspend = SuspendAccount(person_key=subject.desired.person_key, revoke_roles=revoke)
    line = _access(subject, suspend, ActionClass.SUSPEND, account)
    return replace(line, evidenced=subject.desired.access.evidenced and not line.held)


def _access(subject: Subject, operation: Operation, action: ActionClass, account: Account | None = None) -> Line:
    held = ""
    if account is not None and (account.protected or subject.protected) and not subject.desired.access.evidenced:
        held = "a protected account: only an explicit termination touches it"
    return _line(subject, operation, action, subject.desired.access.because, held)


def _updates(subject: Subject, account: Account) -> Iterator[Line]:
    """One line per guard, so that a held manager update does not hold the new job title; one for each that is asked."""
    by_guard: dict[tuple[str, str], list[Change]] = {}
    for name, new in sorted(subject.desired.attributes.items()):
        old = account.attributes.get(name, "")
        if old != new and name not in subject.pinned:
            together = KEY_ATTRIBUTES.get(name, "update"), name if name in subject.asked else ""
            by_guard.setdefault(together, []).append(Change(attribute=name, old=old, new=new))
    taken = [a for a in subject.candidates.by_email if a.id != account.id and a.id not in subject.room_made]
    for (guard, _), changes in sorted(by_guard.items()):
        told = tuple(_because(subject, change) for change in changes)
        if guard == "email_change" and subject.makes_room and changes[0].old and changes[0].new and not taken:
            yield _room(subject, changes[0])
            changes = [replace(changes[0], old="")]
        operation = UpdateAccount(person_key=subject.desired.person_key, changes=tuple(changes), guard=guard)
        held = ""
        if guard == "email_change" and taken:
            held = f"the new e-mail belongs to account {taken[0].id}"
        line = _line(subject, operation, ActionClass.UPDATE, Reason(text="HR's value differs"), held)
        yield replace(line, guard=guard, because=told)


def _room(subject: Subject, change: Change) -> Line:
    """The old address is given up first: two people may swap theirs in one night."""
    cleared = UpdateAccount(
        person_key=subject.desired.person_key, changes=(replace(change, new=""),), guard="email_change"
    )
    text = "somebody else is given this e-mail in the same plan, so it is given up first"
    return replace(_line(subject, cleared, ActionClass.UPDATE, Reason(text=text)), guard="email_change")


def _because(subject: Subject, change: Change) -> Reason:
    attribute = subject.behind.get(change.attribute, change.attribute)
    if attribute in subject.changes:
        old, new = subject.changes[attribute]
        text = f"HR changed {attribute} from {old or 'nothing'} to {new or 'nothing'}"
        return Reason(text=text, attribute=attribute, old=old, new=new)
    text = f"{attribute} differs from HR's value"
    if attribute in subject.translated:
        code = subject.worker.value(attribute)
        text = f"the word for {code or 'nothing'} is {change.new or 'nothing'} now, it was {change.old or 'nothing'}"
    return Reason(text=text, attribute=attribute, old=change.old, new=change.new)


def _groups(subject: Subject, current: frozenset[str]) -> Iterator[Line]:
    key, wanted = subject.desired.person_key, subject.desired.groups
    pinned = frozenset(name.removeprefix("group:") for name in subject.pinned if name.startswith("group:"))
    for group in sorted(wanted - current - pinned):
        join = JoinGroup(person_key=key, group=group, create=subject.create_groups)
        yield _line(subject, join, ActionClass.GROUP, Reason(text=f"belongs to {group}", rule="groups"))
    for group in sorted((current - wanted - pinned) & subject.own_groups):
        leave = LeaveGroup(person_key=key, group=group)
        yield _line(subject, leave, ActionClass.GROUP, Reason(text=f"no longer belongs to {group}", rule="groups"))


def _assignments(subject: Subject, current: Mapping[str, str], account: Account | None = None) -> Iterator[Line]:
    desired = subject.desired
    for key, wanted in sorted(desired.enrolments.items()):
        there = account.enrolments.get(key) if account else None
        if key in subject.pinned:
            continue
        if (
            there is not None
            and there.state != "withdrawn"
            and (there.due_on == wanted.due_on or there.state == "completed")
        ):
            continue
        because = desired.enrolment_reasons.get(key) or (Reason(text="required"),)
        assign = Assign(
            person_key=desired.person_key,
            requirement=wanted.requirement,
            cycle=wanted.cycle,
            due_on=wanted.due_on,
            # for people to read: the rule's name is enough, its version is in the plan
            reasons=tuple(sorted({reason.rule.partition("@")[0] or reason.text for reason in because})),
        )
        yield replace(_line(subject, assign, ActionClass.ASSIGN, because[0]), because=because)
    for key, unstarted in sorted(desired.withdrawals.items()):
        if (
            key in subject.pinned
            or current.get(key) in {None, "withdrawn", "completed"}
            or (unstarted and current.get(key) == "in_progress")
        ):
            continue
        requirement, _, cycle = key.partition("#")
        withdraw = Withdraw(
            person_key=desired.person_key,
            requirement=RequirementKey(requirement),
            cycle=cycle,
            only_if_not_started=unstarted,
        )
        yield _line(subject, withdraw, ActionClass.WITHDRAW, Reason(text="the last reason for it has gone"))


def _filled(subject: Subject) -> dict[str, str]:
    return {name: value for name, value in subject.desired.attributes.items() if value}


def _line(subject: Subject, operation: Operation, action: ActionClass, because: Reason, held: str = "") -> Line:
    return Line(
        worker_id=WorkerId(subject.worker.worker_id),
        operation=operation,
        action=action,
        because=(because,),
        guard=str(action),
        segment=tuple((name, subject.worker.value(name)) for name in subject.segments),
        held=held,
    )
