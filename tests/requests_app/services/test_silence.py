"""Who does not prove who asks: reminded on day 3, day 10 and a week before the refusal; then refused, with notice."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from dsar.jobs.models import Job
from dsar.jobs.queue import enqueue
from dsar.ledger import chains
from requests_app import guards
from requests_app.law.agents import Requester
from requests_app.law.words import Right
from requests_app.models import Case, Message, Reminder, Submission
from requests_app.roles import Actor, Role
from requests_app.services import identity, silence
from requests_app.services.letters import Letter
from requests_app.states import Outcome, State
from tests.requests_app.company import SAM, Company
from tests.requests_app.factories import (
    ANALYST,
    AT,
    OTHER_ANALYST,
    a_case,
    a_submission,
    confirm,
    days,
    fresh,
    letters_of,
    move,
    offer,
    prove,
    run_jobs,
    the_case,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

OTHER_APPROVER = Actor("staff:9", frozenset({Role.APPROVER}))
REFUSED_ON = 44  # days after receipt: the day before the 45th


def clock(at: datetime) -> None:
    """The clock comes round."""
    enqueue("follow_up_silence", {}, key=f"follow_up_silence:{at.isoformat()}:{Job.objects.count()}", run_at=at)
    run_jobs(at)


def steps(case: Case) -> list[tuple[str, date]]:
    """The reminders that a case's history tells of."""
    found = chains.history(case.chain).filter(kind="reminded")
    return [(str(event.facts["step"]), event.at.date()) for event in found]


def reminders(submission: Submission) -> int:
    return Message.objects.filter(submission=submission, letter=Letter.REMINDER).count()


@pytest.mark.parametrize(
    ("day", "letters"),
    [(0, 0), (2, 0), (3, 1), (9, 1), (10, 2), (36, 2), (37, 3), (43, 3)],
)
def test_the_person_is_reminded_on_day_3_on_day_10_and_a_week_before_the_refusal(day: int, letters: int) -> None:
    case = a_case()
    for number in range(day + 1):
        clock(AT + days(number))
    assert reminders(case.submission) == letters
    assert fresh(case).state == State.VERIFYING


def test_each_step_is_made_once_however_often_the_clock_comes_round() -> None:
    case = a_case()
    for hour in range(4):
        clock(AT + days(3) + timedelta(hours=hour))
    assert reminders(case.submission) == 1
    assert [step for step, _day in steps(case)] == ["day_3"]


def test_a_clock_that_stood_still_makes_up_for_the_steps_with_one_letter() -> None:
    case = a_case()
    clock(AT + days(40))
    clock(AT + days(41))
    assert reminders(case.submission) == 1
    assert [step for step, _day in steps(case)] == ["before_refusal"]
    assert Reminder.objects.count() == 3


@pytest.mark.parametrize(("language", "said"), [("en", "Jan. 6, 2027"), ("es", "6 de enero de 2027")])
def test_the_last_reminder_says_when_the_request_is_refused(language: str, said: str) -> None:
    case = a_case(language=language)
    clock(AT + days(37))
    (text,) = letters_of(case.submission, Letter.REMINDER)
    assert said in " ".join(text.split())


def test_who_stays_silent_is_refused_as_not_verified_on_the_day_before_the_answer_is_due() -> None:
    case = a_case(Right.DELETE)
    clock(AT + days(REFUSED_ON - 1))
    assert fresh(case).state == State.VERIFYING
    clock(AT + days(REFUSED_ON))
    case = fresh(case)
    assert (case.state, case.outcome) == (State.CLOSED, Outcome.REFUSED)
    claim = case.exemption_claims.get()
    assert (claim.code, claim.decided_by) == ("ca_7021_not_verified", "system")
    (text,) = letters_of(case.submission, Letter.REFUSAL)
    assert "We asked you on Nov. 23, 2026 to show who asks" in " ".join(text.split())
    clock(AT + days(REFUSED_ON + 1))
    assert len(letters_of(case.submission, Letter.REFUSAL)) == 1


def test_an_extension_gives_the_person_more_time_too() -> None:
    case = a_case()
    move(case, "extend", reason="Much to look at.", at=AT + days(30))
    assert silence.refusal_on(fresh(case)) == date(2027, 2, 20)
    clock(AT + days(REFUSED_ON))
    assert fresh(case).state == State.VERIFYING


def reopened(case: Case, at: datetime) -> Case:
    """Somebody finds that the refusal was a mistake, and somebody else agrees."""
    move(case, "ask_reopening", by=OTHER_ANALYST, at=at, reason="The letter with the proof had been lost.")
    return move(case, "reopen", by=OTHER_APPROVER, at=at)


