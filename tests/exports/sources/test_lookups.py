"""Look-ups that read a whole table are named with a cure, and the cure helps."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from exports.sources.connector import slow_lookups
from exports.sources.datamap import DataMap, read_data_map
from tests.exports.sources.databases import POSTGRESQL, SQLITE, make_index, on
from tests.exports.sources.small_company import MAP

DIGITS = MAP.replace("{by: email, column: email, compare: email}", "{by: phone, column: phone, compare: digits}")


@pytest.fixture
def club() -> DataMap:
    """The small company's map."""
    return read_data_map(MAP)


@pytest.fixture
def without_index(engine: sa.Engine) -> sa.Engine:
    """The small company without the index by which letters are found, until its cure has made it again."""
    with engine.begin() as connection:
        connection.execute(sa.text("DROP INDEX ix_letters_member_id"))
    return engine


def test_a_small_table_needs_no_index(engine: sa.Engine, small_url: str, club: DataMap) -> None:
    assert slow_lookups(club, read_url=small_url, large=4) == []


def test_an_address_compared_by_expression_is_named_with_its_cure(
    engine: sa.Engine, small_url: str, club: DataMap
) -> None:
    (sentence,) = slow_lookups(club, read_url=small_url, large=1)
    assert sentence.startswith("the look-up by members.email reads the whole table, for no index serves it: ")
    assert ("CREATE INDEX" in sentence) == (engine.dialect.name == "postgresql")


@on(POSTGRESQL)  # the only one with indexes on expressions that serve
@pytest.mark.parametrize("text", [MAP, DIGITS], ids=["email", "digits"])
def test_the_index_on_the_expression_serves(engine: sa.Engine, small_url: str, text: str) -> None:
    data_map = read_data_map(text)
    (sentence,) = slow_lookups(data_map, read_url=small_url, large=1)
    make_index(engine, sentence)
    assert slow_lookups(data_map, read_url=small_url, large=1) == []
    with engine.begin() as connection:
        connection.execute(sa.text("DROP INDEX ix_members_look_up"))


@on(SQLITE, POSTGRESQL)  # MariaDB keeps the index that a foreign key needs
def test_a_foreign_key_without_an_index_is_named_and_the_index_serves(
    without_index: sa.Engine, small_url: str, club: DataMap
) -> None:
    found = [
        sentence for sentence in slow_lookups(club, read_url=small_url, large=1) if "letters.member_id" in sentence
    ]
    assert found[0].endswith("CREATE INDEX ix_letters_member_id ON letters (member_id)")
    make_index(without_index, found[0])
    assert not [one for one in slow_lookups(club, read_url=small_url, large=1) if "letters.member_id" in one]
