"""YAML 1.2 as people mean it: Norway, clock times, leading zeros; and what a hostile file may try."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.settings.files import MINIMAL, loaded, said


def test_norway_is_a_country(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL.replace("name: Example SA", "name: Example SA, country: NO"))
    assert settings.company.country == "NO"


TEXTS = {
    "a clock time": "10:30",
    "a number with leading zeros": "000123",
    "a number with an exponent": "1e3",
    "a number with underscores": "1_000",
    "a hexadecimal number": "0x1F",
    "a date": "2026-01-31",
    "a version": "1.10",
    "yes": "yes",
    "off": "off",
    "y": "y",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_stays_as_it_was_written(tmp_path: Path, text: str) -> None:
    settings = loaded(tmp_path, MINIMAL + f"protected: {{ worker_ids: [{text}] }}\n")
    assert settings.protected.worker_ids == (text,)


@pytest.mark.parametrize("word", ["true", "null", "~"])
def test_only_true_false_and_null_mean_something_and_only_without_quotes(tmp_path: Path, word: str) -> None:
    (problem,) = said(tmp_path, MINIMAL + f"protected: {{ worker_ids: [{word}] }}\n")
    assert problem.startswith("10:27 protected.worker_ids[0]: must be text; found ")
    settings = loaded(tmp_path, MINIMAL + f'protected: {{ worker_ids: ["{word}"] }}\n')
    assert settings.protected.worker_ids == (word,)


@pytest.mark.parametrize("word", ["NO", "on", "off", "1", "1.0", "null", "true", "2026-01-31"])
def test_keys_are_text_too(tmp_path: Path, word: str) -> None:
    settings = loaded(tmp_path, MINIMAL + f"map: {{ country: {{ values: {{ {word}: x }} }} }}\n")
    assert settings.map["country"].values == {word: "x"}


def test_a_file_that_says_it_is_yaml_1_1_is_still_read_as_1_2(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "%YAML 1.1\n---\n" + MINIMAL + "protected: { worker_ids: [off, 10:30] }\n")
    assert settings.protected.worker_ids == ("off", "10:30")


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "\ufeff" + MINIMAL.replace("\n", "\r\n"))
    assert settings.company.name == "Example SA"


def test_anchors_may_be_used_but_not_to_make_a_small_file_enormous(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL + "protected: { worker_ids: &ids [a], account_ids: *ids }\n")
    assert settings.protected.account_ids == ("a",)
    bomb = "".join(f"x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 9)}]\n" for i in range(1, 9))
    problems = said(tmp_path, MINIMAL + "x0: &x0 [a]\n" + bomb)
    assert any("there is too much here for settings (are aliases repeated?)" in problem for problem in problems)


@pytest.mark.filterwarnings("error")
def test_an_anchor_that_is_used_twice_is_no_reason_to_print_the_file(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL + "protected: { worker_ids: [&x a], account_ids: [&x b, *x] }\n")
    assert settings.protected.account_ids == ("b", "b")


def test_a_list_that_holds_itself_is_refused(tmp_path: Path) -> None:
    problems = said(tmp_path, MINIMAL + "protected: { worker_ids: &ids [*ids] }\n")
    assert any("there is too much here for settings" in problem for problem in problems)


def test_a_file_of_many_megabytes_is_not_read(tmp_path: Path) -> None:
    assert said(tmp_path, "#" * 2_000_001) == ["1:1 : the file is larger than 2 MB; is it a settings file?"]
