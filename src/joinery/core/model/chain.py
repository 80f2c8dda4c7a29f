"""The audit log as a chain: each entry's hash covers all of its words and the hash before it.

Rule 1: what is hashed is RFC 8785 text, so that the hash of an entry outlives the code that wrote it. Rule 2: nothing
personal is in an entry but the name of who acted; everything else personal stands beside the chain, under its digest.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

#: integers beyond this are not the same number in every reader of JSON
_EXACT = 2**53 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that was done. `at` is an instant text; `person` a digest; `facts` RFC 8785 text of an object."""

    seq: int
    at: str
    connection: str
    actor: str
    action: str
    subject: str = ""
    person: str = ""
    facts: str = "{}"
    #: the hash of the entry before; empty for the first
    prev: str = ""
    hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The head of the log as it was kept somewhere else at that moment."""

    at: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """`kind`: changed | removed | inserted | rewritten | value. Both ends are included."""

    kind: str
    first: int
    last: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a reading of the whole log came to; intact when there is no break."""

    entries: int
    first_at: str = ""
    last_at: str = ""
    head: str = ""
    breaks: tuple[Break, ...] = ()
    #: the newest anchor that was compared; None when there is none
    anchor: Anchor | None = None

    @property
    def intact(self) -> bool:
        """Nothing was found that does not add up."""
        return not self.breaks


def rfc8785(value: object) -> str:
    """Canonical JSON: keys by their UTF-16 code units, no spaces, the shortest escapes. Raises ValueError on a number
    that not every reader reads alike: fractions do not belong into an audit log.
    """
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"))


def _ordered(value: object) -> object:
    match value:
        case None | bool() | str():
            return value
        case int():
            if abs(value) > _EXACT:
                raise ValueError("a number too long for every reader of JSON")
            return value
        case Mapping():
            return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
        case list() | tuple():
            return [_ordered(each) for each in value]
        case _:
            raise ValueError(f"{type(value).__name__} has no one way to be written")


def sealed(entry: Entry) -> Entry:
    """The entry with its hash: SHA-256 over the hash before it and all of its words."""
    words = {
        "action": entry.action,
        "actor": entry.actor,
        "at": entry.at,
        "connection": entry.connection,
        "facts": entry.facts,
        "person": entry.person,
        "seq": entry.seq,
        "subject": entry.subject,
    }
    return replace(entry, hash=sha256((entry.prev + rfc8785(words)).encode()).hexdigest())


def digest_of(salt: str, value: str) -> str:
    """What stands in an entry for a personal value. Without the salt nobody finds out whose it was."""
    return hmac.new(bytes.fromhex(salt), value.encode(), sha256).hexdigest()


def holds(entry: Entry) -> bool:
    """Its hash is that of its words."""
    return hmac.compare_digest(sealed(entry).hash, entry.hash)


@dataclass(slots=True)
class _Reading:
    """One pass over the log, in the order of its numbers."""

    anchors: Mapping[int, Anchor]
    breaks: list[Break] = field(default_factory=list)
    count: int = 0
    first_at: str = ""
    last: Entry | None = None
    #: the hash that the entry before the last one had
    before: str = ""
    #: whether something was said about the last one already
    told: bool = False
    #: entries from here on carry numbers that are one too high
    moved: bool = False

    def look(self, entry: Entry) -> None:
        number = self.last.seq if self.last else 0
        if entry.seq > number + 1:
            self._say("removed", number + 1, entry.seq - 1, "nothing stands under these numbers any more")
        told = self._own_hash(entry)
        if not told and entry.seq == number + 1:
            self._link(entry)
        anchor = self.anchors.get(entry.seq)
        if anchor is not None and anchor.hash != entry.hash:
            why = f"it is not the entry that was anchored at {anchor.at}"
            self._say("rewritten", entry.seq, entry.seq, why)
        self.before, self.last, self.told = (self.last.hash if self.last else ""), entry, told
        self.count, self.first_at = self.count + 1, self.first_at or entry.at

    def _own_hash(self, entry: Entry) -> bool:
        """Whether something is wrong with the entry itself."""
        if entry.seq < 1:
            self._say("inserted", entry.seq, entry.seq, "no entry has such a number")
            return True
        if holds(entry):
            return False
        if holds(replace(entry, seq=entry.seq - 1)) and self.last is not None:
            if not self.moved:
                self.moved = True
                self.breaks = [each for each in self.breaks if each.first != self.last.seq]
                why = "the entries after it were numbered anew to make room"
                self._say("inserted", self.last.seq, self.last.seq, why)
            return True
        self._say("changed", entry.seq, entry.seq, "its words are not those that were sealed")
        return True

    def _link(self, entry: Entry) -> None:
        """A sound entry that does not follow on from the one before: then that one is not what it was."""
        expected = self.last.hash if self.last else ""
        if entry.prev == expected or self.told:
            return
        if self.last is None:
            self._say("changed", entry.seq, entry.seq, "the first entry follows on from something")
        elif entry.prev == self.before:
            self._say("inserted", self.last.seq, self.last.seq, f"entry {entry.seq} follows on from the one before it")
        else:
            why = f"it was sealed anew; entry {entry.seq} still follows on from what it was"
            self._say("changed", self.last.seq, self.last.seq, why)

    def _say(self, kind: str, first: int, last: int, why: str) -> None:
        self.breaks.append(Break(kind=kind, first=first, last=last, why=why))


def verify(entries: Iterable[Entry], *, head: int, anchors: Sequence[Anchor] = ()) -> Verdict:
    """Everything that does not add up, by number. `entries` in the order of their numbers; `head`: the last number
    that was ever given out, kept apart from the log; `anchors`: heads that were kept somewhere else.

    A log that was rewritten from an entry on to its end, with the number kept apart, shows only against an anchor.
    """
    reading = _Reading(anchors={anchor.seq: anchor for anchor in anchors})
    for entry in entries:
        reading.look(entry)
    breaks = [*reading.breaks, *_ends(reading, head, anchors)]
    return Verdict(
        entries=reading.count,
        first_at=reading.first_at,
        last_at=reading.last.at if reading.last else "",
        head=reading.last.hash if reading.last else "",
        breaks=tuple(breaks),
        anchor=max(anchors, key=lambda anchor: anchor.seq, default=None),
    )


def _ends(reading: _Reading, head: int, anchors: Sequence[Anchor]) -> Iterator[Break]:
    """Entries that are missing after the last one, and those that nobody gave a number."""
    last = reading.last.seq if reading.last else 0
    known = max([head, *(anchor.seq for anchor in anchors)])
    if last < known:
        yield Break(kind="removed", first=last + 1, last=known, why="the log ends before them")
    elif last > head:
        yield Break(kind="inserted", first=head + 1, last=last, why="these numbers were never given out")
