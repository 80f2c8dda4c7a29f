"""Plays the five days: each day one file and the very same runs as in real life.

Rule: no short cuts. What a run of the demo does, `joinery sync --as-of` does with the same files.
"""

from __future__ import annotations

import asyncio
import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from joinery.app import clock
from joinery.app.demo.company import ZONE, founded
from joinery.app.demo.folder import write_settings
from joinery.app.demo.learner import Learner, link_in, mails_to
from joinery.app.demo.postbox import postbox
from joinery.app.demo.story import CAST, VETERANS, Story
from joinery.app.demo.telling import Both, told
from joinery.app.serving import classroom_app, listening, served
from joinery.app.targets import TargetMaker
from joinery.app.wiring import Opened, opened
from joinery.flows.sync import SyncReport, sync
from joinery.kit.transport import Transport

MORNING, EVENING, LEARNS = time(6, 30), time(18, 0), time(10, 15)
COURSE = "UK-COMPLIANCE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day as it is told."""

    number: int
    date: date
    hr: list[str]
    joinery: list[str]


@dataclass(slots=True, kw_only=True)
class Where:
    """Where to look afterwards. The links let somebody in: they are for the person at this machine."""

    sign_in: str = ""
    admin: str = ""
    certificate: str = ""
    verify: str = ""
    writes: int = 0
    plans: list[str] = field(default_factory=list)
    held_plan: str = ""


@dataclass(slots=True, kw_only=True)
class Demo:
    """A demonstration under way."""

    folder: Path
    people: int
    config: Path
    base_url: str
    first: date
    where: Where = field(default_factory=Where)

    @property
    def mail(self) -> Path:
        """Where mails are kept."""
        return self.folder / "mail"

    def at(self, day: int, hour: time) -> datetime:
        """An instant of day 1 … 5, company time."""
        return datetime.combine(self.first + timedelta(days=day - 1), hour, ZoneInfo(ZONE))


@contextmanager
def begun(folder: Path, people: int, base_url: str) -> Iterator[Demo]:
    """The folder with its settings, and the mail server at work until the end of the block."""
    with listening("127.0.0.1", 0) as listener:
        config = write_settings(folder, base_url, listener.getsockname()[1])
        first = first_day(clock.now())
        with postbox(folder / "mail", listener):
            yield Demo(folder=folder, people=people, config=config, base_url=base_url, first=first)


def first_day(now: datetime) -> date:
    """Day five is the last day whose evening has passed: nothing lies in the future, links and dates are fresh."""
    here = now.astimezone(ZoneInfo(ZONE))
    last = here.date() if here.time() > EVENING else here.date() - timedelta(days=1)
    return last - timedelta(days=4)


def play(demo: Demo) -> Iterator[Day]:
    """The five days, one after the other: a run in the morning with HR's file, one in the evening without."""
    story = Story(founded(demo.people - VETERANS, demo.first), demo.first)
    for number, happens in enumerate(story.days, start=1):
        hr = happens()
        story.company.export(demo.folder / "inbox" / f"employees_{story.on(number):%Y-%m-%d}.csv")
        with _open(demo, demo.at(number, MORNING)) as it:
            morning = _run(demo, it, demo.at(number, MORNING))
        if number == 4:
            _learn(demo, demo.at(number, LEARNS))
        with _open(demo, demo.at(number, EVENING)) as it:
            both = Both(it=it, morning=morning, evening=_run(demo, it, demo.at(number, EVENING)))
            lines = told(number, both)
        yield Day(number=number, date=story.on(number), hr=hr, joinery=lines)


@contextmanager
def _open(demo: Demo, moment: datetime) -> Iterator[Opened]:
    with opened(demo.config, environ=os.environ, as_of=moment) as it:
        yield it


def _run(demo: Demo, it: Opened, moment: datetime) -> SyncReport:
    report = sync(it.ports, moment)
    if report.plan is not None:
        demo.where.plans.append(report.plan.id)
        if report.plan.held:
            demo.where.held_plan = report.plan.id
    return report


def _learn(demo: Demo, moment: datetime) -> None:
    """Amara follows the link of her mail, does the course and prints the certificate."""
    mail = mails_to(demo.mail, "amara.")[0]
    with (
        _open(demo, moment) as it,
        classroom_app(it.targets, lambda: moment, _silent) as app,
        served(app) as address,
    ):
        learner = Learner(address)
        learner.sign_in(link_in(mail))
        number = learner.finish(COURSE)
        pdf = demo.folder / f"certificate-{number}.pdf"
        pdf.write_bytes(learner.certificate(number))
    demo.where.certificate = str(pdf)
    demo.where.verify = f"{demo.base_url}/verify/{number}"


def look_around(demo: Demo) -> Where:
    """What is left to look at, made ready: links for a new colleague and for HR, and the list of writes."""
    where = demo.where
    where.sign_in = link_in(mails_to(demo.mail, "leocadia.")[-1])
    with _open(demo, clock.now()) as it:
        hr = _account(it, CAST["hr"])
        with classroom_app(it.targets, clock.now, _silent) as app:
            where.admin, writes = asyncio.run(_ask(it.targets, app, hr))
    with (demo.folder / "writes.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, fieldnames=list(writes[0]))
        table.writeheader()
        table.writerows(writes)
    where.writes = len(writes)
    return where


def _account(it: Opened, worker_id: str) -> str:
    from joinery.app.demo.telling import account_of

    with it.ports.database.read() as db:
        found = account_of(db, it, worker_id)
    return found.id if found else ""


async def _ask(maker: TargetMaker, app: Any, hr: str) -> tuple[str, list[dict[str, Any]]]:
    """Makes the HR partner an administrator, with a link; and reads every write there was."""
    classroom = maker.classroom()
    transport = Transport(classroom.base_url, auth=lambda: classroom.api_token, app=app)
    try:
        await transport.request("PUT", "/api/v1/accounts/{id}/roles", at={"id": hr}, json={"roles": ["admin"]})
        link = await transport.request("POST", "/api/v1/sign-in-links", json={"account_id": hr})
        writes: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            page = await transport.request("GET", "/api/v1/writes", params={"after": after, "limit": 5000})
            writes, after = writes + page.json["items"], page.json["next"]
    finally:
        await transport.close()
    return str(link.json["url"]), writes


def _silent(_line: str) -> None:
    """Nobody listens to Classroom's log during the five days."""
