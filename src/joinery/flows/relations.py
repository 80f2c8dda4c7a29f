"""Whose change concerns others: their reports have another manager at work, their managers lead somebody or nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from joinery.core.model.standing import Stage
from joinery.core.model.worker import Worker
from joinery.store.people import Person


def turned(before: Person | None, after: Person, changed: Mapping[str, tuple[str, str]]) -> bool:
    """Whoever reports to them, through others who are away too, may have another next manager at work, or the same one
    under another number."""
    was = before is not None and before.standing.stage is Stage.ACTIVE
    now = after.standing.stage is Stage.ACTIVE
    renumbered = before is not None and before.worker.worker_id != after.worker.worker_id
    return was != now or renumbered or (not now and "manager_id" in changed)


def managers_concerned(before: Person | None, after: Person, changed: Mapping[str, tuple[str, str]]) -> set[str]:
    """Employee IDs of managers who may lead somebody now, or nobody any more."""
    was = before is not None and before.standing.stage.employed
    named = set(changed.get("manager_id", ()))
    if was != after.standing.stage.employed:
        named.add(after.worker.manager_id)
    return named - {""}


def manager_of(worker: Worker, managers: Mapping[str, str]) -> str:
    """The manager as the learning system should see it: the next active one up; nobody is their own."""
    resolved = managers.get(worker.manager_id, worker.manager_id)
    return "" if resolved == worker.worker_id else resolved


def with_active_manager(worker: Worker, managers: Mapping[str, str]) -> Worker:
    """The worker with the manager that is written."""
    resolved = manager_of(worker, managers)
    if resolved == worker.manager_id:
        return worker
    return replace(worker, manager_id=resolved)
