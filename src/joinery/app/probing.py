"""Tries the places where people's files arrive, one right after the other. Rule: reads nothing, trusts nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from joinery.app.sftp import folder_of, server_of
from joinery.connectors.file import FolderDrop
from joinery.errors import ConfigError, HostKeyRefused, NotThere, StopRun
from joinery.settings import Settings
from joinery.settings.sftp import SftpSource
from joinery.settings.sources import FileSource, SourceEntry

if TYPE_CHECKING:
    from joinery.connectors.sftp import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """One thing that was tried at one source: whether it may be done, and what that means or how to get it."""

    source: str
    right: str
    ok: bool
    said: str
    fix: str = ""


def rights(settings: Settings, only: str = "") -> Iterator[Right]:
    """Every source, or `only` this one. Raises NotThere when there is none of that name."""
    if only and only not in settings.people:
        raise NotThere(f"There is no source {only!r} in the settings.", fix=f"There is: {', '.join(settings.people)}.")
    for name, source in settings.people.items():
        if only in {"", name}:
            yield from _of(name, source)


def _of(name: str, source: SourceEntry) -> Iterator[Right]:
    match source:
        case SftpSource():
            yield from _sftp(name, source)
        case FileSource():
            drop = FolderDrop(inbox=source.path, archive=source.archive)
            try:
                drop.check()
            except StopRun as error:
                yield Right(source=name, right="read and move", ok=False, said=error.message, fix=error.fix)
            else:
                said = f"{drop.folder}, then {drop.outcomes}"
                yield Right(source=name, right="read and move", ok=True, said=said)


def _sftp(name: str, source: SftpSource) -> Iterator[Right]:
    from joinery.connectors.sftp import probe

    server = server_of(source)
    try:
        if not source.host_key:
            yield _introduced(name, server)
            return
        for answer in probe(server, folder_of(source)):
            yield Right(source=name, right=answer.right, ok=answer.ok, said=answer.said)
    except (StopRun, ConfigError) as error:
        right = "host key" if isinstance(error, HostKeyRefused) else "sign in"
        yield Right(source=name, right=right, ok=False, said=error.message, fix=error.fix)


def _introduced(name: str, server: Server) -> Right:
    """The first time: what the server shows, to be compared with what its owner says."""
    from joinery.connectors.sftp.probe import shown_keys

    shown = shown_keys(server)
    return Right(
        source=name,
        right="host key",
        ok=False,
        said=f"{server.host} shows {' and '.join(shown)}. None is trusted yet, and nobody signed in.",
        fix="Ask the server's owner, by another way than this connection, which of them is right, and write it: "
        f'host_key: "{shown[0]}"',
    )
