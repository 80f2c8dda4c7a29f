"""Decides what HR's word for a status means. Rule 1: a word that is not here, or means two things, is `unknown`."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

from joinery.core.model.worker import Status

_WORDS: Final[Mapping[Status, str]] = {
    Status.PREHIRE: "pre-hire, prehire, future hire, future start, not started, not yet started, pending hire, "
    "pending start, offer accepted, onboarding, preboarding, upcoming, "
    "zukünftig, noch nicht gestartet, futur, à venir, embauche prévue",
    Status.ACTIVE: "active, a, act, employed, current, working, in, probation, on probation, "
    "active - payroll eligible, active assignment, aktiv, beschäftigt, probezeit, actif, active (f), en poste, "
    "présent, en activité, activo, activa, attivo, attiva, actief, ativo, ativa",
    Status.NOTICE: "notice, on notice, notice period, serving notice, working notice, resigning, "
    "in kündigung, kündigungsfrist, en préavis, préavis, démissionnaire",
    Status.LEAVE: "leave, on leave, loa, l, leave of absence, absent, parental leave, maternity leave, "
    "maternity, paternity leave, sabbatical, unpaid leave, paid leave, long term leave, leave with pay, "
    "leave without pay, elternzeit, mutterschutz, beurlaubt, abwesend, ruhend, en congé, congé, congé parental, "
    "congé maternité, absent longue durée",
    Status.GARDEN_LEAVE: "garden leave, gardening leave, on garden leave, freigestellt, freistellung, "
    "dispense d'activité, dispensé d'activité",
    Status.TERMINATED: "terminated, t, term, left, leaver, ended, exited, former, former employee, separated, "
    "dismissed, retired, not employed, no longer employed, ausgeschieden, ausgetreten, "
    "beendet, rentner, pensioniert, sorti, parti, terminé, retraité, cessato, uit dienst, desligado",
    Status.DECEASED: "deceased, dead, death in service, passed away, verstorben, décédé, décédée, fallecido",
    Status.RESCINDED: "rescinded, rescinded hire, hire rescinded, no show, noshow, withdrawn, offer withdrawn, "
    "offer declined, declined, cancelled, canceled, cancelled hire, did not start, never started, "
    "nicht angetreten, storniert, zurückgezogen, annulé, désisté, jamais venu",
}


def normal(word: str) -> str:
    """Without case, accents, spaces, hyphens and other marks: `Pre-Hire` and `PREHIRE` are one word."""
    plain = word if word.isascii() else unicodedata.normalize("NFKD", word)
    return "".join(c for c in plain.casefold() if c.isalnum())


VOCABULARY: Final[Mapping[str, Status]] = {
    normal(word): status for status, words in _WORDS.items() for word in words.split(", ")
}


def status_of(word: str, own: Mapping[str, Status]) -> Status:
    """What the word means; `own` are the company's words (keys by `normal`) and win."""
    if not word:
        return Status.NONE
    key = normal(word)
    return own.get(key) or VOCABULARY.get(key, Status.UNKNOWN)


def own_words(words: Mapping[str, Status]) -> dict[str, Status]:
    """Settings' words, ready for `status_of`."""
    return {normal(word): status for word, status in words.items()}
