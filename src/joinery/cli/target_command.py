"""`joinery target`: pause all calls to the learning system, let them go on, see how it stands and who calls it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from joinery.app import clock
from joinery.app.looking import acting
from joinery.app.wiring import Opened
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, connection, show_json
from joinery.core.model.codec import instant_text
from joinery.jobs.node import DEAD_AFTER
from joinery.store import target_states
from joinery.store.nodes import NodeRow, nodes_of
from joinery.store.target_states import TargetState, state_of

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The learning system: pause, resume, status.")

Reason = Annotated[str, typer.Option("--reason", help="Why, for whoever looks at it later.")]
By = Annotated[str, typer.Option("--by", help="Who decides; your sign-in name without it.")]


@app.command("status")
def status_of(config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """How it stands: paused, resting after failures, or open; and the processes that work on it.

    Examples: joinery target status | joinery target status --json
    """
    with connection(config, quiet=True) as it:
        _show(it, json=json)


@app.command()
def pause(config: Config = DEFAULT_CONFIG, reason: Reason = "", by: By = "", json: AsJson = False) -> None:
    """Let nobody call it until it is resumed: what is planned waits, calls under way end.

    Examples: joinery target pause --reason "upgrade tonight, INC-991"
    """
    with connection(config, quiet=True) as it:
        with it.ports.database.write() as tx:
            at = instant_text(clock.now())
            target_states.pause(tx, it.targets.name, by=by or acting(), reason=reason, at=at)
        _show(it, json=json)


@app.command()
def resume(config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """Let calls go on now, also when they rest after failures.

    Examples: joinery target resume
    """
    with connection(config, quiet=True) as it:
        with it.ports.database.write() as tx:
            target_states.resume(tx, it.targets.name)
        _show(it, json=json)


def _show(it: Opened, *, json: bool) -> None:
    with it.ports.database.read() as tx:
        state = state_of(tx, it.targets.name)
        nodes = [node for node in nodes_of(tx, it.settings.name) if node.silent < DEAD_AFTER]
    if json:
        show_json({"target": it.targets.name, **as_data(state), "nodes": [node_data(node) for node in nodes]})
        return
    print(f"{it.targets.name}: {sentence(state)}")
    for node in nodes:
        print(f"  {node.kind} {node.id}: process {node.pid} on {node.host}, since {node.started_at[:16]} UTC")


def sentence(state: TargetState) -> str:
    """One sentence on how it stands."""
    if state.paused:
        reason = f" ({state.reason})" if state.reason else ""
        return f"paused by {state.paused_by} since {state.paused_at[:16].replace('T', ' ')} UTC{reason}."
    if state.opens_in > 0:
        return f"left alone for {state.opens_in:.0f} more seconds, after calls failed again and again ({state.error})."
    if state.tripped:
        return f"tried again with one call at a time, after calls failed again and again ({state.error})."
    if state.resumes_in > 0:
        return f"it asked to be left alone for {state.resumes_in:.0f} more seconds."
    return "calls go through."


def as_data(state: TargetState) -> dict[str, Any]:
    """The same for programs."""
    words = ("paused_by", "paused_at", "reason", "tripped", "error")
    return {
        "state": "paused" if state.paused else "resting" if state.opens_in > 0 else "open",
        **{word: getattr(state, word) for word in words},
        "opens_in_seconds": round(state.opens_in),
        "resumes_in_seconds": round(state.resumes_in),
        "sentence": sentence(state),
    }


def node_data(node: NodeRow) -> dict[str, Any]:
    """One process, for programs."""
    return {"id": node.id, "kind": node.kind, "host": node.host, "pid": node.pid, "started_at": node.started_at}
