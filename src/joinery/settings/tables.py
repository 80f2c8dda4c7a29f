"""Value tables: HR's codes to the words used in learning. Rule: an unmapped code holds its attribute unless told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, model_validator

from joinery.settings.part import Part
from joinery.settings.problems import found
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

    not_yet: ClassVar[frozenset[str]] = frozenset({"sheet", "valid_from"})

    table: FilePath | None = Field(default=None, description="A CSV file with two columns: HR's code and the value.")
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
            _check_table(self.table)
        return self


def _check_table(table: Path) -> None:
    if table.suffix.lower() != ".csv":
        wrong(f"table {found(table.name)}: only .csv tables are available in this version")
    if not table.is_file():
        wrong(f"table {found(table.name)} does not exist in {table.parent}")
