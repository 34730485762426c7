"""Restriction: in force with the request, whoever asks, and ended only after notice (Art. 18 GDPR)."""

from __future__ import annotations

import pytest

from dsar.ledger import chains
from requests_app.law.words import DutyKind, Right
from requests_app.models import Balancing, Case, Suppression
from requests_app.move import InputRefused
from requests_app.services import closing
from requests_app.services.letters import Letter
from requests_app.states import Outcome, State
from tests.requests_app.factories import (
    ANSWER,
    AT,
    PROOF,
    REASON,
    a_case,
    answer,
    case_in,
    days,
    fresh,
    letters_of,
    move,
    run_jobs,
    shut_because,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

BALANCING = "Fraud against other customers weighs more."


def is_restricted(case: Case) -> bool:
    """Whether the data in question may only be stored."""
    return Suppression.objects.in_force().filter(case_id=case.pk, right=Right.RESTRICT).exists()


def refuse(case: Case, code: str, **inputs: str) -> Case:
    """Refuse on a ground, with an explanation."""
    return move(case, "refuse", **{"code": code, "explanation": "See above.", "reason": REASON, **inputs})


@pytest.mark.parametrize("right", [Right.RESTRICT, Right.OBJECT])
@pytest.mark.parametrize("residence", ["US-WY", "DE"])
def test_data_is_restricted_from_receipt_on_before_anybody_proved_anything(right: Right, residence: str) -> None:
    case = a_case(right, residence=residence)
    assert case.state == State.VERIFYING
    assert is_restricted(case)
    assert case.duties.get(kind=DutyKind.RESTRICTED).met_at == AT
    (receipt,) = letters_of(case.submission, Letter.RECEIPT)
    assert "it is restricted since Nov. 23, 2026" in " ".join(receipt.split())


def test_a_disputed_correction_restricts_nothing_by_itself() -> None:
    case = a_case(Right.CORRECT)
    assert not is_restricted(case)


def test_a_granted_restriction_stays_in_force_until_the_person_was_told_why_it_ends() -> None:
    case = answer(case_in(State.DECIDING, Right.RESTRICT))
    assert case.outcome == Outcome.FULFILLED
    assert is_restricted(case)
    (letter,) = letters_of(case.submission, Letter.ANSWER)
    assert "stays in force" in " ".join(letter.split())

    move(case, "end_restriction", explanation="The data was corrected.")
    assert is_restricted(case)
    run_jobs(AT + days(1))
    assert not is_restricted(case)
    (notice,) = letters_of(case.submission, Letter.RESTRICTION_ENDED)
    assert "The data was corrected." in notice
    assert chains.history(case.chain).filter(kind="restriction_lifted").get().at == AT + days(1)
    assert shut_because(case, "end_restriction") == "The restriction of this case has ended already."


def test_a_refused_restriction_ends_once_its_letter_was_accepted() -> None:
    case = refuse(case_in(State.DECIDING, Right.RESTRICT), "house_nothing_to_restrict")
    assert is_restricted(case)
    (letter,) = letters_of(case.submission, Letter.REFUSAL)
    assert "That restriction ends with this letter." in " ".join(letter.split())
    run_jobs(AT + days(1))
    assert not is_restricted(case)
    assert "No restriction was granted here" in shut_because(case, "end_restriction")


def test_a_refused_objection_carries_its_balancing_sealed() -> None:
    case = case_in(State.DECIDING, Right.OBJECT)
    with pytest.raises(InputRefused, match="balancing: Please fill this in"):
        refuse(case, "house_legitimate_interests")
    assert fresh(case).state == State.DECIDING
    refuse(case, "house_legitimate_interests", balancing=BALANCING)
    row = Balancing.objects.get()
    assert (row.reason, row.decided_by, str(row)) == (BALANCING, "staff:1", "balancing 2026-11-23")
    (letter,) = letters_of(case.submission, Letter.REFUSAL)
    assert BALANCING not in letter
    run_jobs()
    assert not is_restricted(case)


def test_a_granted_objection_may_carry_a_balancing_and_leaves_the_restriction_in_force() -> None:
    case = case_in(State.DECIDING, Right.OBJECT)
    move(case, "write_answer", text=ANSWER, proof=PROOF, balancing=BALANCING)
    assert Balancing.objects.get().reason == BALANCING
    move(case, "approve")
    run_jobs()
    assert fresh(case).outcome == Outcome.FULFILLED
    assert is_restricted(case)


def test_a_withdrawn_objection_ends_its_restriction_after_notice_and_no_other() -> None:
    case, other = a_case(Right.OBJECT), a_case(Right.RESTRICT)
    closing.withdraw(case.pk, at=AT)
    assert is_restricted(case)
    (letter,) = letters_of(case.submission, Letter.WITHDRAWN)
    assert "That restriction ends with this letter." in " ".join(letter.split())
    run_jobs()
    assert not is_restricted(case)
    assert is_restricted(other)


def test_who_did_not_prove_anything_is_refused_and_the_restriction_ends() -> None:
    case = refuse(a_case(Right.RESTRICT), "house_not_verified")
    run_jobs()
    assert not is_restricted(case)
