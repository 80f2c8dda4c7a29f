"""`joinery version`."""

from __future__ import annotations

from importlib.metadata import version

import typer

from joinery.cli.common import AsJson, show_json

app = typer.Typer(rich_markup_mode=None)


@app.command()
def main(json: AsJson = False) -> None:
    """Print the version."""
    if json:
        show_json({"joinery": version("joinery")})
    else:
        print(version("joinery"))
