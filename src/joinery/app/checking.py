"""What `joinery check` needs to read a file as `joinery sync` would: its seal, and what earlier files looked like.

Rule: nothing is written where the file lies, and nothing is kept; what was encrypted is gone when the look is over.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from joinery.app import clock
from joinery.app.sources import opener
from joinery.errors import ConfigError, StoreTrouble
from joinery.kit.drop import ArrivedFile, arrived
from joinery.settings import Settings
from joinery.settings.secret import Secret


def remembered(settings: Settings, source: str) -> Mapping[str, Any]:
    """What the last good file of this source looked like; nothing where no run has been yet."""
    from joinery.store.connections import load_state
    from joinery.store.database import Database

    url = settings.store_url()
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).is_file():
        return {}
    database = Database(url)
    try:
        with database.read() as connection:
            known = load_state(connection, settings.name).extra.get("layouts", {}).get(source, {})
    except (SQLAlchemyError, StoreTrouble):
        return {}
    finally:
        database.close()
    return dict(known)


@contextmanager
def plain(path: Path, settings: Settings | None, source: str, key: str) -> Iterator[Path]:
    """The file itself, or what is in its seal, until the block ends. `key`: `env:NAME` or `file:PATH`; empty: that of
    the source. Raises SourceUntrusted with what is wrong with its seal, KeyUnusable when something is with our keys."""
    from joinery.intake.openpgp import tag_of
    from joinery.intake.seal import ENDINGS, Seal

    with path.open("rb") as file:
        sealed = tag_of(file.read(4096)) is not None
    opened: Callable[[ArrivedFile], AbstractContextManager[ArrivedFile]]
    if key:
        secret = _secret(key)
        opened = Seal(now=clock.now, keys=(secret.reveal,)).opened
    elif settings is not None:
        opened = opener(settings.people[source])
    elif sealed or path.name.lower().endswith(ENDINGS):
        raise ConfigError(
            f"{path.name} is encrypted, and no key is named; nothing was read.",
            fix="Name the settings of its source (--config), or a private key: --decrypt-with file:PATH or env:NAME.",
        )
    else:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="joinery-check-") as folder, opened(_here(path, folder, sealed)) as found:
        yield found.path


def _here(path: Path, folder: str, sealed: bool) -> ArrivedFile:
    """A sealed file is opened in a folder of our own."""
    if sealed:
        path = Path(shutil.copyfile(path, Path(folder) / path.name))
    return arrived(path, None, None)


def _secret(told: str) -> Secret:
    kind, _, name = told.partition(":")
    if kind not in {"env", "file"} or not name:
        raise ConfigError(
            "The key is not named (it is not repeated here); nothing was read.",
            fix="Say --decrypt-with file:PATH or --decrypt-with env:NAME.",
        )
    env, file = (name, "") if kind == "env" else ("", name)
    return Secret(env=env, file=file, folder=Path.cwd(), environ=os.environ)
