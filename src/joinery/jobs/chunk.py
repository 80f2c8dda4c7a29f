"""One chunk of a plan from claim to outcome, whatever the engine. Rule: when in doubt, look before you do it again.

A line leaves here in exactly one of four ways: recorded with an outcome, released as not attempted, left in `sent`
because nobody knows (a crash, a StopRun in the middle of a call), or taken over by somebody else (fenced).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from joinery.core.model.operation import CreateAccount, LinkAccount, SendSignInMail
from joinery.core.model.receipt import Outcome, Receipt
from joinery.core.planning.effect import blocked_by, in_effect, opens_account
from joinery.errors import JoineryError, StopRun, TryAgain
from joinery.jobs.contract import Performer, Retry
from joinery.jobs.ledger import Ledger
from joinery.jobs.lines import Claim, Claimed, Job, Result, Trouble
from joinery.jobs.pace import NoTurn, Pace, Sleep
from joinery.kit.contract import Order

T = TypeVar("T")
#: the turn of sign-in mails within a chunk: the last
MAIL = 3
#: most results in one transaction, and the longest that one may wait for it, in seconds
BATCH = 50
FLUSH_AFTER = 1.0
#: how old the last look at the token may be before another call is made
TOKEN_AGE = 1.0

NO_TRIES_LEFT = "The learning system did not answer in several tries; nothing was lost: run joinery sync again."
NO_ANSWER = "The learning system gave no answer for this line, and the account does not show the change."
NO_ACCOUNT = "There is no linked account, so there was nothing to change."
NO_MAILER = "No mail server is set up, so no mail was sent."
CANNOT_TELL = (
    "The answer to the creation was lost, and this learning system cannot be asked by our key: "
    "look whether the account is there, and link it by hand if it is."
)


class Call(Protocol):
    """Runs a blocking ledger call off the event loop."""

    def __call__(self, function: Callable[..., T], *args: Any) -> Awaitable[T]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a chunk needs from the engine that runs it."""

    ledger: Ledger
    call: Call
    target: Performer
    mailer: Performer | None
    pace: Pace
    retry: Retry
    #: the target keeps our person key, so that a lost creation can be found
    finds_by_key: bool
    #: True when the plan is to stop at the next safe point
    stopped: Callable[[], bool]
    #: told how many lines ended
    ended: Callable[[int], None]
    #: the ID of this node, for the token
    node: str = ""
    #: why what the target did is not shown by it; empty where a receipt is the end
    unconfirmed: str = ""
    sleep: Sleep = asyncio.sleep
    #: a number between 0 and 1, for the jitter
    chance: Callable[[], float] = random.random


class Fenced(Exception):
    """Another owner has these lines now; nothing more may be sent or written for them."""


class Halted(Exception):
    """The plan is to stop: what was not handed over is released."""


async def run_chunk(job: Job, work: Work) -> bool | None:
    """Bring the job's lines to their end; False when some of them are still ours to give back.

    None when no call is ours to make: nothing was touched, and others have to do it. Raises StopRun after releasing
    what was not attempted.
    """
    try:
        async with work.pace.turn(urgent=job.urgent, over=work.stopped):
            return await _in_turn(job, work)
    except NoTurn:
        return False if work.stopped() else None


async def _in_turn(job: Job, work: Work) -> bool:
    if work.stopped():
        return False
    claim = await work.call(work.ledger.claim, job, work.node)
    if claim is None:
        return True
    chunk = _Chunk(work, claim, urgent=job.urgent)
    try:
        await chunk.run()
    except Fenced:
        return True
    except Halted:
        await chunk.stop()
        return False
    except StopRun:
        await chunk.stop()
        raise
    return True


