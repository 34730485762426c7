"""Dates that move, or could be defended, because we waited for the person: each law by its own rule."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from dsar.ledger import chains
from requests_app import guards, waiting
from requests_app.law.happened import NOTHING_YET
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case, Duty
from requests_app.roles import Actor, Role
from requests_app.services import duties
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.requests_app.company import SAM
from tests.requests_app.factories import OTHER_ANALYST, REASON, case_in, days, fresh, letters_of, move, offer, run_jobs

pytestmark = [
    pytest.mark.django_db(databases=["default", "keys"]),
    pytest.mark.usefixtures("company"),
    pytest.mark.slow,
]

OTHER_APPROVER = Actor("staff:9", frozenset({Role.APPROVER}))
RECEIVED = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)  # a Monday


def clarified(residence: str, right: Right = Right.KNOW_SPECIFIC, *waits: tuple[int, int]) -> Case:
    """A case of which something was asked and answered, so many days after receipt."""
    case = case_in(State.REVIEWING, right, at=RECEIVED, residence=residence)
    for asked, answered in waits:
        move(case, "ask_clarification", at=RECEIVED + days(asked), question="Which of the two?")
        move(case, "clarified", at=RECEIVED + days(answered), reason="The second.")
    return fresh(case)


def answer(case: Case) -> Duty:
    return case.duties.select_related("pack_version", "calendar_version").get(kind=DutyKind.ANSWER)


@pytest.mark.parametrize(
    ("residence", "right", "stands_still"),
    [("GB", Right.KNOW_SPECIFIC, True), ("GB", Right.DELETE, False), ("DE", Right.KNOW_SPECIFIC, False)],
    ids=["the UK, access", "the UK, erasure", "the GDPR"],
)
def test_the_question_says_what_becomes_of_the_date(residence: str, right: Right, *, stands_still: bool) -> None:
    case = case_in(State.REVIEWING, right, at=RECEIVED, residence=residence)
    move(case, "ask_clarification", at=RECEIVED, question="Which of the two?")
    (text,) = letters_of(case.submission, Letter.CLARIFICATION)
    said = " ".join(text.split())
    assert ("stands still until we hear from you" in said) is stands_still
    assert ("The date by which we answer stays" in said) is not stands_still


@pytest.mark.parametrize(
    ("residence", "right", "waits", "due", "defensible"),
    [
        ("GB", Right.KNOW_SPECIFIC, [(3, 9)], "2026-07-08", None),
        ("GB", Right.KNOW_SPECIFIC, [(3, 4), (8, 8)], "2026-07-06", None),
        ("GB", Right.DELETE, [(3, 9)], "2026-07-01", None),
        ("DE", Right.KNOW_SPECIFIC, [(3, 9)], "2026-07-01", "2026-07-08"),
        ("US-CA", Right.KNOW_SPECIFIC, [(3, 9)], "2026-07-16", None),
    ],
    ids=["the UK, access", "asked twice", "the UK, erasure", "the GDPR", "California"],
)
def test_a_clarified_case_has_the_date_that_its_law_gives(
    residence: str, right: Right, waits: list[tuple[int, int]], due: str, defensible: str | None
) -> None:
    owed = answer(clarified(residence, right, *waits))
    assert owed.due_on == date.fromisoformat(due)
    assert owed.defensible_due_on == (date.fromisoformat(defensible) if defensible else None)


def test_the_date_moves_when_the_answer_arrives_and_not_before_with_an_event() -> None:
    case = case_in(State.REVIEWING, at=RECEIVED, residence="GB")
    move(case, "ask_clarification", at=RECEIVED + days(3), question="Which of the two?")
    assert answer(case).due_on == date(2026, 7, 1)
    move(case, "clarified", at=RECEIVED + days(9), reason="The second.")
    event = chains.history(case.chain).get(kind="date_moved")
    assert event.facts == {"duty": "answer", "law": "uk_gdpr", "was_due_on": "2026-07-01", "due_on": "2026-07-08"}


def test_a_moved_date_is_counted_again_the_same() -> None:
    case = clarified("GB", Right.KNOW_SPECIFIC, (3, 9))
    owed = answer(case)
    anew = duties.computed(case, owed, owed.pack_version.as_pack(), owed.calendar_version.as_calendar())
    assert (anew.due_on, anew.working.as_data()) == (owed.due_on, owed.working)
    assert "not counting the 7 days" in owed.explained()


def test_the_extension_may_be_announced_as_long_as_the_moved_period_runs() -> None:
    case = clarified("GB", Right.KNOW_SPECIFIC, (3, 9))
    move(case, "extend", at=datetime(2026, 7, 8, 18, 0, tzinfo=UTC), reason="Several complex requests.")
    assert answer(case).due_on == date(2026, 9, 8)
    assert answer(case).first_due_on == date(2026, 7, 8)


def test_a_question_after_the_extension_moves_both_of_its_dates() -> None:
    case = case_in(State.REVIEWING, at=RECEIVED, residence="GB")
    move(case, "extend", at=RECEIVED + days(2), reason="Several complex requests.")
    move(case, "ask_clarification", at=RECEIVED + days(3), question="Which of the two?")
    move(case, "clarified", at=RECEIVED + days(9), reason="The second.")
    assert (answer(case).first_due_on, answer(case).due_on) == (date(2026, 7, 8), date(2026, 9, 8))


def test_a_question_that_a_refusal_ended_waits_no_more_when_the_case_is_opened_again() -> None:
    case = case_in(State.REVIEWING, Right.KNOW_SPECIFIC, at=RECEIVED, residence="GB")
    move(case, "ask_clarification", at=RECEIVED + days(3), question="Which of the two?")
    code = guards.grounds_to_refuse(fresh(case))[0].code
    move(case, "refuse", at=RECEIVED + days(4), code=code, explanation="No data.", reason=REASON)
    run_jobs(RECEIVED + days(4))
    move(case, "ask_reopening", by=OTHER_ANALYST, at=RECEIVED + days(6), reason="There is data.")
    move(case, "reopen", by=OTHER_APPROVER, at=RECEIVED + days(6))
    assert answer(case).due_on == date(2026, 7, 1)
    move(case, "ask_clarification", at=RECEIVED + days(20), question="Which of the two?")
    move(case, "clarified", at=RECEIVED + days(21), reason="The second.")
    assert answer(case).due_on == date(2026, 7, 3)  # two days of the second question, none between


def doubted(residence: str) -> Case:
    """A case whose identity was doubted a day after receipt, and shown twelve days after it."""
    case = case_in(State.REVIEWING, at=RECEIVED, residence=residence)
    move(case, "doubt_identity", at=RECEIVED + days(1), reason="Two people write from this mailbox.")
    offer(case.submission, at=RECEIVED + days(12), phone=SAM["phone"], birth_date=SAM["birth_date"])
    return fresh(case)


@pytest.mark.parametrize(
    ("residence", "due", "defensible"),
    [("GB", "2026-07-13", None), ("DE", "2026-07-01", "2026-07-13")],
)
def test_where_identity_was_doubted_the_clock_is_each_laws_own(
    residence: str, due: str, defensible: str | None
) -> None:
    case = doubted(residence)
    assert case.state == State.REVIEWING
    owed = answer(case)
    assert owed.due_on == date.fromisoformat(due)
    assert owed.defensible_due_on == (date.fromisoformat(defensible) if defensible else None)


def test_where_no_law_of_the_case_pauses_its_history_is_not_read(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    case = clarified("US-CA", Right.KNOW_SPECIFIC, (3, 9))
    with django_assert_num_queries(1):  # its laws
        assert waiting.happened(case) == NOTHING_YET
