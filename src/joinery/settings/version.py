"""The version of a configuration: SHA-256 over settings, rule files and tables. Comments and order do not count."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from joinery.settings.root import Settings
from joinery.settings.written import named_from


def version_of(plain: Any, folder: Path, settings: Settings) -> str:
    """Hex digest; the same settings in another folder have the same version. Secrets are not part of it.

    `plain` is the file as read, with overrides and with the rules of rule files in it.
    """
    digest = hashlib.sha256()
    _add(
        digest,
        "settings",
        json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"),
    )
    for name, table in sorted(settings.tables_named().items()):
        content = table.read_bytes() if table.is_file() else b""
        _add(digest, f"table {name} {named_from(folder, table)}", content)
    return digest.hexdigest()


def _add(digest: hashlib._Hash, name: str, content: bytes) -> None:
    label = name.encode("utf-8", "surrogatepass")
    digest.update(f"{len(label)} {len(content)} ".encode())
    digest.update(label)
    digest.update(content)
