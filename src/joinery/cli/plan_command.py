"""`joinery plan`: make a plan; `plan list | show | approve | discard`: look at plans and decide about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from joinery.app import clock
from joinery.app.looking import acting
from joinery.cli.common import (
    DEFAULT_CONFIG,
    AsJson,
    AsOf,
    Config,
    Format,
    Out,
    Quiet,
    connection,
    counted,
    instant,
    say,
    show_json,
    show_table,
)
from joinery.cli.wording import several, unconfirmed
from joinery.core.model.plan import LineState, PlanSummary
from joinery.core.model.worker import LIFECYCLE_NAMES
from joinery.core.planning.wording import said, withheld, withheld_reason
from joinery.errors import NotThere
from joinery.flows.apply import approve, discard
from joinery.flows.look import look
from joinery.flows.policy import Policy
from joinery.flows.why_facts import NAMES
from joinery.reports.tables import Table, table
from joinery.store.plans import StoredLine, count_lines, lines_of, plan_by_id, plans_of

app = typer.Typer(rich_markup_mode=None, invoke_without_command=True)
LINE_COLUMNS = ("line", "worker_id", "action", "what", "why", "state", "held", "detail")


@app.callback(invoke_without_command=True)
def main(
    ctx: typer.Context,
    config: Config = DEFAULT_CONFIG,
    as_of: AsOf = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 3 when there is something to do.")] = False,
    confidential: Annotated[
        bool, typer.Option("--confidential", help="With --as-of: also ends of employment to come.")
    ] = False,
    json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Read what arrived and make a plan; applies nothing.

    Examples: joinery plan | joinery plan --as-of 2026-12-01 | joinery plan show P-4 | joinery plan approve P-4
    """
    if ctx.invoked_subcommand is not None:
        return
    moment = instant(as_of)
    with connection(config, quiet=quiet or json, as_of=moment, confidential=confidential) as it:
        plan = look(it.ports, moment or clock.now(), rehearsal=moment is not None, confidential=confidential)
    _show_summary(plan, json=json)
    raise typer.Exit(3 if exit_code and plan is not None else 0)


def _show_summary(plan: PlanSummary | None, *, json: bool) -> None:
    if json:
        show_json({"plan": summary_data(plan) if plan else None})
        return
    if plan is None:
        print("Nothing to do: everybody is as they should be.")
        return
    for line in summary_lines(plan):
        print(line)
    if plan.state == "rehearsed":
        say("A rehearsal for another moment: nothing of it was kept.")
    else:
        say(f"Next: joinery plan show {plan.id}")


def summary_lines(plan: PlanSummary) -> list[str]:
    """What a reader needs before the lines."""
    held = sum(plan.held.values())
    lines = [f"Plan {plan.id} ({plan.state}), as of {plan.as_of:%Y-%m-%d %H:%M} UTC, because of: {plan.cause}"]
    lines.append("  " + (counted([(n, action) for action, n in sorted(plan.counts.items())]) or "no lines"))
    lines += [f"  held: {guard.message}" for guard in plan.guards if guard.tripped]
    if held:
        lines.append(f"  {held} lines are held: " + counted([(n, a) for a, n in sorted(plan.held.items())]))
    lines.append(f"  accounts in use: {plan.seats_before} before, {plan.seats_after} after")
    if plan.expires_at is not None:
        lines.append(f"  good until {plan.expires_at:%Y-%m-%d %H:%M} UTC; fingerprint {plan.fingerprint[:16]}")
    return lines


def summary_data(plan: PlanSummary) -> dict[str, Any]:
    """The same for programs."""
    return {
        "id": plan.id,
        "state": plan.state,
        "as_of": plan.as_of.isoformat(),
        "made_at": plan.made_at.isoformat(),
        "expires_at": plan.expires_at.isoformat() if plan.expires_at else None,
        "cause": plan.cause,
        "fingerprint": plan.fingerprint,
        "config_version": plan.config_version,
        "snapshot": plan.snapshot_id,
        "counts": plan.counts,
        "held": plan.held,
        "guards": [
            {"guard": g.guard, "segment": g.segment, "count": g.count, "of": g.population, "tripped": g.tripped}
            for g in plan.guards
        ],
        "seats_before": plan.seats_before,
        "seats_after": plan.seats_after,
    }


@app.command("list")
def list_plans(config: Config = DEFAULT_CONFIG, form: Format = "text", json: AsJson = False, out: Out = None) -> None:
    """The newest plans first."""
    with connection(config, quiet=True) as it, it.ports.database.read() as db:
        rows = [
            (p.id, p.state, p.as_of, p.cause, sum(p.counts.values()), sum(p.held.values()))
            for p in plans_of(db, it.ports.policy.name)
        ]
    if not rows and form == "text" and not json:
        print("No plan yet. `joinery sync` or `joinery plan` makes one.")
        return
    shown = table("Plans", ("plan", "state", "as_of", "cause", "lines", "held"), rows)
    show_table(shown, "json" if json else form, out)


