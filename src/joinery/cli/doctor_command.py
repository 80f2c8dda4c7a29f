"""`joinery doctor`: is everything there that a run needs? Each answer is ok, warn or fail, and says what to do."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from joinery.app import clock
from joinery.app.examining import Answer, examine, fail, worst
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, say, show_json
from joinery.errors import ConfigError
from joinery.settings import load

app = typer.Typer(rich_markup_mode=None)


@app.command()
def main(config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """Look at settings, secrets, store, disk, clock, sources, learning system, keys, mail, locks, backup, audit anchor.

    Examples: joinery doctor | joinery doctor --json

    Ends with 0 (also with warnings), 7 when the settings or a secret are at fault, 6 when something cannot be reached,
    1 for anything else that fails. Nothing is written.
    """
    answers = _answers(config)
    code = worst(answers)
    if json:
        show_json({"ok": not code, "exit_code": code, "answers": [_data(answer) for answer in answers]})
    else:
        for answer in answers:
            print(f"{answer.state:4}  {answer.what}: {answer.said}")
            if answer.fix:
                print(f"      What to do: {answer.fix}")
        count = sum(answer.state != "ok" for answer in answers)
        say("All is well." if not count else f"{count} of {len(answers)} need a look.")
    raise typer.Exit(code)


def _answers(config: Path) -> list[Answer]:
    if not config.is_file():
        return [fail("settings", f"There is no settings file {config}.", "Name one with --config, or joinery init", 7)]
    try:
        settings = load(config, environ=os.environ)
    except ConfigError as error:
        return [fail("settings", error.message, error.fix or "joinery config validate", 7)]
    return list(examine(settings, clock.now))


def _data(answer: Answer) -> dict[str, object]:
    return {"what": answer.what, "state": answer.state, "message": answer.said, "fix": answer.fix}
