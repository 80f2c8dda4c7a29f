"""People are told once: a late file within five minutes and never before its time, a thousand rows as one message."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from joinery.app.alerting import STALE, TURN, Said, Send, tell
from joinery.app.watching import Watch
from joinery.cli.alert_command import app
from joinery.cli.schedule_command import app as schedule_app
from joinery.cli.status_command import app as status_app
from joinery.cli.sync_command import app as sync_app
from joinery.errors import ConfigError
from joinery.store import schedules
from tests.faces.running import environment
from tests.stories.company import Company, Row, moment, staff, stored_at
from tests.support.forked import Started

FIRST, SECOND = "2026-11-23", "2026-11-24"


class Box:
    """Addresses and messages as they would be sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.works = True

    def __call__(self, _addresses: object, title: str, text: str) -> bool:
        if self.works:
            self.sent.append(f"{title}\n{text}")
        return self.works


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    return watched(tmp_path)


@pytest.fixture
def shared(tmp_path: Path, store_url: str) -> Company:
    """The same company, once on each engine: where several processes take turns."""
    return watched(tmp_path, **stored_at(tmp_path, store_url))


def watched(folder: Path, **settings: Any) -> Company:
    """A company whose file is expected by half past six."""
    (folder / "address").write_text("json://127.0.0.1:9/")
    acme = Company(
        folder,
        people={"expect": {"by": "06:30"}},
        learning={"simulation": False},
        settings={"alerts": {"high": [{"file": "address"}]}, "guards": "off", **settings},
    )
    acme.day(f"{FIRST}T05:00", staff(40))
    return acme


def look(acme: Company, at: str, box: Box) -> list[tuple[str, str]]:
    def said() -> Iterator[Said]:
        with acme.open() as it:
            yield from tell(it.settings, it.ports, moment(at), box)

    return [(each.alert.kind, each.alert.key) for each in said()]


def test_a_file_that_does_not_come_is_told_once_within_five_minutes_and_not_before(acme: Company, box: Box) -> None:
    begin, told = moment(f"{SECOND}T06:00"), []
    for minute in range(180):
        at = begin + timedelta(minutes=minute)
        told += [(f"{at:%H:%M}", *each) for each in look(acme, f"{at:%Y-%m-%dT%H:%M}", box)] if minute % 5 == 0 else []
    assert told == [("06:30", "open", "source:hris:Late")]
    assert len(box.sent) == 1 and "due by 2026-11-24 06:30" in box.sent[0]
    acme.day(f"{SECOND}T09:30", staff(40))
    assert look(acme, f"{SECOND}T09:35", box) == [("solved", "source:hris:Late")]
    assert look(acme, f"{SECOND}T09:40", box) == []


def test_many_rows_with_one_cause_are_one_message_and_twice_as_many_another(acme: Company, box: Box) -> None:
    def shared(count: int) -> list[Row]:
        return [row | {"work_email": "one@acme.example"} if n < count else row for n, row in enumerate(staff(40))]

    acme.day(f"{SECOND}T05:00", shared(10))
    assert look(acme, f"{SECOND}T05:10", box) == [("open", "H-1")]
    assert look(acme, f"{SECOND}T05:15", box) == []
    acme.day(f"{SECOND}T05:20", shared(30))
    assert look(acme, f"{SECOND}T05:25", box) == [("worse", "H-1")]
    acme.day(f"{SECOND}T05:30", [row | {"job_title": "Head"} for row in staff(40)])
    assert look(acme, f"{SECOND}T05:35", box) == [("solved", "H-1")] and len(box.sent) == 3


def test_a_file_that_cannot_be_read_is_told_and_names_nobody(acme: Company, box: Box) -> None:
    acme.day(f"{SECOND}T05:00", [row | {"work_email": "one@acme.example"} for row in staff(40)])
    acme.drop_text("Given0001 Family0001 w0001@acme.example\n")
    acme.day(f"{SECOND}T05:10")
    assert any(key.startswith("source:hris") for _, key in look(acme, f"{SECOND}T05:15", box))
    assert box.sent and not [w for text in box.sent for w in ("Given", "Family", "acme.example") if w in text]


def test_what_could_not_be_sent_is_sent_the_next_time(acme: Company, box: Box) -> None:
    box.works = False
    assert look(acme, f"{SECOND}T06:35", box) == [("open", "source:hris:Late")] and box.sent == []
    box.works = True
    assert look(acme, f"{SECOND}T06:40", box) == [("open", "source:hris:Late")] and len(box.sent) == 1
    assert look(acme, f"{SECOND}T06:45", box) == []


