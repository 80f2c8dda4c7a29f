"""`joinery person`: one person: show; end access and give it back; exempt and assign by hand."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from joinery.app.looking import acting
from joinery.cli import person_identity
from joinery.cli.common import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    Format,
    Out,
    connection,
    looking,
    say,
    show_json,
    show_table,
)
from joinery.flows.person import (
    AccessEnded,
    Word,
    decide_about,
    end_access,
    release_about,
    release_access,
)

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="One person: show, end access, release it, exempt, assign, and who they are.",
)

Who: Any = Annotated[str, typer.Argument(help="Employee number, source ID, e-mail or key.")]
Course: Any = Annotated[str, typer.Argument(help="A course or path: FORKLIFT, course:FORKLIFT, path:Onboarding_Path.")]
Why: Any = Annotated[str, typer.Option("--reason", help="Why; kept with your name. For an end of access confidential.")]
Yes: Any = Annotated[bool, typer.Option("--yes", help="Really do it.")]
Until: Any = Annotated[str | None, typer.Option("--until", metavar="DATE", help="Last day, included; else no end.")]

app.command("questions")(person_identity.questions)
app.command("identity")(person_identity.identity)
app.command("same")(person_identity.same)
app.command("other")(person_identity.other)
app.command("part")(person_identity.part)


@app.command()
def show(
    worker: Who, config: Config = DEFAULT_CONFIG, form: Format = "text", json: AsJson = False, out: Out = None
) -> None:
    """What HR says beside what the learning system has, and whether they are in step.

    Example: joinery person show 000102
    """
    from joinery.flows.side_by_side import side_by_side
    from joinery.reports.tables import table

    with connection(config, quiet=True) as it:
        shown = side_by_side(it.ports, worker)
    columns = ("attribute", "hr=HR says", "wanted=Should be", "learning_system=Learning system", "in_step")
    title = f"Person {shown.worker_id}, " + (f"account {shown.account}" if shown.account else "no account")
    # in a file it is a row like the others: a table holds nothing else
    coming = [("dated ahead", said, "", "", "") for said in shown.ahead]
    text = form == "text" and not json
    show_table(table(title, columns, shown.rows if text else [*shown.rows, *coming]), "json" if json else form, out)
    if text:
        for said in shown.ahead:
            print(said)
        say(f"Held: {shown.held}. Nothing is written until that is solved.", quiet=not shown.held)
        say(f"Next: joinery why {shown.worker_id}")


@app.command()
def transcript(
    worker: Who, config: Config = DEFAULT_CONFIG, form: Format = "text", json: AsJson = False, out: Out = None
) -> None:
    """Somebody's training as recorded, with their organisation at that time; also of leavers, whose account stays shut.

    Examples: joinery person transcript 000102 | joinery person transcript 000102 --format xlsx
    """
    from joinery.flows.transcript import transcript as read
    from joinery.reports.tables import table

    with connection(config, quiet=True) as it:
        found, seen = read(it.ports, worker), looking(it)
    organisation = ("department", "location", "legal_entity", "manager_id", "cost_center", "job_title")
    columns = (
        "completed_at",
        "course",
        "title",
        "version",
        "result",
        "expires_on",
        "certificate",
        *organisation,
        "note",
    )
    rows = []
    for each in found.records:
        done = each.completion
        note = "; ".join(("revoked",) * bool(done.revokes) + each.flags)
        when = seen.when(found.country, done.completed_at)
        said = (when, done.course, done.course_title, done.course_version, done.result, done.expires_on)
        org = (each.org_then.get(name, "") for name in organisation)
        rows.append((*said, done.certificate_id, *org, note))
    title = f"Transcript of {found.worker_id} ({found.stage}), " + (
        f"{found.account} account" if found.account else "no account"
    )
    show_table(table(title, columns, rows), "json" if json else form, out)


@app.command("end-access")
def end(
    worker: Who,
    reason: Why,
    config: Config = DEFAULT_CONFIG,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """End somebody's access now, whatever HR says, and keep it ended.

    Nothing undoes it but `release-access` or a new employment. It waits for no approval and no other run; held mass
    changes stay held. In observe mode nothing can be written: the command says so and ends with 5.

    Example: joinery person end-access 000102 --reason "INC-991" --yes
    """
    if not yes:
        raise typer.BadParameter("this closes an account in the learning system: say --yes", param_hint="--yes")
    with connection(config, quiet=True) as it:
        ended = end_access(it.ports, worker, Word(owner=acting(), reason=_reason(reason)))
    code = 5 if ended.observed else 0 if ended.closed else 4
    if json:
        show_json(_as_data(ended, code))
    else:
        _tell(ended)
    raise typer.Exit(code)


def _tell(ended: AccessEnded) -> None:
    print("\n  ".join(_what_happened(ended)))
    _tell_of_roles(ended)
    _tell_what_next(ended)


def _what_happened(ended: AccessEnded) -> list[str]:
    who = ended.worker_id
    if ended.observed:
        by_hand = f"Close account {ended.account} in the learning system by hand, now."
        return [
            f"Observe mode: nothing can be written, so the access of {who} was NOT ended.",
            by_hand if ended.account else "No account is linked to this person.",
            "Your decision is kept: access ends as soon as the mode is approve or automatic.",
        ]
    if not ended.account:
        return [f"No account is linked to {who}, so there was nothing to close; none will be made or linked."]
    if ended.closed and ended.was != "active":
        return [f"Account {ended.account} of {who} was closed already ({ended.was}); it stays closed."]
    if ended.closed:
        return [f"The access of {who} is ended: account {ended.account} is {ended.state}."]
    return [
        f"The access of {who} is NOT ended: account {ended.account} is still active.",
        "Close it in the learning system by hand. The decision is kept and every run tries again.",
    ]


def _tell_of_roles(ended: AccessEnded) -> None:
    if ended.roles_gone:
        print(f"  It was an administrator's: {', '.join(ended.roles_gone)} taken away. Look at what they left behind.")
    if ended.roles_left and not ended.observed:
        print(f"  It still has: {', '.join(ended.roles_left)}. Take that away in the learning system by hand.")


def _tell_what_next(ended: AccessEnded) -> None:
    who = ended.worker_id
    if ended.alike:
        print(f"  Not linked, but with the same number or address: {', '.join(ended.alike)}.")
        say(f"Next: joinery match confirm {who} {ended.alike[0]}, and the next run closes it")
        return
    if ended.applied is not None and not ended.closed:
        say(f"Next: joinery plan show {ended.applied.plan}")
    else:
        say(f'Undo with: joinery person release-access {who} --reason "…"')


def _as_data(ended: AccessEnded, code: int) -> dict[str, Any]:
    return {
        "worker_id": ended.worker_id,
        "closed": ended.closed and not ended.observed,
        "account": ended.account,
        "state": ended.state,
        "plan": ended.applied.plan if ended.applied else None,
        "lines": dict(ended.applied.states) if ended.applied else {},
        "roles_taken": list(ended.roles_gone),
        "roles_left": list(ended.roles_left),
        "unlinked_accounts": list(ended.alike),
        "observed": ended.observed,
        "exit_code": code,
    }


@app.command("release-access")
def release(worker: Who, reason: Why, config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """Take an end of access back: HR and the rules decide again, at the next run.

    Example: joinery person release-access 000102 --reason "INC-991 closed"
    """
    with connection(config, quiet=True) as it:
        person = release_access(it.ports, worker, Word(owner=acting(), reason=_reason(reason)))
    number = person.worker.worker_id
    _said(json, number, "release-access", f"The end of access of {number} is released. Nothing is written yet.")


@app.command()
def exempt(
    worker: Who,
    course: Course,
    reason: Why,
    until: Until = None,
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """No rule gives this course to this person, up to and including --until.

    Example: joinery person exempt 000102 FORKLIFT --reason "doctor's note seen" --until 2027-03-31
    """
    word = Word(owner=acting(), reason=_reason(reason), until=_day(until, "--until"))
    with connection(config, quiet=True) as it:
        person, key = decide_about(it.ports, worker, "exemption", course, word)
    number, end = person.worker.worker_id, f" until {word.until}" if word.until else ", without an end"
    _said(json, number, "exempt", f"{number} is exempt from {key}{end}.", course=key)


@app.command()
def unexempt(worker: Who, course: Course, config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """End an exemption: the rules decide again.

    Example: joinery person unexempt 000102 FORKLIFT
    """
    with connection(config, quiet=True) as it:
        person, key = release_about(it.ports, worker, "exemption", course)
    number = person.worker.worker_id
    _said(json, number, "unexempt", f"{number} is no longer exempt from {key}.", course=key)


@app.command()
def assign(
    worker: Who,
    course: Course,
    reason: Why,
    due: Annotated[str | None, typer.Option("--due", metavar="DATE", help="Due on this day.")] = None,
    until: Until = None,
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Give somebody a course or path by hand; no rule takes it away.

    Example: joinery person assign 000102 FIRST-AID --reason "new first aider" --due 2027-01-31
    """
    word = Word(owner=acting(), reason=_reason(reason), due_on=_day(due, "--due"), until=_day(until, "--until"))
    with connection(config, quiet=True) as it:
        person, key = decide_about(it.ports, worker, "manual", course, word)
    number, day = person.worker.worker_id, f", due {word.due_on}" if word.due_on else ""
    _said(json, number, "assign", f"{key} is assigned to {number}{day}.", course=key)


