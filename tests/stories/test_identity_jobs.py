"""Several jobs, several sources, and numbers that two people share."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinery.errors import NotThere
from joinery.flows.person import find_person
from tests.stories.company import COLUMNS, FIELDS, Company, Row, changed, staff, without, worker

JOB_COLUMNS = ("person_id", "job_id", "fte", "primary_job", "job_start_date", "job_end_date", "legal_entity")
WIDE = (*COLUMNS, *JOB_COLUMNS)
ALL = {"fields": FIELDS | {name: name for name in JOB_COLUMNS}}
SEVERAL = ALL | {"has_several_jobs": True}
GROUPS = {"groups_from": ["department"]}
#: a course for everybody in the warehouse
FORKLIFT = [{"name": "Forklift", "when": "department == 'Warehouse'", "give": ["FORKLIFT"], "due": "30 days"}]


def half(number: int | str, department: str, **values: str) -> Row:
    """One of two half jobs."""
    return worker(number, **{"department": department, "fte": "0.5", "job_id": department} | values)


def company(folder: Path, **settings: object) -> Company:
    return Company(folder, people=SEVERAL, learning=GROUPS, settings={"learning_rules": FORKLIFT, **settings})


# --------------------------------------------------------------------------------------------- several jobs


def test_two_jobs_one_account_with_the_groups_and_the_learning_of_both(tmp_path: Path) -> None:
    acme, others = company(tmp_path), staff(3)
    two = [half(9, "Shop", fte="0.6"), half(9, "Warehouse", fte="0.4")]
    acme.day("2026-11-24", [*others, *two], columns=WIDE)
    account = acme.account("0009")
    assert account.attributes["department"] == "Shop"
    assert account.groups == {"Shop", "Warehouse"}
    assert list(acme.assigned("0009")) == ["course:FORKLIFT"]
    # the order of the rows says nothing, nor does a row that stands there twice
    assert acme.day("2026-11-25", [*two[::-1], two[0], *others], columns=WIDE).lines == []


def test_the_main_job_stays_until_hr_marks_another_or_it_ends(tmp_path: Path) -> None:
    acme, others = company(tmp_path), staff(3)

    def rows(shop: str, warehouse: str, *, mark: str = "") -> list[Row]:
        marked = half(9, "Warehouse", fte=warehouse, primary_job=mark)
        return [*others, half(9, "Shop", fte=shop), marked]

    acme.day("2026-11-20", rows("0.6", "0.4"), columns=WIDE)
    acme.day("2026-11-21", rows("0.3", "0.7"), columns=WIDE)
    assert acme.account("0009").attributes["department"] == "Shop"
    night = acme.day("2026-11-22", rows("0.3", "0.7", mark="yes"), columns=WIDE)
    assert acme.account("0009").attributes["department"] == "Warehouse"
    assert night.did("suspend") == []
    assert "0009 mover 2026-11-22 department: Shop -> Warehouse" in acme.events("0009")
    acme.day("2026-11-23", [*others, half(9, "Shop")], columns=WIDE)
    assert acme.account("0009").attributes["department"] == "Shop"
    assert acme.account("0009").groups == {"Shop"}
    assert acme.events(kinds=["leaver", "joiner"]) == []


def test_one_job_that_ends_is_a_move_and_the_last_one_is_a_leaver(tmp_path: Path) -> None:
    acme, others = company(tmp_path), staff(3)
    shop, warehouse = half(9, "Shop", fte="0.6"), half(9, "Warehouse")
    acme.day("2026-11-20", [*others, shop, warehouse], columns=WIDE)
    # the end of one job is seen ahead, and fires without another file
    acme.day("2026-11-21", [*others, shop | {"job_end_date": "2026-11-22"}, warehouse], columns=WIDE)
    assert acme.account("0009").attributes["department"] == "Shop"
    acme.day("2026-11-23")
    assert acme.account("0009").attributes["department"] == "Warehouse"
    assert acme.account("0009").groups == {"Warehouse"}
    assert acme.events(kinds=["leaver"]) == []
    ended = warehouse | {"status": "Terminated", "termination_date": "2026-11-24"}
    night = acme.day("2026-11-25", [*others, ended], columns=WIDE)
    assert night.did("suspend") == ["0009"]
    assert acme.events(kinds=["leaver"]) == ["0009 leaver 2026-11-24"]


def test_the_same_number_twice_is_held_where_the_source_does_not_say_that_it_has_several_jobs(tmp_path: Path) -> None:
    acme, others = Company(tmp_path, people=ALL, learning=GROUPS), staff(3)
    acme.day("2026-11-23", [*others, half(9, "Shop")], columns=WIDE)
    night = acme.day("2026-11-24", [*others, half(9, "Shop"), half(9, "Warehouse")], columns=WIDE)
    assert night.lines == []
    assert "duplicate_worker_id 0009" in acme.findings()
    assert acme.account("0009").groups == {"Shop"}


@pytest.mark.parametrize(
    "differs", [{"given_name": "Another"}, {"work_email": "another@acme.example"}, {"person_id": "U2"}], ids=str
)
def test_rows_of_one_number_that_are_not_the_same_person_are_held(tmp_path: Path, differs: dict[str, str]) -> None:
    acme, others = company(tmp_path), staff(3)
    acme.day("2026-11-23", [*others, half(9, "Shop")], columns=WIDE)
    night = acme.day("2026-11-24", [*others, half(9, "Shop"), half(9, "Warehouse", **differs)], columns=WIDE)
    assert night.lines == []
    assert "duplicate_worker_id 0009" in acme.findings()


def test_somebody_whose_rows_are_all_gone_is_missing_once(tmp_path: Path) -> None:
    acme = Company(tmp_path, people=SEVERAL | {"leavers_are": "absent"}, learning=GROUPS)
    rows = [*staff(20), half(90, "Shop"), half(90, "Warehouse")]
    acme.day("2026-11-23", rows, columns=WIDE)
    night = acme.day("2026-11-24", without(rows, "0090"), columns=WIDE)
    assert night.lines == ["0090 suspend done"]
    assert acme.events(kinds=["leaver"]) == ["0090 leaver 2026-11-24"]


# ------------------------------------------------------------------------------------------- several sources


def two_sources(folder: Path, **agency: object) -> Company:
    fields = FIELDS | {"person_id": "person_id"}
    people = {
        "hris": {"from": "file", "path": "./inbox/hris_*.csv", "ready_when": "present", "fields": fields},
        "agency": {"from": "file", "path": "./inbox/agency_*.csv", "ready_when": "present", "fields": fields} | agency,
    }
    return Company(folder, settings={"people": people}, learning=GROUPS)


class Feeds:
    """Drops the files of both sources for the same night."""

    def __init__(self, acme: Company) -> None:
        self.acme, self.number = acme, 0

    def drop(self, **rows: list[Row]) -> None:
        self.number += 1
        for source, told in rows.items():
            self.acme.drop(told, name=f"{source}_{self.number:03}.csv", columns=WIDE)


def test_a_leaver_in_one_source_who_is_at_work_in_another_keeps_access_and_loses_what_the_ended_one_gave(
    tmp_path: Path,
) -> None:
    acme = two_sources(tmp_path)
    feeds, staff_rows = Feeds(acme), [row | {"person_id": f"U{row['worker_id']}"} for row in staff(5)]
    agency = [worker("X1", person_id="U0003", department="Crew", hire_date="2026-01-01", work_email="")]
    feeds.drop(hris=staff_rows, agency=agency)
    acme.day("2026-11-23")
    assert len(acme.raw_accounts()) == 5
    assert acme.account("0003").groups == {"Sales", "Crew"}
    left = changed(staff_rows, "0003", status="Terminated", termination_date="2026-11-23")
    feeds.drop(hris=left)
    night = acme.day("2026-11-24")
    assert night.did("suspend") == []
    assert acme.account("X1").groups == {"Crew"}
    assert acme.accounts()["X1"] == "active"
    assert acme.events(kinds=["leaver"]) == []
    feeds.drop(agency=[agency[0] | {"status": "Terminated", "termination_date": "2026-11-24"}])
    assert acme.day("2026-11-25").did("suspend") == ["X1"]
    assert [event.split()[1] for event in acme.events(kinds=["leaver"])] == ["leaver"]


def test_every_field_has_one_owning_source_and_a_contradiction_is_told(tmp_path: Path) -> None:
    mail = {"work_email": {"column": "work_email", "owner": True}}
    acme = two_sources(tmp_path, fields=FIELDS | {"person_id": "person_id"} | mail)
    feeds = Feeds(acme)
    hris = [worker(1, person_id="U1", work_email="old@acme.example", hire_date="2020-01-01", given_name="Ana")]
    agency = [worker("X1", person_id="U1", work_email="new@acme.example", hire_date="2026-01-01", given_name="Anna")]
    feeds.drop(hris=hris, agency=agency)
    acme.day("2026-11-23")
    account = acme.account("0001")
    assert (account.attributes["email"], account.attributes["given_name"]) == ("new@acme.example", "Ana")
    assert "sources_disagree 0001" in acme.findings()


def test_a_source_without_a_person_key_is_joined_by_number_where_that_is_declared(tmp_path: Path) -> None:
    acme = two_sources(tmp_path, joined_by="worker_id")
    feeds = Feeds(acme)
    feeds.drop(hris=staff(3), agency=[worker(2, department="Crew", work_email="")])
    acme.day("2026-11-23")
    assert len(acme.raw_accounts()) == 3
    assert acme.account("0002").groups == {"Sales", "Crew"}


def test_the_same_number_in_two_sources_is_two_people_where_nothing_joins_them(tmp_path: Path) -> None:
    acme = two_sources(tmp_path)
    feeds = Feeds(acme)
    feeds.drop(hris=[worker(1)], agency=[worker(1, work_email="somebody@else.example")])
    night = acme.day("2026-11-23")
    # the learning system takes one number once: the second one needs somebody, and nobody gets the other's account
    assert night.lines.count("0001 create done") == night.lines.count("0001 create needs_you") == 1
    with acme.ports() as ports, ports.database.read() as connection, pytest.raises(NotThere, match="2 people"):
        find_person(connection, ports.policy, "0001")


# -------------------------------------------------------------------------------------- numbers that repeat


def entities(folder: Path, **people: object) -> Company:
    return Company(folder, people=ALL | {"numbering": "per_entity"} | people)


def of(entity: str, number: str, **values: str) -> Row:
    return worker(number, legal_entity=entity, **{"work_email": f"{entity}.{number}@acme.example"} | values)


def test_two_people_with_one_number_are_two_people_from_the_file_to_the_learning_system(tmp_path: Path) -> None:
    acme = entities(tmp_path)
    rows = [of("FR", "000123"), of("DE", "000123", manager_id="000200"), of("DE", "000200"), of("FR", "000200")]
    acme.day("2026-11-23", rows, columns=WIDE)
    assert set(acme.accounts()) == {"FR/000123", "DE/000123", "DE/000200", "FR/000200"}
    assert len({account.external_id for account in acme.raw_accounts()}) == 4
    assert acme.account("DE/000123").attributes["manager_id"] == "DE/000200"
    moved = [rows[0], rows[1] | {"job_title": "Head"}, *rows[2:]]
    assert acme.day("2026-11-24", moved, columns=WIDE).lines == ["DE/000123 update done"]
    left = [rows[0] | {"status": "Terminated", "termination_date": "2026-11-24"}, *moved[1:]]
    acme.day("2026-11-25", left, columns=WIDE)
    assert acme.who_is("suspended") == {"FR/000123"}


def test_people_are_named_by_entity_and_number(tmp_path: Path) -> None:
    acme = entities(tmp_path)
    acme.day("2026-11-23", [of("FR", "000123"), of("DE", "000123"), of("DE", "000200")], columns=WIDE)
    with acme.ports() as ports, ports.database.read() as connection:
        assert find_person(connection, ports.policy, " DE/000123 ").worker.legal_entity == "DE"
        assert find_person(connection, ports.policy, "000200").worker.worker_id == "DE/000200"
        with pytest.raises(NotThere, match="FR/000123"):
            find_person(connection, ports.policy, "000123")


def test_a_row_without_its_entity_is_nobody(tmp_path: Path) -> None:
    acme = entities(tmp_path)
    rows = [of("FR", "000123"), of("", "000124")]
    night = acme.day("2026-11-23", rows, columns=WIDE)
    assert night.did("create") == ["FR/000123"]
    assert "no_legal_entity" in night.checks


def test_a_transfer_between_entities_with_the_former_number_keeps_the_account(tmp_path: Path) -> None:
    acme = entities(tmp_path)
    rows = [of("FR", "000123"), of("DE", "000900"), of("FR", "000200")]
    acme.day("2026-11-23", rows, columns=WIDE)
    account = acme.account("FR/000123").id
    moved = of("DE", "000901", previous_id="000123", work_email=rows[0]["work_email"])
    night = acme.day("2026-11-24", [*rows[1:], moved], columns=WIDE)
    assert (night.did("create"), night.did("suspend")) == ([], [])
    assert acme.account("DE/000901").id == account
    assert acme.account("DE/000901").attributes["legal_entity"] == "DE"


def test_records_of_before_a_transfer_keep_the_old_entity(tmp_path: Path) -> None:
    acme = entities(tmp_path)
    acme.write_settings(completions={"send_to": {"file": "./outbox/done.csv"}})
    rows = [of("FR", "000123"), of("FR", "000200")]
    acme.day("2026-11-20", rows, columns=WIDE)
    acme.completes("FR/000123", "FORKLIFT", "2026-11-21")
    acme.day("2026-11-22")
    moved = of("DE", "000901", previous_id="FR/000123", work_email=rows[0]["work_email"])
    acme.day("2026-11-24", [rows[1], moved], columns=WIDE)
    told = "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "outbox").rglob("*.csv") if p.is_file())
    assert "FORKLIFT" in told and "FR" in told and "DE" not in told
