"""Puts Classroom together. Importing this is cheap: the web framework is loaded by `create_app`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from joinery_classroom import clock

if TYPE_CHECKING:
    from fastapi import FastAPI

    from joinery_classroom.database import Store
    from joinery_classroom.model import Account
    from joinery_classroom.settings import ClassroomSettings


def open_store(settings: ClassroomSettings) -> Store:
    """Opens the database file of these settings, made if missing. Whoever opens it calls `close()`."""
    from joinery_classroom.database import open_database

    return open_database(settings.database)


def create_app(
    settings: ClassroomSettings,
    *,
    now: Callable[[], datetime] = clock.now,
    store: Store | None = None,
    send_fresh_link: Callable[[Account, str], None] | None = None,
) -> FastAPI:
    """The web application, API and pages.

    `now` gives aware datetimes and may be simulated. Without a `store` one is opened here and closed when the
    application shuts down, or with `app.state.room.store.close()` where there is no lifespan. `send_fresh_link`
    mails a new link to somebody who followed an old one; without it the page names whom to ask.
    """
    from joinery_classroom.web.assembly import assemble
    from joinery_classroom.web.room import Room

    opened = store if store is not None else open_store(settings)
    room = Room(settings=settings, store=opened, now=now, send_fresh_link=send_fresh_link)
    return assemble(room, close_store=store is None)
