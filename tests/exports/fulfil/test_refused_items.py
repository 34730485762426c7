"""What was refused item by item: the statement on it, a denial of the same later on, and the figures of the year."""

from __future__ import annotations

import pytest
from django.utils import timezone

from requests_app import denied_before, stating
from requests_app.law.words import Right
from requests_app.law.yearly import Ended
from requests_app.models import Case
from requests_app.refused_items import refused_items
from requests_app.services import metrics, statements
from requests_app.services.letters import Letter
from tests.exports.fulfil.test_keeping import THIRD
from tests.exports.fulfil.test_several_corrections import ACCURATE, NAME, PHONE, asked, decide, letter_of
from tests.exports.house import ANALYST, House, fresh

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

OFFER = "a written statement of up to 250 words"
GRANTED, NOT_HELD = {"verdict": "granted", "found": "1"}, {"verdict": "not_held"}
ABROAD = {"verdict": "refused", "code": "ca_145a_outside_california"}


def closed(house: House, *decisions: dict[str, str]) -> Case:
    """The phone and the name are asked for, decided on, and told."""
    case = asked(house, PHONE, NAME)
    for number, decision in enumerate(decisions, 1):
        decide(house, case, number, **decision)
    house.approve(case)
    return fresh(case)


def items(case: Case) -> list[int]:
    """The numbers of what a statement may be filed on."""
    return [one.number for one in stating.items_of(case)] if stating.words_allowed(case) else []


def test_where_each_was_refused_as_accurate_the_letter_offers_a_statement_and_it_may_be_filed(house: House) -> None:
    case = closed(house, ACCURATE, ACCURATE)
    assert OFFER in letter_of(case, Letter.REFUSAL)
    assert items(case) == [1, 2]
    statements.file_statement(case.pk, number=2, text="I signed so.", is_to_pass_on=True, at=timezone.now())


def test_where_one_was_refused_it_is_offered_on_that_one_alone(house: House) -> None:
    case = closed(house, GRANTED, ACCURATE)
    assert OFFER in letter_of(case, Letter.CORRECTED)
    assert items(case) == [2]


def test_where_the_data_is_not_called_accurate_neither_letter_nor_page_offers_one(house: House) -> None:
    case = closed(house, GRANTED, ABROAD)
    assert case.outcome == "partly_fulfilled"
    assert OFFER not in letter_of(case, Letter.CORRECTED)
    assert items(case) == []


def test_what_is_merely_not_held_was_not_refused(house: House) -> None:
    house.sql("shop", "UPDATE customers SET name = '' WHERE id = 7")
    case = closed(house, GRANTED, NOT_HELD)
    assert case.outcome == "fulfilled"
    assert refused_items(case) == []
    assert OFFER not in letter_of(case, Letter.CORRECTED)
    assert items(case) == []


@pytest.mark.parametrize("first", [GRANTED, ACCURATE], ids=["partly", "all refused"])
def test_a_denial_of_one_item_counts_when_the_same_is_asked_again(house: House, first: dict[str, str]) -> None:
    case = closed(house, first, ACCURATE)
    again = fresh(house.reviewing(Right.CORRECT, corrections=(NAME,)))
    (found,) = denied_before.repeated(again)
    assert found.denied.key == str(case.pk)
    both = fresh(house.reviewing(Right.CORRECT, corrections=(PHONE, NAME)))
    assert bool(denied_before.repeated(both)) is (first is ACCURATE)


@pytest.mark.parametrize(
    ("decisions", "ended"),
    [((ACCURATE, ABROAD), Ended.OTHER_GROUND), ((ABROAD, ACCURATE), Ended.EXEMPT)],
    ids=["accurate first", "exempt first"],
)
def test_the_figures_of_the_year_know_the_ground_of_the_first_that_was_refused(
    house: House, decisions: tuple[dict[str, str], ...], ended: Ended
) -> None:
    closed(house, *decisions)
    (found,) = metrics.of_year(house.organisation, 2026, at=timezone.now(), law="ccpa").laws
    assert found.of_rights[Right.CORRECT].ended == {ended: 1}


def test_what_was_refused_as_a_whole_at_first_counts_by_what_was_decided_after_it_was_opened_again(
    house: House,
) -> None:
    case = asked(house, PHONE, NAME)
    house.move(case, "refuse", code="ca_106_accurate", explanation="Both are right.", reason="Looked at.")
    statement = statements.file_statement(
        case.pk, number=1, text="They are wrong.", is_to_pass_on=True, at=timezone.now()
    )
    assert items(fresh(case)) == [1, 2]
    house.move(case, "ask_reopening", ANALYST, reason="One is wrong.")
    house.move(case, "reopen", THIRD)
    house.move(case, "start_gathering")
    house.work()
    decide(house, case, 1, **GRANTED)
    decide(house, case, 2, **ACCURATE)
    house.approve(case)
    case = fresh(case)
    assert items(case) == [2]
    assert stating.statements_to_pass_on(case) == []
    assert statement not in stating.due_everywhere(statement.changeable_until.replace(year=2030))
