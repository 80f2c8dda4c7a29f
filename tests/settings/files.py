"""A small valid file and ways to break it, for the tests of settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from joinery.errors import ConfigError
from joinery.settings import Settings, load

MINIMAL = """\
version: 1
company: { name: Example SA, time_zone: Europe/Paris }
people:
  from: file
  path: ./inbox/employees*.csv
  fields: { worker_id: "Employee number" }
learning:
  into: classroom
mode: observe
"""
#: MINIMAL has this many lines, so what a test appends begins in line 10
LINES = MINIMAL.count("\n")


def loaded(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings of this text, kept in `folder/joinery.yaml`."""
    path = folder / "joinery.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, environ=environ or {})


def refusal(folder: Path, text: str | bytes, environ: Mapping[str, str] | None = None) -> ConfigError:
    """The error this text gives; fails when it loads."""
    path = folder / "joinery.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        load(path, environ=environ or {})
    except ConfigError as error:
        return error
    raise AssertionError("it loads")


def said(folder: Path, text: str | bytes, environ: Mapping[str, str] | None = None) -> list[str]:
    """The problems as `line:column key: message`, the file's name left out."""
    problems = refusal(folder, text, environ).data["problems"]
    assert isinstance(problems, list)
    return [
        f"{each['line']}:{each['column']} {each['key']}: {each['message']}".replace(f"{folder}/", "")
        for each in problems
    ]
