"""Of whom news were pushed since the last file: their rows are looked at, though they are what they were.

Rule: a row takes back what was pushed, and a file that lacks somebody makes them missing, only where the file is newer.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from joinery.core.model.ids import PersonKey
from joinery.flows.policy import Ports, SourcePolicy
from joinery.flows.setting import Pushed
from joinery.kit.drop import ArrivedFile
from joinery.store.facts import told_between
from joinery.store.people import People
from joinery.store.snapshots import SnapshotRow, last_complete

#: a file that does not say of when it is may be so old when it comes
OLD: Final = timedelta(days=1)


def pushed_before(
    connection: Connection, ports: Ports, source: SourcePolicy, file: ArrivedFile, last: SnapshotRow | None
) -> tuple[frozenset[str], frozenset[str]]:
    """Source IDs of people of whom something was pushed before this file was written, and after `last` was; and after
    the last full file was: no file needs to have had them yet, and one that lacks them says as much as of anybody."""
    since = _since(connection, ports, source, last, file)
    if last is not None and last.complete:
        return since, since
    return since, _since(connection, ports, source, last_complete(connection, ports.policy.name, source.name), file)


def _since(
    connection: Connection, ports: Ports, source: SourcePolicy, last: SnapshotRow | None, file: ArrivedFile
) -> frozenset[str]:
    if last is None:
        return frozenset()
    until = file.as_of or ports.now() - OLD
    keys = told_between(connection, ports.policy.name, source.people, _written(last), until)
    return _numbers(connection, ports, source, keys)


def pushed_after(connection: Connection, ports: Ports, source: SourcePolicy, file: ArrivedFile) -> Pushed | None:
    """Of whom something was pushed after this file was written, or may have been; None for nobody."""
    written = file.as_of or ports.now() - OLD
    keys = told_between(connection, ports.policy.name, source.people, written, ports.now())
    return Pushed(written=written, people=_numbers(connection, ports, source, keys)) if keys else None


def _numbers(connection: Connection, ports: Ports, source: SourcePolicy, keys: Collection[PersonKey]) -> frozenset[str]:
    people = People(connection, ports.policy.name).by_key(keys).values() if keys else ()
    records = (job.record for person in people for job in person.jobs)
    return frozenset(source_id for name, source_id in records if name == source.people)


def _written(last: SnapshotRow) -> datetime:
    return last.content_as_of or last.taken_at - OLD
