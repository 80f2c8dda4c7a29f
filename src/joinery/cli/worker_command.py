"""`joinery worker`: one more pair of hands for a connection, on this machine or another."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import typer

from joinery.app.edited import Edits, beginning, one_after_the_other, taking_over
from joinery.app.logs import libraries_too, speaker
from joinery.app.looking import acting
from joinery.app.scheduling import Keeper
from joinery.app.wiring import opened
from joinery.app.working import Hands, may_share
from joinery.cli.common import DEFAULT_CONFIG, Config, Quiet, say, settings_of
from joinery.settings import Settings
from joinery.store.audit_log import act_as

app = typer.Typer(rich_markup_mode=None)


@app.command()
def main(config: Config = DEFAULT_CONFIG, quiet: Quiet = False) -> None:
    """Take up work that `joinery sync` or `joinery serve` gives out, until Ctrl-C or SIGTERM.

    Examples: joinery worker | joinery worker --config acme.yaml

    Start as many as you like, on as many machines as reach the same PostgreSQL store. When a process dies or stands
    still, the others take its work over within a minute, by themselves: what it was applying, news that it had kept,
    and, while no `joinery serve` lives, the schedule (where no setting names a folder of one machine). Edited settings
    are taken over by themselves, while no run is at work.
    """
    stopped = Event()
    hand = Hand(config=config, quiet=quiet, stopped=stopped)

    def end(_signal: int, _frame: object) -> None:
        stopped.set()
        hand.stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        act_as(acting())
        one_after_the_other(settings_of(config), hand.work_by, lambda line: hand.log(line))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    say("Stopped. Jobs under way were given back.", quiet=quiet)


@dataclass(slots=True, kw_only=True)
class Hand:
    """One process, whatever becomes of the settings."""

    config: Path
    quiet: bool
    stopped: Event
    stop: Event = field(default_factory=Event)
    log: Callable[[str], None] = lambda _line: None

    def work_by(self, settings: Settings, refused: str) -> Settings | None:
        """Work by these settings until it is stopped (None), or others are there to be taken over."""
        log = self.log = speaker(settings, lambda line: say(line, quiet=self.quiet))
        libraries_too(settings)
        edits = Edits(settings=settings, environ=os.environ, say=log, refused=refused)
        stop = self.stop = Event()
        if self.stopped.is_set():
            return None
        with ExitStack() as stack:
            with beginning():
                it = stack.enter_context(opened(self.config, environ=os.environ, settings=settings))
                may_share(it)
            stack.enter_context(taking_over(it, edits, stop.set))
            keeper = Keeper(opened=it, say=log, stop=stop)
            Hands(opened=it, say=log, stop=stop, also=keeper.stand_in).work()
        return None if self.stopped.is_set() else edits.new
