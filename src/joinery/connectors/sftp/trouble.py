"""What SSH and SFTP raise -> our errors, each with what to do. Rule: names of hosts, users and files only."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

import asyncssh

from joinery.errors import AuthenticationFailed, StopRun, SystemUnreachable

_LOST: Final = (
    asyncssh.ConnectionLost,
    asyncssh.SFTPConnectionLost,
    asyncssh.SFTPNoConnection,
    ConnectionResetError,
    ConnectionAbortedError,
    BrokenPipeError,
    asyncio.IncompleteReadError,
)
_AGAIN: Final = "See whether the server and the way to it work; the next run begins again."
_KEPT: Final = "No file was lost; nothing half-read counts."


def told(error: BaseException, host: str, user: str, doing: str, patience: timedelta) -> StopRun:
    """The error to raise instead; `doing` completes "while Joinery tried to ..."."""
    data: dict[str, object] = {"host": host, "user": user}
    if isinstance(error, TimeoutError):
        seconds = f"{patience.total_seconds():g} seconds"
        said = f"{host} did not answer within {seconds} while Joinery tried to {doing}. {_KEPT}"
        return SystemUnreachable(said, fix=_AGAIN, data=data)
    if isinstance(error, _LOST):
        said = f"The connection to {host} broke off while Joinery tried to {doing}. {_KEPT}"
        return SystemUnreachable(said, fix=_AGAIN, data=data)
    if isinstance(error, asyncssh.SFTPError):
        fix = f"See to the rights of {user} there; `joinery connect test` tries each of them."
        return StopRun(f"{host} refused to {doing}: {_refusal(error)}. No file was lost.", fix=fix, data=data)
    if isinstance(error, asyncssh.Error):
        return _no_session(error, host, user, data)
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "no such host"
    return SystemUnreachable(
        f"{host} cannot be reached: {reason}. Nothing was read.",
        fix="See that host and port are right and that no firewall is in between.",
        data=data,
    )


def _no_session(error: asyncssh.Error, host: str, user: str, data: dict[str, object]) -> StopRun:
    match error:
        case asyncssh.PermissionDenied():
            return AuthenticationFailed(
                f"{host} does not let {user} in with the credentials given; nothing was read.",
                fix="See that our public key is installed there for this user, or that the password is right.",
                data=data,
            )
        case asyncssh.KeyExchangeFailed():
            return SystemUnreachable(
                f"{host} and Joinery have no method of encryption in common; nothing was read.",
                fix="Ask for the server to be updated. Until then `legacy_algorithms: true` allows SHA-1 and CBC.",
                data=data,
            )
        case _:
            return SystemUnreachable(
                f"{host} does not speak SSH as expected ({type(error).__name__}); nothing was read.",
                fix="See that host and port are those of an SFTP server.",
                data=data,
            )


def _refusal(error: asyncssh.SFTPError) -> str:
    match error:
        case asyncssh.SFTPPermissionDenied() | asyncssh.SFTPWriteProtect():
            return "permission denied"
        case asyncssh.SFTPNoSuchFile() | asyncssh.SFTPNoSuchPath():
            return "there is no such file or folder"
        case asyncssh.SFTPNoSpaceOnFilesystem() | asyncssh.SFTPQuotaExceeded():
            return "there is no room left"
        case _:
            return "it did not say why"
