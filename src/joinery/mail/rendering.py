"""Turns templates into text. Rule: templates are data from a company: sandboxed, every name defined, no foreign host.

A company's folder wins file by file over `templates/` here. The first line of each text part is `Subject: …`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from joinery.errors import ConfigError
from joinery.mail.addresses import one_line

HERE = Path(__file__).with_name("templates")

_URL = re.compile(r"""(?:[a-z][a-z0-9+.-]*:)?//[^\s"'<>)\\]+""", re.IGNORECASE)
_LOADS = re.compile(r"<\s*(?:script|img|iframe|object|embed|link|form|input|video|audio|base)\b|url\s*\(|@import", re.I)


class Templates:
    """The shipped templates, and above them those in `own`, a company's folder."""

    def __init__(self, own: Path | None = None) -> None:
        if own is not None and not own.is_dir():
            raise ConfigError("`mail.templates` is not a folder.", fix="Make it, or leave the setting out.")
        folders = [own, HERE] if own else [HERE]
        self._environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
            autoescape=select_autoescape(enabled_extensions=("html",), default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )

    def text(self, name: str, values: Mapping[str, object], host: str) -> tuple[str, str]:
        """(subject, plain text) of `<name>.txt`."""
        rendered = self._render(f"{name}.txt", values, host)
        first, _, body = rendered.lstrip().partition("\n")
        kind, colon, subject = first.partition(":")
        if kind.strip().lower() != "subject" or not colon or not one_line(subject):
            raise ConfigError(f"The mail template {name}.txt does not begin with a line `Subject: …`.")
        return one_line(subject), re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"

    def html(self, name: str, values: Mapping[str, object], host: str) -> str:
        """The HTML of `<name>.html`."""
        rendered = self._render(f"{name}.html", values, host)
        if found := _LOADS.search(rendered):
            raise ConfigError(
                f"The mail template {name}.html contains {found[0]!r}: sign-in mails load and run nothing.",
                fix="Take it out; colours and text are enough.",
            )
        return rendered

    def _render(self, name: str, values: Mapping[str, object], host: str) -> str:
        try:
            rendered = self._environment.get_template(name).render(values)
        except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            line = getattr(error, "lineno", None)
            where = f", line {line}" if line else ""
            # only undefined names are quoted: another message could quote a person
            why = (
                error.message
                if isinstance(error, TemplateError) and "undefined" in str(error)
                else "it does not render"
            )
            raise ConfigError(
                f"The mail template {name}{where} cannot be used: {why}; no mail was sent.",
                fix="Correct the template, or delete it to use Joinery's own.",
            ) from None
        if foreign := foreign_hosts(rendered, host):
            raise ConfigError(
                f"The mail template {name} leads to {', '.join(sorted(foreign))}: sign-in mails lead to {host} only.",
                fix="Take the link or picture out of the template.",
            )
        return rendered


def foreign_hosts(rendered: str, host: str) -> frozenset[str]:
    """Hosts (with port, as written) in any URL of the text other than this one."""
    found = (urlsplit(url if ":" in url.split("//")[0] else f"https:{url}").netloc for url in _URL.findall(rendered))
    return frozenset(netloc.lower() for netloc in found if netloc.lower() != host.lower())
