"""What runs: the settings with every default filled in, as YAML. Rule: a secret appears as its reference only."""

from __future__ import annotations

from io import StringIO
from typing import Any

from joinery.settings.defaults import ATTRIBUTES
from joinery.settings.root import Settings


def resolved(settings: Settings) -> dict[str, Any]:
    """Plain data in the words of the settings file; loads again to the same settings."""
    data: dict[str, Any] = _without_none(settings.model_dump(mode="json", by_alias=True))
    del data["rules"]  # the rules of those files are in learning_rules by now
    for target in data["learning"].values():
        target["attributes"] |= dict.fromkeys(ATTRIBUTES.keys() - target["attributes"].keys(), "none")
    return data


def _without_none(value: Any) -> Any:
    # not `exclude_none`: that would also lose `never`, `none` and `off`, which are None inside
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list) else value


def dump_resolved(settings: Settings) -> str:
    """The YAML text of `config show --resolved`; secrets are references, never values."""
    from ruamel.yaml import YAML  # here, because importing it takes longer than everything else

    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    out = StringIO()
    writer.dump(resolved(settings), out)
    return out.getvalue()
