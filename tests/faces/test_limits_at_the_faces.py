"""Every command is known here: those that show people are tried with somebody who may not see everything.

A new command fails the first test until somebody has said whether it shows people; one with `--confidential` is tried
by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click
import pytest
import typer
from typer.testing import CliRunner

from joinery.app import looking
from joinery.cli.main import app
from joinery.errors import JoineryError, NotPermitted
from joinery.kit.contract import Completion
from tests.stories.company import Company, changed, staff

#: her hour, her score and how often she tried: nothing of it is a manager's, where she works
HOUR, SCORE = "03:17", "61.53"
ASKED_BY_NAME = {"--confidential", "--former-names"}
#: told only to named people, without an option that says so
ALWAYS = {
    "privacy export": ["0002"],
    "layoff add": ["people.csv", "--at", "2099-12-01T10:00+01:00", "--reason-file", "reason.txt"],
    "layoff approve": ["L-1", "--fingerprint", "0"],
}
#: commands that show people, or what they did: how they are called
READS: dict[str, list[str]] = {
    "status": [], "plan": [], "plan list": [], "plan show": ["P-1"], "why": ["0002"],
    "person questions": [], "person identity": ["0002"], "person show": ["0002"], "person transcript": ["0002"],
    "person decided": [], "events": ["--from", "2026-11-01", "--to", "2026-12-31"], "accounts": [],
    "issue list": [], "issue show": ["date_far_ahead"], "quarantine list": [], "quarantine files": [], "match list": [],
    "completions list": [], "report run": ["deprovision", "--people"], "audit list": [], "mail list": [],
    "rules list": [], "rules lint": [], "rules explain": ["Fire"], "map list": [], "map unmapped": [],
    "privacy fields": [], "privacy limits": [], "privacy register": [], "layoff list": [], "layoff show": ["L-1"],
    "config history": [], "schedule list": [], "target status": [], "run list": [],
    "run show": ["R-1"], "run calls": ["R-1"],
}  # fmt: skip
#: commands that do something, or look at something else than people of the store
OTHERS = {
    "init", "demo", "check", "template", "sync", "plan approve", "plan discard", "apply", "undo", "map suggest",
    "map set", "map import", "map export", "rules test", "rules diff", "rules learn", "person same", "person other",
    "person part", "person end-access", "person release-access", "person exempt", "person unexempt", "person assign",
    "person unassign", "person keep", "person release", "issue assign", "issue snooze", "issue waive",
    "quarantine release", "quarantine accept", "layoff withdraw", "match", "match confirm", "match reject",
    "match import", "reconcile", "audit verify", "audit anchor", "privacy erase", "privacy hold", "completions pull",
    "completions push", "files resend", "report list", "mail resend", "connect test", "sftp", "key show", "key new",
    "token new", "token list", "token revoke", "config diff", "config export", "config import", "config revert",
    "config validate", "config show", "config schema", "alert check", "alert test", "doctor", "db backup", "db restore",
    "db migrate", "run watch", "serve", "schedule pause", "schedule resume", "worker", "target pause", "target resume",
    "version",
}  # fmt: skip


def commands() -> dict[str, click.Command]:
    """`plan show` -> the command, of everything that can be typed."""
    return dict(_below(typer.main.get_command(app), ""))


def _below(command: Any, path: str) -> Iterator[tuple[str, click.Command]]:
    if not hasattr(command, "list_commands"):
        yield path, command
        return
    if path and command.invoke_without_command:
        yield path, command
    context = click.Context(command)
    for name in command.list_commands(context):
        yield from _below(command.get_command(context, name), f"{path} {name}".strip())


def test_every_command_is_known_here() -> None:
    known = {*READS, *OTHERS, *ALWAYS}
    assert set(commands()) - known == set(), "say whether it shows people"
    assert known - set(commands()) == set(), "there is no such command any more"
    assert not (READS.keys() & OTHERS) and not (OTHERS & ALWAYS.keys())


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """0002 works in Germany, learnt something at night, and HR has an end of hers in three years."""
    rule = {"name": "Fire", "when": "True", "give": ["FIRE"], "kind": "mandatory"}
    privacy = {"look_as": {"tom": "manager"}, "confidential_to": ["ana"]}
    folder = tmp_path_factory.mktemp("acme")
    acme = Company(folder, settings={"learning_rules": [rule], "guards": "off", "privacy": privacy})
    ends = {"country": "DE", "termination_date": "2029-11-30"}
    acme.day("2026-11-23", changed(staff(3), "0002", **ends))
    told = {"id": "c-1", "course": "FIRE", "course_title": "Fire", "course_version": "1", "result": "passed"}
    done = {"completed_at": f"2026-11-22T{HOUR}:29Z", "score": SCORE, "attempt": 17}
    acme.lms().complete(Completion(account_id=acme.account("0002").id, **told, **done))  # type: ignore[arg-type]
    acme.day("2026-11-24", changed(staff(3), "0002", **ends, job_title="Head"))
    (folder / "people.csv").write_text("worker_id\n0002\n")
    (folder / "reason.txt").write_text("cost")
    return acme


def typed(acme: Company, name: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What the command says, to whoever asks; nothing there to look at is an answer, too."""
    monkeypatch.chdir(acme.folder)
    done = CliRunner().invoke(app, [*name.split(), *arguments, "--config", str(acme.config)], standalone_mode=False)
    if isinstance(done.exception, NotPermitted):
        raise done.exception
    assert done.exception is None or isinstance(done.exception, JoineryError), (name, done.exception)
    return done.output


