"""Answers about accounts that come back in a file. Rule: a row is taken whole or named with its line, never guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from joinery.errors import JoineryError, NotThere
from joinery.flows.match import Question, answer_in, waiting
from joinery.flows.person import Word, find_person
from joinery.flows.policy import Ports
from joinery.intake.decode import UNREADABLE
from joinery.intake.delta import numbered
from joinery.intake.layout import Layout
from joinery.intake.read import read_table
from joinery.intake.table import Table
from joinery.reports.render_csv import harmless
from joinery.store.people import People, Person

YES: Final = frozenset({"yes", "y", "true"})
NO: Final = frozenset({"no", "n", "false"})
NEEDED: Final = ("worker_id", "account_id", "answer")
#: what a spreadsheet-safe export puts before a cell that could start a formula
MARK: Final = "'"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that was not taken. `why` names IDs only."""

    line: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of the rows."""

    yes: int = 0
    no: int = 0
    empty: int = 0
    bad: tuple[BadRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    line: int
    worker_id: str
    account_id: str
    answer: str
    reason: str


def take_answers(ports: Ports, file: Path, owner: str) -> Taken:
    """Record every good row. Raises NotThere when there is no file or it lacks a column; nothing is recorded then."""
    answers = list(_read(file))
    asked = {(q.worker_id, str(q.account.id)): q for q in waiting(ports)}
    bad: list[BadRow] = []
    counts = {"yes": 0, "no": 0, "empty": 0}
    with ports.database.write() as connection:
        for row in answers:
            word = _word_of(row.answer)
            try:
                if word in {"yes", "no"}:
                    said = Word(owner=owner, reason=row.reason or f"answered {word} in {file.name}")
                    person, account_id = _person(connection, ports, row, asked)
                    answer_in(connection, ports, person, account_id, said, yes=word == "yes")
                elif word != "empty":
                    raise NotThere("The answer is neither yes nor no.")
                counts[word] += 1
            except JoineryError as error:
                bad.append(BadRow(line=row.line, why=f"{error.message} {error.fix}".strip()))
    return Taken(**counts, bad=tuple(bad))


def _word_of(text: str) -> str:
    said = text.strip().lower()
    return "empty" if not said else "yes" if said in YES else "no" if said in NO else "?"


def _person(
    connection: Connection, ports: Ports, row: _Answer, asked: Mapping[tuple[str, str], Question]
) -> tuple[Person, str]:
    """Who and which account are meant. A spreadsheet may have eaten zeros: what was asked about tells which."""
    question = asked.get((row.worker_id, row.account_id))
    if question is None:
        typed = _bare(row.worker_id, row.account_id)
        alike = [q for pair, q in asked.items() if _bare(*pair) == typed]
        question = alike[0] if len(alike) == 1 else None
    if question is None:
        return find_person(connection, ports.policy, row.worker_id), row.account_id
    return People(connection, ports.policy.name).by_key([question.key])[question.key], question.account.id


def _bare(worker_id: str, account_id: str) -> tuple[str, str]:
    """Without the zeros that a spreadsheet eats."""
    return worker_id.lstrip("0"), account_id.lstrip("0")


def _read(file: Path) -> Iterator[_Answer]:
    if not file.is_file():
        raise NotThere(f"There is no file {file}.", fix="Make one with: joinery match --format csv --out matches.csv")
    if file.suffix.lower() in {".xls", ".ods"}:
        raise NotThere(f"{file} is a workbook of another kind.", fix="Save it as .xlsx or CSV and import that.")
    found = read_table(file, Layout())
    columns = {_name(column): column for column in found.header}
    if missing := [name for name in NEEDED if name not in columns]:
        raise NotThere(
            f"{file} has no column {', '.join(missing)}; nothing was recorded.",
            fix="Start from: joinery match --format csv --out matches.csv",
        )
    yield from _answers(found, columns)


def _answers(found: Table, columns: Mapping[str, str]) -> Iterator[_Answer]:
    """In the order of the file; a row that could not be read at all is an answer that is neither yes nor no."""
    for line, record in numbered(found.frame):
        cell = {name: _unmarked(record[columns[name]]) for name in (*NEEDED, "reason") if name in columns}
        yield _Answer(
            line=line,
            worker_id=cell["worker_id"],
            account_id=cell["account_id"],
            answer=cell["answer"],
            reason=cell.get("reason", ""),
        )
    for rejected in found.rejected:
        yield _Answer(line=rejected.line, worker_id="", account_id="", answer=UNREADABLE, reason="")


def _name(column: str) -> str:
    return column.strip().lower().replace(" ", "_")


def _unmarked(cell: str) -> str:
    """The cell without the mark that the export put before it."""
    text = cell.strip()
    bare = text.removeprefix(MARK)
    return bare if bare != text and harmless(bare) == text else text
