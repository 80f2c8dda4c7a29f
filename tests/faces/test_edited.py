"""Settings that somebody edits while a process serves: taken over between two runs, or said and left."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import RemoteDisconnected
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest

from joinery.app import clock, edited
from joinery.app.edited import REFUSED, Edits, NotOpened, one_after_the_other, taking_over
from joinery.app.wiring import opened
from joinery.cli.serve_command import Door
from joinery.cli.worker_command import Hand
from joinery.errors import ConfigError
from joinery.settings import Settings, load
from joinery.store.connections import only_run

TEXT = """version: 1
company: { name: NAME, time_zone: Europe/Paris }
people: { from: file, path: ./inbox/*.csv, fields: { worker_id: Number } }
learning: { into: classroom }
rules: [rules/*.yaml]
map: { department: { table: departments.csv } }
"""
RULE = "name: Welcome\nwhen: department == 'Sales'\ngive: [course/welcome]\n"
REASON = "No store is there."


class Files:
    """The settings of a company, a rule and a table; each edit has a time of its own."""

    def __init__(self, folder: Path) -> None:
        self.config, self.rule, self.table = (
            folder / "joinery.yaml",
            folder / "rules/a.yaml",
            folder / "departments.csv",
        )
        (folder / "rules").mkdir()
        (folder / "inbox").mkdir()
        self._at = 1_700_000_000
        self.write(self.config, TEXT)
        self.write(self.rule, RULE)
        self.write(self.table, "code,value\nS,Sales\n")

    def write(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        self._at += 10
        os.utime(path, (self._at, self._at))
        os.utime(path.parent, (self._at, self._at))

    def settings(self) -> Settings:
        return load(self.config, environ={})


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def said() -> list[str]:
    return []


def watching(files: Files, said: list[str]) -> Edits:
    edits = Edits(settings=files.settings(), environ={}, say=said.append)
    assert [edits.look(), edits.look(), edits.look()] == [None] * 3
    return edits


@pytest.mark.parametrize(
    ("part", "text"),
    [
        pytest.param("config", TEXT.replace("NAME", "Other"), id="the file itself"),
        pytest.param("rule", RULE.replace("Sales", "Ops"), id="a rule file"),
        pytest.param("rules/b.yaml", RULE.replace("Welcome", "Bye"), id="a rule file that comes"),
        pytest.param("table", "code,value\nS,Sale\n", id="a table"),
    ],
)
def test_an_edit_of_any_of_the_files_is_taken_over_once_it_stands_still(
    files: Files, said: list[str], part: str, text: str
) -> None:
    edits = watching(files, said)
    files.write(files.config.parent / part if "/" in part else getattr(files, part), text)
    assert edits.look() is None, "it may be half written"
    found = edits.look()
    assert found is not None and found.version_hash == files.settings().version_hash
    assert [line for line in said if "taken over" in line] == said and len(said) == 1
    assert edits.look() is found and len(said) == 1


def test_what_says_the_same_in_other_words_is_no_edit(files: Files, said: list[str]) -> None:
    edits = watching(files, said)
    files.write(files.config, "# a remark\n" + TEXT)
    assert [edits.look(), edits.look(), edits.look()] == [None] * 3
    assert said == []


def test_what_cannot_be_used_is_said_once_with_its_place_and_so_is_its_end(files: Files, said: list[str]) -> None:
    edits = watching(files, said)
    files.write(files.config, TEXT + "nonsense: true\n")
    assert [edits.look(), edits.look(), edits.look()] == [None] * 3
    assert len(said) == 1 and said[0].startswith(REFUSED) and "joinery.yaml:7:1 nonsense" in said[0]
    assert edits.trouble
    files.config.unlink()
    assert [edits.look(), edits.look()] == [None] * 2
    assert len(said) == 2 and said[1].startswith(REFUSED)
    files.write(files.config, TEXT)
    assert [edits.look(), edits.look()] == [None] * 2
    assert said[2:] == ["The settings can be used again."] and not edits.trouble


def test_an_edit_made_while_the_one_before_is_read_is_not_lost(
    files: Files, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen 2026-11-30: settings that could not be used were never said to be that."""
    edits = Edits(settings=files.settings(), environ={}, say=said.append)
    real, edited_once = edited.load, [True]

    def read(path: Path, **more: Any) -> Settings:
        found = real(path, **more)
        if edited_once and edited_once.pop():
            files.write(files.config, TEXT.replace("NAME", "Other"))
        return found

    monkeypatch.setattr(edited, "load", read)
    found = [edits.look() for _ in range(5)]
    assert found[-1] is not None and found[-1].company.name == "Other"


def test_it_waits_for_a_run_that_is_at_work(files: Files, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edited, "LOOK", 0.01)
    edits, ended = watching(files, said), threading.Event()
    with opened(files.config, environ={}) as it:
        name, database = it.ports.policy.name, it.ports.database
        with taking_over(it, edits, ended.set):
            with only_run(database, name, clock.now):
                files.write(files.config, TEXT.replace("NAME", "Other"))
                while not said:
                    time.sleep(0.01)
                assert not ended.wait(0.2)
            assert ended.wait(10)


def test_settings_that_cannot_be_worked_by_leave_the_former_ones_in_force(files: Files, said: list[str]) -> None:
    first = files.settings()
    files.write(files.config, TEXT.replace("NAME", "Other"))
    second, worked = files.settings(), list[tuple[str, str]]()

    def work(settings: Settings, refused: str) -> Settings | None:
        worked.append((settings.company.name, refused))
        if settings is second:
            raise NotOpened(ConfigError(REASON))
        return second if len(worked) == 1 else None

    one_after_the_other(first, work, said.append)
    assert worked == [("NAME", ""), ("Other", ""), ("NAME", second.version_hash)]
    assert said == [f"{REFUSED} {REASON}"]
    edits = Edits(settings=first, environ={}, say=said.append, refused=second.version_hash)
    assert edits.trouble and [edits.look(), edits.look(), edits.look()] == [None] * 3 and len(said) == 1


def test_the_first_settings_that_cannot_be_worked_by_end_it(files: Files, said: list[str]) -> None:
    def work(_settings: Settings, _refused: str) -> Settings | None:
        raise NotOpened(ConfigError(REASON))

    with pytest.raises(ConfigError, match=REASON):
        one_after_the_other(files.settings(), work, said.append)


@contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    """Beside the server, which needs the main thread for its signals; ends it."""
    trouble: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 shown at the end
            trouble.append(error)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join(60)
    assert trouble == []


def test_serve_goes_on_at_the_same_address_by_the_edited_settings(
    files: Files, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(edited, "LOOK", 0.05)
    door = Door(config=files.config, host="127.0.0.1", port=0, moment=None, quiet=False)

    def page(path: str) -> str:
        assert door._listener is not None
        address = f"http://127.0.0.1:{door._listener.getsockname()[1]}{path}"
        for _ in range(20):
            # whoever was let in by the former one in its last instant asks again
            with suppress(ConnectionResetError, RemoteDisconnected):
                with build_opener(ProxyHandler({})).open(address, timeout=30) as answer:
                    return str(answer.read().decode())
        raise AssertionError("nobody answers")

    def until(holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def edit() -> None:
        until(lambda: door._served)
        assert "NAME" in page("/sign-in")
        files.write(files.config, TEXT + "nonsense: true\n")
        until(lambda: "cannot be used" in page("/readyz"))
        assert "NAME" in page("/sign-in")
        files.write(files.config, TEXT.replace("NAME", "Other"))
        # nobody is turned away meanwhile: the address is listened at all the time
        until(lambda: "Other" in page("/sign-in"))
        assert "cannot" not in page("/readyz")

    with meanwhile(edit):
        one_after_the_other(files.settings(), door.open_by, print)
    door.close()
    told = capsys.readouterr().err
    assert told.count("The edited settings are in force.") == 1 and told.count("Ctrl-C stops it") == 1


def test_a_worker_goes_on_by_the_edited_settings(
    files: Files, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edited, "LOOK", 0.05)
    monkeypatch.setattr("joinery.cli.worker_command.say", lambda line, **_: said.append(line))
    text = TEXT.replace("{ into: classroom }", '{ into: scim, url: "http://127.0.0.1:9/v2", key: { env: KEY } }')
    monkeypatch.setenv("KEY", "k" * 20)
    files.write(files.config, text)
    hand = Hand(config=files.config, quiet=False, stopped=threading.Event())
    ready = lambda: sum("is ready" in line for line in said)  # noqa: E731

    def edit() -> None:
        deadline = time.monotonic() + 60
        for name, count in (("Second", 1), ("", 2)):
            while ready() < count:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            if name:
                files.write(files.config, text.replace("NAME", name))
        hand.stopped.set()
        hand.stop.set()

    thread = threading.Thread(target=edit)
    thread.start()
    one_after_the_other(load(files.config, environ=os.environ), hand.work_by, said.append)
    thread.join(60)
    assert ready() == 2
