"""What counts as a change of a source: the schemas of its map, and what hangs on their tables."""

from __future__ import annotations

from exports.sources.datamap import read_data_map
from exports.sources.drift import SchemaNote, drift
from exports.sources.schema import Column, Kind, Place, Pointer, Schema, Table
from tests.exports.sources.small_company import MAP

CLUB = read_data_map(MAP)
MEMBERS = Place("public", "members")


def note(*places: Place, hanging: Place | None = None) -> SchemaNote:
    """A database with these tables, one of which may hang on the members."""
    columns = (Column("id", "INTEGER", Kind.NUMBER, nullable=False),)
    tables = tuple(Table(place, False, columns, ("id",), (("id",),)) for place in (MEMBERS, *places))
    pointers = (Pointer(hanging, ("id",), MEMBERS, ("id",), False),) if hanging else ()
    return SchemaNote.of(Schema("public", tables, pointers), CLUB)


def test_a_note_is_read_back_as_it_was_written() -> None:
    now = note(Place("public", "letters"), hanging=Place("public", "letters"))
    assert SchemaNote.from_json(now.as_json()) == now
    assert drift(now, now) == []


def test_a_new_table_of_another_schema_counts_only_if_it_hangs_on_one_of_the_map() -> None:
    elsewhere = Place("reports", "monthly")
    assert drift(note(), note(elsewhere)) == []
    table, key = drift(note(), note(elsewhere, hanging=elsewhere))
    assert table.startswith("the table reports.monthly is new: describe it")
    assert key.startswith("the foreign key reports.monthly (id) to members (id) is new: ")
    assert [one[:29] for one in drift(note(Place("public", "badges")), note())] == ["the table badges is gone: tak"]
