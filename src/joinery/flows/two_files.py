"""The first look at two files: HR's people beside the users of a learning system, and what a first plan would do.

Rule: reads only; nothing here writes to a learning system, and what is sensitive is not even looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from joinery.core.mapping.asking import MATCHES_AN_ACCOUNT, NONE, Answers, Seen
from joinery.core.mapping.headers import sensitive
from joinery.core.mapping.recognition import (
    Cells,
    looks_like_accounts,
    looks_like_people,
    recognise_accounts,
    recognise_people,
    written,
)
from joinery.core.model.plan import PlanSummary
from joinery.core.model.worker import DATE_NAMES
from joinery.errors import ConfigError, SourceUntrusted
from joinery.flows.contact import read_accounts
from joinery.flows.look import pretended
from joinery.flows.match import LEFT_OPEN, OTHER_NAME, Question, survey
from joinery.flows.plan import make_plan
from joinery.flows.policy import Ports
from joinery.flows.pull import pull
from joinery.intake.layout import Layout
from joinery.store.accounts import Accounts
from joinery.store.connections import only_run
from joinery.store.people import People

if TYPE_CHECKING:
    from joinery.intake.read import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoFiles:
    """Both files, read."""

    people: Table
    accounts: Table
    people_cells: Mapping[str, Cells]
    accounts_cells: Mapping[str, Cells]

    def seen(self, answers: Answers) -> Seen:
        """What is recognised, with what somebody said."""
        people = recognise_people(self.people.header, self.people_cells, answers.fields)
        dates = [
            value
            for attribute, column in people.taken.items()
            if attribute in DATE_NAMES
            for value in self.people_cells[column].values
        ]
        return Seen(
            people=people,
            people_cells=self.people_cells,
            accounts=recognise_accounts(self.accounts.header, self.accounts_cells, answers.account_fields),
            accounts_cells=self.accounts_cells,
            dates=written(dates),
        )


def read_two(people: Path, accounts: Path) -> TwoFiles:
    """Read both. Raises SourceUntrusted when one cannot be used, or when they stand in the wrong order."""
    from joinery.intake.cells import cells_of

    ours, theirs = _read(people, "HR file"), _read(accounts, "export of the learning system")
    files = TwoFiles(people=ours, accounts=theirs, people_cells=cells_of(ours), accounts_cells=cells_of(theirs))
    _refuse_swapped(files, people, accounts)
    for table, path in ((ours, people), (theirs, accounts)):
        if not table.frame.height:
            raise SourceUntrusted(
                f"{path.name} has headings and not a single row; nothing was written.",
                fix="Export it again, with everybody in it.",
                data={"code": "no_rows", "file": path.name},
            )
    return files


def _read(path: Path, what: str) -> Table:
    from joinery.intake.read import read_table

    try:
        return read_table(path, Layout())
    except SourceUntrusted as error:
        raise SourceUntrusted(
            f"The {what} {path.name} cannot be used: {error.message}", fix=error.fix, data=error.data
        ) from error


def _refuse_swapped(files: TwoFiles, people: Path, accounts: Path) -> None:
    first = recognise_people(files.people.header, files.people_cells, {})
    second = recognise_people(files.accounts.header, files.accounts_cells, {})
    if looks_like_accounts(files.people.header, first) and looks_like_people(files.accounts.header, second):
        raise SourceUntrusted(
            f"{people.name} looks like the export of a learning system and {accounts.name} like the HR file: "
            "they stand in the wrong order. Nothing was written.",
            fix=f"joinery init --from-files {accounts} {people}",
            data={"code": "files_swapped"},
        )


def refuse_wrong_words(two: TwoFiles, answers: Answers) -> None:
    """Raises ConfigError when somebody named a column that is not there, or one that is never read."""
    for said, header, option in (
        (answers.fields, two.people.header, "--field"),
        (answers.account_fields, two.accounts.header, "--account-field"),
    ):
        for attribute, column in said.items():
            if column != NONE and column not in header:
                raise ConfigError(
                    f"{option} {attribute}={column}: the file has no such column; nothing was written.",
                    fix=f"It has: {', '.join(header)}.",
                    data={"code": "column_missing", "missing": [column]},
                )
            if kind := sensitive(column) or sensitive(attribute):
                raise ConfigError(
                    f"{option} {attribute}={column}: this looks like {kind}, which Joinery does not read; "
                    "nothing was written.",
                    fix="Leave it out. If it must be read: `allow_sensitive` in the settings, with the reason.",
                    data={"code": "sensitive_column", "column": column},
                )


def refuse_unmatchable(seen: Seen, answers: Answers) -> None:
    """Raises SourceUntrusted when nothing in the two files can ever say who is who."""
    people = {**answers.fields, **seen.people.taken}
    accounts = {**answers.account_fields, **seen.accounts.taken}
    both = [name for name in MATCHES_AN_ACCOUNT if name in accounts]
    ours = {"worker_id": "worker_id", "email": "work_email"}
    if not any(ours[name] in people for name in both):
        raise SourceUntrusted(
            "The two files have neither employee numbers nor e-mails in common, so nobody can be matched. "
            "Nothing was written.",
            fix="Export the learning system's users with their e-mail or employee number; or name the columns: "
            "--field work_email=COLUMN, --account-field email=COLUMN.",
            data={"code": "nothing_in_common"},
        )


# ------------------------------------------------------------------------------------------------- the first plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Who is who, in numbers of people, and the rows somebody may want to look at."""

    by_number: int
    by_email: int
    likely: int
    unclear: int
    #: open accounts of people who have left
    left_open: int
    #: accounts that nobody in HR has: nothing will happen to these
    only_there: int
    new: int
    questions: tuple[Question, ...] = ()

    @property
    def sure(self) -> int:
        """Same number, or the same e-mail on one of each side with nothing against it."""
        return self.by_number + self.by_email


