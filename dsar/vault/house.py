"""Which house this key store belongs to: the same random id stands in the database whose content the keys seal.

Whoever destroys keys because nobody uses them has looked for their users in a database; that it is the right one, and
not an empty or mistyped one, only the id can tell.
"""

from __future__ import annotations

from uuid import UUID

from dsar.vault.errors import StrangeHouse
from dsar.vault.models import House


def house_id() -> UUID | None:
    """The id of the house, or None as long as the key store has none."""
    return House.objects.values_list("house", flat=True).first()


def give_id(house: UUID) -> None:
    """Make this key store the one of a house, once and for all; IntegrityError if it belongs to one already."""
    House.objects.create(house=house)


def check_same_house(other: UUID | None) -> None:
    """Raise StrangeHouse unless a database that has this id belongs to the key store's house."""
    own = house_id()
    if own is None or own != other:
        raise StrangeHouse(
            "The main database and the key store are not known to belong together: "
            f"{_said('the main database', other)}, {_said('the key store', own)}. Nothing was destroyed. Check "
            "DATABASE_URL and KEYS_DATABASE_URL, and whether a restore is still to be made; see docs/operations.md."
        )


def _said(name: str, house: UUID | None) -> str:
    return f"{name} has the house id {house}" if house else f"{name} has no house id"
