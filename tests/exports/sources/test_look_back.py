"""A look-back begins with a day at the organisation's place, whatever the source's clocks say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from exports.sources.connector import open_source
from exports.sources.datamap import DataMapError, read_data_map
from exports.sources.since import Since
from tests.exports.sources.databases import MARIADB, SQLITE, on

DAY = date(2026, 1, 10)
TOKYO, CALIFORNIA = (Since(DAY, ZoneInfo(name)) for name in ("Asia/Tokyo", "America/Los_Angeles"))
ANN, BOB = {"owner": ["ann"]}, {"owner": ["bob"]}
# Rows by number: a second before the day begins in Tokyo, when it does, the same for California; one has no date.
MOMENTS = {
    1: "2026-01-09 14:59:59",
    2: "2026-01-09 15:00:00",
    3: "2026-01-10 07:59:59",
    4: "2026-01-10 08:00:00",
}
TYPES = {
    "sqlite": ("DATETIME", "DATETIME", "DATE"),
    "postgresql": ("timestamptz", "timestamp", "date"),
    "mariadb": ("TIMESTAMP NULL", "DATETIME", "DATE"),
}
MAP = """
source: seen
title: Seen
connector: sql
role: controller
purposes: {x: x}
origins: {x: x}
collections:
  - name: visits
    title: Visits
    table: visits
    key: [id]
    provided_by_person: true
    purposes: [x]
    collected_from: [x]
    reached: [{by: owner, column: owner}]
    received_at: instant
    on_delete: delete
    fields: [{column: id, title: Id, category: commercial}]
