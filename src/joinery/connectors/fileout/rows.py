"""Accounts -> the rows of import files. Pure. Machine feed: cells are raw, never opened in a spreadsheet by us."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence

from joinery.connectors.fileout.layout import Column, FilePlan, Layout
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId


def contents(
    layout: Layout, before: Mapping[AccountId, Account], accounts: Sequence[Account], full: bool = True
) -> Iterator[tuple[str, bytes, int]]:
    """(name, bytes, rows) of each file that has something to say; full files say all of what these accounts are."""
    known = {} if full else before
    for plan in layout.files:
        many = [_most(column, accounts) if plan.of == "users" else 1 for column in plan.columns]
        rows = [_cells(plan, many, values) for values in _rows(plan, layout, known, accounts)]
        rows = [list(row) for row in plan.rows] if plan.of == "fixed" else rows
        if not rows and not full:
            continue
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=layout.delimiter, lineterminator=layout.line_end)
        if plan.header:
            writer.writerow(_headings(plan, many))
        writer.writerows(rows)
        yield plan.name, text.getvalue().encode(layout.encoding), len(rows)


def _most(column: Column, accounts: Sequence[Account]) -> int:
    """So many columns are needed: one, or as many as somebody in the file has groups or courses."""
    return max((len(_held(account)[column.each]) for account in accounts), default=0) if column.each else 1


def _held(account: Account) -> dict[str, list[str]]:
    open_ones = (one for one in account.enrolments.values() if one.state != "withdrawn")
    courses = dict.fromkeys(str(one.requirement).partition(":")[2] for one in open_ones)
    return {"groups": sorted(account.groups), "courses": list(courses)}


def _headings(plan: FilePlan, many: Sequence[int]) -> list[str]:
    return [
        column.heading.replace("{n}", str(number + 1))
        for column, count in zip(plan.columns, many, strict=True)
        for number in range(count)
    ]


def _cells(plan: FilePlan, many: Sequence[int], values: Mapping[str, str]) -> list[str]:
    """A text for each column; what somebody has fewer of is empty."""
    cells: list[str] = []
    for column, count in zip(plan.columns, many, strict=True):
        if column.each:
            cells += [values.get(f"{column.each}.{number}", "") for number in range(count)]
        else:
            cells.append(column.cell(values))
    return cells


def packed(name: str, files: Iterable[tuple[str, bytes, int]]) -> Iterator[tuple[str, bytes, int]]:
    """All files in one archive, under their own names; the same files give the same bytes."""
    out, total = io.BytesIO(), 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for inner, content, rows in files:
            archive.writestr(zipfile.ZipInfo(inner, date_time=(1980, 1, 1, 0, 0, 0)), content)
            total += rows
    yield name, out.getvalue(), total


def _rows(
    plan: FilePlan, layout: Layout, known: Mapping[AccountId, Account], accounts: Sequence[Account]
) -> Iterator[Mapping[str, str]]:
    for account in accounts:
        was, person = known.get(account.id), _person(account)
        match plan.of:
            case "users":
                yield person
            case "groups":
                yield from _groups(person, account, was)
            case "assignments":
                yield from _assignments(person, account, was, layout.days)


def _person(account: Account) -> dict[str, str]:
    named = {"account_id": str(account.id), "person_key": account.external_id, "state": str(account.state)}
    held = {f"{kind}.{n}": text for kind, texts in _held(account).items() for n, text in enumerate(texts)}
    return {**account.attributes, **named, **held}


def _groups(person: dict[str, str], account: Account, was: Account | None) -> Iterator[Mapping[str, str]]:
    had = was.groups if was else frozenset()
    for group in sorted(account.groups - had):
        yield {**person, "group": group, "membership": "added"}
    for group in sorted(had - account.groups):
        yield {**person, "group": group, "membership": "removed"}


def _assignments(
    person: dict[str, str], account: Account, was: Account | None, days: str
) -> Iterator[Mapping[str, str]]:
    had = was.enrolments if was else {}
    for key, enrolment in account.enrolments.items():
        if had.get(key) == enrolment:
            continue
        yield {
            **person,
            "requirement": str(enrolment.requirement).partition(":")[2],
            "requirement_key": key,
            "due": enrolment.due_on.strftime(days) if enrolment.due_on else "",
            "assignment": "removed" if enrolment.state == "withdrawn" else "added",
        }
