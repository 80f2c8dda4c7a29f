"""Of whom news were pushed since the last file: their rows are looked at, though they are what they were.

Rule: a row that has not changed is HR's word again, and takes back what was pushed, only where the file is newer.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from joinery.flows.policy import Ports, SourcePolicy
from joinery.kit.drop import ArrivedFile
from joinery.store.facts import told_between
from joinery.store.people import People
from joinery.store.snapshots import SnapshotRow

#: a file that does not say of when it is may be so old when it comes
OLD: Final = timedelta(days=1)


def told_since(
    connection: Connection, ports: Ports, source: SourcePolicy, last: SnapshotRow, file: ArrivedFile
) -> frozenset[str]:
    """Source IDs of people of whom something was pushed after the last file was written and before this one was."""
    until = file.as_of or ports.now() - OLD
    keys = told_between(connection, ports.policy.name, source.people, _written(last), until)
    people = People(connection, ports.policy.name).by_key(keys).values() if keys else ()
    records = (job.record for person in people for job in person.jobs)
    return frozenset(source_id for name, source_id in records if name == source.people)


def _written(last: SnapshotRow) -> datetime:
    return last.content_as_of or last.taken_at - OLD
