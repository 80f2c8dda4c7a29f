"""The base of every settings model. Rule: frozen, closed, and every field carries one plain sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationInfo, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from joinery.settings.problems import did_you_mean, found, one_of
from joinery.settings.tree import Section
from joinery.settings.values import Reading, wrong

#: raised when the problem has already been noted with its place
REPORTED = "reported"


class Part(BaseModel):
    """A mapping of the settings file. Unknown keys are named with their place and the nearest known key."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True, protected_namespaces=()
    )
    #: keys that are planned: the answer is "not available in this version", not "unknown"
    not_yet: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, Mapping):
            wrong(f"must be a mapping of keys and values; found {found(data)}")
        if not isinstance(data, Section) or not isinstance(info.context, Reading):
            return data
        known = cls.known_keys()
        unknown = [key for key in data if key not in known]
        for key in unknown:
            info.context.problems.add(data.keys_at[key], data.path_of(key), cls.about_unknown(key))
        for key in unknown:
            del data[key]
        return data

    @classmethod
    def known_keys(cls) -> tuple[str, ...]:
        """The keys as they are written in the file, in order."""
        return tuple(field.alias or name for name, field in cls.own_first())

    @classmethod
    def own_first(cls) -> list[tuple[str, FieldInfo]]:
        """The fields of this kind, then those it has in common with others: people look for the first ones first."""
        return sorted(cls.model_fields.items(), key=lambda field: field[0] not in cls.__annotations__)

    @classmethod
    def about_unknown(cls, key: str) -> str:
        """The sentence about a key that is not known here."""
        known = cls.known_keys()
        if key in cls.not_yet:
            return f"not available in this version; available here are {one_of(known)}"
        return f"unknown key{did_you_mean(key, known) or f'; known here are {one_of(known)}'}"


def reported() -> PydanticCustomError:
    """What a validator raises after it has noted the problem itself."""
    return PydanticCustomError(REPORTED, "already reported")
