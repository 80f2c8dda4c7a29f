"""Tries the places where people's files arrive and ours go, one right after the other.

Rule: reads nothing, trusts nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from joinery.app.sftp import folder_of, outbox_of, server_of
from joinery.connectors.file import FolderDrop
from joinery.errors import ConfigError, HostKeyRefused, NotThere, StopRun
from joinery.settings import Settings
from joinery.settings.learning import FileOutTarget
from joinery.settings.sftp import SftpPlace, SftpSource
from joinery.settings.sources import FileSource, SourceEntry

if TYPE_CHECKING:
    from joinery.connectors.sftp import Answer, Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """One thing that was tried at one source: whether it may be done, and what that means or how to get it."""

    source: str
    right: str
    ok: bool
    said: str
    fix: str = ""


def rights(settings: Settings, only: str = "") -> Iterator[Right]:
    """Every source and every server that files are brought to, or `only` this one. Raises NotThere otherwise."""
    places = _places(settings)
    known = [*settings.people, *places]
    if only and only not in known:
        raise NotThere(f"There is no {only!r} in the settings.", fix=f"There is: {', '.join(known)}.")
    for name, source in settings.people.items():
        if only in {"", name}:
            yield from _of(name, source)
    for name, place in places.items():
        if only in {"", name}:
            yield from _on_server(name, place, lambda place=place: outbox_of(place).probe())  # type: ignore[misc]


def _places(settings: Settings) -> dict[str, SftpPlace]:
    """Name -> the server that files are brought to; an import file has its learning system's name."""
    found = {
        name: target.deliver.sftp
        for name, target in settings.learning.items()
        if isinstance(target, FileOutTarget) and target.deliver
    }
    if (to := settings.completions.send_to) is not None and to.sftp is not None:
        found["completions"] = to.sftp
    return found


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

    yield from _on_server(name, source, lambda: probe(server_of(source), folder_of(source)))


def _on_server(name: str, source: SftpSource | SftpPlace, tried: Callable[[], Sequence[Answer]]) -> Iterator[Right]:
    try:
        if not source.host_key:
            yield _introduced(name, server_of(source))
            return
        for answer in tried():
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
