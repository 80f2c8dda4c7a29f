"""`joinery config`: the settings. Rule: a secret never shows, only where it is read from."""

from __future__ import annotations

import json as json_module
import os
from pathlib import Path
from typing import Annotated

import typer

from joinery.cli import config_versions
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, say, show_json
from joinery.errors import ConfigError
from joinery.settings import Settings, dump_resolved, load, resolved

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Check, show, compare and take back the settings.")
app.command("history")(config_versions.history)
app.command("diff")(config_versions.diff)
app.command("export")(config_versions.export)
app.command("import")(config_versions.import_files)
app.command("revert")(config_versions.revert)


@app.command()
def validate(config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """Every problem with file, line and column, or a word that there is none.

    Ends with 0, or with 7 when the settings are not valid.
    """
    settings = _load(config)
    if json:
        show_json({"valid": True, "config_version": settings.version_hash, "mode": settings.mode})
        return
    print(f"{config} is valid: {', '.join(settings.people)} to {', '.join(settings.learning)}, mode {settings.mode}.")
    say("Next: joinery check looks at the data, joinery sync runs")


@app.command()
def show(
    config: Config = DEFAULT_CONFIG,
    as_resolved: Annotated[bool, typer.Option("--resolved", help="With every default filled in.")] = False,
    json: AsJson = False,
) -> None:
    """The settings file as it is, or (--resolved) what runs, with every default; secrets as references only."""
    settings = _load(config)
    if json:
        show_json({"config_version": settings.version_hash, "settings": resolved(settings)})
    elif as_resolved:
        print(dump_resolved(settings), end="")
    else:
        # valid settings hold no secret: a literal one is an error
        print(config.read_text(encoding="utf-8-sig"), end="")
        say("Overrides by environment variables are not in the file: --resolved shows what runs.")


@app.command()
def schema(
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file instead of stdout.")] = None,
) -> None:
    """The JSON Schema of the settings file, for editors.

    Example: joinery config schema --out joinery.schema.json
    """
    from joinery.settings.reference import schema as made

    text = json_module.dumps(made(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")


def _load(config: Path) -> Settings:
    if not config.is_file():
        raise ConfigError(
            f"There is no settings file {config}.",
            fix="Name one with --config, or begin with config.example.yaml.",
        )
    return load(config, environ=os.environ)
