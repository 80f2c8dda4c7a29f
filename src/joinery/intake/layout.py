"""What is known of a source's files. Light on purpose: wiring needs it on nights without a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What is known of a source's files; None and empty mean "find out". `final_newline` True: its files end with a
    line end, so one that does not was cut."""

    encoding: str | None = None
    delimiter: str | None = None
    final_newline: bool | None = None
    #: names for the columns of a file without a header, in order
    columns: tuple[str, ...] = ()
    #: fixed width: (first character, the one behind the last) of each column, from 0
    widths: tuple[tuple[int, int], ...] = ()
    #: the row (from 1) that holds the headings; with `columns` the last row that is not read
    header_row: int | None = None
    #: what the last row begins with when it is no row of people; "" remembered: there was none
    trailer: str | None = None
    #: what a number in that row counts: rows | lines | nothing
    trailer_counts: str = "rows"
    #: the sheet of a workbook, and that of the last good file
    sheet: str | None = None
    sheet_before: str | None = None
    #: how dates are written that can be read in two ways: DD/MM/YYYY or MM/DD/YYYY
    dates: str | None = None
    #: headings that must be there: they tell the header from title rows above it, and the sheet from others
    wanted: frozenset[str] = frozenset()

    @staticmethod
    def of_records(wanted: frozenset[str]) -> Layout:
        """Of a file that we wrote ourselves, from records or rows that came otherwise."""
        return Layout(encoding="utf-8", delimiter=",", final_newline=True, header_row=1, trailer="", wanted=wanted)

    def with_remembered(self, stored: Mapping[str, Any]) -> Layout:
        """Settings win; what they leave open is as it was in the last good file."""
        known = {name: stored[name] for name in REMEMBERED if stored.get(name) is not None}
        return replace(self, **{name: value for name, value in known.items() if getattr(self, name) is None})

    def to_remember(self) -> dict[str, Any]:
        """Plain values for storing, the inverse of `with_remembered`."""
        found = {name: getattr(self, name) for name in REMEMBERED}
        return {name: value for name, value in found.items() if value is not None}


#: found out in one file and expected of the next
REMEMBERED: Final = ("encoding", "delimiter", "final_newline", "trailer", "sheet_before")
