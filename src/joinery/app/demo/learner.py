"""A learner at work, through Classroom's own pages: follows the mailed link, reads a course, finishes, prints.

Rule: nothing is done here that a person with a browser could not do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, build_opener

from joinery.errors import BadAnswer

SECONDS = 20


def mails_to(folder: Path, address: str) -> list[EmailMessage]:
    """The mails that the demo's mail server keeps for this address, oldest first."""
    read = (message_from_bytes(file.read_bytes(), policy=policy.default) for file in sorted(folder.glob("*.eml")))
    return [mail for mail in read if isinstance(mail, EmailMessage) and address in str(mail["To"])]


def link_in(mail: EmailMessage) -> str:
    """The sign-in link of a mail; empty text when there is none."""
    body = mail.get_body(("plain",))
    found = re.search(r"https?://\S+/in/[\w-]+", body.get_content() if body else "")
    return found[0] if found else ""


def _browser() -> OpenerDirector:
    return build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))


@dataclass(slots=True)
class Learner:
    """A browser with one person's cookies. `address` is where Classroom answers now."""

    address: str
    _browser: OpenerDirector = field(default_factory=_browser)

    def sign_in(self, link: str) -> None:
        """Opens the mailed link and presses the button."""
        self._press(urlsplit(link).path, urlsplit(link).path)

    def finish(self, course: str) -> str:
        """Reads every step of the course and finishes it; the number of the certificate."""
        page = f"/courses/{course}"
        for item in dict.fromkeys(re.findall(rf'href="{page}/items/([\w.-]+)"', self._read(page).decode())):
            self._press(f"{page}/items/{item}", f"{page}/items/{item}/done")
        self._press(page, f"{page}/finish")
        found = re.search(r"/certificates/([A-Z0-9-]+)\.pdf", self._read(page).decode())
        if found is None:
            raise BadAnswer(f"Classroom shows no certificate for the course {course}.")
        return found[1]

    def certificate(self, number: str) -> bytes:
        """The PDF."""
        return self._read(f"/certificates/{number}.pdf")

    def _press(self, page: str, action: str) -> None:
        token = re.search(r'name="csrf" value="([^"]+)"', self._read(page).decode())
        if token is None:
            raise BadAnswer("A page of Classroom has no form.")
        self._read(action, urlencode({"csrf": token[1]}).encode())

    def _read(self, path: str, form: bytes | None = None) -> bytes:
        with self._browser.open(self.address + path, data=form, timeout=SECONDS) as answer:
            content: bytes = answer.read()
        return content