def forms(command: click.Command) -> list[list[str]]:
    options = {option for parameter in command.params for option in parameter.opts}
    tried = {"--json": ["--json"], "--format": ["--format", "csv"]}
    return [[], *(form for option, form in tried.items() if option in options)]


def be(monkeypatch: pytest.MonkeyPatch, user: str) -> None:
    monkeypatch.setattr(looking, "this_user", lambda: user)


@pytest.mark.parametrize("name", READS)
def test_a_manager_sees_no_hour_no_score_and_no_end_to_come(
    acme: Company, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(monkeypatch, "tom")
    for form in forms(commands()[name]):
        said = typed(acme, name, [*READS[name], *form], monkeypatch)
        assert HOUR not in said and SCORE not in said and "2029-11-30" not in said, (name, form)


def test_what_is_withheld_from_a_manager_is_there_for_others(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    be(monkeypatch, "petra")
    assert HOUR in typed(acme, "person transcript", ["0002"], monkeypatch)
    assert HOUR in typed(acme, "completions list", [], monkeypatch)
    be(monkeypatch, "tom")
    assert "2026-11-22" in typed(acme, "person transcript", ["0002"], monkeypatch)
    be(monkeypatch, "ana")
    assert "2029-11-30" in typed(acme, "issue show", ["date_far_ahead", "--confidential"], monkeypatch)
    told = json.loads(typed(acme, "privacy export", ["0002"], monkeypatch))
    assert told["training_records"][0]["body"]["score"] == SCORE


def confidential() -> list[tuple[str, list[str]]]:
    """Every command that can be asked for confidential things, as it is asked."""
    found = [(name, arguments) for name, arguments in ALWAYS.items()]
    for name, command in commands().items():
        asked = {option for parameter in command.params for option in parameter.opts} & ASKED_BY_NAME
        found += [(name, [*READS.get(name, []), option]) for option in sorted(asked)]
    return found


@pytest.mark.parametrize(("name", "arguments"), confidential(), ids=[name for name, _ in confidential()])
def test_confidential_things_are_told_to_named_users_only(
    acme: Company, name: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = [*arguments, "--reason", "asked"] if "--former-names" in arguments else arguments
    for user in ("tom", "petra", ""):
        be(monkeypatch, user)
        with pytest.raises(NotPermitted, match="for ana only; nothing was shown"):
            typed(acme, name, arguments, monkeypatch)
    be(monkeypatch, "ana")
    typed(acme, name, arguments, monkeypatch)


def test_who_looks_is_not_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    real = looking.this_user()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "ana")
    assert looking.this_user() == real != "ana"
