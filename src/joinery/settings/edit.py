"""Small edits of a settings file as text: only what is meant changes, so that comments and layout stay as they are.

Rule: the edited text is read again and must say exactly what was wanted, else nothing is given back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node

from joinery.errors import ConfigError
from joinery.settings.problems import Problems
from joinery.settings.reading import read_tree


def with_value(text: str, path: Sequence[str], value: Any) -> str:
    """The text with this text or mapping at this path, sections made where they are missing. Raises ConfigError."""
    edited = _put(text, path, value)
    _agrees(text, edited, path, value)
    return edited


def without_key_but(text: str, path: Sequence[str], key: str, value: Any) -> str:
    """The text with the key at the end of `path` replaced by another key and value."""
    section, last = _find(_compose(text), path[:-1]), path[-1]
    for key_node, value_node in section.value if section is not None else ():
        if key_node.value == last:
            start, end = key_node.start_mark.index, _leaf(value_node).end_mark.index
            edited = text[:start] + f"{key}: {_flow(value)}" + text[end:]
            _readable(edited)
            return edited
    raise _refused(path)


def _compose(text: str) -> Node | None:
    node: Node | None = YAML(typ="safe", pure=True).compose(text)
    return node


def _find(node: Node | None, path: Sequence[str]) -> MappingNode | None:
    for part in path:
        node = _child(node, part) if isinstance(node, MappingNode) else None
    return node if isinstance(node, MappingNode) else None


def _child(section: MappingNode, key: str) -> Node | None:
    return next((value for name, value in section.value if name.value == key), None)


def _put(text: str, path: Sequence[str], value: Any) -> str:
    top = _compose(text)
    depth = 0
    section = top
    while depth < len(path) - 1 and (inner := _find(section, path[depth : depth + 1])) is not None:
        section, depth = inner, depth + 1
    if not isinstance(section, MappingNode):
        raise _refused(path)
    for key in reversed(path[depth + 1 :]):
        value = {key: value}
    return _in_section(text, section, path[depth], value)


def _in_section(text: str, section: MappingNode, key: str, value: Any) -> str:
    there = _child(section, key)
    if there is not None:
        start, end = there.start_mark.index, _leaf(there).end_mark.index
        return text[:start] + _flow(value) + text[end:]
    if not section.value:
        start, end = section.start_mark.index, section.end_mark.index
        return text[:start] + _flow({key: value}) + text[end:]
    last: Node = section.value[-1][1]
    if section.flow_style:
        end = last.end_mark.index
        return text[:end] + f", {_key(key)}: {_flow(value)}" + text[end:]
    end = _end_of_line(text, _leaf(last).end_mark.index)
    indent = " " * section.value[0][0].start_mark.column
    return text[:end].rstrip("\n") + "\n" + _block(key, value, indent) + text[end:]


def _leaf(node: Node) -> Node:
    """The last thing written inside: a section in block style ends only where the next one begins."""
    while isinstance(node, MappingNode) and not node.flow_style and node.value:
        node = node.value[-1][1]
    return node


def _end_of_line(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end


def _block(key: str, value: Any, indent: str) -> str:
    if isinstance(value, Mapping):
        inner = "\n".join(_block(name, each, indent + "  ") for name, each in value.items())
        return f"{indent}{_key(key)}:\n{inner}"
    return f"{indent}{_key(key)}: {_flow(value)}"


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(name)}: {_flow(each)}" for name, each in value.items()) + " }"
    return json.dumps(str(value), ensure_ascii=False)


def _key(key: str) -> str:
    return key if key.replace("_", "").isalpha() and key.isascii() else json.dumps(key, ensure_ascii=False)


def _agrees(before: str, after: str, path: Sequence[str], value: Any) -> None:
    wanted, found = _readable(before), _readable(after)
    section: Any = wanted
    for key in path[:-1]:
        if not isinstance(section.get(key), dict):
            section[key] = {}
        section = section[key]
    section[path[-1]] = value
    if found != wanted:
        raise _refused(path)


def _readable(text: str) -> Any:
    problems = Problems()
    tree = read_tree(text.encode(), "settings", problems)
    if problems.found or not isinstance(tree, dict):
        raise ConfigError("The settings cannot be edited, because they cannot be read.", "joinery config validate")
    return tree


def _refused(path: Sequence[str]) -> ConfigError:
    return ConfigError(
        f"The settings are written in a way in which {'.'.join(path)} cannot be changed safely; nothing was written.",
        fix="Change it with an editor.",
    )
