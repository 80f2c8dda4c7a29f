"""People who have an account already: it is found, asked about, and linked on somebody's word. Never a second one."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from joinery.core.model.account import Account, AccountState
from joinery.core.model.ids import AccountId
from joinery.errors import JoineryError, MatchRefused, NotThere
from joinery.flows import match
from joinery.flows.match import Question, confirm, confirm_sure, reject, waiting
from joinery.flows.match_file import Taken, _unmarked, take_answers
from joinery.flows.person import Word, end_access
from joinery.flows.reconcile import reconcile
from joinery.reports.render_csv import harmless
from joinery.store.decisions import in_force
from tests.faces.running import environment
from tests.intake.workbooks import workbook
from tests.stories.company import Company, changed, moment, staff, worker
from tests.support.forked import joinery

ANA = Word(owner="ana", reason="looked it up")
FIRST, SECOND, THIRD = "2026-11-23", "2026-11-24", "2026-11-25"
LEFT = {"status": "Terminated", "termination_date": "2026-11-24"}


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    return Company(tmp_path)


def there(acme: Company, account_id: str, email: str = "", number: str = "", **values: object) -> str:
    """An account that was in the learning system before Joinery came."""
    attributes = {"email": email, "worker_id": number}
    account = Account(id=AccountId(account_id), attributes={k: v for k, v in attributes.items() if v}, **values)  # type: ignore[arg-type]
    acme.lms().edit(account)
    return account_id


def asked(acme: Company) -> tuple[Question, ...]:
    with acme.ports() as ports:
        return waiting(ports)


def reasons(acme: Company) -> list[str]:
    return [f"{q.worker_id} {q.account.id}: {q.reason}" for q in asked(acme)]


def say_yes(acme: Company, who: str, account: str) -> None:
    with acme.ports() as ports:
        confirm(ports, who, account, ANA)


def say_no(acme: Company, who: str, account: str) -> bool:
    with acme.ports() as ports:
        return reject(ports, who, account, ANA).unlinked


def answers_in_force(acme: Company, who: str) -> list[str]:
    key = acme.person(who).key
    with acme.ports() as ports, ports.database.read() as connection:
        made = in_force(connection, [key], ports.now().date()).get(key, [])
    return [f"{each.kind} {each.subject}" for each in made]


# ---------------------------------------------------------------------------------------------- one on each side


def test_an_account_with_the_same_email_is_asked_about_confirmed_and_linked_and_never_doubled(acme: Company) -> None:
    there(acme, "old-1", "W0001@acme.example")
    rows = staff(2)
    night = acme.day(FIRST, rows)
    assert night.did("create") == ["0002"]
    assert "a person must confirm" in night.why_held("0001")
    assert reasons(acme) == [f"0001 old-1: {match.SAME_EMAIL}"]
    assert asked(acme)[0].sure
    assert asked(acme)[0].seen_at is not None

    say_yes(acme, "0001", "old-1")
    assert asked(acme) == ()
    linked = acme.day(SECOND, rows)
    assert linked.did("link") == ["0001"]
    assert acme.account("0001").id == "old-1"
    assert len(acme.raw_accounts()) == 2
    assert acme.day(THIRD, rows).lines == []


def test_the_same_number_links_by_itself_and_asks_nobody(acme: Company) -> None:
    there(acme, "old-1", "other@acme.example", "0001")
    night = acme.day(FIRST, staff(1))
    assert night.did("link") == ["0001"]
    assert asked(acme) == ()


@pytest.mark.parametrize("engine", ["inline", "real"])
def test_a_closed_account_is_linked_and_opened_in_one_run(tmp_path: Path, engine: str) -> None:
    acme = Company(tmp_path, engine=engine)
    there(acme, "old-1", "", "0001", state=AccountState.SUSPENDED)
    night = acme.day(FIRST, staff(1))
    assert (night.did("link"), night.did("restore")) == (["0001"], ["0001"])
    assert acme.accounts() == {"0001": "active"}


def test_the_same_number_is_asked_about_where_the_settings_say_so(tmp_path: Path) -> None:
    acme = Company(tmp_path, learning={"first_match": {"worker_id": "ask"}})
    there(acme, "old-1", "w0001@acme.example", "0001")
    assert acme.day(FIRST, staff(1)).did("link") == []
    assert reasons(acme) == [f"0001 old-1: {match.SAME_NUMBER}"]


def test_nobody_is_asked_about_people_to_come_and_closed_accounts_of_people_who_left(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    there(acme, "old-1", "w0001@acme.example", state=AccountState.SUSPENDED)
    there(acme, "old-2", "w0002@acme.example")
    there(acme, "old-3", "w0003@acme.example")
    rows = changed(staff(3), "0001", **LEFT)
    rows = changed(rows, "0002", hire_date="2027-01-01")
    acme.day(THIRD, rows)
    assert [q.worker_id for q in asked(acme)] == ["0003"]


@pytest.mark.parametrize("number", ["0001", ""], ids=["same number", "same e-mail"])
def test_an_open_account_of_somebody_who_left_before_joinery_came_is_asked_about_and_a_yes_closes_it(
    acme: Company, number: str
) -> None:
    there(acme, "old-1", "w0001@acme.example", number)
    rows = changed(staff(2), "0001", status="Terminated", termination_date="2026-03-31")
    acme.day(FIRST, rows)
    assert reasons(acme) == [f"0001 old-1: {match.LEFT_OPEN}"]
    with acme.ports() as ports:
        assert confirm_sure(ports, ANA) == ()
    say_yes(acme, "0001", "old-1")
    acme.day(SECOND, rows)
    assert str(acme.lms().world.accounts[AccountId("old-1")].state) in {"suspended", "archived"}
    assert asked(acme) == ()


def test_all_sure_ones_are_confirmed_at_once_and_the_doubtful_are_left(acme: Company) -> None:
    for number in range(1, 6):
        there(acme, f"old-{number}", f"w{number:04}@acme.example", "0999" if number == 4 else "")
    there(acme, "admin-5", "w0006@acme.example", roles=("admin",))
    acme.day(FIRST, staff(6))
    with acme.ports() as ports:
        done = confirm_sure(ports, ANA)
    assert [each.worker_id for each in done] == ["0001", "0002", "0003", "0005"]
    assert reasons(acme) == [f"0004 old-4: {match.OTHER_NUMBER}", f"0006 admin-5: {match.ADMINISTRATOR}"]
    assert acme.day(SECOND).did("link") == ["0001", "0002", "0003", "0005"]


# -------------------------------------------------------------------------------------------------------- answers


def test_a_no_holds_the_person_until_hr_gives_another_address(acme: Company) -> None:
    there(acme, "old-1", "w0001@acme.example")
    rows = staff(1)
    acme.day(FIRST, rows)
    say_no(acme, "0001", "old-1")
    night = acme.day(SECOND, rows)
    assert night.lines == ["0001 create held"]
    assert "which is not theirs: HR must give another one" in night.why_held("0001")
    assert [(q.reason, q.stuck) for q in asked(acme)] == [(match.ANSWERED, True)]

    acme.day(THIRD, changed(rows, "0001", work_email="ines@acme.example"))
    assert acme.account("0001").id != "old-1"
    assert asked(acme) == ()


def test_a_later_answer_replaces_the_earlier_one_in_both_directions(acme: Company) -> None:
    there(acme, "old-1", "w0001@acme.example")
    acme.day(FIRST, staff(1))
    say_no(acme, "0001", "old-1")
    assert answers_in_force(acme, "0001") == ["no_match old-1"]
    say_yes(acme, "0001", "old-1")
    assert answers_in_force(acme, "0001") == ["match old-1"]
    say_no(acme, "0001", "old-1")
    assert answers_in_force(acme, "0001") == ["no_match old-1"]
    say_yes(acme, "0001", "old-1")
    assert acme.day(SECOND).did("link") == ["0001"]


def test_a_wrong_link_is_taken_back_and_the_account_is_left_as_it_is(acme: Company) -> None:
    there(acme, "old-1", "w0001@acme.example")
    there(acme, "old-2", "ines.private@acme.example")
    rows = staff(1)
    acme.day(FIRST, rows)
    say_yes(acme, "0001", "old-2")
    acme.day(SECOND, rows)
    with pytest.raises(MatchRefused, match="carries their key"):
        say_no(acme, "0001", "old-2")
    acme.lms().edit_with(AccountId("old-2"), external_id="", attributes={"email": "ines.private@acme.example"})
    with acme.ports() as ports:
        reconcile(ports, moment(SECOND))
    before = acme.lms().world.accounts[AccountId("old-2")]
    assert say_no(acme, "0001", "old-2")
    say_yes(acme, "0001", "old-1")
    assert acme.day(THIRD, rows).did("link") == ["0001"]
    assert acme.account("0001").id == "old-1"
    assert acme.lms().world.accounts[AccountId("old-2")] == before


def test_a_confirmed_account_of_somebody_who_left_is_closed(acme: Company) -> None:
    there(acme, "old-1", "w0001@acme.example")
    rows = staff(1)
    acme.day(FIRST, rows)
    say_yes(acme, "0001", "old-1")
    acme.day("2026-11-25", changed(rows, "0001", **LEFT))
    assert str(acme.lms().world.accounts[AccountId("old-1")].state) == "suspended"


def test_what_a_plan_still_held_for_them_cannot_run_after_an_answer(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"mode": "approve"})
    there(acme, "old-1", "w0001@acme.example", "0999")
    night = acme.day(FIRST, staff(1))
    assert night.lines == ["0001 create held"]
    say_yes(acme, "0001", "old-1")
    acme.approve(night.plan, override="I know what I do")
    assert len(acme.raw_accounts()) == 1
    acme.approve(acme.day(SECOND).plan)
    assert acme.account("0001").id == "old-1"


# -------------------------------------------------------------------------------------------------------- doubts


def test_number_and_email_at_two_accounts_are_shown_side_by_side_and_either_can_be_confirmed(acme: Company) -> None:
    there(acme, "by-number", "x@acme.example", "0001")
    there(acme, "by-email", "w0001@acme.example")
    acme.day(FIRST, staff(1))
    assert reasons(acme) == [f"0001 by-number: {match.TWO_ACCOUNTS}", f"0001 by-email: {match.TWO_ACCOUNTS}"]
    say_yes(acme, "0001", "by-number")
    night = acme.day(SECOND)
    assert night.did("link") == ["0001"]
    # the address belongs to the other account: that one change waits
    assert "the new e-mail belongs to account by-email" in night.why_held("0001")


def test_the_account_of_a_predecessor_with_the_same_address_is_never_taken_over_by_itself(acme: Company) -> None:
    there(acme, "predecessor", "w0001@acme.example", "0777")
    night = acme.day(FIRST, staff(1))
    assert night.lines == ["0001 create held"]
    assert reasons(acme) == [f"0001 predecessor: {match.OTHER_NUMBER}"]
    with acme.ports() as ports:
        assert confirm_sure(ports, ANA) == ()


def test_an_account_that_two_people_claim_goes_to_the_one_who_was_confirmed_first(acme: Company) -> None:
    there(acme, "old-1", "w0001@acme.example")
    rows = staff(2)
    acme.day(FIRST, rows[:1])
    acme.drop(rows)
    say_yes(acme, "0001", "old-1")
    acme.look(FIRST)
    for _ in range(2):
        with pytest.raises(MatchRefused, match=r"Account old-1 (was confirmed for|is linked to) 0001"):
            say_yes(acme, "0002", "old-1")
        acme.day(SECOND)
    assert [a.external_id for a in acme.raw_accounts() if a.id == "old-1"] == [acme.person("0001").key]


def test_an_account_promised_to_somebody_else_is_neither_sure_nor_confirmed_with_the_others(acme: Company) -> None:
    there(acme, "old-1", "w0001@acme.example")
    acme.day(FIRST, [worker(1), worker(2, status="Leave", leave_class="suspend")])
    say_yes(acme, "0002", "old-1")
    assert reasons(acme) == [f"0001 old-1: {match.PROMISED}"]
    with acme.ports() as ports:
        assert confirm_sure(ports, ANA) == ()


# ---------------------------------------------------------------------------------------------------- what cannot be


def impossible(acme: Company) -> list[dict[str, str]]:
    there(acme, "old-1", "w0001@acme.example")
    there(acme, "old-2", "w0002@acme.example")
    there(acme, "foreign", "w0003@acme.example", external_id="okta-77")
    there(acme, "robot", "w0004@acme.example")
    rows = staff(5)
    acme.day(FIRST, rows)
    say_yes(acme, "0001", "old-1")
    acme.day(SECOND, rows)
    return rows


CANNOT = {
    "the account is somebody else's": ("0002", "old-1", "is linked to 0001"),
    "the person has an account already": ("0001", "old-2", "0001 has account old-1 already"),
    "the account carries a key of another system": ("0003", "foreign", "carries a key of another system"),
    "the account is on the list of protected ones": ("0004", "robot", "protected"),
    "there is no such account": ("0002", "old-99", "No account 'old-99' is known"),
    "there is no such person": ("0099", "old-2", "There is nobody '0099'"),
}


@pytest.mark.parametrize(("who", "account", "said"), CANNOT.values(), ids=CANNOT.keys())
def test_what_cannot_be_is_refused_plainly_and_nothing_is_recorded(
    tmp_path: Path, who: str, account: str, said: str
) -> None:
    acme = Company(tmp_path, learning={"protected": ["robot"]})
    impossible(acme)
    before = {number: answers_in_force(acme, number) for number in ("0001", "0002", "0003", "0004")}
    with pytest.raises(JoineryError, match=said) as refused:
        say_yes(acme, who, account)
    assert refused.value.fix
    assert refused.value.exit_code == 2
    assert {number: answers_in_force(acme, number) for number in before} == before


def test_confirming_what_is_linked_already_changes_nothing(acme: Company) -> None:
    impossible(acme)
    with acme.ports() as ports:
        assert confirm(ports, "0001", "old-1", ANA).already


def test_an_account_that_joinery_made_cannot_be_said_to_be_nobodys(acme: Company) -> None:
    acme.day(FIRST, staff(1))
    with pytest.raises(MatchRefused, match="is linked to 0001 and carries their key"):
        say_no(acme, "0001", acme.account("0001").id)


def test_no_one_can_be_told_that_another_persons_account_is_not_theirs(acme: Company) -> None:
    impossible(acme)
    with pytest.raises(MatchRefused, match="is linked to 0001, so it is not 0002's"):
        say_no(acme, "0002", "old-1")
    assert answers_in_force(acme, "0002") == []


def test_ended_access_is_not_opened_by_a_yes(acme: Company) -> None:
    there(acme, "old-1", "w0001@acme.example")
    rows = staff(1)
    acme.day(FIRST, rows)
    with acme.ports() as ports:
        end_access(ports, "0001", Word(owner="ana", reason="INC-1"))
    say_yes(acme, "0001", "old-1")
    acme.day(SECOND, rows)
    assert str(acme.lms().world.accounts[AccountId("old-1")].state) == "suspended"


# ------------------------------------------------------------------------------------------------------------ files


def taken(acme: Company, text: str) -> Taken:
    file = acme.folder / "answers.csv"
    file.write_text(text, encoding="utf-8")
    with acme.ports() as ports:
        return take_answers(ports, file, "ana")


def test_good_rows_are_taken_and_bad_ones_named_with_their_line(acme: Company) -> None:
    for number in range(1, 4):
        there(acme, f"old-{number}", f"w{number:04}@acme.example")
    rows = staff(4)
    acme.day(FIRST, rows)
    found = taken(
        acme,
        "worker_id,account_id,answer,reason\n"
        "0001,old-1,Yes,seen the badge\n"
        "0002,old-2,NO,\n"
        "0003,old-3,,\n"
        "0003,old-3,perhaps,\n"
        "0004,old-1,yes,\n"
        "0099,old-3,yes,\n"
        "0003,old-77,yes,\n",
    )
    assert (found.yes, found.no, found.empty) == (1, 1, 1)
    assert [(bad.line, bad.why.partition(";")[0].partition(".")[0]) for bad in found.bad] == [
        (5, "The answer is neither yes nor no"),
        (6, "Account old-1 was confirmed for 0001"),
        (7, "There is nobody '0099' here"),
        (8, "No account 'old-77' is known"),
    ]
    assert answers_in_force(acme, "0001") == ["match old-1"]
    assert answers_in_force(acme, "0002") == ["no_match old-2"]
    assert answers_in_force(acme, "0003") == []


def test_a_spreadsheet_that_eats_zeros_and_uses_semicolons_is_understood(acme: Company) -> None:
    there(acme, "007", "w0001@acme.example")
    acme.day(FIRST, staff(2))
    found = taken(acme, "\ufeffWorker ID;Account ID;Answer\n1;7;yes\n")
    assert (found.yes, found.bad) == (1, ())
    assert answers_in_force(acme, "0001") == ["match 007"]


def test_a_workbook_is_understood(acme: Company) -> None:
    there(acme, "007", "w0001@acme.example")
    acme.day(FIRST, staff(2))
    file = acme.folder / "answers.xlsx"
    file.write_bytes(workbook(("Matches", [("worker_id", "account_id", "answer"), (1, 7, "yes")])))
    with acme.ports() as ports:
        assert take_answers(ports, file, "ana").yes == 1
    assert answers_in_force(acme, "0001") == ["match 007"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("answers.csv", "worker_id,answer\n0001,yes\n", "has no column account_id"),
        ("answers.xls", "PK", "is a workbook of another kind"),
    ],
    ids=["a column is missing", "a workbook"],
)
def test_a_file_that_cannot_be_read_is_refused_whole(acme: Company, name: str, text: str, said: str) -> None:
    acme.day(FIRST, staff(1))
    (acme.folder / name).write_text(text)
    with acme.ports() as ports, pytest.raises(NotThere, match=said):
        take_answers(ports, acme.folder / name, "ana")


@given(st.text(alphabet="=+-@0A1\uff1d", min_size=1, max_size=8))
@example("-0042")
def test_no_id_is_harmed_by_the_mark_that_keeps_spreadsheets_from_calculating(text: str) -> None:
    assert _unmarked(harmless(text)) == text


# --------------------------------------------------------------------------------------------------- at the prompt


def typed(acme: Company, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*joinery(), *words],
        cwd=acme.folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_list_goes_out_to_a_spreadsheet_and_comes_back_with_answers(acme: Company) -> None:
    there(acme, "=old+1", "w0001@acme.example")
    there(acme, "-2", "w0002@acme.example", "0999")
    acme.day(FIRST, staff(3))
    shown = typed(acme, "match")
    assert "2 people wait for your yes or no" in shown.stdout
    assert f"1 {match.SAME_EMAIL}" in shown.stdout

    assert typed(acme, "match", "--format", "csv", "--out", "m.csv").returncode == 0
    with (acme.folder / "m.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["Account ID"] for row in rows] == ["'=old+1", "'-2"]
    with (acme.folder / "m.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows([row | {"Answer": "yes"} for row in rows])
    imported = typed(acme, "match", "import", "m.csv")
    assert (imported.returncode, imported.stdout) == (0, "2 yes, 0 no, 0 without an answer.\n"), imported.stderr
    assert answers_in_force(acme, "0002") == ["match -2"]


def test_before_the_first_reading_the_list_says_so(acme: Company) -> None:
    shown = typed(acme, "match")
    assert (shown.returncode, shown.stdout) == (0, "The accounts of the learning system were not read yet.\n")


def test_all_at_once_shows_the_number_first_and_needs_a_yes(acme: Company) -> None:
    there(acme, "old-1", "w0001@acme.example")
    acme.day(FIRST, staff(2))
    shown = typed(acme, "match", "confirm", "--all-email")
    assert (shown.returncode, shown.stdout[:10]) == (5, "1 account ")
    assert answers_in_force(acme, "0001") == []
    done = typed(acme, "match", "confirm", "--all-email", "--yes", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"version": 1, "sure": 1, "confirmed": 1, "left": 0})
    refused = typed(acme, "match", "confirm", "0002", "old-1")
    assert refused.returncode == 2
    assert "was confirmed for 0001" in refused.stderr
