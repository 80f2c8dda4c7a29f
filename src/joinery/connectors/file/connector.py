"""A folder and a pattern: files arrive there, are taken one by one, and end among the accepted, rejected or held.

Rule 1: a file is in exactly one place at any instant, so that a crash loses nothing and reads nothing twice:
inbox -> processing -> archive/<outcome>/<day>, with a report beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from glob import has_magic
from hashlib import file_digest
from pathlib import Path
from shutil import rmtree
from typing import Final

from joinery.connectors.file.report import as_csv, as_json
from joinery.errors import SourceUntrusted
from joinery.kit.drop import ArrivedFile, Manifest, arrived, check_hash, in_order, is_data, parse_manifest
from joinery.kit.moves import free_place, move, said_plainly, write_safely

OUTCOMES: Final = frozenset({"accepted", "rejected", "held"})


class Ready(StrEnum):
    """How a sender says that a file is whole: a manifest `X.done` written last, an upload under another name
    (.part, .tmp) that is then renamed, a size that has stopped changing, or being there at all."""

    MARKER = "marker"
    RENAME = "rename"
    STABLE = "stable"
    PRESENT = "present"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderDrop:
    """`inbox` is a folder and a pattern (`./inbox/employees*.csv`); `archive` is `<folder's parent>/archive` unless
    named. With `stable`, a file is ready when its size and time stay the same for `stable_for`."""

    inbox: Path
    #: more patterns of names in the same folder
    also: tuple[str, ...] = ()
    archive: Path | None = None
    ready_when: Ready = Ready.MARKER
    stable_for: timedelta = timedelta(seconds=10)
    #: the real clock (UTC): with it, a file that has long lain still is not waited for again
    now: Callable[[], datetime] | None = None

    @property
    def folder(self) -> Path:
        """Where files arrive."""
        return self.inbox.parent if self._patterned else self.inbox

    @property
    def _patterned(self) -> bool:
        return has_magic(self.inbox.name) or (self.inbox.suffix != "" and not self.inbox.is_dir())

    @property
    def _pattern(self) -> str:
        return self.inbox.name if self._patterned else "*"

    @property
    def processing(self) -> Path:
        """Where a file is while a run reads it; of this inbox alone, as others may share its parent."""
        return self.folder.parent / "processing" / self.folder.name

    @property
    def outcomes(self) -> Path:
        """Where files end, by outcome and day."""
        return self.archive or self.folder.parent / "archive"

    def check(self) -> None:
        """Raise StopRun when files could not be taken from the folder; called before settings are trusted."""
        with said_plainly("read", self.folder):
            list(self.folder.iterdir())
        for folder in (self.folder, self.processing, self.outcomes):
            with said_plainly("write to", folder):
                folder.mkdir(parents=True, exist_ok=True)
                probe = folder / ".joinery-check.tmp"
                probe.touch()
                probe.rename(probe.with_suffix(".tmp2")).unlink()

    def pending(self) -> tuple[ArrivedFile, ...]:
        """Files that are ready, oldest first; those a broken run had taken come back too."""
        left = self._candidates(self.processing) if self.processing.is_dir() else []
        with said_plainly("read", self.folder):
            list(self.folder.iterdir())
            here = [path for path in self._candidates(self.folder) if self._signalled(path)]
            here = self._settled(here) if self.ready_when is Ready.STABLE else here
        return in_order([*(self._arrived(path, resumed=True) for path in left), *(self._arrived(p) for p in here)])

    def take(self, file: ArrivedFile) -> ArrivedFile:
        """Moves the file out of the inbox, then its manifest; a file already taken is answered as it is."""
        if file.path.parent == self.processing:
            return file
        marker = self._marker(file.path)
        taken = move(file.path, free_place(self.processing, file.path.name))
        if marker is not None:
            move(marker, taken.with_name(f"{taken.name}.done"))
        return replace(file, path=taken)

    def verify(self, file: ArrivedFile) -> None:
        """Compares the file with its manifest, before any parsing.

        Raises SourceUntrusted `bad_manifest` or `hash_mismatch`; rows are counted later (`kit.drop.check_rows`).
        """
        if file.problem is not None:
            raise file.problem
        if file.manifest is not None and file.manifest.sha256:
            with said_plainly("read", file.path), file.path.open("rb") as opened:
                check_hash(file, file_digest(opened, "sha256").hexdigest())

    def accept(self, file: ArrivedFile, report: Mapping[str, object], day: date) -> Path:
        """Among the accepted of that day, with its report."""
        return self._finish(file, report, day, "accepted")

    def last_accepted(self) -> Path | None:
        """The file that was accepted last and is still kept, of those this inbox's pattern fits; None when none is."""
        for day in sorted((self.outcomes / "accepted").glob("????-??-??"), reverse=True):
            told = {path: path.with_name(f"{path.name}.report.json") for path in self._candidates(day)}
            if kept := [path for path, report in told.items() if report.is_file()]:
                return max(kept, key=lambda path: (told[path].stat().st_mtime_ns, path.name))
        return None

    def reject(self, file: ArrivedFile, report: Mapping[str, object], day: date) -> Path:
        """Among the rejected of that day, with its report."""
        return self._finish(file, report, day, "rejected")

    def hold(self, file: ArrivedFile, report: Mapping[str, object], day: date) -> Path:
        """Among the held of that day, with its report."""
        return self._finish(file, report, day, "held")

    def bring_back(self, sha256: str) -> bool:
        """From the held to where the next run reads it, with its manifest; its report stays where it is."""
        for report in sorted(self.outcomes.glob("held/????-??-??/*.report.json"), reverse=True):
            file = report.with_name(report.name.removesuffix(".report.json"))
            with said_plainly("read", report):
                named = f'"{sha256}"' in report.read_text(encoding="utf-8") and file.is_file()
            if not named:
                continue
            marker = self._marker(file)
            back = move(file, free_place(self.processing, file.name))
            if marker is not None:
                move(marker, back.with_name(f"{back.name}.done"))
            return True
        return False

    def prune(self, before: date) -> int:
        """Removes what was archived on days before this one, file and report together; the number of days removed."""
        gone = 0
        for folder in self.outcomes.glob("*/????-??-??"):
            if folder.is_dir() and folder.parent.name in OUTCOMES and folder.name < before.isoformat():
                with said_plainly("remove", folder):
                    rmtree(folder)
                gone += 1
        return gone

    def _finish(self, file: ArrivedFile, report: Mapping[str, object], day: date, outcome: str) -> Path:
        """Reports first, the file last: a file without its report is still in processing and comes back."""
        folder = self.outcomes / outcome / day.isoformat()
        with said_plainly("make the folder", folder):
            folder.mkdir(parents=True, exist_ok=True)
        target = free_place(folder, file.name)
        told = {"file": file.name, "outcome": outcome, "day": day.isoformat(), **report}
        write_safely(target.with_name(f"{target.name}.report.json"), as_json(told))
        write_safely(target.with_name(f"{target.name}.report.csv"), as_csv(told))
        marker = self._marker(file.path)
        move(file.path, target)
        if marker is not None:
            move(marker, target.with_name(f"{target.name}.done"))
        return target

    def _candidates(self, folder: Path) -> list[Path]:
        found = {path for pattern in (self._pattern, *self.also) for path in folder.glob(pattern)}
        return sorted(path for path in found if path.is_file() and is_data(path.name))

    def _signalled(self, path: Path) -> bool:
        return self.ready_when is not Ready.MARKER or self._marker(path) is not None

    def _settled(self, paths: list[Path]) -> list[Path]:
        """Those that look the same before and after waiting, once for all of them."""
        before = {path: _looks(path) for path in paths}
        if not all(map(self._lain_still, before.values())):
            time.sleep(self.stable_for.total_seconds())
        return [path for path, looks in before.items() if looks is not None and _looks(path) == looks]

    def _lain_still(self, looks: tuple[int, int] | None) -> bool:
        if self.now is None or looks is None:
            return looks is None
        written = datetime.fromtimestamp(looks[1] / 1e9, UTC)
        return timedelta(0) <= self.now() - written and self.now() - written >= self.stable_for

    def _marker(self, path: Path) -> Path | None:
        """`employees.csv.done` or `employees.done` beside the file, or still in the inbox after a broken `take`."""
        beside = [path.with_name(f"{path.name}.done"), path.with_suffix(".done")]
        if path.parent == self.processing and not (self.folder / path.name).exists():
            beside += [self.folder / marker.name for marker in beside]
        return next((marker for marker in beside if marker.is_file()), None)

    def _manifest(self, path: Path) -> Manifest | None:
        marker = self._marker(path)
        if marker is None:
            return None
        with said_plainly("read", marker):
            text = marker.read_bytes().decode("utf-8-sig", "replace")
        return parse_manifest(text, path.name)

    def _arrived(self, path: Path, *, resumed: bool = False) -> ArrivedFile:
        problem, manifest = None, None
        try:
            manifest = self._manifest(path)
        except SourceUntrusted as error:
            problem = error
        return arrived(path, manifest, problem, resumed=resumed)


def _looks(path: Path) -> tuple[int, int] | None:
    try:
        seen = path.stat()
    except FileNotFoundError:
        return None
    return seen.st_size, seen.st_mtime_ns
