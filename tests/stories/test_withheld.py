"""Somebody marries: nobody reads the former name in a plan, unless they ask for confidential things."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stories.company import Company, changed, staff
from tests.stories.test_person import typed


@pytest.fixture
def married(tmp_path: Path) -> tuple[Company, str]:
    acme = Company(tmp_path)
    rows = changed(staff(3), "0002", family_name="Maidenvale", work_email="maidenvale@acme.example")
    acme.day("2026-11-23", rows)
    night = acme.day("2026-11-24", changed(rows, "0002", family_name="Quill", work_email="quill@acme.example"))
    return acme, night.plan


@pytest.mark.parametrize("form", [[], ["--format", "csv"], ["--json"]], ids=["text", "csv", "json"])
def test_a_plan_does_not_tell_the_former_name(married: tuple[Company, str], form: list[str]) -> None:
    acme, plan = married
    shown = typed(acme, "plan", "show", plan, *form)
    assert "aidenvale" not in shown and "Quill" in shown and "not told here" in shown


def test_how_much_is_withheld_is_said(married: tuple[Company, str]) -> None:
    acme, plan = married
    assert json.loads(typed(acme, "plan", "show", plan, "--json"))["values_withheld"] == 2


def test_asked_for_it_is_told(married: tuple[Company, str]) -> None:
    acme, plan = married
    shown = typed(acme, "plan", "show", plan, "--confidential", "--format", "csv")
    assert "Maidenvale -> Quill" in shown and "maidenvale@acme.example" in shown
