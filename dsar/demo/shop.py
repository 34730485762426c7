"""The shop of Larkspur Outfitters, a made-up company: 2,000 customers in fourteen tables.

Made to be searched: people of the same name, guests without an account, free text about others, tables reached
over two joins, pictures, NULLs. Same seed and day, same rows, on every database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

from dsar.demo.databases import Row, make_database
from dsar.demo.people import CHOSEN, NEWEST, SEED, Chosen, Person, find_person, make_people, stream
from dsar.demo.pictures import png
from dsar.demo.shop_tables import shop
from dsar.demo.texts import CONVERSATIONS, GIFT_NOTES, PRODUCTS, REVIEWS, SOLD_BY_AGE, Conversation

__all__ = ["CHOSEN", "Chosen", "Person", "build_shop", "devices_of", "find_person", "shop_rows"]

OPENED = date(2021, 3, 1)
GUEST_ORDERS = 260
STATUSES = ("delivered", "delivered", "delivered", "returned", "cancelled")
PLATFORMS = ("web", "ios", "android")
REASONS = ("purchase", "purchase", "welcome", "review", "goodwill")


def build_shop(path_or_url: str | Path, seed: int = SEED, *, newest: date = NEWEST) -> None:
    """Make the shop's database: a new SQLite file at a path, or tables in an empty database at a SQLAlchemy URL."""
    make_database(path_or_url, shop, shop_rows(seed, newest=newest))


def shop_rows(seed: int = SEED, *, newest: date = NEWEST) -> dict[str, list[Row]]:
    """All rows of the shop, by table."""
    people = list(make_people(seed, newest=newest).values())
    products = list(_products())
    orders = list(_orders(people, stream(seed, "orders"), newest))
    lines, payments = _lines_and_payments(orders, products, stream(seed, "lines"))
    tickets, messages = _tickets(people, stream(seed, "tickets"), newest)
    return {
        "customers": list(_customers(people, stream(seed, "customers"), newest)),
        "addresses": list(_addresses(people, stream(seed, "addresses"), newest)),
        "products": products,
        "orders": orders,
        "order_lines": lines,
        "payments": payments,
        "support_tickets": tickets,
        "ticket_messages": messages,
        "newsletter_subscribers": list(_subscribers(people, stream(seed, "newsletter"), newest)),
        "reviews": list(_reviews(people, products, stream(seed, "reviews"), newest)),
        "avatars": list(_avatars(people, stream(seed, "avatars"), newest)),
        "devices": list(_devices(people, seed, newest)),
        "loyalty_entries": list(_loyalty(people, stream(seed, "loyalty"), newest)),
        "wishlist_items": list(_wishes(people, products, stream(seed, "wishes"), newest)),
    }


def devices_of(person: Person, seed: int = SEED) -> tuple[str, ...]:
    """The devices that the person signed in with: none to three."""
    chance = stream(seed, f"devices/{person.id}")
    count = 2 if person.account_no == Chosen.EVERYWHERE else chance.choice((0, 1, 1, 2, 3))
    return tuple(str(UUID(int=chance.getrandbits(128), version=4)) for _ in range(count))


def moment(chance: Random, newest: date, *, since: date = OPENED) -> datetime:
    """Any second between two days."""
    seconds = chance.randrange((newest - since).days * 86400)
    return datetime.combine(since, time()) + timedelta(seconds=seconds)


def _is_sure(person: Person) -> bool:
    return person.account_no == Chosen.EVERYWHERE


def _customers(people: Sequence[Person], chance: Random, newest: date) -> Iterator[Row]:
    for person in people:
        created = moment(chance, newest - timedelta(days=200))
        licence = f"D{chance.randrange(10**7):07}"
        yield {
            "id": person.id,
            "account_no": person.account_no,
            "email": person.email,
            "name": person.name,
            "phone": person.phone,
            "birth_date": person.birth_date,
            "password_hash": f"pbkdf2${hashlib.sha256(chance.randbytes(8)).hexdigest()}",
            "driver_licence_no": licence if _is_sure(person) or person.id % 8 == 0 else None,
            "marketing_email": chance.random() < 0.6,
            "marketing_sms": chance.random() < 0.2,
            "sale_opt_out": False if _is_sure(person) else chance.random() < 0.05,
            "sensitive_limited": False,
            "created_at": created,
            "deleted_at": created + timedelta(days=chance.randrange(1, 200)) if person.is_closed else None,
        }


