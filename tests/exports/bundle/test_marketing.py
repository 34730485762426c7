"""Shine the Light by calendar year: whom the answer names, by the day of receipt and the recipient's time."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dsar.demo import shop
from exports.bundle.disclosure import Held
from exports.bundle.marketing import Year, answer, to_decide
from exports.sources.datamap import DataMap, read_data_map
from requests_app.law.packs import all_packs
from requests_app.ports import UNDECIDED

MAPS = Path(shop.__file__).parent / "maps"
MARKETING = "    relation: direct_marketing\n    since: 2023-05-01\n"
NOBODY = "we did not disclose personal information of our customers to third parties for their own direct marketing"


def read(name: str, *changes: tuple[str, str]) -> DataMap:
    """A map of the example company, changed."""
    text = (MAPS / f"{name}.yaml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_data_map(text)


def told(*maps: DataMap, received_on: str = "2026-11-23", held: Held | None = None, language: str = "en") -> str:
    """The answer to a request of that day."""
    year = Year.before(date.fromisoformat(received_on))
    return answer(maps, year, held=held, packs=(all_packs()["ccpa"],), language=language)


@pytest.mark.parametrize(
    ("received_on", "since", "until", "is_named"),
    [
        # received on            recipient from   to             named?
        ("2026-11-23", "2023-05-01", None, True),
        ("2026-11-23", "2025-01-01", "2025-12-31", True),
        ("2026-11-23", "2025-12-31", None, True),  # one day of the year
        ("2026-11-23", "2026-01-01", None, False),  # this year is for next year's answer
        ("2026-11-23", "2023-05-01", "2025-01-01", True),
        ("2026-11-23", "2023-05-01", "2024-12-31", False),
        ("2026-01-01", "2023-05-01", "2024-12-31", False),  # on 1 January the year that ended the night before
        ("2026-01-01", "2025-12-31", None, True),
        ("2025-12-31", "2023-05-01", "2024-12-31", True),
        ("2025-12-31", "2023-05-01", "2023-12-31", False),
        ("2025-12-31", "2025-01-01", None, False),
        ("2024-02-29", "2023-12-31", "2024-01-01", True),
    ],
)
def test_the_calendar_year_before_receipt_decides(
    received_on: str, since: str, until: str | None, *, is_named: bool
) -> None:
    time = f"    relation: direct_marketing\n    since: {since}\n" + (f"    until: {until}\n" if until else "")
    text = told(read("shop", (MARKETING, time)), received_on=received_on)
    assert ("Summit Lists LLC" in text) is is_named
    assert (NOBODY in text) is not is_named
    assert f"In the calendar year {int(received_on[:4]) - 1} we " in text


def test_it_names_categories_names_addresses_and_what_is_marketed() -> None:
    paragraphs = told(read("shop"), read("web_log")).split("\n\n")
    first, categories, second, third_parties, closing = paragraphs
    assert first == (
        "In the calendar year 2025 we disclosed personal information of these categories to third parties for their own"
        " direct marketing (Civ. Code 1798.83(a)(1)):"
    )
    identifiers, commercial = categories.split("\n")
    assert identifiers.startswith("- Identifiers such as a real name")
    assert "What we hold of it: Account number, E-mail address, Name, Telephone number, " in identifiers
    assert commercial.startswith("- Commercial information")
    assert second == "These third parties received it (Civ. Code 1798.83(a)(2)):"
    assert third_parties == (
        "- Summit Lists LLC, 410 Quarry Road, Reno, NV 89501, United States. What they market, for example: catalogues"
        " for garden and household."
    )
    assert closing == "This list is the same for all of our customers. It does not say what of it was yours."


def test_whoever_gets_data_for_something_else_is_not_in_it() -> None:
    text = told(read("shop"), read("web_log"))
    assert not any(name in text for name in ("Northgate Parcel", "Cardinal Pay", "Brightpath Media"))


def test_who_bought_or_was_given_data_for_advertising_is_to_be_decided() -> None:
    (brightpath,) = to_decide([read("shop"), read("web_log")], Year(2025))
    assert brightpath.startswith("Brightpath Media LLC got data from web_log (shared) and is not in the answer. If it")
    assert list(to_decide([read("web_log")], Year(2021))) == []  # it was no recipient then


def test_an_address_that_no_map_knows_is_left_open_for_all_to_see() -> None:
    without = read("shop", ("    address: 410 Quarry Road, Reno, NV 89501, United States\n", ""))
    assert "- Summit Lists LLC, [decide: the address of Summit Lists LLC]. What they market" in told(without)
    assert UNDECIDED in told(without)
    assert list(to_decide([without], Year(2025))) == [
        "shop does not say the address of Summit Lists LLC: add 'address' to the recipient."
    ]


@pytest.mark.parametrize(
    ("held", "names_them", "names_identifiers", "names_commercial"),
    [
        (None, True, True, True),  # nobody looked: what was disclosed of customers
        ({("shop", "customers"): {"email": 1}, ("shop", "orders"): 7}, True, True, True),
        ({("shop", "orders"): {"status": 7}}, True, False, True),
        ({("shop", "customers"): {"birth_date": 1}}, False, False, False),  # a category that was not disclosed
        ({("web_log", "page_views"): 12}, False, False, False),  # of another source
        ({}, False, False, False),
    ],
)
def test_what_is_known_of_the_person_narrows_it(
    held: Held | None, *, names_them: bool, names_identifiers: bool, names_commercial: bool
) -> None:
    text = told(read("shop"), read("web_log"), held=held)
    assert ("Summit Lists LLC" in text) is names_them
    assert ("- Identifiers" in text) is names_identifiers
    assert ("- Commercial" in text) is names_commercial
    assert ("the same for all of our customers" in text) is (held is None)
    assert ("any category of personal information that we hold about you" in text) is not names_them


def test_what_we_hold_for_somebody_else_was_theirs_to_disclose() -> None:
    for_others = read("shop", ("role: controller", "role: {processor_for: Northwind Inc.}"))
    assert NOBODY in told(for_others)
    assert list(to_decide([for_others], Year(2025))) == []


def test_it_speaks_spanish() -> None:
    text = told(read("shop"), language="es")
    assert text.startswith("En el año natural 2025 revelamos información personal de estas categorías a terceros")
    assert "Lo que anuncian, por ejemplo: catálogos para jardín y hogar." in text
    assert "no revelamos información personal de nuestros clientes" in told(read("web_log"), language="es")
