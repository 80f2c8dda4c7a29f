"""What only shows across the file: names of attributes that nobody reads. Rule: report, never change."""

from __future__ import annotations

from collections.abc import Iterator

from joinery.core.model.worker import FIELD_NAMES
from joinery.settings.problems import Place, Problems, did_you_mean, found
from joinery.settings.root import Settings
from joinery.settings.tree import Items, Section

_Named = tuple[Place, str, str]


def check_across(settings: Settings, tree: Section, problems: Problems) -> None:
    """Rules need names of their own, and an attribute that nobody reads and Joinery does not know is a typo."""
    _names_are_unique(settings, tree, problems)
    _absence_needs_everybody(settings, tree, problems)
    _an_export_is_only_read(settings, tree, problems)
    _one_owner_each(settings, tree, problems)
    _somebody_employs(settings, tree, problems)
    known = FIELD_NAMES | {name for source in settings.people.values() for name in source.fields}
    for place, path, name in (*_in_map(settings, tree), *_in_targets(settings, tree), *_in_guards(settings, tree)):
        if name not in known:
            problems.add(place, path, f"no attribute {found(name)} is read from people{did_you_mean(name, known)}")


def _names_are_unique(settings: Settings, tree: Section, problems: Problems) -> None:
    written, seen = tree.get("learning_rules"), set[str]()
    for index, rule in enumerate(settings.learning_rules):
        if rule.name in seen and isinstance(written, Items):
            said = f"there is another rule of the name {found(rule.name)}; the name is the reason people see"
            problems.add(written.places[index], f"{written.path}[{index}]", said)
        seen.add(rule.name)


def _absence_needs_everybody(settings: Settings, tree: Section, problems: Problems) -> None:
    for name, source in settings.people.items():
        entry = tree["people"].get(name, tree["people"])
        if source.content == "changes" and source.leavers_are != "status":
            said = "a file of changes cannot show who is absent; use leavers_are: status, or content: full"
            problems.add(entry.values_at["leavers_are"], entry.path_of("leavers_are"), said)


def _an_export_is_only_read(settings: Settings, tree: Section, problems: Problems) -> None:
    if not any(target.into == "export" for target in settings.learning.values()):
        return
    said = "nothing can be written to an export: only `observe` fits `into: export`; join the learning system itself"
    if settings.mode != "observe":
        problems.add(tree.values_at["mode"], "mode", said)
    modes = tree.get("modes")
    if isinstance(modes, Section):
        for name in modes:
            if getattr(settings.modes, name, None) not in {None, "observe"}:
                problems.add(modes.values_at[name], modes.path_of(name), said)


def _one_owner_each(settings: Settings, tree: Section, problems: Problems) -> None:
    """A field has one owning source; two would be none."""
    owners: dict[str, str] = {}
    for name, source in settings.people.items():
        for attribute, rule in source.fields.items():
            if not rule.owner:
                continue
            if attribute in owners:
                fields = tree["people"].get(name, tree["people"])["fields"]
                said = f"{found(owners[attribute])} is the owner of this field already; it can have one only"
                problems.add(fields.keys_at[attribute], fields.path_of(attribute), said)
            owners.setdefault(attribute, name)


def _in_map(settings: Settings, tree: Section) -> Iterator[_Named]:
    maps = tree.get("map")
    if isinstance(maps, Section):
        yield from ((maps.keys_at[name], maps.path_of(name), name) for name in settings.map)


def _in_targets(settings: Settings, tree: Section) -> Iterator[_Named]:
    for entry_name, target in settings.learning.items():
        entry = tree["learning"].get(entry_name, tree["learning"])
        groups, attributes = entry.get("groups_from"), entry.get("attributes")
        if isinstance(groups, Items):
            yield from ((at, groups.path, name) for at, name in zip(groups.places, target.groups_from, strict=True))
        if isinstance(attributes, Section):
            for name in attributes.keys() & target.attributes.keys():
                yield attributes.values_at[name], attributes.path_of(name), target.attributes[name].from_


def _in_guards(settings: Settings, tree: Section) -> Iterator[_Named]:
    guards = tree.get("guards")
    if isinstance(guards, Section):
        for name in guards:
            guard = settings.guards.named(name)
            for each in guard.each if guard else ():
                yield guards.values_at[name], guards.path_of(name), each


def _somebody_employs(settings: Settings, tree: Section, problems: Problems) -> None:
    """Directories list people; without a source of employments nobody would ever be anybody."""
    if settings.people and all(source.says == "directory" for source in settings.people.values()):
        name = next(iter(settings.people))
        entry = tree["people"].get(name, tree["people"])
        said = "every source is a directory, so nobody is employed; at least one must say employment"
        problems.add(entry.values_at["says"], entry.path_of("says"), said)
