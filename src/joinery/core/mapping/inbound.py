"""Turns one raw record into a worker, or says why it cannot. Rule 1: this is the only place where raw becomes fact.

A rejected record changes nothing: the person keeps the last good facts until the row is right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final, TypeAlias

from joinery.core.mapping.dates import NoDay, NotADate, parse_date
from joinery.core.mapping.spec import (
    ADDRESS_NAMES,
    CANONICAL,
    ID_NAMES,
    RECORD_NAMES,
    Empty,
    MappingRow,
    MappingSpec,
)
from joinery.core.mapping.statuses import KEEP, PARENTAL, leave_class_of, normal, status_of, told_of
from joinery.core.mapping.transforms import TRANSFORMS, clean
from joinery.core.model.finding import Finding, Severity
from joinery.core.model.snapshot import RawRecord
from joinery.core.model.worker import Status, Worker

_ADDRESS: Final = re.compile(r"[^@\s,;:<>()\"\[\]]{1,64}@(?:[^@\s,;:<>()\"\[\].]+\.)+[^@\s,;:<>()\"\[\].]{2,63}")
#: a spreadsheet took the number for a number: 1.23E+05, 12345.0
MANGLED: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+|\d[.,]\d+[eE]\d+|\d+[.,]0+|#+|#(?:REF|N/A|VALUE|NAME)\S*")


#: what a spreadsheet shows where a formula went wrong
_CELL_ERROR: Final = re.compile(r"#(?:REF|VALUE|NUM|NULL|DIV/0|SPILL|CALC)!|#N/A|#NAME\?|#GETTING_DATA")
#: between a legal entity and a number that is unique in it only
ENTITY: Final = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """The worker, and what was odd about the record without making it wrong."""

    worker: Worker
    findings: tuple[Finding, ...] = ()
    #: when HR wrote the record, and from which day it holds; None where HR does not say
    changed_at: datetime | None = None
    effective_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A record that cannot become a worker. `reason` holds no personal data; `worker_id` where it could be read."""

    code: str
    reason: str
    attribute: str = ""
    worker_id: str = ""

    def finding(self, line: int | None = None) -> Finding:
        """The same as a finding: this person stays at the last good state."""
        return Finding(
            check=self.code,
            severity=Severity.QUARANTINE,
            message=self.reason,
            worker_id=self.worker_id,
            attribute=self.attribute,
            line=line,
            suggestion="Correct it in the HR system; the person keeps the last good facts until then.",
        )


YES: Final = frozenset({"yes", "y", "true", "1", "ja", "oui", "si", "sí", "sim", "tak"})
NO: Final = frozenset({"no", "n", "false", "0", "nein", "non", "nee", "não", "nie"})

Read: TypeAlias = "str | date | Rejected | None"


class _Reading:
    """One record while it is being read: values so far, notes, and whom it is about."""

    __slots__ = ("custom", "notes", "previous", "record", "values", "worker_id")

    def __init__(self, previous: Worker | None) -> None:
        self.values: dict[str, Any] = {}
        self.custom: dict[str, str] = {}
        self.record: dict[str, str | date] = {}
        self.notes: list[Finding] = []
        self.previous = previous
        self.worker_id = ""

    def note(
        self, check: str, attribute: str, message: str, severity: Severity = Severity.WARNING, suggestion: str = ""
    ) -> None:
        told = Finding(check=check, severity=severity, message=message, worker_id=self.worker_id, attribute=attribute)
        self.notes.append(replace(told, suggestion=suggestion))

    def reject(self, code: str, attribute: str, reason: str) -> Rejected:
        return Rejected(code=code, reason=reason, attribute=attribute, worker_id=self.worker_id)


def map_record(spec: MappingSpec, raw: RawRecord, previous: Worker | None = None) -> Mapped | Rejected:
    """The worker that this record describes. `previous` gives the values that an empty cell keeps."""
    reading = _Reading(previous)
    if (refused := _identity(spec, raw, reading)) is not None:
        return refused
    for row in spec.rows:
        value = _read(row, raw, reading)
        if isinstance(value, Rejected):
            return value
        _store(row.to, value, reading)
    _settle(spec, reading)
    values = reading.values
    worker = Worker(source=spec.source, custom=reading.custom, **values)
    if spec.part == "leavers":
        if previous is None:
            return reading.reject("leaver_unknown", "worker_id", "The file of leavers names somebody who is not known.")
        worker = _leaving(worker, previous)
    return Mapped(
        worker=worker,
        changed_at=_instant(reading),
        effective_on=day if isinstance(day := reading.record.get("effective_date"), date) else None,
        findings=tuple(reading.notes),
    )


