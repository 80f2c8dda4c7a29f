"""Files of ours on an SFTP server: put there under a temporary name, compared, then renamed.

Steps of each file, safe to be killed in: upload to `NAME.part` -> compare -> `NAME.sealed` written here -> rename there
-> the file here removed, then its seal. With a seal and without a `.part` there, the file has had its name, also when
somebody has collected it since: so it is never there twice.
"""

from __future__ import annotations

import asyncio
import posixpath
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Final

import asyncssh

from joinery.connectors.sftp.drop import read_file
from joinery.connectors.sftp.folder import NOT_ALLOWED
from joinery.connectors.sftp.link import Server, asking, linked, perform, said
from joinery.connectors.sftp.probe import Answer
from joinery.errors import StopRun
from joinery.kit.moves import said_plainly, write_safely

_PIECE: Final = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpOutbox:
    """A folder on a server that somebody else collects from. Raises StopRun errors; what was not put stays here."""

    server: Server
    folder: str

    def put(self, paths: Sequence[Path]) -> None:
        """See `joinery.kit.placing.Place`. Not to be called where an event loop runs: it has one of its own."""
        left = [path for path in paths if path.exists()]
        if left:
            perform(self._put_all(left))
        for path in paths:
            _seal(path).unlink(missing_ok=True)

    def probe(self) -> tuple[Answer, ...]:
        """Tries to sign in, and to put and rename a file. Raises what connecting raises."""
        return perform(self._probe())

    async def _put_all(self, paths: Sequence[Path]) -> None:
        async with linked(self.server) as client:
            for path in paths:
                await self._put(client, path)

    async def _put(self, client: asyncssh.SFTPClient, path: Path) -> None:
        target = posixpath.join(self.folder, path.name)
        partial = f"{target}.part"
        if not _seal(path).exists():
            await self._upload(client, path, partial)
            await self._compare(client, path, partial)
            write_safely(_seal(path), b"")
        async with asking(self.server, f"rename {partial}"):
            if await client.lexists(partial):
                await self._give_name(client, path, partial, target)
        with said_plainly("remove", path):
            path.unlink()

    async def _upload(self, client: asyncssh.SFTPClient, path: Path, partial: str) -> None:
        patience = self.server.timeout.total_seconds()
        async with asking(self.server, f"write {partial}"):
            remote = await client.open(partial, "wb")
        with said(self.server, f"write {partial}"):
            for piece in _pieces(path):
                await asyncio.wait_for(remote.write(piece), patience)
            await asyncio.wait_for(remote.close(), patience)

    async def _compare(self, client: asyncssh.SFTPClient, path: Path, partial: str) -> None:
        """Size and content as the server has them, as far as it shows them."""
        size, digest, here = path.stat().st_size, sha256(), ""
        with said(self.server, f"look at {partial}"), suppress(*NOT_ALLOWED):
            found = int((await client.stat(partial)).size or 0)
            if found != size:
                raise _not_whole(path, f"{found} of {size} bytes came")
        with said(self.server, f"read {partial}"), suppress(*NOT_ALLOWED):
            await read_file(client, partial, digest.update, self.server.timeout.total_seconds())
            here = _sha256(path)
        if here and digest.hexdigest() != here:
            raise _not_whole(path, "its content is another one there")

    async def _give_name(self, client: asyncssh.SFTPClient, path: Path, partial: str, target: str) -> None:
        """Never over something. OpenSSH links, then unlinks: a server that died in between shows the file twice."""
        if not await client.lexists(target):
            # rename of SFTP version 3 refuses to overwrite; posix-rename would not
            await client.rename(partial, target)
            return
        if not await self._is_ours(client, path, target):
            raise StopRun(
                f"Another file called {path.name} lies on {self.server.host}; ours was not put there.",
                fix="Move that file away; the next run goes on from there.",
                data={"file": path.name, "host": self.server.host},
            )
        await client.remove(partial)

    async def _is_ours(self, client: asyncssh.SFTPClient, path: Path, target: str) -> bool:
        digest = sha256()
        try:
            await read_file(client, target, digest.update, self.server.timeout.total_seconds())
        except NOT_ALLOWED:
            return int((await client.stat(target)).size or 0) == path.stat().st_size
        return digest.hexdigest() == _sha256(path)

    async def _probe(self) -> tuple[Answer, ...]:
        name = posixpath.join(self.folder, f"joinery-check-{secrets.token_hex(4)}")
        async with linked(self.server) as client:
            signed_in = Answer(right="sign in", ok=True, said=f"{self.server.place}, host key as in the settings")
            async with asking(self.server, f"write to {self.folder}"):
                try:
                    async with client.open(f"{name}.part", "wb"):
                        pass
                    await client.rename(f"{name}.part", name)
                except asyncssh.SFTPError:
                    with suppress(asyncssh.SFTPError):
                        await client.remove(f"{name}.part")
                    refused = f"{self.server.user} may not write in {self.folder} and rename there. Grant it"
                    return signed_in, Answer(right="put and rename", ok=False, said=refused)
                with suppress(asyncssh.SFTPError):
                    await client.remove(name)
        return signed_in, Answer(right="put and rename", ok=True, said=f"in {self.folder}")


def _pieces(path: Path) -> Iterator[bytes]:
    with said_plainly("read", path), path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _sha256(path: Path) -> str:
    with said_plainly("read", path), path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _seal(path: Path) -> Path:
    return path.with_name(f"{path.name}.sealed")


def _not_whole(path: Path, why: str) -> StopRun:
    return StopRun(
        f"{path.name} did not arrive whole: {why}. It was not given its name, so nobody reads it.",
        fix="The next run puts it once more.",
        data={"file": path.name},
    )
