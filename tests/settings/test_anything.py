"""Whatever a file or a variable holds, `load` answers with settings or with one ConfigError."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from joinery.errors import ConfigError
from joinery.settings import Settings, load
from tests.settings.files import MINIMAL

FULL = (Path(__file__).parents[2] / "config.example.yaml").read_text(encoding="utf-8")
SIGNS = st.sampled_from([*"{}[]:,#&*!|>'\"%@`-?<\n \t~=0aé\x00\u2028", "<<", "---", "...", "!!", "off", "null"])
JUNK = st.one_of(st.text(max_size=60), st.lists(SIGNS, max_size=40).map("".join))
QUICK = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def answers(content: bytes, environ: dict[str, str] | None = None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "joinery.yaml"
        path.write_bytes(content)
        try:
            assert isinstance(load(path, environ=environ or {}), Settings)
        except ConfigError as error:
            assert str(error)
            assert error.data["problems"]


@QUICK
@given(JUNK)
def test_any_text(text: str) -> None:
    answers(text.encode("utf-8", "replace"))


@QUICK
@given(st.binary(max_size=80))
def test_any_bytes(content: bytes) -> None:
    answers(content)


@QUICK
@given(st.sampled_from([MINIMAL, FULL]), st.data(), JUNK)
def test_a_good_file_with_something_cut_out_and_something_put_in(text: str, data: st.DataObject, junk: str) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    answers((text[:start] + junk + text[end:]).encode("utf-8", "replace"))


YAML_VALUES = st.recursive(
    st.one_of(
        st.sampled_from(["off", "true", "null", "2%", "30 days", "file", "''", "[]", "{}", "x: y"]), st.text(max_size=8)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda each: "[" + ", ".join(map(str, each)) + "]"),
        st.dictionaries(st.sampled_from(["from", "into", "where", "env", "name", "0"]), inner, max_size=3).map(
            lambda each: "{" + ", ".join(f"{key}: {value}" for key, value in each.items()) + "}"
        ),
    ),
    max_leaves=6,
)


@QUICK
@given(st.sampled_from([name for name in Settings.model_fields]), YAML_VALUES)
def test_any_value_of_any_key(key: str, value: str) -> None:
    lines = [line for line in MINIMAL.splitlines() if not line.startswith(f"{key}:")]
    if key in {"people", "learning"}:
        start = lines.index(next(line for line in lines if line.startswith("  ")))
        lines = [line for line in lines[:start] if line] if key == "learning" else lines
    answers(("\n".join(lines) + f"\n{key}: {value}\n").encode("utf-8", "replace"))


@QUICK
@given(
    st.dictionaries(
        st.lists(st.sampled_from(["PEOPLE", "LEARNING", "GUARDS", "MAIL", "0", "", "FIELDS", "É"]), max_size=4).map(
            lambda parts: "__".join(["JOINERY", *parts])
        ),
        st.one_of(JUNK, YAML_VALUES),
        max_size=3,
    )
)
def test_any_override(environ: dict[str, str]) -> None:
    answers(MINIMAL.encode(), environ)
