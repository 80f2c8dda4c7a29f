"""A line of a plan as it is stored: made before the transaction that writes it, because that takes longer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from joinery.core.model.codec import canonical, encode_operation, encode_reason
from joinery.core.model.plan import Line
from joinery.core.planning.order import line_digest, phase_of


class Written(NamedTuple):
    """A line as it is stored, but for the plan and its place there: to make it costs more than to write it."""

    row: Mapping[str, Any]
    #: on evidence, and not held
    evidenced: bool


def written(line: Line) -> Written:
    """The row of a line."""
    row = {
        "person_key": line.person_key,
        "worker_id": line.worker_id,
        "action": str(line.action),
        "guard": line.guard,
        "segment": canonical([list(pair) for pair in line.segment]),
        "lane": str(line.lane),
        "phase": phase_of(line),
        "operation": canonical(encode_operation(line.operation)),
        "because": canonical([encode_reason(reason) for reason in line.because]),
        "held": line.held,
        "digest": line_digest(line),
        "state": "held" if line.held else "waiting",
    }
    return Written(row, line.evidenced and not line.held)
