"""Configurations that were in force, read again from what was kept. Rule: the files of today are not touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection

from joinery.app.looking import acting
from joinery.app.policy import policy_from
from joinery.errors import ConfigError
from joinery.flows.policy import Policy
from joinery.settings import Settings, load
from joinery.settings.written import EFFECTIVE, Written, unpacked
from joinery.store.config_versions import files_of, keep_version


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptVersions:
    """The versions of one connection; `published_on` says since when a rule counts."""

    settings: Settings
    target: str
    published_on: Callable[[str, str], date]
    chunk_size: int

    def keep(self, connection: Connection, at: datetime) -> str:
        """The configuration at hand is in force from now on; its short number."""
        settings = self.settings
        content = settings.written().packed()
        return keep_version(
            connection,
            settings.name,
            version=settings.version_hash,
            content=content,
            made_by=acting(),
            since=at,
        )

    def policy(self, connection: Connection, version: str) -> Policy | None:
        """The policy of a configuration that was in force; None when it cannot be read any more."""
        content = files_of(connection, self.settings.name, version)
        if content is None:
            return None
        try:
            with settings_of(unpacked(content)) as old:
                return policy_from(old, self.target, self.published_on, self.chunk_size)
        except (ConfigError, KeyError, ValueError):
            return None  # written for an older Joinery, or for another learning system


@contextmanager
def settings_of(written: Written) -> Iterator[Settings]:
    """Settings that were kept, overrides included; their tables are there while this is open."""
    with TemporaryDirectory(prefix="joinery-") as folder:
        beside = Path(folder)
        (beside / EFFECTIVE).write_text(written.effective, encoding="utf-8")
        for name, path in written.tables.items():
            (beside / name).write_bytes(written.files[path])
        yield load(beside / EFFECTIVE, environ={})
