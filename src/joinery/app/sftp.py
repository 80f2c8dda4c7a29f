"""Settings of an SFTP source -> how its server is reached. asyncssh is imported when a source needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from joinery.app import clock
from joinery.settings.sftp import SftpSource

if TYPE_CHECKING:
    from joinery.connectors.sftp import RemoteFolder, Server


def server_of(source: SftpSource) -> Server:
    """Where, as whom, and which host keys count."""
    from joinery.connectors.sftp import Server

    return Server(
        host=source.host,
        port=source.port,
        user=source.user,
        key=source.key.reveal if source.key else None,
        passphrase=source.passphrase.reveal if source.passphrase else None,
        password=source.password.reveal if source.password else None,
        host_keys=frozenset(source.host_key),
        legacy_algorithms=source.legacy_algorithms,
        timeout=source.timeout,
    )


def folder_of(source: SftpSource) -> RemoteFolder:
    """The folder on the server, and what may be done there."""
    from joinery.connectors.sftp import RemoteFolder

    return RemoteFolder(
        inbox=source.inbox,
        also=tuple(feed.files for feed in (source.leavers, source.starters) if feed is not None),
        archive=source.remote_archive,
        ready_when=source.ready_when,
        stable_for=source.stable_for,
        read_only=source.read_only,
        now=clock.now,
    )
