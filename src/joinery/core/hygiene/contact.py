"""How somebody can be reached. Rule 1: nobody needs an address; frontline workers often have none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from joinery.core.hygiene.facts import Check, Facts, finding
from joinery.core.model.addresses import is_shared
from joinery.core.model.finding import Finding, Severity
from joinery.core.model.worker import Status, Worker

FREE_MAIL: Final = frozenset(
    "gmail.com googlemail.com yahoo.com yahoo.fr yahoo.de yahoo.co.uk hotmail.com hotmail.fr hotmail.de outlook.com "
    "outlook.fr outlook.de live.com live.fr msn.com icloud.com me.com mac.com aol.com gmx.de gmx.net gmx.com gmx.at "
    "gmx.ch web.de t-online.de freenet.de orange.fr wanadoo.fr free.fr sfr.fr laposte.net proton.me protonmail.com "
    "mail.com mail.ru yandex.ru yandex.com qq.com 163.com zoho.com fastmail.com libero.it".split()
)

_GONE: Final = frozenset({Status.TERMINATED, Status.DECEASED, Status.RESCINDED})


def no_email(worker: Worker, facts: Facts) -> Iterator[Finding]:
    """A note: sign-in works by employee number and a slip."""
    if "work_email" not in facts.mapped or worker.work_email or worker.status in _GONE:
        return
    starts_later = worker.hire_date is not None and worker.hire_date > facts.as_of
    if (worker.status is Status.PREHIRE or starts_later) and not worker.personal_email:
        yield finding(
            worker,
            "prehire_without_email",
            "work_email",
            "The person is still to start and has no e-mail, so no sign-in mail can reach them before the first day.",
            "Enter the address, or a private one; without either they sign in with the employee number and a slip.",
        )
    else:
        yield finding(
            worker,
            "no_email",
            "work_email",
            "The person has no work e-mail.",
            "Nothing, if they have none: they sign in with the employee number and a slip.",
            Severity.NOTE,
        )


def free_mail(worker: Worker, facts: Facts) -> Iterator[Finding]:
    """A private address in the work column: mail of the company would go there."""
    domain = worker.work_email.rpartition("@")[2].lower()
    if domain in FREE_MAIL:
        yield finding(
            worker,
            "free_mail",
            "work_email",
            f"The work e-mail is at {domain}, a private mail provider.",
            "Enter the company address, or move this one to the private address.",
        )


def shared_mailbox(worker: Worker, facts: Facts) -> Iterator[Finding]:
    """Shared mailboxes match nobody."""
    if is_shared(worker.work_email):
        yield finding(
            worker,
            "shared_mailbox",
            "work_email",
            "The work e-mail looks like a mailbox that several people read.",
            "Enter the person's own address, or leave it empty.",
        )


CHECKS: Final[tuple[Check, ...]] = (no_email, free_mail, shared_mailbox)
