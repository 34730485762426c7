"""What a map says of recipients, of whose data it is, of decisions by machines; and what is wrong with it, by line."""

from __future__ import annotations

import pytest

from exports.sources.datamap import AutomatedDecision, DataMapError, read_data_map
from requests_app.law.words import Text
from tests.exports.sources.small_company import MAP

RECIPIENT = """\
recipients:
  - name: Lists LLC
    kind: list companies
    relation: direct_marketing
    since: 2024-01-01
    categories: [identifiers]
    tell: {batch: {}}
"""
DECISION = """\
automated_decisions:
  - title: {en: Limit of credit, es: Límite de crédito}
    logic: {en: Unpaid invoices of a year, es: Facturas impagadas de un año}
    consequences: You pay before we send
"""


def read(extra: str, *changes: tuple[str, str]) -> str:
    """The small company's map with more at its top."""
    text = MAP.replace("collections:", f"{extra}collections:", 1)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def faults(text: str) -> list[str]:
    with pytest.raises(DataMapError) as caught:
        read_data_map(text)
    return caught.value.faults


def test_a_recipient_may_say_why_where_it_sits_what_it_sells_and_where_the_data_goes() -> None:
    (recipient,) = read_data_map(
        read(
            f"{RECIPIENT}"
            "    purposes: [club]\n"
            "    address: 1 Main Street, Reno, NV 89501\n"
            "    business: {en: garden tools, es: herramientas de jardín}\n"
            "    country: United States\n"
            "    safeguard: {en: standard contractual clauses, es: cláusulas contractuales tipo}\n"
        )
    ).recipients
    assert recipient.purposes == ("club",)
    assert recipient.address == "1 Main Street, Reno, NV 89501"
    assert recipient.business == Text("garden tools", "herramientas de jardín")
    assert recipient.country == Text("United States", "United States")
    assert recipient.safeguard == Text("standard contractual clauses", "cláusulas contractuales tipo")


def test_a_recipient_may_say_none_of_that() -> None:
    (recipient,) = read_data_map(read(RECIPIENT)).recipients
    assert (recipient.purposes, recipient.address, recipient.business) == ((), "", None)
    assert recipient.country is recipient.safeguard is None


def test_whose_processor_we_are_may_say_how_people_reach_them() -> None:
    ours = read_data_map(MAP)
    assert (ours.processor_for, ours.processor_contact) == (None, None)
    text = read("", ("role: controller", "role: {processor_for: Birch Bank, contact: {en: at once, es: ya}}"))
    theirs = read_data_map(text)
    assert (theirs.processor_for, theirs.processor_contact) == ("Birch Bank", Text("at once", "ya"))


def test_what_is_decided_by_a_machine_is_told_with_logic_and_consequences() -> None:
    assert read_data_map(read(DECISION)).automated_decisions == (
        AutomatedDecision(
            title=Text("Limit of credit", "Límite de crédito"),
            logic=Text("Unpaid invoices of a year", "Facturas impagadas de un año"),
            consequences=Text("You pay before we send", "You pay before we send"),
        ),
    )
    assert read_data_map(MAP).automated_decisions == ()


@pytest.mark.parametrize(
    ("extra", "where", "said"),
    [
        (f"{RECIPIENT}    purposes: [clubs]\n", "[clubs]", "'clubs' in 'purposes' of a recipient is not named at the"),
        (f"{RECIPIENT}    adress: x\n", "adress", "a recipient knows no key 'adress'; did you mean 'address'"),
        (f"{RECIPIENT}    address: ''\n", "address: ''", "'address' of a recipient is a text, and not an empty one"),
        (f"{RECIPIENT}    business: {{es: x}}\n", "business", "'business' of a recipient lacks 'en'"),
        (f"{RECIPIENT}    country: Chile\n", "country", "lacks 'safeguard': say what keeps the data safe there"),
        (f"{RECIPIENT}    safeguard: clauses\n", "safeguard", "lacks 'country': say where the data goes"),
        (RECIPIENT.replace("Lists LLC", "L" * 201), "- name: L", "'name' of a recipient has at most 200 characters"),
        (DECISION.replace("    logic:", "    logics:"), "logics", "an automated decision knows no key 'logics'"),
        (DECISION.replace("    consequences: You pay before we send\n", ""), "- title: {en: Limit", "lacks 'conseq"),
        ("automated_decisions: none\n", "automated_decisions", "'automated_decisions' of the map is a list"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_a_cure(extra: str, where: str, said: str) -> None:
    text = read(extra)
    line = text[: text.index(where)].count("\n") + 1
    assert any(fault.startswith(f"line {line}: ") and said in fault for fault in faults(text)), faults(text)


def test_a_contact_without_a_controller_is_a_fault() -> None:
    found = faults(read("", ("role: controller", "role: {contact: at once}")))
    assert any("'role' of the map lacks 'processor_for'" in fault for fault in found)
