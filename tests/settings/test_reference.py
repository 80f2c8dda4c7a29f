"""The reference page, the JSON Schema and the example say all there is, and importing stays quick."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from joinery.settings import load
from joinery.settings.part import Part
from joinery.settings.problems import Problems
from joinery.settings.reading import read_tree
from joinery.settings.reference import parts, reference_text, schema, schema_text
from joinery.settings.root import Settings
from joinery.settings.tree import Section

ROOT = Path(__file__).parents[2]
MODELS = dict(parts(Settings, ""))
AGAIN = "run: .venv/bin/python -m joinery.settings.reference docs/reference"


def test_the_reference_page_is_as_generated() -> None:
    assert (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8") == reference_text(), AGAIN


def test_the_json_schema_is_as_generated() -> None:
    assert (ROOT / "docs/reference/joinery.schema.json").read_text(encoding="utf-8") == schema_text(), AGAIN


@pytest.mark.parametrize(("path", "model"), MODELS.items(), ids=[path or "the file" for path in MODELS])
def test_every_setting_has_one_plain_sentence(path: str, model: type[Part]) -> None:
    for name, info in model.model_fields.items():
        assert re.fullmatch(r"[^\n]{4,200}\.", str(info.description)), f"{path}.{name}: {info.description}"


def test_the_example_shows_every_option() -> None:
    text = (ROOT / "config.example.yaml").read_text(encoding="utf-8")
    everything = re.sub(r"(?m)^(\s*)#(?=[a-z_]+:)", r"\1", text)
    problems = Problems()
    tree = read_tree(everything.encode(), "config.example.yaml", problems)
    assert not problems.found
    shown = {key for section in sections(tree) for key in section}
    missing = [f"{path}.{key}" for path, model in MODELS.items() for key in model.known_keys() if key not in shown]
    # only a pretended learning system has a file of its own
    assert [each for each in missing if each != "learning.file"] == []


def test_every_option_of_the_example_stands_at_its_place() -> None:
    """Per section, not only somewhere: every key of the file's own level and of its single sections is written."""
    text = (ROOT / "config.example.yaml").read_text(encoding="utf-8")
    everything = re.sub(r"(?m)^(\s*)#(?=[a-z_]+:)", r"\1", text)
    tree = read_tree(everything.encode(), "config.example.yaml", Problems())
    for path, model in MODELS.items():
        section = at(tree, path)
        if isinstance(section, Section) and path not in {
            "people.fields.<name>",
            "learning.attributes.<name>",
            "learning",
        }:
            known = set(model.known_keys())
            assert known - set(section) == set(), path


def sections(value: object) -> list[Section]:
    inner = value.values() if isinstance(value, Section) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, Section) else []
    return own + [each for one in inner for each in sections(one)]


def at(value: object, path: str) -> object:
    for step in [part for part in path.split(".") if part]:
        key, is_list = step.removesuffix("[]"), step.endswith("[]")
        if not isinstance(value, Section):
            return None
        if key == "<name>":
            value = max(value.values(), key=lambda each: len(each) if isinstance(each, Section) else 0)
        else:
            value = value.get(key)
        value = value[0] if is_list and isinstance(value, list) else value
    return value


def test_the_defaults_in_the_example_are_the_defaults(tmp_path: Path) -> None:
    example = load(ROOT / "config.example.yaml", environ={})
    text = (
        "version: 1\ncompany: { name: A, time_zone: UTC }\npeople: { from: file, path: a, fields: { worker_id: No } }\n"
    )
    (tmp_path / "joinery.yaml").write_text(text + "learning: { into: classroom }\n")
    plain = load(tmp_path / "joinery.yaml", environ={})
    for name in ("mode", "out_of_scope", "triggers", "guards", "kill_switch", "retention", "store"):
        assert getattr(example, name) == getattr(plain, name), name
    assert example.people["hris"].trust == plain.people["hris"].trust
    assert example.learning["lms"].first_match == plain.learning["lms"].first_match


def test_the_schema_knows_every_shorthand() -> None:
    made = schema()
    assert json.loads(schema_text()) == made
    assert {"const": "off"} in made["properties"]["guards"]["anyOf"]
    fields = made["$defs"]["FileSource"]["properties"]["fields"]["additionalProperties"]["anyOf"]
    assert {"type": "string", "minLength": 1} in fields
    assert made["additionalProperties"] is False
    assert made["required"] == ["version", "company", "people", "learning"]


def test_importing_settings_is_quick_and_brings_nothing_heavy() -> None:
    """Beside pydantic, in the same process: how long either takes depends on the machine and what else runs on it."""
    code = (
        "import sys, time; start = time.process_time(); import pydantic; pydantic.BaseModel;"
        "bare = time.process_time() - start; import joinery.settings; took = time.process_time() - start;"
        "heavy = {'polars', 'sqlalchemy', 'fastapi', 'dbos', 'httpx2', 'ruamel.yaml'} & set(sys.modules);"
        "sys.stdout.write(f'{took / bare} {sorted(heavy)}')"
    )
    best = 99.0
    for _ in range(3):
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        ratio, _, heavy = said.partition(" ")
        assert heavy == "[]"
        best = min(best, float(ratio))
    assert best <= 5
