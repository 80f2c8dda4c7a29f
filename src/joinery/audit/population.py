"""Looks for what one worker alone cannot show: doubles, missing managers, circles, misspelled domains, lost zeros.

Rule 1: a missing manager is a warning, a double is a quarantine; nothing here decides about access.
The frame has canonical columns of text (`worker_id`, `work_email`, `manager_id`, `status`, ...), "" for none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import polars as pl

from joinery.audit.addresses import double_emails
from joinery.audit.domains import look_alikes, misspelled
from joinery.audit.loops import loops
from joinery.audit.managers import manager_left, manager_loop, manager_missing, people_of
from joinery.audit.naming import some
from joinery.core.hygiene.facts import nearest
from joinery.core.mapping.statuses import status_of
from joinery.core.model.finding import Finding, Severity
from joinery.core.model.worker import Status

#: where a row stands in its file, if the frame says so
LINE: Final = "__line__"
#: an ID length that most people share, from this many people on
_MOST: Final = 0.9
_ENOUGH: Final = 20
#: so many rows with a number that stands twice are not mistakes but the way the export is made
_TOO_MANY: Final = 0.1
_GONE: Final = frozenset({Status.TERMINATED, Status.DECEASED, Status.RESCINDED})


def audit(frame: pl.DataFrame) -> tuple[Finding, ...]:
    """Everything found in the whole population, checks in a fixed order. Missing columns are not checked."""
    people = _prepared(frame)
    return (
        *_double_ids(people),
        *double_emails(people),
        *_doubles_everywhere(people),
        *_missing_managers(people),
        *_managers_gone(people),
        *_manager_loops(people),
        *_lost_zeros(people),
        *_misspelled_domains(people),
        *_places_without_zone(frame),
    )


def quarantined(findings: Iterable[Finding]) -> frozenset[str]:
    """The IDs of those who stay at their last good state because of these findings."""
    return frozenset(f.worker_id for f in findings if f.severity is Severity.QUARANTINE and f.worker_id)


def known(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with `id` and `gone` (HR says that the person left), trimmed, without people who have no ID."""
    have = set(frame.columns)
    words = frame.get_column("status").unique().to_list() if "status" in have else []
    over = [word for word in words if word and status_of(word.strip(), {}) in _GONE]
    gone = pl.col("status").is_in(over) if over else pl.lit(value=False)
    return frame.with_columns(_column(frame, "worker_id").alias("id"), gone.alias("gone")).filter(pl.col("id") != "")


def _column(frame: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name).fill_null("").str.strip_chars() if name in frame.columns else pl.lit("")


def _prepared(frame: pl.DataFrame) -> pl.DataFrame:
    """id, email (lower case), manager, former (number), person, dates, gone."""
    return known(frame).select(
        "id",
        _column(frame, "work_email").str.to_lowercase().alias("email"),
        _column(frame, "manager_id").alias("manager"),
        _column(frame, "previous_id").alias("former"),
        _column(frame, "person_id").alias("person"),
        _column(frame, "hire_date").alias("starts"),
        _column(frame, "termination_date").alias("ends"),
        pl.col(LINE).alias("line") if LINE in frame.columns else pl.lit(None, dtype=pl.UInt32).alias("line"),
        "gone",
    )


def _double_ids(people: pl.DataFrame) -> Iterator[Finding]:
    lines = pl.col("line").drop_nulls().sort()
    doubles = people.group_by("id").agg(pl.len(), lines.alias("lines")).filter(pl.col("len") > 1).sort("id")
    for worker_id, count, on in doubles.iter_rows():
        where = f" (lines {some(map(str, on))})" if on else ""
        yield _double_id(worker_id, f"{count} rows{where}")


def double_ids(keys: Iterable[object]) -> Iterator[Finding]:
    """For a file in which nothing else is to be looked at: these numbers stand on several rows."""
    return (_double_id(str(key), "several rows") for key in keys)


def _double_id(worker_id: str, rows: str) -> Finding:
    return Finding(
        check="duplicate_worker_id",
        severity=Severity.QUARANTINE,
        message=f"The employee number {worker_id} stands on {rows}.",
        worker_id=worker_id,
        attribute="worker_id",
        suggestion="Leave one row per person. The person keeps the last good facts until then.",
    )


