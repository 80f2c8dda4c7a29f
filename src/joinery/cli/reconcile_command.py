"""`joinery reconcile`: read all accounts again, say what is not as it should be, and make a plan. Applies nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from joinery.cli.common import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    Format,
    Out,
    Quiet,
    connection,
    say,
    show_for_people,
    show_json,
)
from joinery.cli.plan_command import summary_data, summary_lines
from joinery.cli.wording import number, several
from joinery.core.model.account import Account
from joinery.flows.drift import KEPT, Drift
from joinery.flows.person import now_of
from joinery.flows.policy import Ports
from joinery.flows.reconcile import Reconciled, reconcile
from joinery.reports.tables import Table, table
from joinery.store.accounts import Accounts
from joinery.store.matches import some_of_nobody

app = typer.Typer(rich_markup_mode=None)
COLUMNS = (
    "kind",
    "worker_id=Worker ID",
    "account_id=Account ID",
    "what",
    "was=Was",
    "there=Is there",
    "should=Should be",
    "happens=What happens",
    "why",
)
Row = tuple[str, str, str, str, str, str, str, str, str]
SHOWN = (1, 2, 3, 4, 5, 6, 7, 8)
LIMIT = 20


@app.command()
def main(
    config: Config = DEFAULT_CONFIG,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
    quiet: Quiet = False,
    accept_missing: Annotated[
        bool, typer.Option("--accept-missing", help="Many linked accounts are not shown: they really are gone.")
    ] = False,
) -> None:
    """Read all accounts of the learning system again, compare, and plan against what is really there.

    Examples: joinery reconcile | joinery reconcile --format xlsx --out differences.xlsx

    Applies nothing. Ends with 0 (in step, or the next run puts it right), 4 (something needs a person), 5 (the plan
    waits for an approval) or 6 (the reading stopped).
    """
    with connection(config, quiet=quiet or json) as it:
        found = reconcile(it.ports, now_of(it.ports), accept_missing=accept_missing)
        if json:
            show_json(_data(found))
        elif form != "text":
            show_for_people(_table(found, it.ports), form, out)
        else:
            _tell(found, it.ports)
    raise typer.Exit(found.exit_code)


def _tell(found: Reconciled, ports: Ports) -> None:
    print(verdict(found))
    read = several(found.read, "account")
    print(f"  {read} read; {number(found.linked)} are somebody's, {number(found.same)} as last seen")
    for line in (*_gone(found), *_clashes(found), *_back(found), *_orphans(found, ports), *_doubles(found)):
        print(line)
    if found.drift:
        _tell_drift(found)
    if found.plan is not None:
        for line in summary_lines(found.plan):
            print(line)
        say(f"Next: joinery plan show {found.plan.id}")


def verdict(found: Reconciled) -> str:
    """One sentence."""
    if found.doubted:
        return (
            f"{several(found.doubted, 'linked account was', 'linked accounts were')} not shown: too many to believe. "
            "Nothing was concluded from it."
        )
    if found.gone:
        whose = several(len(found.gone), "person has", "people have")
        return f"{whose} no account any more: nothing is written for them until somebody has looked."
    if found.clashes:
        return f"Somebody must look at {several(len(found.clashes), 'account')}."
    if found.drift:
        return f"{several(len(found.drift), 'thing was', 'things were')} changed in the learning system itself."
    if not found.linked and found.plan is None:
        return "Read. No account is linked to anybody yet."
    return "In step: every account is as last seen." if found.plan is None else "Read; there is something to do."


def _gone(found: Reconciled) -> Iterator[str]:
    if found.doubted:
        yield "  Does the account used for reading still see everybody? If they really are gone:"
        yield "  joinery reconcile --accept-missing"
    if found.gone:
        gone = several(len(found.gone), "account is", "accounts are")
        yield f"  {gone} gone from the learning system. None is made anew:"
        yield from (f"    {each.account_id} of {each.worker_id}" for each in found.gone[:LIMIT])
        first = found.gone[0]
        yield f"    They have another one: joinery match confirm {first.worker_id} ACCOUNT"
        yield f'    Make a new one: joinery match reject {first.worker_id} {first.account_id} --reason "deleted by …"'


def _clashes(found: Reconciled) -> Iterator[str]:
    if found.clashes:
        yield f"  {several(len(found.clashes), 'account contradicts', 'accounts contradict')} what Joinery remembers:"
    for clash in found.clashes[:LIMIT]:
        owner = f" of {clash.worker_id}" if clash.worker_id else ""
        yield f"    {clash.account_id}{owner} {clash.why}"


def _back(found: Reconciled) -> Iterator[str]:
    if found.back:
        yield f"  there again: {', '.join(found.back[:LIMIT])}"


def _orphans(found: Reconciled, ports: Ports) -> Iterator[str]:
    if found.orphans:
        nobodys = several(found.orphans, "account belongs", "accounts belong")
        yield f"  {nobodys} to nobody from HR; nothing happens to them"
        with ports.database.read() as db:
            first = some_of_nobody(db, ports.policy.target, 5)
        yield f"    {', '.join(first)}{' …' if found.orphans > len(first) else ''}"
        yield "    all of them: joinery accounts --orphans    those that may be somebody's: joinery match"


def _doubles(found: Reconciled) -> Iterator[str]:
    if found.doubles:
        second = several(len(found.doubles), "of them looks", "of them look")
        yield f"    {second} like a second account of somebody; merge or close it there:"
    yield from (f"      {d.account_id}: {d.why} as {d.worker_id}" for d in found.doubles[:LIMIT])


def _tell_drift(found: Reconciled) -> None:
    counts = Counter((d.happens, d.what.partition(":")[0]) for d in found.drift)
    said = ", ".join(f"{number(n)} {what} {happens}" for (happens, what), n in sorted(counts.items()))
    print(f"  changed there: {said}")
    rows = [_drift(d) for d in found.drift[:LIMIT]]
    shown = table("", [COLUMNS[i] for i in SHOWN], [[row[i] for i in SHOWN] for row in rows])
    show_for_people(shown, "text", None)
    if len(found.drift) > LIMIT:
        say(f"The first {LIMIT} of {number(len(found.drift))}. All: --format xlsx --out differences.xlsx")


def _table(found: Reconciled, ports: Ports) -> Table:
    rows: list[Row] = [_drift(d) for d in found.drift]
    rows += [
        ("gone", g.worker_id, g.account_id, "account", "there", "gone", "", "nothing, until somebody looks", "")
        for g in found.gone
    ]
    rows += [
        ("contradiction", c.worker_id, c.account_id, "key", "", "", "", "somebody must look", c.why)
        for c in found.clashes
    ]
    rows += [
        ("second account", d.worker_id, d.account_id, "account", "", "there", "", KEPT, f"{d.why} as {d.worker_id}")
        for d in found.doubles
    ]
    with ports.database.read() as db:
        rows += [_orphan(account) for account in Accounts(db, ports.policy.target).orphans()]
    return table("Differences", COLUMNS, rows)


def _drift(d: Drift) -> Row:
    return ("changed", d.worker_id, d.account_id, d.what, d.was, d.there, d.should, d.happens, d.why)


def _orphan(a: Account) -> Row:
    return ("nobody's", a.worker_id, a.id, "account", "", str(a.state), "", KEPT, "no HR record vouches for it")


def _data(found: Reconciled) -> dict[str, Any]:
    names = ("worker_id", "account_id", "what", "was", "there", "should", "happens", "why")
    return {
        "verdict": verdict(found),
        "exit_code": found.exit_code,
        "read": found.read,
        "linked": found.linked,
        "same": found.same,
        "orphans": found.orphans,
        "doubted": found.doubted,
        "changed": [{name: getattr(d, name) for name in names} for d in found.drift],
        "gone": [{"worker_id": g.worker_id, "account_id": g.account_id} for g in found.gone],
        "back": list(found.back),
        "contradictions": [{"account_id": c.account_id, "worker_id": c.worker_id, "why": c.why} for c in found.clashes],
        "second_accounts": [
            {"account_id": d.account_id, "worker_id": d.worker_id, "why": d.why} for d in found.doubles
        ],
        "plan": summary_data(found.plan) if found.plan else None,
    }
