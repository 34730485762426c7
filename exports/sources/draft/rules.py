"""What columns are taken for: one table of names, with the types that they may have, and of what values look like.

The names are phrases in small letters without accents, in English, German, French, Spanish, Portuguese, Italian and
Dutch: `geburts_datum` fits GeburtsDatum and geburts-datum, `email` also emails and email2. A phrase that begins with
"=" is the whole name, or it is another thing: `via` is an Italian street, and ship_via is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from exports.sources.datamap import DECIDE, E164, Category, Compare, Match, NeverDisclose
from exports.sources.schema import Kind

ANY = frozenset(Kind)
TEXT = frozenset({Kind.TEXT})
DATE = frozenset({Kind.DATE})
NUMBER = frozenset({Kind.NUMBER})
CODE = frozenset({Kind.TEXT, Kind.NUMBER})


class Leads(StrEnum):
    """Whether an identifier in the column leads to the row."""

    NO = "no"
    ALWAYS = "always"
    ASKED = "asked"  # where nothing else does, and a person says so: a number that people know, or only the database
    ALONE = "alone"  # where nothing else does: the identifier comes from another source, or people share it


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
    says_about: bool = False  # behind the name of a thing it says something about it: email_status is no address
    marks_people: bool = False  # rows that have it are those of people, or of one of them, and no list of things

    @property
    def is_secret_or_compared(self) -> bool:
        """Whether it is wrong to take what is said about the thing for the thing itself."""
        return self.match is not None or self.never is not None

    def as_it_looks(self) -> Rule:
        """The same for a column of a type in which such a thing can't be compared: JSON, an array, encrypted bytes."""
        return replace(self, match=None, reliable=False, leads=Leads.NO)