def _doubles_everywhere(people: pl.DataFrame) -> Iterator[Finding]:
    """So many numbers stand twice that the export itself repeats people: no plan made of it is worth anything."""
    ids = people.select(twice=pl.col("id").is_duplicated()).get_column("twice")
    if ids.sum() < _ENOUGH or ids.sum() < _TOO_MANY * len(ids):
        return
    yield Finding(
        check="doubles_everywhere",
        severity=Severity.BLOCKER,
        message=f"{ids.sum()} of {len(ids)} rows share their employee number with another row.",
        attribute="worker_id",
        suggestion="Export one row per person, or say in the settings that the file has one row per job. Until then "
        "nothing is applied by itself.",
    )


def _missing_managers(people: pl.DataFrame) -> Iterator[Finding]:
    ids = people.select(pl.col("id").alias("manager")).unique()
    dangling = (
        people.filter((pl.col("manager") != "") & ~pl.col("gone"))
        .join(ids, on="manager", how="anti")
        .group_by("manager")
        .agg(pl.col("id").sort().alias("ids"))
        .sort("manager")
    )
    meant = {} if dangling.is_empty() else _written_otherwise(people, dangling.get_column("manager"))
    for manager, ids in dangling.iter_rows():
        yield manager_missing(manager, ids, meant.get(manager, ""))


def _written_otherwise(people: pl.DataFrame, numbers: pl.Series) -> dict[str, str]:
    """Of these numbers, those of exactly one person but for leading zeros and capitals: number -> that person's."""
    plain = pl.col("id").str.to_lowercase().str.strip_chars_start("0")
    wanted = pl.DataFrame({"number": numbers}).with_columns(plain=pl.col("number").str.to_lowercase())
    wanted = wanted.with_columns(pl.col("plain").str.strip_chars_start("0")).filter(pl.col("plain") != "")
    known = people.select("id", plain=plain).join(wanted.select("plain").unique(), on="plain", how="semi").unique()
    one = known.group_by("plain").agg(pl.col("id").first(), n=pl.len()).filter(pl.col("n") == 1)
    return dict(wanted.join(one, on="plain").select("number", "id").iter_rows())


def _managers_gone(people: pl.DataFrame) -> Iterator[Finding]:
    """Somebody at work whose manager has left: the next active one up stands in."""
    gone = people.filter("gone").select(pl.col("id").alias("manager")).unique()
    reports = (
        people.filter(~pl.col("gone"))
        .join(gone, on="manager", how="semi")
        .group_by("manager")
        .agg(pl.col("id").sort().alias("ids"))
        .sort("manager")
    )
    for manager, ids in reports.iter_rows():
        yield manager_left(manager, ids)


def _places_without_zone(frame: pl.DataFrame) -> Iterator[Finding]:
    """Locations where somebody at work has no time zone, in a file where others have one."""
    if not {"location", "time_zone"} <= set(frame.columns):
        return
    here = known(frame).filter(~pl.col("gone")).select("id", _column(frame, "location"), _column(frame, "time_zone"))
    if here.filter(pl.col("time_zone") != "").is_empty():
        return
    without = (
        here.filter(pl.col("location") != "")
        .group_by("location")
        .agg(
            pl.col("id").filter(pl.col("time_zone") == "").sort().alias("ids"),
            pl.col("time_zone").filter(pl.col("time_zone") != "").mode().sort().first().alias("zone"),
        )
        .filter(pl.col("ids").list.len() > 0)
        .sort("location")
    )
    for location, ids, zone in without.iter_rows():
        yield Finding(
            check="location_without_zone",
            severity=Severity.NOTE,
            message=f"{people_of(len(ids))} at {location!r} without a time zone; the company's is used.",
            worker_id=ids[0],
            attribute="time_zone",
            suggestion=f"Enter {zone}, as others there have." if zone else "Enter one, like Europe/Paris.",
            people=tuple(ids),
            better=zone or "",
        )


