"""Lives told by files, by changes, by pushes and ahead of time, to two entities that number their people alike.

After every night the model (`told.py`) says who is in and who is not, and so must the learning system. The learning
system is honest here: `test_machine.py` and `test_identity_machine.py` have the ones that are not.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from joinery.flows.push import News, tell
from tests.properties.hr import NAMES, Human, Row
from tests.properties.told import (
    ABSENT,
    AHEAD,
    EITHER,
    GARDEN,
    GONE,
    LEAVE,
    OFF,
    OUT,
    WORK,
    Cells,
    Policy,
    Told,
    day_in,
    soon,
)  # fmt: skip
from tests.stories.company import COLUMNS, FIELDS, Company, Night, moment, worker

BEGIN = date(2026, 1, 1)
ENTITIES = ("FR", "DE")
WIDE = (*COLUMNS, "legal_entity", "effective_date")
DICE = st.integers(min_value=0, max_value=1_000_000).map(Random)
SHOWN = ("job_title", "given_name")
#: what HR dates ahead
AHEADS = ("title", "garden", "leave", "back", "end")


class Lives(RuleBasedStateMachine):
    """The model on the left, the product on the right."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.inner = MemoryTarget(page_size=7)
        self.today, self.files, self.file_is_written = BEGIN, 0, False
        self.numbers: Counter[str] = Counter()
        self.hr: list[Human] = []
        self.told: dict[str, Told] = {}
        #: of whom a plan was taken back: their cells and standing then, and their account since
        self.undone: dict[str, tuple[Cells, str, Account]] = {}
        #: of whom something else was told after that
        self.moved_on: set[str] = set()

    @initialize(count=st.integers(min_value=2, max_value=4), dice=DICE)
    def a_company(self, count: int, dice: Random) -> None:
        self.policy = Policy(leave=dice.choice(["keep", "suspend"]), garden=dice.choice(["keep", "suspend", "suspend"]))
        columns = {name: name for name in WIDE}
        self.acme = Company(
            Path(self.folder.name),
            settings={
                "guards": "off",
                "kill_switch": {"per_hour": 1000, "push_per_hour": 1000},
                "triggers": {"leave": {"access": self.policy.leave, "garden": self.policy.garden}},
            },
            people={"fields": FIELDS | columns, "numbering": "per_entity"},
            memory=self.inner,
        )
        for _ in range(count):
            self._newcomer(ENTITIES[0])
            self._newcomer(ENTITIES[1])
        self._night(Random(0), calm=True)

    # ------------------------------------------------------------ what HR does

    def _newcomer(self, entity: str, hire: date | None = None) -> None:
        cells = dict.fromkeys(NAMES, "") | {"status": "Active", "job_title": "Clerk", "given_name": "Ana"}
        cells["hire_date"] = str(hire or self.today)
        self.hr.append(Human(entity=entity, number=self._number(entity), now=cells))

    def _number(self, entity: str) -> str:
        """Each entity counts by itself."""
        self.numbers[entity] += 1
        return f"{self.numbers[entity]:04}"

    def _at_work(self) -> list[Human]:
        """Of whom it was told that they are at work, and are still."""
        known = [human for human in self.hr if human.key in self.told and human.present]
        return [h for h in known if h.now["status"] != GONE and self.told[h.key].stood in {WORK, OFF}]

    def _one(self, dice: Random) -> Human | None:
        found = self._at_work()
        return dice.choice(found) if found else None

    def hire(self, dice: Random) -> None:
        self._newcomer(dice.choice(ENTITIES), soon(self.today, dice.choice([0, 0, 1, 3])))

    def move_or_rename(self, dice: Random) -> None:
        if human := self._one(dice):
            if dice.random() < 0.5:
                human.set(job_title=dice.choice(["Clerk", "Head", "Chief"]))
            else:
                human.set(given_name=dice.choice(["Ana", "Bea", "Cleo"]))

    def go_on_leave_or_return(self, dice: Random) -> None:
        if human := self._one(dice):
            away = human.now["status"] != "Active"
            status = "Active" if away else dice.choice([GARDEN, LEAVE])
            human.forget_later()
            human.set(status=status, leave_class=dice.choice(["", "keep", "suspend"]) if status == LEAVE else "")

    def go_to_the_other_entity(self, dice: Random) -> None:
        """Under a number of its own; the row names the former one. The file of that day does so in any case."""
        human = self._one(dice)
        if human is not None and not (human.bad or self._ends_or_begins(human) or self.file_is_written):
            human.previous, human.entity = human.key, ENTITIES[human.entity == ENTITIES[0]]
            human.number = self._number(human.entity)
            human.forget_later()
            human.set()

    def leave(self, dice: Random) -> None:
        """At once, with a day that comes, or on notice until one."""
        if (human := self._one(dice)) and day_in(human.now["hire_date"]) < self.today:  # type: ignore[operator]
            human.forget_later()
            last = str(soon(self.today, dice.choice([0, 0, 1, 2])))
            if dice.random() < 0.6:
                human.set(status=GONE, termination_date=dice.choice([last, ""]))
            else:
                human.set(termination_date=str(soon(self.today, dice.choice([1, 2, 3]))))

    def take_an_end_back(self, dice: Random) -> None:
        ended = [h for h in self.hr if h.key in self.told and (h.now["status"] == GONE or h.now["termination_date"])]
        if ended:
            dice.choice(ended).set(status="Active", termination_date="")

    def come_back(self, dice: Random) -> None:
        left = [h for h in self.hr if h.now["status"] == GONE and h.key in self.told and self.told[h.key].stood == OUT]
        if left:
            dice.choice(left).set(status="Active", termination_date="", hire_date=str(self.today))

    def _ends_or_begins(self, human: Human) -> bool:
        return bool(human.now["termination_date"]) or day_in(human.now["hire_date"]) > self.today  # type: ignore[operator]

    def announce_a_return(self, dice: Random) -> None:
        """Of somebody whose end is to come, as was told."""
        end = "termination_date"
        ends = [h for h in self.hr if h.now[end] >= str(self.today) and h.present and h.key in self.told]
        known = [(h, self.told[h.key]) for h in ends]
        if some := [h for h, told in known if told.stood in {WORK, OFF} and told.cells[end] == h.now[end]]:
            human = dice.choice(some)
            human.forget_later()
            human.before_return = dict(human.now)
            on = str(soon(date.fromisoformat(human.now[end]), dice.choice([1, 1, 2, 3])))
            human.set(status="Active", leave_class="", termination_date="", hire_date=on)

    def call_a_return_off(self, dice: Random) -> None:
        if some := [h for h in self.hr if day_in(h.now["hire_date"]) > self.today and h.before_return]:  # type: ignore[operator]
            human = dice.choice(some)
            human.set(**human.before_return)

    def decide_ahead(self, dice: Random) -> None:
        if (human := self._one(dice)) and not self._ends_or_begins(human):
            on = soon(self.today, dice.choice([1, 2, 3, 5]))
            match dice.choice(AHEADS):
                case "title":
                    human.decide(on, job_title=dice.choice(["Clerk", "Head", "Chief"]))
                case "garden":
                    human.decide(on, status=GARDEN, leave_class="")
                case "leave":
                    human.decide(on, status=LEAVE, leave_class=dice.choice(["", "keep", "suspend"]))
                case "back":
                    human.decide(on, status="Active", leave_class="")
                case _:
                    human.decide(on, status=GONE)

    def take_back_or_move_what_is_decided(self, dice: Random) -> None:
        if decided := [human for human in self.hr if human.on is not None]:
            human = dice.choice(decided)
            if dice.random() < 0.5:
                human.forget_later()
            else:
                human.on = soon(self.today, dice.choice([1, 2, 4]))

    def vanish_or_reappear(self, dice: Random) -> None:
        human = dice.choice(self.hr)
        human.present = not human.present

    def spoil_or_mend_a_row(self, dice: Random) -> None:
        human = dice.choice(self.hr)
        # one that says who they were before is told once first: a question of who it is, not of what is bad
        human.bad = not human.bad and (not human.previous or human.key in self.told)

    # ------------------------------------------------------------ files and pushes

    def _rows(self) -> list[Row]:
        rows = []
        for human in self.hr:
            if human.present:
                dated = human.on is not None
                cells = human.now | human.later if dated else dict(human.now)
                rows.append(Row(human=human, cells=cells, on=human.on if dated else human.since, bad=human.bad))
        return rows

    def _of_changes(self, rows: Iterable[Row], dice: Random) -> list[Row]:
        """Some of them; what is decided ahead may be left for another day's file."""
        some = [row for row in rows if dice.random() < 0.5]
        undated = [dice.random() < 0.4 for _ in some]
        return [
            Row(human=row.human, cells=dict(row.human.now), on=row.human.since, bad=row.bad) if plain else row
            for row, plain in zip(some, undated, strict=True)
        ]

    def _push(self, dice: Random, at: datetime) -> None:
        """Something happens to somebody, and HR's system says so at once: all of it, or what has changed."""
        self._live(dice, 1)
        human = dice.choice([human for human in self.hr if human.present] or self.hr)
        known = self.told.get(human.key)
        row = Row(human=human, cells=human.now | human.later, on=human.on or human.since, bad=human.bad)
        if known is not None and known.cells and human.on is None and dice.random() < 0.6:
            changed = {name: value for name, value in human.now.items() if value != known.cells[name]}
            row = Row(human=human, cells=changed or {"job_title": human.now["job_title"]}, on=None)
        before = dict(self.inner.world.accounts)
        self.acme.clock = lambda: at
        with self.acme.open(at.isoformat()) as it:
            (source,) = it.ports.sources.values()
            text = self._texts(row) if row.cells.keys() == set(NAMES) else row.text()
            tell(it.ports, source, News(door="push", name=str(at), records=[text], received_at=at))
        known = self._known(human)
        if row.bad:
            known.bad_row(row.cells, row.on, self.today, old=False)
        else:
            known.push(row.cells, row.on, self.today)
        now = known.night(self.today) if known.cells else AHEAD
        # whose change of number was taken back has the former one still
        theirs = {human.key, *known.former}
        for key, account in self._accounts().items():
            if key in theirs and human.key in self.undone:
                continue
            if key in theirs and now == OUT and row.bad and row.cells.get("status") != GONE:
                continue  # it said nothing, and an end of today fires at its instant: here with the nightly run
            if key in theirs and now == OUT:
                assert str(account.state) != "active", f"{key} was pushed as gone and is in"
            elif key not in theirs or now != EITHER:
                assert account == before[account.id], f"a push of {human.key} touched {key}"

    def _texts(self, row: Row) -> dict[str, str]:
        human = row.human
        ordinary = worker(human.number, work_email=f"{human.entity}.{human.number}@acme.example".lower())
        return ordinary | row.text()

    def _known(self, human: Human) -> Told:
        """What is told of somebody; under a new number it is what was told under the former one."""
        if human.previous in self.told and human.key not in self.told:
            known = self.told[human.key] = self.told.pop(human.previous)
            known.former, known.waiting = known.former | {human.previous}, {}
            if human.previous in self.undone:
                self.undone[human.key] = self.undone.pop(human.previous)
                self.moved_on.add(self.undone[human.key][2].id)
        return self.told.setdefault(human.key, Told(policy=self.policy))

    # ------------------------------------------------------------ days and nights

    def _live(self, dice: Random, times: int) -> None:
        for happens in dice.choices(*zip(*HAPPENS.items(), strict=True), k=times):
            happens(self, dice)

    @rule(dice=DICE)
    def a_day_and_a_night(self, dice: Random) -> None:
        self.today += timedelta(days=1)
        for known in self.told.values():
            known.pushed, known.pushed_on = frozenset(), frozenset()
        for human in self.hr:
            if human.on is not None and human.on <= self.today:
                human.now, human.since = human.now | human.later, human.on
                human.forget_later()
        self._live(dice, dice.randint(1, 4))
        self._night(dice)

    def _at(self, hour: int, minute: int = 0) -> datetime:
        return moment(f"{datetime.combine(self.today, time(hour, minute)):%Y-%m-%dT%H:%M}")

    def _night(self, dice: Random, *, calm: bool = False) -> None:
        """A file is written, early or late; what happens meanwhile may be pushed; then the nightly run reads it."""
        kind = "full" if calm else dice.choice(["full"] * 6 + ["changes"] * 3 + ["none"])
        early = not calm and dice.random() < 0.3
        rows, self.file_is_written = self._rows() if early else [], early
        for minute in range(0 if calm else dice.choice([0, 0, 1, 2])):
            self._push(dice, self._at(3, minute))
        rows, self.file_is_written = rows if early else self._rows(), False
        if kind != "none":
            rows = rows if kind == "full" else self._of_changes(rows, dice)
            self._drop(rows, kind, self._at(2 if early else 4))
            self._read(rows, early=early, full=kind == "full")
        before = dict(self.inner.world.accounts)
        night = self._run(dice)
        self._holds(night)
        if night.plan and not calm and dice.random() < 0.15:
            self._take_back(night, before)

    def _drop(self, rows: Iterable[Row], kind: str, at: datetime) -> None:
        self.files += 1
        # somebody whom nobody else is, so that no two files are the same
        never = worker("never", given_name=f"F{self.files}", work_email="never@acme.example", legal_entity="FR")
        texts = [never, *map(self._texts, rows)]
        self.acme.drop(texts, name=f"hr_acme_{kind}_{at:%Y%m%dT%H%M%S}Z.csv", columns=WIDE)

    def _read(self, rows: Iterable[Row], *, early: bool, full: bool) -> None:
        named = set()
        for row in rows:
            named.add(row.human.key)
            known = self._known(row.human)
            cells = {name: cell for name, cell in row.cells.items() if not (early and name in known.pushed)}
            if row.bad:
                known.bad_row(cells, row.on, self.today, old=early)
            elif cells:
                known.row(cells, row.on, self.today, full=full, old=early)
        for key, known in self.told.items():
            if full and key not in named and known.cells and not (early and known.pushed):
                known.dawn(self.today)
                known.absent()

    def _run(self, dice: Random) -> Night:
        at = self._at(5)
        self.acme.clock = lambda: at
        shown = self.acme.look(at.isoformat()) if dice.random() < 0.25 else None
        night = self.acme.day(at.isoformat())
        if shown is not None:
            assert _whats(shown) == _whats(night), "the plan that was shown is not what was attempted"
        assert {line.state for line in night.stored} <= {"done", "skipped"}, night.lines
        return night

    # ------------------------------------------------------------ the laws

    def _accounts(self) -> dict[str, Account]:
        self.acme.accounts()  # no number twice
        named = {str(account.worker_id): account for account in self.inner.world.accounts.values()}
        return {key: account for key, account in named.items() if key != "FR/never"}

    def _holds(self, night: Night) -> None:
        accounts = self._accounts()
        numbers = {number for key, known in self.told.items() for number in {key, *known.former}}
        assert accounts.keys() <= numbers, "somebody has an account whom nobody told of"
        for key, known in self.told.items():
            if known.cells:
                self._is_as_told(key, known, accounts.get(key))
        left = Counter(event.split()[0] for event in self.acme.events(kinds=["leaver"]))
        for key, known in self.told.items():
            if known.cells and known.stands(self.today) != EITHER:
                times = sum(left[number] for number in {key, *known.former})
                most = known.leavings + known.perhaps
                assert known.leavings <= times <= most, f"{key} left {known.leavings} to {most} times, told: {times}"

    def _is_as_told(self, key: str, known: Told, account: Account | None) -> None:
        now = known.night(self.today)
        state = str(account.state) if account is not None else ""
        if key in self.undone:
            cells, stood, then = self.undone[key]
            account = self.inner.world.accounts[then.id]
            if (cells, stood) != (known.cells, now):
                self.moved_on.add(then.id)
            if then.id not in self.moved_on:
                assert account == then, f"{key}: what was taken back was done again"
            elif now in {OUT, ABSENT} and now != stood:
                assert str(account.state) != "active", f"{key} is {now} and in"
            return
        match now:
            case "work":
                assert state == "active", f"{key} is at work and {state or 'without an account'}: {known}"
                shown = [account.attributes[name] for name in SHOWN] if account else []
                assert shown == [known.cells[name] for name in SHOWN], (key, known, account)
            case "ahead":
                assert state != "active", f"{key} is to come and has access: {known}"
            case "absent":
                assert state in {"", "archived"}, f"{key} is absent and {state}: {known}"
            case "off" | "out":
                assert state != "active", f"{key} is {now} and has access: {known}"
            case _:
                pass

    def _take_back(self, night: Night, before: Mapping[AccountId, Account]) -> None:
        """Whoever was there is as before, and whoever was new is out of sight."""
        at = self._at(6)
        self.acme.clock = lambda: at
        named = self._accounts()
        # whose change of number was taken back has the former one still
        numbers = {key: (key, *known.former) for key, known in self.told.items()}
        theirs = {key: named[one] for key, some in numbers.items() for one in some if one in named}
        self.acme.undo(night.plan, at.isoformat())
        for key in {str(line.line.worker_id) for line in night.stored} & theirs.keys():
            account, was = self.inner.world.accounts[theirs[key].id], before.get(theirs[key].id)
            if was is None:
                assert str(account.state) != "active", f"{key} was new, and is in after it was taken back"
            else:
                # an archived account that was suspended before could not sign in either way, and stays
                closed = {str(account.state), str(was.state)} == {"archived", "suspended"}
                assert account.state == was.state or closed, f"{key} is {account.state}, and was {was.state}"
                assert account.attributes == was.attributes, f"{key} is not as before"
            known, shut = self.told[key], str(theirs[key].state) != "active"
            stood = known.stands(self.today)
            # an end that came on the evening of the last day was taken back, and does not come again at night
            stood = OUT if stood == EITHER and shut else stood
            self.undone[key] = dict(known.cells), stood, account
            self.moved_on.discard(account.id)

    def teardown(self) -> None:
        self.folder.cleanup()


def _whats(night: Night) -> list[tuple[str, str, object]]:
    return [(line.line.worker_id, line.line.action, line.line.operation) for line in night.stored]


HAPPENS = {
    Lives.hire: 2,
    Lives.move_or_rename: 3,
    Lives.go_on_leave_or_return: 4,
    Lives.go_to_the_other_entity: 1,
    Lives.leave: 4,
    Lives.take_an_end_back: 2,
    Lives.come_back: 2,
    Lives.announce_a_return: 3,
    Lives.call_a_return_off: 1,
    Lives.decide_ahead: 4,
    Lives.take_back_or_move_what_is_decided: 1,
    Lives.vanish_or_reappear: 2,
    Lives.spoil_or_mend_a_row: 2,
}

QUICK = settings(
    max_examples=2,
    stateful_step_count=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


def test_after_every_night_everybody_is_as_they_were_told() -> None:
    run_state_machine_as_test(Lives, settings=QUICK)


@pytest.mark.long
def test_after_every_night_everybody_is_as_they_were_told_for_long() -> None:
    """Up to 3,000 nights, a quarter of a second of processor time each."""
    run_state_machine_as_test(Lives, settings=settings(QUICK, max_examples=100, stateful_step_count=30))
