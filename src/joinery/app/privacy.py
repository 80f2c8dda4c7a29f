"""What the settings say about privacy, as values: limits, what is kept, which fields are read, the register.

Rule: everything is told from the settings and the store as they are; nobody keeps a list by hand.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from joinery.app.targets import kept_secret
from joinery.core.hygiene.trust import Profile
from joinery.core.rules.disclosure import Limits, Release
from joinery.flows.erase import Keeping
from joinery.flows.policy import Ports
from joinery.settings import Settings
from joinery.store.erasure import listed
from joinery.store.snapshots import last_accepted


def limits_of(settings: Settings) -> Limits:
    """Where works councils' limits hold."""
    privacy = settings.privacy
    released = {
        country: Release(by=each.by, on=each.on, reason=each.reason) for country, each in privacy.released.items()
    }
    return Limits(
        countries=frozenset(privacy.limits_in),
        released=released,
        company_country=settings.company.country or "",
    )


def keeping_of(settings: Settings) -> Keeping | None:
    """Training records that stay with the name."""
    keep = settings.privacy.keep_records
    return Keeping(time=keep.for_, ground=keep.ground) if keep else None


def sealer(settings: Settings, state_dir: Path) -> Callable[[str], str]:
    """HMAC-SHA256 with a key that is read when it is first needed: from the settings, else made once and kept."""
    found: list[bytes] = []

    def seal(text: str) -> str:
        if not found:
            given = settings.privacy.key
            found.append((given.reveal() if given else kept_secret(state_dir / "privacy.key")).encode())
        return hmac.new(found[0], text.encode(), hashlib.sha256).hexdigest()

    return seal


def fields_read(settings: Settings, ports: Ports) -> list[dict[str, str]]:
    """Every attribute that is read: from which source and column, where it is written, and why it may be."""
    rows = []
    for name, source in settings.people.items():
        columns: Mapping[str, str] = {attribute: rule.column for attribute, rule in source.fields.items()}
        if not columns:
            columns = _recognised(ports, name)
        for attribute, column in columns.items():
            rows.append(
                {
                    "source": name,
                    "column": column,
                    "attribute": attribute,
                    "written_to": ", ".join(_written(settings, attribute)),
                    "allowed_because": source.allow_sensitive.get(attribute, ""),
                }
            )
    return rows


def _recognised(ports: Ports, source: str) -> Mapping[str, str]:
    """Without `fields`, what the last file was read as; nothing before there was one."""
    with ports.database.read() as connection:
        last = last_accepted(connection, ports.policy.name, source)
    if last is None:
        return {}
    return dict.fromkeys(Profile.from_json(last.profile).blanks, "(recognised by its heading)")


def _written(settings: Settings, attribute: str) -> list[str]:
    return [
        f"{name}.{to}"
        for name, target in settings.learning.items()
        for to, rule in target.attributes.items()
        if rule.from_ == attribute
    ]


def register(settings: Settings, ports: Ports) -> dict[str, Any]:
    """The record of processing: what is processed, of whom, for what, where to, how long; erasures and holds."""
    limits = limits_of(settings)
    keep = keeping_of(settings)
    with ports.database.read() as connection:
        made = listed(connection, ports.policy.name)
    return {
        "controller": settings.company.name,
        "purpose": "accounts and training of employees in the learning system, and training records back to HR",
        "people": "employees and other workers named in HR's data",
        "data": fields_read(settings, ports),
        "recipients": [
            {"learning_system": name, "kind": target.into, "attributes": sorted(target.attributes)}
            for name, target in settings.learning.items()
        ],
        "records_to": settings.completions.send_to.place if settings.completions.send_to else "",
        "kept": {
            "files as HR sent them": f"{settings.retention.raw_files.days} days",
            "facts, events, plans, training records": "until erased",
            "training records after an erasure": f"{keep.time.days} days, {keep.ground}"
            if keep
            else "without the name",
        },
        "limits": {
            "countries": sorted(limits.countries),
            "released": {c: f"{r.by}, {r.on}, {r.reason}" for c, r in limits.released.items()},
        },
        "decisions": [_decision(row) for row in made],
    }


def _decision(row: Mapping[str, Any]) -> dict[str, Any]:
    import json

    kept = json.loads(row["body"]).get("kept", {})
    return {
        "what": "erasure" if row["kind"] == "erased" else "legal hold",
        "of": row["subject"] if row["kind"] == "erased" else row["person_key"],
        "by": row["owner"],
        "at": row["made_at"],
        "reason": row["reason"],
        "until": row["until"],
        "released": row["released_at"],
        "kept": f"{kept['records']} training records of {kept['worker_id']} {kept['name']} until {kept['until']}, "
        f"{kept['ground']}"
        if kept
        else "",
    }
