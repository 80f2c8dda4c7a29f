"""Reads one sheet of an Excel workbook into a table of texts, or refuses it with the exact reason.

Rule 1: which sheet and which row of headings is decided once, by the settings or by what can only be meant; two sheets
that could both be meant are a question.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import python_calamine as calamine

from joinery.core.mapping.headers import by_headings
from joinery.core.model.finding import Finding, Severity
from joinery.errors import ConfigError, SourceUntrusted
from joinery.intake.beginning import LOOKED_AT, below_titles, given_row, row_with
from joinery.intake.decode import untrusted
from joinery.intake.delimiter import header_of
from joinery.intake.layout import Layout
from joinery.intake.package import Contents, Package, contents, marks_in, refuse_workbook
from joinery.intake.sheet import Sheet, findings_of, merged_sideways
from joinery.intake.strict import RejectedRow
from joinery.intake.table import Table, frame_of, refuse_when_hardly_readable
from joinery.intake.trailer import check_trailer, trailer_in

_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A sheet with the row (from 0) of its headings; with named columns, of its first row."""

    sheet: Sheet
    at: int
    names: tuple[str, ...]

    def holds(self, wanted: frozenset[str]) -> bool:
        return bool(wanted) and wanted <= set(self.names)


def read_workbook(raw: bytes, layout: Layout, sha256: str) -> Table:
    """As `read_table`. Raises SourceUntrusted, e.g. `not_a_workbook`, `too_large`, `which_sheet`, `no_header`."""
    if raw.startswith(b"\xd0\xcf"):
        refuse_workbook(
            "The workbook has a password, or is of the old kind (.xls).", "Save it as .xlsx without a password."
        )
    package = Package(raw)
    about = contents(package)
    book = _careful(lambda: calamine.CalamineWorkbook.from_filelike(io.BytesIO(raw)))
    found, others = _choose(book, package, about, layout)
    return _table(found, others, about, layout, sha256)


def _careful(call: Callable[[], Any]) -> Any:
    """A broken workbook can make the reader give up in ways of its own, some of which are no Exception."""
    try:
        return call()
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        if isinstance(error, SourceUntrusted):
            raise
        refuse_workbook(f"The workbook cannot be read ({type(error).__name__}).")


def _choose(book: Any, package: Package, about: Contents, layout: Layout) -> tuple[_Found, tuple[Finding, ...]]:
    """The sheet to read, and a note about those that are not read."""
    visible = [
        each.name
        for each in book.sheets_metadata
        if each.typ == calamine.SheetTypeEnum.WorkSheet and each.visible == calamine.SheetVisibleEnum.Visible
    ]
    if layout.sheet is not None:
        name = _given(layout.sheet, [each.name for each in book.sheets_metadata])
        return _found(_sheet(book, package, about, name), layout), ()
    tables = [each for each in (_found(_sheet(book, package, about, name), layout) for name in visible) if each.names]
    if not tables:
        raise untrusted("empty_file", "No sheet holds a table; nobody is touched because of it.", "Send all of it.")
    chosen = _only_one(tables, layout)
    if chosen is None:
        names = [each.sheet.name for each in tables]
        raise untrusted(
            "which_sheet",
            f"{len(tables)} sheets hold a table: {', '.join(map(repr, names))}. Nothing was read.",
            f'Say once which one is meant: sheet: "{names[0]}".',
            sheets=names,
        )
    return chosen, _others(chosen.sheet.name, visible, layout)


def _given(wanted: str, names: Sequence[str]) -> str:
    found = next((name for name in names if name.strip().lower() == wanted.strip().lower()), None)
    if found is None:
        raise untrusted(
            "which_sheet",
            f"There is no sheet {wanted!r}; the workbook has {', '.join(map(repr, names))}. Nothing was read.",
            "Put the sheet back, or correct `sheet` in the settings.",
            sheets=list(names),
        )
    return found


def _only_one(tables: Sequence[_Found], layout: Layout) -> _Found | None:
    """By the headings that must be there, then as last time, then by headings that people use, then the only one."""
    holding = [each for each in tables if each.holds(layout.wanted)] or list(tables)
    before = [each for each in holding if each.sheet.name == layout.sheet_before]
    about_people = [each for each in holding if _about_people(each.names)]
    for some in (holding, before, about_people):
        if len(some) == 1:
            return some[0]
    return None


def _about_people(names: tuple[str, ...]) -> bool:
    try:
        by_headings(names)
    except (SourceUntrusted, ConfigError):
        return False
    return True


def _others(read: str, visible: Sequence[str], layout: Layout) -> tuple[Finding, ...]:
    found: list[Finding] = []
    if layout.sheet_before not in {None, read}:
        message = f"The sheet {read!r} was read; it was {layout.sheet_before!r} in the last file."
        found.append(Finding(check="sheet_changed", severity=Severity.WARNING, message=message))
    if others := [repr(name) for name in visible if name != read]:
        message = f"The sheet {read!r} was read and no other: {', '.join(others)}."
        found.append(Finding(check="other_sheets", severity=Severity.NOTE, message=message))
    return tuple(found)


