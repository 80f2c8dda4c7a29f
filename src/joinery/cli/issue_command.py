"""`joinery issue`: data problems with a number and an owner, for those who correct them in the HR system."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Annotated, Any, TypeAlias

import typer

from joinery.app.looking import acting
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, Format, Out, connection, say, show_for_people, show_json
from joinery.cli.wording import SEVERITIES, moment, number, several
from joinery.core.hygiene.catalogue import explained
from joinery.core.hygiene.issues import Issue, IssueState
from joinery.core.rules.disclosure import tells_of_an_end
from joinery.flows.issues import (
    Said,
    Told,
    assign_issue,
    list_issues,
    people_of,
    show_issue,
    snooze_issue,
    waive_issue,
)
from joinery.reports.tables import table

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Open data problems.")

Which: TypeAlias = Annotated[str, typer.Argument(metavar="ISSUE", help="Its number, like H-42, or its check.")]

LISTED = (
    "issue",
    "title=What",
    "severity=How bad",
    "people",
    "trend",
    "owner",
    "state",
    "first_seen",
    "last_seen",
    "suggestion=What to do",
)
AFFECTED = (
    "worker_id=Employee number",
    "attribute",
    "line",
    "message=What is wrong",
    "suggestion=What to do",
    "better=Suggested value",
    "first_seen",
    "last_seen",
)


@app.command("list")
def list_command(
    config: Config = DEFAULT_CONFIG,
    closed: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    owner: Annotated[str, typer.Option("--owner", help="Only those of this owner.")] = "",
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
) -> None:
    """Issues, worst first: what, how many people, who looks after it.

    Example: joinery issue list --owner IT --format xlsx --out issues.xlsx
    """
    with connection(config, quiet=True) as it:
        found = [_without_ends(told) for told in list_issues(it.ports, closed=closed, owner=owner)]
    if json:
        show_json({"issues": [issue_data(told) for told in found]})
        return
    if not found and form == "text":
        print("No open issues. Every check runs again on the people whose data changed, at each run.")
        return
    show_for_people(table("Issues", LISTED, [_listed(told) for told in found]), form, out)
    if form == "text":
        say(f"Next: joinery issue show {found[0].issue.number}")


def _without_ends(told: Told) -> Told:
    """How many they are is told, and not who."""
    return replace(told, findings=[f for f in told.findings if not tells_of_an_end(f["check"], f["attribute"])])


def _listed(told: Told) -> tuple[str | int, ...]:
    issue = told.issue
    suggestion = told.findings[0]["suggestion"] if told.findings else ""
    seen = issue.first_seen[:10], issue.last_seen[:10]
    kind = explained(issue.cause.check).title + (f": {issue.cause.reason}" if issue.cause.reason else "")
    return (
        issue.number, kind, SEVERITIES[issue.severity], issue.people, issue.trend, issue.owner, _state(issue), *seen,
        suggestion,
    )  # fmt: skip


def _state(issue: Issue) -> str:
    if issue.state is IssueState.SNOOZED:
        return f"snoozed until {f'more than {issue.above}' if issue.above is not None else issue.until}"
    return f"waived until {issue.until}" if issue.state is IssueState.WAIVED else str(issue.state)


@app.command()
def show(
    issue: Which,
    config: Config = DEFAULT_CONFIG,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many lines of text (0: all).")] = 50,
    confidential: Annotated[
        bool, typer.Option("--confidential", help="Also who has an end of employment far ahead.")
    ] = False,
) -> None:
    """One issue: what is wrong, why it matters, who is affected, what happened to it.

    Example: joinery issue show H-42 --format xlsx --out for-hr.xlsx
    """
    with connection(config, quiet=True, confidential=confidential) as it:
        told = show_issue(it.ports, issue)
    told = told if confidential else _without_ends(told)
    if json:
        history = [asdict(note) for note in told.history]
        show_json({"issue": issue_data(told), "history": history, "findings": [_finding(f) for f in told.findings]})
    elif form != "text":
        rows = [row for finding in told.findings for row in _affected(finding)]
        show_for_people(table(f"{told.issue.number} {told.issue.cause.check}", AFFECTED, rows), form, out)
    else:
        for line in _sentences(told, limit):
            print(line)
        if limit and len(told.findings) > limit:
            say(f"The first {limit} of {number(len(told.findings))}. All of them: --limit 0, or --format csv")


def _sentences(told: Told, limit: int) -> Iterator[str]:
    issue, text = told.issue, explained(told.issue.cause.check)
    reason = f": {issue.cause.reason}" if issue.cause.reason else ""
    yield f"{issue.number}  {text.title}{reason} ({SEVERITIES[issue.severity]})"
    if issue.state is IssueState.CLOSED:
        yield f"  Closed on {issue.closed_at[:10]}: nothing of it was found any more."
    else:
        yield f"  {several(issue.people, 'person', 'people')}, {issue.trend}; {_state(issue)}."
    yield f"  First seen {_moment(issue.first_seen)}, last seen {_moment(issue.last_seen)}."
    yield f"  Owner: {issue.owner or 'nobody yet (joinery issue assign)'}"
    if issue.by:
        yield f"  {issue.by} answers for it: {issue.why or 'no reason given'}"
    if text.why:
        yield f"  Why it matters: {text.why}"
    yield f"  What to do: {told.findings[0]['suggestion'] if told.findings else 'nothing'}"
    yield f"  Where: {text.where}"
    for note in told.history:
        yield f"  {_moment(note.at)}: {note.what}{f' ({note.by})' if note.by else ''}"
    for each in told.findings[: limit or None]:
        line = f" (line {each['line']})" if each["line"] else ""
        yield f"  {each['worker_id'] or 'the file'}{line}: {each['message']}"


@app.command()
def assign(issue: Which, owner: str, config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """Say who looks after it.

    Example: joinery issue assign H-42 anna
    """
    with connection(config, quiet=True) as it:
        changed = assign_issue(it.ports, issue, owner.strip(), acting())
    _done(changed, f"{changed.number} is {changed.owner}'s now.", json)


@app.command()
def snooze(
    issue: Which,
    until_worse: Annotated[bool, typer.Option("--until-worse", help="Until more people are affected.")] = False,
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="Until this day is over.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Keep it out of the way until it is worse, or until a day.

    Example: joinery issue snooze H-42 --until-worse
    """
    if until_worse == bool(until):
        raise typer.BadParameter("say either --until-worse or --until DATE", param_hint="--until")
    said = Said(by=acting(), why=reason, until=_day(until) if until else None, until_worse=until_worse)
    with connection(config, quiet=True) as it:
        changed = snooze_issue(it.ports, issue, said)
    _done(changed, f"{changed.number} is {_state(changed)}.", json)


