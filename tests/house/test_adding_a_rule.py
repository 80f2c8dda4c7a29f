"""Every rule shown on the page can be used as it stands, in settings and in the core."""

from __future__ import annotations

import json
import re
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from joinery.app.policy import learning_rules
from joinery.core.rules.conditions import Vocabulary
from joinery.core.rules.conditions.vocabulary import Kind
from joinery.core.rules.rule_data import RULE_KEYS, rules_from
from joinery.settings import load
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "adding-a-rule.md").read_text()
SHOWN = re.findall(r"^```yaml rules\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
CUSTOM = {"first_aider": Kind.TEXT, "trainer_id": Kind.TEXT}
DAY = date(2026, 1, 5)


def test_the_page_shows_rules() -> None:
    assert len(SHOWN) >= 7


@pytest.mark.parametrize("text", SHOWN, ids=lambda text: text.splitlines()[0].removeprefix("- name: "))
def test_every_rule_shown_is_understood(text: str) -> None:
    written = YAML(typ="safe").load(StringIO(text))
    (rule,) = rules_from(written, Vocabulary(custom=CUSTOM), lambda name, version: DAY)
    assert set(written[0]) <= set(RULE_KEYS)
    assert rule.give


def test_settings_take_them_all_at_once(tmp_path: Path) -> None:
    rules = [rule for text in SHOWN for rule in YAML(typ="safe").load(StringIO(text))]
    fields = {"worker_id": "Id", "first_aider": "Aid", "trainer_id": "Exempt"}
    body = {
        "version": 1,
        "company": {"name": "Acme", "time_zone": "UTC"},
        "people": {"from": "file", "path": "./inbox/*.csv", "fields": fields},
        "learning": {"into": "memory"},
        "learning_rules": rules,
    }
    path = tmp_path / "joinery.yaml"
    path.write_text(json.dumps(body), encoding="utf-8")
    found = learning_rules(load(path, environ={}), lambda name, version: DAY)
    assert [rule.name for rule in found] == [rule["name"] for rule in rules]
