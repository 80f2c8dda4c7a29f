"""Work that goes on in a thread of its own while a process serves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

#: seconds that it has to come to its end
_PATIENCE = 60


@contextmanager
def beside(keep: Callable[[], None], stop: Event, name: str) -> Iterator[None]:
    """`keep` runs until `stop` is set, which is done at the end; then it is waited for."""
    thread = Thread(target=keep, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_PATIENCE)
