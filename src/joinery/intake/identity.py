"""Which rows of a file are one record: a number with its legal entity, several jobs, several changes of one person.

Rule 1: rows become one only when everything that says who somebody is agrees; all others stay doubles, and are held.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

import polars as pl

from joinery.core.mapping.dates import parse_date
from joinery.core.mapping.inbound import ENTITY
from joinery.core.mapping.records import JOBS, KEY, STEPS, UNCLEAR, as_steps, key_column
from joinery.core.mapping.spec import DateFormat, MappingSpec
from joinery.core.mapping.succession import Said, by_person, in_turn, in_turn_by_job
from joinery.core.rules.jobs import SAME_PERSON


def canonical_texts(frame: pl.DataFrame, spec: MappingSpec) -> pl.DataFrame:
    """The mapped columns under their canonical names; numbers with their entity, days as ISO text."""
    texts = frame.select(pl.col(row.column).str.strip_chars().alias(row.to) for row in spec.rows)
    days = [row for row in spec.rows if row.to in {"hire_date", "termination_date"}]
    texts = texts.with_columns(_iso(texts.get_column(row.to), row.format) for row in days)
    if not spec.per_entity or "legal_entity" not in texts.columns:
        return texts
    numbers = [name for name in ("worker_id", "manager_id") if name in texts.columns]
    plain = [(pl.col(name) == "") | pl.col(name).str.contains(ENTITY, literal=True) for name in numbers]
    whole = [pl.col("legal_entity") + ENTITY + pl.col(name) for name in numbers]
    return texts.with_columns(
        pl.when(is_whole).then(pl.col(name)).otherwise(number)
        for name, is_whole, number in zip(numbers, plain, whole, strict=True)
    )


def _iso(cells: pl.Series, written: DateFormat | None) -> pl.Series:
    found = {text: parse_date(text, written) for text in cells.unique().to_list() if text}
    days = {text: day.isoformat() for text, day in found.items() if isinstance(day, date)}
    return (
        cells.replace_strict(days, default="", return_dtype=pl.String)
        if days
        else cells.clear(len(cells)).fill_null("")
    )


def with_entity(frame: pl.DataFrame, spec: MappingSpec) -> pl.DataFrame:
    """The frame with a key of entity and number, where numbers are unique in their entity only.

    A row that lacks either has no key; it is rejected when it is mapped, so its number alone must do until then.
    """
    if not spec.numbered:
        return frame
    number = pl.col(spec.by_attribute["worker_id"]).str.strip_chars()
    column = spec.column_of("legal_entity")
    entity = pl.col(column).str.strip_chars() if column else pl.lit("")
    return frame.with_columns(pl.when(number == "").then(pl.lit("")).otherwise(entity + ENTITY + number).alias(KEY))


def together(frame: pl.DataFrame, spec: MappingSpec) -> pl.DataFrame:
    """One row for each record; `__jobs__` holds all rows, as JSON, of those who have several."""
    key = pl.col(key_column(spec)).str.strip_chars()
    twice = frame.filter(key.is_duplicated() & (key != ""))
    if not twice.height:
        return frame.with_columns(pl.lit("").alias(JOBS))
    who = [column for name in SAME_PERSON if (column := spec.column_of(name))]
    groups = twice.group_by(key.alias("__group__"), maintain_order=True)
    merged = [_one(group, spec, who) for _, group in groups]
    single = frame.filter(~(key.is_duplicated() & (key != ""))).with_columns(pl.lit("").alias(JOBS))
    return pl.concat([single, *merged])


def jobs_in_turn(frame: pl.DataFrame, spec: MappingSpec) -> pl.DataFrame:
    """As `together`, of a file of changes: `__jobs__` holds the rows of each job, oldest first, and not all jobs.

    `__unclear__` names what nobody can tell the last word of (`core.mapping.succession`): such a record is held.
    """
    key = pl.col(key_column(spec)).str.strip_chars()
    several = key.is_duplicated() & (key != "")
    twice = frame.filter(several)
    if not twice.height or "job_id" not in spec.says:
        return together(frame, spec)
    said = [Said(spec, row) for row in twice.select(spec.columns).to_dicts()]
    people = list(by_person(twice.select(key).to_series().to_list()).values())
    turns = in_turn_by_job([[said[place] for place in places] for places in people])
    last, told = list[int](), list[dict[str, str]]()
    for places, turn in zip(people, turns, strict=True):
        ordered = [places[n] for n in turn.order]
        last.append(ordered[-1])
        steps = as_steps([said[place].record for place in ordered], turn.unclear)
        told.append({JOBS: steps[STEPS], UNCLEAR: steps[UNCLEAR]})
    merged = twice[last].hstack(pl.DataFrame(told, schema={JOBS: pl.String, UNCLEAR: pl.String}))
    single = frame.filter(~several).with_columns(pl.lit("").alias(JOBS), pl.lit("").alias(UNCLEAR))
    return pl.concat([single, merged])


def _one(group: pl.DataFrame, spec: MappingSpec, who: Sequence[str]) -> pl.DataFrame:
    rows = group.unique(spec.columns, maintain_order=True)
    if any(rows.get_column(column).str.strip_chars().n_unique() > 1 for column in who):
        return group.with_columns(pl.lit("").alias(JOBS))
    if rows.height == 1:
        return rows.with_columns(pl.lit("").alias(JOBS))
    # the order of the rows says nothing
    told = sorted(json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows.select(spec.columns).to_dicts())
    ordered = rows.sort(spec.columns).head(1)
    return ordered.with_columns(pl.lit("[" + ",".join(told) + "]").alias(JOBS))


def successive(frame: pl.DataFrame, spec: MappingSpec) -> pl.DataFrame:
    """Of a file of changes: one row for each record, the newest; `__steps__` holds all its rows, oldest first, as JSON.

    `__unclear__` names what nobody can tell the last word of (`core.mapping.succession`): such a record is held.
    """
    key = pl.col(key_column(spec)).str.strip_chars()
    several = key.is_duplicated() & (key != "")
    twice = frame.filter(several)
    if not twice.height:
        return frame
    rows = twice.select(spec.columns).to_dicts()
    people = list(by_person(twice.select(key).to_series().to_list()).values())
    turns = in_turn([[Said(spec, rows[place]) for place in places] for places in people])
    newest, steps = list[int](), list[dict[str, str]]()
    for places, turn in zip(people, turns, strict=True):
        ordered = [places[n] for n in turn.order]
        newest.append(ordered[-1])
        steps.append(as_steps([rows[place] for place in ordered], turn.unclear))
    told = pl.DataFrame(steps, schema={STEPS: pl.String, UNCLEAR: pl.String})
    single = frame.filter(~several).with_columns(pl.lit("").alias(STEPS), pl.lit("").alias(UNCLEAR))
    return pl.concat([single, twice[newest].hstack(told)])
