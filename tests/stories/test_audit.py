"""What people decide and what runs do is in the audit log, names nobody, and stands after an erasure."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select, text
from typer.testing import CliRunner

from joinery.cli.audit_command import app
from joinery.errors import ConfigError, JoineryError
from joinery.flows.apply import apply_approved, approve, discard
from joinery.flows.erase import erase
from joinery.flows.issues import Said, snooze_issue
from joinery.flows.person import Word, decide_about, end_access, release_about
from joinery.flows.subject import export_of
from joinery.flows.undo import make_undo
from joinery.store.audit_log import Told, Wanted, told, verified
from joinery.store.tables import audit_log
from tests.stories.company import Company, changed, moment, staff, worker

ANA = Word(owner="ana", reason="INC-991 about Xanthippe")
FIRST, SECOND, THIRD = "2026-11-23", "2026-11-24", "2026-11-25"
HER = worker("E-77431", given_name="Xanthippe", family_name="Quillfeather", work_email="xq@acme.example")


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    acme = Company(tmp_path, settings={"guards": "off"})
    acme.day(FIRST, [*staff(3), HER])
    return acme


def entries(acme: Company, action: str = "") -> list[Told]:
    with acme.ports() as ports, ports.database.read() as db:
        return list(reversed(told(db, Wanted(action=action))))


def intact(acme: Company) -> bool:
    with acme.ports() as ports, ports.database.read() as db:
        return verified(db, ()).intact


def say(acme: Company, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, [*arguments, "--config", str(acme.config)])
    if isinstance(done.exception, JoineryError):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


def test_a_run_notes_its_begin_what_it_applied_and_its_end(acme: Company) -> None:
    found = [each.entry.action for each in entries(acme)]
    assert found == ["run.started", "config.in_force", "plan.ran", "run.ended"]
    ran, ended = entries(acme)[-2:]
    assert (ran.entry.subject, ran.facts["lines"], len(ran.facts["outcome"])) == ("P-1", {"done": 4}, 64)
    assert ended.facts["state"] == "done" and ended.facts["plan"] == "P-1" and intact(acme)


def test_who_approved_what_and_who_threw_what_away(acme: Company) -> None:
    acme.write_settings(mode="approve")
    night = acme.day(SECOND, changed([*staff(3), HER], "0001", job_title="Head"))
    with acme.ports() as ports:
        approve(ports, night.plan, by="ana", override="agreed with Xanthippe")
        apply_approved(ports, night.plan)
        undo = make_undo(ports, night.plan, moment(SECOND))
        assert undo.plan is not None
        discard(ports, undo.plan.id, by="petra")
    approved, applied, ran, discarded = entries(acme, "plan")[-4:]
    assert [each.entry.action for each in (approved, applied, ran, discarded)] == [
        "plan.approved", "plan.apply", "plan.ran", "plan.discarded",
    ]  # fmt: skip
    assert (approved.entry.actor, discarded.entry.actor) == ("ana", "petra")
    assert approved.facts["fingerprint"] == applied.facts["fingerprint"] == night.report.plan.fingerprint  # type: ignore[union-attr]
    assert approved.facts["override"] == "agreed with Xanthippe" and "Xanthippe" not in approved.entry.facts
    assert intact(acme)


def test_an_undo_is_approved_by_name_and_what_it_pins_is_noted(acme: Company) -> None:
    night = acme.day(SECOND, changed([*staff(3), HER], "0001", job_title="Head"))
    with acme.ports() as ports:
        undo = make_undo(ports, night.plan, moment(SECOND))
        assert undo.plan is not None
        approve(ports, undo.plan.id, by="ana", override="wrong table")
    assert entries(acme, "plan.approved")[-1].facts["undoes"] == night.plan
    pin = entries(acme, "decision.pin")[-1]
    assert (pin.entry.actor, pin.entry.subject) == ("ana", "job_title") and "Head" in pin.facts["value"]
    assert "Head" not in pin.entry.facts


def test_decisions_about_a_person_name_them_by_a_digest_only(acme: Company) -> None:
    with acme.ports() as ports:
        decide_about(ports, "E-77431", "exemption", "FORKLIFT", Word(owner="ana", reason="licence", until=date.max))
        release_about(ports, "E-77431", "exemption", "FORKLIFT")
        end_access(ports, "E-77431", ANA)
    kinds = {each.entry.action: each for each in entries(acme, "decision")}
    assert list(kinds) == ["decision.exemption", "decision.released", "decision.end_access"]
    assert kinds["decision.exemption"].entry.subject == "course:FORKLIFT"
    assert kinds["decision.end_access"].facts["reason"] == ANA.reason
    assert len({each.entry.person for each in kinds.values()}) == 1
    with acme.ports() as ports, ports.database.read() as db:
        log = "\n".join(str(row) for row in db.execute(select(audit_log)))
    assert "E-77431" not in log and "Xanthippe" not in log


def test_after_an_erasure_the_chain_holds_and_nobody_can_be_read_out(acme: Company) -> None:
    with acme.ports() as ports:
        end_access(ports, "E-77431", ANA)
    acme.day(SECOND, changed([*staff(3), HER], "E-77431", status="Terminated", termination_date=FIRST))
    with acme.ports() as ports:
        erase(ports, "E-77431", Word(owner="petra", reason="request 17"), None)
    assert intact(acme)
    ended = entries(acme, "decision.end_access")[-1]
    assert (ended.person_key, ended.facts["reason"], ended.entry.actor) == ("", "(erased)", "ana")
    shown = say(acme, "list")
    assert "Xanthippe" not in shown and f"(erased {ended.entry.person[:8]})" in shown
    assert json.loads(say(acme, "verify", "--json"))["intact"]


def test_who_took_out_everything_about_somebody_is_noted(acme: Company) -> None:
    with acme.ports() as ports:
        export_of(ports, "E-77431")
    found = entries(acme, "privacy")[-1]
    assert found.entry.action == "privacy.exported" and found.entry.person and intact(acme)


def test_an_issue_that_somebody_snoozes_is_noted(acme: Company) -> None:
    acme.day(SECOND, changed([*staff(3), HER], "0001", work_email="w0001@gmial.com"))
    with acme.ports() as ports:
        snooze_issue(ports, "H-1", Said(by="ana", why="until the merger", until_worse=True))
    found = entries(acme, "issue")[-1]
    assert (found.entry.action, found.entry.subject, found.entry.actor) == ("issue.snoozed", "H-1", "ana")
    assert found.facts["reason"] == "until the merger"


# --------------------------------------------------------------------------------------------------- the command


def test_the_list_comes_as_text_json_csv_and_xlsx(acme: Company, tmp_path: Path) -> None:
    with acme.ports() as ports:
        end_access(ports, "E-77431", ANA)
    assert "E-77431" in say(acme, "list", "--action", "decision")
    rows = json.loads(say(acme, "list", "--by", "ana", "--json"))["entries"]
    assert [(row["action"], row["person"]) for row in rows] == [("decision.end_access", "E-77431")]
    listed = list(csv.DictReader(say(acme, "list", "--person", "E-77431", "--format", "csv").splitlines()))
    assert [row["Employee number"] for row in listed] == ["E-77431"]
    say(acme, "list", "--format", "xlsx", "--out", str(tmp_path / "log.xlsx"))
    sheet = openpyxl.load_workbook(tmp_path / "log.xlsx").worksheets[0]
    assert sheet.max_row > len(entries(acme))
    assert "Nothing of this kind" in say(acme, "list", "--about", "P-99")
    assert say(acme, "list", "--limit", "1").count("2026-") >= 1


def test_days_are_meant_to_their_end(acme: Company) -> None:
    today = entries(acme)[0].entry.at[:10]
    assert json.loads(say(acme, "list", "--from", today, "--to", today, "--json"))["entries"]
    assert json.loads(say(acme, "list", "--to", "2020-01-01", "--json"))["entries"] == []
    say(acme, "list", "--from", "soon", code=2)


def test_verify_says_which_entry_is_not_what_it_was_and_ends_with_10(acme: Company) -> None:
    assert "4 entries intact from" in say(acme, "verify")
    with acme.ports() as ports, ports.database.write() as tx:
        tx.execute(text("DROP TRIGGER audit_log_no_update"))
        tx.execute(text("UPDATE audit_log SET actor = 'eve' WHERE seq = 2"))
    said = say(acme, "verify", code=10)
    assert "does not add up: 1 break" in said and "entry 2 was changed" in said
    found = json.loads(say(acme, "verify", "--json", code=10))
    assert [(b["kind"], b["first"]) for b in found["breaks"]] == [("changed", 2)]


def test_a_run_keeps_the_head_once_a_day_and_verify_compares_with_it(acme: Company, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "anchors.jsonl"
    acme.write_settings(audit={"anchors": "./elsewhere/anchors.jsonl"})
    acme.day(SECOND, staff(4))
    acme.day(THIRD, staff(4))
    assert len(file.read_text().splitlines()) == 1  # both on one real day
    assert json.loads(say(acme, "verify", "--json"))["anchor"]["file"] == str(file)
    kept = json.loads(file.read_text())
    file.write_text(json.dumps(kept | {"hash": "0" * 64}) + "\n")
    assert f"entry {kept['seq']} was rewritten" in say(acme, "verify", code=10)
    say(acme, "anchor")
    assert len(file.read_text().splitlines()) == 2
    file.write_text("[]\n")
    with pytest.raises(ConfigError, match="something else"):
        say(acme, "verify")


def test_a_place_for_anchors_that_cannot_be_written_to_stops_no_run(acme: Company, tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("")
    acme.write_settings(audit={"anchors": "./a-file/anchors.jsonl"})
    assert acme.day(SECOND, staff(4)).exit_code == 0
