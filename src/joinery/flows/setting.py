"""What all rows of one acceptance share, and what came of them in numbers and IDs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from joinery.core.hygiene.facts import Facts
from joinery.core.mapping.statuses import WORDS
from joinery.core.model.finding import Finding
from joinery.core.model.ids import PersonKey
from joinery.core.model.worker import Worker
from joinery.core.rules.jobs import Ownership
from joinery.core.rules.last_row import OpenRow
from joinery.core.rules.lifecycle import LifecyclePolicy, Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """Source IDs of `people` of whom news came after `written`, the last moment at which a file may be of before."""

    written: datetime
    people: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all rows of one acceptance share. `since`: the baseline's day; None while this is the baseline."""

    connection: str
    source: str
    snapshot_id: str
    as_of: datetime
    since: date | None
    lifecycle: LifecyclePolicy
    zone_of: Callable[[Worker], tzinfo]
    new_key: Callable[[], PersonKey]
    known_zones: frozenset[str] = frozenset()
    uses_reports: bool = False
    #: the file holds changes only: what it leaves out stays as it was
    partial: bool = False
    #: one row for each job: rows under one number may be jobs of one person
    several_jobs: bool = False
    #: the moment the file speaks of, and the one that the last full file spoke of
    content_as_of: datetime | None = None
    full_as_of: datetime | None = None
    #: when news came that do not say when they were written: they count now, and as of then beside what comes later
    heard_at: datetime | None = None
    #: of whom news were pushed after the file was written, as far as that is known
    pushed: Pushed | None = None
    #: the last row of the file, where it may have been cut and that may end access
    open_row: OpenRow | None = None
    #: how the dates and statuses of any source are read
    policies: Callable[[Worker], LifecyclePolicy] | None = None
    ownership: Ownership = field(default_factory=Ownership)
    #: person_id | worker_id: by which a new record of this source belongs to somebody who is known already
    joined_by: str = "person_id"

    def policy_of(self, worker: Worker) -> LifecyclePolicy:
        """How this worker's dates and statuses are read."""
        return self.policies(worker) if self.policies and worker.source != self.source else self.lifecycle

    def moment(self, worker: Worker) -> Moment:
        """The as-of instant where this worker is."""
        return Moment(as_of=self.as_of, zone=self.zone_of(worker))

    def facts(self, worker: Worker, mapped: frozenset[str]) -> Facts:
        """What the checks of this worker's row may know; `mapped`: the attributes that the source maps."""
        today, zones = self.moment(worker).today, self.known_zones
        return Facts(as_of=today, time_zones=zones, words=WORDS, mapped=mapped, jobs_together=True)


@dataclass(slots=True)
class Outcome:
    """What came of it, in numbers and IDs."""

    counts: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    #: keys, as the file has them, of rows that stay pending until they are right
    refused: set[str] = field(default_factory=set)
    #: keys, as the file has them, of records older than what is known, in part or whole
    older: set[str] = field(default_factory=set)
    #: keys, as the file has them, of refused rows whose end was believed
    ended: set[str] = field(default_factory=set)
    #: source IDs of records that were believed
    seen: set[str] = field(default_factory=set)
    #: (source, source ID) of records of which something dated ahead came into force without a word
    begun: set[tuple[str, str]] = field(default_factory=set)
    #: employee IDs whose employment began or ended: those who report to them are looked at again
    turned: set[str] = field(default_factory=set)
    #: employee IDs named as manager before or now by somebody who changed managers
    managers: set[str] = field(default_factory=set)
    #: addresses of people who are new, or who have another address or end than before
    addresses: set[str] = field(default_factory=set)
    #: people whose identity has to be looked at once everything is in
    doubtful: set[PersonKey] = field(default_factory=set)

    @property
    def pending(self) -> set[str]:
        """Keys of rows that count for nothing yet: the next file is compared with what was known before."""
        return self.refused | self.older

    @property
    def unlike(self) -> set[str]:
        """Those of them of whom something counted: their row of before is news when it comes again."""
        return self.ended | self.older
