"""Somebody leaves and somebody with the same e-mail begins: one person with a new number, or two? A human decides.

Rule: this only ever raises a question. Names are not looked at, and nothing is joined by it.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from joinery.core.model.standing import Stage
from joinery.core.rules.events import Known
from joinery.core.rules.jobs import as_job
from joinery.core.rules.lifecycle import LifecyclePolicy, first_day_out

#: days between an end and a beginning that still belong together, either way round
ADJACENT: Final = 31


def probably_same(leaver: Known, joiner: Known, policy: LifecyclePolicy) -> bool:
    """The same address, and one begins about when the other ends."""
    if not same_address(leaver, joiner) or joiner.standing.stage in {Stage.LEFT, Stage.NO_SHOW}:
        return False
    out, start = out_on(leaver, policy), start_of(joiner)
    begun = start_of(leaver)
    return (
        out is not None
        and start is not None
        and abs((start - out).days) <= ADJACENT
        and (begun is None or begun < start)
    )


def same_address(one: Known, other: Known) -> bool:
    """Both have one, and it is the same."""
    return bool(one.worker.work_email) and one.worker.work_email.casefold() == other.worker.work_email.casefold()


def took_over(leaver: Known, joiner: Known, policy: LifecyclePolicy) -> bool:
    """At work without a gap since the leaver's last day: until somebody decides, their access stays."""
    out, start = out_on(leaver, policy), joiner.standing.started_on
    return joiner.standing.stage.employed and out is not None and start is not None and start <= out


def start_of(known: Known) -> date | None:
    """The first day, as HR gives it or as we saw it."""
    return as_job(known.worker).hire_date or known.standing.started_on


def out_on(known: Known, policy: LifecyclePolicy) -> date | None:
    """The first day out, passed or seen ahead; None for somebody who stays."""
    if known.standing.stage is Stage.LEFT:
        return first_day_out(known.standing.ended_on, policy) if known.standing.ended_on else None
    return first_day_out(known.standing.armed_end, policy) if known.standing.armed_end else None
