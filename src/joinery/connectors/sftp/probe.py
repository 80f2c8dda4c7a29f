"""`joinery connect test`: each right on the server, tried one by one.

Rule: leaves nothing behind and trusts nothing new.
"""

from __future__ import annotations

import posixpath
import secrets
from dataclasses import dataclass

import asyncssh

from joinery.connectors.sftp.folder import RemoteFolder
from joinery.connectors.sftp.link import Server, asking, fingerprints, linked, perform


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One right: `ok`, and what it means or how to get it."""

    right: str
    ok: bool
    said: str


def probe(server: Server, remote: RemoteFolder) -> tuple[Answer, ...]:
    """Tries to connect, list and rename. Raises what connecting raises."""
    return perform(_probe(server, remote))


def shown_keys(server: Server) -> tuple[str, ...]:
    """Fingerprints of the host keys, for the first set-up: compare them with what the server's owner tells."""
    return perform(fingerprints(server))


async def _probe(server: Server, remote: RemoteFolder) -> tuple[Answer, ...]:
    async with linked(server) as client:
        async with asking(server, f"list {remote.folder}", remote.patience):
            files, _ = await remote.waiting(client)
        return (
            Answer(right="sign in", ok=True, said=f"{server.place}, host key as in the settings"),
            Answer(right="list", ok=True, said=f"{len(files)} files wait in {remote.folder}"),
            await _rename(client, server, remote),
        )


async def _rename(client: asyncssh.SFTPClient, server: Server, remote: RemoteFolder) -> Answer:
    if remote.read_only:
        return Answer(right="move", ok=True, said="not tried: `read_only: true`; what was read is remembered here")
    name = f".joinery-check-{secrets.token_hex(4)}.tmp"
    before, after = posixpath.join(remote.folder, name), posixpath.join(remote.processing, name)
    try:
        async with client.open(before, "wb"):
            pass
        await client.makedirs(remote.processing, exist_ok=True)
        await client.rename(before, after)
        await client.remove(after)
    except asyncssh.SFTPError:
        await _away(client, before)
        said = (
            f"{server.user} may not write in {remote.folder} or rename to {remote.processing}: files stay where they "
            "are and are remembered here. Grant it, or say `read_only: true`"
        )
        return Answer(right="move", ok=False, said=said)
    return Answer(right="move", ok=True, said=f"from {remote.folder} to {remote.processing}, then to the archive")


async def _away(client: asyncssh.SFTPClient, path: str) -> None:
    try:
        await client.remove(path)
    except asyncssh.SFTPError:
        return
