"""Masks: made from what a row holds, the same for equal values, and never of a column that can't hold them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from datetime import date, datetime

import pytest
import sqlalchemy as sa

from exports.sources.connector import Action, Connector, open_source
from exports.sources.datamap import DataMapError, KeyedHash, Replacement, Truncate, Year, read_data_map
from exports.sources.errors import ChangeRefusedError, MapDoesNotFitError
from exports.sources.http import HttpConnector
from exports.sources.masks import HASH_LETTERS, Hashing, NotMaskableError, looks_masked, masked
from exports.sources.values import Json
from tests.exports.sources.databases import MARIADB, POSTGRESQL, on
from tests.exports.sources.plans import plan_of
from tests.exports.sources.service import MAP as SERVICE_MAP
from tests.exports.sources.service import Service
from tests.exports.sources.small_company import MAP, everything, members

ANN, BOB = {"email": ["ann.o'hara@club.example"]}, {"email": ["bob@club.example"]}
OF_MEMBERS = """
        {email: random, name: {constant: "[gone]"}, phone: clear, born: clear, points: keep, picture: clear,
         opted_out: {constant: true}, joined_at: keep}"""
MASKED = """
        {email: keyed_hash, name: {truncate: 1}, phone: clear, born: year, points: keep, picture: clear,
         opted_out: {constant: true}, joined_at: year}"""


def hashing(*keys: bytes) -> Hashing:
    """Hashes under these keys, the current one first."""

    def digests(value: str) -> Sequence[str]:
        return [hmac.new(key, value.encode(), hashlib.sha256).hexdigest() for key in keys]

    return Hashing(digests)


HASHING = hashing(b"new", b"old")


def map_with(masks: str) -> str:
    assert OF_MEMBERS in MAP
    return MAP.replace(OF_MEMBERS, masks)


@pytest.fixture
def masking(small_url: str, engine: sa.Engine) -> Iterator[Connector]:
    """The small company, whose members are de-identified by masks."""
    datamap = read_data_map(map_with(MASKED))
    with open_source(datamap, read_url=small_url, write_url=small_url, hashing=HASHING) as connector:
        yield connector


def test_each_row_is_masked_from_what_it_holds(engine: sa.Engine, masking: Connector) -> None:
    masking.delete(plan_of(masking, ANN, members=Action.DEIDENTIFY))
    ann, bob, cat = everything(engine)["members"]
    assert ann[:1] + ann[2:6] == (1, "A", None, date(1980, 1, 1), 7)
    assert ann[7:] == (True, datetime.fromisoformat("2024-01-01"))
    assert ann[1] == HASHING.mask("Ann.O'Hara@Club.example")
    assert (bob[1], cat[1]) == ("bob@club.example", None), "nobody else's"


@on(POSTGRESQL, MARIADB)  # SQLite's dates are texts
def test_a_date_that_names_no_year_stays_and_one_beyond_python_s_stops_everything(
    engine: sa.Engine, masking: Connector, kind: str
) -> None:
    no_year, beyond = {"postgresql": ("infinity", "0044-03-15 BC"), "mariadb": ("0000-00-00", "0000-05-17")}[kind]
    for born, joined in ((no_year, no_year), (no_year, beyond)):
        with engine.begin() as connection:
            if kind == "mariadb":
                connection.exec_driver_sql("SET sql_mode = ''")
            values = {"born": born, "joined": joined}
            connection.execute(sa.text("UPDATE members SET born = :born, joined_at = :joined WHERE id = 1"), values)
            connection.execute(sa.text("UPDATE members SET name = 'Ann' WHERE id = 1"))
        plan = plan_of(masking, {"member_no": ["1"]}, members=Action.DEIDENTIFY)
        if joined == no_year:
            masking.delete(plan)
        else:
            with pytest.raises(ChangeRefusedError, match=r"members\.joined_at can't be masked .*: it is no date of a"):
                masking.delete(plan)
        (page,) = masking.pages("members", {"member_no": ["1"]})
        held = page.records[0]
        assert str(held["born"]) == no_year
        assert str(held["joined_at"])[:10] == joined[:10]
        assert held["name"] == ("A" if joined == no_year else "Ann")


def test_nothing_stays_nothing(engine: sa.Engine, masking: Connector) -> None:
    masking.delete(plan_of(masking, {"member_no": ["3"]}, members=Action.DEIDENTIFY))
    cat = everything(engine)["members"][2]
    assert (cat[1], cat[2], cat[4], cat[8]) == (None, "Z", None, None)


def test_to_mask_twice_is_to_mask_once(engine: sa.Engine, masking: Connector) -> None:
    number = {"member_no": ["1"]}  # which stays, and leads here again
    masking.delete(plan_of(masking, number, members=Action.DEIDENTIFY))
    once = everything(engine)
    masking.delete(plan_of(masking, number, members=Action.DEIDENTIFY))
    assert everything(engine) == once


def test_a_longer_hash_than_the_column_takes_is_named_before_anything_is_done(
    small_url: str, engine: sa.Engine
) -> None:
    text = map_with(OF_MEMBERS.replace("phone: clear", "phone: keyed_hash"))
    with (
        open_source(read_data_map(text), read_url=small_url) as club,
        pytest.raises(MapDoesNotFitError, match=r"members\.phone takes 20 letters, and a keyed hash has 32"),
    ):
        club.check()


@pytest.mark.parametrize(
    ("mask", "why"),
    [
        ("born: {truncate: 4}", "born is no text, and can't be hashed or cut"),
        ("born: keyed_hash", "born is no text, and can't be hashed or cut"),
        ("phone: year", "phone is no date"),
    ],
)
def test_a_column_of_another_kind_is_named_before_anything_is_done(
    small_url: str, engine: sa.Engine, mask: str, why: str
) -> None:
    column = mask.partition(":")[0]
    text = map_with(OF_MEMBERS.replace(f"{column}: clear", mask))
    with (
        open_source(read_data_map(text), read_url=small_url) as club,
        pytest.raises(MapDoesNotFitError, match=f"members.{why}"),
    ):
        club.check()


def test_without_a_key_nothing_is_hashed_and_nothing_is_changed(small_url: str, engine: sa.Engine) -> None:
    before = everything(engine)
    with open_source(read_data_map(map_with(MASKED)), read_url=small_url, write_url=small_url) as club:
        plan = plan_of(club, ANN, members=Action.DEIDENTIFY, stamps=Action.DELETE)
        with pytest.raises(ChangeRefusedError, match=r"members\.email can't be masked .*: there is no key"):
            club.delete(plan)
    assert everything(engine) == before


def test_a_value_that_would_stand_twice_in_a_unique_column_stops_everything(small_url: str, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(members.update().where(members.c.id == 3).values(email="b"))
    before = everything(engine)
    text = map_with(OF_MEMBERS.replace("email: random", "email: {truncate: 1}"))
    with open_source(read_data_map(text), read_url=small_url, write_url=small_url) as club:
        plan = plan_of(club, BOB, members=Action.DEIDENTIFY, stamps=Action.DELETE)
        with pytest.raises(ChangeRefusedError, match="a constraint of the database forbids it"):
            club.delete(plan)
    assert everything(engine) == before


def test_equal_values_have_equal_hashes_and_no_two_sources_share_one() -> None:
    assert HASHING.mask("a@b.example") == HASHING.mask("a@b.example") != HASHING.mask("c@b.example")
    assert HASHING.mask("a@b.example") != hashing(b"of another source").mask("a@b.example")
    assert len(HASHING.mask("a@b.example")) == HASH_LETTERS


def test_a_hash_is_known_under_an_older_key_and_stays() -> None:
    old = hashing(b"old").mask("a@b.example")
    assert HASHING.made(old)
    assert HASHING.mask(old) == old
    assert not hashing(b"new").made(old), "its key is gone"
    assert not HASHING.made("0" * HASH_LETTERS)


@pytest.mark.parametrize(
    ("by", "held", "after"),
    [
        (Truncate(3), "Victoria", "Vic"),
        (Truncate(3), "Vi", "Vi"),
        (Truncate(3), "", ""),
        (Truncate(2), 94105, "94"),
        (Year(), "1980-02-29", "1980-01-01"),
        (Year(), "2024-05-01T10:30:00", "2024-01-01"),
        (Year(), "infinity", "infinity"),
        (Year(), "-infinity", "-infinity"),
        (Year(), "0000-00-00", "0000-00-00"),
        (Year(), "0000-00-00 00:00:00", "0000-00-00 00:00:00"),
        (Year(), None, None),
        (KeyedHash(), None, None),
    ],
)
def test_what_a_mask_leaves_is_known_as_masked(by: Replacement, held: Json, after: Json) -> None:
    assert masked(by, held, HASHING) == after
    assert looks_masked(by, after, HASHING)


@pytest.mark.parametrize(("by", "held"), [(Truncate(3), "Victoria"), (Year(), "1980-02-29"), (KeyedHash(), "Victoria")])
def test_what_nobody_has_masked_is_not_taken_for_it(by: Replacement, held: Json) -> None:
    assert not looks_masked(by, held, HASHING)


@pytest.mark.parametrize(
    ("by", "held"),
    [
        *((Year(), held) for held in ("once", "0101", "0044-03-15 BC", "12024-01-31", "0000-05-17")),
        (Truncate(1), {"$binary": "", "bytes": 0}),
    ],
)
def test_what_can_not_be_masked_is_said_without_the_value(by: Replacement, held: Json) -> None:
    with pytest.raises(NotMaskableError, match=r"^it is no (date of a year from 1 to 9999; .*|text, number or date)$"):
        masked(by, held, HASHING)


def test_a_person_who_replaces_by_hand_is_asked_for_no_hash() -> None:
    text = map_with(OF_MEMBERS.replace("phone: clear", "phone: keyed_hash")).replace(
        "connector: sql", "connector: files"
    )
    with pytest.raises(DataMapError, match="'phone': a person who changes it by hand has no key"):
        read_data_map(text)


def test_a_service_is_told_each_row_s_values(service: Service) -> None:
    start = SERVICE_MAP.index("deidentify:")
    end = SERVICE_MAP.index("}", SERVICE_MAP.index("phone", start)) + 1
    text = (
        SERVICE_MAP[:start] + "deidentify: {email: keyed_hash, name: {truncate: 1}, phone: clear}" + SERVICE_MAP[end:]
    )
    connector = HttpConnector(
        read_data_map(text), read_url=service.url, write_url=service.url, hosts=("127.0.0.1",), hashing=HASHING
    )
    email, name = service.members[0]["email"], service.members[0]["name"]
    connector.delete(plan_of(connector, {"email": [email]}, members=Action.DEIDENTIFY))
    assert service.members[0]["email"] == HASHING.mask(email)
    assert service.members[0]["name"] == name[0]
    assert service.members[0]["phone"] is None
