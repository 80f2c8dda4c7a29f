"""Who leads whom, by whichever of their numbers HR names a manager: the present one, one beside it, or a former one.

Rule: a number that somebody has now is theirs alone; one that was given up leads to whoever had it, if that is one.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from joinery.core.model.ids import PersonKey
from joinery.store.people import in_chunks
from joinery.store.tables import aliases, people

#: stage, manager_id, worker_id
Line = tuple[str, str, str]

#: whoever names themselves as manager leads nobody by it
_LEADS = people.c.manager_id != "", people.c.manager_id != people.c.worker_id
_EMPLOYED = people.c.stage.in_(("active", "leave"))


class Reporting:
    """The reporting lines of one connection, inside the caller's transaction."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._db = connection
        self._name = name
        self._mine = people.c.connection == name
        self._numbers = aliases.c.connection == name, aliases.c.kind == "worker_id"

    def lines(self, numbers: Collection[str]) -> dict[str, Line]:
        """number -> whoever it means, for walking up to the next active manager."""
        found = self._present(numbers)
        return found | self._by_other_numbers(set(numbers) - found.keys())

    def _present(self, numbers: Collection[str]) -> dict[str, Line]:
        found: dict[str, Line] = {}
        query = select(people.c.worker_id, people.c.stage, people.c.manager_id)
        for chunk in in_chunks(numbers):
            for row in self._db.execute(query.where(self._mine, people.c.worker_id.in_(chunk))):
                found[row.worker_id] = row.stage, row.manager_id, row.worker_id
        return found

    def _by_other_numbers(self, numbers: Collection[str]) -> dict[str, Line]:
        """Numbers of other records in use come before those that were given up."""
        holders: dict[str, dict[bool, set[Line]]] = {}
        query = select(
            aliases.c.value, aliases.c.valid_to, people.c.worker_id, people.c.stage, people.c.manager_id
        ).join(people, people.c.key == aliases.c.person_key)
        for chunk in in_chunks(numbers):
            for row in self._db.execute(query.where(*self._numbers, aliases.c.value.in_(chunk))):
                in_use = row.valid_to == ""
                line = row.stage, row.manager_id, row.worker_id
                holders.setdefault(row.value, {}).setdefault(in_use, set()).add(line)
        best = {number: some.get(True) or some[False] for number, some in holders.items()}
        return {number: next(iter(some)) for number, some in best.items() if len(some) == 1 or True in holders[number]}

    def renumbered(self, numbers: Collection[str]) -> dict[str, str]:
        """Numbers that nobody's account goes by, of other records or given up -> the one it goes by."""
        return {number: line[2] for number, line in self._by_other_numbers(self._nobodys(numbers)).items()}

    def direct(self, numbers: Collection[str]) -> dict[str, list[str]]:
        """number -> the employed who name it as their manager, sorted; without those whom nobody names."""
        found: dict[str, list[str]] = {}
        for chunk in in_chunks(numbers):
            query = select(people.c.manager_id, people.c.worker_id).where(self._mine, _EMPLOYED)
            for row in self._db.execute(query.where(people.c.manager_id.in_(chunk), *_LEADS)):
                found.setdefault(row.manager_id, []).append(row.worker_id)
        return {number: sorted(ids) for number, ids in found.items()}

    def leading(self) -> frozenset[str]:
        """The numbers of all who manage somebody who is employed: as HR names them, and their present one."""
        query = select(people.c.manager_id).where(self._mine, _EMPLOYED, *_LEADS).distinct()
        named = frozenset(self._db.scalars(query))
        return named | {number for *_, number in self._by_other_numbers(self._nobodys(named)).values()}

    def _nobodys(self, numbers: Collection[str]) -> set[str]:
        """Those that nobody's account goes by now."""
        return set(numbers) - self._present(numbers).keys()

    def leads(self, keys: Collection[PersonKey]) -> frozenset[PersonKey]:
        """Those of these people who manage somebody who is employed."""
        theirs: dict[str, set[PersonKey]] = {}
        own = select(people.c.worker_id, people.c.key)
        other = select(aliases.c.value, aliases.c.person_key)
        others: dict[str, set[PersonKey]] = {}
        for chunk in in_chunks(keys):
            for row in self._db.execute(own.where(people.c.key.in_(chunk))):
                theirs.setdefault(row.worker_id, set()).add(PersonKey(row.key))
            for row in self._db.execute(other.where(*self._numbers, aliases.c.person_key.in_(chunk))):
                others.setdefault(row.value, set()).add(PersonKey(row.person_key))
        means = self._by_other_numbers(self._nobodys(others))
        mine = {number: key for number, some in theirs.items() for key in some}
        for number, (*_, present) in means.items():
            theirs.setdefault(number, set()).update({mine[present]} & others[number] if present in mine else ())
        return frozenset(key for number in self._named(theirs) for key in theirs[number])

    def _named(self, numbers: Collection[str]) -> set[str]:
        found: set[str] = set()
        for chunk in in_chunks(numbers):
            query = select(people.c.manager_id).where(self._mine, *_LEADS, people.c.manager_id.in_(chunk), _EMPLOYED)
            found.update(self._db.scalars(query.distinct()))
        return found
