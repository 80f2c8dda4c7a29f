"""Files that were not believed as a whole, and accepting one of them once: by its content, by name, with a reason.

Rule: only what a person can know better is accepted, such as a real renumbering. An empty file, an older one, or one
that cannot be read says nothing that could be believed. Guards hold what follows as ever.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from joinery.errors import NotThere
from joinery.flows.policy import Ports
from joinery.store.connections import only_run
from joinery.store.decisions import Decision, about_no_person, decide, of_kinds
from joinery.store.snapshots import SnapshotRow, arrivals

#: a decision about one content: `subject` is its SHA-256; it is released when the file has been read
KIND = "accept_file"
#: reasons of the gate that somebody can know better
ACCEPTABLE = frozenset(
    {
        "ids_changed",
        "id_width_changed",
        "rows_dropped",
        "coverage_collapsed",
        "column_gone",
        "domains_changed",
        "too_few_rows",
    }
)
#: so many letters of a hash name a file
SHORTEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFile:
    """One content that is held. `why`: checks that hold it; `acceptable`: somebody may accept it all the same."""

    source: str
    name: str
    sha256: str
    since: str
    rows: int
    why: tuple[str, ...]
    acceptable: bool
    accepted_by: str = ""


def held_files(ports: Ports) -> Sequence[HeldFile]:
    """Every content that is held and was not read since, newest first."""
    with ports.database.read() as connection:
        return _held(connection, ports.policy.name)


def _held(connection: Connection, name: str) -> list[HeldFile]:
    accepted = {(each.source, each.sha256) for each in arrivals(connection, name, "accepted")}
    word = {each.subject: each for each, released in of_kinds(connection, name, (KIND,)) if not released}
    found: dict[tuple[str, str], SnapshotRow] = {}
    for each in arrivals(connection, name, "held"):
        if each.sha256 and (each.source, each.sha256) not in accepted:
            found[each.source, each.sha256] = each
    return [
        HeldFile(
            source=each.source,
            name=each.name,
            sha256=each.sha256,
            since=each.taken_at.isoformat(),
            rows=each.rows,
            why=_blockers(each),
            acceptable=may_accept(_blockers(each)),
            accepted_by=word[each.sha256].owner if each.sha256 in word else "",
        )
        for each in sorted(found.values(), key=lambda row: row.taken_at, reverse=True)
    ]


def _blockers(row: SnapshotRow) -> tuple[str, ...]:
    return tuple(row.report.get("blockers", row.report.get("findings", ())))


def may_accept(blockers: Collection[str]) -> bool:
    """All that holds the file is something that a person can know better."""
    return bool(blockers) and ACCEPTABLE.issuperset(blockers)


def accept_once(ports: Ports, sha256: str, owner: str, reason: str) -> tuple[HeldFile, bool]:
    """The next run reads this file; True when it lies ready for it. Raises NotThere when it is not held or may not."""
    with only_run(ports.database, ports.policy.name, ports.now):
        with ports.database.write() as connection:
            file = _one(_held(connection, ports.policy.name), sha256.strip().lower())
            body = {"source": file.source, "name": file.name, "why": list(file.why)}
            if not file.accepted_by:
                word = about_no_person(KIND, file.sha256, owner, reason, ports.now(), body)
                decide(connection, ports.policy.name, word)
        source = ports.sources.get(file.source.partition(":")[0])
        return file, source is not None and source.drop.bring_back(file.sha256)


def _one(held: Sequence[HeldFile], sha256: str) -> HeldFile:
    found = [each for each in held if len(sha256) >= SHORTEST and each.sha256.startswith(sha256)]
    if len(found) != 1:
        raise NotThere(
            f"No file that is held has the hash {sha256!r}; nothing was changed.",
            fix="`joinery quarantine files` shows what is held; give the hash, or its first 8 letters or more.",
        )
    if not found[0].acceptable:
        raise NotThere(
            f"{found[0].name} cannot be accepted: {', '.join(found[0].why)}. Nothing was changed.",
            fix="Nothing in it could be believed: send the right file.",
        )
    return found[0]


def accepted_once(connection: Connection, name: str, sha256: str) -> Decision | None:
    """The word of whoever accepted this content, unless it was used up."""
    made = (each for each, released in of_kinds(connection, name, (KIND,)) if not released)
    return next((each for each in made if each.subject == sha256), None)
