"""Fixtures every test may use: real peers, a closed network, and two markers.

Rule: a peer that is missing fails the test. Only its name in JOINERY_TEST_WITHOUT (comma list) turns that into a skip.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support import mariadb, network, peers, quick, shorter
from tests.support.postgres import Server

# a busy machine is slow, and that is no finding
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-long", action="store_true", help="also run the tests marked long (script/test --all)")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[peers.USED] = {}
    if config.getoption("--run-long"):
        os.environ["JOINERY_TEST_STARTS_ANEW"] = "1"
    if not hasattr(config, "workerinput"):  # its workers are told so
        os.environ[shorter.WHOLE] = "1" if config.args == config.getini("testpaths") else ""
    network.close()
    quick.share_statements()
    quick.share_empty_store()
    quick.share_settings()


def pytest_unconfigure(config: pytest.Config) -> None:
    network.open_again()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    long = pytest.mark.skip(reason="a long sweep: script/test --all runs it")
    shared = pytest.mark.skip(reason=f"needs {SHARED}, which is not there")
    quick.longest_first(items)
    # whoever names a file wants all of it
    for item in shorter.left_to_all(items) if os.environ.get(shorter.WHOLE) else ():
        item.add_marker(pytest.mark.long)
    for item in items:
        if "long" in item.keywords and not config.getoption("--run-long"):
            item.add_marker(long)
        if "shared" in item.keywords and not SHARED.is_dir():
            item.add_marker(shared)
        if not config.getoption("--run-long"):
            quick.fewer_examples(item)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """Under xdist each worker hands its list of peers to the one that prints."""
    output = getattr(node, "workeroutput", {})
    node.config.stash[peers.USED].update(output.get("joinery_peers", {}))  # type: ignore[attr-defined]


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["joinery_peers"] = session.config.stash[peers.USED]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    used = config.stash[peers.USED]
    terminalreporter.write_line("real peers used: " + (", ".join(sorted(used.values())) or "none"))
    if left_out := peers.left_out():
        terminalreporter.write_line("left out by JOINERY_TEST_WITHOUT: " + ", ".join(sorted(left_out)))


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> Iterator[Server]:
    """A PostgreSQL of our own for this test session: temporary folder, loopback and Unix socket, no fsync."""
    peers.note(pytestconfig, "postgresql", binary := peers.need("postgresql"))
    with Server.started(binary.parent) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """SQLAlchemy URL (`postgresql+psycopg://…`) of a database of this test's own, empty."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def mariadb_server(pytestconfig: pytest.Config) -> Iterator[mariadb.Server]:
    """A MariaDB of our own for this test session, likewise."""
    peers.note(pytestconfig, "mariadb", binary := peers.need("mariadb"))
    with mariadb.Server.started(binary) as server:
        yield server


@pytest.fixture
def mariadb_url(mariadb_server: mariadb.Server) -> Iterator[str]:
    """SQLAlchemy URL (`mariadb+pymysql://…`) of a database of this test's own, empty."""
    with mariadb_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """SQLAlchemy URL of an empty database; the test runs once on each engine."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """SQLAlchemy URL of an empty database of somebody else's (HR's); the test runs once on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hr.db'}"
    return str(request.getfixturevalue({"postgresql": "postgres_url", "mariadb": "mariadb_url"}[request.param]))


@pytest.fixture(scope="session")
def chromium_path(pytestconfig: pytest.Config) -> Path:
    """Chromium's program; start it headless with `peers.CHROMIUM_ARGS`."""
    peers.note(pytestconfig, "chromium", binary := peers.need("chromium"))
    return binary


@pytest.fixture(scope="session")
def sshd_path(pytestconfig: pytest.Config) -> Path:
    """OpenSSH's server program."""
    peers.note(pytestconfig, "openssh", binary := peers.need("openssh"))
    return binary


@pytest.fixture(scope="session")
def gpg_path(pytestconfig: pytest.Config) -> Path:
    """GnuPG's program."""
    peers.note(pytestconfig, "gnupg", binary := peers.need("gnupg"))
    return binary


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The product's memory beside the checkout; only for tests marked `shared`."""
    return SHARED


@pytest.fixture
def environment() -> Iterator[Callable[[str, str], None]]:
    """Sets environment variables for one test, for code in this process and in the programs it starts."""
    before = dict(os.environ)
    yield os.environ.__setitem__
    os.environ.clear()
    os.environ.update(before)
