"""Time to deprovision: how long ends of access took, as numbers and person by person. The definition is part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from joinery.core.rules.closing import Closing, percentile
from joinery.reports.tables import Cell, Table, table

DEFINITION = (
    "Control: from the instant access was to end (T0) until the learning system showed it closed (T4). "
    "Known: the same from HR's entry (T1), where that came later. Ours: from the moment we read it (T2). "
    "Feed: from HR's entry until we read it, where HR says when it was. "
    "Breach: not seen closed within the limit after T0, of all whose access was to end in the period."
)
#: what each is called -> which span of an end it is
SPANS = {"control": "control", "known": "known", "ours": "ours", "feed": "feed_lag"}
SHARES = (("median", 0.5), ("p95", 0.95), ("p99", 0.99), ("longest", 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaver:
    """One end of access: by IDs only."""

    worker_id: str
    account_id: str
    heard_by: str
    plan: str
    times: Closing
    #: an administrator's account, or another that the settings protect
    protected: bool = False
    #: what the learning system showed when it was asked again
    shown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Numbers of a period. `spans`: those of `SPANS` -> median, p95, p99, longest in seconds, None of nobody."""

    ended: int
    seen_closed: int
    #: not seen closed, and still within the limit: their clock runs
    running: int
    protected: int
    breaches: int
    entered_late: int
    within: timedelta
    spans: dict[str, dict[str, float | None]]

    @property
    def on_time(self) -> float | None:
        """The share that is no breach; None of nobody."""
        return None if not self.ended else 1 - self.breaches / self.ended


def summary_of(leavers: Sequence[Leaver], within: timedelta, now: datetime) -> Summary:
    """The numbers of these ends."""
    times = [leaver.times for leaver in leavers]
    spans = {name: [span for t in times if (span := getattr(t, which)) is not None] for name, which in SPANS.items()}
    return Summary(
        ended=len(times),
        seen_closed=sum(t.closed_at is not None for t in times),
        running=sum(t.closed_at is None and not t.breach(within, now) for t in times),
        protected=sum(leaver.protected for leaver in leavers),
        breaches=sum(t.breach(within, now) for t in times),
        entered_late=sum(t.entered_late for t in times),
        within=within,
        spans={name: {word: _seconds(percentile(found, s)) for word, s in SHARES} for name, found in spans.items()},
    )


def summary_table(found: Summary) -> Table:
    """One row for each span; the breaches stand in the title."""
    share = "" if found.on_time is None else f", {found.on_time:.1%} on time"
    running = f"{found.running} with the clock running, " if found.running else ""
    of_them = f" ({found.protected} of administrators)" if found.protected else ""
    title = (
        f"Ends of access: {found.ended}{of_them}, {found.seen_closed} seen closed, {running}{found.breaches} "
        f"{'breach' if found.breaches == 1 else 'breaches'} of the limit of {found.within}{share}; "
        f"{found.entered_late} entered by HR after the end"
    )
    rows: list[list[Cell]] = [[name, *(found.spans[name][word] for word, _ in SHARES)] for name in SPANS]
    return table(title, ["span", *(f"{word}=Seconds, {word}" for word, _ in SHARES)], rows)


def leavers_table(leavers: Sequence[Leaver], within: timedelta, now: datetime) -> Table:
    """One row for each end, oldest first."""
    columns = [
        "worker_id=Employee",
        "account_id=Account",
        "heard_by=Heard by",
        "ended_at=T0 to end",
        "entered_at=T1 entered by HR",
        "read_at=T2 read",
        "accepted_at=T3 accepted",
        "closed_at=T4 seen closed",
        "late_entry=Entered by HR after T0",
        "feed_s=T2 - T1 (s)",
        "control_s=T4 - T0 (s)",
        "ours_s=T4 - max(T0, T2) (s)",
        "waiting_s=Clock running (s)",
        "breach",
        "administrator",
        "shown=The learning system showed",
        "plan",
    ]
    return table("Ends of access", columns, [_row(leaver, within, now) for leaver in leavers])


def _row(leaver: Leaver, within: timedelta, now: datetime) -> list[Cell]:
    t = leaver.times
    return [
        leaver.worker_id,
        leaver.account_id,
        leaver.heard_by,
        t.ended_at,
        t.entered_at,
        t.read_at,
        t.accepted_at,
        t.closed_at,
        None if t.entered_at is None else t.entered_late,
        _seconds(t.feed_lag),
        _seconds(t.control),
        _seconds(t.ours),
        None if t.closed_at else _seconds(max(now - t.ended_at, timedelta(0))),
        t.breach(within, now),
        leaver.protected,
        leaver.shown,
        leaver.plan,
    ]


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else round(span.total_seconds(), 3)
