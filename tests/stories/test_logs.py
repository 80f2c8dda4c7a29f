"""Logs are data without anybody in them, a monitor hears a sign of life, and traces cost nothing where nobody asked."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from joinery.app.logs import libraries_too, recorder
from joinery.app.tracing import nothing, spans
from joinery.settings import load
from tests.faces.running import environment
from tests.stories.company import Company, worker
from tests.support.forked import Started, joinery

#: of nobody else and of no word of ours
MARKS = ("Xanthippe", "Quillfeather", "xq@acme.example", "gmial", "+33 6 99 88 77")


def marked(number: int, **values: str) -> dict[str, str]:
    names = {"given_name": "Xanthippe", "family_name": "Quillfeather", "work_email": "xq@acme.example"}
    return worker(number, **names | values)


def trouble() -> list[dict[str, str]]:
    """Good rows, and what goes wrong with rows: each of them says something in the log, or must not."""
    return [
        marked(1),
        marked(2),
        marked(3, work_email="xq3@gmial.com", hire_date="Xanthippe"),
        marked(4, status="Quillfeather"),
        marked(5, manager_id="Quillfeather", work_email="not an address of Xanthippe"),
        marked(6, termination_date="2026-11-01", status="Terminated", work_email="xq6@acme.example"),
    ]


def run(acme: Company, *words: str) -> str:
    command = [*joinery(), *words, "--config", str(acme.config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment(), check=False)
    return done.stdout + done.stderr


def company(folder: Path, **telemetry: Any) -> Company:
    # a mail server that is not there, so that mail fails, too
    mail = {"enabled": True, "from": "learning@acme.example", "host": "localhost", "security": "none", "port": 9}
    learning = {"simulation": False}
    return Company(folder, settings={"telemetry": telemetry, "mail": mail, "guards": "off"}, learning=learning)


@pytest.mark.parametrize("logs", ["json", "text"])
def test_a_sync_with_all_kinds_of_trouble_names_nobody(tmp_path: Path, logs: str) -> None:
    acme = company(tmp_path, logs=logs)
    acme.drop(trouble())
    said = run(acme, "sync")
    acme.drop([*trouble()[:1], marked(2, job_title="Head")])
    acme.drop_text("Quillfeather,Xanthippe\nxq@acme.example\n")
    said += run(acme, "sync")
    assert [mark for mark in MARKS if mark in said] == []
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    ended = [line for line in lines if line["event"] == "run ended"]
    assert [line["run"] for line in ended] == (["R-1", "R-2"] if logs == "json" else [])
    assert all({"at", "level", "connection", "state", "exit_code", "seconds"} <= line.keys() for line in ended)


def test_joinery_serve_speaks_json_only_and_names_nobody(tmp_path: Path) -> None:
    """A process of its own: what it prints is what somebody's log server gets. About ten seconds."""
    acme = company(tmp_path, logs="json")
    acme.write_settings(schedule={"when_file_arrives": True})
    acme.drop(trouble())
    command = ["serve", "--port", "0", "--quiet", "--config", str(acme.config)]
    with Started(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment()) as serving:
        lines: list[str] = []
        assert serving.stdout is not None
        stop = threading.Timer(60, serving.kill)
        stop.start()
        for raw in serving.stdout:
            lines.append(raw.decode())
            if "run ended" in lines[-1]:
                time.sleep(0.3)
                serving.terminate()
        stop.cancel()
    said = [json.loads(line) for line in lines]
    assert [line["event"] for line in said if line["event"] == "run ended"] == ["run ended"]
    assert [mark for mark in MARKS if mark in "".join(lines)] == []


def test_what_libraries_say_loses_its_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    acme = company(tmp_path, logs="json")
    root, before = logging.getLogger(), list(logging.getLogger().handlers)
    try:
        libraries_too(load(acme.config, environ={}))
        logging.getLogger("some.library").warning("refused xq@acme.example of %s", "Xanthippe")
    finally:
        for handler in [each for each in root.handlers if each not in before]:
            root.removeHandler(handler)
    (line,) = [json.loads(one) for one in capsys.readouterr().err.splitlines()]
    assert line["where"].startswith("some.library:") and "Xanthippe" not in str(line)


def test_text_is_the_default_and_records_nothing(tmp_path: Path) -> None:
    out = StringIO()
    recorder(load(company(tmp_path).config, environ={}), out)("run ended", run="R-1")
    assert out.getvalue() == ""


@contextmanager
def monitor(status: int = 200, wait: float = 0.0) -> Iterator[tuple[str, list[str]]]:
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            time.sleep(wait)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Nothing on stderr."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/ping/SECRET-77", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def beating(folder: Path, address: str) -> Company:
    (folder / "beat").write_text(address)
    beat = {"heartbeat": {"file": "beat"}, "heartbeat_timeout": "1 second"}
    return Company(folder, settings={"telemetry": beat})


def test_a_monitor_hears_every_run_that_came_to_its_end(tmp_path: Path) -> None:
    with monitor() as (address, heard):
        acme = beating(tmp_path, address)
        acme.day("2026-11-23", [worker(1)])
        acme.day("2026-11-24", [worker(1)])
        assert heard == ["/ping/SECRET-77"] * 2
        # what could not be reached is no success
        acme.people = {"path": "./not/there/*.csv"}
        acme.write_settings()
        assert acme.day("2026-11-25").exit_code == 6 and len(heard) == 2


@pytest.mark.parametrize(("status", "wait", "why"), [(500, 0.0, "answered 500"), (200, 3.0, "no answer within 1 sec")])
def test_a_monitor_that_does_not_hear_fails_no_run_and_its_address_is_not_told(
    tmp_path: Path, status: int, wait: float, why: str
) -> None:
    with monitor(status, wait) as (address, _):
        acme, said = beating(tmp_path, address), []
        from joinery.app.wiring import Voice, opened
        from joinery.flows.sync import sync
        from tests.stories.company import moment

        acme.drop([worker(1)])
        with opened(acme.config, environ={}, voice=Voice(say=said.append), as_of=moment("2026-11-23")) as it:
            assert sync(it.ports, moment("2026-11-23")).exit_code == 0
        assert why in " ".join(said) and "SECRET" not in " ".join(said)


def test_an_address_whose_file_is_gone_fails_no_run(tmp_path: Path) -> None:
    acme = beating(tmp_path, "http://127.0.0.1:9/")
    assert acme.day("2026-11-23", [worker(1)]).exit_code == 0


def test_traces_are_nothing_where_nobody_asked_and_where_the_library_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    assert spans(load(company(tmp_path).config, environ={}), said.append) is nothing and said == []
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    asked = company(tmp_path, traces="http://127.0.0.1:4318")
    with spans(load(asked.config, environ={}), said.append)("pull"):
        assert said == ["No traces are sent: `telemetry.traces` needs joinery[telemetry]."]
