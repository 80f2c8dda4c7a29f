"""Existing accounts that wait for a yes or no, and the answers. Nothing is written to the learning system here.

Rule: an answer is a decision with owner and reason, the later one counts, and the next run acts on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from joinery.core.correlation.correlate import Candidates, Disputed, Matched, correlate
from joinery.core.correlation.names import names_disagree
from joinery.core.model.account import Account, AccountState
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.rules.instants import local_day
from joinery.errors import MatchRefused, NotThere
from joinery.flows.decide import decide_person
from joinery.flows.gather import Batch, gather
from joinery.flows.person import Word, decisions_of, find_person, now_of
from joinery.flows.policy import Policy, Ports
from joinery.store.accounts import Accounts
from joinery.store.connections import load_state
from joinery.store.decisions import Decision, decide, in_force, release
from joinery.store.matches import (
    confirmed_for,
    forget,
    numbers_in_use_twice,
    owners_of,
    seen_at,
    unlink,
    unlinked_alike,
)
from joinery.store.people import People, Person, in_chunks
from joinery.store.plans import drop_lines_of

BATCH = 1000
KINDS = ("match", "no_match")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One person beside one account. `sure`: one on each side, nothing speaks against it."""

    key: PersonKey
    #: what names the person at the prompt: the number, with its entity where two people have it
    worker_id: str
    name: str
    email: str
    account: Account
    #: why it is asked, in the words it is counted by
    reason: str
    sure: bool = False
    #: neither yes nor no helps: HR or the learning system must be corrected first
    stuck: bool = False
    #: when the learning system last showed the account (UTC)
    seen_at: datetime | None = None


SAME_EMAIL = "same e-mail, no number"
NEVER = "same e-mail, and e-mail never links here"
OTHER_NAME = "same e-mail, another name: was the address somebody else's?"
SAME_NUMBER = "same number"
OTHER_NUMBER = "same e-mail, another number"
TWO_ACCOUNTS = "number and e-mail point at two accounts"
SEVERAL = "several accounts match"
SEVERAL_PEOPLE = "several people match the account"
LEFT_OPEN = "may not sign in any more, and the account is open: a yes closes it"
TAKEN = "the account is somebody else's"
PROMISED = "the account was confirmed for somebody else"
FOREIGN = "the account carries a key of another system"
ADMINISTRATOR = "same e-mail, an administrator's account"
ANSWERED = "answered no: HR must give another number or e-mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What is asked, in the order of employee IDs, and how many people the next run links without asking."""

    questions: tuple[Question, ...]
    by_themselves: int
    #: the accounts were read at least once: before that nothing can be asked
    read: bool = True


def waiting(ports: Ports) -> tuple[Question, ...]:
    """Everything that somebody must say yes or no to; as of now."""
    return survey(ports).questions


def survey(ports: Ports) -> Survey:
    """Whose account may be there already, decided as the next plan decides it."""
    policy, at = ports.policy, now_of(ports)
    found: list[Question] = []
    by_themselves = 0
    with ports.database.read() as connection:
        keys = unlinked_alike(connection, policy.name, policy.target)
        state = load_state(connection, policy.name)
        for chunk in in_chunks(keys, BATCH):
            batch = gather(connection, policy, chunk, at)
            for person in batch.people:
                decided = decide_person(policy, batch, person, at, state.go_live)
                if decided.access.state is not AccountState.ACTIVE:
                    found.extend(_left_open(batch, person) if decided.access.state else ())
                    continue
                asked = list(_questions(policy, batch, person))
                by_themselves += not asked
                found.extend(asked)
        questions = _completed(connection, policy, found)
        return Survey(questions=questions, by_themselves=by_themselves, read=bool(state.extra.get("contacted")))