def test_without_an_address_it_is_said_here_and_remembered(acme: Company) -> None:
    acme.write_settings(alerts={})
    late = ["check", "--config", str(acme.config), "--as-of", f"{SECOND}T07:00:00Z"]
    assert "open: Late: hris." in CliRunner().invoke(app, late).output
    assert json.loads(CliRunner().invoke(app, [*late, "--json"]).output)["alerts"] == []
    nobody = CliRunner().invoke(app, ["test", "--config", str(acme.config)])
    assert isinstance(nobody.exception, ConfigError)
    assert CliRunner().invoke(app, ["test", "--route", "loud", "--config", str(acme.config)]).exit_code == 2


class Minutes:
    """A clock that is set by hand, for several processes of one store."""

    def __init__(self, begin: str) -> None:
        self.now = moment(begin)

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def watching(acme: Company, box: Send) -> Iterator[Watch]:
    """A process of its own, as `joinery serve` is one."""
    with acme.open() as it:
        yield Watch(opened=it, say=lambda _line: None, stop=threading.Event(), send=box)


def test_two_watches_of_one_store_tell_a_late_file_once_within_five_minutes(shared: Company, box: Box) -> None:
    shared.clock = clock = Minutes(f"{SECOND}T06:20")
    told = []
    with watching(shared, box) as one, watching(shared, box) as other:
        for second in range(0, 3600, 30):
            clock.now = moment(f"{SECOND}T06:20") + timedelta(seconds=second)
            pair = (one, other) if second % 60 else (other, one)
            told += [(f"{clock.now:%H:%M}", said.alert.key) for watch in pair for said in watch.look()]
    assert told == [("06:30", "source:hris:Late")] and len(box.sent) == 1


def test_while_one_process_is_still_telling_another_says_nothing(shared: Company, box: Box) -> None:
    shared.clock = clock = Minutes(f"{SECOND}T06:31")
    meanwhile: list[Said] = []

    with watching(shared, box) as other:

        def slow(addresses: Sequence[str], title: str, text: str) -> bool:
            clock.now += timedelta(minutes=2)
            meanwhile.extend(other.look())
            return box(addresses, title, text)

        with watching(shared, slow) as one:
            assert len(one.look()) == 1
    assert meanwhile == [] and len(box.sent) == 1


@pytest.mark.parametrize("claimed", ["06:31", "07:31"])
def test_whoever_died_while_telling_keeps_nobody_waiting_for_long(shared: Company, box: Box, claimed: str) -> None:
    """Nor does one whose clock was an hour ahead."""
    shared.clock = clock = Minutes(f"{SECOND}T{claimed}")
    with watching(shared, box) as other:
        with shared.ports() as ports, ports.database.write() as tx:
            schedules.begin(tx, ports.policy.name, TURN, clock.now - timedelta(minutes=1))
            assert schedules.lease(tx, ports.policy.name, TURN, clock.now, "gone", patience=STALE)
        clock.now, told = moment(f"{SECOND}T06:31"), []
        for _ in range(15):
            clock.now += timedelta(minutes=1)
            told += [f"{clock.now:%H:%M}" for _ in other.look()]
    assert told == (["06:42"] if claimed == "06:31" else ["06:32"]) and len(box.sent) == 1


def test_messages_that_may_wait_wait_in_quiet_hours(acme: Company, box: Box) -> None:
    acme.write_settings(alerts={"low": [{"file": "address"}], "quiet": {"from": "20:00", "to": "07:00"}})
    acme.write_settings(modes={"update": "approve"})
    acme.day(f"{SECOND}T05:00", [row | {"job_title": "Head"} for row in staff(40)])
    assert look(acme, f"{SECOND}T06:20", box) == []
    assert [kind for kind, _ in look(acme, f"{SECOND}T07:00", box)] == ["open"]