class _Chunk:
    """The lines of one claim. `open` are not over, `unknown` (keys) may already have reached the target."""

    def __init__(self, work: Work, claim: Claim, *, urgent: bool) -> None:
        self.work = work
        self.claim = claim
        self.urgent = urgent
        self.open = {line.key: line for line in claim.lines}
        self.unknown = {line.key for line in claim.lines if line.unknown}
        self.links = dict(claim.links)
        self.troubles = {person: list(found) for person, found in claim.troubles.items()}
        self.buffer: list[Result] = []
        self.alone = False
        self.checked_at = self.flushed_at = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """First what brings the account's ID, then what opens the account, then the rest. Mail comes last."""
        kinds = [_turn(line) for line in self.claim.lines]
        for kind in sorted(set(kinds)):
            lines = [line for line, its in zip(self.claim.lines, kinds, strict=True) if its == kind]
            await self._settle(lines, self.work.mailer if kind == MAIL else self.work.target)
            await self._flush()

    async def stop(self) -> None:
        """Keep what was answered, and plan again what was certainly not handed over."""
        await self._flush()
        await self.work.call(
            self.work.ledger.release, self.claim, [line for key, line in self.open.items() if key not in self.unknown]
        )

    async def _settle(self, lines: Sequence[Claimed], performer: Performer | None) -> None:
        """Bring these lines to their end, insisting when the target asks for patience."""
        tries = 0
        while todo := [line for line in lines if line.key in self.open]:
            if performer is None:
                self._end(todo, Outcome.SKIPPED, NO_MAILER)
                return
            before = len(self.open)
            try:
                await self._look(todo, performer)
                await self._hand_over(self._next(todo), performer)
            except TryAgain as busy:
                tries = 1 if len(self.open) < before else tries + 1
                if tries >= self.work.retry.tries:
                    self.work.pace.failed(busy)
                    await self._give_up(todo, performer)
                else:
                    await self._wait(tries, busy)

    def _next(self, todo: Sequence[Claimed]) -> list[Claimed]:
        """The lines of the next call; those that make no sense any more end here."""
        ready: list[Claimed] = []
        size = 1 if self.alone else self.work.pace.batch[self.urgent]
        for line in todo:
            if line.key not in self.open or self._pointless(line):
                continue
            ready.append(line)
            if len(ready) == size:
                break
        return ready

    def _pointless(self, line: Claimed) -> bool:
        for trouble in self.troubles.get(line.person_key, ()):
            if blocked_by(line.operation, trouble.operation):
                cause = f"Not tried: line {trouble.seq} ({trouble.action}) of the same person did not succeed."
                self._end([line], Outcome.SKIPPED, cause)
                return True
        if line.person_key not in self.links and not isinstance(line.operation, CreateAccount | LinkAccount):
            self._end([line], Outcome.SKIPPED, NO_ACCOUNT)
            return True
        return False

    async def _hand_over(self, lines: Sequence[Claimed], performer: Performer) -> None:
        """One call. Lines that get no receipt are unknown afterwards, or judged when the call ended well."""
        if not lines:
            return
        await self._may_go_on(len(lines))
        silent = {line.key: line for line in lines}
        # from here on a crash, a cancellation or an error leaves them in doubt
        self.unknown |= silent.keys()
        try:
            bare = await self._listen(performer.perform([self._order(line) for line in lines]), silent)
        except (TryAgain, StopRun, Fenced):
            raise
        except Exception as broken:  # noqa: BLE001 whatever a connector raises, the other lines go on
            await self._broken(lines, broken, performer)
            return
        await self._complete(bare, performer)
        await self._judge_silence(list(silent.values()), performer, NO_ANSWER)

    async def _listen(self, receipts: AsyncIterator[Receipt], silent: dict[str, Claimed]) -> list[Receipt]:
        """Take the receipts as they come; returns those that say `done` without showing the account."""
        bare: list[Receipt] = []
        try:
            async for receipt in receipts:
                if (line := silent.pop(receipt.key, None)) is None:
                    continue
                if receipt.outcome is Outcome.DONE and receipt.account is None and not _is_mail(line):
                    bare.append(receipt)
                else:
                    self._receive(line, receipt, receipt.account)
                # also how a process that was frozen in the middle of a call finds out, before it sends the next line
                await self._flush_when_due()
        finally:
            if close := getattr(receipts, "aclose", None):
                await close()
        return bare

    async def _complete(self, bare: Sequence[Receipt], performer: Performer) -> None:
        """What was done without showing the account: see it, so that the next plan starts from the truth."""
        if not bare:
            return
        found = await self._accounts([self.open[receipt.key] for receipt in bare], performer)
        for receipt in bare:
            self._receive(self.open[receipt.key], receipt, found.get(receipt.key))

    def _receive(self, line: Claimed, receipt: Receipt, account: Account | None) -> None:
        self.work.pace.gate.worked()
        self._take(
            Result(
                line=line,
                outcome=receipt.outcome,
                detail=receipt.detail,
                changed=receipt.changed,
                account=account,
                account_id=self.links.get(line.person_key),
            )
        )

    async def _broken(self, lines: Sequence[Claimed], error: Exception, performer: Performer) -> None:
        """A connector must not raise this. Hand the lines over one by one, so that only the culprit fails."""
        if len(lines) > 1:
            self.alone = True
            return
        why = str(error) if isinstance(error, JoineryError) else type(error).__name__
        silent = [line for line in lines if line.key in self.open]
        await self._judge_silence(silent, performer, f"The connector broke on this line: {why}")

    def _take(self, result: Result) -> None:
        line = result.line
        told = not _is_mail(line) and not isinstance(line.operation, LinkAccount)
        if self.work.unconfirmed and told and result.outcome is Outcome.DONE:
            result = replace(result, outcome=Outcome.UNCONFIRMED, detail=self.work.unconfirmed)
        del self.open[line.key]
        self.unknown.discard(line.key)
        self.buffer.append(result)
        if result.outcome in (Outcome.FAILED, Outcome.NEEDS_YOU):
            trouble = Trouble(seq=line.seq, action=line.action, operation=line.operation)
            self.troubles.setdefault(line.person_key, []).append(trouble)
        elif result.outcome.believed and (account_id := _opened(result)):
            self.links[line.person_key] = account_id

    def _end(self, lines: Iterable[Claimed], outcome: Outcome, detail: str) -> None:
        for line in lines:
            self._take(Result(line=line, outcome=outcome, detail=detail, changed=False))

    async def _look(self, todo: Sequence[Claimed], performer: Performer) -> None:
        """Unknown lines that are in effect are done; the others are not unknown any more."""
        doubtful = [line for line in todo if line.key in self.unknown and not _is_mail(line)]
        if not doubtful:
            return
        found = await self._accounts(doubtful, performer)
        for line in doubtful:
            account = found.get(line.key)
            if account is not None and in_effect(line.operation, account):
                self._confirm(line, account)
            elif isinstance(line.operation, CreateAccount) and not self.work.finds_by_key:
                self._end([line], Outcome.NEEDS_YOU, CANNOT_TELL)
            else:
                self.unknown.discard(line.key)

    def _confirm(self, line: Claimed, account: Account) -> None:
        before = self.links.get(line.person_key)
        detail = "Confirmed by looking it up."
        self._take(Result(line=line, outcome=Outcome.DONE, detail=detail, account=account, account_id=before))

    async def _judge_silence(self, lines: Sequence[Claimed], performer: Performer, why: str) -> None:
        """The call is over and said nothing about these lines: done if the account shows it, failed if not."""
        if not lines:
            return
        await self._look(lines, performer)
        self._end([line for line in lines if line.key in self.open], Outcome.FAILED, why)

    async def _give_up(self, todo: Sequence[Claimed], performer: Performer) -> None:
        """Out of tries: what is in effect after all is done, the rest needs somebody."""
        try:
            await self._look([line for line in todo if line.key in self.open], performer)
        except TryAgain:
            pass
        self._end([line for line in todo if line.key in self.open], Outcome.NEEDS_YOU, NO_TRIES_LEFT)

    async def _accounts(self, lines: Sequence[Claimed], performer: Performer) -> dict[str, Account]:
        """The live account of each line, by line key; a line whose account is not there is left out."""
        await self._may_go_on(1)
        ids = {line.key: self._account_id(line) for line in lines}
        known = [account_id for account_id in dict.fromkeys(ids.values()) if account_id]
        people = list(dict.fromkeys(line.person_key for line in lines if not ids[line.key]))
        accounts = await performer.look_up(person_keys=people, account_ids=known)
        by_id = {account.id: account for account in accounts}
        by_key = {account.external_id: account for account in accounts if account.external_id}
        pairs = ((line.key, by_id.get(ids[line.key] or AccountId("")) or by_key.get(line.person_key)) for line in lines)
        return {key: account for key, account in pairs if account is not None}

    def _account_id(self, line: Claimed) -> AccountId | None:
        if isinstance(line.operation, LinkAccount):
            return line.operation.account_id
        return self.links.get(line.person_key)

    def _order(self, line: Claimed) -> Order:
        return Order(key=line.key, operation=line.operation, account_id=self._account_id(line))

    async def _may_go_on(self, count: int) -> None:
        """Wait for our turn at the target, and make sure that the lines are still ours when it comes."""
        await self.work.pace.tokens(count, urgent=self.urgent)
        if self.work.stopped():
            raise Halted
        await self._still_mine()

    async def _still_mine(self) -> None:
        """Look at the token, unless we did so a moment ago."""
        if asyncio.get_running_loop().time() - self.checked_at > TOKEN_AGE:
            if not await self.work.call(self.work.ledger.holds, self.claim):
                raise Fenced
            self.checked_at = asyncio.get_running_loop().time()

    async def _wait(self, tries: int, busy: TryAgain) -> None:
        """Full jitter; what the target asks for comes on top, and holds for everybody."""
        retry = self.work.retry
        jitter = self.work.chance() * min(retry.longest, retry.first * 2 ** (tries - 1))
        asked = self.work.pace.failed(busy)
        await self._flush()
        await self.work.sleep(asked + jitter)
        self.checked_at = float("-inf")

    async def _flush_when_due(self) -> None:
        now = asyncio.get_running_loop().time()
        if len(self.buffer) >= BATCH or now - self.flushed_at > FLUSH_AFTER:
            await self._flush()

    async def _flush(self) -> None:
        results, self.buffer = self.buffer, []
        self.flushed_at = asyncio.get_running_loop().time()
        if not results:
            return
        written = await self.work.call(self.work.ledger.record, self.claim, results)
        self.work.ended(len(written))
        if len(written) < len(results):
            raise Fenced
        self._learn(results, written)

    def _learn(self, results: Sequence[Result], written: Sequence[Result]) -> None:
        """The ledger may have refused a link: what hangs on it must not be tried."""
        for mine, final in zip(results, written, strict=True):
            if final.outcome is not mine.outcome:
                line = final.line
                self.links.pop(line.person_key, None)
                trouble = Trouble(seq=line.seq, action=line.action, operation=line.operation)
                self.troubles.setdefault(line.person_key, []).append(trouble)


def _turn(line: Claimed) -> int:
    """A line that needs the ID of a link or a creation must not share a call with it."""
    if _is_mail(line):
        return MAIL
    if isinstance(line.operation, CreateAccount | LinkAccount):
        return 0
    return 1 if opens_account(line.operation) else 2


def _is_mail(line: Claimed) -> bool:
    return isinstance(line.operation, SendSignInMail)


def _opened(result: Result) -> AccountId | None:
    match result.line.operation:
        case LinkAccount(account_id=account_id):
            return account_id
        case CreateAccount():
            return result.account.id if result.account else None
        case _:
            return None
