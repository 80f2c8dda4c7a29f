"""`joinery serve`: the ways in for data, and Classroom for browsers; on this machine unless told otherwise."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from joinery.app import clock
from joinery.app.beside import beside
from joinery.app.desk import Desk
from joinery.app.edited import Edits, beginning, one_after_the_other, taking_over
from joinery.app.health import Watched
from joinery.app.logs import libraries_too, speaker
from joinery.app.scheduling import Keeper
from joinery.app.serving import LOOPBACK, Ending, classroom_app, listening, serve, shifted
from joinery.app.targets import TargetMaker
from joinery.app.watching import watched
from joinery.app.wiring import Opened, opened
from joinery.cli.common import DEFAULT_CONFIG, AsOf, Config, Quiet, instant, say
from joinery.errors import AsOfRefused, ConfigError
from joinery.settings import Settings, load
from joinery.web.assembly import Front, api_app

app = typer.Typer(rich_markup_mode=None)

Host = Annotated[str, typer.Option("--host", help="Where to listen; the default is this machine only.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")]


@app.command()
def main(
    config: Config = DEFAULT_CONFIG,
    host: Host = "127.0.0.1",
    port: Port = 8484,
    as_of: AsOf = None,
    quiet: Quiet = False,
) -> None:
    """Run the ways in for data (docs/howto/push.md) until Ctrl-C, and Classroom where it is the learning system.

    Examples: joinery serve | joinery serve --config acme.yaml --port 9000

    Settings that are edited meanwhile are taken over by themselves, between two runs; what cannot be used of them is
    said, and the former ones stay in force. --as-of is for simulations only: Classroom's clock then begins at that
    moment, and edits count from the next start.
    """
    if not config.is_file():
        raise ConfigError(
            f"There is no settings file {config}.", fix="Name one with --config, or try `joinery demo` first."
        )
    settings = load(config, environ=os.environ)
    maker = maker_for(settings)
    moment = instant(as_of)
    if moment is not None and not maker.entry.simulation:
        raise AsOfRefused(
            "Only a Classroom marked `simulation: true` lives at another moment; nothing was started.",
            fix="Leave --as-of out.",
        )

    door = Door(config=config, host=host, port=port, moment=moment, quiet=quiet)
    try:
        # also between two settings, when nothing serves
        with interruptible(), suppress(KeyboardInterrupt):
            one_after_the_other(settings, door.open_by, lambda line: door.log(line))
    finally:
        door.close()
    say("Stopped.", quiet=quiet)


@dataclass(slots=True, kw_only=True)
class Door:
    """Where it listens: the same socket whatever becomes of the settings, so that nobody is turned away meanwhile."""

    config: Path
    host: str
    port: int
    moment: datetime | None
    quiet: bool
    log: Callable[[str], None] = lambda _line: None
    _listener: socket.socket | None = None
    _served: bool = False

    def open_by(self, settings: Settings, refused: str) -> Settings | None:
        """Serve by these settings until it is stopped (None), or others are there to be taken over."""
        log = self.log = speaker(settings, lambda line: say(line, quiet=self.quiet))
        libraries_too(settings)
        edits = Edits(settings=settings, environ=os.environ, say=log, refused=refused)
        with ExitStack() as stack:
            with beginning():
                maker = maker_for(settings)
                here = maker.entry.into == "classroom" and not maker.entry.url
                school = classroom_app(maker, shifted(clock.now, self.moment), log) if here else nullcontext()
                classroom = stack.enter_context(school)
                it = stack.enter_context(opened(self.config, environ=os.environ, settings=settings))
                stack.enter_context(scheduled(it, log))
                stack.enter_context(watched(it, log))
                listener = self._listening(maker.entry.base_url if here else "")
            if self._served and not refused:
                log("The edited settings are in force.")
            self._served = True
            # a simulation that began at a moment of its own would begin again
            ending = partial(taking_over, it, edits) if self.moment is None else None
            stopped = _at_work(it, classroom, listener, log, (edits, ending))
        return None if stopped else edits.new

    def _listening(self, base_url: str) -> socket.socket:
        """For one server: it closes what it is given."""
        if self._listener is None:
            self._listener = listening(self.host, self.port)
            for line in greeting(base_url, self.host, self._listener.getsockname()[1]):
                say(line, quiet=self.quiet)
        return self._listener.dup()

    def close(self) -> None:
        """Listen no more."""
        if self._listener is not None:
            self._listener.close()


def _at_work(
    it: Opened, classroom: Any, listener: Any, log: Callable[[str], None], edited: tuple[Edits, Ending | None]
) -> bool:
    """The ways in, Classroom if it is here, and whoever does what comes in; whether somebody stopped it."""
    edits, ending = edited
    desk = Desk(ports=it.ports, log=log)
    desk.begin()
    try:
        front = Front(api_app(it.settings, it.ports, desk), classroom)
        page = Watched(settings=it.settings, now=clock.now, app=front, edited=lambda: edits.trouble)
        return until_stopped(page, listener, log, ending)
    finally:
        desk.stop()


@contextmanager
def scheduled(it: Opened, log: Callable[[str], None]) -> Iterator[None]:
    """Helps others, and runs what `schedule` asks for, in a thread of its own."""
    if it.targets.entry.simulation:
        yield
        return
    stop = threading.Event()
    with beside(Keeper(opened=it, say=log, stop=stop).keep, stop, "joinery-scheduler"):
        yield


def maker_for(settings: Settings) -> TargetMaker:
    """The one learning system of these settings. Raises ConfigError when there are several."""
    if len(settings.learning) != 1:
        raise ConfigError("`learning` names several learning systems.", fix="Keep one entry in a settings file.")
    return TargetMaker(
        settings=settings, name=next(iter(settings.learning)), state_dir=settings.folder / ".joinery", now=clock.now
    )


def greeting(base_url: str, host: str, port: int) -> list[str]:
    """Where it runs, and what could surprise. `base_url`: of Classroom; empty when it does not run here."""
    shown = f"[{host}]" if ":" in host else host
    here = f"http://{shown}:{port}"
    lines = [f"{'Classroom' if base_url else 'The API'} is at {here}  (Ctrl-C stops it)"]
    if base_url and base_url.rstrip("/") not in {here, here.replace("127.0.0.1", "localhost")}:
        lines.append(f"Note: links in mails lead to {base_url} (learning.base_url).")
    if host not in LOOPBACK:
        lines.append("Note: others can reach it, unencrypted. Put a proxy with TLS in front of it for real use.")
    return lines


def until_stopped(application: Any, listener: Any, log: Any = None, ending: Ending | None = None) -> bool:
    """Serves; Ctrl-C and SIGTERM end it cleanly. Whether that is why it ended, or what `ending` was given."""

    try:
        with interruptible():
            serve(application, listener, log, ending)
    except KeyboardInterrupt:
        return True
    return False


@contextmanager
def interruptible() -> Iterator[None]:
    """A SIGTERM is a Ctrl-C."""

    def stop(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
