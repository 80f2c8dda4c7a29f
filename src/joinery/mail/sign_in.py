"""The sign-in mail: whether and when it may go, where to, what it says. Pure. Rule: nothing here sends or remembers.

Never to people who died, left or are suspended; 06:00 local on day one, earlier only to an allowed personal address.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime
from typing import TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from joinery.core.model.ids import AccountId
from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import Worker
from joinery.errors import ConfigError, Rejected
from joinery.mail.addresses import mailbox, named, no_link, usable
from joinery.mail.languages import long_date
from joinery.mail.rendering import Templates
from joinery.mail.sender import MailSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPolicy:
    """`hire.mail`: the local time on day one; days before it only to a personal address, and only when allowed."""

    at: time = time(6)
    personal_address: bool = False
    #: how many days before the start a personal address gets the mail; 0 is day one
    days_before: int = 0
    #: how long the link is good for after the start, in days
    link_days: int = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class SendTo:
    """It may go now, to this address."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForAddress:
    """Account and path are ready, the mail leaves when an address arrives; until then a slip helps (see slips)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Not now: look again at this instant (UTC)."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Never:
    """Not at all, as things stand."""

    why: str


Route: TypeAlias = SendTo | WaitForAddress | Later | Never


@dataclass(frozen=True, slots=True, kw_only=True)
class PathDue:
    """One thing that waits: its title as people know it, and its due date if it has one."""

    title: str
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Everything a sign-in mail says. `host` is the learning system's own, with a port if it is not the usual one."""

    key: str
    account_id: AccountId
    to: str
    name: str
    language: str
    company: str
    host: str
    #: the manager's or the HR contact's name
    from_person: str
    paths: Sequence[PathDue] = ()
    #: None where the link does not expire (single sign-on)
    valid_until: date | None = None
    rehire: bool = False


def mail_due(start: date, zone: ZoneInfo, policy: MailPolicy, *, early: bool = False) -> datetime:
    """The instant (UTC) the mail is meant for; a local time that a clock change skips is the one after it."""
    day = start - timedelta(days=policy.days_before if early else 0)
    return datetime.combine(day, policy.at, zone).astimezone(UTC)


def link_valid_until(start: date, sent_on: date, policy: MailPolicy) -> date:
    """Start + 14 days; for people entered late, 14 days from the day the mail leaves."""
    return max(start, sent_on) + timedelta(days=policy.link_days)


def route(worker: Worker, standing: Standing, zone: ZoneInfo, policy: MailPolicy, as_of: datetime) -> Route:
    """Where the sign-in mail of this person may go at this instant, or why not."""
    if why := _silence(standing):
        return Never(why=why)
    start = worker.hire_date or standing.started_on
    if start is None:
        return Never(why="no hire date")
    if standing.held or standing.stage is Stage.LEAVE:
        return Later(at=as_of + timedelta(days=1), why="on leave" if not standing.held else "held")
    work = usable(worker.work_email)
    personal = usable(worker.personal_email) if policy.personal_address else ""
    first = mail_due(start, zone, policy)
    if as_of >= first:
        return SendTo(address=work or personal) if work or personal else WaitForAddress()
    early = mail_due(start, zone, policy, early=True) if personal else first
    return SendTo(address=personal) if as_of >= early else Later(at=early, why="not their day yet")


def _silence(standing: Standing) -> str:
    if standing.deceased:
        return "no mail to or about them"
    if standing.stage in {Stage.LEFT, Stage.NO_SHOW}:
        return "not employed any more" if standing.stage is Stage.LEFT else "did not start"
    return "access is off" if standing.access_off else ""


def slips(waiting: Sequence[tuple[Worker, ZoneInfo]], as_of: datetime) -> tuple[Worker, ...]:
    """Of the people whose mail waits for an address, those whose first day has come: they need a slip or a QR code."""
    here = ((worker, as_of.astimezone(zone).date()) for worker, zone in waiting)
    return tuple(worker for worker, today in here if worker.hire_date is not None and worker.hire_date <= today)


def compose(letter: Letter, link: str, settings: MailSettings, at: datetime, templates: Templates) -> EmailMessage:
    """The mail as it will leave at this instant. Raises Rejected when the link or the address cannot be used."""
    if not usable(letter.to):
        raise Rejected(
            "The address HR gives cannot receive mail; nothing was sent.", fix="Correct it in the HR system."
        )
    _check_link(link, letter.host)
    values = _values(letter, link, settings)
    name = f"sign_in.{letter.language}"
    subject, text = templates.text(name, values, letter.host)
    message = EmailMessage(policy=POLICY)
    message["From"] = settings.sender_address
    message["To"] = named(letter.name, usable(letter.to))
    if settings.reply_to:
        message["Reply-To"] = mailbox(settings.reply_to, "mail.reply_to")
    message["Subject"] = subject
    message["Date"] = format_datetime(at.astimezone(UTC))
    message["Message-ID"] = message_id(letter.key, settings)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    html = templates.html(name, {**values, "subject": subject}, letter.host)
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = letter.language  # last: setting content would move it into a part
    return message


def message_id(key: str, settings: MailSettings) -> str:
    """The same for the same key: a mail sent again by a person's decision is the same mail to the reader's mailbox."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:40]
    return f"<{digest}@{settings.sender_address.domain}>"


def _check_link(link: str, host: str) -> None:
    parts = urlsplit(link)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"})
    if parts.netloc.lower() != host.lower() or re.search(r"[\s\"'<>\\]", link):
        raise Rejected(
            f"The sign-in link does not lead to {host}; nothing was sent.",
            fix="Check the learning system's address in the settings.",
        )
    if not secure:
        raise ConfigError("Sign-in links must be https.", fix="Give the learning system's https address.")


def _values(letter: Letter, link: str, settings: MailSettings) -> dict[str, object]:
    language = letter.language
    return {
        "name": no_link(letter.name),
        "company": no_link(letter.company),
        "from_person": no_link(letter.from_person),
        "host": letter.host,
        "link": link,
        "language": language,
        "rehire": letter.rehire,
        "valid_until": long_date(letter.valid_until, language) if letter.valid_until else "",
        "help_contact": no_link(settings.help_contact),
        "paths": [
            {"title": no_link(path.title), "due": long_date(path.due_on, language) if path.due_on else ""}
            for path in letter.paths
        ],
    }
