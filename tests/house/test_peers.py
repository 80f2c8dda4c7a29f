"""The test machinery itself: databases are fresh, and nothing leaves this machine."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support import peers
from tests.support.network import NetworkRefused
from tests.support.peers import CHROMIUM_ARGS
from tests.support.postgres import Server


def test_each_use_of_a_store_gets_an_empty_database(store_url: str) -> None:
    engine = sa.create_engine(store_url)
    with engine.begin() as connection:
        assert sa.inspect(connection).get_table_names() == []
        connection.execute(sa.text("CREATE TABLE leftover (id INTEGER)"))
    engine.dispose()


def test_a_database_is_gone_after_its_test_even_with_a_connection_open(postgres_server: Server) -> None:
    with postgres_server.database() as url:
        engine = sa.create_engine(url)
        held = engine.connect()
    with pytest.raises(sa.exc.OperationalError):
        held.execute(sa.text("SELECT 1"))
    held.invalidate()
    held.close()
    engine.dispose()


def test_a_mariadb_is_there_too_and_each_test_has_a_database_of_its_own(mariadb_url: str) -> None:
    engine = sa.create_engine(mariadb_url)
    with engine.begin() as connection:
        assert sa.inspect(connection).get_table_names() == []
        connection.execute(sa.text("CREATE TABLE leftover (id INTEGER)"))
    engine.dispose()


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_connecting_to_another_machine_is_refused(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as connection, pytest.raises(NetworkRefused):
        connection.connect((host, 443))


def test_looking_up_a_name_of_another_machine_is_refused() -> None:
    with pytest.raises(NetworkRefused):
        socket.getaddrinfo("hr.example.com", 443)


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_a_unix_socket_can_be_reached(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))


def test_chromium_renders_a_page(chromium_path: Path, tmp_path: Path) -> None:
    page = "data:text/html,<p>here</p>"
    command = [str(chromium_path), *CHROMIUM_ARGS, f"--user-data-dir={tmp_path}", "--dump-dom", page]
    assert "<p>here</p>" in subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """As on a machine that has none of the peers."""
    monkeypatch.setattr(peers, "_find", lambda name: None)
    monkeypatch.delenv("JOINERY_TEST_WITHOUT", raising=False)
    return monkeypatch


@pytest.mark.usefixtures("nothing_installed")
def test_a_missing_peer_fails_the_test() -> None:
    with pytest.raises(pytest.fail.Exception, match="postgresql is not installed"):
        peers.need("postgresql")


def test_a_peer_left_out_by_name_skips_the_test(nothing_installed: pytest.MonkeyPatch) -> None:
    nothing_installed.setenv("JOINERY_TEST_WITHOUT", "openssh, postgresql")
    with pytest.raises(pytest.skip.Exception, match="postgresql is left out"):
        peers.need("postgresql")


def test_leaving_out_one_peer_excuses_no_other(nothing_installed: pytest.MonkeyPatch) -> None:
    nothing_installed.setenv("JOINERY_TEST_WITHOUT", "postgresql")
    with pytest.raises(pytest.fail.Exception, match="chromium is not installed"):
        peers.need("chromium")
