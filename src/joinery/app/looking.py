"""Who looks, by the operating system's own word, and what the settings let them see. Every face asks here.

Rule: the user is that of the process, not what LOGNAME says; without a name nobody is on any list.
"""

from __future__ import annotations

import getpass
import os
from datetime import date

from joinery.app.privacy import limits_of
from joinery.core.rules.disclosure import Looking, Viewer
from joinery.errors import NotPermitted
from joinery.settings import Settings


def this_user() -> str:
    """The user of this process; empty when the system has no name for it (a container under a bare number)."""
    try:
        import pwd
    except ImportError:  # Windows
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""


def acting() -> str:
    """As whom this process decides: by name, else by number."""
    return this_user() or f"user {os.geteuid()}"


def looking_of(settings: Settings, today: date) -> Looking:
    """This user, before people who live where works councils ask for limits."""
    viewer = Viewer(settings.privacy.look_as.get(this_user(), "staff"))
    return Looking(viewer=viewer, limits=limits_of(settings), today=today)


def may_ask(settings: Settings) -> None:
    """Raises NotPermitted for whoever may not be told confidential things."""
    allowed = settings.privacy.confidential_to
    if allowed is not None and this_user() not in allowed:
        raise NotPermitted(
            f"Confidential things are for {', '.join(allowed) or 'nobody'} only; nothing was shown.",
            fix="Ask one of them, or have yourself added to `privacy: { confidential_to: … }`.",
        )
