"""A company that lives while the learning system misbehaves: whatever happens in whatever order, the laws hold.

Runs go through the flows and the ledger with the engine's chunk runner in this thread (`tests/stories/inline.py`):
the job engine itself would make each run four times slower, and is proved in `tests/jobs`.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import select

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from joinery.core.model.operation import CreateAccount, LinkAccount
from joinery.errors import JoineryError
from joinery.flows.reconcile import reconcile
from joinery.store.tables import plan_lines
from joinery_simulators.hostile import HostileTarget
from joinery_simulators.mischief import HONEST_WRITES, LOOK_UPS, Mischief, OnCommand, Seeded
from tests.stories.company import Company, Night, moment, worker

BEGIN = date(2026, 1, 1)
#: a system that says "done" and did nothing is found by a reconcile only; pages are read once, at first contact
BEFALLS = {*HONEST_WRITES, *LOOK_UPS, Mischief.LIE_FAILED, Mischief.MEDDLE} - {Mischief.SLOW}


@dataclass(frozen=True, kw_only=True)
class Human:
    """What HR says of somebody (`status`, dates, title …) and what of it a good row has told us."""

    status: str = "Active"
    hire: date = BEGIN
    end: date | None = None
    title: str = "Clerk"
    name: str = "Ana"
    email: str = ""
    present: bool = True
    bad: bool = False
    #: complete files without them since they were last in one
    missed: int = 0
    latched: bool = False


#: a seed rather than Hypothesis's own choices: those lean to the first and the few, and little would happen to people
DICE = st.integers(min_value=0, max_value=1_000_000).map(Random)


class Machine(RuleBasedStateMachine):
    """The model on the left, the product and a hostile learning system on the right."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.inner = MemoryTarget(page_size=7)
        self.inner.edit(Account(id=AccountId(""), attributes={"email": "trainer@else.example"}))
        self.orphan = next(iter(self.inner.world.accounts.values()))
        self.hostile = HostileTarget(self.inner)
        self.acme = Company(
            Path(self.folder.name),
            settings={"guards": "off", "kill_switch": {"per_hour": 1000}},
            around=lambda _target: self.hostile,
            memory=self.inner,
        )
        self.today = BEGIN
        self.files = 0
        self.numbers = 0
        self.hr: dict[str, Human] = {}
        #: what good rows have told, person by person
        self.told: dict[str, Human] = {}
        #: taken back by hand: the plain expectation does not hold for them
        self.undone: set[str] = set()
        #: were suspended or archived at some time: a way back may still be under way
        self.out: set[str] = set()
        #: archived for their absence, and not let in since: whoever leaves after that stays archived
        self.put_away: set[str] = set()
        #: whom a run that stopped half-way was to put away, for having been absent
        self.owed_away: set[str] = set()
        self.last_plan = ""
        #: the last run came to its end, so every file has been read
        self.all_read = False

    # ------------------------------------------------------------ what HR and others do

    @initialize(count=st.integers(min_value=4, max_value=8))
    def a_company(self, count: int) -> None:
        for _ in range(count):
            self._new()
        self._sync()

    def _new(self, **values: object) -> None:
        self.numbers += 1
        who = f"{self.numbers:04}"
        self.hr[who] = replace(Human(email=f"w{who}.0@acme.example"), **values)  # type: ignore[arg-type]

    @staticmethod
    def _some(dice: Random, who: Iterable[str]) -> str | None:
        found = sorted(who)
        return dice.choice(found) if found else None

    def _at_work(self) -> list[str]:
        return [who for who, human in self.hr.items() if human.status == "Active" and human.present]

    def _change(self, who: str | None, **values: object) -> None:
        if who is not None:
            self.hr[who] = replace(self.hr[who], **values)  # type: ignore[arg-type]

    def hire(self, dice: Random) -> None:
        self._new(hire=self.today)

    def prehire(self, dice: Random) -> None:
        self._new(hire=self.today + timedelta(days=dice.randint(1, 4)))

    def move(self, dice: Random) -> None:
        self._change(self._some(dice, self._at_work()), title=dice.choice(["Clerk", "Head", "Chief"]))

    def rename(self, dice: Random) -> None:
        self._change(self._some(dice, self._at_work()), name=dice.choice(["Ana", "Bea", "Cleo"]))

    def get_another_address(self, dice: Random) -> None:
        if who := self._some(dice, self._at_work()):
            self._change(who, email=f"w{who}.{dice.randint(1, 3)}@acme.example")

    def leave(self, dice: Random) -> None:
        started = [who for who in self._at_work() if self.hr[who].hire < self.today]
        self._change(self._some(dice, started), status="Terminated", end=self.today)

    def vanish(self, dice: Random) -> None:
        started = [who for who in self._at_work() if self.told.get(who) and self.hr[who].hire < self.today]
        self._change(self._some(dice, started), present=False)

    def reappear(self, dice: Random) -> None:
        self._change(self._some(dice, (who for who, human in self.hr.items() if not human.present)), present=True)

    def come_back(self, dice: Random) -> None:
        """Hired again, some time after a file told that they had left."""
        left = [
            who
            for who, human in self.hr.items()
            if human.status == "Terminated" and human.end and human.end < self.today and not human.latched
            if who in self.told and self.told[who].status == "Terminated"
        ]
        self._change(self._some(dice, left), status="Active", hire=self.today, end=None)

    def spoil_or_mend_a_row(self, dice: Random) -> None:
        who = self._some(dice, self.hr)
        self._change(who, bad=not self.hr[who].bad if who else False)

    def edit_in_the_learning_system(self, dice: Random) -> None:
        who = self._some(dice, (a.worker_id for a in self.inner.world.accounts.values() if a.worker_id))
        if who is not None:
            account = self.acme.account(who)
            self.acme.lms().edit_with(account.id, attributes={**account.attributes, "job_title": "By hand"})

    def end_access_by_hand(self, dice: Random) -> None:
        # a hire that no run has read yet would be a later one, and a later one ends the latch
        known = [
            who
            for who in self._at_work()
            if self.all_read and who in self.told and not self.hr[who].latched
            if self.told[who].hire == self.hr[who].hire
        ]
        if who := self._some(dice, known):
            self._calm()
            self.acme.end_access(who)
            self._change(who, latched=True)
            self.told[who] = replace(self.told[who], latched=True)
            # taken back the same day, their way in is still under way when a run stops
            self.out.add(who)

    def give_access_back_by_hand(self, dice: Random) -> None:
        if who := self._some(dice, (who for who, human in self.told.items() if human.latched)):
            self.acme.release_access(who)
            self._change(who, latched=False)
            self.told[who] = replace(self.told[who], latched=False)

    # ------------------------------------------------------------ runs

    @rule(dice=DICE)
    def a_day_and_a_night(self, dice: Random) -> None:
        """What HR enters on a day, then the nightly run with so much mischief in it."""
        for happens in dice.choices(*zip(*HAPPENS.items(), strict=True), k=dice.randint(1, 5)):
            happens(self, dice)
        chance = dice.choice([0.0, 0.4, 0.8])
        self.hostile.mood = Seeded(seed=dice.randint(0, 10_000), chance=chance, among=BEFALLS, calms_after=12)
        self._sync()
        self._calm()

    def take_the_last_plan_back(self, dice: Random) -> None:
        if not self.last_plan:
            return
        self._calm()
        with self.acme.ports() as ports, ports.database.read() as connection:
            rows = connection.execute(select(plan_lines.c.worker_id).where(plan_lines.c.plan_id == self.last_plan))
            self.undone |= set(rows.scalars())
        self.acme.undo(self.last_plan, f"{self.today}T13:00")
        self.last_plan = ""
        self._hold_always()

    def _calm(self) -> None:
        self.hostile.mood = OnCommand()

    def _sync(self) -> Night | None:
        self.today += timedelta(days=1)
        self.files += 1
        rows = [self._row(who, human) for who, human in self.hr.items() if human.present]
        # a column that nobody maps, so that no two files are the same
        first = worker("never") | {"worker_id": "never", "hire_date": "2026-01-01", "given_name": f"N{self.files}"}
        self._tell()
        try:
            night = self.acme.day(str(self.today), [first, *rows])
        except JoineryError:
            self.all_read = False
            self._hold_always()
            return None
        self.all_read = True
        self.last_plan = night.plan or self.last_plan
        self._nothing_is_open(night)
        self._hold_always()
        return night

    def _row(self, who: str, human: Human) -> dict[str, str]:
        return worker(
            who,
            status=human.status,
            hire_date="no day" if human.bad else str(human.hire),
            termination_date=str(human.end or ""),
            job_title=human.title,
            given_name=human.name,
            work_email=human.email,
        )

    def _tell(self) -> None:
        """What this file makes us believe."""
        for who, human in self.hr.items():
            known = self.told.get(who)
            if known is not None and known.missed >= 3 and not self.all_read:
                # the run that was to put them away stopped half-way: the next one may do so before it reads HR
                self.owed_away.add(who)
            if not human.present:
                if known is not None and known.status == "Active":
                    self.told[who] = replace(known, missed=known.missed + 1)
            elif not human.bad:
                self.told[who] = replace(human, missed=0)
            elif known is not None and human.status == "Terminated":
                self.told[who] = replace(known, status="Terminated", end=human.end, missed=0)

        # a run that stopped half-way may still close an account at the start of the next one
        gone = (
            who for who, human in self.told.items() if human.status != "Active" or human.latched or human.missed > 2
        )
        self.out.update(gone)

    # ------------------------------------------------------------ the laws

    def _nothing_is_open(self, night: Night) -> None:
        """A run that came to its end left every attempted line in one of the four outcomes, or waiting with a why."""
        with self.acme.ports() as ports, ports.database.read() as connection:
            rows = connection.execute(select(plan_lines.c.state, plan_lines.c.held)).all()
        assert {row.state for row in rows} <= {"done", "skipped", "failed", "needs_you", "held", "discarded"}
        assert all(row.held for row in rows if row.state == "held")
        if night.report.applied is not None:
            assert sum(night.report.applied.states.values()) == len(night.stored)

    def _hold_always(self) -> None:
        accounts = self.inner.world.accounts
        assert accounts[self.orphan.id] == self.orphan, "an account of nobody was touched"
        owners = Counter(a.external_id for a in accounts.values() if a.external_id)
        assert not [key for key, count in owners.items() if count > 1], "somebody has two accounts"
        for effect in self.hostile.effects:
            if "by hand" in effect.key:
                continue
            assert effect.account_id is not None
            owner = accounts[effect.account_id].external_id
            assert owner == effect.operation.person_key, "an operation on an account that is not theirs"
        made = Counter(e.operation.person_key for e in self.hostile.effects if isinstance(e.operation, CreateAccount))
        assert not [key for key, count in made.items() if count > 1], "an account was made twice"
        assert not any(
            isinstance(e.operation, LinkAccount) and e.account_id == self.orphan.id for e in self.hostile.effects
        )
        self._nobody_at_work_is_locked_out()

    def _nobody_at_work_is_locked_out(self) -> None:
        for who, state in self._states().items():
            human = self.told.get(who)
            if state != "archived":
                self.put_away.discard(who)
            elif human is not None and human.missed >= 3:
                self.put_away.add(who)
            if state != "active":
                at_work = human is not None and human.status == "Active" and not human.latched and human.missed < 3
                assert not at_work or who in self.out | self.undone, f"{who} is at work and {state}"
                self.out.add(who)

    def _states(self) -> dict[str, str]:
        return {who: state for who, state in self.acme.accounts().items() if who not in {"", "never"}}

    def _expected(self, who: str, human: Human, had: str | None) -> str | None:
        if human.latched or (human.status == "Terminated"):
            away = who in self.put_away or (who in self.owed_away and had == "archived")
            return ("archived" if away else "suspended") if had else None
        if human.missed >= 3:
            return "archived" if had else None
        return "active" if human.hire <= self.today else had

    def _converge(self) -> None:
        """Two quiet nights after a reconcile the learning system is as the model says, whatever was changed by hand."""
        self._calm()
        with self.acme.ports() as ports:
            reconcile(ports, moment(f"{self.today}T13:30"))
        for _ in range(3):
            night = self._sync()
            assert night is not None
        states = self._states()
        for who, human in self.told.items():
            if who in self.undone:
                continue
            assert states.get(who) == self._expected(who, human, states.get(who)), (who, human, states.get(who))
            if states.get(who) == "active" and not human.missed:
                attributes = self.acme.account(who).attributes
                seen = (attributes["job_title"], attributes["given_name"], attributes["email"])
                assert seen == (human.title, human.name, human.email), (who, human, self.acme.account(who))
        # and then nothing is left to do
        left = [line for line in (self.acme.day(f"{self.today}T14:00").lines) if not line.endswith("held")]
        assert [line for line in left if line.split()[0] not in self.undone] == []

    def teardown(self) -> None:
        try:
            if self.hr:
                self._converge()
        finally:
            self.folder.cleanup()


#: what can happen on a day, and how often
HAPPENS = {
    Machine.hire: 2,
    Machine.prehire: 2,
    Machine.move: 4,
    Machine.rename: 2,
    Machine.get_another_address: 2,
    Machine.leave: 4,
    Machine.come_back: 4,
    Machine.vanish: 2,
    Machine.reappear: 1,
    Machine.spoil_or_mend_a_row: 3,
    Machine.edit_in_the_learning_system: 1,
    Machine.end_access_by_hand: 2,
    Machine.give_access_back_by_hand: 1,
    Machine.take_the_last_plan_back: 1,
}

QUICK = settings(
    max_examples=7,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


def test_whatever_happens_the_laws_hold() -> None:
    run_state_machine_as_test(Machine, settings=QUICK)


@pytest.mark.long
def test_whatever_happens_the_laws_hold_for_long() -> None:
    run_state_machine_as_test(Machine, settings=settings(QUICK, max_examples=300, stateful_step_count=40))
