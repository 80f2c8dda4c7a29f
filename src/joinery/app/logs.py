"""What a process says of itself, as lines for people or as JSON for machines. Rule: IDs, codes and numbers only.

Lines of libraries lose their text in JSON: it may quote what was sent. Where they come from stays.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from joinery.app import clock
from joinery.settings import Settings

#: an event and what belongs to it
Record = Callable[..., None]


def wants_json(settings: Settings) -> bool:
    """Whether logs are data."""
    return settings.telemetry.logs == "json"


def recorder(settings: Settings, out: TextIO | None = None) -> Record:
    """`record("run ended", run="R-1")` as one line of JSON on stderr; nothing where logs are for people."""
    if not wants_json(settings):
        return lambda _event, **_fields: None
    import structlog  # takes its time to load, and every command comes by here

    logger = structlog.wrap_logger(
        structlog.PrintLogger(out or sys.stderr),
        processors=[structlog.processors.add_log_level, _stamped, structlog.processors.JSONRenderer(ensure_ascii=True)],
    ).bind(connection=settings.name)

    def record(event: str, *, level: str = "info", **fields: object) -> None:
        getattr(logger, level)(event, **fields)

    return record


def speaker(settings: Settings, say: Callable[[str], None]) -> Callable[[str], None]:
    """How a process that stays says a line: to people with the time of day, or as JSON."""
    record = recorder(settings)
    if wants_json(settings):
        return lambda line: record(line)
    return lambda line: say(f"{clock.now():%H:%M:%S} {line}")


def libraries_too(settings: Settings) -> None:
    """From here on, warnings of libraries are lines of JSON as well, without their text."""
    if not wants_json(settings):
        return
    handler = _Wordless(recorder(settings))
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)


class _Wordless(logging.Handler):
    def __init__(self, record: Record) -> None:
        super().__init__()
        self._record = record

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        where = f"{record.name}:{record.lineno}"
        self._record("a library warns", level="warning", where=where, severity=record.levelname, error=error)


def _stamped(_logger: object, _method: str, event: Any) -> Mapping[str, Any]:
    return {"at": clock.now().isoformat(timespec="milliseconds"), **event}
