"""Files as they break: through the whole nightly run. Never an exception, never a leaver, nobody touched."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from joinery.flows.policy import Ports
from joinery.flows.pull import pull
from joinery.flows.pulled import PullReport
from tests.intake.workbooks import workbook
from tests.stories.company import Company, moment

COLUMNS = ("worker_id", "given_name", "family_name", "work_email", "status", "hire_date", "termination_date")
STAFF = [
    ("00101", "Jürgen", "Müller", "jm@example.com", "Active", "2019-04-25", ""),
    ("00102", "Zoë", "Baker, Tom", "zb@example.com", "Active", "2020-04-03", ""),
    ("00103", "Ana", 'O"Neill', "ao@example.com", "Active", "2021-12-31", ""),
    ("00104", "Mei", "Tanaka", "mt@example.com", "Active", "2024-02-05", ""),
]
FIRST, NEXT = "2026-03-02", "2026-03-03"


def written(rows: object = STAFF, *, delimiter: str = ",", end: str = "\n", header: tuple[str, ...] = COLUMNS) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows([header, *rows])  # type: ignore[misc]
    return out.getvalue()


GOOD = written()


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company whose four people have accounts; copied for every broken file."""
    folder = tmp_path_factory.mktemp("settled")
    company = Company(folder, people={"path": "./inbox/*", "fields": {name: name for name in COLUMNS}})
    company.drop_text(GOOD, name="first.csv")
    assert company.day(FIRST).files == {"first.csv": "accepted"}
    assert set(company.accounts().values()) == {"active"}
    return folder


def copy_of(settled: Path, folder: Path, **people: object) -> Company:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(settled, folder)
    fields = {name: name for name in COLUMNS}
    return Company(folder, people={"path": "./inbox/*", "fields": fields, "leavers_are": "both", **people})


def arrived(company: Company, data: bytes, ending: str = "csv") -> tuple[str, set[str]]:
    """The night with this file: (what became of it, what was found)."""
    (company.folder / "inbox" / f"next.{ending}").write_bytes(data)
    night = company.day(NEXT)
    return night.files[f"next.{ending}"], night.checks


def nobody_left(company: Company, before: dict[str, str]) -> None:
    assert company.accounts() == before
    assert company.events(kinds=["leaver", "joiner", "rehire"]) == []


def rows_with(column: int, *values: str) -> list[tuple[str, ...]]:
    return [(*row[:column], value, *row[column + 1 :]) for row, value in zip(STAFF, values, strict=True)]


def renamed() -> str:
    return written(header=("Personnel code", *COLUMNS[1:]))


