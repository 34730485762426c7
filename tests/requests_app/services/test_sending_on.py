"""Requests that end elsewhere: at a customer of ours, or in an older request of the same person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from dsar.ledger import chains
from requests_app.guards import MoveShut
from requests_app.law.agents import Requester
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case, LookBack, Submission, Suppression
from requests_app.move import InputRefused
from requests_app.roles import Actor, Role
from requests_app.services.history import locked
from requests_app.services.letters import Letter
from requests_app.states import Outcome, State
from tests.requests_app.at_once import at_once, only_on_postgres
from tests.requests_app.factories import (
    ANALYST,
    AT,
    OTHER_ANALYST,
    REASON,
    a_case,
    a_submission,
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
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

OTHER_APPROVER = Actor("staff:9", frozenset({Role.APPROVER}))
CUSTOMER = {"to": "Birch Bank", "contact": "privacy@birch.example"}


@pytest.mark.parametrize(
    ("state", "right"),
    [
        (State.VERIFYING, Right.KNOW_SPECIFIC),
        (State.REVIEWING, Right.DELETE),
        (State.DECIDING, Right.KNOW_SPECIFIC),
        (State.DECIDING, Right.COMPLAINT),
    ],
)
def test_where_we_are_a_service_provider_only_the_person_is_sent_to_our_customer(state: State, right: Right) -> None:
    case = move(case_in(state, right), "redirect", **CUSTOMER)
    assert (case.state, case.outcome, case.closed_at) == (State.CLOSED, Outcome.REDIRECTED, AT)
    (letter,) = letters_of(case.submission, Letter.REDIRECTED)
    assert all(told in letter for told in CUSTOMER.values())
    claim = case.exemption_claims.get()
    assert claim.citation.removesuffix(", general part") in " ".join(letter.split())
    assert claim.reason == "Birch Bank\nprivacy@birch.example"
    event = chains.history(case.chain).get(kind="redirect")
    assert "Birch" not in event.text


def test_the_answer_is_owed_until_that_letter_is_accepted() -> None:
    case = move(case_in(State.REVIEWING, Right.DELETE), "redirect", **CUSTOMER)
    assert case.duties.get(kind=DutyKind.ANSWER).met_at is None
    assert case.duties.get(kind=DutyKind.RECIPIENTS_TOLD).void
    run_jobs(AT + days(1))
    assert case.duties.get(kind=DutyKind.ANSWER).met_at == AT + days(1)


def test_a_restriction_ends_with_the_letter_that_sends_the_person_on() -> None:
    case = move(case_in(State.DECIDING, Right.RESTRICT), "redirect", **CUSTOMER)
    (letter,) = letters_of(case.submission, Letter.REDIRECTED)
    assert "the restriction of your data ends with this letter" in " ".join(letter.split())
    assert Suppression.objects.in_force().exists()
    run_jobs()
    assert not Suppression.objects.in_force().exists()


def test_without_name_or_contact_nobody_is_sent_anywhere() -> None:
    case = case_in(State.REVIEWING)
    with pytest.raises(InputRefused) as refused:
        move(case, "redirect", to="", contact=" ")
    assert set(refused.value.errors) == {"to", "contact"}
    assert fresh(case).state == State.REVIEWING


def test_what_is_gathered_or_carried_out_is_not_sent_on_any_more() -> None:
    for state in (State.GATHERING, State.CARRYING_OUT, State.CLARIFYING):
        assert "Open only while the case is" in shut_because(case_in(state), "redirect")


def test_a_law_without_such_a_ground_sends_nobody_on() -> None:
    shut = shut_because(case_in(State.DECIDING, Right.SHINE_THE_LIGHT), "redirect")
    assert "Not every law of this case lets a request be sent on" in shut


# ---- duplicates


def test_of_two_requests_for_the_same_the_older_goes_on_by_its_own_dates() -> None:
    older = case_in(State.REVIEWING, at=AT - days(3))
    newer = case_in(State.REVIEWING)
    merged = move(newer, "merge", into=str(older.pk))
    assert (merged.state, merged.outcome, merged.about) == (State.CLOSED, Outcome.DUPLICATE, older)
    assert not merged.duties.unmet().exists()
    assert fresh(older).state == State.REVIEWING
    (letter,) = letters_of(newer.submission, Letter.MERGED)
    assert older.submission.reference in letter
    event = chains.history(merged.chain).get(kind="merge")
    assert event.facts["into"] == older.submission.reference


@only_on_postgres
@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_nothing_is_closed_into_a_case_that_somebody_else_is_closing_at_that_moment() -> None:
    older = case_in(State.REVIEWING, at=AT - days(3))
    newer = case_in(State.REVIEWING)

    def merge() -> str:
        return move(newer, "merge", into=str(older.pk)).outcome

    with transaction.atomic():
        locked(older.pk)  # as every move does, before anything of it can be seen
        assert at_once(merge) == ["InputRefused"], "it neither goes on with what is being closed, nor waits for it"
    assert fresh(newer).state == State.REVIEWING
    assert at_once(merge) == [Outcome.DUPLICATE]


def test_the_older_one_is_no_duplicate_of_the_newer() -> None:
    older = case_in(State.REVIEWING, at=AT - days(3))
    newer = case_in(State.REVIEWING)
    assert "no older open case of the same person" in shut_because(older, "merge")
    with pytest.raises(MoveShut):
        move(older, "merge", into=str(newer.pk))


@pytest.mark.parametrize(
    "other", ["another right", "another person", "a mailbox that nobody confirmed", "closed already"]
)
def test_only_an_open_case_of_the_same_person_and_right_takes_a_duplicate_up(other: str) -> None:
    match other:
        case "another right":
            case_in(State.REVIEWING, Right.DELETE, at=AT - days(3))
        case "another person":
            confirm(a_submission(Right.KNOW_SPECIFIC, at=AT - days(3), email="kim@example.com"))
        case "a mailbox that nobody confirmed":
            a_case(at=AT - days(3))
        case _:
            case_in(State.CLOSED, at=AT - days(3))
    assert "no older open case of the same person" in shut_because(case_in(State.REVIEWING), "merge")


def test_on_one_day_the_one_that_came_first_is_the_older() -> None:
    first = a_submission(Right.DELETE, at=AT)
    second = a_submission(Right.DELETE, at=AT + timedelta(hours=1))
    for submission in (first, second):
        prove(submission, at=AT + timedelta(hours=2))
    later = the_case(second, Right.DELETE)
    assert move(later, "merge", into=str(the_case(first, Right.DELETE).pk)).outcome == Outcome.DUPLICATE


@pytest.mark.parametrize(
    ("older", "newer", "lost"),
    [
        ({}, {"look_back": LookBack.EVERYTHING}, "asks for everything"),
        ({"residence": "US-TX"}, {}, "the laws under which it is answered (California"),
        ({"state": State.VERIFYING}, {}, "the proof of who asks"),
        ({}, {"state": State.VERIFYING, "account_number": "LO-777"}, "the records of what it alone names (account"),
    ],
    ids=["how far back", "laws", "proof", "an account that is not proved yet"],
)
def test_what_only_the_newer_has_is_not_lost(older: dict[str, object], newer: dict[str, object], lost: str) -> None:
    first, second = (
        case_in(**{"state": State.REVIEWING, **given}, at=at)  # type: ignore[arg-type]
        for given, at in ((older, AT - days(3)), (newer, AT))
    )
    for case in (first, second):
        if not case.submission.confirmed_at:
            confirm(case.submission)
    shut = shut_because(second, "merge")
    assert lost in shut
    assert first.submission.reference in shut
    with pytest.raises(MoveShut):
        move(second, "merge", into=str(first.pk))


def test_what_an_agent_asks_for_is_no_duplicate_of_what_the_person_asks_for() -> None:
    """The answer to the older one goes to somebody else."""
    older = case_in(State.REVIEWING, Right.DELETE, at=AT - days(3))
    newer = case_in(State.REVIEWING, Right.DELETE)
    Submission.objects.filter(pk=newer.submission_id).update(requester=Requester.AGENT)
    assert "who asks" in shut_because(newer, "merge")
    assert older.submission.reference in shut_because(newer, "merge")


def test_a_request_that_was_answered_with_categories_takes_no_specific_pieces_up() -> None:
    older = case_in(State.REVIEWING, at=AT - days(3))
    newer = case_in(State.REVIEWING)
    Case.objects.filter(pk=older.pk).update(answered_as=Right.KNOW_CATEGORIES)
    assert "the specific pieces" in shut_because(newer, "merge")


def test_a_restriction_goes_on_with_the_older_case() -> None:
    older = case_in(State.DECIDING, Right.RESTRICT, at=AT - days(3))
    newer = case_in(State.DECIDING, Right.RESTRICT)
    move(newer, "merge", by=ANALYST, into=str(older.pk))
    run_jobs()
    assert set(Suppression.objects.in_force().values_list("case_id", flat=True)) == {older.pk}


def test_a_duplicate_that_is_opened_again_is_restricted_whatever_becomes_of_the_older() -> None:
    older = case_in(State.DECIDING, Right.OBJECT, residence="DE")
    newer = case_in(State.DECIDING, Right.OBJECT, residence="DE", at=AT + days(1))
    move(newer, "merge", into=str(older.pk), at=AT + days(1))
    run_jobs(AT + days(1))
    move(newer, "ask_reopening", by=OTHER_ANALYST, at=AT + days(2), reason="They object to something else.")
    move(newer, "reopen", by=OTHER_APPROVER, at=AT + days(2))
    assert fresh(newer).is_restricted
    refusal = {"code": "gdpr_21_6_research", "explanation": "For a study.", "reason": REASON, "balancing": "We looked."}
    move(older, "refuse", at=AT + days(2), **refusal)
    run_jobs(AT + days(3))
    assert (fresh(older).is_restricted, fresh(newer).is_restricted) == (False, True)
    (one,) = Suppression.objects.in_force()
    assert one.value == fresh(newer).submission.email