def _questions(policy: Policy, batch: Batch, person: Person) -> Iterator[Question]:
    candidates = batch.candidates(person)
    answer = correlate(person.worker, candidates)
    if isinstance(answer, Matched):
        choice = {"email": policy.matching.email, "worker_id": policy.matching.worker_id}.get(answer.by, "link")
        if choice != "link":
            yield _asked(policy, person, answer.account, answer.by, choice)
    elif isinstance(answer, Disputed):
        known = {a.id: a for a in (*candidates.by_worker_id, *candidates.by_email)}
        if candidates.confirmed is not None:
            known[candidates.confirmed.id] = candidates.confirmed
        for account_id in answer.candidates:
            yield _disputed(person, known[account_id], candidates)


def _left_open(batch: Batch, person: Person) -> Iterator[Question]:
    """Somebody who may not sign in, and an account of nobody that looks like theirs and is open."""
    answer = correlate(person.worker, batch.candidates(person))
    if isinstance(answer, Matched) and answer.by in {"email", "worker_id"}:
        if answer.account.state is AccountState.ACTIVE:
            yield _question(person, answer.account, LEFT_OPEN)


def _asked(policy: Policy, person: Person, account: Account, by: str, choice: str) -> Question:
    """One on each side: an e-mail, or a number where numbers are asked about."""
    protected = account.protected or account.id in policy.protected_accounts
    if by == "worker_id":
        return _question(person, account, SAME_NUMBER)
    if choice == "never":
        return _question(person, account, NEVER)
    if names_disagree(person.worker, account) and not protected:
        return _question(person, account, OTHER_NAME)
    return _question(person, account, ADMINISTRATOR if protected else SAME_EMAIL, sure=not protected)


def _disputed(person: Person, account: Account, candidates: Candidates) -> Question:
    if account.id in candidates.linked_to_others:
        return _question(person, account, TAKEN, stuck=True)
    if account.external_id:
        return _question(person, account, FOREIGN, stuck=True)
    if account.id in candidates.refused:
        return _question(person, account, ANSWERED, stuck=True)
    if len({a.id for a in (*candidates.by_worker_id, *candidates.by_email)}) > 1:
        two = candidates.by_worker_id and candidates.by_email and len(candidates.by_worker_id) == 1
        return _question(person, account, TWO_ACCOUNTS if two else SEVERAL)
    if account.worker_id and account.worker_id != person.worker.worker_id:
        return _question(person, account, OTHER_NUMBER)
    return _question(person, account, SEVERAL_PEOPLE)


def _question(person: Person, account: Account, reason: str, *, sure: bool = False, stuck: bool = False) -> Question:
    worker = person.worker
    return Question(
        key=person.key,
        worker_id=worker.worker_id,
        name=f"{worker.given_name} {worker.family_name}".strip(),
        email=worker.work_email,
        account=account,
        reason=reason,
        sure=sure,
        stuck=stuck,
    )


def _completed(connection: Connection, policy: Policy, found: Sequence[Question]) -> tuple[Question, ...]:
    """With when each account was last seen, and names for people that are nobody else's."""
    seen = seen_at(connection, policy.target, {q.account.id for q in found})
    twice = numbers_in_use_twice(connection, policy.name, {q.worker_id for q in found})
    asked = Counter(q.account.id for q in found if not q.stuck)
    promised = confirmed_for(connection, policy.name, {q.account.id for q in found})
    done = []
    for q in found:
        told = replace(q, seen_at=seen.get(q.account.id), worker_id=q.key if q.worker_id in twice else q.worker_id)
        if promised.get(q.account.id, q.key) != q.key:
            told = replace(told, reason=PROMISED, sure=False, stuck=True)
        elif not q.stuck and asked[q.account.id] > 1:
            told = replace(told, reason=SEVERAL_PEOPLE, sure=False)
        done.append(told)
    return tuple(done)


# ---------------------------------------------------------------------------------------------------- answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What was recorded about one person and one account. `note`: what somebody should know of it."""

    worker_id: str
    account_id: AccountId
    note: str = ""
    #: it was so already; nothing was recorded
    already: bool = False
    #: the account that is no longer linked to them
    unlinked: bool = False


