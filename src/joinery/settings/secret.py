"""Secrets: only ever a reference to an environment variable or a file. Rule: nothing here prints what it reveals.

The reference (`{env: NAME}`) is not a secret and is shown; the value is read when it is needed and not kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from joinery.errors import ConfigError
from joinery.settings.values import Reading, Shape, wrong

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_HOW = "must be a reference, {env: NAME} or {file: PATH}"


class Secret:
    """A reference to a secret. `reveal()` reads it; `repr`, `str` and every dump show the reference only."""

    __slots__ = ("_environ", "_path", "env", "file")

    def __init__(
        self,
        *,
        env: str = "",
        file: str = "",
        folder: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.env = env
        self.file = file
        self._path = (folder or Path()) / file
        self._environ: Mapping[str, str] = environ if environ is not None else {}

    def reveal(self) -> str:
        """The secret itself, without a line end. Raises ConfigError when it is not there or empty."""
        if self.env:
            value = self._environ.get(self.env, "")
            where = f"the environment variable {self.env}"
        else:
            where = f"the file {self._path}"
            try:
                value = self._path.read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
                raise ConfigError(
                    f"A secret cannot be read from {where}: {reason}.", fix="Put it there, readable for Joinery only."
                ) from None
        if not value:
            raise ConfigError(f"A secret is missing: {where} is not set or empty.", fix="Set it and start again.")
        return value

    def reference(self) -> dict[str, str]:
        """`{"env": NAME}` or `{"file": PATH}`: safe to show."""
        return {"env": self.env} if self.env else {"file": self.file}

    def __repr__(self) -> str:
        kind, name = next(iter(self.reference().items()))
        return f"Secret(•••• from {kind} {name})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.reference() == other.reference()

    def __hash__(self) -> int:
        return hash((self.env, self.file))

    def __reduce__(self) -> str:
        raise TypeError("a secret is not stored")

    @classmethod
    def read(cls, value: object, info: ValidationInfo) -> Secret:
        """From `{env: NAME}` or `{file: PATH}`; anything else is refused without being repeated."""
        if isinstance(value, Secret):
            return value
        if isinstance(value, str):
            wrong(f"{_HOW}; a secret written into the settings is not accepted (it is not repeated here)")
        if not isinstance(value, dict) or len(value) != 1 or not set(value) <= {"env", "file"}:
            wrong(_HOW)
        kind, name = next(iter(value.items()))
        if not isinstance(name, str) or not name:
            wrong(_HOW)
        if kind == "env" and not _ENV_NAME.fullmatch(name):
            wrong("env must be the name of an environment variable, not the secret itself")
        env, file = (str(name), "") if kind == "env" else ("", str(name))
        if not isinstance(info.context, Reading):
            return cls(env=env, file=file)
        return cls(env=env, file=file, folder=info.context.folder, environ=info.context.environ)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            cls.read,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda secret: secret.reference()),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        def only(key: str) -> dict[str, Any]:
            return {
                "type": "object",
                "properties": {key: {"type": "string", "minLength": 1}},
                "required": [key],
                "additionalProperties": False,
            }

        return {"description": "A secret by reference.", "anyOf": [only("env"), only("file")]}


_REFERENCE = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "properties": {"env": {"type": "string"}, "file": {"type": "string"}},
    "additionalProperties": False,
}


def one_or_list(value: object) -> object:
    """A single thing may be written without a list around it."""
    return [value] if isinstance(value, str | dict | Secret) else value


#: one secret, or several while one follows the other
Secrets = Annotated[tuple[Secret, ...], BeforeValidator(one_or_list), Shape(_REFERENCE)]