def _sheet(book: Any, package: Package, about: Contents, name: str) -> Sheet:
    marks = marks_in(package.part(about.sheets.get(name, "")), about)
    values = _careful(lambda: book.get_sheet_by_name(name))
    return Sheet(name=name, values=values, marks=marks, spans=_careful(lambda: values.merged_cell_ranges) or ())


def _found(sheet: Sheet, layout: Layout) -> _Found:
    """Where its table begins; no names when there is none."""
    most = max(LOOKED_AT, layout.header_row or 0)
    top: dict[int, list[str]] = dict(sheet.rows(most))
    filled = [at for at, texts in top.items() if any(texts)]
    if not filled:
        return _Found(sheet=sheet, at=0, names=())
    rows = range(filled[0], filled[-1] + 1)

    def split(at: int) -> Sequence[str]:
        return [text.strip() for text in top.get(at, [])]

    if layout.header_row is not None:
        at = given_row(layout, rows.stop)
    elif layout.wanted and not layout.columns and (row := row_with(split, rows, layout.wanted)) is not None:
        at = row
    else:
        at = below_titles(split, rows, max(len(split(row)) for row in rows), len(layout.columns))
    return _Found(sheet=sheet, at=at, names=layout.columns or tuple(split(at)))


def _table(found: _Found, others: tuple[Finding, ...], about: Contents, layout: Layout, sha256: str) -> Table:
    rows = {at: texts for at, texts in found.sheet.rows() if at >= found.at and any(text.strip() for text in texts)}
    columns, names = _columns(found, rows, layout)
    headings = not layout.columns or tuple(_cut(rows.get(found.at, []), columns)) == layout.columns
    if headings:
        rows.pop(found.at, None)
    first, last = found.at + headings, max(rows, default=found.at)
    joined = "|".join(rows[last]) if last in rows else ""
    trailer = trailer_in(joined, layout, width=len(names), delimiter="|") if layout.trailer != "" and joined else None
    if trailer:
        rows.pop(last)
    rejected: list[RejectedRow] = []
    frame = frame_of(_records(rows, columns, merged_sideways(found.sheet.spans), rejected), names)
    count = frame.height + len(rejected)
    table = Table(
        frame=frame,
        header=names,
        rejected=tuple(rejected),
        findings=(
            *others,
            *findings_of(found.sheet, range(first, last + 1), columns, since_1904=about.since_1904),
            *check_trailer(trailer, layout, rows=count, lines=count + headings + bool(trailer)),
        ),
        encoding="xlsx",
        delimiter="",
        final_newline=True,
        sha256=sha256,
        sheet=found.sheet.name,
        header_row=found.at + 1 if headings else 0,
        trailer=trailer.begins if trailer else "",
        unusable=_unusable(found.sheet, range(first, last + 1), columns, names),
    )
    refuse_when_hardly_readable(table)
    return table


def _columns(found: _Found, rows: dict[int, list[str]], layout: Layout) -> tuple[list[int], tuple[str, ...]]:
    """The columns that hold anything, and their names. Raises SourceUntrusted as `header_of`."""
    used = sorted({column for texts in rows.values() for column, text in enumerate(texts) if text.strip()})
    if not layout.columns:
        return used, header_of(_cut(rows.get(found.at, []), used), found.at + 1)
    if len(used) > len(layout.columns):
        raise untrusted(
            "not_a_table",
            f"The sheet has {len(used)} columns and the settings name {len(layout.columns)}. Nothing was read.",
            "Name every column of the sheet in order (columns).",
        )
    first = used[0] if used else 0
    return list(range(first, first + len(layout.columns))), layout.columns


def _cut(texts: Sequence[str], columns: Sequence[int]) -> list[str]:
    return [texts[column] if column < len(texts) else "" for column in columns]


def _records(
    rows: dict[int, list[str]], columns: Sequence[int], merged: set[int], rejected: list[RejectedRow]
) -> Iterator[tuple[int, list[str]]]:
    for at, texts in rows.items():
        cells = _cut(texts, columns)
        if at in merged:
            reason = "holds a cell that is merged over several columns"
            rejected.append(RejectedRow(line=at + 1, code="merged_cells", reason=reason, fields=tuple(cells)))
        else:
            yield at + 1, cells


def _unusable(sheet: Sheet, rows: range, columns: Sequence[int], names: Sequence[str]) -> dict[str, str]:
    """Column name -> what is wrong with it: formulas that nobody has computed look like empty cells."""
    found: dict[str, str] = {}
    for column, name in zip(columns, names, strict=True):
        at = sorted(row for row, where in sheet.marks.unvalued if where == column and row in rows)
        if at:
            places = ", ".join(str(row + 1) for row in at[:_NAMED]) + (" …" if len(at) > _NAMED else "")
            found[name] = f"{len(at)} cells of {name!r} are formulas that were never computed (rows {places})."
    return found