def confirm(ports: Ports, who: str, account: str, word: Word) -> Answered:
    """This account is theirs. Raises NotThere and MatchRefused, with nothing recorded."""
    with ports.database.write() as connection:
        person = find_person(connection, ports.policy, who)
        return _confirm(connection, ports, person, account, word)


def answer_in(connection: Connection, ports: Ports, person: Person, account: str, word: Word, *, yes: bool) -> Answered:
    """One answer inside the caller's transaction; what is refused records nothing."""
    return (_confirm if yes else _reject)(connection, ports, person, account, word)


def _confirm(connection: Connection, ports: Ports, person: Person, account_id: str, word: Word) -> Answered:
    policy = ports.policy
    account = _account(connection, policy, account_id)
    number = person.worker.worker_id
    gone = frozenset(load_state(connection, policy.name).extra.get("vanished", ()))
    linked = Accounts(connection, policy.target).link_of(person.key)
    if linked is not None and linked.account_id == account.id and account.id not in gone:
        return Answered(worker_id=number, account_id=account.id, already=True)
    _may_be_theirs(connection, policy, person, account, gone)
    replaces = linked is not None
    if linked is not None:
        if linked.account_id not in gone:
            raise MatchRefused(
                f"{number} has account {linked.account_id} already, and nobody has two; nothing was recorded.",
                fix=f"If that one is not theirs: joinery match reject {number} {linked.account_id} --reason …",
            )
        _part(connection, policy, person, linked.account_id)
    _record(connection, ports, person, "match", account.id, word)
    note = "An administrator's account: only this person's own termination will ever close it." if account.roles else ""
    return Answered(worker_id=number, account_id=account.id, note=note, unlinked=replaces)


def _account(connection: Connection, policy: Policy, account_id: str) -> Account:
    known = Accounts(connection, policy.target).by_id([account_id.strip()]).get(account_id.strip())
    if known is None:
        raise NotThere(
            f"No account {account_id.strip()!r} is known; nothing was recorded.",
            fix="`joinery match` shows the accounts asked about; `joinery reconcile` reads all of them again.",
        )
    return known


def _may_be_theirs(
    connection: Connection, policy: Policy, person: Person, account: Account, gone: frozenset[str]
) -> None:
    """Raises MatchRefused when the account is somebody else's, another system's, protected or gone."""
    number = person.worker.worker_id
    if account.id in gone:
        raise MatchRefused(
            f"Account {account.id} is not in the learning system any more; nothing was recorded.",
            fix="`joinery reconcile` looks again.",
        )
    owner = owners_of(connection, policy.target, [account.id]).get(account.id)
    if owner is not None:
        raise MatchRefused(
            f"Account {account.id} is linked to {owner}; nothing was recorded.",
            fix=f"If it is not theirs: joinery match reject {owner} {account.id} --reason …; then confirm again.",
        )
    other = confirmed_for(connection, policy.name, [account.id]).get(account.id)
    if other is not None and other != person.key:
        rival = People(connection, policy.name).by_key([other])[other].worker.worker_id
        raise MatchRefused(
            f"Account {account.id} was confirmed for {rival}; nothing was recorded for {number}.",
            fix=f"If that was wrong: joinery match reject {rival} {account.id} --reason …; then confirm again.",
        )
    if account.external_id and account.external_id != person.key:
        raise MatchRefused(
            f"Account {account.id} carries a key of another system; nothing was recorded.",
            fix="Remove the key in the learning system, run `joinery reconcile`, then confirm again.",
        )
    if account.id in policy.protected_accounts:
        raise MatchRefused(
            f"Account {account.id} is on the list of protected accounts; nothing was recorded.",
            fix="Take it off `protected` in the settings first, if it really is a person's.",
        )


