"""`joinery run`: what each run did, how long its stages took, where one stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from time import sleep
from typing import Annotated, Any

import typer

from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, Format, Out, connection, say, show_json, show_table
from joinery.cli.wording import moment, number, several
from joinery.flows.runs import Ending, Progress, Run, RunCalls, calls_of, progress, run_named, runs_of
from joinery.reports.tables import table
from joinery.store.calls import NONE, KeptCall
from joinery.store.plans import ENDED_WELL

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="What each run did: list, show, watch, calls.")

#: seconds between two looks at a run that is at work
EVERY = 1.0
LISTED = (
    "run",
    "kind=What",
    "began=Began (UTC)",
    "seconds=Took (s)",
    "ended=How it ended",
    "exit_code=Exit code",
    "plan",
    "files=Files read",
    "done=Lines done",
    "left=Lines left",
)
CALLED = (
    "at=Over at (UTC)",
    "method",
    "path",
    "status=Answer",
    "ms=Took (ms)",
    "attempt=Try",
    "error=What went wrong",
    "plan",
)
ENDINGS: Mapping[Ending, str] = {
    "done": "done",
    "partial": "done, but some was held, refused or failed",
    "stopped": "stopped",
    "running": "at work now",
    "left": "its process ended in the middle",
}


@app.command("list")
def list_command(
    config: Config = DEFAULT_CONFIG,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that somebody should look at.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 30,
    form: Format = "text",
    out: Out = None,
    json: AsJson = False,
) -> None:
    """The newest runs first: when, how long, how they ended, what they did.

    Examples: joinery run list --failed | joinery run list --limit 1000 --format xlsx --out runs.xlsx
    """
    with connection(config, quiet=True) as it:
        found = runs_of(it.ports, limit=limit, failed=failed)
    if json:
        show_json({"runs": [run_data(run) for run in found]})
        return
    if not found and form == "text":
        print("No run has failed." if failed else "There was no run yet. Begin one: joinery sync")
        return
    show_table(table("Runs", LISTED, [_listed(run) for run in found]), form, out)
    if form == "text":
        say(f"Next: joinery run show {found[0].id}")


@app.command()
def show(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Its number, like R-12.")],
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """One run: its stages, its files, its plan, and where it stopped.

    Example: joinery run show R-12
    """
    with connection(config, quiet=True) as it:
        found = run_named(it.ports, run)
    if json:
        show_json({"run": run_data(found)})
        return
    for line in _sentences(found):
        print(line)
    say(f"Next: joinery {_next(found)}")


@app.command()
def watch(config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """Follow the run that is at work until it ends, and end with its exit code.

    Examples: joinery run watch | joinery run watch --json

    With --json it is told once, at the end.
    """
    with connection(config, quiet=True) as it:
        found, told, followed = progress(it.ports), "", False
        while found.run is not None and found.run.ending == "running":
            followed = True
            if not json and (line := _how_far(found, found.run)) != told:
                print(told := line, flush=True)
            sleep(EVERY)
            found = progress(it.ports)
    if json:
        show_json({"run": run_data(found.run) if found.run else None})
    elif found.run is None or not followed:
        print("No run is at work.")
    else:
        print(*_sentences(found.run), sep="\n")
        say(f"Next: joinery {_next(found.run)}")
    if found.run is not None and followed:
        raise typer.Exit(_code(found.run))


@app.command("calls")
def calls_command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Its number, like R-12.")],
    config: Config = DEFAULT_CONFIG,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that did not go well.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the last ones.")] = 50,
    form: Format = "text",
    out: Out = None,
    json: AsJson = False,
) -> None:
    """What was asked of the learning system, what it answered, and how long it took. Never who it was about.

    Examples: joinery run calls R-12 --failed | joinery run calls R-12 --limit 100000 --format csv --out calls.csv
    """
    with connection(config, quiet=True) as it:
        found = calls_of(it.ports, run, limit=limit, failed=failed)
        days = it.settings.retention.calls.days
    if json:
        calls = [_call_data(each) for each in found.calls]
        show_json({"run": found.run.id, "count": asdict(found.count), "calls": calls})
        return
    if not found.calls and form == "text":
        print(_no_calls(found, days))
        return
    show_table(table("Calls", CALLED, [_called(each) for each in found.calls]), form, out)
    if form == "text":
        say(_counted(found))


def _no_calls(found: RunCalls, days: int) -> str:
    if found.count.calls:
        return f"All {several(found.count.calls, 'call')} of {found.run.id} went well."
    return (
        f"No call of {found.run.id} is known: "
        f"it asked nothing of a learning system over HTTP, or more than {days} days ago."
    )


def _counted(found: RunCalls) -> str:
    count, shown = found.count, len(found.calls)
    mean = count.ms / count.calls
    all_of_them = f"{several(count.calls, 'call')} in all, {number(count.failed)} of them failed"
    rest = f"; the last {number(shown)} are shown, --limit shows more" if shown < count.calls else ""
    return f"{all_of_them}; {mean:.0f} ms each, the slowest {count.slowest:.0f} ms{rest}"


def _call_data(call: KeptCall) -> dict[str, Any]:
    return asdict(call) | {"at": call.at.isoformat(), "status": call.status or None}


def _called(call: KeptCall) -> tuple[str | int | float | None, ...]:
    at = f"{call.at:%Y-%m-%d %H:%M:%S.%f}"[:-3]
    answer = "none" if call.status == NONE else call.status
    return at, call.method, call.path, answer, round(call.ms, 1), call.attempt, call.error, call.plan_id


def _how_far(found: Progress, run: Run) -> str:
    begun = f"{run.id} is at work since {moment(run.began)}"
    if not found.plan:
        return f"{begun}: no plan is being applied now."
    lines = several(found.ended + found.owed, "line")
    return f"{begun}: {number(found.ended)} of {lines} of {found.plan} have ended."


def _code(run: Run) -> int:
    return run.exit_code if run.exit_code is not None else 0 if run.well else 1


def run_data(run: Run) -> dict[str, Any]:
    """For other programs: instants in ISO 8601, UTC; seconds as a number."""
    times = {"as_of": run.as_of, "began": run.began, "ended": run.ended}
    return asdict(run) | {key: at.isoformat() if at else None for key, at in times.items()} | {"seconds": _seconds(run)}


def _seconds(run: Run) -> float | None:
    return round((run.ended - run.began).total_seconds(), 1) if run.ended and run.ending != "left" else None


def _listed(run: Run) -> tuple[str | int | float | None, ...]:
    done = sum(count for state, count in run.lines.items() if state in ENDED_WELL)
    left = sum(run.lines.values()) - done
    files = sum(state == "accepted" for state in run.files.values())
    ended = ENDINGS[run.ending] + (f" in {run.stage}" if run.stage else "")
    began = f"{run.began:%Y-%m-%d %H:%M:%S}"
    return run.id, run.kind, began, _seconds(run), ended, run.exit_code, run.plan, files, done, left


def _sentences(run: Run) -> Iterator[str]:
    seconds = _seconds(run)
    took = f", took {seconds} s" if seconds is not None else ""
    yield f"{run.id}: {run.kind}, began {moment(run.began)}{took}; it decided for {moment(run.as_of)}."
    code = f" (exit code {run.exit_code})" if run.exit_code is not None else ""
    yield f"How it ended: {ENDINGS[run.ending]}{f' in {run.stage}' if run.stage else ''}{code}."
    if run.message:
        yield f"  {run.message}"
    if run.stages:
        yield "Stages: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in run.stages.items())
    for name, state in run.files.items():
        yield f"File {name}: {state}"
    counts = {
        "Events": run.events,
        "Lines": run.lines,
        "Mail": run.mail,
        "Records": run.records,
        "Accounts": run.accounts,
    }
    for what, counted in counts.items():
        if told := ", ".join(f"{word} {number(count)}" for word, count in counted.items() if count):
            yield f"{what}: {told}"


def _next(run: Run) -> str:
    if run.plan:
        return f"plan show {run.plan}"
    return "doctor" if run.ending == "stopped" else "status"
