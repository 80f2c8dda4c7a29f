"""Nobody is spoken to who does not prove the pinned key, and every refusal says what to do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from joinery.connectors.sftp import RemoteFolder, Server, probe
from joinery.connectors.sftp.probe import shown_keys
from joinery.errors import AuthenticationFailed, ConfigError, HostKeyRefused, StopRun, SystemUnreachable
from tests.support.openssh import NO_MOVING, OpenSsh, free_port, make_key, openssh


def look(ssh: OpenSsh, **changes: Any) -> list[tuple[str, bool]]:
    answers = probe(ssh.server(**changes), RemoteFolder(inbox=f"{ssh.root}/out/*.csv", ready_when="present"))
    return [(answer.right, answer.ok) for answer in answers]


ALL_WELL = [("sign in", True), ("list", True), ("move", True)]


def test_the_pinned_key_is_enough(ssh: OpenSsh) -> None:
    assert look(ssh) == ALL_WELL
    assert [path for path in ssh.root.rglob("*") if path.is_file()] == []


def test_a_pin_of_another_kind_than_the_server_prefers_is_found(ssh: OpenSsh) -> None:
    for kind in ("ed25519", "rsa"):
        assert look(ssh, host_keys=frozenset({ssh.fingerprints[kind]})) == ALL_WELL


def test_one_of_two_pins_is_enough_while_the_key_is_changed(ssh: OpenSsh) -> None:
    assert look(ssh, host_keys=frozenset({"SHA256:" + "A" * 43, ssh.fingerprints["ed25519"]})) == ALL_WELL


@pytest.mark.parametrize("pins", [frozenset({"SHA256:" + "A" * 43}), frozenset[str]()])
def test_another_key_is_refused_with_what_was_found_and_the_line_to_write(ssh: OpenSsh, pins: frozenset[str]) -> None:
    with pytest.raises(HostKeyRefused) as caught:
        look(ssh, host_keys=pins)
    said = str(caught.value)
    assert "nothing was read" in said
    assert all(found in said for found in ssh.fingerprints.values())
    assert f'host_key: "{caught.value.data["shown"][0]}"' in said  # type: ignore[index]


def test_what_this_machine_knows_of_hosts_does_not_count(
    ssh: OpenSsh, tmp_path: Path, environment: Callable[[str, str], None]
) -> None:
    (tmp_path / ".ssh").mkdir()
    keys = [(ssh.folder / f"host_{kind}.pub").read_text() for kind in ssh.fingerprints]
    (tmp_path / ".ssh" / "known_hosts").write_text("".join(f"[127.0.0.1]:{ssh.port} {key}" for key in keys))
    environment("HOME", str(tmp_path))
    with pytest.raises(HostKeyRefused):
        look(ssh, host_keys=frozenset())


def test_no_secret_is_read_before_the_server_has_proved_itself(ssh: OpenSsh) -> None:
    def never() -> str:
        raise AssertionError("the key was read")

    with pytest.raises(HostKeyRefused):
        look(ssh, host_keys=frozenset(), key=never)


def test_the_first_set_up_is_shown_the_keys_as_openssh_names_them(ssh: OpenSsh) -> None:
    assert sorted(shown_keys(ssh.server(host_keys=frozenset()))) == sorted(ssh.fingerprints.values())


def test_a_key_that_is_not_installed_there_is_said_so(ssh: OpenSsh, tmp_path: Path) -> None:
    make_key(tmp_path / "other")
    with pytest.raises(AuthenticationFailed, match="public key is installed"):
        look(ssh, key=(tmp_path / "other").read_text)


def test_a_locked_key_needs_its_passphrase(ssh: OpenSsh, tmp_path: Path) -> None:
    make_key(tmp_path / "locked", "rsa", passphrase="open sesame", form="PKCS8")
    with (ssh.folder / "authorized").open("a") as file:
        file.write((tmp_path / "locked.pub").read_text())
    key = (tmp_path / "locked").read_text
    assert look(ssh, key=key, passphrase=lambda: "open sesame") == ALL_WELL
    for wrong in (None, lambda: "another"):
        with pytest.raises(ConfigError, match="cannot be used"):
            look(ssh, key=key, passphrase=wrong)


def test_a_key_locked_in_the_form_of_openssh_works_or_says_what_is_missing(ssh: OpenSsh, tmp_path: Path) -> None:
    make_key(tmp_path / "locked", passphrase="open sesame")
    with (ssh.folder / "authorized").open("a") as file:
        file.write((tmp_path / "locked.pub").read_text())
    given: dict[str, Any] = {"key": (tmp_path / "locked").read_text, "passphrase": lambda: "open sesame"}
    if find_spec("bcrypt"):
        assert look(ssh, **given) == ALL_WELL
    else:
        with pytest.raises(ConfigError, match="Install bcrypt"):
            look(ssh, **given)


def test_what_is_no_key_is_not_repeated(ssh: OpenSsh) -> None:
    with pytest.raises(ConfigError) as caught:
        look(ssh, key=lambda: "hunter2 is no key")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_where_nobody_listens(ssh: OpenSsh, host: str) -> None:
    with pytest.raises(SystemUnreachable, match="cannot be reached"):
        look(ssh, host=host, port=free_port())


def test_a_folder_that_is_not_there(ssh: OpenSsh) -> None:
    with pytest.raises(StopRun, match="no such file or folder"):
        probe(ssh.server(), RemoteFolder(inbox=f"{ssh.root}/nowhere/*.csv", ready_when="present"))


def test_a_server_without_the_right_to_move_is_said_so(sshd_path: Path, tmp_path: Path) -> None:
    with openssh(sshd_path, tmp_path / "ssh", sftp=NO_MOVING) as ssh:
        (ssh.root / "out").mkdir()
        answers = probe(ssh.server(), RemoteFolder(inbox=f"{ssh.root}/out/", ready_when="present"))
        assert [(answer.right, answer.ok) for answer in answers] == [("sign in", True), ("list", True), ("move", False)]
        assert "read_only: true" in answers[-1].said
        assert list((ssh.root / "out").iterdir()) == []


OLD = (
    "KexAlgorithms diffie-hellman-group14-sha1\nCiphers aes128-cbc\nMACs hmac-sha1\nHostKeyAlgorithms ssh-rsa\n"
    "PubkeyAcceptedAlgorithms ssh-rsa,ssh-ed25519\n"
)


def test_an_old_server_is_spoken_to_only_by_consent(sshd_path: Path, tmp_path: Path) -> None:
    with openssh(sshd_path, tmp_path / "ssh", more=OLD) as ssh:
        (ssh.root / "out").mkdir()
        pins = frozenset({ssh.fingerprints["rsa"]})
        # either side may notice first that they have nothing in common; if it is the server, it just hangs up
        for _ in range(20):
            with pytest.raises(SystemUnreachable) as refused:
                look(ssh, host_keys=pins)
            if "broke off" not in str(refused.value):
                break
        assert "legacy_algorithms" in str(refused.value)
        assert look(ssh, host_keys=pins, legacy_algorithms=True) == ALL_WELL


@contextmanager
def with_password(folder: Path, word: str) -> Iterator[Server]:
    """A server that knows one password, and what a connector is told of it."""

    class Door(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("hr", word)

    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()

    async def start() -> int:
        acceptor = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=Door,
            server_host_keys=[key],
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(folder)),  # type: ignore[arg-type]
        )
        return acceptor.get_port()

    port = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    pins = frozenset({key.get_fingerprint()})
    try:
        yield Server(host="127.0.0.1", port=port, user="hr", host_keys=pins, timeout=timedelta(seconds=10))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


def test_a_password_by_reference(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    remote = RemoteFolder(inbox="/out/", ready_when="present")
    with with_password(tmp_path, "correct horse") as server:
        assert probe(replace(server, password=lambda: "correct horse"), remote)[0].ok
        with pytest.raises(AuthenticationFailed) as caught:
            probe(replace(server, password=lambda: "battery staple"), remote)
        assert "staple" not in str(caught.value)
