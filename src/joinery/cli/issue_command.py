"""`joinery issue list | show`: data problems that are open, for those who correct them in the HR system."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, Format, Out, connection, say, show_for_people, show_json
from joinery.cli.wording import SEVERITIES, moment, number
from joinery.errors import NotThere
from joinery.reports.tables import table
from joinery.store.findings import open_findings

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Open data problems.")

GROUPS = ("check", "severity=How bad", "problems", "people", "first_seen", "last_seen", "suggestion=What to do")
SINGLE = (
    "worker_id=Employee number",
    "attribute",
    "line",
    "message=What is wrong",
    "suggestion=What to do",
    "first_seen",
    "last_seen",
)


@app.command("list")
def list_issues(config: Config = DEFAULT_CONFIG, form: Format = "text", json: AsJson = False, out: Out = None) -> None:
    """Open problems by check, worst first.

    Example: joinery issue list --format xlsx --out issues.xlsx
    """
    found = _open(config)
    groups = [_group(each) for each in _by_check(found).values()]
    if json:
        show_json({"issues": groups})
        return
    if not groups and form == "text":
        print("No open issues. Every check runs again on the people whose data changed, at each run.")
        return
    rows = [
        (
            g["check"],
            SEVERITIES[g["severity"]],
            g["problems"],
            g["people"],
            _day(g["first_seen"]),
            _day(g["last_seen"]),
            g["suggestion"],
        )
        for g in groups
    ]
    show_for_people(table("Open issues", GROUPS, rows), form, out)
    if form == "text" and groups:
        say(f"Next: joinery issue show {groups[0]['check']}")


@app.command()
def show(
    check: Annotated[str, typer.Argument(help="The check's name, as `issue list` shows it.")],
    config: Config = DEFAULT_CONFIG,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many lines of text (0: all).")] = 50,
) -> None:
    """One check: who is affected, what is wrong, what to do.

    Example: joinery issue show duplicate_email --format csv
    """
    found = _open(config)
    mine = _by_check(found).get(check.replace(" ", "_").lower())
    if mine is None:
        raise NotThere(f"No issue of {check!r} is open.", fix="`joinery issue list` shows those that are.")
    if json:
        show_json({"issue": _group(mine), "findings": [_single(each) for each in mine]})
        return
    if form != "text":
        rows = [tuple(_single(each).values()) for each in mine]
        show_for_people(table(check, SINGLE, rows), form, out)
        return
    group = _group(mine)
    print(f"{check.replace('_', ' ').capitalize()}: {number(len(mine))} ({SEVERITIES[group['severity']]})")
    print(f"  What to do: {group['suggestion'] or 'look at each of them'}")
    print(f"  First seen {_moment(group['first_seen'])}, last seen {_moment(group['last_seen'])}.")
    for each in mine[: limit or None]:
        line = f" (line {each['line']})" if each["line"] else ""
        print(f"  {each['worker_id'] or 'the file'}{line}: {each['message']}")
    if limit and len(mine) > limit:
        say(f"The first {limit} of {number(len(mine))}. All of them: --limit 0, or --format csv")


def _open(config: Any) -> Sequence[dict[str, Any]]:
    with connection(config, quiet=True) as it, it.ports.database.read() as db:
        return open_findings(db, it.ports.policy.name)


def _by_check(found: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for each in found:
        groups.setdefault(each["check"], []).append(each)
    return groups


def _group(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "check": found[0]["check"],
        "severity": found[0]["severity"],
        "problems": len(found),
        "people": len({each["worker_id"] for each in found if each["worker_id"]}),
        "first_seen": min(each["first_seen"] for each in found),
        "last_seen": max(each["last_seen"] for each in found),
        "message": found[0]["message"],
        "suggestion": found[0]["suggestion"],
    }


def _single(each: dict[str, Any]) -> dict[str, Any]:
    names = ("worker_id", "attribute", "line", "message", "suggestion", "first_seen", "last_seen")
    return {name: each[name] for name in names}


def _moment(text: str) -> str:
    return moment(datetime.fromisoformat(text))


def _day(text: str) -> str:
    return text[:10]
