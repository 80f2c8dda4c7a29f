"""`joinery why`: why somebody has what they have, or does not, in sentences."""

from __future__ import annotations

from typing import Annotated

import typer

from joinery.cli.common import DEFAULT_CONFIG, AsJson, AsOf, Config, connection, instant, say, show_json
from joinery.flows.why import Answer, why

app = typer.Typer(rich_markup_mode=None)


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
    with connection(config, quiet=True, as_of=moment) as it:
        answer = why(it.ports, worker, course=course, as_of=moment, confidential=confidential)
    if json:
        show_json(_data(answer))
        return
    _tell(answer)


def _tell(answer: Answer) -> None:
    print(f"{answer.worker_id} {answer.name}".rstrip())
    width = max((len(part.title) for part in answer.parts), default=0) + 2
    for part in answer.parts:
        for place, sentence in enumerate(part.said):
            print(f"  {part.title if not place else '':<{width}}{sentence}")
    if answer.tense == "future":
        say(
            f"A look ahead to {answer.as_of:%Y-%m-%d %H:%M} UTC from what is known now; nothing of it was kept. "
            "An end of employment that HR may have announced does not count here."
        )


def _data(answer: Answer) -> dict[str, object]:
    return {
        "worker_id": answer.worker_id,
        **answer.about,
        "as_of": answer.as_of.isoformat(),
        "tense": answer.tense,
        **{part.name: {"said": list(part.said), **part.data} for part in answer.parts},
    }
