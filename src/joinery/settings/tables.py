"""Value tables: HR's codes to the words used in learning. Rule: an unmapped code holds its attribute unless told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from joinery.core.mapping.dated import DatedRow
from joinery.settings.part import Part
from joinery.settings.problems import found
from joinery.settings.table_rows import KINDS, TableTrouble, read_rows
from joinery.settings.values import FilePath, Reads, Text, wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """What to do with a code that is in no table; `value` only with `use`."""

    action: Literal["hold", "keep", "use"]
    value: str = ""

    def __str__(self) -> str:
        return f"use:{self.value}" if self.action == "use" else self.action


def _unmapped(text: str, _: ValidationInfo) -> Unmapped:
    if text == "hold":
        return Unmapped(action="hold")
    if text == "keep":
        return Unmapped(action="keep")
    word, colon, value = text.partition(":")
    if word == "use" and colon and value.strip():
        return Unmapped(action="use", value=value.strip())
    raise ValueError


UnmappedChoice = Annotated[
    Unmapped,
    Reads(
        Unmapped, "hold, keep or use:<value>", _unmapped, str, {"type": "string", "pattern": "^(hold|keep|use: ?.+)$"}
    ),
]


class ValueMap(Part):
    """How the values of one attribute are translated: by a table file or by values written here."""

    table: FilePath | None = Field(
        default=None,
        description="A CSV or XLSX file with the columns code and value and, where rows hold for a time only, "
        "valid_from and valid_to (first and last day).",
    )
    sheet: Text | None = Field(default=None, description="The sheet of an .xlsx table; the first when not given.")
    values: Mapping[str, Text] = Field(default_factory=dict, description="Codes and values, written here.")
    unmapped: UnmappedChoice = Field(
        default="hold",
        validate_default=True,
        description="A code that is not in the table: hold this attribute, keep HR's code, or `use:<value>`.",
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> ValueMap:
        if (self.table is None) == (not self.values):
            wrong("give either table or values")
        if self.table is not None:
            rows_in(self.table, self.sheet)
        return self

    def rows(self) -> tuple[DatedRow, ...]:
        """Every row, from the table file or as written here."""
        if self.table is not None:
            return rows_in(self.table, self.sheet)
        return tuple(DatedRow(code=code, value=value) for code, value in self.values.items())


def rows_in(table: Path, sheet: str | None = None) -> tuple[DatedRow, ...]:
    """The rows of a table file; what is wrong with it is refused with the line."""
    if table.suffix.lower() not in KINDS:
        wrong(f"table {found(table.name)} must be a .csv or .xlsx file")
    if not table.is_file():
        wrong(f"table {found(table.name)} does not exist in {table.parent}")
    try:
        return read_rows(table, sheet)
    except TableTrouble as trouble:
        wrong(f"table {found(table.name)}: {trouble}")


def _tree(value: Path) -> Path:
    for row in (rows := rows_in(value)):
        if row.code == row.value:
            wrong(f"table {found(value.name)}: {found(row.code)} stands above itself")
    if not rows:
        wrong(f"table {found(value.name)} has no rows")
    return value


#: code, parent and, where they hold for a time only, valid_from and valid_to
TreeTable = Annotated[FilePath, AfterValidator(_tree)]
