"""Tables in which a change that fails halfway stays half done: MyISAM and its like know no transactions.

Deletions and corrections are all or nothing, so that none is begun there. A flag is one statement a table, and can be
set again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from exports.sources.datamap import Collection, Keep
from exports.sources.errors import NoWriteAccessError
from exports.sources.sql.dialects import Dialect


def changed(collections: Iterable[Collection]) -> Iterator[Collection]:
    """Those in which a deletion or a correction may change something."""
    for collection in collections:
        if not isinstance(collection.on_delete, Keep) or any(field.correctable for field in collection.fields):
            yield collection


def kept_half_done(connection: sa.Connection, dialect: Dialect, collections: Iterable[Collection]) -> Iterator[str]:
    """A sentence for each kind of table that takes nothing back, with what to do about it."""
    found = defaultdict(list)
    for collection in collections:
        if kept_by := dialect.takes_nothing_back(connection, collection.schema, collection.table):
            found[kept_by].append(".".join(filter(None, (collection.schema, collection.table))))
    for kept_by, tables in found.items():
        names = ", ".join(dict.fromkeys(tables))
        yield (
            f"a change that fails halfway would stay half done in what {kept_by} keeps, so that none is begun there:"
            f" {names}; have the tables made InnoDB's, or deletions and corrections done by hand"
        )


def check_taken_back(
    source: str, connection: sa.Connection, dialect: Dialect, collections: Iterable[Collection]
) -> None:
    """Raise NoWriteAccessError if one of them takes nothing back."""
    if told := next(kept_half_done(connection, dialect, collections), ""):
        raise NoWriteAccessError(f"{source}: {told}")
