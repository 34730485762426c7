"""A probe tells how many typed points meet in one record, and nothing else."""

from __future__ import annotations

import pytest

from dsar.demo.people import COUPLE, Chosen, find_person
from exports.sources.connector import Connector, ProbeAnswer, open_source
from exports.sources.datamap import read_data_map
from tests.exports.sources.small_company import MAP

ANN = {"email": "ann.o'hara@club.example", "phone": "415 555 0101", "birth_date": "1980-02-29"}


@pytest.mark.parametrize(
    ("points", "met"),
    [
        (ANN, 3),
        (ANN | {"birth_date": "1980-02-28"}, 2),
        (ANN | {"email": "bob@club.example"}, 3),  # all three are Bob's as well
        ({"email": "ann.o'hara@club.example", "phone": "415 555 0103"}, 1),  # one of Ann's, one of Cat's
        ({"email": "ann.o'hara"}, 0),
        ({"phone": "5550101"}, 0),
        ({"birth_date": "29 February 1980"}, 0),
        ({"email": "", "phone": "", "birth_date": ""}, 0),
        ({"email": "' OR 1=1 --", "phone": "%", "birth_date": "0"}, 0),
        ({"name": "Ann O'Hara"}, 0),
        (ANN | {"name": "Ann O'Hara"}, 3),
        ({"points": "7", "hair": "brown"}, 0),
        ({}, 0),
    ],
)
def test_points_count_if_they_meet_in_one_record(company: Connector, points: dict[str, str], met: int) -> None:
    assert company.probe(points) == ProbeAnswer(best_match_count=met)


def test_an_empty_cell_matches_no_point(company: Connector) -> None:
    assert company.probe({"phone": "415.555.0103", "birth_date": "None", "email": "None"}).best_match_count == 1


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
    assert the_web_log.probe({"device_id": "x", "email": "a@b.example"}) == ProbeAnswer(0)


def test_two_fields_of_one_kind_are_one_point(engine: object, small_url: str) -> None:
    second = "column: points, title: Points, category: commercial"
    text = MAP.replace(second, f"{second}, match: {{kind: phone, compare: digits}}, reliable: true")
    with open_source(read_data_map(text), read_url=small_url) as connector:
        assert connector.probe({"phone": "7"}).best_match_count == 1
        assert connector.probe({"phone": "(415) 555-0101"}).best_match_count == 1
