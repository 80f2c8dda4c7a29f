"""The head of the audit log, kept once a day in a second place: one JSON line each, added and never rewritten.

Rule: a log that was rewritten to its end, its counter too, shows only against a place that whoever did it cannot reach.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from joinery.core.model.chain import Anchor
from joinery.core.model.codec import instant_of, instant_text
from joinery.errors import ConfigError, StoreTrouble
from joinery.settings import Settings
from joinery.store.audit_log import head_of
from joinery.store.database import Database


def anchors_file(settings: Settings) -> Path:
    """Where the heads are kept."""
    return settings.audit.anchors or settings.folder / ".joinery" / "audit-anchors.jsonl"


def anchors_in(file: Path) -> Sequence[Anchor]:
    """All of them, the oldest first; none when there is no such file. Raises ConfigError for another kind of file."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The anchors in {file} cannot be read.", fix="Name another --anchor-file.") from error
    try:
        return tuple(Anchor(**json.loads(line)) for line in lines if line.strip())
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{file} holds something else than anchors.", fix="Name another --anchor-file.") from error


def newest(file: Path) -> datetime | None:
    """When the last head was kept."""
    found = anchors_in(file)
    return instant_of(found[-1].at) if found else None


def keep_anchor(database: Database, file: Path, now: datetime) -> Anchor | None:
    """Add the head as it is now; None while the log is empty. Raises OSError when the place cannot be written to."""
    with database.read() as connection:
        head = head_of(connection)
    if head is None:
        return None
    anchor = Anchor(at=instant_text(now), seq=head.seq, hash=head.hash)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(asdict(anchor), sort_keys=True) + "\n")
        out.flush()
        os.fsync(out.fileno())
    return anchor


def daily(settings: Settings, database: Database, say: Callable[[str], None]) -> Callable[[datetime], None]:
    """To call after every run: keeps the head when none was kept on this day (UTC) yet. A place that cannot be written
    to is said and stops nothing: `joinery doctor` and the age of the anchor tell it again.
    """
    file = anchors_file(settings)

    def keep(now: datetime) -> None:
        try:
            last = newest(file)
            if last is None or last.date() < now.date():
                keep_anchor(database, file, now)
        except (OSError, ConfigError, StoreTrouble):
            say(f"The head of the audit log could not be kept in {file}.")

    return keep
