"""Courses and paths as people write them: YAML files or JSON of the API. Everything is checked before it is stored."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as Folder
from typing import Any

from joinery_classroom import catalogue, ledger
from joinery_classroom.database import Store
from joinery_classroom.errors import BadRequest
from joinery_classroom.model import Course, CourseId, Item, Path

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._()-]{0,119}")
_COURSE_FIELDS = frozenset(
    ("id", "title", "version", "language", "summary", "items", "certificate", "certificate_valid_months")
)
STARTER = Folder(__file__).parent / "starter"
#: what is in that folder, so that a start can see without reading it that nothing is missing
STARTER_COURSES = frozenset(
    ("welcome", "security-basics", "manager-essentials", "FORKLIFT", "US-COMPLIANCE", "UK-COMPLIANCE")
)
STARTER_PATHS = frozenset(("Onboarding_Path", "Leadership_101"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What a folder of course files holds. `files`: (course, name) to content."""

    courses: tuple[Course, ...]
    paths: tuple[Path, ...]
    files: Mapping[tuple[str, str], bytes]


def course_from(raw: Any) -> Course:
    """A course from its JSON or YAML. Raises BadRequest naming the field."""
    fields = _mapping(raw, "a course")
    unknown = sorted(set(fields) - _COURSE_FIELDS)
    if unknown:
        raise BadRequest(
            f"A course has no field {', '.join(unknown)}.", fix=f"Known: {', '.join(sorted(_COURSE_FIELDS))}."
        )
    months = fields.get("certificate_valid_months")
    if months is not None and not (isinstance(months, int) and 0 < months <= 600):
        raise BadRequest("certificate_valid_months must be a whole number of months, 1 to 600.")
    items = fields.get("items", [])
    if not isinstance(items, list):
        raise BadRequest("items must be a list.")
    read = tuple(_item(item) for item in items)
    if len({item.id for item in read}) != len(read):
        raise BadRequest("Two items of the course have the same id.")
    return Course(
        id=CourseId(identifier(fields.get("id"))),
        title=_text(fields, "title"),
        version=_text(fields, "version", "1"),
        language=_text(fields, "language", "en"),
        summary=_text(fields, "summary", ""),
        items=read,
        certificate=fields.get("certificate") is True,
        certificate_valid_months=months,
    )


def path_from(raw: Any) -> Path:
    """A path from its JSON or YAML. Raises BadRequest naming the field."""
    fields = _mapping(raw, "a path")
    listed = fields.get("courses", [])
    if not isinstance(listed, list):
        raise BadRequest("courses must be a list of course ids.")
    return Path(
        id=identifier(fields.get("id")),
        title=_text(fields, "title"),
        courses=tuple(CourseId(identifier(one)) for one in listed),
    )


def identifier(raw: Any) -> str:
    """A course, path or item id: letters, digits, dot, hyphen, underscore. Raises BadRequest otherwise."""
    if not isinstance(raw, str) or not _ID.fullmatch(raw):
        raise BadRequest("An id must be 1 to 100 letters, digits, dots, hyphens or underscores.")
    return raw


def file_name(raw: str) -> str:
    """A plain file name; anything that could name a folder is refused with BadRequest."""
    if not _FILE_NAME.fullmatch(raw) or ".." in raw:
        raise BadRequest("A file name must be plain letters, digits, spaces, dots, hyphens, without folders.")
    return raw


def media_type_of(name: str) -> str:
    """By the name's ending; what a browser might run is sent as plain bytes."""
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    risky = ("html", "xml", "svg", "javascript")
    return "application/octet-stream" if any(word in guessed for word in risky) else guessed


def read_folder(folder: Folder) -> Shelf:
    """All *.yaml in a folder: each a course, or `paths:` with a list. Raises BadRequest naming the file."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    courses: list[Course] = []
    paths: list[Path] = []
    for file in sorted(folder.glob("*.yaml")):
        try:
            raw = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
            if isinstance(raw, dict) and "paths" in raw:
                paths += [path_from(one) for one in raw["paths"]]
            else:
                courses.append(course_from(raw))
        except (BadRequest, YAMLError) as error:
            raise BadRequest(f"{file.name}: {error}") from error
    files: dict[tuple[str, str], bytes] = {
        (course.id, item.body): _beside(folder, item.body).read_bytes()
        for course in courses
        for item in course.items
        if item.kind == "file"
    }
    return Shelf(courses=tuple(courses), paths=tuple(paths), files=files)


def put_shelf(store: Store, shelf: Shelf) -> None:
    """Stores a folder's courses, paths and files as one change. Raises BadRequest if a path names no course."""
    with store.writing() as connection:
        for course in shelf.courses:
            catalogue.put_course(connection, course)
        for (course_id, name), content in shelf.files.items():
            catalogue.put_file(connection, course_id, name, media_type_of(name), content)
        before = catalogue.all_paths(connection)
        for path in shelf.paths:
            catalogue.put_path(connection, path)
            if path.id in before and before[path.id].courses != path.courses:
                ledger.remeasure_path(connection, path.id)
        known = catalogue.all_courses(connection)
        missing = sorted({course for path in shelf.paths for course in path.courses if course not in known})
        if missing:
            raise BadRequest(f"A path names courses that do not exist: {', '.join(missing)}.")


def seed_starter_courses(store: Store) -> None:
    """Onboarding_Path, Leadership_101 and six small courses with real content. Doing it again changes nothing."""
    put_shelf(store, read_folder(STARTER))


def seed_missing_starters(store: Store) -> None:
    """The same, but only what is not there: a company's own course or path of the same id stays as it is."""
    with store.reading() as connection:
        courses, paths = set(catalogue.all_courses(connection)), set(catalogue.all_paths(connection))
    if courses >= STARTER_COURSES and paths >= STARTER_PATHS:
        return
    shelf = read_folder(STARTER)
    put_shelf(
        store,
        Shelf(
            courses=tuple(course for course in shelf.courses if course.id not in courses),
            paths=tuple(path for path in shelf.paths if path.id not in paths),
            files={key: content for key, content in shelf.files.items() if key[0] not in courses},
        ),
    )


def _item(raw: Any) -> Item:
    fields = _mapping(raw, "an item")
    kind = fields.get("kind", "page")
    if kind not in ("page", "link", "file"):
        raise BadRequest("The kind of an item is page, link or file.")
    body = _text(fields, "body")
    if kind == "link" and not re.fullmatch(r"https?://[^\s\"'<>]+", body):
        raise BadRequest("The body of a link must be an http or https address.")
    if kind == "file":
        file_name(body)
    return Item(id=identifier(fields.get("id")), title=_text(fields, "title"), kind=kind, body=body)


def _mapping(raw: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise BadRequest(f"Expected {what}, with named fields.")
    return raw


def _text(fields: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = fields.get(name, default)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise BadRequest(f"{name} must be a text and not empty.")
    return value


def _beside(folder: Folder, name: str) -> Folder:
    found = (folder / file_name(name)).resolve()
    if found.parent != folder.resolve() or not found.is_file():
        raise BadRequest(f"The file {name} is not in the folder of the course.")
    return found
