"""A layout: which import files a learning system takes, as data. Rule: what a layout does not name is never written.

Layouts are YAML; those that come with Joinery lie in `layouts/`. A column is `heading: attribute`, or a mapping with
one of `value` (always this), `words` (state -> word), `each` (one column for each course or group somebody has),
`id` (a text that is fit to be a key, after these letters).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Final

from joinery.core.model.operation import ActionClass
from joinery.errors import ConfigError

KINDS: Final = ("users", "groups", "assignments", "enrolments", "courses", "departments", "fixed")
_LAYOUT_KEYS: Final = {"about", "encoding", "delimiter", "line_end", "days", "files", "zip", "only_full"}
_FILE_KEYS: Final = {"name", "of", "header", "columns", "rows"}
_COLUMN_KEYS: Final = {"from", "value", "words", "lower", "else", "each", "id"}
#: what `each` may name, and what such a column can bring about; what it takes back only one from `assignment` says
EACH: Final = {"groups": ActionClass.GROUP, "courses": ActionClass.ASSIGN}
#: what a column of `each` holds when it does not say
_EACH_HOLDS: Final = {"groups": "group", "courses": "requirement"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: the attribute it is read from (or a constant), and the words for its values."""

    heading: str
    source: str = ""
    value: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    lower: bool = False
    #: the attribute that stands in when the first is empty
    instead: str = ""
    #: groups | courses: as many columns as somebody in the file needs; `{n}` in the heading is their number
    each: str = ""
    #: the text is a key, after these letters; None for a column that is none
    key: str | None = None

    def cell(self, values: Mapping[str, str]) -> str:
        """The text of this column for one row: the constant when there is nothing else."""
        found = values.get(self.source, "") or values.get(self.instead, "")
        if not found and "" not in self.words:
            return dated(self.value, values)
        found = self.words.get(found, found)
        found = found if self.key is None else self.key + _fit(found)
        return found.lower() if self.lower else found


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePlan:
    """One file of a layout. `of`: users, groups, assignments, or fixed rows."""

    name: str
    of: str
    columns: tuple[Column, ...]
    header: bool = True
    #: rows that are there whoever is; `{year}` is the year of the day on which the file is written
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def takes_back(self) -> bool:
        """Whether a column says of each course that it is taken away."""
        return any(column.each == "courses" and column.source == "assignment" for column in self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """All files of one learning system's import, and how text is written in them."""

    name: str
    files: tuple[FilePlan, ...]
    encoding: str = "utf-8"
    delimiter: str = ","
    line_end: str = "\r\n"
    days: str = "%Y-%m-%d"
    #: all files in one archive of this name
    zip: str = ""
    #: the system takes everything each time, never only what changed
    only_full: bool = False

    @property
    def actions(self) -> frozenset[ActionClass]:
        """What such an import can bring about."""
        found = {ActionClass.LINK, ActionClass.CREATE, ActionClass.UPDATE}
        kinds = {file.of for file in self.files}
        if any(column.source == "state" for file in self.files if file.of == "users" for column in file.columns):
            found |= {ActionClass.SUSPEND, ActionClass.ARCHIVE, ActionClass.RESTORE}
        found |= {EACH[column.each] for file in self.files for column in file.columns if column.each}
        found |= {ActionClass.GROUP} if self._tells("groups", "membership") else set()
        found |= {ActionClass.ASSIGN} if "assignments" in kinds else set()
        found |= {ActionClass.ASSIGN} if "enrolments" in kinds else set()
        # a system that takes everything each time takes away what is not there any more
        gone = ("enrolments" in kinds and self.only_full) or any(file.takes_back for file in self.files)
        found |= {ActionClass.WITHDRAW} if gone or self._tells("assignments", "assignment") else set()
        return frozenset(found)

    @property
    def leaves_groups(self) -> bool:
        """Whether such an import can take a membership back."""
        return self._tells("groups", "membership")

    def _tells(self, of: str, what: str) -> bool:
        """Whether a file says of each row that it is to go or to stay: without that nothing can be taken back."""
        return any(column.source == what for file in self.files if file.of == of for column in file.columns)


def dated(text: str, values: Mapping[str, str]) -> str:
    """`{year}` and `{next_year}` as those of the day on which the file is written."""
    return text.replace("{year}", values["year"]).replace("{next_year}", values["next_year"])


def _fit(text: str) -> str:
    """A key of letters, digits, dots, dashes and underscores; two texts never share one."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text)
    return plain if plain == text else f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def shipped() -> Mapping[str, Path]:
    """The layouts that come with Joinery: name -> file."""
    folder = Path(str(resources.files("joinery.connectors.fileout") / "layouts"))
    return {file.stem: file for file in sorted(folder.glob("*.yaml"))}


def layout_from(name: str, data: Any) -> Layout:
    """The layout that this YAML says. Raises ConfigError naming what is wrong with it."""
    _only(name, data, _LAYOUT_KEYS)
    files = data.get("files")
    if not isinstance(files, Sequence) or isinstance(files, str) or not files:
        raise _wrong(name, "files must be a list of at least one file")
    plans = tuple(_file(name, file) for file in files)
    if not any(plan.of == "users" for plan in plans):
        raise _wrong(name, "one of its files must be of: users")
    words = {key: str(data[key]) for key in ("encoding", "delimiter", "days", "zip") if key in data}
    end = {"crlf": "\r\n", "lf": "\n"}.get(str(data.get("line_end", "crlf")))
    if end is None:
        raise _wrong(name, "line_end must be crlf or lf")
    only_full = _yes(data.get("only_full"))
    return Layout(name=name, files=plans, line_end=end, only_full=only_full, **words)


def _file(name: str, data: Any) -> FilePlan:
    _only(name, data, _FILE_KEYS)
    of, columns = str(data.get("of", "")), data.get("columns")
    if of not in KINDS or not isinstance(columns, Mapping) or not columns or not data.get("name"):
        raise _wrong(name, f"each file needs name, of ({', '.join(KINDS)}) and columns")
    rows = tuple(tuple(map(str, row)) for row in data.get("rows", ()))
    header = _yes(data.get("header", True))
    made = tuple(_column(name, str(heading), said) for heading, said in columns.items())
    return FilePlan(name=str(data["name"]), of=of, columns=made, header=header, rows=rows)


def _column(name: str, heading: str, said: Any) -> Column:
    if not isinstance(said, Mapping):
        return Column(heading=heading, source="" if said is None else str(said))
    _only(name, said, _COLUMN_KEYS)
    each = str(said.get("each", ""))
    if each and each not in EACH:
        raise _wrong(name, f"each must be {' or '.join(EACH)}, in the column {heading}")
    return Column(
        each=each,
        heading=heading,
        source=str(said.get("from", _EACH_HOLDS.get(each, ""))),
        key=str(said["id"] or "") if "id" in said else None,
        value=str(said.get("value", "")),
        words={str(key): str(word) for key, word in said.get("words", {}).items()},
        lower=_yes(said.get("lower")),
        instead=str(said.get("else", "")),
    )


def _yes(value: Any) -> bool:
    return str(value).lower() == "true"


def _only(name: str, data: Any, known: Iterable[str]) -> None:
    if not isinstance(data, Mapping):
        raise _wrong(name, "it must be made of keys and values")
    if unknown := sorted(set(map(str, data)) - set(known)):
        raise _wrong(name, f"{unknown[0]} means nothing there; known are {', '.join(sorted(known))}")


def _wrong(name: str, why: str) -> ConfigError:
    return ConfigError(
        f"The layout {name} cannot be used: {why}; nothing was written.",
        fix="See docs/howto/csv-to-lms.md for what a layout may say.",
    )
