"""A query as a drop: its answer becomes a file in a folder of its own, and goes the way every file goes.

Rule 1: only a query that ended without an error leaves rows behind. What broke leaves an empty file that is refused,
so that nobody is touched, the issue is seen, and the dates that are already known fire all the same.
Rule 2: the watermark moves when the file was accepted, never before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from sqlalchemy.exc import SQLAlchemyError

from joinery.connectors.sql.address import said
from joinery.connectors.sql.query import Mark, Query, decoded, encoded
from joinery.connectors.sql.spool import publish, sha256_of, write_answer
from joinery.errors import JoineryError, SourceUntrusted, StopRun
from joinery.kit.drop import ArrivedFile, Drop

Content = Literal["full", "changes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlDrop:
    """`folder` is this source's own: `spool` inside it is what `into` watches, for files that have their `.done`."""

    name: str
    address: Callable[[], str]
    query: Query
    folder: Path
    into: Drop
    now: Callable[[], datetime]
    #: what every answer holds; with a watermark that changes from run to run
    content: Content = "full"

    @property
    def spool(self) -> Path:
        """Where answers are put when they are whole."""
        return self.folder / "spool"

    def pending(self) -> tuple[ArrivedFile, ...]:
        """What a broken run left, and the answer of now; one that did not come to its end is there to be refused."""
        name, problem = self._ask()
        return tuple(
            replace(file, problem=problem) if problem and file.name == name else file for file in self.into.pending()
        )

    def take(self, file: ArrivedFile) -> ArrivedFile:
        """As the folder does it."""
        return self.into.take(file)

    def verify(self, file: ArrivedFile) -> None:
        """As the folder does it. Raises SourceUntrusted for an answer that did not come to its end."""
        self.into.verify(file)

    def accept(self, file: ArrivedFile, report: Mapping[str, object], day: date) -> Path:
        """As the folder does it; then the watermark moves."""
        place = self.into.accept(file, report, day)
        self._remember(place)
        return place

    def reject(self, file: ArrivedFile, report: Mapping[str, object], day: date) -> Path:
        """As the folder does it; the watermark stays."""
        return self.into.reject(file, report, day)

    def hold(self, file: ArrivedFile, report: Mapping[str, object], day: date) -> Path:
        """As the folder does it; the watermark stays."""
        return self.into.hold(file, report, day)

    def bring_back(self, sha256: str) -> bool:
        """As the folder does it."""
        return self.into.bring_back(sha256)

    def prune(self, before: date) -> int:
        """As the folder does it."""
        return self.into.prune(before)

    def _ask(self) -> tuple[str, SourceUntrusted | None]:
        """Ask the database; the name of the answer's file, and why it is not to be believed."""
        started = self.now()
        content, since = self._what(started)
        name = f"{self.name}_employees_{content}_{started:%Y%m%dT%H%M%SZ}.csv"
        told: dict[str, object] = {"content": content, "as_of": started}
        problem = None
        try:
            part = self._room() / f"{name}.part"
            try:
                answer = write_answer(self.address(), self.query, since, part)
                told |= {"rows": answer.rows, "sha256": sha256_of(part)}
                if answer.mark is not None:
                    told["watermark"] = encoded(answer.mark)
            except (JoineryError, SQLAlchemyError) as error:
                problem = _problem(error, name)
                part.write_bytes(b"")
                told["problem"] = problem.message
            publish(part, name, told)
        except OSError as error:
            raise StopRun(
                f"The answer of the database cannot be kept in {self.spool} ({error.strerror}); nobody was touched.",
                fix="Make room or correct the rights, then run again.",
                data={"path": str(self.spool)},
            ) from error
        return name, problem

    def _room(self) -> Path:
        """The spool, for its owner only, without what a broken run did not finish."""
        self.spool.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        for left in self.spool.glob("*.part"):
            left.unlink()
        return self.spool

    def _what(self, started: datetime) -> tuple[Content, Mark | None]:
        """Everybody, or what changed since the watermark."""
        watermark, kept = self.query.watermark, self._kept()
        if watermark is None:
            return self.content, None
        with suppress(KeyError, ValueError, TypeError):
            since = decoded(kept["watermark"])
            if started - datetime.fromisoformat(str(kept["full_at"])) < watermark.full_every:
                return "changes", since
        return "full", None

    def _kept(self) -> dict[str, object]:
        """`watermark` and `full_at`, as the last accepted answers left them; nothing when that cannot be read."""
        try:
            kept = json.loads((self.folder / "watermark.json").read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _remember(self, place: Path) -> None:
        if self.query.watermark is None:
            return
        told = json.loads(place.with_name(f"{place.name}.done").read_bytes())
        kept = self._kept()
        if "watermark" in told:
            kept["watermark"] = told["watermark"]
        if told["content"] == "full":
            kept["full_at"] = told["as_of"]
        partial = self.folder / "watermark.json.part"
        partial.write_text(json.dumps(kept))
        partial.replace(self.folder / "watermark.json")


def _problem(error: JoineryError | SQLAlchemyError, name: str) -> SourceUntrusted:
    """Why this answer is not believed, as the gate tells it."""
    if isinstance(error, JoineryError):
        code = error.data.get("code", "query_refused")
        return SourceUntrusted(error.message, fix=error.fix, data={"code": code, "file": name})
    return SourceUntrusted(
        f"The database did not answer to the end: {said(error)}. Nothing was read and nobody was touched.",
        fix="See whether the database is there, the login may read these tables and the query is right.",
        data={"code": "query_failed", "file": name},
    )
