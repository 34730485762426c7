"""Columns in which flags were set and that a new data map sets no more: told to who accepts it, and noted with that.

What would take such a flag off is the old map's word, and its column may be gone by then. So nothing is taken off by
itself: the flags of the new map are set anew, and somebody clears the old column by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exports.models import DataSource, SourceRestriction
from exports.sources.datamap import DataMap
from exports.sources.datamap.left_out import name_of
from requests_app.law.words import Right
from requests_app.models import Suppression


@dataclass(frozen=True, order=True)
class LeftFlag:
    """A column with flags that nothing takes off any more."""

    column: str  # with its table, or its collection where there are no tables
    right: Right
    requests: int  # for which one may stand there

    def __str__(self) -> str:
        return f"{self.column}: {self.right} {self.requests}"


def left_by(source: DataSource, proposed: DataMap) -> list[LeftFlag]:
    """What the map in use sets, for anybody by now, and the proposed one sets nowhere in the same column.

    Or no longer takes off: where it forgets how an opt-in is told.
    """
    current = source.map_version.as_map()
    now, then = set(_set_by(current)), set(_set_by(proposed))
    left = now - then
    if current.suppresses(Right.OPT_IN) and not proposed.suppresses(Right.OPT_IN):
        left |= {(column, right) for column, right in now if right is Right.OPT_OUT_SALE_SHARE}
    found = (LeftFlag(column, right, _requests(source, right)) for column, right in left)
    return sorted(one for one in found if one.requests)


def _set_by(data_map: DataMap) -> Iterator[tuple[str, Right]]:
    """The columns that hold flags; an opt-in has none of its own, it takes others off."""
    for collection in () if data_map.processor_for else data_map.collections:
        for flags in collection.suppress:
            if flags.right is not Right.OPT_IN:
                place = name_of(collection) or collection.name
                yield from ((f"{place}.{column}", flags.right) for column, _value in flags.columns)


def _requests(source: DataSource, right: Right) -> int:
    if right is Right.RESTRICT:
        return SourceRestriction.objects.filter(source=source, is_set=True).count()
    return Suppression.objects.in_force().filter(right=right).values("case_id").distinct().count()
