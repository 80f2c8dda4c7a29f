"""The names that HR systems give their columns, in English, German and French. Data only.

Rule 1: a name that can mean two attributes is in LIKELY or nowhere; a bare "manager" may be a name and is nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final


def keyed(names: Mapping[str, str]) -> dict[str, str]:
    """Attribute -> names, separated by commas; turned round: packed name -> attribute."""
    return {
        name.strip().replace(" ", ""): attribute
        for attribute, listed in names.items()
        for name in listed.split(",")
        if name.strip()
    }


#: packed column name -> attribute, where the name leaves no doubt
CERTAIN: Final[Mapping[str, str]] = keyed(
    {
        "worker_id": "employee id, employee number, employee no, employee num, employee code, emp id, emp no, emp num, "
        "emp number, emp code, empl id, personnel number, personnel no, personnel id, pernr, staff id, "
        "staff number, staff no, worker number, payroll number, payroll id, badge number, associate id, "
        "personalnummer, personal nr, personalnr, mitarbeiternummer, mitarbeiter nr, mitarbeiter id, matricule, "
        "matricule salarie, numero employe, numero salarie, no employe, id employe, id salarie",
        "source_id": "source key, wid, workday id, worker wid, employee wid, associate oid, record id, sourced id, "
        "external key, object id",
        "previous_id": "previous employee id, previous employee number, previous worker id, former employee id, "
        "former employee number, old employee id, old employee number, ancien matricule, alte personalnummer",
        "person_id": "universal id, person number, global id, global person id, person key, universal person id",
        "given_name": "first name, fore name, given names, legal first name, fname, prenom, vorname, voornaam, nombre",
        "family_name": "last name, sur name, legal last name, lname, nom de famille, nom usage, nom d usage, "
        "nachname, familienname, achternaam, apellido, apellidos, cognome",
        "preferred_name": "preferred first name, known as, nick name, called name, prenom usuel, rufname",
        "work_email": "work e mail, work mail, business email, business e mail, company email, company e mail, "
        "corporate email, professional email, office email, work email address, work e mail address, "
        "email work, primary work email, email professionnel, e mail professionnel, mail professionnel, "
        "courriel professionnel, adresse email professionnelle, dienstliche email, email dienstlich, "
        "geschaftliche email, firmen email",
        "personal_email": "private email, home email, personal e mail, private e mail, personal email address, "
        "home e mail, email personnel, courriel personnel, private email adresse",
        "status": "employment status, employee status, worker status, emp status, hr status, empl status, "
        "assignment status, statut employe, statut salarie, beschaftigungsstatus, mitarbeiterstatus",
        "hire_date": "date of hire, hired on, original hire date, latest hire date, date hired, joining date, "
        "date of joining, join date, employment start date, date embauche, date d embauche, date entree, "
        "date d entree, eintrittsdatum, eintritt, einstellungsdatum",
        "termination_date": "date of termination, term date, terminated on, leaving date, leave date, "
        "date of leaving, exit date, separation date, employment end date, date sortie, date de sortie, "
        "date depart, date de depart, date fin de contrat, date de fin de contrat, austrittsdatum, austritt",
        "leave_end_date": "leave end, loa end date, return date, expected return date, leave return date, "
        "end of leave, date de retour, date retour, ruckkehrdatum",
        "job_title": "position title, job name, business title, working title, position name, role title, "
        "intitule du poste, intitule poste, libelle poste, fonction, stellenbezeichnung, berufsbezeichnung, "
        "positionsbezeichnung",
        "job_code": "job id, job profile id, position code, code emploi, code poste, stellencode, stellenschlussel",
        "job_level": "job grade, grade level, management level, career level, niveau, hierarchieebene",
        "job_family": "job family name, job function, job category, famille emploi, famille de metier, berufsgruppe",
        "department": "department name, dept, dept name, dept code, department code, department id, dept id, "
        "org unit, organizational unit, organisational unit, organization unit, organisation unit, departement, "
        "abteilung, fachabteilung, direction, orgeinheit, organisationseinheit",
        "location": "location name, work location, location code, office location, work site, job location, "
        "site name, lieu de travail, lieu travail, standort, arbeitsort, dienstort",
        "country": "country code, work country, country name, location country, pays, code pays, land, landercode",
        "time_zone": "tz, time zone name, zeitzone, fuseau horaire",
        "manager_id": "manager number, manager no, manager employee id, manager employee number, manager emp id, "
        "managers id, managers employee id, manager worker id, manager code, manager personnel number, "
        "supervisor id, supervisor number, supervisor employee id, line manager id, line manager number, "
        "reports to id, reporting manager id, direct manager id, boss id, matricule manager, "
        "matricule du manager, matricule responsable, matricule du responsable, matricule n 1, "
        "personalnummer vorgesetzter, vorgesetzten id, vorgesetzter id, vorgesetztennummer, "
        "personalnummer fuhrungskraft",
        "manager_email": "manager e mail, manager mail, supervisor email, line manager email, manager email address, "
        "managers email, reports to email, email manager, email du manager, email responsable, email vorgesetzter",
        "cost_center": "cost centre, cost center code, cost centre code, cost center id, cost centre id, "
        "centre de cout, centre de couts, centre cout, kostenstelle",
        "legal_entity": "company, company name, company code, legal entity name, legal employer, employer, entity, "
        "societe, entite juridique, entite legale, gesellschaft, firma, buchungskreis",
        "employment_type": "employee type, worker type, contract type, emp type, type of employment, "
        "employment class, employee class, type contrat, type de contrat, vertragsart, beschaftigungsart, "
        "anstellungsart",
        "fte": "full time equivalent, fte percent, fte percentage, etp, taux activite, beschaftigungsgrad",
        "language": "preferred language, language code, locale, correspondence language, langue, sprache, "
        "korrespondenzsprache",
        "phone": "work phone, phone number, business phone, office phone, telephone, telephone number, "
        "mobile phone, work phone number, telefon, telefonnummer, tel",
        "leave_class": "leave access, access during leave",
    }
)

#: what a name usually means; gives way to a name of the attribute that leaves no doubt
LIKELY: Final[Mapping[str, str]] = keyed(
    {
        "worker_id": "id, number, employee, ident, identifier, user id, worker, associate number, staff code",
        "given_name": "first, forename, firstname",
        "family_name": "last, surname, lastname, nom, name last",
        "work_email": "email, e mail, mail, email address, e mail address, mail address, courriel, "
        "adresse email, e mail adresse, email adresse, emailadresse",
        "status": "state, statut, active status, current status",
        "hire_date": "start date, start, started on, date debut, date de debut, begin date, commencement date, "
        "startdatum, service date, work start, work start date",
        "termination_date": "end date, last day, last working day, last day worked, last day of work, "
        "last day employed, last employment day, contract end date, contract end, date fin, date de fin, end, "
        "enddatum, letzter arbeitstag, dernier jour",
        "job_title": "title, position, job, role, poste, emploi, stelle, funktion",
        "job_level": "grade, level",
        "department": "division, team, unit, service, org, orgunit, organization, organisation, bereich",
        "location": "site, office, work place, workplace, locality, city, ville, ort, etablissement",
        "employment_type": "type, contract, category, contrat",
    }
)

#: a column of such a name gives way to another one that fits as well: with "Hire date" beside it, "Original hire date"
#: is the first of several employments, and the hire date that counts is that of the latest. "Activation date" and
#: "Active status date" are nowhere: when an account or a status begins is no day on which somebody is hired
GIVES_WAY: Final = frozenset({"originalhiredate", "workstart", "workstartdate"})

#: kind -> phrases that name such a column; read only when allowed with a reason
SENSITIVE: Final[Mapping[str, tuple[str, ...]]] = {
    "a national ID": (
        "national id",
        "national identifier",
        "national insurance",
        "nino",
        "ssn",
        "sin",
        "social security",
        "social insurance",
        "tax id",
        "tax number",
        "passport",
        "identity card",
        "nir",
        "numero securite sociale",
        "securite sociale",
        "sozialversicherungsnummer",
        "sv nummer",
        "steuer id",
        "steuernummer",
        "bsn",
        "aadhaar",
        "pan number",
    ),
    "a birth date": (
        "birth date",
        "birthdate",
        "date of birth",
        "dob",
        "birthday",
        "birth",
        "born",
        "age",
        "date naissance",
        "date de naissance",
        "naissance",
        "geburtsdatum",
        "geburtstag",
    ),
    "pay": (
        "salary",
        "wage",
        "wages",
        "base pay",
        "pay rate",
        "pay",
        "hourly rate",
        "compensation",
        "bonus",
        "salaire",
        "remuneration",
        "gehalt",
        "lohn",
    ),
    "bank details": ("iban", "bic", "bank account", "account number", "bank", "sort code", "routing number", "konto"),
    "health data": (
        "health",
        "disability",
        "disabled status",
        "medical",
        "sick",
        "illness",
        "handicap",
        "sante",
        "gesundheit",
        "schwerbehinderung",
        "leave reason",
        "absence reason",
        "blood group",
    ),
    "belief, origin or gender": (
        "religion",
        "religious",
        "ethnicity",
        "ethnic",
        "race",
        "nationality",
        "citizenship",
        "konfession",
        "union membership",
        "gender",
        "sex",
        "sexual orientation",
        "marital status",
        "mothers maiden",
        "maiden name",
    ),
    "a password": ("password", "passwort", "mot de passe", "pin"),
}
