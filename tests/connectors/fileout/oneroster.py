"""The rules of the OneRoster CSV binding, 1.1 and 1.2, as a check of an archive; knows nothing of how ours is made.

Rule: headings are all there, in the order of the specification, and nothing else is, but for `metadata.` at the end.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_ALL = "academicSessions categories classes classResources courses courseResources demographics enrollments lineItems "
_ALL += "orgs resources results users"
#: file entries of the manifest, which must all be there
FILES = {
    "1.1": frozenset(_ALL.split()),
    "1.2": frozenset(_ALL.split())
    | frozenset(
        "lineItemLearningObjectiveIds lineItemScoreScales resultLearningObjectiveIds resultScoreScales roles "
        "scoreScales userProfiles userResources".split()
    ),
}
_FIRST = "sourcedId status dateLastModified "
_USER = "userIds givenName familyName middleName identifier email sms phone agentSourcedIds grades password"
_COMMON = {
    "academicSessions": _FIRST + "title type startDate endDate parentSourcedId schoolYear",
    "orgs": _FIRST + "name type identifier parentSourcedId",
    "courses": _FIRST + "schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes",
    "classes": _FIRST + "title grades courseSourcedId classCode classType location schoolSourcedId termSourcedIds "
    "subjects subjectCodes periods",
    "enrollments": _FIRST + "classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate",
}
HEADINGS = {
    "1.1": _COMMON | {"users": _FIRST + "enabledUser orgSourcedIds role username " + _USER},
    "1.2": _COMMON
    | {
        "users": _FIRST + "enabledUser username " + _USER + " userMasterIdentifier preferredGivenName "
        "preferredMiddleName preferredFamilyName primaryOrgSourcedId pronouns",
        "roles": _FIRST + "userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId",
    },
}
_REQUIRED = {
    "academicSessions": "sourcedId title type startDate endDate schoolYear",
    "orgs": "sourcedId name type",
    "courses": "sourcedId title orgSourcedId",
    "classes": "sourcedId title courseSourcedId classType schoolSourcedId termSourcedIds",
    "enrollments": "sourcedId classSourcedId schoolSourcedId userSourcedId role",
    "roles": "sourcedId userSourcedId roleType role orgSourcedId",
}
REQUIRED = {
    "1.1": _REQUIRED | {"users": "sourcedId enabledUser orgSourcedIds role username givenName familyName"},
    "1.2": _REQUIRED | {"users": "sourcedId enabledUser username givenName familyName"},
}
_PARTS = "administrator proctor student teacher"
_YES_OR_NO = "true false"
WORDS = {
    ("academicSessions", "type"): "gradingPeriod semester schoolYear term",
    ("orgs", "type"): "department school district local state national",
    ("classes", "classType"): "homeroom scheduled",
    ("enrollments", "role"): _PARTS,
    ("enrollments", "primary"): _YES_OR_NO,
    ("users", "enabledUser"): _YES_OR_NO,
    ("users", "role"): _PARTS + " aide guardian parent relative",
    ("roles", "roleType"): "primary secondary",
    ("roles", "role"): "aide counselor districtAdministrator guardian parent principal proctor relative "
    "siteAdministrator student systemAdministrator teacher",
}
#: column -> the file that it points into; with an s at the end it is a list
POINTS = {
    "parentSourcedId": "",
    "schoolYearSourcedId": "academicSessions",
    "orgSourcedId": "orgs",
    "orgSourcedIds": "orgs",
    "primaryOrgSourcedId": "orgs",
    "schoolSourcedId": "orgs",
    "courseSourcedId": "courses",
    "classSourcedId": "classes",
    "termSourcedIds": "academicSessions",
    "userSourcedId": "users",
    "agentSourcedIds": "users",
}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

Rows = Sequence[Mapping[str, str]]


def violations(archive: Path, version: str) -> list[str]:
    """What the specification forbids in this archive: empty when it may be imported."""
    with zipfile.ZipFile(archive) as zipped:
        texts = {name: zipped.read(name).decode("utf-8") for name in zipped.namelist()}
    return list(_violations(texts, version))


def _violations(texts: Mapping[str, str], version: str) -> Iterator[str]:
    if len({name.lower() for name in texts}) != len(texts):
        yield "a file is there twice"
    rows = {name.removesuffix(".csv"): list(csv.reader(io.StringIO(text, newline=""))) for name, text in texts.items()}
    yield from _manifest(rows.pop("manifest", []), set(rows), version)
    tables: dict[str, Rows] = {}
    for name, (header, *lines) in rows.items():
        wanted = HEADINGS[version][name].split()
        if header[: len(wanted)] != wanted or any(not more.startswith("metadata.") for more in header[len(wanted) :]):
            yield f"{name}: the headings are {header}"
        if any(len(line) != len(header) for line in lines):
            yield f"{name}: a row has not as many cells as there are headings"
        tables[name] = [dict(zip(header, line, strict=False)) for line in lines]
    keys = {name: [row.get("sourcedId", "") for row in table] for name, table in tables.items()}
    for name, table in tables.items():
        if len(set(keys[name])) != len(keys[name]):
            yield f"{name}: a sourcedId is there twice"
        for row in table:
            yield from (f"{name}: {why}" for why in _row(name, row, version, keys))
    yield from _schools(tables)


def _manifest(rows: Sequence[Sequence[str]], there: set[str], version: str) -> Iterator[str]:
    said = {row[0]: row[1] for row in rows[1:] if len(row) == 2}
    if not rows or list(rows[0]) != ["propertyName", "value"] or len(said) != len(rows) - 1:
        yield "manifest: it is not two columns of properties, each once"
    if (said.get("manifest.version"), said.get("oneroster.version")) != ("1.0", version):
        yield "manifest: the versions are wrong"
    files = {name.removeprefix("file."): word for name, word in said.items() if name.startswith("file.")}
    if files.keys() != FILES[version]:
        yield f"manifest: it names the files {sorted(files.keys() ^ FILES[version])} wrongly"
    if set(files.values()) - {"absent", "bulk", "delta"}:
        yield "manifest: a file is something else than absent, bulk or delta"
    if {name for name, word in files.items() if word != "absent"} != there:
        yield "manifest: it says otherwise than what is in the archive"


def _row(name: str, row: Mapping[str, str], version: str, keys: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield from (f"{column} is empty" for column in REQUIRED[version][name].split() if not row.get(column))
    # in bulk both are left empty
    yield from (f"{column} is not empty" for column in ("status", "dateLastModified") if row.get(column))
    for column, value in row.items():
        words = WORDS.get((name, column), "").split()
        if value and words and value not in words:
            yield f"{column} is {value}"
        if value and column.endswith("Date") and not DAY.fullmatch(value):
            yield f"{column} is {value}"
        if value and (into := POINTS.get(column)) is not None:
            names = value.split(",") if column.endswith("s") else [value]
            yield from (f"{column} points to nothing: {one}" for one in names if one not in keys[into or name])
    if re.search(r"[^A-Za-z0-9._-]", row.get("sourcedId", "")) or len(row.get("sourcedId", "")) > 255:
        yield f"sourcedId is no key: {row['sourcedId']}"
    if name == "academicSessions" and not re.fullmatch(r"\d{4}", row["schoolYear"]):
        yield f"schoolYear is {row['schoolYear']}"
    if name == "academicSessions" and row["startDate"] >= row["endDate"]:
        yield "a session ends before it begins"


def _schools(tables: Mapping[str, Rows]) -> Iterator[str]:
    """A class is held at a school; a role and an enrolment say the same of where somebody is."""
    schools = {row["sourcedId"] for row in tables["orgs"] if row["type"] == "school"}
    for name in ("classes", "enrollments"):
        if any(row["schoolSourcedId"] not in schools for row in tables[name]):
            yield f"{name}: schoolSourcedId is no school"
    at = {row["sourcedId"]: row["schoolSourcedId"] for row in tables["classes"]}
    if any(at.get(row["classSourcedId"]) != row["schoolSourcedId"] for row in tables["enrollments"]):
        yield "enrollments: the school is another than the class's"
    roles = [row for row in tables.get("roles", ()) if row["roleType"] == "primary"]
    mains = [(row["userSourcedId"], row["orgSourcedId"]) for row in roles]
    if len(mains) != len(set(mains)):
        yield "roles: somebody has two primary roles in one place"
