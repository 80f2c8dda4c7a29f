"""What somebody changed in the learning system itself, and what becomes of each change. Reads only.

Rule: what happens is what the plan's lines say; this page only finds the words for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from joinery.core.model.account import Account, Enrolment
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.model.plan import Line
from joinery.core.planning.pins import behind_access, wanted_of, wanted_value
from joinery.core.planning.steps import lines_for, names_of
from joinery.flows.decide import Decided, decide_person
from joinery.flows.gather import gather
from joinery.flows.policy import Policy, Ports
from joinery.store.connections import load_state
from joinery.store.decisions import Decision, decide
from joinery.store.people import People, in_chunks

BATCH = 1000

PUT_BACK = "put back"
KEPT = "kept"
HELD = "held"
AGREES = "agrees with HR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """One thing about a linked account that is not as we last saw it: an attribute, `access`, `group:X`, a course."""

    key: PersonKey
    account_id: AccountId
    what: str
    was: str
    there: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The same with what it should be (empty: nothing is wanted), what happens (put back | kept | held | agrees)."""

    worker_id: str
    account_id: AccountId
    what: str
    was: str
    there: str
    should: str
    happens: str
    why: str = ""
    key: PersonKey
    #: overwrite | keep | ask
    choice: str = "overwrite"
    #: what is wanted, as pins write it
    wanted: str = ""


def notice(key: PersonKey, believed: Account, there: Account) -> Iterator[Noticed]:
    """What is different. Progress in learning, and learning that others gave, is not drift."""
    for what, was, now in (*_own(believed, there), *_memberships(believed, there)):
        if was != now:
            yield Noticed(key=key, account_id=there.id, what=what, was=was, there=now)


#: what, was, is there
Pair = tuple[str, str, str]


def _own(believed: Account, there: Account) -> Iterator[Pair]:
    for name in sorted(believed.attributes.keys() | there.attributes.keys()):
        yield name, believed.attributes.get(name, ""), there.attributes.get(name, "")
    yield "access", str(believed.state), str(there.state)


def _memberships(believed: Account, there: Account) -> Iterator[Pair]:
    for group in sorted(believed.groups ^ there.groups):
        yield (f"group:{group}", *(("in", "out") if group in believed.groups else ("out", "in")))
    for role in sorted(set(believed.roles) ^ set(there.roles)):
        yield (f"role:{role}", *(("has", "has not") if role in believed.roles else ("has not", "has")))
    for name, given in sorted(believed.enrolments.items()):
        yield name, _given(given), _given(there.enrolments.get(name))


def _given(enrolment: Enrolment | None) -> str:
    """What somebody may have changed by hand, without how far the learner has come."""
    if enrolment is None:
        return "not assigned"
    if enrolment.state == "withdrawn":
        return "withdrawn"
    return f"due {enrolment.due_on}" if enrolment.due_on else "assigned"


def drifts(ports: Ports, noticed: Sequence[Noticed], as_of: datetime) -> tuple[Drift, ...]:
    """What becomes of each change, decided as the next plan decides it, person by person in bulk."""
    by_person: dict[PersonKey, list[Noticed]] = {}
    for each in noticed:
        by_person.setdefault(each.key, []).append(each)
    found: list[Drift] = []
    with ports.database.read() as connection:
        go_live = load_state(connection, ports.policy.name).go_live
        for chunk in in_chunks(by_person, BATCH):
            batch = gather(connection, ports.policy, chunk, as_of)
            for person in batch.people:
                decided = decide_person(ports.policy, batch, person, as_of, go_live)
                found.extend(_of_person(ports.policy, decided, by_person[person.key]))
    return tuple(found)


def _of_person(policy: Policy, decided: Decided, changes: Sequence[Noticed]) -> Iterator[Drift]:
    lines = _by_what(lines_for(decided.subject))
    written = {row.to: row.write for row in policy.outbound.rows}
    for each in changes:
        if ":" not in each.what and each.what not in {*written, "access"}:
            continue  # not ours: never compared, never written
        line = lines.get(each.what)
        happens, why = _fate(each, line, decided, written)
        yield Drift(
            worker_id=decided.subject.worker.worker_id,
            account_id=each.account_id,
            what=each.what,
            was=each.was,
            there=each.there,
            should=_wanted(each.what, decided),
            happens=happens,
            why=why,
            key=each.key,
            choice="overwrite" if line is None or line.evidenced else policy.drift_of(each.what),
            wanted=wanted_value(wanted_of(decided.subject.desired), each.what),
        )


def _fate(each: Noticed, line: Line | None, decided: Decided, written: Mapping[str, str]) -> tuple[str, str]:
    """What happens, and why if it is not put back."""
    if line is not None:
        return (HELD, line.held) if line.held else (PUT_BACK, "")
    subject = decided.subject
    if each.what in subject.pinned:
        return KEPT, "somebody wanted it left so"
    if each.what.startswith("role:"):
        return KEPT, "roles are given and taken in the learning system"
    if _wanted(each.what, decided) == each.there:
        return AGREES, ""
    if written.get(each.what, "always") != "always":
        return KEPT, "written once, then theirs"
    if each.what in written:
        return KEPT, "not compared now" if subject.desired.attributes else "not compared while access is closed"
    return KEPT, "not something that Joinery gave"


def _by_what(lines: Sequence[Line]) -> dict[str, Line]:
    """attribute, access, group:X or course -> the line that will change it."""
    return {name: line for line in lines for name in names_of(line.operation)}


def settle(ports: Ports, found: Sequence[Drift]) -> int:
    """What the settings want to be kept, or asked about, is pinned until somebody or HR says otherwise; how many.

    An explicit end of access is never kept open.
    """
    about = [each for each in found if each.choice != "overwrite" and each.happens in {PUT_BACK, HELD}]
    if not about:
        return 0
    with ports.database.write() as connection:
        people = People(connection, ports.policy.name).by_key({each.key for each in about})
        for each in about:
            pin = Decision(
                id="",
                person_key=each.key,
                kind="pin" if each.choice == "keep" else "ask",
                subject=each.what,
                owner="settings (learning.drift)",
                reason="changed by hand in the learning system",
                made_at=ports.now(),
                body={"value": each.wanted, "behind": behind_access(people[each.key].standing)},
            )
            decide(connection, ports.policy.name, pin)
        People(connection, ports.policy.name).mark({each.key for each in about}, unsettled=True)
    return len(about)


def _wanted(what: str, decided: Decided) -> str:
    desired = decided.subject.desired
    if what == "access":
        return str(desired.access.state or "")
    if what.startswith("group:"):
        return "in" if what.removeprefix("group:") in desired.groups else ""
    if what in desired.enrolments:
        return _given(desired.enrolments[what])
    return desired.attributes.get(what, "")