def _addresses(people: Sequence[Person], chance: Random, newest: date) -> Iterator[Row]:
    streets = ("Alder St", "Cedar Ave", "Granite Rd", "O'Farrell St", "Cañon Dr", "Larkspur Ln", "Summit Blvd")
    cities = (("Truckee", "CA", "96161"), ("Bishop", "CA", "93514"), ("Bend", "OR", "97701"), ("Reno", "NV", "89501"))
    number = 0
    for person in people:
        for kind in ("delivery", "invoice") if _is_sure(person) or chance.random() < 0.4 else ("delivery",):
            number += 1
            city, state, postcode = chance.choice(cities)
            yield {
                "id": number,
                "customer_id": person.id,
                "kind": kind,
                "street": f"{chance.randrange(1, 9999)} {chance.choice(streets)}",
                "city": city,
                "state": state if chance.random() < 0.95 else None,
                "postcode": postcode,
                "created_at": moment(chance, newest),
            }


def _products() -> Iterator[Row]:
    sold = [(*product, False) for product in PRODUCTS]
    by_age = [(*product, True) for product in SOLD_BY_AGE]
    for number, (title, cents, sold_by_age) in enumerate(sold + by_age, start=1):
        yield {
            "id": number,
            "sku": f"LK-{number:04}",
            "title": title,
            "price_cents": cents,
            "sold_by_age": sold_by_age,
        }


def _orders(people: Sequence[Person], chance: Random, newest: date) -> Iterator[Row]:
    buyers: list[tuple[int | None, str | None]] = []
    for person in people:
        count = 6 if _is_sure(person) else chance.choice((0, 1, 1, 2, 3, 7))
        buyers.extend([(person.id, None)] * count)
        if _is_sure(person) and person.email:
            buyers.append((None, person.email.upper()))
    for number in range(GUEST_ORDERS):
        known = chance.choice(people).email
        buyers.append((None, known if number % 3 == 0 and known else f"guest{number}@mailbox.example"))
    for number, (customer, guest) in enumerate(buyers, start=1):
        yield {
            "id": number,
            "order_no": f"W-{500000 + number}",
            "customer_id": customer,
            "guest_email": guest,
            "placed_at": moment(chance, newest),
            "status": chance.choice(STATUSES),
            "total_cents": 0,
            "gift_note": chance.choice(GIFT_NOTES) if chance.random() < 0.1 else None,
        }


def _lines_and_payments(orders: list[Row], products: list[Row], chance: Random) -> tuple[list[Row], list[Row]]:
    """The lines and payments of the orders, whose totals are set to fit."""
    lines: list[Row] = []
    payments: list[Row] = []
    for order in orders:
        total = 0
        for line_no in range(1, chance.choice((1, 2, 2, 3, 4)) + 1):
            product, quantity = chance.choice(products), chance.choice((1, 1, 1, 2, 3))
            cents = product["price_cents"]
            assert isinstance(cents, int)  # noqa: S101 - rows are untyped
            total += cents * quantity
            lines.append(
                {
                    "order_id": order["id"],
                    "line_no": line_no,
                    "product_id": product["id"],
                    "quantity": quantity,
                    "price_cents": cents,
                }
            )
        order["total_cents"] = total
        payments.append(_payment(len(payments) + 1, order, chance))
    return lines, payments


def _payment(number: int, order: Row, chance: Random) -> Row:
    by_card = chance.random() < 0.7
    return {
        "id": number,
        "order_id": order["id"],
        "method": "card" if by_card else "bank transfer",
        "card_last4": f"{chance.randrange(10**4):04}" if by_card else None,
        "bank_account_no": None if by_card else f"{chance.randrange(10**10):010}",
        "amount_cents": order["total_cents"],
        "paid_at": order["placed_at"],
    }


