"""Settings -> the drop server: one account for each source with `upload`, one key of our own, a line for each file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from joinery.app import clock
from joinery.app.serving import listening
from joinery.connectors.file import FolderDrop
from joinery.errors import ConfigError
from joinery.kit.moves import said_plainly
from joinery.settings import Settings
from joinery.settings.sources import FileSource

if TYPE_CHECKING:
    from joinery.connectors.sftp.box import Account

_MEGABYTE = 1_000_000


def accounts_of(settings: Settings) -> tuple[Account, ...]:
    """Raises ConfigError when no source can be sent to, or two share a name."""
    from joinery.connectors.sftp.box import Account

    made: list[Account] = []
    for name, source in settings.people.items():
        if isinstance(source, FileSource) and (upload := source.upload) is not None:
            made.append(
                Account(
                    source=name,
                    user=upload.user or name,
                    folder=FolderDrop(inbox=source.path).folder,
                    keys=upload.keys,
                    rename=source.ready_when == "rename",
                    largest=upload.largest_mb * _MEGABYTE,
                    room=upload.room_mb * _MEGABYTE,
                    sessions=upload.sessions,
                    idle=upload.idle.total_seconds(),
                )
            )
    if not made:
        raise ConfigError(
            "No source has an account for uploads; nothing was started.",
            fix="Give a source of files one: upload: { keys: [the line of the sender's .pub file] }.",
        )
    if len({account.user for account in made}) < len(made):
        raise ConfigError(
            "Two accounts for uploads have the same name; nothing was started.", fix="Give each a `user`."
        )
    return tuple(made)


def serve_uploads(
    settings: Settings,
    place: tuple[str, int],
    begun: Callable[[str, int, Mapping[str, str]], None],
    say: Callable[[str], None],
) -> None:
    """Serves until interrupted. Raises ConfigError, or StopRun when the port is taken."""
    from joinery.connectors.sftp import door

    accounts = accounts_of(settings)
    folder = settings.folder / ".joinery" / "sftp"
    key = door.host_key(folder / "host_key")

    def arrived(source: str, name: str) -> None:
        line = f"{clock.now().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {source} {name}"
        _append(folder / "uploads.log", line)
        say(line)

    host, port = place
    with listening(host, port) as listener:
        begun(key.get_fingerprint(), listener.getsockname()[1], {each.source: each.user for each in accounts})
        door.serve_uploads(accounts, listener, key, arrived)


def _append(path: Path, line: str) -> None:
    """Source and file name only: the list of what arrived, kept."""
    with said_plainly("write", path), path.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