def reject(ports: Ports, who: str, account: str, word: Word) -> Answered:
    """This account is not theirs. A link that says otherwise ends; the account itself is left as it is."""
    with ports.database.write() as connection:
        person = find_person(connection, ports.policy, who)
        return _reject(connection, ports, person, account, word)


def _reject(connection: Connection, ports: Ports, person: Person, account_id: str, word: Word) -> Answered:
    policy = ports.policy
    account = _account(connection, policy, account_id)
    gone = load_state(connection, policy.name).extra.get("vanished", ())
    linked = Accounts(connection, policy.target).link_of(person.key)
    mine = linked is not None and linked.account_id == account.id
    number, owner = person.worker.worker_id, owners_of(connection, policy.target, [account.id]).get(account.id)
    if owner is not None and not mine:
        raise MatchRefused(
            f"Account {account.id} is linked to {owner}, so it is not {number}'s; nothing was recorded.",
            fix=f"If it is not {owner}'s either: joinery match reject {owner} {account.id} --reason …",
        )
    if mine and account.id not in gone and account.external_id == person.key:
        raise MatchRefused(
            f"Account {account.id} is linked to {number} and carries their key; nothing was recorded.",
            fix="Remove the key in the learning system and run `joinery reconcile`; or joinery person end-access.",
        )
    _record(connection, ports, person, "no_match", account.id, word)
    if mine:
        _part(connection, policy, person, account.id)
    return Answered(worker_id=number, account_id=account.id, unlinked=mine)


def _part(connection: Connection, policy: Policy, person: Person, account_id: AccountId) -> None:
    """The link ends. An account that is gone is forgotten with it: else its number would be found again."""
    unlink(connection, policy.target, person.key)
    if account_id in load_state(connection, policy.name).extra.get("vanished", ()):
        forget(connection, policy.target, [account_id])


def _record(connection: Connection, ports: Ports, person: Person, kind: str, account_id: AccountId, word: Word) -> None:
    """The later word counts: earlier answers about this account, and other accounts confirmed, are released."""
    at = now_of(ports)
    made = decisions_of(connection, ports.policy, person, at)
    over = [
        d.id for d in made if d.kind in KINDS and (d.subject == account_id or (kind == "match" and d.kind == "match"))
    ]
    release(connection, over, at)
    decide(connection, ports.policy.name, _said(person.key, kind, account_id, word, at))
    People(connection, ports.policy.name).mark([person.key], unsettled=True)
    drop_lines_of(connection, person.key, but="")


def confirm_sure(ports: Ports, word: Word) -> tuple[Answered, ...]:
    """Every question that is sure gets a yes, in one go; what somebody else answered meanwhile is left to them."""
    sure = [q for q in waiting(ports) if q.sure]
    policy, at = ports.policy, now_of(ports)
    with ports.database.write() as connection:
        accounts = Accounts(connection, policy.target)
        ids = {q.account.id for q in sure}
        taken = {*accounts.linked_ids(ids), *confirmed_for(connection, policy.name, ids)}
        linked = accounts.of_people([q.key for q in sure])
        still = [q for q in sure if q.account.id not in taken and q.key not in linked]
        made = in_force(connection, [q.key for q in still], local_day(at, policy.company_zone))
        release(connection, [d.id for several in made.values() for d in several if d.kind in KINDS], at)
        for q in still:
            decide(connection, policy.name, _said(q.key, "match", q.account.id, word, at))
            drop_lines_of(connection, q.key, but="")
        People(connection, policy.name).mark([q.key for q in still], unsettled=True)
    return tuple(Answered(worker_id=q.worker_id, account_id=q.account.id) for q in still)


def _said(key: PersonKey, kind: str, account_id: AccountId, word: Word, at: datetime) -> Decision:
    return Decision(
        id="", person_key=key, kind=kind, subject=account_id, owner=word.owner, reason=word.reason, made_at=at
    )
