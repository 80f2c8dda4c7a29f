"""The drop server: senders come in by key and put files into their own folder. Rule: SFTP, and no other use of SSH."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import asyncssh

from joinery.connectors.sftp.box import Account, Box, sweep
from joinery.errors import ConfigError
from joinery.kit.moves import said_plainly

_LOGIN_SECONDS: Final = 30


class Door(asyncssh.SSHServer):
    """One connection: who it is, and how long it has been still."""

    def __init__(self, accounts: Mapping[str, Account], open_ones: Counter[str]) -> None:
        self._accounts = accounts
        self._open = open_ones
        self._line: Any = None
        self._counted = ""
        self._timer: asyncio.TimerHandle | None = None
        self.account: Account | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Somebody knocks."""
        self._line = conn

    def connection_lost(self, exc: Exception | None) -> None:
        """Gone, and no longer counted."""
        if self._timer is not None:
            self._timer.cancel()
        if self._counted:
            self._open[self._counted] -= 1

    def begin_auth(self, username: str) -> bool:
        """Everybody has to prove who they are; an account that is not there is not told apart from a wrong key."""
        return True

    def public_key_auth_supported(self) -> bool:
        """The only way in."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """One of the account's keys; SSH has the sender prove it."""
        account = self._accounts.get(username)
        return account is not None and key in _public(account.keys)

    def auth_completed(self) -> None:
        """In, unless too many of this account are already."""
        account = self._accounts[self._line.get_extra_info("username")]
        if self._open[account.user] >= account.sessions:
            self._line.disconnect(asyncssh.DISC_TOO_MANY_CONNECTIONS, "too many sessions of this account")
            return
        self.account, self._counted = account, account.user
        self._open[account.user] += 1
        self.touch()

    def touch(self) -> None:
        """Something was done; a connection that stays still is closed."""
        if self._timer is not None:
            self._timer.cancel()
        if self.account is not None:
            self._timer = asyncio.get_running_loop().call_later(self.account.idle, self._line.close)


def _public(keys: Sequence[str]) -> list[asyncssh.SSHKey]:
    return [asyncssh.import_public_key(key) for key in keys]


def check_keys(account: Account) -> None:
    """Raises ConfigError for a key that is none; nobody learns that at the first upload."""
    try:
        _public(account.keys)
    except asyncssh.KeyImportError as error:
        raise ConfigError(
            f"A key of {account.source} under `upload` is not an SSH public key; nothing was started.",
            fix="It is the line in the sender's .pub file: ssh-ed25519 AAAA…",
        ) from error


def host_key(place: Path) -> asyncssh.SSHKey:
    """The server's own key, made once, readable for us only."""
    if not place.exists():
        made = asyncssh.generate_private_key("ssh-ed25519", comment="joinery")
        with said_plainly("write", place):
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(made.export_private_key())
    with said_plainly("read", place):
        return asyncssh.import_private_key(place.read_bytes())


def serve_uploads(
    accounts: Sequence[Account], listener: socket.socket, key: asyncssh.SSHKey, arrived: Callable[[str, str], None]
) -> None:
    """Serves until interrupted. `arrived` is told (source, file name) of each file that is whole."""
    for account in accounts:
        check_keys(account)
        sweep(account.folder)
    asyncio.run(_serve({account.user: account for account in accounts}, listener, key, arrived))


async def _serve(
    accounts: Mapping[str, Account],
    listener: socket.socket,
    key: asyncssh.SSHKey,
    arrived: Callable[[str, str], None],
) -> None:
    open_ones: Counter[str] = Counter()
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)

    def box(channel: Any) -> Box:
        door = channel.get_connection().get_owner()
        return Box(channel, door.account, arrived, door.touch)

    acceptor = await asyncssh.listen(
        sock=listener,
        server_factory=lambda: Door(accounts, open_ones),
        server_host_keys=[key],
        sftp_factory=box,
        sftp_version=3,
        allow_scp=False,
        allow_pty=False,
        agent_forwarding=False,
        x11_forwarding=False,
        line_editor=False,
        config=None,
        gss_host=None,
        password_auth=False,
        kbdint_auth=False,
        host_based_auth=False,
        login_timeout=_LOGIN_SECONDS,
        keepalive_interval=30,
        compression_algs=None,
    )
    await acceptor.wait_closed()
