"""How a person's rows of a collection are found: by an identifier, over another collection, and back from one below."""

from __future__ import annotations

from collections.abc import Mapping

from yaml.nodes import MappingNode, Node

from exports.sources.datamap.columns import check_leads
from exports.sources.datamap.comparisons import comparison_of
from exports.sources.datamap.model import Collection, Join, Root
from exports.sources.datamap.places import Kind
from exports.sources.datamap.section import Faults, Section, text_of

JOINED = ("from", "columns")


def ways_to(entry: Section, above: Mapping[str, Collection], kind: Kind) -> tuple[Root | Join, ...]:
    ways = tuple(_way(node, entry, above, kind) for node in entry.items("reached"))
    if ways and all(isinstance(way, Root) and way.shared for way in ways):
        entry.note(
            "reached",
            f"{entry.what} is reached by nothing but what people share, and so none of it would ever be gathered; name"
            " one way at least that is one person's.",
        )
    if not ways and "reached" in entry:
        entry.note("reached", f"'reached' of {entry.what} says how a person's rows are found; name one way at least.")
    return ways


def _way(node: Node, entry: Section, above: Mapping[str, Collection], kind: Kind) -> Root | Join:
    what, faults = f"a way to {entry.what}", entry.faults
    if not isinstance(node, MappingNode) or all(key.value != "from" for key, _ in node.value):
        column, compare = (("column",), ("compare",)) if kind.joins else ((), ("column", "compare"))
        root = Section(node, what, faults, required=("by", *column), optional=(*compare, "shared"))
        if "compare" in root and "column" not in root:
            root.note("compare", f"{what} compares no column; name it, or take 'compare' away.")
        return Root(root.text("by"), root.text("column"), comparison_of(root), root.flag("shared"))
    join = Section(node, what, faults, required=JOINED)
    if not kind.joins:
        join.note("from", "the rows of each collection are found by themselves here; write {by: email}, and no 'from'.")
    parent = join.text("from")
    if parent and parent not in above:
        join.note("from", f"no collection {parent!r} stands above; a collection comes after those it is reached from.")
    return Join(parent, _pairs(join))


def _pairs(join: Section) -> tuple[tuple[str, str], ...]:
    faults = join.faults
    entries = join.entries("columns")
    pairs = sorted((column, text_of(value, f"a column in {join.what}", faults)) for column, value in entries)
    if not pairs and "columns" in join:
        join.note("columns", f"'columns' of {join.what} pairs own columns with the parent's: {{customer_id: id}}.")
    return tuple(pairs)


def back_to(entry: Section, kind: Kind) -> Join | None:
    """The way to all rows of whom some of them lead to; whether it can be one is seen when all collections are read."""
    if "back" not in entry:
        return None
    if not kind.joins:
        entry.note("back", "the rows of each collection are found by themselves here; take 'back' away.")
    join = Section(entry.node_of("back"), f"'back' of {entry.what}", entry.faults, required=JOINED)
    return Join(join.text("from"), _pairs(join))


def check_ways_back(collections: Mapping[str, Collection], nodes: Mapping[str, Node], faults: Faults) -> None:
    """A way back comes from a collection that is reached from here, and leads to what one person has several of."""
    for found in collections.values():
        if found.back is None:
            continue
        node, parent = _node_of_back(nodes[found.name]), collections.get(found.back.parent)
        if parent is None or found.back.turned_round(found.name) not in parent.joins:
            sentence = f"'back' of {found.name!r} comes from a collection that is reached from it by the same columns,"
            sentence += f" and so stands below; {found.back.parent!r} is none:"
            faults.note(node, f"{sentence} write it into 'reached', if it stands above.")
        elif found.one_per_person:
            sentence = f"'back' leads to all rows of somebody who has several, and {found.name!r} has one row a person;"
            faults.note(node, f"{sentence} take 'back' or 'one_per_person' away.")
        check_leads(node, faults, found, found.back, parent)


def _node_of_back(collection: Node) -> Node:
    node: Node = next(value for key, value in collection.value if key.value == "back")
    return node
