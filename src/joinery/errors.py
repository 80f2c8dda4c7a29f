"""The whole error tree. Rule 1: the docstring of each class is its default message. Rule 2: IDs only, no personal data.

Errors are sorted by recovery: what the run, and the person at the keyboard, can do next.
Faces (`cli`, later `web`) turn the type into an exit code; the numbers are those of `docs/reference/exit-codes.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(eq=False)
class JoineryError(Exception):
    """Something went wrong inside Joinery; nothing more is known."""

    #: what happened, in one sentence; the class docstring when empty
    message: str = ""
    #: what to do now, in one sentence
    fix: str = ""
    #: field name -> value (IDs, paths, counts), for `--json` and logs
    data: dict[str, object] = field(default_factory=dict)

    exit_code = 1

    def __post_init__(self) -> None:
        self.message = self.message or (type(self).__doc__ or "").strip()
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".strip()

    @property
    def code(self) -> str:
        """Stable snake-case name of the error, for machines and the docs."""
        name = type(self).__name__
        return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


class ConfigError(JoineryError):
    """The configuration is not valid; nothing was read and nothing was written."""

    exit_code = 7


class ConditionError(ConfigError):
    """A condition in a rule cannot be understood."""


class StopRun(JoineryError):
    """The run cannot go on safely; what was done so far is recorded."""

    exit_code = 6


class AuthenticationFailed(StopRun):
    """The other system does not accept our credentials."""


class SystemUnreachable(StopRun):
    """The other system cannot be reached."""


class HostKeyRefused(StopRun):
    """The other machine did not prove that it is the one in the settings; nothing was sent to it."""


class KeyUnusable(StopRun):
    """A key of ours cannot be used; the files that need it wait where they are."""


class BadAnswer(StopRun):
    """The other system answered with something that does not add up; nothing was believed."""


class NoRoom(StopRun):
    """There is no room left on the disk; what was recorded before is safe."""


class StoreTrouble(StopRun):
    """The store cannot do its work; what was recorded before is safe."""


class StoreUnreachable(StoreTrouble):
    """The store cannot be reached, or is busy; what was recorded before is safe."""


class StoreFull(StoreTrouble):
    """There is no room left where the store is; what was recorded before is safe."""


class PlanChanged(StopRun):
    """The plan is not the one that was approved, or it has expired."""

    exit_code = 9


class SourceUntrusted(StopRun):
    """The data that arrived is not trusted; yesterday's facts stay in force and nobody is touched."""

    exit_code = 5


class ApprovalNeeded(StopRun):
    """The plan waits for somebody to approve it; nothing was applied."""

    exit_code = 5


class AsOfRefused(StopRun):
    """Writing for this moment is refused."""

    exit_code = 2


class RunLocked(StopRun):
    """Another run of this connection is at work."""

    exit_code = 8


class AnswerNeeded(JoineryError):
    """Something is in doubt and nobody can be asked here; nothing was written."""

    exit_code = 2


class ErasureRefused(JoineryError):
    """Somebody cannot be erased now; nothing was erased."""

    exit_code = 5


class NotPermitted(JoineryError):
    """This is for named people only; nothing was shown and nothing was written."""

    exit_code = 6


class NotThere(JoineryError):
    """There is no such thing here."""

    exit_code = 2


@dataclass(eq=False)
class TryAgain(JoineryError):
    """The other system asked us to come back later."""

    after: timedelta | None = None


class StepFailed(JoineryError):
    """One step failed for one person; the rest goes on."""


class Rejected(StepFailed):
    """The other system said no to this one change."""


class Conflict(StepFailed):
    """Somebody changed this account since the plan was made; it was left alone."""


class NotFound(StepFailed):
    """The account is not there any more."""


class UnsafePlan(JoineryError):
    """A guard objects; a person must look before anything is written."""

    exit_code = 5


class MatchRefused(JoineryError):
    """Whose account it is cannot be answered like this; nothing was recorded."""

    exit_code = 2
