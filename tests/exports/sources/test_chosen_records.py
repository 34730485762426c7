"""A map narrowed to the records that somebody chose finds and changes nothing else, on every kind of source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from exports.sources.connector import Action, Connector, Mode, open_source
from exports.sources.datamap import DataMap, read_data_map
from exports.sources.datamap.choosing import people, restricted
from exports.sources.errors import DataChangedError
from exports.sources.http import HttpConnector
from requests_app.law.words import Right
from tests.exports.sources import small_company
from tests.exports.sources.plans import plan_of
from tests.exports.sources.service import LOCAL, Service
from tests.exports.sources.service import MAP as SERVICE_MAP

# Ann and Bob share a telephone number; letters are found by it as well.
BY_PHONE = "      - {by: phone, column: phone, compare: digits}\n"
EMAIL_WAY = "      - {by: email, column: email, compare: email}\n"
MAP = small_company.MAP.replace(EMAIL_WAY, EMAIL_WAY + BY_PHONE, 1)
OF_LETTERS = "reached: [{from: members, columns: {member_id: id}}]\n    received_at: sent_at"
MAP = MAP.replace(OF_LETTERS, OF_LETTERS.replace("}}]", "}}, {by: phone, column: body}]"), 1)
PHONE = "(415) 555-0101"
ANN, BOB = (1,), (2,)
KNOWN = {"phone": [PHONE], "email": ["Ann.O'Hara@Club.example"]}


def narrowed(*chosen: tuple[int, ...]) -> DataMap:
    """The map, with these members chosen and the telephone number known as shared."""
    shared = {"phone": frozenset({PHONE})} if len(chosen) < 2 else {}
    return restricted(read_data_map(MAP), {"members": frozenset(chosen)}, shared)


@pytest.fixture
def opened(engine: sa.Engine, small_url: str) -> Iterator[Callable[..., Connector]]:
    """Connectors to the company, in which a letter of Bob's is found by the number that both have."""
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE letters SET body = :phone WHERE id = 20"), {"phone": PHONE})
    made: list[Connector] = []

    def make(data_map: DataMap) -> Connector:
        made.append(open_source(data_map, read_url=small_url, write_url=small_url))
        return made[-1]

    yield make
    for connector in made:
        connector.close()


def keys(connector: Connector, collection: str) -> list[tuple[object, ...]]:
    """The keys of what is found."""
    return [key for page in connector.pages(collection, KNOWN, mode=Mode.PLAN) for key in page.keys]


def test_both_are_found_by_what_they_share(opened: Callable[..., Connector]) -> None:
    company = opened(read_data_map(MAP))
    assert company.subjects(KNOWN) == 2
    assert [found.name for found in people(company.datamap)] == ["members"]
    assert keys(company, "letters") == [(10,), (11,), (20,), (21,)]


@pytest.mark.parametrize(
    ("chosen", "letters"), [((ANN,), [10, 11]), ((BOB,), [20, 21]), ((ANN, BOB), [10, 11, 20, 21]), ((), [])]
)
def test_nothing_is_found_but_of_the_chosen(
    opened: Callable[..., Connector], chosen: tuple[tuple[int, ...], ...], letters: list[int]
) -> None:
    company = opened(narrowed(*chosen))
    assert keys(company, "members") == sorted(chosen)
    assert keys(company, "letters") == [(letter,) for letter in letters]
    assert company.presence("letters", KNOWN).rows == len(letters)
    assert company.presence("stamps", KNOWN).rows == 2 * len(chosen)
    assert company.subjects(KNOWN) == len(chosen)


def test_a_chosen_record_that_nothing_leads_to_is_not_found(opened: Callable[..., Connector]) -> None:
    company = opened(narrowed((3,)))
    assert keys(company, "members") == []


def test_a_deletion_leaves_the_other_as_it_was(engine: sa.Engine, opened: Callable[..., Connector]) -> None:
    company, before = opened(narrowed(BOB)), small_company.everything(engine)
    plan = plan_of(company, KNOWN, members=Action.DEIDENTIFY, letters=Action.DELETE, stamps=Action.DELETE)
    company.delete(plan)
    after = small_company.everything(engine)
    for name, place in (("members", 0), ("letters", 1)):
        mine = [row for row in before[name] if row[place] != 2]
        assert [row for row in after[name] if row[place] != 2] == mine
    assert after["letters"] == [row for row in before["letters"] if row[1] != 2]
    assert after["stamps"] == [row for row in before["stamps"] if row[0] == 10]
    assert after["members"][1][2] == "[gone]"


