"""A probe tells which kinds of typed points meet in one record, and nothing else."""

from __future__ import annotations

import pytest

from dsar.demo.people import COUPLE, Chosen, find_person
from exports.sources.connector import Connector, ProbeAnswer, open_source
from exports.sources.datamap import read_data_map
from tests.exports.sources.small_company import MAP

pytestmark = pytest.mark.slow

ANN = {"email": "ann.o'hara@club.example", "phone": "415 555 0101", "birth_date": "1980-02-29"}


@pytest.mark.parametrize(
    ("points", "met"),
    [
        (ANN, {"email", "phone", "birth_date"}),
        (ANN | {"birth_date": "1980-02-28"}, {"email", "phone"}),
        (ANN | {"email": "bob@club.example"}, {"email", "phone", "birth_date"}),  # all three are Bob's as well
        ({"email": "ann.o'hara@club.example", "phone": "415 555 0103"}, {"email"}),  # one of Ann's, one of Cat's
        ({"email": "ann.o'hara"}, set()),
        ({"phone": "5550101"}, set()),
        ({"birth_date": "29 February 1980"}, set()),
        ({"email": "", "phone": "", "birth_date": ""}, set()),
        ({"email": "' OR 1=1 --", "phone": "%", "birth_date": "0"}, set()),
        ({"name": "Ann O'Hara"}, set()),
        (ANN | {"name": "Ann O'Hara"}, {"email", "phone", "birth_date"}),
        ({"points": "7", "hair": "brown"}, set()),
        ({}, set()),
    ],
)
def test_points_count_if_they_meet_in_one_record(company: Connector, points: dict[str, str], met: set[str]) -> None:
    assert company.probe(points) == ProbeAnswer(frozenset(met))
    assert company.probe(points).best_match_count == len(met)


@pytest.mark.parametrize("points", [{"phone": "415 555 0101", "birth_date": "1980-02-29"}, {"phone": "415.555.0103"}])
def test_a_record_that_none_of_its_points_finds_again_does_not_count(
    company: Connector, points: dict[str, str]
) -> None:
    assert company.probe(points) == ProbeAnswer()
    assert company.probe(points | {"email": "nobody@club.example"}) == ProbeAnswer()


def test_an_empty_cell_matches_no_point(company: Connector) -> None:
    points = {"email": "bob@club.example", "points": "None", "phone": "None"}
    assert company.probe(points) == ProbeAnswer(frozenset({"email"}))


def test_of_two_records_with_as_many_points_the_one_that_holds_the_mailbox_counts(the_shop: Connector) -> None:
    one, other = map(find_person, COUPLE)
    assert one.phone == other.phone
    by_mailbox = {"email": one.email or "", "phone": one.phone or "", "account_number": other.account_no}
    assert the_shop.probe(by_mailbox).kinds == {"email", "phone"}
    more = by_mailbox | {"birth_date": str(other.birth_date)}
    assert the_shop.probe(more).kinds == {"account_number", "phone", "birth_date"}


def test_two_people_of_one_name_are_told_apart(the_shop: Connector) -> None:
    one, other = find_person(Chosen.EVERYWHERE), find_person(Chosen.SAME_NAME)
    mixed = {"name": one.name, "email": one.email or "", "phone": other.phone or "", "birth_date": "2000-01-01"}
    own = mixed | {"phone": one.phone or "", "birth_date": str(one.birth_date)}
    assert one.name == other.name
    assert the_shop.probe(mixed).best_match_count == 1
    assert the_shop.probe(own).best_match_count == 3


def test_a_shared_telephone_is_a_point_for_each_of_the_two(the_shop: Connector) -> None:
    for person in map(find_person, COUPLE):
        points = {"email": person.email or "", "phone": person.phone or ""}
        assert the_shop.probe(points).best_match_count == 2


def test_a_source_with_nothing_reliable_answers_nothing(the_web_log: Connector) -> None:
    assert the_web_log.probe({"device_id": "x", "email": "a@b.example"}) == ProbeAnswer()


def test_two_fields_of_one_kind_are_one_point(engine: object, small_url: str) -> None:
    second = "column: points, title: Points, category: commercial"
    text = MAP.replace(second, f"{second}, match: {{kind: phone, compare: digits}}, reliable: true")
    with open_source(read_data_map(text), read_url=small_url) as connector:
        for phone in ("7", "(415) 555-0101"):
            points = {"email": "ann.o'hara@club.example", "phone": phone}
            assert connector.probe(points).kinds == {"email", "phone"}
