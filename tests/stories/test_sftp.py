"""People come from a real SFTP server, night after night; and the nights on which it is not there."""

from __future__ import annotations

import csv
import getpass
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from joinery.flows.status import SourceState, status
from tests.stories.company import COLUMNS, FIELDS, Company, Row, changed, moment, staff
from tests.support.openssh import OpenSsh, openssh


@pytest.fixture
def ssh(sshd_path: Path, tmp_path: Path) -> Iterator[OpenSsh]:
    with openssh(sshd_path, tmp_path / "ssh") as server:
        (server.root / "out").mkdir()
        yield server


def company(folder: Path, ssh: OpenSsh, **people: Any) -> Company:
    source = {
        "from": "sftp",
        "host": "127.0.0.1",
        "port": ssh.port,
        "user": getpass.getuser(),
        "key": {"file": str(ssh.key_file)},
        "host_key": ssh.fingerprints["ed25519"],
        "inbox": f"{ssh.root}/out/*.csv",
        "ready_when": "present",
        "fields": FIELDS,
    }
    return Company(folder, settings={"people": source | people})


def export(ssh: OpenSsh, rows: Sequence[Row], name: str) -> None:
    with (ssh.root / "out" / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def state_of(acme: Company, day: str) -> tuple[SourceState, str]:
    with acme.ports() as ports:
        (source,) = status(ports, {}, moment(day)).sources
        return source.state, source.why


def test_a_feed_over_sftp_night_after_night(tmp_path: Path, ssh: OpenSsh) -> None:
    acme = company(tmp_path / "acme", ssh)
    export(ssh, staff(3), "one.csv")
    assert sorted(acme.day("2026-11-24").did("create")) == ["0001", "0002", "0003"]
    export(ssh, changed(staff(3), "0002", job_title="Driver"), "two.csv")
    export(ssh, changed(staff(3), "0002", job_title="Chief"), "two_b.csv")
    night = acme.day("2026-11-25")
    assert night.files == {"two.csv": "accepted", "two_b.csv": "accepted"}
    assert acme.account("0002").attributes["job_title"] == "Chief"
    assert acme.day("2026-11-26").exit_code == 0
    lying = {path.relative_to(ssh.root).as_posix() for path in ssh.root.rglob("*.csv") if ".report" not in path.name}
    assert lying == {f"archive/accepted/2026-11-{n}" for n in ("24/one.csv", "25/two.csv", "25/two_b.csv")}


def test_the_same_content_again_is_ignored_with_a_note(tmp_path: Path, ssh: OpenSsh) -> None:
    acme = company(tmp_path / "acme", ssh)
    export(ssh, staff(3), "one.csv")
    export(ssh, staff(3), "one_again.csv")
    assert acme.day("2026-11-24").files == {"one.csv": "accepted", "one_again.csv": "same"}


def test_an_older_file_that_comes_late_is_held(tmp_path: Path, ssh: OpenSsh) -> None:
    acme = company(tmp_path / "acme", ssh)
    export(ssh, staff(3), "hr_employees_full_20261124T060000Z.csv")
    acme.day("2026-11-24")
    export(ssh, changed(staff(3), "0002", status="Terminated"), "hr_employees_full_20261123T060000Z.csv")
    night = acme.day("2026-11-25")
    assert night.files == {"hr_employees_full_20261123T060000Z.csv": "held"}
    assert acme.who_is("active") == {"0001", "0002", "0003"}


def test_a_server_that_is_down_holds_up_no_last_day(tmp_path: Path, sshd_path: Path) -> None:
    with openssh(sshd_path, tmp_path / "ssh") as ssh:
        (ssh.root / "out").mkdir()
        acme = company(tmp_path / "acme", ssh)
        export(ssh, staff(2), "one.csv")
        acme.day("2026-11-20")
        export(ssh, changed(staff(2), "0002", termination_date="2026-11-24"), "two.csv")
        acme.day("2026-11-21")
    night = acme.day("2026-11-25")
    assert (night.exit_code, night.files) == (6, {"": "unreachable"})
    assert acme.who_is("suspended") == {"0002"}
    state, why = state_of(acme, "2026-11-25")
    assert state is SourceState.FAILING
    assert "cannot be reached" in why


def test_a_server_that_is_back_is_well_again(tmp_path: Path, ssh: OpenSsh) -> None:
    acme = company(tmp_path / "acme", ssh, host_key="SHA256:" + "A" * 43)
    export(ssh, staff(2), "one.csv")
    night = acme.day("2026-11-24")
    assert night.exit_code == 6
    assert acme.accounts() == {}
    assert acme.findings() == {"source_unreachable"}
    assert ssh.fingerprints["ed25519"] in state_of(acme, "2026-11-24")[1]
    acme.settings["people"]["host_key"] = ["SHA256:" + "A" * 43, ssh.fingerprints["ed25519"]]
    acme.write_settings()
    assert acme.day("2026-11-25").exit_code == 0
    assert acme.who_is("active") == {"0001", "0002"}
    assert acme.findings() == set()
    assert state_of(acme, "2026-11-25")[0] is SourceState.ON_TIME


def test_one_source_that_is_away_does_not_keep_another_from_being_read(tmp_path: Path, ssh: OpenSsh) -> None:
    acme = company(tmp_path / "acme", ssh)
    here = {"from": "file", "path": "./inbox/*.csv", "ready_when": "present", "fields": FIELDS}
    acme.settings["people"] = {"away": acme.settings["people"] | {"host_key": "SHA256:" + "A" * 43}, "here": here}
    acme.write_settings()
    night = acme.day("2026-11-24", staff(2))
    assert night.exit_code == 6
    assert acme.who_is("active") == {"0001", "0002"}
