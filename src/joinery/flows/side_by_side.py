"""What HR says, what should be, and what the learning system has, attribute by attribute, for one person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from joinery.core.model.account import Account, AccountState
from joinery.core.model.worker import LIFECYCLE_NAMES
from joinery.flows.person import now_of
from joinery.flows.policy import Ports
from joinery.flows.why_case import Case, case_of
from joinery.flows.why_facts import to_come, waiting_ahead

#: an end to come and the kind of a leave are confidential, also where somebody maps them into an account
UNTOLD = "not told here"
#: attribute, HR says, should be, learning system, in step
#: (yes | no | held | left so | to be decided | empty: nothing to compare)
Row = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """One row per attribute, group and course that either side has. `account`: empty when none is linked."""

    worker_id: str
    account: str
    rows: tuple[Row, ...]
    #: why nothing is written for this person; empty when nothing holds them
    held: str = ""
    #: what HR has dated ahead, one sentence each; nothing of the employment itself
    ahead: tuple[str, ...] = ()


def side_by_side(ports: Ports, who: str) -> SideBySide:
    """As of now. Raises NotThere."""
    with case_of(ports, who, now_of(ports), confidential=False) as case:
        return SideBySide(
            worker_id=case.number,
            account=case.account.id if case.account else "",
            rows=tuple(row for row in _rows(case) if any(row[1:4])),
            held=case.decided.subject.desired.hold,
            ahead=tuple(f"{to_come(*each)}." for each in waiting_ahead(case)),
        )


def _rows(case: Case) -> Iterator[Row]:
    yield _access(case)
    yield from _attributes(case)
    yield from _groups(case)
    yield from _courses(case)


def _access(case: Case) -> Row:
    account, wanted = case.account, case.decided.access.state
    there = str(account.state) if account else "no account"
    should = str(wanted) if wanted else "no account" if account is None else "as it is"
    return (
        "access",
        str(case.person.standing.stage),
        should,
        there,
        _step(case, _same_access(account, wanted), "access"),
    )


def _same_access(account: Account | None, wanted: AccountState | None) -> bool:
    """Archived is suspended already; without an account nobody needs to be kept out."""
    if account is None:
        return wanted is not AccountState.ACTIVE
    archived_already = wanted is AccountState.SUSPENDED and account.state is AccountState.ARCHIVED
    return wanted is None or wanted is account.state or archived_already


def _step(case: Case, same: bool, name: str) -> str:
    if same:
        return "yes"
    if name in case.decided.subject.pinned:
        return "left so"
    if name in case.decided.subject.asked:
        return "to be decided"
    return "held" if case.decided.subject.desired.hold else "no"


def _attributes(case: Case) -> Iterator[Row]:
    worker, wanted, account = case.person.worker, case.decided.subject.desired.attributes, case.account
    for row in case.policy.outbound.rows:
        there = account.attributes.get(row.to, "") if account else ""
        if row.attribute in LIFECYCLE_NAMES:
            yield (row.to, UNTOLD, UNTOLD, UNTOLD, "")
            continue
        should = wanted.get(row.to)
        step = "" if account is None or should is None else _step(case, should == there, row.to)
        untranslated = case.policy.outbound.value(worker, row.attribute) is None
        shown = "no word in the table" if untranslated else should or ""
        yield (row.to, worker.value(row.attribute), shown, there, step)


def _groups(case: Case) -> Iterator[Row]:
    wanted, account = case.decided.subject.desired.groups, case.account
    there = account.groups if account else frozenset()
    for group in sorted(wanted | (there & case.decided.subject.own_groups)):
        should, has = "in" if group in wanted else "out", "in" if group in there else "out"
        compared = account is not None and case.decided.access.state is AccountState.ACTIVE
        step = _step(case, should == has, f"group:{group}") if compared else ""
        yield (f"group {group}", "", should if compared else "", has, step)


def _courses(case: Case) -> Iterator[Row]:
    account = case.account
    for key, wanted in sorted(case.decided.subject.desired.enrolments.items()):
        there = account.enrolments.get(key) if account else None
        should = f"due {wanted.due_on}" if wanted.due_on else "assigned"
        has = (f"due {there.due_on}" if there.due_on else there.state) if there else ""
        done = there is not None and (there.state == "completed" or should == has)
        yield (key, "", should, "completed" if there and there.state == "completed" else has, _step(case, done, key))
