"""Requests that only a person can answer: complaints, inquiries, Shine the Light, objections and the like."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils.translation import override

from dsar.ledger import chains
from requests_app.guards import MoveShut
from requests_app.law.agents import Requester
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case, WrittenAnswer
from requests_app.move import InputRefused
from requests_app.services import closing
from requests_app.services.letters import Letter
from requests_app.states import Outcome, State
from tests.requests_app.company import SAM
from tests.requests_app.factories import (
    ANALYST,
    ANSWER,
    APPROVER,
    AT,
    OTHER_ANALYST,
    PROOF,
    REASON,
    a_case,
    a_submission,
    answer,
    case_in,
    confirm,
    days,
    fresh,
    letters_of,
    move,
    prove,
    run_jobs,
    shut_because,
    the_case,
    write,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]


def kinds(case: Case) -> list[str]:
    """What happened, in order."""
    return [event.kind for event in chains.history(case.chain)]


@pytest.mark.parametrize("right", [Right.COMPLAINT, Right.INQUIRY])
def test_where_nothing_has_to_be_proved_the_decision_begins_at_once(right: Right) -> None:
    case = a_case(right)
    assert case.state == State.DECIDING
    assert kinds(case) == ["received", "take_up", "letter_queued"]
    (receipt,) = letters_of(case.submission, Letter.RECEIPT)
    text = " ".join(receipt.split())
    assert "You need not do anything: a person reads what you wrote, and answers." in text
    assert "CONFIRM YOUR MAILBOX" not in text
    assert "We answer by Dec. 23, 2026 at the latest." in text


def test_a_complaint_is_answered_with_what_a_person_wrote_and_closes_once_the_letter_is_accepted() -> None:
    case = case_in(State.DECIDING, Right.COMPLAINT)
    write(case)
    assert not letters_of(case.submission, Letter.ANSWER)
    case = move(case, "approve")
    assert case.state == State.CARRYING_OUT
    run_jobs(AT + days(1))
    case = fresh(case)
    assert (case.state, case.outcome) == (State.CLOSED, Outcome.FULFILLED)
    assert case.duties.get(kind=DutyKind.ANSWER).met_at == AT + days(1)
    (letter,) = letters_of(case.submission, Letter.ANSWER)
    assert ANSWER in " ".join(letter.split())
    assert PROOF not in letter


def test_answer_and_proof_are_sealed_and_stand_in_no_event() -> None:
    case = case_in(State.CARRYING_OUT, Right.INQUIRY)
    row = WrittenAnswer.objects.get()
    assert (row.text, row.reason, row.decided_by, str(row)) == (ANSWER, PROOF, "staff:1", "answer 2026-11-23")
    assert ANSWER.encode() not in bytes(row.text_sealed or b"")
    facts = [event.facts for event in chains.history(case.chain).filter(kind="write_answer")]
    assert facts == [{"answer": 1, "balanced": False}]


def test_the_newest_answer_is_the_one_that_goes_out() -> None:
    case = case_in(State.DECIDING, Right.COMPLAINT)
    write(case, text="The first attempt.")
    write(case, by=OTHER_ANALYST, text="The better answer.")
    move(case, "approve")
    run_jobs()
    (letter,) = letters_of(case.submission, Letter.ANSWER)
    assert "The better answer." in letter
    assert "The first attempt." not in letter


def test_nothing_is_approved_whose_answer_nobody_has_written() -> None:
    case = case_in(State.DECIDING, Right.COMPLAINT)
    assert shut_because(case, "approve") == "Write the answer first: what the person is told, and what was done."
    write(case)
    assert shut_because(case, "approve") == ""


def test_an_answer_without_text_or_proof_is_none() -> None:
    case = case_in(State.DECIDING, Right.COMPLAINT)
    with pytest.raises(InputRefused) as refused:
        move(case, "write_answer", text=" ", proof="")
    assert set(refused.value.errors) == {"text", "proof"}
    assert not WrittenAnswer.objects.exists()


def test_a_question_interrupts_a_decision_and_leads_back_to_it() -> None:
    case = case_in(State.CLARIFYING, Right.COMPLAINT)
    assert case.clarifying_from == State.DECIDING
    assert move(case, "clarified", reason=REASON).state == State.DECIDING


def test_a_complaint_can_be_taken_back_and_refused() -> None:
    case = case_in(State.DECIDING, Right.COMPLAINT)
    closing.withdraw(case.pk, at=AT)
    assert fresh(case).outcome == Outcome.WITHDRAWN
    refused = move(
        case_in(State.DECIDING, Right.INQUIRY), "refuse", code="house_not_ours", reason=REASON, explanation=""
    )
    assert refused.outcome == Outcome.REFUSED


def test_shine_the_light_needs_the_mailbox_and_nothing_else() -> None:
    case = a_case(Right.SHINE_THE_LIGHT)
    assert case.state == State.VERIFYING
    confirm(case.submission)
    case = fresh(case)
    assert case.state == State.DECIDING
    assert case.duties.get(kind=DutyKind.ANSWER).due_on == date(2026, 12, 23)
    assert answer(case).outcome == Outcome.FULFILLED


def test_shine_the_light_may_be_declined_once_it_was_answered_this_year() -> None:
    answer(case_in(State.DECIDING, Right.SHINE_THE_LIGHT, at=AT - days(30)), at=AT - days(30))
    again = case_in(State.DECIDING, Right.SHINE_THE_LIGHT)
    write(again)
    once = "Information was already provided once in the calendar year 2026. Decide on the limit first: answer anyway"
    assert once in shut_because(again, "approve", by=APPROVER)
    with override("es"):
        una_vez = "Ya se facilitó información una vez en el año natural 2026. Decida primero sobre el límite: responder"
        assert una_vez in shut_because(again, "approve", by=APPROVER)
    move(again, "decide_limit", choice="answer_anyway", reason=REASON)
    assert move(again, "approve").state == State.CARRYING_OUT


def test_where_a_law_asks_for_proof_the_decision_begins_once_it_is_given() -> None:
    case = a_case(Right.REVIEW_AUTOMATED, residence="DE")
    assert case.state == State.VERIFYING
    assert "Open only while the case is deciding" in shut_because(case, "write_answer")
    prove(case.submission)
    assert fresh(case).state == State.DECIDING


def test_the_extension_of_a_law_that_has_one_may_be_taken() -> None:
    case = case_in(State.DECIDING, Right.OBJECT, residence="DE")
    move(case, "extend", reason="It is a long story.")
    assert case.duties.get(kind=DutyKind.ANSWER).due_on == date(2027, 2, 23)
    assert "no extension" in shut_because(case_in(State.DECIDING, Right.COMPLAINT), "extend")


def test_an_answer_in_one_message_with_a_request_to_know_goes_its_own_way() -> None:
    submission = a_submission(Right.KNOW_SPECIFIC, Right.COMPLAINT)
    (receipt,) = letters_of(submission, Letter.RECEIPT)
    assert "CONFIRM YOUR MAILBOX NOW" in receipt
    assert the_case(submission, Right.COMPLAINT).state == State.DECIDING
    assert the_case(submission, Right.KNOW_SPECIFIC).state == State.VERIFYING


def test_what_no_move_leads_to_stays_shut() -> None:
    case = case_in(State.DECIDING, Right.COMPLAINT)
    with pytest.raises(MoveShut, match="does not exist for such a request"):
        move(case, "start_gathering", by=ANALYST)


# ---- what holds at once, and is done by hand


@pytest.mark.parametrize("right", [Right.OBJECT_MARKETING, Right.WITHDRAW_CONSENT])
def test_what_holds_at_once_is_done_by_hand_noted_and_closed(right: Right) -> None:
    case = a_case(right)
    assert case.state == State.CARRYING_OUT
    run_jobs()
    assert fresh(case).carried_out_at is None
    (letter,) = letters_of(case.submission, Letter.IN_FORCE)
    assert "You did not have to prove anything" in " ".join(letter.split())
    move(case, "note_done", proof=PROOF)
    case = fresh(case)
    assert (case.state, case.outcome) == (State.CLOSED, Outcome.FULFILLED)
    assert case.duties.get(kind=DutyKind.OPT_OUT_DONE).met_at == AT
    row = case.hand_work.get()
    assert (row.reason, str(row)) == (PROOF, "done by hand 2026-11-23")


@pytest.mark.parametrize(("language", "said"), [("en", "What you named is on the list"), ("es", "Lo que usted indicó")])
def test_the_letter_speaks_of_no_address_where_none_was_named(language: str, said: str) -> None:
    child = {"requester": Requester.PARENT, "requester_name": "Eve", "requester_email": "eve@example.com"}
    named = {"email": "", "account_number": SAM["account_number"], "born_on": date(2018, 5, 1)}
    case = a_case(Right.OBJECT_MARKETING, language=language, **child, **named)
    (letter,) = letters_of(case.submission, Letter.IN_FORCE)
    text = " ".join(letter.split())
    assert said in text
    assert "our address is on" not in text
    assert "dirección está" not in text


def test_what_was_done_by_hand_is_noted_once() -> None:
    case = a_case(Right.OBJECT_MARKETING)
    move(case, "note_done", proof=PROOF)
    assert "noted as done already" in shut_because(case, "note_done")


def test_what_workers_do_nobody_notes_by_hand(house: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(house), "waits_for_a_person", lambda *_args: False)
    assert "Workers do this" in shut_because(a_case(Right.OBJECT_MARKETING), "note_done")