def test_a_case_that_is_opened_again_after_its_date_is_reminded_anew_before_it_is_refused() -> None:
    case = a_case(Right.DELETE)
    clock(AT + days(REFUSED_ON))
    case = reopened(fresh(case), AT + days(50))
    run_jobs(AT + days(50))
    for number in range(50, 67):
        clock(AT + days(number) + timedelta(hours=5))
        assert fresh(case).state == State.VERIFYING
    anew = [(step, day) for step, day in steps(case) if day >= (AT + days(50)).date()]
    assert anew == [("day_3", (AT + days(53)).date()), ("before_refusal", (AT + days(60)).date())]
    reminded = " ".join(" ".join(letters_of(case.submission, Letter.REMINDER)).split())
    assert "Jan. 29, 2027" in reminded
    clock(AT + days(67))
    assert fresh(case).outcome == Outcome.REFUSED
    refusals = " ".join(" ".join(letters_of(case.submission, Letter.REFUSAL)).split())
    assert "We asked you on Jan. 12, 2027" in refusals


def test_a_case_that_is_opened_again_in_time_is_refused_on_its_own_date() -> None:
    case = a_case(Right.DELETE)
    move(case, "refuse", code="ca_7021_not_verified", explanation="", reason="Nothing came.")
    case = reopened(fresh(case), AT + days(37))
    assert silence.refusal_on(case) == (AT + days(REFUSED_ON)).date()


def test_a_doubt_on_the_last_day_is_followed_by_its_reminders_before_the_refusal() -> None:
    case = a_case(Right.DELETE, residence="DE")
    confirm(case.submission)
    move(case, "doubt_identity", by=ANALYST, at=AT + days(29), reason="Another hand.")
    clock(AT + days(30))
    assert fresh(case).state == State.VERIFYING
    assert silence.refusal_on(fresh(case)) == (AT + days(29 + 17)).date()


def test_specific_pieces_are_answered_as_categories_where_enough_is_proved_for_that() -> None:
    case = a_case(Right.KNOW_SPECIFIC)
    confirm(case.submission)
    offer(case.submission, declared_name="", phone=SAM["phone"])
    clock(AT + days(REFUSED_ON))
    case = fresh(case)
    assert (case.state, case.right_answered) == (State.REVIEWING, Right.KNOW_CATEGORIES)


def test_each_case_of_a_submission_ends_alone_and_its_letters_name_what_still_waits() -> None:
    submission = a_submission(Right.KNOW_CATEGORIES, Right.DELETE)
    confirm(submission)
    offer(submission, declared_name="", phone=SAM["phone"])
    clock(AT + days(3))
    (text,) = letters_of(submission, Letter.REMINDER)
    assert "Delete" in text
    assert "categories" not in text
    clock(AT + days(REFUSED_ON))
    assert the_case(submission, Right.KNOW_CATEGORIES).state == State.REVIEWING
    assert the_case(submission, Right.DELETE).outcome == Outcome.REFUSED


def test_nobody_is_reminded_of_what_may_not_be_verified() -> None:
    submission = a_submission(Right.OPT_OUT_SALE_SHARE, Right.LIMIT_SENSITIVE)
    for day in (3, 10, 20, 44):
        clock(AT + days(day))
    assert reminders(submission) == 0


def test_who_has_proved_enough_hears_nothing_of_it() -> None:
    case = a_case()
    prove(case.submission)
    clock(AT + days(REFUSED_ON))
    assert reminders(case.submission) == 0
    assert fresh(case).state == State.REVIEWING


def test_while_a_question_of_ours_is_open_nobody_is_called_silent() -> None:
    case = a_case()
    move(case, "ask_clarification", question="Which of the two?")
    clock(AT + days(REFUSED_ON))
    assert fresh(case).state == State.CLARIFYING
    assert reminders(case.submission) == 0


def test_while_answers_are_being_compared_nobody_is_called_silent(company: Company) -> None:
    case = a_case()
    confirm(case.submission)
    company.is_down = True
    identity.offer_proof(case.submission, points={"phone": SAM["phone"]}, declared_name="Sam Rivera", at=AT)
    silence.follow_up(case.submission.pk, at=AT + days(REFUSED_ON))
    assert fresh(case).state == State.VERIFYING
    assert reminders(case.submission) == 0


def test_where_nothing_is_left_to_ask_it_is_our_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case()
    confirm(case.submission)
    monkeypatch.setattr(identity, "has_questions", lambda submission: False)
    clock(AT + days(REFUSED_ON))
    assert fresh(case).state == State.VERIFYING


def test_where_no_ground_fits_staff_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case()
    monkeypatch.setattr(guards, "grounds_to_refuse", lambda case: ())
    clock(AT + days(REFUSED_ON))
    assert fresh(case).state == State.VERIFYING


def test_an_agent_who_shows_no_permission_is_refused_for_that() -> None:
    case = a_case(requester=Requester.AGENT, requester_name="Ada Agent", requester_email="ada@agents.example")
    clock(AT + days(3))
    (text,) = letters_of(case.submission, Letter.REMINDER)
    assert text.startswith("Dear Ada Agent")
    clock(AT + days(REFUSED_ON))
    assert fresh(case).exemption_claims.get().code == "ca_7063_agent_no_proof"
