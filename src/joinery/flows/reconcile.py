"""Read all accounts again, compare them with what we believed, and plan against what is really there. Applies nothing.

Rule: what a page shows is believed at once; that something is not there only after a reading that adds up, and a
second look at each account that was missing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from joinery.core.model.account import Account
from joinery.core.model.codec import canonical, decode_account, encode_account
from joinery.core.model.finding import Finding, Severity
from joinery.core.model.ids import AccountId, PersonKey, RunId
from joinery.core.model.operation import ActionClass
from joinery.core.model.plan import LineState, PlanSummary
from joinery.errors import BadAnswer, JoineryError, SourceUntrusted, StopRun, SystemUnreachable, TryAgain
from joinery.flows.book import FILE, Book
from joinery.flows.confirming import confirm, has_news
from joinery.flows.contact import contacted, read_accounts
from joinery.flows.drift import Drift, Noticed, drifts, notice, settle
from joinery.flows.erase import forget_erased_accounts
from joinery.flows.issues import refresh_issues
from joinery.flows.plan import make_plan
from joinery.flows.policy import Policy, Ports
from joinery.kit.contract import AccountPage, Target
from joinery.store.accounts import Accounts
from joinery.store.census import NOBODYS, account_counts
from joinery.store.connections import end_run, load_state, only_run, save_state, start_run
from joinery.store.matches import confirmed_since, forget, known_ids, linked_accounts, remembered, second_accounts
from joinery.store.people import People, in_chunks

#: accounts in one second look
ASKED = 100
#: findings about the export of the system's users
EXPORT = "export"
#: more missing accounts than this many and this share of the linked ones: rather a permission than deletions
FEW = 5
SHARE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A linked account that is not in the learning system any more."""

    key: PersonKey
    worker_id: str
    account_id: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """An account that contradicts what we believe of whose it is; `why` finishes the sentence that begins with it."""

    account_id: AccountId
    worker_id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What was found. `doubted`: so many linked accounts were not shown that nothing was concluded from it."""

    read: int
    linked: int
    #: linked accounts that are exactly as we believed
    same: int
    drift: tuple[Drift, ...] = ()
    gone: tuple[Gone, ...] = ()
    back: tuple[str, ...] = ()
    clashes: tuple[Clash, ...] = ()
    orphans: int = 0
    #: accounts of nobody with the number or e-mail of somebody who has another one
    doubles: tuple[Clash, ...] = ()
    doubted: int = 0
    plan: PlanSummary | None = None
    #: lines that were told and not shown until now, by what became of them
    confirmed: Mapping[LineState, int] = field(default_factory=dict)
    #: a line of the plan waits for an approval
    asks: bool = False

    @property
    def exit_code(self) -> int:
        """0 in step, or the next run puts it right; 4 something needs a person; 5 the plan waits for an approval."""
        if self.gone or self.clashes or self.doubted or (self.plan and self.plan.held):
            return 4
        return 5 if self.asks else 0


def reconcile(ports: Ports, as_of: datetime, *, accept_missing: bool = False) -> Reconciled:
    """Raises RunLocked when another run is at work, and StopRun when the reading stops: then nobody is missing."""
    with only_run(ports.database, ports.policy.name, ports.now) as heartbeat:
        with ports.database.write() as connection:
            run = start_run(connection, ports.policy.name, "reconcile", as_of=as_of, now=ports.now())
        try:
            found = _reconcile(ports, as_of, accept_missing=accept_missing)
            heartbeat()
        except JoineryError as error:
            _ended(ports, run, "stopped", {"error": error.code, "message": error.message})
            raise
        _ended(ports, run, "partial" if found.exit_code else "done", _numbers(found))
    return found


def _reconcile(ports: Ports, as_of: datetime, *, accept_missing: bool) -> Reconciled:
    found = _read_again(ports, as_of, accept_missing=accept_missing)
    plan = make_plan(ports, as_of, "reconcile")
    asks = plan is not None and any(ports.policy.mode_of(ActionClass(action)) == "approve" for action in plan.counts)
    return replace(found, plan=plan, asks=asks)


def look_at_export(ports: Ports, as_of: datetime) -> Reconciled | None:
    """What a new export of the system's users shows, for the plan that is made next; None when there is none.

    An export that cannot be read is told, kept as a problem until one can, and says nothing: whoever leaves today does
    not wait for it.
    """
    if not has_news(ports):
        return None
    found, trouble = None, list[Finding]()
    try:
        found = _read_again(ports, as_of, accept_missing=False)
    except (StopRun, SourceUntrusted) as error:
        ports.say(f"The export of the learning system's users was not believed: {error.message}")
        trouble.append(_unread(error))
    with ports.database.write() as connection:
        Book(connection, ports.policy.name, EXPORT, ports.now()).whole(FILE, trouble)
    refresh_issues(ports, as_of, lambda cause: cause.source == EXPORT)
    if found is not None and found.confirmed:
        said = ", ".join(f"{count} {state}" for state, count in sorted(found.confirmed.items()))
        ports.say(f"Lines that the export of the learning system's users speaks of: {said}")
    if found is not None and (found.gone or found.doubted):
        ports.say(
            f"In the export of the learning system's users {len(found.gone) or found.doubted} accounts are missing: "
            "joinery reconcile"
        )
    return found


def _unread(error: JoineryError) -> Finding:
    return Finding(
        check="export_unread",
        severity=Severity.WARNING,
        message=error.message,
        suggestion="Export the users again, whole; the next run reads it by itself.",
    )


def _read_again(ports: Ports, as_of: datetime, *, accept_missing: bool) -> Reconciled:
    if not contacted(ports):
        read_accounts(ports)
    with ports.database.read() as connection:
        seen = _Seen(linked=linked_accounts(connection, ports.policy.target))
    try:
        asyncio.run(_read(ports, seen, accept_missing=accept_missing))
    except JoineryError:
        # what was shown is believed all the same, and no later reading would find it changed
        settle(ports, drifts(ports, seen.noticed, as_of))
        raise
    with ports.database.write() as connection:
        found = _conclude(connection, ports, seen)
    drift = drifts(ports, seen.noticed, as_of)
    if settle(ports, drift):
        drift = drifts(ports, seen.noticed, as_of)
    return replace(found, drift=drift, confirmed=confirm(ports, doubted=seen.doubted))


# ---------------------------------------------------------------------------------------------------- reading


@dataclass(slots=True)
class _Seen:
    """What a reading has shown so far."""

    #: every account that was somebody's when the reading began -> whose
    linked: Mapping[AccountId, PersonKey]
    ids: set[AccountId] = field(default_factory=set)
    noticed: list[Noticed] = field(default_factory=list)
    changed: set[AccountId] = field(default_factory=set)
    #: accounts with a key that is not that of the person we believe: (account, key)
    strange: list[tuple[AccountId, str]] = field(default_factory=list)
    #: the system told how many there are, and so many were shown
    adds_up: bool = False
    missing: set[AccountId] = field(default_factory=set)
    doubted: bool = False


async def _read(ports: Ports, seen: _Seen, *, accept_missing: bool) -> None:
    """All pages, each believed as it comes; then a second look at linked accounts that were not among them."""
    target = ports.target()
    try:
        await _pages(target, ports, seen)
        seen.missing = set(seen.linked) - seen.ids
        seen.doubted = not accept_missing and _too_many(len(seen.missing), len(seen.linked))
        if not seen.doubted:
            await _second_look(target, ports, seen)
    except TryAgain as busy:
        raise SystemUnreachable(_cut_short(ports, seen, busy), fix="Run `joinery reconcile` again later.") from busy
    except StopRun as error:
        error.message = _cut_short(ports, seen, error)
        raise
    finally:
        await target.close()


def _cut_short(ports: Ports, seen: _Seen, error: JoineryError) -> str:
    read = f"The reading of {ports.policy.target} stopped after {len(seen.ids)} accounts"
    return f"{read}: {error.message} Those are believed; nothing was concluded about any other."


def _too_many(missing: int, linked: int) -> bool:
    return (missing > FEW and missing > SHARE * linked) or (missing == linked and linked > 1)


async def _pages(target: Target, ports: Ports, seen: _Seen) -> None:
    after: str | None = None
    while True:
        asked_at = ports.now()
        page = await target.accounts(after)
        if twice := [a.id for a in page.items if a.id in seen.ids] or _repeated(page):
            raise BadAnswer(f"Account {twice[0]} was listed twice.", fix="Run again; accounts may have come or gone.")
        _believe(ports, seen, page.items, asked_at)
        ports.progress("read accounts", len(seen.ids), page.total or len(seen.ids))
        if page.next is None:
            break
        after = page.next
    if page.total is not None and page.total != len(seen.ids):
        raise BadAnswer(
            f"It says that it has {page.total} accounts.",
            fix="Run again; if it stays so, the account used for reading may not see everybody.",
        )
    seen.adds_up = page.total is not None


def _repeated(page: AccountPage) -> list[AccountId]:
    once: set[AccountId] = set()
    return [a.id for a in page.items if a.id in once or once.add(a.id)]  # type: ignore[func-returns-value]


def _believe(ports: Ports, seen: _Seen, items: Sequence[Account], asked_at: datetime) -> None:
    """What is shown replaces what we remembered; whoever's account is different is looked at by the next plan.

    What we know of an account since the question was put, of an end of access beside us say, is newer than the answer.
    """
    look_at: set[PersonKey] = set()
    with ports.database.write() as connection:
        ids = [account.id for account in items]
        known = remembered(connection, ports.policy.target, ids)
        newer = confirmed_since(connection, ports.policy.target, ids, asked_at)
        shown = [account for account in items if account.id not in newer]
        for account in shown:
            owner = seen.linked.get(account.id)
            if account.external_id and account.external_id != owner:
                seen.strange.append((account.id, account.external_id))
            if known.get(account.id) != canonical(encode_account(account)):
                if owner is not None and account.id in known and _noticed(seen, owner, known[account.id], account):
                    look_at.add(owner)
        Accounts(connection, ports.policy.target).confirm(shown, ports.now(), asked_at=asked_at)
        People(connection, ports.policy.name).mark(look_at, unsettled=True)
    seen.ids |= set(ids)


def _noticed(seen: _Seen, owner: PersonKey, body: str, account: Account) -> bool:
    """Is it another account than we believed? A version of its own says nothing."""
    believed = decode_account(json.loads(body))
    found = list(notice(owner, believed, account))
    seen.noticed.extend(found)
    if found:
        seen.changed.add(account.id)
    return replace(believed, version="") != replace(account, version="")


async def _second_look(target: Target, ports: Ports, seen: _Seen) -> None:
    for chunk in in_chunks(sorted(seen.missing), ASKED):
        asked_at = ports.now()
        found = [a for a in await target.look_up(person_keys=(), account_ids=chunk) if a.id in seen.missing]
        _believe(ports, seen, found, asked_at)
        seen.missing -= {account.id for account in found}


# ------------------------------------------------------------------------------------------------- concluding


def _conclude(connection: Connection, ports: Ports, seen: _Seen) -> Reconciled:
    """What is not there, who is back, what contradicts itself. Nothing is forgotten that is somebody's."""
    policy = ports.policy
    forget_erased_accounts(connection, ports)
    state = load_state(connection, policy.name)
    before = set(state.extra.get("vanished", ()))
    gone = (before & seen.missing) if seen.doubted else seen.missing
    back = (before - gone) & seen.linked.keys()
    people = People(connection, policy.name)
    people.mark([seen.linked[AccountId(one)] for one in (gone ^ before) & seen.linked.keys()], unsettled=True)
    extra = {**state.extra, "contacted": policy.target_kind or True, "vanished": sorted(gone)}
    save_state(connection, policy.name, replace(state, extra=extra))
    if seen.adds_up and not seen.doubted:
        forget(connection, policy.target, known_ids(connection, policy.target) - seen.ids - seen.linked.keys())
    numbers = people.by_key([seen.linked[AccountId(one)] for one in gone])
    return Reconciled(
        read=len(seen.ids),
        linked=len(seen.linked),
        same=len(seen.linked) - len(seen.missing) - len(seen.changed),
        gone=tuple(
            Gone(key=key, worker_id=numbers[key].worker.worker_id, account_id=AccountId(one))
            for one in sorted(gone)
            if (key := seen.linked[AccountId(one)]) in numbers
        ),
        back=tuple(sorted(back)),
        clashes=tuple(_clashes(connection, policy, seen)),
        orphans=account_counts(connection, policy.target).get(NOBODYS, 0),
        doubles=tuple(
            Clash(account_id=account, worker_id=number, why=f"same {what}")
            for account, number, what in second_accounts(connection, policy.name, policy.target)
        ),
        doubted=len(seen.missing) if seen.doubted else 0,
    )


