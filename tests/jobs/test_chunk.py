"""The chunk algorithm without an engine: every line ends exactly once, whatever the target does, says or hides."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId, PersonKey, PlanId, RequirementKey
from joinery.core.model.operation import ActionClass, Assign, LinkAccount, RestoreAccount, SendSignInMail
from joinery.core.model.receipt import Outcome, Receipt
from joinery.errors import AuthenticationFailed, Rejected, StopRun, TryAgain
from joinery.jobs import chunk as chunk_module
from joinery.jobs.api import Retry
from joinery.jobs.chunk import CANNOT_TELL, NO_ACCOUNT, NO_ANSWER, NO_MAILER, NO_TRIES_LEFT, Work, run_chunk
from joinery.jobs.ledger import Ledger
from joinery.jobs.pace import Pace
from joinery.kit.contract import Capabilities, Order
from joinery.store.database import Database
from tests.jobs.world import (
    Lms,
    account_of,
    add_links,
    add_plan,
    clock_from,
    joiner,
    leaver,
    lines_of,
    make_store,
    mover,
    person,
)


class Killed(BaseException):
    """The process is gone at this very instant."""


#: what happens to one order in a call, and what the caller hears of it
FAULTS = ["ok", "no receipt", "lost answer", "busy", "half", "refused", "bug before", "bug after", "stop", "stop after"]


@dataclass
class Liar(Lms):
    """Does, or does not do, what it says. Faults come from a script; when that is used up it behaves."""

    script: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def fault(self) -> str:
        return self.script.pop(0) if self.script else "ok"

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        self.calls.append(tuple(order.key for order in orders))
        for order in orders:
            fault = self.fault()
            if fault in ("ok", "no receipt", "lost answer", "bug after", "stop after", "killed after", "bare", "twice"):
                receipt = self.do(order)
            match fault:
                case "ok":
                    yield receipt
                case "twice":
                    yield receipt
                    yield receipt
                    yield replace(receipt, key="of nobody")
                case "bare":
                    yield replace(receipt, account=None)
                case "refused":
                    yield Receipt(key=order.key, outcome=Outcome.FAILED, detail="refused")
                case "half":
                    return
                case "busy" | "lost answer":
                    raise TryAgain("busy", after=timedelta(milliseconds=1) if fault == "busy" else None)
                case "bug before" | "bug after":
                    raise KeyError("a connector's mistake")
                case "stop" | "stop after":
                    raise StopRun("unreachable")
                case "killed" | "killed after":
                    raise Killed

    async def look_up(self, *, person_keys: Sequence[PersonKey], account_ids: Sequence[AccountId]) -> Sequence[Account]:
        if self.script and self.script[0] in ("busy", "stop", "killed"):
            match self.script.pop(0):
                case "busy":
                    raise TryAgain("busy")
                case "stop":
                    raise StopRun("unreachable")
                case _:
                    raise Killed
        return await super().look_up(person_keys=person_keys, account_ids=account_ids)


class Mailer:
    """Sends once per order key, as the outbox does."""

    def __init__(self, *faults: Exception | None) -> None:
        self.sent: Counter[str] = Counter()
        self.faults = list(faults)

    async def look_up(self, *, person_keys: Sequence[PersonKey], account_ids: Sequence[AccountId]) -> Sequence[Account]:
        raise AssertionError("a mail cannot be looked up in an account")

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        for order in orders:
            if not self.sent[order.key]:
                self.sent[order.key] += 1
            if self.faults and (fault := self.faults.pop(0)):
                raise fault
            yield Receipt(key=order.key, outcome=Outcome.DONE)


@dataclass
class Bench:
    """A store in memory, a target, and runs of `run_chunk` until nothing is owed."""

    target: Any
    mailer: Any = None
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(actions=frozenset(ActionClass)))
    tries: int = 5
    slept: list[float] = field(default_factory=list)
    ended: int = 0
    stops: int = 0
    deaths: int = 0
    #: counted down at every ledger call; the process dies when it reaches 0
    dies_in: int = -1

    def __post_init__(self) -> None:
        self.database: Database = make_store("sqlite://")
        self.ledger = Ledger(self.database, clock_from())

    async def call(self, function: Callable[..., Any], *args: Any) -> Any:
        self.dies_in -= 1
        if self.dies_in == 0:
            raise Killed
        answer = function(*args)
        self.dies_in -= 1
        if self.dies_in == 0:
            raise Killed
        return answer

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0.001 if seconds else 0)

    def count(self, lines: int) -> None:
        self.ended += lines

    def work(self, stopped: Callable[[], bool] = lambda: False) -> Work:
        return Work(
            ledger=self.ledger,
            call=self.call,
            target=self.target,
            mailer=self.mailer,
            pace=Pace(self.capabilities, sleep=self.sleep),
            retry=Retry(tries=self.tries, first=1.0, longest=8.0),
            finds_by_key=self.capabilities.holds_external_id,
            unconfirmed=self.capabilities.unconfirmed,
            stopped=stopped,
            ended=self.count,
            sleep=self.sleep,
            chance=lambda: 1.0,
        )

    def one_round(self) -> bool:
        """Every job of the open phase, once; False when nothing is owed."""
        jobs = self.ledger.assign(PlanId("P-1"))
        for job in jobs:
            asyncio.run(run_chunk(job, self.work()))
        return bool(jobs)

    def to_the_end(self, rounds: int = 200) -> None:
        for _ in range(rounds):
            try:
                if not self.one_round():
                    return
            except StopRun:
                self.stops += 1
            except Killed:
                self.deaths += 1
        raise AssertionError("it does not converge")

    def outcomes(self) -> list[str]:
        return [row.state for row in lines_of(self.database)]

    def close(self) -> None:
        self.database.close()


@pytest.fixture
def bench() -> Any:
    made: list[Bench] = []

    def make(target: Any, **more: Any) -> Bench:
        made.append(Bench(target=target, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_creations_go_first_and_the_rest_finds_the_account_in_the_same_chunk(bench: Any) -> None:
    lms = Lms()
    world = bench(lms)
    add_plan(world.database, [*joiner(1), *joiner(2)])
    world.to_the_end()
    assert world.outcomes() == ["done"] * 8
    assert lms.calls == [("P-1/0", "P-1/4"), ("P-1/1", "P-1/2", "P-1/3", "P-1/5", "P-1/6", "P-1/7")]
    assert world.ended == 8


def test_a_line_of_unknown_outcome_that_is_in_effect_is_not_sent_again(bench: Any) -> None:
    lms = Liar(script=["killed after"])
    world = bench(lms)
    add_plan(world.database, joiner(1))
    world.to_the_end()
    assert world.deaths == 1
    assert world.outcomes() == ["done"] * 4
    assert set(lms.effects.values()) == {1}
    assert lines_of(world.database)[0].detail == "Confirmed by looking it up."


def test_a_line_of_unknown_outcome_that_is_not_in_effect_is_sent_again(bench: Any) -> None:
    lms = Liar(script=["killed"])
    world = bench(lms)
    add_plan(world.database, joiner(1))
    world.to_the_end()
    assert world.outcomes() == ["done"] * 4
    assert lms.looked_up == 2, "the creation, and what hangs on it"


def test_a_lost_creation_is_not_repeated_where_the_target_cannot_be_asked(bench: Any) -> None:
    blind = Capabilities(actions=frozenset(ActionClass), holds_external_id=False)
    lms = Liar(script=["killed"])
    world = bench(lms, capabilities=blind)
    add_plan(world.database, joiner(1))
    world.to_the_end()
    assert world.outcomes() == ["needs_you", "skipped", "skipped", "skipped"]
    assert lines_of(world.database)[0].detail == CANNOT_TELL


def test_what_hangs_on_a_failed_creation_is_not_tried(bench: Any) -> None:
    lms = Liar(script=["refused"])
    world = bench(lms, mailer=Mailer())
    mail = SendSignInMail(person_key=person(1), employment="2026-11-24")
    add_plan(world.database, [*joiner(1), mail])
    world.to_the_end()
    assert world.outcomes() == ["failed", "skipped", "skipped", "skipped", "skipped"]
    assert "line 0 (create)" in lines_of(world.database)[3].detail
    assert len(lms.calls) == 1 and not world.mailer.sent


def test_one_refused_course_keeps_nothing_from_the_person_but_the_mail(bench: Any) -> None:
    lms = Liar(script=["ok", "ok", "refused"])
    world = bench(lms, mailer=Mailer())
    mail = SendSignInMail(person_key=person(1), employment="2026-11-24")
    add_plan(world.database, [*joiner(1), *leaver(1), mail])
    world.to_the_end()
    assert world.outcomes() == ["done", "done", "failed", "done", "done", "skipped"]


def test_a_person_without_an_account_is_skipped_with_the_reason(bench: Any) -> None:
    world = bench(Lms())
    add_plan(world.database, mover(1))
    world.to_the_end()
    assert [(row.state, row.detail) for row in lines_of(world.database)] == [("skipped", NO_ACCOUNT)]


def test_a_restored_account_is_there_before_the_rest(bench: Any) -> None:
    lms = Lms().with_accounts([1])
    world = bench(lms)
    add_links(world.database, [1])
    add_plan(world.database, [*mover(1), RestoreAccount(person_key=person(1))])
    world.to_the_end()
    assert lms.calls == [("P-1/1",), ("P-1/0",)]


def test_an_account_linked_in_this_chunk_can_be_changed_in_it(bench: Any) -> None:
    lms = Lms().with_accounts([1])
    world = bench(lms)
    link = LinkAccount(person_key=person(1), account_id=account_of(1), made_by="worker_id")
    add_plan(world.database, [link, *mover(1)])
    world.to_the_end()
    assert world.outcomes() == ["done", "done"]


def test_patience_has_full_jitter_and_comes_on_top_of_what_the_target_asks(bench: Any) -> None:
    lms = Lms().with_accounts([1])
    answers = iter([TryAgain("busy"), TryAgain("busy", after=timedelta(seconds=0.01)), TryAgain("busy"), None])
    world = bench(_Moody(lms, answers))
    add_links(world.database, [1])
    add_plan(world.database, mover(1))
    world.to_the_end()
    assert [s for s in world.slept if s >= 1] == [1.0, 2.01, 4.0]
    assert world.outcomes() == ["done"]


def test_after_five_tries_without_progress_the_lines_need_somebody(bench: Any) -> None:
    lms = Lms().with_accounts([1, 2])
    world = bench(_Moody(lms, iter([TryAgain("busy")] * 99)))
    add_links(world.database, [1, 2])
    add_plan(world.database, [*mover(1), *mover(2)])
    world.to_the_end()
    assert [(row.state, row.detail) for row in lines_of(world.database)] == [("needs_you", NO_TRIES_LEFT)] * 2
    assert world.target.tried == 5
    assert not lms.effects


def test_tries_are_counted_anew_after_progress(bench: Any) -> None:
    lms = Liar(script=["ok", "busy"] * 9)
    world = bench(lms)
    lms.with_accounts(range(10))
    add_links(world.database, range(10))
    add_plan(world.database, [op for n in range(10) for op in mover(n)])
    world.to_the_end()
    assert world.outcomes() == ["done"] * 10


def test_a_stop_keeps_what_was_answered_and_plans_the_rest_again(bench: Any) -> None:
    capabilities = Capabilities(actions=frozenset(ActionClass), batch_size=2)
    lms = Liar(script=["ok", "stop after"])
    world = bench(lms, capabilities=capabilities)
    lms.with_accounts(range(4))
    add_links(world.database, range(4))
    add_plan(world.database, [op for n in range(4) for op in mover(n)])
    with pytest.raises(StopRun):
        world.one_round()
    assert world.outcomes() == ["done", "sent", "planned", "planned"]
    world.to_the_end()
    assert world.outcomes() == ["done"] * 4
    assert set(lms.effects.values()) == {1}


def test_credentials_that_fail_stop_the_run_with_their_own_error(bench: Any) -> None:
    world = bench(_Moody(Lms().with_accounts([1]), iter([AuthenticationFailed()])))
    add_links(world.database, [1])
    add_plan(world.database, mover(1))
    with pytest.raises(AuthenticationFailed):
        world.one_round()


def test_a_connector_that_breaks_on_one_line_costs_that_line_only(bench: Any) -> None:
    lms = _Picky(person(2))
    world = bench(lms)
    lms.with_accounts(range(4))
    add_links(world.database, range(4))
    add_plan(world.database, [op for n in range(4) for op in mover(n)])
    world.to_the_end()
    assert world.outcomes() == ["done", "done", "failed", "done"]
    assert "KeyError" in lines_of(world.database)[2].detail
    assert set(lms.effects.values()) == {1}


def test_silence_is_looked_up_and_then_a_failure(bench: Any) -> None:
    lms = Liar(script=["no receipt", "half"])
    world = bench(lms)
    lms.with_accounts([1, 2])
    add_links(world.database, [1, 2])
    add_plan(world.database, [*mover(1), *mover(2)])
    world.to_the_end()
    assert [(row.state, row.detail) for row in lines_of(world.database)] == [
        ("done", "Confirmed by looking it up."),
        ("failed", NO_ANSWER),
    ]


def test_an_account_that_a_receipt_does_not_show_is_read(bench: Any) -> None:
    lms = Liar(script=["bare", "bare"])
    world = bench(lms)
    add_plan(world.database, joiner(1, courses=0))
    world.to_the_end()
    assert world.outcomes() == ["done", "done"]
    with world.database.read() as tx:
        assert '"groups":["all"]' in tx.exec_driver_sql("SELECT body FROM accounts").scalar_one()


def test_a_mail_of_unknown_fate_goes_back_to_the_mailer_whose_record_decides(bench: Any) -> None:
    world = bench(Lms().with_accounts([1]), mailer=Mailer(TryAgain("later")))
    add_links(world.database, [1])
    add_plan(world.database, [SendSignInMail(person_key=person(1), employment="2026-11-24")])
    world.to_the_end()
    assert world.outcomes() == ["done"]
    assert set(world.mailer.sent.values()) == {1}


def test_where_a_receipt_is_no_proof_lines_end_as_told_and_the_next_plan_starts_from_them(bench: Any) -> None:
    able = Capabilities(actions=frozenset(ActionClass), unconfirmed="sent")
    world = bench(Lms(), mailer=Mailer(), capabilities=able)
    mail = SendSignInMail(person_key=person(1), employment="2026-11-24")
    add_plan(world.database, [*joiner(1), mail])
    world.to_the_end()
    assert world.outcomes() == [*["unconfirmed"] * 4, "done"], "the mail is ours"
    told = lines_of(world.database)[:4]
    assert {(row.detail, row.changed) for row in told} == {("sent", True)}
    assert world.ledger.tally(PlanId("P-1")).unconfirmed == 4


def test_what_is_found_again_after_a_kill_is_no_proof_either(bench: Any) -> None:
    able = Capabilities(actions=frozenset(ActionClass), unconfirmed="sent")
    world = bench(Liar(script=["killed after"]), capabilities=able)
    add_plan(world.database, joiner(1))
    world.to_the_end()
    assert world.deaths == 1 and world.outcomes() == ["unconfirmed"] * 4


def test_without_a_mailer_mails_are_skipped_and_say_so(bench: Any) -> None:
    world = bench(Lms().with_accounts([1]))
    add_links(world.database, [1])
    add_plan(world.database, [SendSignInMail(person_key=person(1), employment="2026-11-24")])
    world.to_the_end()
    assert [(row.state, row.detail) for row in lines_of(world.database)] == [("skipped", NO_MAILER)]


def test_no_call_is_larger_than_the_target_takes(bench: Any) -> None:
    capabilities = Capabilities(actions=frozenset(ActionClass), batch_size=3)
    lms = Lms(capabilities).with_accounts(range(10))
    world = bench(lms, capabilities=capabilities)
    add_links(world.database, range(10))
    add_plan(world.database, [op for n in range(10) for op in mover(n)])
    world.to_the_end()
    assert [len(call) for call in lms.calls] == [3, 3, 3, 1]


def test_a_limited_rate_is_kept(bench: Any) -> None:
    capabilities = Capabilities(actions=frozenset(ActionClass), rate=50.0)
    lms = Lms(capabilities).with_accounts(range(60))
    world = bench(lms, capabilities=capabilities)
    add_links(world.database, range(60))
    add_plan(world.database, [op for n in range(60) for op in mover(n)], size=60)
    loop_time: list[float] = []
    lms_do = lms.do
    lms.do = lambda order: (loop_time.append(asyncio.get_running_loop().time()), lms_do(order))[1]  # type: ignore[func-returns-value, method-assign]
    world.to_the_end()
    assert max(len(call) for call in lms.calls) <= 45
    assert loop_time[-1] - loop_time[0] >= (60 - 45) / 45 * 0.9


def test_the_urgent_lane_has_a_rate_of_its_own_and_takes_what_is_free() -> None:
    async def waits() -> list[float]:
        pace = Pace(Capabilities(actions=frozenset(ActionClass), rate=10.0))
        loop = asyncio.get_running_loop()
        seen = []
        for urgent, count in ((True, 1), (False, 8), (True, 1), (True, 1)):
            started = loop.time()
            await pace.tokens(count, urgent=urgent)
            seen.append(loop.time() - started)
        return seen

    idle, bulk, beside_bulk, own_part_used_up = asyncio.run(waits())
    assert max(idle, bulk, beside_bulk) < 0.05
    assert own_part_used_up > 0.05


def test_a_worker_that_lost_its_lines_makes_no_further_call(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunk_module, "TOKEN_AGE", -1.0)
    capabilities = Capabilities(actions=frozenset(ActionClass), batch_size=1)
    lms = Lms(capabilities).with_accounts(range(3))
    world = bench(lms, capabilities=capabilities)
    add_links(world.database, range(3))
    plan_id = add_plan(world.database, [op for n in range(3) for op in mover(n)])
    (job,) = world.ledger.assign(plan_id)
    lms_do = lms.do

    def taken_over(order: Order) -> Receipt:
        if len(lms.calls) == 2:
            world.ledger.assign(plan_id)
        return lms_do(order)

    lms.do = taken_over  # type: ignore[method-assign]
    asyncio.run(run_chunk(job, world.work()))
    assert len(lms.calls) == 2
    assert set(world.outcomes()) == {"sent"}


def test_a_plan_that_is_to_stop_sends_nothing_more(bench: Any) -> None:
    lms = Lms().with_accounts([1])
    world = bench(lms)
    add_links(world.database, [1])
    (job,) = world.ledger.assign(add_plan(world.database, mover(1)))
    answers = iter([False, True])
    asyncio.run(run_chunk(job, world.work(stopped=lambda: next(answers))))
    assert world.outcomes() == ["planned"] and not lms.calls


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    script=st.lists(st.sampled_from([*FAULTS, "killed", "killed after", "bare", "twice"]), max_size=25),
    dies_in=st.integers(-1, 25),
    size=st.integers(1, 8),
    batch=st.integers(1, 8),
)
def test_whatever_happens_every_line_ends_once_and_nothing_happens_twice(
    script: list[str], dies_in: int, size: int, batch: int
) -> None:
    capabilities = Capabilities(actions=frozenset(ActionClass), batch_size=batch)
    lms = Liar(script=script)
    lms.with_accounts([7, 8])
    world = Bench(target=lms, mailer=Mailer(), capabilities=capabilities, tries=3, dies_in=dies_in)
    try:
        add_links(world.database, [7, 8])
        mail = SendSignInMail(person_key=person(1), employment="2026-11-24")
        late = Assign(person_key=person(7), requirement=RequirementKey("course:C9"))
        operations = [*joiner(1), *joiner(2, courses=1), *mover(7), late, *leaver(8), mail]
        add_plan(world.database, operations, size=max(size, 4), urgent=frozenset({person(8)}))
        world.to_the_end()
        _judge(world, lms)
    finally:
        world.close()


def _judge(world: Bench, lms: Lms) -> None:
    happened = Counter(key.split(" ")[0] for key in lms.effects.elements())
    assert not [key for key, times in happened.items() if times > 1], "done twice"
    for row in lines_of(world.database):
        times = happened[f"P-1/{row.seq}"]
        assert row.ended_at
        match row.state:
            case "done" if row.action != "mail":
                assert times == 1, f"line {row.seq} is done, and never happened"
            case "failed" | "skipped":
                assert times == 0, f"line {row.seq} is {row.state}, and happened"
            case "done" | "needs_you":
                assert times <= 1
            case other:
                raise AssertionError(other)
    assert world.ended <= len(lines_of(world.database))


class _Moody(Lms):
    """Raises what the list says before doing anything; behaves when it says None, or ends."""

    def __init__(self, lms: Lms, answers: Any) -> None:
        super().__init__()
        self.held, self.effects = lms.held, lms.effects
        self.answers = answers
        self.tried = 0

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        self.tried += 1
        if error := next(self.answers, None):
            raise error
        async for receipt in super().perform(orders):
            yield receipt


class _Picky(Lms):
    """Breaks in the middle of a batch on one person."""

    def __init__(self, whom: PersonKey) -> None:
        super().__init__()
        self.whom = whom

    def do(self, order: Order) -> Receipt:
        if order.operation.person_key == self.whom:
            raise KeyError("somebody's name")
        return super().do(order)


def test_the_words_of_our_own_errors_are_kept_and_those_of_others_are_not(bench: Any) -> None:
    world = bench(_Moody(Lms().with_accounts([1]), iter([Rejected("The course is closed.")])))
    add_links(world.database, [1])
    add_plan(world.database, mover(1))
    world.to_the_end()
    assert lines_of(world.database)[0].detail == "The connector broke on this line: The course is closed."
