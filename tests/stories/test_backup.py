"""A copy of the store is whole whatever runs beside it, and comes back only over what was copied itself."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from joinery.cli.db_command import app
from joinery.errors import JoineryError, RunLocked, StopRun
from joinery.store.audit_log import verified
from joinery.store.backup import backup
from joinery.store.connections import only_run
from joinery.store.database import Database
from joinery.store.tables import people
from tests.faces.running import environment
from tests.store.test_upgrade import at_step
from tests.stories.company import Company, staff
from tests.support.forked import Started

FIRST, SECOND, THIRD = "2026-11-23", "2026-11-24", "2026-11-25"


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    acme = Company(tmp_path, settings={"guards": "off"})
    acme.day(FIRST, staff(3))
    return acme


def say(acme: Company, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, [*arguments, "--config", str(acme.config)])
    if isinstance(done.exception, JoineryError):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


def numbers(acme: Company) -> list[str]:
    with acme.ports() as ports, ports.database.read() as db:
        return sorted(db.scalars(select(people.c.worker_id)))


def intact(acme: Company) -> bool:
    with acme.ports() as ports, ports.database.read() as db:
        return verified(db, ()).intact


def test_what_was_there_comes_back_and_what_is_replaced_is_kept(acme: Company, tmp_path: Path) -> None:
    copy = tmp_path / "monday.db"
    assert "monday.db" in say(acme, "backup", "--out", str(copy))
    assert copy.stat().st_mode & 0o077 == 0
    acme.day(SECOND, staff(5))
    with pytest.raises(StopRun, match="in use; nothing was changed"):
        say(acme, "restore", str(copy), "--yes")
    assert len(numbers(acme)) == 5
    done = json.loads(say(acme, "restore", str(copy), "--yes", "--force", "--json"))
    assert numbers(acme) == ["0001", "0002", "0003"] and intact(acme)
    say(acme, "restore", done["kept"], "--yes", "--force")
    assert len(numbers(acme)) == 5 and intact(acme)


def test_a_restore_is_in_the_log_and_heads_kept_since_the_copy_are_excused_by_it(acme: Company, tmp_path: Path) -> None:
    from joinery.app.anchors import anchors_file, anchors_in, keep_anchor

    copy = tmp_path / "monday.db"
    say(acme, "backup", "--out", str(copy))
    acme.day(SECOND, staff(5))
    with acme.open() as it:
        file = anchors_file(it.settings)
        keep_anchor(it.ports.database, file, it.ports.now())
    say(acme, "restore", str(copy), "--yes", "--force")
    with acme.open() as it, it.ports.database.read() as db:
        assert verified(db, anchors_in(file)).intact
    with acme.open() as it:
        kept = keep_anchor(it.ports.database, file, it.ports.now())
        assert kept is not None


def test_a_restore_needs_a_word_and_a_whole_copy(acme: Company, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    say(acme, "restore", str(copy), "--force", code=2)
    with pytest.raises(StopRun, match="There is no file"):
        say(acme, "restore", str(copy), "--yes", "--force")
    copy.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StopRun, match="not a store of Joinery's"):
        say(acme, "restore", str(copy), "--yes", "--force")
    say(acme, "backup", "--out", str(tmp_path / "newer.db"))
    with sqlite3.connect(tmp_path / "newer.db") as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StopRun, match="at step 9999"):
        say(acme, "restore", str(tmp_path / "newer.db"), "--yes", "--force")
    assert len(numbers(acme)) == 3


def test_nothing_is_restored_beside_a_run(acme: Company, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    say(acme, "backup", "--out", str(copy))
    with acme.ports() as ports, only_run(ports.database, "main", ports.now):
        with pytest.raises(RunLocked, match="nothing was changed"):
            say(acme, "restore", str(copy), "--yes", "--force")


def test_a_copy_never_overwrites_and_a_failed_one_leaves_no_file(acme: Company, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    say(acme, "backup", "--out", str(copy))
    with pytest.raises(StopRun, match="there already"):
        say(acme, "backup", "--out", str(copy))
    (tmp_path / "broken.db").write_bytes(b"no store" * 1000)
    database = Database(f"sqlite:///{tmp_path / 'broken.db'}")
    with pytest.raises(StopRun, match="could not be copied"):
        backup(database, tmp_path / "of-broken.db")
    database.close()
    assert not [file for file in tmp_path.iterdir() if "of-broken" in file.name]


def test_while_a_run_writes_in_another_process_every_copy_is_whole(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"guards": "off"}, learning={"simulation": True})
    acme.drop(staff(1500))
    env = environment(PYTHONPATH=os.pathsep.join(os.environ.get("PYTHONPATH", "").split(os.pathsep)))
    arguments = ["sync", "--config", str(acme.config), "--as-of", FIRST, "--quiet"]
    run = Started(arguments, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    store, copies = tmp_path / ".joinery" / "joinery.db", list[int]()
    while run.poll() is None:
        if store.exists():
            try:
                copies.append(_copied(store, tmp_path / f"copy{len(copies)}.db"))
            except StopRun as error:  # before the first table is there
                assert "not a store" in error.message and not any(copies)
    assert run.wait() == 0, run.stderr.read() if run.stderr else ""
    assert len(copies) >= 3
    assert copies[-1] >= copies[0] and len({*copies}) > 1
    last = _copied(store, tmp_path / "last.db")
    assert last >= 4


def _copied(store: Path, copy: Path) -> int:
    """A copy, its chain checked; how long its log is."""
    database = Database(f"sqlite:///{store}")
    backup(database, copy)
    database.close()
    opened = Database(f"sqlite:///{copy}")
    with opened.read() as db:
        verdict = verified(db, ())
    opened.close()
    assert verdict.intact
    return verdict.entries


def test_migrate_says_what_is_pending_and_copies_before_it_goes(acme: Company) -> None:
    assert "up to date" in say(acme, "migrate", "--check")
    for file in (acme.folder / ".joinery").glob("joinery.db*"):
        file.unlink()
    earlier = Database(f"sqlite:///{acme.folder / '.joinery' / 'joinery.db'}")
    at_step(earlier, "0004")
    earlier.close()
    found = json.loads(say(acme, "migrate", "--check", "--json", code=1))
    assert found["pending"][0] == "0005" and not found["done"]
    done = json.loads(say(acme, "migrate", "--json"))
    assert Path(done["copy"]).is_file() and "before-upgrade" in done["copy"]
    assert json.loads(say(acme, "migrate", "--json"))["pending"] == []


def test_postgresql_is_copied_and_restored_by_its_own_programs(
    tmp_path: Path, postgres_url: str, environment: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    from joinery.app.wiring import opened

    if shutil.which("pg_dump") is None:
        pytest.fail("PostgreSQL's client programs are not installed")
    environment("JOINERY_TEST_STORE", postgres_url)
    acme = Company(tmp_path, settings={"store": {"url": {"env": "JOINERY_TEST_STORE"}}})
    with opened(acme.config, environ=os.environ):
        pass
    copy = tmp_path / "copy.dump"
    say(acme, "backup", "--out", str(copy))
    done = json.loads(say(acme, "restore", str(copy), "--yes", "--force", "--json"))
    assert Path(done["kept"]).is_file()
    with opened(acme.config, environ=os.environ) as it, it.ports.database.read() as db:
        assert verified(db, ()).entries == 1
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(StopRun, match="pg_dump is not installed") as error:
        say(acme, "backup", "--out", str(tmp_path / "none.dump"))
    assert "pg_dump --format=custom" in error.value.fix and not (tmp_path / "none.dump").exists()
