"""Changes that HR dates ahead: they wait, and come into force on their day without another file. Pure.

Rule: nothing holds before its day. An end date, and a first day of somebody who is not at work yet, have a meaning of
their own and never wait; nor does who somebody is. A return after an end to come takes nothing away from that end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from joinery.core.model.worker import DATE_NAMES, FIELD_NAMES, IDENTITY_NAMES, Status, Worker

#: dates that say by themselves when they count
_OWN_DAYS = IDENTITY_NAMES | {"termination_date", "job_end_date"}
_GONE = {Status.TERMINATED, Status.DECEASED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """`values` (attribute -> text, empty: HR gives none) of one record hold from the local day `on`.

    `status` is what the word in `values` means; `at` when HR wrote it (text that sorts, empty: not said) and
    `known_on` the local day on which it became known.
    """

    on: date
    values: Mapping[str, str]
    status: Status = Status.NONE
    at: str = ""
    known_on: date

    def without(self, names: Collection[str]) -> Ahead:
        """The rest, once something newer is known of these."""
        return replace(self, values={name: value for name, value in self.values.items() if name not in names})

    def to_json(self) -> dict[str, Any]:
        """Plain values; `ahead_of` reads them."""
        return {
            "on": self.on.isoformat(),
            "values": dict(self.values),
            "status": str(self.status),
            "at": self.at,
            "known_on": self.known_on.isoformat(),
        }


def ahead_of(stored: Mapping[str, Any]) -> Ahead:
    """The inverse of `to_json`."""
    return Ahead(
        on=date.fromisoformat(stored["on"]),
        values=stored["values"],
        status=Status(stored["status"]),
        at=stored["at"],
        known_on=date.fromisoformat(stored["known_on"]),
    )


def with_begun(worker: Worker, begun: Iterable[Ahead]) -> Worker:
    """The record once these are in force, in the order of their days."""
    for each in sorted(begun, key=lambda ahead: ahead.on):
        worker = _with(worker, each)
    return worker


def _with(worker: Worker, ahead: Ahead) -> Worker:
    fields: dict[str, Any] = {}
    custom = dict(worker.custom)
    for name, value in ahead.values.items():
        if name == "status":
            fields |= {"status_text": value, "status": ahead.status}
        elif name in DATE_NAMES:
            fields[name] = date.fromisoformat(value) if value else None
        elif name in FIELD_NAMES:
            fields[name] = value
        else:
            custom[name] = value
    return replace(worker, custom={name: value for name, value in custom.items() if value}, **fields)


def waits(known: Worker, said: Worker, on: date, *, employed: bool) -> frozenset[str]:
    """What differs and must not hold before `on`. `employed`: at work, or on leave, by what is known."""
    if not employed and said.hire_date is not None and said.hire_date >= on:
        return frozenset()  # it begins with the employment, not before
    own = set(_OWN_DAYS)
    if said.status is Status.DECEASED or (said.status in _GONE and said.termination_date is not None):
        own.add("status")
    if employed and returns(known, said):
        own.discard("termination_date")
    elif employed and known.status in _GONE and known.termination_date and said.termination_date is None:
        own.add("status")  # without its day the word would end everything at once
    return frozenset(known.differences(said)) - own


def returns(known: Worker, said: Worker) -> bool:
    """They are said to start anew after the end that is known."""
    end, starts = known.termination_date, said.hire_date
    return end is not None and starts is not None and starts > end and starts != known.hire_date


def still_waiting(
    known: Worker, waiting: Sequence[Ahead], said: Worker, names: Collection[str], news: Ahead, *, full: bool
) -> tuple[Ahead, ...]:
    """What goes on waiting once a record says `names` from the day `news.on`, written at `news.at`.

    A full file says all there is. Of changes, a newer one takes the place of what was to come of the same attribute;
    one that changes nothing on its day takes back, or moves, what was to come. Something written later stays.
    """
    newer = tuple(each for each in waiting if news.at and each.at > news.at)
    if full:
        return newer
    rest = [each for each in waiting if each not in newer]
    there = with_begun(known, (each for each in rest if each.on < news.on))
    changed = {name for name in there.differences(said) if name in names}
    if not changed:
        rest = [each.without(names) for each in rest]
    else:
        rest = [_beside(each, news.on, names, changed) for each in rest]
    return (*newer, *(each for each in rest if each.values))


def _beside(each: Ahead, on: date, names: Collection[str], changed: Collection[str]) -> Ahead:
    if each.on < on:
        return each
    return each.without(names if each.on == on else changed)


def in_order(waiting: Iterable[Ahead]) -> tuple[Ahead, ...]:
    """By their days."""
    return tuple(sorted(waiting, key=lambda each: (each.on, each.at)))
