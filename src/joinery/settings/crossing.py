"""What only shows across the file: conditions, attributes nobody reads, scope by status. Rule: report, never change."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from joinery.core.model.worker import FIELD_NAMES
from joinery.errors import ConfigError
from joinery.settings.problems import Place, Problems, did_you_mean, found
from joinery.settings.root import Settings
from joinery.settings.tree import Items, Section

_STATUS = re.compile(r"\bstatus\b")
_QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")


def check_across(settings: Settings, tree: Section, problems: Problems, check: Callable[[Any], object] | None) -> None:
    """Add what is wrong although every part is right by itself."""
    for section, key, scope in _conditions(tree):
        condition, place, path = section[key], section.values_at[key], section.path_of(key)
        if scope and _names_status(condition):
            problems.add(
                place,
                path,
                "a leaver is not somebody out of scope: remove status, the end of employment is handled by itself",
            )
        elif check is not None:
            _check(condition, place, path, problems, check)
    _attributes_are_read(settings, tree, problems)


def _conditions(tree: Section) -> Iterator[tuple[Section, str, bool]]:
    for name, key in (("include", "where"), ("exclude", "where"), ("learning_rules", "when")):
        entries = tree.get(name)
        for entry in entries if isinstance(entries, Items) else ():
            if isinstance(entry, Section) and entry.get(key) is not None:
                yield entry, key, key == "where"


def _names_status(condition: object) -> bool:
    if isinstance(condition, Mapping):
        return "status" in condition
    return isinstance(condition, str) and bool(_STATUS.search(_QUOTED.sub("", condition)))


def _check(condition: Any, place: Place, path: str, problems: Problems, check: Callable[[Any], object]) -> None:
    try:
        check(condition)
    except ConfigError as error:
        column = error.data.get("column")
        on_this_line = isinstance(condition, str) and isinstance(column, int) and error.data.get("line", 1) == 1
        if on_this_line and isinstance(column, int):
            place = Place(file=place.file, line=place.line, column=place.column + column - 1)
        problems.add(place, path, str(error))


def _attributes_are_read(settings: Settings, tree: Section, problems: Problems) -> None:
    """A name that no source reads and Joinery does not know is a typo in `map`, `groups_from`, `attributes`, guards."""
    known = FIELD_NAMES | {name for source in settings.people.values() for name in source.fields}
    for place, path, name in _named_attributes(settings, tree):
        if name not in known:
            near = did_you_mean(name, known)
            problems.add(place, path, f"{found(name)} is not an attribute that is read from people.{near}")


def _named_attributes(settings: Settings, tree: Section) -> Iterator[tuple[Place, str, str]]:
    maps = tree.get("map")
    if isinstance(maps, Section):
        yield from ((maps.keys_at.get(name, maps.place), maps.path_of(name), name) for name in settings.map)
    for entry_name, target in settings.learning.items():
        entry = tree["learning"].get(entry_name, tree["learning"])
        groups = entry.get("groups_from")
        if isinstance(groups, Items):
            yield from (
                (place, groups.path, name) for place, name in zip(groups.places, target.groups_from, strict=True)
            )
        attributes = entry.get("attributes")
        if isinstance(attributes, Section):
            yield from (
                (attributes.values_at[name], attributes.path_of(name), rule.from_)
                for name, rule in target.attributes.items()
                if name in attributes
            )
    guards = tree.get("guards")
    if not isinstance(guards, Section):
        return
    for name in guards:
        guard = settings.guards.named(name)
        for each in guard.each if guard else ():
            yield guards.values_at[name], guards.path_of(name), each
