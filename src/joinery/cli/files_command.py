"""`joinery files resend`: the import files of a learning system that takes CSV."""

from __future__ import annotations

import typer

from joinery.app import clock
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, connection, say, show_json
from joinery.cli.wording import several
from joinery.store.connections import only_run

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Import files for a learning system.")


@app.callback()
def _root() -> None:
    """Import files for a learning system that takes CSV."""


@app.command()
def resend(config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """Write everybody as they were last told, in a new set of full files; for an import that failed or was lost.

    Nothing is decided anew and nobody's state changes. What a run before left on its way is finished first.

    Examples: joinery files resend | joinery files resend --config acme.yaml --json

    Ends with 0, or with 6 when the files cannot be written or brought to their server.
    """
    with connection(config, quiet=True) as it, only_run(it.ports.database, it.ports.policy.name, clock.now):
        sent = it.targets.files().resend()
    if json:
        show_json({"files": [{"file": each.name, "rows": each.rows} for each in sent]})
        return
    for each in sent:
        print(f"{each.name}: {several(each.rows, 'row')}")
    if not sent:
        print("Nobody has been told to the learning system yet; nothing was written.")
    say("Next: let the learning system import them")
