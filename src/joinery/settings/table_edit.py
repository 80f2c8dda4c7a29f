"""Edits of a table file as text: rows that are not meant stay as they were written, to the letter."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from joinery.core.mapping.dated import DatedRow
from joinery.settings.table_rows import CODE, TableTrouble, cells_of, rows_of

HEAD = ("code", "value", "valid_from", "valid_to")


def as_table(rows: Iterable[DatedRow]) -> str:
    """A table from nothing; the columns with days only where there are any."""
    several = list(rows)
    dated = any(row.valid_from or row.valid_to for row in several)
    lines = [HEAD if dated else HEAD[:2], *(_cells(row) if dated else _cells(row)[:2] for row in several)]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue()


def _cells(row: DatedRow) -> tuple[str, str, str, str]:
    return (row.code, row.value, _text(row.valid_from), _text(row.valid_to))


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""


def with_rows(text: str, before: Sequence[DatedRow], after: Sequence[DatedRow]) -> str:
    """The text with the rows of `after`; lines of rows that are in both stay. Raises TableTrouble."""
    lines, cells = text.splitlines(), list(cells_of(text))
    heading = len(cells) == len(before) + 1
    if not before or not _plain(lines, cells, before, heading=heading):
        return _checked(as_table(after), after)
    kept = {row for row in before if row in after}
    delimiter = max("\t;,", key=lines[0].count)
    top = [_wider(lines[0], cells[0], after, delimiter)] if heading else []
    body = lines[1:] if heading else lines
    same = [line for line, row in zip(body, before, strict=True) if row in kept]
    new = [_line(row, delimiter) for row in after if row not in kept]
    return _checked("\n".join([*top, *same, *new]) + "\n", after)


def _plain(lines: Sequence[str], cells: Sequence[Sequence[str]], before: Sequence[DatedRow], *, heading: bool) -> bool:
    """Every line is one row, and the columns stand in the usual order."""
    names = [cell.strip().lower().replace(" ", "_") for cell in cells[0]] if heading else list(HEAD)
    usual = names[0] in CODE and names[2:] in ([], ["valid_from"], ["valid_from", "valid_to"])
    return usual and len(lines) == len(cells) and rows_of(cells) == tuple(before)


def _wider(line: str, cells: Sequence[str], after: Sequence[DatedRow], delimiter: str) -> str:
    dated = any(row.valid_from or row.valid_to for row in after)
    return line + "".join(delimiter + name for name in HEAD[len(cells) :]) if dated and len(cells) < len(HEAD) else line


def _line(row: DatedRow, delimiter: str) -> str:
    out = io.StringIO()
    cells = _cells(row) if row.valid_from or row.valid_to else _cells(row)[:2]
    csv.writer(out, lineterminator="", delimiter=delimiter).writerow(cells)
    return out.getvalue()


def _checked(text: str, after: Sequence[DatedRow]) -> str:
    if sorted(rows_of(cells_of(text)), key=_order) != sorted(after, key=_order):
        raise TableTrouble("the edited table would not say what is meant")
    return text


def _order(row: DatedRow) -> tuple[str, str]:
    return row.code, _text(row.valid_from)


def set_row(rows: Sequence[DatedRow], code: str, value: str, since: date | None, today: date) -> tuple[DatedRow, ...]:
    """The rows with this value for the code: from `since` on, or instead of what holds today. Raises TableTrouble."""
    mine = [row for row in rows if row.code == code]
    if since is None:
        now = next((row for row in mine if row.holds(today)), None)
        if now is None and mine:
            raise TableTrouble(f"{code} has rows for other days only; say from when on with --effective")
        new = replace(now, value=value) if now else DatedRow(code=code, value=value)
        return tuple(new if row is now else row for row in rows) if now else (*rows, new)
    holding = next((row for row in mine if row.holds(since)), None)
    if holding is not None and holding.valid_from == since:
        return tuple(replace(row, value=value) if row is holding else row for row in rows)
    until = holding.valid_to if holding else _day_before_next(mine, since)
    new = DatedRow(code=code, value=value, valid_from=since, valid_to=until)
    ended = [replace(row, valid_to=since - timedelta(days=1)) if row is holding else row for row in rows]
    return (*ended, new)


def _day_before_next(rows: Sequence[DatedRow], since: date) -> date | None:
    later = [row.valid_from for row in rows if row.valid_from and row.valid_from > since]
    return min(later) - timedelta(days=1) if later else None
