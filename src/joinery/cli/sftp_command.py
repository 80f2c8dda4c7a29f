"""`joinery sftp`: the drop server. HR puts files into the folders of the settings, by key and over SFTP only."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from typing import Annotated

import typer

from joinery.app.serving import LOOPBACK
from joinery.app.uploading import serve_uploads
from joinery.cli.common import DEFAULT_CONFIG, Config, Quiet, say
from joinery.errors import ConfigError
from joinery.settings import load

app = typer.Typer(rich_markup_mode=None)

Host = Annotated[str, typer.Option("--host", help="Where to listen; the default is this machine only.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")]


@app.command()
def main(
    config: Config = DEFAULT_CONFIG,
    host: Annotated[
        str, typer.Option("--host", help="Where to listen; the default is this machine only.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 2222,
    quiet: Quiet = False,
) -> None:
    """Let HR bring its files over SFTP, until Ctrl-C: one account for each source with `upload`, keys only.

    Examples: joinery sftp --host 0.0.0.0 | joinery sftp --config acme.yaml --port 2022

    Each file that arrived is one line: time, source, file name.
    """
    if not config.is_file():
        raise ConfigError(f"There is no settings file {config}.", fix="Name one with --config.")

    def begun(fingerprint: str, at: int, users: Mapping[str, str]) -> None:
        said = ", ".join(f"{user} for {source}" for source, user in users.items())
        say(f"Files are taken at {host} port {at}: {said}  (Ctrl-C stops it)", quiet=quiet)
        say(f"Host key, for HR to compare: {fingerprint}", quiet=quiet)
        if host in LOOPBACK:
            say("Note: only this machine can reach it; --host 0.0.0.0 lets others in.", quiet=quiet)

    def stop(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        serve_uploads(load(config, environ=os.environ), (host, port), begun, lambda line: say(line, quiet=quiet))
    except KeyboardInterrupt:
        say("Stopped.", quiet=quiet)
    finally:
        signal.signal(signal.SIGTERM, before)
