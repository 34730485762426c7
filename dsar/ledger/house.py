"""Whose histories stand in this database."""

from __future__ import annotations

from uuid import UUID

from dsar.ledger.models import House


def house_id() -> UUID | None:
    """The id of the house, or None as long as the database has none."""
    return House.objects.values_list("house", flat=True).first()


def give_id(house: UUID) -> None:
    """Make this database the one of a house, once and for all; IntegrityError if it belongs to one already."""
    House.objects.create(house=house)
