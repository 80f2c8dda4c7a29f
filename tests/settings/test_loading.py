"""What loads, and to what: defaults, shorthands, overrides, the version, the examples."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from joinery.core.mapping.spec import DateFormat, Empty
from joinery.core.mapping.transforms import Transform
from joinery.core.model.operation import ActionClass
from joinery.core.rules.due import parse_due
from joinery.core.rules.starters import STARTERS
from joinery.errors import ConditionError, ConfigError
from joinery.settings import Settings, custom_kinds, dump_resolved, load
from joinery.settings.people import FieldRule
from tests.settings.files import LINES, MINIMAL, loaded, refusal

ROOT = Path(__file__).parents[2]


def test_the_smallest_file_has_at_most_twelve_lines_and_only_observes(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL.replace("mode: observe\n", ""))
    assert LINES <= 12
    assert {settings.mode_of(action) for action in ActionClass} == {"observe"}
    assert not settings.mail.enabled
    assert settings.mail.first_load == "silent"


def test_one_entry_and_a_map_of_named_entries_are_the_same_thing(tmp_path: Path) -> None:
    one = loaded(tmp_path, MINIMAL)
    named = loaded(
        tmp_path,
        "version: 1\ncompany: { name: Example SA, time_zone: Europe/Paris }\n"
        'people: { hris: { from: file, path: ./inbox/employees*.csv, fields: { worker_id: "Employee number" } } }\n'
        "learning: { lms: { into: classroom } }\n",
    )
    assert one.people == named.people
    assert one.learning == named.learning


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL)
    assert settings.people["hris"].path == tmp_path / "inbox/employees*.csv"  # type: ignore[union-attr]
    assert settings.folder == tmp_path
    assert settings.learning["lms"].into == "classroom"
    assert settings.store_url() == f"sqlite:///{tmp_path}/.joinery/joinery.db"


def test_values_are_what_they_say(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        MINIMAL + "go_live: 2026-01-31\n"
        "retention: { raw_files: 2 weeks }\n"
        'triggers: { hire: { mail: "07:30" }, leaver: { archive_after: never } }\n'
        "guards: { suspend: { share: 0.5% } }\n"
        "learning_rules: [{ name: a, give: X, due: 30 days after start, counts_if_done_within: 2 years }]\n",
    )
    assert settings.go_live == date(2026, 1, 31)
    assert settings.retention.raw_files == timedelta(days=14)
    assert settings.triggers.hire.mail == time(7, 30)
    assert settings.triggers.leaver.archive_after is None
    guard = settings.guards.named("suspend")
    assert guard is not None
    assert guard.share == Decimal("0.005")
    (rule,) = settings.learning_rules
    assert (rule.give, rule.due, rule.counts_if_done_within) == (
        ("X",),
        "30 days after start",
        "2 years",
    )
    assert rule.origin == f"{tmp_path}/joinery.yaml:14:18"


def test_a_guard_keeps_the_defaults_it_does_not_mention(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL + "guards: { suspend: { most: 20 }, create: off, archive: { share: none } }\n")
    suspend, archive = settings.guards.named("suspend"), settings.guards.named("archive")
    assert suspend is not None
    assert archive is not None
    assert (suspend.most, suspend.share, suspend.each) == (20, Decimal("0.02"), ("location",))
    assert archive.share is None
    assert settings.guards.named("create") is None
    assert settings.guards.named("nothing of that name") is None


def test_guards_off_switches_all_of_them_off(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL + "guards: off\n")
    assert {settings.guards.named(name) for name in type(settings.guards).model_fields} == {None}


#: people touched of 265,000, by guard: a normal day passes, a department's new manager waits
@pytest.mark.parametrize(
    ("guard", "count", "waits"),
    [("create", 300, False), ("suspend", 60, False), ("update", 300, False), ("manager_change", 47_700, True)],
    ids=["300 hires pass", "60 leavers pass", "300 moves pass", "18 % of the managers wait"],
)
def test_default_guards_tell_a_normal_day_from_a_mass_change(
    tmp_path: Path, guard: str, count: int, waits: bool
) -> None:
    limit = loaded(tmp_path, MINIMAL).guards.named(guard)
    assert limit is not None
    assert limit.share is not None
    assert (count > limit.floor and count > limit.share * 265_000) is waits


def test_the_mode_of_one_kind_of_action_goes_before_the_mode_for_all(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL + "modes: { create: automatic }\n")
    assert settings.mode_of(ActionClass.CREATE) == "automatic"
    assert settings.mode_of(ActionClass.UPDATE) == "observe"


def test_usual_attributes_can_be_added_to_and_left_out(tmp_path: Path) -> None:
    text = MINIMAL.replace('"Employee number" }', "No, shift: S }").replace(
        "into: classroom",
        "into: classroom\n  attributes: { shift: shift, country: none, email: { from: work_email, write: on_create } }",
    )
    attributes = loaded(tmp_path, text).learning["lms"].attributes
    assert attributes["shift"].from_ == "shift"
    assert attributes["email"].write == "on_create"
    assert attributes["job_title"].write == "always"
    assert "country" not in attributes


def test_an_empty_cell_means_what_suits_the_attribute(tmp_path: Path) -> None:
    text = MINIMAL.replace(
        '"Employee number" }', "No, work_email: E, termination_date: T, given_name: { column: G, empty: none } }"
    )
    fields = loaded(tmp_path, text).people["hris"].fields
    assert {name: rule.empty for name, rule in fields.items()} == {
        "worker_id": "error",
        "work_email": "keep",
        "termination_date": "none",
        "given_name": "none",
    }


def test_without_fields_well_known_headings_are_left_to_the_mapping(tmp_path: Path) -> None:
    text = MINIMAL.replace('  fields: { worker_id: "Employee number" }\n', "")
    assert loaded(tmp_path, text).people["hris"].fields == {}


def test_the_choices_for_a_field_are_those_that_the_mapping_knows() -> None:
    def choices(name: str) -> set[str]:
        literal, _ = get_args(FieldRule.model_fields[name].annotation)
        return set(get_args(literal))

    assert choices("format") == {each.value for each in DateFormat}
    assert choices("transform") == {each.value for each in Transform} - {"trim"}  # always done
    assert set(get_args(FieldRule.model_fields["empty"].annotation)) == {each.value for each in Empty}


def test_the_rules_that_ship_are_those_that_can_be_switched_on() -> None:
    (literal, _) = get_args(Settings.model_fields["starters"].annotation)
    assert set(get_args(literal)) == set(STARTERS)


def test_what_a_rule_says_is_understood_by_the_core(tmp_path: Path) -> None:
    rules = (
        "[{ name: a, give: X, due: 2026-12-31, recurs: 12 months }, "
        "{ name: b, give: X, due: 2 weeks after hire, recurs: { every: 1 year, window: 8 weeks, grace: 0 days } }]"
    )
    one, other = loaded(tmp_path, MINIMAL + f"learning_rules: {rules}\n").learning_rules
    assert one.due is not None
    assert other.due is not None
    assert parse_due(one.due).on == date(2026, 12, 31)
    assert parse_due(other.due).anchor == "hire"
    assert one.recurs is not None
    assert (one.recurs.every, one.recurs.window) == ("12 months", "30 days")


def test_a_sensitive_attribute_is_read_with_a_reason(tmp_path: Path) -> None:
    text = MINIMAL.replace(
        '"Employee number" }', "No, birth_date: B }\n  allow_sensitive: { birth_date: youth protection }"
    )
    assert "birth_date" in loaded(tmp_path, text).people["hris"].fields


def test_an_attribute_of_ones_own_can_be_used_in_a_condition(tmp_path: Path) -> None:
    text = MINIMAL.replace('"Employee number" }', "No, shift: S, medal_on: { column: M, format: DD/MM/YYYY } }")
    settings = loaded(tmp_path, text + "learning_rules: [{ name: a, give: X, when: { shift: night } }]\n")
    assert {name: kind.name for name, kind in custom_kinds(settings).items()} == {"shift": "MIXED", "medal_on": "DATE"}


def test_numbers_in_a_condition_are_numbers_unless_they_are_written_as_text(tmp_path: Path) -> None:
    seen: list[object] = []
    path = tmp_path / "joinery.yaml"
    path.write_text(
        MINIMAL + 'learning_rules:\n  - { name: a, give: X, when: { job_level: [5, 1.5, "5", 05, NO, true] } }\n'
    )
    load(path, environ={}, check_condition=seen.append)
    assert seen == [{"job_level": [5, 1.5, "5", "05", "NO", True]}]


def test_a_condition_checker_of_the_caller_is_used_and_its_place_shown(tmp_path: Path) -> None:
    def check(condition: object) -> None:
        raise ConditionError("No.", data={"line": 1, "column": 4})

    path = tmp_path / "joinery.yaml"
    path.write_text(MINIMAL + "learning_rules:\n  - { name: a, give: X, when: abcdef }\n")
    with pytest.raises(ConfigError, match=r"11:34 learning_rules\[0\].when: No\."):
        load(path, environ={}, check_condition=check)


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL)
    with pytest.raises(ValidationError):
        settings.mode = "automatic"


def test_what_is_dumped_loads_again_to_the_same(tmp_path: Path) -> None:
    path = tmp_path / "joinery.yaml"
    path.write_text((ROOT / "config.example.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    settings = load(path, environ={})
    again = loaded(tmp_path, dump_resolved(settings))
    assert again.model_dump() == settings.model_dump()
    assert dump_resolved(again) == dump_resolved(settings)


@pytest.mark.parametrize("words", ["archive_after: never", "onboarding_again_after: never"])
def test_a_word_that_means_none_survives_the_dump(tmp_path: Path, words: str) -> None:
    key = "leaver" if "archive" in words else "rehire"
    assert words in dump_resolved(loaded(tmp_path, MINIMAL + f"triggers: {{ {key}: {{ {words} }} }}\n"))


# --- overrides


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    environ = {
        "JOINERY__PEOPLE__PATH": "./elsewhere/[a]*.csv",
        "JOINERY__MODE": "approve",
        "JOINERY__MAIL__PASSWORD__ENV": "SMTP_PASSWORD",
        "JOINERY__MAIL__USER": "null",
        "JOINERY__GUARDS__MAIL": "{ most: 5 }",
        "JOINERY__LEARNING__SIMULATION": "true",
        "JOINERY_PEOPLE_PATH": "one underscore is something else",
        "PATH": "/bin",
    }
    settings = loaded(tmp_path, MINIMAL, environ)
    assert settings.people["hris"].path == tmp_path / "elsewhere/[a]*.csv"  # type: ignore[union-attr]
    assert settings.mode == "approve"
    assert settings.mail.user == "null"
    assert settings.mail.password is not None
    assert settings.mail.password.env == "SMTP_PASSWORD"
    guard = settings.guards.named("mail")
    assert guard is not None
    assert guard.most == 5
    assert settings.learning["lms"].simulation


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("JOINERY__PEOPLE__PAHT", "x", "people.paht: unknown key; did you mean path?"),
        ("JOINERY__MODE__X", "x", "mode: this is not a mapping, so nothing inside it can be set"),
        ("JOINERY__PEOPLE__FIELDS__WORKER_ID__COLUMN", "x", "this is not a mapping, so nothing inside it can be set"),
        ("JOINERY____X", "x", "this does not name a setting; write JOINERY__PEOPLE__PATH for people.path"),
        ("JOINERY__GUARDS", "{ mail", "guards: begins like a mapping or a list but is not valid YAML"),
    ],
    ids=["an unknown key", "a value as a section", "inside a value", "an empty part", "broken YAML"],
)
def test_a_wrong_override_is_named_by_its_variable(tmp_path: Path, name: str, value: str, problem: str) -> None:
    text = str(refusal(tmp_path, MINIMAL, {name: value}))
    assert f"environment variable {name}" in text
    assert problem in text


# --- the version


def version(folder: Path, text: str, **environ: str) -> str:
    return loaded(folder, text, environ).version_hash


CHANGES: dict[str, tuple[Callable[[str], str], bool]] = {
    "a comment is no change": (lambda text: "# hello\n" + text, False),
    "another order is no change": (lambda text: "mode: observe\n" + text.replace("mode: observe\n", ""), False),
    "quotes around a text are no change": (lambda text: text.replace("from: file", "from: 'file'"), False),
    "another value is a change": (lambda text: text.replace("mode: observe", "mode: approve"), True),
    "an option more is a change": (lambda text: text + "out_of_scope: keep\n", True),
}


@pytest.mark.parametrize(("change", "counts"), CHANGES.values(), ids=CHANGES)
def test_the_version_changes_with_what_counts(tmp_path: Path, change: Callable[[str], str], counts: bool) -> None:
    assert (version(tmp_path, MINIMAL) != version(tmp_path, change(MINIMAL))) is counts


def test_the_version_changes_with_tables_rule_files_and_overrides(tmp_path: Path) -> None:
    table, rules = tmp_path / "d.csv", tmp_path / "r.yaml"
    table.write_text("4711,Ops\n")
    rules.write_text("name: a\ngive: X\n")
    text = MINIMAL + "map: { department: { table: d.csv } }\nrules: [r.yaml]\n"
    seen = [version(tmp_path, text)]
    table.write_text("4711,Sales\n")
    seen.append(version(tmp_path, text))
    rules.write_text("name: a\ngive: Y\n")
    seen.append(version(tmp_path, text))
    seen.append(version(tmp_path, text, JOINERY__MODE="approve"))
    assert len(set(seen)) == 4
    rules.write_text("# a comment\nname: a\ngive: Y\n")
    assert version(tmp_path, text) == seen[2]


def test_the_version_does_not_depend_on_the_folder(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "d.csv").write_text("4711,Ops\n")
    text = MINIMAL + "map: { department: { table: d.csv } }\n"
    assert version(tmp_path / "one", text) == version(tmp_path / "two", text)


# --- the examples


def test_every_example_loads() -> None:
    for name in ("config.example.yaml", "examples/replay/joinery.yaml", "examples/replay/guarded.yaml"):
        assert isinstance(load(ROOT / name, environ={}), Settings)


def test_the_replay_examples_differ_in_their_guards_only(tmp_path: Path) -> None:
    opened, guarded = (load(ROOT / f"examples/replay/{name}.yaml", environ={}) for name in ("joinery", "guarded"))
    assert opened.guards.named("manager_change") is None
    assert guarded.guards.named("manager_change") is not None
    one, other = opened.model_dump(exclude={"guards"}), guarded.model_dump(exclude={"guards"})
    assert one == other
    source = opened.people["hris"]
    assert (source.end_date_means, source.ready_when) == ("first_day_out", "present")  # type: ignore[union-attr]
    assert opened.triggers.leaver.archive_after is None
    assert {opened.mode_of(action) for action in ActionClass} == {"automatic"}
