"""Files on an SFTP server: brought here whole, read here, and put away on both sides.

Rule 1: a file counts as here only when every byte is on our disk under its own name; until then it is the server's.
`local` keeps all promises of a drop from then on, so a broken run begins again with what is here.
"""

from __future__ import annotations

import asyncio
import os
import posixpath
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import asyncssh

from joinery.connectors.sftp.folder import RemoteFile, RemoteFolder
from joinery.connectors.sftp.link import Server, asking, linked, perform, said
from joinery.connectors.sftp.memory import Entry, Memory, finished
from joinery.errors import SourceUntrusted, StopRun
from joinery.kit.drop import ArrivedFile, Drop, Manifest, arrived, in_order, parse_manifest
from joinery.kit.moves import said_plainly

_PIECE: Final = 4 * 1024 * 1024
_MANIFEST: Final = 64 * 1024
#: a file changed so many seconds before it was read could change again within the same second of the server's clock
_FRESH: Final = 60
#: a file that has gone from the server may come back: a listing can be wrong for a day
_REMEMBERED: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpDrop:
    """`landing`: our own folder for this source; `local`: the drop that reads `landing/inbox`."""

    server: Server
    remote: RemoteFolder
    landing: Path
    local: Drop

    @property
    def memory(self) -> Memory:
        """What was read from this server."""
        return Memory(path=self.landing / "read.json")

    def pending(self) -> tuple[ArrivedFile, ...]:
        """Files that are ready and were not read yet, oldest first; those brought here by a broken run included."""
        for folder in (self.landing, self.landing / "inbox"):
            with said_plainly("make the folder", folder):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        here = self.local.pending()
        return in_order([*here, *perform(self._elsewhere({file.path.name for file in here}))])

    def take(self, file: ArrivedFile) -> ArrivedFile:
        """Brings the file here, whole, and takes it; one that is here already is only taken."""
        if not file.origin:
            return self.local.take(file)
        brought = perform(self._bring(file))
        return self.local.take(brought)

    def verify(self, file: ArrivedFile) -> None:
        """Compares the file with its manifest. Raises SourceUntrusted."""
        self.local.verify(file)

    def accept(self, file: ArrivedFile, report: Mapping[str, object], day: date) -> Path:
        """Among the accepted, here and on the server."""
        return self._finish(file, self.local.accept(file, report, day), "accepted", day)

    def reject(self, file: ArrivedFile, report: Mapping[str, object], day: date) -> Path:
        """Among the rejected, here and on the server."""
        return self._finish(file, self.local.reject(file, report, day), "rejected", day)

    def hold(self, file: ArrivedFile, report: Mapping[str, object], day: date) -> Path:
        """Among the held, here and on the server."""
        return self._finish(file, self.local.hold(file, report, day), "held", day)

    def bring_back(self, sha256: str) -> bool:
        """As the folder here does it; the server keeps its own copy among the held."""
        return self.local.bring_back(sha256)

    def prune(self, before: date) -> int:
        """Removes what was archived here before this day; what lies on the server is its owner's."""
        return self.local.prune(before)

    async def _elsewhere(self, here: set[str]) -> list[ArrivedFile]:
        """What the server has and we have not; what was read and could not be put away is tried once more."""
        known, movable = self.memory.entries(), True
        found: list[ArrivedFile] = []
        async with linked(self.server) as client:
            async with asking(self.server, f"list {self.remote.folder}", self.remote.patience):
                files, markers = await self.remote.waiting(client)
            for file in files:
                entry = next((e for e in reversed(known) if e.looks_like(file.name, file.size, file.mtime)), None)
                if await self._is_new(client, file, entry, here):
                    found.append(await self._arrived(client, file, self.remote.marker_of(file, markers)))
                elif entry is not None and entry.outcome and movable:
                    movable = await self._put_away(client, file.path, entry) != file.path
        if self.remote.now is not None:
            self.memory.forget(self.remote.now().date() - _REMEMBERED, {file.name for file in files})
        return found

    async def _is_new(self, client: asyncssh.SFTPClient, file: RemoteFile, entry: Entry | None, here: set[str]) -> bool:
        if entry is None:
            return True
        if not entry.outcome:
            return entry.local not in here
        return entry.fresh and await self._differs(client, file, entry)

    async def _differs(self, client: asyncssh.SFTPClient, file: RemoteFile, entry: Entry) -> bool:
        """Read so soon after it was written that only its content tells whether it is another one by now."""
        digest = sha256()
        with said(self.server, f"read {file.path}"):
            await read_file(client, file.path, digest.update, self.server.timeout.total_seconds())
        if digest.hexdigest() == entry.sha256:
            self.memory.keep(replace(entry, fresh=self._is_fresh(file)))
            return False
        return True

    async def _arrived(self, client: asyncssh.SFTPClient, file: RemoteFile, marker: RemoteFile | None) -> ArrivedFile:
        manifest, problem = None, None
        if marker is not None:
            try:
                manifest = parse_manifest(await self._text(client, marker), file.name)
            except SourceUntrusted as error:
                problem = error
        path = self.landing / "inbox" / file.name
        return arrived(path, manifest, problem, origin=file.path, resumed=file.folder == self.remote.processing)

    async def _text(self, client: asyncssh.SFTPClient, marker: RemoteFile) -> str:
        if marker.size > _MANIFEST:
            return "{"
        pieces: list[bytes] = []
        with said(self.server, f"read {marker.path}"):
            await read_file(client, marker.path, pieces.append, self.server.timeout.total_seconds())
        return b"".join(pieces).decode("utf-8-sig", "replace")

    async def _bring(self, file: ArrivedFile) -> ArrivedFile:
        """Staged on the server where that is allowed, then here under a temporary name, whole, under its own."""
        async with linked(self.server) as client:
            async with asking(self.server, f"move {file.origin}"):
                seen = await _seen(client, file.origin)
                marker = await self._marker(client, file)
                origin = await self.remote.stage(client, seen, marker)
            partial = file.path.with_name(f".{file.path.name}.part")
            with said(self.server, f"read {origin}"):
                digest = await self._download(client, origin, seen, partial)
        entry = Entry(
            name=seen.name,
            size=seen.size,
            mtime=seen.mtime,
            sha256=digest,
            local=file.path.name,
            origin=origin,
            fresh=self._is_fresh(seen),
        )
        self.memory.keep(entry)
        self._keep_manifest(file.path, file.manifest)
        with said_plainly("put into place", file.path):
            partial.rename(file.path)
        return replace(file, origin="")

    async def _marker(self, client: asyncssh.SFTPClient, file: ArrivedFile) -> RemoteFile | None:
        if file.manifest is None and file.problem is None:
            return None
        for path in (f"{file.origin}.done", f"{posixpath.splitext(file.origin)[0]}.done"):
            if await client.exists(path):
                return await _seen(client, path)
        return None

    async def _download(self, client: asyncssh.SFTPClient, origin: str, seen: RemoteFile, partial: Path) -> str:
        """Every byte that the server says there is, synced to the disk; its SHA-256."""
        digest, count = sha256(), 0
        with said_plainly("write", partial):
            partial.unlink(missing_ok=True)
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            file = os.fdopen(handle, "wb")

        def keep(piece: bytes) -> None:
            with said_plainly("write", partial):
                file.write(piece)
            digest.update(piece)

        try:
            count = await read_file(client, origin, keep, self.server.timeout.total_seconds())
            after = await _seen(client, origin)
            with said_plainly("write", partial):
                file.flush()
                os.fsync(file.fileno())
        finally:
            file.close()
        if count != seen.size or (after.size, after.mtime) != (seen.size, seen.mtime):
            partial.unlink(missing_ok=True)
            raise StopRun(
                f"{seen.name} was not brought over whole: {count} bytes came, the server speaks of {after.size}. "
                "Nothing was read of it and no file was lost.",
                fix="It may still be being written: `ready_when: marker` or `rename` waits for the end. The next run "
                "tries again.",
                data={"file": seen.name, "bytes": count, "stated": after.size},
            )
        return digest.hexdigest()

    def _keep_manifest(self, path: Path, manifest: Manifest | None) -> None:
        """Beside the file, so that a broken run finds it there too."""
        if manifest is None:
            return
        marker = path.with_name(f"{path.name}.done")
        with said_plainly("write", marker):
            marker.write_text(manifest.to_json(), encoding="utf-8")

    def _is_fresh(self, seen: RemoteFile) -> bool:
        now = self.remote.now() if self.remote.now is not None else None
        return now is None or (now - datetime.fromtimestamp(seen.mtime, UTC)).total_seconds() < _FRESH

    def _finish(self, file: ArrivedFile, archived: Path, outcome: str, day: date) -> Path:
        """Remembered first, then put away there: a server that goes away now cannot make us read it twice."""
        known = self.memory.entries()
        entry = next((e for e in reversed(known) if not e.outcome and e.local == file.name), None)
        if entry is None:
            return archived
        done = finished(entry, outcome, day)
        self.memory.keep(done)
        if not self.remote.read_only:
            # what was read is read; a server that is away now is asked to move it by the next run
            with suppress(StopRun):
                perform(self._put_away_reported(done, archived))
        return archived

    async def _put_away_reported(self, entry: Entry, archived: Path) -> None:
        async with linked(self.server) as client:
            target = await self._put_away(client, entry.origin, entry)
            if target == entry.origin:
                return
            async with asking(self.server, f"write the report of {entry.name}"):
                for ending in (".report.json", ".report.csv"):
                    await _upload(client, archived.with_name(f"{archived.name}{ending}"), f"{target}{ending}")

    async def _put_away(self, client: asyncssh.SFTPClient, path: str, entry: Entry) -> str:
        async with asking(self.server, f"move {path}"):
            target = await self.remote.put_away(client, path, self.remote.archived(entry.outcome, entry.day))
        if target != path:
            self.memory.drop(entry)
        return target


async def read_file(client: asyncssh.SFTPClient, path: str, keep: Callable[[bytes], object], patience: float) -> int:
    """All of a file in pieces; each piece must come within `patience` seconds. The number of bytes."""
    count = 0
    async with client.open(path, "rb") as file:
        while True:
            piece = await asyncio.wait_for(file.read(_PIECE, count), patience)
            if not piece:
                return count
            data = piece if isinstance(piece, bytes) else piece.encode()
            keep(data)
            count += len(data)


async def _seen(client: asyncssh.SFTPClient, path: str) -> RemoteFile:
    attrs = await client.stat(path)
    folder, name = posixpath.split(path)
    return RemoteFile(folder=folder, name=name, size=int(attrs.size or 0), mtime=int(attrs.mtime or 0))


async def _upload(client: asyncssh.SFTPClient, path: Path, target: str) -> None:
    async with client.open(f"{target}.part", "wb") as file:
        await file.write(path.read_bytes())
    await client.rename(f"{target}.part", target)
