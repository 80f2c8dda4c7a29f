"""A real SMTP server (aiosmtpd, own thread) whose answers a test can choose, and certificates to go with it."""

# ruff: noqa: N802  aiosmtpd names its hooks so

from __future__ import annotations

import email
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default as policy
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "joinery", "correct horse"


@dataclass
class PostOffice:
    """What the server received, and what it answers: by recipient, at RCPT or at the end of DATA."""

    port: int = 0
    received: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    sessions: int = 0
    at_sender: str = ""
    at_recipient: dict[str, str] = field(default_factory=dict)
    at_data: dict[str, str] = field(default_factory=dict)
    #: the connection breaks at RCPT, or after the content
    drop_at_recipient: set[str] = field(default_factory=set)
    drop_after_data: set[str] = field(default_factory=set)
    on_data: Callable[[], None] = lambda: None

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: Any) -> Any:
        self.sessions += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.at_sender:
            return self.at_sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.drop_at_recipient:
            self.drop_at_recipient.remove(address)
            server.transport.abort()
        if answer := self.at_recipient.get(address):
            if answer.startswith("421"):
                server.transport.write(f"{answer}\r\n".encode())
                server.transport.close()
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        to = envelope.rcpt_tos[0]
        if answer := self.at_data.get(to):
            return answer
        self.received.append(email.message_from_bytes(envelope.content, policy=policy))
        self.envelopes.append((envelope.mail_from, tuple(envelope.rcpt_tos)))
        self.on_data()
        if to in self.drop_after_data:
            server.transport.abort()
        return "250 taken"


@contextmanager
def opened(
    *,
    tls: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
    auth: bool = False,
    utf8: bool = True,
) -> Iterator[PostOffice]:
    """Runs a post office on a free port of 127.0.0.1."""
    office = PostOffice(port=_free_port())
    kwargs: dict[str, Any] = {"enable_SMTPUTF8": utf8}
    if starttls is not None:
        kwargs |= {"tls_context": starttls, "require_starttls": True}
    if auth:
        kwargs |= {"authenticator": _authenticate, "auth_required": True, "auth_require_tls": starttls is not None}
    controller = Controller(office, hostname="127.0.0.1", port=office.port, ssl_context=tls, **kwargs)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: object) -> AuthResult:
    good = isinstance(data, LoginPassword) and data.login == USER.encode() and data.password == PASSWORD.encode()
    return AuthResult(success=good, handled=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Authority:
    """A certificate authority of our own: `ca_file` for clients, `context` for servers."""

    ca_file: Path
    key: Any
    certificate: x509.Certificate

    @classmethod
    def made(cls, folder: Path, name: str = "Test authority") -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(name, key.public_key(), _name(name), key, authority=True)
        path = folder / f"{name.replace(' ', '-')}.pem"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return cls(path, key, certificate)

    def context(self, folder: Path, *names: str, expired: bool = False) -> ssl.SSLContext:
        """A server's context with a certificate for these names (or IP addresses)."""
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = _certificate(
            names[0], key.public_key(), self.certificate.subject, self.key, names=names, expired=expired
        )
        path = folder / f"{names[0]}-{expired}-{id(self)}.pem"
        path.write_bytes(
            leaf.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: str,
    public: Any,
    issuer: x509.Name,
    signer: Any,
    *,
    names: tuple[str, ...] = (),
    authority: bool = False,
    expired: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC)
    start, end = (now - timedelta(days=9), now - timedelta(days=1)) if expired else (now, now + timedelta(days=2))
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - timedelta(hours=1))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if names:
        alternative = x509.SubjectAlternativeName([_general(name) for name in names])
        builder = builder.add_extension(alternative, critical=False)
    if authority:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(signer, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
