"""Rows of a file that were decided before the transaction which takes it in, and whether what was decided still counts.

Rules: it counts only if nothing was written of that person since, and if this one row is all that the file says of
them. What was believed of somebody since is newer than the file, which was there before: it is not overwritten.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from sqlalchemy import Connection

from joinery.core.model.finding import Finding
from joinery.core.model.ids import PersonKey
from joinery.core.model.snapshot import RawRecord
from joinery.flows.joining import Joining
from joinery.flows.recording import Change
from joinery.flows.setting import Outcome, Setting
from joinery.store.looks import Were, rows_of, were_by_key
from joinery.store.people import in_chunks


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What one row comes to, and what was found in it."""

    change: Change | None
    counts: tuple[tuple[str, int], ...]
    findings: tuple[Finding, ...]
    refused: tuple[str, ...]
    ended: tuple[str, ...]
    older: tuple[str, ...]
    seen: tuple[str, ...]
    doubtful: tuple[PersonKey, ...]

    def tell(self, outcome: Outcome) -> None:
        """Add what was found in the row."""
        for name, count in self.counts:
            outcome.counts[name] += count
        outcome.findings.extend(self.findings)
        outcome.refused.update(self.refused)
        outcome.ended.update(self.ended)
        outcome.older.update(self.older)
        outcome.seen.update(self.seen)
        outcome.doubtful.update(self.doubtful)


#: what all rows of a file are decided by, besides what is known of their people: employee IDs that the population shows
#: to be wrong, and why; and those that are read without their address
KeptBack = tuple[Mapping[str, str], frozenset[str]]


@dataclass(slots=True, kw_only=True)
class Readied:
    """What was known and decided before the transaction, by source ID; empty: nothing was looked at before."""

    setting: Setting | None = None
    kept_back: KeptBack = ({}, frozenset())
    rows: dict[str, Ready] = field(default_factory=dict)
    #: what was read of the file for it, from its beginning; and whether there may be more
    records: Sequence[RawRecord] = ()
    more: bool = True
    #: whose record it was; None: nobody's
    were: dict[str, Were | None] = field(default_factory=dict)

    def under(self, setting: Setting, kept_back: KeptBack) -> Readied:
        """Itself; without what was decided if a file is to be read by something else now."""
        was = self.setting
        same = was is not None and (was.since, was.full_as_of) == (setting.since, setting.full_as_of)
        return self if same and self.kept_back == kept_back else replace(self, rows={})

    def now(self, connection: Connection, joining: Joining) -> Now:
        """What became of these records since; to be asked before anything is written."""
        as_they_were, told = set[str](), set[str]()
        for ids in in_chunks(self.were, 2000):
            known = {each: one for each in ids if (one := self.were[each]) is not None}
            there = rows_of(connection, [one.key for one in known.values()])
            moved = {each: one for each, one in known.items() if there.get(one.key) != one.row}
            are = were_by_key(connection, [one.key for one in moved.values()])
            come = joining.by_key([each for each in ids if each not in known])
            as_they_were.update(set(ids) - moved.keys() - come.keys())
            told.update(each for each, one in moved.items() if are.get(one.key, one).facts != one.facts)
            told.update(come)
        return Now(as_they_were, told)

    def decided(self, ids: Iterable[str], now: Now, beside: Collection[PersonKey]) -> dict[str, Ready]:
        """Those of these rows that still count; `beside` are people of whom the file says more."""
        found = {each: self.rows[each] for each in ids if each in self.rows and each in now.as_they_were}
        return {each: one for each, one in found.items() if self.owner(each) not in beside}

    def owner(self, source_id: str) -> PersonKey | None:
        """Whose record it was."""
        one = self.were.get(source_id)
        return one.key if one is not None else None


class Now(NamedTuple):
    """Records of which nothing was written since, and those of which something was believed."""

    as_they_were: Collection[str] = frozenset()
    told: Collection[str] = frozenset()
