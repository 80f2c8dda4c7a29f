"""`joinery worker`: one more pair of hands for a connection, on this machine or another."""

from __future__ import annotations

import signal
from threading import Event

import typer

from joinery.app.logs import libraries_too, speaker
from joinery.app.scheduling import Keeper
from joinery.app.working import Hands
from joinery.cli.common import DEFAULT_CONFIG, Config, Quiet, connection, say

app = typer.Typer(rich_markup_mode=None)


@app.command()
def main(config: Config = DEFAULT_CONFIG, quiet: Quiet = False) -> None:
    """Take up work that `joinery sync` or `joinery serve` gives out, until Ctrl-C or SIGTERM.

    Examples: joinery worker | joinery worker --config acme.yaml

    Start as many as you like, on as many machines as reach the same PostgreSQL store. When a process dies or stands
    still, the others take its work over within a minute, by themselves: what it was applying, news that it had kept,
    and, while no `joinery serve` lives, the schedule (where no setting names a folder of one machine).
    """
    stop = Event()

    def end(_signal: int, _frame: object) -> None:
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with connection(config, quiet=True) as it:
            log = speaker(it.settings, lambda line: say(line, quiet=quiet))
            libraries_too(it.settings)
            keeper = Keeper(opened=it, say=log, stop=stop)
            Hands(opened=it, say=log, stop=stop, also=keeper.stand_in).work()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    say("Stopped. Jobs under way were given back.", quiet=quiet)
