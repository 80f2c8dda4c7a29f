"""Looks how a connection stands and tells people, once for each trouble. Rule: what could not be sent is told again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from joinery.app.policy import expected_of
from joinery.app.wiring import Opened
from joinery.audit.managers import people_of
from joinery.core.hygiene.alerting import Alert, Quiet, Trouble, alerts
from joinery.core.hygiene.issues import Issue, IssueState
from joinery.core.model.codec import instant_text
from joinery.core.model.plan import PlanSummary
from joinery.flows.issues import list_issues
from joinery.flows.plan import PUSHES
from joinery.flows.policy import Policy, Ports
from joinery.flows.status import SourceState, Status, status
from joinery.flows.waiting_ends import CHECKS, WAIT
from joinery.settings import Settings
from joinery.settings.secret import Secret
from joinery.store.closings import ClosingRow, mark_told, to_tell
from joinery.store.plans import PUSHED
from joinery.store.schedules import begin, done, lease
from joinery.store.told import forget, remember, told_of
from joinery.store.waiting_ends import LANE

#: (addresses, title, text) -> whether everybody got it
Send = Callable[[Sequence[str], str, str], bool]
ENDS = "joinery report run deprovision --people"
#: what lets ends go that a limit keeps waiting
FREE = "joinery plan, joinery plan approve PLAN --override REASON, joinery apply PLAN --yes"
#: how troubles about one administrator begin
ADMINISTRATOR = "administrator:"
#: whose turn it is to tell, as a row of `schedules`; and when whoever has the turn counts as gone
TURN, STALE = "alerts", timedelta(minutes=10)
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
    """What is new, worse or over since the last time, each said once; what may wait is left out in quiet hours."""
    with ports.database.read() as connection:
        known = told_of(connection, ports.policy.name)
    found = list(troubles(settings, ports, now))
    quiet, local = quiet_of(settings), now.astimezone(ZoneInfo(settings.company.time_zone))
    said = []
    for alert in alerts(known, found, instant_text(now)):
        if quiet is None or not quiet.keeps(alert, local):
            said.append(_say(settings, alert, send))
            _remember(ports, said[-1], now)
    return said


def tell_in_turn(it: Opened, now: datetime, *, instant: datetime | None = None, send: Send = by_apprise) -> list[Said]:
    """As `tell`, unless another process is telling this moment, or told for this `instant` already: then nothing.

    Never raises for what is only not to be reached: it is told the next time.
    """
    database = it.ports.database
    due, me, name = instant or it.ports.now(), uuid4().hex, it.settings.name
    with database.write() as tx:
        begin(tx, name, TURN, due - timedelta(minutes=1))
        if not lease(tx, name, TURN, due, me, patience=STALE):
            return []
    outcome = "stopped"
    try:
        said = tell(it.settings, it.ports, now, send)
        outcome = f"{len(said)} messages"
    finally:
        with database.write() as tx:
            done(tx, name, TURN, due, me, outcome)
    return said


def quiet_of(settings: Settings) -> Quiet | None:
    """The hours in which `low` waits."""
    wanted = settings.alerts.quiet
    return Quiet(begin=wanted.begin, end=wanted.end, weekends=wanted.weekends) if wanted else None


def troubles(settings: Settings, ports: Ports, now: datetime) -> Iterator[Trouble]:
    """Everything that somebody should be told now. Numbers and names of things, no person."""
    found = status(ports, expected_of(settings), now)
    yield from _of_sources(found)
    yield from _of_ends(ports, found.now)
    issues = [told.issue for told in list_issues(ports)]
    for issue in issues:
        if issue.state is IssueState.OPEN and (trouble := _of_issue(issue, ports.policy)):
            yield trouble
    yield from _of_target(found)
    told = {issue.cause.check for issue in issues}
    for plan in found.plans:
        if plan.state == "waiting" and not only_for_a_limit(plan, told):
            title = f"Plan {plan.id} waits for approval: {sum(plan.counts.values())} lines"
            yield Trouble(key=plan.id, route="low", title=title, next_step=f"joinery plan show {plan.id}")


def _of_issue(issue: Issue, policy: Policy) -> Trouble | None:
    """What keeps people back, or lets people in who are to be out."""
    who = people_of(issue.people)
    title = f"{issue.number} {issue.cause.check.replace('_', ' ')}: {who}"
    step, route = f"joinery issue show {issue.number}", "high"
    match issue.cause.check:
        case "pushed_ends_wait":
            title = f"Access does not end of {who} pushed as gone: "
            title += f"the limit of {policy.push_per_hour} an hour is used up"
            step = f"{step}; to let them go: {FREE}"
        case "ends_held":
            title = f"Access does not end of {who} said to be gone: a guard or the lane's limit holds it"
            step = f"{step}; to let them go: {FREE}"
        case "needs_you":
            title = f"{issue.number} needs you: something could not be done for {who}"
            route = "low"
        case _ if issue.severity not in {"blocker", "quarantine"}:
            return None
        case _:
            route = "high" if issue.severity == "blocker" else "low"
    return Trouble(key=issue.number, route=route, title=title, size=max(issue.people, 1), next_step=step)


def only_for_a_limit(plan: PlanSummary, told: Set[str]) -> bool:
    """Whether nothing of this plan waits but ends of access, of which an issue tells already."""
    if plan.cause.startswith(PUSHED):
        # what else it holds is in the plan of the next run too
        return WAIT in told
    limits = {guard.guard: guard.count for guard in plan.guards if guard.tripped}
    ends = plan.counts.get("suspend", 0)
    whole = plan.held == plan.counts or limits.get(LANE, 0) + limits.get(PUSHES, 0) == ends
    return bool(told & CHECKS) and set(plan.counts) == {"suspend"} and bool(limits) and whole


def _of_sources(found: Status) -> Iterator[Trouble]:
    for source in found.sources:
        if source.state in LOUD:
            key = f"source:{source.name}:{source.state}"
            # why a file is not believed may quote from it, and a file without headings begins with a person
            why = f" {source.why}" if source.state is SourceState.LATE else ""
            title = f"{source.state}: {source.name}.{why}"
            yield Trouble(key=key, route="high", title=title, next_step="joinery status")
        if source.state is SourceState.PAUSED:
            key, title = f"source:{source.name}:Paused", f"Paused: {source.name}. {source.why}"
            yield Trouble(key=key, route="low", title=title, next_step="joinery schedule resume")


def _of_target(found: Status) -> Iterator[Trouble]:
    """Nothing is written while it rests or is paused: ends of access neither."""
    target = found.target
    if target.tripped:
        title = "The learning system fails again and again; calls to it rest in between"
        yield Trouble(key="target:resting", route="high", title=title, next_step="joinery target status")
    if target.paused:
        title = f"Calls to the learning system are paused by {target.paused_by}"
        yield Trouble(key="target:paused", route="low", title=title, next_step="joinery target resume")


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
        title = f"Access of {people_of(over)} was to end more than {within} ago and is not seen to be closed"
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


def _remember(ports: Ports, said: Said, at: datetime) -> None:
    """Message by message, so that whoever dies in the middle repeats one at most."""
    alert = said.alert
    if not (said.sent or said.nobody):
        return
    name = ports.policy.name
    with ports.database.write() as connection:
        if alert.kind == "solved":
            forget(connection, name, alert.key)
        else:
            remember(connection, name, alert.key, alert.told)
        if alert.key.startswith(ADMINISTRATOR):
            theirs = alert.key.removeprefix(ADMINISTRATOR)
            rows = [row for row in to_tell(connection, name) if row.protected and row.key == theirs]
            mark_told(connection, name, rows, at)
