"""Whether any machine can do the whole of a run, or only the one that has the folders. Rule: in doubt, only that one.

A run on a machine whose folder is another's would see no file where there is one.
"""

from __future__ import annotations

from joinery.settings import Settings
from joinery.settings.secret import Secret
from joinery.settings.sources import FileSource, SourceEntry
from joinery.settings.sql import SqlSource

#: learning systems that live in the files of one machine
LOCAL = frozenset({"memory", "export", "file"})


def bound_to(settings: Settings) -> str:
    """The setting that names a folder or file of one machine, e.g. `people.hris`; empty when there is none."""
    for name, source in settings.people.items():
        if _is_here(source):
            return f"people.{name}"
    for name, entry in settings.learning.items():
        if entry.into in LOCAL or (entry.into == "classroom" and not entry.url):
            return f"learning.{name}"
    sent = settings.completions.send_to
    return "completions.send_to.file" if sent is not None and sent.file is not None else ""


def _is_here(source: SourceEntry) -> bool:
    if not isinstance(source, SqlSource):
        return isinstance(source, FileSource)
    address = source.url.reveal() if isinstance(source.url, Secret) else source.url
    return address.startswith("sqlite")
