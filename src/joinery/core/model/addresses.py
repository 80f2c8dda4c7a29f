"""What an address says about itself. Rule 1: a mailbox that several people read names nobody."""

from __future__ import annotations

from typing import Final

#: names of mailboxes that several people read
SHARED_MAILBOXES: Final = frozenset(
    "info office hr team support admin helpdesk reception sales contact mail noreply no-reply warehouse shop "
    "kontakt empfang lager accueil service".split()
)


def is_shared(address: str) -> bool:
    """True for `info@…`, `warehouse@…` and the like."""
    return address.partition("@")[0].strip().lower() in SHARED_MAILBOXES
