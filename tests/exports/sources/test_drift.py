"""What counts as a change of a source, and what as decided: every table and column, unless the map leaves it out."""

from __future__ import annotations

import pytest

from exports.sources.coverage import undecided
from exports.sources.datamap import DataMap, read_data_map
from exports.sources.drift import SchemaNote, drift
from exports.sources.schema import Column, Kind, Place, Pointer, Schema, Table
from tests.exports.sources.small_company import MAP

CLUB = read_data_map(MAP)
WITHOUT_REPORTS = read_data_map(f'{MAP}left_out: {{"reports.*": a source of its own}}\n')
MEMBERS = Place("public", "members")


def note(*places: Place, hanging: Place | None = None, data_map: DataMap = CLUB) -> SchemaNote:
    """A database with these tables, one of which may hang on the members."""
    columns = (Column("id", "INTEGER", Kind.NUMBER, nullable=False),)
    tables = tuple(Table(place, False, columns, ("id",), (("id",),)) for place in (MEMBERS, *places))
    pointers = (Pointer(hanging, ("id",), MEMBERS, ("id",), False),) if hanging else ()
    return SchemaNote.of(Schema("public", tables, pointers), data_map)


def test_a_note_is_read_back_as_it_was_written() -> None:
    now = note(Place("public", "letters"), hanging=Place("public", "letters"))
    assert SchemaNote.from_json(now.as_json()) == now
    assert drift(now, now) == []


def test_tables_of_every_schema_count_but_for_schemas_that_the_map_leaves_out() -> None:
    elsewhere = Place("reports", "monthly")
    (table,) = drift(note(), note(elsewhere))
    assert table.startswith("the table reports.monthly is new: describe it")
    assert drift(note(data_map=WITHOUT_REPORTS), note(elsewhere, data_map=WITHOUT_REPORTS)) == []
    assert [one[:29] for one in drift(note(Place("public", "badges")), note())] == ["the table badges is gone: tak"]


def test_of_a_schema_that_is_left_out_counts_what_hangs_on_a_table_of_the_others() -> None:
    elsewhere = Place("reports", "monthly")
    before, now = note(data_map=WITHOUT_REPORTS), note(elsewhere, hanging=elsewhere, data_map=WITHOUT_REPORTS)
    table, key = drift(before, now)
    assert table.startswith("the table reports.monthly is new: describe it")
    assert key.startswith("the foreign key reports.monthly (id) to members (id) is new: look whether")
    assert undecided(now, WITHOUT_REPORTS) == undecided(before, WITHOUT_REPORTS)


def test_nothing_of_a_database_is_passed_over_in_silence() -> None:
    """The map describes members, but not the number of their rows; letters, stamps and invoices are not there."""
    now = note(Place("public", "badges"), Place("reports", "monthly"))
    decide = "describe it in a collection, or say under left_out why it stays out."
    assert undecided(now, CLUB) == [
        f"nothing is decided about the table badges: {decide}",
        "nothing is decided about members.id: describe each as a field, or say under left_out why it stays out.",
        f"nothing is decided about the table reports.monthly: {decide}",
    ]


@pytest.mark.parametrize("reports", ["reports.monthly", '"reports.*"'])
def test_what_is_left_out_with_a_reason_is_decided(reports: str) -> None:
    now = note(Place("public", "badges"), Place("reports", "monthly"))
    left_out = read_data_map(f"{MAP}left_out: {{badges: x, members.id: x, {reports}: x}}\n")
    assert undecided(now, left_out) == []


def test_of_a_table_that_nobody_describes_a_column_does_not_stand_for_the_whole() -> None:
    left_out = read_data_map(f"{MAP}left_out: {{badges.id: x, members.id: x}}\n")
    (silent,) = undecided(note(Place("public", "badges")), left_out)
    assert silent.startswith("nothing is decided about the table badges")


def test_the_schema_that_goes_without_saying_is_not_left_out_by_its_name() -> None:
    named = read_data_map(f'{MAP}left_out: {{"public.*": x}}\n')
    badges = Place("public", "badges")
    assert undecided(note(badges, data_map=named), named) == undecided(note(badges), CLUB)
    assert drift(note(data_map=named), note(badges, data_map=named)) == drift(note(), note(badges))


def test_a_collection_may_name_the_schema_that_goes_without_saying() -> None:
    named = read_data_map(MAP.replace("    table: members\n", "    table: members\n    schema: public\n"))
    assert undecided(note(), named) == undecided(note(), CLUB)
