"""Hands for a connection: takes up jobs of plans that others drive, and drives what nobody drives any more.

Rule: a plan is driven under the connection's lock, so that only one process decides; lines are performed by whoever is
there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Literal

from sqlalchemy import Connection

from joinery.app.reach import LOCAL, bound_to
from joinery.app.wiring import Opened
from joinery.core.model.ids import RunId
from joinery.errors import ConfigError, JoineryError, RunLocked
from joinery.flows.apply import cut_short, resume
from joinery.flows.receiving import left_over, take_in
from joinery.flows.sync import after_apply, sync
from joinery.store.connections import at_work, end_run, last_runs, only_run

#: how often a worker looks for a plan that nobody drives, in seconds
LOOK = 3.0
#: after an error it waits so long before it tries again, in seconds
PATIENCE = 30.0


@dataclass(slots=True, kw_only=True)
class Hands:
    """One process at work. `say` gets a line for whoever watches: IDs and numbers only."""

    opened: Opened
    say: Callable[[str], None]
    stop: Event
    #: what else is looked at each time, given the ID of this node
    also: Callable[[str], None] = lambda _node: None
    #: news were taken in, and no run has followed yet
    _run_owed: bool = False

    def work(self) -> None:
        """Until `stop` is set. Raises ConfigError when this machine can be of no help."""
        may_share(self.opened)
        node = self.opened.ports.engine().join("worker")
        self.say(f"worker {node} is ready: it takes up work of {self.opened.settings.name!r}")
        while not self.stop.wait(LOOK):
            self.look()
            self.take_news()
            self.also(node)
            self.opened.targets.calls.write(self.opened.ports.database, self.opened.settings.name)

    def take_news(self) -> None:
        """Take in what came over HTTP to a process that is gone: an end of access waits for nobody's return."""
        ports = self.opened.ports
        try:
            left = left_over(ports)
            for arrival in left:
                self.say(f"{arrival.id} was left by a process that is gone")
                take_in(ports, arrival)
            self._run_owed = (self._run_owed or bool(left)) and not bound_to(self.opened.settings)
            if self._run_owed:
                report = sync(ports, ports.now())
                self._run_owed = False
                self.say(f"{report.run} ended with {report.exit_code}")
        except RunLocked:
            return  # the run that is at work may have read before the news: another one follows it
        except JoineryError as error:
            self.say(f"{error.message} It is tried again.")
        except OSError as error:
            self.say(f"A file cannot be used ({type(error).__name__}); it is tried again.")
        else:
            return
        self.stop.wait(PATIENCE)

    def look(self) -> bool:
        """Finish what was left in the middle by a process that is gone: a plan, or a run; whether there was any."""
        ports = self.opened.ports
        try:
            with ports.database.read() as connection:
                waits = cut_short(connection, ports.policy.name)
                held = at_work(connection, ports.policy.name)
                left = "" if held else self._left_run(connection)
            if held or not (waits or left) or ports.engine().blocked() is not None:
                return False
            with only_run(ports.database, ports.policy.name, ports.now):
                finished = self._finish()
                if left:
                    self._bury(left)
            if left:
                report = sync(ports, ports.now())
                self.say(f"{left} was left in the middle; {report.run} in its place ended with {report.exit_code}")
            return finished or bool(left)
        except RunLocked:
            return False
        except JoineryError as error:
            self.say(f"{error.message} It is tried again.")
        except OSError as error:
            self.say(f"A file cannot be used ({type(error).__name__}); it is tried again.")
        self.stop.wait(PATIENCE)
        return False

    def _left_run(self, connection: Connection) -> RunId | Literal[""]:
        """The last run, when its process died in the middle of it and this machine can do all that a run does."""
        ports = self.opened.ports
        if bound_to(self.opened.settings) or ports.policy.simulation:
            return ""
        runs = [run for run in last_runs(connection, ports.policy.name, limit=1) if run["kind"] == "sync"]
        return RunId(runs[0]["id"]) if runs and runs[0]["state"] == "running" else ""

    def _bury(self, run: RunId) -> None:
        """It did not come to its end, and never will: another is made in its place."""
        summary = {"error": "run_left", "message": "Its process ended in the middle; another run followed by itself."}
        with self.opened.ports.database.write() as connection:
            end_run(connection, run, state="stopped", summary=summary, now=self.opened.ports.now())

    def _finish(self) -> bool:
        ports = self.opened.ports
        done = resume(ports)
        for each in done:
            self.say(f"took over {each.plan}, which its process had left: {each.tally.ended} lines have ended")
        if done and not ports.policy.simulation:
            after_apply(ports, ports.now())
        return bool(done)


def may_share(opened: Opened) -> None:
    """Raises ConfigError when the learning system is a file of one machine, which only one process may write."""
    entry = opened.targets.entry
    if entry.into in LOCAL or (entry.into == "classroom" and not entry.url and not opened.ports.database.embedded):
        raise ConfigError(
            f"`learning` is {entry.into}, kept in files of one machine: a worker cannot help there. "
            "Nothing was started.",
            fix="Workers help with a learning system that is reached over the network.",
        )
