"""A secret is a reference: nothing that Joinery prints, dumps or raises holds what it refers to."""

from __future__ import annotations

import pickle
import traceback
from pathlib import Path

import pytest

from joinery.errors import ConfigError
from joinery.settings import Secret, dump_resolved
from tests.settings.files import MINIMAL, loaded, refusal

WORD = "hunter2-correct-horse"

LITERALS = {
    "as a password": f"mail: {{ user: a, password: {WORD} }}",
    "as a password in a block": f"mail:\n  user: a\n  password: >-\n    {WORD}",
    "as a list": f"mail: {{ user: a, password: [{WORD}] }}",
    "as a key of the reference": f"mail: {{ user: a, password: {{ {WORD}: x }} }}",
    "beside the reference": f"mail: {{ user: a, password: {{ env: A, value: {WORD} }} }}",
    "as the name of a variable": f"mail: {{ user: a, password: {{ env: '{WORD}' }} }}",
    "as an alias": f"mail: {{ user: a, password: *{WORD} }}",
    "as a tag": f"mail: {{ user: a, password: !{WORD} x }}",
    "in quotes that stay open": f'mail: {{ user: a, password: "{WORD} }}',
    "in the address of a database": f"store: {{ url: 'postgresql://joinery:{WORD}@db/joinery' }}",
    "in an address": f"learning_: x\nlearning2: {{ url: 'https://a:{WORD}@b' }}",
}


@pytest.mark.parametrize("text", LITERALS.values(), ids=LITERALS)
def test_a_secret_in_the_file_is_refused_without_being_repeated(tmp_path: Path, text: str) -> None:
    error = refusal(tmp_path, MINIMAL + text + "\n")
    assert WORD not in "".join([str(error), repr(error), repr(error.data), *traceback.format_exception(error)])


def test_a_login_in_the_address_of_a_learning_system_is_not_repeated(tmp_path: Path) -> None:
    text = MINIMAL.replace(
        "into: classroom", f"into: classroom\n  url: https://a:{WORD}@b.example\n  key: {{ env: K }}"
    )
    error = refusal(tmp_path, text)
    assert WORD not in str(error)
    assert "learning.url: must not hold a user name or password" in str(error)


def test_a_login_anywhere_else_is_cut_out_of_what_is_shown(tmp_path: Path) -> None:
    error = refusal(tmp_path, MINIMAL + f"go_live: https://a:{WORD}@b.example\n")
    assert 'found "https://…@b.example"' in str(error)


def test_a_secret_in_an_override_is_refused_without_being_repeated(tmp_path: Path) -> None:
    for variable in ("JOINERY__MAIL__PASSWORD", "JOINERY__STORE__URL", "JOINERY__MAIL__PASWORD"):
        error = refusal(tmp_path, MINIMAL, {variable: WORD})
        assert WORD not in str(error) + repr(error.data)
        assert variable in str(error)


def test_a_secret_is_read_when_it_is_needed_and_never_shown(tmp_path: Path) -> None:
    environ = {"SMTP": WORD, "DB": f"postgresql://joinery:{WORD}@db/joinery"}
    settings = loaded(
        tmp_path, MINIMAL + "mail: { user: a, password: { env: SMTP } }\nstore: { url: { env: DB } }\n", environ
    )
    password = settings.mail.password
    assert password is not None
    assert password.reveal() == WORD
    assert settings.store_url().endswith("@db/joinery")
    shown = [repr(settings), str(settings), repr(password), str(password), f"{password}", dump_resolved(settings)]
    shown += [str(settings.model_dump()), settings.model_dump_json(), repr(vars(settings.mail))]
    assert not [text for text in shown if WORD in text]
    assert repr(password) == "Secret(•••• from env SMTP)"
    assert "env: SMTP" in dump_resolved(settings)


def test_a_secret_from_a_file_is_relative_to_the_settings_and_loses_its_line_end(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL + "mail: { user: a, password: { file: smtp.key } }\n")
    password = settings.mail.password
    assert password is not None
    with pytest.raises(ConfigError, match=r"cannot be read from the file .*smtp\.key: No such file"):
        password.reveal()
    (tmp_path / "smtp.key").write_text(WORD + "\n")
    assert password.reveal() == WORD
    (tmp_path / "smtp.key").write_bytes(b"\xff" + WORD.encode())
    with pytest.raises(ConfigError) as caught:
        password.reveal()
    assert WORD not in "".join(traceback.format_exception(caught.value))


def test_a_secret_that_is_not_set_is_a_settings_error_when_it_is_needed(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL + "mail: { user: a, password: { env: NOWHERE } }\n")
    assert settings.mail.password is not None
    with pytest.raises(ConfigError, match="the environment variable NOWHERE is not set or empty"):
        settings.mail.password.reveal()


def test_a_secret_cannot_be_stored() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(env="A", environ={"A": WORD}))
