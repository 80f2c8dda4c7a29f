"""Overrides from the environment: JOINERY__PEOPLE__PATH=… sets people.path. Secrets are given as references here too.

A value is text as it is; only one that begins with { or [ is read as YAML, so that maps and lists can be given.
"""

from __future__ import annotations

from collections.abc import Mapping

from joinery.settings.problems import Place, Problems
from joinery.settings.tree import Section, Value

PREFIX = "JOINERY__"
_WORDS: dict[str, Value] = {"true": True, "false": False}


def override(tree: Section, environ: Mapping[str, str], problems: Problems) -> None:
    """Set every key that a JOINERY__ variable names, in place."""
    for variable in sorted(environ):
        if variable.upper().startswith(PREFIX):
            _set(tree, variable, environ[variable], problems)


def _set(tree: Section, variable: str, text: str, problems: Problems) -> None:
    place = Place(file=f"environment variable {variable}")
    parts = variable[len(PREFIX) :].split("__")
    if not all(parts):
        problems.add(place, "", "this does not name a setting; write JOINERY__PEOPLE__PATH for people.path")
        return
    section = tree
    for part in parts[:-1]:
        key = _key(section, part)
        inner = section.get(key)
        if inner is None:
            inner = Section(path=section.path_of(key), place=place)
            section.put(key, inner, place, place)
        if not isinstance(inner, Section):
            problems.add(place, section.path_of(key), "this is not a mapping, so nothing inside it can be set")
            return
        section = inner
    key = _key(section, parts[-1])
    section.put(key, _value(text, place, section.path_of(key), problems), place, place)


def _key(section: Section, part: str) -> str:
    """The key that is there already (names may hold capitals, - or blanks), else the part in small letters."""
    plain = part.lower()
    for key in section:
        if "".join(c if c.isalnum() else "_" for c in key.lower()) == plain:
            return str(key)
    return plain


def _value(text: str, place: Place, path: str, problems: Problems) -> Value:
    if text.lstrip()[:1] not in {"{", "["}:
        return _WORDS.get(text.strip(), text)
    from joinery.settings.reading import read_tree

    inner = Problems()
    value = read_tree(text.encode("utf-8", "replace"), place.file, inner, path)
    if inner.found:
        problems.add(place, path, "begins like a mapping or a list but is not valid YAML")
    return value
