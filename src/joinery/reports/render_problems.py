"""The report of `joinery check` as one HTML file that needs nothing else: no script, no font, no picture from anywhere.

Rule 1: everything from the file is escaped by the template engine; nothing is marked safe.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from joinery.reports.problems import Problems

#: rows and pairs shown of one issue; all of them are in the Excel file
MOST: Final = 100
_MARKS: Final = {"blocker": "■", "quarantine": "■", "warning": "▲", "note": "●"}
_WORDS: Final = {
    "blocker": "the file is held",
    "quarantine": "kept back until corrected",
    "warning": "look at it",
    "note": "for information",
}


def as_html(reports: Sequence[Problems]) -> str:
    """The whole page."""
    engine = Environment(
        loader=PackageLoader("joinery.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    engine.filters["number"] = lambda count: f"{count:,}".replace(",", "\u202f")
    page = engine.get_template("problems.html.j2")
    return page.render(reports=reports, most=MOST, marks=_MARKS, words=_WORDS)
