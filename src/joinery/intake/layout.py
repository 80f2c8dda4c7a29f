"""What is known of a source's files. Light on purpose: wiring needs it on nights without a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What is known of a source's files; None means "find out". `final_newline` True: its files end with a line end,
    so one that does not was cut."""

    encoding: str | None = None
    delimiter: str | None = None
    final_newline: bool | None = None
