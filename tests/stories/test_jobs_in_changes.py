"""Several jobs of one person in files of changes and in pushes: a job that no row names is as it was.

One job that ends is a move, whatever else is not said; only the last one that ends is a leaver.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.company import COLUMNS, FIELDS, Company, Row, worker
from tests.stories.test_several_rows import push

TIMES = ("changed_at", "effective_date")
JOBS = (*TIMES, "fte", "job_start_date", "job_end_date", "job_id")
WIDE = (*COLUMNS, *JOBS)
FULL, CHANGES = "hris_employees_full_20261118T040000Z.csv", "hris_employees_changes_2026112{}T040000Z.csv"
DAY, NEXT = "2026-11-20", "2026-11-21"
GONE = {"status": "Terminated", "termination_date": "2026-11-19"}
SALES = worker(9, department="Sales", job_id="A", fte="0.6", effective_date="2020-01-15")
BAR = SALES | {"department": "Bar", "job_id": "B", "fte": "0.4"}


def company(tmp_path: Path, *mine: Row, ids: bool = True) -> Company:
    """Everybody since the 18th, by a full file; 0009 has the jobs in `mine`."""
    known = [name for name in JOBS if ids or name != "job_id"]
    fields = FIELDS | {name: name for name in known}
    people = {"fields": fields, "has_several_jobs": True}
    acme = Company(tmp_path, people=people, learning={"groups_from": ["department"]})
    rows = [worker(n, job_id="A", effective_date="2020-01-15") for n in (1, 2)]
    acme.day("2026-11-18", [*rows, *(mine or (SALES, BAR))], columns=WIDE, name=FULL)
    return acme


def news(acme: Company, day: str, *rows: Row) -> list[str]:
    return acme.day(day, rows, columns=WIDE, name=CHANGES.format(day[-1])).lines


def groups(acme: Company) -> set[str]:
    account = acme.account("0009")
    assert account.state == "active"
    return set(account.groups)


def test_a_job_that_no_row_names_is_as_it_was(tmp_path: Path) -> None:
    acme = company(tmp_path)
    news(acme, DAY, BAR | {"department": "Kitchen"})
    assert groups(acme) == {"Sales", "Kitchen"}
    assert acme.account("0009").attributes["department"] == "Sales", "the main job stays"
    assert acme.events("0009") == []


@pytest.mark.parametrize("said", [GONE, {"job_end_date": DAY}], ids=["terminated", "the job has an end"])
def test_one_job_that_ends_is_no_leaver_and_the_last_one_is(tmp_path: Path, said: Row) -> None:
    acme = company(tmp_path)
    news(acme, DAY, BAR | said)
    acme.day(NEXT)
    assert groups(acme) == {"Sales"}
    assert acme.events(kinds=["leaver"]) == []
    news(acme, "2026-11-22", SALES | GONE)
    assert acme.accounts()["0009"] == "suspended"
    assert acme.events("0009") == ["0009 leaver 2026-11-19"]


def test_the_end_of_one_job_that_is_told_once_it_is_over_ends_that_job(tmp_path: Path) -> None:
    """Told the night after, as most exports do, in a full file and in one of changes."""
    acme = company(tmp_path)
    others, ended = [worker(n, job_id="A", effective_date="2020-01-15") for n in (1, 2)], {"job_end_date": "2026-11-19"}
    news(acme, DAY, BAR | ended)
    assert (groups(acme), acme.events("0009")) == ({"Sales"}, [])
    told = [*others, SALES | {"job_title": "Head"}, BAR | ended]
    acme.day(NEXT, told, columns=WIDE, name=FULL.replace("1118", "1121"))
    assert groups(acme) == {"Sales"}, "and stays over while HR shows the row"
    both = [*others, SALES | {"job_title": "Head"} | ended, BAR | ended]
    acme.day("2026-11-22", both, columns=WIDE, name=FULL.replace("1118", "1122"))
    assert (acme.accounts()["0009"], acme.events(kinds=["leaver"])) == ("active", []), "the last one is no leaver by it"
    back = [*others, SALES | {"job_title": "Head"}, BAR | {"job_end_date": "", "job_start_date": "2026-11-23"}]
    acme.day("2026-11-23", back, columns=WIDE, name=FULL.replace("1118", "1123"))
    assert groups(acme) == {"Sales", "Bar"}


def test_the_main_job_that_ends_is_a_move_to_the_other_one(tmp_path: Path) -> None:
    acme = company(tmp_path)
    news(acme, DAY, SALES | GONE)
    assert (groups(acme), acme.account("0009").attributes["department"]) == ({"Bar"}, "Bar")
    assert [event.split()[1] for event in acme.events("0009")] == ["mover", "mover"]


def test_rows_of_one_job_follow_one_another(tmp_path: Path) -> None:
    acme = company(tmp_path)
    said = ("Door", DAY), ("Legal", "2026-11-19")
    moved = [SALES | {"department": name, "effective_date": day} for name, day in said]
    news(acme, DAY, moved[0], BAR | {"job_title": "Waiter"}, moved[1])
    assert groups(acme) == {"Door", "Bar"}, "the latest of the one, whatever their order in the file"
    unsure = [BAR | GONE | {"effective_date": NEXT}, BAR | {"effective_date": NEXT}]
    news(acme, NEXT, *unsure)
    assert (groups(acme), acme.findings()) == ({"Door", "Bar"}, {"changes_without_order 0009"})


def test_another_job_comes_beside_the_first_one(tmp_path: Path) -> None:
    acme = company(tmp_path, SALES)
    ahead = SALES | {"job_title": "Head", "effective_date": "2026-12-01"}
    news(acme, "2026-11-19", ahead)
    news(acme, DAY, {**BAR, "work_email": ""})
    assert groups(acme) == {"Sales", "Bar"}
    assert acme.account("0009").attributes["email"] == "w0009@acme.example"
    acme.day("2026-12-01")
    assert acme.account("0009").attributes["job_title"] == "Head", "what waited of the first one goes on waiting"


def test_without_an_id_of_the_job_a_row_is_of_the_job_that_it_describes_or_held(tmp_path: Path) -> None:
    acme = company(tmp_path, ids=False)
    news(acme, DAY, BAR | {"department": "Kitchen"})
    assert (groups(acme), acme.findings()) == ({"Sales", "Bar"}, {"job_unclear 0009"})
    news(acme, NEXT, BAR | GONE)
    assert (groups(acme), acme.findings()) == ({"Sales"}, set())


def test_an_older_row_of_a_job_says_nothing_though_news_of_another_one_came_in_between(tmp_path: Path) -> None:
    acme = company(tmp_path)
    at = [{"changed_at": f"2026-11-20T{hour:02}:00Z"} for hour in (8, 9, 10, 11)]
    news(acme, DAY, BAR | {"department": "Kitchen"} | at[2])
    news(acme, NEXT, SALES | {"department": "Door"} | at[1])
    assert groups(acme) == {"Door", "Kitchen"}, "of the one job an older word is new"
    news(acme, "2026-11-22", BAR | {"department": "Terrace"} | at[1])
    assert groups(acme) == {"Door", "Kitchen"}
    news(acme, "2026-11-23", SALES | {"department": "Legal"} | at[0], BAR | {"department": "Roof"} | at[3])
    assert groups(acme) == {"Door", "Roof"}


def test_an_older_end_of_a_job_does_not_end_it(tmp_path: Path) -> None:
    acme = company(tmp_path)
    for hour, job, said in ((10, "B", {"status": "Active", "termination_date": ""}), (11, "A", {}), (9, "B", GONE)):
        push(acme, f"{DAY}T12:00", {"worker_id": "0009", "job_id": job, "changed_at": f"{DAY}T{hour:02}:00Z", **said})
    acme.day(NEXT)
    assert (groups(acme), acme.findings()) == ({"Sales", "Bar"}, set())


def test_rows_of_the_only_job_are_no_jobs_beside_each_other(tmp_path: Path) -> None:
    acme = company(tmp_path, SALES)
    days = {"Bar": "2026-11-19", "Door": DAY}
    moved = [SALES | {"department": name, "effective_date": day} for name, day in days.items()]
    news(acme, DAY, *moved)
    assert (groups(acme), len(acme.person("0009").jobs)) == ({"Door"}, 1)
    back = SALES | {"hire_date": NEXT, "effective_date": NEXT}
    news(acme, NEXT, SALES | GONE | {"termination_date": DAY, "effective_date": DAY}, back)
    assert acme.events("0009", kinds=["leaver", "rehire"]) == ["0009 leaver 2026-11-20", "0009 rehire 2026-11-21"]
    assert acme.account("0009").state == "active"


def test_the_past_end_of_the_only_job_is_a_finding_and_ends_nothing(tmp_path: Path) -> None:
    acme = company(tmp_path, SALES)
    ended = SALES | {"job_end_date": "2026-11-19"}
    news(acme, DAY, ended)
    assert (acme.accounts()["0009"], acme.findings()) == ("active", {"stale_job_end 0009"})
    news(acme, NEXT, ended, BAR)
    assert (groups(acme), acme.findings()) == ({"Bar"}, set()), "another job goes on, and so this one has ended"


# ---------------------------------------------------------------- pushes


def test_a_push_about_one_job_leaves_the_other(tmp_path: Path) -> None:
    acme = company(tmp_path)
    told = push(acme, f"{DAY}T10:00", {"worker_id": "0009", "job_id": "B", **GONE})
    acme.day(NEXT)
    assert (told.ended, groups(acme), acme.events("0009")) == ((), {"Sales"}, [])


def test_fields_that_a_push_leaves_out_come_from_the_job_itself(tmp_path: Path) -> None:
    acme = company(tmp_path)
    push(acme, f"{DAY}T10:00", {"worker_id": "0009", "job_id": "B", "job_title": "Waiter"})
    push(acme, f"{DAY}T11:00", {"worker_id": "0009", "job_id": "C", "job_title": "Cook"})
    jobs = {job.worker.job_id: job.worker for job in acme.person("0009").jobs}
    assert [(jobs[name].department, jobs[name].job_title) for name in "ABC"] == [
        ("Sales", "Clerk"),
        ("Bar", "Waiter"),
        ("", "Cook"),
    ]
    assert {worker.given_name for worker in jobs.values()} == {"Given0009"}


def test_what_is_the_persons_own_is_about_all_their_jobs(tmp_path: Path) -> None:
    acme = company(tmp_path)
    push(acme, f"{DAY}T10:00", {"worker_id": "0009", "work_email": "new@acme.example", "status": "Active"})
    acme.day(NEXT)
    assert {job.worker.work_email for job in acme.person("0009").jobs} == {"new@acme.example"}
    assert groups(acme) == {"Sales", "Bar"}
    push(acme, f"{NEXT}T10:00", {"worker_id": "0009", "job_id": "", "work_email": "newer@acme.example"})
    assert {job.worker.job_id for job in acme.person("0009").jobs} == {"A", "B"}, "they keep their names"


def test_a_push_that_names_no_job_ends_them_all(tmp_path: Path) -> None:
    acme = company(tmp_path)
    told = push(acme, f"{DAY}T10:00", {"worker_id": "0009", **GONE})
    assert (told.ended, acme.accounts()["0009"]) == (("0009",), "suspended")


def test_both_jobs_in_one_push_are_no_changes_one_after_the_other(tmp_path: Path) -> None:
    acme = company(tmp_path)
    mine = [{"worker_id": "0009", "job_id": job, "department": name} for job, name in (("A", "Door"), ("B", "Kitchen"))]
    push(acme, f"{DAY}T10:00", *mine, {"worker_id": "0009", "work_email": "new@acme.example"})
    acme.day(NEXT)
    assert (groups(acme), acme.account("0009").attributes["email"]) == ({"Door", "Kitchen"}, "new@acme.example")
    newcomer = worker(10, job_id="A", department="Sales"), worker(10, job_id="B", department="Bar")
    push(acme, f"{NEXT}T10:00", *newcomer)
    acme.day("2026-11-22")
    assert acme.account("0010").groups == {"Sales", "Bar"}
