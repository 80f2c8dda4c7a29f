"""Decides what HR's word for a status means. Rule 1: a word that is not here, or means two things, is `unknown`.

Rule 2: of a leave only the class (keep | suspend) is ever kept; a word that may tell its reason goes no further.
"""

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
    Status.LEAVE: "leave, on leave, loa, l, leave of absence, absent, sabbatical, unpaid leave, paid leave, "
    "long term leave, leave with pay, leave without pay, furlough, furloughed, beurlaubt, abwesend, ruhend, en congé, "
    "congé, absent longue durée, sick leave, on sick leave, sick, long term sick, medical leave, disability leave, "
    "short term disability, long term disability, family leave, fmla, fmla leave, caregiver leave, carers leave, "
    "bereavement leave, military leave, krank, krankgeschrieben, langzeitkrank, krankenstand, pflegezeit, "
    "arrêt maladie, en arrêt maladie, maladie, longue maladie, mi-temps thérapeutique",
    Status.GARDEN_LEAVE: "garden leave, gardening leave, on garden leave, freigestellt, freistellung, "
    "dispense d'activité, dispensé d'activité",
    Status.DORMANT: "dormant, on assignment abroad, seconded abroad, on global assignment, away on global assignment",
    Status.TERMINATED: "terminated, t, term, left, leaver, ended, exited, former, former employee, separated, "
    "dismissed, retired, not employed, no longer employed, ausgeschieden, ausgetreten, "
    "beendet, rentner, pensioniert, sorti, parti, terminé, retraité, cessato, uit dienst, desligado",
    Status.DECEASED: "deceased, dead, death in service, passed away, verstorben, décédé, décédée, fallecido",
    Status.RESCINDED: "rescinded, rescinded hire, hire rescinded, no show, noshow, withdrawn, offer withdrawn, "
    "reported no show, offer declined, declined, cancelled, canceled, cancelled hire, did not start, never started, "
    "nicht angetreten, storniert, zurückgezogen, annulé, désisté, jamais venu",
}


#: parental leave keeps access, whatever the company says of other leaves
_PARENTAL: Final = (
    "parental leave, on parental leave, parental, maternity leave, on maternity leave, maternity, paternity leave, "
    "paternity, adoption leave, shared parental leave, elternzeit, in elternzeit, mutterschutz, im mutterschutz, "
    "karenz, elternkarenz, congé parental, congé maternité, congé de maternité, congé paternité, "
    "congé de paternité, congé d'adoption, ouderschapsverlof, zwangerschapsverlof, baja maternal, "
    "baja por maternidad, congedo parentale, maternità"
)
#: words for a leave that tell nothing about why
_NEUTRAL: Final = (
    "leave, on leave, loa, l, leave of absence, absent, unpaid leave, paid leave, leave with pay, leave without pay, "
    "u, p, f, s, garden leave, gardening leave, on garden leave, suspended, furlough, furloughed, sabbatical, "
    "beurlaubt, abwesend, freigestellt, freistellung, en congé, congé"
)
#: what is kept of a word that may tell why
SOME_LEAVE: Final = "leave"
KEEP, SUSPEND = "keep", "suspend"


def normal(word: str) -> str:
    """Without case, accents, spaces, hyphens and other marks: `Pre-Hire` and `PREHIRE` are one word."""
    plain = word if word.isascii() else unicodedata.normalize("NFKD", word)
    return "".join(c for c in plain.casefold() if c.isalnum())


VOCABULARY: Final[Mapping[str, Status]] = {
    normal(word): status for status, words in (*_WORDS.items(), (Status.LEAVE, _PARENTAL)) for word in words.split(", ")
}
#: the same as plain texts: word -> what it means
WORDS: Final[Mapping[str, str]] = {word: str(status) for word, status in VOCABULARY.items()}
PARENTAL: Final = frozenset(normal(word) for word in _PARENTAL.split(", "))
NEUTRAL: Final = frozenset(normal(word) for word in _NEUTRAL.split(", "))


def status_of(word: str, own: Mapping[str, Status]) -> Status:
    """What the word means; `own` are the company's words (keys by `normal`) and win."""
    if not word:
        return Status.NONE
    key = normal(word)
    return own.get(key) or VOCABULARY.get(key, Status.UNKNOWN)


def own_words(words: Mapping[str, Status]) -> dict[str, Status]:
    """Settings' words, ready for `status_of`."""
    return {normal(word): status for word, status in words.items()}


def told_of(word: str, status: Status) -> str:
    """The word as it may be kept: that somebody is away is, why they are away is not."""
    away = status in {Status.LEAVE, Status.GARDEN_LEAVE}
    return SOME_LEAVE if away and normal(word) not in NEUTRAL else word


def leave_class_of(word: str, own: Mapping[str, str]) -> str | None:
    """`keep` or `suspend`; None for a word that nobody has explained. `own` are the company's (keys by `normal`)."""
    key = normal(word)
    if key in {KEEP, SUSPEND}:
        return key
    return own.get(key) or (KEEP if key in PARENTAL else None)
