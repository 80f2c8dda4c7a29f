"""A company in a temporary folder, told day by day: HR's exports go in, what became of people comes out.

Everything runs in process through the same doors as the commands: `app.wiring.opened` and the flows. What the
learning system holds is read from the learning system itself (its file), never from Joinery's own memory.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from joinery.app.wiring import Opened, opened
from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account
from joinery.flows.apply import Applied, apply_approved, approve
from joinery.flows.look import look
from joinery.flows.person import Word, end_access, release_access
from joinery.flows.policy import Ports
from joinery.flows.sync import SyncReport, sync
from joinery.flows.undo import make_undo
from joinery.kit.contract import Completion
from joinery.store.connections import load_state
from joinery.store.events import events_between
from joinery.store.findings import open_findings
from joinery.store.mails import Mails
from joinery.store.people import People, Person
from joinery.store.plans import StoredLine, lines_of
from joinery.store.tables import plans
from tests.stories.inline import InlineEngine

COLUMNS = (
    "worker_id",
    "previous_id",
    "given_name",
    "family_name",
    "work_email",
    "status",
    "hire_date",
    "termination_date",
    "job_title",
    "department",
    "location",
    "country",
    "time_zone",
    "manager_id",
    "employment_type",
    "leave_class",
)
FIELDS = {name: name for name in COLUMNS}
LONG_AGO = date(1990, 1, 1), date(2100, 1, 1)

Row = dict[str, str]


def worker(number: int | str, **values: str) -> Row:
    """An ordinary employee; `values` are what is not ordinary. Cells are text, as in an export."""
    worker_id = number if isinstance(number, str) else f"{number:04}"
    ordinary = {
        "worker_id": worker_id,
        "given_name": f"Given{worker_id}",
        "family_name": f"Family{worker_id}",
        "work_email": f"w{worker_id}@acme.example",
        "status": "Active",
        "hire_date": "2020-01-15",
        "job_title": "Clerk",
        "department": "Sales",
        "location": "Lille",
        "employment_type": "Permanent",
    }
    return dict.fromkeys(COLUMNS, "") | ordinary | values


def staff(count: int, first: int = 1, **values: str) -> list[Row]:
    """So many ordinary employees, numbered in a row."""
    return [worker(number, **values) for number in range(first, first + count)]


def changed(rows: Iterable[Row], who: str, **values: str) -> list[Row]:
    """The same export with this person's cells changed."""
    told = [row | values if row["worker_id"] == who else row for row in rows]
    assert any(row["worker_id"] == who for row in told), f"nobody is called {who}"
    return told


def without(rows: Iterable[Row], *who: str) -> list[Row]:
    """The same export without these people."""
    return [row for row in rows if row["worker_id"] not in who]


def stored_at(folder: Path, url: str) -> dict[str, Any]:
    """Settings that name this store (fixture `store_url`); an address that holds a password comes from a file."""
    if url.startswith("sqlite"):
        return {}
    (folder / "store.url").write_text(url, encoding="utf-8")
    return {"store": {"url": {"file": str(folder / "store.url")}}}


def moment(text: str) -> datetime:
    """`2026-11-24` is noon UTC of that day; anything longer is read as it stands, UTC."""
    full = text if "T" in text else f"{text}T12:00"
    return datetime.fromisoformat(full).replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Night:
    """What one run did, as people would tell it."""

    report: SyncReport
    stored: tuple[StoredLine, ...]

    @property
    def exit_code(self) -> int:
        return self.report.exit_code

    @property
    def plan(self) -> str:
        return self.report.plan.id if self.report.plan else ""

    @property
    def lines(self) -> list[str]:
        """`0001 suspend done`, in the order of the plan."""
        return [f"{line.line.worker_id} {line.line.action} {line.state}" for line in self.stored]

    def did(self, action: str, state: str = "done") -> list[str]:
        """The people with whom this was done."""
        return [s.line.worker_id for s in self.stored if s.line.action == action and s.state == state]

    def why_held(self, who: str) -> str:
        return "; ".join(dict.fromkeys(s.line.held for s in self.stored if s.line.worker_id == who and s.line.held))

    def why(self, who: str) -> str:
        return "; ".join(reason.text for s in self.stored if s.line.worker_id == who for reason in s.line.because)

    @property
    def files(self) -> dict[str, str]:
        return {file.name: file.state for file in self.report.pulled.files}

    @property
    def checks(self) -> set[str]:
        """Names of what was found in the files of this run."""
        return {finding.check for file in self.report.pulled.files for finding in file.findings}

    @property
    def tripped(self) -> list[str]:
        found = self.report.plan.guards if self.report.plan else ()
        return [f"{guard.guard} {guard.segment}".strip() for guard in found if guard.tripped]


