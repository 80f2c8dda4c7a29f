"""Where training records go: files in a folder, files on a server, rows of a table. Rule: one place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from joinery.kit.records import RECORD_FIELDS
from joinery.settings.part import Part
from joinery.settings.problems import did_you_mean, found
from joinery.settings.sftp import SftpPlace
from joinery.settings.sql import DatabaseUrl
from joinery.settings.values import Duration, FilePath, Text, wrong

#: what a record tells; `record_key` names it (or its revision) in a table
FIELDS = ("record_key", *RECORD_FIELDS)


def _columns(value: Any) -> Any:
    if not isinstance(value, dict):
        wrong(f"must be a mapping such as {{PERSON_NO: worker_id}}; found {found(value)}")
    for told in value.values():
        if told not in FIELDS:
            wrong(f"{found(told)} is nothing a training record tells{did_you_mean(str(told), FIELDS)}")
    return value


class RecordTable(Part):
    """A table of a database of HR's; each training record becomes one row of it, exactly once."""

    url: DatabaseUrl = Field(
        description="`sqlite:///PATH`, or a reference to an address such as `postgresql://USER:PASSWORD@HOST/DATABASE` "
        "(also `mysql`, `mariadb`, `mssql`, `oracle`).",
    )
    table: Text = Field(description="The table, `schema.table` where it needs one; Joinery makes none.")
    columns: Annotated[Mapping[str, Text], BeforeValidator(_columns)] = Field(
        default_factory=lambda: {name: name for name in FIELDS},
        description="Column and what of the record stands in it, e.g. `{PERSON_NO: worker_id, KEY: record_key}`; "
        "columns called as the fields when not given.",
    )
    corrections: Literal["new_row", "update"] = Field(
        default="new_row",
        description="A corrected or revoked record is a row of its own, or is written over the row of the record.",
    )
    timeout: Duration = Field(
        default="1 minute", validate_default=True, description="A statement that takes longer is given up."
    )

    @model_validator(mode="after")
    def _tells_what_it_is(self) -> RecordTable:
        needed = ("record_key", "action")
        if missing := [name for name in needed if name not in self.columns.values()]:
            wrong(f"columns must say where {missing[0]} stands: without it nobody could tell a row from its correction")
        if not self.table.strip("."):
            wrong("table must be the name of a table")
        return self


class SendTo(Part):
    """Where training records go."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"hris", "as"})

    file: FilePath | None = Field(default=None, description="The folder that CSV files with new records are put into.")
    sftp: SftpPlace | None = Field(default=None, description="A folder on an SFTP server for such files.")
    sql: RecordTable | None = Field(default=None, description="A table that gets a row for each record.")

    @model_validator(mode="after")
    def _one_place(self) -> SendTo:
        if [self.file, self.sftp, self.sql].count(None) != 2:
            wrong("must name one place: file, sftp or sql")
        return self

    @property
    def folder(self) -> Path:
        """Where files are put. Raises ValueError when they go elsewhere."""
        if self.file is None:
            raise ValueError("training records go elsewhere")
        return self.file

    @property
    def place(self) -> str:
        """As people read it; no user, no password."""
        if self.sftp is not None:
            return f"{self.sftp.host}:{self.sftp.folder}"
        return f"table {self.sql.table}" if self.sql is not None else str(self.file)
