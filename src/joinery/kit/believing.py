"""What another system answered is believed whole or not at all. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from joinery.errors import BadAnswer


@contextmanager
def believed(who: str, what: str, form: str = "a form that is not known") -> Iterator[None]:
    """An answer that cannot be read is a BadAnswer; its values are not repeated, they may be personal."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise BadAnswer(f"{who} answered {what} in {form}; nothing of it was believed.") from error
