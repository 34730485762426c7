"""What was gone along from rows up to those that they are reached from: no way back is followed twice."""

from __future__ import annotations

from dataclasses import dataclass

from exports.sources.datamap.model import Collection, DataMap, Join, Root
from exports.sources.values import Key


@dataclass(frozen=True, slots=True)
class Trail:
    """What counts of the ways that lead to the rows at its end."""

    gone_back: frozenset[str] = frozenset()  # the collections whose way back was gone
    leads_to_chosen: bool = False  # rows among which somebody chose: what leads to others as well leads to those

    def ways_to(self, collection: Collection) -> tuple[Root | Join, ...]:
        """The ways to rows at its end."""
        return collection.reached if collection.name in self.gone_back else collection.every_way

    def only(self, collection: Collection) -> frozenset[Key] | None:
        """The rows that count at its end; None: all. Those that a way back came from lead on, looked for or not."""
        return None if collection.name in self.gone_back else collection.only

    def over(self, way: Join, collection: Collection, data_map: DataMap) -> Trail:
        """On to the rows of the parent.

        A way back is not followed within itself, nor by those to whom it leads: each row that it adds is of somebody to
        whom the rows that it comes from lead, too.
        """
        parent = data_map.collection(way.parent)
        gone = {collection.name} if way is collection.back else set[str]()
        if parent.back == way.turned_round(collection.name):
            gone.add(parent.name)
        return Trail(self.gone_back | gone, self.leads_to_chosen or way.to_chosen)
