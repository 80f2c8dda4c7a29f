"""What a model refused, as problems with file, line and column. Rule: only short scalars are ever repeated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from joinery.settings.part import REPORTED
from joinery.settings.problems import Place, Problems, did_you_mean, found, one_of
from joinery.settings.tree import Items, Section

_CHOICES = re.compile(r"'([^']*)'")


def explain(error: ValidationError, tree: Section, problems: Problems) -> None:
    """Add one problem for everything the models refused."""
    known = {(problem.place, problem.key) for problem in problems.found}
    for detail in error.errors(include_url=False):
        if detail["type"] == REPORTED:
            continue
        place, path, last = locate(tree, detail["loc"])
        if detail["type"] == "missing" and last:
            path = f"{path}.{last}" if path else last
        if (place, path) not in known:  # what the reader already refused has no value to judge
            problems.add(place, path, _message(detail))


def locate(tree: Section, loc: Sequence[int | str]) -> tuple[Place, str, str]:
    """Place and path of what the models call `loc`, and its last key when that is not there.

    Parts that the file does not have (names given to single entries, kinds) are passed over.
    """
    here: Any = tree
    place, path, last = tree.place, tree.path, ""
    for part in loc:
        last = ""
        if isinstance(here, Section) and isinstance(part, str) and part in here:
            place, path = here.values_at.get(part, here.place), here.path_of(part)
            here = here[part]
        elif isinstance(here, Items) and isinstance(part, int) and part < len(here):
            place, path = here.places[part], f"{path}[{part}]"
            here = here[part]
        else:
            last = str(part)
    return place, path, last


def _message(detail: Any) -> str:
    value = detail.get("input")
    said = found(value)
    match detail["type"]:
        case "wrong":
            return str(detail["ctx"]["message"])
        case "missing":
            return "is missing"
        case "literal_error":
            choices = _CHOICES.findall(detail["ctx"]["expected"])
            near = did_you_mean(value, choices) if isinstance(value, str) else ""
            return f"must be {one_of(choices)}; found {said}{near}"
        case "string_type" | "mapping_type" | "tuple_type" | "dict_type" | "list_type" as kind:
            wanted = {"string_type": "text", "tuple_type": "a list", "list_type": "a list"}.get(kind, "a mapping")
            return f"must be {wanted}; found {said}"
        case "string_pattern_mismatch" | "string_too_short" | "string_too_long":
            return f"must be text on one line, not empty; found {said}"
        case "greater_than_equal" | "less_than_equal":
            return f"{detail['msg'].replace('Input should be', 'must be')}; found {said}"
        case "union_tag_not_found":
            return "into is missing"
        case _:
            return str(detail["msg"]).replace("Input should be", "must be") + f"; found {said}"
