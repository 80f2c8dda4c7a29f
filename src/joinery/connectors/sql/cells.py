"""A value of a database -> the text that a CSV would hold. Pure. Rule: text stays exactly as it is, NULL is empty."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any


def cell(value: object) -> str:
    """The text of one value; a moment at midnight without a zone is a day (Oracle keeps days like this)."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    for kind, show in _SHOWN:
        if isinstance(value, kind):
            return show(value)
    return str(value)


def _moment(value: datetime) -> str:
    if value.tzinfo is None and value.time() == time():
        return value.date().isoformat()
    return value.isoformat(sep=" ")


def _number(value: float) -> str:
    """`100023`, not `100023.0`: a number kept as a float is a number all the same."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _bytes(value: bytes | bytearray | memoryview) -> str:
    """Text where it is text (a binary collation), 0 or 1 (a bit), else hexadecimal (a key of 16 bytes)."""
    raw = bytes(value)
    if raw in (b"\x00", b"\x01"):
        return str(raw[0])
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return raw.hex()
    return text if text.isprintable() else raw.hex()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


_SHOWN: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (bool, lambda value: "true" if value else "false"),
    (int, str),
    (Decimal, lambda value: f"{value:f}"),
    (float, _number),
    (datetime, _moment),
    ((date, time), lambda value: value.isoformat()),
    ((bytes, bytearray, memoryview), _bytes),
    ((dict, list, tuple), _json),
)
