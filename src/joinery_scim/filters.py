"""Filters that a database answers by an index: one attribute that equals one text. The rest is evaluated row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scim2_models import ScimFilter
from scim2_models.path import CompareOperator, Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Equality:
    """`attribute eq "value"`; the attribute in small letters, without the core or enterprise schema before it."""

    attribute: str
    value: str


def equality_of(scim_filter: ScimFilter[Any] | None) -> Equality | None:
    """The equality that this whole filter is; None when it is anything else."""
    node = scim_filter.ast if scim_filter is not None else None
    if not isinstance(node, Comparison) or node.op != CompareOperator.eq or not isinstance(node.value, str):
        return None
    attribute = str(node.attr_path).lower()
    if attribute.startswith("urn:"):
        attribute = attribute.rpartition(":")[2]
    return Equality(attribute=attribute, value=node.value)
