"""A connection to an SFTP server: the pinned host key, our credentials, and errors that say what to do.

Rule 1: only a server that proves a key named in the settings is spoken to. Nothing of this machine's own SSH set-up
counts: no known_hosts, no agent, no ~/.ssh/config.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

import asyncssh

from joinery.connectors.sftp.trouble import told
from joinery.errors import ConfigError, HostKeyRefused

T = TypeVar("T")

#: one kind of host key after the other is asked for when the first one shown is not a pinned one
_KINDS: Final = (
    ("ssh-ed25519",),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    ("rsa-sha2-256", "rsa-sha2-512"),
)
#: asyncssh leaves these out of its defaults; "+" adds them behind
_LEGACY: Final = {
    "kex_algs": "+diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1,diffie-hellman-group1-sha1",
    "encryption_algs": "+aes256-cbc,aes192-cbc,aes128-cbc,3des-cbc",
    "mac_algs": "+hmac-sha1,hmac-sha1-96",
    "signature_algs": "+ssh-rsa",
}
_LEGACY_KINDS: Final = (("ssh-rsa",), ("ssh-dss",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where, as whom, and which keys the server may prove. Secrets are functions: read when needed, never kept."""

    host: str
    user: str
    host_keys: frozenset[str]
    port: int = 22
    key: Callable[[], str] | None = None
    passphrase: Callable[[], str] | None = None
    password: Callable[[], str] | None = None
    legacy_algorithms: bool = False
    timeout: timedelta = timedelta(seconds=30)

    @property
    def place(self) -> str:
        """`joinery@files.example.com`, with the port where it is not the usual one."""
        return f"{self.user}@{self.host}" + (f":{self.port}" if self.port != 22 else "")


class _Pinned(asyncssh.SSHClient):
    """Accepts the pinned keys and writes down what the server showed instead."""

    def __init__(self, pins: frozenset[str], shown: list[str]) -> None:
        self._pins = pins
        self._shown = shown

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Asked for every key, because no list of known hosts is given."""
        found = key.get_fingerprint()
        if found not in self._shown:
            self._shown.append(found)
        return found in self._pins


def perform(work: Coroutine[Any, Any, T]) -> T:
    """Runs one piece of work with a connection of its own: reading a file may take longer than a server waits."""

    async def quietly() -> T:
        # tasks inside asyncssh that a broken line leaves behind would print a trace; our own error tells it
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        return await work

    return asyncio.run(quietly())


@asynccontextmanager
async def linked(server: Server) -> AsyncIterator[asyncssh.SFTPClient]:
    """An SFTP session. Raises HostKeyRefused, AuthenticationFailed, SystemUnreachable or ConfigError."""
    connection = await _connected(server)
    try:
        async with asking(server, "open a session"):
            client = await connection.start_sftp_client()
        yield client
        client.exit()
    finally:
        # a server that hangs is not waited for
        connection.abort()
        with suppress(OSError, asyncssh.Error):
            await connection.wait_closed()


@contextmanager
def said(server: Server, doing: str) -> Iterator[None]:
    """Turns what SSH and SFTP raise into errors of ours."""
    try:
        yield
    except (asyncssh.Error, TimeoutError, OSError, asyncio.IncompleteReadError) as error:
        raise told(error, server.host, server.user, doing, server.timeout) from error


@asynccontextmanager
async def asking(server: Server, doing: str, extra: float = 0.0) -> AsyncIterator[None]:
    """One thing asked of the server: answered in time, or an error of ours."""
    with said(server, doing):
        async with asyncio.timeout(server.timeout.total_seconds() + extra):
            yield


async def fingerprints(server: Server) -> tuple[str, ...]:
    """The host keys that the server shows, one of each kind; nothing is trusted and nobody signs in."""
    shown: list[str] = []
    for kind in ((), *_kinds(server)):
        with said(server, "ask for the host key"):
            await _attempt(server, kind, frozenset(), shown)
    return tuple(shown)


async def _connected(server: Server) -> asyncssh.SSHClientConnection:
    shown: list[str] = []
    for kind in ((), *_kinds(server)):
        with said(server, "connect"):
            connection = await _attempt(server, kind, server.host_keys, shown)
        if connection is not None:
            return connection
    raise HostKeyRefused(
        f"{server.host} showed the host key {' and '.join(shown)}, which is not in the settings. "
        "Nobody signed in and nothing was read.",
        fix="Ask the server's owner, by another way than this connection, whether that is its key. If it is, write "
        f'host_key: "{shown[0]}". If nobody changed it, somebody may be in between.',
        data={"host": server.host, "shown": shown},
    )


def _kinds(server: Server) -> tuple[tuple[str, ...], ...]:
    return (*_KINDS, *_LEGACY_KINDS) if server.legacy_algorithms else _KINDS


async def _attempt(
    server: Server, kind: tuple[str, ...], pins: frozenset[str], shown: list[str]
) -> asyncssh.SSHClientConnection | None:
    """A connection; None when the server shows no pinned key of this kind."""
    options: dict[str, Any] = dict(_credentials(server)) if pins else {"client_keys": None, "password": None}
    if server.legacy_algorithms:
        options |= _LEGACY
    if kind:
        options["server_host_key_algs"] = list(kind)
    elif server.legacy_algorithms:
        options["server_host_key_algs"] = [name for each in _kinds(server) for name in each]
    try:
        return await asyncssh.connect(
            server.host,
            server.port,
            username=server.user,
            client_factory=lambda: _Pinned(pins, shown),
            # an empty text would mean ~/.ssh/known_hosts, and None no check at all (asyncssh 2.24)
            known_hosts=([], [], []),
            config=None,
            agent_path=None,
            gss_host=None,
            host_based_auth=False,
            kbdint_auth=bool(server.password),
            connect_timeout=server.timeout.total_seconds(),
            login_timeout=server.timeout.total_seconds(),
            keepalive_interval=max(server.timeout.total_seconds() / 3, 1),
            **options,
        )
    except asyncssh.HostKeyNotVerifiable:
        return None
    except (asyncssh.KeyExchangeFailed, asyncssh.ConnectionLost, ConnectionResetError):
        # OpenSSH hangs up on a client that asks for a kind of key it has not
        if kind:
            return None
        raise


def _credentials(server: Server) -> Iterator[tuple[str, Any]]:
    keys: list[asyncssh.SSHKey] | None = None
    if server.key is not None:
        passphrase = server.passphrase() if server.passphrase else None
        try:
            keys = [asyncssh.import_private_key(f"{server.key()}\n", passphrase)]
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            reason, fix = _why_not(error)
            said = f"The private key for {server.place} cannot be used: {reason}. Nothing was read."
            raise ConfigError(said, fix=fix) from error
    yield "client_keys", keys
    yield "password", server.password() if server.password else None


def _why_not(error: asyncssh.KeyImportError | asyncssh.KeyEncryptionError) -> tuple[str, str]:
    said = str(error).lower()
    if "bcrypt" in said:
        return (
            "it is locked in OpenSSH's own form, which needs the Python package bcrypt",
            "Install bcrypt beside Joinery.",
        )
    if "passphrase" in said or isinstance(error, asyncssh.KeyEncryptionError):
        return "it is locked with a passphrase, or with another one", "`passphrase` names what the key is locked with."
    return "it is no private key", "`key` names a private key in OpenSSH or PEM form, the half without .pub."
