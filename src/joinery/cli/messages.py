"""Error -> sentence and exit code, in one place. What is not ours is a bug: it gets a place to quote, no traceback."""

from __future__ import annotations

import errno
import json
import sys
import traceback
from typing import Any

from joinery.errors import JoineryError, NoRoom, StopRun


def show_error(error: JoineryError, *, as_json: bool) -> int:
    """Say what happened and what to do; the exit code of `docs/reference/exit-codes.md`."""
    found = str(error.data.get("code", ""))
    if as_json:
        body = {"code": error.code, "message": error.message, "fix": error.fix, "data": error.data}
        _print_json(body)
    print(f"Stopped: {error.message}", file=sys.stderr)
    if error.fix:
        print(f"  What to do: {error.fix}", file=sys.stderr)
    where = f"{found}, see docs/reference/checks.md" if found else f"{error.code}, see docs/reference/errors.md"
    print(f"  ({where})", file=sys.stderr)
    return error.exit_code


def show_usage(error: Any, *, as_json: bool) -> int:
    """One line for a command that was typed wrongly; the help for a group that was named alone. Ends with 2."""
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":
        print(message, file=sys.stderr)
        return 2
    typed = getattr(getattr(error, "ctx", None), "command_path", "joinery")
    if as_json:
        _print_json({"code": "wrong_usage", "message": message, "fix": f"{typed} --help", "data": {}})
    sentence = message.replace("\n", " ").rstrip(".")
    print(f"{typed}: {sentence}. Help: {typed} --help", file=sys.stderr)
    return int(error.exit_code)


def foreseen(error: BaseException) -> JoineryError | None:
    """What others raise and is no mistake of ours: a store away, a disk full, a folder not ours. None for the rest."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        where = f" ({error.filename})" if error.filename else ""
        return NoRoom(
            f"There is no room left on the disk{where}. What was recorded before is safe; "
            "a file that was being written is not whole.",
            fix="Make room, then run the same command again.",
        )
    if isinstance(error, OSError) and error.errno in {errno.EACCES, errno.EPERM, errno.EROFS} and error.filename:
        return StopRun(
            f"{error.filename} may not be used by whoever runs Joinery here: {error.strerror}. "
            "What was recorded before is safe.",
            fix="Give that user the right to it, or make the folder it is to be in; then run the same command again.",
        )
    if type(error).__module__.startswith("sqlalchemy"):
        from joinery.store.trouble import trouble_of  # whoever raised it has loaded the library already

        return trouble_of(error)
    return None


def show_bug(error: BaseException, *, as_json: bool) -> int:
    """Nothing we foresaw. The trace names places, never values."""
    where = traceback.extract_tb(error.__traceback__)
    said = f"A mistake in Joinery itself: {type(error).__name__}."
    if as_json:
        places = [f"{frame.filename}:{frame.lineno}" for frame in where[-3:]]
        _print_json({"code": "bug", "message": said, "fix": "", "data": {"at": places}})
    print(said, file=sys.stderr)
    for frame in where[-3:]:
        print(f"  {frame.filename}:{frame.lineno} in {frame.name}", file=sys.stderr)
    print("  What was recorded stays recorded; the next run goes on from there.", file=sys.stderr)
    return 1


def _print_json(body: dict[str, Any]) -> None:
    print(json.dumps({"version": 1, "error": body}, ensure_ascii=False, default=str))
