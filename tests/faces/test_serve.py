"""`joinery serve`: starts, answers, keeps people out of its log, and stops cleanly."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pytest

from joinery.app import clock
from joinery.app.demo.learner import link_in, mails_to
from joinery.app.demo.postbox import postbox
from joinery.app.serving import FreshLinks, classroom_app, listening, shifted
from joinery.app.targets import TargetMaker
from joinery.errors import ConfigError
from joinery.settings import Settings, load
from joinery_classroom import catalogue
from joinery_classroom.courses import STARTER_COURSES
from tests.faces.running import environment
from tests.support.forked import Started, joinery

SETTINGS = """
version: 1
company: { name: Example SA, time_zone: Europe/Paris }
people: { from: file, path: ./inbox/*.csv, fields: { worker_id: Number } }
"""


BESIDE = """
version: 1
company: { name: Example SA, time_zone: Europe/Paris }
people:
  from: file
  path: ./inbox/*.csv
  ready_when: present
  fields:
    { worker_id: Number, work_email: Email, given_name: First, family_name: Last, hire_date: Start, status: State }
learning: { LEARNING }
mode: automatic
guards: off
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings of a small company."""
    return written(tmp_path, "learning: { into: classroom }\nstarters: [Onboarding_Path]\n")


def written(folder: Path, more: str) -> Path:
    path = folder / "joinery.yaml"
    path.write_text(SETTINGS + more, encoding="utf-8")
    return path


def maker_of(settings: Settings) -> TargetMaker:
    name = next(iter(settings.learning))
    return TargetMaker(settings=settings, name=name, state_dir=settings.folder / ".joinery", now=clock.now)


@contextmanager
def serving(config: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command at work, and its address."""
    command = ["serve", "--config", str(config), "--port", "0", *more]
    with Started(command, stderr=subprocess.PIPE, text=True, env=environment()) as process:
        try:
            assert process.stderr is not None
            found = re.search(r"http://[\d.]+:\d+", process.stderr.readline())
            assert found is not None
            yield process, found[0]
        finally:
            process.kill()


def status_of(url: str) -> int:
    """What the server answers."""
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=10) as answer:
            return int(answer.status)
    except HTTPError as refused:
        refused.close()
        return refused.code


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "a SIGTERM"])
def test_it_answers_and_is_stopped_cleanly(config: Path, how: signal.Signals) -> None:
    with serving(config) as (process, url):
        assert status_of(f"{url}/sign-in?worker_id=000123") == 200
        assert status_of(f"{url}/in/a-secret-token") == 410
        assert status_of(f"{url}/people/jane.doe") == 404
        process.send_signal(how)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 0
    assert "GET /in/{token} 410" in said
    assert not re.search("000123|a-secret-token|jane", said)
    assert said.rstrip().endswith("Stopped.")
    assert "Traceback" not in said


@pytest.mark.parametrize("learning", ["into: file, layout: generic, path: ./out", "into: classroom"])
def test_a_run_by_hand_beside_it_is_shared_and_comes_to_its_end(tmp_path: Path, learning: str) -> None:
    """No schedule is set, and import files take one writer at a time."""
    (tmp_path / "inbox").mkdir()
    config = tmp_path / "joinery.yaml"
    config.write_text(BESIDE.replace("LEARNING", learning))
    rows = [f"{n:03},w{n}@example.com,Ada{n},Byron,2020-01-01,active" for n in range(120)]
    (tmp_path / "inbox" / "people.csv").write_text("\n".join(["Number,Email,First,Last,Start,State", *rows]) + "\n")

    def typed(*command: str) -> dict[str, Any]:
        line = [*joinery(), *command, "--config", str(config), "--json"]
        done = subprocess.run(line, env=environment(), capture_output=True, text=True, timeout=60, check=True)
        return dict(json.loads(done.stdout))

    with serving(config):
        until = time.monotonic() + 60
        while [node["kind"] for node in typed("target", "status")["nodes"]] != ["serve"]:
            assert time.monotonic() < until, "it says who it is"
        assert sum(typed("sync")["lines"].values()) == 120


def test_a_taken_port_is_said_with_the_way_out(config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [*joinery(), "serve", "--config", str(config), "--port", str(port)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment(), check=False)
    assert ended.returncode == 6
    assert f"Port {port} on 127.0.0.1 is in use" in ended.stderr
    assert "--port" in ended.stderr


@pytest.mark.parametrize(
    ("learning", "said"),
    [
        pytest.param("{ into: memory }", "no pages", id="a learning system without pages"),
        pytest.param(
            "{ into: classroom, url: https://learn.example.com, key: { env: KEY } }",
            "runs elsewhere",
            id="a Classroom on another machine",
        ),
    ],
)
def test_what_cannot_be_served_says_why(tmp_path: Path, learning: str, said: str) -> None:
    settings = load(written(tmp_path, f"learning: {learning}\n"), environ={"KEY": "k" * 20})
    with pytest.raises(ConfigError, match=said), classroom_app(maker_of(settings), clock.now, print):
        pass


def test_another_moment_is_for_simulations_only(config: Path) -> None:
    command = [*joinery(), "serve", "--config", str(config), "--as-of", "1996-08-01"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment(), check=False)
    assert ended.returncode == 2
    assert "simulation: true" in ended.stderr


def test_a_shifted_clock_begins_where_told_and_goes_on() -> None:
    start = clock.now().replace(year=1996)
    assert 0 <= (shifted(clock.now, start)() - start).total_seconds() < 5


def test_the_courses_of_the_starters_are_there_and_only_with_them(tmp_path: Path) -> None:
    for starters, courses in (("[]", frozenset()), ("[location_compliance]", STARTER_COURSES)):
        config = written(tmp_path, f"learning: {{ into: classroom }}\nstarters: {starters}\n")
        with classroom_app(maker_of(load(config, environ={})), clock.now, print) as app:
            with app.state.room.store.reading() as connection:
                assert set(catalogue.all_courses(connection)) == courses
            assert app.state.room.send_fresh_link is None


MAIL = "mail: {{ enabled: true, from: learning@example.com, host: 127.0.0.1, port: {port}, security: none }}\n"


def test_a_fresh_link_is_mailed_to_the_accounts_own_address(tmp_path: Path) -> None:
    with listening("127.0.0.1", 0) as listener:
        mail = MAIL.format(port=listener.getsockname()[1])
        settings = load(written(tmp_path, f"learning: {{ into: classroom }}\n{mail}"), environ={})
        base = maker_of(settings).entry.base_url
        log: list[str] = []
        post = FreshLinks(settings=settings, base_url=base, now=clock.now, log=log.append)
        with postbox(tmp_path / "mail", listener):
            post.send(somebody("ada@example.com"), f"{base}/in/abc-123")
    (letter,) = mails_to(tmp_path / "mail", "ada@example.com")
    assert link_in(letter) == f"{base}/in/abc-123"
    assert log == ["fresh sign-in link for account A-1: accepted"]


def test_a_mail_server_that_is_away_is_logged_by_account_and_raises_nothing(tmp_path: Path) -> None:
    with listening("127.0.0.1", 0) as free:
        mail = MAIL.format(port=free.getsockname()[1])
    settings = load(written(tmp_path, f"learning: {{ into: classroom }}\n{mail}"), environ={})
    log: list[str] = []
    base = maker_of(settings).entry.base_url
    post = FreshLinks(settings=settings, base_url=base, now=clock.now, log=log.append)
    post.send(somebody("ada@example.com"), f"{base}/in/abc-123")
    assert log == ["fresh sign-in link for account A-1: system_unreachable"]


def test_the_mail_server_of_the_demo_keeps_what_it_gets_as_it_is(tmp_path: Path) -> None:
    import aiosmtplib

    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "a@example.com", "b@example.com", "dots"
    letter.set_content(".\n..\n.a line that begins with a dot\n")
    with listening("127.0.0.1", 0) as listener, postbox(tmp_path, listener):
        port = listener.getsockname()[1]
        for _ in range(2):
            asyncio.run(aiosmtplib.send(letter, hostname="127.0.0.1", port=port, start_tls=False))
    kept = mails_to(tmp_path, "b@example.com")
    assert [mail.get_content().replace("\r\n", "\n") for mail in kept] == [letter.get_content()] * 2


def somebody(address: str) -> SimpleNamespace:
    """An account as Classroom hands it over."""
    return SimpleNamespace(id="A-1", name="Ada", attributes={"email": address, "language": "en"})
