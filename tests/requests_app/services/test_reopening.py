"""A mistake in a closed case: one asks, with a reason, and an approver who took no part opens it again."""

from __future__ import annotations

import pytest

from dsar.ledger import chains
from dsar.vault import keys
from dsar.vault.models import WrappedKey
from requests_app.guards import MoveShut
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case, ReopeningAsked, Suppression
from requests_app.roles import Actor, Role
from requests_app.services import closing
from requests_app.services.letters import Letter
from requests_app.states import Outcome, State
from tests.requests_app.company import SAM, Company
from tests.requests_app.factories import (
    ANALYST,
    APPROVER,
    AT,
    OTHER_ANALYST,
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
    offer,
    prove,
    run_jobs,
    shut_because,
    the_case,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

OTHER_APPROVER = Actor("staff:9", frozenset({Role.APPROVER}))
LATER = AT + days(2)


def refused(state: State = State.REVIEWING, right: Right = Right.KNOW_SPECIFIC) -> Case:
    """A case that was refused, its letter accepted."""
    case = move(case_in(state, right), "refuse", code="ca_140_not_consumer", explanation="", reason=REASON)
    run_jobs()
    return fresh(case)


def reopened(case: Case, *, by: Actor = OTHER_APPROVER) -> Case:
    """Somebody finds a mistake, somebody else agrees."""
    move(case, "ask_reopening", by=OTHER_ANALYST, at=LATER, reason="The permission was in the post.")
    return move(case, "reopen", by=by, at=LATER)


def test_a_mistake_is_found_by_one_and_mended_by_another() -> None:
    case = refused()
    move(case, "ask_reopening", by=OTHER_ANALYST, at=LATER, reason="The permission was in the post.")
    asked = ReopeningAsked.objects.get()
    assert (asked.reason, asked.decided_by, asked.decided_on_at) == ("The permission was in the post.", "staff:2", None)
    assert str(asked) == "reopening asked 2026-11-25"
    case = move(case, "reopen", by=OTHER_APPROVER, at=LATER)
    assert (case.state, case.outcome, case.closed_at) == (State.REVIEWING, "", None)
    assert ReopeningAsked.objects.get().decided_on_at == LATER
    (letter,) = letters_of(case.submission, Letter.REOPENED)
    assert "that was a mistake" in " ".join(letter.split())
    event = chains.history(case.chain).get(kind="reopen")
    assert event.facts == {
        "from": "closed",
        "to": "reviewing",
        "reopened_for": "mistake",
        "gathers_anew": False,
    }


def test_everything_is_owed_again_by_the_dates_that_it_always_had() -> None:
    case = refused(right=Right.DELETE)
    before = {duty.kind: duty.due_on for duty in case.duties.all()}
    case = reopened(case)
    owed = {duty.kind: (duty.due_on, duty.met_at is None, duty.void) for duty in case.duties.all()}
    assert owed == {
        DutyKind.ACKNOWLEDGE: (before[DutyKind.ACKNOWLEDGE], False, False),
        DutyKind.ANSWER: (before[DutyKind.ANSWER], True, False),
        DutyKind.RECIPIENTS_TOLD: (before[DutyKind.RECIPIENTS_TOLD], True, False),
        DutyKind.OPT_OUT_OFFERED: (before[DutyKind.OPT_OUT_OFFERED], False, False),  # it was offered
    }


def test_the_letter_of_the_first_closing_answers_nothing_any_more() -> None:
    case = reopened(refused())
    move(case, "start_gathering", at=LATER)
    run_jobs(LATER)
    case = move(case, "approve", by=APPROVER, at=LATER)
    closing.carried_out(case.pk, at=LATER)
    assert fresh(case).state == State.CARRYING_OUT  # its letter is still to be delivered
    run_jobs(LATER)
    assert fresh(case).outcome == Outcome.FULFILLED


def test_an_answered_case_is_opened_again_and_gathers_once_more() -> None:
    case = reopened(case_in(State.CLOSED))
    assert case.state == State.REVIEWING
    assert move(case, "start_gathering", at=LATER).gathering_round == 2


@pytest.mark.parametrize(
    ("by", "sentence"),
    [
        (OTHER_ANALYST, "This needs the role approver."),
        (APPROVER, "You took part in this case"),
        (Actor("staff:2", frozenset({Role.APPROVER})), "You took part in this case"),
    ],
    ids=["no approver", "who took part", "who asked for it"],
)
def test_only_an_approver_who_took_no_part_opens_it_again(by: Actor, sentence: str) -> None:
    case = case_in(State.CLOSED, Right.DELETE)
    move(case, "ask_reopening", by=OTHER_ANALYST, reason=REASON)
    assert sentence in shut_because(case, "reopen", by=by)
    with pytest.raises(MoveShut, match=sentence):
        move(case, "reopen", by=by)
    assert fresh(case).state == State.CLOSED


def test_nobody_opens_it_again_unasked_and_nobody_asks_twice() -> None:
    case = refused()
    assert "Two people open a case again" in shut_because(case, "reopen", by=OTHER_APPROVER)
    move(case, "ask_reopening", by=ANALYST, reason=REASON)
    assert "Reopening is asked for already" in shut_because(case, "ask_reopening")


def test_what_the_person_took_back_stays_closed() -> None:
    case = case_in(State.REVIEWING)
    closing.withdraw(case.pk, at=AT)
    for slug, by in (("ask_reopening", ANALYST), ("reopen", OTHER_APPROVER)):
        assert "The person withdrew this request" in shut_because(case, slug, by=by)


def test_whose_identity_was_never_accepted_has_to_prove_it_first() -> None:
    case = reopened(refused(State.VERIFYING))
    assert case.state == State.VERIFYING
    (letter,) = letters_of(case.submission, Letter.REOPENED)
    assert "your case page says what we still need" in " ".join(letter.split())
    prove(case.submission, at=LATER)
    assert fresh(case).state == State.REVIEWING


def test_whose_identity_was_doubted_after_it_was_accepted_has_to_prove_it_first() -> None:
    case = a_case(Right.DELETE, residence="DE")
    confirm(case.submission)
    assert fresh(case).state == State.REVIEWING
    move(case, "doubt_identity", by=ANALYST, reason="Another hand.")
    move(case, "refuse", code="gdpr_12_6_identity", explanation="", reason=REASON)
    run_jobs()
    case = reopened(fresh(case))
    assert case.state == State.VERIFYING
    (letter,) = letters_of(case.submission, Letter.REOPENED)
    assert "your case page says what we still need" in " ".join(letter.split())
    offer(case.submission, declared_name="", phone=SAM["phone"], account_number=SAM["account_number"])
    assert fresh(case).state == State.REVIEWING
    assert not shut_because(case, "start_gathering")


def test_who_proved_enough_in_the_meantime_goes_straight_on() -> None:
    submission = a_submission(Right.DELETE, Right.KNOW_SPECIFIC)
    case = the_case(submission, Right.KNOW_SPECIFIC)
    move(case, "refuse", code="ca_140_not_consumer", explanation="", reason=REASON)
    prove(submission)
    assert reopened(case).state == State.REVIEWING


def test_a_complaint_is_decided_once_more_with_a_new_answer() -> None:
    case = answer(case_in(State.DECIDING, Right.COMPLAINT))
    case = reopened(case)
    assert case.state == State.DECIDING
    assert "Write the answer first" in shut_because(case, "approve")


def test_a_refused_restriction_that_was_a_mistake_holds_again() -> None:
    case = move(
        case_in(State.DECIDING, Right.RESTRICT),
        "refuse",
        code="house_nothing_to_restrict",
        explanation="No reason.",
        reason=REASON,
    )
    run_jobs()
    assert not Suppression.objects.in_force().exists()
    assert reopened(case).state == State.DECIDING
    assert Suppression.objects.in_force().exists()
    (letter,) = letters_of(case.submission, Letter.REOPENED)
    assert "is in force again" in " ".join(letter.split())


def test_a_refused_opt_out_that_was_a_mistake_is_in_force_again_and_an_open_one_is_not_opened() -> None:
    case = a_case(Right.OPT_OUT_SALE_SHARE)
    move(case, "refuse_opt_out", by=APPROVER, code="ca_7026e_fraud", explanation="It was a robot.", reason=REASON)
    assert not Suppression.objects.in_force().exists()
    case = reopened(case)
    assert case.state == State.CARRYING_OUT
    assert Suppression.objects.in_force().exists()
    run_jobs(LATER)
    assert fresh(case).carried_out_at == LATER

    honoured = case_in(State.CLOSED, Right.OPT_OUT_SALE_SHARE)
    assert "only a refusal of it can be opened again" in shut_because(honoured, "ask_reopening")


def test_where_the_content_is_destroyed_all_is_gathered_anew_under_a_new_key(company: Company) -> None:
    case = case_in(State.CLOSED)
    keys.destroy(case.content_key, at=AT)
    again = reopened(case)
    assert again.content_key != case.content_key
    assert keys.cipher(again.content_key)
    assert company.forgotten == [case.pk]
    assert chains.history(case.chain).get(kind="reopen").facts["gathers_anew"] is True


def test_a_key_that_was_made_for_nothing_is_destroyed() -> None:
    case = case_in(State.CLOSED)
    keys.destroy(case.content_key, at=AT)
    move(case, "ask_reopening", by=OTHER_ANALYST, reason=REASON)
    before = WrappedKey.objects.count()
    from requests_app.services import moving  # noqa: PLC0415

    with pytest.raises(MoveShut, match="Somebody else changed this case"):
        moving.perform("reopen", case_id=case.pk, version=1, actor=OTHER_APPROVER, at=AT, inputs={})
    assert WrappedKey.objects.count() == before
