"""The reference has everything the code has, and nothing it no longer has."""

from __future__ import annotations

import re

import pytest
from ruamel.yaml import YAML

from joinery.core.model.worker import FACT_NAMES, Status
from joinery.core.rules.conditions import Vocabulary, parse
from joinery.core.rules.conditions.functions import FUNCTIONS
from tests.conftest import ROOT
from tests.support.checks import names_of_checks

REFERENCE = ROOT / "docs" / "reference"
CONDITION = re.compile(r"^```(yaml|text) condition\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _small_headings(page: str) -> list[str]:
    return re.findall(r"^### `(\w+)`$", (REFERENCE / page).read_text(), flags=re.MULTILINE)


def test_every_check_has_its_heading_and_every_heading_its_check() -> None:
    names, documented = names_of_checks(), _small_headings("checks.md")
    assert len(names) > 40, "the collector no longer understands how checks are written"
    assert sorted(names - set(documented)) == [], "these checks have no heading in docs/reference/checks.md"
    assert sorted(set(documented) - names) == [], "these headings have no check any more"
    assert len(documented) == len(set(documented))


def test_every_function_of_conditions_has_its_heading() -> None:
    assert _small_headings("conditions.md") == list(FUNCTIONS)


@pytest.mark.parametrize(
    "found", CONDITION.findall((REFERENCE / "conditions.md").read_text()), ids=lambda found: found[1]
)
def test_every_condition_shown_is_understood(found: tuple[str, str]) -> None:
    language, text = found
    source = YAML(typ="safe").load(text) if language == "yaml" else text.strip()
    parse(source, Vocabulary())


def test_the_two_forms_at_the_top_mean_the_same() -> None:
    mapping, text = CONDITION.findall((REFERENCE / "conditions.md").read_text())[:2]
    assert parse(YAML(typ="safe").load(mapping[1]), Vocabulary()) == parse(text[1].strip(), Vocabulary())


def test_every_attribute_and_status_is_explained_in_order() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (REFERENCE / "attributes.md").read_text(), flags=re.MULTILINE)
    assert rows == [*FACT_NAMES, *(status.value for status in Status if status.value)]


def test_every_page_the_code_speaks_of_exists() -> None:
    sources = [path for path in (ROOT / "src").rglob("*") if path.suffix in {".py", ".yaml", ".html", ".txt"}]
    spoken_of = {found for path in sources for found in re.findall(r"\bdocs/[\w./-]+\.\w+", path.read_text())}
    assert sorted(page for page in spoken_of if not (ROOT / page).exists()) == []
