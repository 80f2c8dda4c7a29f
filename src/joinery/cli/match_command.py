"""`joinery match`: existing accounts that wait for a yes or no; `confirm`, `reject` and `import` are the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from joinery.app.looking import acting
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, Format, Out, connection, say, show_for_people, show_json
from joinery.cli.wording import moment, number, several
from joinery.flows.match import Answered, Question, confirm, confirm_sure, reject, survey, waiting
from joinery.flows.match_file import Taken, take_answers
from joinery.flows.person import Word
from joinery.reports.tables import table

app = typer.Typer(rich_markup_mode=None, invoke_without_command=True)

COLUMNS = (
    "worker_id=Worker ID",
    "worker_name=Name in HR",
    "worker_email=E-mail in HR",
    "account_id=Account ID",
    "account_worker_id=Number in the account",
    "account_name=Name in the account",
    "account_email=E-mail in the account",
    "account_state=State",
    "account_seen=Last seen",
    "reason=Why it is asked",
    "answer=Answer",
)
NARROW = (
    "worker_id=Worker ID",
    "worker_name=In HR",
    "worker_email=E-mail in HR",
    "account_id=Account ID",
    "account_worker_id=Its number",
    "account_name=Its name",
    "account_email=Its e-mail",
    "account_state=State",
    "reason=Why it is asked",
)
#: what a narrow cell says that repeats HR's
SAME = "same"
NOTHING_WRITTEN = "Nothing is written to the learning system yet: the next `joinery sync` links, as the mode allows."
LEFT_ALONE = "The account is left as it is."

Limit: Any = Annotated[int, typer.Option("--limit", help="At most so many rows of text (0: all).")]
Who: Any = Annotated[str, typer.Argument(help="Employee number, source ID, e-mail or key.")]
AccountArg: Any = Annotated[str, typer.Argument(help="The account's ID, as `joinery match` shows it.")]


@app.callback(invoke_without_command=True)
def main(
    ctx: typer.Context,
    config: Config = DEFAULT_CONFIG,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
    limit: Limit = 20,
) -> None:
    """Accounts that are there already and may be somebody's: each waits for a yes or no.

    Examples: joinery match | joinery match --format xlsx --out matches.xlsx | joinery match confirm --all-email --yes
    """
    if ctx.invoked_subcommand is None:
        _list(config, form, json=json, out=out, limit=limit)


@app.command("list")
def list_questions(
    config: Config = DEFAULT_CONFIG,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
    limit: Limit = 20,
) -> None:
    """The same as `joinery match` alone."""
    _list(config, form, json=json, out=out, limit=limit)


def _list(config: Path, form: str, *, json: bool, out: Path | None, limit: int) -> None:
    with connection(config, quiet=True) as it:
        found = survey(it.ports)
    asked = found.questions
    if json:
        show_json(
            {
                "counts": _counts(asked),
                "by_themselves": found.by_themselves,
                "sure": _sure(asked),
                "questions": [_data(q) for q in asked],
            }
        )
        return
    if form != "text":
        show_for_people(table("Matches", COLUMNS, [_row(q) for q in asked]), form, out)
        if out is not None:
            say(
                f"{several(len(asked), 'row')} written. Put yes or no under Answer, then: joinery match import FILE.csv"
            )
        return
    if not found.read:
        print("The accounts of the learning system were not read yet.")
        say("Next: joinery sync (with `mode: observe` nothing is written), or joinery reconcile")
        return
    if found.by_themselves:
        linked = several(found.by_themselves, "person", "people")
        print(f"{linked} will be linked without asking again: by number, or by your word.")
    _tell(asked, limit)


def _tell(asked: Sequence[Question], limit: int) -> None:
    if not asked:
        print("No account waits for a yes or no.")
        return
    for stuck in (False, True):
        mine = [q for q in asked if q.stuck is stuck]
        people = len({q.key for q in mine})
        if not mine:
            continue
        if stuck:
            print(f"{several(people, 'person waits', 'people wait')} for a correction in HR or in the learning system:")
        else:
            print(f"{several(people, 'person waits', 'people wait')} for your yes or no:")
        for reason, count in _counts(mine).items():
            print(f"  {number(count)} {reason}")
    rows = [_narrow(q) for q in asked[: limit or None]]
    show_for_people(table("", NARROW, rows), "text", None)
    if limit and len(asked) > limit:
        say(f"The first {limit} of {number(len(asked))}. All: --limit 0, or --format xlsx --out matches.xlsx")
    _tell_next(asked)


def _narrow(q: Question) -> tuple[str, ...]:
    """The row for a screen: what is the same on both sides is said once."""
    row = _row(q)
    name = SAME if row[5] and row[5].lower() == row[1].lower() else row[5]
    email = SAME if row[6] and row[6].lower() == row[2].lower() else row[6]
    its_number = SAME if row[4] and row[4] == row[0] else row[4]
    return (*row[:4], its_number, name, email, row[7], row[9])


def _tell_next(asked: Sequence[Question]) -> None:
    sure = _sure(asked)
    first = next((q for q in asked if not q.stuck), None)
    if sure:
        say(f"Next: joinery match confirm --all-email --yes   (the {number(sure)} with the same e-mail and no doubt)")
    if first is not None:
        say(f"One by one: joinery match confirm {first.worker_id} {first.account.id}, or `match reject … --reason`")


@app.command("confirm")
def confirm_one(
    worker: Annotated[str | None, typer.Argument(help="Employee number, source ID, e-mail or key.")] = None,
    account: Annotated[str | None, typer.Argument(help="The account's ID, as `joinery match` shows it.")] = None,
    all_email: Annotated[bool, typer.Option("--all-email", help="All with the same e-mail and no doubt.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --all-email: really do it.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with your name.")] = "",
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Yes, this account is theirs. The next run links it and brings it up to date.

    Examples: joinery match confirm 000102 m-000007 | joinery match confirm --all-email --yes
    """
    if all_email:
        if worker or account:
            raise typer.BadParameter("takes no person and no account", param_hint="--all-email")
        _confirm_all(config, reason, yes=yes, json=json)
        return
    if not worker or not account:
        raise typer.BadParameter("name a person and an account, or say --all-email", param_hint="WORKER ACCOUNT")
    with connection(config, quiet=True) as it:
        answered = confirm(it.ports, worker, account, _word(reason or "confirmed by hand"))
    _said(answered, f"Account {answered.account_id} is {answered.worker_id}'s.", NOTHING_WRITTEN, json=json)


