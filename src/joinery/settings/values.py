"""How single values are read and shown: durations, percentages, times of day, zones, paths. Rule: text in, text out.

Each kind is a `Reads(...)` put into `Annotated`; it reads the text of the file, shows it in `config show --resolved`,
and says in the JSON Schema what may be written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn, TypeAlias
from zoneinfo import available_timezones

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from joinery.settings.problems import Problems, did_you_mean, found


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What values need while they are read: the folder paths are relative to, and where secrets come from."""

    folder: Path
    environ: Mapping[str, str] = field(repr=False)
    problems: Problems


def wrong(message: str) -> NoReturn:
    """Refuse a value with a sentence that is shown as it is."""
    raise PydanticCustomError("wrong", "{message}", {"message": message})


@dataclass(frozen=True, slots=True)
class Reads:
    """Reads text with `parse`, shows it with `show`; `what` names it in messages ("must be a duration, …")."""

    kind: type
    what: str
    parse: Callable[[str, ValidationInfo], Any]
    show: Callable[[Any], Any] = str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"}, hash=False, compare=False)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.read, serialization=core_schema.plain_serializer_function_ser_schema(self.show, when_used="json")
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(self.schema)

    def read(self, value: object, info: ValidationInfo) -> Any:
        """The value, from text or from something already read; anything else is refused."""
        if type(value) is self.kind or (isinstance(value, self.kind) and not isinstance(value, str | bool)):
            return self.parse(str(value), info) if isinstance(value, Path) else value
        if not isinstance(value, str):
            wrong(f"must be {self.what}; found {found(value)}")
        try:
            return self.parse(value.strip(), info)
        except ValueError:
            wrong(f"must be {self.what}; found {found(value)}")


@dataclass(frozen=True, slots=True)
class OrWord:
    """Lets a word stand for "no such thing": the value is then None."""

    word: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = core_schema.nullable_schema(handler(source))
        return core_schema.no_info_before_validator_function(
            lambda value: None if value == self.word else value,
            inner,
            serialization=core_schema.wrap_serializer_function_ser_schema(
                lambda value, handler: self.word if value is None else handler(value), schema=inner, when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        inner: dict[str, Any] = handler(schema)
        shapes = [shape for shape in inner.get("anyOf", [inner]) if shape != {"type": "null"}]
        return {"anyOf": [*shapes, {"const": self.word}]}


@dataclass(frozen=True, slots=True)
class Shape:
    """Only for the JSON Schema: what may be written besides (`instead`: in place of) what the type says."""

    schema: Mapping[str, Any] = field(hash=False, compare=False)
    instead: bool = False

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        inner = handler(schema)
        return dict(self.schema) if self.instead else {"anyOf": [dict(self.schema), inner]}


_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_DURATION = re.compile(r"(\d{1,6}) *(second|minute|hour|day|week)s?")
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?) *%")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?: on start)?")
_FULL_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _duration(text: str, _: ValidationInfo) -> timedelta:
    if not (match := _DURATION.fullmatch(text)):
        raise ValueError
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def show_duration(value: timedelta) -> str:
    """`30 days`, `1 hour`: the largest unit that fits exactly, weeks as days."""
    seconds = int(value.total_seconds())
    for unit in ("day", "hour", "minute"):
        if seconds and seconds % _SECONDS[unit] == 0:
            count = seconds // _SECONDS[unit]
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return f"{seconds} second" if seconds == 1 else f"{seconds} seconds"


def _share(text: str, _: ValidationInfo) -> Decimal:
    if not (match := _PERCENT.fullmatch(text)) or Decimal(match[1]) > 100:
        raise ValueError
    return Decimal(match[1]) / 100


def show_share(value: Decimal) -> str:
    """`2%`, `0.5%`."""
    return f"{(value * 100).normalize():f}%"


def _time(text: str, _: ValidationInfo) -> time:
    if not (match := _TIME.fullmatch(text)):
        raise ValueError
    return time(int(match[1]), int(match[2]))


def _date(text: str, _: ValidationInfo) -> date:
    if not _FULL_DATE.fullmatch(text):
        raise ValueError
    return date.fromisoformat(text)


def _count(text: str, _: ValidationInfo) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise ValueError
    return int(text)


def _path(text: str, info: ValidationInfo) -> Path:
    if not text or "\0" in text:
        raise ValueError
    folder = info.context.folder if isinstance(info.context, Reading) else None
    return folder / text if folder is not None else Path(text)


def yes_or_no(value: object) -> bool:
    """true or false and nothing else: `yes`, `on` and 1 are refused with a hint."""
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    wrong(f"must be true or false; found {found(value)}")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zone(value: object) -> str:
    """An IANA time zone name that exists here, with the nearest name when it does not."""
    if not isinstance(value, str):
        wrong(f"must be a time zone such as Europe/Paris; found {found(value)}")
    if value not in _zones():
        near = did_you_mean(value, _zones()) or _by_city(value)
        wrong(f"must be a time zone such as Europe/Paris; {found(value)} is not one{near}")
    return value


def _by_city(value: str) -> str:
    city = value.strip().replace(" ", "_").lower()
    match = sorted(name for name in _zones() if name.rpartition("/")[2].lower() == city)
    return f"; did you mean {match[0]}?" if match else ""


def _text_schema(*examples: str, pattern: str = "") -> dict[str, Any]:
    return {"type": "string", "examples": list(examples)} | ({"pattern": f"^{pattern}$"} if pattern else {})


Duration: TypeAlias = Annotated[
    timedelta,
    Reads(
        timedelta,
        "a duration such as 30 days, 2 weeks or 15 minutes",
        _duration,
        show_duration,
        _text_schema("30 days", "15 minutes", pattern=_DURATION.pattern),
    ),
]
Share: TypeAlias = Annotated[
    Decimal,
    Reads(
        Decimal,
        "a percentage such as 3%",
        _share,
        show_share,
        _text_schema("3%", pattern=_PERCENT.pattern),
    ),
]
TimeOfDay: TypeAlias = Annotated[
    time,
    Reads(
        time,
        "a time of day such as 06:00",
        _time,
        lambda value: f"{value:%H:%M}",
        _text_schema("06:00", pattern=_TIME.pattern),
    ),
]
Day: TypeAlias = Annotated[
    date,
    Reads(
        date,
        "a date such as 2026-01-31",
        _date,
        lambda value: value.isoformat(),
        _text_schema("2026-01-31", pattern=_FULL_DATE.pattern),
    ),
]
Count: TypeAlias = Annotated[
    int, Reads(int, "a whole number, 0 or more", _count, lambda value: value, {"type": "integer", "minimum": 0})
]
FilePath: TypeAlias = Annotated[
    Path, Reads(Path, "a path, relative to the settings file", _path, lambda value: value.as_posix())
]
ONE_TEXT: Final[Mapping[str, Any]] = {"type": "string", "minLength": 1}
YesNo: TypeAlias = Annotated[bool, BeforeValidator(yes_or_no)]
Zone: TypeAlias = Annotated[str, BeforeValidator(zone)]
Text: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\r\n\x00]*$")]
