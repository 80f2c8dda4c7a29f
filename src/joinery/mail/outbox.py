"""Sends what is due. Rule: claim (committed), then link, then SMTP, then the record; a crash between leaves `unknown`.

The ledger and the facts are ports: the store's `Mails` is the first, a flow brings the second.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol, assert_never

from joinery.core.model.ids import AccountId, PersonKey
from joinery.errors import JoineryError, StepFailed, StopRun, TryAgain
from joinery.mail.rendering import Templates
from joinery.mail.sender import Accepted, Answer, Deferred, Refused, Sender, Unknown
from joinery.mail.sign_in import Later, Letter, Never, WaitForAddress, compose

#: greylisting answers within minutes; a full mailbox takes days
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=4)
#: about a day and a half of trying
MOST_TRIES = 12
#: that many permanent refusals in a row are not about single people
STOP_AFTER = 10


class Planned(Protocol):
    """One planned mail of the ledger."""

    @property
    def key(self) -> str: ...
    @property
    def person_key(self) -> PersonKey: ...
    @property
    def kind(self) -> str: ...
    @property
    def tries(self) -> int: ...


class Ledger(Protocol):
    """What the store remembers; each method commits by itself. See `joinery.store.mails.Mails`."""

    def due(self, as_of: datetime, limit: int) -> Sequence[Planned]: ...
    def spent_since(self, since: datetime) -> int: ...
    def claim(self, key: str, now: datetime) -> bool: ...
    def mark(self, key: str, outcome: Literal["sent", "failed", "unknown"], now: datetime, note: str = "") -> bool: ...
    def put_back(self, key: str, due_at: datetime, now: datetime, note: str) -> bool: ...
    def postpone(self, key: str, due_at: datetime, now: datetime, note: str) -> bool: ...
    def wait_for_address(self, key: str, now: datetime) -> bool: ...
    def withdraw(self, key: str, now: datetime, why: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Most mails that leave per run and per day; the rest stays planned. `day_began` is an instant (UTC)."""

    per_run: int
    per_day: int
    day_began: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where letters come from: the facts as they are at this moment, and a link made only when it is needed."""

    letter_for: Callable[[Planned], Letter | WaitForAddress | Later | Never]
    #: one link; raises Rejected when the account may not sign in
    link_for: Callable[[AccountId], Awaitable[str]]
    templates: Templates


@dataclass(slots=True, kw_only=True)
class SendReport:
    """What became of the mails of this run, by key; `left` stays planned because the budget is spent."""

    sent: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    #: asked to come back later, or not their day yet
    later: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    #: somebody else sends them at this moment
    taken: list[str] = field(default_factory=list)
    left: int = 0
    #: why the batch ended early; what was not sent stays planned
    stopped: JoineryError | None = None


async def send_due(
    ledger: Ledger, sender: Sender, desk: Desk, budget: Budget, clock: Callable[[], datetime]
) -> SendReport:
    """Sends planned mails whose time has come, within the budget. Trouble with one mail never stops another.

    The server is asked before anything is claimed: when it cannot be reached, nothing changes and the error is raised.
    """
    report = SendReport()
    as_of = clock()
    allowed = max(0, min(budget.per_run, budget.per_day - ledger.spent_since(budget.day_began)))
    due = ledger.due(as_of, 1_000_000)
    run = _Run(ledger=ledger, sender=sender, desk=desk, clock=clock, report=report)
    for position, mail in enumerate(due):
        if run.spent >= allowed:
            report.left = len(due) - position
            break
        if (letter := run.letter(mail, as_of)) is None:
            continue
        await _connected(sender, report)
        try:
            await run.send(mail, letter)
        except (StopRun, TryAgain) as error:
            report.stopped = error
            report.left = len(due) - position
            break
    return report


async def _connected(sender: Sender, report: SendReport) -> None:
    """Before the first claim; later losses are the sender's to mend."""
    if not (report.sent or report.failed or report.unknown):
        await sender.connect()


@dataclass(slots=True, kw_only=True)
class _Run:
    """One batch on one connection."""

    ledger: Ledger
    sender: Sender
    desk: Desk
    clock: Callable[[], datetime]
    report: SendReport
    refusals: int = 0

    @property
    def spent(self) -> int:
        """Mails of this run that left, or may have."""
        return len(self.report.sent) + len(self.report.unknown)

    def letter(self, mail: Planned, as_of: datetime) -> Letter | None:
        """The letter that may go now, or None with the reason noted in ledger and report."""
        answer = self.desk.letter_for(mail)
        match answer:
            case Letter():
                return answer
            case WaitForAddress():
                self.ledger.wait_for_address(mail.key, as_of)
                self.report.waiting.append(mail.key)
            case Later():
                self.ledger.postpone(mail.key, answer.at, as_of, answer.why)
                self.report.later.append(mail.key)
            case Never():
                self.ledger.withdraw(mail.key, as_of, answer.why)
                self.report.withdrawn.append(mail.key)
            case _:
                assert_never(answer)
        return None

    async def send(self, mail: Planned, letter: Letter) -> None:
        """One mail, from claim to record."""
        if not self.ledger.claim(mail.key, self.clock()):
            self.report.taken.append(mail.key)
            return
        try:
            link = await self.desk.link_for(letter.account_id)
            message = compose(letter, link, self.sender.settings, self.clock(), self.desk.templates)
            answer = await self.sender.send(message, letter.to)
        except StepFailed as error:
            self._record(mail, "failed", error.message)
        except JoineryError as error:
            now = self.clock()
            self.ledger.put_back(mail.key, now, now, error.code)
            if isinstance(error, StopRun | TryAgain):
                raise
            raise StopRun(error.message, fix=error.fix, data=error.data) from error
        else:
            self._note(mail, answer)

    def _note(self, mail: Planned, answer: Answer) -> None:
        match answer:
            case Accepted():
                self._record(mail, "sent", "")
                self.refusals = 0
            case Unknown():
                self._record(mail, "unknown", "the connection broke before the server's answer: it may have arrived")
            case Deferred():
                self._come_back(mail, answer.code)
            case Refused():
                self._record(mail, "failed", f"the mail server refused it (answer {answer.code})")
                self._count_refusal()
            case _:
                assert_never(answer)

    def _come_back(self, mail: Planned, code: int) -> None:
        now = self.clock()
        said = f"answer {code}" if code else "the connection was lost before it was sent"
        if mail.tries + 1 >= MOST_TRIES:
            self._record(mail, "failed", f"not accepted in {MOST_TRIES} tries ({said})")
            return
        pause = min(FIRST_PAUSE * 2**mail.tries, LONGEST_PAUSE)
        self.ledger.put_back(mail.key, now + pause, now, f"the mail server asked us to come back later ({said})")
        self.report.later.append(mail.key)

    def _record(self, mail: Planned, outcome: Literal["sent", "failed", "unknown"], note: str) -> None:
        self.ledger.mark(mail.key, outcome, self.clock(), note)
        kept = {"sent": self.report.sent, "failed": self.report.failed, "unknown": self.report.unknown}
        kept[outcome].append(mail.key)

    def _count_refusal(self) -> None:
        self.refusals += 1
        if self.refusals >= STOP_AFTER:
            raise StopRun(
                f"The mail server refused {STOP_AFTER} mails in a row; the rest stays planned.",
                fix="Look at the answers in the list of mails; it may take us for a sender of spam.",
            )
