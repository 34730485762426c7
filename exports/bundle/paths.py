"""Where files lie in a bundle: paths that every system can unpack. Pure.

Names of sources and collections are small letters, digits and underscores (see the data map), so that no two differ in
case alone and none ends in a dot. What is left are the names that Windows keeps for devices, whatever comes after them.
"""

from __future__ import annotations

FOR_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{device}{number}" for device in ("com", "lpt") for number in range(10)}
)


def safe_name(name: str) -> str:
    """The name as a file or folder; a hyphen, which no name of a data map has, makes a reserved one free."""
    return f"{name}-" if name in FOR_DEVICES else name


def table(source: str, collection: str) -> str:
    """The path of a collection's files, without their ending."""
    return f"data/{safe_name(source)}/{safe_name(collection)}"


def document(source: str, label: str) -> str:
    """The path of a document's released copy; its label is of digits and hyphens."""
    return f"documents/{safe_name(source)}/{label}.pdf"


def schema(path: str) -> str:
    """The path of the schema of ``path``, which has no ending."""
    return f"schemas/{path}.schema.json"
