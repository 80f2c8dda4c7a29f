"""Hands for a connection: takes up jobs of plans that others drive, and drives what nobody drives any more.

Rule: a plan is driven under the connection's lock, so that only one process decides; lines are performed by whoever is
there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from sqlalchemy.exc import SQLAlchemyError

from joinery.app.wiring import Opened
from joinery.errors import ConfigError, JoineryError, RunLocked
from joinery.flows.apply import cut_short, resume
from joinery.flows.sync import after_apply
from joinery.store.connections import at_work, only_run

#: how often a worker looks for a plan that nobody drives, in seconds
LOOK = 3.0
#: after an error it waits so long before it tries again, in seconds
PATIENCE = 30.0
#: learning systems that live in the files of one machine
LOCAL = frozenset({"memory", "export", "file"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """One process at work. `say` gets a line for whoever watches: IDs and numbers only."""

    opened: Opened
    say: Callable[[str], None]
    stop: Event

    def work(self) -> None:
        """Until `stop` is set. Raises ConfigError when this machine can be of no help."""
        may_share(self.opened)
        node = self.opened.ports.engine().join("worker")
        self.say(f"worker {node} is ready: it takes up work of {self.opened.settings.name!r}")
        while not self.stop.wait(LOOK):
            self.look()
            self.opened.targets.calls.write(self.opened.ports.database, self.opened.settings.name)

    def look(self) -> bool:
        """Finish what was left in the middle by a process that is gone; whether there was anything."""
        ports = self.opened.ports
        try:
            with ports.database.read() as connection:
                waits = cut_short(connection, ports.policy.name)
                held = at_work(connection, ports.policy.name)
            if not waits or held or ports.engine().blocked() is not None:
                return False
            with only_run(ports.database, ports.policy.name, ports.now):
                return self._finish()
        except RunLocked:
            return False
        except JoineryError as error:
            self.say(f"{error.message} It is tried again.")
        except (SQLAlchemyError, OSError) as error:
            self.say(f"The store cannot be reached ({type(error).__name__}); it is tried again.")
        self.stop.wait(PATIENCE)
        return False

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
