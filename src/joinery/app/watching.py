"""`joinery serve` looks every minute how things stand and tells people, with nobody typing.

Rule: one of all processes of a store looks in a minute, and no trouble of the watch stops anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event

from joinery.app.alerting import Said, Send, by_apprise, tell_in_turn
from joinery.app.beside import beside
from joinery.app.wiring import Opened
from joinery.errors import JoineryError
from joinery.store.database import Database

#: seconds between two looks at the clock
LOOK = 5.0


@dataclass(slots=True, kw_only=True)
class Watch:
    """Every minute by the clock. `say` gets a line for whoever watches: kinds and keys, nothing of anybody."""

    opened: Opened
    say: Callable[[str], None]
    stop: Event
    send: Send = by_apprise
    _last: datetime | None = None

    def keep(self) -> None:
        """From now on until `stop` is set."""
        self._look()
        while not self.stop.wait(LOOK):
            self._look()

    def _look(self) -> None:
        try:
            self.look()
        except Exception as error:  # noqa: BLE001 whoever watches is the last to stop
            self.say(f"alerts: {type(error).__name__}; it is tried again.")

    def look(self) -> list[Said]:
        """What was said in this minute, by us; nothing when it was looked at already."""
        now = self.opened.ports.now()
        minute = now.replace(second=0, microsecond=0)
        if self._last == minute:
            return []
        self._last = minute
        # where nothing but pushes happens, no run keeps the head of the audit log
        self.opened.ports.anchor(now)
        self.opened.targets.calls.write(self.opened.ports.database, self.opened.settings.name)
        return quietly(self.opened, now, self.say, instant=minute, send=self.send)


def quietly(
    it: Opened,
    now: datetime,
    say: Callable[[str], None],
    *,
    instant: datetime | None = None,
    send: Send = by_apprise,
) -> list[Said]:
    """As `tell_in_turn`; what goes wrong is said and tried the next time, whatever it is."""
    try:
        said = tell_in_turn(it, now, instant=instant, send=send)
    except JoineryError as error:
        say(f"alerts: {error.message}")
    except Exception as error:  # noqa: BLE001 a service for messages that breaks must stop no run
        say(f"alerts: {type(error).__name__}; it is tried again.")
    else:
        for each in said:
            if not each.nobody:
                left = "sent" if each.sent else "not sent, it is sent again the next time"
                say(f"alert {each.alert.kind} {each.alert.key}: {left}")
        return said
    return []


@contextmanager
def watched(it: Opened, say: Callable[[str], None]) -> Iterator[None]:
    """A watch in a thread of its own, with its own way to the store: a run that lost its lock stops no message."""
    if it.targets.entry.simulation:
        yield
        return
    stop, store = Event(), Database(it.settings.store_url())
    own = replace(it, ports=replace(it.ports, database=store))
    try:
        with beside(Watch(opened=own, say=say, stop=stop).keep, stop, "joinery-watch"):
            yield
    finally:
        store.close()
