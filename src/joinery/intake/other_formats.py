"""Files that are text and no table: JSON and XML would be read as lines with commas, and mean nothing as rows."""

from __future__ import annotations

import json
from typing import Final

from joinery.errors import SourceUntrusted
from joinery.intake.decode import untrusted

#: so much of a first line is looked at
_FIRST: Final = 100_000
_BRACKETS: Final = {b"{": b"}", b"[": b"]"}


def refuse_other_formats(data: bytes) -> None:
    """`data` is UTF-8 text. Raises SourceUntrusted `not_a_table` for JSON (also a value in each line) and XML."""
    text = data.lstrip()
    if text.startswith((b"<?xml", b"<!DOCTYPE", b"<html")):
        raise _refused("XML or a web page", "A page instead of a file often is a sign-in that has run out.")
    closing = _BRACKETS.get(text[:1])
    if closing is None:
        return
    first = text[:_FIRST].split(b"\n", 1)[0].strip()
    if _is_json(first) or (text.rstrip()[-1:] == closing and _is_json(text)):
        raise _refused("JSON", "What speaks JSON can push: docs/howto/push.md.")


def _is_json(text: bytes) -> bool:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, (dict, list)) and bool(found)


def _refused(what: str, more: str) -> SourceUntrusted:
    return untrusted(
        "not_a_table",
        f"The file is {what}, not a table. Nothing was read and nobody was touched.",
        f"Export it as CSV or XLSX. {more}",
    )
