"""What a map may not say of a column because of what else it is: a key, an identifier, a way to rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from yaml.nodes import MappingNode, Node

from exports.sources.datamap.model import Collection, Field, Join
from exports.sources.datamap.section import Faults, Section


def check_never_disclosed(entry: Section, found: Collection) -> None:
    """Keys and identifiers are kept here and carried on, corrections are shown: none of it may hold such a value."""
    secret = {field.column for field in found.fields if field.never_disclose}
    keys = set(entry.texts("key"))
    for column in sorted(secret & keys):
        entry.note("key", f"{column!r} is never disclosed, and a key is kept here; take another key for {entry.what}.")
    for column in sorted(secret & {given.column for given in found.gives}):
        entry.note("gives", f"{column!r} is never disclosed and can't be carried on; take it away from 'gives'.")
    for column in sorted(keys & {field.column for field in found.fields if field.correctable}):
        entry.note("key", f"{column!r} is the key of {entry.what} and can't be corrected; take 'correctable' away.")


def check_volatile(entry: Section, found: Collection, above: Mapping[str, Collection]) -> None:
    """A change of what is volatile means nothing, and so it may not be what a row is known, found or judged by."""
    volatile = {field.column for field in found.fields if field.volatile}
    for column, use in _uses(found):
        if column in volatile:
            sentence = f"{column!r} of {entry.what} {use}, so that a change of it counts; take 'volatile' away."
            entry.faults.note(_node_of(entry, column), sentence)
    for join in found.joins:
        check_leads(entry.node_of("reached"), entry.faults, found, join, above.get(join.parent))


def check_leads(node: Node, faults: Faults, found: Collection, join: Join, parent: Collection | None) -> None:
    """What is volatile in the parent leads nowhere."""
    for _own, column in join.columns:
        if _is_volatile(parent, column):
            faults.note(
                node, f"{column!r} of {join.parent!r} is volatile, and can't lead to collection {found.name!r}."
            )


def _uses(found: Collection) -> Iterator[tuple[str, str]]:
    """Columns that are more than what they hold, and as what."""
    yield from ((column, "is its key") for column in found.key)
    yield from ((field.column, "is compared by 'match'") for field in found.fields if field.match)
    yield from ((given.column, "is an identifier that it gives") for given in found.gives)
    leading = [root.column for root in found.roots]
    leading += [own for join in found.every_join for own, _parents in join.columns]
    yield from ((column, "leads to its rows") for column in leading)
    dates = {
        "received_at": found.received_at,
        "came_at": found.came_at,
        "soft_deleted_at": found.soft_deleted_at,
    }
    yield from ((column, f"is its {key!r}") for key, column in dates.items() if column)


def _is_volatile(parent: Collection | None, column: str) -> bool:
    fields: tuple[Field, ...] = parent.fields if parent else ()
    return any(field.volatile for field in fields if field.column == column)


def _node_of(entry: Section, column: str) -> Node:
    """Where the column is called volatile."""
    for node in entry.items("fields"):
        pairs: dict[str, Node] = dict(_named(node)) if isinstance(node, MappingNode) else {}
        named = pairs.get("column")
        if "volatile" in pairs and named is not None and named.value == column:
            return pairs["volatile"]
    return entry.node_of("fields")


def _named(node: MappingNode) -> Iterator[tuple[str, Node]]:
    return ((str(key.value), value) for key, value in node.value)