def test_what_was_planned_for_both_is_not_done_to_one(engine: sa.Engine, opened: Callable[..., Connector]) -> None:
    plan, before = plan_of(opened(read_data_map(MAP)), KNOWN, letters=Action.DELETE), small_company.everything(engine)
    with pytest.raises(DataChangedError):
        opened(narrowed(BOB)).delete(plan)
    assert small_company.everything(engine) == before


def test_an_opt_out_by_the_narrowed_map_concerns_the_chosen(
    engine: sa.Engine, opened: Callable[..., Connector]
) -> None:
    assert opened(narrowed(ANN)).suppress(Right.OPT_OUT_SALE_SHARE, KNOWN) == {"members": 1}


def test_files_know_the_chosen_rows_by_their_lines(tmp_path: Path) -> None:
    (tmp_path / "members.csv").write_text(f'id,phone\n1,"{PHONE}"\n2,"{PHONE}"\n')
    (tmp_path / "letters.csv").write_text("member_id,body\n1,one\n2,two\n")
    data_map = read_data_map(FILES)
    with open_source(data_map, read_url=str(tmp_path)) as files:
        assert files.subjects(KNOWN) == 2
        second = keys(files, "members")[1]
    narrow = restricted(data_map, {"members": frozenset({second})}, {"phone": frozenset({PHONE})})
    with open_source(narrow, read_url=str(tmp_path)) as files:
        found = [row for page in files.pages("letters", KNOWN) for row in page.records]
    assert found == [{"body": "two"}]


FILES = """
source: partner
title: Partner
connector: files
role: controller
purposes: {club: Run the club}
origins: {person: You}
collections:
  - name: members
    title: Members
    files: members.csv
    format: csv
    one_per_person: true
    provided_by_person: true
    purposes: [club]
    collected_from: [person]
    reached: [{by: phone, column: phone, compare: digits}]
    on_delete: delete
    fields: [{column: phone, title: Phone, category: identifiers}]
  - name: letters
    title: Letters
    files: letters.csv
    format: csv
    provided_by_person: true
    purposes: [club]
    collected_from: [person]
    reached: [{from: members, columns: {member_id: id}}]
    on_delete: delete
    fields: [{column: body, title: Text, category: identifiers}]
"""


def test_a_service_is_not_asked_by_what_is_shared(service: Service) -> None:
    service.members[1]["phone"] = PHONE
    only = restricted(read_data_map(SERVICE_MAP), {"members": frozenset({(1,)})}, {"phone": frozenset({PHONE})})
    club = HttpConnector(only, read_url=service.url, hosts=LOCAL)
    known = {"email": ["ann@club.example"], "phone": [PHONE]}
    assert [key for page in club.pages("members", known, mode=Mode.PLAN) for key in page.keys] == [(1,)]
    assert [len(page.keys) for page in club.pages("orders", known, mode=Mode.PLAN)] == [7]
    others = restricted(read_data_map(SERVICE_MAP), {}, {"email": frozenset(known["email"])})
    club = HttpConnector(others, read_url=service.url, hosts=LOCAL)
    assert list(club.pages("orders", known, mode=Mode.PLAN)) == []


SHARED = MAP.replace(
    "{by: phone, column: phone, compare: digits}", "{by: phone, column: phone, compare: digits, shared: true}"
)


def test_what_a_map_marks_as_shared_leads_to_nothing(engine: sa.Engine, small_url: str) -> None:
    with open_source(read_data_map(SHARED), read_url=small_url) as company:
        assert company.subjects({"phone": [PHONE]}) == 0
        assert keys(company, "members") == [ANN]
        assert company.probe({"phone": PHONE}).best_match_count == 0
        assert "phone" in company.datamap.kinds_asked, "letters are found by it"
        assert company.probe({"phone": PHONE, "email": KNOWN["email"][0]}).best_match_count == 2
