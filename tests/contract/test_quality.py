"""Each connector says how good it is: every rule done, or exempt with a reason, and when somebody last looked."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from joinery.core.model.worker import FIELD_NAMES
from joinery.settings.defaults import ATTRIBUTES
from tests.conftest import ROOT

CONNECTORS = ROOT / "src/joinery/connectors"
RULES = {
    "check_before_save",
    "complete_snapshots_proven",
    "paging_tested",
    "rate_limit_honoured",
    "errors_translated",
    "versions_used",
    "unknown_outcomes_looked_up",
    "idempotent_in_effect",
    "nothing_deleted",
    "personal_data_out_of_errors",
    "known_limits_listed",
    "recorded_answers_anonymised",
}


def read(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path)


def named(path: Path) -> str:
    return path.parent.name


@pytest.mark.parametrize("path", sorted(CONNECTORS.glob("*/quality.yaml")), ids=named)
def test_every_rule_is_done_or_exempt_with_a_reason(path: Path) -> None:
    quality = read(path)
    assert quality["rules"].keys() == RULES
    for name, rule in quality["rules"].items():
        assert rule["state"] in {"done", "exempt"}, name
        assert rule["state"] == "done" or rule["why"], f"{name} is exempt without a reason"
    assert isinstance(quality["last_verified"], date) and quality["owner"] and quality["verified_against"]
    assert quality["known_limits"] and quality["api_calls_per_1000_workers"].keys() >= {"full_read", "quiet_night"}


@pytest.mark.parametrize("path", sorted(CONNECTORS.glob("*/mapping.yaml")), ids=named)
def test_a_default_mapping_names_attributes_that_exist(path: Path) -> None:
    rows = read(path)["rows"]
    assert {row["from"] for row in rows} <= FIELD_NAMES
    assert len({row["to"] for row in rows}) == len(rows)
    assert {row["write"] for row in rows} <= {"always", "on_create", "if_empty"}


def test_classroom_is_mapped_as_the_settings_say() -> None:
    rows = read(CONNECTORS / "classroom/mapping.yaml")["rows"]
    assert {row["to"]: row["from"] for row in rows} == ATTRIBUTES
