"""The customers of the example company: names from Faker, and the people who make finding a person hard.

Same seed and day, same people. Telephone numbers are from the range kept for fiction, addresses under `.example`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from faker import Faker

SEED = 7
NEWEST = date(2026, 11, 20)  # the day of the youngest row
CUSTOMERS = 2000
AREA_CODES = (205, 213, 303, 312, 404, 415, 503, 512, 602, 617, 646, 702, 714, 718, 801, 805, 818, 847, 916, 925, 949)
MAIL_HOSTS = ("mailbox.example", "post.example", "inbox.example", "freemail.example", "letters.example")
PHONE_FORMS = ("({}) 555-{:04}", "{}-555-{:04}", "{}.555.{:04}", "{} 555 {:04}")
CYRILLIC = str.maketrans("aeo", "аео")  # noqa: RUF001 - letters that only look alike


class Chosen(StrEnum):
    """Five customers, by account number, whose rows the tests know one by one."""

    EVERYWHERE = "LO-100007"  # has rows in every table, and ordered once without the account
    SAME_NAME = "LO-100019"  # is called like the first
    ACCENTS = "LO-100042"  # apostrophe and accents in the name, an international mail domain
    CHILD = "LO-100058"  # 14 years old, has a parent's telephone
    DELETED = "LO-100071"  # closed the account: the row is marked, not gone; most fields are NULL


CHOSEN: tuple[str, ...] = tuple(Chosen)
LOOK_ALIKE = "LO-100008"  # the first one's e-mail address, in letters that look alike
PARENT = "LO-100059"  # of the child
COUPLE = ("LO-100060", "LO-100061")  # share a telephone
RECYCLED = ("LO-100080", "LO-100081")  # an address that belonged to a closed account before


@dataclass(frozen=True, slots=True)
class Person:
    """A customer, as far as a person knows it of themselves."""

    id: int
    account_no: str
    name: str
    email: str | None
    phone: str | None
    birth_date: date | None
    is_closed: bool = False


def stream(seed: int, name: str) -> Random:
    """Chance of its own for each table, so that a change of one leaves the others alone."""
    return Random(f"{seed}/{name}")  # noqa: S311 - for examples, not for secrets


def make_people(seed: int = SEED, *, newest: date = NEWEST) -> dict[str, Person]:
    """All customers by account number."""
    chance, names = stream(seed, "people"), _Names(seed)
    phones = [(area, line) for area in AREA_CODES for line in range(100, 200)]
    chance.shuffle(phones)
    people = {}
    for number in range(1, CUSTOMERS + 1):
        person = _person(number, chance, names, phones[number - 1], newest)
        people[person.account_no] = person
    for changed in _hard_to_find(people, names, newest):
        people[changed.account_no] = changed
    return people


def find_person(account_no: str, seed: int = SEED, *, newest: date = NEWEST) -> Person:
    """One customer; KeyError for an account number that nobody has."""
    return make_people(seed, newest=newest)[account_no]


class _Names:
    """Pools of names, drawn once: asking Faker for each cell would take most of the time."""

    def __init__(self, seed: int) -> None:
        fakers = {}
        for locale in ("en_US", "es_MX", "fr_FR", "en_IE"):
            fakers[locale] = Faker(locale)
            fakers[locale].seed_instance(seed)
        self.first = [fakers[locale].first_name() for locale in ("en_US", "en_US", "es_MX", "fr_FR") for _ in range(90)]
        self.last = [fakers[locale].last_name() for locale in ("en_US", "en_US", "es_MX", "en_IE") for _ in range(90)]
        self.accented = next(name for name in self.first if not name.isascii())
        self.irish = next(name for name in self.last if name.startswith("O'"))
        self.spanish = next(name for name in self.last if not name.isascii())


def _person(number: int, chance: Random, names: _Names, phone: tuple[int, int], newest: date) -> Person:
    first, last = chance.choice(names.first), chance.choice(names.last)
    local = f"{_ascii(first)}.{_ascii(last)}{number}" if chance.random() < 0.7 else f"{_ascii(last)}{number}"
    email = f"{local}@{chance.choice(MAIL_HOSTS)}"
    born = newest - timedelta(days=chance.randrange(18 * 366, 80 * 365))
    return Person(
        id=number,
        account_no=f"LO-{100000 + number}",
        name=f"{first} {last}",
        email=None if number % 97 == 0 else email.title() if number % 41 == 0 else email,
        phone=None if number % 9 == 0 else chance.choice(PHONE_FORMS).format(*phone),
        birth_date=None if number % 11 == 0 else born,
        is_closed=number % 53 == 0,
    )


def _ascii(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isascii() and (letter.isalpha() or letter == "'"))


def _hard_to_find(people: dict[str, Person], names: _Names, newest: date) -> list[Person]:
    everywhere, child, parent = people[Chosen.EVERYWHERE], people[Chosen.CHILD], people[PARENT]
    email, family = everywhere.email or "", parent.name.rpartition(" ")[2]
    one, other = (people[account_no] for account_no in COUPLE)
    before, after = (people[account_no] for account_no in RECYCLED)
    return [
        replace(everywhere, is_closed=False),
        replace(people[Chosen.SAME_NAME], name=everywhere.name, is_closed=False),
        replace(people["LO-100020"], name=everywhere.name),
        replace(people[LOOK_ALIKE], email=email.translate(CYRILLIC)),
        replace(
            people[Chosen.ACCENTS],
            name=f"{names.accented} {names.irish}-{names.spanish}",
            email=f"{names.irish.lower()}@bücher.example",
        ),
        replace(child, name=f"{child.name.split()[0]} {family}", phone=parent.phone, birth_date=_years_ago(newest, 14)),
        replace(other, phone=one.phone),
        replace(people[Chosen.DELETED], phone=None, is_closed=True),
        replace(before, email=after.email, is_closed=True),
    ]


def _years_ago(day: date, years: int) -> date:
    return (day - timedelta(days=100)).replace(year=day.year - years, day=1)
