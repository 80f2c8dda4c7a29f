"""Decides which encoding a file is in, and hands on UTF-8.

Rule 1: never guess away a byte: what does not fit is refused, or marked with U+FFFD so that its row is rejected.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final

from joinery.core.model.finding import Finding, Severity
from joinery.errors import SourceUntrusted

#: stands where a byte could not be read; a row that holds it is rejected
UNREADABLE: Final = "\ufffd"

_SAMPLE: Final = 1 << 16
#: UTF-16 of any script has NULs at its delimiters, digits and line ends; other text has none
_NUL_SHARE: Final = 0.05
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """`data` is UTF-8 without a byte order mark; `damaged` says that some rows hold U+FFFD and must be rejected."""

    data: bytes
    encoding: str
    damaged: bool = False
    findings: tuple[Finding, ...] = ()


def untrusted(code: str, message: str, fix: str, **data: object) -> SourceUntrusted:
    """The error for a file that is refused whole; `code` is for machines and the report beside the file."""
    return SourceUntrusted(message, fix=fix, data={"code": code, **data})


def decode(data: bytes, encoding: str | None) -> Decoded:
    """Byte order mark, then the remembered encoding, then UTF-16 by its NULs, strict UTF-8, CP1252 with a warning.

    Raises SourceUntrusted: `unreadable_encoding`, or `truncated` when the bytes end inside a character.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], name)
    remembered = codecs.lookup(encoding).name if encoding else ""
    if remembered.startswith(("utf-16", "utf-32")):
        return _strict(data, remembered if remembered[-2:] in {"le", "be"} else remembered + "-le")
    if wide := _wide(data[:_SAMPLE]):
        return _strict(data, wide)
    if remembered in {"", "utf-8", "cp1252"}:
        return _utf8_or_cp1252(data, remembered)
    return _strict(data, remembered)


def _wide(sample: bytes) -> str:
    """utf-16-le or utf-16-be when NULs stand on one side of the byte pairs and line ends have theirs; else ""."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) < max(2, _NUL_SHARE * len(sample) / 2) or min(even, odd) > 0.1 * max(even, odd):
        return ""
    little = odd > even
    ends = sum(sample.count(end) for end in (b"\n", b"\r"))
    wide = sum(sample.count(end) for end in ((b"\n\0", b"\r\0") if little else (b"\0\n", b"\0\r")))
    if not ends or wide < ends / 2:
        return ""
    return "utf-16-le" if little else "utf-16-be"


def _strict(data: bytes, encoding: str) -> Decoded:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if error.end >= len(data) and encoding.startswith("utf"):
            raise _cut(encoding) from None
        raise _unreadable(encoding, data, error.start) from None
    return Decoded(data=data if encoding == "utf-8" else text.encode(), encoding=encoding)


def _utf8_or_cp1252(data: bytes, remembered: str) -> Decoded:
    if data.isascii():
        return Decoded(data=data, encoding=remembered or "utf-8")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _not_utf8(data, remembered, error)
    if remembered == "cp1252":
        note = _note("encoding_changed", "This file is UTF-8, the earlier ones were CP1252; it was read as UTF-8.")
        return Decoded(data=data, encoding="utf-8", findings=(note,))
    return Decoded(data=data, encoding="utf-8")


def _not_utf8(data: bytes, remembered: str, error: UnicodeDecodeError) -> Decoded:
    if error.end >= len(data) and error.reason == "unexpected end of data" and not data[: error.start].isascii():
        raise _cut("utf-8")
    marked = data.decode("utf-8", "replace")
    bad = marked.count(UNREADABLE)
    good = sum(1 for character in marked if character > "\x7f") - bad
    if remembered != "cp1252" and good > bad:
        return Decoded(data=marked.encode(), encoding="utf-8", damaged=True)
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as undefined:
        raise _unreadable("cp1252", data, undefined.start) from None
    findings = () if remembered == "cp1252" else (_assumed_cp1252(data, error.start),)
    return Decoded(data=text.encode(), encoding="cp1252", findings=findings)


def _assumed_cp1252(data: bytes, at: int) -> Finding:
    line = data.count(b"\n", 0, at) + 1
    return Finding(
        check="encoding_assumed",
        severity=Severity.WARNING,
        line=line,
        message=f"The file is not UTF-8 (first seen in line {line}); it was read as CP1252 (Windows).",
        suggestion="Look at names with accents; if they are right, nothing needs doing. Better: export as UTF-8.",
    )


def _note(check: str, message: str) -> Finding:
    return Finding(check=check, severity=Severity.WARNING, message=message)


def _cut(encoding: str) -> SourceUntrusted:
    return untrusted(
        "truncated",
        f"The file ends in the middle of a character ({encoding}), so it was cut off on its way; nothing was read.",
        "Send the whole file again.",
    )


def _unreadable(encoding: str, data: bytes, at: int) -> SourceUntrusted:
    line = data.count(b"\n", 0, at) + 1
    return untrusted(
        "unreadable_encoding",
        f"The file is not text that Joinery can read: line {line} does not fit {encoding}. Nothing was read.",
        "Export it as UTF-8, or name its encoding in the settings.",
        line=line,
    )
