"""`joinery init`: begin with two files, and end with a first plan that only observes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from joinery.cli.common import AsJson, Out, say, show_json, voice
from joinery.cli.init_answers import Given, ask, given_answers, refuse_unanswered

if TYPE_CHECKING:
    from joinery.core.mapping.asking import Answers, Seen
    from joinery.flows.two_files import Matches, TwoFiles

app = typer.Typer(rich_markup_mode=None)

EXPLAINED = """\
Two ways to begin:

  joinery init --from-files HR LMS   two files: HR's export and the users of your learning system (.csv or .xlsx)
  joinery init --template            a settings file to fill in: joinery init --template --out joinery.yaml

The first shows within minutes who is who and what a first plan would do. Nothing is written to any system: it ends with
a settings file that only observes. No learning system yet? joinery demo shows one; joinery check FILE looks at HR data.
"""


Files = Annotated[
    tuple[Path, Path] | None,
    typer.Option("--from-files", metavar="HR LMS", help="HR's export, then the learning system's users."),
]
Template = Annotated[bool, typer.Option("--template", help="Print a settings file to fill in.")]
Folder = Annotated[Path, typer.Option("--dir", help="Where the settings are put.")]
Company = Annotated[str, typer.Option("--company", help="The company's name; else guessed from the data.")]
Zone = Annotated[str, typer.Option("--zone", help="The company's time zone, e.g. Europe/Paris.")]
Dates = Annotated[str, typer.Option("--dates", help="How dates are written: DD/MM/YYYY or MM/DD/YYYY.")]
Fields = Annotated[
    list[str] | None, typer.Option("--field", metavar="ATTRIBUTE=COLUMN", help="A column of the HR file.")
]
AccountFields = Annotated[
    list[str] | None, typer.Option("--account-field", metavar="ATTRIBUTE=COLUMN", help="A column of the export.")
]
AcceptSure = Annotated[
    bool | None,
    typer.Option("--accept-sure/--no-accept-sure", help="Confirm all e-mail matches without a doubt, or none."),
]
AnswersFile = Annotated[
    Path | None, typer.Option("--answers", help="A YAML file with the same answers: zone, dates, fields …")
]


@app.command()
def main(
    files: Files = None,
    template: Template = False,
    folder: Folder = Path(),
    company: Company = "",
    zone: Zone = "",
    dates: Dates = "",
    field: Fields = None,
    account_field: AccountFields = None,
    accept_sure: AcceptSure = None,
    answers: AnswersFile = None,
    json: AsJson = False,
    out: Out = None,
) -> None:
    """Begin with two files: who is who, and what a first plan would do. Nothing is written to any system.

    Example: joinery init --from-files hr.csv users.csv --zone Europe/Paris

    Asks about what is in doubt, at most six questions; where nobody can be asked, the error names the option.
    """
    if template:
        _template(out)
        return
    if files is None:
        print(EXPLAINED, end="")
        return
    given = given_answers(
        answers,
        Given(
            company=company,
            zone=zone,
            dates=dates,
            fields=tuple(field or ()),
            account_fields=tuple(account_field or ()),
            accept_sure=accept_sure,
        ),
    )
    _from_files(files, folder, given, json=json)


def _template(out: Path | None) -> None:
    from joinery.app.first_settings import TEMPLATE

    if out is None:
        print(TEMPLATE, end="")
        return
    with out.open("x", encoding="utf-8") as file:
        file.write(TEMPLATE)
    say(f"Next: fill in {out}, then: joinery config validate --config {out}")


def _from_files(files: tuple[Path, Path], folder: Path, given: Given, *, json: bool) -> None:
    from joinery.app.first_contact import Start, begin, guessed_name, refuse_existing
    from joinery.cli import init_telling as telling
    from joinery.flows.two_files import read_two, refuse_unmatchable, refuse_wrong_words

    refuse_existing(folder)
    asking = not json and sys.stdin.isatty() and sys.stdout.isatty()
    two = read_two(*files)
    refuse_wrong_words(two, given.answers)
    if not json:
        telling.show_columns(two, two.seen(given.answers), files)
    seen, answers = _answered(two, given.answers, asking=asking)
    refuse_unmatchable(seen, answers)
    if not json:
        telling.show_samples(two, seen, answers)
    start = Start(
        people=files[0],
        accounts=files[1],
        folder=folder,
        company=given.company or guessed_name(two, seen),
        answers=answers,
    )

    def accept(matches: Matches) -> bool:
        if not json:
            telling.show_matches(matches)
        if given.accept_sure is None and asking:
            return typer.confirm(f"Confirm the {matches.by_email} with the same e-mail in one go?", default=True)
        return bool(given.accept_sure)

    begun = begin(start, seen, accept=accept, environ=os.environ, voice=voice(quiet=json))
    if json:
        show_json(telling.as_data(begun, two, seen))
    else:
        telling.show_end(begun)


def _answered(two: TwoFiles, answers: Answers, *, asking: bool) -> tuple[Seen, Answers]:
    """Every doubt settled: by asking where somebody can be asked. Raises AnswerNeeded otherwise."""
    from joinery.app.first_contact import local_zone
    from joinery.core.mapping.asking import open_questions

    guess = local_zone(os.environ)
    questions: Any = open_questions(two.seen(answers), answers, zone_guess=guess)
    if questions and not asking:
        refuse_unanswered(questions)
    for n, question in enumerate(questions, 1):
        answers = ask(question, answers, n, len(questions))
    return two.seen(answers), answers
