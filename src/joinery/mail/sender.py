"""Talks SMTP: one connection for a batch, one answer per mail. Rule: only what certainly did not leave may go again.

So a connection that breaks while the content is on its way gives `Unknown`; before that it gives `Deferred`.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeAlias

import aiosmtplib

from joinery.errors import AuthenticationFailed, ConfigError, StopRun, SystemUnreachable
from joinery.mail.addresses import mailbox, one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """How mail leaves and who it is from. Raises ConfigError for what cannot be safe or cannot work."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"] = "starttls"
    user: str = ""
    #: asked for at each connection and kept nowhere
    password: Callable[[], str] | None = field(default=None, repr=False)
    #: `Acme Learning <learning@acme.example>`
    sender: str
    reply_to: str = ""
    #: how people reach a human: a mail address, a phone number, or both as text
    help_contact: str
    #: allows `none` for a mail server on another machine
    insecure_ok: bool = False
    #: PEM file of the company's own certificate authority
    ca_file: Path | None = None
    #: seconds for each answer of the server
    timeout: float = 60.0

    def __post_init__(self) -> None:
        mailbox(self.sender, "mail.sender")
        if self.reply_to:
            mailbox(self.reply_to, "mail.reply_to")
        if one_line(self.help_contact) == "":
            raise ConfigError(
                "`mail.help_contact` is empty.", fix="Say whom a new hire can ask: an address or a phone."
            )
        if self.security == "none" and not (self.insecure_ok or _loopback(self.host)):
            raise ConfigError(
                "`mail.security: none` would send sign-in links in the clear to another machine.",
                fix="Use `tls` (port 465) or `starttls` (port 587).",
            )

    @property
    def sender_address(self) -> Address:
        """The From header."""
        return mailbox(self.sender, "mail.sender")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took the mail and is answerable for it now."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Certainly not sent; worth another try. `code` 0 when the connection went away."""

    code: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Certainly not sent, and never will be like this."""

    code: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """The content went out and no answer came back."""


Answer: TypeAlias = Accepted | Deferred | Refused | Unknown


class Sender:
    """`async with Sender(settings) as sender` connects once; a lost connection is made again at the next mail."""

    def __init__(self, settings: MailSettings) -> None:
        self.settings = settings
        self._client = self._new_client()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._client.is_connected and error is None:
                await self._client.quit()
        except aiosmtplib.SMTPException:
            pass  # every mail has its answer already; a server that is rude at the end changes nothing
        finally:
            self._client.close()

    async def connect(self) -> None:
        """Does nothing when connected. Raises AuthenticationFailed, SystemUnreachable or StopRun; nothing was sent."""
        if self._client.is_connected:
            return
        self._client = self._new_client()
        try:
            await self._client.connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            self._client.close()
            raise _no_connection(self.settings, error) from None  # the cause can quote the password's neighbourhood

    async def send(self, message: EmailMessage, to: str) -> Answer:
        """One mail to one address. Raises StopRun when the server refuses the sender: that is not about one person."""
        await self.connect()
        international = not to.isascii()
        if international and not await self._speaks_utf8():
            return Refused(553)
        content = message.as_bytes(policy=POLICY.clone(utf8=international))
        try:
            await self._envelope(to, international=international)
        except aiosmtplib.SMTPSenderRefused as error:
            await self._calm_down()
            return self._sender_refused(error)
        except aiosmtplib.SMTPResponseException as error:
            await self._calm_down()
            return _answer(error.code)
        except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError):
            self._client.close()
            return Deferred(0)
        return await self._content(content)

    async def _speaks_utf8(self) -> bool:
        try:
            if self._client.is_ehlo_or_helo_needed:
                await self._client.ehlo()
        except (aiosmtplib.SMTPException, OSError):
            return False
        return self._client.supports_extension("smtputf8")

    async def _envelope(self, to: str, *, international: bool) -> None:
        options, encoding = (["SMTPUTF8"], "utf-8") if international else ([], "ascii")
        await self._client.mail(self.settings.sender_address.addr_spec, options=options, encoding=encoding)
        await self._client.rcpt(to, encoding=encoding)

    async def _content(self, content: bytes) -> Answer:
        try:
            await self._client.data(content)
        except aiosmtplib.SMTPResponseException as error:
            await self._calm_down()
            return _answer(error.code)
        except (aiosmtplib.SMTPException, OSError):
            self._client.close()
            return Unknown()
        return Accepted()

    async def _calm_down(self) -> None:
        """Ready for the next mail: the half-finished envelope is forgotten, or the connection is given up."""
        try:
            await self._client.rset()
        except (aiosmtplib.SMTPException, OSError):
            self._client.close()

    def _sender_refused(self, error: aiosmtplib.SMTPSenderRefused) -> Answer:
        if error.code < 500:
            return Deferred(error.code)
        raise StopRun(
            f"The mail server does not let us send as `mail.sender` (answer {error.code}); this mail was not sent.",
            fix="Ask who runs the mail server to allow this sender for this user, or change `mail.sender`.",
            data={"code": error.code, "host": self.settings.host},
        )

    def _new_client(self) -> aiosmtplib.SMTP:
        ours = self.settings
        context = ssl.create_default_context(cafile=str(ours.ca_file) if ours.ca_file else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return aiosmtplib.SMTP(
            hostname=ours.host,
            port=ours.port,
            username=ours.user or None,
            password=ours.password() if ours.user and ours.password else None,
            use_tls=ours.security == "tls",
            start_tls=ours.security == "starttls",
            tls_context=context,
            timeout=ours.timeout,
            # its default is a DNS look-up of this machine's own name, which can take a minute
            local_hostname=ours.sender_address.domain,
        )


def _answer(code: int) -> Answer:
    return Refused(code) if 500 <= code < 600 else Deferred(code)


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _no_connection(settings: MailSettings, error: Exception) -> StopRun:
    place = f"the mail server {settings.host}:{settings.port}"
    data: dict[str, object] = {"host": settings.host, "port": settings.port}
    if isinstance(error, aiosmtplib.SMTPAuthenticationError) and error.code >= 500:
        return AuthenticationFailed(
            f"{_capital(place)} does not accept our user and password (answer {error.code}); no mail was sent.",
            fix="Check `mail.user` and the password it reads.",
            data=data | {"code": error.code},
        )
    if certificate := _certificate_error(error):
        return SystemUnreachable(
            f"The certificate of {place} is not good: {certificate}; no mail was sent.",
            fix="Use the name that is in the certificate, or name the company's own authority in `mail.ca_file`.",
            data=data,
        )
    code = getattr(error, "code", 0)
    said = f"answered {code}" if code else "does not answer as it should"
    if isinstance(error, aiosmtplib.SMTPNotSupported) or "STARTTLS" in str(error):
        said = "does not offer what `mail.security` or `mail.user` asks for"
    return SystemUnreachable(
        f"{_capital(place)} {said}; no mail was sent and all of it stays planned.",
        fix="Check `mail.host`, `mail.port` and `mail.security`; the next run tries again.",
        data=data | ({"code": code} if code else {}),
    )


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _certificate_error(error: BaseException | None) -> str:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        error = error.__cause__ or error.__context__
    return ""
