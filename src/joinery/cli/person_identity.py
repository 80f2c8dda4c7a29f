"""`joinery person same|other|questions`: who somebody is, where HR's data leaves it open."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from joinery.app.looking import acting
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, Format, Out, connection, say, show_json, show_table
from joinery.cli.wording import several
from joinery.flows.person import Word

One: Any = Annotated[str, typer.Argument(help="Employee number, source ID, e-mail or key.")]
Two: Any = Annotated[str, typer.Argument(help="The other one, named in the same way.")]
Why: Any = Annotated[str, typer.Option("--reason", help="How you know; kept with your name.")]


def questions(config: Config = DEFAULT_CONFIG, form: Format = "text", json: AsJson = False, out: Out = None) -> None:
    """Everybody of whom somebody has to say who they are. Nothing is written for them until then.

    Example: joinery person questions
    """
    from joinery.flows.who import open_questions
    from joinery.reports.tables import table

    with connection(config, quiet=True) as it:
        found = open_questions(it.ports)
    columns = ("worker_id=Person", "other=May be", "check=Kind", "why=Why it is asked")
    rows = [(q.worker_id, q.other, q.check, q.why) for q in found]
    title = several(len(found), "open question") + " about who somebody is"
    show_table(table(title, columns, rows), "json" if json else form, out)
    if form == "text" and not json and found:
        pair = f"{found[0].worker_id} {found[0].other or 'NUMBER'}"
        say(f'Answer with: joinery person same {pair} --reason "…", or joinery person other {pair} --reason "…"')


def identity(
    worker: One,
    former_names: Annotated[bool, typer.Option("--former-names", help="Former names, too; needs --reason.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why you need former names; kept with your name.")] = "",
    config: Config = DEFAULT_CONFIG,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
) -> None:
    """All numbers, keys and addresses by which somebody is or was known.

    Former names are told only to whoever says why, and who asked is kept.

    Example: joinery person identity 000102
    """
    from joinery.flows.known_as import known_as
    from joinery.reports.tables import table

    word = Word(owner=acting(), reason=_said(reason)) if former_names else None
    with connection(config, quiet=True, confidential=former_names) as it:
        found = known_as(it.ports, worker, word)
    columns = ("kind", "value", "source", "since=From", "until=Until", "note")
    rows = [(n.kind, n.value, n.source, n.since, n.until, n.note) for n in found.names]
    show_table(table(f"Person {found.worker_id} is known as", columns, rows), "json" if json else form, out)
    if form == "text" and not json and found.former_names:
        say(f"Not shown: {several(found.former_names, 'former name')}. For a lawful need: --former-names --reason …")


def same(worker: One, other: Two, reason: Why, config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """Both numbers are one person: one account, one history, all training records.

    Nothing is written to the learning system now; the next run acts on it. Access that ended with the former number
    comes back with the same account.

    Example: joinery person same E1042 C0007 --reason "HR confirmed the conversion"
    """
    from joinery.flows.who import same_person

    with connection(config, quiet=True) as it:
        person = same_person(it.ports, worker, other, Word(owner=acting(), reason=_said(reason)))
    numbers = " and ".join(sorted(person.numbers))
    _tell(json, f"{numbers} are one person from now on.", worker_id=person.worker.worker_id, decided="same")


def other(worker: One, other: Two, reason: Why, config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """They are two people, whatever they have in common; each gets an account of their own.

    Example: joinery person other E1042 C0007 --reason "the address was given to somebody new"
    """
    from joinery.flows.who import other_person

    with connection(config, quiet=True) as it:
        one, two = other_person(it.ports, worker, other, Word(owner=acting(), reason=_said(reason)))
    numbers = f"{one.worker.worker_id} and {two.worker.worker_id}"
    _tell(json, f"{numbers} are two people.", worker_id=one.worker.worker_id, decided="other")


def part(
    worker: One,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The record that is somebody else's.")],
    reason: Why,
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """One of somebody's records is another person's: part what was joined. Nothing joins them again.

    The account and its history stay with the first one; the other is planned anew by the next run.

    Example: joinery person part E1042 C0007 --reason "two people, HR mixed up the key"
    """
    from joinery.flows.who import part as parted

    with connection(config, quiet=True) as it:
        kept, gone = parted(it.ports, worker, number, Word(owner=acting(), reason=_said(reason)))
    numbers = f"{kept.worker.worker_id} and {gone.worker.worker_id}"
    _tell(json, f"{numbers} are two people from now on.", worker_id=kept.worker.worker_id, decided="part")


def _tell(json: bool, sentence: str, **more: str) -> None:
    if json:
        show_json({**more, "message": sentence})
        return
    print(sentence)
    say("The next `joinery sync` (or `joinery plan`) acts on it.")


def _said(text: str) -> str:
    if not text.strip():
        raise typer.BadParameter("say how you know: somebody will ask", param_hint="--reason")
    return text.strip()
