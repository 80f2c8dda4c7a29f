"""Layouts as the product reads them, and what a learning system finds in the folder."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from types import SimpleNamespace

from joinery.app.fileout import layout_of
from joinery.connectors.fileout import Layout


def layout(name: str, send: str = "full") -> Layout:
    """A layout that comes with Joinery."""
    return layout_of(SimpleNamespace(layout=name, send=send))


def collected(folder: Path) -> list[tuple[str, list[dict[str, str]]]]:
    """(name without its stamp, rows) of each whole file, oldest first; they are taken away as an import does it."""
    found = []
    for marker in sorted(folder.glob("*.done"), key=lambda path: path.name.rpartition("-")[2] + path.name):
        manifest = json.loads(marker.read_bytes())
        content = (folder / manifest["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == manifest["sha256"]
        rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
        assert len(rows) == manifest["rows"] and manifest["cells"] == "raw"
        found.append((manifest["file"].rpartition("_")[0], rows))
        marker.unlink()
        (folder / manifest["file"]).unlink()
    return found
