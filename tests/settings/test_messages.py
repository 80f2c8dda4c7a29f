"""Every mistake is named with its line, its column, its key, what was found and what was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.settings.files import MINIMAL, refusal, said

NEW = "not available in this version"

#: what is appended to MINIMAL (its first line is line 10) -> the one problem
APPENDED = {
    "an unknown key is named with the nearest known one": (
        "modus: observe",
        "10:1 modus: unknown key; did you mean modes?",
    ),
    "an unknown key inside a section too": (
        "triggers: { leaver: { suspnd: at_once } }",
        "10:23 triggers.leaver.suspnd: unknown key; did you mean suspend?",
    ),
    "an unknown key far from all lists what is known": (
        "kill_switch: { xyz: 1 }",
        "10:16 kill_switch.xyz: unknown key; known here are per_hour, push_per_hour or within",
    ),
    "a word that is not a choice": (
        "out_of_scope: arkive",
        '10:15 out_of_scope: must be archive or keep; found "arkive"; did you mean archive?',
    ),
    "a percentage without its sign": (
        "guards: { suspend: { share: 2 } }",
        '10:29 guards.suspend.share: must be a percentage such as 3%; found "2"',
    ),
    "more than all": (
        "guards: { suspend: { share: 200% } }",
        '10:29 guards.suspend.share: must be a percentage such as 3%; found "200%"',
    ),
    "a guard by segment without its share": (
        "guards: { create: { each: location } }",
        "10:19 guards.create: each needs each_share, e.g. each_share: 25%",
    ),
    "a guard by an attribute nobody reads": (
        "guards: { create: { each: locaton, each_share: 5% } }",
        '10:19 guards.create: no attribute "locaton" is read from people; did you mean location?',
    ),
    "months are not a stretch of exact length": (
        "triggers: { leaver: { archive_after: 3 months } }",
        "10:38 triggers.leaver.archive_after: must be a duration such as 30 days, 2 weeks or 15 minutes; "
        'found "3 months"',
    ),
    "a day that does not exist": (
        "go_live: 2026-02-30",
        '10:10 go_live: must be a date such as 2026-01-31; found "2026-02-30"',
    ),
    "a time that does not exist": (
        "triggers: { hire: { mail: 24:00 } }",
        '10:27 triggers.hire.mail: must be a time of day such as 06:00; found "24:00"',
    ),
    "yes is not true": (
        "mail: { enabled: yes }",
        '10:18 mail.enabled: must be true or false; found "yes"',
    ),
    "a number in words": (
        "kill_switch: { per_hour: ten }",
        '10:26 kill_switch.per_hour: must be a whole number, 0 or more; found "ten"',
    ),
    "a port that does not exist": (
        "mail: { port: 70000 }",
        '10:15 mail.port: must be less than or equal to 65535; found "70000"',
    ),
    "a section without anything in it": ("mail:", "11:1 mail: must be a mapping of keys and values; found nothing"),
    "a mapping where a list belongs": (
        "learning_rules: { a: b }",
        "10:17 learning_rules: must be a list; found a mapping",
    ),
    "a key that stands twice": ("mode: automatic", "10:1 mode: this key is here twice; the first is in line 9"),
    "a tag": ("name: !env HOME", "10:7 name: tags (a word beginning with !) mean nothing here"),
    "a merge": (
        "mail: { <<: {} }",
        "10:9 mail: merging with << is not part of YAML 1.2; write the keys out",
    ),
    "a key that is not a word": ("mail: { [a]: b }", "10:9 mail: a key must be a word"),
    "mail without what it needs": (
        "mail: { enabled: true }",
        "10:7 mail: mail is enabled, so it needs from and host",
    ),
    "a password sent readably": (
        "mail: { security: none, user: a, password: { env: P } }",
        "10:7 mail: security: none would send the password readably; use tls or starttls",
    ),
    "an address that is none": (
        "mail: { from: nobody }",
        '10:15 mail.from: must be an e-mail address such as learning@example.com; found "nobody"',
    ),
    "a header hidden in a sender": (
        'mail: { from: "a@b.example\\nBcc: c@d.example" }',
        '10:15 mail.from: must be an e-mail address such as learning@example.com; found "a@b.example Bcc: c@d.example"',
    ),
    "a table that is not there": (
        "map: { department: { table: maps/nothing.csv } }",
        '10:20 map.department: table "nothing.csv" does not exist in maps',
    ),
    "a table of a kind that cannot be read": (
        "map: { department: { table: maps/d.docx } }",
        '10:20 map.department: table "d.docx" must be a .csv or .xlsx file',
    ),
    "a map of an attribute nobody reads": (
        "map: { departmant: { values: { a: b } } }",
        '10:8 map.departmant: no attribute "departmant" is read from people; did you mean department?',
    ),
    "a rule file that is not there": (
        "rules: [rules/*.yaml]",
        '10:9 rules: no file matches the pattern "rules/*.yaml"',
    ),
    "a rule without anything to give": (
        "learning_rules: [{ name: a }]",
        "10:18 learning_rules[0]: a rule gives something: add give or groups",
    ),
    "a rule whose condition was forgotten": (
        "learning_rules: [{ name: a, when: , give: X }]",
        "10:18 learning_rules[0]: when is empty; leave the key out for a rule that is for everybody",
    ),
    "two rules of one name": (
        "learning_rules: [{ name: a, give: X }, { name: a, give: Y }]",
        '10:40 learning_rules[1]: there is another rule of the name "a"; the name is the reason people see',
    ),
    "a due date in no known words": (
        "learning_rules: [{ name: a, give: X, due: soon }]",
        '10:43 learning_rules[0].due: must be like 30 days, 30 days after start or 2026-12-31; found "soon"',
    ),
    "a rule that would come again at once": (
        "learning_rules: [{ name: a, give: X, recurs: 0 days }]",
        "10:46 learning_rules[0].recurs: must be longer than no time at all",
    ),
    "a period in no known words": (
        "learning_rules: [{ name: a, give: X, recurs: { every: monthly } }]",
        '10:55 learning_rules[0].recurs.every: must be a period such as 30 days, 2 weeks or 12 months; found "monthly"',
    ),
    "a condition about an attribute that does not exist": (
        "learning_rules:\n  - name: a\n    give: X\n    when:\n      countr: FR",
        '14:15 learning_rules[0].when.countr: There is no attribute "countr". Did you mean country?',
    ),
    "a condition text with a mistake in the middle": (
        'learning_rules:\n  - name: a\n    give: X\n    when: \'country == "FR" and job_titel == "x"\'',
        '13:32 learning_rules[0].when: There is no attribute "job_titel". Did you mean job_title or job_level?',
    ),
    "a condition in a block of text": (
        'learning_rules:\n  - name: a\n    give: X\n    when: |\n      countr == "FR"',
        '14:1 learning_rules[0].when: There is no attribute "countr". Did you mean country?',
    ),
    "a starter that does not exist": (
        "starters: [Onboarding]",
        '10:12 starters[0]: must be Onboarding_Path, Leadership_101 or location_compliance; found "Onboarding"; '
        "did you mean Onboarding_Path?",
    ),
    "a name with blanks": ("name: A B", '10:7 name: must be small letters, digits, _ and -; found "A B"'),
    "team mail is to come": ("team_mail: { every: week }", f"10:1 team_mail: {NEW}"),
    "access is to come": ("access: { oidc: {} }", f"10:1 access: {NEW}"),
    "the guard of absent people is to come": ("guards: { absent_people: {} }", f"10:11 guards.absent_people: {NEW}"),
    "records into an HRIS are to come": (
        "completions: { send_to: { file: a.csv, hris: workday } }",
        f"10:40 completions.send_to.hris: {NEW}; available here are file, sftp or sql",
    ),
    "retention of completions is to come": (
        "retention: { completions: { preset: osha_bbp } }",
        f"10:14 retention.completions: {NEW}; available here are raw_files or calls",
    ),
}


@pytest.mark.parametrize(("text", "problem"), APPENDED.values(), ids=APPENDED)
def test_what_is_added_is_refused_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    (found,) = said(tmp_path, MINIMAL + text + "\n")
    assert found.startswith(problem) if problem.endswith(NEW) else found == problem


#: what is replaced in MINIMAL, by what -> the problems
REPLACED = {
    "a source that is to come, whatever its other keys": (
        "from: file",
        "from: workday\n  host: files.example.com\n  decrypt_with: { file: key.asc }",
        [f'4:9 people.from: "workday" is {NEW}; available is file, sftp, sql, push or scim'],
    ),
    "a learning system that is to come, whatever its other keys": (
        "into: classroom",
        "into: talentlms\n  url: https://example.talentlms.com\n  key: { env: TALENTLMS_KEY }",
        [f'8:9 learning.into: "talentlms" is {NEW}; available is classroom, memory, export, scim or file'],
    ),
    "a learning system without its kind": ("into: classroom", "seats: 5", ["8:3 learning: into is missing"]),
    "a city is not a zone": (
        "Europe/Paris",
        "Paris",
        [
            '2:41 company.time_zone: must be a time zone such as Europe/Paris; "Paris" is not one; '
            "did you mean Europe/Paris?"
        ],
    ),
    "a zone with a typo": (
        "Europe/Paris",
        "Europe/Pariss",
        [
            '2:41 company.time_zone: must be a time zone such as Europe/Paris; "Europe/Pariss" is not one; '
            "did you mean Europe/Paris?"
        ],
    ),
    "a version there is not": (
        "version: 1",
        "version: 2",
        ['1:10 version: must be 1, the only version of the settings there is; found "2"'],
    ),
    "a missing key is named": ("  path: ./inbox/employees*.csv\n", "", ["4:3 people.path: is missing"]),
    "no employee number and a typo, both at once": (
        "worker_id:",
        "work_emial:",
        [
            "6:11 people.fields: must name worker_id, the employee number",
            "6:13 people.fields.work_emial: not an attribute Joinery knows; did you mean work_email? "
            "An attribute of your own needs a name that is less alike.",
        ],
    ),
    "sensitive by attribute and by column": (
        "worker_id:",
        "worker_id: No, birth_date: X, level: Pay grade, phone:",
        [
            "6:28 people.fields.birth_date: this looks like a birth date; remove it, or give the reason in "
            "allow_sensitive: {birth_date: …}",
            "6:43 people.fields.level: this looks like pay; remove it, or give the reason in "
            "allow_sensitive: {level: …}",
        ],
    ),
    "a format for what is not a date": (
        '"Employee number"',
        "No, job_title: { column: T, format: DD/MM/YYYY }",
        ["6:28 people.fields.job_title: this attribute is not a date, so it has no format"],
    ),
    "a date format nobody reads": (
        '"Employee number"',
        "No, hire_date: { column: T, format: DD/MM/YY }",
        [
            "6:60 people.fields.hire_date.format: must be YYYY-MM-DD, DD/MM/YYYY, MM/DD/YYYY, DD.MM.YYYY, YYYYMMDD or "
            'DD-Mon-YYYY; found "DD/MM/YY"; did you mean DD/MM/YYYY?'
        ],
    ),
    "a status that means nothing": (
        "path: ./inbox/employees*.csv",
        "path: a\n  statuses: { Sorti: left }",
        [
            "6:22 people.statuses.Sorti: must be prehire, active, notice, leave, garden_leave, dormant, terminated, "
            'deceased or rescinded; found "left"'
        ],
    ),
    "an encoding there is not": (
        "path: ./inbox/employees*.csv",
        "path: a\n  encoding: cp1253x",
        ['6:13 people.encoding: must be an encoding such as utf-8 or cp1252; found "cp1253x"'],
    ),
    "an account attribute from nowhere": (
        "into: classroom",
        "into: classroom\n  attributes: { shift: shiftt }\n  groups_from: [departmnt]",
        [
            '9:24 learning.attributes.shift: no attribute "shiftt" is read from people',
            '10:17 learning.groups_from: no attribute "departmnt" is read from people; did you mean department?',
        ],
    ),
    "absence from a file of changes": (
        "from: file",
        "from: file\n  content: changes\n  leavers_are: both",
        [
            "6:16 people.leavers_are: a file of changes cannot show who is absent; "
            "use leavers_are: status, or content: full"
        ],
    ),
    "a database without its query": (
        MINIMAL[MINIMAL.index("  from:") : MINIMAL.index("learning:")],
        "  from: sql\n  url: { env: HR }\n",
        ["4:3 people.query: is missing"],
    ),
    "a query that writes": (
        MINIMAL[MINIMAL.index("  from:") : MINIMAL.index("learning:")],
        "  from: sql\n  url: sqlite:///hr.db\n  query: |\n    SELECT 1;\n    DROP TABLE people\n",
        [
            "6:10 people.query: The query is refused: it is more than one statement (its line 2). "
            "Keep one SELECT; nothing may follow the semicolon."
        ],
    ),
    "a query in a file that is not there": (
        MINIMAL[MINIMAL.index("  from:") : MINIMAL.index("learning:")],
        "  from: sql\n  url: sqlite:///hr.db\n  query: { file: people.sql }\n",
        ['6:10 people.query: the query cannot be read from "people.sql": No such file or directory'],
    ),
    "a password in the address of a database": (
        MINIMAL[MINIMAL.index("  from:") : MINIMAL.index("learning:")],
        "  from: sql\n  url: postgresql://joinery:hunter2@db/hr\n  query: SELECT 1\n",
        ["5:8 people.url: must be sqlite:///PATH, or a reference such as {env: HR_DATABASE} (not repeated here)"],
    ),
    "a watermark without its parameter": (
        MINIMAL[MINIMAL.index("  from:") : MINIMAL.index("learning:")],
        "  from: sql\n  url: sqlite:///hr.db\n  query: SELECT 1\n  watermark: { column: a, changes: SELECT 2 }\n",
        ["7:14 people.watermark: changes must hold :watermark, which stands for where reading begins"],
    ),
    "an encoding of a database": (
        MINIMAL[MINIMAL.index("  from:") : MINIMAL.index("learning:")],
        "  from: sql\n  url: sqlite:///hr.db\n  query: SELECT 1\n  encoding: cp1252\n",
        ["4:3 people: encoding is for files; a database needs none of it"],
    ),
    "two sources, one of a kind there is not": (
        MINIMAL[MINIMAL.index("  from:") : MINIMAL.index("learning:")],
        "  hris: { from: file, path: a, fields: { worker_id: No } }\n  agency: { from: ftp }\n",
        [f'5:19 people.agency.from: "ftp" is {NEW}; available is file, sftp, sql, push or scim; did you mean sftp?'],
    ),
}


@pytest.mark.parametrize(("old", "new", "problems"), REPLACED.values(), ids=REPLACED)
def test_what_is_changed_is_refused_with_its_place(tmp_path: Path, old: str, new: str, problems: list[str]) -> None:
    assert old in MINIMAL
    assert said(tmp_path, MINIMAL.replace(old, new)) == problems


def test_what_is_to_come_is_not_called_unknown(tmp_path: Path) -> None:
    """The keys of this kind of source come first in the list of what there is."""
    (problem,) = said(tmp_path, MINIMAL.replace("from: file", "from: file\n  schedule: nightly"))
    assert problem.startswith(f"5:3 people.schedule: {NEW}; available here are from, path, ")


#: a whole file -> its problem
WHOLE: dict[str, tuple[str | bytes, str]] = {
    "an empty file": ("", "1:1 : the file is empty; it must begin with version: 1"),
    "only a comment": ("# nothing", "1:1 : the file is empty; it must begin with version: 1"),
    "a list": ("- a", "1:1 : the file is not a mapping of keys and values; it must begin with version: 1"),
    "not UTF-8": (b"version: 1\nname: caf\xe9", "2:1 : the file is not UTF-8 text; save it as UTF-8"),
    "UTF-16": ("version: 1".encode("utf-16"), "1:1 : the file is not UTF-8 text; save it as UTF-8"),
    "two documents": (
        "version: 1\n---\nversion: 1",
        "2:1 : this is not valid YAML: expected a single document in the stream, but found another document",
    ),
    "a bracket that stays open": (
        "version: [1\n",
        "2:1 : this is not valid YAML: while parsing a flow sequence, expected ',' or ']', but got '<stream end>'",
    ),
    "a sign that begins nothing": (
        "version: @",
        "1:10 : this is not valid YAML: while scanning for the next token, "
        "found character '@' that cannot start any token",
    ),
    "nested without end": ("[" * 5000, "1:1 : this is nested too deeply to be settings"),
}


@pytest.mark.parametrize(("text", "problem"), WHOLE.values(), ids=WHOLE)
def test_a_file_that_cannot_be_read_is_refused_with_its_place(tmp_path: Path, text: str | bytes, problem: str) -> None:
    assert said(tmp_path, text) == [problem]


def test_all_problems_come_in_one_error_in_the_order_of_the_file(tmp_path: Path) -> None:
    error = refusal(tmp_path, MINIMAL.replace("observe", "observ") + "mail: { port: x }\nnmae: a\ngo_live: never\n")
    file = tmp_path / "joinery.yaml"
    assert str(error).splitlines() == [
        f"4 problems in the settings {file}; nothing was read and nothing was written.",
        f'  {file}:9:7 mode: must be observe, approve or automatic; found "observ"; did you mean observe?',
        f'  {file}:10:15 mail.port: must be a whole number, 0 or more; found "x"',
        f"  {file}:11:1 nmae: unknown key; did you mean name?",
        f'  {file}:12:10 go_live: must be a date such as 2026-01-31; found "never"',
        " Correct the file, then run `joinery config validate`.",
    ]
    assert error.exit_code == 7


def test_a_problem_in_a_rule_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "fr.yaml").write_text("- name: a\n  give: X\n  when: { countr: FR }\n- name: b\n  giv: Y\n")
    text = str(refusal(tmp_path, MINIMAL + "rules: [rules/*.yaml]\n"))
    assert f"{tmp_path}/rules/fr.yaml:3:19 rule[0].when.countr: There is no attribute" in text
    assert f"{tmp_path}/rules/fr.yaml:5:3 rule[1].giv: unknown key; did you mean give?" in text


def test_a_file_that_is_not_there_is_a_settings_error(tmp_path: Path) -> None:
    from joinery.errors import ConfigError
    from joinery.settings import load

    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(tmp_path / "nothing.yaml", environ={})
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path, environ={})


def test_what_is_in_scope_is_never_a_matter_of_status(tmp_path: Path) -> None:
    for where in ("{ status: Active }", "'status == \"Active\"'", "{ termination_date: 2026-01-01 }"):
        (problem,) = said(tmp_path, MINIMAL + f"include:\n  - where: {where}\n")
        assert "cannot be used here" in problem
        assert problem.startswith("11:")
