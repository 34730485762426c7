"""Identifiers and joins as conditions of a query: always bound values, always the whole value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Collection as Several
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import types

from exports.sources.comparing import wanted
from exports.sources.connector import Identifiers
from exports.sources.datamap import E164, Collection, Compare, Comparison, DataMap, Join, Root, Trail
from exports.sources.sql.columns import is_filled_up, is_text, is_written
from exports.sources.sql.dialects import Dialect, Expression
from exports.sources.sql.tables import Tables
from exports.sources.values import Key, KeyPart, raw_key

Condition: TypeAlias = sa.ColumnElement[bool]
KEEPS_BLANKS = frozenset({"sqlite", "mysql", "mariadb"})  # that are at the end of a CHAR
NAMED = frozenset({str, int, bool, bytes})  # what names a row outside of its database as exactly as within
Lookup: TypeAlias = Callable[[sa.Select[Any]], Sequence[object] | None]  # None: too many to name them one by one


class Matching:
    """Conditions on the tables of one source."""

    def __init__(self, datamap: DataMap, tables: Tables, dialect: Dialect) -> None:
        self._datamap = datamap
        self._tables = tables
        self._dialect = dialect

    def of_person(
        self, collection: Collection, identifiers: Identifiers, lookup: Lookup | None = None
    ) -> Condition | None:
        """The person's rows of a collection by any of its ways; None if no identifier leads there.

        With `lookup` the rows of a parent are looked up beforehand where they are few, so that many statements need
        not find them again; without it, everything is one condition, and so one moment of the database.
        """
        return self._of_person(collection, Trail(), identifiers, lookup)

    def _of_person(
        self, collection: Collection, trail: Trail, identifiers: Identifiers, lookup: Lookup | None
    ) -> Condition | None:
        conditions = (
            self.same(collection, way.column, way.compare, way.values(identifiers, chosen=trail.leads_to_chosen))
            if isinstance(way, Root)
            else self._joined(collection, way, trail, identifiers, lookup)
            for way in trail.ways_to(collection)
        )
        found = [condition for condition in conditions if condition is not None]
        only = trail.only(collection)
        if not found or only is None:
            return sa.or_(*found) if found else None
        chosen = self._chosen(collection, only)
        return None if chosen is None else sa.and_(chosen, sa.or_(*found))

    def _chosen(self, collection: Collection, keys: Several[Key]) -> Condition | None:
        """Rows of these keys; None if there is none."""
        found = []
        for key in keys:
            parts = (self._is_one_of(collection, name, [part]) for name, part in zip(collection.key, key, strict=True))
            found.append(sa.and_(*parts))
        return sa.or_(*found) if found else None

    def _is_one_of(self, collection: Collection, name: str, parts: Several[KeyPart]) -> Condition:
        """Rows whose column is one of the values that the database itself gave, maybe from another column."""
        column = self._tables.column(collection.name, name)
        parts = [part for part in parts if self._tables.has_letters_of(collection.name, name, str(part))]
        bound = [self._tables.key_bound(collection.name, name, part) for part in parts]
        is_one = self._tables.key_column(collection.name, name).in_(bound)
        return self._to_the_letter(is_one, column, [raw_key(part) for part in parts])

    def _to_the_letter(self, is_one: Condition, column: sa.Column[Any], values: Several[object]) -> Condition:
        """One of the values, and of texts not what is merely alike by the column's collation."""
        texts = [value for value in values if isinstance(value, str)]
        if not is_text(column.type) or len(texts) < len(values):
            return is_one
        if self._tables.backend not in KEEPS_BLANKS and is_filled_up(column.type):  # its padding is no letter
            texts = [text.rstrip(" ") for text in texts]
        # the first part can use an index, the second is exact whatever the column's collation is
        return sa.and_(is_one, self._dialect.to_the_letter(column).in_(map(self._dialect.letters, texts)))

    def same(self, collection: Collection, column: str, compare: Comparison, values: Several[str]) -> Condition | None:
        """Rows whose column equals one of the values; None if it can't equal any."""
        expression = self._tables.column(collection.name, column)
        if compare is Compare.EXACT:
            return self._exactly(collection, column, values)
        text = self._dialect.as_text(expression)
        forms = wanted(compare, values)
        if compare is Compare.DIGITS:
            text = self._dialect.digits(text)
        elif isinstance(compare, E164):
            text = self._dialect.dialled(text)
        else:
            text = self._dialect.lower(sa.func.trim(text) if compare is Compare.EMAIL else text)
            forms = forms.union(*map(self._dialect.lowered, forms))
        held = [form for form in forms if self._tables.has_letters_of(collection.name, column, form)]
        return self._one_of(text, held)

    def _exactly(self, collection: Collection, name: str, values: Several[KeyPart]) -> Condition | None:
        bound = []
        for value in values:
            try:
                bound.append(self._tables.comparable(collection.name, name, value))
            except ValueError:
                continue
        if not bound:
            return None
        column = self._tables.column(collection.name, name)
        return self._to_the_letter(column.in_(bound), column, [one.value for one in bound])

    def _one_of(self, text: Expression, forms: Several[str]) -> Condition | None:
        letters = [self._dialect.letters(form) for form in sorted(forms)]
        return self._dialect.to_the_letter(text).in_(letters) if letters else None

    def _joined(
        self, collection: Collection, join: Join, trail: Trail, identifiers: Identifiers, lookup: Lookup | None
    ) -> Condition | None:
        parent = self._datamap.collection(join.parent)
        of_person = self._of_person(parent, trail.over(join, collection, self._datamap), identifiers, None)
        if of_person is None:
            return None
        own, parents = self._tables[collection.name], self._tables[parent.name]
        if lookup and len(join.columns) == 1:
            ((_, up),) = join.columns
            known = lookup(sa.select(*self._told_apart(parents.columns[up])).where(of_person))
            named = [value for value in known or () if value is not None]
            if known is not None and NAMED.issuperset(map(type, named)):
                read = self._tables.key_reader(parent.name, up)
                return self._one_of_parents(collection, join, list(map(read, named)))
        pairs = [self._pair(own.columns[child], parents.columns[up]) for child, up in join.columns]
        children = [child for columns, _ in pairs for child in columns]
        return self.are_among(children, sa.select(*(up for _, columns in pairs for up in columns)).where(of_person))

    def _told_apart(self, column: sa.Column[Any]) -> list[Expression]:
        """A column, and what keeps DISTINCT from taking texts for one that are merely alike by its collation."""
        plain = sa.type_coerce(column, types.NullType())
        return [plain, self._dialect.to_the_letter(column)] if is_text(column.type) else [plain]

    def are_among(self, columns: Sequence[Expression], query: sa.Select[Any]) -> Condition:
        """Whether the columns together are one of the rows of a query by itself."""
        query = query.correlate(None)
        if len(columns) == 1:
            return columns[0].in_(query)
        if self._dialect.compares_tuples:
            return sa.tuple_(*columns).in_(query)
        rows = query.with_only_columns(
            *(column.label(f"c{place}") for place, column in enumerate(query.selected_columns))
        ).subquery()
        pairs = zip(columns, rows.columns, strict=True)
        return sa.exists(sa.literal(1)).select_from(rows).where(*(column == other for column, other in pairs))

    def _one_of_parents(self, collection: Collection, join: Join, values: Several[KeyPart]) -> Condition | None:
        """Rows whose column is one of the values of a parent's column; where the types differ, as somebody names it."""
        ((child, up),) = join.columns
        types_ = (self._tables.column(collection.name, child).type, self._tables.column(join.parent, up).type)
        if not values or type(types_[0]) is not type(types_[1]):
            return self._exactly(collection, child, values)
        return self._is_one_of(collection, child, values)

    def _pair(self, child: sa.Column[Any], parent: sa.Column[Any]) -> tuple[list[Expression], list[Expression]]:
        """Two columns that are to be equal; texts to the letter as well, or a join would pass over an accent.

        Where only one of them is written in letters, the other is compared as it would be written: left to themselves,
        servers read '12 Main' as 12.
        """
        if is_text(child.type) and is_text(parent.type):
            other = self._dialect.comparable_columns(child, parent)
            return [child, self._dialect.to_the_letter(child)], [other, self._dialect.to_the_letter(parent)]
        if is_written(child.type) or is_written(parent.type):
            own, up = (self._dialect.to_the_letter(self._dialect.as_text(column)) for column in (child, parent))
            return [own], [up]
        return [child], [parent]
