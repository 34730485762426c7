"""What a column may hold, guessed from its name and type: one table, read from the top; the first rule that fits.

The names are words as they stand in names of columns, in English, German, French, Spanish, Portuguese, Italian and
Dutch, in small letters and without accents: `geburts_datum` fits GeburtsDatum and geburts-datum. A guess is a proposal
to a person; where no rule fits, the draft says so and asks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from exports.sources.datamap import DECIDE, E164, Category, Compare, Match, NeverDisclose
from exports.sources.schema import Column, Kind

ANY = frozenset(Kind)
TEXT = frozenset({Kind.TEXT})
DATE = frozenset({Kind.DATE})
NUMBER = frozenset({Kind.NUMBER})
CODE = frozenset({Kind.TEXT, Kind.NUMBER})
SAMPLED_ENOUGH = 0.8  # of the values that are not empty
FEWEST_VALUES = 3


class Leads(StrEnum):
    """Whether an identifier in the column leads to the row."""

    NO = "no"
    ALWAYS = "always"
    ALONE = "alone"  # where nothing else does: the identifier comes from another source


@dataclass(frozen=True, slots=True)
class Rule:
    """What columns of these names, and of these kinds, are taken for. `names` are parted by blanks."""

    what: str
    names: str
    category: Category
    kinds: frozenset[Kind] = TEXT
    sensitive: bool = False
    never: NeverDisclose | None = None
    match: Match | None = None
    reliable: bool = False
    leads: Leads = Leads.NO


@dataclass(frozen=True, slots=True)
class Guess:
    """A rule that fits, and why; without a rule a person has to say what the column holds."""

    rule: Rule | None
    why: str

    @property
    def is_personal(self) -> bool:
        """Whether it looks like somebody's data, rather than like a thing of the business."""
        return self.rule is not None and self.rule.category is not Category.COMMERCIAL


