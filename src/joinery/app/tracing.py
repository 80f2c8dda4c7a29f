"""Spans of a run for OpenTelemetry, where somebody configured it and installed `joinery[telemetry]`.

Rule: off costs nothing and loads nothing; a collector that is away, or a library that is not there, stops nothing. A
span has a name and IDs, nothing of anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Any

from joinery.settings import Settings

Span = Callable[[str], AbstractContextManager[Any]]


def nothing(_name: str) -> AbstractContextManager[Any]:
    """No span."""
    return nullcontext()


def spans(settings: Settings, say: Callable[[str], None]) -> Span:
    """`with span("pull"):`. `say` hears when traces are wanted and cannot be had."""
    endpoint = settings.telemetry.traces
    if endpoint is None:
        return nothing
    try:
        sdk, export = import_module("opentelemetry.sdk.trace"), import_module("opentelemetry.sdk.trace.export")
        resources = import_module("opentelemetry.sdk.resources")
        otlp = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    except ImportError:
        say("No traces are sent: `telemetry.traces` needs joinery[telemetry].")
        return nothing
    about = resources.Resource.create({"service.name": "joinery", "joinery.connection": settings.name})
    provider = sdk.TracerProvider(resource=about)
    exporter = otlp.OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=5)
    provider.add_span_processor(export.BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("joinery")

    def span(name: str) -> AbstractContextManager[Any]:
        # an error's text stays out: it may be of somebody
        started: AbstractContextManager[Any] = tracer.start_as_current_span(
            name, record_exception=False, set_status_on_exception=False
        )
        return started

    return span
