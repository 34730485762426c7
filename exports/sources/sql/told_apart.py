"""Whether a database of another kind compares the columns of a map as the map says: it is asked, before anybody is.

Many servers take texts as equal that differ, each column by a collation of its own. What looks alike is put together
with the values of the column, of which none is read, and the server leaves out what it takes as the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import exc

from exports.sources.datamap import E164, Collection, Compare, Comparison, DataMap, Root
from exports.sources.errors import MapDoesNotFitError
from exports.sources.sql.columns import ANY_LETTERS, Expression, is_text
from exports.sources.sql.matching import Matching
from exports.sources.sql.portable import END, Portable
from exports.sources.sql.tables import Tables

ALIKE = (
    ("a", "A"),
    ("a", "á"),
    ("a", "a "),
    ("a", "\uff41"),
    ("ss", "ß"),
    ("あ", "ア"),
    ("ab", "a-b"),  # punctuation that is passed over
    ("é", "e\u0301"),
    ("ab", "a\u00adb"),  # signs that are not seen
    ("ab", "a\u200db"),
    ("葛", "葛\U000e0100"),
    ("\U00020bb7", "\U00020bb8"),  # letters beyond 16 bits
    ("\U0001f600", "\U0001f601"),
)
Pair: TypeAlias = tuple[str, str]
NOBODY = {Compare.EMAIL: "nobody@example.org", Compare.DIGITS: "0"}
NOBODYS_NUMBER = "+12125550100"  # of those that are given to nobody
NEVER = sa.literal_column("1") == sa.literal_column("0")  # and so no row is looked at; SQLAlchemy does not see that
MAY_PASS = (exc.OperationalError, exc.InterfaceError, exc.InternalError)


def check_comparisons(
    datamap: DataMap, engine: sa.Engine, tables: Tables, matching: Matching, dialect: Portable
) -> None:
    """Raise MapDoesNotFitError with the first field that can't be compared as the map says, or not to the letter."""
    with engine.connect() as connection:
        for name, column in dict.fromkeys(_compared(datamap)):
            found = tables.column(name, column)
            with _named(f"{datamap.source}: {name}.{column}"):
                if is_text(found.type) and not _tells_apart(connection, found, dialect):
                    raise MapDoesNotFitError(
                        "is compared by the server without regard to case, accents, the width of letters or signs that"
                        " it passes over; let it be of a binary collation, or name a column that is"
                    )
        for collection, column, compare in _ways(datamap):
            with _named(f"{datamap.source}: {collection.name}.{column}"):
                condition = matching.same(collection, column, compare, [_nobody(compare)])
                if condition is not None:
                    query = sa.select(sa.literal(1)).select_from(tables[collection.name]).where(condition, NEVER)
                    connection.execute(query.limit(1)).first()


@contextmanager
def _named(where: str) -> Iterator[None]:
    """What a field can't do is told with its name."""
    try:
        yield
    except MapDoesNotFitError as error:
        raise MapDoesNotFitError(f"{where} {error}") from None
    except (exc.CompileError, exc.DBAPIError) as error:
        if _may_pass(error):
            raise
        raise MapDoesNotFitError(
            f"{where} can't be compared as the map says in this kind of database ({type(error).__name__})"
        ) from None


def _may_pass(error: exc.SQLAlchemyError) -> bool:
    return isinstance(error, MAY_PASS) or getattr(error, "connection_invalidated", False)


def _tells_apart(connection: sa.Connection, column: sa.Column[Any], dialect: Portable) -> bool:
    """All of it in one statement; pair by pair where that is refused, for it may be for a letter."""
    text = dialect.to_the_letter(column)
    try:
        return _come_back(connection, text, ALIKE)
    except exc.DBAPIError as error:
        if _may_pass(error):
            raise
    return all(_come_back_or_are_refused(connection, text, pair) for pair in ALIKE)


def _come_back(connection: sa.Connection, text: Expression, pairs: Sequence[Pair]) -> bool:
    """Of each pair both, but for letters that the database does not have, which come back as others."""
    found: dict[int, set[str]] = {}
    for place, held in connection.execute(alike(text, pairs)):
        found.setdefault(place, set()).add(held)
    return all(len(found[place]) == len(pair) or _lacks_letters(found[place], pair) for place, pair in enumerate(pairs))


def _come_back_or_are_refused(connection: sa.Connection, text: Expression, pair: Pair) -> bool:
    """A server holds no letters that it refuses; those of ASCII it has, so that is for another reason."""
    connection.rollback()  # what the refusal of others left
    try:
        return _come_back(connection, text, [pair])
    except exc.DBAPIError as error:
        if _may_pass(error) or "".join(pair).isascii():
            raise
        return True


def alike(text: Expression, pairs: Sequence[Pair]) -> sa.CompoundSelect[int, str]:
    """Each text of the pairs with the place of its pair, once, as the server compares what the other expression is."""
    asked = [sa.select(sa.literal(-1, literal_execute=True).label("kin"), text.label("held")).where(sa.false())]
    for place, pair in enumerate(pairs):
        for held in pair:
            written = sa.literal(held + END, ANY_LETTERS, literal_execute=True)
            asked.append(sa.select(sa.literal(place, literal_execute=True), written))
    return sa.union(*asked)


def _lacks_letters(found: set[str], pair: Pair) -> bool:
    """Whether others came back; the blanks with which a server fills up what it gives are none."""
    return bool({held.rstrip(" ") for held in found} - {(held + END).rstrip(" ") for held in pair})


def _compared(datamap: DataMap) -> Iterator[tuple[str, str]]:
    """The columns that are compared with what somebody names, or with another column."""
    for collection in datamap.collections:
        yield from ((collection.name, name) for name in collection.key)
        yield from ((collection.name, root.column) for root in collection.roots)
        for join in collection.every_join:
            for own, parents in join.columns:
                yield collection.name, own
                yield join.parent, parents
    yield from ((collection.name, field.column) for collection, field, _ in datamap.probe_fields())


def _ways(datamap: DataMap) -> Iterator[tuple[Collection, str, Comparison]]:
    for collection in datamap.collections:
        yield from ((collection, way.column, way.compare) for way in collection.reached if isinstance(way, Root))
    yield from ((collection, field.column, match.compare) for collection, field, match in datamap.probe_fields())


def _nobody(compare: Comparison) -> str:
    return NOBODYS_NUMBER if isinstance(compare, E164) else NOBODY.get(compare, "nobody")
