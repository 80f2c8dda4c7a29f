"""Prints certificates and checks them. The name is today's; id, course, date and result are those of the completion.

Printing the same facts twice gives the same bytes. A PDF carries its facts, signed, and a seal over the whole file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from joinery_classroom import signing, wire
from joinery_classroom.days import day_done
from joinery_classroom.errors import NameNotPrintable
from joinery_classroom.model import Account, Completion
from joinery_classroom.settings import ClassroomSettings

_TEMPLATE = Path(__file__).parent / "certificate.typ"
_FACTS = re.compile(rb"JOINERY-CERT-1\.([\w-]+)\.([\w-]+\.[\w-]+)")
_SEAL = re.compile(rb"\n%JOINERY-SEAL-1\.([\w-]+\.[\w-]+)\n\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`genuine`: the facts were signed by us. `unaltered`: the file is byte for byte what we printed.

    A genuine but altered file may only have been saved again or merged: believe `facts`, not the page.
    """

    genuine: bool
    unaltered: bool
    facts: Mapping[str, Any]
    why: str


def print_certificate(account: Account, done: Completion, settings: ClassroomSettings) -> bytes:
    """The PDF, tagged for screen readers (PDF/UA-1). Raises NameNotPrintable rather than print boxes."""
    facts = facts_of(account, done, settings)
    text = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    message = text.encode()
    token = f"JOINERY-CERT-1.{signing.encode(message)}.{signing.sign(settings.secret, message)}"
    pdf = _typeset({**facts, "token": token, "qr": qr_svg(facts["verify_url"])}, settings, account)
    seal = signing.sign(settings.secret, hashlib.sha256(pdf).digest())
    return pdf + f"\n%JOINERY-SEAL-1.{seal}\n".encode()


def facts_of(account: Account, done: Completion, settings: ClassroomSettings) -> dict[str, Any]:
    """What the certificate says."""
    return {
        "certificate_id": done.certificate_id,
        "name": printed_name(account),
        "course": done.course,
        "course_title": done.course_title,
        "course_version": done.course_version,
        "completed_on": day_done(done).isoformat(),
        "result": done.result,
        "score": done.score,
        "expires_on": wire.day(done.expires_on),
        "organisation": settings.organisation,
        "verify_url": f"{settings.base_url}/verify/{done.certificate_id}",
    }


def printed_name(account: Account) -> str:
    """The name for certificates: `certificate_name` where HR gives one, else the name in use now."""
    return account.attributes.get("certificate_name") or account.name


def verify_certificate(pdf: bytes, public_key: str) -> Verdict:
    """Checks a certificate without asking a server. `public_key` is that of `signing.public_key`."""
    found = _FACTS.search(pdf)
    if found is None:
        return Verdict(genuine=False, unaltered=False, facts={}, why="This file carries no signed facts.")
    try:
        message = signing.decode(found[1].decode())
    except ValueError:
        return Verdict(genuine=False, unaltered=False, facts={}, why="The signed facts are damaged.")
    if not signing.holds(public_key, message, found[2].decode()):
        why = "The facts were not signed with this key: the certificate is forged, or from elsewhere."
        return Verdict(genuine=False, unaltered=False, facts={}, why=why)
    seal = _SEAL.search(pdf)
    if seal and signing.holds(public_key, hashlib.sha256(pdf[: seal.start()]).digest(), seal[1].decode()):
        return Verdict(genuine=True, unaltered=True, facts=json.loads(message), why="Genuine and unaltered.")
    why = "The signed facts are genuine, but the file was changed since: believe the facts, not the page."
    return Verdict(genuine=True, unaltered=False, facts=json.loads(message), why=why)


def qr_svg(text: str) -> str:
    """A QR code as a standalone SVG."""
    import qrcode
    from qrcode.image.svg import SvgPathImage

    out = BytesIO()
    qrcode.make(text, image_factory=SvgPathImage, border=2).save(out)
    return out.getvalue().decode()


def _typeset(data: Mapping[str, Any], settings: ClassroomSettings, account: Account) -> bytes:
    import typst

    fonts = [] if settings.fonts is None else [settings.fonts]
    shown = {"data": json.dumps(data, ensure_ascii=False)}
    try:
        return typst.compile(_TEMPLATE, format="pdf", sys_inputs=shown, pdf_standards="ua-1", font_paths=fonts)
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
        # not from `error`: its text quotes the name
        raise NameNotPrintable(
            f"The certificate of account {account.id} was not printed: no font on this server can write the name."
        ) from None
