"""After an edit only those are looked at whom the old or the new version matches, and that is as good as everybody.

Two companies live the same days with the same edits: one finds who is touched, the other looks at everybody.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from joinery.app.wiring import Opened
from joinery.connectors.memory import MemoryTarget
from joinery.flows.policy import Policy, Versions
from joinery.store.assignments import assignments_of
from tests.stories.company import Company, Row, worker

#: a story of seven days is told as it is found: making it shorter takes longer than reading it
QUIET = settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


@dataclass(frozen=True)
class Forgets:
    """Versions of which none can be read again."""

    kept: Versions

    def keep(self, connection: Connection, at: datetime) -> str:
        return self.kept.keep(connection, at)

    def policy(self, connection: Connection, version: str) -> Policy | None:
        return None


class Thorough(Company):
    """Looks at everybody after every edit."""

    @contextmanager
    def open(self, as_of: str | None = None) -> Iterator[Opened]:
        with super().open(as_of) as it:
            yield replace(it, ports=replace(it.ports, versions=Forgets(it.ports.versions)))


WHENS: tuple[Any, ...] = (
    {"country": "FR"},
    {"country": ["FR", "DE"]},
    {"department": "D1"},
    'under(department, "D1")',
    'not under(department, "D2")',
    "has_reports",
    'changed_to(job_title, "Head")',
    "hire_date >= go_live",
    "tenure_days > 300 and known(country)",
    'country != "FR" or job_title == "Head"',
    "True",
)
rules = st.fixed_dictionaries(
    {
        "when": st.sampled_from(WHENS),
        "give": st.lists(st.sampled_from(["X", "Y", "path:P"]), min_size=1, max_size=2, unique=True),
        "groups": st.lists(st.sampled_from(["G", "H"]), max_size=1),
        "due": st.sampled_from(["10 days", "40 days after start", "2026-12-31"]),
        "applies_to": st.sampled_from(["everyone", "new_matches"]),
        "when_match_ends": st.sampled_from(["keep", "withdraw_if_not_started", "withdraw"]),
        "kind": st.sampled_from(["mandatory", "optional"]),
    }
)
ROWS = st.sampled_from(["D1,Sales,,", "D1,Sales,,2026-11-25", "D1,Shop,2026-11-26,", "D2,Desk,,", "D3,Sales,,"])
TREE = st.sampled_from(["D2,D1,,", "D2,D1,,2026-11-25", "D2,D3,2026-11-26,", "D3,D1,,", "D1,D3,,2026-11-24"])


@st.composite
def tables(draw: st.DrawFn, rows: st.SearchStrategy[str]) -> str:
    """Rows of which none gives a code two values on one day."""
    found: list[str] = []
    for row in draw(st.lists(rows, min_size=1, max_size=4, unique=True)):
        code, _, start, end = row.split(",")
        others = [other.split(",") for other in found if other.split(",")[0] == code]
        if not any((start or "0") <= (other[3] or "9") and (other[2] or "0") <= (end or "9") for other in others):
            found.append(row)
    return "\n".join(["code,value,valid_from,valid_to", *found]) + "\n"


configurations = st.fixed_dictionaries(
    {
        "learning_rules": st.dictionaries(st.sampled_from(["A", "B", "C"]), rules, min_size=1, max_size=3).map(
            lambda named: [{"name": name, **body} for name, body in named.items()]
        ),
        "include": st.sampled_from([[], [], [{"where": {"country": ["FR", "DE"]}}], [{"where": "known(job_title)"}]]),
        "exclude": st.sampled_from([[], [], [{"where": 'under(department, "D3")'}]]),
        "out_of_scope": st.sampled_from(["archive", "keep"]),
        "unmapped": st.sampled_from(["keep", "hold", "use: Others"]),
        "departments": tables(ROWS),
        "tree": tables(TREE),
        "protected": st.sampled_from([{}, {"worker_ids": ["0002"]}]),
        "mail": st.sampled_from([{}, {"per_run": 3}]),
        "go_live": st.sampled_from(["2026-11-01", "2026-11-01", "2026-11-24"]),
    }
)
people = st.fixed_dictionaries(
    {
        "country": st.sampled_from(["FR", "DE", ""]),
        "department": st.sampled_from(["D1", "D2", "D3", "D9", ""]),
        "job_title": st.sampled_from(["Clerk", "Head", ""]),
        "manager_id": st.sampled_from(["", "0001", "0002"]),
        "hire_date": st.sampled_from(["2020-01-15", "2026-02-01", "2026-11-24", "2026-11-27"]),
        "status": st.sampled_from(["Active", "Active", "Active", "Active", "On leave", "Terminated"]),
    }
)


DAYS = ("2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27", "2026-11-29", "2026-12-20")
COUNT = 6
#: what is edited most is rules
PARTS = ("learning_rules", "learning_rules", "learning_rules", "departments", "tree", "include", "exclude", "other")


@st.composite
def edits(draw: st.DrawFn, before: dict[str, Any]) -> dict[str, Any]:
    """The configuration after somebody changed one thing in it."""
    other, part = draw(configurations), draw(st.sampled_from(PARTS))
    if part == "other":
        return before | {name: other[name] for name in ("out_of_scope", "unmapped", "protected", "mail", "go_live")}
    if part != "learning_rules" or not before["learning_rules"] or draw(st.integers(0, 4)) == 0:
        return before | {part: other[part]}
    changed = draw(st.integers(0, len(before["learning_rules"]) - 1))
    key, body = draw(st.sampled_from(["when", "when", "give", "due", "applies_to", "when_match_ends"])), draw(rules)
    told = [rule | {key: body[key]} if n == changed else rule for n, rule in enumerate(before["learning_rules"])]
    return before | {"learning_rules": told}


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[str, dict[str, Any], list[Row] | None]]:
    """Days with the configuration of that day and HR's file, if one came."""
    rows, configuration = [worker(n + 1, **draw(people)) for n in range(COUNT)], draw(configurations)
    days: list[tuple[str, dict[str, Any], list[Row] | None]] = [(DAYS[0], configuration, rows)]
    for day in DAYS[1:]:
        if draw(st.integers(0, 5)):
            configuration = draw(edits(configuration))
        moved = draw(st.integers(0, 2)) == 0
        if moved:
            who = draw(st.integers(min_value=1, max_value=COUNT))
            rows = [worker(who, **draw(people)) if row["worker_id"] == f"{who:04}" else row for row in rows]
        days.append((day, configuration, rows if moved else None))
    return days


