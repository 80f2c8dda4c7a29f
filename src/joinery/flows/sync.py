"""The nightly run: pull, plan, apply according to the mode, mail, records back. One at a time per connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from joinery.core.model.ids import RunId
from joinery.core.model.plan import PlanSummary
from joinery.core.rules.instants import local_day
from joinery.errors import AsOfRefused, JoineryError, StoreTrouble
from joinery.flows.apply import Applied, apply_by_mode, resume
from joinery.flows.closing import LEAVERS, close_the_book, look_again
from joinery.flows.contact import contacted, read_accounts
from joinery.flows.doubles import SAME_PERSON, look_for_doubles
from joinery.flows.doubtful import look_at_doubtful, still_in_doubt
from joinery.flows.erase import end_keeping
from joinery.flows.issues import look_at_records, refresh_issues, waived
from joinery.flows.laid_off import Batch, fire
from joinery.flows.needing import look_who_needs_somebody
from joinery.flows.plan import make_plan
from joinery.flows.policy import Ports, RunEnded
from joinery.flows.pull import pull
from joinery.flows.pulled import PullReport
from joinery.flows.reconcile import look_at_export
from joinery.flows.runs import Stages
from joinery.flows.waiting_ends import look_at_waiting_ends
from joinery.store.connections import end_run, load_state, only_run, save_state, start_run
from joinery.store.findings import open_findings

#: clocks of two machines may differ by so much
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What one run did, in numbers; `exit_code` as in docs/reference/exit-codes.md."""

    run: RunId
    as_of: datetime
    pulled: PullReport
    plan: PlanSummary | None = None
    applied: Applied | None = None
    resumed: tuple[Applied, ...] = ()
    observed: bool = False
    locked: str = ""
    mail: Mapping[str, int] = field(default_factory=dict)
    records: Mapping[str, int] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 clean; 4 finished with something held or failed; 5 nothing applied, something waits; 6 a source is away."""
        if self.pulled.unreachable:
            return 6
        touched = (
            self.pulled.stopped
            or self.records.get("needs_you")
            or any(
                file.counts.get("quarantined") or file.counts.get("rejected") or file.counts.get("duplicated")
                for file in self.pulled.files
            )
        )
        waits = self.applied is not None and self.applied.open > 0 and not self.observed
        if not (touched or waits):
            return 0
        done = any(a.attempted for a in (*self.resumed, *((self.applied,) if self.applied else ())))
        accepted = any(file.state == "accepted" for file in self.pulled.files)
        if waits:
            return 4 if done else 5
        return 4 if done or accepted or self.records.get("delivered") else 5


def sync(ports: Ports, as_of: datetime) -> SyncReport:
    """One run. Raises AsOfRefused before anything is read, RunLocked when another run is at work."""
    began = ports.now()
    with ports.span("sync"), only_run(ports.database, ports.policy.name, ports.now) as heartbeat:
        _may_write(ports, as_of)
        with ports.database.write() as connection:
            run = start_run(connection, ports.policy.name, "sync", as_of=as_of, now=ports.now())
        stages = Stages(ports.span)
        try:
            report = _sync(replace(ports, span=stages), as_of, run)
            heartbeat()
        except JoineryError as error:
            # a store that is away is told the next time; why the run stopped is said now
            with suppress(StoreTrouble):
                why = {"error": error.code, "message": error.message, "exit_code": error.exit_code}
                _ended(ports, run, "stopped", why | {"stage": stages.at, "stages": stages.listed})
            over = RunEnded(run=run, state="stopped", exit_code=error.exit_code, began=began, ended=ports.now())
            ports.after_run(replace(over, error=error.code))
            raise
        state = "done" if report.exit_code == 0 else "partial"
        _ended(ports, run, state, _numbers(report) | {"stages": stages.listed})
    ports.anchor(ports.now())
    over = RunEnded(run=run, state=state, exit_code=report.exit_code, began=began, ended=ports.now())
    ports.after_run(replace(over, numbers=_numbers(report)))
    return report


def _sync(ports: Ports, as_of: datetime, run: RunId) -> SyncReport:
    resumed = resume(ports)
    with ports.span("pull"):
        pulled = pull(ports, as_of)
    if any(file.state != "same" for file in pulled.files):
        refresh_issues(ports, as_of)
    cause = ", ".join(file.name for file in pulled.files if file.name) or "dates and open lines"
    _look_there(ports, as_of)
    end_keeping(ports, local_day(as_of, ports.policy.company_zone))
    fired = _lay_off(ports, as_of)
    unseen = look_at_doubtful(ports)
    with ports.span("plan"):
        plan = make_plan(ports, as_of, cause, pulled.snapshot_id)
    locked = _blockers(ports, as_of)
    try:
        with ports.span("apply"):
            applied = apply_by_mode(ports, plan, locked=bool(locked)) if plan is not None else None
    finally:
        still_in_doubt(ports, unseen)
    look_at_waiting_ends(ports, as_of, plan)
    look_who_needs_somebody(ports, as_of)
    _read_back(ports, as_of, [*resumed, *([applied] if applied is not None else [])])
    with ports.database.write() as connection:
        state = load_state(connection, ports.policy.name)
        save_state(connection, ports.policy.name, replace(state, last_as_of=as_of))
    mail, records = after_apply(ports, as_of)
    _say_fired(ports, fired)
    _look_last(ports, as_of, brought=any(records.values()))
    return SyncReport(
        run=run,
        as_of=as_of,
        pulled=pulled,
        plan=plan,
        applied=applied,
        resumed=resumed,
        observed=plan is not None and plan.state == "observed",
        locked=locked,
        mail=mail,
        records=records,
    )


def _look_there(ports: Ports, as_of: datetime) -> None:
    """What is known of the accounts before anything is planned: all of them at first, then what an export shows."""
    if _needs_contact(ports):
        read_accounts(ports)
    look_at_export(ports, as_of)


def _look_last(ports: Ports, as_of: datetime, *, brought: bool) -> None:
    """What nobody waits for, once everything is applied: training of unknown people, and who may be there twice."""
    with ports.span("look"):
        if brought:
            look_at_records(ports)
            refresh_issues(ports, as_of, lambda cause: cause.source == "records")
        if look_for_doubles(ports, as_of):
            refresh_issues(ports, as_of, lambda cause: cause.check == SAME_PERSON)


def _say_fired(ports: Ports, fired: Sequence[Batch]) -> None:
    for batch in fired:
        left_out = f", {len(batch.fired['left_out'])} left out" if batch.fired and batch.fired["left_out"] else ""
        ports.say(f"{batch.id} has fired{left_out}: joinery layoff show {batch.id} --confidential")


def _read_back(ports: Ports, as_of: datetime, applied: Sequence[Applied]) -> None:
    """Whose access ended is asked about again; what stays open too long becomes an issue."""
    if ports.policy.mode_of_suspension() == "observe":
        return
    with ports.span("read back"):
        for each in applied:
            close_the_book(ports, each.plan, as_of)
        if look_again(ports, as_of):
            refresh_issues(ports, as_of, lambda cause: cause.source == LEAVERS)


def _lay_off(ports: Ports, as_of: datetime) -> list[Batch]:
    """Lay-offs approved ahead whose instant has come."""
    with ports.database.write() as connection:
        return fire(connection, ports.policy, as_of, ports.now())


def after_apply(ports: Ports, as_of: datetime) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Mails whose time has come, and completions on their way to HR."""
    records: Mapping[str, int] = {}
    try:
        with ports.span("mail"):
            mail = ports.send_mail(as_of)
    finally:
        # a mail server that is down keeps no training record from HR
        with ports.span("records"):
            records = ports.carry_records(as_of)
    return mail, records


