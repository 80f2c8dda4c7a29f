"""Which attributes may be read: known or one's own, never a typo, never sensitive without a reason.

Rule: looks at the file as written, so that every problem has its line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from joinery.core.mapping.headers import sensitive
from joinery.core.model.worker import DATE_NAMES, FACT_NAMES
from joinery.settings.problems import Problems, did_you_mean
from joinery.settings.tree import Section

_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,59}")


def check_fields(source: Section, problems: Problems) -> None:
    """Add a problem for every entry of `fields` that cannot be meant, or must not be read."""
    fields, reasons = source.get("fields"), source.get("allow_sensitive")
    if not isinstance(fields, Section) or not fields:
        return
    if "worker_id" not in fields:
        problems.add(fields.place, fields.path, "must name worker_id, the employee number")
    if source.get("numbering") == "per_entity" and "legal_entity" not in fields:
        problems.add(fields.place, fields.path, "must name legal_entity, as each has its own numbers")
    allowed = reasons if isinstance(reasons, Mapping) else {}
    for name, rule in fields.items():
        if message := _about(name, rule, allowed):
            problems.add(fields.keys_at[name], fields.path_of(name), message)


def _about(name: str, rule: object, allowed: Mapping[str, object]) -> str:
    column = rule.get("column") if isinstance(rule, Mapping) else rule
    if not _ATTRIBUTE.fullmatch(name):
        return "an attribute is small letters, digits and _, and begins with a letter"
    if name not in FACT_NAMES and _one_typo_away(name):
        near = did_you_mean(name, FACT_NAMES)
        return f"not an attribute Joinery knows{near} An attribute of your own needs a name that is less alike."
    if isinstance(rule, Mapping) and rule.get("format") and name in FACT_NAMES and name not in DATE_NAMES:
        return "this attribute is not a date, so it has no format"
    kind = sensitive(name) or sensitive(column if isinstance(column, str) else "")
    if kind and name not in allowed:
        return f"this looks like {kind}; remove it, or give the reason in allow_sensitive: {{{name}: …}}"
    return ""


def _one_typo_away(name: str) -> bool:
    return any(sorted(name) == sorted(known) or _distance_is_one(name, known) for known in FACT_NAMES)


def _distance_is_one(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short[start + (len(short) == len(long)) :] == long[start + 1 :]