def _tickets(people: Sequence[Person], chance: Random, newest: date) -> tuple[list[Row], list[Row]]:
    tickets: list[Row] = []
    messages: list[Row] = []
    for person in people:
        for conversation in CONVERSATIONS if _is_sure(person) else _few(chance):
            opened, number = moment(chance, newest), len(tickets) + 1
            as_guest = person.email is not None and chance.random() < 0.1
            tickets.append(
                {
                    "id": number,
                    "customer_id": None if as_guest else person.id,
                    "contact_email": person.email if as_guest else None,
                    "subject": conversation.subject,
                    "opened_at": opened,
                    "closed_at": opened + timedelta(days=chance.randrange(1, 9)) if chance.random() < 0.9 else None,
                }
            )
            messages.extend(_messages(number, conversation, opened, chance.choice(people), first=len(messages) + 1))
    return tickets, messages


def _few(chance: Random) -> tuple[Conversation, ...]:
    return tuple(conversation for conversation in CONVERSATIONS if chance.random() < 0.09)


def _messages(ticket: int, talk: Conversation, opened: datetime, other: Person, *, first: int) -> Iterator[Row]:
    for place, (author, text) in enumerate(talk.messages):
        yield {
            "id": first + place,
            "ticket_id": ticket,
            "author": author,
            "body": text.format(other=other.name, phone=other.phone or "the number on file"),
            "written_at": opened + timedelta(hours=5 * place),
        }


def _subscribers(people: Sequence[Person], chance: Random, newest: date) -> Iterator[Row]:
    """By e-mail address: customers', and some that belong to no account."""
    addresses = {p.email.lower(): p.name.split()[0] for p in people if p.email and (_is_sure(p) or p.id % 3 == 0)}
    addresses |= {f"reader{number}@letters.example": "" for number in range(600)}
    for email, first_name in addresses.items():
        subscribed = moment(chance, newest)
        yield {
            "email": email,
            "first_name": first_name or None,
            "consent_ip": f"192.0.2.{chance.randrange(1, 255)}",
            "subscribed_at": subscribed,
            "unsubscribed_at": subscribed + timedelta(days=30) if chance.random() < 0.2 else None,
        }


def _reviews(people: Sequence[Person], products: list[Row], chance: Random, newest: date) -> Iterator[Row]:
    number = 0
    for person in people:
        for _ in range(3 if _is_sure(person) else chance.choice((0, 0, 0, 1, 2))):
            number += 1
            yield {
                "id": number,
                "customer_id": person.id,
                "product_id": chance.choice(products)["id"],
                "stars": chance.randrange(1, 6),
                "body": chance.choice(REVIEWS),
                "written_at": moment(chance, newest),
            }


def _avatars(people: Sequence[Person], chance: Random, newest: date) -> Iterator[Row]:
    for person in people:
        if person.id % 10 == 7:
            yield {
                "customer_id": person.id,
                "media_type": "image/png",
                "image": png(chance),
                "uploaded_at": moment(chance, newest),
            }


def _devices(people: Sequence[Person], seed: int, newest: date) -> Iterator[Row]:
    chance = stream(seed, "devices")
    for person in people:
        for device_id in devices_of(person, seed):
            yield {
                "device_id": device_id,
                "customer_id": person.id,
                "platform": chance.choice(PLATFORMS),
                "first_seen_at": moment(chance, newest),
            }


def _loyalty(people: Sequence[Person], chance: Random, newest: date) -> Iterator[Row]:
    number = 0
    for person in people:
        for _ in range(4 if _is_sure(person) else chance.randrange(0, 5)):
            number += 1
            yield {
                "id": number,
                "customer_id": person.id,
                "points": chance.choice((-500, 50, 100, 250, 400)),
                "reason": chance.choice(REASONS),
                "booked_at": moment(chance, newest),
            }


def _wishes(people: Sequence[Person], products: list[Row], chance: Random, newest: date) -> Iterator[Row]:
    for person in people:
        for product in chance.sample(products, 3 if _is_sure(person) else chance.choice((0, 0, 1, 2))):
            yield {"customer_id": person.id, "product_id": product["id"], "added_at": moment(chance, newest)}
