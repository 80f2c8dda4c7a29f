"""The courses and paths as stored. Replacing a course keeps what people did in it: only its text changes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from joinery_classroom.model import Course, CourseId, Item, Path
from joinery_classroom.tables import courses, files, paths


def put_course(connection: Connection, course: Course) -> None:
    """Adds or replaces a course."""
    body = asdict(course)
    values = {"title": course.title, "body": json.dumps(body, ensure_ascii=False)}
    statement = insert(courses).values(id=course.id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


def put_path(connection: Connection, path: Path) -> None:
    """Adds or replaces a path."""
    values = {"title": path.title, "courses": json.dumps(path.courses)}
    statement = insert(paths).values(id=path.id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


def put_file(connection: Connection, course: str, name: str, media_type: str, content: bytes) -> None:
    """Adds or replaces a file of a course. Files live in the database: no path of the disk is ever made of a name."""
    values = {"media_type": media_type, "content": content}
    statement = insert(files).values(course=course, name=name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["course", "name"], set_=values))


def read_file(connection: Connection, course: str, name: str) -> tuple[str, bytes] | None:
    """Media type and content of a file of a course."""
    chosen = select(files.c.media_type, files.c.content).where(files.c.course == course, files.c.name == name)
    row = connection.execute(chosen).first()
    return None if row is None else (row.media_type, row.content)


def all_courses(connection: Connection) -> dict[str, Course]:
    """Every course by its id, in order of the id."""
    rows = connection.execute(select(courses.c.id, courses.c.body).order_by(courses.c.id))
    return {row.id: _course(json.loads(row.body)) for row in rows}


def all_paths(connection: Connection) -> dict[str, Path]:
    """Every path by its id, in order of the id."""
    rows = connection.execute(select(paths).order_by(paths.c.id))
    return {row.id: Path(id=row.id, title=row.title, courses=tuple(json.loads(row.courses))) for row in rows}


def read_course(connection: Connection, course: str) -> Course | None:
    """One course."""
    body = connection.execute(select(courses.c.body).where(courses.c.id == course)).scalar()
    return None if body is None else _course(json.loads(body))


def targets(connection: Connection) -> Mapping[tuple[str, str], Sequence[CourseId]]:
    """What can be assigned: (kind, id) to the courses it is made of."""
    found: dict[tuple[str, str], Sequence[CourseId]] = {}
    for course in connection.execute(select(courses.c.id)).scalars():
        found["course", course] = (CourseId(course),)
    for path in all_paths(connection).values():
        found["path", path.id] = path.courses
    return found


def _course(body: dict[str, object]) -> Course:
    items = body.pop("items", [])
    assert isinstance(items, list)  # noqa: S101 - written by put_course only
    return Course(**body, items=tuple(Item(**item) for item in items))  # type: ignore[arg-type]
