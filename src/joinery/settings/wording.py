"""The difference between two configurations in words: what was, what is. Rule: comments and order are no difference."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from joinery.core.mapping.dated import DatedRow
from joinery.settings.dump import resolved
from joinery.settings.root import Settings
from joinery.settings.tables import rows_in

Said = dict[str, Any]


def differences(before: Settings, after: Settings) -> tuple[str, ...]:
    """One sentence part for each setting, rule or table row that is not the same."""
    return tuple(_between(_plain(before), _plain(after), ""))


def _plain(settings: Settings) -> Said:
    """As written, paths relative to the settings, rules by name, tables as their rows."""
    data: Said = _relative(resolved(settings), f"{settings.folder}/")
    data["learning_rules"] = {rule.pop("name"): rule for rule in data.get("learning_rules", [])}
    for name, each in settings.map.items():
        mapped = data["map"][name]
        for key in ("table", "values", "sheet"):
            mapped.pop(key, None)
        mapped["codes"] = _rows(each.rows())
    if settings.department_tree is not None:
        data["department_tree"] = _rows(rows_in(settings.department_tree))
    return data


def _relative(value: Any, folder: str) -> Any:
    if isinstance(value, dict):
        return {key: _relative(inner, folder) for key, inner in value.items()}
    if isinstance(value, list):
        return [_relative(inner, folder) for inner in value]
    return value.removeprefix(folder) if isinstance(value, str) else value


def _rows(rows: tuple[DatedRow, ...]) -> Said:
    found: Said = {}
    for row in rows:
        days = f" from {row.valid_from}" if row.valid_from else ""
        days += f" to {row.valid_to}" if row.valid_to else ""
        found[row.code] = f"{found[row.code]}, {row.value}{days}" if row.code in found else f"{row.value}{days}"
    return found


def _between(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[str]:
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was == now:
            continue
        place = f"{path}.{key}" if path else key
        if path == "learning_rules" and (was is None or now is None):
            yield f'rule "{key}" {"is new" if was is None else "is gone"}'
        elif isinstance(was, dict) or isinstance(now, dict):
            yield from _between(was if isinstance(was, dict) else {}, now if isinstance(now, dict) else {}, place)
        else:
            yield f"{place}: {_said(was)} -> {_said(now)}"


def _said(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}…"
