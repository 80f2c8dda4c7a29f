"""Erasure of one person: what goes, what stays and on which ground, and the mark that keeps them from coming back.

Rule: shown before it is done, refused while a law, a hold or an open account stands against it, and never undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from joinery.core.model.account import AccountState
from joinery.core.model.ids import AccountId
from joinery.core.model.standing import Stage
from joinery.errors import ErasureRefused
from joinery.flows.begun import without_begun
from joinery.flows.erase_beyond import Part, beyond, erase_beyond
from joinery.flows.person import Word, decisions_of, find_person, now_of
from joinery.flows.policy import Policy, Ports
from joinery.flows.traces import marks_of, trace_of
from joinery.store.accounts import Accounts
from joinery.store.audit_log import forget
from joinery.store.connections import load_state, only_run, save_state
from joinery.store.decisions import Decision, decide, release
from joinery.store.erasure import (
    GONE,
    Trace,
    erase_person,
    erased,
    forget_accounts,
    forget_name,
    holdings,
    kept_names,
    records_of,
    take_name_off_records,
)
from joinery.store.matches import known_ids
from joinery.store.mentions import noted_about, without_words
from joinery.store.people import Person
from joinery.store.snapshots import rewrite_digests

HOLD = "legal_hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Training records that a law wants kept with the name: so long after completion, on this ground."""

    time: timedelta
    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What an erasure would do, or did. `obstacle`: why it cannot be done now, and what to do; empty when it can."""

    worker_id: str
    pseudonym: str
    parts: tuple[Part, ...]
    obstacle: str = ""
    fix: str = ""
    done: bool = False
    #: False: the rows are gone, and unused bytes of the database's files may still hold what they said
    scrubbed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    person: Person
    trace: Trace
    counts: dict[str, int]
    until: date | None
    state: AccountState | None
    waiting: int


def look_at_erasure(ports: Ports, who: str, keep: Keeping | None) -> Erasure:
    """What would go and what would stay. Raises NotThere. Nothing is changed."""
    with ports.database.read() as connection:
        case = _case(connection, ports, who, keep)
        return _told(connection, ports, case, keep)


def erase(ports: Ports, who: str, word: Word, keep: Keeping | None) -> Erasure:
    """Do it: beyond the store first, then the store in one transaction. A crash in between is healed by doing it again.

    Raises ErasureRefused with nothing changed, RunLocked beside a run, and what the learning system raises.
    """
    with only_run(ports.database, ports.policy.name, ports.now):
        with ports.database.read() as connection:
            case = _case(connection, ports, who, keep)
            told = _told(connection, ports, case, keep)
        if told.obstacle:
            raise ErasureRefused(f"{told.obstacle}; nothing was erased.", fix=told.fix)
        there = erase_beyond(ports, case.trace)
        with ports.database.write() as connection:
            case = _case(connection, ports, who, keep)
            obstacle, fix = _obstacle(connection, ports, case)
            if obstacle:  # somebody put a hold on them while the learning system was at work
                raise ErasureRefused(f"{obstacle}; only the account there was emptied.", fix=fix)
            noted = noted_about(connection, case.person.key, case.trace.all_words)
            _remember(connection, ports, case, word, keep)
            erase_person(connection, case.trace)
            _forget_mentions(connection, ports.policy, case)
            # last: what was noted of this erasure names the person by the digest that now stands for nobody
            forget(connection, ports.policy.name, case.person.key, noted, now_of(ports))
        scrubbed = ports.database.scrub() and there
    return replace(told, done=True, scrubbed=scrubbed)


def _case(connection: Connection, ports: Ports, who: str, keep: Keeping | None) -> _Case:
    policy, at = ports.policy, now_of(ports)
    person = find_person(connection, policy, who)
    account = Accounts(connection, policy.target).of_people([person.key]).get(person.key)
    trace = trace_of(connection, ports, person)
    records = records_of(connection, trace)
    kept = _kept(records, keep, at)
    trace = replace(trace, kept=frozenset(kept))
    return _Case(
        person=person,
        trace=trace,
        counts=dict(holdings(connection, trace)),
        until=max(kept.values(), default=None),
        state=account.state if account else None,
        waiting=sum(not delivered or ":" in delivered for _, _, _, delivered in records),
    )


def _kept(records: list[tuple[str, int, str, str]], keep: Keeping | None, at: datetime) -> dict[tuple[str, int], date]:
    """Training records that a law still wants with the name -> until when."""
    if keep is None:
        return {}
    ends = {
        (name, revision): (datetime.fromisoformat(done) + keep.time).date()
        for name, revision, done, _ in records
        if done
    }
    return {key: until for key, until in ends.items() if until >= at.date()}


def _told(connection: Connection, ports: Ports, case: _Case, keep: Keeping | None) -> Erasure:
    obstacle, fix = _obstacle(connection, ports, case)
    return Erasure(
        worker_id=case.person.worker.worker_id,
        pseudonym=case.trace.pseudonym,
        parts=tuple(part for part in _parts(connection, ports, case, keep) if part.count),
        obstacle=obstacle,
        fix=fix,
    )


def _obstacle(connection: Connection, ports: Ports, case: _Case) -> tuple[str, str]:
    number, stage = case.person.worker.worker_id, case.person.standing.stage
    held = _hold(connection, ports, case.person)
    if held is not None:
        until = f" until {held.until}" if held.until else ""
        return f"{number} is under a legal hold of {held.owner}{until}", f"joinery privacy hold {number} --release"
    if stage.employed or stage is Stage.PREHIRE:
        return (
            f"{number} is {stage} in HR's data, and an employer may and must keep what the employment needs",
            "Erase after they have left.",
        )
    if case.state is AccountState.ACTIVE:
        return (
            f"account {case.trace.account_id} of {number} is still open, and nobody would close it afterwards",
            f"joinery person end-access {number} --reason … --yes",
        )
    if case.waiting and ports.policy.completions_to:
        return f"{case.waiting} training records of {number} have not reached HR yet", "joinery completions push"
    return "", ""


def _hold(connection: Connection, ports: Ports, person: Person) -> Decision | None:
    made = decisions_of(connection, ports.policy, person, now_of(ports))
    return next((d for d in made if d.kind == HOLD), None)


def _parts(connection: Connection, ports: Ports, case: _Case, keep: Keeping | None) -> Iterator[Part]:
    count = case.counts
    yield Part(
        what="HR's data about the person, now and in the past", count=count["people"] + count["facts"], becomes="erased"
    )
    yield Part(
        what="the account as we remember it, the link to it, and former numbers and addresses",
        count=count["accounts"] + count["links"] + count["aliases"],
        becomes="erased",
    )
    counted = "stays countable under the pseudonym; names, addresses and values go"
    yield Part(what="lifecycle events", count=count["events"], becomes="without name", why=counted)
    yield Part(what="how long access took to end", count=count["closings"], becomes="without name", why=counted)
    yield Part(what="lines of plans and their receipts", count=count["plan_lines"], becomes="without name", why=counted)
    yield Part(
        what="mails (never their text, which is not kept)", count=count["mails"], becomes="without name", why=counted
    )
    yield Part(what="data problems", count=count["findings"], becomes="without name", why=counted)
    made = "who decided and when stays, as proof; reasons go"
    yield Part(what="decisions by hand", count=count["decisions"], becomes="without name", why=made)
    yield Part(what="assignments", count=count["assignments"], becomes="without name", why="stays countable")
    kept = len(case.trace.kept)
    yield Part(
        what="training records",
        count=count["completions"] - kept,
        becomes="without name",
        why="stays countable; whose it was, the manager and the job title go",
    )
    if keep is not None:
        ground = f"{keep.ground}; until {case.until}, with the name and number"
        yield Part(what="training records that a law wants", count=kept, becomes="kept", why=ground)
    yield from beyond(connection, ports, case.trace)


def _remember(connection: Connection, ports: Ports, case: _Case, word: Word, keep: Keeping | None) -> None:
    """The mark: keyed hashes, so that nobody can be read out of it and the next file does not bring them back."""
    body: dict[str, object] = {"digests": marks_of(connection, ports, case.person, case.trace)}
    if case.trace.kept and keep is not None:
        worker = case.person.worker
        body["kept"] = {
            "worker_id": worker.worker_id,
            "name": f"{worker.given_name} {worker.family_name}".strip(),
            "account_id": case.trace.account_id or "",
            "records": len(case.trace.kept),
            "until": str(case.until),
            "ground": keep.ground,
        }
    decide(
        connection,
        ports.policy.name,
        Decision(
            id="",
            person_key=case.person.key,
            kind=GONE,
            subject=case.trace.pseudonym,
            owner=word.owner,
            reason=without_words(word.reason, case.trace.all_words, case.trace.pseudonym),
            made_at=now_of(ports),
            body=body,
        ),
    )


def _forget_mentions(connection: Connection, policy: Policy, case: _Case) -> None:
    """The index of the last file, and the small memories of the connection that hold numbers."""
    from joinery.intake.delta import without_keys

    rewrite_digests(connection, policy.name, lambda blob: without_keys(blob, case.trace.numbers))
    state = without_begun(load_state(connection, policy.name), case.trace.numbers)
    extra = dict(state.extra)
    missing = {
        source: [number for number in numbers if number not in case.trace.numbers]
        for source, numbers in extra.get("missing", {}).items()
    }
    gone = {*case.trace.alike, case.trace.account_id}
    vanished = [one for one in extra.get("vanished", []) if one not in gone]
    extra |= {"missing": missing, "vanished": vanished}
    save_state(connection, policy.name, replace(state, extra=extra))


# ------------------------------------------------------------------------------------------------- legal hold


def hold(ports: Ports, who: str, word: Word, until: date | None) -> str:
    """Nothing of this person is erased until somebody releases it, or the day has passed; the employee number."""
    with ports.database.write() as connection:
        person = find_person(connection, ports.policy, who)
        made = now_of(ports)
        decision = Decision(
            id="", person_key=person.key, kind=HOLD, owner=word.owner, reason=word.reason, made_at=made, until=until
        )
        decide(connection, ports.policy.name, decision)
    return person.worker.worker_id


def release_hold(ports: Ports, who: str) -> tuple[str, int]:
    """(employee number, how many holds ended)."""
    with ports.database.write() as connection:
        person = find_person(connection, ports.policy, who)
        made = decisions_of(connection, ports.policy, person, now_of(ports))
        mine = [d.id for d in made if d.kind == HOLD]
        release(connection, mine, now_of(ports))
    return person.worker.worker_id, len(mine)


# ------------------------------------------------------------------------------------- when a law wants no more


def end_keeping(ports: Ports, today: date) -> int:
    """Training records whose time is over lose the name of an erased person, and so does our memory of it."""
    ended = 0
    with ports.database.write() as connection:
        for decision_id, key, body in kept_names(connection, ports.policy.name):
            kept = body["kept"]
            if date.fromisoformat(kept["until"]) >= today:
                continue
            trace = Trace(
                connection=ports.policy.name,
                target=ports.policy.target,
                key=key,
                numbers=frozenset(),
                account_id=AccountId(kept["account_id"]) if kept["account_id"] else None,
                pseudonym=f"{GONE}-{ports.seal(f'person|{key}')[:12]}",
            )
            take_name_off_records(connection, trace)
            forget_name(connection, decision_id, body)
            ended += 1
    return ended


def forget_erased_accounts(connection: Connection, ports: Ports) -> None:
    """Accounts of erased people that the learning system still shows are not remembered."""
    marks = erased(connection, ports.policy.name)
    if marks:
        target = ports.policy.target
        ours = [one for one in known_ids(connection, target) if ports.seal(f"account|{target}|{one}") in marks]
        forget_accounts(connection, target, ours)