@dataclass
class Company:
    """`settings` replace top-level keys of joinery.yaml; `people` and `learning` are merged into theirs.

    `engine`: "inline" runs chunks in this thread over the same ledger (quick); "real" is the product's own.
    """

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    people: dict[str, Any] = field(default_factory=dict)
    learning: dict[str, Any] = field(default_factory=dict)
    engine: str = "inline"
    #: wraps the target that the engine writes to
    around: Callable[[Any], Any] = lambda target: target
    #: a learning system in memory instead of the one in the file: quicker with thousands of people
    memory: MemoryTarget | None = None
    clock: Callable[[], datetime] | None = None
    _files: int = 0

    def __post_init__(self) -> None:
        (self.folder / "inbox").mkdir(parents=True, exist_ok=True)
        self.write_settings()

    @property
    def config(self) -> Path:
        return self.folder / "joinery.yaml"

    def write_settings(self, **changes: Any) -> None:
        """Somebody edits the settings file."""
        self.settings |= changes
        folder = {"from": "file", "path": "./inbox/*.csv", "ready_when": "present"}
        file = (folder if self.people.get("from", "file") == "file" else {}) | {"fields": FIELDS} | self.people
        school = {"simulation": True, "into": "memory"} | self.learning
        if school["into"] == "memory":
            school.setdefault("file", "lms.json")
        body: dict[str, Any] = {
            "version": 1,
            "company": {"name": "Acme", "time_zone": "UTC"},
            "people": file,
            "learning": school,
            "mode": "automatic",
            # a sixth of a second of each day; test_doubles.py has it on
            "issues": {"same_person": "off"},
        }
        # JSON is YAML 1.2
        self.config.write_text(json.dumps(body | self.settings, indent=1), encoding="utf-8")

    @contextmanager
    def open(self, as_of: str | None = None) -> Iterator[Opened]:
        """The opened connection, with this company's engine and target."""
        with opened(self.config, environ={}, as_of=moment(as_of) if as_of else None) as it:
            ports = it.ports
            make = ports.target
            changes: dict[str, Any] = {"target": lambda: self.around(self.memory or make())}
            if self.clock is not None:
                changes["now"] = self.clock
            if self.engine == "inline":
                queue = it.mailing.queue()
                inline = InlineEngine(ports.database, changes["target"], queue, changes.get("now", ports.now))
                changes["engine"] = lambda: inline
            yield replace(it, ports=replace(ports, **changes))

    @contextmanager
    def ports(self) -> Iterator[Ports]:
        with self.open() as it:
            yield it.ports

    # ---------------------------------------------------------------- what happens

    def drop(self, rows: Sequence[Row], *, name: str = "", columns: Sequence[str] = COLUMNS) -> Path:
        """HR's export arrives."""
        path = self._next(name)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def drop_text(self, text: str, *, name: str = "") -> Path:
        """Something arrives that calls itself an export."""
        path = self._next(name)
        path.write_bytes(text.encode())
        return path

    def _next(self, name: str) -> Path:
        self._files += 1
        return self.folder / "inbox" / (name or f"people_{self._files:04}.csv")

    def day(self, day: str, rows: Sequence[Row] | None = None, **dropped: Any) -> Night:
        """The nightly run of that day, after HR's export arrived (`rows`), if one did."""
        if rows is not None:
            self.drop(rows, **dropped)
        with self.open(day) as it:
            report = sync(it.ports, moment(day))
            return Night(report=report, stored=self._stored(it.ports, report.plan.id if report.plan else ""))

    def look(self, day: str) -> Night | None:
        """`joinery plan`: pull and plan, nothing written; None when there is nothing to do."""
        with self.open(day) as it:
            plan = look(it.ports, moment(day), rehearsal=False)
            if plan is None:
                return None
            report = SyncReport(run=Any, as_of=moment(day), pulled=Any, plan=plan)  # type: ignore[arg-type]
            return Night(report=report, stored=self._stored(it.ports, plan.id))

    def approve(self, plan: str, *, override: str = "") -> Applied:
        """Somebody approves the plan and has it applied."""
        with self.ports() as ports:
            approve(ports, plan, by="ana", override=override)
            return apply_approved(ports, plan)

    def undo(self, plan: str, day: str) -> Applied | None:
        """`joinery undo --yes`; None when there is nothing to take back."""
        with self.ports() as ports:
            made = make_undo(ports, plan, moment(day)).plan
        return self.approve(made.id) if made else None

    def end_access(self, who: str, reason: str = "fired today") -> None:
        """Somebody ends a person's access by hand, whatever HR says."""
        with self.ports() as ports:
            end_access(ports, who, Word(owner="ana", reason=reason))

    def release_access(self, who: str, reason: str = "it was a mistake") -> None:
        """Somebody takes that back."""
        with self.ports() as ports:
            release_access(ports, who, Word(owner="ana", reason=reason))

    # ---------------------------------------------------------------- what is there

    def lms(self) -> MemoryTarget:
        """The learning system itself, read from its file; edits are kept there."""
        if self.memory is not None:
            return self.memory
        target = MemoryTarget(path=self.folder / self.learning.get("file", "lms.json"))
        target._read()
        return target

    def raw_accounts(self) -> list[Account]:
        return list(self.lms().world.accounts.values())

    def account(self, who: str) -> Account:
        """The one account with this employee number."""
        found = [account for account in self.raw_accounts() if account.worker_id == who]
        assert len(found) == 1, f"{who} has {len(found)} accounts"
        return found[0]

    def accounts(self) -> dict[str, str]:
        """Employee number in the learning system -> active | suspended | archived. No number twice."""
        found = [(account.worker_id, str(account.state)) for account in self.raw_accounts()]
        assert len(dict(found)) == len(found), "somebody has two accounts"
        return dict(found)

    def who_is(self, state: str) -> set[str]:
        return {who for who, its in self.accounts().items() if its == state}

    def assigned(self, who: str) -> dict[str, str]:
        """Requirement (with its cycle) -> due day, of what the learning system shows as not withdrawn."""
        open_ones = ((k, e) for k, e in self.account(who).enrolments.items() if e.state != "withdrawn")
        return {key: str(e.due_on) for key, e in open_ones}

    def completes(self, who: str, course: str, at: str, *, expires: str = "") -> None:
        """Somebody finishes a course in the learning system."""
        account = self.account(who)
        done = Completion(
            id=f"c-{who}-{course}-{at}",
            account_id=account.id,
            course=course,
            course_title=course,
            course_version="1",
            completed_at=f"{at}T10:00:00+00:00",
            result="passed",
            expires_on=expires,
        )
        target = self.lms()
        if f"course:{course}" in account.enrolments:
            target.learn(account.id, f"course:{course}", "completed")
        target.complete(done)

    def events(self, who: str = "", *, kinds: Iterable[str] = ()) -> list[str]:
        """`0001 leaver 2026-11-24`, movers with attribute and values; oldest first."""
        with self.ports() as ports, ports.database.read() as connection:
            found = list(events_between(connection, ports.policy.name, *LONG_AGO))
        wanted = set(kinds)
        return [
            f"{e.worker_id} {e.kind} {e.effective_on}" + (f" {e.attribute}: {e.old} -> {e.new}" if e.attribute else "")
            for e in found
            if (not who or e.worker_id == who) and (not wanted or e.kind in wanted)
        ]

    def findings(self) -> set[str]:
        """Open problems: `check worker`, or the check alone when it is about a file."""
        with self.ports() as ports, ports.database.read() as connection:
            found = open_findings(connection, ports.policy.name)
        return {f"{row['check']} {row['worker_id']}".strip() for row in found}

    def mails(self) -> Counter[str]:
        """Mails by state, whatever became of them."""
        with self.ports() as ports:
            return Counter({str(k): n for k, n in Mails(ports.database, ports.policy.name).counts().items()})

    def person(self, who: str) -> Person:
        """What Joinery remembers of somebody."""
        with self.ports() as ports:
            return self._person(ports, who)

    def _person(self, ports: Ports, who: str) -> Person:
        with ports.database.read() as connection:
            found = People(connection, ports.policy.name).by_worker_id([who]).get(who, [])
        assert len(found) == 1, f"{len(found)} people are called {who}"
        return found[0]

    def plans(self) -> dict[str, str]:
        """Plan -> state."""
        with self.ports() as ports, ports.database.read() as connection:
            return {row.id: row.state for row in connection.execute(select(plans.c.id, plans.c.state))}

    def lines(self, plan: str) -> list[str]:
        """As `Night.lines`, as they stand now."""
        with self.ports() as ports:
            return [f"{s.line.worker_id} {s.line.action} {s.state}" for s in self._stored(ports, plan)]

    def state(self) -> Mapping[str, Any]:
        """Small memories of the connection."""
        with self.ports() as ports, ports.database.read() as connection:
            return load_state(connection, ports.policy.name).extra

    def arrived(self, outcome: str) -> list[str]:
        """Names of files that ended as accepted, held or rejected."""
        folder = self.folder / "archive" / outcome
        return sorted(path.name for path in folder.rglob("*.csv") if not path.name.endswith(".report.csv"))

    @staticmethod
    def _stored(ports: Ports, plan: str) -> tuple[StoredLine, ...]:
        with ports.database.read() as connection:
            return tuple(lines_of(connection, plan)) if plan else ()
