"""Rows come page by page in the order of their keys: streamed, resumable, and as small as their mode."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import psutil
import pytest
import sqlalchemy as sa

from exports.sources.connector import Connector, KeySet, Mode, Page, open_source
from exports.sources.datamap import read_data_map
from exports.sources.errors import MapDoesNotFitError
from exports.sources.since import Since
from exports.sources.sql import reading, windows
from tests.exports.sources.small_company import MAP, letters, members, stamps

ANN = {"email": ["ann.o'hara@club.example"]}
MEGABYTE = 1024 * 1024


def add_letters(engine: sa.Engine, count: int, *, first: int = 1000, member: int = 1, body: str = "x") -> None:
    """More letters of a member; the database itself doubles them until there are enough."""
    ours = letters.c.id.between(first, first + count)
    with engine.begin() as connection:
        connection.execute(letters.insert(), {"id": first, "member_id": member, "body": body})
        there = 1
        while there < count:
            copy = sa.select(letters.c.id + there, letters.c.member_id, letters.c.body).where(
                ours, letters.c.id < first + min(there, count - there)
            )
            connection.execute(letters.insert().from_select(["id", "member_id", "body"], copy))
            there = min(2 * there, count)


def keys(pages: Iterator[Page]) -> list[int]:
    """The first parts of all keys."""
    return [int(key[0]) for page in pages for key in page.keys]


def test_a_page_holds_the_fields_of_the_map_as_json(company: Connector) -> None:
    (page,) = company.pages("members", ANN)
    assert page.keys == [(1,)]
    assert page.records == [
        {
            "email": "Ann.O'Hara@Club.example",
            "name": "Ann O'Hara",
            "phone": "(415) 555-0101",
            "born": "1980-02-29",
            "points": 7,
            "picture": {"$binary": "iVBORwD/", "bytes": 6},
            "opted_out": False,
            "joined_at": "2024-05-01T10:30:00",
        }
    ]
    assert page.held() == dict.fromkeys(page.records[0], 1)


def test_empty_cells_are_null_and_not_held(company: Connector) -> None:
    (page,) = company.pages("members", {"member_no": ["3"]})
    assert {name for name, value in page.records[0].items() if value is None} == {
        "email", "born", "points", "picture", "joined_at"
    }  # fmt: skip
    assert set(page.held()) == {"name", "phone", "opted_out"}
    assert set(company.presence("members", {"member_no": ["3"]}).held) == {"name", "phone", "opted_out"}


def test_a_page_does_not_show_what_it_holds_when_it_is_printed(company: Connector) -> None:
    (page,) = company.pages("members", ANN)
    assert "Ann" not in repr(page)


def test_pages_are_cut_and_follow_each_other(engine: sa.Engine, company: Connector) -> None:
    add_letters(engine, 11)
    add_letters(engine, 5, first=2000, member=2)
    pages = list(company.pages("letters", ANN, size=5))
    assert [len(page.keys) for page in pages] == [5, 5, 3]
    assert keys(iter(pages)) == [10, 11, *range(1000, 1011)]


def test_pages_go_on_behind_a_key(engine: sa.Engine, company: Connector) -> None:
    add_letters(engine, 11)
    first = next(company.pages("letters", ANN, size=5))
    rest = company.pages("letters", ANN, size=5, after=first.last_key)
    assert keys(iter([first])) + keys(rest) == [10, 11, *range(1000, 1011)]


def test_a_composite_key_is_followed_part_by_part(engine: sa.Engine, company: Connector) -> None:
    with engine.begin() as connection:
        for letter in (10, 11):
            for place in ("a", "b", "c"):
                connection.execute(stamps.insert(), {"letter_id": letter, "place": place, "cents": 1})
    whole = [key for page in company.pages("stamps", ANN) for key in page.keys]
    assert whole == [(10, "a"), (10, "b"), (10, "c"), (10, "left"), (10, "top"), (11, "a"), (11, "b"), (11, "c")]
    for place, key in enumerate(whole):
        rest = [found for page in company.pages("stamps", ANN, after=key, size=2) for found in page.keys]
        assert rest == whole[place + 1 :]


def test_statements_follow_each_other_too(
    engine: sa.Engine, company: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, rows in {"WINDOW": 4, "FIRST": 2}.items():
        monkeypatch.setattr(windows, name, rows)
    add_letters(engine, 10)
    for size in (1, 3, 4, 5):
        assert keys(company.pages("letters", ANN, size=size)) == [10, 11, *range(1000, 1010)]


@pytest.mark.slow
def test_a_page_of_long_texts_ends_early(engine: sa.Engine, company: Connector) -> None:
    add_letters(engine, 30, body="x" * MEGABYTE)
    lengths = [len(page.keys) for page in company.pages("letters", {"member_no": ["1"]})]
    assert lengths == [10, 8, 8, 6]


@pytest.mark.slow
def test_a_plan_holds_keys_what_is_given_on_and_the_fields_asked_for(company: Connector) -> None:
    (page,) = company.pages("letters", ANN, mode=Mode.PLAN)
    assert page.records == [{"id": 10}, {"id": 11}]
    (page,) = company.pages("members", ANN, mode=Mode.PLAN, fields=("phone", "opted_out"))
    assert page.records == [{"id": 1, "phone": "(415) 555-0101", "opted_out": False}]
    assert page.keys == [(1,)]


def test_presence_has_no_pages(company: Connector) -> None:
    with pytest.raises(ValueError, match="presence has no pages"):
        next(company.pages("members", ANN, mode=Mode.PRESENCE))


def test_the_look_back_leaves_out_older_rows_and_keeps_those_without_a_date(
    engine: sa.Engine, company: Connector
) -> None:
    add_letters(engine, 1)  # without a date
    assert keys(company.pages("letters", ANN, since=Since(date(2022, 1, 1), UTC))) == [11, 1000]
    assert keys(company.pages("letters", ANN, since=Since(date(2021, 12, 31), UTC))) == [10, 11, 1000]
    assert keys(company.pages("letters", ANN, since=Since(date(2026, 1, 1), UTC))) == [11, 1000]
    assert keys(company.pages("letters", ANN, since=Since(date(2026, 1, 2), UTC))) == [1000]
    assert company.presence("letters", ANN, since=Since(date(2022, 1, 1), UTC)).rows == 2
    assert keys(company.pages("invoices", ANN, since=Since(date(2026, 1, 1), UTC))) == [
        1
    ]  # has no date to look back by


KEPT = "on_delete: {keep: {ground: ca_105d8_legal_obligation, years: 7, counted_from: sent_at}}"


@pytest.mark.parametrize(
    ("on", "rows"),
    [
        (date(2028, 12, 31), 0),  # seven years to the day
        (date(2029, 1, 1), 1),
        (date(2033, 1, 2), 2),
        (date(2032, 2, 29), 1),
    ],
)
def test_rows_whose_time_to_be_kept_is_over_are_counted(engine: sa.Engine, small_url: str, on: date, rows: int) -> None:
    add_letters(engine, 1)  # without a date
    with open_source(read_data_map(MAP.replace("on_delete: delete", KEPT, 1)), read_url=small_url) as club:
        assert club.past_keeping("letters", ANN, on=on) == rows
        assert club.past_keeping("letters", {}, on=on) == 0
        assert club.past_keeping("invoices", ANN, on=on) == 0, "they stay as long as what they belong to"
        assert club.past_keeping("members", ANN, on=on) == 0, "they are not kept at all"


@pytest.mark.slow
def test_one_person_with_100_000_rows_is_read_with_flat_memory(engine: sa.Engine, company: Connector) -> None:
    add_letters(engine, 100_000, body="A letter of ordinary length. " * 20)
    memory = psutil.Process().memory_info
    pages = company.pages("letters", ANN)
    next(pages)
    before, rows, most = memory().rss, 5000, 0
    for page in pages:
        rows += len(page.records)
        most = max(most, memory().rss - before)
    assert rows == 100_002
    assert most < 30 * MEGABYTE  # all rows at once would take three times that


@pytest.mark.parametrize(("few", "statements"), [(100, 2), (1, 2), (0, 2)])
def test_a_grandchild_costs_one_statement_after_a_look_at_its_parents(
    engine: sa.Engine, company: Connector, monkeypatch: pytest.MonkeyPatch, few: int, statements: int
) -> None:
    monkeypatch.setattr(reading, "FEW", few)
    next(company.pages("stamps", ANN))
    said: list[str] = []

    def listen(*args: object) -> None:
        said.append(str(args[2]))

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    assert [key for page in company.pages("stamps", ANN) for key in page.keys] == [(10, "left"), (10, "top")]
    sa.event.remove(sa.Engine, "before_cursor_execute", listen)
    assert len(said) == statements
    assert said[-1].count("SELECT") == (1 if few == 100 else 3)  # known letters, or letters of known members


@pytest.mark.parametrize(
    ("change", "collection", "sentence"),
    [
        (("key: [letter_id, place]", "key: [cents]"), "stamps", "the key of stamps is not unique"),
        (("key: [id]", "key: [points]"), "members", "members: a key is made of single values that are never NULL"),
    ],
)
def test_a_key_that_does_not_name_one_row_is_refused(
    change: tuple[str, str], collection: str, sentence: str, engine: sa.Engine, small_url: str
) -> None:
    datamap = read_data_map(MAP.replace(*change, 1).replace("correctable: true", "correctable: false"))
    with open_source(datamap, read_url=small_url) as club, pytest.raises(MapDoesNotFitError, match=sentence):
        list(club.pages(collection, {"member_no": ["1", "3"]}))


def test_a_key_may_be_a_moment(engine: sa.Engine, small_url: str) -> None:
    with engine.begin() as connection:
        earlier = datetime.fromisoformat("2020-01-01T00:00:01")
        connection.execute(members.update().where(members.c.id == 3).values(joined_at=earlier))
    text = MAP.replace("correctable: true", "correctable: false").replace("key: [id]", "key: [joined_at]", 1)
    text = text.replace("by: member_no, column: id", "by: p, column: points")
    with engine.begin() as connection:
        connection.execute(members.update().where(members.c.id == 3).values(points=7))
    with open_source(read_data_map(text), read_url=small_url) as club:
        first, second = club.pages("members", {"p": ["7"]}, size=1)
        assert [page.records[0]["name"] for page in (first, second)] == ["Zoë", "Ann O'Hara"]
        (again,) = club.pages("members", {"p": ["7"]}, after=first.last_key)
        assert again.keys == second.keys
        assert list(club.pages("members", {"p": ["7"]}, after=second.last_key)) == []


def test_the_digest_of_keys_does_not_depend_on_the_pages(company: Connector) -> None:
    digests = set()
    for size in (1, 2, 5):
        found = KeySet()
        for page in company.pages("letters", ANN, size=size):
            found.add(page.keys)
        digests.add((found.rows, found.hexdigest()))
    assert len(digests) == 1


def test_pages_that_nobody_reads_to_the_end_let_go_of_the_database(engine: sa.Engine, company: Connector) -> None:
    for _ in range(10):
        pages = company.pages("letters", ANN, size=1)
        next(pages)
        pages.close()  # type: ignore[attr-defined]
    assert len(list(company.pages("letters", ANN, size=1))) == 2
