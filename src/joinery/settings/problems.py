"""What is wrong with a settings file, and where. Rule: a problem never carries the text of a secret.

Problems are collected, sorted by place and raised together as one `ConfigError`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from joinery.errors import ConfigError

_MOST_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A spot in a file, both numbers from 1; line 0 when the value came from an environment variable."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """`key` is the path of the key, e.g. `people.fields.worker_id`; empty for the whole file."""

    place: Place
    key: str = ""
    message: str = ""

    def __str__(self) -> str:
        return f"{self.place} {self.key}: {self.message}" if self.key else f"{self.place} {self.message}"


@dataclass(slots=True, kw_only=True)
class Problems:
    """Collects problems while a file is read."""

    found: list[Problem] = field(default_factory=list)

    def add(self, place: Place, key: str, message: str) -> None:
        """Remember one problem; the same one twice counts once."""
        problem = Problem(place=place, key=key, message=message)
        if problem not in self.found:
            self.found.append(problem)

    def stop_if_any(self, file: str) -> None:
        """Raise one ConfigError that lists everything found so far, in the order of the file."""
        if self.found:
            raise as_error(file, self.found)


def as_error(file: str, found: Iterable[Problem]) -> ConfigError:
    """The one error for all problems; `data["problems"]` has file, line, column, key and message of each."""
    ordered = sorted(found, key=lambda problem: (problem.place.file != file, problem))
    shown = [f"  {problem}" for problem in ordered[:_MOST_SHOWN]]
    if len(ordered) > _MOST_SHOWN:
        shown.append(f"  and {len(ordered) - _MOST_SHOWN} more")
    count = "1 problem" if len(ordered) == 1 else f"{len(ordered)} problems"
    return ConfigError(
        message=f"{count} in the settings {file}; nothing was read and nothing was written.\n"
        + "\n".join(shown)
        + "\n",
        fix="Correct the file, then run `joinery config validate`.",
        data={
            "file": file,
            "problems": [
                {
                    "file": problem.place.file,
                    "line": problem.place.line,
                    "column": problem.place.column,
                    "key": problem.key,
                    "message": problem.message,
                }
                for problem in ordered
            ],
        },
    )


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """`; did you mean x?` to append to a sentence, or nothing when nothing is near."""
    by_lower = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean {by_lower[near[0]]}?" if near else ""


def one_of(choices: Sequence[str]) -> str:
    """`a, b or c`."""
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"


_LOGIN_IN_ADDRESS = re.compile(r"://[^/\s@]*@")


def found(value: object) -> str:
    """What was found, for a message: short, on one line, and with no login inside an address."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            text = _LOGIN_IN_ADDRESS.sub("://…@", " ".join(value.split()))
            return f'"{text[:40]}…"' if len(text) > 40 else f'"{text}"'
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return "something else"
