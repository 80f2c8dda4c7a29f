"""`joinery demo`: a sample company, five simulated days, left running to look at."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from joinery.app import clock
from joinery.app.demo.folder import new_folder
from joinery.app.demo.run import EVENING, Day, Demo, Where, begun, look_around, play
from joinery.app.serving import classroom_app, listening
from joinery.cli.common import AsJson, say, show_json
from joinery.cli.serve_command import maker_for, until_stopped
from joinery.errors import StopRun
from joinery.settings import load

app = typer.Typer(rich_markup_mode=None)
PORT = 8484

Folder = Annotated[
    Path | None, typer.Option("--dir", help="A new folder; otherwise ./joinery-demo-DATE-TIME.", show_default=False)
]
People = Annotated[int, typer.Option("--people", min=100, max=20000, help="How many people work there.")]
Port = Annotated[
    int | None, typer.Option("--port", min=0, max=65535, help=f"Otherwise {PORT}, or a free one.", show_default=False)
]
NoServe = Annotated[bool, typer.Option("--no-serve", help="End when the five days are over.")]


@app.command()
def main(
    people: People = 500, folder: Folder = None, port: Port = None, no_serve: NoServe = False, json: AsJson = False
) -> None:
    """Five simulated days of a sample company, then left running on this machine. Nothing leaves it.

    Examples: joinery demo | joinery demo --people 2000 --dir ./try-it | joinery demo --no-serve --json
    """
    began = clock.now()
    with _listening(port) as listener:
        place = new_folder(folder, began)
        with begun(place, people, f"http://127.0.0.1:{listener.getsockname()[1]}") as demo:
            _tell([f"A sample company of {people} people and five days of its life, in {place}"], quiet=json)
            _tell(["All of it is invented; nothing leaves this machine."], quiet=json)
            days = []
            for day in play(demo):
                days.append(day)
                _tell(_day(day), quiet=json)
            where = look_around(demo)
            seconds = (clock.now() - began).total_seconds()
            if json:
                show_json(_data(demo, days, where, seconds))
            _tell(_closing(demo, where, seconds), quiet=json)
            if not no_serve:
                _serve(demo, listener)


def _listening(port: int | None) -> socket.socket:
    """The port asked for, or the usual one, or any free one: a newcomer should not have to know about ports."""
    if port is not None:
        return listening("127.0.0.1", port)
    try:
        return listening("127.0.0.1", PORT)
    except StopRun:
        return listening("127.0.0.1", 0)


def _serve(demo: Demo, listener: socket.socket) -> None:
    import os

    maker = maker_for(load(demo.config, environ=os.environ))
    with classroom_app(maker, clock.now, say) as classroom:
        say(f"\nClassroom is at {demo.base_url}  (Ctrl-C stops it; the folder stays)")
        until_stopped(classroom, listener, None)
    say(f"Stopped. Start it again: joinery serve --config {demo.config} --port {listener_port(demo)}")


def listener_port(demo: Demo) -> str:
    """The port that links lead to."""
    return demo.base_url.rpartition(":")[2]


def _tell(lines: Iterable[str], *, quiet: bool) -> None:
    for line in lines if not quiet else ():
        print(line, flush=True)


def _day(day: Day) -> list[str]:
    first, *others = day.hr
    return [
        "",
        f"Day {day.number}, {day.date:%A %d %B %Y}",
        f"  HR       {first}",
        *(f"           {line}" for line in others),
        *(f"  {'Joinery' if index == 0 else '':<8} {line}" for index, line in enumerate(day.joinery)),
    ]


def _closing(demo: Demo, where: Where, seconds: float) -> list[str]:
    held, joinery = where.held_plan or "P-1", _program()
    return [
        "",
        f"Five days in {seconds:.0f} seconds. Where to look:",
        f"  A new colleague signs in (works once)   {where.sign_in}",
        f"  HR's admin page (works once)            {where.admin}",
        f"  Amara's certificate                     {_short(Path(where.certificate))}",
        f"  Is it genuine?                          {where.verify}",
        f"  Mails that were sent                    {_short(demo.mail)}/",
        f"  What HR gets back                       {_short(demo.folder)}/outbox/",
        f"  The list of {where.writes} writes to Classroom    {_short(demo.folder / 'writes.csv')}",
        "",
        "What to try, in another terminal:",
        f"  export JOINERY_CONFIG={_short(demo.config)}",
        f"  {joinery} why 000951                 why Amara has what she has",
        f"  {joinery} plan show {held}              what is held, and why",
        f"  {joinery} plan approve {held} --override 'HR meant it' && {joinery} apply {held} --yes",
        f"  {joinery} undo {where.plans[1]}                   takes day 2 back, as a plan to review",
        f"  {joinery} events --from {demo.first} --to {demo.at(5, EVENING).date()}",
    ]


def _program() -> str:
    """How to call Joinery from this folder: in a fresh checkout it is not on the path."""
    if shutil.which("joinery") or not sys.argv[0].endswith("joinery"):
        return "joinery"
    return _short(Path(sys.argv[0]))


def _short(path: Path) -> str:
    """Relative to here where that is shorter."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _data(demo: Demo, days: list[Day], where: Where, seconds: float) -> dict[str, Any]:
    return {
        "folder": str(demo.folder),
        "config": str(demo.config),
        "base_url": demo.base_url,
        "seconds": round(seconds, 1),
        "days": [
            {"day": day.number, "date": day.date.isoformat(), "hr": day.hr, "joinery": day.joinery} for day in days
        ],
        "sign_in_link": where.sign_in,
        "admin_link": where.admin,
        "certificate": where.certificate,
        "verify_link": where.verify,
        "writes": where.writes,
        "plans": where.plans,
        "held_plan": where.held_plan,
    }
