"""The names of columns that hold what Joinery must not read, in the languages of HR systems. Data only.

Rule 1: such a column is read only when somebody allowed it with a reason; when in doubt a name belongs here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from joinery.core.mapping.vocabulary import SENSITIVE as ENGLISH_GERMAN_FRENCH

#: whole words, as `headers.words_of` writes them: small, without accents
_MORE: Final[Mapping[str, str]] = {
    "a national ID": "dni, nie, nif, cif, curp, rfc, cpf, rg, pesel, bsn, burgerservicenummer, codice fiscale, "
    "numero de identidad, documento de identidad, carta d identita, carta identita, identiteitskaart, paspoort, "
    "passeport, reisepass, personalausweis, ausweisnummer, pasaporte, passaporto, numero de seguridad social, "
    "seguridad social, previdenza sociale, numer pesel, steuernr, steuer nr, ahv nummer, ahv nr, insz, rijksregister",
    "a birth date": "fecha de nacimiento, fecha nacimiento, nacimiento, edad, data di nascita, nascita, eta, "
    "data de nascimento, nascimento, idade, geboortedatum, geboorte, leeftijd, data urodzenia, wiek, fodselsdato, "
    "fodelsedatum, alter, age band, year of birth, annee de naissance",
    "pay": "salario, sueldo, nomina, retribucion, stipendio, retribuzione, paga, remuneracao, ordenado, salaris, loon, "
    "wynagrodzenie, palkka, bruttolohn, pay grade amount, annual pay, hourly pay, ctc, package, prime, "
    "taux horaire, stundenlohn, stundensatz",
    "bank details": "cuenta bancaria, conto corrente, conta bancaria, bankrekening, rekeningnummer, bankverbindung, "
    "kontonummer, compte bancaire, rib, numer konta",
    "health data": "salud, enfermedad, discapacidad, salute, malattia, disabilita, saude, doenca, deficiencia, "
    "gezondheid, ziekte, verzuim, zdrowie, maladie, arret maladie, motif absence, motif d absence, invalidite, "
    "krankheit, krankentage, krankenkasse, fehlgrund, abwesenheitsgrund, grossesse, pregnancy, pregnant, "
    "schwangerschaft, gdb, rqth, vaccination, impfstatus, allergies, works accident, arbeitsunfall",
    "belief, origin or gender": "sexo, genero, sesso, genere, geslacht, geschlecht, sexe, genre, plec, estado civil, "
    "stato civile, burgerlijke staat, familienstand, situation familiale, etat civil, nacionalidad, nazionalita, "
    "nacionalidade, nationaliteit, nationalite, staatsangehorigkeit, obywatelstwo, raza, etnia, religione, "
    "godsdienst, glaube, kirchensteuer, syndicat, gewerkschaft, sindicato, vakbond, trade union, caste, "
    "political, party membership",
    "a password": "contrasena, senha, wachtwoord, haslo, secret, passcode",
}

SENSITIVE: Final[Mapping[str, tuple[str, ...]]] = {
    kind: tuple(dict.fromkeys((*phrases, *(word.strip() for word in _MORE.get(kind, "").split(",") if word.strip()))))
    for kind, phrases in ENGLISH_GERMAN_FRENCH.items()
}

#: parts of words that leave no doubt, for languages that write words together: Bruttogehalt, Krankenstand
STEMS: Final[Mapping[str, str]] = {
    "gehalt": "pay",
    "salaire": "pay",
    "geburt": "a birth date",
    "birthd": "a birth date",
    "dateofbirth": "a birth date",
    "naissance": "a birth date",
    "krank": "health data",
    "schwerbehind": "health data",
    "behinderung": "health data",
    "schwanger": "health data",
    "religi": "belief, origin or gender",
    "ethnic": "belief, origin or gender",
    "sozialversicherung": "a national ID",
    "socialsecurity": "a national ID",
    "nationalid": "a national ID",
    "passport": "a national ID",
    "steuerid": "a national ID",
    "iban": "bank details",
    "passwor": "a password",
    "kennwort": "a password",
}

#: headings in other scripts, as they stand
SCRIPTS: Final[Mapping[str, str]] = {
    "生年月日": "a birth date",
    "出生": "a birth date",
    "생년월일": "a birth date",
    "дата рождения": "a birth date",
    "дата народження": "a birth date",
    "ημερομηνία γέννησης": "a birth date",
    "تاريخ الميلاد": "a birth date",
    "給与": "pay",
    "給料": "pay",
    "工资": "pay",
    "薪": "pay",
    "급여": "pay",
    "зарплата": "pay",
    "оклад": "pay",
    "μισθός": "pay",
    "الراتب": "pay",
    "身份证": "a national ID",
    "マイナンバー": "a national ID",
    "주민등록번호": "a national ID",
    "инн": "a national ID",
    "снилс": "a national ID",
    "паспорт": "a national ID",
    "病": "health data",
    "健康": "health data",
    "障害": "health data",
    "건강": "health data",
    "инвалидност": "health data",
    "болезн": "health data",
    "性別": "belief, origin or gender",
    "性别": "belief, origin or gender",
    "성별": "belief, origin or gender",
    "宗教": "belief, origin or gender",
    "национальность": "belief, origin or gender",
    "пол": "belief, origin or gender",
    "パスワード": "a password",
    "пароль": "a password",
}