NAMED: list[tuple[str, bytes, str, set[str]]] = [
    ("UTF-16 with a byte order mark", GOOD.encode("utf-16"), "accepted", set()),
    ("UTF-16 without one", GOOD.encode("utf-16-le"), "accepted", set()),
    ("UTF-8 with a byte order mark", GOOD.encode("utf-8-sig"), "accepted", set()),
    ("CP1252 with umlauts", GOOD.encode("cp1252"), "accepted", {"encoding_assumed"}),
    ("semicolons", written(delimiter=";").encode(), "accepted", {"delimiter_changed"}),
    ("CRLF line ends", written(end="\r\n").encode(), "accepted", set()),
    ("CRLF inside quotes", written(rows_with(2, "Mül\r\nler", "B", "C", "D"), end="\r\n").encode(), "accepted", set()),
    ("a header only", written([]).encode(), "held", {"no_rows"}),
    ("nothing", b"", "rejected", {"empty_file"}),
    ("doubled rows", written([*STAFF, *STAFF]).encode(), "accepted", {"duplicate_worker_id"}),
    ("a renamed column", renamed().encode(), "rejected", {"column_missing"}),
    ("a column that is gone", written([r[:6] for r in STAFF], header=COLUMNS[:6]).encode(), "rejected",
     {"column_missing"}),
    ("a cut in the middle of a row", GOOD.encode()[:-20], "rejected", {"truncated"}),
    ("dates day first", written(rows_with(5, "25/04/2019", "03/04/2020", "31/12/2021", "05/02/2024")).encode(),
     "accepted", set()),
    ("dates in three styles", written(rows_with(5, "25/04/2019", "2020-04-03", "31-Dec-2021", "05.02.2024")).encode(),
     "accepted", set()),
    ("dates that nobody can read", written(rows_with(5, "04/05/2019", "03/04/2020", "", "")).encode(), "held",
     {"ambiguous_dates"}),
    ("dates in both orders", written(rows_with(5, "25/04/2019", "03/04/2020", "12/31/2021", "05/02/2024")).encode(),
     "accepted", {"mixed_dates", "ambiguous_date"}),
    ("numbers without their zeros", written(rows_with(0, "101", "102", "103", "104")).encode(), "held",
     {"id_width_changed"}),
    ("one number without its zeros", written(rows_with(0, "101", "00102", "00103", "00104")).encode(), "accepted",
     {"id_width_changed"}),
    ("numbers in scientific notation", written(rows_with(0, *["1.01E+02"] * 4)).encode(), "held", {"id_mangled"}),
    ("a row without a number", written(rows_with(0, "", "00102", "00103", "00104")).encode(), "accepted",
     {"no_worker_id"}),
    ("a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "rejected", {"unreadable_encoding"}),
    ("an error page", b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>\n", "rejected", {"not_a_table"}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "state", "found"), [n[1:] for n in NAMED], ids=[n[0] for n in NAMED])
def test_a_broken_file_becomes_what_it_must(
    settled: Path, tmp_path: Path, data: bytes, state: str, found: set[str]
) -> None:
    company = copy_of(settled, tmp_path / "copy")
    before = company.accounts()
    became, checks = arrived(company, data)
    assert became == state
    assert found <= checks
    nobody_left(company, before)


def test_umlauts_of_cp1252_are_the_same_names(settled: Path, tmp_path: Path) -> None:
    company = copy_of(settled, tmp_path / "copy")
    arrived(company, GOOD.encode("cp1252"))
    assert company.person("00101").worker.family_name == "Müller"
    assert company.events() == []


@pytest.mark.parametrize(
    "step", [pytest.param(61, id="every 61st byte"), pytest.param(1, id="every byte", marks=pytest.mark.long)]
)
def test_a_workbook_cut_anywhere_is_refused(settled: Path, tmp_path: Path, step: int) -> None:
    whole = workbook(("Staff", [COLUMNS, *STAFF]))
    company = copy_of(settled, tmp_path / "copy")
    before = company.accounts()
    with company.ports() as ports:
        for at in range(1, len(whole), step):
            assert states(pulled(company, ports, whole[:at], "xlsx")) == ["rejected"], at
    assert arrived(company, whole, "xlsx")[0] == "accepted"
    nobody_left(company, before)


def pulled(company: Company, ports: Ports, data: bytes, ending: str = "csv") -> PullReport:
    (company.folder / "inbox" / f"next.{ending}").write_bytes(data)
    return pull(ports, moment(NEXT))


def states(report: PullReport) -> list[str]:
    return [file.state for file in report.files]


def test_a_file_cut_at_any_byte_makes_nobody_leave(settled: Path, tmp_path: Path) -> None:
    """By status, as a cut exactly at a line end cannot be seen in a file without a count."""
    whole = GOOD.encode()
    company = copy_of(settled, tmp_path / "copy", leavers_are="status", missing_files=10_000)
    before = company.accounts()
    with company.ports() as ports:
        for at in range(len(whole)):
            report = pulled(company, ports, whole[:at])
            assert states(report) in (["rejected"], ["held"], ["accepted"], ["same"])
            assert states(report) != ["accepted"] or whole[at - 1 : at] == b"\n", at
            assert "leaver" not in report.events
    company.day(NEXT)
    nobody_left(company, before)


def test_a_file_with_a_count_cut_at_any_byte_is_never_read(settled: Path, tmp_path: Path) -> None:
    whole = (GOOD + "TRAILER,4\n").encode()
    company = copy_of(settled, tmp_path / "copy", leavers_are="absent", trailer="TRAILER")
    before = company.accounts()
    with company.ports() as ports:
        for at in range(len(whole)):
            assert states(pulled(company, ports, whole[:at])) == ["rejected"], at
    assert arrived(company, whole)[0] == "accepted"
    nobody_left(company, before)


@pytest.mark.parametrize("step", [pytest.param(41, id="some"), pytest.param(1, id="each", marks=pytest.mark.long)])
@pytest.mark.parametrize(
    ("trailer", "how"),
    [
        pytest.param("", {"leavers_are": "status", "missing_files": 10_000}, id="without a count"),
        pytest.param("TRAILER,4\n", {"leavers_are": "absent", "trailer": "TRAILER"}, id="with a count"),
    ],
)
def test_a_night_with_a_file_cut_at_byte(
    settled: Path, tmp_path: Path, trailer: str, how: dict[str, object], step: int
) -> None:
    """The whole run, not the reading alone: plan, guards and learning system included."""
    whole = (GOOD + trailer).encode()
    company = copy_of(settled, tmp_path / "copy", **how)
    before, lms = company.accounts(), (company.folder / "lms.json").read_bytes()
    for at in range(0, len(whole), step):
        became, _ = arrived(company, whole[:at])
        assert became != "accepted" or (not trailer and whole[at - 1 : at] == b"\n"), at
        assert (company.folder / "lms.json").read_bytes() == lms, at
    assert arrived(company, whole)[0] in {"accepted", "same"}
    nobody_left(company, before)


def _cut(data: bytes, at: int, length: int) -> bytes:
    return data[:at] + data[at + length :]


def _doubled(data: bytes, at: int, length: int) -> bytes:
    return data[: at + length] + data[at:]


def _put(sign: bytes) -> Callable[[bytes, int, int], bytes]:
    return lambda data, at, length: data[:at] + sign * (length % 3 + 1) + data[at:]


def _swapped(data: bytes, at: int, length: int) -> bytes:
    lines = data.splitlines(keepends=True)
    first, second = at % len(lines), length % len(lines)
    lines[first], lines[second] = lines[second], lines[first]
    return b"".join(lines)


def _recoded(encoding: str) -> Callable[[bytes, int, int], bytes]:
    return lambda data, at, length: data.decode("utf-8", "replace").encode(encoding, "replace")


SIGNS = [
    b'"',
    b",",
    b";",
    b"\t",
    b"|",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xef\xbb\xbf",
    b"#",
    b" ",
    b"PK",
]
MUTATIONS = [_cut, _doubled, _swapped, *map(_put, SIGNS), *map(_recoded, ("utf-16", "cp1252", "utf-32"))]
STEP = st.tuples(st.sampled_from(MUTATIONS), st.integers(0, 400), st.integers(1, 40))


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "copy"


#: one who has left by it, and one whose end is to come
ENDING = written([(*row[:4], *said) for row, said in zip(STAFF, [
    ("Active", "2019-04-25", ""), ("Terminated", "2020-04-03", "2026-03-01"), ("Active", "2021-12-31", ""),
    ("Active", "2024-02-05", "2026-06-30"),
], strict=True)])  # fmt: skip


def still_told(data: bytes, *, absent: bool) -> set[str]:
    """Whom this file, as it stands, does not end: nowhere their number with that word, which two cuts can bring
    together; and, where whoever is absent has left, a row that is as it was."""
    texts = [data.decode(encoding, "ignore") for encoding in ("utf-8", "utf-16", "utf-32")]
    lines = [line for text in texts for line in text.splitlines()]
    ended = {row[0] for row in STAFF if any(row[0] in line and "Terminated" in line for line in lines)}
    whole = {line[:5] for line in ENDING.splitlines()[1:] if line in lines}
    asked = whole if absent else {row[0] for row in STAFF}
    return asked - ended - {"00102"}


@given(st.lists(STEP, min_size=1, max_size=3), st.booleans(), st.sampled_from(["status", "absent", "both"]))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_a_mutated_file_ends_nobody_whom_it_does_not_end(
    settled: Path,
    folders: Path,
    steps: list[tuple[Callable[[bytes, int, int], bytes], int, int]],
    excel: bool,
    how: str,
) -> None:
    company = copy_of(settled, folders, leavers_are=how)
    rows = [line.split(",") for line in ENDING.replace('"Baker, Tom"', "Baker").splitlines()]
    data = workbook(("Staff", rows)) if excel else ENDING.encode()
    for change, at, length in steps:
        data = change(data, at % (len(data) or 1), length) or b"\n"
    became, _ = arrived(company, data, "xlsx" if excel else "csv")
    assert became in {"accepted", "same", "held", "rejected"}
    asked = still_told(data, absent=how != "status") if not excel else {"00101", "00103", "00104"}
    accounts = company.accounts()
    assert {who: accounts[who] for who in asked} == dict.fromkeys(asked, "active")
    assert not asked & {event.split()[0] for event in company.events(kinds=["leaver"])}


@pytest.mark.parametrize("how", ["status", "absent", "both"])
def test_the_file_that_is_mutated_ends_whom_it_names(settled: Path, tmp_path: Path, how: str) -> None:
    company = copy_of(settled, tmp_path / "copy", leavers_are=how)
    assert arrived(company, ENDING.encode())[0] == "accepted"
    assert company.who_is("suspended") == {"00102"}