@app.command()
def show(
    plan: Annotated[str, typer.Argument(help="The plan's number, e.g. P-4.")],
    config: Config = DEFAULT_CONFIG,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
    worker: Annotated[str | None, typer.Option("--person", help="Only this employee number.")] = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many lines (0: all).")] = 200,
    confidential: Annotated[
        bool, typer.Option("--confidential", help="Also former names, and ends of employment to come.")
    ] = False,
) -> None:
    """Every line with old and new, and why. All lines: --format csv or xlsx.

    Former names, and addresses that may hold one, are told with --confidential only; what is not told is counted.
    """
    with connection(config, quiet=True, confidential=confidential) as it, it.ports.database.read() as db:
        summary, lines = _read(db, plan, worker, limit if form == "text" and not json else 0)
        only_reads, by = it.ports.policy.only_reads, it.ports.policy.confirmed_by
        told = sum(states[LineState.UNCONFIRMED] for states in count_lines(db, plan).values())
        lines, hidden = (lines, 0) if confidential else _without(it.ports.policy, lines)
    if json:
        data = {"plan": summary_data(summary), "lines": [_line_data(line) for line in lines]}
        show_json({**data, "values_withheld": hidden, "confirmed_by": by})
        return
    if form == "text":
        print("\n".join([*summary_lines(summary), *(f"  {text}" for text in [unconfirmed(by, told)] if text)]))
    show_table(_table(plan, lines), form, out)
    if hidden:
        say(f"{several(hidden, 'value')} withheld: former names, addresses that may hold one, ends of employment.")
    if form == "text" and limit and len(lines) == limit:
        say(f"The first {limit} lines. All of them: joinery plan show {plan} --limit 0")
    if summary.state == "observed":
        step = (
            "join the learning system itself, then `mode: approve`" if only_reads else "`mode: approve` in the settings"
        )
        say(f"Observe mode: nothing of it runs by itself. The next step: {step}.")
    elif summary.state == "waiting":
        say(f"Next: joinery plan approve {plan}, then joinery apply {plan} --yes", quiet=form != "text")


def _read(db: Any, plan: str, worker: str | None, limit: int) -> tuple[PlanSummary, list[StoredLine]]:
    found = plan_by_id(db, plan)
    if found is None:
        raise NotThere(f"There is no plan {plan} here.", fix="`joinery plan list` shows what there is.")
    lines = []
    for line in lines_of(db, plan):
        if worker is None or line.line.worker_id == worker:
            lines.append(line)
        if limit and len(lines) == limit:
            break
    return found[0], lines


def _without(policy: Policy, lines: list[StoredLine]) -> tuple[list[StoredLine], int]:
    """The lines without what is confidential, and how many values that were."""
    rows = policy.outbound.rows
    former = frozenset(row.to for row in rows if row.attribute in NAMES)
    ends = frozenset(row.to for row in rows if row.attribute in LIFECYCLE_NAMES)
    told, hidden = [], 0
    for stored in lines:
        operation, count = withheld(stored.line.operation, former, ends)
        because = tuple(withheld_reason(reason, NAMES, LIFECYCLE_NAMES) for reason in stored.line.because)
        line = replace(stored.line, operation=operation, because=because)
        told.append(replace(stored, line=line) if count else stored)
        hidden += count
    return told, hidden


def _table(plan: str, lines: list[StoredLine]) -> Table:
    rows = [
        (
            stored.seq,
            stored.line.worker_id,
            str(stored.line.action),
            said(stored.line.operation),
            "; ".join(reason.text for reason in stored.line.because),
            str(stored.state),
            stored.line.held,
            stored.detail,
        )
        for stored in lines
    ]
    return table(f"Plan {plan}", LINE_COLUMNS, rows)


def _line_data(stored: StoredLine) -> dict[str, Any]:
    from joinery.core.model.codec import encode_operation, encode_reason

    return {
        "line": stored.seq,
        "worker_id": stored.line.worker_id,
        "action": str(stored.line.action),
        "operation": encode_operation(stored.line.operation),
        "because": [encode_reason(reason) for reason in stored.line.because],
        "lane": str(stored.line.lane),
        "state": str(stored.state),
        "held": stored.line.held,
        "detail": stored.detail,
    }


@app.command("approve")
def approve_plan(
    plan: Annotated[str, typer.Argument(help="The plan's number, e.g. P-4.")],
    config: Config = DEFAULT_CONFIG,
    override: Annotated[
        str, typer.Option("--override", metavar="REASON", help="Take the held lines in too, this once, because …")
    ] = "",
    json: AsJson = False,
) -> None:
    """Accept a plan as it is; `joinery apply` then runs it."""
    with connection(config, quiet=True) as it:
        summary = approve(it.ports, plan, by=acting(), override=override)
    if json:
        show_json({"approved": plan, "fingerprint": summary.fingerprint})
    else:
        print(f"{plan} is approved (fingerprint {summary.fingerprint[:16]}).")
        say(f"Next: joinery apply {plan} --yes")


@app.command("discard")
def discard_plan(
    plan: Annotated[str, typer.Argument(help="The plan's number, e.g. P-4.")],
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Drop a plan: its lines never run. What is wanted comes back in the next plan."""
    with connection(config, quiet=True) as it:
        discard(it.ports, plan, by=acting())
    if json:
        show_json({"discarded": plan})
    else:
        print(f"{plan} is discarded; nothing of it will run.")
