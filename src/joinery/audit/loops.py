"""Finds people who are their own manager's manager. Rule 1: linear in the number of people, and no recursion."""

from __future__ import annotations

from collections.abc import Mapping


def loops(managers: Mapping[str, str]) -> list[tuple[str, ...]]:
    """The circles in person -> manager, each once, beginning with its smallest ID; in order of those."""
    done: set[str] = set()
    found: list[tuple[str, ...]] = []
    for start in managers:
        path: dict[str, None] = {}
        at: str | None = start
        while at is not None and at not in done and at not in path:
            path[at] = None
            at = managers.get(at)
        if at is not None and at in path:
            found.append(_circle(list(path), at))
        done.update(path)
    return sorted(found)


def _circle(path: list[str], begin: str) -> tuple[str, ...]:
    members = path[path.index(begin) :]
    first = members.index(min(members))
    return tuple(members[first:] + members[:first])
