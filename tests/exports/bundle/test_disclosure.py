"""The six parts of 11 CCR 7024(k): only what is really held, and category by category who got it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dsar.demo import shop
from exports.bundle.disclosure import Held, disclosure, sentences
from exports.sources.datamap import DataMap, read_data_map
from requests_app.law.packs import all_packs

ON = date(2026, 11, 23)
MAPS = Path(shop.__file__).parent / "maps"
EVERYTHING: Held = {
    ("shop", "customers"): {"email": 1, "name": 1, "phone": 1, "password_hash": 1},
    ("shop", "orders"): 7,
    ("web_log", "page_views"): {"path": 12, "ip_address": 12},
    ("web_log", "ad_segments"): {"segment": 2, "device_id": 2},
}


@pytest.fixture(scope="module")
def maps() -> list[DataMap]:
    """The maps of the example company."""
    return [read_data_map((MAPS / f"{name}.yaml").read_text()) for name in ("shop", "web_log")]


def parts(maps: list[DataMap], held: Held, *, on: date = ON, language: str = "en", **more: Any) -> dict[str, Any]:
    """The disclosure under California's law."""
    return disclosure(maps, held, packs=(all_packs()["ccpa"],), on=on, language=language, **more)


def by_category(entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Entries by the slug of their category."""
    return {entry["category"]: entry for entry in entries}


def test_only_categories_that_are_held_are_named(maps: list[DataMap]) -> None:
    found = parts(maps, EVERYTHING)
    assert [entry["category"] for entry in found["collected"]] == [
        "identifiers", "customer_records", "commercial", "internet_activity", "inferences", "sensitive"
    ]  # fmt: skip
    only_page_views = parts(maps, {("web_log", "page_views"): {"path": 1, "ip_address": 0}})
    assert [entry["category"] for entry in only_page_views["collected"]] == ["internet_activity"]
    assert only_page_views["collected"][0]["data"] == ["Page"]


def test_categories_carry_the_words_of_the_statute_and_its_citation(maps: list[DataMap]) -> None:
    (entry,) = parts(maps, {("web_log", "ad_segments"): {"segment": 1}})["collected"]
    assert entry["name"].startswith("Inferences drawn from any of this information to create a profile")
    assert entry["citation"] == "Civ. Code 1798.140(v)(1)(K)"


def test_rows_without_columns_count_as_every_field_of_the_collection(maps: list[DataMap]) -> None:
    found = parts(maps, {("shop", "orders"): 7, ("shop", "reviews"): 0})
    (identifiers, commercial) = found["collected"]
    assert identifiers["data"] == ["E-mail address given with the order"]
    assert "Order number" in commercial["data"]


def test_sources_and_purposes_are_those_of_what_is_held(maps: list[DataMap]) -> None:
    found = parts(maps, {("web_log", "page_views"): {"path": 1}, ("shop", "customers"): {"birth_date": 1}})
    assert found["sources"] == ["You", "Your browser or device"]
    assert found["purposes"] == [
        "Check the age for goods that are sold by age",
        "Measure how the website is used",
        "Show advertisements that fit interests",
    ]


def test_sold_and_shared_are_told_category_by_category_with_who_got_it(maps: list[DataMap]) -> None:
    found = by_category(parts(maps, EVERYTHING)["sold_or_shared"])
    assert found["commercial"] == {
        "category": "commercial",
        "name": found["commercial"]["name"],
        "citation": "Civ. Code 1798.140(v)(1)(D)",
        "sold": True,
        "shared": False,
        "third_parties": ["marketing list companies"],
        "statement": "sold to: marketing list companies",
    }
    assert found["identifiers"]["statement"] == (
        "sold to: marketing list companies; shared for advertising with: advertising networks"
    )
    assert (found["inferences"]["sold"], found["inferences"]["shared"]) == (False, True)


def test_what_was_not_sold_and_not_disclosed_is_said_to_be_so(maps: list[DataMap]) -> None:
    found = parts(maps, EVERYTHING)
    sensitive = by_category(found["sold_or_shared"])["sensitive"]
    assert (sensitive["statement"], sensitive["third_parties"]) == ("not sold, not shared", [])
    inferences = by_category(found["disclosed_for_business_purpose"])["inferences"]
    assert (inferences["statement"], inferences["disclosed"]) == ("not disclosed", False)


def test_disclosures_for_a_business_purpose_are_a_list_of_their_own(maps: list[DataMap]) -> None:
    found = by_category(parts(maps, EVERYTHING)["disclosed_for_business_purpose"])
    assert found["commercial"]["recipients"] == ["delivery services", "payment services"]
    assert found["customer_records"]["recipients"] == ["payment services"]
    assert found["commercial"]["statement"] == "disclosed to: delivery services, payment services"


def test_service_providers_are_no_third_parties(maps: list[DataMap]) -> None:
    assert parts(maps, EVERYTHING)["third_parties"] == ["marketing list companies", "advertising networks"]
    assert parts(maps, {("shop", "payments"): {"card_last4": 1}})["third_parties"] == []


def test_a_recipient_of_one_source_did_not_get_the_data_of_another(maps: list[DataMap]) -> None:
    found = by_category(parts(maps, {("shop", "customers"): {"email": 1}})["sold_or_shared"])
    assert found["identifiers"]["shared"] is False


def test_recipients_count_in_their_time_only(maps: list[DataMap]) -> None:
    held = {("shop", "orders"): {"status": 1}}
    assert by_category(parts(maps, held, on=date(2023, 5, 1))["sold_or_shared"])["commercial"]["sold"] is True
    assert by_category(parts(maps, held, on=date(2023, 4, 30))["sold_or_shared"])["commercial"]["sold"] is False
    ended = (MAPS / "shop.yaml").read_text().replace("since: 2023-05-01", "since: 2023-05-01\n    until: 2024-12-31")
    old = [read_data_map(ended)]
    assert by_category(parts(old, held)["sold_or_shared"])["commercial"]["sold"] is True
    last_year = parts(old, held, since=date(2025, 11, 24))
    assert last_year["since"] == "2025-11-24"
    assert by_category(last_year["sold_or_shared"])["commercial"]["sold"] is False


def test_what_we_hold_for_somebody_else_is_theirs_to_disclose(maps: list[DataMap]) -> None:
    text = (MAPS / "web_log.yaml").read_text().replace("role: controller", "role: {processor_for: Northwind Inc.}")
    found = parts([read_data_map(text)], EVERYTHING)
    assert found["collected"] == found["sources"] == found["third_parties"] == []


def test_nothing_held_says_none(maps: list[DataMap]) -> None:
    lines = list(sentences(parts(maps, {}), "en"))
    assert lines[:2] == [
        "Categories of personal information that we have collected about you: none.",
        "Where we collected it: none.",
    ]


def test_it_reads_as_lines_of_a_letter(maps: list[DataMap]) -> None:
    lines = list(sentences(parts(maps, {("web_log", "page_views"): {"path": 1}}), "en"))
    collected, *plain, sold, disclosed = (line.split("\n") for line in lines)
    assert collected[0] == "Categories of personal information that we have collected about you:"
    assert collected[1].startswith("  - Internet or other")
    assert [line for (line,) in plain] == [
        "Where we collected it: Your browser or device.",
        "Why we collect, sell or share it: Measure how the website is used; Show advertisements that fit interests.",
        "Categories of third parties to whom we disclosed it: advertising networks.",
    ]
    assert sold[0] == "What we sold or shared, category by category:"
    assert sold[1].endswith("shared for advertising with: advertising networks.")
    assert disclosed[1].endswith("not disclosed.")


def test_it_speaks_spanish(maps: list[DataMap]) -> None:
    found = parts(maps, {("web_log", "page_views"): {"path": 1}}, language="es-mx")
    assert found["collected"][0]["data"] == ["Página"]
    assert found["headings"]["sources"] == "De dónde la recopilamos"
    assert found["sold_or_shared"][0]["statement"] == "compartida para publicidad con: redes publicitarias"
    assert next(iter(sentences(parts(maps, {}, language="es"), "es"))).endswith("sobre usted: ninguna.")


def test_a_law_without_such_categories_still_gets_names(maps: list[DataMap]) -> None:
    found = disclosure(maps, {("shop", "orders"): {"status": 1}}, packs=(), on=ON, language="en")
    assert found["collected"][0] == {
        "category": "commercial", "name": "commercial", "citation": None, "data": ["State"]
    }  # fmt: skip


def test_it_is_json_and_the_same_every_time(maps: list[DataMap]) -> None:
    assert json.dumps(parts(maps, EVERYTHING)) == json.dumps(parts(maps, EVERYTHING))
    assert parts(maps, EVERYTHING)["citation"] == "11 CCR 7024(k)"
