"""`joinery why`: why somebody has what they have, or does not, in sentences."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import Annotated

import typer

from joinery.cli.common import DEFAULT_CONFIG, AsJson, AsOf, Config, connection, instant, say, show_json
from joinery.flows.why import Answer, why

app = typer.Typer(rich_markup_mode=None)

#: where no person watches, a sentence is a line
NEVER = 1_000_000


@app.command()
def main(
    worker: Annotated[str, typer.Argument(help="Employee number, source ID, e-mail or key.")],
    config: Config = DEFAULT_CONFIG,
    course: Annotated[str, typer.Option("--course", help="Only this course or path: why, or why not.")] = "",
    as_of: AsOf = None,
    confidential: Annotated[
        bool, typer.Option("--confidential", help="Also ends of employment to come, and reasons given by people.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Why somebody has what they have, or does not. Writes nothing.

    Examples: joinery why 000102 | joinery why 000102 --course FORKLIFT | joinery why 000102 --as-of 2027-01-31
    """
    moment = instant(as_of)
    with connection(config, quiet=True, as_of=moment, confidential=confidential) as it:
        answer = why(it.ports, worker, course=course, as_of=moment, confidential=confidential)
    if json:
        show_json(_data(answer, confidential=confidential))
        return
    _tell(answer)
    if answer.tense == "future" and not confidential:
        # said to everybody alike, so that it tells of nobody
        say("An end of employment that HR may have announced does not count here; --confidential counts it.")


def _tell(answer: Answer) -> None:
    print(f"{answer.worker_id} {answer.name}".rstrip() + _moment(answer))
    parts = [part for part in answer.parts if part.said]
    width = max((len(part.title) for part in parts), default=0) + 4
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else NEVER
    for part in parts:
        for place, sentence in enumerate(part.said):
            lead = f"  {'' if place else part.title:<{width - 2}}"
            print(textwrap.fill(sentence, columns, initial_indent=lead, subsequent_indent=" " * width))
    if answer.tense == "future":
        say("As if every plan until then were applied and nothing else happened. Nothing of it was kept.")


def _moment(answer: Answer) -> str:
    at = f"{answer.as_of:%Y-%m-%d %H:%M} UTC"
    return {"future": f", as it would be on {at}", "past": f", as it was on {at}"}.get(answer.tense, "")


def _data(answer: Answer, *, confidential: bool) -> dict[str, object]:
    return {
        "worker_id": answer.worker_id,
        **answer.about,
        "as_of": answer.as_of.isoformat(),
        "tense": answer.tense,
        "confidential": confidential,
        "parts": {part.name: {"said": list(part.said), **part.data} for part in answer.parts},
    }
