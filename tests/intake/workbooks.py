"""Workbooks as people and programs make them, in memory: openpyxl writes them, what it cannot write is patched in."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import openpyxl
from openpyxl.workbook import Workbook

Rows = Iterable[Sequence[Any]]


def workbook(*sheets: tuple[str, Rows], change: Callable[[Workbook], None] = lambda _book: None) -> bytes:
    """A workbook of these sheets (name, rows); `change` does to it what people do."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def patched(raw: bytes, part: str, *changes: tuple[bytes, bytes]) -> bytes:
    """The workbook with these bytes of one part replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename == part:
                for before, after in changes:
                    assert before in data, before
                    data = data.replace(before, after)
            new.writestr(info.filename, data)
    return out.getvalue()
