"""What an account of the drop server sees: one flat folder to put files into, and nothing else of this machine.

Rule 1: a name is one part long and is opened relative to the folder, never through a link; so there is no way out.
Rule 2: a file has its name only once the sender has closed it whole.
"""

from __future__ import annotations

import os
import posixpath
import secrets
import stat
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import asyncssh
from asyncssh import SFTPAttrs, SFTPName, SFTPServer

from joinery.connectors.sftp.folder import is_safe

#: names under which senders put what is not whole yet
UNFINISHED: Final = (".part", ".tmp", ".partial", ".filepart")
_OWN: Final = ".upload"
_FOLDER: Final = SFTPAttrs(permissions=stat.S_IFDIR | 0o700, size=0, uid=0, gid=0, atime=0, mtime=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One source that may be sent to. Limits in bytes; `rename`: only unfinished names may be opened."""

    source: str
    user: str
    folder: Path
    keys: tuple[str, ...]
    rename: bool = False
    largest: int = 500_000_000
    room: int = 5_000_000_000
    sessions: int = 4
    idle: float = 300.0


@dataclass(slots=True)
class _Upload:
    file: BinaryIO
    name: str
    temporary: str
    #: bytes that came, and how far they reach: less than that means a hole
    came: int = 0
    reaches: int = 0
    #: a write failed; clients close politely after that
    spoiled: bool = False


class Box(SFTPServer):
    """The folder of one account, for one session."""

    def __init__(
        self, channel: Any, account: Account, arrived: Callable[[str, str], None], touch: Callable[[], None]
    ) -> None:
        super().__init__(channel)
        self._account = account
        self._arrived = arrived
        self._touch = touch
        account.folder.mkdir(parents=True, exist_ok=True)
        self._folder = os.open(account.folder, os.O_RDONLY | os.O_DIRECTORY)

    def exit(self) -> None:
        """The session is over."""
        os.close(self._folder)

    # ---------------------------------------------------------------- names

    def _name(self, path: bytes) -> str:
        """The one part of the path; empty for the folder itself. Raises for anything that is not a name in it."""
        self._touch()
        try:
            text = posixpath.normpath(posixpath.join("/", path.decode("utf-8"))).strip("/")
        except UnicodeDecodeError as error:
            raise asyncssh.SFTPNoSuchFile("names are UTF-8") from error
        if text and (not is_safe(text) or text.startswith(".") or len(text.encode()) > 200):
            raise asyncssh.SFTPNoSuchFile("there is one folder here, and plain names in it")
        return text

    def _file_name(self, path: bytes) -> str:
        name = self._name(path)
        if not name:
            raise asyncssh.SFTPPermissionDenied("that is the folder")
        return name

    def _look(self, name: str) -> os.stat_result:
        """A plain file of the folder; what is a link or anything else is not there."""
        try:
            found = os.stat(name, dir_fd=self._folder, follow_symlinks=False)
        except OSError as error:
            raise asyncssh.SFTPNoSuchFile("no such file") from error
        if not stat.S_ISREG(found.st_mode):
            raise asyncssh.SFTPNoSuchFile("no such file")
        return found

    def _exists(self, name: str) -> bool:
        with suppress(OSError):
            os.stat(name, dir_fd=self._folder, follow_symlinks=False)
            return True
        return False

    def realpath(self, path: bytes) -> bytes:
        """The folder is the root."""
        return b"/" + self._name(path).encode()

    # ---------------------------------------------------------------- putting a file there

    def open(self, path: bytes, pflags: int, attrs: SFTPAttrs) -> object:
        """A new upload, under a name of ours until it is closed."""
        name = self._file_name(path)
        if pflags & (asyncssh.FXF_READ | asyncssh.FXF_APPEND) or not pflags & asyncssh.FXF_WRITE:
            raise asyncssh.SFTPPermissionDenied("files are put here, not read or continued")
        if self._account.rename and not name.lower().endswith((*UNFINISHED, ".done")):
            raise asyncssh.SFTPPermissionDenied(f"put it as {name}.part, then rename it to {name}")
        if pflags & asyncssh.FXF_EXCL and self._exists(name):
            raise asyncssh.SFTPFailure("there is such a file")
        if self._used() >= self._account.room:
            raise asyncssh.SFTPFailure("there is no room left; what lies here was not taken yet")
        temporary = f".{name[:120]}.{secrets.token_hex(6)}{_OWN}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        handle = os.open(temporary, flags, 0o600, dir_fd=self._folder)
        return _Upload(file=os.fdopen(handle, "wb"), name=name, temporary=temporary)

    def open56(self, path: bytes, desired_access: int, flags: int, attrs: SFTPAttrs) -> object:
        """Only version 3 is spoken."""
        raise asyncssh.SFTPOpUnsupported("SFTP version 3 only")

    def _used(self) -> int:
        with os.scandir(self._folder) as entries:
            return sum(entry.stat(follow_symlinks=False).st_size for entry in entries)

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """As much as fits."""
        self._touch()
        upload = _upload(file_obj)
        end = offset + len(data)
        if upload.spoiled:
            raise asyncssh.SFTPFailure("a part of the file did not arrive")
        upload.spoiled = True
        if end > self._account.largest:
            raise asyncssh.SFTPFailure(f"a file may have {self._account.largest} bytes here")
        upload.file.seek(offset)
        upload.file.write(data)
        upload.came += len(data)
        upload.reaches = max(upload.reaches, end)
        upload.spoiled = False
        return len(data)

    def close(self, file_obj: object) -> None:
        """Closed by the sender: whole, on the disk, under its name at once. Closed by a broken line: gone."""
        upload = _upload(file_obj)
        # asyncssh closes what is open while it handles the end of a session (2.24); a sender's close is no error
        broken = sys.exception() is not None
        try:
            upload.file.flush()
            os.fsync(upload.file.fileno())
        finally:
            upload.file.close()
        if broken or upload.spoiled or upload.came < upload.reaches:
            os.unlink(upload.temporary, dir_fd=self._folder)
            if not broken:
                raise asyncssh.SFTPFailure("a part of the file did not arrive")
            return
        os.rename(upload.temporary, upload.name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        self._settled(upload.name)

    def _settled(self, name: str) -> None:
        os.fsync(self._folder)
        if not name.lower().endswith(UNFINISHED):
            self._arrived(self._account.source, name)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Within the folder, and over nothing."""
        new = self._file_name(newpath)
        if self._exists(new):
            raise asyncssh.SFTPFailure("there is such a file")
        self._renamed(self._file_name(oldpath), new)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Within the folder; what had the name goes."""
        self._renamed(self._file_name(oldpath), self._file_name(newpath))

    def _renamed(self, old: str, new: str) -> None:
        self._look(old)
        os.rename(old, new, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        self._settled(new)

    def remove(self, path: bytes) -> None:
        """Only what was not finished."""
        name = self._file_name(path)
        if not name.lower().endswith(UNFINISHED):
            raise asyncssh.SFTPPermissionDenied("what arrived stays")
        self._look(name)
        os.unlink(name, dir_fd=self._folder)

    # ---------------------------------------------------------------- looking

    async def scandir(self, path: bytes) -> AsyncIterator[SFTPName]:
        """The plain files."""
        if self._name(path):
            raise asyncssh.SFTPNoSuchFile("there is one folder here")
        for dots in (b".", b".."):
            yield SFTPName(dots, attrs=_FOLDER)
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False) and not entry.name.startswith("."):
                    yield SFTPName(entry.name.encode(), attrs=_attrs(entry.stat(follow_symlinks=False)))

    def lstat(self, path: bytes) -> SFTPAttrs:
        """A file's size and time, or the folder."""
        name = self._name(path)
        return _attrs(self._look(name)) if name else _FOLDER

    def stat(self, path: bytes) -> SFTPAttrs:
        """No link is followed."""
        return self.lstat(path)

    def fstat(self, file_obj: object) -> SFTPAttrs:
        """Of an upload."""
        return _attrs(os.fstat(_upload(file_obj).file.fileno()))

    def fsync(self, file_obj: object) -> None:
        """To the disk."""
        _upload(file_obj).file.flush()

    # ---------------------------------------------------------------- what is not to be had

    def setstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        """Times and rights are ours; many clients set them, so that is not an error. A size is."""
        self._look(self._file_name(path))
        if attrs.size is not None:
            raise asyncssh.SFTPPermissionDenied("what arrived stays")

    def lsetstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        """As `setstat`."""
        self.setstat(path, attrs)

    def fsetstat(self, file_obj: object, attrs: SFTPAttrs) -> None:
        """As `setstat`."""
        if attrs.size is not None:
            raise asyncssh.SFTPPermissionDenied("a file is as long as what was sent")

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """Nothing is read here."""
        raise asyncssh.SFTPPermissionDenied("files are put here, not read")

    def mkdir(self, path: bytes, attrs: SFTPAttrs) -> None:
        """One folder."""
        raise asyncssh.SFTPPermissionDenied("there is one folder here")

    def rmdir(self, path: bytes) -> None:
        """One folder."""
        raise asyncssh.SFTPPermissionDenied("there is one folder here")

    def readlink(self, path: bytes) -> bytes:
        """No links."""
        raise asyncssh.SFTPPermissionDenied("there are no links here")

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        """No links."""
        raise asyncssh.SFTPPermissionDenied("there are no links here")

    def link(self, oldpath: bytes, newpath: bytes) -> None:
        """No links."""
        raise asyncssh.SFTPPermissionDenied("there are no links here")

    def statvfs(self, path: bytes) -> Any:
        """The disk is ours to know."""
        raise asyncssh.SFTPOpUnsupported("not here")

    def fstatvfs(self, file_obj: object) -> Any:
        """The disk is ours to know."""
        raise asyncssh.SFTPOpUnsupported("not here")


def _upload(file_obj: object) -> _Upload:
    if not isinstance(file_obj, _Upload):
        raise asyncssh.SFTPFailure("not an upload")
    return file_obj


def _attrs(found: os.stat_result) -> SFTPAttrs:
    """Size and time; owner and rights are not the sender's business."""
    mode, size = stat.S_IFREG | 0o600, found.st_size
    return SFTPAttrs(permissions=mode, size=size, uid=0, gid=0, atime=int(found.st_mtime), mtime=int(found.st_mtime))


def sweep(folder: Path) -> int:
    """Removes uploads that a killed server left unfinished; how many."""
    left = [path for path in folder.glob(f".*{_OWN}") if path.is_file()] if folder.is_dir() else []
    for path in left:
        path.unlink()
    return len(left)
