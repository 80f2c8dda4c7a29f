"""The folder on the server: what lies there, which of it is ready, and moving it where that is allowed.

Rule 1: nothing is removed or overwritten there; a server where nothing may be moved is only read.
"""

from __future__ import annotations

import asyncio
import posixpath
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final

import asyncssh

from joinery.kit.drop import is_data

#: a listing is believed up to this; a folder with more is not an inbox
MOST: Final = 20_000
#: the clocks of two machines may differ by so much
SKEW: Final = timedelta(minutes=10)
NOT_ALLOWED: Final = (asyncssh.SFTPPermissionDenied, asyncssh.SFTPOpUnsupported, asyncssh.SFTPFailure)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file as a listing shows it."""

    folder: str
    name: str
    size: int
    mtime: int

    @property
    def path(self) -> str:
        """Where it lies on the server."""
        return posixpath.join(self.folder, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFolder:
    """`inbox`: folder and pattern. `archive`: where files go on the server; None: beside the inbox."""

    inbox: str
    #: more patterns of names in the same folder
    also: tuple[str, ...] = ()
    archive: str | None = None
    ready_when: str = "stable"
    stable_for: timedelta = timedelta(seconds=30)
    read_only: bool = False
    now: Callable[[], datetime] | None = None

    @property
    def folder(self) -> str:
        """Where files arrive."""
        head, tail = posixpath.split(self.inbox)
        return (head or ".") if _is_pattern(tail) else self.inbox

    @property
    def pattern(self) -> str:
        """Which names count."""
        tail = posixpath.basename(self.inbox)
        return tail if _is_pattern(tail) else "*"

    @property
    def beside(self) -> str:
        """Where `processing` and `archive` are made."""
        return posixpath.dirname(self.folder.rstrip("/")) or ("/" if self.folder.startswith("/") else ".")

    @property
    def processing(self) -> str:
        """Where a file is while it is read; of this inbox alone."""
        beside = posixpath.dirname(self.archive.rstrip("/")) if self.archive else self.beside
        return posixpath.join(beside, "processing", posixpath.basename(self.folder.rstrip("/")) or "inbox")

    @property
    def patience(self) -> float:
        """How much longer looking takes because files must lie still."""
        return self.stable_for.total_seconds() if self.ready_when == "stable" else 0.0

    def archived(self, outcome: str, day: str) -> str:
        """Where a file ends."""
        return posixpath.join(self.archive or posixpath.join(self.beside, "archive"), outcome, day)

    async def waiting(self, client: asyncssh.SFTPClient) -> tuple[list[RemoteFile], dict[str, RemoteFile]]:
        """(files that are ready, in the inbox or left in processing; manifests `X.done` by path)."""
        here = await _listed(client, self.folder)
        left = [] if self.read_only else await _listed(client, self.processing, missing_ok=True)
        markers = {file.path: file for file in (*here, *left) if file.name.lower().endswith(".done")}
        ready = [file for file in here if self._counts(file) and self._signalled(file, markers)]
        if self.ready_when == "stable":
            ready = await self._settled(client, ready)
        return [*(file for file in left if self._counts(file)), *ready], markers

    def marker_of(self, file: RemoteFile, markers: dict[str, RemoteFile]) -> RemoteFile | None:
        """Its manifest: beside it, or still in the inbox after a move that broke off."""
        stems = (file.name, posixpath.splitext(file.name)[0])
        places = (posixpath.join(folder, f"{stem}.done") for folder in (file.folder, self.folder) for stem in stems)
        return next((markers[place] for place in places if place in markers), None)

    def _counts(self, file: RemoteFile) -> bool:
        return any(fnmatchcase(file.name, each) for each in (self.pattern, *self.also)) and is_data(file.name)

    def _signalled(self, file: RemoteFile, markers: dict[str, RemoteFile]) -> bool:
        return self.ready_when != "marker" or self.marker_of(file, markers) is not None

    async def _settled(self, client: asyncssh.SFTPClient, files: list[RemoteFile]) -> list[RemoteFile]:
        """Those that look the same after waiting, once for all of them; old ones are not waited for."""
        if all(self._lain_still(file) for file in files):
            return files
        await asyncio.sleep(self.stable_for.total_seconds())
        again = set(await _listed(client, self.folder))
        return [file for file in files if file in again]

    def _lain_still(self, file: RemoteFile) -> bool:
        if self.now is None:
            return False
        return self.now() - datetime.fromtimestamp(file.mtime, UTC) > self.stable_for + SKEW

    async def stage(self, client: asyncssh.SFTPClient, file: RemoteFile, marker: RemoteFile | None) -> str:
        """Moves the file out of the inbox, then its manifest; its path then. Where nothing may be moved it stays."""
        if self.read_only or file.folder == self.processing:
            return file.path
        try:
            target = await move(client, file.path, self.processing)
            if marker is not None:
                await move(client, marker.path, self.processing, name=f"{posixpath.basename(target)}.done")
        except NOT_ALLOWED:
            return file.path
        return target

    async def put_away(self, client: asyncssh.SFTPClient, path: str, folder: str) -> str:
        """Moves a file that was read, and its manifest, where that is allowed; where it is then."""
        if self.read_only:
            return path
        try:
            target = await move(client, path, folder)
            for marker in (f"{path}.done", f"{posixpath.splitext(path)[0]}.done"):
                if await client.exists(marker):
                    await move(client, marker, folder, name=f"{posixpath.basename(target)}.done")
        except (*NOT_ALLOWED, asyncssh.SFTPNoSuchFile):
            return path
        return target


async def move(client: asyncssh.SFTPClient, path: str, folder: str, *, name: str = "") -> str:
    """Into this folder, made when there is none, under a free name; never over something."""
    await client.makedirs(folder, exist_ok=True)
    wanted = name or posixpath.basename(path)
    stem, dot, ending = wanted.partition(".")
    for number in range(1, 1000):
        target = posixpath.join(folder, wanted if number == 1 else f"{stem}-{number}{dot}{ending}")
        if not await client.lexists(target):
            # rename of SFTP version 3 refuses to overwrite; posix-rename would not
            await client.rename(path, target)
            return target
    raise asyncssh.SFTPFailure(f"no free name in {folder}")


async def _listed(client: asyncssh.SFTPClient, folder: str, *, missing_ok: bool = False) -> list[RemoteFile]:
    """Plain files with names that are safe here; links and folders are not followed."""
    found: list[RemoteFile] = []
    allowed = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPPermissionDenied) if missing_ok else ()
    try:
        async for each in client.scandir(folder):
            name, attrs = str(each.filename), each.attrs
            if _plain(attrs) and is_safe(name):
                size, mtime = int(attrs.size or 0), int(attrs.mtime or 0)
                found.append(RemoteFile(folder=folder, name=name, size=size, mtime=mtime))
            if len(found) > MOST:
                raise asyncssh.SFTPFailure(f"more than {MOST} files")
    except allowed:
        return []
    return sorted(found, key=lambda file: file.name)


def _plain(attrs: Any) -> bool:
    if attrs.permissions is not None:
        return stat.S_ISREG(attrs.permissions)
    return bool(attrs.type == asyncssh.FILEXFER_TYPE_REGULAR)


def is_safe(name: str) -> bool:
    """A name that stays in its folder on any machine: a server may answer anything."""
    return bool(name) and name not in {".", ".."} and not any(c in "/\\:" or ord(c) < 32 for c in name)


def _is_pattern(tail: str) -> bool:
    return any(c in tail for c in "*?[") or "." in tail.strip(".")
