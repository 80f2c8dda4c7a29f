"""`joinery undo`: take back what a plan did."""

from __future__ import annotations

from typing import Annotated

import typer

from joinery.app import clock
from joinery.app.looking import acting
from joinery.cli.apply_command import show_applied
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, Quiet, connection, say, show_json
from joinery.cli.plan_command import summary_data, summary_lines
from joinery.flows.apply import apply_approved, approve
from joinery.flows.undo import make_undo
from joinery.store.connections import only_run

app = typer.Typer(rich_markup_mode=None)


@app.command()
def main(
    plan: Annotated[str, typer.Argument(help="The plan to take back, e.g. P-4.")],
    config: Config = DEFAULT_CONFIG,
    yes: Annotated[bool, typer.Option("--yes", help="Approve and apply the undo at once.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with what is pinned.")] = "",
    json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make the inverse of a plan, as a plan to review; what cannot be taken back is named.

    Examples: joinery undo P-4 | joinery undo P-4 --yes --reason "wrong department table"
    """
    with connection(config, quiet=quiet or json) as it, only_run(it.ports.database, it.ports.policy.name, clock.now):
        undo = make_undo(it.ports, plan, clock.now())
        applied = None
        if yes and undo.plan is not None:
            approve(it.ports, undo.plan.id, by=acting(), override=reason)
            applied = apply_approved(it.ports, undo.plan.id)
    if json:
        done = dict(applied.states) if applied else {}
        made = summary_data(undo.plan) if undo.plan else None
        show_json({"undoes": plan, "plan": made, "impossible": dict(undo.impossible), "lines": done})
        return
    for sentence, lines in undo.impossible.items():
        print(f"Cannot be taken back ({lines} lines): {sentence}.")
    if undo.plan is None:
        print(f"There is nothing of {plan} to take back.")
        return
    for line in summary_lines(undo.plan):
        print(line)
    if applied is not None:
        show_applied(applied, json=False)
    else:
        say(f"Next: joinery plan approve {undo.plan.id}, then joinery apply {undo.plan.id} --yes")
