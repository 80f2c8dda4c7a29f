"""The starter courses: seeded where missing, and never over what a company wrote itself."""

from __future__ import annotations

from pathlib import Path

from joinery_classroom import catalogue
from joinery_classroom.courses import STARTER, STARTER_COURSES, STARTER_PATHS, read_folder, seed_missing_starters
from joinery_classroom.database import open_database
from joinery_classroom.model import Course, CourseId


def test_the_names_at_hand_are_those_of_the_folder() -> None:
    shelf = read_folder(STARTER)
    assert {course.id for course in shelf.courses} == STARTER_COURSES
    assert {path.id for path in shelf.paths} == STARTER_PATHS


def test_what_is_missing_comes_and_a_companys_own_course_stays(tmp_path: Path) -> None:
    store = open_database(tmp_path / "classroom.db")
    try:
        own = Course(id=CourseId("welcome"), title="Our own welcome", version="9", language="en", summary="", items=())
        with store.writing() as connection:
            catalogue.put_course(connection, own)
        for _ in range(2):
            seed_missing_starters(store)
            with store.reading() as connection:
                found = catalogue.all_courses(connection)
                assert found["welcome"].title == "Our own welcome"
                assert set(found) == STARTER_COURSES
                assert set(catalogue.all_paths(connection)) == STARTER_PATHS
    finally:
        store.close()
