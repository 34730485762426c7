"""Cards on which loyalty points are booked: led up to from the points, and one of them is a relative's as well."""

from __future__ import annotations

from tests.exports.fulfil.test_gathering import load_anew
from tests.exports.house import House, person

BEFORE = "  - name: wishlist_items\n"
CARDS = """\
  - name: loyalty_cards
    title: {en: Loyalty cards, es: Tarjetas de fidelidad}
    table: loyalty_cards
    key: [id]
    degree: reasonable
    provided_by_person: false
    purposes: [marketing]
    collected_from: [us]
    retention: {en: While points are booked on it, es: Mientras tenga puntos}
    reached: [{from: BOOKED_ON, columns: {id: card_id}}]
    on_delete: delete
    fields:
      - {column: id, title: {en: Card, es: Tarjeta}, category: commercial}
      - {column: label, title: {en: Words on it, es: Leyenda}, category: commercial}
"""
SHARED, OWN = 1, 2


def handed_out(house: House, by: str = "loyalty_entries") -> None:
    """The person's rows of a table point to their own card and to one of the family, as a relative's do, too."""
    house.sql("shop", "CREATE TABLE loyalty_cards (id INTEGER PRIMARY KEY, label TEXT)")
    house.sql("shop", "INSERT INTO loyalty_cards VALUES (?, 'Family'), (?, 'Own')", SHARED, OWN)
    house.sql("shop", f"ALTER TABLE {by} ADD COLUMN card_id INTEGER REFERENCES loyalty_cards (id)")
    of_person = "customer_id IN (SELECT id FROM customers WHERE account_no = ?)"
    number = person().account_no
    house.sql("shop", f"UPDATE {by} SET card_id = ? WHERE {of_person}", OWN, number)
    first = f"UPDATE {by} SET card_id = ? WHERE id = (SELECT min(id) FROM {by} WHERE {{}})"
    for whose in (of_person, f"NOT {of_person}"):
        house.sql("shop", first.format(whose), SHARED, number)
    load_anew("shop", BEFORE, CARDS.replace("BOOKED_ON", by) + BEFORE)


def left(house: House) -> list[object]:
    """The numbers of the cards that are there."""
    return [number for (number,) in house.sql("shop", "SELECT id FROM loyalty_cards ORDER BY id")]
