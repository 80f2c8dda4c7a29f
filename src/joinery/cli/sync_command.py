"""`joinery sync`: the nightly run."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from joinery.app import clock
from joinery.app.logs import libraries_too
from joinery.app.watching import quietly
from joinery.cli.common import DEFAULT_CONFIG, AsJson, AsOf, Config, Quiet, connection, counted, instant, say, show_json
from joinery.cli.plan_command import summary_data
from joinery.flows.layouts import forget_layout
from joinery.flows.pulled import FileResult
from joinery.flows.sync import SyncReport, sync

app = typer.Typer(rich_markup_mode=None)


@app.command()
def main(
    config: Config = DEFAULT_CONFIG,
    as_of: AsOf = None,
    json: AsJson = False,
    quiet: Quiet = False,
    forget: Annotated[
        str, typer.Option("--forget-layout", metavar="SOURCE", help="Forget first what its earlier files looked like.")
    ] = "",
) -> None:
    """Pull what arrived, make a plan, apply what the mode allows.

    Examples: joinery sync | joinery sync --config acme.yaml --json

    Ends with 0 (done), 4 (done, something held or failed), 5 (nothing applied: an approval or a guard waits) or 6 (a
    source could not be reached; the rest was done).
    """
    moment = instant(as_of)
    with connection(config, quiet=quiet or json, as_of=moment) as it:
        libraries_too(it.settings)
        if forget:
            forget_layout(it.ports, forget)
        try:
            report = sync(it.ports, moment or clock.now())
        finally:
            # also of a run that stopped; where `joinery serve` looks every minute, it is told once all the same
            if not it.ports.policy.simulation:
                quietly(it, clock.now(), lambda line: say(line, quiet=quiet or json))
    if json:
        show_json(as_data(report))
    else:
        for line in sentences(report):
            print(line)
        say(f"Next: {next_step(report)}", quiet=quiet)
    raise typer.Exit(report.exit_code)


def sentences(report: SyncReport) -> list[str]:
    """The verdict first, then what stands behind it."""
    lines = [verdict(report)]
    for file in report.pulled.files:
        lines += _of_file(file)
    if report.pulled.events:
        lines.append("  events: " + counted([(n, kind) for kind, n in sorted(report.pulled.events.items())]))
    if report.plan is not None:
        lines.append(f"  plan {report.plan.id}: " + counted([(n, a) for a, n in sorted(report.plan.counts.items())]))
        lines += [f"    held: {guard.message}" for guard in report.plan.guards if guard.tripped]
    if report.applied is not None and report.applied.states:
        lines.append("  lines: " + counted([(n, s) for s, n in sorted(report.applied.states.items())]))
    if any(report.mail.values()):
        lines.append("  mail: " + counted([(n, s) for s, n in sorted(report.mail.items())]))
    if any(report.records.values()):
        lines.append("  training records: " + counted([(n, s) for s, n in sorted(report.records.items())]))
    if report.locked:
        lines.append(f"  automatic mode is locked: {report.locked}")
    return lines


def _of_file(file: FileResult) -> list[str]:
    known = [] if file.state == "unreachable" else [f"  {file.name}: {file.state}, {file.rows} rows"]
    blockers = [f"    {f.message}" for f in file.findings if str(f.severity) == "blocker"]
    return [*(f"{line}{_changes(file.counts)}" for line in known), *blockers]


def _changes(counts: Any) -> str:
    said = counted([(counts.get(name, 0), name) for name in ("added", "changed", "absent", "quarantined", "rejected")])
    return f" ({said})" if said else ""


def verdict(report: SyncReport) -> str:
    """One sentence."""
    if report.pulled.unreachable:
        return "A source could not be reached: yesterday's facts stay in force; everything else was done."
    if any(file.state in {"held", "rejected"} for file in report.pulled.files):
        return "A file was not believed: yesterday's facts stay in force and nobody was touched because of it."
    if report.plan is None:
        return "Nothing to do."
    if report.observed:
        return f"Observed: plan {report.plan.id} shows what would be done. Nothing was written."
    return {
        0: "Done.",
        4: "Done, with something held, waiting or failed.",
        5: f"Nothing was applied: plan {report.plan.id} waits for somebody.",
    }[report.exit_code]


def next_step(report: SyncReport) -> str:
    """The command somebody would want now."""
    if report.pulled.stopped or report.pulled.unreachable:
        return "joinery issue list"
    if report.plan is not None and (report.observed or report.exit_code):
        return f"joinery plan show {report.plan.id}"
    return "joinery status"


def as_data(report: SyncReport) -> dict[str, Any]:
    """The same for programs; schema version 1."""
    return {
        "run": report.run,
        "as_of": report.as_of.isoformat(),
        "exit_code": report.exit_code,
        "verdict": verdict(report),
        "files": [_file_data(file) for file in report.pulled.files],
        "events": dict(report.pulled.events),
        "woken": report.pulled.woken,
        "plan": summary_data(report.plan) if report.plan else None,
        "lines": dict(report.applied.states) if report.applied else {},
        "mail": dict(report.mail),
        "records": dict(report.records),
        "locked": report.locked,
    }


def _file_data(file: FileResult) -> dict[str, Any]:
    return {
        "source": file.source,
        "name": file.name,
        "state": file.state,
        "rows": file.rows,
        "baseline": file.baseline,
        "counts": dict(file.counts),
        "findings": [
            {"check": f.check, "severity": str(f.severity), "worker_id": f.worker_id, "message": f.message}
            for f in file.findings
            if str(f.severity) in {"blocker", "quarantine"}
        ][:100],
    }
