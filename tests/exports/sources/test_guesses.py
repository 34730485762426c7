"""What a column is taken for, by its name in several languages, its type, and sampled values that nobody sees."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from exports.sources.connector import survey
from exports.sources.datamap import Category, DataMapError, NeverDisclose, read_data_map
from exports.sources.draft import draft, guess
from exports.sources.draft.guesses import PHONE, RULES
from exports.sources.schema import Column, Kind

NAMES = {
    NeverDisclose.ACCOUNT_PASSWORD: ("passwordHash", "Kennwort", "mot_de_passe", "contraseña", "api-key"),
    NeverDisclose.SOCIAL_SECURITY_NUMBER: ("SSN", "Sozialversicherungsnummer", "bsn", "cpf"),
    NeverDisclose.FINANCIAL_ACCOUNT_NUMBER: ("iban", "KontoNr", "numero_tarjeta", "bankAccountNo"),
    NeverDisclose.DRIVER_LICENCE_NUMBER: ("Führerschein", "permis_de_conduire", "driver_licence_no"),
    NeverDisclose.GOVERNMENT_ID_NUMBER: ("passport_no", "Steuer-ID", "DNI"),
    Category.IDENTIFIERS: ("E-Mail", "Nachname", "Straße", "código_postal", "correo", "Kundennummer", "DEVICE_ID"),
    Category.PROTECTED_CHARACTERISTICS: ("Geburtsdatum", "religion", "maladie", "género"),
    Category.INTERNET_ACTIVITY: ("ip_adresse", "UserAgent"),
    Category.EMPLOYMENT: ("Gehalt", "job_title"),
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


@pytest.mark.parametrize("name", ["nameless", "emailed", "mailbox_size", "pine", "colour", "", "?"])
def test_a_part_of_a_word_is_no_word(name: str) -> None:
    assert guess(text(name)).rule is None


def test_a_type_says_what_a_name_does_not() -> None:
    marketing = guess(Column("marketing_email", "BOOLEAN", Kind.TRUTH, nullable=False)).rule
    assert marketing
    assert (marketing.category, marketing.match) == (Category.COMMERCIAL, None)
    found = guess(Column("seen_from", "INET", Kind.NETWORK, nullable=True))
    assert found.why == "an internet address, by its type"


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
