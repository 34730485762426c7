"""What a column is taken for, by its name in several languages, its type, and sampled values that nobody sees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from exports.sources.connector import survey
from exports.sources.datamap import Category, DataMapError, NeverDisclose, read_data_map
from exports.sources.draft import draft, guess
from exports.sources.draft.rules import EMAIL, PHONE, RULES, Leads, Rule
from exports.sources.draft.undeclared import nouns_of
from exports.sources.draft.volatile import why_volatile
from exports.sources.draft.words import words_of
from exports.sources.schema import Column, Kind
from tests.exports.sources.known_schemas import ALL, survey_of

NAMES = {
    NeverDisclose.ACCOUNT_PASSWORD: (
        *("passwordHash", "Kennwort", "mot_de_passe", "contraseña", "api-key", "apiKey", "AuthKey", "auth_key"),
        *("user_pass", "pass", "passphrase", "pwd", "user_activation_key", "rp_token", "password_reset_token"),
        *("password_confirmation", "password_comment"),
    ),
    NeverDisclose.SOCIAL_SECURITY_NUMBER: ("SSN", "Sozialversicherungsnummer", "bsn", "cpf", "ssn_hash", "ssn2"),
    NeverDisclose.FINANCIAL_ACCOUNT_NUMBER: (
        *("iban", "KontoNr", "numero_tarjeta", "bankAccountNo", "security_code", "cvv", "CardNumber", "cc_number_enc"),
        "card_number_list",
    ),
    NeverDisclose.DRIVER_LICENCE_NUMBER: ("Führerschein", "permis_de_conduire", "driver_licence_no", "dl_number"),
    NeverDisclose.GOVERNMENT_ID_NUMBER: ("passport_no", "Steuer-ID", "DNI", "NationalIDNumber", "TIN", "taxvat"),
    Category.IDENTIFIERS: ("E-Mail", "Nachname", "Straße", "código_postal", "correo", "Kundennummer", "DEVICE_ID"),
    Category.PROTECTED_CHARACTERISTICS: ("Geburtsdatum", "religion", "maladie", "género"),
    Category.INTERNET_ACTIVITY: ("ip_adresse", "UserAgent"),
    Category.EMPLOYMENT: ("Gehalt", "job_title", "Company"),
    Category.COMMERCIAL: ("order_no", "Rechnungsnummer"),
}


def text(name: str) -> Column:
    """A column of texts."""
    return Column(name, "TEXT", Kind.TEXT, nullable=True)


@pytest.mark.parametrize(
    ("expected", "name"), [(expected, name) for expected, names in NAMES.items() for name in names], ids=str
)
def test_names_in_several_languages_are_known(expected: NeverDisclose | Category, name: str) -> None:
    rule = guess(text(name)).rule
    assert rule is not None
    assert expected in (rule.never, rule.category)


# What a word behind the thing makes of it: no address, no number, no secret.
SAID_ABOUT = {
    "email_template": "how a thing stands",
    "mail_subject": "how a thing stands",
    "email_status": "how a thing stands",
    "email_hash": "a form of a value",
    "phone_type": "how a thing stands",
    "phoneNumberVerified": "how a thing stands",
    "PhoneNumberTypeID": "a number that stands for a row",
    "credit_card_id": "a number that stands for a row",
    "card_type": "how a thing stands",
    "ip_type": "how a thing stands",
    "password_changed_at": "how a thing stands",
    "ShipVia": "how a thing stands",
    "tipo_correo": "how a thing stands",
    "template_sender_email": "how a thing stands",
    "product_name": "the name of a thing",
    "nombre_producto": "the name of a thing",
}
# Which identifier, or other thing that a person may tell, stands in it.
COMPARED = {
    "email": (
        "Email2",
        "emails",
        "comment_author_email",
        "email_from",
        "correo_cliente",
        "E-Mail-Adresse",
        "user_email",
    ),
    "phone": ("telephone2", "phone_home", "HomePhone", "customer_phone_number", "teléfono_casa", "Handynummer"),
    "birth_date": ("DateOfBirth", "customer_dob", "fecha_nacimiento", "GeburtsDatum", "date_de_naissance"),
    "name": (
        *("FirstName", "ShipName", "nombre", "apellidos", "Vorname", "nom", "user_login", "contact_name", "name1"),
        *("to_name", "FromName"),
    ),
    "account_number": ("AccountNumber", "CustomerID", "Kundennummer", "client_id"),
}


@pytest.mark.parametrize(("name", "what"), SAID_ABOUT.items())
def test_the_last_word_says_what_the_others_are_about(name: str, what: str) -> None:
    rule = guess(text(name)).rule
    assert rule is not None
    assert rule.what.startswith(what)
    assert (rule.match, rule.never, rule.leads) == (None, None, Leads.NO)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in COMPARED.items() for name in names])
def test_what_a_person_can_be_found_by_is_known_in_its_many_spellings(kind: str, name: str) -> None:
    rule = guess(text(name)).rule
    assert rule is not None
    assert rule.match is not None
    assert rule.match.kind == kind


def test_what_is_no_text_is_described_as_what_it_looks_like_and_leads_nowhere() -> None:
    listed = guess(Column("emails", "JSON", Kind.OTHER, nullable=True))
    assert listed.rule is not None
    assert (listed.rule.category, listed.rule.match, listed.rule.leads) == (Category.IDENTIFIERS, None, Leads.NO)
    assert listed.why == 'an e-mail address in another form, by "email" in its name'
    hidden = guess(Column("ssn", "BYTEA", Kind.BINARY, nullable=True)).rule
    assert hidden is not None
    assert hidden.never is NeverDisclose.SOCIAL_SECURITY_NUMBER


def guessed(schema: str, found: Callable[[Rule], object]) -> set[str]:
    """The columns of a known schema of which the rule says so."""
    known = survey_of(ALL[schema]).schema
    nouns = nouns_of(known)
    rules = (
        (f"{table.place.table}.{column.name}", guess(column, noun=nouns[table.place]).rule)
        for table in known.tables
        for column in table.columns
    )
    return {name for name, rule in rules if rule is not None and found(rule)}


NEVER_DISCLOSED = {
    "sakila": {"staff.password"},
    "adventure_works": {
        *("CreditCard.CardNumber", "Employee.NationalIDNumber", "Password.PasswordHash", "Password.PasswordSalt"),
    },
    "northwind": set(),
    "chinook": set(),
    "wordpress": {"wp_users.user_pass", "wp_users.user_activation_key", "wp_posts.post_password"},
    "magento": {
        *("admin_user.password", "customer_entity.password_hash", "customer_entity.rp_token", "customer_entity.taxvat"),
        *("customer_address_entity.vat_id", "newsletter_subscriber.subscriber_confirm_code"),
        *("sales_order.customer_taxvat", "sales_order_payment.cc_number_enc", "sales_order_payment.cc_cid_enc"),
    },
    "odoo": {
        *("res_users.password", "res_users.totp_secret", "res_partner.vat", "sale_order.access_token"),
        *("res_partner_bank.acc_number", "res_partner_bank.sanitized_acc_number"),
        *("hr_employee.identification_id", "hr_employee.passport_id", "hr_employee.ssnid"),
    },
    "prestashop": {
        *("ps_customer.passwd", "ps_customer.reset_password_token", "ps_customer_thread.token", "ps_wishlist.token"),
        *("ps_address.dni", "ps_address.vat_number", "ps_employee.passwd"),
    },
    "openmrs": {"users.password", "users.salt", "users.secret_question", "users.secret_answer"},
    "moodle": {"mdl_user.password", "mdl_user.secret", "mdl_user.idnumber"},
    "postgres_air": {"frequent_flyer.card_num"},
    "redmine": {"users.hashed_password", "users.salt"},
}
# E-mail addresses and account numbers: what surely leads to somebody.
LEADING = {
    "sakila": {"customer.email", "staff.email"},
    "adventure_works": {"EmailAddress.EmailAddress", "Customer.AccountNumber"},
    "northwind": set(),
    "chinook": {"Customer.Email", "Employee.Email"},
    "wordpress": {"wp_users.user_email", "wp_comments.comment_author_email"},
    "magento": {
        *("admin_user.email", "customer_entity.email", "sales_order.customer_email", "sales_order_address.email"),
        "newsletter_subscriber.subscriber_email",
    },
    "odoo": {
        *("res_company.email", "res_partner.email", "res_partner.email_normalized", "crm_lead.email_from"),
        *("hr_employee.work_email", "hr_employee.private_email", "mail_template.email_from"),
    },
    "prestashop": {
        *("ps_customer.email", "ps_customer_thread.email", "ps_emailsubscription.email", "ps_employee.email"),
    },
    "openmrs": {"users.email"},
    "moodle": {"mdl_user.email"},
    "postgres_air": {"booking.email", "frequent_flyer.email"},
    "redmine": {"email_addresses.address"},
}


@pytest.mark.parametrize("schema", ALL)
def test_what_is_never_disclosed_is_found_in_databases_that_many_know(schema: str) -> None:
    assert guessed(schema, lambda rule: rule.never) == NEVER_DISCLOSED[schema]


@pytest.mark.parametrize("schema", ALL)
def test_what_leads_to_people_is_found_in_databases_that_many_know(schema: str) -> None:
    assert guessed(schema, lambda rule: rule.leads is Leads.ALWAYS) == LEADING[schema]


# PostgreSQL and Oracle keep no capitals, so that words run together.
RUN_TOGETHER = {
    "passwordhash": "password_hash",
    "PASSWORDSALT": "password_salt",
    "resetpasswordtoken": "reset_password_token",
    "nationalidnumber": "national_id_number",
    "driverslicensenumber": "drivers_license_number",
    "bankaccountnumber": "bank_account_number",
    "loginid": "login_id",
    "reviewername": "reviewer_name",
    "workemail": "work_email",
    "homephone2": "home_phone2",
    "addressline1": "address_line1",
    "maritalstatus": "marital_status",
    "sickleavehours": "sick_leave_hours",
    "creditcardid": "credit_card_id",
    "emailaddressid": "email_address_id",
    "customerid": "customer_id",
    "updatedby": "updated_by",
}


@pytest.mark.parametrize(("name", "parted"), RUN_TOGETHER.items())
def test_words_that_run_together_are_taken_for_what_they_are_apart(name: str, parted: str) -> None:
    assert guess(text(name)) == guess(text(parted))
    assert guess(text(name)).rule is not None
    assert words_of(name) == words_of(parted)


def test_an_email_and_a_login_are_one_word_each() -> None:
    assert words_of("email") == ("email",)
    assert words_of("lastlogin") == ("last", "login")


A_PART = (
    *("nameless", "emailed", "mailbox", "mailbox_size", "pine", "colour", "", "?", "candidate", "island", "location"),
    *("passenger", "nation", "mission", "paid", "android", "tokenize", "cartoon"),
)


@pytest.mark.parametrize("name", A_PART)
def test_a_part_of_a_word_is_no_word(name: str) -> None:
    assert guess(text(name)).rule is None


def test_a_type_says_what_a_name_does_not() -> None:
    marketing = guess(Column("marketing_email", "BOOLEAN", Kind.TRUTH, nullable=False)).rule
    assert marketing
    assert (marketing.category, marketing.match) == (Category.COMMERCIAL, None)
    found = guess(Column("seen_from", "INET", Kind.NETWORK, nullable=True))
    assert found.why == "an internet address, by its type"


WRITTEN_BY_ITSELF = {
    Kind.DATE: (
        *("last_login", "lastLoginAt", "customer_last_seen", "updated_at", "ModifiedDate", "last_update", "write_date"),
        *("último_acceso", "fecha_actualizacion", "cliente_ultima_visita", "modificado"),
    ),
    Kind.NUMBER: ("login_count", "visits", "numLogins", "failed_attempts", "lock_version", "numero_accesos", "visitas"),
}


@pytest.mark.parametrize("kind", WRITTEN_BY_ITSELF)
def test_what_programs_write_by_themselves_is_known_by_name_and_type(kind: Kind) -> None:
    for name in WRITTEN_BY_ITSELF[kind]:
        assert why_volatile(Column(name, "?", kind, nullable=True)).startswith("programs write it by themselves, by ")
        assert not why_volatile(text(name)), "the type says as much as the name"


def test_what_people_change_is_not_taken_for_what_programs_write() -> None:
    moments = ("created_at", "password_changed_at", "updated_by", "last_order_on", "address_updated_at", "birth_date")
    moments += ("password_last_changed", "consent_last_updated_at", "clave_ultimo_cambio")
    assert not any(why_volatile(Column(name, "?", Kind.DATE, nullable=True)) for name in moments)
    numbers = ("points", "order_count", "version", "visit_id", "balance")
    assert not any(why_volatile(Column(name, "?", Kind.NUMBER, nullable=True)) for name in numbers)


def test_every_rule_that_forbids_disclosure_is_sensitive_and_proves_nothing() -> None:
    assert all(rule.sensitive and not rule.reliable and rule.match is None for rule in RULES if rule.never)


def test_telephones_are_compared_as_numbers_of_a_country_that_a_person_names(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'phones.sqlite3'}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE t (id INTEGER PRIMARY KEY, mobile TEXT, fax INTEGER)"))
    engine.dispose()
    drafted = draft("s", survey("s", read_url=url))
    assert '# mobile, TEXT: a telephone number, by "mobile" in its name' in drafted
    assert 'match: {kind: phone, compare: {e164: "decide: the country whose numbers have no code here' in drafted
    assert "match: {kind: phone, compare: digits}" in drafted, "a number has lost its plus and its zeros"
    with pytest.raises(DataMapError, match="the country whose numbers have no code"):
        read_data_map(drafted)
    assert guess(text("x"), ["+49 30 1234567"] * 4).rule is PHONE


def test_samples_sharpen_a_guess_and_never_stand_in_the_draft(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'samples.sqlite3'}"
    engine = sa.create_engine(url)
    values = {"info": "ann{}@club.example", "ref": "12{}-45-6789", "phone": "+49 30 12345{}", "word": "blue{}"}
    with engine.begin() as connection:
        columns = "id INTEGER PRIMARY KEY, info TEXT, ref TEXT, phone TEXT, word TEXT"
        connection.execute(sa.text(f"CREATE TABLE t ({columns})"))
        for number in range(1, 10):
            row = {name: value.format(number) for name, value in values.items()}
            connection.execute(sa.text("INSERT INTO t VALUES (NULL, :info, :ref, :phone, :word)"), row)
    engine.dispose()
    seen = survey("s", read_url=url, sample_rows=5)
    drafted = draft("s", seen)
    assert "# info, TEXT: an e-mail address, by 5 of 5 sampled values" in drafted
    assert "# ref, TEXT: a social security number, by 5 of 5 sampled values" in drafted
    assert "# word, TEXT: neither name nor type" in drafted
    assert "reached: [{by: email, column: info, compare: email}]" in drafted
    for value in values.values():
        assert value.format(1) not in drafted
    assert "ann1@" not in repr(seen)


def test_the_table_may_say_the_rest_of_a_name() -> None:
    assert guess(text("address"), noun=("email", "address")).rule is EMAIL
    assert guess(text("address"), noun=("customer", "address")).rule is guess(text("address")).rule
    assert guess(text("address"), noun=("address",)).rule is guess(text("address")).rule
    assert guess(text("number"), noun=("phone", "number")).rule is PHONE
