"""`joinery run list`, `run show` and `run watch`: what each run did, how long its stages took, where one stopped."""

from __future__ import annotations

import json
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner, Result

from joinery.cli.run_command import app
from joinery.errors import AuthenticationFailed, JoineryError, NotThere
from joinery.flows.runs import Stages
from joinery.store.connections import end_run, only_run, start_run
from joinery.store.tables import plan_lines, plans
from tests.stories.company import Company, moment, staff

STAGES = ["pull", "plan", "apply", "read back", "mail", "records", "look"]


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    return Company(tmp_path)


def typed(acme: Company, *words: str) -> Result:
    done = CliRunner().invoke(app, [*words, "--config", str(acme.config)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def run_list(acme: Company, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(typed(acme, "list", "--json", *options).stdout)["runs"]
    return found


def test_before_the_first_run_there_is_none_and_the_way_to_one_is_told(acme: Company) -> None:
    assert "joinery sync" in typed(acme, "list").stdout


def test_the_newest_comes_first_with_what_it_did_and_how_long_each_stage_took(acme: Company) -> None:
    acme.day("2026-01-02", staff(3))
    acme.day("2026-01-03", [])
    second, first = run_list(acme)
    assert (second["id"], first["id"]) == ("R-2", "R-1")
    assert (first["ending"], first["exit_code"], first["lines"]) == ("done", 0, {"done": 3})
    assert first["files"] == {"people_0001.csv": "accepted"} and first["plan"] == "P-1"
    assert list(first["stages"]) == STAGES
    assert first["as_of"] == moment("2026-01-02").isoformat()
    shown = typed(acme, "show", "R-1")
    assert "Stages: pull" in shown.stdout and "Lines: done 3" in shown.stdout
    assert "plan show P-1" in shown.stderr


def test_one_that_stopped_says_in_which_stage_and_why(acme: Company) -> None:
    acme.day("2026-01-02", staff(3))

    class Refusing:
        def __init__(self, inner: object) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> object:
            if name == "perform":
                raise AuthenticationFailed("The key is not good any more.", fix="Give another.")
            return getattr(self.inner, name)

    acme.around = Refusing
    with pytest.raises(JoineryError):
        acme.day("2026-01-03", staff(4))
    (stopped,) = run_list(acme, "--failed")
    assert (stopped["id"], stopped["ending"], stopped["stage"]) == ("R-2", "stopped", "apply")
    assert stopped["exit_code"] == 6 and "not good any more" in stopped["message"]
    assert list(stopped["stages"]) == ["pull", "plan", "apply"]
    shown = typed(acme, "show", "R-2")
    assert "stopped in apply" in shown.stdout and "doctor" in shown.stderr


def test_one_without_an_end_is_at_work_while_its_lock_is_held_and_was_left_afterwards(acme: Company) -> None:
    acme.day("2026-01-02", staff(1))
    with acme.ports() as ports, only_run(ports.database, ports.policy.name, ports.now):
        with ports.database.write() as connection:
            start_run(connection, ports.policy.name, "sync", as_of=ports.now(), now=ports.now())
        assert [run["ending"] for run in run_list(acme)] == ["running", "done"]
        assert run_list(acme, "--failed") == []
    assert [run["ending"] for run in run_list(acme)] == ["left", "done"]
    assert "ended in the middle" in typed(acme, "show", "R-2").stdout


def test_the_run_at_work_is_followed_to_its_end(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    acme.write_settings(mode="approve")
    acme.day("2026-01-02", staff(3))
    assert "No run is at work" in typed(acme, "watch").stdout
    with acme.ports() as ports, ExitStack() as held:
        name = ports.policy.name
        held.enter_context(only_run(ports.database, name, ports.now))
        with ports.database.write() as connection:
            run = start_run(connection, name, "sync", as_of=ports.now(), now=ports.now())
            connection.execute(plans.update().values(state="applying"))
            connection.execute(plan_lines.update().values(state="planned"))

        def the_next_second(_seconds: float) -> None:
            with ports.database.write() as connection:
                if connection.execute(plan_lines.update().where(first_left).values(state="done")).rowcount:
                    return
                end_run(connection, run, state="partial", summary={"exit_code": 4, "plan": "P-1"}, now=ports.now())

        first_left = (
            plan_lines.c.seq
            == select(func.min(plan_lines.c.seq)).where(plan_lines.c.state == "planned").scalar_subquery()
        )
        monkeypatch.setattr("joinery.cli.run_command.sleep", the_next_second)
        done = CliRunner().invoke(app, ["watch", "--config", str(acme.config)])
    assert [line.partition("UTC: ")[2] for line in done.stdout.splitlines()[:4]] == [
        f"{ended} of 3 lines of P-1 have ended." for ended in range(4)
    ]
    assert done.exit_code == 4 and "How it ended: done, but some was held" in done.stdout


def test_another_number_is_refused_with_the_way_out(acme: Company) -> None:
    acme.day("2026-01-02", [])
    with pytest.raises(NotThere, match="There is no run R-9") as refused:
        typed(acme, "show", "R-9")
    assert "run list" in refused.value.fix


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_the_list_comes_in_every_form(acme: Company, tmp_path: Path, form: str) -> None:
    acme.day("2026-01-02", staff(1))
    out = tmp_path / f"runs.{form}"
    typed(acme, "list", "--format", form, "--out", str(out))
    assert out.stat().st_size > 50


def test_a_stage_that_comes_twice_is_added_up_and_one_that_failed_stays_named() -> None:
    stages = Stages(lambda _name: nullcontext())
    for name in ("mail", "records", "mail"):
        with stages(name):
            pass
    assert list(stages.seconds) == ["mail", "records"] and stages.at == ""
    with pytest.raises(ValueError), stages("look"):
        raise ValueError
    assert stages.at == "look"
