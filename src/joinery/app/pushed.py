"""Files that are uploaded to a source lie in a folder of ours and are read before the source's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from joinery.connectors.file import FolderDrop, Ready
from joinery.kit.drop import ArrivedFile, Drop, in_order


def upload_folder(state_dir: Path, source: str) -> Path:
    """Where uploads of this source wait."""
    return state_dir / "pushed" / source / "inbox"


def uploads(state_dir: Path, source: str, archive: Path | None = None) -> FolderDrop:
    """The uploads of one source; each is there only once it is whole."""
    return FolderDrop(inbox=upload_folder(state_dir, source), archive=archive, ready_when=Ready.PRESENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithUploads:
    """A source's own place, if it has one, and the uploads beside it."""

    pushed: FolderDrop
    own: Drop | None = None

    def pending(self) -> tuple[ArrivedFile, ...]:
        """All that is ready, in the order of what it speaks of."""
        here = self.pushed.pending() if self.pushed.folder.is_dir() else ()
        return in_order([*here, *(self.own.pending() if self.own is not None else ())])

    def take(self, file: ArrivedFile) -> ArrivedFile:
        """As `Drop.take`."""
        return self._of(file).take(file)

    def verify(self, file: ArrivedFile) -> None:
        """As `Drop.verify`."""
        self._of(file).verify(file)

    def accept(self, file: ArrivedFile, report: Mapping[str, object], day: date) -> Path:
        """As `Drop.accept`."""
        return self._of(file).accept(file, report, day)

    def reject(self, file: ArrivedFile, report: Mapping[str, object], day: date) -> Path:
        """As `Drop.reject`."""
        return self._of(file).reject(file, report, day)

    def hold(self, file: ArrivedFile, report: Mapping[str, object], day: date) -> Path:
        """As `Drop.hold`."""
        return self._of(file).hold(file, report, day)

    def bring_back(self, sha256: str) -> bool:
        """As `Drop.bring_back`, from wherever it is held."""
        return any(drop.bring_back(sha256) for drop in (self.own, self.pushed) if drop is not None)

    def prune(self, before: date) -> int:
        """As `Drop.prune`."""
        own = self.own.prune(before) if self.own is not None else 0
        return own + (self.pushed.prune(before) if self.pushed.folder.is_dir() else 0)

    def _of(self, file: ArrivedFile) -> Drop:
        ours = self.own is None or file.path.is_relative_to(self.pushed.folder.parent)
        return self.pushed if ours or self.own is None else self.own
