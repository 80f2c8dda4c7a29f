"""What follows every run: calls are counted, the log has a line, and a monitor hears a sign of life.

Rule: nothing in here can fail a run, or be heard of more than the run did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from joinery.app.calls import Calls
from joinery.app.logs import Record, recorder
from joinery.errors import JoineryError
from joinery.flows.policy import RunEnded
from joinery.settings import Settings
from joinery.store.database import Database

#: a run that came to its end, with something held or waiting or not
WELL = frozenset({0, 4, 5})


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterRun:
    """To call with every run that has ended. `say` gets what a person should know: never an address."""

    settings: Settings
    database: Database
    calls: Calls
    say: Callable[[str], None]

    def __call__(self, ended: RunEnded) -> None:
        """Never raises."""
        record = recorder(self.settings)
        self.calls.write(self.database, self.settings.name)
        level = "info" if ended.exit_code in WELL else "error"
        numbers = {key: value for key, value in ended.numbers.items() if key in {"plan", "events", "lines"}}
        record(
            "run ended",
            level=level,
            run=ended.run,
            state=ended.state,
            exit_code=ended.exit_code,
            error=ended.error,
            seconds=round((ended.ended - ended.began).total_seconds(), 3),
            **numbers,
        )
        if ended.state != "stopped" and ended.exit_code in WELL:
            self._beat(record)

    def _beat(self, record: Record) -> None:
        wanted = self.settings.telemetry
        if wanted.heartbeat is None:
            return
        from joinery.kit.knock import knock  # the HTTP client takes its time to load

        try:
            why = knock(wanted.heartbeat.reveal(), wanted.heartbeat_timeout.total_seconds())
        except JoineryError as error:  # the variable or file with the address is gone
            why = error.code
        except Exception as error:  # noqa: BLE001 a sign of life that breaks must not break what it is a sign of
            why = type(error).__name__
        if why:
            record("heartbeat failed", level="warning", why=why)
            self.say(f"The heartbeat was not heard: {why}. The run is not concerned.")
