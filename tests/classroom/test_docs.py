"""The how-to page tells the truth: its code runs, its courses load, its routes and settings are all there are."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from joinery_classroom import operations
from joinery_classroom.courses import put_shelf, read_folder
from joinery_classroom.settings import ClassroomSettings
from tests.classroom.house import House, routes

PAGE = (Path(__file__).parents[2] / "docs/howto/classroom.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def test_the_code_on_the_page_starts_a_classroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made: dict[str, Any] = {}
    (code,) = blocks("python")
    exec(compile(code, "classroom.md", "exec"), made)
    made["store"].close()
    assert (tmp_path / "classroom.sqlite").is_file()


def test_the_courses_on_the_page_load(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "courses"
    folder.mkdir()
    for place, text in enumerate(blocks("yml")):
        (folder / f"{place}.yaml").write_text(text, encoding="utf-8")
    (folder / "ladder-card.pdf").write_bytes(b"%PDF-1.7")
    put_shelf(house.store, read_folder(folder))
    account = house.hire()
    house.assign(account, "Warehouse_Start", "path")
    assert house.signed_in(account).get("/courses/ladders/files/card").content == b"%PDF-1.7"


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(ClassroomSettings)])
def test_every_setting_is_on_the_page(name: str) -> None:
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("kind", get_args(operations.Operation))
def test_every_operation_is_on_the_page(kind: type) -> None:
    assert f"`{kind.__dataclass_fields__['op'].default}`" in PAGE  # type: ignore[attr-defined]


def test_every_call_is_on_the_page(house: House) -> None:
    words = {route.path.split("/")[3] for route in routes(house.app) if route.path.startswith("/api/v1/")}
    assert {word for word in words if word not in PAGE} == set()
