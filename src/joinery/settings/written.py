"""The files a configuration consists of, as they were read: what is kept of a version, and what a revert brings back.

Rule: secrets are no part of it, because settings hold them by reference only.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from joinery.settings.tree import Items, Scalar, Section, is_number

#: one file that says the same as all of them, overrides included; its tables lie beside it
EFFECTIVE = "effective.yaml"
MAIN, FILES, INDEX = "main", "files", "index.json"
#: a zip holds no earlier date; the same files give the same bytes
_NO_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Path as the settings name it (relative to their folder, or absolute) -> content. `main` is the settings file."""

    main: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    #: the settings with overrides and rule files in them, as YAML that needs `tables` beside it
    effective: str = ""
    #: name beside `effective` -> path in `files`
    tables: Mapping[str, str] = field(default_factory=dict)

    def packed(self) -> bytes:
        """A zip: the same files give the same bytes."""
        out = io.BytesIO()
        names = {path: _inside(path, number) for number, path in enumerate(sorted(self.files))}
        index = {MAIN: self.main, FILES: names, "tables": dict(self.tables)}
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            _put(packed, INDEX, json.dumps(index, ensure_ascii=False, sort_keys=True, indent=1).encode())
            _put(packed, EFFECTIVE, self.effective.encode())
            for path, name in names.items():
                _put(packed, name, self.files[path])
        return out.getvalue()


def _inside(path: str, number: int) -> str:
    """A name under which it can be unpacked anywhere: a file from elsewhere gets a folder of its own."""
    away = path.startswith("/") or ".." in path.split("/")
    return f"{FILES}/elsewhere/{number}/{Path(path).name}" if away else f"{FILES}/{path}"


def _put(packed: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, date_time=_NO_DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    packed.writestr(entry, content)


def unpacked(content: bytes) -> Written:
    """What was packed. Raises ValueError when these bytes are something else."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            index = json.loads(packed.read(INDEX))
            return Written(
                main=index[MAIN],
                files={path: packed.read(name) for path, name in index[FILES].items()},
                effective=packed.read(EFFECTIVE).decode(),
                tables=index["tables"],
            )
    except (zipfile.BadZipFile, KeyError, TypeError, UnicodeDecodeError, AttributeError) as error:
        raise ValueError("not a packed configuration") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class AsRead:
    """What `load` has read: the tree with overrides and with the rules of rule files, and the files it came from."""

    tree: Section
    files: Mapping[str, bytes]
    path: Path

    def written(self, tables_named: Mapping[str, Path]) -> Written:
        """All files, and the one that says the same as all of them."""
        found = dict(self.files)
        beside: dict[str, str] = {}
        for name, table in tables_named.items():
            named = named_from(self.path.parent, table)
            found[named] = table.read_bytes() if table.is_file() else b""
            _point_to(self.tree, name, copy := f"{len(beside)}{table.suffix}")
            beside[copy] = named
        effective = _flow(_without(self.tree, "rules")) + "\n"
        return Written(main=self.path.name, files=found, effective=effective, tables=beside)


def named_from(folder: Path, file: Path) -> str:
    """The path relative to the folder of the settings where it lies in it, else absolute."""
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.as_posix()


def _point_to(tree: Section, name: str, beside: str) -> None:
    """The setting that names this table names the copy beside the effective settings."""
    *sections, key = name.split(".")
    section: Any = tree
    for each in sections:
        section = section.get(each) if isinstance(section, Section) else None
    if isinstance(section, Section):
        section[key] = Scalar.written(beside, "'")


def _without(tree: Section, key: str) -> Section:
    rest = Section.like(tree)
    rest.update({name: value for name, value in tree.items() if name != key})
    return rest


def _flow(value: Any) -> str:
    """YAML in flow style that reads back to the same tree: bare numbers stay bare, every other text is quoted."""
    match value:
        case dict():
            return "{" + ",\n ".join(f"{json.dumps(key)}: {_flow(inner)}" for key, inner in value.items()) + "}"
        case list() | Items():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Scalar() if not value.style and is_number(value):
            return str(value)
        case _:
            return json.dumps(str(value))
