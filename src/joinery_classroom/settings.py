"""What an installation of Classroom may choose. A new choice needs a default that is safe."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassroomSettings:
    """`base_url` has no slash at its end; `secret` signs sessions, slips and certificates and must stay the same.

    `zone_name` is an IANA name, used for people without a zone of their own. `simulation` says that this
    installation lives in made-up time and may be written to with any date. `fonts` is a folder of extra fonts
    for certificates. `help_contact` is shown to people who cannot get in.
    """

    database: Path
    base_url: str
    api_token: str = field(repr=False)
    secret: str = field(repr=False)
    organisation: str = "Our company"
    zone_name: str = "UTC"
    sign_in_link_days: int = 14
    session_hours: int = 12
    slip_session_minutes: int = 30
    simulation: bool = False
    fonts: Path | None = None
    help_contact: str = "your manager or the HR team"
