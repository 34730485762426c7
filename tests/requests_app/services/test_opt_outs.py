"""Opt-outs: no verification, in force and confirmed at once, closed without anybody's help."""

from __future__ import annotations

import pytest

from dsar.ledger import chains
from dsar.vault import digests
from requests_app.law.agents import Requester
from requests_app.law.words import DutyKind, Right
from requests_app.models import Duty, Suppression
from requests_app.move import InputRefused
from requests_app.roles import PERSON
from requests_app.services import intake, opt_outs
from requests_app.services.letters import Letter
from requests_app.states import Outcome, State
from tests.requests_app.company import Company
from tests.requests_app.factories import (
    APPROVER,
    AT,
    REASON,
    a_case,
    a_submission,
    an_intake,
    days,
    fresh,
    letters_of,
    move,
    run_jobs,
    the_case,
)
from tests.requests_app.services.test_permissions import ADA, accept, asked_of_the_person

EXPLANATION = "Two thousand opt-outs came from one machine within a minute."

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.mark.parametrize("right", [Right.OPT_OUT_SALE_SHARE, Right.LIMIT_SENSITIVE])
def test_it_is_in_force_and_confirmed_in_the_moment_it_arrives(right: Right) -> None:
    case = a_case(right)
    assert case.state == State.CARRYING_OUT
    assert Suppression.objects.in_force().get().in_force_since == AT
    assert [message.letter for message in case.submission.messages.all()] == [Letter.OPT_OUT_CONFIRMED]
    assert "Your request is in force." in letters_of(case.submission, Letter.OPT_OUT_CONFIRMED)[0]


def test_nobody_asks_for_proof_and_no_code_is_sent() -> None:
    submission = a_submission(Right.OPT_OUT_SALE_SHARE)
    assert not submission.codes.exists()
    assert not letters_of(submission, Letter.RECEIPT)


def test_it_closes_by_itself_when_it_is_carried_out_and_its_letter_was_taken() -> None:
    case = a_case(Right.OPT_OUT_SALE_SHARE)
    run_jobs(AT + days(1))
    closed = fresh(case)
    assert (closed.state, closed.outcome, closed.closed_at) == (State.CLOSED, Outcome.FULFILLED, AT + days(1))
    assert {duty.kind: duty.met_at for duty in closed.duties.all()} == {
        DutyKind.OPT_OUT_DONE: AT + days(1),
        DutyKind.RECIPIENTS_TOLD: AT + days(1),
    }
    assert {event.actor for event in chains.history(case.chain)} == {"person", "system"}


def test_what_came_with_it_is_suppressed_in_one_spelling_and_found_by_digest() -> None:
    case = a_case(Right.OPT_OUT_SALE_SHARE, email="Sam@Example.com", account_number=" A-7 ")
    kept = {row.kind: row for row in Suppression.objects.all()}
    assert {kind: row.value for kind, row in kept.items()} == {"email": "sam@example.com", "account_number": "A-7"}
    assert kept["email"].digest in digests.candidates("suppression:email", "sam@example.com")
    assert {row.case_id for row in kept.values()} == {case.pk}
    assert str(kept["email"]) == "opt_out_sale_share since 2026-11-23"


def test_each_opt_out_has_a_key_of_its_own() -> None:
    a_submission(Right.OPT_OUT_SALE_SHARE, Right.LIMIT_SENSITIVE, account_number="A-7")
    by_right = {(row.right, row.value_key) for row in Suppression.objects.all()}
    assert len(by_right) == len({key for _right, key in by_right}) == 2


@pytest.mark.slow
def test_with_other_rights_beside_it_does_not_wait_for_them() -> None:
    submission = a_submission(Right.DELETE, Right.OPT_OUT_SALE_SHARE)
    run_jobs()
    assert the_case(submission, Right.OPT_OUT_SALE_SHARE).state == State.CLOSED
    assert the_case(submission, Right.DELETE).state == State.VERIFYING
    assert letters_of(submission, Letter.RECEIPT)


