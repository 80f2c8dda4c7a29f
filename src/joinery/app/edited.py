"""Takes over what somebody edits in the settings while a process serves, between two runs; what cannot be used is said.

Rule: a process works by one configuration at a time. For another one everything is closed and opened anew, and where
that fails the former one is opened again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final

from joinery.app.beside import beside
from joinery.app.wiring import Opened
from joinery.errors import ConfigError, JoineryError, StopRun
from joinery.settings import Settings, load
from joinery.store.connections import at_work

#: seconds between two looks at the files; what is found twice alike is no half-written file
LOOK: Final = 2.0
REFUSED: Final = "The settings were edited and cannot be used; everything goes on with the former ones."
_Signature = tuple[tuple[str, int, int], ...]


class NotOpened(Exception):
    """Settings that can be read, and not be worked by."""

    def __init__(self, why: JoineryError) -> None:
        super().__init__(why.message)
        self.why = why


@dataclass(slots=True, kw_only=True)
class Edits:
    """Looks at the files of the settings in force. `say` gets a line for whoever watches."""

    settings: Settings
    environ: Mapping[str, str]
    say: Callable[[str], None]
    #: the version that could not be worked by: not tried again until it is another
    refused: str = ""
    #: what is wrong with the files as they are; empty: nothing
    trouble: str = field(default="", init=False)
    #: what the files say now, where that is something else
    new: Settings | None = None
    _files: tuple[Path, ...] = ()
    _before: _Signature | None = None
    _known: _Signature | None = None

    def __post_init__(self) -> None:
        self.trouble = "they could not be worked by" if self.refused else ""
        self._files = _files_of(self.settings)

    def look(self) -> Settings | None:
        """Other settings than those in force, if the files hold some that can be read."""
        now = tuple(map(_stamp, self._files))
        if now == self._known:
            return self.new
        self.new = None
        if now != self._before:
            self._before = now
            return None
        self._known = now
        try:
            found = self._read()
        except ConfigError as error:
            self._complain(error)
            return None
        if found.version_hash == self.refused:
            return None
        if self.trouble:
            self.say("The settings can be used again.")
        self.trouble = ""
        if found.version_hash != self.settings.version_hash:
            self.say("The settings were edited; they are taken over as soon as no run is at work.")
            self.new = found
        return self.new

    def _read(self) -> Settings:
        """The files as they are. What is edited while they are read is known to be another state of them."""
        while True:
            now = tuple(map(_stamp, self._files))
            found = load(self.settings.file, environ=self.environ)
            files = _files_of(found)
            if files == self._files:
                self._known = self._before = now
                return found
            self._files = files

    def _complain(self, error: ConfigError) -> None:
        self.trouble = error.message
        self.say(f"{REFUSED} {error.message}")


def _files_of(settings: Settings) -> tuple[Path, ...]:
    """Each file, and each folder that one of them lies in: a rule file may come to it."""
    folder = settings.folder
    files = {settings.file, *(folder / name for name in settings.written().files)}
    return tuple(sorted({*files, *(file.parent for file in files)}))


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), found.st_mtime_ns, found.st_size


@contextmanager
def taking_over(it: Opened, edits: Edits, end: Callable[[], None]) -> Iterator[None]:
    """While this is open: `end` is called once other settings are there to be taken over, and no run is at work."""
    stop = Event()

    def keep() -> None:
        while not stop.wait(LOOK):
            try:
                if edits.look() is not None and not _running(it):
                    end()
                    return
            except (JoineryError, OSError) as error:
                edits.say(f"No look at the settings ({type(error).__name__}); it is tried again.")

    with beside(keep, stop, "joinery-settings"):
        yield


def _running(it: Opened) -> bool:
    with it.ports.database.read() as connection:
        return at_work(connection, it.ports.policy.name) is not None


def one_after_the_other(
    first: Settings, work: Callable[[Settings, str], Settings | None], say: Callable[[str], None]
) -> None:
    """`work` by these settings, then by those that it returns, until it returns None.

    It is told which version could not be worked by, and raises NotOpened where it cannot begin: then it works by the
    former settings again. Raises ConfigError or StopRun when the first cannot be worked by.
    """
    now, former, refused = first, None, ""
    while True:
        try:
            following = work(now, refused)
        except NotOpened as error:
            if former is None:
                raise error.why from error
            say(f"{REFUSED} {error.why.message}")
            now, former, refused = former, None, now.version_hash
            continue
        if following is None:
            return
        now, former, refused = following, now, ""


@contextmanager
def beginning() -> Iterator[None]:
    """What fails here was never begun."""
    try:
        yield
    except (ConfigError, StopRun) as error:
        raise NotOpened(error) from error
