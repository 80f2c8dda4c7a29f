"""Do two records call somebody by different names? Only ever a reason to ask: names never match anybody."""

from __future__ import annotations

import re
import unicodedata

from joinery.core.model.account import Account
from joinery.core.model.worker import Worker

_PART = re.compile(r"[^\W\d_]+")


def names_disagree(worker: Worker, account: Account) -> bool:
    """Both have names and not one part is the same: an address that was given to somebody else looks like this.

    A marriage, a nickname or a missing middle name leaves some part the same.
    """
    told = account.attributes
    ours = _parts(worker.given_name, worker.family_name, worker.preferred_name)
    theirs = _parts(told.get("given_name", ""), told.get("family_name", ""), told.get("display_name", ""))
    return bool(ours and theirs) and not ours & theirs


def _parts(*names: str) -> frozenset[str]:
    text = unicodedata.normalize("NFKD", " ".join(names)).casefold()
    plain = "".join(c for c in text if not unicodedata.combining(c))
    return frozenset(_PART.findall(plain))
