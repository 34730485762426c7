"""Two answers in twelve months (Civ. Code 1798.130(b)): a permission to decline, which a person uses or not."""

from __future__ import annotations

from threading import Barrier

import pytest
from django.db import transaction

from dsar.ledger import chains
from requests_app import guards, limiting
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case, DataSubject, LimitChoice, LimitDecision, Submission
from requests_app.move import InputRefused
from requests_app.services import closing
from requests_app.services.history import locked
from requests_app.states import Outcome, State
from tests.requests_app.at_once import at_once, only_on_postgres
from tests.requests_app.company import SAM, Company
from tests.requests_app.factories import (
    ANALYST,
    APPROVER,
    AT,
    REASON,
    a_person_with,
    a_submission,
    answered,
    case_in,
    confirm,
    days,
    fresh,
    move,
    prove,
    run_jobs,
    shut_because,
    the_case,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

CITATION = "1798.130(b)"
TWICE = "Information was already provided 2 times in the twelve months up to 23 November 2026."


# ---- what counts


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_answered_submissions_of_the_window_count(number: int) -> None:
    a_person_with(number)
    count = limiting.limit_count(case_in(State.REVIEWING))
    assert count
    assert (count.counted, count.allowed, count.reached) == (number, 2, number >= 2)
    assert CITATION in count.citation


def test_what_was_received_a_year_ago_to_the_day_is_outside() -> None:
    answered(at=AT - days(365))
    answered(at=AT - days(364))
    count = limiting.limit_count(case_in(State.REVIEWING))
    assert count
    assert count.counted == 1


def test_refused_withdrawn_open_and_other_rights_do_not_count() -> None:
    for right in (Right.DELETE, Right.CORRECT):
        case_in(State.CLOSED, right, at=AT - days(50))
    case_in(State.DECIDING, at=AT - days(40))
    refused = case_in(State.REVIEWING, at=AT - days(30))
    move(refused, "refuse", code="ca_140_not_consumer", reason=REASON)
    withdrawn = case_in(State.REVIEWING, at=AT - days(20))
    closing.withdraw(withdrawn.pk, at=AT - days(19))
    a_submission(Right.OPT_OUT_SALE_SHARE, at=AT - days(10))
    run_jobs()
    count = limiting.limit_count(case_in(State.REVIEWING))
    assert count
    assert count.counted == 0


def test_a_submission_for_categories_and_specific_pieces_counts_once() -> None:
    submission = a_submission(Right.KNOW_CATEGORIES, Right.KNOW_SPECIFIC, at=AT - days(30))
    prove(submission, at=AT - days(30))
    for case in submission.cases.all():
        move(case, "start_gathering")
        run_jobs()
        move(case, "approve")
        run_jobs()
        assert fresh(case).state == State.CLOSED
    count = limiting.limit_count(case_in(State.REVIEWING))
    assert count
    assert count.counted == 1


def test_a_partial_answer_counts(company: Company) -> None:
    case = case_in(State.DECIDING, at=AT - days(30))
    company.kept_back[case.pk] = 3
    move(case, "approve", by=APPROVER)
    run_jobs()
    assert fresh(case).outcome == Outcome.PARTLY_FULFILLED
    count = limiting.limit_count(case_in(State.REVIEWING))
    assert count
    assert count.counted == 1


def test_another_person_s_requests_do_not_count(company: Company) -> None:
    company.people.append({**SAM, "email": "pat@example.com", "account_number": "A-2"})
    a_person_with(2)
    count = limiting.limit_count(case_in(State.REVIEWING, email="pat@example.com"))
    assert count
    assert count.counted == 0


def test_an_unconfirmed_request_counts_nothing_and_is_counted_by_nobody() -> None:
    a_person_with(2)
    (case,) = a_submission().cases.all()
    count = limiting.limit_count(case)
    assert count
    assert count.counted == 0


def test_linked_records_count_together() -> None:
    first, second = a_person_with(2)
    other = answered(at=AT - days(10), email=SAM["email"])
    assert first.subject_id == second.subject_id == other.subject_id
    root = DataSubject.objects.get()
    leaf = DataSubject.objects.create(
        organisation=root.organisation, root=root, identifier_key=root.identifier_key, created_at=AT
    )
    Submission.objects.filter(pk=second.pk).update(subject=leaf)
    count = limiting.limit_count(case_in(State.REVIEWING))
    assert count
    assert count.counted == 3


def test_no_limit_where_the_right_has_none() -> None:
    a_person_with(2)
    case = case_in(State.REVIEWING, Right.DELETE)
    assert limiting.limit_count(case) is None
    assert shut_because(case, "start_gathering") == ""


# ---- a person decides


def test_the_limit_shuts_gathering_and_approval_with_sentence_and_citation_until_a_person_decides() -> None:
    case = case_in(State.DECIDING)
    a_person_with(2)
    for slug in ("approve", "gather_again"):
        reason = shut_because(case, slug, by=APPROVER)
        assert TWICE in reason
        assert "refuse with the ground ca_130b_twice" in reason
        assert CITATION in reason
    move(case, "decide_limit", choice=LimitChoice.ANSWER_ANYWAY, reason=REASON)
    assert shut_because(case, "approve", by=APPROVER) == ""


def test_start_gathering_is_shut_at_review() -> None:
    a_person_with(2)
    case = case_in(State.REVIEWING)
    assert TWICE in shut_because(case, "start_gathering")
    with pytest.raises(MoveShut, match="Decide on the limit first"):
        move(case, "start_gathering")
    decided = move(case, "decide_limit", choice="answer_anyway", reason=REASON)
    assert decided.limit_decision.counted == 2
    assert decided.limit_decision.reason == REASON
    assert chains.history(case.chain).last().facts == {"choice": "answer_anyway", "counted": 2}  # type: ignore[union-attr]
    assert move(case, "start_gathering").state == State.GATHERING


def test_who_decided_to_refuse_may_still_decide_to_answer() -> None:
    a_person_with(2)
    case = case_in(State.REVIEWING)
    move(case, "decide_limit", choice="refuse", reason="Enough.")
    assert TWICE in shut_because(case, "start_gathering")
    move(case, "decide_limit", choice="answer_anyway", reason=REASON)
    assert shut_because(case, "start_gathering") == ""
    assert "It is decided already" in shut_because(case, "decide_limit")
    assert LimitDecision.objects.get().reason == REASON
    kinds = [event.kind for event in chains.history(case.chain)]
    assert kinds.count("decide_limit") == 2


@pytest.mark.parametrize("number", [0, 1])
def test_below_the_limit_there_is_nothing_to_decide(number: int) -> None:
    a_person_with(number)
    case = case_in(State.REVIEWING)
    assert f"provided {number} of 2 times" in shut_because(case, "decide_limit")


def test_where_the_law_of_the_case_sets_no_limit_there_is_nothing_to_decide(company: Company) -> None:
    case = case_in(State.REVIEWING, residence="US-WY")
    assert "Not every law of this case limits" in shut_because(case, "decide_limit")


def test_a_refusal_as_answered_often_enough_cites_its_ground_and_is_told() -> None:
    a_person_with(2)
    case = case_in(State.REVIEWING)
    refused = move(case, "refuse", code="ca_130b_twice", reason=REASON)
    assert (refused.state, refused.outcome) == (State.CLOSED, Outcome.REFUSED)
    assert CITATION in case.submission.messages.get(letter="refusal").text


@pytest.mark.parametrize(
    ("number", "decided", "sentence"),
    [(1, "", "provided 1 of 2 times"), (2, "answer_anyway", "It is decided already: this request is answered anyway")],
)
def test_the_ground_may_be_used_only_when_the_limit_is_reached_and_nobody_decided_to_answer(
    number: int, decided: str, sentence: str
) -> None:
    a_person_with(number)
    case = case_in(State.REVIEWING)
    if decided:
        move(case, "decide_limit", choice=decided, reason=REASON)
    with pytest.raises(InputRefused, match=sentence):
        move(case, "refuse", code="ca_130b_twice", reason=REASON)
    assert fresh(case).state == State.REVIEWING


def test_an_unverified_request_is_never_told_how_often_somebody_was_answered() -> None:
    a_person_with(2)
    submission = a_submission()
    confirm(submission)
    case = the_case(submission, Right.KNOW_SPECIFIC)
    for _ in range(2):
        with pytest.raises(InputRefused, match="only once the identity is accepted"):
            move(case, "refuse", code="ca_130b_twice", reason=REASON)
        case = move(case, "ask_clarification", question="Which?") if case.state == State.VERIFYING else case


# ---- the binding question


def two_approved() -> list[Case]:
    """Two submissions of a person with one answer, both approved: there is room for one of them."""
    a_person_with(1)
    cases = [case_in(State.DECIDING) for _ in range(2)]
    return [move(case, "approve", by=ANALYST) for case in cases]


def test_of_two_approved_at_once_only_one_is_released_and_the_other_handed_back() -> None:
    cases = two_approved()
    run_jobs()
    first, second = (fresh(case) for case in cases)
    assert (first.state, second.state) == (State.CLOSED, State.DECIDING)
    handed_back = chains.history(second.chain).get(kind="hand_back")
    assert handed_back.facts == {"because": "limit_reached", "from": "carrying_out", "to": "deciding"}
    assert second.approved_at is None
    assert second.submission.provided_at is None
    assert not second.submission.messages.filter(letter="answer_ready").exists()
    move(second, "decide_limit", choice="answer_anyway", reason=REASON)
    move(second, "approve")
    run_jobs()
    assert fresh(second).state == State.CLOSED


def test_a_submission_without_a_known_person_is_released_without_a_lock() -> None:
    (case,) = a_submission().cases.all()
    closing.check_release(case)


def release(case: Case) -> str:
    """What a worker does last; how it ended."""
    try:
        with transaction.atomic():
            current = locked(case.pk)
            closing.check_release(current)
            closing.provided(current, at=AT)
    except MoveShut:
        return "handed back"
    return "released"


@pytest.mark.slow
@only_on_postgres
@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_the_lock_on_the_person_lets_one_of_two_workers_release() -> None:
    first, second = two_approved()
    assert at_once(lambda: release(first), lambda: release(second)) == ["handed back", "released"]


@pytest.mark.slow
@only_on_postgres
@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_without_the_lock_both_would_be_released(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows that the test above would see it."""
    first, second = two_approved()
    both_have_asked = Barrier(2)

    def ask_unlocked(case: Case) -> None:
        guards.check_limit(case)
        both_have_asked.wait(timeout=30)

    monkeypatch.setattr(closing, "check_release", ask_unlocked)
    assert at_once(lambda: release(first), lambda: release(second)) == ["released", "released"]
