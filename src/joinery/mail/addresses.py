"""Addresses and header text. Rule: nothing with a line break or control character ever reaches a header."""

from __future__ import annotations

import re
import unicodedata
from email.headerregistry import Address

from joinery.errors import ConfigError

_LOCAL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}")
#: invisible, and part of how Persian and Indian names are written
_JOINERS = "\u200c\u200d"
_MAILBOX = re.compile(r"\"?(?P<name>[^\"<>\x00-\x1f]*?)\"? *<(?P<inside>[^<>,\s]+)>|(?P<bare>[^<>,\s]+)")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)


def one_line(text: str) -> str:
    """The text without control, format and separator characters (but for joiners), runs of blanks as one."""
    hidden = {"Cc", "Cf", "Zl", "Zp", "Cs"}
    kept = "".join(" " if unicodedata.category(c) in hidden and c not in _JOINERS else c for c in text)
    return " ".join(kept.split())


def no_link(text: str) -> str:
    """The line as a mail may show it: a web address that somebody put into a name or title leads nowhere."""
    return one_line(text).replace("//", "/ /")


def usable(address: str) -> str:
    """`local@domain` with the domain in ASCII, or empty text when no mail can go there."""
    local, at, domain = address.strip().rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        return ""
    if any(unicodedata.category(c)[0] == "C" for c in address.strip()):
        return ""
    try:
        host = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
    labels = host.split(".")
    good = len(labels) > 1 and len(host) < 254 and all(_LABEL.fullmatch(label) for label in labels)
    return f"{local}@{host}" if good else ""


def mailbox(text: str, what: str) -> Address:
    """`Name <local@domain>` or a bare address, for From and Reply-To; raises ConfigError naming the setting."""
    found = _MAILBOX.fullmatch(text.strip())
    good = usable(found["inside"] or found["bare"]) if found else ""
    if found is None or not good:
        raise ConfigError(
            f"`{what}` is not one mail address.", fix='Write it like "Acme Learning <learning@acme.example>".'
        )
    local, _, domain = good.rpartition("@")
    return Address(one_line(found["name"] or ""), local, domain)


def named(name: str, address: str) -> Address:
    """A recipient for the To header; the name is cleaned, the address must be `usable`."""
    local, _, domain = address.rpartition("@")
    return Address(one_line(name), local, domain)
