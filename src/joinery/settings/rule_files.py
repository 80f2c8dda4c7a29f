"""Learning rules in files of their own. Rule: they become part of `learning_rules`, each knowing where it stands."""

from __future__ import annotations

from pathlib import Path

from joinery.settings.problems import Place, Problems, found
from joinery.settings.tree import Items, Section


def add_rule_files(tree: Section, path: Path, problems: Problems) -> dict[str, bytes]:
    """Append the rules of the files named by `rules` to `learning_rules`; name -> content of these files."""
    patterns, rules = tree.get("rules"), tree.get("learning_rules")
    seen: dict[str, bytes] = {}
    if not isinstance(patterns, Items):
        return seen
    if rules is None:
        rules = Items(path="learning_rules", place=patterns.place)
        tree.put("learning_rules", rules, patterns.place, patterns.place)
    for pattern, place in zip(patterns, patterns.places, strict=True):
        if not isinstance(pattern, str) or not isinstance(rules, Items):
            continue
        names = _matching(path.parent, str(pattern))
        if not names:
            problems.add(place, patterns.path, f"no file matches the pattern {found(pattern)}")
        for name in names:
            if name not in seen:
                seen[name] = read_rule_file(path.parent / name, rules, place, problems)
    return seen


def _matching(folder: Path, pattern: str) -> list[str]:
    try:
        return sorted(file.relative_to(folder).as_posix() for file in folder.glob(pattern) if file.is_file())
    except (ValueError, OSError, NotImplementedError, IndexError):
        return []


def read_rule_file(file: Path, rules: Items, place: Place, problems: Problems) -> bytes:
    """Append the rules of one file; its content. `place` is where it was named."""
    from joinery.settings.reading import read_tree

    try:
        raw = file.read_bytes()
    except OSError as error:
        problems.add(place, "rules", f"{file.name} cannot be read: {error.strerror}")
        return b""
    before = len(problems.found)
    match read_tree(raw, str(file), problems, path="rule"):
        case Items() as several:
            for rule, at in zip(several, several.places, strict=True):
                rules.put(rule, at)
        case Section() as one:
            rules.put(one, one.place)
        case _ if len(problems.found) == before:
            problems.add(Place(file=str(file), line=1, column=1), "", "a rule file holds one rule or a list of rules")
    return raw
