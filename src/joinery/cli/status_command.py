"""`joinery status`: one verdict, then what is fresh, open, held or waiting. Rule: the verdict names the next step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import typer

from joinery.app import clock
from joinery.app.keys import keys_of
from joinery.app.policy import expected_of
from joinery.cli.common import DEFAULT_CONFIG, AsJson, AsOf, Config, connection, counted, instant, say, show_json
from joinery.cli.key_command import as_data as key_data
from joinery.cli.key_command import sentence as key_sentence
from joinery.cli.target_command import as_data as target_data
from joinery.cli.target_command import node_data
from joinery.cli.target_command import sentence as target_sentence
from joinery.cli.wording import SEVERITIES, age, moment, number, several, unconfirmed
from joinery.flows.status import SourceState, SourceStatus, Status, status
from joinery.store.nodes import NodeRow

app = typer.Typer(rich_markup_mode=None)

ALL_GOOD_NEXT = "joinery check FILE looks at a file before it is read"
#: mails somebody should know about; the rest is history
OPEN_MAILS = ("planned", "waiting", "sending", "unknown", "failed")
#: seconds from which on a silence is told in minutes
_MINUTES = 120
OPEN_RECORDS = {"waiting": "waiting", "on_its_way": "on their way", "unknown_person": "of unknown people"}


@app.command()
def main(config: Config = DEFAULT_CONFIG, as_of: AsOf = None, json: AsJson = False) -> None:
    """One verdict, then what is fresh, open, held or waiting.

    Examples: joinery status | joinery status --json
    """
    at = instant(as_of) or clock.now()
    with connection(config, quiet=True) as it:
        found = status(it.ports, expected_of(it.settings), at)
        mode, keys = it.settings.mode, [key for key in keys_of(it.settings) if key.soon(at)]
    said, following = verdict(found)
    if following == ALL_GOOD_NEXT and (first := next((key for key in keys if key.urgent(at)), None)):
        said, following = f"A key needs you: {key_sentence(first, at)}.", "joinery key show"
    if json:
        show_json({**as_data(found, mode), "verdict": said, "keys": [key_data(key, at) for key in keys]})
        return
    print(said)
    for line in (*sentences(found, mode), *(key_sentence(key, at) for key in keys)):
        print(f"  {line}")
    say(f"Next: {following}")


def verdict(found: Status) -> tuple[str, str]:
    """The one thing to know, and the command to type."""
    if found.target.paused or found.target.tripped:
        return f"The learning system: {target_sentence(found.target)}", "joinery target status"
    order = (SourceState.NEEDS_YOU, SourceState.FAILING, SourceState.LATE, SourceState.PAUSED, SourceState.NOT_SET_UP)
    worst = min(
        (each for each in found.sources if each.state in order), key=lambda s: order.index(s.state), default=None
    )
    if worst is not None:
        return _trouble(worst)
    if found.ends.late or found.ends.protected:
        what = several(found.ends.open, "account")
        return f"{what} still open whose owner's access was to end.", "joinery report run deprovision --people"
    if found.ends_waiting:
        what = several(found.ends_waiting, "end") + " of access"
        return f"{what} waiting: a limit is used up.", "joinery issue list"
    if found.plans:
        plan = found.plans[0]
        if plan.state == "approved":
            return f"Plan {plan.id} is approved and has not run.", f"joinery apply {plan.id} --yes"
        lines = several(sum(plan.counts.values()), "line")
        return f"Plan {plan.id} waits for approval ({lines}).", f"joinery plan show {plan.id}"
    return _open_things(found)


def _trouble(source: SourceStatus) -> tuple[str, str]:
    match source.state:
        case SourceState.NOT_SET_UP:
            return f"Nothing has been read from {source.name} yet.", "joinery check, then joinery sync"
        case SourceState.PAUSED:
            return f"Paused: {source.name}. {source.why}", "joinery schedule resume"
        case SourceState.LATE:
            return f"Late: {source.name}. {source.why}", "see that HR's export runs, then joinery sync"
        case _:
            return f"{source.state}: {source.name}. {source.why}", "joinery issue list"


def _open_things(found: Status) -> tuple[str, str]:
    bad = {state: found.lines.get(state, 0) for state in ("needs_you", "failed", "held") if found.lines.get(state)}
    if bad:
        words = {"needs_you": "need you", "failed": "failed", "held": "are held"}
        said = ", ".join(f"{number(count)} {words[state]}" for state, count in bad.items())
        return f"Done, but of the lines of plan {found.lines_of} {said}.", f"joinery plan show {found.lines_of}"
    if found.needs_you:
        said = f"{several(found.needs_you, 'person needs', 'people need')} you: something could not be done for them."
        return said, "joinery issue show needs_you"
    if unknown := found.mails.get("unknown"):
        return f"{several(unknown, 'mail')} may or may not have arrived.", "joinery mail list"
    if kept := found.issues.get("quarantine"):
        return f"All is done but for {several(kept, 'data problem')} that keep people back.", "joinery issue list"
    times = [s.last_good.as_of for s in found.sources if s.last_good]
    last = f" Last HR data {moment(max(times))}." if times else ""
    return f"All good.{last}", ALL_GOOD_NEXT


def sentences(found: Status, mode: str) -> Iterator[str]:
    """What stands behind the verdict; what there is none of is said too, since silence is no proof."""
    if found.at_work is not None:
        since = age(datetime.fromisoformat(found.at_work["heartbeat_at"]), found.now.astimezone(UTC))
        yield f"a run is at work: process {found.at_work['pid']} on {found.at_work['host']}, last heard {since} ago"
    yield from _processes(found)
    for source in found.sources:
        yield _source(source, found.now)
    if found.target.paused or found.target.tripped:
        yield f"learning system: {target_sentence(found.target)}"
    yield "people: " + (_counted(found.people) or "nobody yet")
    yield "accounts: " + (_counted(found.accounts) or "none known yet")
    severities = {SEVERITIES[name]: count for name, count in found.issues.items()}
    yield "data problems: " + (_counted(severities) or "none open")
    if found.needs_you:
        yield f"people for whom something could not be done: {number(found.needs_you)}"
    if said := _ends(found):
        yield said
    if found.ends_waiting:
        yield f"access to end, kept waiting because a limit is used up: {number(found.ends_waiting)}"
    yield "plans: " + (", ".join(f"{p.id} {p.state}" for p in found.plans) or "none waits") + f" (mode {mode})"
    if found.lines:
        yield f"lines of {found.lines_of}: " + _counted(found.lines)
    yield from _on_the_way(found)
    yield _run(found)


def _processes(found: Status) -> Iterator[str]:
    """Who would take up work now: the servers and workers of this connection, and those that went silent."""
    there = [node for node in found.alive if node.kind != "run"]
    for node in there:
        yield f"{_process(node)}, since {node.started_at[:16].replace('T', ' ')} UTC, last heard {_ago(node)} ago"
    for node in found.silent:
        yield f"silent: {_process(node)}, last heard {_ago(node)} ago; what it had begun is others' by now"
    if not there:
        yield "processes: no joinery serve or worker is there; runs begin when somebody or a timer starts them"


def _process(node: NodeRow) -> str:
    return f"joinery {node.kind}: process {node.pid} on {node.host}"


def _ago(node: NodeRow) -> str:
    return f"{node.silent:.0f} s" if node.silent < _MINUTES else several(int(node.silent // 60), "minute")


def _on_the_way(found: Status) -> Iterator[str]:
    """What was handed to somebody else: files, mails, records."""
    if told := unconfirmed(found.told.confirmed_by, found.told.unconfirmed):
        yield f"import files: {told}"
    if mails := _counted({name: found.mails.get(name, 0) for name in OPEN_MAILS}):
        yield f"sign-in mails: {mails}"
    if records := _counted({word: found.completions.get(name, 0) for name, word in OPEN_RECORDS.items()}):
        yield f"training records: {records}"


def _source(source: SourceStatus, now: datetime) -> str:
    good = source.last_good
    if good is None or source.data_of is None:
        return f"{source.name}: {source.state}. {source.why}"
    facts = f"{good.name}, {several(good.rows, 'row')}, data of {moment(source.data_of)}"
    why = f". {source.why}" if source.why else ""
    return f"{source.name}: {source.state}; {facts}, {age(source.data_of, now)} old{why}"


def _ends(found: Status) -> str:
    """The clock of access that was to end; empty when all of it is seen to be closed."""
    ends = found.ends
    if ends.since is None:
        return ""
    told = f"access to end, not seen closed yet: {ends.open}, the clock runs since {age(ends.since, found.now)}"
    told += f", {ends.late} over the limit of {ends.within}" if ends.late else f" (limit {ends.within})"
    return told + (f"; {several(ends.protected, 'administrator')} among them" if ends.protected else "")


def _run(found: Status) -> str:
    run = found.last_run
    if run is None:
        return "last run: none yet"
    ended = f", ended {moment(datetime.fromisoformat(run['ended_at']))}" if run["ended_at"] else ""
    words = {"done": "done", "partial": "done, something open", "running": "did not come to its end"}
    return f"last run: {run['id']} {words.get(run['state'], run['state'])}{ended}"


def _counted(numbers: Mapping[str, int]) -> str:
    return counted([(count, name.replace("_", " ")) for name, count in numbers.items()])


def as_data(found: Status, mode: str) -> dict[str, Any]:
    """The same for programs."""
    said, following = verdict(found)
    return {
        "verdict": said,
        "next": following,
        "as_of": found.now.isoformat(),
        "mode": mode,
        "sources": [_source_data(source, found.now) for source in found.sources],
        "people": dict(found.people),
        "unconfirmed": {"lines": found.told.unconfirmed, "confirmed_by": found.told.confirmed_by},
        "accounts": dict(found.accounts),
        "issues": dict(found.issues),
        "plans": [{"id": p.id, "state": p.state, "lines": p.counts, "held": p.held} for p in found.plans],
        "needs_you": found.needs_you,
        "lines": {"plan": found.lines_of, **found.lines} if found.lines_of else {},
        "mails": dict(found.mails),
        "completions": dict(found.completions),
        "last_run": {key: found.last_run[key] for key in ("id", "kind", "state", "started_at", "ended_at", "summary")}
        if found.last_run
        else None,
        "at_work": dict(found.at_work) if found.at_work else None,
        "processes": [
            {**node_data(node), "silent_seconds": round(node.silent, 1), "alive": node in found.alive}
            for node in (*found.alive, *found.silent)
        ],
        "target": target_data(found.target),
        "ends": {
            "open": found.ends.open,
            "late": found.ends.late,
            "protected": found.ends.protected,
            "waiting": found.ends_waiting,
            "since": found.ends.since.isoformat() if found.ends.since else None,
            "within_seconds": int(found.ends.within.total_seconds()),
        },
    }


def _source_data(source: SourceStatus, now: datetime) -> dict[str, Any]:
    good = source.last_good
    return {
        "name": source.name,
        "state": str(source.state),
        "why": source.why,
        "file": good.name if good else None,
        "rows": good.rows if good else 0,
        "data_of": source.data_of.isoformat() if source.data_of else None,
        "age_seconds": int((now - source.data_of).total_seconds()) if source.data_of else None,
    }
