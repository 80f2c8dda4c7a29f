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

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from joinery.core.model.operation import CreateAccount, LinkAccount
from joinery.errors import JoineryError
from joinery.store.tables import plan_lines
from joinery_simulators.hostile import HostileTarget
from joinery_simulators.mischief import HONEST_WRITES, LOOK_UPS, Mischief, OnCommand, Seeded
from tests.stories.company import Company, Night, worker

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
        #: taken back by hand, or edited by hand: the plain expectation does not hold for them
        self.undone: set[str] = set()
        self.edited: set[str] = set()
        #: were suspended or archived at some time: a way back may still be under way
        self.out: set[str] = set()
        self.last_plan = ""

    # ------------------------------------------------------------ what HR and others do

    @initialize(count=st.integers(min_value=1, max_value=6))
    def a_company(self, count: int) -> None:
        for _ in range(count):
            self._new()
        self._sync()

    def _new(self, **values: object) -> None:
        self.numbers += 1
        who = f"{self.numbers:04}"
        self.hr[who] = replace(Human(email=f"w{who}.0@acme.example"), **values)  # type: ignore[arg-type]

    def _some(self, data: st.DataObject, who: Iterable[str]) -> str | None:
        found = sorted(who)
        return data.draw(st.sampled_from(found)) if found else None

    def _at_work(self) -> list[str]:
        return [who for who, human in self.hr.items() if human.status == "Active" and human.present]

    def _change(self, who: str | None, **values: object) -> None:
        if who is not None:
            self.hr[who] = replace(self.hr[who], **values)  # type: ignore[arg-type]

    @rule()
    def hire(self) -> None:
        self._new(hire=self.today)

    @rule(days=st.integers(min_value=1, max_value=4))
    def prehire(self, days: int) -> None:
        self._new(hire=self.today + timedelta(days=days))

    @rule(data=st.data(), title=st.sampled_from(["Clerk", "Head", "Chief"]))
    def move(self, data: st.DataObject, title: str) -> None:
        self._change(self._some(data, self._at_work()), title=title)

    @rule(data=st.data(), name=st.sampled_from(["Ana", "Bea", "Cleo"]))
    def rename(self, data: st.DataObject, name: str) -> None:
        self._change(self._some(data, self._at_work()), name=name)

    @rule(data=st.data(), number=st.integers(min_value=1, max_value=3))
    def get_another_address(self, data: st.DataObject, number: int) -> None:
        if who := self._some(data, self._at_work()):
            self._change(who, email=f"w{who}.{number}@acme.example")

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        started = [who for who in self._at_work() if self.hr[who].hire < self.today]
        self._change(self._some(data, started), status="Terminated", end=self.today)

    @rule(data=st.data())
    def vanish(self, data: st.DataObject) -> None:
        started = [who for who in self._at_work() if self.told.get(who) and self.hr[who].hire < self.today]
        self._change(self._some(data, started), present=False)

    @rule(data=st.data())
    def reappear(self, data: st.DataObject) -> None:
        self._change(self._some(data, (who for who, human in self.hr.items() if not human.present)), present=True)

    @rule(data=st.data())
    def come_back(self, data: st.DataObject) -> None:
        """Hired again, some time after a file told that they had left."""
        left = [
            who
            for who, human in self.hr.items()
            if human.status == "Terminated" and human.end and human.end < self.today and not human.latched
            if who in self.told and self.told[who].status == "Terminated"
        ]
        self._change(self._some(data, left), status="Active", hire=self.today, end=None)

    @rule(data=st.data(), bad=st.booleans())
    def spoil_or_mend_a_row(self, data: st.DataObject, bad: bool) -> None:
        self._change(self._some(data, self.hr), bad=bad)

    @rule(data=st.data())
    def edit_in_the_learning_system(self, data: st.DataObject) -> None:
        who = self._some(data, (a.worker_id for a in self.inner.world.accounts.values() if a.worker_id))
        if who is not None:
            account = self.acme.account(who)
            self.acme.lms().edit_with(account.id, attributes={**account.attributes, "job_title": "By hand"})
            self.edited.add(who)

    @rule(data=st.data())
    def end_access_by_hand(self, data: st.DataObject) -> None:
        known = [who for who in self._at_work() if who in self.told and not self.hr[who].latched]
        if who := self._some(data, known):
            self._calm()
            self.acme.end_access(who)
            self._change(who, latched=True)
            self.told[who] = replace(self.told[who], latched=True)

    @rule(data=st.data())
    def give_access_back_by_hand(self, data: st.DataObject) -> None:
        if who := self._some(data, (who for who, human in self.told.items() if human.latched)):
            self.acme.release_access(who)
            self._change(who, latched=False)
            self.told[who] = replace(self.told[who], latched=False)

    # ------------------------------------------------------------ runs

    @rule()
    def a_quiet_night(self) -> None:
        self._calm()
        self._sync()

    @rule(seed=st.integers(min_value=0, max_value=10_000), chance=st.sampled_from([0.3, 0.6, 1.0]))
    def a_night_of_mischief(self, seed: int, chance: float) -> None:
        self.hostile.mood = Seeded(seed=seed, chance=chance, among=BEFALLS, calms_after=12)
        self._sync()
        self._calm()

    @precondition(lambda self: self.last_plan)
    @rule()
    def take_the_last_plan_back(self) -> None:
        self._calm()
        with self.acme.ports() as ports, ports.database.read() as connection:
            rows = connection.execute(select(plan_lines.c.worker_id).where(plan_lines.c.plan_id == self.last_plan))
            self.undone |= set(rows.scalars())
        self.acme.undo(self.last_plan, f"{self.today}T13:00")
        self.last_plan = ""
        self._hold_always()

    @rule()
    def two_quiet_nights_and_all_is_as_it_should_be(self) -> None:
        self._converge()

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
            self._hold_always()
            return None
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
            if not human.present:
                if known is not None and known.status == "Active":
                    self.told[who] = replace(known, missed=known.missed + 1)
            elif not human.bad:
                self.told[who] = replace(human, missed=0)
            elif known is not None and human.status == "Terminated":
                self.told[who] = replace(known, status="Terminated", end=human.end, missed=0)

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
            if state != "active":
                human = self.told.get(who)
                at_work = human is not None and human.status == "Active" and not human.latched and human.missed < 3
                assert not at_work or who in self.out | self.undone, f"{who} is at work and {state}"
                self.out.add(who)

    def _states(self) -> dict[str, str]:
        return {who: state for who, state in self.acme.accounts().items() if who not in {"", "never"}}

    def _expected(self, human: Human, had: str | None) -> str | None:
        if human.latched or (human.status == "Terminated"):
            return "suspended" if had else None
        if human.missed >= 3:
            return "archived" if had else None
        return "active" if human.hire <= self.today else had

    def _converge(self) -> None:
        """Two quiet nights later the learning system is as the model says."""
        self._calm()
        for _ in range(3):
            night = self._sync()
            assert night is not None
        states = self._states()
        for who, human in self.told.items():
            if who in self.undone:
                continue
            assert states.get(who) == self._expected(human, states.get(who)), (who, human, states.get(who))
            if states.get(who) == "active" and who not in self.edited and not human.missed:
                attributes = self.acme.account(who).attributes
                seen = (attributes["job_title"], attributes["given_name"], attributes["email"])
                assert seen == (human.title, human.name, human.email), who
        # and then nothing is left to do
        left = [line for line in (self.acme.day(f"{self.today}T14:00").lines) if not line.endswith("held")]
        assert [line for line in left if line.split()[0] not in self.undone] == []

    def teardown(self) -> None:
        try:
            if self.hr:
                self._converge()
        finally:
            self.folder.cleanup()


QUICK = settings(
    max_examples=12,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


def test_whatever_happens_the_laws_hold() -> None:
    run_state_machine_as_test(Machine, settings=QUICK)


@pytest.mark.long
def test_whatever_happens_the_laws_hold_for_long() -> None:
    run_state_machine_as_test(Machine, settings=settings(QUICK, max_examples=300, stateful_step_count=40))
