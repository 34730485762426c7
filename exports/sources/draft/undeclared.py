"""Foreign keys that a database does not declare, by the names of columns and tables: `user_id` of `wp_users`.

Some programs declare none. Such a pointer is a guess, and no way is taken over it unasked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from exports.sources.draft.words import singular, words_of
from exports.sources.schema import Column, Kind, Place, Pointer, Schema, Table

Noun = tuple[str, ...]

ROW_NUMBER = "id"
NUMBERED = frozenset(("id", "uid", "uuid", "guid"))
ROLES: Mapping[str, Noun] = {"author": ("user",), "owner": ("user",)}
NO_PART_OF_IT = frozenset(("entity", "master", "table", "tbl", "info", "data", "detail", "base"))
POINTING = frozenset((Kind.NUMBER, Kind.TEXT, Kind.OTHER))  # a UUID may be any of them
FEWEST_TABLES, MOST_OF_THEM = 3, 0.8  # that begin alike, before their beginning counts as none of their names


def undeclared_pointers(schema: Schema) -> tuple[Pointer, ...]:
    """One for each column that is named after the key of another table, is of its kind, and declared as no pointer."""
    nouns = nouns_of(schema)
    by_noun: dict[Noun, list[Table]] = defaultdict(list)
    for table in schema.tables:
        if len(table.key) == 1 and not table.is_view:
            by_noun[nouns[table.place]].append(table)
    declared = {(pointer.child, column) for pointer in schema.pointers for column in pointer.columns}
    return tuple(
        Pointer(table.place, (column.name,), parent.place, parent.key, goes_along=False)
        for table in schema.tables
        if not table.is_view
        for column in table.columns
        if (table.place, column.name) not in declared
        if (noun := _named(column)) != nouns[table.place] or not _is_called(table, noun)
        for parent in _parents(table, column, noun, by_noun)
    )


def nouns_of(schema: Schema) -> Mapping[Place, Noun]:
    """What rows of each table are, in the singular: wp_users are users, a customer_entity is a customer."""
    words = {table.place: words_of(table.place.table) for table in schema.tables}
    firsts = Counter(found[0] for found in words.values() if len(found) > 1)
    prefix, tables = firsts.most_common(1)[0] if firsts else ("", 0)
    is_prefix = len(words) >= FEWEST_TABLES and tables >= MOST_OF_THEM * len(words)
    return {place: _noun(found, prefix if is_prefix else "") for place, found in words.items()}


def _noun(words: Sequence[str], prefix: str) -> Noun:
    own = words[1:] if len(words) > 1 and words[0] == prefix else words
    while len(own) > 1 and own[-1] in NO_PART_OF_IT:
        own = own[:-1]
    return (*own[:-1], singular(own[-1])) if own else ()


def _parents(table: Table, column: Column, noun: Noun, by_noun: Mapping[Noun, Sequence[Table]]) -> Iterator[Table]:
    """The table whose key the column is named after; none if several could be meant."""
    for begin in range(len(noun)):
        found = [
            parent
            for parent in by_noun.get(noun[begin:], ())
            if parent.place.schema == table.place.schema and _kind(parent) is column.kind
        ]
        if found:  # a user_info is one's as well, but the user's own table is meant
            meant = [parent for parent in found if _is_called(parent, noun[begin:])] if len(found) > 1 else found
            if len(meant) == 1 and meant[0] is not table:
                yield meant[0]
            return


def _named(column: Column) -> Noun:
    """What the column is a number of; nothing if it is no number of a row."""
    words = words_of(column.name)
    if column.kind not in POINTING or not words:
        return ()
    if words[-1] in ROLES and column.kind is Kind.NUMBER:
        return ROLES[words[-1]]
    if words[0] == ROW_NUMBER and len(words) > 1:  # id_customer
        return (*words[1:-1], singular(words[-1]))
    if words[-1] in NUMBERED and len(words) > 1:
        return (*words[:-2], singular(words[-2]))
    run_together = words[-1].removesuffix(ROW_NUMBER)  # courseid, if there are courses
    return (*words[:-1], run_together) if words[-1] != run_together else ()


def _is_called(table: Table, noun: Noun) -> bool:
    """Whether the table's own name ends with that, with no further word behind it."""
    words = words_of(table.place.table)
    return bool(noun) and bool(words) and (*words[:-1], singular(words[-1]))[-len(noun) :] == noun


def _kind(parent: Table) -> Kind:
    return next(column.kind for column in parent.columns if column.name == parent.key[0])
