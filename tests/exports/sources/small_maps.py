"""Maps of few columns, for tables that a test makes by plain SQL; and what is done with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from exports.sources.connector import Action, Connector, Deletion, Mode, open_source
from exports.sources.datamap import DataMap, read_data_map
from exports.sources.values import Key
from tests.exports.sources.plans import plan_of

HEAD = """\
source: odd
title: Odd
connector: sql
role: controller
purposes: {talk: Talk}
origins: {person: You}
collections:
"""
BY_EMAIL = "reached: [{by: email, column: email, compare: email}]"


def collection(name: str, columns: str, *ways: str, key: str = "[id]", on_delete: str = "delete") -> str:
    """One collection, with its columns in one text."""
    lines = [
        f"  - name: {name}",
        "    title: T",
        f"    table: {name}",
        f"    key: {key}",
        "    provided_by_person: true",
    ]
    lines += ["    purposes: [talk]", "    collected_from: [person]", f"    on_delete: {on_delete}"]
    lines += [f"    {way}" for way in ways]
    lines += [
        "    fields:",
        *(f"      - {{column: {name}, title: C, category: identifiers}}" for name in columns.split()),
    ]
    return "\n".join(lines) + "\n"


def map_of(*collections: str) -> DataMap:
    """The map of these collections, parents first."""
    return read_data_map(HEAD + "".join(collections))


@contextmanager
def opened(url: str, data_map: DataMap, *statements: str) -> Iterator[Connector]:
    """A connector to a database in which these were run."""
    run(url, *statements)
    with open_source(data_map, read_url=url, write_url=url) as connector:
        yield connector


def run(url: str, *statements: str) -> None:
    """Run them, and commit."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def rows(url: str, query: str) -> list[Sequence[object]]:
    """What a query gives."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.exec_driver_sql(query)]
    engine.dispose()
    return found


def found(connector: Connector, address: str) -> dict[str, list[Key]]:
    """The keys of what is found by an address, by collection."""
    known = {"email": [address]}
    names = [each.name for each in connector.datamap.collections]
    return {
        name: [key for page in connector.pages(name, known, mode=Mode.PLAN, size=2) for key in page.keys]
        for name in names
    }


def deleted(connector: Connector, address: str, **others: Action) -> Deletion:
    """Everything that is found by an address, deleted, but for what is to be done otherwise."""
    actions = {each.name: others.get(each.name, Action.DELETE) for each in connector.datamap.collections}
    return connector.delete(plan_of(connector, {"email": [address]}, **actions))
