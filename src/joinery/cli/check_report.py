"""What `check` found, as data for reports and programs. Rule: words about checks come from the catalogue."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from joinery.cli.wording import SEVERITIES, number, several
from joinery.core.hygiene.catalogue import CATALOGUE, explained
from joinery.core.model.finding import Finding, Severity
from joinery.reports.problems import Affected, Issue, Problems, Side, Twice

if TYPE_CHECKING:
    from joinery.flows.check import Checked, Group


def verdict(checked: Checked) -> str:
    """`9 issues in 4 groups, 61 people; 2 block them`, in numbers that can be acted on."""
    groups = [group for group in checked.groups if group.severity is not Severity.NOTE]
    notes = sum(1 for _ in checked.findings(Severity.NOTE))
    noted = f" ({several(notes, 'note')})" if notes else ""
    if not groups and not checked.rows:
        return f"headings only, and nobody in it{noted}."
    if not groups:
        return f"no issues{noted}."
    issues = sum(len(group.findings) for group in groups)
    people = frozenset[str]().union(*(group.people for group in groups))
    said = f"{several(issues, 'issue')} in {several(len(groups), 'group')}, {several(len(people), 'person', 'people')}"
    if not checked.errors:
        return f"{said}; none blocks anybody{noted}."
    return f"{said}; {number(checked.errors)} block{'s' if checked.errors == 1 else ''} them{noted}."


def problems(checked: Checked, made_at: str) -> Problems:
    """The report of one file."""
    return Problems(
        file=checked.name,
        made_at=made_at,
        verdict=verdict(checked),
        headline=_headline(checked),
        rows=checked.rows,
        blocking=checked.errors,
        warnings=checked.warnings,
        notes=sum(1 for _ in checked.findings(Severity.NOTE)),
        issues=[_issue(group) for group in checked.groups],
        pairs=list(_pairs(checked)),
        read=_read(checked),
        checks=len(CATALOGUE),
        accounts=checked.accounts,
    )


def _headline(checked: Checked) -> str:
    """Who is kept back, then what else is worth a look."""
    bad = frozenset[str]().union(*(g.people for g in checked.groups if g.severity in _BLOCKING))
    odd = frozenset[str]().union(*(g.people for g in checked.groups if g.severity is Severity.WARNING)) - bad
    look = f"{several(len(odd), 'person', 'people')}{' more' if bad else ''} {_are(odd)} worth a look"
    if bad:
        kept = f"{several(len(bad), 'person', 'people')} {_are(bad)} kept back until HR corrects the data"
        return f"{kept}; {look}." if odd else f"{kept}."
    if odd:
        return f"Nobody is kept back; {look}."
    return "Nothing is wrong with the people in this file." if not checked.errors else "Some lines cannot be used."


def _are(people: Collection[str]) -> str:
    return "is" if len(people) == 1 else "are"


_BLOCKING = frozenset({Severity.BLOCKER, Severity.QUARANTINE})


def _issue(group: Group) -> Issue:
    told, first = explained(group.check), group.findings[0]
    return Issue(
        check=group.check,
        title=told.title,
        severity=str(group.severity),
        how_bad=SEVERITIES[group.severity],
        column=group.column,
        people=len(group.people),
        why=told.why,
        what_to_do=first.suggestion,
        where=told.where,
        rows=[row for finding in group.findings for row in _rows(finding)],
    )


def _rows(finding: Finding) -> Iterator[Affected]:
    """One row for each person, so that the list can be sorted and handed on."""
    for worker_id in finding.about or ("",):
        line = finding.line if worker_id in ("", *finding.about[:1]) else None
        yield Affected(
            who=worker_id, line=line, message=finding.message, better=finding.better, accounts=finding.accounts
        )


def _pairs(checked: Checked) -> Iterator[Twice]:
    labels = _labels(checked.recognised)
    for pair in checked.pairs:
        left, right = checked.sides[pair.left], checked.sides[pair.right]
        sides = [Side(label=labels.get(name, name), left=left[name] or "", right=right[name] or "") for name in left]
        yield Twice(left=pair.left, right=pair.right, sure=pair.sure, agree=pair.agree, differ=pair.differ, sides=sides)


def _labels(recognised: Mapping[str, str]) -> dict[str, str]:
    """The file's own headings: that is what HR will look for."""
    return dict(recognised)


def _read(checked: Checked) -> dict[str, str]:
    read = {column: attribute.replace("_", " ") for attribute, column in checked.recognised.items()}
    return read | {column: f"not read ({why})" for column, why in checked.unread.items()}


def as_data(checked: Checked) -> dict[str, Any]:
    """The same for programs, complete."""
    return {
        "file": checked.name,
        "verdict": verdict(checked),
        "rows": checked.rows,
        "set_aside": checked.set_aside,
        "encoding": checked.encoding,
        "delimiter": checked.delimiter,
        "read_as": checked.read_as,
        "recognised": dict(checked.recognised),
        "not_read": dict(checked.unread),
        "accounts": checked.accounts,
        "errors": checked.errors,
        "warnings": checked.warnings,
        "groups": [_group_data(group) for group in checked.groups],
        "pairs": [
            {
                "left": pair.left,
                "right": pair.right,
                "sure": pair.sure,
                "bits": round(pair.bits, 1),
                "agree": list(pair.agree),
                "differ": list(pair.differ),
            }
            for pair in checked.pairs
        ],
    }


def _group_data(group: Group) -> dict[str, Any]:
    told = explained(group.check)
    return {
        "check": group.check,
        "title": told.title,
        "severity": str(group.severity),
        "attribute": group.attribute,
        "column": group.column,
        "people": len(group.people),
        "why": told.why,
        "where": told.where,
        "findings": [_finding_data(finding) for finding in group.findings],
    }


def _finding_data(finding: Finding) -> dict[str, Any]:
    return {
        "worker_ids": list(finding.about),
        "accounts": list(finding.accounts),
        "line": finding.line,
        "message": finding.message,
        "suggestion": finding.suggestion,
        "better": finding.better,
    }
