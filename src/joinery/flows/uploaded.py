"""A small file of changes is news of single people, too: ends of access in it do not wait for the run that reads it."""

from __future__ import annotations

from pathlib import Path

from joinery.errors import ConfigError, SourceUntrusted
from joinery.flows.policy import Ports
from joinery.flows.push import MOST
from joinery.flows.receiving import body_of, source_named

#: larger files are for the run
LARGEST = 200_000


def news_in(ports: Ports, source: str, file: Path) -> str:
    """The records of a small, readable file as news to be kept; empty for any other, which waits for the run.

    The file itself goes the usual way afterwards, with every check of a file; what it says then is known already.
    """
    if file.stat().st_size > LARGEST:
        return ""
    from joinery.intake.delta import records
    from joinery.intake.read import read_table

    policy = source_named(ports, source).for_file(file.name)
    try:
        table = read_table(file, policy.layout)
    except (SourceUntrusted, ConfigError):
        return ""
    if not 0 < table.frame.height <= MOST or table.rejected:
        return ""
    return body_of([dict(record) for record in records(table.frame)], None, file.name)
