"""What the policy says, from the maps: by category, with what was sold and disclosed in twelve months, or nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dsar.demo import shop
from exports.bundle.policy import NO_PERIOD, lines, open_questions, policy
from exports.sources.datamap import DataMap, read_data_map
from requests_app.law.packs import all_packs

MAPS = Path(shop.__file__).parent / "maps"
SINCE, ON = date(2025, 11, 23), date(2026, 11, 23)
LISTS = "    relation: sold\n    since: 2023-05-01\n"


def read(name: str, *changes: tuple[str, str]) -> DataMap:
    """A map of the example company, changed."""
    text = (MAPS / f"{name}.yaml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_data_map(text)


def parts(*maps: DataMap, language: str = "en") -> dict[str, Any]:
    """The policy under California's law."""
    return policy(maps, packs=(all_packs()["ccpa"],), since=SINCE, on=ON, language=language)


def entry(found: list[dict[str, Any]], category: str) -> dict[str, Any]:
    """The entry of a category."""
    return next(each for each in found if each["category"] == category)


def test_every_category_that_the_maps_name_is_told_in_the_words_of_the_statute() -> None:
    categories = parts(read("shop"), read("web_log"))["categories"]
    assert [(each["category"], each["citation"]) for each in categories] == [
        ("identifiers", "Civ. Code 1798.140(v)(1)(A)"),
        ("customer_records", "Civ. Code 1798.140(v)(1)(B)"),
        ("protected_characteristics", "Civ. Code 1798.140(v)(1)(C)"),
        ("commercial", "Civ. Code 1798.140(v)(1)(D)"),
        ("internet_activity", "Civ. Code 1798.140(v)(1)(F)"),
        ("sensory", "Civ. Code 1798.140(v)(1)(H)"),
        ("inferences", "Civ. Code 1798.140(v)(1)(K)"),
        ("sensitive", "Civ. Code 1798.140(v)(1)(L), (ae)"),
    ]


def test_each_category_says_from_where_why_and_for_how_long() -> None:
    told = entry(parts(read("shop"), read("web_log"))["categories"], "internet_activity")
    assert told["sources"] == ["Your browser or device"]
    assert told["purposes"] == [
        "Advertise our own products",
        "Keep accounts secure",
        "Measure how the website is used",
        "Show advertisements that fit interests",
    ]
    assert told["retention"] == [
        {"what": "Newsletter", "kept": "Until you unsubscribe"},
        {"what": "Devices signed in", "kept": "While the account exists"},
        {"what": "Devices seen", "kept": "As long as the device is known"},
        {"what": "Pages visited", "kept": "As long as the device is known"},
    ]


@pytest.mark.parametrize(
    ("ended_on", "is_told"),
    [  # the twelve months before 23 November 2026 begin on 23 November 2025
        (None, True),
        ("2026-11-23", True),
        ("2025-11-24", True),
        ("2025-11-23", True),
        ("2025-11-22", False),
        ("2023-05-01", False),
    ],
)
def test_a_sale_counts_on_any_day_of_the_twelve_months(ended_on: str | None, is_told: bool) -> None:
    ended = f"{LISTS}    until: {ended_on}\n" if ended_on else LISTS
    sold = parts(read("shop", (LISTS, ended)))["sold_or_shared"]
    assert bool(sold["categories"]) is is_told
    nothing = "We have not sold or shared any personal information in the preceding 12 months."
    assert sold["none"] == ("" if is_told else nothing)


@pytest.mark.parametrize(("began_on", "is_told"), [("2026-11-23", True), ("2026-11-24", False)])
def test_a_sale_that_is_still_to_begin_is_not_told(began_on: str, is_told: bool) -> None:
    begun = LISTS.replace("2023-05-01", began_on)
    assert bool(parts(read("shop", (LISTS, begun)))["sold_or_shared"]["categories"]) is is_told


def test_sold_and_shared_are_told_category_by_category_with_whom_and_why() -> None:
    sold = parts(read("shop"), read("web_log"))["sold_or_shared"]["categories"]
    told = {each["category"]: (each["statement"], each["why"]) for each in sold}
    assert told["commercial"] == ("sold to: marketing list companies", "to earn money with address lists")
    assert told["inferences"] == (
        "shared for advertising with: advertising networks",
        "to show advertisements that fit interests",
    )
    assert told["sensory"] == ("not sold, not shared", "")