def first_look(ports: Ports, as_of: datetime) -> Matches:
    """Pull, read the accounts, match; a plan is made to count by and not kept. Nothing is written to the learning
    system. Raises SourceUntrusted when the HR file is not believed."""
    with only_run(ports.database, ports.policy.name, ports.now):
        for file in pull(ports, as_of).files:
            if file.state in {"held", "rejected"}:
                said = "; ".join(finding.message for finding in file.findings[:3])
                raise SourceUntrusted(f"{file.name} is {file.state}: {said}", data={"code": "not_believed"})
        read_accounts(ports)
    with pretended(ports) as (trial, _):
        plan = make_plan(trial, as_of, "a first look")
    found = survey(ports)
    return _matches(ports, plan, found.questions, found.by_themselves)


def _matches(ports: Ports, plan: PlanSummary | None, questions: Sequence[Question], by_themselves: int) -> Matches:
    reasons = Counter(reason for reason, _ in {(q.reason, q.key) for q in questions})
    sure = len({q.key for q in questions if q.sure})
    creates = (plan.counts.get("create", 0) - plan.held.get("create", 0)) if plan else 0
    return Matches(
        by_number=by_themselves,
        by_email=sure,
        likely=reasons[OTHER_NAME],
        unclear=len({q.key for q in questions if not q.sure and q.reason not in {OTHER_NAME, LEFT_OPEN}}),
        left_open=reasons[LEFT_OPEN],
        only_there=_only_there(ports),
        new=creates,
        questions=tuple(questions),
    )


def _only_there(ports: Ports) -> int:
    """Accounts that share neither number nor e-mail with anybody HR knows."""
    with ports.database.read() as connection:
        everybody = People(connection, ports.policy.name)
        numbers, emails = everybody.numbers_and_addresses()
        accounts = Accounts(connection, ports.policy.target).all().values()
    return sum(a.worker_id not in numbers and a.email not in emails for a in accounts)
