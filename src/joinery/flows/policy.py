"""What a run is told: a connection's choices as plain values, and the ports it works through.

Made by `app/wiring.py` from settings; flows never read settings, names of systems or the clock themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, tzinfo
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any, Literal, Protocol

from sqlalchemy import Connection

from joinery.core.correlation.correlate import Matching
from joinery.core.hygiene.trust import TrustPolicy
from joinery.core.mapping.dated import DatedTable
from joinery.core.mapping.outbound import Outbound
from joinery.core.mapping.spec import MappingSpec
from joinery.core.model.operation import ActionClass
from joinery.core.model.worker import Worker
from joinery.core.planning.guards import GuardLimit
from joinery.core.rules.conditions import Condition
from joinery.core.rules.conditions.facts import above_in
from joinery.core.rules.conditions.words import fold
from joinery.core.rules.jobs import Ownership
from joinery.core.rules.learning import LearningRule
from joinery.core.rules.lifecycle import LifecyclePolicy
from joinery.intake.layout import Layout
from joinery.jobs.api import Engine
from joinery.kit.contract import Target
from joinery.kit.drop import ArrivedFile, Drop
from joinery.store.database import Database

#: names of uploads: those that we wrote ourselves from records, and those that hold changes only; A- was the number of
#: arrivals once, and such a file may still wait
RECORDS, PARTS = "*_records_*_[AN]-*.csv", "*_part_[AN]-*"


Confirmation = Literal["itself", "export", "nobody"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Files of their own beside a source's: starters, or leavers. Known by the pattern of their names."""

    role: str
    files: str
    mapping_for: Callable[[tuple[str, ...]], MappingSpec]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePolicy:
    """One source of people. `mapping_for` turns a file's header into a mapping or raises what is wrong with it."""

    name: str
    drop: Drop
    mapping_for: Callable[[tuple[str, ...]], MappingSpec]
    lifecycle: LifecyclePolicy
    trust: TrustPolicy
    layout: Layout = field(default_factory=Layout)
    #: full | changes
    content: str = "full"
    several_jobs: bool = False
    #: person_id | worker_id: by which its records join people whom other sources know
    joined_by: str = "person_id"
    #: hold | leave_out: what becomes of people who share an address
    repeated_email: str = "hold"
    #: archived files are removed after this time
    keep_files: timedelta = timedelta(days=30)
    #: takes a file out of its seal for as long as it is read
    opened: Callable[[ArrivedFile], AbstractContextManager[ArrivedFile]] = nullcontext
    feeds: tuple[Feed, ...] = ()
    #: of records that are pushed one by one and name only what they are about
    part_mapping: Callable[[tuple[str, ...]], MappingSpec] | None = None
    #: of a feed: the source whose people its files speak of
    beside: str = ""

    @property
    def people(self) -> str:
        """The source that the people are of; `name` is what files are compared and told under."""
        return self.beside or self.name

    def mapping_of_part(self, header: tuple[str, ...]) -> MappingSpec:
        """The mapping of records that have these fields and leave the others as they are."""
        return (self.part_mapping or self.mapping_for)(header)

    def for_file(self, name: str) -> SourcePolicy:
        """How a file of this name is read: as one of a feed whose pattern it fits, else as the source's own."""
        if fnmatchcase(name, RECORDS) or fnmatchcase(name, PARTS):
            return self._for_upload(name)
        feed = next((each for each in self.feeds if fnmatchcase(name, each.files)), None)
        if feed is None:
            return self
        trust = replace(self.trust, min_rows=0)
        name = f"{self.name}:{feed.role}"
        return replace(self, name=name, beside=self.name, mapping_for=feed.mapping_for, content="changes", trust=trust)

    def _for_upload(self, name: str) -> SourcePolicy:
        """An upload of changes may have fewer fields, and is compared with others like it, as a feed is."""
        layout = Layout.of_records(self.layout.wanted) if fnmatchcase(name, RECORDS) else self.layout
        if not fnmatchcase(name, PARTS):
            return replace(self, layout=layout)
        trust, mapping = replace(self.trust, min_rows=0), self.part_mapping or self.mapping_for
        layout = replace(layout, wanted=frozenset())
        said = replace(self, name=f"{self.name}:push", beside=self.people, content="changes", trust=trust)
        return replace(said, mapping_for=mapping, layout=layout)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPolicy:
    """`signing_in` False: no sign-in mail is ever planned."""

    signing_in: bool = False
    at: time = time(6, 0)
    silent_first_load: bool = True
    personal_address: bool = False
    #: to a personal address it may leave so many days before the first day
    days_before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything a connection decided."""

    name: str
    target: str
    #: what kind of learning system it is; another kind under the same name is met anew
    target_kind: str = ""
    #: the learning system can only be read: nothing is ever approved or applied
    only_reads: bool = False
    #: who shows that what was told has been taken in: the system when it answers, an export of its users, or nobody
    confirmed_by: Confirmation = "itself"
    #: a sign-in mail does not wait until an export of users shows the account
    mail_unconfirmed: bool = False
    #: what the learning system has no way to do, and what to say about it
    cannot: Mapping[ActionClass, str] = field(default_factory=dict)
    version: str
    zone_of: Callable[[Worker], tzinfo]
    company_zone: tzinfo
    company_country: str = ""
    known_zones: frozenset[str] = frozenset()
    #: place of work -> its zone
    location_zones: Mapping[str, str] = field(default_factory=dict)
    #: configured; else the day of the baseline
    go_live: date | None = None
    #: whose value counts where several sources know a person
    ownership: Ownership = field(default_factory=Ownership)
    #: by source
    lifecycles: Mapping[str, LifecyclePolicy]
    #: every table with all its days: take `outbound.on(day)`
    outbound: Outbound
    #: department -> the one above it
    tree: DatedTable = field(default_factory=DatedTable)
    include: tuple[Condition, ...] = ()
    exclude: tuple[Condition, ...] = ()
    out_of_scope: str = "archive"
    rules: tuple[LearningRule, ...] = ()
    #: somebody who comes back after more days than this gets day-one learning again
    onboarding_again_after: int | None = None
    #: whoever comes back gets what they had finished again
    reassign_finished: bool = False
    guards: Mapping[str, GuardLimit] = field(default_factory=dict)
    segments: tuple[str, ...] = ()
    mode_of: Callable[[ActionClass], str]
    lane_per_hour: int = 10
    #: ends of access that are pushed, an hour
    push_per_hour: int = 100
    #: access that is not seen to be closed so long after its end is a breach
    close_within: timedelta = timedelta(days=1)
    protected_workers: frozenset[str] = frozenset()
    #: who looks after issues: check, attribute, source or `default` -> owner
    owners: Mapping[str, str] = field(default_factory=dict)
    #: how much a check that only warns matters here: check -> off | note | warning
    checks: Mapping[str, str] = field(default_factory=dict)
    #: whoever drafted a lay-off may not approve it
    four_eyes: bool = True
    #: how sure the Duplicate User Audit must be: almost_certainly | very_probably | probably | off
    doubles: str = "probably"
    protected_accounts: frozenset[str] = frozenset()
    matching: Matching = field(default_factory=Matching)
    create_groups: bool = True
    seats: int | None = None
    mail: MailPolicy = field(default_factory=MailPolicy)
    #: what becomes of changes by hand: account attribute, access, groups or courses -> overwrite | keep | ask
    drift: Mapping[str, str] = field(default_factory=dict)
    chunk_size: int = 50
    simulation: bool = False
    #: where training records go, as people read it; empty: nowhere
    completions_to: str = ""

    def lifecycle_of(self, worker: Worker) -> LifecyclePolicy:
        """How the dates and statuses of this worker's source are read."""
        return self.lifecycles[worker.source]

    def on(self, day: date) -> Policy:
        """The same with the value tables of this day."""
        outbound = self.outbound.on(day)
        return self if outbound is self.outbound else replace(self, outbound=outbound)

    def next_change(self, worker: Worker, after: date) -> date | None:
        """The next day on which a table says something else about this worker by itself."""
        above = self.tree.next_change(self.above(worker.department, after), after) if self.tree.rows else None
        days = (self.outbound.next_change(worker, after), above)
        return min((day for day in days if day is not None), default=None)

    def above(self, department: str, on: date) -> tuple[str, ...]:
        """The department itself and all above it, as the tree is on this day and as it compares them."""
        return tuple(map(fold, (department, *above_in(self.tree.on(on), department)))) if department else ()

    @property
    def times(self) -> str:
        """A digest of everything that decides when somebody's dates fire: another one, and all are looked at again."""
        said = sorted(self.lifecycles.items()), str(self.company_zone), sorted(self.location_zones.items())
        return sha256(repr(said).encode()).hexdigest()

    def drift_of(self, what: str) -> str:
        """What becomes of a change by hand of an attribute, `access`, `group:X` or a course: overwrite | keep | ask."""
        kind = "groups" if what.startswith("group:") else "courses" if ":" in what else what
        return self.drift.get(kind, "overwrite")

    def mode_of_suspension(self) -> str:
        """observe | approve | automatic, for access that ends."""
        return self.mode_of(ActionClass.SUSPEND)


