"""How commands change configuration files: written where they may be, else shown as a patch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from joinery.cli.common import say
from joinery.settings import load
from joinery.settings.file_edits import patch_of, writable, write
from joinery.settings.map_edit import FileEdit

Patch: Any = Annotated[bool, typer.Option("--patch", help="Show the change as a patch and write nothing.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of the edits: `written` files, or a `patch` that somebody has to apply."""

    written: tuple[Path, ...] = ()
    patch: str = ""
    asked: bool = False

    @property
    def data(self) -> dict[str, Any]:
        """For programs."""
        return {"written": [str(path) for path in self.written], "patch": self.patch}

    def tell(self, done: str) -> None:
        """For people: the patch goes to stdout, alone."""
        if self.patch:
            print(self.patch, end="")
            why = "" if self.asked else " These files are not ours to write here."
            say(f"Nothing was written.{why} The change is a patch for git apply, or patch -p1.")
        elif self.written:
            print(done)
            say(f"Written: {', '.join(str(path) for path in self.written)}")
        else:
            print("It says so already; nothing was written.")


def keep_edits(file: Path, edits: Sequence[FileEdit], *, patch: bool) -> Kept:
    """Write the edits, or give the patch. What was written must load from `file`; else all is as it was before."""
    changed = [edit for edit in edits if not edit.nothing]
    if changed and (patch or not writable(changed)):
        return Kept(patch=patch_of(changed, file.parent), asked=patch)
    write(changed)
    try:
        load(file, environ=os.environ)
    except BaseException:
        write([FileEdit(path=edit.path, before=edit.after, after=edit.before) for edit in changed])
        raise
    return Kept(written=tuple(edit.path for edit in changed))
