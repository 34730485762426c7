"""Art. 15 GDPR, letter by letter: what a person is told beside the copy, and where each part comes from."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dsar.demo import shop
from exports.bundle.access import Asked, access
from exports.bundle.disclosure import Held
from exports.sources.datamap import DataMap, read_data_map
from requests_app.law.packs import all_packs
from requests_app.law.words import Right

MAPS = Path(shop.__file__).parent / "maps"
HELD: Held = {("shop", "customers"): {"email": 1, "name": 1}, ("shop", "payments"): {"card_last4": 2}}
CLAUSES = "standard contractual clauses of the European Commission (Decision 2021/914)"
DECISION = """\
automated_decisions:
  - title: {en: Payment by invoice, es: Pago con factura}
    logic: {en: Whether earlier invoices were paid, es: Si se pagaron las facturas anteriores}
    consequences: {en: Without it you pay before we send., es: Sin ello usted paga antes del envío.}

collections:
"""


def read(name: str, *changes: tuple[str, str]) -> DataMap:
    """A map of the example company, changed."""
    text = (MAPS / f"{name}.yaml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return read_data_map(text)


def told(
    *maps: DataMap, held: Held = HELD, law: str = "gdpr", residence: str = "DE", language: str = "en"
) -> dict[str, Any]:
    """The parts by their names."""
    pack, on = all_packs()[law], date(2026, 11, 23)
    asked = Asked(pack, (pack, all_packs()["ccpa"]), Right.KNOW_SPECIFIC, residence, on, None, language)
    found = access(maps, held, asked)
    assert found is not None
    return {part["part"]: part for part in found["parts"]}


@pytest.mark.parametrize(
    ("part", "citation", "items"),
    [
        (
            "purposes",
            "Art. 15(1)(a)",
            ["Run the customer account", "Process, deliver and bill orders"],
        ),
        (
            "recipients",
            "Art. 15(1)(c)",
            [
                "Northgate Parcel Inc. (delivery services)",
                "Cardinal Pay Inc. (payment services), United States",
                "Summit Lists LLC (marketing list companies)",
            ],
        ),
        (
            "retention",
            "Art. 15(1)(d)",
            ["Customer account: While the account exists", "Payments: Seven years for the tax office"],
        ),
        (
            "rights",
            "Art. 15(1)(e)",
            [
                "Correct or complete my personal data",
                "Erase my personal data",
                "Restrict the use of my personal data",
                "Object to the use of my personal data",
            ],
        ),
        ("sources", "Art. 15(1)(g)", ["You", "The payment service"]),
        (
            "automated",
            "Art. 15(1)(h)",
            ["No decision by machines alone is recorded in the systems that hold your data."],
        ),
        ("transfers", "Art. 15(2)", [f"Cardinal Pay Inc., United States: {CLAUSES}"]),
    ],
)
def test_each_letter_is_told_from_the_maps_with_its_citation(part: str, citation: str, items: list[str]) -> None:
    found = told(read("shop"), read("web_log"))[part]
    assert (found["citation"], found["items"]) == (citation, items)


def test_the_categories_are_those_that_are_held_with_what_they_are() -> None:
    found = told(read("shop"), read("web_log"))["categories"]
    assert found["citation"] == "Art. 15(1)(b)"
    assert [item.rpartition(": ")[2] for item in found["items"]] == [
        "E-mail address, Name",
        "Last four digits of the card",
    ]


@pytest.mark.parametrize(
    ("law", "residence", "authority"),
    [
        ("gdpr", "ES", "Agencia Española de Protección de Datos"),
        ("gdpr", "AT", "Österreichische Datenschutzbehörde"),
        ("gdpr", "US-CA", "where you live, where you work, or where you think that the law was broken"),
        ("uk_gdpr", "GB", "Information Commission"),
    ],
)
def test_the_authority_is_that_of_the_place(law: str, residence: str, authority: str) -> None:
    found = told(read("shop"), law=law, residence=residence)["complaint"]
    assert found["citation"] == "Art. 15(1)(f)"
    assert authority in " ".join(found["items"])


def test_a_decision_by_machines_is_told_with_its_logic_and_what_follows() -> None:
    found = told(read("shop", ("collections:\n", DECISION)))["automated"]
    assert found["items"] == [
        "Payment by invoice: Whether earlier invoices were paid. Without it you pay before we send."
    ]
    of_another_source = told(read("shop"), read("web_log", ("collections:\n", DECISION)))["automated"]
    assert "No decision by machines" in of_another_source["items"][0]


def test_what_no_map_says_is_said_to_be_so() -> None:
    found = told(read("web_log"), held={("web_log", "page_views"): {"path": 1}})
    assert found["transfers"]["items"] == [
        "No recipient outside of the European Economic Area, or of the United Kingdom, is recorded."
    ]
    account = "    retention: {en: While the account exists, es: Mientras exista la cuenta}\n"
    without = told(read("shop", (account, "")), held={("shop", "customers"): {"email": 1}})
    assert without["retention"]["items"] == [
        "Customer account: no period is fixed; as long as it is needed for the purposes named above"
    ]
    nobody = told(read("shop"), held={("shop", "avatars"): {"image": 1}})
    assert nobody["recipients"]["items"] == ["Nobody."]


def test_recipients_of_what_is_not_held_of_the_person_are_not_named() -> None:
    found = told(read("shop"), held={("shop", "payments"): {"card_last4": 2}})
    assert found["recipients"]["items"] == ["Cardinal Pay Inc. (payment services), United States"]


def test_where_nothing_is_held_or_only_for_somebody_else_there_is_nothing_to_tell() -> None:
    pack = all_packs()["gdpr"]
    asked = Asked(pack, (pack,), Right.KNOW_SPECIFIC, "DE", date(2026, 11, 23), None, "en")
    theirs = read("shop", ("role: controller", "role: {processor_for: Northwind Inc.}"))
    assert access([read("shop")], {}, asked) is None
    assert access([theirs], HELD, asked) is None


def test_it_speaks_spanish() -> None:
    found = told(read("shop", ("collections:\n", DECISION)), language="es", residence="ES")
    assert found["retention"]["heading"] == "Cuánto tiempo los conservamos"
    assert "Cardinal Pay Inc. (servicios de pago), Estados Unidos" in found["recipients"]["items"]
    assert found["automated"]["items"][0].startswith("Pago con factura: Si se pagaron")
