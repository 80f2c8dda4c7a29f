"""Training records that look wrong. Rule 1: they are kept and delivered as they are; somebody should look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from joinery.core.model.finding import Finding, Severity


def check_record(flags: Sequence[str], course: str, worker_id: str, account_id: str) -> Iterator[Finding]:
    """What the flags of one record mean; an account whose ID is an address is not named."""
    whose = worker_id or ("" if "@" in account_id else f"account {account_id}")
    if "unknown_person" in flags:
        yield _finding(
            "completion_unknown_person",
            whose,
            f"The record of {course} is of an account that belongs to nobody HR knows.",
            "Say whose the account is (joinery match); the record then goes to HR.",
        )
    if "refused" in flags:
        yield _finding(
            "completion_refused",
            whose,
            f"HR's table cannot hold the record of {course}; all others arrive.",
            "`joinery completions list` says which column; make it one that holds it, or correct the record.",
        )
    if "before_hire" in flags:
        yield _finding(
            "completion_before_hire",
            whose,
            f"{course} was completed before the first day.",
            "Nothing, if it is of an earlier employment; otherwise correct the date in the learning system.",
        )
    if "future" in flags:
        yield _finding(
            "completion_in_future",
            whose,
            f"{course} was completed on a day that has not come.",
            "Correct the date in the learning system.",
        )


def _finding(check: str, whose: str, message: str, suggestion: str) -> Finding:
    return Finding(
        check=check,
        severity=Severity.WARNING,
        message=message,
        worker_id=whose,
        attribute="completion",
        suggestion=suggestion,
    )