"""
LOCAL = MAP.replace("received_at: instant", "received_at: local")
KEPT = LOCAL.replace("delete\n", "{keep: {ground: ca_105d8_legal_obligation, years: 7, counted_from: local}}\n")
IN_UTC = f"{LOCAL}timezone: UTC\n"
IN_TOKYO = f"{LOCAL}timezone: Asia/Tokyo\n"
DAYS = MAP.replace("received_at: instant", "received_at: day")
CASES = [
    pytest.param(MAP, TOKYO, [2, 3, 4, 5], id="an instant, east of UTC"),
    pytest.param(MAP, CALIFORNIA, [4, 5], id="an instant, west of it"),
    pytest.param(IN_UTC, TOKYO, [2, 3, 4, 5], id="clocks that go by UTC"),
    pytest.param(IN_UTC, CALIFORNIA, [4, 5], id="clocks that go by UTC, west of it"),
    pytest.param(IN_TOKYO, CALIFORNIA, [5], id="clocks that stand in Tokyo"),
    pytest.param(LOCAL, TOKYO, [2, 3, 4, 5], id="clocks of which nobody says where: rather UTC"),
    pytest.param(LOCAL, CALIFORNIA, [3, 4, 5], id="clocks of which nobody says where: rather the own"),
    pytest.param(DAYS, TOKYO, [3, 4, 5], id="a day is a day"),
    pytest.param(DAYS, CALIFORNIA, [3, 4, 5], id="a day is a day, west of UTC"),
]


@pytest.fixture(scope="module")
def visits_url(kind: str, small_url: str) -> Iterator[str]:
    """A table with every kind of date."""
    engine = sa.create_engine(small_url)
    instant, local, day = TYPES[kind]
    zone = "" if kind == "mariadb" else "+00:00"
    with engine.begin() as connection:
        if kind == "mariadb":
            connection.exec_driver_sql("SET time_zone = '+00:00'")
        connection.exec_driver_sql(
            f"CREATE TABLE visits (id integer, owner varchar(9), instant {instant}, local {local}, day {day})"
        )
        for number, moment in MOMENTS.items():
            connection.exec_driver_sql(
                f"INSERT INTO visits VALUES ({number}, 'ann', '{moment}{zone}', '{moment}', '{moment[:10]}')"
            )
        connection.exec_driver_sql("INSERT INTO visits (id, owner) VALUES (5, 'ann')")
    yield small_url
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE visits")
    engine.dispose()


@pytest.mark.parametrize(("text", "since", "expected"), CASES)
def test_a_database_is_looked_back_in_from_when_the_day_begins(
    visits_url: str, text: str, since: Since, expected: list[int]
) -> None:
    with open_source(read_data_map(text), read_url=visits_url) as connector:
        found = [record["id"] for page in connector.pages("visits", ANN, since=since) for record in page.records]
        assert sorted(map(int, map(str, found))) == expected
        assert connector.presence("visits", ANN, since=since).rows == len(expected)


@pytest.mark.parametrize(("text", "since", "expected"), CASES)
def test_files_are_looked_back_in_from_when_the_day_begins(
    tmp_path: Path, text: str, since: Since, expected: list[int]
) -> None:
    lines = [
        f'{{"id": {number}, "owner": "ann", "instant": "{moment}Z", "local": "{moment}", "day": "{moment[:10]}"}}'
        for number, moment in MOMENTS.items()
    ]
    (tmp_path / "visits.jsonl").write_text("\n".join([*lines, '{"id": 5, "owner": "ann"}']) + "\n")
    text = text.replace("connector: sql", "connector: files").replace("    key: [id]\n", "")
    text = text.replace("    table: visits\n", "    files: visits.jsonl\n    format: json_lines\n")
    with open_source(read_data_map(text), read_url=str(tmp_path)) as connector:
        found = [record["id"] for page in connector.pages("visits", ANN, since=since) for record in page.records]
        assert found == expected


NO_DATES = {
    "sqlite": (["1714559400", "'last week'", "x'00'", "'2026-01-09'", "CAST(x'ff' AS TEXT)"], [10, 11, 12, 14]),
    "mariadb": (["'0000-00-00 00:00:00'", "'2026-01-09 00:00:00'"], [10]),
}


@on(SQLITE, MARIADB)  # which hold what is no date in a column of dates
def test_what_is_no_date_is_not_known_to_be_before(visits_url: str, kind: str) -> None:
    engine = sa.create_engine(visits_url)
    values, expected = NO_DATES[kind]
    with engine.begin() as connection:
        if kind == "mariadb":
            connection.exec_driver_sql("SET sql_mode = ''")
        for number, value in enumerate(values, 10):
            connection.exec_driver_sql(f"INSERT INTO visits (id, owner, local) VALUES ({number}, 'bob', {value})")
    with open_source(read_data_map(KEPT), read_url=visits_url) as connector:
        pages = connector.pages("visits", BOB, since=CALIFORNIA)
        assert [record["id"] for page in pages for record in page.records] == expected
        assert connector.past_keeping("visits", BOB, on=DAY.replace(year=2033)) == len(values) - len(expected)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM visits WHERE owner = 'bob'")
    engine.dispose()


MOMENTS_OF_A_DAY = ("", " 00:00:00", "T23:59:59.5", " 00:00:00+14:00", "T23:59:59-12:00", "T12:00:00Z", " noon", ":")


@on(SQLITE)
@pytest.mark.parametrize("since", [TOKYO, CALIFORNIA])
@pytest.mark.parametrize("zone", ["", "timezone: Pacific/Kiritimati\n"])
def test_what_sqlite_sees_of_a_text_itself_is_what_the_bounds_say(visits_url: str, since: Since, zone: str) -> None:
    days = [DAY + timedelta(days) for days in range(-4, 5)]
    moments = dict(enumerate((f"{day}{moment}" for day in days for moment in MOMENTS_OF_A_DAY), 100))
    datamap = read_data_map(LOCAL + zone)
    bounds = since.bounds(datamap.zone)
    engine = sa.create_engine(visits_url)
    with engine.begin() as connection:
        for number, moment in moments.items():
            connection.exec_driver_sql("INSERT INTO visits (id, owner, local) VALUES (?, 'bob', ?)", (number, moment))
    with open_source(datamap, read_url=visits_url) as connector:
        found = {record["id"] for page in connector.pages("visits", BOB, since=since) for record in page.records}
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM visits WHERE owner = 'bob'")
    engine.dispose()
    assert found == {number for number, moment in moments.items() if bounds.reached_by(moment)}


@pytest.mark.parametrize("name", ["Europe/Berlin ", "Berlin", "../etc/passwd", "+01:00"])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(DataMapError, match="there is no time zone") as caught:
        read_data_map(f"{MAP}timezone: '{name}'\n")
    assert "write one such as Europe/Berlin" in str(caught.value)
