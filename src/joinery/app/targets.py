"""Names of learning systems -> targets, imported only when one is needed. The only place that mounts Classroom."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from joinery.app.calls import Calls
from joinery.core.model.operation import ActionClass
from joinery.errors import ConfigError
from joinery.kit.contract import Target
from joinery.settings import Settings

if TYPE_CHECKING:
    from joinery.connectors.fileout import FileOutTarget
    from joinery_classroom.database import Store
    from joinery_classroom.settings import ClassroomSettings

#: operations per call; also how many lines share a durable job
BATCH_SIZES = {"classroom": 200, "memory": 50, "export": 50, "scim": 48, "file": 5000}


def beyond(entry: Any) -> dict[ActionClass, str]:
    """What this learning system has no way to do, and what to say about it."""
    if entry.into == "file":
        from joinery.app.fileout import cannot

        return cannot(entry)
    if entry.into != "scim":
        return {}
    from joinery.connectors.scim import CAPABILITIES

    return {action: CAPABILITIES.notes[str(action)] for action in set(ActionClass) - CAPABILITIES.actions}


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetMaker:
    """Makes targets of one entry of `learning`. Each `make()` belongs to one event loop and is closed by its user."""

    settings: Settings
    name: str
    state_dir: Path
    now: Callable[[], datetime]
    calls: Calls = field(default_factory=Calls)

    @property
    def entry(self) -> Any:
        """The settings of this learning system."""
        return self.settings.learning[self.name]

    @property
    def batch_size(self) -> int:
        """Most operations in one call."""
        return BATCH_SIZES[self.entry.into]

    def make(self) -> Target:
        """A fresh target."""
        if self.entry.into == "memory":
            from joinery.connectors.memory import MemoryTarget

            return MemoryTarget(path=self.entry.file, name=self.name)
        if self.entry.into == "export":
            from joinery.app.exports import read_export
            from joinery.connectors.export import ExportTarget

            return ExportTarget(lambda: read_export(self.entry), name=self.name)
        if self.entry.into == "file":
            return self.files()
        return self._over_http()

    def files(self) -> FileOutTarget:
        """The learning system that imports files. Raises ConfigError when it is none."""
        if self.entry.into != "file":
            raise ConfigError(
                f"The learning system {self.name} takes no import files; nothing was written.",
                fix="This is for learning: { into: file, … }.",
            )
        from joinery.app.fileout import file_out

        return file_out(self.entry, self.name, self.state_dir, self.now)

    def _over_http(self) -> Target:
        from joinery.connectors.classroom import ClassroomTarget
        from joinery.kit.transport import Transport

        if self.entry.into == "scim":
            return self._scim()
        if self.entry.url:
            distant = Transport(self.entry.url, auth=self.entry.key.reveal, on_call=self.calls.seen)
            return ClassroomTarget(distant, name=self.name)
        classroom = self.classroom()
        from joinery_classroom.app import create_app

        app = create_app(classroom, now=self.now, store=self.classroom_store(classroom))
        transport = Transport(classroom.base_url, auth=lambda: classroom.api_token, app=app, on_call=self.calls.seen)
        return ClassroomTarget(transport, name=self.name)

    def _scim(self) -> Target:
        from joinery.connectors.scim import MEDIA_TYPE, Pace, ScimTarget
        from joinery.kit.transport import Transport

        reveal, seen = self.entry.key.reveal, self.calls.seen
        transport = Transport(self.entry.url, auth=reveal, on_call=seen, media_type=MEDIA_TYPE)
        return ScimTarget(
            transport,
            name=self.name,
            user_name_from=self.entry.user_name,
            external_id=self.entry.external_id,
            pace=Pace(rate=self.entry.rate, concurrency=self.entry.concurrency, side_by_side=self.entry.side_by_side),
        )

    def classroom_store(self, classroom: ClassroomSettings) -> Store:
        """Classroom's database, with the courses that `starters` give wherever they are missing; the user closes it."""
        from joinery_classroom.app import open_store
        from joinery_classroom.courses import seed_missing_starters

        store = open_store(classroom)
        if self.settings.starters:
            seed_missing_starters(store)
        return store

    def classroom(self) -> ClassroomSettings:
        """The embedded Classroom's settings; its keys are made once and kept beside its database, for us only."""
        from joinery_classroom.settings import ClassroomSettings

        return ClassroomSettings(
            database=self.entry.database,
            base_url=self.entry.base_url,
            api_token=kept_secret(self.state_dir / "classroom.token"),
            secret=kept_secret(self.state_dir / "classroom.secret"),
            organisation=self.settings.company.name,
            zone_name=self.settings.company.time_zone,
            simulation=self.entry.simulation,
            help_contact=self.settings.mail.help_contact or "your manager or the HR team",
        )


def kept_secret(path: Path) -> str:
    """A random secret in a file that only its owner can read; made at first use."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    made = secrets.token_urlsafe(32)
    try:
        with path.open("x", encoding="ascii") as file:
            path.chmod(0o600)
            file.write(made)
    except FileExistsError:  # another process was quicker
        return path.read_text(encoding="ascii").strip()
    return made
