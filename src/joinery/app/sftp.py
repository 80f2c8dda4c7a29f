"""Settings of an SFTP server -> how it is reached. asyncssh is imported when somebody needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from joinery.app import clock
from joinery.settings.sftp import SftpPlace, SftpSource

if TYPE_CHECKING:
    from joinery.connectors.sftp import RemoteFolder, Server, SftpOutbox


def server_of(source: SftpSource | SftpPlace) -> Server:
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


def outbox_of(place: SftpPlace) -> SftpOutbox:
    """The folder on the server that files are put into."""
    from joinery.connectors.sftp import SftpOutbox

    return SftpOutbox(server=server_of(place), folder=place.folder)
