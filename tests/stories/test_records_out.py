"""Training records reach HR's table and HR's server, each once, whenever Joinery is killed."""

from __future__ import annotations

import getpass
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from joinery.app import records_out
from joinery.app.records_out import deliver_records
from joinery.connectors.sql import RecordTable
from joinery.errors import StopRun, SystemUnreachable
from joinery.flows.issues import list_issues
from joinery.store.completions import Completions
from tests.connectors.sql.hr import hr, run
from tests.stories.company import Company, moment, staff
from tests.stories.test_person import typed
from tests.support.openssh import openssh

NAMES = (
    "record_key record_id revision action worker_id course course_title course_version completed_at result score "
    "expires_on certificate_id attempt department location legal_entity manager_id cost_center job_title"
).split()
MADE = f"CREATE TABLE training ({', '.join(f'{name} VARCHAR(100)' for name in NAMES)}, PRIMARY KEY (record_key))"
FORKLIFT = {"name": "Safety", "when": {"employment_type": "Permanent"}, "give": ["FORKLIFT"]}


def company(folder: Path, url: str, **more: Any) -> Company:
    address = folder.with_suffix(".url")
    address.write_text(url)
    sql = {"url": {"file": str(address)}, "table": "training"} | more
    acme = Company(folder, settings={"learning_rules": [FORKLIFT], "completions": {"send_to": {"sql": sql}}})
    return acme


def finished(acme: Company) -> Company:
    """Three people with a course each that they have finished."""
    acme.day("2026-11-24", staff(3))
    for who in ("0001", "0002", "0003"):
        acme.completes(who, "FORKLIFT", "2026-11-24")
    return acme


def there(url: str) -> list[tuple[str, ...]]:
    with hr(url) as connection:
        found = connection.exec_driver_sql(
            "SELECT worker_id, course, action, department FROM training ORDER BY worker_id"
        )
        return [tuple(row) for row in found]


ALL = [(f"000{n}", "FORKLIFT", "new", "Sales") for n in (1, 2, 3)]


def test_each_record_is_a_row_night_after_night(tmp_path: Path, database_url: str) -> None:
    run(database_url, MADE)
    acme = finished(company(tmp_path / "acme", database_url))
    assert acme.day("2026-11-25").report.records == {"read": 3, "delivered": 3}
    assert there(database_url) == ALL
    assert not any(acme.day("2026-11-26").report.records.values()) and there(database_url) == ALL


def test_a_table_that_is_away_keeps_the_records_waiting_and_the_next_night_brings_them(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hr.db'}"
    acme = finished(company(tmp_path / "acme", url))
    with pytest.raises(SystemUnreachable):
        acme.day("2026-11-25")
    with acme.ports() as ports:
        assert Completions(ports.database, ports.policy.name).counts()["on_its_way"] == 3
    run(url, MADE)
    acme.day("2026-11-26")
    assert there(url) == ALL


def test_a_record_that_the_table_cannot_hold_needs_somebody_and_the_others_arrive(
    tmp_path: Path, database_url: str
) -> None:
    run(database_url, MADE.replace("(record_key))", "(record_key), CHECK (worker_id <> '0002'))"))
    acme = finished(company(tmp_path / "acme", database_url))
    night = acme.day("2026-11-25")
    assert night.report.records == {"read": 3, "delivered": 2, "needs_you": 1} and night.exit_code == 4
    assert there(database_url) == [ALL[0], ALL[2]]
    with acme.ports() as ports:
        counts = Completions(ports.database, ports.policy.name).counts()
        (issue,) = [told.issue for told in list_issues(ports) if told.issue.cause.check == "completion_refused"]
    assert (counts["delivered"], counts["needs_you"], counts["waiting"], issue.people) == (2, 1, 0, 1)
    assert "needs you: HR's database refuses it" in typed(acme, "completions", "list", "--format", "csv")
    # it is tried again every night, and holds up nobody meanwhile
    acme.completes("0001", "SAFETY", "2026-11-25")
    assert acme.day("2026-11-26").report.records == {"read": 1, "delivered": 1, "needs_you": 1}
    run(database_url, "DROP TABLE training", MADE)
    assert acme.day("2026-11-27").report.records == {"read": 0, "delivered": 1}
    assert there(database_url) == [ALL[1]]
    with acme.ports() as ports:
        assert "completion_refused" not in {told.issue.cause.check for told in list_issues(ports)}


def killed(work: Callable[[], object]) -> bool:
    """Runs `work` in a forked process; whether it was killed."""
    if (pid := os.fork()) == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


INSTANTS = {
    "after the rows, before the ledger": (Completions, "ready"),
    "half-way through the ledger": (Completions, "finish"),
    "in the middle of a batch": (RecordTable, "_reflected"),
}


@pytest.mark.parametrize(("where", "name"), INSTANTS.values(), ids=INSTANTS)
@pytest.mark.parametrize("unique", [True, False], ids=["with a unique key", "without one"])
def test_killed_between_the_row_and_the_ledger_each_record_is_there_once(
    tmp_path: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    where: type,
    name: str,
    unique: bool,
) -> None:
    run(database_url, MADE if unique else MADE.replace(", PRIMARY KEY (record_key)", ""))
    acme = finished(company(tmp_path / "acme", database_url))

    def deliver() -> None:
        with acme.open() as it, monkeypatch.context() as patch:
            patch.setattr(where, name, die)
            records_out.deliver_records(it.ports.database, it.settings, moment("2026-11-25"))

    acme.settings["completions"], to = {}, acme.settings["completions"]
    acme.write_settings()
    acme.day("2026-11-25")
    acme.write_settings(completions=to)
    assert killed(deliver)
    for _ in range(2):
        with acme.open() as it:
            deliver_records(it.ports.database, it.settings, moment("2026-11-26"))
    assert there(database_url) == ALL


def test_the_settings_refuse_a_table_without_a_key_and_two_places(tmp_path: Path) -> None:
    acme = company(tmp_path / "acme", "sqlite:///x", columns={"a": "worker_id", "b": "action"})
    with pytest.raises(Exception, match="record_key"), acme.open():
        pass
    acme.write_settings(completions={"send_to": {"file": "./out", "sql": {"url": {"env": "HR"}, "table": "t"}}})
    with pytest.raises(Exception, match="one place"), acme.open():
        pass


def test_records_come_as_files_on_hr_s_server_and_a_night_without_it_is_made_up(
    sshd_path: Path, tmp_path: Path
) -> None:
    with openssh(sshd_path, tmp_path / "ssh") as ssh:
        place = {
            "host": "127.0.0.1",
            "port": ssh.port,
            "user": getpass.getuser(),
            "key": {"file": str(ssh.key_file)},
            "host_key": ssh.fingerprints["ed25519"],
            "folder": f"{ssh.root}/training",
        }
        settings = {"learning_rules": [FORKLIFT], "completions": {"send_to": {"sftp": place}}}
        acme = finished(Company(tmp_path / "acme", settings=settings))
        with pytest.raises(StopRun, match="no such file or folder"):
            acme.day("2026-11-25")
        (ssh.root / "training").mkdir()
        acme.day("2026-11-26")
        (marker,) = (ssh.root / "training").glob("*.done")
        assert len(marker.with_suffix("").read_text().splitlines()) == 4, "a heading and three records"
        acme.day("2026-11-27")
        assert len(list((ssh.root / "training").iterdir())) == 2
        with acme.ports() as ports:
            assert Completions(ports.database, ports.policy.name).counts()["delivered"] == 3
        left = acme.folder / ".joinery" / "records" / "tmp"
        assert list(left.iterdir()) == []
