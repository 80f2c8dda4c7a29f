"""User exports as learning systems write them: what is read of each, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from joinery.core.model.account import Account
from joinery.errors import ConfigError, JoineryError, SourceUntrusted
from tests.contract.test_export import target_of


def read(tmp_path: Path, text: str, encoding: str = "utf-8") -> list[Account]:
    file = tmp_path / "users.csv"
    file.write_bytes(text.encode(encoding))
    return list(asyncio.run(target_of(file).accounts()).items)


#: what a system's export looks like -> (account ID, employee number, e-mail, state, roles) of its only account
EXPORTS: Mapping[str, tuple[str, tuple[str, str, str, str, tuple[str, ...]]]] = {
    "Moodle, downloaded in bulk": (
        "id,username,email,firstname,lastname,idnumber,institution,department,phone1,phone2,city,country\n"
        "12,ana.ito,ana.ito@acme.example,Ana,Ito,000101,,Sales,,,Lille,FR\n",
        ("12", "000101", "ana.ito@acme.example", "active", ()),
    ),
    "TalentLMS": (
        "Login,Firstname,Lastname,Email,User-type,Active,Deactivation-date,custom_field:Employee ID\n"
        "ana,Ana,Ito,ana.ito@acme.example,SuperAdmin,no,,000101\n",
        ("ana", "000101", "ana.ito@acme.example", "suspended", ("SuperAdmin",)),
    ),
    "Canvas, provisioning report": (
        "canvas_user_id,user_id,integration_id,login_id,first_name,last_name,full_name,sortable_name,email,status\n"
        '7,000101,,ana.ito,Ana,Ito,Ana Ito,"Ito, Ana",ana.ito@acme.example,suspended\n',
        ("7", "", "ana.ito@acme.example", "suspended", ()),
    ),
    "Docebo": (
        "Username,First Name,Last Name,Email,Level,Active\nana,Ana,Ito,ana.ito@acme.example,User,1\n",
        ("ana", "", "ana.ito@acme.example", "active", ()),
    ),
    "Litmos": (
        "UserName,FirstName,LastName,Email,AccessLevel,Active,Title,EmployeeID\n"
        "ana.ito@acme.example,Ana,Ito,ana.ito@acme.example,Account_Owner,TRUE,Clerk,000101\n",
        ("ana.ito@acme.example", "000101", "ana.ito@acme.example", "active", ("Account_Owner",)),
    ),
    "Absorb": (
        "Username,First Name,Last Name,Email Address,Employee Number,Department,Status\n"
        "ana,Ana,Ito,ana.ito@acme.example,000101,Sales,Inactive\n",
        ("ana", "000101", "ana.ito@acme.example", "suspended", ()),
    ),
    "Cornerstone": (
        "User ID,User Name,First Name,Last Name,Email,User Status\nA-1,ana,Ana,Ito,ana.ito@acme.example,Active\n",
        ("A-1", "", "ana.ito@acme.example", "active", ()),
    ),
    "one that signs people in by e-mail": (
        "Login;Name;Suspended\nana.ito@acme.example;Ana Ito;yes\n",
        ("ana.ito@acme.example", "", "ana.ito@acme.example", "suspended", ()),
    ),
    "e-mails only": (
        "E-mail\nAna.Ito@acme.example\n",
        ("ana.ito@acme.example", "", "ana.ito@acme.example", "active", ()),
    ),
}


@pytest.mark.parametrize("system", EXPORTS)
def test_an_export_is_understood_by_its_headings(tmp_path: Path, system: str) -> None:
    text, wanted = EXPORTS[system]
    (account,) = read(tmp_path, text)
    assert (account.id, account.worker_id, account.email, account.state, account.roles) == wanted


def test_zeros_and_accents_survive_semicolons_and_an_old_encoding(tmp_path: Path) -> None:
    text = "Username;First name;Last name;E-mail;Personalnummer\nzoe;Zoé;Müller;zoe@acme.example;000007\n"
    (account,) = read(tmp_path, text, "cp1252")
    assert account.worker_id == "000007"
    assert (account.attributes["given_name"], account.attributes["family_name"]) == ("Zoé", "Müller")


def test_rows_that_repeat_an_account_are_one_account(tmp_path: Path) -> None:
    text = "id,email,lastname,course\n1,a@acme.example,Ito,X\n1,a@acme.example,Ito,Y\n2,b@acme.example,Noor,X\n"
    assert [account.id for account in read(tmp_path, text)] == ["1", "2"]


def test_two_people_under_one_email_stay_two_accounts(tmp_path: Path) -> None:
    text = "email,lastname\nteam@acme.example,Ito\nTeam@acme.example,Noor\nteam@acme.example,Ito\n"
    found = read(tmp_path, text)
    assert [account.id for account in found] == ["team@acme.example", "team@acme.example#2"]
    assert {account.email for account in found} == {"team@acme.example"}


def test_an_email_on_two_accounts_with_ids_of_their_own_is_read_as_it_is(tmp_path: Path) -> None:
    text = "id,email\n1,team@acme.example\n2,team@acme.example\n"
    assert [(account.id, account.email) for account in read(tmp_path, text)] == [
        ("1", "team@acme.example"),
        ("2", "team@acme.example"),
    ]


def test_a_row_without_anything_to_name_it_by_is_left_out(tmp_path: Path) -> None:
    assert [account.id for account in read(tmp_path, "login,email\nana,a@acme.example\n,b@acme.example\n")] == ["ana"]


BAD = {
    "it is empty": ("", SourceUntrusted, "empty"),
    "nothing names an account": ("Course,Points\nForklift,3\n", SourceUntrusted, "which account is which"),
    "two columns could be the e-mail": (
        "login,Primary email,User email\nana,a@acme.example,b@acme.example\n",
        ConfigError,
        "could each be email",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_file_that_cannot_be_used_is_refused_whole(tmp_path: Path, case: str) -> None:
    text, kind, said = BAD[case]
    with pytest.raises(kind) as caught:
        read(tmp_path, text)
    assert isinstance(caught.value, JoineryError)
    assert said in str(caught.value)
    assert "othing was read" in str(caught.value) or "nobody is touched" in str(caught.value)
    assert "a@acme" not in str(caught.value)


def test_a_column_called_id_that_is_the_same_everywhere_is_not_taken_for_one(tmp_path: Path) -> None:
    text = "account id,email\n" + "".join(f"1,a{n}@acme.example\n" for n in range(9))
    assert len(read(tmp_path, text)) == 9


def test_an_account_id_given_in_the_settings_that_tells_nobody_apart_is_refused(tmp_path: Path) -> None:
    from types import SimpleNamespace

    from joinery.app.exports import read_export
    from joinery.connectors.export import ExportTarget

    file = tmp_path / "users.csv"
    file.write_text("site,email\n" + "".join(f"1,a{n}@acme.example\n" for n in range(9)))
    fields = {"account_id": "site", "email": "email"}
    entry = SimpleNamespace(path=file, encoding=None, delimiter=None, fields=fields)
    with pytest.raises(SourceUntrusted, match="does not tell accounts apart"):
        asyncio.run(ExportTarget(lambda: read_export(entry)).check())
    entry.fields = {"account_id": "gone"}
    with pytest.raises(SourceUntrusted, match="has no column 'gone' any more"):
        asyncio.run(ExportTarget(lambda: read_export(entry)).check())


def test_of_a_pattern_the_newest_file_counts(tmp_path: Path) -> None:
    import os

    for n, name in enumerate(("users_b.csv", "users_a.csv")):
        (tmp_path / name).write_text(f"login\n{name}\n")
        os.utime(tmp_path / name, (1000 + n, 1000 + n))
    (account,) = asyncio.run(target_of(tmp_path / "users_*.csv").accounts()).items
    assert account.id == "users_a.csv"
    with pytest.raises(SourceUntrusted, match="No file fits"):
        asyncio.run(target_of(tmp_path / "none_*.csv").check())