def test_disclosures_for_a_business_purpose_are_a_second_list() -> None:
    disclosed = parts(read("shop"))["disclosed_for_business_purpose"]
    told = entry(disclosed["categories"], "customer_records")
    assert told["statement"] == "disclosed to: payment services"
    assert told["why"] == "to process, deliver and bill orders"
    nothing = parts(read("web_log"))["disclosed_for_business_purpose"]
    assert nothing == {
        "none": "We have not disclosed any personal information for a business purpose in the preceding 12 months.",
        "categories": [],
    }


def test_whoever_uses_data_for_its_own_marketing_is_a_third_party_too() -> None:
    only_marketing = read("shop", (LISTS, LISTS.replace("sold", "service_provider")))
    assert parts(only_marketing)["third_parties"] == ["marketing list companies"]


def test_what_we_hold_for_somebody_else_is_for_their_policy() -> None:
    for_others = read("web_log", ("role: controller", "role: {processor_for: Northwind Inc.}"))
    told = parts(read("shop"), for_others)
    assert "inferences" not in {each["category"] for each in told["categories"]}
    assert "advertising networks" not in told["third_parties"]
    assert list(open_questions([for_others], since=SINCE, on=ON)) == []


def test_each_part_is_cited() -> None:
    assert parts(read("shop"))["citations"] == {
        "collected": "Civ. Code 1798.110(c)(1), 1798.130(a)(5)(B)",
        "sources": "Civ. Code 1798.110(c)(2)",
        "purposes": "Civ. Code 1798.110(c)(3)",
        "retention": "Civ. Code 1798.100(a)(3)",
        "third_parties": "Civ. Code 1798.110(c)(4)",
        "sold_or_shared": "Civ. Code 1798.115(c)(1), 1798.130(a)(5)(C)(i)",
        "disclosed_for_business_purpose": "Civ. Code 1798.115(c)(2), 1798.130(a)(5)(C)(ii)",
    }


def test_a_period_that_no_map_names_is_left_open_for_all_to_see() -> None:
    without = read("shop", ("    retention: {en: Until you unsubscribe, es: Hasta que usted se dé de baja}\n", ""))
    kept = entry(parts(without)["categories"], "internet_activity")["retention"]
    assert kept[0] == {"what": "Newsletter", "kept": NO_PERIOD}
    (asked,) = open_questions([without], since=SINCE, on=ON)
    assert asked == (
        "shop.newsletter_subscribers: for how long it is kept, or by which criteria, is not said; add 'retention'"
        " (Civ. Code 1798.100(a)(3))."
    )


def test_a_recipient_without_a_purpose_is_to_be_decided_and_one_long_gone_is_not() -> None:
    purpose = "    purposes: [advertise]\n    tell"
    (asked,) = open_questions([read("web_log", (purpose, "    tell"))], since=SINCE, on=ON)
    assert asked == (
        "web_log: for what Brightpath Media LLC gets the data is not said; add 'purposes' to the recipient"
        " (11 CCR 7011(e)(1))."
    )
    gone = read("web_log", (purpose, "    until: 2025-11-22\n    tell"))
    assert list(open_questions([gone], since=SINCE, on=ON)) == []


def test_the_maps_of_the_example_company_leave_nothing_open() -> None:
    assert list(open_questions([read("shop"), read("web_log")], since=SINCE, on=ON)) == []


def test_it_reads_as_plain_text() -> None:
    text = list(lines(parts(read("web_log"))))
    assert text[:3] == [
        "Categories of personal information that we collected in the preceding 12 months",
        "(Civ. Code 1798.110(c)(1), 1798.130(a)(5)(B))",
        "",
    ]
    assert text[3].startswith("- Identifiers such as a real name")
    assert text[3].endswith("(Civ. Code 1798.140(v)(1)(A))")
    assert text[7].startswith("  How long we keep it: Devices seen: As long as the device is known; Pages visited: ")
    assert text[-1] == (
        "We have not disclosed any personal information for a business purpose in the preceding 12 months."
    )


def test_it_speaks_spanish() -> None:
    found = parts(read("shop"), language="es")
    assert found["headings"]["retention"] == "Cuánto tiempo la conservamos"
    sold = entry(found["sold_or_shared"]["categories"], "commercial")
    assert sold["statement"] == "vendida a: empresas de listas de marketing"
    assert sold["why"] == "para obtener ingresos con listas de direcciones"
    without = read("shop", (LISTS, LISTS.replace("sold", "disclosed")))
    assert parts(without, language="es")["sold_or_shared"]["none"].startswith("No hemos vendido ni compartido")
