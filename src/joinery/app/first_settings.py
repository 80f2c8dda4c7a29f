"""The settings file that a first contact leaves behind: about twenty lines, as a person would write them.

Rule: what is written here loads, observes only, and names every column that is read.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from joinery.core.mapping.spec import DateFormat
from joinery.core.model.worker import DATE_NAMES

_PLAIN = re.compile(r"[A-Za-zÀ-ÿ][\wÀ-ÿ /.()-]*[\wÀ-ÿ)]|[A-Za-z]")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "none"})
#: providers whose name says nothing about the company
_ANYBODY = frozenset({"gmail", "googlemail", "outlook", "hotmail", "yahoo", "icloud", "gmx", "web", "live", "proton"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSettings:
    """What was found out and answered; `fields` and `account_fields` are attribute -> column."""

    company: str
    zone: str
    people_path: str
    accounts_path: str
    fields: Mapping[str, str]
    account_fields: Mapping[str, str]
    dates: DateFormat | None = None
    written_by: str = ""

    def text(self) -> str:
        """The file."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield f"# {self.written_by}" if self.written_by else "# Written by `joinery init`"
        yield "version: 1"
        yield f"company: {{ name: {scalar(self.company)}, time_zone: {self.zone} }}"
        yield "people:"
        yield "  from: file"
        yield f"  path: {scalar(self.people_path)} # put HR's next export here; what was read moves to ./archive"
        yield "  fields: # only what is named here is ever read"
        yield from (f"    {attribute}: {self._field(attribute, column)}" for attribute, column in self.fields.items())
        yield "learning:"
        yield "  into: export # a file can only be looked at; put the system itself here when you are ready"
        yield f"  path: {scalar(self.accounts_path)}"
        yield from self._account_fields()
        yield "mode: observe # nothing can be written; later approve, then automatic"

    def _account_fields(self) -> Iterator[str]:
        """On as few lines as fit: an account's data is only looked at."""
        told = [f"{name}: {scalar(column)}" for name, column in self.account_fields.items()]
        if sum(len(each) + 2 for each in told) < 90:
            yield f"  fields: {{ {', '.join(told)} }}"
            return
        yield "  fields:"
        lines = ["    { "]
        for each in told:
            if len(lines[-1]) + len(each) > 108:
                lines.append("      ")
            lines[-1] += f"{each}, "
        yield from (line.rstrip() for line in lines[:-1])
        yield f"{lines[-1].rstrip(', ')} }}"

    def _field(self, attribute: str, column: str) -> str:
        if attribute in DATE_NAMES and self.dates is not None:
            return f"{{ column: {scalar(column)}, format: {self.dates.value} }}"
        return scalar(column)


def scalar(text: str) -> str:
    """Plain where YAML reads it as it stands, else in double quotes."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS and " #" not in text and ": " not in text
    path = re.fullmatch(r"\.?/[\w./*-]+", text)
    return text if plain or path else json.dumps(text, ensure_ascii=False)


def company_name(entities: Counter[str], addresses: Counter[str]) -> str:
    """A guess that nobody is asked about: the one legal entity, else the commonest e-mail domain, else no name."""
    if len(entities) == 1:
        return next(iter(entities))
    for domain, _ in addresses.most_common(3):
        name = domain.split(".")[0]
        if name not in _ANYBODY and name:
            return name.replace("-", " ").title()
    return "My company"


#: `joinery init --template`
TEMPLATE = """\
# joinery.yaml: fill in what stands in <…>. Every option: config.example.yaml; check with: joinery config validate
version: 1
company: { name: "<Example SA>", time_zone: Europe/Paris }
people:
  from: file
  path: ./inbox/*.csv
  fields: # attribute: the column's heading; only what is named here is ever read
    worker_id: "<Employee number>"
    given_name: "<First name>"
    family_name: "<Last name>"
    work_email: "<Work e-mail>"
    status: "<Status>"
    hire_date: "<Start date>" # or { column: "<Start date>", format: DD/MM/YYYY }
    termination_date: "<End date>"
    job_title: "<Job title>"
    department: "<Department>"
    location: "<Location>"
    manager_id: "<Manager number>"
learning:
  into: classroom # comes with Joinery; or `export`: a file of the users of the system you have
mode: observe # nothing can be written; later approve, then automatic
"""