class Versions(Protocol):
    """Configurations that came into force: kept with their files, and read again to compare with."""

    def keep(self, connection: Connection, at: datetime) -> str:
        """The configuration at hand is in force from now on; its short number."""
        ...

    def policy(self, connection: Connection, version: str) -> Policy | None:
        """The policy of a configuration that was in force; None when it cannot be read any more."""
        ...


class Copies(Protocol):
    """What lies beside the store and may speak of people: settings that were replaced, copies of the store."""

    def named(self, rewrite: Callable[[str], str]) -> int:
        """In how many copies of settings this would change something."""
        ...

    def rewrite(self, rewrite: Callable[[str], str]) -> int:
        """Changes them; how many. The second time it changes nothing."""
        ...

    def of_store(self) -> int:
        """How many copies of the whole store there are."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """A run that is over. `state`: done | partial | stopped; `error`: the code of what stopped it."""

    run: str
    state: str
    exit_code: int
    began: datetime
    ended: datetime
    error: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What a flow acts through. `target` and `engine` are made when first needed: a quiet night makes neither."""

    database: Database
    sources: Mapping[str, SourcePolicy]
    policy: Policy
    target: Callable[[], Target]
    engine: Callable[[], Engine]
    now: Callable[[], datetime]
    versions: Versions
    #: sends what is due at this instant; numbers by outcome
    send_mail: Callable[[datetime], Mapping[str, int]]
    #: reads completions and brings them to HR; numbers
    carry_records: Callable[[datetime], Mapping[str, int]]
    #: a keyed hash of a text, by which erased people are known again and nobody can be read out
    seal: Callable[[str], str]
    copies: Copies
    #: a line for the person who watches; never data
    say: Callable[[str], None]
    progress: Callable[[str, int, int], None]
    #: keeps the head of the audit log in a second place, once a day
    anchor: Callable[[datetime], None] = lambda _now: None
    #: what follows every run: never raises
    after_run: Callable[[RunEnded], None] = lambda _ended: None
    #: around each stage of a run, for whoever measures
    span: Callable[[str], AbstractContextManager[Any]] = lambda _name: nullcontext()