def _instant(reading: _Reading) -> datetime | None:
    """When HR wrote the record, UTC where it names no zone; a text that is no instant is left out and told."""
    text = str(reading.record.get("changed_at", ""))
    at = instant_in(text)
    if text and at is None:
        reading.note("bad_record_time", "changed_at", "The time of the record cannot be read; it was left out.")
    return at


def instant_in(text: str) -> datetime | None:
    """The instant that this text gives, UTC where it names no zone; None where it gives none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _leaving(named: Worker, previous: Worker) -> Worker:
    """To be named among the leavers is to leave: on the day that is given, at once without one. All else stays."""
    word = named.status_text or "leaver"
    return replace(previous, status=Status.TERMINATED, status_text=word, termination_date=named.termination_date)


def _identity(spec: MappingSpec, raw: RawRecord, reading: _Reading) -> Rejected | None:
    """The employee number first, so that everything else can be said about somebody."""
    row = next(row for row in spec.rows if row.to == "worker_id")
    text = _text(row, raw)
    if not text:
        return reading.reject("no_worker_id", "worker_id", "The row has no employee number.")
    reading.worker_id = text
    if MANGLED.fullmatch(text):
        return reading.reject(
            "id_mangled", "worker_id", "A spreadsheet has turned the employee number into another number."
        )
    if spec.per_entity:
        reading.worker_id = _with_entity(spec, raw, text)
        if reading.worker_id.startswith(ENTITY):
            reading.worker_id = text
            return reading.reject(
                "no_legal_entity", "legal_entity", "Each legal entity has its own numbers here, and the row names none."
            )
    return None


def _with_entity(spec: MappingSpec, raw: RawRecord, number: str) -> str:
    row = next((row for row in spec.rows if row.to == "legal_entity"), None)
    return f"{_text(row, raw) if row else ''}{ENTITY}{number}"


def _text(row: MappingRow, raw: RawRecord) -> str:
    return text_of(row, raw.get(row.column) or "")


def text_of(row: MappingRow, cell: str) -> str:
    """The cell as it is read: cleaned, then what the mapping does to it."""
    text = clean(cell)
    for transform in row.transforms:
        text = TRANSFORMS[transform](text)
    return text


def _read(row: MappingRow, raw: RawRecord, reading: _Reading) -> Read:
    text = _text(row, raw)
    if text.startswith("#") and row.to not in ID_NAMES and _CELL_ERROR.fullmatch(text):
        return reading.reject("cell_error", row.to, f"The {row.to} shows an error of a spreadsheet ({text}).")
    if text and row.is_date:
        return _date(row, text, reading)
    if text and row.to in ADDRESS_NAMES and not _possible(text):
        reading.note("impossible_address", row.to, f"The {row.to} cannot be an address; it was left out.")
        text = ""
    elif text and row.to in ID_NAMES and MANGLED.fullmatch(text):
        reading.note("id_mangled", row.to, f"A spreadsheet has turned the {row.to} into another number; left out.")
        text = ""
    elif text and row.to == "is_minor":
        text = _flag(text, reading)
    return text or _empty(row, reading)


def _flag(text: str, reading: _Reading) -> str:
    """`yes` or `no`: a flag is no birth date."""
    said = text.casefold()
    if said in YES or said in NO:
        return "yes" if said in YES else "no"
    reading.note("not_a_flag", "is_minor", "The is_minor is neither yes nor no; it was left out.")
    return ""


def _possible(address: str) -> bool:
    return len(address) <= 254 and ".." not in address and _ADDRESS.fullmatch(address) is not None


def _date(row: MappingRow, text: str, reading: _Reading) -> Read:
    found = parse_date(text, row.format, row.order)
    if isinstance(found, date):
        return found
    if isinstance(found, NoDay):
        reading.note("date_means_none", row.to, f"The {row.to} is a stand-in for no date.", Severity.NOTE)
        return None
    return reading.reject(found.code, row.to, _why(found, row))


def _why(found: NotADate, row: MappingRow) -> str:
    if found.code == "ambiguous_date":
        return f"The {row.to} can be read as two days; name the column's date format in the settings."
    return f"The {row.to} is not a date" + (f" written {row.format.value}." if row.format else " that exists.")


def _empty(row: MappingRow, reading: _Reading) -> Read:
    if row.empty is Empty.ERROR:
        return reading.reject("empty_cell", row.to, f"The {row.to} is empty, which the settings call an error.")
    previous = reading.previous
    if row.empty is Empty.NONE or previous is None:
        return None
    if row.is_date:
        kept: date | None = getattr(previous, row.to)
        return kept
    return previous.value(row.to) or None


def _store(attribute: str, value: str | date | None, reading: _Reading) -> None:
    if value is None:
        return
    if attribute == "status":
        reading.values["status_text"] = value
    elif attribute in RECORD_NAMES:
        reading.record[attribute] = value
    elif attribute in CANONICAL:
        reading.values[attribute] = value
    else:
        reading.custom[attribute] = str(value)


def _settle(spec: MappingSpec, reading: _Reading) -> None:
    """What follows from several cells together."""
    values = reading.values
    if spec.per_entity:
        values["worker_id"] = reading.worker_id
        if (manager := values.get("manager_id")) and ENTITY not in manager:
            values["manager_id"] = f"{values['legal_entity']}{ENTITY}{manager}"
    values.setdefault("source_id", values["worker_id"])
    _settle_status(spec, reading)
    if values.get("manager_id") == values["worker_id"]:
        message = "The person is named as their own manager; taken as having none."
        reading.note("own_manager", "manager_id", message, suggestion="Name who they report to, or leave it empty.")


def _settle_status(spec: MappingSpec, reading: _Reading) -> None:
    """What the status word means; of a leave, what it does to access, and never why somebody is away."""
    values, word = reading.values, reading.values.get("status_text", "")
    status = values["status"] = status_of(word, spec.statuses)
    if word:
        values["status_text"] = told_of(word, status)
    kind = values.pop("leave_class", "")
    found = leave_class_of(kind, spec.leave_classes) if kind else None
    if kind and found is None:
        message = "Nobody has said what this kind of leave does to access; the company's rule for leave is used."
        reading.note("leave_class_unknown", "leave_class", message, Severity.NOTE)
    if found or (status is Status.LEAVE and normal(word) in PARENTAL):
        values["leave_class"] = found or KEEP


def end_said(spec: MappingSpec, raw: RawRecord) -> tuple[str, Status, date | None]:
    """(HR's word, what it means, end date) as far as a rejected record shows them: an end date that cannot be read
    is none."""
    rows = {row.to: row for row in spec.rows if row.to in {"status", "termination_date"}}
    word = _text(rows["status"], raw) if "status" in rows else ""
    end = rows.get("termination_date")
    day = parse_date(text, end.format, end.order) if end is not None and (text := _text(end, raw)) else None
    return word, status_of(word, spec.statuses), day if isinstance(day, date) else None


def key_of(spec: MappingSpec, raw: Mapping[str, str]) -> str:
    """The employee number of a raw record as `map_record` would read it; empty text when there is none."""
    number = _text(next(row for row in spec.rows if row.to == "worker_id"), raw)
    return _with_entity(spec, raw, number) if spec.per_entity and number else number


def record_key(spec: MappingSpec, raw: Mapping[str, str]) -> str:
    """The source's own key of a raw record as `map_record` would read it."""
    row = next((row for row in spec.rows if row.to == "source_id"), None)
    return (_text(row, raw) if row else "") or key_of(spec, raw)


def key_read(spec: MappingSpec, text: str) -> str:
    """The key as `record_key` gives it, from the text that a file had for it."""
    entity, slash, number = text.rpartition(ENTITY) if spec.numbered else ("", "", text)
    row = next((row for to in ("source_id", "worker_id") for row in spec.rows if row.to == to), None)
    if row is None:
        return text
    entity_row = next((each for each in spec.rows if each.to == "legal_entity"), None)
    before = _text(entity_row, {entity_row.column: entity}) if entity_row and slash else ""
    return f"{before}{slash}{_text(row, {row.column: number})}"


def person_key_of(spec: MappingSpec, raw: Mapping[str, str]) -> str:
    """The key above all employments, where HR gives one."""
    row = next((row for row in spec.rows if row.to == "person_id"), None)
    return _text(row, raw) if row else ""