# Whose name it is, before "name".
WHOSE_NAME = (
    "customer client contact person member user employee staff patient student guest subscriber author owner sender"
    " recipient receiver addressee buyer seller holder cardholder account_holder acc_holder partner consumer donor"
    " payer payee applicant candidate passenger driver visitor attendee participant parent child guardian spouse ship"
    " shipping bill billing delivery invoice reviewer commenter signer signatory beneficiary kunden cliente"
)
PASSWORD = Rule(
    "a password or what opens an account",
    "password passwd pwd passphrase passcode =pass user_pass login_pass admin_pass passwort kennwort mot_de_passe"
    " motdepasse contrasena clave_acceso senha wachtwoord parola_d_ordine password_hash hashed_password password_salt"
    " pin_code card_pin =pin secret token api_key apikey auth_key authkey access_key private_key secret_key app_key"
    " activation_key activation_code recovery_code reset_code backup_code verification_code confirm_code otp totp"
    " otp_secret salt session_key auth_hash",
    Category.CUSTOMER_RECORDS,
    sensitive=True,
    never=NeverDisclose.ACCOUNT_PASSWORD,
    kinds=frozenset({Kind.TEXT, Kind.NUMBER, Kind.BINARY}),
)
SSN = Rule(
    "a social security number",
    "ssn ssnid ssn_no ssn_number social_security social_security_no social_security_number social_insurance_number"
    " sozialversicherungsnummer sv_nummer numero_secu nir numero_seguridad_social nss codice_fiscale bsn cpf =sin",
    Category.CUSTOMER_RECORDS,
    sensitive=True,
    never=NeverDisclose.SOCIAL_SECURITY_NUMBER,
    kinds=CODE,
    marks_people=True,
)
BANK = Rule(
    "a bank account or card number",
    "iban bank_account bank_account_no bank_account_number bankaccount kontonummer konto_nr numero_compte"
    " compte_bancaire cuenta_bancaria numero_cuenta conta_bancaria conto_corrente rekeningnummer card_number card_no"
    " card_num cardnumber cc_number cc_num cc_no ccnum credit_card credit_card_number creditcard debit_card"
    " kartennummer numero_carte numero_tarjeta numero_carta =pan pan_number cvv cvv2 cvc cvc2 cid_enc card_cvv"
    " card_code security_code card_security_code card_verification routing_number acc_number acct_number acct_no"
    " sort_code bankleitzahl",
    Category.CUSTOMER_RECORDS,
    sensitive=True,
    never=NeverDisclose.FINANCIAL_ACCOUNT_NUMBER,
    kinds=CODE,
    marks_people=True,
)
EMAIL = Rule(
    "an e-mail address",
    "email e_mail mail emailaddress email_address e_mail_address mail_address email_id email_addr courriel adresse_mail"
    " correo correo_electronico posta_elettronica e_mailadres mailadresse emailadresse email_adresse e_mail_adresse",
    Category.IDENTIFIERS,
    match=Match("email", Compare.EMAIL),
    reliable=True,
    leads=Leads.ALWAYS,
    marks_people=True,
)
# Whose numbers lack a country code no schema says; a text is compared as a number, however it is written.
OF_A_COUNTRY = E164(f"{DECIDE} the country whose numbers have no code here, such as US; each spelling is found then")
PHONE = Rule(
    "a telephone number",
    "phone telephone tel mobile mobile_no mobile_number cellphone cell_phone cell_no =cell msisdn fax fax_number"
    " phone_no phone_number phonenumber phone_num telephone_number contact_number contact_no whatsapp telefon"
    " telefonnummer telefonnr rufnummer handy handynummer mobil mobilnummer =portable tel_portable telephone_portable"
    " telefono movil telefone celular cellulare telefoon telefoonnummer",
    Category.IDENTIFIERS,
    match=Match("phone", OF_A_COUNTRY),
    reliable=True,
    leads=Leads.ALONE,
    marks_people=True,
)
PHONE_IN_DIGITS = replace(PHONE, kinds=NUMBER, match=Match("phone", Compare.DIGITS))
IP_ADDRESS = Rule(
    "an internet address",
    "ip ip_address ipaddress ip_addr ip_adresse adresse_ip direccion_ip endereco_ip remote_addr remote_ip client_ip"
    " x_forwarded_for forwarded_for mac_address",
    Category.INTERNET_ACTIVITY,
    kinds=frozenset({Kind.TEXT, Kind.NETWORK, Kind.BINARY, Kind.OTHER}),  # some drivers have a type of their own
    marks_people=True,
)
CUSTOMER_ID = Rule(
    "the number of an account or customer, or only of their row",
    "customer_id customerid client_id member_id user_id userid account_id subscriber_id person_id contact_id patient_id"
    " guest_id kunden_id id_client id_cliente id_usuario cliente_id usuario_id",
    Category.IDENTIFIERS,
    kinds=CODE,
    match=Match("account_number", Compare.EXACT),
    leads=Leads.ASKED,
)
ROW_NUMBER = Rule(
    "a number that stands for a row", "id uid uuid guid rowguid", Category.IDENTIFIERS, kinds=ANY, says_about=True
)
WORK = Rule(
    "work",
    "=company =firma =empresa =societe =azienda salary wage job_title occupation profession employer employee_no"
    " employee_id hire_date department"
    " vacation_hours sick_leave sick_leave_hours pay_frequency pay_rate gehalt lohn beruf arbeitgeber salaire"
    " emploi salario empleador puesto stipendio",
    Category.EMPLOYMENT,
    kinds=ANY,
)
RULES: tuple[Rule, ...] = (
    Rule(
        "a choice about marketing or consent",
        "opt_in opt_out optin optout email_opt_in email_opt_out consent consented newsletter marketing promotion"
        " subscribed unsubscribed do_not_call do_not_mail do_not_email einwilligung consentement consentimiento"
        " consentimento consenso toestemming",
        Category.COMMERCIAL,
        kinds=frozenset({Kind.TRUTH, Kind.DATE, Kind.NUMBER}),
    ),
    Rule(
        "the last digits of a card or account",
        "last4 last_4 last_four card_last4 cc_last_4 derniers_chiffres ultimas_cifras",
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
        "licence_no license_no licence_number license_number driver_licence driver_license drivers_license dl_number"
        " dl_no driving_licence fuehrerschein fuhrerschein permis_de_conduire permiso_conducir carnet_conducir cnh"
        " patente rijbewijs",
        Category.CUSTOMER_RECORDS,
        sensitive=True,
        never=NeverDisclose.DRIVER_LICENCE_NUMBER,
        kinds=CODE,
        marks_people=True,
    ),
    Rule(
        "the number of an identity document or with the tax office",
        "passport passport_no passport_number passport_id reisepass passnummer passeport pasaporte passaporte"
        " passaporto paspoort personalausweis ausweisnummer national_id national_id_number national_id_no nationalid"
        " identification_id identification_number id_card id_card_number id_number identity_number government_id dni"
        " nie nif nino =rg tax_id tax_number taxid taxvat tax_vat vat_id vat_number =vat tin tin_number tin_no"
        " steuernummer steuer_id ust_id curp aadhaar visa_number visa_no",
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
        marks_people=True,
    ),
    Rule(
        "biometric data",
        "fingerprint faceprint iris_scan voiceprint biometric biometrics fingerabdruck empreinte huella_dactilar",
        Category.BIOMETRIC,
        sensitive=True,
        never=NeverDisclose.UNIQUE_BIOMETRIC_DATA,
        kinds=ANY,
        marks_people=True,
    ),
    # sensitive: Cal. Civ. Code § 1798.140(ae)
    Rule(
        "health",
        "diagnosis disease allergy allergies medication disability blood_type blood_group health_status diagnose"
        " krankheit allergie behinderung maladie handicap enfermedad alergia doenca malattia ziekte",
        Category.PROTECTED_CHARACTERISTICS,
        sensitive=True,
        kinds=ANY,
        marks_people=True,
    ),
    Rule(
        "race, origin, belief, union or sexual orientation",
        "race ethnicity ethnic_origin religion religious confession konfession faith union_member trade_union"
        " gewerkschaft syndicat sindicato sexual_orientation citizenship_status immigration_status herkunft raza etnia"
        " raca razza",
        Category.PROTECTED_CHARACTERISTICS,
        sensitive=True,
        kinds=ANY,
        marks_people=True,
    ),
    Rule(
        "a precise place",
        "latitude longitude lat lng lon geo geom geolocation gps coordinates location_point geo_location"
        " spatial_location breitengrad laengengrad latitud longitud",
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
        " member_number membership_no membership_number loyalty_number kundennummer kunden_nr mitgliedsnummer"
        " numero_client numero_cliente numero_socio numero_conta codice_cliente klantnummer",
        Category.IDENTIFIERS,
        kinds=CODE,
        match=Match("account_number", Compare.EXACT),
        reliable=True,
        leads=Leads.ALWAYS,
        marks_people=True,
    ),
    CUSTOMER_ID,
    Rule(
        "the number of a device",
        "device_id deviceid device_uuid advertising_id idfa gaid visitor_id cookie_id geraete_id id_appareil"
        " id_dispositivo",
        Category.IDENTIFIERS,
        kinds=CODE,
        match=Match("device_id", Compare.EXACT),
        leads=Leads.ALONE,
        marks_people=True,
    ),
    Rule(
        "a date of birth",
        "birth_date birthdate date_of_birth dob birthday birth_day born born_on geburtsdatum geburts_datum geburtstag"
        " date_naissance date_de_naissance fecha_nacimiento fecha_de_nacimiento data_nascimento data_de_nascimento"
        " data_di_nascita data_nascita geboortedatum",
        Category.PROTECTED_CHARACTERISTICS,
        kinds=DATE | TEXT,
        match=Match("birth_date", Compare.EXACT),
        reliable=True,
        marks_people=True,
    ),
    Rule(
        "sex, age, family or origin",
        "gender sex =age =marital marital_status nationality citizenship place_of_birth birth_place birthplace"
        " country_of_birth children_count number_of_children geschlecht =alter familienstand staatsangehoerigkeit"
        " geburtsort sexe etat_civil nationalite sexo genero estado_civil nacionalidad nacionalidade sesso geslacht"
        " veteran",
        Category.PROTECTED_CHARACTERISTICS,
        kinds=ANY,
        marks_people=True,
    ),
    Rule(
        "part of a postal address",
        "street street_address address address1 address2 address_line addr house_no house_number apartment postcode"
        " postal_code postalcode zip zip_code zipcode po_box strasse hausnummer plz anschrift adresse rue code_postal"
        " calle codigo_postal direccion domicilio endereco cep indirizzo =via =cap straat huisnummer",
        Category.IDENTIFIERS,
        kinds=CODE,
        marks_people=True,
    ),
    Rule(
        "a place, as in a postal address",
        "city town district suburb =state state_province state_code state_id home_state billing_state shipping_state"
        " ship_state bill_state =region ship_region region_id region_code province county country bundesland =ort"
        " wohnort stadt land ville pays ciudad provincia pais cidade citta plaats",
        Category.IDENTIFIERS,
        kinds=CODE,
    ),
    Rule(
        "a name of a person",
        "=name_first =name_last full_name fullname first_name firstname last_name lastname surname given_name givenname"
        " family_name middle_name middlename middle_initial maiden_name nickname nick_name nicename username"
        " login login_id login_name display_name legal_name preferred_name real_name screen_name name_on_card cc_owner"
        " card_owner from_name to_name"
        " name_suffix name_prefix name_style title_of_courtesy salutation honorific anrede vorname nachname"
        " familienname zuname prenom nom_de_famille nom_famille nombre_completo nombre_usuario primer_nombre"
        " segundo_nombre apellido sobrenome nome_completo cognome voornaam achternaam author"
        f" {' '.join(f'{who}_name' for who in WHOSE_NAME.split())} nombre_cliente nom_client",
        Category.IDENTIFIERS,
        match=Match("name", Compare.CASEFOLD),
        marks_people=True,
    ),
    Rule(
        "a name of a person, or of a thing",
        "=name =prefix =suffix =nom =nombre =nome =naam",
        Category.IDENTIFIERS,
        match=Match("name", Compare.CASEFOLD),
    ),
    # the rest of § 1798.140(v)(1)
    Rule(
        "use of a website or program",
        "user_agent useragent agent browser referrer referer url session session_id cookie click clicks page_view"
        " platform last_login last_log_in last_seen last_visit last_visit_at last_activity first_seen login_at"
        " navegador navigateur",
        Category.INTERNET_ACTIVITY,
        kinds=ANY,
    ),
    WORK,
    Rule(
        "education",
        "school university =degree grade gpa student_id schule abschluss ecole diplome escuela titulo",
        Category.EDUCATION,
        kinds=ANY,
    ),
    Rule(
        "a conclusion about the person",
        "score segment risk_class propensity profile prediction churn credit_score bonitaet persona demographics",
        Category.INFERENCES,
        kinds=ANY,
    ),
    Rule(
        "a picture, voice or film",
        "photo picture image avatar audio voice recording video foto bild aufnahme imagen voz",
        Category.SENSORY,
        kinds=frozenset({Kind.BINARY, Kind.TEXT}),
    ),
    Rule(  # Cal. Civ. Code § 1798.80(e)
        "a signature, or how somebody looks",
        "signature unterschrift firma_digital =height =weight body_height body_weight eye_color eye_colour hair_color"
        " hair_colour",
        Category.CUSTOMER_RECORDS,
        kinds=CODE,
    ),
    Rule(
        "what somebody wrote, or what was written about them",
        "note notes comment comments remark remarks message body content memo feedback comentario"
        " observaciones observacoes bemerkung anmerkung nachricht commentaire remarque opmerking",
        Category.COMMERCIAL,
        says_about=True,
    ),
    Rule(
        "the language or setting that somebody chose",
        "lang language locale timezone time_zone tz theme sprache langue idioma lingua taal",
        Category.CUSTOMER_RECORDS,
        kinds=CODE,
        says_about=True,
    ),
    Rule(
        "a record of dealings",
        "amount price total cents quantity qty currency discount tax vat freight invoice_no order_no order_number sku"
        " product product_id points stars rating method line_no betrag preis menge anzahl montant prix quantite importe"
        " precio cantidad valor preco prezzo importo bedrag prijs rechnungsnummer bestellnummer",
        Category.COMMERCIAL,
        kinds=ANY - {Kind.BINARY},
        says_about=True,
    ),
    Rule(
        "when something was done",
        "at on date day time created updated modified deleted closed opened placed paid sent written added booked"
        " registered expires expiry until since last_update datum date_de =fecha fecha_creacion fecha_alta data"
        " erstellt geaendert",
        Category.COMMERCIAL,
        kinds=DATE,
        says_about=True,
    ),
    # what is said about a thing, and not the thing itself
    Rule(
        "the name of a thing",
        "name label caption titel bezeichnung nombre nom nome naam designation descripcion description",
        Category.COMMERCIAL,
        says_about=True,
    ),
    Rule(
        "how a thing stands, or of which sort it is",
        "status template subject type typ tipo kind sort format flag verified validated valid invalid confirmed"
        " confirmation bounced bounces count counter frequency preference preferences enabled disabled active required"
        " allowed approved version provider domain host server port protocol encryption header footer list campaign"
        " queue log carrier os extension ext length limit visible visibility public hidden order position rank attempt"
        " attempts failures exp_month exp_year expiry expiration expires approval_code opened clicked sent received"
        " changed updated created at on via phone_code dial_code calling_code estado statut vorlage betreff plantilla"
        " asunto objet modele",
        Category.COMMERCIAL,
        kinds=ANY,
        says_about=True,
    ),
    ROW_NUMBER,
    Rule(
        "a form of a value from which it can't be read",
        "hash hashed digest checksum md5 sha1 sha256",
        Category.IDENTIFIERS,
        kinds=ANY,
        says_about=True,
    ),
)
# A name that begins so is a question about the thing that follows, a count of it, or its sort.
ABOUT_WHAT_FOLLOWS = frozenset(
    (
        *("is", "has", "can", "may", "must", "show", "hide", "allow", "enable", "disable", "use", "send", "num", "nb"),
        *("count", "total", "anzahl", "template", "tipo", "type", "typ", "plantilla", "estado", "statut"),
    )
)
# What hides a value, repeats it, or has more of them or other words around it, does not make a secret less of one.
STILL_SECRET = frozenset(
    (
        *("hash", "hashed", "digest", "checksum", "md5", "sha1", "sha256", "confirmation", "list"),
        *("note", "comment", "remark", "message", "body", "content", "memo"),
    )
)
BY_TYPE = {Kind.NETWORK: IP_ADDRESS}
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
