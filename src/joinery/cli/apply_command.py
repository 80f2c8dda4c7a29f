"""`joinery apply`: run an approved plan."""

from __future__ import annotations

from typing import Annotated

import typer

from joinery.app import clock
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, Quiet, connection, counted, say, show_json
from joinery.flows.apply import Applied, apply_approved
from joinery.store.connections import only_run

app = typer.Typer(rich_markup_mode=None)


@app.command()
def main(
    plan: Annotated[str, typer.Argument(help="The plan's number, e.g. P-4.")],
    config: Config = DEFAULT_CONFIG,
    yes: Annotated[bool, typer.Option("--yes", help="Really write to the learning system.")] = False,
    fingerprint: Annotated[
        str | None, typer.Option("--fingerprint", help="Only if the plan is still this one.")
    ] = None,
    json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run an approved plan; each line is checked against the live account first and skipped if that moved.

    Example: joinery plan approve P-4 && joinery apply P-4 --yes
    """
    if not yes:
        raise typer.BadParameter("this writes to the learning system: say --yes", param_hint="--yes")
    with connection(config, quiet=quiet or json) as it, only_run(it.ports.database, it.ports.policy.name, clock.now):
        applied = apply_approved(it.ports, plan, fingerprint)
    show_applied(applied, json=json)
    raise typer.Exit(4 if applied.open else 0)


def show_applied(applied: Applied, *, json: bool) -> None:
    """Lines by outcome, and where to look."""
    if json:
        show_json({"plan": applied.plan, "lines": dict(applied.states)})
        return
    print(f"{applied.plan}: " + (counted([(n, state) for state, n in sorted(applied.states.items())]) or "no lines"))
    if applied.open:
        say(f"Next: joinery plan show {applied.plan}")
