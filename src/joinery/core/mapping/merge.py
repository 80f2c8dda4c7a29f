"""Changes that come out of order: attribute by attribute, the record that HR wrote later counts. Pure.

Rule: an older record never overwrites what a newer one said; what a record does not hold stays as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from joinery.core.model.worker import FIELD_NAMES, IDENTITY_NAMES, Worker

#: attribute -> instant (as text that sorts) of the record that said it last; "" stands for every other attribute
Told = Mapping[str, str]


def older_than_known(mapped: Collection[str], told: Told, at: str, floor: str) -> frozenset[str]:
    """Of the mapped attributes, those of which something newer is known. `floor`: when the last full file was written.

    Who somebody is is not a matter of time: identifiers are never among them.
    """
    known = {name: max(told.get(name, told.get("", "")), floor) for name in mapped if name not in IDENTITY_NAMES}
    return frozenset(name for name, last in known.items() if last > at)


def told_after(mapped: Collection[str], older: Collection[str], told: Told, at: str) -> dict[str, str]:
    """The memory once this record is taken in: its time for what it said, the former for everything else."""
    said = {name: at for name in mapped if name not in older and name not in IDENTITY_NAMES}
    rest = told.get("", "")
    merged = {**{name: last for name, last in told.items() if name}, **said}
    return {name: last for name, last in {"": rest, **merged}.items() if last and (not name or last != rest)}


def merged(before: Worker, now: Worker, kept: Collection[str]) -> Worker:
    """The record with these attributes as they were."""
    names = set(kept)
    if not names:
        return now
    if "status" in names:
        names |= {"status_text"}
    values: dict[str, Any] = {name: getattr(before, name) for name in names & FIELD_NAMES}
    own = dict(now.custom)
    for name in names - FIELD_NAMES:
        own.pop(name, None)
        if name in before.custom:
            own[name] = before.custom[name]
    return replace(now, **values, custom=own)
