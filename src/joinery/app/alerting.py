"""Looks how a connection stands and tells people, once for each trouble. Rule: what could not be sent is told again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from joinery.app.policy import expected_of
from joinery.core.hygiene.alerting import Alert, Told, Trouble, alerts
from joinery.core.hygiene.issues import IssueState
from joinery.core.model.codec import instant_text
from joinery.flows.issues import list_issues
from joinery.flows.policy import Ports
from joinery.flows.status import SourceState, Status, status
from joinery.settings import Settings
from joinery.settings.secret import Secret
from joinery.store.closings import ClosingRow, mark_told, to_tell
from joinery.store.connections import load_state, save_state

#: (addresses, title, text) -> whether everybody got it
Send = Callable[[Sequence[str], str, str], bool]
ENDS = "joinery report run deprovision --people"
#: how troubles about one administrator begin
ADMINISTRATOR = "administrator:"
LOUD = (SourceState.LATE, SourceState.FAILING, SourceState.NEEDS_YOU)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message, and whether it left; `nobody`: no address is set for its route."""

    alert: Alert
    sent: bool
    nobody: bool = False


def by_apprise(addresses: Sequence[str], title: str, text: str) -> bool:
    """Every address of every service that Apprise knows; False when one did not take it."""
    from apprise import Apprise

    post = Apprise()
    known = [post.add(address) for address in addresses]
    return all(known) and bool(post.notify(title=title, body=text))


def tell(settings: Settings, ports: Ports, now: datetime, send: Send = by_apprise) -> list[Said]:
    """What is new, worse or over since the last time, each said once."""
    with ports.database.read() as connection:
        extra = load_state(connection, ports.policy.name).extra
    known = {key: Told(**told) for key, told in extra.get("alerts", {}).items()}
    found = list(troubles(settings, ports, now))
    said = [_say(settings, alert, send) for alert in alerts(known, found, instant_text(now))]
    _remember(ports, known, said, now)
    return said


def troubles(settings: Settings, ports: Ports, now: datetime) -> Iterator[Trouble]:
    """Everything that somebody should be told now. Numbers and names of things, no person."""
    found = status(ports, expected_of(settings), now)
    yield from _of_sources(found)
    yield from _of_ends(ports, found.now)
    for told in list_issues(ports):
        issue = told.issue
        if issue.state is IssueState.OPEN and issue.severity in {"blocker", "quarantine"}:
            title = f"{issue.number} {issue.cause.check.replace('_', ' ')}: {issue.people} people"
            route = "high" if issue.severity == "blocker" else "low"
            step = f"joinery issue show {issue.number}"
            yield Trouble(key=issue.number, route=route, title=title, size=max(issue.people, 1), next_step=step)
    for plan in found.plans:
        if plan.state == "waiting":
            title = f"Plan {plan.id} waits for approval: {sum(plan.counts.values())} lines"
            yield Trouble(key=plan.id, route="low", title=title, next_step=f"joinery plan show {plan.id}")


def _of_sources(found: Status) -> Iterator[Trouble]:
    for source in found.sources:
        if source.state in LOUD:
            key = f"source:{source.name}:{source.state}"
            # why a file is not believed may quote from it, and a file without headings begins with a person
            why = f" {source.why}" if source.state is SourceState.LATE else ""
            title = f"{source.state}: {source.name}.{why}"
            yield Trouble(key=key, route="high", title=title, next_step="joinery status")


def _of_ends(ports: Ports, now: datetime) -> Iterator[Trouble]:
    """Access that was to end: each administrator alone and at once, everybody else together when the limit is over."""
    within = ports.policy.close_within
    with ports.database.read() as connection:
        rows = to_tell(connection, ports.policy.name)
    for row in rows:
        if row.protected:
            late = row.times.breach(within, now)
            title = f"An administrator was to lose access: employee {row.worker_id}, account {row.account_id}. "
            title += _clock(row) + (f" The limit of {within} is over." if late else "")
            size = 2 if late else 1
            yield Trouble(key=f"{ADMINISTRATOR}{row.key}", route="high", title=title, size=size, next_step=ENDS)
    over = sum(row.times.breach(within, now) for row in rows if not row.protected and row.times.closed_at is None)
    if over:
        title = f"Access of {over} people was to end more than {within} ago and is not seen to be closed"
        yield Trouble(key="access:late", route="high", title=title, size=over, next_step=ENDS)


def _clock(row: ClosingRow) -> str:
    since = f"{row.times.ended_at:%Y-%m-%d %H:%M} UTC"
    if row.times.closed_at is not None:
        return f"It is seen to be closed ({row.detail}); it was to end {since}."
    return f"It is NOT seen to be closed; the clock runs since {since}."


def _say(settings: Settings, alert: Alert, send: Send) -> Said:
    addresses = routes(settings)[alert.told.route]
    if not addresses:
        return Said(alert=alert, sent=False, nobody=True)
    text = f"{alert.told.title}\nSince {alert.told.since[:16].replace('T', ' ')} UTC.\n"
    text += f"Look with: {alert.next_step}\n" if alert.next_step else "Nothing needs to be done.\n"
    title = f"[{settings.company.name}] {alert.subject}"[:120]
    return Said(alert=alert, sent=send([address.reveal() for address in addresses], title, text))


def routes(settings: Settings) -> Mapping[str, Sequence[Secret]]:
    """Where each kind of message goes; without addresses for one it goes to the other's."""
    high, low = settings.alerts.high, settings.alerts.low
    return {"high": high or low, "low": low or high}


def _remember(ports: Ports, known: Mapping[str, Told], said: Sequence[Said], at: datetime) -> None:
    now: dict[str, Any] = {key: asdict(told) for key, told in known.items()}
    for each in said:
        if not (each.sent or each.nobody):
            continue
        if each.alert.kind == "solved":
            now.pop(each.alert.key, None)
        else:
            now[each.alert.key] = asdict(each.alert.told)
    if said:
        with ports.database.write() as connection:
            told = {key.removeprefix(ADMINISTRATOR) for key in now if key.startswith(ADMINISTRATOR)}
            rows = [row for row in to_tell(connection, ports.policy.name) if row.protected and row.key in told]
            mark_told(connection, ports.policy.name, rows, at)
            state = load_state(connection, ports.policy.name)
            save_state(connection, ports.policy.name, replace(state, extra={**state.extra, "alerts": now}))
