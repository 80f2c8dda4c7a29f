"""A record as far as nothing newer is known of it: changes come out of order, and files of changes leave things out.

Rule: an older record never overwrites what a newer one said, attribute by attribute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from joinery.core.mapping.inbound import Mapped
from joinery.core.mapping.merge import merged, older_than_known, told_after
from joinery.core.mapping.spec import RECORD_NAMES
from joinery.core.model.codec import instant_text
from joinery.core.model.employment import Employment
from joinery.core.model.worker import FACT_NAMES, IDENTITY_NAMES, Worker
from joinery.flows.setting import Setting
from joinery.store.people import Person

#: everything a record may hold of a person that is not who they are
_ATTRIBUTES = frozenset(FACT_NAMES) - IDENTITY_NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A record as far as it is believed; `told`: when HR said what, `effective_on`: HR's day for it.

    `older`: something newer is known of part of it; `says_nothing`: of all of it.
    """

    worker: Worker
    told: Mapping[str, str]
    effective_on: date | None = None
    older: bool = False
    says_nothing: bool = False


def in_time(
    setting: Setting, names: frozenset[str], found: Mapped, owner: Person | None, was: Employment | None
) -> Taken:
    """The record beside what is known of the same record; `names` are the attributes that the source maps."""
    at = found.changed_at or setting.content_as_of
    told = told_of(owner, was)
    names = names - RECORD_NAMES
    absent = frozenset(_ATTRIBUTES - names) if setting.partial and was else frozenset[str]()
    older: frozenset[str] = frozenset()
    if at is not None:
        floor = instant_text(setting.full_as_of) if setting.full_as_of and setting.partial else ""
        older = older_than_known(names, told, instant_text(at), floor) if was else older
        told = told_after(names, older, told, instant_text(at))
    nothing = bool(older) and older >= names - IDENTITY_NAMES
    worker = merged(was.worker, found.worker, older | absent) if was else found.worker
    return Taken(worker=worker, told=told, effective_on=found.effective_on, older=bool(older), says_nothing=nothing)


def told_of(owner: Person | None, was: Employment | None) -> Mapping[str, str]:
    """When HR said what about this record."""
    if owner is None or was is None:
        return {}
    by_record: Mapping[str, Mapping[str, str]] = owner.memory.get("told", {})
    return by_record.get(_name(was.worker), {})


def remembered(memory: Mapping[str, Any], worker: Worker, told: Mapping[str, str]) -> Mapping[str, Any]:
    """The memory of a person, with what was said about one of their records."""
    if not told:
        return memory
    return {**memory, "told": {**memory.get("told", {}), _name(worker): dict(told)}}


def _name(worker: Worker) -> str:
    return f"{worker.source}:{worker.source_id}"
