"""The promise of a place where files arrive. Pure: no I/O here.

Rule 1: a file that arrived is moved, never removed and never overwritten, whatever became of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, Protocol

from joinery.errors import SourceUntrusted

#: endings of files that are still being written, or only speak of another one
_NEVER: Final = (".part", ".tmp", ".partial", ".filepart", ".crdownload", ".done", ".report.json", ".report.csv")
_NAME: Final = re.compile(
    r"(?P<source>.+?)_(?P<entity>[A-Za-z]+)_(?P<content>full|changes)_(?P<at>\d{8}T\d{6})Z(?:_(?P<part>\d+))?"
    r"(?:-\d+)?\.[A-Za-z0-9]+(?:\.(?:pgp|gpg|asc))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the sender says of a file, in `X.done` beside it; None where it does not say."""

    rows: int | None = None
    sha256: str | None = None
    #: full | changes
    content: str | None = None
    #: the moment the file speaks of (UTC)
    as_of: datetime | None = None

    def to_json(self) -> str:
        """What `parse_manifest` reads."""
        as_of = self.as_of.isoformat() if self.as_of else None
        stated = {"rows": self.rows, "sha256": self.sha256, "content": self.content, "as_of": as_of}
        return json.dumps({name: value for name, value in stated.items() if value is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class FileName:
    """What a name of the recommended form says: `<source>_<entity>_<full|changes>_<YYYYMMDD>T<HHMMSS>Z[_NN].csv`."""

    source: str
    entity: str
    content: str
    as_of: datetime
    part: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedFile:
    """A file that is ready. `as_of` (UTC) and `content` from the manifest, else the name, else None."""

    path: Path
    name: str
    as_of: datetime | None = None
    content: str | None = None
    manifest: Manifest | None = None
    #: why the manifest beside it says nothing; `verify` refuses the file then
    problem: SourceUntrusted | None = None
    #: a run had taken it and did not come to an end
    resumed: bool = False
    #: it was taken out of a seal, which only a whole file has
    sealed: bool = False
    #: where it lies on another machine, while it is not here yet; `path` is then where it will be
    origin: str = ""

    @property
    def whole(self) -> bool:
        """The sender said so: by what is written last beside it, or by its seal."""
        return self.manifest is not None or self.sealed


class Drop(Protocol):
    """Where files arrive and where they go. Raises StopRun when the place cannot be read or written."""

    def pending(self) -> tuple[ArrivedFile, ...]:
        """Files that are ready, oldest first (as-of, then name), those left by a broken run included."""

    def take(self, file: ArrivedFile) -> ArrivedFile:
        """The same file where nobody else takes it; its `path` is new."""

    def verify(self, file: ArrivedFile) -> None:
        """Compares the file with its manifest before any parsing. Raises SourceUntrusted."""

    def accept(self, file: ArrivedFile, report: Mapping[str, object], day: date) -> Path:
        """Puts the file and its report into the accepted ones of that day; answers where the file is now."""

    def reject(self, file: ArrivedFile, report: Mapping[str, object], day: date) -> Path:
        """As `accept`, into the rejected ones."""

    def hold(self, file: ArrivedFile, report: Mapping[str, object], day: date) -> Path:
        """As `accept`, into the held ones."""

    def bring_back(self, sha256: str) -> bool:
        """Puts the held file whose report names this hash where the next run reads it; False when it is not there."""

    def prune(self, before: date) -> int:
        """Removes what was archived before this day, because it was kept long enough; how many days' files."""


def is_data(name: str) -> bool:
    """A file that somebody put there to be read, going by its name."""
    return not name.startswith((".", "~$")) and not name.lower().endswith(_NEVER)


def arrived(
    path: Path,
    manifest: Manifest | None,
    problem: SourceUntrusted | None,
    *,
    resumed: bool = False,
    origin: str = "",
) -> ArrivedFile:
    """The file with what its manifest says of it, else its name."""
    name, stated = parse_name(path.name), manifest or Manifest()
    return ArrivedFile(
        path=path,
        name=path.name,
        as_of=stated.as_of or (name.as_of if name else None),
        content=stated.content or (name.content if name else None),
        manifest=manifest,
        problem=problem,
        resumed=resumed,
        origin=origin,
    )


def parse_name(name: str) -> FileName | None:
    """What the name says; None when it has another form or names no real moment."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    try:
        as_of = datetime.strptime(found["at"], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return FileName(
        source=found["source"],
        entity=found["entity"],
        content=found["content"],
        as_of=as_of,
        part=int(found["part"] or 0),
    )


def parse_manifest(text: str, name: str) -> Manifest:
    """The manifest in this text; an empty text says nothing. Raises SourceUntrusted `bad_manifest`."""
    if not text.strip():
        return Manifest()
    try:
        return _manifest(json.loads(text))
    except (ValueError, TypeError, AttributeError) as error:
        raise SourceUntrusted(
            f"The manifest of {name} cannot be read ({type(error).__name__}); the file was left where it is.",
            fix="It is JSON with rows, sha256, content (full or changes) and as_of, each optional.",
            data={"code": "bad_manifest", "file": name},
        ) from error


def _manifest(stated: Mapping[str, object]) -> Manifest:
    rows, sha256, content, as_of = (stated.get(name) for name in ("rows", "sha256", "content", "as_of"))
    if content not in {None, "full", "changes"}:
        raise ValueError
    return Manifest(
        rows=None if rows is None else int(str(rows)),
        sha256=None if sha256 is None else str(sha256).lower().removeprefix("sha256:"),
        content=None if content is None else str(content),
        as_of=None if as_of is None else _utc(str(as_of)),
    )


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def check_hash(file: ArrivedFile, sha256: str) -> None:
    """Compares the manifest's hash; before any parsing. Raises SourceUntrusted `hash_mismatch`."""
    stated = file.manifest.sha256 if file.manifest else None
    if stated and stated != sha256.lower():
        raise SourceUntrusted(
            f"{file.name} is not the file that its manifest speaks of (another SHA-256); nothing was read.",
            fix="Send the file and its manifest again, the manifest last.",
            data={"code": "hash_mismatch", "file": file.name},
        )


def check_rows(file: ArrivedFile, rows: int) -> None:
    """Compares the manifest's row count with rows read and rejected. Raises SourceUntrusted `truncated`."""
    stated = file.manifest.rows if file.manifest else None
    if stated is not None and stated != rows:
        raise SourceUntrusted(
            f"{file.name} has {rows} rows and its manifest says {stated}; nobody was touched.",
            fix="Send the whole file again, the manifest last.",
            data={"code": "truncated", "file": file.name, "rows": rows, "stated": stated},
        )


def in_order(files: Sequence[ArrivedFile]) -> tuple[ArrivedFile, ...]:
    """Oldest first by the moment they speak of, then by name; those that name no moment come first.

    Numbers in names are numbers: `export_9` comes before `export_10`, as an older full file must never come last.
    """
    never = datetime.min.replace(tzinfo=UTC)
    return tuple(sorted(files, key=lambda file: (file.as_of or never, _by_number(file.name), file.name)))


def _by_number(name: str) -> list[tuple[str, int]]:
    """`a_10.csv` as (`a_`, 10), (`.csv`, -1)."""
    return [(text, int(digits or -1)) for text, digits in re.findall(r"([^0-9]*)([0-9]*)", name)]
