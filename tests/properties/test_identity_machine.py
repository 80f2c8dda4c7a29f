"""People with several numbers, jobs and sources live while the learning system lies: nobody becomes somebody else.

The model knows who everybody really is. HR tells it by rows only: two sources, new numbers, leaves and rehires,
addresses that are given on, files that are broken or name a part of the people and of their jobs. Whatever happens in
whatever order, an account is one person's for ever, and the access of whoever was always at work never ends.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from joinery.core.model.operation import ArchiveAccount, SuspendAccount
from joinery.errors import JoineryError
from joinery.flows.policy import Ports
from joinery.flows.reconcile import reconcile
from joinery.store.people import People
from joinery_simulators.hostile import HostileTarget
from joinery_simulators.mischief import HONEST_WRITES, LOOK_UPS, Mischief, OnCommand, Seeded
from tests.stories.company import COLUMNS, FIELDS, Company, Row, moment, worker

BEGIN = date(2026, 1, 1)
WIDE = (*COLUMNS, "person_id", "job_id")
#: among them the two lies: "done" and was not, "failed" and was
BEFALLS = {*HONEST_WRITES, *LOOK_UPS, Mischief.LIE_FAILED, Mischief.LIE_DONE} - {Mischief.SLOW}
SOURCES = ("hris", "agency")


@dataclass(frozen=True, kw_only=True)
class Job:
    """One record of one person, as HR would write it today."""

    source: str
    number: str
    department: str
    hire: date
    end: date | None = None
    status: str = "Active"
    previous: str = ""
    #: second rows under the same number
    more: tuple[str, ...] = ()
    #: gone from the source's files
    gone: bool = False

    def at_work(self, today: date) -> bool:
        """On their last day somebody still is."""
        return self.status in {"Active", "On leave"} and not self.gone and (self.end is None or self.end >= today)


@dataclass(kw_only=True)
class Human:
    """Somebody, whatever their numbers. `key`: what HR calls them above all employments, if it does."""

    name: str
    key: str
    email: str
    jobs: list[Job] = field(default_factory=list)
    #: their address is or was another one's: they wait for an answer
    waits: bool = False
    #: nobody employed them on some day: their access may end
    out: bool = False


DICE = st.integers(min_value=0, max_value=1_000_000).map(Random)


class IdentityMachine(RuleBasedStateMachine):
    """The model on the left, the product and a learning system that lies on the right."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.inner = MemoryTarget(page_size=7)
        self.inner.edit(Account(id=AccountId(""), attributes={"email": "trainer@else.example"}))
        self.orphan = next(iter(self.inner.world.accounts.values()))
        self.hostile = HostileTarget(self.inner)
        fields = FIELDS | {"person_id": "person_id", "job_id": "job_id"}
        file = {"from": "file", "ready_when": "present", "fields": fields, "leavers_are": "both"}
        people = {name: file | {"path": f"./inbox/{name}_*.csv", "has_several_jobs": True} for name in SOURCES}
        self.acme = Company(
            Path(self.folder.name),
            settings={"people": people, "guards": "off", "kill_switch": {"per_hour": 1000}},
            learning={"groups_from": ["department"]},
            around=lambda _target: self.hostile,
            memory=self.inner,
        )
        self.today = BEGIN
        self.numbers = 0
        self.files = 0
        self.people: list[Human] = []
        #: account -> whose it is, since it was first seen
        self.owners: dict[str, str] = {}
        #: accounts to which access was ended at some time
        self.closed: set[str] = set()
        #: numbers that a good file has told
        self.told: set[str] = set()
        #: numbers of which a good file has told that they ended
        self.left: set[str] = set()

    # ------------------------------------------------------------ what HR does

    @initialize(count=st.integers(min_value=4, max_value=7))
    def a_company(self, count: int) -> None:
        for _ in range(count):
            self._newcomer("hris")
        self._newcomer("agency")
        self._sync()

    def _number(self) -> str:
        self.numbers += 1
        return f"{self.numbers:04}"

    def _newcomer(self, source: str, email: str = "", *, waits: bool = False) -> None:
        number = self._number()
        # every second one has a key above employments
        key = f"U{number}" if self.numbers % 2 else ""
        job = Job(source=source, number=number, department="Sales", hire=self.today)
        address = email or f"w{number}@acme.example"
        self.people.append(Human(name=f"N{number}", key=key, email=address, jobs=[job], waits=waits))

    def _working(self, dice: Random, *, keyed: bool = False, old: bool = True) -> tuple[Human, int] | None:
        found = [
            (human, n)
            for human in self.people
            for n, job in enumerate(human.jobs)
            if job.at_work(self.today) and (human.key or not keyed) and (job.hire < self.today or not old)
        ]
        return dice.choice(found) if found else None

    def hire(self, dice: Random) -> None:
        self._newcomer(dice.choice(SOURCES))

    def take_a_second_job(self, dice: Random) -> None:
        """In the other source, under a number of its own: only the key above employments says who it is."""
        if found := self._working(dice, keyed=True):
            human, n = found
            other = SOURCES[human.jobs[n].source == "hris"]
            if not any(job.source == other for job in human.jobs):
                human.jobs.append(Job(source=other, number=self._number(), department="Crew", hire=self.today))

    def take_more_hours(self, dice: Random) -> None:
        """A second row under the same number, or one less."""
        if found := self._working(dice):
            human, n = found
            human.jobs[n] = replace(human.jobs[n], more=() if human.jobs[n].more else ("Night shift",))

    def end_a_job(self, dice: Random) -> None:
        if found := self._working(dice):
            human, n = found
            human.jobs[n] = replace(human.jobs[n], status="Terminated", end=self.today)

    def go_on_leave_or_return(self, dice: Random) -> None:
        """From one of their jobs; access stays."""
        if found := self._working(dice):
            human, n = found
            word = "Active" if human.jobs[n].status == "On leave" else "On leave"
            human.jobs[n] = replace(human.jobs[n], status=word)

    def come_back(self, dice: Random) -> None:
        """Hired again under the last number, some days after a good file told that they had left."""
        held = {human.email for human in self.people if human.waits or self._is_at_work(human)}
        left = [
            human
            for human in self.people
            if human.jobs and human.out and not self._is_at_work(human) and human.email not in held
            if all(job.status == "Terminated" and job.number in self.left for job in human.jobs)
            if all(job.end is not None and job.end < self.today for job in human.jobs)
        ]
        if left:
            human = dice.choice(left)
            human.jobs[-1] = replace(human.jobs[-1], status="Active", hire=self.today, end=None, more=())

    def get_a_new_number(self, dice: Random) -> None:
        """The old row is gone in the same night."""
        if found := self._working(dice):
            human, n = found
            old = human.jobs[n]
            # two that both name one former number are held, and a number that no good file told leads to nobody
            if old.number in self.told and not any(job.previous == old.number for job in human.jobs):
                human.jobs[n] = replace(old, number=self._number(), previous=old.number)

    def become_an_employee(self, dice: Random) -> None:
        """One record ends, the next begins within three days, and names it."""
        if found := self._working(dice):
            human, n = found
            old = human.jobs[n]
            if old.number not in self.told or old.end or any(job.previous == old.number for job in human.jobs):
                return
            last = self.today + timedelta(days=dice.randint(1, 3))
            start = last + timedelta(days=dice.randint(1, 3))
            human.jobs[n] = replace(old, end=last)
            number = self._number()
            human.jobs.append(replace(old, number=number, previous=old.number, hire=start, more=()))

    def change_address(self, dice: Random) -> None:
        if found := self._working(dice):
            human = found[0]
            if not human.waits:
                human.email = f"{human.name}.{self._number()}@acme.example".lower()

    def swap_addresses(self, dice: Random) -> None:
        # a newcomer with an address that was another's is held, so both must be known by their accounts
        known = [human for human in self.people if self._account(human) is not None]
        calm = [human for human in known if not human.waits and self._is_at_work(human)]
        if len(calm) > 1:
            one, two = dice.sample(calm, 2)
            one.email, two.email = two.email, one.email

    def give_an_address_on(self, dice: Random) -> None:
        """A newcomer gets the address of somebody who has left."""
        gone = [human for human in self.people if human.jobs and not self._is_at_work(human) and not human.waits]
        taken = {human.email for human in self.people if self._is_at_work(human)}
        free = [human for human in gone if human.email not in taken]
        if free:
            self._newcomer("hris", dice.choice(free).email, waits=True)

    def _is_at_work(self, human: Human) -> bool:
        return any(job.at_work(self.today) for job in human.jobs)

    # ------------------------------------------------------------ runs

    @rule(dice=DICE)
    def a_day_and_a_night(self, dice: Random) -> None:
        for happens in dice.choices(*zip(*HAPPENS.items(), strict=True), k=dice.randint(1, 4)):
            happens(self, dice)
        chance = dice.choice([0.0, 0.3, 0.7])
        self.hostile.mood = Seeded(seed=dice.randint(0, 10_000), chance=chance, among=BEFALLS, calms_after=12)
        broken = dice.choice([*SOURCES, *SOURCES, *["none"] * 6])
        partial = {source for source in SOURCES if dice.random() < 0.2}
        self._sync(broken=broken, partial=partial, dice=dice)
        self.hostile.mood = OnCommand()

    def _sync(self, *, broken: str = "none", partial: Iterable[str] = (), dice: Random | None = None) -> None:
        self.today += timedelta(days=1)
        for human in self.people:
            human.out |= not any(job.at_work(self.today) and job.hire <= self.today for job in human.jobs)
        for source in SOURCES:
            self._drop(source, broken=source == broken, partial=source in partial, dice=dice)
        try:
            self.acme.day(str(self.today))
        except JoineryError:
            pass
        self._hold_always()

    def _drop(self, source: str, *, broken: bool, partial: bool, dice: Random | None) -> None:
        self.files += 1
        rows = [
            row for human in self.people for job in human.jobs if job.source == source for row in self._rows(human, job)
        ]
        kind = "changes" if partial else "full"
        name = f"{source}_acme_{kind}_{self.today:%Y%m%d}T{self.files % 24:02}0000Z_{self.files:04}.csv"
        # a person whom nobody else is, so that no two files are the same
        first = worker(f"{source}-never") | {"given_name": f"F{self.files}", "work_email": f"never@{source}.example"}
        if broken:
            self.acme.drop_text(",".join(WIDE) + '\n"cut in the mid', name=name)
            return
        if partial and dice is not None:
            rows = [row for row in rows if dice.random() < 0.5]
        self.acme.drop([first, *rows], name=name, columns=WIDE)
        self.told.update(row["worker_id"] for row in rows)
        self.left.update(row["worker_id"] for row in rows if row["status"] == "Terminated")

    def _rows(self, human: Human, job: Job) -> Iterable[Row]:
        if job.gone:
            return
        for n, department in enumerate((job.department, *job.more)):
            yield worker(
                job.number,
                person_id=human.key,
                previous_id=job.previous,
                given_name=human.name,
                family_name="Same",
                work_email=human.email,
                status="Pre-hire" if job.hire > self.today else job.status,
                hire_date=str(job.hire),
                termination_date=str(job.end or ""),
                department=department,
                job_id=str(n),
            )

    # ------------------------------------------------------------ the laws

    def _by_number(self) -> dict[str, Human]:
        """Every number anybody ever had."""
        found = {job.number: human for human in self.people for job in human.jobs}
        return found | {job.previous: human for human in self.people for job in human.jobs if job.previous}

    def _hold_always(self) -> None:
        accounts = self.inner.world.accounts
        assert accounts[self.orphan.id] == self.orphan, "an account of nobody was touched"
        people = self._by_number()
        each: dict[str, list[str]] = {}
        for account in accounts.values():
            number = account.worker_id
            if number not in people:
                continue
            owner = people[number].name
            assert self.owners.setdefault(account.id, owner) == owner, f"{account.id} has become somebody else's"
            each.setdefault(owner, []).append(account.id)
        assert not [owner for owner, ids in each.items() if len(ids) > 1], f"somebody has two accounts: {each}"
        for effect in self.hostile.effects:
            assert effect.account_id is not None
            owned = accounts[effect.account_id].external_id
            assert owned == effect.operation.person_key, "an operation on an account that is not theirs"
            if isinstance(effect.operation, SuspendAccount | ArchiveAccount):
                self.closed.add(effect.account_id)
        for human in self.people:
            account = self._account(human)
            assert human.out or account is None or account.id not in self.closed, f"{human} was always at work"

    def _account(self, human: Human) -> Account | None:
        mine = [self.inner.world.accounts[AccountId(a)] for a, owner in self.owners.items() if owner == human.name]
        return mine[0] if mine else None

    def _converge(self) -> None:
        """After calm nights, and a look at what is really there, everybody at work is in and nobody else."""
        for _ in range(2):
            self._sync()
        with self.acme.open(str(self.today)) as it:
            reconcile(it.ports, moment(f"{self.today}T18:00"))
            self._look_at_everybody(it.ports)
        for _ in range(3):
            self._sync()
        with self.acme.ports() as ports, ports.database.read() as connection:
            from joinery.store.connections import load_state

            vanished = set(load_state(connection, ports.policy.name).extra.get("vanished", ()))
        for human in self.people:
            account = self._account(human)
            if human.waits:
                assert account is None, f"{human} has an account of somebody else, or was not asked about"
            elif self._is_at_work(human):
                if account is None or account.id in vanished:
                    assert vanished, f"{human} has no account"
                    continue
                assert str(account.state) == "active", (human, account)
                # what somebody else's account holds (a leaver keeps theirs) is not taken from it
                taken = any(a.email == human.email for a in self.inner.world.accounts.values() if a.id != account.id)
                assert taken or account.email == human.email, (human, account)
                assert account.attributes["given_name"] == human.name
                here = [job for job in human.jobs if job.at_work(self.today) and job.hire <= self.today]
                assert account.groups >= {name for job in here for name in job.more}, (human, account)
            elif account is not None and account.id not in vanished and not self._in_question(human):
                assert str(account.state) in {"suspended", "archived"}, (human, account)

    @staticmethod
    def _look_at_everybody(ports: Ports) -> None:
        """As after a change of rules: what was "done" and is not shows when somebody is looked at again."""
        with ports.database.write() as connection:
            people = People(connection, ports.policy.name)
            people.mark(people.everybody(), unsettled=True)

    def _in_question(self, leaver: Human) -> bool:
        """Somebody at work since then has their address: until a person answers, their access stays."""
        return any(human.waits and human.email == leaver.email for human in self.people)

    def teardown(self) -> None:
        try:
            if self.people:
                self._converge()
        finally:
            self.folder.cleanup()


HAPPENS = {
    IdentityMachine.hire: 2,
    IdentityMachine.take_a_second_job: 3,
    IdentityMachine.take_more_hours: 2,
    IdentityMachine.end_a_job: 4,
    IdentityMachine.go_on_leave_or_return: 2,
    IdentityMachine.come_back: 3,
    IdentityMachine.get_a_new_number: 3,
    IdentityMachine.become_an_employee: 3,
    IdentityMachine.change_address: 2,
    IdentityMachine.swap_addresses: 2,
    IdentityMachine.give_an_address_on: 2,
}

QUICK = settings(
    max_examples=4,
    stateful_step_count=6,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


def test_whoever_gets_whatever_number_an_account_is_one_persons_for_ever() -> None:
    run_state_machine_as_test(IdentityMachine, settings=QUICK)


@pytest.mark.long
def test_whoever_gets_whatever_number_an_account_is_one_persons_for_long() -> None:
    """About 1,200 nights: five minutes of one core that is otherwise idle, and five more when there is something to
    make small."""
    run_state_machine_as_test(IdentityMachine, settings=settings(QUICK, max_examples=40, stateful_step_count=30))
