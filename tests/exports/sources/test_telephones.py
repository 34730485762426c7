"""A telephone number is found however it is written, and no other number with it; on every kind of database alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, Integer, MetaData, String, Table

from exports.sources.comparing import form, wanted
from exports.sources.connector import Connector, open_source, slow_lookups
from exports.sources.datamap import E164, DataMapError, read_data_map
from exports.sources.telephones import e164
from tests.exports.sources.databases import POSTGRESQL, make_index, on
from tests.exports.sources.service import EMAIL, Service, opened
from tests.exports.sources.small_company import MAP

# Given to nobody: 555-0100 to 0199 in North America, 020 7946 0000 to 0999 in London (Ofcom); the others are the
# examples of their countries' own numbering plans.
AMERICAN, LONDON, BERLIN, ROME = "+14155550101", "+442079460018", "+493023125123", "+390612345678"
HELD: dict[str, tuple[str, ...]] = {
    AMERICAN: (
        *("(415) 555-0101", "415.555.0101", "415 555 0101", "4155550101", "1-415-555-0101", "+1 415 555 0101"),
        *("001 415 555 0101", "011 1 415 555 0101", "(+1) 415/555-0101", "415\u2011555\u20110101", "415\u00a05550101"),
        *("14155550101", "  +1 (415) 555-0101 "),
    ),
    LONDON: ("+44 20 7946 0018", "+44 (0)20 7946 0018", "0044 20 7946 0018", "011 44 20 7946 0018", "442079460018"),
    BERLIN: ("+49 30 23125123", "+49 (0)30 / 23125-123", "0049 30 23125123", "493023125123"),
    ROME: ("+39 06 1234 5678", "0039 06 12345678", "390612345678"),
    "": (
        *("555-0101", "415-555-010", "415-555-01011", "415-555-0101 x7", "415-555-0101 ext. 7", "415-555-0102"),
        *("415-555-0101;7", "+4155550101", "+44 415 555 0101", "020 7946 0018", "030 23125123", "0415 555 0101"),
        *("+39 6 1234 5678", "no number", "+", "-", "1", "٤١٥٥٥٥٠١٠١", "+1 415 555 0101 / 415 555 0102"),
    ),
}
SPELLINGS = [(number, spelling) for number, spellings in HELD.items() for spelling in spellings]


@pytest.mark.parametrize(("number", "spelling"), SPELLINGS)
def test_a_spelling_is_the_number_that_it_is_and_no_other(number: str, spelling: str) -> None:
    numbers = [known for known in HELD if known and form(E164("US"), spelling) in wanted(E164("US"), [known])]
    assert numbers == ([number] if number else [])


@pytest.mark.parametrize(
    ("country", "typed", "number"),
    [
        ("GB", "020 7946 0018", LONDON),
        ("GB", "20 7946 0018", LONDON),
        ("GB", "415 555 0101", None),
        ("DE", "(030) 23125-123", BERLIN),
        ("DE", "00 1 415 555 0101", AMERICAN),
        ("IT", "06 1234 5678", ROME),
        ("IT", "6 1234 5678", None),
        ("AU", "0011 1 415 555 0101", AMERICAN),
        ("AU", "0412 345 678", "+61412345678"),
        ("RU", "8 (912) 345-67-89", "+79123456789"),
        ("RU", "810 1 415 555 0101", AMERICAN),
        ("HU", "06 1 234 5678", "+3612345678"),
        ("AR", "011 15-2345-6789", "+5491123456789"),
        ("CH", "044 668 18 00", "+41446681800"),
        ("CH", "4155550101", None),
        ("FR", "01 42 68 53 00", "+33142685300"),
        ("MX", "55 5555 0101", "+525555550101"),
        ("US", "", None),
        ("US", "1-800-FLOWERS", None),
        ("US", "\0", None),
    ],
)
def test_what_somebody_types_is_read_as_in_the_country_of_the_source(
    country: str, typed: str, number: str | None
) -> None:
    assert e164(typed, country) == number
    asked = wanted(E164(country), [typed])
    assert bool(asked) == (number is not None)
    assert not number or asked == wanted(E164(country), [number])


WAY = "{by: email, column: email, compare: email}"
BY_NUMBER = MAP.replace(WAY, "{by: phone, column: phone, compare: {e164: US}}", 1)


@pytest.fixture(scope="module")
def written(kind: str, small_url: str) -> Iterator[Connector]:
    """One row a spelling, in a table of its own."""
    engine = sa.create_engine(small_url)
    table = Table(
        "spellings",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("phone", String(60)),
        mysql_charset="utf8mb4",
    )
    table.drop(engine, checkfirst=True)
    table.create(engine)
    with engine.begin() as connection:
        rows = [{"id": place + 1, "phone": spelling} for place, (_number, spelling) in enumerate(SPELLINGS)]
        connection.execute(table.insert(), rows)
    text = BY_NUMBER[: BY_NUMBER.index("collections:")] + COLLECTION
    with open_source(read_data_map(text), read_url=small_url) as connector:
        yield connector
    table.drop(engine)
    engine.dispose()


COLLECTION = """collections:
  - name: spellings
    title: Spellings
    table: spellings
    key: [id]
    provided_by_person: true
    purposes: [club]
    collected_from: [person]
    reached: [{by: phone, column: phone, compare: {e164: US}}]
    on_delete: delete
    fields:
      - {column: phone, title: Phone, category: identifiers, match: {kind: phone, compare: {e164: US}}, reliable: true}