def written(company: Company, configuration: dict[str, Any]) -> None:
    body = dict(configuration)
    (company.folder / "departments.csv").write_text(body.pop("departments"))
    (company.folder / "tree.csv").write_text(body.pop("tree"))
    mapped = {"department": {"table": "departments.csv", "unmapped": body.pop("unmapped")}}
    company.write_settings(map=mapped, department_tree="tree.csv", guards="off", **body)


def owed(company: Company) -> dict[str, list[str]]:
    found = {}
    with company.ports() as ports, ports.database.read() as connection:
        for number in range(1, COUNT + 1):
            person = company._person(ports, f"{number:04}")
            rows = assignments_of(connection, [person.key]).get(person.key, ())
            found[person.worker.worker_id] = [
                f"{r.key} {r.state} {r.due_on} {sorted(r.reasons)} {r.weight}" for r in rows
            ]
    return found


def there(company: Company) -> list[tuple[Any, ...]]:
    return sorted(
        (
            a.worker_id,
            str(a.state),
            sorted(a.groups),
            sorted(a.attributes.items()),
            sorted((key, e.state, str(e.due_on)) for key, e in a.enrolments.items()),
        )
        for a in company.raw_accounts()
    )


@QUIET
@given(days=lives())
def test_looking_at_those_an_edit_touches_is_looking_at_everybody(
    days: list[tuple[str, dict[str, Any], list[Row] | None]],
) -> None:
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        learning = {"groups_from": ["department"]}
        quick = Company(folders[0], learning=learning, memory=MemoryTarget())
        thorough = Thorough(folders[1], learning=learning, memory=MemoryTarget())
        for day, configuration, rows in days:
            lines = []
            for company in (quick, thorough):
                written(company, configuration)
                lines.append(company.day(day, rows).lines)
            assert lines[0] == lines[1], day
            assert there(quick) == there(thorough), day
            assert owed(quick) == owed(thorough), day
