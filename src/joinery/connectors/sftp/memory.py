"""What was read from a server, so that a file is read once even where nothing can be moved.

Rule 1: written before a file counts as finished; it may forget nothing, and losing it only costs a second look.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from joinery.errors import StopRun
from joinery.kit.moves import said_plainly, write_safely


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of the server as it was when it was read. `outcome`: accepted | rejected | held; empty: being read."""

    name: str
    size: int
    mtime: int
    sha256: str
    outcome: str = ""
    day: str = ""
    #: the file's name where it was put on this machine
    local: str = ""
    #: where it lay on the server when it was read
    origin: str = ""
    #: it was changed so shortly before that the same time could come again with other content
    fresh: bool = False

    def looks_like(self, name: str, size: int, mtime: int) -> bool:
        """The same by what a listing tells."""
        return (self.name, self.size, self.mtime) == (name, size, mtime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """A small JSON file in our own folder."""

    path: Path

    def entries(self) -> tuple[Entry, ...]:
        """All that is remembered, oldest first. Raises StopRun when the file is not readable."""
        if not self.path.exists():
            return ()
        with said_plainly("read", self.path):
            text = self.path.read_text(encoding="utf-8")
        try:
            return tuple(Entry(**each) for each in json.loads(text)["files"])
        except (ValueError, TypeError, KeyError) as error:
            raise StopRun(
                f"{self.path} is not what Joinery wrote there ({type(error).__name__}); nothing was read.",
                fix="Restore it from a backup, or remove it: files still on the server are then read once more.",
            ) from error

    def keep(self, entry: Entry) -> None:
        """Add or replace what is known of this file."""
        rest = [each for each in self.entries() if (each.name, each.sha256) != (entry.name, entry.sha256)]
        self._write((*rest, entry))

    def drop(self, entry: Entry) -> None:
        """It does not lie there any more, so it needs no remembering."""
        self._write(each for each in self.entries() if (each.name, each.sha256) != (entry.name, entry.sha256))

    def forget(self, before: date, there: Collection[str]) -> None:
        """What ended before this day and is not on the server any more."""
        known = self.entries()
        kept = tuple(e for e in known if not e.outcome or e.day >= before.isoformat() or e.name in there)
        if len(kept) < len(known):
            self._write(kept)

    def _write(self, entries: Iterable[Entry]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        body = json.dumps({"version": 1, "files": [asdict(entry) for entry in entries]}, indent=1)
        write_safely(self.path, body.encode())


def finished(entry: Entry, outcome: str, day: date) -> Entry:
    """The same file, read."""
    return replace(entry, outcome=outcome, day=day.isoformat())