def _confirm_all(config: Path, reason: str, *, yes: bool, json: bool) -> None:
    with connection(config, quiet=True) as it:
        asked = waiting(it.ports)
        sure = _sure(asked)
        rest = len([q for q in asked if not q.sure and not q.stuck])
        done = confirm_sure(it.ports, _word(reason or "confirmed with all of the same e-mail")) if yes and sure else ()
    left = f" {several(rest, 'row')} with a doubt must be answered one by one." if rest else ""
    if json:
        show_json({"sure": sure, "confirmed": len(done), "left": rest})
    elif not sure:
        print(f"No account has the same e-mail without a doubt.{left}")
    elif yes:
        print(f"{several(len(done), 'account')} confirmed by e-mail.{left}")
        say(NOTHING_WRITTEN)
    else:
        print(f"{several(sure, 'account')} would be confirmed by e-mail; nothing was recorded.{left}")
        say("Look at them with `joinery match`, then: joinery match confirm --all-email --yes")
    raise typer.Exit(5 if sure and not yes else 0)


@app.command("reject")
def reject_one(
    worker: Who,
    account: AccountArg,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with your name.")],
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """No, this account is not theirs. It is left as it is; a later confirm takes the answer back.

    Example: joinery match reject 000102 m-000007 --reason "her predecessor's"
    """
    if not reason.strip():
        raise typer.BadParameter("say why: somebody will ask", param_hint="--reason")
    with connection(config, quiet=True) as it:
        answered = reject(it.ports, worker, account, _word(reason))
    sentence = f"Account {answered.account_id} is not {answered.worker_id}'s."
    if answered.unlinked:
        sentence += " It is linked to them no more, and nobody manages it."
    _said(answered, sentence, LEFT_ALONE, json=json)


@app.command("import")
def import_answers(
    file: Annotated[Path, typer.Argument(help="A CSV with the columns worker_id, account_id and answer (yes, no).")],
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Take answers from the list that was exported and filled in. Rows without an answer are left as they are.

    Example: joinery match import matches.csv

    Good rows are taken, bad ones named with their line; ends with 4 when there are any.
    """
    with connection(config, quiet=True) as it:
        taken = take_answers(it.ports, file, acting())
    if json:
        show_json(_taken_data(taken))
    else:
        print(f"{number(taken.yes)} yes, {number(taken.no)} no, {number(taken.empty)} without an answer.")
        for bad in taken.bad:
            print(f"  line {bad.line}: {bad.why}")
        if taken.yes or taken.no:
            say(NOTHING_WRITTEN)
        if taken.bad:
            say(f"{several(len(taken.bad), 'line was', 'lines were')} not taken. Correct them and import again.")
    raise typer.Exit(4 if taken.bad else 0)


def _taken_data(taken: Taken) -> dict[str, Any]:
    bad = [{"line": each.line, "why": each.why} for each in taken.bad]
    return {"yes": taken.yes, "no": taken.no, "empty": taken.empty, "bad": bad}


def _said(answered: Answered, sentence: str, next_step: str, *, json: bool) -> None:
    if answered.already:
        sentence = f"Account {answered.account_id} is linked to {answered.worker_id} already; nothing to do."
    if json:
        show_json(
            {"worker_id": answered.worker_id, "account_id": answered.account_id, "already": answered.already}
            | {"unlinked": answered.unlinked, "message": sentence, "note": answered.note}
        )
        return
    print(sentence)
    if answered.note:
        print(f"  {answered.note}")
    if not answered.already:
        say(next_step)


def _word(reason: str) -> Word:
    return Word(owner=acting(), reason=reason.strip())


def _counts(asked: Sequence[Question]) -> dict[str, int]:
    """Reason -> people, the answerable first, then by size."""
    stuck = {q.reason: q.stuck for q in asked}
    counted = Counter(reason for reason, _ in {(q.reason, q.key) for q in asked})
    return dict(sorted(counted.items(), key=lambda pair: (stuck[pair[0]], -pair[1], pair[0])))


def _sure(asked: Sequence[Question]) -> int:
    return sum(q.sure for q in asked)


def _row(q: Question) -> tuple[str, ...]:
    there = q.account.attributes
    return (
        q.worker_id,
        q.name,
        q.email,
        q.account.id,
        q.account.worker_id,
        f"{there.get('given_name', '')} {there.get('family_name', '')}".strip() or there.get("display_name", ""),
        there.get("email", ""),
        str(q.account.state),
        moment(q.seen_at) if q.seen_at else "",
        q.reason,
        "",
    )


def _data(q: Question) -> dict[str, Any]:
    names = [column.partition("=")[0] for column in COLUMNS]
    return dict(zip(names, _row(q), strict=True)) | {
        "account_seen": q.seen_at.isoformat() if q.seen_at else None,
        "sure": q.sure,
        "answerable": not q.stuck,
    }
