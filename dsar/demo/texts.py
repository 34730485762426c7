"""What the example company sells and what people write to it. {other} is another customer, {phone} their telephone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Conversation:
    """A support ticket and its messages: pairs of (who wrote, text)."""

    subject: str
    messages: tuple[tuple[str, str], ...]


PRODUCTS = (  # title, price in cents
    ("Ridgeline tent for two", 28900),
    ("Ridgeline tent for four", 41900),
    ("Harrier rucksack 35 l", 13900),
    ("Harrier rucksack 60 l", 19900),
    ("Down sleeping bag", 24900),
    ("Summer sleeping bag", 8900),
    ("Self-inflating mat", 6900),
    ("Folding camp chair", 4900),
    ("Gas stove", 5900),
    ("Gas cartridge", 790),
    ("Titanium pot", 4500),
    ("Water filter", 3900),
    ("Head torch", 3500),
    ("Walking poles", 7900),
    ("Approach shoes", 12900),
    ("Mountain boots", 23900),
    ("Rain jacket", 15900),
    ("Fleece jacket", 7900),
    ("Merino shirt", 6500),
    ("Merino socks", 1900),
    ("Climbing harness", 8400),
    ("Climbing rope 60 m", 17900),
    ("Trail map", 1290),
)
SOLD_BY_AGE = (("Bear spray", 4900), ("Hunting knife", 8900), ("Hatchet", 7400))
GIFT_NOTES = (
    "Happy birthday! See you at the lake.",
    "For the best hiking companion.",
    "Congratulations — now you can't say that you have no tent.",
)
REVIEWS = (
    "Kept us dry for three nights of rain.",
    "Lighter than the old one, and the zip no longer sticks.",
    "Runs small. Order one size up.",
    "Fine for summer. <b>Not</b> for snow.",
    "=SUM of two trips: no complaints",
    "Broke on the second day; the exchange went well.",
    "Muy buena, la uso cada fin de semana.",
    None,
)
CONVERSATIONS = (
    Conversation(
        "Parcel not here",
        (
            ("person", "My parcel was due on Monday and has not come."),
            ("agent", "I am sorry. The carrier says that {other} signed for it next door."),
            ("person", "Found it, thank you. {other} can be reached at {phone}, in case you need a statement."),
        ),
    ),
    Conversation(
        "Wrong size",
        (
            ("person", "The boots are too small. Can I have the next size?"),
            ("agent", "Of course. A label for the return is on its way to you."),
        ),
    ),
    Conversation(
        "Charged twice",
        (
            ("person", "You took the money twice!"),
            ("agent", "One of the two was {other}'s order, booked to your account by mistake. It is refunded."),
            ("person", "OK."),
            ("agent", "Note: customer was upset; goodwill points booked."),
        ),
    ),
    Conversation(
        "Gift without prices",
        (
            ("person", "Please send it to {other} without the invoice, it's a present."),
            ("agent", "Done. The invoice comes to you alone."),
        ),
    ),
    Conversation(
        "Newsletter",
        (
            ("person", "Please stop the newsletter."),
            ("agent", "You are off the list as of today."),
        ),
    ),
)
SEGMENTS = (
    "hikers who buy in spring",
    "likely to move house",
    "young family",
    "climbing",
    "high basket value",
    "lapsed customer",
)
PATHS = ("/", "/tents", "/rucksacks", "/sale", "/account", "/cart", "/checkout", "/boots", "/search?q=stove")
USER_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/144.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) Safari/605.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0",
)
