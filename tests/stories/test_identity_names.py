"""By what somebody is or was known: numbers and addresses for everybody, former names for whoever says why."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from joinery.cli import events_command, person_command
from joinery.flows.known_as import known_as
from joinery.flows.person import Word
from joinery.store.decisions import in_force
from tests.stories.company import Company, changed, moment, staff, without

WORD = Word(owner="ana", reason="a certificate of 2025 is to be checked")


def renamed(tmp_path: Path) -> Company:
    """Somebody who married and then got another number."""
    acme, rows = Company(tmp_path), staff(3)
    acme.day("2026-11-20", rows)
    married = changed(rows, "0002", family_name="Married", work_email="married@acme.example")
    acme.day("2026-11-21", married)
    row = next(row for row in married if row["worker_id"] == "0002")
    acme.day("2026-11-22", [*without(married, "0002"), row | {"worker_id": "9002", "previous_id": "0002"}])
    return acme


def names(acme: Company, who: str, word: Word | None = None) -> list[str]:
    with acme.ports() as ports:
        found = known_as(ports, who, word)
        return [f"{n.kind} {n.value} {n.until or ''}".strip() for n in found.names if n.kind != "key"]


def test_numbers_and_addresses_are_kept_with_their_end(tmp_path: Path) -> None:
    acme = renamed(tmp_path)
    told = names(acme, "0002")
    assert "worker_id 9002" in told
    assert "worker_id 0002" in told
    assert "work_email married@acme.example" in told
    assert "work_email w0002@acme.example 2026-11-21" in told
    assert not any("Family0002" in each for each in told)


def test_a_former_name_is_told_to_whoever_says_why_and_who_asked_is_kept(tmp_path: Path) -> None:
    acme = renamed(tmp_path)
    with acme.ports() as ports:
        assert known_as(ports, "9002").former_names == 1
    assert "family_name Family0002 2026-11-21" in names(acme, "9002", WORD)
    with acme.ports() as ports, ports.database.read() as connection:
        person = acme.person("9002")
        kept = in_force(connection, [person.key], moment("2026-11-23").date())[person.key]
    assert [(each.kind, each.owner, each.reason) for each in kept] == [("names_seen", "ana", WORD.reason)]


def test_the_commands_print_no_former_name(tmp_path: Path) -> None:
    acme = renamed(tmp_path)
    config = ["--config", str(acme.config)]
    span = ["--from", "2026-11-01", "--to", "2026-11-30", "--format", "csv"]
    events = CliRunner().invoke(events_command.app, [*config, *span])
    person = CliRunner().invoke(person_command.app, ["identity", "0002", *config])
    assert events.exit_code == person.exit_code == 0
    assert "family_name,not told here,Married" in events.output
    assert "Family0002" not in events.output + person.output
    asked = CliRunner().invoke(person_command.app, ["identity", "0002", "--former-names", *config])
    assert asked.exit_code == 2