def test_it_stays_open_while_a_recipient_is_left_to_be_told(company: Company) -> None:
    case = a_case(Right.OPT_OUT_SALE_SHARE)
    company.left_to_do.add(case.pk)
    run_jobs()
    assert fresh(case).state == State.CARRYING_OUT


@pytest.mark.parametrize("code", ["ca_7026e_fraud", "ca_7063_agent_no_proof"])
def test_it_may_be_refused_for_fraud_or_a_missing_permission_and_then_holds_no_longer(code: str) -> None:
    agent = {"requester": Requester.AGENT, "requester_name": "Ada", "requester_email": "ada@agents.example"}
    case = a_case(Right.OPT_OUT_SALE_SHARE, **(agent if code == "ca_7063_agent_no_proof" else {}))
    other = a_case(Right.OPT_OUT_SALE_SHARE)
    refused = move(case, "refuse_opt_out", by=APPROVER, code=code, explanation=EXPLANATION, reason=REASON)
    assert (refused.state, refused.outcome) == (State.CLOSED, Outcome.REFUSED)
    assert refused.exemption_claims.get().reason == REASON
    assert not Duty.objects.filter(case=case).unmet().exists()
    assert {row.case_id for row in Suppression.objects.in_force()} == {other.pk}
    assert Suppression.objects.get(case_id=case.pk).lifted_at == AT
    assert code.partition("_")[2][:4] in letters_of(case.submission, Letter.OPT_OUT_REFUSED)[0].replace(" ", "")


def test_the_belief_in_fraud_is_explained_to_the_person() -> None:
    """11 CCR 7026(e)."""
    case = a_case(Right.OPT_OUT_SALE_SHARE)
    with pytest.raises(InputRefused, match="This ground has to be explained"):
        move(case, "refuse_opt_out", by=APPROVER, code="ca_7026e_fraud", reason=REASON)
    move(case, "refuse_opt_out", by=APPROVER, code="ca_7026e_fraud", explanation=EXPLANATION, reason=REASON)
    assert EXPLANATION in " ".join(letters_of(case.submission, Letter.OPT_OUT_REFUSED)[0].split())


def test_a_refused_opt_out_is_not_carried_out_afterwards() -> None:
    case = a_case(Right.OPT_OUT_SALE_SHARE)
    move(case, "refuse_opt_out", by=APPROVER, code="ca_7026e_fraud", explanation=EXPLANATION, reason=REASON)
    run_jobs()
    assert fresh(case).outcome == Outcome.REFUSED
    assert not chains.history(case.chain).filter(kind="carried_out").exists()


@pytest.mark.slow
def test_whoever_opted_out_is_known_by_address() -> None:
    submission = a_submission(Right.DELETE)
    assert not opt_outs.holds(submission)
    a_case(Right.LIMIT_SENSITIVE)
    assert not opt_outs.holds(submission)
    a_case(Right.OPT_OUT_SALE_SHARE, email="SAM@example.com")
    assert opt_outs.holds(submission)
    digests.rotate("suppression:email", at=AT)
    assert opt_outs.holds(submission)


def test_an_opt_out_can_be_filed_again() -> None:
    for _ in range(2):
        intake.receive_submission(an_intake(Right.OPT_OUT_SALE_SHARE), by=PERSON, at=AT)
    assert Suppression.objects.in_force().count() == 2


@pytest.mark.slow
@pytest.mark.parametrize("accepted_at", [Right.OPT_OUT_SALE_SHARE, Right.KNOW_SPECIFIC])
def test_the_person_is_asked_on_whichever_request_of_a_message_the_paper_was_accepted(accepted_at: Right) -> None:
    submission = a_submission(Right.OPT_OUT_SALE_SHARE, Right.KNOW_SPECIFIC, requester=Requester.AGENT, **ADA)
    accept(the_case(submission, accepted_at))
    assert asked_of_the_person(submission) == 1
