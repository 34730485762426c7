"""Withholding: a record or a field, on a ground that fits; lifted again as it was withheld."""

from __future__ import annotations

import uuid

import pytest

from exports.fulfil.account import account_of
from exports.models import Part, Withholding
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.move import InputRefused
from tests.exports.house import House, facts_of, files_of, parts_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

GROUND = "ca_145k_rights_of_others"


@pytest.fixture
def case(house: House) -> Case:
    """A case with findings."""
    return house.deciding(Right.KNOW_SPECIFIC)


@pytest.fixture
def part(case: Case) -> Part:
    """The person's messages with support."""
    return parts_of(case, "shop", "ticket_messages")[0]


def test_a_record_and_a_field_are_withheld_with_ground_citation_and_name(house: House, case: Case, part: Part) -> None:
    house.move(case, "withhold", finding=f"{part.pk}:0", field="", code=GROUND)
    house.move(case, "withhold", finding=f"{part.pk}:1", field="body", code=GROUND)
    rows = Withholding.objects.order_by("number").values_list("number", "field", "code", "citation", "withheld_by")
    assert list(rows) == [
        (0, "", GROUND, "Civ. Code 1798.145(k)", "staff:1"),
        (1, "body", GROUND, "Civ. Code 1798.145(k)", "staff:1"),
    ]
    assert [facts["number"] for facts in facts_of(case, EventKind.WITHHOLD)] == [0, 1]


def test_what_was_withheld_is_lifted_as_it_was_withheld(house: House, case: Case, part: Part) -> None:
    house.move(case, "withhold", finding=f"{part.pk}:1", field="body", code=GROUND)
    with pytest.raises(InputRefused):
        house.move(case, "lift_withholding", finding=f"{part.pk}:1", field="")
    house.move(case, "lift_withholding", finding=f"{part.pk}:1", field="body")
    assert not Withholding.objects.exists()
    assert facts_of(case, EventKind.LIFT_WITHHOLDING)[0]["code"] == GROUND


@pytest.mark.parametrize(
    ("number", "field", "code", "fault"),
    [
        ("999", "", GROUND, "finding"),
        ("x", "", GROUND, "finding"),
        ("-1", "", GROUND, "finding"),
        ("0", "no_such_field", GROUND, "field"),
        ("0", "", "no_such_ground", "code"),
        ("0", "", "ca_7021_not_verified", "code"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(  # noqa: PLR0917 - fixtures
    house: House, case: Case, part: Part, number: str, field: str, code: str, fault: str
) -> None:
    with pytest.raises(InputRefused) as refused:
        house.move(case, "withhold", finding=f"{part.pk}:{number}", field=field, code=code)
    assert set(refused.value.errors) == {fault}
    assert not Withholding.objects.exists()


def test_a_never_disclosed_field_needs_no_ground(house: House, case: Case) -> None:
    (customers,) = parts_of(case, "shop", "customers")
    with pytest.raises(InputRefused) as refused:
        house.move(case, "withhold", finding=f"{customers.pk}:0", field="password_hash", code=GROUND)
    assert set(refused.value.errors) == {"field"}


def test_nothing_is_withheld_twice(house: House, case: Case, part: Part) -> None:
    house.move(case, "withhold", finding=f"{part.pk}:0", field="", code=GROUND)
    for field, fault in (("", "finding"), ("body", "finding")):
        with pytest.raises(InputRefused) as refused:
            house.move(case, "withhold", finding=f"{part.pk}:0", field=field, code=GROUND)
        assert set(refused.value.errors) == {fault}


def test_findings_of_other_cases_and_of_earlier_rounds_are_out_of_reach(house: House, case: Case, part: Part) -> None:
    other = house.deciding(Right.PORTABILITY)
    house.move(case, "gather_again")
    house.work()
    for finding in (parts_of(other, "shop", "reviews")[0].pk, part.pk, uuid.uuid4(), "not-an-id"):
        with pytest.raises(InputRefused):
            house.move(case, "withhold", finding=f"{finding}:0", field="", code=GROUND)


# ---- grounds that call for an explanation of their own


EXPLAINED, WHY = "ca_7024c_not_searchable", "These letters lie on tapes of 2016, kept for the tax office alone."


def test_a_ground_that_calls_for_an_explanation_is_used_with_one(house: House, case: Case, part: Part) -> None:
    with pytest.raises(InputRefused) as refused:
        house.move(case, "withhold", finding=f"{part.pk}:0", code=EXPLAINED, explanation=" ")
    assert set(refused.value.errors) == {"explanation"}
    assert not Withholding.objects.exists()
    house.move(case, "withhold", finding=f"{part.pk}:0", code=EXPLAINED, explanation=WHY)
    row = Withholding.objects.get()
    assert row.explanation == WHY
    assert WHY.encode() not in bytes(row.explanation_sealed or b"")
    assert WHY not in str(facts_of(case, EventKind.WITHHOLD))


def test_the_person_reads_the_explanation_in_letter_and_bundle_once(house: House, case: Case, part: Part) -> None:
    for number in (0, 1):
        house.move(case, "withhold", finding=f"{part.pk}:{number}", code=EXPLAINED, explanation=WHY)
    house.approve(case)
    assert "".join(account_of(case, "en")).count(WHY) == 1
    (letter,) = case.messages.filter(letter="answer_ready")
    assert WHY in " ".join(letter.text.split())
    assert files_of(case)["index.html"].decode().count(WHY) == 1


def test_a_record_that_a_deletion_spares_is_told_with_its_explanation(house: House) -> None:
    case = house.deciding(Right.DELETE)
    part = parts_of(case, "shop", "reviews")[0]
    house.move(case, "withhold", finding=f"{part.pk}:0", code="ca_105d1_transaction", explanation="Under warranty.")
    house.approve(case)
    (spared,) = (text for text in account_of(case, "en") if text.startswith("Reviews: 1 record kept."))
    assert spared.endswith("Under warranty.")