@app.command()
def unassign(worker: Who, course: Course, config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """End an assignment by hand; it goes unless a rule asks for it too.

    Example: joinery person unassign 000102 FIRST-AID
    """
    with connection(config, quiet=True) as it:
        person, key = release_about(it.ports, worker, "manual", course)
    number = person.worker.worker_id
    _said(json, number, "unassign", f"{key} is no longer assigned to {number} by hand.", course=key)


@app.command()
def decided(
    worker: Annotated[str, typer.Argument(help="One person; everybody when left out.")] = "",
    config: Config = DEFAULT_CONFIG,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
    confidential: Annotated[bool, typer.Option("--confidential", help="Also the reasons.")] = False,
) -> None:
    """What people decided by hand and is in force: exemptions, assignments, ends of access, what is left so.

    Examples: joinery person decided | joinery person decided 000102 | joinery person decided --format xlsx
    """
    from joinery.flows.left_so import by_hand
    from joinery.reports.tables import table

    with connection(config, quiet=True, confidential=confidential) as it:
        found = by_hand(it.ports, worker)
    columns = ("worker_id", "decided", "about", "by", "on", "until", *(("reason",) if confidential else ()))
    rows = [
        (each.worker_id, each.kind, each.about, each.owner, str(each.made_on), str(each.until or ""), each.reason)
        for each in found
    ]
    show_table(table("Decided by hand", columns, [row[: len(columns)] for row in rows]), "json" if json else form, out)


What: Any = Annotated[str, typer.Argument(help="An account attribute, access, group:X or course:X.")]


@app.command()
def keep(worker: Who, what: What, reason: Why, config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """Keep what somebody changed in the learning system itself, until HR or a rule changes the value.

    Example: joinery person keep 000102 job_title --reason "the title on the door"
    """
    from joinery.flows.left_so import keep_so

    with connection(config, quiet=True) as it:
        person = keep_so(it.ports, worker, what, Word(owner=acting(), reason=_reason(reason)))
    number = person.worker.worker_id
    _said(json, number, "keep", f"{what} of {number} is left as it is in the learning system.", about=what)


@app.command("release")
def release_what(worker: Who, what: What, config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """Release what an undo or a change by hand left so: HR and the rules decide about it again.

    Example: joinery person release 000102 job_title
    """
    from joinery.flows.left_so import release_so

    with connection(config, quiet=True) as it:
        person = release_so(it.ports, worker, what)
    number = person.worker.worker_id
    _said(json, number, "release", f"{what} of {number} is decided by HR and the rules again.", about=what)


def _said(json: bool, number: str, what: str, sentence: str, **more: str) -> None:
    if json:
        show_json({"worker_id": number, "decided": what, "message": sentence, **more})
        return
    print(sentence)
    say("The next `joinery sync` (or `joinery plan`) acts on it.")


def _reason(text: str) -> str:
    if not text.strip():
        raise typer.BadParameter("say why: somebody will ask", param_hint="--reason")
    return text.strip()


def _day(text: str | None, hint: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date; write 2026-12-31", param_hint=hint) from error
