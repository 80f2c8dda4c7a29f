"""YAML text to a `tree`. The only reader of YAML; kept apart because importing the library takes its time.

Rule: only null, true and false of YAML 1.2 have a meaning of their own, and only unquoted. Duplicate keys, tags,
merges and alias bombs are problems, not values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from joinery.settings.problems import Place, Problems
from joinery.settings.tree import Items, Scalar, Section, Value

_CORE = "tag:yaml.org,2002:"
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
#: aliases can make a small file enormous
_MOST_VALUES = 50_000
_MOST_BYTES = 2_000_000


def read_tree(raw: bytes, file: str, problems: Problems, path: str = "") -> Value:
    """The tree of one file; what cannot be read is added to `problems` and gives None."""
    top = Place(file=file, line=1, column=1)
    if len(raw) > _MOST_BYTES:
        problems.add(top, path, f"the file is larger than {_MOST_BYTES // 1_000_000} MB; is it a settings file?")
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problems.add(Place(file=file, line=line, column=1), path, "the file is not UTF-8 text; save it as UTF-8")
        return None
    node = _compose(text, top, problems)
    return _Converter(file=file, problems=problems).value(node, path) if node is not None else None


def _compose(text: str, top: Place, problems: Problems) -> Node | None:
    reader = YAML(typ="safe", pure=True)
    reader.composer.warn_double_anchors = False  # the warning would repeat a piece of the file
    try:
        return reader.compose(text)  # type: ignore[no-any-return]
    except MarkedYAMLError as error:
        problems.add(_marked(error, top), "", f"this is not valid YAML: {_without_quotes(error)}")
    except RecursionError:
        problems.add(top, "", "this is nested too deeply to be settings")
    except (YAMLError, ValueError, LookupError, AttributeError, TypeError, AssertionError, NotImplementedError):
        # the reader has more ways to fail on rubbish than it has error classes (seen with ruamel.yaml 0.19.1)
        problems.add(top, "", "this is not valid YAML: a character or a construction that YAML does not have")
    return None


def _marked(error: MarkedYAMLError, top: Place) -> Place:
    mark = error.problem_mark or error.context_mark
    return Place(file=top.file, line=mark.line + 1, column=mark.column + 1) if mark is not None else top


_QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")


def _without_quotes(error: MarkedYAMLError) -> str:
    # what the reader quotes can be a piece of a password (`password: *secret`), so it is not repeated
    said = ", ".join(part for part in (error.context, error.problem) if part)
    return _QUOTED.sub(_only_signs, " ".join(said.split())) or "it cannot be read"


def _only_signs(quoted: re.Match[str]) -> str:
    return quoted[0] if len(quoted[0]) <= 5 or quoted[0][1] == "<" else "…"


@dataclass(slots=True, kw_only=True)
class _Converter:
    file: str
    problems: Problems
    left: int = _MOST_VALUES

    def value(self, node: Node, path: str, depth: int = 0) -> Value:
        self.left -= 1
        if self.left == 0 or (self.left > 0 and depth > 40):
            self.problems.add(self.place(node), path, "there is too much here for settings (are aliases repeated?)")
            self.left = -1
        if self.left < 0:
            return None
        if not str(node.tag or "").startswith(_CORE):
            self.problems.add(self.place(node), path, "tags (a word beginning with !) mean nothing here")
            return None
        match node:
            case MappingNode():
                return self.mapping(node, path, depth)
            case SequenceNode():
                items = Items(path=path, place=self.place(node))
                for index, child in enumerate(node.value):
                    items.put(self.value(child, f"{path}[{index}]", depth + 1), self.place(child))
                return items
            case ScalarNode():
                return _scalar(node)
            case _:
                return None

    def mapping(self, node: MappingNode, path: str, depth: int) -> Section:
        section = Section(path=path, place=self.place(node))
        for key_node, value_node in node.value:
            here = self.place(key_node)
            if not isinstance(key_node, ScalarNode):
                self.problems.add(here, path, "a key must be a word")
                continue
            key = str(key_node.value)
            if key in section:
                first = section.keys_at[key].line
                self.problems.add(here, section.path_of(key), f"this key is here twice; the first is in line {first}")
                continue
            if key == "<<" and not key_node.style:
                self.problems.add(here, path, "merging with << is not part of YAML 1.2; write the keys out")
                continue
            section.put(key, self.value(value_node, section.path_of(key), depth + 1), here, self.place(value_node))
        return section

    def place(self, node: Node) -> Place:
        mark = node.start_mark
        return Place(file=self.file, line=mark.line + 1, column=mark.column + 1)


def _scalar(node: ScalarNode) -> Scalar | bool | None:
    text, style = str(node.value), str(node.style or "")
    return _WORDS[text] if not style and text in _WORDS else Scalar.written(text, style)
