"""`joinery init --from-files`: two files -> a folder with settings, a first look that observes, and what it found.

Rule: nothing is written before both files were read and every doubt is answered; what fails later is taken back.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from joinery.app import clock
from joinery.app.first_settings import FirstSettings, company_name
from joinery.app.wiring import Voice, opened
from joinery.core.mapping.asking import NONE, Answers, Seen
from joinery.core.mapping.inbound import Mapped, map_record
from joinery.core.mapping.recognition import Sure
from joinery.core.mapping.spec import FieldSpec, MappingSpec, row_of
from joinery.core.model.plan import PlanSummary
from joinery.errors import ConfigError, JoineryError
from joinery.flows.check import Checked, Looking, check_file
from joinery.flows.look import look
from joinery.flows.match import confirm_sure
from joinery.flows.person import Word
from joinery.flows.two_files import Matches, TwoFiles, first_look

SAMPLES = 3
#: a copy we made is whole: it need not lie still first
SETTLED = timedelta(minutes=10)
CONFIG = "joinery.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What a first contact found. `confirmed`: matches by e-mail that somebody accepted in one go."""

    config: Path
    check: Checked
    matches: Matches
    plan: PlanSummary | None
    confirmed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """From where, where to, and what was answered."""

    people: Path
    accounts: Path
    folder: Path
    company: str
    answers: Answers


def fields_of(seen: Seen, answers: Answers) -> tuple[dict[str, str], dict[str, str]]:
    """(attribute -> column of the HR file, of the export), in the order of the files; `none` leaves one out."""
    people = {c.attribute: c.name for c in seen.people.columns if c.sure in {Sure.SURE, Sure.LIKELY}}
    accounts = {c.attribute: c.name for c in seen.accounts.columns if c.sure in {Sure.SURE, Sure.LIKELY}}
    people |= {a: c for a, c in answers.fields.items() if a not in people}
    accounts |= {a: c for a, c in answers.account_fields.items() if a not in accounts}
    return _without_none(people), _without_none(accounts)


def _without_none(fields: Mapping[str, str]) -> dict[str, str]:
    return {attribute: column for attribute, column in fields.items() if column != NONE}


def samples(files: TwoFiles, seen: Seen, answers: Answers) -> list[dict[str, str]]:
    """The first people as they will be read: attribute -> value."""
    fields, _ = fields_of(seen, answers)
    dates = answers.dates or seen.dates.format
    rows = tuple(row_of(a, FieldSpec(column=c, format=dates if "date" in a else None)) for a, c in fields.items())
    spec = MappingSpec(rows=rows)
    found = []
    for record in files.people.frame.head(50).iter_rows(named=True):
        mapped = map_record(spec, record)
        if isinstance(mapped, Mapped):
            found.append({name: mapped.worker.value(name) for name in fields})
        if len(found) == SAMPLES:
            break
    return found


def guessed_name(files: TwoFiles, seen: Seen) -> str:
    """What the company may be called."""
    taken = seen.people.taken
    entities = files.people_cells[taken["legal_entity"]].values if "legal_entity" in taken else ()
    mails = files.people_cells[taken["work_email"]].values if "work_email" in taken else ()
    return company_name(Counter(entities), Counter(mail.rpartition("@")[2].lower() for mail in mails if "@" in mail))


def local_zone(environ: Mapping[str, str]) -> str:
    """The time zone of this machine, to suggest; empty when it is not told, or only UTC."""
    named = environ.get("TZ", "").lstrip(":")
    if not named:
        link = Path("/etc/localtime")
        named = str(link.resolve()).partition("zoneinfo/")[2] if link.is_symlink() else ""
    return "" if named.upper() in {"UTC", "ETC/UTC", "UNIVERSAL"} else named


def begin(
    start: Start, seen: Seen, *, accept: Callable[[Matches], bool], environ: Mapping[str, str], voice: Voice
) -> Begun:
    """Write the folder, look for the first time, and confirm what `accept` says yes to. Raises ConfigError when there
    are settings already."""
    with _folder(start) as (people, accounts):
        config = start.folder / CONFIG
        config.write_text(_settings(start, seen, people, accounts).text(), encoding="utf-8")
        check = check_file(people, _looking(config, environ))
        with opened(config, environ=environ, voice=voice) as it:
            matches = first_look(it.ports, clock.now())
            confirmed = 0
            if matches.by_email and accept(matches):
                word = Word(owner=environ.get("USER", "") or "init", reason="accepted at first contact: same e-mail")
                confirmed = len(confirm_sure(it.ports, word))
            plan = look(it.ports, clock.now(), rehearsal=False, why="first contact")
    return Begun(config=config, check=check, matches=matches, plan=plan, confirmed=confirmed)


def _settings(start: Start, seen: Seen, people: Path, accounts: Path) -> FirstSettings:
    fields, account_fields = fields_of(seen, start.answers)
    return FirstSettings(
        company=start.company,
        zone=start.answers.zone,
        people_path=f"./{people.parent.name}/*{people.suffix}",
        accounts_path=f"./{accounts.parent.name}/*{accounts.suffix}",
        fields=fields,
        account_fields=account_fields,
        dates=start.answers.dates or seen.dates.format,
        written_by=f"Written by `joinery init` on {clock.now():%Y-%m-%d} from {people.name} and {accounts.name}",
    )


def _looking(config: Path, environ: Mapping[str, str]) -> Looking:
    from joinery.app.policy import mapping_reader
    from joinery.settings import load

    source = load(config, environ=environ).people["hris"]
    return Looking(mapping_for=mapping_reader("hris", source), today=clock.now().date())


@contextmanager
def _folder(start: Start) -> Iterator[tuple[Path, Path]]:
    """The folder with copies of both files in it; the settings, the copies and the memory go again when it fails."""
    refuse_existing(start.folder)
    made = [start.folder / name for name in (CONFIG, ".joinery", "inbox", "learning", "archive", "processing")]
    ours = [path for path in made if not path.exists()]
    try:
        yield _copy(start.people, start.folder / "inbox"), _copy(start.accounts, start.folder / "learning")
    except (JoineryError, OSError):
        for path in ours:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        raise


def refuse_existing(folder: Path) -> None:
    """Raises ConfigError when the folder has settings, or a memory of earlier ones."""
    for name in (CONFIG, ".joinery"):
        if (folder / name).exists():
            raise ConfigError(
                f"{folder / name} is there already; nothing was written.",
                fix="Begin in a new folder: --dir NAME. Or go on with what is there: joinery status",
            )


def _copy(file: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / file.name
    if target.resolve() != file.resolve():
        shutil.copyfile(file, target)
    settled = (clock.now() - SETTLED).timestamp()
    os.utime(target, (settled, settled))
    return target
