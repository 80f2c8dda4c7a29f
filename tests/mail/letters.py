"""One letter and one set of settings that tests vary."""

from __future__ import annotations

from datetime import date
from typing import Any

from joinery.core.model.ids import AccountId
from joinery.mail.sender import MailSettings
from joinery.mail.sign_in import Letter, PathDue

HOST = "learn.acme.example"


def letter(**changed: Any) -> Letter:
    """Ana starts on 2 March 2026."""
    values: dict[str, Any] = {
        "key": "signin:0190-ana:2026-03-02",
        "account_id": AccountId("acc-1"),
        "to": "ana@acme.example",
        "name": "Ana Núñez",
        "language": "en",
        "company": "Acme",
        "host": HOST,
        "from_person": "Maria Keller",
        "paths": (PathDue(title="Onboarding", due_on=date(2026, 3, 16)), PathDue(title="Fire safety")),
        "valid_until": date(2026, 3, 16),
    }
    return Letter(**{**values, **changed})


def settings(**changed: Any) -> MailSettings:
    """A mail server on this machine, in the clear unless a test says otherwise."""
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": 25,
        "security": "none",
        "sender": "Acme Learning <learning@acme.example>",
        "help_contact": "HR desk, +49 30 1234",
        "timeout": 5.0,
    }
    return MailSettings(**{**values, **changed})