@app.command()
def waive(
    issue: Which,
    reason: Annotated[str, typer.Option("--reason", help="Why it may stay as it is.")],
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="Up to and including this day.")],
    owner: Annotated[str, typer.Option("--owner", help="Who answers for it; you, when left out.")] = "",
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Answer for it by name, with a reason and an end. A waived blocker no longer locks `automatic`.

    Example: joinery issue waive H-42 --reason "two registers until May" --until 2027-05-31
    """
    if not reason.strip():
        raise typer.BadParameter("a waiver needs a reason", param_hint="--reason")
    said = Said(by=owner.strip() or acting(), why=reason.strip(), until=_day(until))
    with connection(config, quiet=True) as it:
        changed = waive_issue(it.ports, issue, said)
    _done(changed, f"{changed.number} is {_state(changed)}; {changed.by} answers for it.", json)


def _done(changed: Issue, sentence: str, json: bool) -> None:
    if json:
        show_json({"issue": issue_data(Told(issue=changed, history=(), findings=()))})
    else:
        print(sentence)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a day; write 2027-05-31", param_hint="--until") from error


def issue_data(told: Told) -> dict[str, Any]:
    """One issue for programs."""
    issue, text = told.issue, explained(told.issue.cause.check)
    return {
        "issue": issue.number,
        "check": issue.cause.check,
        "attribute": issue.cause.attribute,
        "source": issue.cause.source,
        "reason": issue.cause.reason,
        "title": text.title,
        "why": text.why,
        "where": text.where,
        "severity": issue.severity,
        "state": str(issue.state),
        "owner": issue.owner,
        "people": issue.people,
        "worker_ids": people_of(told.findings),
        "trend": issue.trend,
        "before": issue.before,
        "most": issue.most,
        "returned": issue.returned,
        "first_seen": issue.first_seen,
        "last_seen": issue.last_seen,
        "closed_at": issue.closed_at,
        "snoozed_above": issue.above,
        "until": issue.until.isoformat() if issue.until else "",
        "by": issue.by,
        "why_so": issue.why,
    }


def _finding(each: dict[str, Any]) -> dict[str, Any]:
    names = ("worker_id", "attribute", "line", "message", "suggestion", "better", "first_seen", "last_seen")
    return {name: each[name] for name in names} | {"worker_ids": people_of([each])}


def _affected(each: dict[str, Any]) -> Iterator[tuple[str | int | None, ...]]:
    """One row for each person, to hand on."""
    for at, worker_id in enumerate(people_of([each]) or [each["worker_id"]]):
        yield (
            worker_id, each["attribute"], None if at else each["line"], each["message"], each["suggestion"],
            each["better"], each["first_seen"][:10], each["last_seen"][:10],
        )  # fmt: skip


def _moment(text: str) -> str:
    return moment(datetime.fromisoformat(text))
