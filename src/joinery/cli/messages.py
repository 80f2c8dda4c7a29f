"""Error -> sentence and exit code, in one place. What is not ours is a bug: it gets a number to quote, no traceback."""

from __future__ import annotations

import json
import sys
import traceback

from joinery.errors import JoineryError


def show_error(error: JoineryError, *, as_json: bool) -> int:
    """Say what happened and what to do; the exit code of `docs/reference/exit-codes.md`."""
    if as_json:
        body = {"code": error.code, "message": error.message, "fix": error.fix, "data": error.data}
        print(json.dumps({"version": 1, "error": body}, default=str), file=sys.stdout)
    print(f"Stopped: {error.message}", file=sys.stderr)
    if error.fix:
        print(f"  What to do: {error.fix}", file=sys.stderr)
    print(f"  ({error.code}, see docs/reference/errors.md)", file=sys.stderr)
    return error.exit_code


def show_bug(error: BaseException) -> int:
    """Nothing we foresaw. The trace names places, never values."""
    where = traceback.extract_tb(error.__traceback__)
    print(f"A mistake in Joinery itself: {type(error).__name__}.", file=sys.stderr)
    for frame in where[-3:]:
        print(f"  {frame.filename}:{frame.lineno} in {frame.name}", file=sys.stderr)
    print("  What was recorded stays recorded; the next run goes on from there.", file=sys.stderr)
    return 1