"""


@pytest.mark.parametrize("typed", ["415 555 0101", "+1 (415) 555-0101", "0044 20 7946 0018", BERLIN, ROME, "555-0101"])
def test_a_database_finds_the_spellings_of_the_number_and_no_row_more(written: Connector, typed: str) -> None:
    number = e164(typed, "US")
    found = [row["phone"] for page in written.pages("spellings", {"phone": [typed]}) for row in page.records]
    assert found == [spelling for known, spelling in SPELLINGS if known == number]
    assert written.presence("spellings", {"phone": [typed]}).rows == len(found)
    assert written.probe({"phone": typed}).best_match_count == (1 if number else 0)


@on(POSTGRESQL)  # the only one with indexes on expressions that serve
def test_the_index_on_the_expression_serves(engine: sa.Engine, small_url: str) -> None:
    data_map = read_data_map(BY_NUMBER)
    (sentence,) = slow_lookups(data_map, read_url=small_url, large=1)
    make_index(engine, sentence)
    assert slow_lookups(data_map, read_url=small_url, large=1) == []
    with engine.begin() as connection:
        connection.execute(sa.text("DROP INDEX ix_members_look_up"))


def test_without_an_index_the_look_up_is_named(engine: sa.Engine, small_url: str) -> None:
    (sentence,) = slow_lookups(read_data_map(BY_NUMBER), read_url=small_url, large=1)
    assert sentence.startswith("the look-up by members.phone reads the whole table")


def test_files_are_compared_alike(tmp_path: Path) -> None:
    lines = "\n".join(f'"{spelling}"' for _number, spelling in SPELLINGS)
    (tmp_path / "phones.csv").write_text(f"phone\n{lines}\n")
    text = BY_NUMBER[: BY_NUMBER.index("collections:")] + COLLECTION
    text = text.replace("connector: sql", "connector: files").replace("    key: [id]\n", "")
    text = text.replace("table: spellings", "files: phones.csv\n    format: csv")
    with open_source(read_data_map(text), read_url=str(tmp_path)) as connector:
        found = [row["phone"] for page in connector.pages("spellings", {"phone": [LONDON]}) for row in page.records]
    assert found == list(HELD[LONDON])


def test_a_service_is_asked_by_the_number_in_its_one_form(service: Service) -> None:
    way = "{by: phone, column: phone, compare: digits}"
    club = opened(service, way, "{by: phone, column: phone, compare: {e164: US}}")
    assert club.presence("members", EMAIL | {"phone": ["415 555 0101", "no number"]}).rows == 1
    assert service.asked[-1][1]["identifiers"] == {"email": EMAIL["email"], "phone": [AMERICAN]}


@pytest.mark.parametrize(
    ("compare", "sentence"),
    [
        ("e164", "e164 in a way to collection 'members' says whose numbers have no country code: {e164: US}."),
        ("{e164: UK}", "there is no country 'UK' in a way to collection 'members': two capitals, such as US or GB."),
        ("{e164: us}", "there is no country 'us' in a way to collection 'members': two capitals, such as US or GB."),
        (
            "{e164: no}",
            "'e164' of 'compare' of a way to collection 'members' is a text, and 'no' reads as",
        ),
        ("{country: US}", "'compare' of a way to collection 'members' lacks 'e164'; add it."),
        ("e165", "'compare' of a way to collection 'members' can't be 'e165'; it is one of"),
    ],
)
def test_a_fault_of_the_map_is_named_with_its_line(compare: str, sentence: str) -> None:
    text = BY_NUMBER.replace("{e164: US}", compare)
    with pytest.raises(DataMapError) as caught:
        read_data_map(text)
    line = text[: text.index("by: phone")].count("\n") + 1
    assert any(fault.startswith(f"line {line}: {sentence}") for fault in caught.value.faults)
