"""What `joinery init` says: columns, sample people, matches, the first plan. Rule: read aloud, it makes sense to HR."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from joinery.app.first_contact import Begun, samples
from joinery.cli.check_report import verdict
from joinery.cli.common import say
from joinery.cli.wording import number, several
from joinery.core.mapping.recognition import UNKNOWN_HEADING, Column, Recognised, Sure
from joinery.flows.match import LEFT_OPEN, OTHER_NAME, Question
from joinery.flows.two_files import Matches, TwoFiles
from joinery.reports.render_text import as_text
from joinery.reports.tables import table

if TYPE_CHECKING:
    from joinery.core.mapping.asking import Answers, Seen

BADGE = "OBSERVE ONLY - nothing can be written"
#: rows shown of each kind of match
SHOWN = 3


def show_columns(two: TwoFiles, seen: Seen, files: tuple[Path, Path]) -> None:
    """Both files, and what each column is taken for."""
    for title, path, read, recognised, one, many in (
        ("HR", files[0], two.people, seen.people, "person", "people"),
        ("Learning system", files[1], two.accounts, seen.accounts, "account", "accounts"),
    ):
        count = several(read.frame.height, one, many)
        aside = f", {several(len(read.rejected), 'line')} cannot be read" if read.rejected else ""
        print(f"{title}: {path.name}, {count}{aside}")
        for line in _columns(recognised):
            print(f"  {line}")
        print()


def _columns(recognised: Recognised) -> Iterator[str]:
    read = [c for c in recognised.columns if c.attribute]
    width = max((len(c.name) for c in read), default=0)
    wide = max((len(c.attribute) for c in read), default=0)
    for column in read:
        doubt = f": {column.why}" if column.sure is Sure.DOUBTFUL else ""
        yield f"{column.name:<{width}}  {column.attribute:<{wide}}  {column.sure}{doubt}"
    unread = [c for c in recognised.columns if not c.attribute]
    if unread:
        yield from textwrap.wrap("not read: " + "; ".join(map(_unread, unread)), 108, subsequent_indent="  ")


def _unread(column: Column) -> str:
    plain = column.why == UNKNOWN_HEADING
    return column.name if plain else f"{column.name} ({column.why})"


def show_samples(two: TwoFiles, seen: Seen, answers: Answers) -> None:
    """Three people, as they will be read."""
    found = samples(two, seen, answers)
    if not found:
        return
    names = [name for name in found[0] if any(person[name] for person in found)]
    rows = [(name, *(person[name] for person in found)) for name in names]
    columns = ("attribute", *(f"person_{n}=Person {n}" for n in range(1, len(found) + 1)))
    print(as_text(table("The first people of the file, as they will be read", columns, rows)))


def show_matches(matches: Matches) -> None:
    """Who is who: numbers first, then rows to judge them by."""
    print("Who is who:")
    for count, what in (
        (matches.sure, _sure(matches)),
        (matches.likely, "likely: same e-mail, but another name; asked one by one"),
        (matches.unclear, "unclear: several fit, or number and e-mail disagree; asked one by one"),
        (matches.left_open, "open accounts of people who have left: asked one by one, a yes closes them"),
        (matches.only_there, "only in the learning system: nothing will happen to these"),
        (matches.new, "new: no account yet"),
    ):
        if count or what.startswith(("sure", "only", "new")):
            print(f"  {number(count):>7}  {what}")
    print()
    for title, rows in _evidence(matches.questions):
        shown = [_row(q) for q in rows[:SHOWN]]
        more = f" (the first {SHOWN} of {number(len(rows))})" if len(rows) > SHOWN else ""
        columns = ("worker_id=Number", "name=Name in HR", "email=E-mail", "account=Account", "its_number=Its number")
        print(as_text(table(f"{title}{more}", (*columns, "its_name=Its name", "reason=Why"), shown)))


def _sure(matches: Matches) -> str:
    return f"sure: {number(matches.by_number)} by employee number, {number(matches.by_email)} by e-mail"


def _evidence(questions: Sequence[Question]) -> Iterator[tuple[str, list[Question]]]:
    kinds = (
        ("Sure, by e-mail", [q for q in questions if q.sure]),
        ("Likely", [q for q in questions if q.reason == OTHER_NAME]),
        ("Unclear", [q for q in questions if not q.sure and q.reason not in {OTHER_NAME, LEFT_OPEN}]),
        ("Open accounts of people who have left", [q for q in questions if q.reason == LEFT_OPEN]),
    )
    return ((title, rows) for title, rows in kinds if rows)


def _row(q: Question) -> tuple[str, ...]:
    there = q.account.attributes
    its_name = f"{there.get('given_name', '')} {there.get('family_name', '')}".strip() or there.get("display_name", "")
    return (q.worker_id, q.name, q.email, q.account.id, q.account.worker_id, its_name, q.reason)


def show_end(begun: Begun) -> None:
    """The data check, the plan, the settings, and what to do next."""
    if begun.confirmed:
        print(f"{several(begun.confirmed, 'match', 'matches')} confirmed by e-mail.")
    print(f"Data check: {verdict(begun.check)}")
    print()
    if begun.plan is None:
        print(f"[{BADGE}] No plan: everybody is as they should be.")
    else:
        print(f"Plan {begun.plan.id}  [{BADGE}]")
        for line in _tiles(begun):
            print(f"  {line}")
    print()
    print(f"Settings written: {begun.config}")
    for line in next_steps(begun):
        say(line)


_WORDS = {
    "link": "accounts recognised",
    "create": "accounts to make",
    "update": "updates of account data",
    "group": "group memberships to give or take",
    "assign": "courses to assign",
    "withdraw": "courses to withdraw",
    "suspend": "accounts to close: they will lose access",
    "archive": "accounts to archive",
    "restore": "closed accounts to open again",
    "mail": "sign-in mails",
}


def _tiles(begun: Begun) -> Iterator[str]:
    plan = begun.plan
    if plan is None:
        return
    for action, words in _WORDS.items():
        count, held = plan.counts.get(action, 0), plan.held.get(action, 0)
        if count:
            waits = f", {number(held)} of them wait for an answer or a guard" if held else ""
            yield f"{number(count):>7}  {words}{waits}"
    if not plan.counts.get("mail"):
        yield f"{'0':>7}  mails"
    yield from (f"held: {guard.message}" for guard in plan.guards if guard.tripped)


def next_steps(begun: Begun) -> list[str]:
    """Commands that make sense now."""
    at = f" --config {begun.config}" if begun.config.parent != Path() else ""
    matches, steps = begun.matches, []
    if begun.plan is not None:
        steps.append(f"joinery plan show {begun.plan.id}{at}   every line, with its reason")
    if matches.likely or matches.unclear or matches.left_open or begun.confirmed < matches.by_email:
        steps.append(f"joinery match{at}   the matches that wait for a yes or no; answers can be taken back")
    if begun.check.errors or begun.check.warnings:
        steps.append(f"joinery issue list{at}   what is odd in HR's data")
    steps.append("Then put the learning system itself under `learning:` (docs/howto/two-files.md); answers are kept.")
    return ["Next:", *(f"  {step}" for step in steps)]


def as_data(begun: Begun, two: TwoFiles, seen: Seen) -> dict[str, Any]:
    """The same for programs."""
    from joinery.cli.plan_command import summary_data

    matches = begun.matches
    return {
        "config": str(begun.config),
        "mode": "observe",
        "people": two.people.frame.height,
        "accounts": two.accounts.frame.height,
        "columns": {"people": _column_data(seen.people), "accounts": _column_data(seen.accounts)},
        "matches": {
            "sure": matches.sure,
            "by_number": matches.by_number,
            "by_email": matches.by_email,
            "likely": matches.likely,
            "unclear": matches.unclear,
            "left_open": matches.left_open,
            "only_in_learning": matches.only_there,
            "new": matches.new,
        },
        "confirmed": begun.confirmed,
        "check": {"verdict": verdict(begun.check), "errors": begun.check.errors, "warnings": begun.check.warnings},
        "plan": summary_data(begun.plan) if begun.plan else None,
    }


def _column_data(recognised: Recognised) -> list[dict[str, str]]:
    return [{"column": c.name, "attribute": c.attribute, "sure": str(c.sure), "why": c.why} for c in recognised.columns]
