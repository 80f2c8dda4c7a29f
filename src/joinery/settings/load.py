"""`load`: file and environment to `Settings`, or one ConfigError with every problem. Rule: it writes nothing.

Order: YAML, overrides, rule files, models, then what only shows across the file (conditions, attributes, version).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import ValidationError

from joinery.errors import ConfigError
from joinery.settings.crossing import check_across
from joinery.settings.environment import override
from joinery.settings.explain import explain
from joinery.settings.learning_rules import RawCondition
from joinery.settings.problems import Place, Problem, Problems, as_error
from joinery.settings.root import Settings
from joinery.settings.tree import Items, Section, plain, read_tree
from joinery.settings.values import Reading
from joinery.settings.version import version_of

#: raises ConditionError when a condition cannot be understood
CheckCondition: TypeAlias = "Callable[[RawCondition], object]"


def load(path: Path, *, environ: Mapping[str, str], check_condition: CheckCondition | None = None) -> Settings:
    """The settings of this file. Raises ConfigError listing all problems, each with its place; never any other."""
    problems = Problems()
    tree = _read(path, problems)
    override(tree, environ, problems)
    rule_files = _add_rule_files(tree, path, problems)
    as_written = plain(tree)
    settings = _validate(tree, Reading(folder=path.parent, environ=environ, problems=problems))
    if settings is not None:
        check_across(settings, tree, problems, check_condition)
    problems.stop_if_any(str(path))
    if settings is None:
        raise as_error(str(path), [Problem(place=Place(file=str(path)), message="the settings cannot be understood")])
    settings._file = path
    settings._version_hash = version_of(as_written, path.parent, rule_files, settings)
    for rule, place in zip(
        settings.learning_rules, tree["learning_rules"].places if "learning_rules" in tree else (), strict=False
    ):
        rule._origin = str(place)
    return settings


def _read(path: Path, problems: Problems) -> Section:
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
    problems.stop_if_any(file)
    if isinstance(tree, Section):
        return tree
    what = "empty" if tree is None else "not a mapping of keys and values"
    problems.add(Place(file=file, line=1, column=1), "", f"the file is {what}; it must begin with version: 1")
    problems.stop_if_any(file)
    raise AssertionError


def _add_rule_files(tree: Section, path: Path, problems: Problems) -> dict[str, bytes]:
    """Append the rules of the files named by `rules` to `learning_rules`; the files' bytes by relative name."""
    patterns = tree.get("rules")
    if not isinstance(patterns, Items):
        return {}
    rules = tree.get("learning_rules")
    if rules is None:
        rules = Items(path="learning_rules", place=patterns.place)
        tree.put("learning_rules", rules, patterns.place, patterns.place)
    contents: dict[str, bytes] = {}
    for pattern, place in zip(patterns, patterns.places, strict=True):
        if not isinstance(pattern, str) or not isinstance(rules, Items):
            continue
        names = _matching(path.parent, pattern)
        if not names:
            problems.add(place, patterns.path, "no file matches this pattern")
        for name in names:
            if name not in contents:
                contents[name] = _read_rules(path.parent / name, rules, place, problems)
    return contents


def _matching(folder: Path, pattern: str) -> list[str]:
    try:
        return sorted(file.relative_to(folder).as_posix() for file in folder.glob(pattern) if file.is_file())
    except (ValueError, OSError, NotImplementedError, IndexError):
        return []


def _read_rules(file: Path, rules: Items, place: Place, problems: Problems) -> bytes:
    try:
        raw = file.read_bytes()
    except OSError as error:
        problems.add(place, "rules", f"{file.name} cannot be read: {error.strerror}")
        return b""
    match read_tree(raw, str(file), problems, path="rule"):
        case Items() as several:
            for rule, at in zip(several, several.places, strict=True):
                rules.put(rule, at)
        case Section() as one:
            rules.put(one, one.place)
        case _:
            problems.add(Place(file=str(file), line=1, column=1), "", "a rule file holds one rule or a list of rules")
    return raw


def _validate(tree: Section, reading: Reading) -> Settings | None:
    try:
        return Settings.model_validate(tree, context=reading)
    except ValidationError as error:
        explain(error, tree, reading.problems)
        return None
