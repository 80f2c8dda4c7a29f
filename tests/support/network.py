"""Refuses every connection that leaves this machine. Rule: a test that needs a system out there is a wrong test.

An audit hook sees each connect and each name look-up Python makes, in any library. Programs a test starts (PostgreSQL,
Chromium) are not seen: they are told to stay at home by their own options.
"""

from __future__ import annotations

import ipaddress
import socket
import sys

_state = {"closed": False, "installed": False}


class NetworkRefused(AssertionError):
    """A test tried to reach another machine."""


def close() -> None:
    """From now on only loopback and Unix sockets can be reached."""
    _state["closed"] = True
    if not _state["installed"]:
        _state["installed"] = True
        sys.addaudithook(_watch)


def open_again() -> None:
    """Ends the guard; the hook itself cannot be removed."""
    _state["closed"] = False


def _watch(event: str, args: tuple[object, ...]) -> None:
    if not _state["closed"]:
        return
    if event in {"socket.connect", "socket.sendto"}:
        connection, address = args[0], args[1]
        if getattr(connection, "family", None) == socket.AF_UNIX or not isinstance(address, tuple):
            return
        _demand_local(address[0])
    elif event == "socket.getaddrinfo":
        _demand_local(args[0])


def _demand_local(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    if name in {"", "localhost"} or name.endswith(".localhost"):
        return
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        raise NetworkRefused(f"this test tried to look up {name}; tests reach this machine only") from None
    if not (address.is_loopback or address.is_unspecified):
        raise NetworkRefused(f"this test tried to reach {name}; tests reach this machine only")
