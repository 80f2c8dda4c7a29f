"""What `joinery check` found, as a report for people: a verdict, issues with what to do and where, pairs side by side.

Rule 1: data only; `render_problems` makes HTML of it and `books` the sheets. Values of people are shown here, and only
here: whoever asks for the report has the file it was made from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from joinery.reports.tables import Cell, Table, table


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """One row of an issue: whom it is about, where in the file, what was said, and what would be right."""

    who: str
    line: int | None
    message: str
    better: str = ""
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One kind of problem. `severity` is for machines, `how_bad` says what it does."""

    check: str
    title: str
    severity: str
    how_bad: str
    column: str
    people: int
    why: str
    what_to_do: str
    where: str
    rows: Sequence[Affected]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One attribute of a pair: both values, and whether they are the same."""

    label: str
    left: str
    right: str

    @property
    def same(self) -> bool:
        """Equal but for case and blanks, and not both empty."""
        return bool(self.left.strip()) and self.left.strip().casefold() == self.right.strip().casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Twice:
    """Two records that may be one person."""

    left: str
    right: str
    sure: str
    agree: Sequence[str]
    differ: Sequence[str]
    sides: Sequence[Side]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problems:
    """The whole report of one file. `read`: column -> what it was read as, or why it was not."""

    file: str
    made_at: str
    verdict: str
    #: the same as a sentence to begin with
    headline: str
    rows: int
    blocking: int
    warnings: int
    notes: int
    issues: Sequence[Issue]
    pairs: Sequence[Twice]
    read: Mapping[str, str]
    checks: int
    accounts: int | None = None


AFFECTED = (
    "severity=How bad",
    "check",
    "worker_id=Employee number",
    "line",
    "column",
    "message=What is wrong",
    "suggestion=What to do",
    "better=Suggested value",
    "accounts=Accounts",
)
_PAIRS = ("left=First number", "right=Second number", "sure=How sure", "agree=For it", "differ=Against it")


def affected(reports: Sequence[Problems]) -> Table:
    """Every row of every issue, so that the list can be sorted and handed on."""
    rows = [_row(issue, each) for report in reports for issue in report.issues for each in issue.rows]
    return table("Problems", AFFECTED, rows)


def _row(issue: Issue, each: Affected) -> tuple[Cell, ...]:
    told = each.message, issue.what_to_do, each.better, ", ".join(each.accounts)
    return issue.how_bad, issue.check, each.who, each.line, issue.column, *told


def books(reports: Sequence[Problems]) -> list[Table]:
    """An overview, pairs side by side, then a sheet for each issue."""
    overview = table(
        "Overview",
        ("title=Issue", "how_bad", "people", "rows", "column", "why=Why it matters", "todo=What to do", "where"),
        [
            (i.title, i.how_bad, i.people, len(i.rows), i.column, i.why, i.what_to_do, i.where)
            for report in reports
            for i in report.issues
        ],
    )
    sheets = [
        table(issue.title, AFFECTED, [_row(issue, each) for each in issue.rows])
        for report in reports
        for issue in report.issues
    ]
    return [overview, *(_side_by_side(report) for report in reports if report.pairs), *sheets]


def _side_by_side(report: Problems) -> Table:
    labels = [side.label for side in report.pairs[0].sides]
    columns = [*_PAIRS, *(f"{n}{side}={label}, {word}" for n, label in enumerate(labels) for side, word in _ENDS)]
    rows = [
        (
            p.left,
            p.right,
            p.sure,
            ", ".join(p.agree),
            ", ".join(p.differ),
            *(v for s in p.sides for v in (s.left, s.right)),
        )
        for p in report.pairs
    ]
    return table("Side by side", columns, rows)


_ENDS = (("left", "first"), ("right", "second"))
