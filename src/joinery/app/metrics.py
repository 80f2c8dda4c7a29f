"""Numbers for a monitor, read from the store when they are asked for.

Rule: never a person in a label, and as many questions however much has happened: what only grows is counted when it
happens (`store/tallies.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection

from joinery.app.anchors import anchors_file, newest
from joinery.app.policy import expected_of
from joinery.errors import ConfigError
from joinery.flows.status import LIVE
from joinery.settings import Settings
from joinery.store.completions import Completions
from joinery.store.connections import last_runs
from joinery.store.database import Database
from joinery.store.issues import open_by_severity
from joinery.store.mails import Mails
from joinery.store.people import People
from joinery.store.plans import count_lines, plans_of
from joinery.store.snapshots import last_accepted
from joinery.store.tallies import ABOVE, BUCKETS, DEPROVISION, GUARD_TRIPS, LMS_CALLS, SUM, tallies_of


def exposition(settings: Settings, database: Database, now: datetime) -> bytes:
    """The text form that every monitor reads."""
    registry = CollectorRegistry()
    registry.register(_Numbers(settings, database, now))
    return generate_latest(registry)


class _Numbers(Collector):
    def __init__(self, settings: Settings, database: Database, now: datetime) -> None:
        self._settings, self._database, self._now = settings, database, now

    def collect(self) -> Iterator[Metric]:
        """One family after the other."""
        name = self._settings.name
        with self._database.read() as connection:
            yield from self._sources(connection)
            yield _counted("joinery_people", "People by stage of life.", "state", People(connection, name).counts())
            yield from _plans(connection, name)
            yield from _runs(connection, name)
            open_ones = open_by_severity(connection, name)
            yield _counted("joinery_issues_open", "Data problems that are open.", "severity", open_ones)
            yield from _tallies(connection, name)
        waiting = Completions(self._database, name).waiting()
        yield _one("joinery_completions_pending", "Training records that HR has not got yet.", waiting)
        sent = {str(state): count for state, count in Mails(self._database, name).counts().items()}
        yield _total("joinery_mail", "Sign-in mails by what became of them.", "result", sent)
        yield from self._anchor()

    def _sources(self, connection: Connection) -> Iterator[Metric]:
        good = GaugeMetricFamily(
            "joinery_source_last_good_timestamp_seconds", "When the last believed file was read.", labels=["source"]
        )
        due = GaugeMetricFamily(
            "joinery_source_expected_timestamp_seconds", "The last agreed moment of a file.", labels=["source"]
        )
        zone = ZoneInfo(self._settings.company.time_zone)
        for name, expected in expected_of(self._settings).items():
            last = last_accepted(connection, self._settings.name, name)
            if last is not None:
                good.add_metric([name], last.as_of.timestamp())
            moment = expected.last_due(self._now, zone)
            if moment is not None:
                due.add_metric([name], moment.timestamp())
        yield good
        yield due

    def _anchor(self) -> Iterator[Metric]:
        try:
            last = newest(anchors_file(self._settings))
        except ConfigError:
            return
        if last is not None:
            age = (self._now - last).total_seconds()
            yield _one("joinery_audit_anchor_age_seconds", "Since the head of the audit log was kept elsewhere.", age)


def _plans(connection: Connection, name: str) -> Iterator[Metric]:
    lines = GaugeMetricFamily(
        "joinery_plan_lines", "Lines of the newest plan that is not thrown away.", labels=["action", "state"]
    )
    for plan in plans_of(connection, name, LIVE, limit=1):
        for action, states in sorted(count_lines(connection, plan.id).items()):
            for state, count in sorted(states.items()):
                lines.add_metric([action, state], count)
    yield lines


def _tallies(connection: Connection, name: str) -> Iterator[Metric]:
    """What was counted when it happened."""
    found = tallies_of(connection, name)
    yield _total("joinery_guard_trips", "Guards that held something, by guard.", "guard", found.get(GUARD_TRIPS, {}))
    calls = found.get(LMS_CALLS, {})
    yield _total("joinery_lms_calls", "Calls to the learning system, by status; none: no answer.", "code", calls)
    took = found.get(DEPROVISION, {})
    reached, buckets = 0.0, []
    for bound in (*map(str, BUCKETS), ABOVE):
        reached += took.get(bound, 0)
        buckets.append((bound, reached))
    told = "From the instant access was to end until it was seen to be closed."
    yield HistogramMetricFamily("joinery_deprovision_seconds", told, buckets=buckets, sum_value=took.get(SUM, 0.0))


def _runs(connection: Connection, name: str) -> Iterator[Metric]:
    took = GaugeMetricFamily("joinery_run_duration_seconds", "How long the last run took.", labels=["kind"])
    seen: set[str] = set()
    for run in last_runs(connection, name):
        if run["ended_at"] and run["kind"] not in seen:
            seen.add(run["kind"])
            began, ended = (datetime.fromisoformat(run[at]) for at in ("started_at", "ended_at"))
            took.add_metric([run["kind"]], (ended - began).total_seconds())
    yield took


def _one(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=value)


def _counted(name: str, told: str, label: str, numbers: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, told, labels=[label])
    for key, count in sorted(numbers.items()):
        family.add_metric([str(key)], count)
    return family


def _total(name: str, told: str, label: str, numbers: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(name, told, labels=[label])
    for key, count in sorted(numbers.items()):
        family.add_metric([str(key)], count)
    return family
