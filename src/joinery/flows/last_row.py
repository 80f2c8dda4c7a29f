"""The last row of a file that may have been cut inside it: what it comes to, compared with what is known.

Rule: only what would end access, or end it sooner, is kept back; whoever has left already loses nothing by it.
"""

from __future__ import annotations

from joinery.core.mapping.inbound import Rejected, key_of, record_key
from joinery.core.mapping.records import has_several_jobs, key_column, rows_of, unclear_in
from joinery.core.mapping.spec import MappingSpec
from joinery.core.model.employment import Employment
from joinery.core.model.finding import Finding
from joinery.core.model.snapshot import RawRecord
from joinery.core.model.worker import Worker
from joinery.core.rules.jobs import as_job, paired
from joinery.core.rules.last_row import OVER, ends_sooner
from joinery.core.rules.lifecycle import standing_of
from joinery.flows.end_told import Ends
from joinery.flows.record_rows import told_in
from joinery.flows.setting import Setting
from joinery.store.people import Person


def kept_back_as_cut(setting: Setting, spec: MappingSpec, record: RawRecord, owner: Person | None) -> Finding | None:
    """Why this record is not believed; None for every row but the last, and for a last one that ends nothing."""
    row = setting.open_row
    if row is None or record.get(key_column(spec), "").strip() != row.key:
        return None
    number = record_key(spec, record)
    mine = [job for job in owner.jobs if job.record == (setting.source, number)] if owner else []
    ends = _would_end(setting, spec, record, owner, mine)
    return row.finding(key_of(spec, record)) if ends else None


def _would_end(
    setting: Setting, spec: MappingSpec, record: RawRecord, owner: Person | None, mine: list[Employment]
) -> bool:
    rows = rows_of(record)
    if unclear_in(record):
        return any(Ends(setting, spec, owner, was).agreed(rows) is not None for was in _there(mine))
    found = told_in(setting, spec, rows, owner, mine, together=has_several_jobs(record))
    if isinstance(found, Rejected):
        return any(Ends(setting, spec, owner, was).told(rows[-1]) is not None for was in _there(mine))
    told = [each.whole or each.worker for each in (*found.taken, *([found.ended] if found.ended else []))]
    return any(_worse(setting, worker, was) for worker, was in paired(mine, told))


def _there(jobs: list[Employment]) -> list[Employment]:
    return [job for job in jobs if job.standing.stage not in OVER]


def _worse(setting: Setting, worker: Worker, was: Employment | None) -> bool:
    before = was.standing if was else None
    after = standing_of(as_job(worker), before, setting.moment(worker), setting.lifecycle)
    if ends_sooner(before, after):
        return True
    return was is not None and setting.open_row is not None and setting.open_row.leaves_scope(was, worker)