def _needs_contact(ports: Ports) -> bool:
    """Before the first plan with anybody in it, the accounts that are there already are read."""
    if contacted(ports):
        return False
    with ports.database.read() as connection:
        return load_state(connection, ports.policy.name).go_live is not None


def _may_write(ports: Ports, as_of: datetime) -> None:
    if ports.policy.simulation:
        return
    with ports.database.read() as connection:
        last = load_state(connection, ports.policy.name).last_as_of
    if last is not None and as_of < last and abs(ports.now() - as_of) < AHEAD:
        raise AsOfRefused(
            f"The clock says {as_of:%Y-%m-%dT%H:%MZ}, and the last run was at {last:%Y-%m-%dT%H:%MZ}: it went back "
            "since, or was wrong then. Nothing was done; ends of access that are pushed go on.",
            fix="Set the clock right. If it is right now, runs go on when it has come to that moment.",
        )
    if last is not None and as_of < last:
        raise AsOfRefused(
            f"--as-of {as_of:%Y-%m-%dT%H:%MZ} lies before the last run's {last:%Y-%m-%dT%H:%MZ}; nothing was done.",
            fix="Use a later moment, or `joinery plan --as-of` to look only.",
        )
    if as_of > ports.now() + AHEAD:
        raise AsOfRefused(
            f"--as-of {as_of:%Y-%m-%dT%H:%MZ} lies ahead of the clock; nothing was done.",
            fix="Only a learning system marked `simulation: true` may be written to for a moment to come.",
        )


def _blockers(ports: Ports, as_of: datetime) -> str:
    """Why `automatic` is locked; empty when it is not, or when somebody answers for it by name."""
    today = local_day(as_of, ports.policy.company_zone)
    with ports.database.read() as connection:
        blockers = [f for f in open_findings(connection, ports.policy.name) if f["severity"] == "blocker"]
        population = [f for f in blockers if f["source"].endswith(":people")]
        locking = [f for f in population if not waived(connection, ports, f, today)]
    return locking[0]["message"] if locking else ""


def _ended(ports: Ports, run: RunId, state: str, summary: dict[str, Any]) -> None:
    with ports.database.write() as connection:
        end_run(connection, run, state=state, summary=summary, now=ports.now())


def _numbers(report: SyncReport) -> dict[str, Any]:
    return {
        "plan": report.plan.id if report.plan else "",
        "files": {file.name or file.source: file.state for file in report.pulled.files},
        "events": dict(report.pulled.events),
        "lines": dict(report.applied.states) if report.applied else {},
        "mail": dict(report.mail),
        "records": dict(report.records),
        "exit_code": report.exit_code,
    }
