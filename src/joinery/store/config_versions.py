"""Configurations since they came into force, oldest kept for ever: C-1, C-2, … A revert is a new row like any other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, insert, select

from joinery.core.model.codec import instant_of, instant_text
from joinery.store.audit_log import Happened, note
from joinery.store.connections import next_number
from joinery.store.tables import config_versions


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigVersion:
    """One configuration that was in force from `since` on. `version` is its content hash, `content` its files."""

    id: str
    version: str
    since: datetime
    made_by: str
    content: bytes


def keep_version(
    connection: Connection, name: str, *, version: str, content: bytes, made_by: str, since: datetime
) -> str:
    """Remember that this configuration is in force from now on; its short number."""
    number = next_number(connection, "C")
    row = {"id": number, "connection": name, "version": version, "content": content, "made_by": made_by}
    connection.execute(insert(config_versions), row | {"since": instant_text(since)})
    facts = {"version": version, "sha256": sha256(content).hexdigest()}
    happened = Happened(action="config.in_force", at=since, connection=name, subject=number, actor=made_by, facts=facts)
    note(connection, happened)
    return number


def versions_of(connection: Connection, name: str) -> list[ConfigVersion]:
    """The newest first."""
    query = select(config_versions).where(config_versions.c.connection == name)
    found = [
        ConfigVersion(
            id=row.id, version=row.version, since=instant_of(row.since), made_by=row.made_by, content=row.content
        )
        for row in connection.execute(query)
    ]
    return sorted(found, key=lambda each: int(each.id.rpartition("-")[2]), reverse=True)


def files_of(connection: Connection, name: str, version: str) -> bytes | None:
    """The packed files of the configuration with this hash; None when it was never kept."""
    mine = config_versions.c.connection == name, config_versions.c.version == version
    return connection.execute(select(config_versions.c.content).where(*mine).limit(1)).scalar()


def every_version(connection: Connection) -> list[ConfigVersion]:
    """Of all connections in this store."""
    names = connection.scalars(select(config_versions.c.connection).distinct())
    return [each for name in names.all() for each in versions_of(connection, name)]
