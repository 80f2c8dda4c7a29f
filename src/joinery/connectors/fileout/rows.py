"""Accounts -> the rows of import files. Pure. Machine feed: cells are raw, never opened in a spreadsheet by us."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from joinery.connectors.fileout.layout import Column, FilePlan, Layout, dated
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId


def contents(
    layout: Layout,
    before: Mapping[AccountId, Account],
    accounts: Sequence[Account],
    full: bool = True,
    *,
    today: date,
) -> Iterator[tuple[str, bytes, int]]:
    """(name, bytes, rows) of each file that has something to say; full files say all of what these accounts are."""
    known = {} if full else before
    year = {"year": str(today.year), "next_year": str(today.year + 1)}
    for plan in layout.files:
        many = [_most(plan, column, accounts) if plan.of == "users" else 1 for column in plan.columns]
        rows = [[dated(text, year) for text in row] for row in plan.rows]
        for values, account in _rows(plan, layout, known, accounts):
            rows.append(_cells(plan, many, {**year, **values}, account))
        if not rows and not full:
            continue
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=layout.delimiter, lineterminator=layout.line_end)
        if plan.header:
            writer.writerow(_headings(plan, many))
        writer.writerows(rows)
        yield plan.name, text.getvalue().encode(layout.encoding), len(rows)


def _most(plan: FilePlan, column: Column, accounts: Sequence[Account]) -> int:
    """So many columns are needed: one, or as many as somebody in the file has groups or courses."""
    return max((len(_each(plan, column, account)) for account in accounts), default=0) if column.each else 1


def _each(plan: FilePlan, column: Column, account: Account) -> list[dict[str, str]]:
    """What such a column is about: the groups or courses of this account, in an order that stays."""
    if column.each == "groups":
        return [{"group": group} for group in sorted(account.groups)]
    courses = list(_courses(account))
    return courses if plan.takes_back else [one for one in courses if one["assignment"] == "added"]


def _courses(account: Account) -> Iterator[dict[str, str]]:
    """Each course once, whatever its cycles; taken away only when none of them is open."""
    is_open: dict[str, bool] = {}
    for one in account.enrolments.values():
        name = str(one.requirement)
        is_open[name] = is_open.get(name, False) or one.state != "withdrawn"
    for name, still in is_open.items():
        yield {**course_values(name), "assignment": "added" if still else "removed"}


def course_values(name: str) -> dict[str, str]:
    """What columns may hold of a requirement such as `course:X`."""
    kind, _, code = name.partition(":")
    return {"requirement": code, "requirement_id": f"{kind}.{code}"}


def _headings(plan: FilePlan, many: Sequence[int]) -> list[str]:
    return [
        column.heading.replace("{n}", str(number + 1))
        for column, count in zip(plan.columns, many, strict=True)
        for number in range(count)
    ]


def _cells(plan: FilePlan, many: Sequence[int], values: Mapping[str, str], account: Account | None) -> list[str]:
    """A text for each column; what somebody has fewer of is empty."""
    cells: list[str] = []
    for column, count in zip(plan.columns, many, strict=True):
        if column.each and account is not None:
            found = [column.cell({**values, **one}) for one in _each(plan, column, account)]
            cells += found + [""] * (count - len(found))
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
) -> Iterator[tuple[Mapping[str, str], Account | None]]:
    """The values of each row, and whose it is when it is about one account."""
    match plan.of:
        case "courses":
            names = {str(one.requirement) for account in accounts for one in account.enrolments.values()}
            yield from ((course_values(name), None) for name in sorted(names))
        case "departments":
            names = {account.attributes.get("department", "") for account in accounts}
            yield from (({"department": name}, None) for name in sorted(names - {""}))
        case _:
            for account in accounts:
                was = known.get(account.id)
                yield from ((values, account) for values in _of_one(plan, layout, account, was))


def _of_one(plan: FilePlan, layout: Layout, account: Account, was: Account | None) -> Iterator[Mapping[str, str]]:
    person = _person(account)
    match plan.of:
        case "users":
            yield person
        case "groups":
            yield from _groups(person, account, was)
        case "assignments":
            yield from _assignments(person, account, was, layout.days)
        case "enrolments":
            for one in _courses(account):
                if one["assignment"] == "added":
                    yield {**person, **one, "enrolment_id": f"{account.id}.{one['requirement_id']}"}


def _person(account: Account) -> dict[str, str]:
    named = {"account_id": str(account.id), "person_key": account.external_id, "state": str(account.state)}
    return {**account.attributes, **named}


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