def _manager_loops(people: pl.DataFrame) -> Iterator[Finding]:
    # whoever is named as their own manager is told of by themselves (`own_manager`)
    named = people.filter((pl.col("manager") != "") & (pl.col("manager") != pl.col("id")))
    sound = named.unique("id", keep="first", maintain_order=True)
    # whoever stands in a circle is somebody's manager: of the many who are not, no chain is walked
    heads = sound.join(sound.select(id="manager").unique(), on="id", how="semi")
    for circle in loops(dict(heads.select("id", "manager").iter_rows())):
        yield manager_loop(circle)


def _lost_zeros(people: pl.DataFrame) -> Iterator[Finding]:
    """Numbers that are shorter than nearly all others, where those begin with zeros: a spreadsheet ate them."""
    digits = people.filter(pl.col("id").str.contains(r"^[0-9]+$")).select("id", pl.col("id").str.len_chars().alias("n"))
    widths = digits.group_by("n").len().sort("len", descending=True)
    if digits.height < _ENOUGH or not widths.height:
        return
    usual, count = widths.row(0)
    shorter = digits.filter(pl.col("n") < usual).get_column("id").sort()
    padded = digits.filter((pl.col("n") == usual) & pl.col("id").str.starts_with("0")).height
    if count < _MOST * digits.height or not len(shorter) or not padded:
        return
    yield Finding(
        check="lost_leading_zeros",
        severity=Severity.WARNING,
        message=f"{len(shorter)} employee numbers ({some(shorter)}) are shorter than the usual {usual} digits; "
        "leading zeros may have been lost.",
        worker_id=shorter[0] if len(shorter) == 1 else "",
        attribute="worker_id",
        suggestion="Export the number as text. A number without its zeros is another person to Joinery.",
        people=tuple(shorter),
        better=str(shorter[0]).zfill(usual) if len(shorter) == 1 else "",
    )


def _misspelled_domains(people: pl.DataFrame) -> Iterator[Finding]:
    domains = people.select("id", pl.col("email").str.extract(r"@([^@]+)$").alias("domain")).drop_nulls()
    counts = dict(domains.group_by("domain").len().iter_rows())
    yield from _look_alikes(domains, counts)
    for domain, meant, count in misspelled(counts):
        ids = domains.filter(pl.col("domain") == domain).get_column("id").sort()
        yield Finding(
            check="misspelled_domain",
            severity=Severity.WARNING,
            message=f"{count} work e-mail{'s' if count > 1 else ''} ({some(ids)}) at {domain!r}: "
            f"probably {meant!r} is meant.",
            worker_id=ids[0],
            attribute="work_email",
            suggestion="Correct the address in the HR system.",
            people=tuple(ids),
            better=meant,
        )


def unmapped(frame: pl.DataFrame, values: Mapping[str, frozenset[str]]) -> Iterator[Finding]:
    """Codes of people at work that no row of their table has a value for; `values`: attribute -> codes with one."""
    for attribute, codes in values.items():
        if attribute not in frame.columns:
            continue
        here = frame.filter(~pl.col("gone")).select("id", code=pl.col(attribute).str.strip_chars())
        new = here.filter((pl.col("code") != "") & ~pl.col("code").is_in(list(codes)))
        for code, ids in new.group_by("code").agg(pl.col("id").sort()).sort("code").iter_rows():
            yield Finding(
                check="unmapped_code",
                severity=Severity.WARNING,
                message=f"The {attribute} {code!r} of {people_of(len(ids))} ({some(ids)}) has no row in its table.",
                worker_id=ids[0],
                attribute=attribute,
                suggestion="Add the row, or say in the settings what a value without one means.",
                people=tuple(ids),
                better=nearest(code, codes),
            )


def _look_alikes(domains: pl.DataFrame, counts: dict[str, int]) -> Iterator[Finding]:
    for domain, meant, count in look_alikes(counts):
        ids = domains.filter(pl.col("domain") == domain).get_column("id").sort()
        yield Finding(
            check="lookalike_domain",
            severity=Severity.WARNING,
            message=f"{count} work e-mail{'s' if count > 1 else ''} ({some(ids)}) at {domain!a}, which only looks "
            f"like {meant!r}.",
            worker_id=ids[0],
            attribute="work_email",
            suggestion="Find out who entered it: such a domain is mostly registered to deceive. Correct the address.",
            people=tuple(ids),
            better=meant,
        )