def _clashes(connection: Connection, policy: Policy, seen: _Seen) -> Iterator[Clash]:
    """Keys that contradict our links. An account of nobody with another system's key is that system's business."""
    accounts = {key: account for account, key in seen.linked.items()}
    keys = {PersonKey(key) for _, key in seen.strange}
    owners = {seen.linked[account] for account, _ in seen.strange if account in seen.linked}
    known = People(connection, policy.name).by_key(keys | owners)
    for account, text in seen.strange:
        owner, other = seen.linked.get(account), known.get(PersonKey(text))
        name = known[owner].worker.worker_id if owner in known else ""
        if other is not None and (owner is not None or other.key in accounts):
            has = f", whose account is {accounts[other.key]}" if other.key in accounts else ""
            yield Clash(account_id=account, worker_id=name, why=f"carries the key of {other.worker.worker_id}{has}")
        elif other is None and owner is not None:
            yield Clash(account_id=account, worker_id=name, why="carries a key of another system")


def _ended(ports: Ports, run: RunId, state: str, summary: Mapping[str, Any]) -> None:
    with ports.database.write() as connection:
        end_run(connection, run, state=state, summary=summary, now=ports.now())


def _numbers(found: Reconciled) -> dict[str, Any]:
    return {
        "plan": found.plan.id if found.plan else "",
        "read": found.read,
        "drift": len(found.drift),
        "gone": len(found.gone),
        "clashes": len(found.clashes),
        "exit_code": found.exit_code,
    }
