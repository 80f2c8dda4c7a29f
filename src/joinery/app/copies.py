"""What lies in the state folder beside the store: settings that were replaced, copies of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from joinery.kit.moves import write_safely
from joinery.settings.file_edits import REPLACED


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderCopies:
    """Those in this folder (`.joinery`)."""

    folder: Path

    def named(self, rewrite: Callable[[str], str]) -> int:
        """In how many copies of settings this would change something."""
        return sum(1 for _ in self._changed(rewrite))

    def rewrite(self, rewrite: Callable[[str], str]) -> int:
        """Changes them, each whole or not at all; how many."""
        changed = list(self._changed(rewrite))
        for path, text in changed:
            write_safely(path, text.encode("utf-8", "surrogateescape"))
        return len(changed)

    def of_store(self) -> int:
        """Copies that were made before an upgrade or a restore, or by `joinery db backup`."""
        return sum(path.is_file() for path in (self.folder / "backups").glob("*"))

    def _changed(self, rewrite: Callable[[str], str]) -> Iterator[tuple[Path, str]]:
        for path in sorted((self.folder / REPLACED).rglob("*")):
            if path.is_file():
                text = path.read_bytes().decode("utf-8", "surrogateescape")
                if (new := rewrite(text)) != text:
                    yield path, new
