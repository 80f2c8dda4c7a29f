"""Queries in files of their own. Rule: they become part of the settings, so that a version holds what was asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from joinery.settings.problems import Place, Problems, found
from joinery.settings.tree import Scalar, Section
from joinery.settings.written import named_from


def add_query_files(tree: Section, path: Path, problems: Problems) -> dict[str, bytes]:
    """Put the text of each `{file: PATH}` in its place; the files that were read."""
    files: dict[str, bytes] = {}
    for section, key in _queries(tree):
        named = section[key]
        if not isinstance(named, Section) or set(named) != {"file"} or not isinstance(named["file"], str):
            continue
        file = path.parent / str(named["file"])
        raw = _read(file, section.values_at[key], section.path_of(key), problems)
        if raw is not None:
            files[named_from(path.parent, file)] = raw
            section[key] = Scalar.written(raw.decode("utf-8-sig"), "'")
    return files


def _queries(tree: Section) -> Iterator[tuple[Section, str]]:
    people = tree.get("people")
    if not isinstance(people, Section):
        return
    for source in [people] if "from" in people else people.values():
        if isinstance(source, Section) and source.get("from") == "sql":
            for section, key in ((source, "query"), (source.get("watermark"), "changes")):
                if isinstance(section, Section) and key in section:
                    yield section, key


def _read(file: Path, place: Place, key: str, problems: Problems) -> bytes | None:
    try:
        raw = file.read_bytes()
        raw.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        problems.add(place, key, f"the query cannot be read from {found(file.name)}: {reason}")
        return None
    return raw
