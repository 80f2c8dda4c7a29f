"""`load`: file and environment to `Settings`, or one ConfigError with every problem. Rule: it writes nothing.

Order: YAML, overrides, rule files, models, then what only shows across the file (conditions, attributes, version).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from joinery.errors import ConfigError
from joinery.settings.conditions import CheckCondition, check_conditions
from joinery.settings.crossing import check_across
from joinery.settings.environment import override
from joinery.settings.explain import explain
from joinery.settings.problems import Place, Problems, as_error
from joinery.settings.query_files import add_query_files
from joinery.settings.root import Settings
from joinery.settings.rule_files import add_rule_files
from joinery.settings.tree import Items, Section, typed
from joinery.settings.values import Reading
from joinery.settings.version import version_of
from joinery.settings.written import AsRead


def load(path: Path, *, environ: Mapping[str, str], check_condition: CheckCondition | None = None) -> Settings:
    """The settings of this file. Raises ConfigError listing all problems, each with its place; never any other.

    `environ` gives overrides and, later, secrets. `check_condition` replaces Joinery's own reading of conditions; it
    raises ConditionError (with `line` and `column`, or `path`, in its data) when it does not understand one.
    """
    problems = Problems()
    raw, tree = _read(path, problems)
    override(tree, environ, problems)
    files = {path.name: raw, **add_rule_files(tree, path, problems), **add_query_files(tree, path, problems)}
    as_written = typed(tree)
    reading = Reading(folder=path.parent, environ=environ, problems=problems)
    settings = _validate(tree, reading)
    if settings is not None:
        check_across(settings, tree, problems)
    check_conditions(settings, tree, problems, check_condition)
    problems.stop_if_any(str(path))
    if settings is None:
        raise ConfigError(f"The settings {path} cannot be understood; nothing was read and nothing was written.")
    settings._file = path
    settings._version_hash = version_of(as_written, path.parent, settings)
    _remember_origins(settings, tree)
    settings._as_read = AsRead(tree=tree, files=files, path=path)
    return settings


def _read(path: Path, problems: Problems) -> tuple[bytes, Section]:
    from joinery.settings.reading import read_tree  # here, because importing the YAML library takes its time

    file = str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"The settings {file} cannot be read: {error.strerror or 'no reason given'}; nothing was written.",
            fix="Name the file with --config, or make one with `joinery init`.",
        ) from None
    except ValueError:
        raise ConfigError("The name of the settings file is not a file name.", fix="Name it with --config.") from None
    tree = read_tree(raw, file, problems)
    if isinstance(tree, Section):
        return raw, tree
    if not problems.found:
        what = "empty" if tree is None else "not a mapping of keys and values"
        problems.add(Place(file=file, line=1, column=1), "", f"the file is {what}; it must begin with version: 1")
    raise as_error(file, problems.found)


def _validate(tree: Section, reading: Reading) -> Settings | None:
    try:
        return Settings.model_validate(tree, context=reading)
    except ValidationError as error:
        explain(error, tree, reading.problems)
        return None


def _remember_origins(settings: Settings, tree: Section) -> None:
    written = tree.get("learning_rules")
    if isinstance(written, Items):
        for rule, place in zip(settings.learning_rules, written.places, strict=True):
            rule._origin = str(place)
