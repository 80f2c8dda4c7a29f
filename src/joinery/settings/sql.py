"""People from a database, by one SELECT. Rule: an address with a password in it is only ever a reference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from joinery.errors import ConfigError
from joinery.kit.statement import one_select
from joinery.settings.part import Part, reported
from joinery.settings.people import PeopleSource
from joinery.settings.problems import found, one_of
from joinery.settings.secret import Secret
from joinery.settings.shape import FileShape
from joinery.settings.values import Count, Duration, FilePath, Shape, Text, wrong

#: an SQL statement is longer than other texts and has lines
MOST_LETTERS = 100_000


def _url(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"sqlite:///[^\x00\r\n?]+", value):
        wrong("must be sqlite:///PATH, or a reference such as {env: HR_DATABASE} (not repeated here)")
    return value


DatabaseUrl = Annotated[
    Annotated[str, Field(pattern=r"^sqlite:///.+")] | Secret, Field(union_mode="left_to_right"), BeforeValidator(_url)
]


def address_of(url: str | Secret, folder: Path) -> str:
    """The address with its secret revealed; a SQLite path made absolute. Never log it."""
    if isinstance(url, Secret):
        return url.reveal()
    return f"sqlite:///{(folder / url.removeprefix('sqlite:///')).absolute()}"


def _checked(text: str) -> str:
    if len(text) > MOST_LETTERS:
        wrong(f"the query is longer than {MOST_LETTERS} letters")
    try:
        one_select(text)
    except ConfigError as error:
        wrong(str(error))
    return text


def _query(value: object) -> str:
    """The statement; one in a file of its own has been put here by then."""
    if isinstance(value, str):
        return _checked(str(value))
    if isinstance(value, dict) and set(value) == {"file"}:
        raise reported()
    wrong(f"must be one SELECT, or {{file: PATH}}; found {found(value)}")


_FILE_SHAPE = {
    "anyOf": [
        {"type": "string", "examples": ["SELECT employee_id, first_name FROM people"]},
        {
            "type": "object",
            "properties": {"file": {"type": "string", "minLength": 1}},
            "required": ["file"],
            "additionalProperties": False,
        },
    ]
}
QueryText = Annotated[str, BeforeValidator(_query), Shape(_FILE_SHAPE, instead=True)]


class WatermarkRule(Part):
    """Reading only what changed since the last accepted answer."""

    column: Text = Field(description="The column of the query that says when a row was changed, or a growing number.")
    overlap: Duration | Count = Field(
        default="10 minutes",
        validate_default=True,
        description="How far before the last seen value reading begins again, for rows that were committed late; "
        "a whole number where the column is one.",
    )
    full_every: Duration = Field(
        default="1 day",
        validate_default=True,
        description="How often everybody is read all the same: only then does it show who is gone.",
    )
    changes: QueryText | None = Field(
        default=None,
        description="A query of its own for what changed, with `:watermark` in it; without it, Joinery puts the "
        "condition around `query`.",
    )

    @model_validator(mode="after")
    def _has_the_parameter(self) -> WatermarkRule:
        if self.changes is not None and not re.search(r"(?<![:\w]):watermark\b", self.changes):
            wrong("changes must hold :watermark, which stands for where reading begins")
        return self


class SqlSource(PeopleSource):
    """People come from a database, by one SELECT that may only read."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"schedule", "every"})

    from_: Literal["sql"] = Field(alias="from", description="`sql`: a database that is asked with one SELECT.")
    url: DatabaseUrl = Field(
        description="`sqlite:///PATH`, or a reference to an address such as `postgresql://USER:PASSWORD@HOST/DATABASE` "
        "(also `mysql`, `mariadb`, `mssql`, `oracle`).",
    )
    query: QueryText = Field(description="One SELECT, or `{file: people.sql}`; each column of it is one of `fields`.")
    timeout: Duration = Field(
        default="10 minutes", validate_default=True, description="A query that takes longer is given up."
    )
    most_rows: Annotated[Count, Field(ge=1)] = Field(
        default=2_000_000, description="An answer with more rows than this is not believed."
    )
    watermark: WatermarkRule | None = Field(
        default=None, description="Read only what changed; everybody each time when not given."
    )
    archive: FilePath | None = Field(
        default=None, description="Where answers are kept as evidence; `.joinery/sql` when not given."
    )

    @property
    def file_pattern(self) -> str:
        """A database has no files of its own."""
        return ""

    @model_validator(mode="after")
    def _makes_sense(self) -> SqlSource:
        if for_files := sorted(self.model_fields_set & FileShape.model_fields.keys()):
            wrong(f"{one_of(for_files).replace(' or ', ' and ')} is for files; a database needs none of it")
        if self.watermark is not None and self.content == "changes":
            wrong("content: changes is for a query that only ever gives changes; with watermark leave it out")
        return self
