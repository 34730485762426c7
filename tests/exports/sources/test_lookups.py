"""Look-ups that read a whole table are named with a cure, and the cure helps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from exports.sources.connector import slow_lookups
from exports.sources.datamap import DataMap, read_data_map
from tests.exports.sources.databases import POSTGRESQL, SQLITE, make_index, on
from tests.exports.sources.small_company import MAP

DIGITS = MAP.replace("{by: email, column: email, compare: email}", "{by: phone, column: phone, compare: digits}")
SOME = "INDEX ix_letters_some ON letters"
OF_SOME_ROWS = (
    (f"{SOME} (member_id) WHERE body <> ''", False),
    (f"{SOME} (member_id) WHERE member_id IS NOT NULL", True),
)
BROKEN = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = CAST('ix_letters_some' AS regclass)"
OF_A_KIND = (
    (f"{SOME} USING brin (member_id)", False),
    (f"{SOME} USING hash (member_id)", True),
    (f"UNIQUE {SOME} (member_id, id); {BROKEN}", False),  # as CREATE INDEX CONCURRENTLY leaves it
)


@pytest.fixture
def club() -> DataMap:
    """The small company's map."""
    return read_data_map(MAP)


@pytest.fixture
def without_index(engine: sa.Engine) -> Iterator[sa.Engine]:
    """The small company without the index by which letters are found; its cure may make it again."""
    with engine.begin() as connection:
        connection.execute(sa.text("DROP INDEX ix_letters_member_id"))
    yield engine
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE INDEX IF NOT EXISTS ix_letters_member_id ON letters (member_id)"))


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
    found = by_member(club, small_url)
    assert found[0].endswith("CREATE INDEX ix_letters_member_id ON letters (member_id)")
    make_index(without_index, found[0])
    assert not by_member(club, small_url)


def by_member(club: DataMap, url: str) -> list[str]:
    """What is told of the look-up of letters."""
    return [one for one in slow_lookups(club, read_url=url, large=1) if "letters.member_id" in one]


@on(SQLITE, POSTGRESQL)  # MariaDB has no such indexes
def test_an_index_of_some_rows_or_of_another_kind_or_a_broken_one_hides_nothing(
    without_index: sa.Engine, small_url: str, club: DataMap
) -> None:
    for index, serves in (*OF_SOME_ROWS, *(OF_A_KIND if without_index.dialect.name == "postgresql" else ())):
        with without_index.begin() as connection:
            connection.execute(sa.text(f"CREATE {index}"))
        told = by_member(club, small_url)
        with without_index.begin() as connection:
            connection.execute(sa.text("DROP INDEX ix_letters_some"))
        assert (not told) == serves, index
