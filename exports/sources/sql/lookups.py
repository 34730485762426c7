"""Ways of a data map that no index serves: by reflection, and by the server's plan where an expression is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement, Executable

from exports.sources.datamap import Collection, Compare, Comparison, DataMap, Join, Root
from exports.sources.sql.engines import guarded
from exports.sources.sql.kinds import dialect_of
from exports.sources.sql.matching import Condition, Matching
from exports.sources.sql.schema import read_schema
from exports.sources.sql.tables import Tables

Plan: TypeAlias = Sequence[Any]  # rows, each as the server gives them
NOBODY = {Compare.EMAIL: "nobody@example.org", Compare.DIGITS: "0", Compare.CASEFOLD: "nobody"}
NOBODYS_NUMBER = "+12125550100"  # of those that are given to nobody
# Whether a plan reads the whole table. PostgreSQL is told to avoid that if it can, so that a small table says no less.
READS_ALL: dict[str, Callable[[Plan], bool]] = {
    "sqlite": lambda plan: any(str(row[3]).startswith("SCAN ") for row in plan),
    "postgresql": lambda plan: not any("Index Cond:" in str(row[0]) for row in plan),
    "mysql": lambda plan: any(row._mapping["type"] in ("ALL", "index") for row in plan),
    "mariadb": lambda plan: any(row._mapping["type"] in ("ALL", "index") for row in plan),
}


class _Explain(Executable, ClauseElement):
    """A statement that is to be planned, and not carried out."""

    inherit_cache = False

    def __init__(self, statement: sa.Select[Any]) -> None:
        self.statement = statement


@compiles(_Explain)
def _explain(element: _Explain, compiler: SQLCompiler, **options: Any) -> str:
    words = "EXPLAIN QUERY PLAN" if compiler.dialect.name == "sqlite" else "EXPLAIN"
    return f"{words} {compiler.process(element.statement, **options)}"


def find_slow_lookups(datamap: DataMap, engine: sa.Engine, *, large: int) -> list[str]:
    """Sentences with a cure; tables of fewer rows than `large` are read in a moment, index or not."""
    with guarded(datamap.source):
        return list(_Lookups(datamap, engine, large).sentences())


class _Lookups:
    def __init__(self, datamap: DataMap, engine: sa.Engine, large: int) -> None:
        self._datamap = datamap
        self._engine = engine
        self._large = large
        self._schema = read_schema(engine, datamap.source)
        self._tables = Tables(datamap, engine)
        self._matching = Matching(datamap, self._tables, dialect_of(engine.url))

    def sentences(self) -> Iterator[str]:
        """One for each way that reads a large table as a whole."""
        for collection in self._datamap.collections:
            table = self._schema.by_place.get(self._schema.place(collection.schema, collection.table))
            if table is None or table.is_view or not self._is_large(collection):
                continue
            for way in collection.every_way:
                columns = (way.column,) if isinstance(way, Root) else tuple(own for own, _ in way.columns)
                cure = self._cure(collection, way, served=table.has_index(columns))
                if cure:
                    named = f"{collection.name}.{'+'.join(columns)}"
                    yield f"the look-up by {named} reads the whole table, for no index serves it: {cure}"

    def _is_large(self, collection: Collection) -> bool:
        some = sa.select(sa.literal(1)).select_from(self._tables[collection.name]).limit(self._large).subquery()
        with self._engine.connect() as connection:
            return bool(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one() >= self._large)

    def _cure(self, collection: Collection, way: Root | Join, *, served: bool) -> str:
        """What to do; empty if an index serves. `served`: whether an index begins with the plain columns."""
        columns = self._tables[collection.name].columns
        if isinstance(way, Join):
            return "" if served else self._index(collection, [columns[own] for own, _ in way.columns])
        if way.compare is Compare.EXACT:
            return "" if served else self._index(collection, [columns[way.column]])
        condition = self._matching.same(collection, way.column, way.compare, [_nobody(way.compare)])
        if (
            condition is None
            or self._engine.dialect.name not in READS_ALL
            or not self._reads_all(collection, condition)
        ):
            return ""
        if self._engine.dialect.name == "postgresql" and isinstance(condition, sa.BinaryExpression):
            return self._index(collection, [condition.left])
        return (
            f"compare: {way.compare} asks for an expression that this kind of database has no index for; keep the value"
            " in a column of its own in the form that is asked for, index that, and name it with compare: exact"
        )

    def _reads_all(self, collection: Collection, condition: Condition) -> bool:
        query = sa.select(sa.literal(1)).select_from(self._tables[collection.name]).where(condition)
        backend = self._engine.dialect.name
        with self._engine.connect() as connection:
            if backend == "postgresql":
                connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
            return READS_ALL[backend](connection.execute(_Explain(query)).all())

    def _index(self, collection: Collection, parts: Sequence[sa.ColumnElement[Any]]) -> str:
        """The statement that makes one, as this kind of database writes it."""
        table = self._tables[collection.name]
        names = [part.name for part in parts if isinstance(part, sa.Column)] or ["look_up"]
        index = sa.Index("_".join(("ix", collection.name, *names))[:60], *parts, _table=table)
        return " ".join(str(sa.schema.CreateIndex(index).compile(dialect=self._engine.dialect)).split())


def _nobody(compare: Comparison) -> str:
    """A value that can be asked for."""
    return NOBODY[compare] if isinstance(compare, Compare) else NOBODYS_NUMBER
