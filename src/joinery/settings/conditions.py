"""Checks the conditions of a settings file where they stand. Rule: what a condition means is decided by the core.

Without a checker of the caller's, conditions are parsed as a run will parse them: with the vocabulary of rules for
`when`, and with that of inclusion (no life cycle, no edges) for `include` and `exclude`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from joinery.core.mapping.spec import RECORD_NAMES
from joinery.core.model.worker import FIELD_NAMES
from joinery.errors import ConfigError
from joinery.settings.explain import locate
from joinery.settings.learning_rules import RawCondition
from joinery.settings.problems import Place, Problems
from joinery.settings.root import Settings
from joinery.settings.tree import Items, Scalar, Section, typed

if TYPE_CHECKING:
    from joinery.core.rules.conditions import Kind

CheckCondition = Callable[[RawCondition], object]

_PLACE_IN_TEXT = re.compile(r" \((?:line \d+, column \d+|at [^()]*)\)")
_STEPS = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def custom_kinds(settings: Settings) -> Mapping[str, Kind]:
    """The attributes this company added, for a `Vocabulary`: a date where a format is given, else text or number."""
    from joinery.core.rules.conditions import Kind

    return {
        name: Kind.DATE if rule.format else Kind.MIXED
        for source in settings.people.values()
        for name, rule in source.fields.items()
        if name not in FIELD_NAMES | RECORD_NAMES
    }


def check_conditions(
    settings: Settings | None, tree: Section, problems: Problems, check: CheckCondition | None
) -> None:
    """Add one problem for each condition that cannot be understood, at the place of the mistake."""
    checks: tuple[CheckCondition, CheckCondition] | None = (check, check) if check is not None else None
    for section, key in _conditions(tree):
        checks = checks or _own_checks(custom_kinds(settings) if settings else _custom_in(tree))
        condition = section[key]
        try:
            checks[key == "where"](typed(condition) if isinstance(condition, Section) else str(condition))
        except ConfigError as error:
            place, path = _where(section, key, error.data)
            hint = str(error.data.get("hint") or ("" if "hint" in error.data else error.fix))
            problems.add(place, path, f"{_PLACE_IN_TEXT.sub('', error.message)} {hint}".strip())


def _custom_in(tree: Section) -> Mapping[str, Kind]:
    """The same when the rest of the file is not valid: everything that stands under some `fields`."""
    from joinery.core.rules.conditions import Kind

    people = tree.get("people")
    entries = [people, *people.values()] if isinstance(people, Section) else []
    fields = [entry.get("fields") for entry in entries if isinstance(entry, Section)]
    return {name: Kind.MIXED for names in fields if isinstance(names, Section) for name in names.keys() - FIELD_NAMES}


def _own_checks(custom: Mapping[str, Kind]) -> tuple[CheckCondition, CheckCondition]:
    from joinery.core.rules.conditions import Vocabulary, parse

    rules, inclusion = Vocabulary(custom=custom), Vocabulary.for_inclusion(custom)
    return (lambda condition: parse(condition, rules), lambda condition: parse(condition, inclusion))


def _conditions(tree: Section) -> Iterator[tuple[Section, str]]:
    for name, key in (("include", "where"), ("exclude", "where"), ("learning_rules", "when")):
        entries = tree.get(name)
        for entry in entries if isinstance(entries, Items) else ():
            if isinstance(entry, Section) and isinstance(entry.get(key), str | Section) and entry[key]:
                yield entry, key


def _where(section: Section, key: str, data: Mapping[str, Any]) -> tuple[Place, str]:
    """In a mapping by the path of the mistake, in a text by its line and column."""
    condition, place = section[key], section.values_at[key]
    if isinstance(condition, Section) and isinstance(path := data.get("path"), str):
        steps = [int(step[1]) if step[1] else step[2] for step in _STEPS.finditer(path)]
        place, full, _ = locate(condition, steps)
        return place, full
    line, column = data.get("line"), data.get("column")
    if isinstance(condition, Scalar) and isinstance(line, int) and isinstance(column, int):
        place = _in_text(condition, place, line, column)
    return place, section.path_of(key)


def _in_text(text: Scalar, place: Place, line: int, column: int) -> Place:
    if text.style in {"|", ">"}:
        return Place(file=place.file, line=place.line + line, column=column)
    if line > 1:
        return place
    return Place(file=place.file, line=place.line, column=place.column + len(text.style) + column - 1)