PASSWORD = Rule(
    "a password or what opens an account",
    "password passwd pwd passwort kennwort mot_de_passe motdepasse contrasena clave_acceso senha wachtwoord"
    " password_hash pin pin_code secret token api_key totp otp_secret salt",
    Category.CUSTOMER_RECORDS,
    sensitive=True,
    never=NeverDisclose.ACCOUNT_PASSWORD,
    kinds=frozenset({Kind.TEXT, Kind.NUMBER, Kind.BINARY}),
)
SSN = Rule(
    "a social security number",
    "ssn social_security social_security_no social_security_number sozialversicherungsnummer sv_nummer numero_secu"
    " nir numero_seguridad_social nss codice_fiscale bsn cpf",
    Category.CUSTOMER_RECORDS,
    sensitive=True,
    never=NeverDisclose.SOCIAL_SECURITY_NUMBER,
    kinds=CODE,
)
BANK = Rule(
    "a bank account or card number",
    "iban bank_account bank_account_no bank_account_number bankaccount kontonummer konto_nr numero_compte"
    " compte_bancaire cuenta_bancaria numero_cuenta conta_bancaria conto_corrente rekeningnummer card_number card_no"
    " cardnumber credit_card creditcard kartennummer numero_carte numero_tarjeta pan cvv cvc routing_number",
    Category.CUSTOMER_RECORDS,
    sensitive=True,
    never=NeverDisclose.FINANCIAL_ACCOUNT_NUMBER,
    kinds=CODE,
)
EMAIL = Rule(
    "an e-mail address",
    "email e_mail mail emailaddress mail_address courriel correo correo_electronico posta_elettronica e_mailadres"
    " mailadresse emailadresse",
    Category.IDENTIFIERS,
    match=Match("email", Compare.EMAIL),
    reliable=True,
    leads=Leads.ALWAYS,
)
# Whose numbers lack a country code no schema says; a text is compared as a number, however it is written.
OF_A_COUNTRY = E164(f"{DECIDE} the country whose numbers have no code here, such as US; each spelling is found then")
PHONE = Rule(
    "a telephone number",
    "phone telephone tel mobile mobile_no cell cellphone msisdn fax telefon telefonnummer handy mobil portable"
    " telefono movil telefone celular cellulare telefoon phone_number phonenumber",
    Category.IDENTIFIERS,
    match=Match("phone", OF_A_COUNTRY),
    reliable=True,
    leads=Leads.ALONE,
)
PHONE_IN_DIGITS = replace(PHONE, kinds=NUMBER, match=Match("phone", Compare.DIGITS))
IP_ADDRESS = Rule(
    "an internet address",
    "ip ip_address ipaddress ip_adresse adresse_ip direccion_ip endereco_ip remote_addr client_ip mac_address",
    Category.INTERNET_ACTIVITY,
    kinds=frozenset({Kind.TEXT, Kind.NETWORK, Kind.BINARY, Kind.OTHER}),  # some drivers have a type of their own
)
RULES: tuple[Rule, ...] = (
    # what is said about a thing, not the thing itself
    Rule(
        "a choice about marketing or consent",
        "opt_in opt_out optin optout consent consented newsletter marketing subscribed unsubscribed einwilligung"
        " consentement consentimiento consentimento consenso toestemming",
        Category.COMMERCIAL,
        kinds=frozenset({Kind.TRUTH, Kind.DATE, Kind.NUMBER}),
    ),
    Rule(
        "the last digits of a card or account",
        "last4 last_4 last_four card_last4 derniers_chiffres ultimas_cifras",
        Category.CUSTOMER_RECORDS,
        kinds=CODE,
    ),
    # never disclosed: 11 CCR 7024(d)
    PASSWORD,
    Rule(
        "a security question or its answer",
        "security_question security_answer secret_question secret_answer sicherheitsfrage question_secrete"
        " pregunta_seguridad",
        Category.CUSTOMER_RECORDS,
        sensitive=True,
        never=NeverDisclose.SECURITY_QUESTIONS_AND_ANSWERS,
    ),
    SSN,
    Rule(
        "the number of a driver's licence",
        "licence_no license_no licence_number license_number driver_licence driver_license drivers_license"
        " driving_licence fuehrerschein fuhrerschein permis_de_conduire permiso_conducir carnet_conducir cnh patente"
        " rijbewijs",
        Category.CUSTOMER_RECORDS,
        sensitive=True,
        never=NeverDisclose.DRIVER_LICENCE_NUMBER,
        kinds=CODE,
    ),
    Rule(
        "the number of an identity document or with the tax office",
        "passport passport_no passport_number reisepass passnummer passeport pasaporte passaporte passaporto paspoort"
        " personalausweis ausweisnummer national_id id_card dni nie nif nino rg tax_id tax_number steuernummer"
        " steuer_id curp",
        Category.CUSTOMER_RECORDS,
        sensitive=True,
        never=NeverDisclose.GOVERNMENT_ID_NUMBER,
        kinds=CODE,
    ),
    BANK,
    Rule(
        "a health insurance or medical number",
        "insurance_no insurance_number insurance_id medical_record_no medical_record_number mrn patient_no"
        " krankenkassennummer versichertennummer carte_vitale tarjeta_sanitaria",
        Category.CUSTOMER_RECORDS,
        sensitive=True,
        never=NeverDisclose.HEALTH_INSURANCE_OR_MEDICAL_ID,
        kinds=CODE,
    ),
    Rule(
        "biometric data",
        "fingerprint faceprint iris_scan voiceprint biometric biometrics fingerabdruck empreinte huella_dactilar",
        Category.BIOMETRIC,
        sensitive=True,
        never=NeverDisclose.UNIQUE_BIOMETRIC_DATA,
        kinds=ANY,
    ),
    # sensitive: Cal. Civ. Code § 1798.140(ae)
    Rule(
        "health",
        "diagnosis disease allergy allergies medication disability blood_type health_status diagnose krankheit"
        " allergie behinderung maladie handicap enfermedad alergia doenca malattia ziekte",
        Category.PROTECTED_CHARACTERISTICS,
        sensitive=True,
        kinds=ANY,
    ),
    Rule(
        "race, origin, belief, union or sexual orientation",
        "race ethnicity ethnic_origin religion religious confession konfession faith union_member trade_union"
        " gewerkschaft syndicat sindicato sexual_orientation citizenship_status immigration_status herkunft raza etnia"
        " raca razza",
        Category.PROTECTED_CHARACTERISTICS,
        sensitive=True,
        kinds=ANY,
    ),
    Rule(
        "a precise place",
        "latitude longitude lat lng lon geo geom geolocation gps coordinates location_point breitengrad laengengrad"
        " latitud longitud",
        Category.GEOLOCATION,
        sensitive=True,
        kinds=ANY,
    ),
    # identifiers, and before postal addresses those of machines
    IP_ADDRESS,
    EMAIL,
    PHONE,
    PHONE_IN_DIGITS,
    Rule(
        "the number of an account or customer",
        "account_no account_number account_nr customer_no customer_number customer_nr client_no member_no"
        " member_number membership_no kundennummer kunden_nr mitgliedsnummer numero_client numero_cliente numero_socio"
        " numero_conta codice_cliente klantnummer",
        Category.IDENTIFIERS,
        kinds=CODE,
        match=Match("account_number", Compare.EXACT),
        reliable=True,
        leads=Leads.ALWAYS,
    ),
    Rule(
        "the number of a device",
        "device_id deviceid device_uuid advertising_id idfa gaid visitor_id cookie_id geraete_id id_appareil"
        " id_dispositivo",
        Category.IDENTIFIERS,
        kinds=CODE,
        match=Match("device_id", Compare.EXACT),
        leads=Leads.ALONE,
    ),
    Rule(
        "a date of birth",
        "birth_date birthdate date_of_birth dob birthday born born_on geburtsdatum geburts_datum geburtstag"
        " date_naissance date_de_naissance fecha_nacimiento fecha_de_nacimiento data_nascimento data_di_nascita"
        " data_nascita geboortedatum",
        Category.PROTECTED_CHARACTERISTICS,
        kinds=DATE | TEXT,
        match=Match("birth_date", Compare.EXACT),
        reliable=True,
    ),
    Rule(
        "sex, age, family or origin",
        "gender sex age marital_status nationality citizenship geschlecht alter familienstand staatsangehoerigkeit"
        " sexe etat_civil nationalite sexo genero estado_civil nacionalidad nacionalidade sesso geslacht veteran",
        Category.PROTECTED_CHARACTERISTICS,
        kinds=ANY,
    ),
    Rule(
        "part of a postal address",
        "street street_address address address1 address2 address_line city town postcode postal_code zip zip_code"
        " zipcode state province county country strasse hausnummer plz ort stadt adresse rue ville code_postal pays"
        " calle ciudad codigo_postal direccion provincia pais rua endereco cidade cep indirizzo via citta cap straat"
        " plaats",
        Category.IDENTIFIERS,
        kinds=CODE,
    ),
    Rule(
        "a name of a person",
        "name full_name fullname first_name firstname last_name lastname surname given_name family_name middle_name"
        " nickname username user_name login vorname nachname familienname prenom nom nom_de_famille nombre apellido"
        " apellidos sobrenome nome cognome voornaam achternaam naam contact_name author",
        Category.IDENTIFIERS,
        match=Match("name", Compare.CASEFOLD),
    ),
    # the rest of § 1798.140(v)(1)
    Rule(
        "use of a website or program",
        "user_agent useragent browser referrer referer url session session_id cookie click clicks page_view platform"
        " last_login last_seen first_seen login_at navegador navigateur",
        Category.INTERNET_ACTIVITY,
        kinds=ANY,
    ),
    Rule(
        "work",
        "salary wage job_title employer employee_no employee_id hire_date gehalt lohn beruf arbeitgeber salaire"
        " emploi salario empleador puesto stipendio",
        Category.EMPLOYMENT,
        kinds=ANY,
    ),
    Rule(
        "education",
        "school university degree grade gpa student_id schule abschluss ecole diplome escuela titulo",
        Category.EDUCATION,
        kinds=ANY,
    ),
    Rule(
        "a conclusion about the person",
        "score segment risk_class propensity profile prediction churn credit_score bonitaet persona",
        Category.INFERENCES,
        kinds=ANY,
    ),
    Rule(
        "a picture, voice or film",
        "photo picture image avatar audio voice recording video foto bild aufnahme imagen voz",
        Category.SENSORY,
        kinds=frozenset({Kind.BINARY, Kind.TEXT}),
    ),
    Rule(
        "a record of dealings",
        "amount price total cents quantity qty currency discount tax vat invoice_no order_no order_number sku product"
        " product_id status points stars rating method line_no betrag preis menge anzahl montant prix quantite importe"
        " precio cantidad valor preco prezzo importo bedrag prijs rechnungsnummer bestellnummer",
        Category.COMMERCIAL,
        kinds=ANY - {Kind.BINARY},
    ),
    Rule(
        "when something was done",
        "at on date created updated modified deleted closed opened placed paid sent written added booked datum"
        " date_de fecha data erstellt geaendert",
        Category.COMMERCIAL,
        kinds=DATE,
    ),
)
BY_TYPE: Mapping[Kind, Rule] = {Kind.NETWORK: IP_ADDRESS}
# What sampled values look like; the whole value has to fit.
PATTERNS: tuple[tuple[re.Pattern[str], Rule], ...] = (
    (re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+"), EMAIL),
    (re.compile(r"\d{3}-\d{2}-\d{4}"), SSN),
    (re.compile(r"[A-Z]{2}\d{2} ?([A-Z0-9]{4} ?){2,7}[A-Z0-9]{1,4}|(\d{4}[ -]?){3}\d{4}"), BANK),
    (re.compile(r"\$(2[aby]|argon2\w*|scrypt|5|6)\$.*|(pbkdf2_|scrypt|argon2)\w*\$.*"), PASSWORD),
    (
        re.compile(
            r"(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}|([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}"
        ),
        IP_ADDRESS,
    ),
    (re.compile(r"\+\d[\d ().-]{7,18}|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}"), PHONE),
)


def guess(column: Column, values: Sequence[str] = ()) -> Guess:
    """What the column may hold, by the sampled values if they say it, else by its name, else by its type."""
    named = _by_name(column.name, column.kind)
    seen = _by_values(values) if column.kind is Kind.TEXT else None
    if seen and (named is None or named.rule is None or not named.rule.never):
        return seen
    if named:
        return named
    rule = BY_TYPE.get(column.kind)
    if rule:
        return Guess(rule, f"{rule.what}, by its type")
    return Guess(None, "neither name nor type says what it holds")


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in small letters without accents: birthDate, BIRTH_DATE and birth-date are the same two."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", letters)
    return tuple(word for word in re.split(r"[^a-z0-9]+", parted.lower()) if word)


@lru_cache(maxsize=4096)  # the same names stand in many tables
def _by_name(column: str, kind: Kind) -> Guess | None:
    name = f"_{'_'.join(words_of(column))}_"
    for rule in RULES:
        if kind in rule.kinds:
            word = next((word for word in rule.names.split() if f"_{word}_" in name), None)
            if word:
                return Guess(rule, f'{rule.what}, by "{word}" in its name')
    return None


def _by_values(values: Sequence[str]) -> Guess | None:
    """The pattern that most of the values fit. How many is said, never which."""
    for pattern, rule in PATTERNS:
        fitting = sum(bool(pattern.fullmatch(value.strip())) for value in values)
        if fitting >= max(FEWEST_VALUES, SAMPLED_ENOUGH * len(values)):
            return Guess(rule, f"{rule.what}, by {fitting} of {len(values)} sampled values")
    return None
