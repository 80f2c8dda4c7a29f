"""Decides which calendar day an instant is for a person. A completion keeps the zone it was made in for ever."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from joinery_classroom.model import Account, Completion
from joinery_classroom.settings import ClassroomSettings


def zone_of(account: Account, settings: ClassroomSettings) -> tzinfo:
    """The person's own time zone, else that of the installation, else UTC."""
    return _zone(account.attributes.get("time_zone")) or _zone(settings.zone_name) or UTC


def day_done(done: Completion) -> date:
    """The day of a completion where the person was then; a later move does not change it."""
    return local_day(done.completed_at, done.then.get("time_zone"))


def local_day(at: datetime, zone_name: str | None) -> date:
    """The calendar day of an instant in a zone; in UTC if there is no such zone."""
    return at.astimezone(_zone(zone_name) or UTC).date()


def today_of(account: Account, settings: ClassroomSettings, now: datetime) -> date:
    """The person's today."""
    return now.astimezone(zone_of(account, settings)).date()


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, OSError, ValueError):  # an unknown name, one that is a folder, one that is no name at all
        return None