def test_ends_that_a_guard_holds_are_told_at_once_and_over_when_they_were_done(acme: Company, box: Box) -> None:
    """Another line of the same run went, so that its plan waits for nobody."""
    acme.write_settings(guards={"suspend": {"most": 2}}, kill_switch={"per_hour": 2})
    gone = [row | {"status": "Terminated"} if n < 4 else row for n, row in enumerate(staff(40))]
    night = acme.day(f"{SECOND}T05:00", [*gone[:-1], gone[-1] | {"job_title": "Head"}])
    assert sorted(night.lines) == [*(f"000{n} suspend held" for n in range(1, 5)), "0040 update done"]
    says = "Access does not end of 4 people said to be gone: a guard or the lane's limit holds it"
    assert look(acme, f"{SECOND}T05:10", box) == [("open", "H-2")] and says in box.sent[0]
    acme.day(f"{SECOND}T05:20")
    assert look(acme, f"{SECOND}T05:25", box) == [], "a plan that waits for nothing else adds nothing"
    shown = CliRunner().invoke(status_app, ["--config", str(acme.config), "--as-of", f"{SECOND}T05:26:00Z"])
    assert shown.output.startswith("4 ends of access waiting") and "Next: joinery issue list" in shown.output
    plan = acme.look(f"{SECOND}T05:30")
    assert plan is not None
    acme.approve(plan.plan, override="they are meant")
    assert look(acme, f"{SECOND}T05:35", box) == [("solved", "H-2")] and acme.who_is("suspended") >= {"0001", "0004"}


def test_ends_that_are_more_than_may_ride_and_wait_for_an_approval_are_told_at_once(acme: Company, box: Box) -> None:
    acme.write_settings(kill_switch={"per_hour": 2}, modes={"suspend": "approve"})
    gone = [row | {"status": "Terminated"} if n < 3 else row for n, row in enumerate(staff(40))]
    night = acme.day(f"{SECOND}T05:00", gone)
    assert night.lines == [f"000{n} suspend waiting" for n in range(1, 4)] and night.tripped == ["lane"]
    assert look(acme, f"{SECOND}T05:10", box) == [("open", "H-2")]
    acme.approve(night.plan)
    assert look(acme, f"{SECOND}T05:35", box) == [("solved", "H-2")]


def test_a_pause_of_all_schedules_is_shown_and_told_and_the_file_is_not_late_then(acme: Company, box: Box) -> None:
    pause, resume = (
        ["pause", "all", "--config", str(acme.config)],
        ["resume", "all", "--config", str(acme.config)],
    )
    assert CliRunner().invoke(schedule_app, pause).exit_code == 0
    assert look(acme, f"{SECOND}T06:40", box) == [("open", "source:hris:Paused")]
    shown = json.loads(CliRunner().invoke(status_app, ["--json", "--config", str(acme.config)]).output)
    assert shown["sources"][0]["state"] == "Paused" and shown["next"] == "joinery schedule resume"
    assert CliRunner().invoke(schedule_app, resume).exit_code == 0
    assert sorted(look(acme, f"{SECOND}T06:45", box)) == [
        ("open", "source:hris:Late"),
        ("solved", "source:hris:Paused"),
    ]


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A chat of its own on this machine: what was posted to it."""
    got: list[dict[str, str]] = []

    class Chat(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Nothing on stderr."""

    server = HTTPServer(("127.0.0.1", 0), Chat)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"json://127.0.0.1:{server.server_port}/", got
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_sync_tells_at_its_end_and_once(acme: Company, receiver: tuple[str, list[dict[str, str]]]) -> None:
    address, got = receiver
    (acme.folder / "address").write_text(address)
    for _ in range(2):
        CliRunner().invoke(sync_app, ["--config", str(acme.config)])
    assert [letter["title"] for letter in got] == [got[0]["title"]] and "open: Late: hris." in got[0]["title"]


def test_joinery_serve_tells_with_nobody_typing(acme: Company, receiver: tuple[str, list[dict[str, str]]]) -> None:
    """A process of its own, because that is the promise: about ten seconds."""
    address, got = receiver
    (acme.folder / "address").write_text(address)
    command = ["serve", "--port", "0", "--config", str(acme.config)]
    with Started(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()) as serving:
        try:
            until = time.monotonic() + 60
            while not got and time.monotonic() < until:
                time.sleep(0.1)
        finally:
            serving.terminate()
    assert ["open: Late: hris." in letter["title"] for letter in got] == [True]


def test_it_really_arrives_and_an_address_that_does_not_answer_ends_with_6(
    acme: Company, receiver: tuple[str, list[dict[str, str]]]
) -> None:
    address, got = receiver
    (acme.folder / "address").write_text(address)
    assert CliRunner().invoke(app, ["test", "--config", str(acme.config)]).output == "Sent.\n"
    late = ["check", "--config", str(acme.config), "--as-of", f"{SECOND}T07:00:00Z"]
    assert CliRunner().invoke(app, late).exit_code == 0
    assert got[0]["title"] == "[Acme] test of alerts"
    assert "open: Late: hris." in got[1]["title"] and "joinery status" in got[1]["message"]
    (acme.folder / "address").write_text("json://127.0.0.1:9/")
    assert CliRunner().invoke(app, ["test", "--route", "low", "--config", str(acme.config)]).exit_code == 6
