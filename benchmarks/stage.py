"""What the benchmarks of running processes stand on: a company's folder, `joinery` as people start it, a PostgreSQL of
our own, and networks of their own for processes that play other machines.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
JOINERY = (sys.executable, "-c", "from joinery.cli.main import run; run()")
COLUMNS = ("worker_id", "given_name", "family_name", "work_email", "status", "hire_date", "job_title")
#: the machine in the middle, and the others beside it
BRIDGE, MIDDLE = "joinery-bench", "10.213.77.1"
SETTINGS = """version: 1
company: {{ name: Bench, time_zone: UTC }}
people:
  from: {source}
  fields: {{ {fields} }}
learning: {{ into: scim, url: "{url}/v2", key: {{ env: LMS_KEY }}, {learning} }}
mode: {mode}
guards: off
{more}
"""


def row(number: int, **more: str) -> dict[str, str]:
    """Somebody who has worked here for long."""
    return {
        "worker_id": f"{number:07}",
        "given_name": f"G{number}",
        "family_name": f"F{number}",
        "work_email": f"w{number}@bench.example",
        "status": "Active",
        "hire_date": "2020-01-01",
        "job_title": "Engineer",
    } | more


@dataclass(kw_only=True)
class Company:
    """A folder with settings. `url`: of the learning system; `store`: of PostgreSQL, empty for SQLite in the folder.

    `prefix` is typed before every command (`ip netns exec …`).
    """

    folder: Path
    url: str
    store: str = ""
    source: str = "file\n  path: ./inbox/*.csv\n  ready_when: present"
    learning: str = "concurrency: 4"
    mode: str = "approve"
    more: str = ""
    trusted: Path | None = None
    prefix: Sequence[str] = ()
    stack: ExitStack = field(default_factory=ExitStack)

    def settle(self) -> Company:
        """Write the settings."""
        (self.folder / "inbox").mkdir(parents=True, exist_ok=True)
        text = SETTINGS.format(
            source=self.source,
            fields=", ".join(f"{name}: {name}" for name in COLUMNS),
            url=self.url,
            learning=self.learning,
            mode=self.mode,
            more=self.more + ("\nstore: { url: { env: STORE } }" if self.store else ""),
        )
        (self.folder / "joinery.yaml").write_text(text)
        return self

    @property
    def environment(self) -> dict[str, str]:
        """Without Joinery's own variables; with what the settings ask for."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("JOINERY_")}
        kept |= {"LMS_KEY": "k" * 20, "STORE": self.store, "PYTHONPATH": f"{ROOT}/src{os.pathsep}{ROOT}"}
        return kept | ({"SSL_CERT_FILE": str(self.trusted)} if self.trusted else {})

    def export(self, rows: Sequence[dict[str, str]], name: str = "people.csv") -> None:
        """A file of HR, whole at once."""
        draft = self.folder / f".{name}"
        with draft.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        draft.rename(self.folder / "inbox" / name)

    def start(self, *command: str, **how: Any) -> subprocess.Popen[str]:
        """`joinery …` at work; what it says goes to a file beside the settings unless `how` says otherwise."""
        log = self.stack.enter_context((self.folder / f"{command[0]}.log").open("a"))
        how = {"stdout": subprocess.PIPE, "stderr": log, "text": True} | how
        whole = [*self.prefix, *JOINERY, *command, "--config", str(self.folder / "joinery.yaml")]
        process = subprocess.Popen(whole, env=self.environment, **how)
        self.stack.callback(ended, process)
        return process

    def run(self, *command: str, good: Sequence[int] = (0,)) -> str:
        """To its end; what it said on standard output."""
        process = self.start(*command)
        output, _ = process.communicate()
        if process.returncode not in good:
            raise SystemExit(f"joinery {command[0]} ended with {process.returncode}; see {self.folder}")
        return output

    def approved(self) -> str:
        """A plan of what has arrived, approved: its number."""
        plan = json.loads(self.run("plan", "--json"))["plan"]
        self.run("plan", "approve", plan["id"])
        return str(plan["id"])

    def worker(self) -> subprocess.Popen[str]:
        """`joinery worker`, ready."""
        process = self.start("worker", stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert process.stderr is not None
        said = process.stderr.readline()
        assert "is ready" in said, said + process.stderr.read()
        self._keep(process)
        return process

    @contextmanager
    def serving(self, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
        """`joinery serve`, and its address."""
        process = self.start("serve", "--port", "0", *more, stderr=subprocess.PIPE)
        assert process.stderr is not None
        said = ""
        while not (found := re.search(r"http://[\d.]+:\d+", said)):
            said = process.stderr.readline()
            assert said, "joinery serve did not start"
        self._keep(process)
        try:
            yield process, found[0]
        finally:
            process.terminate()
            process.wait(120)

    def _keep(self, process: subprocess.Popen[str]) -> None:
        """What it goes on saying, into a file."""

        def write() -> None:
            with (self.folder / "said.log").open("a") as log:
                for line in process.stderr or ():
                    log.write(line)
                    log.flush()

        threading.Thread(target=write, daemon=True).start()


def ended(process: subprocess.Popen[str]) -> None:
    """Asked to end, then made to."""
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def postgres(host: str = "127.0.0.1") -> Iterator[Any]:
    """A server of our own that survives a power cut, as a real one would; `.database()` lends a fresh database."""
    from tests.support.peers import _find
    from tests.support.postgres import Server

    program = _find("postgresql")
    if program is None:
        raise SystemExit("PostgreSQL is not installed: run script/peers.")
    with Server.started(program.parent, host=host, fast=False) as server:
        yield server


# --------------------------------------------------------------------------------------- networks of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Wires:
    """`prefixes`: what to type before a command so that it runs on that machine. `host`: where all can be reached.

    `separate`: they really are networks of their own.
    """

    host: str
    prefixes: tuple[tuple[str, ...], ...]
    separate: bool


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def wires(machines: int, *, wanted: bool = True) -> Iterator[Wires]:
    """So many networks on a bridge (needs root and `ip netns`); plain processes on this machine where that is refused.

    One measurement at a time: the bridge has one name.
    """
    names = [f"{BRIDGE}-{number}" for number in range(machines)]
    with ExitStack() as stack:
        try:
            if not wanted:
                raise PermissionError
            _ip("link", "add", BRIDGE, "type", "bridge")
            stack.callback(_ip, "link", "del", BRIDGE)
            _ip("addr", "add", f"{MIDDLE}/24", "dev", BRIDGE)
            _ip("link", "set", BRIDGE, "up")
            for number, name in enumerate(names):
                _ip("netns", "add", name)
                stack.callback(_ip, "netns", "del", name)
                _ip("link", "add", f"jb{number}", "type", "veth", "peer", "name", "eth0", "netns", name)
                _ip("link", "set", f"jb{number}", "master", BRIDGE, "up")
                for words in (
                    ("addr", "add", f"10.213.77.{10 + number}/24", "dev", "eth0"),
                    ("link", "set", "eth0", "up"),
                    ("link", "set", "lo", "up"),
                ):
                    _ip("-n", name, *words)
                subprocess.run(["ip", "netns", "exec", name, "true"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            stack.close()
            yield Wires(host="127.0.0.1", prefixes=((),) * machines, separate=False)
            return
        yield Wires(host=MIDDLE, prefixes=tuple(("ip", "netns", "exec", name) for name in names), separate=True)


def certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """A certificate for this address that signs itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "benchmark")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    return public, private


def busy() -> str:
    """How many processes wanted a core lately, beside how many cores there are: figures are worth what this allows."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()}"


def told(lines: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    """For people, or for other programs."""
    for line in lines:
        if as_json:
            print(json.dumps(line), flush=True)
        else:
            print("  ".join(f"{name} {value}" for name, value in line.items()), flush=True)
