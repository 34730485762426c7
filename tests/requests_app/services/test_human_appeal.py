"""California's human appeal of an automated decision: from 2027 on, by who relies on it, and decided by a person."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.utils import translation

from dsar.ledger import chains
from requests_app import limiting
from requests_app.admin.timeline import timeline
from requests_app.guards import MoveShut
from requests_app.identifying import requirement
from requests_app.law.agents import Requester
from requests_app.law.words import Degree, DutyKind, Right
from requests_app.models import Case, Organisation, Submission
from requests_app.move import InputRefused
from requests_app.moves import MOVES
from requests_app.roles import Actor, Role
from requests_app.services import intake
from requests_app.services.intake import IntakeRefused
from requests_app.services.letters import Letter
from requests_app.states import Outcome, State
from tests.requests_app.beginnings import PAT
from tests.requests_app.company import SAM, Company
from tests.requests_app.factories import (
    ANALYST,
    APPROVER,
    PROOF,
    REASON,
    a_case,
    a_submission,
    answer,
    answered,
    case_in,
    confirm,
    days,
    fresh,
    letters_of,
    move,
    prove,
    run_jobs,
    shut_because,
    the_organisation,
    write,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

IN_2027 = datetime(2027, 1, 4, 18, 0, tzinfo=UTC)  # a Monday
LAST_EVENING = datetime(2027, 1, 1, 7, 59, tzinfo=UTC)  # New Year's Eve in California
RULE = "11 CCR 7021, 7221(b)(1)"
WHICH = "The loan of 2 January. My income is shown twice."
REVIEWER = Actor("staff:7", frozenset({Role.APPROVER}))


@pytest.fixture
def relies_on_it() -> Organisation:
    """The organisation offers the appeal in place of the opt-out."""
    return the_organisation(human_appeal=True)


def an_appeal(at: datetime = IN_2027, **changes: object) -> Submission:
    """Filed, with what the reviewer should consider."""
    return a_submission(Right.APPEAL_AUTOMATED, at=at, **{"details": WHICH, **changes})


def in_deciding(at: datetime = IN_2027) -> Case:
    """Filed and proved."""
    return case_in(State.DECIDING, Right.APPEAL_AUTOMATED, at=at, details=WHICH)


# ---- filing


@pytest.mark.parametrize(
    ("right", "relies", "first"),
    [
        (Right.ACCESS_AUTOMATED, False, date(2027, 1, 1)),
        (Right.OPT_OUT_AUTOMATED, False, date(2027, 1, 1)),
        (Right.OPT_OUT_AUTOMATED, True, date(2027, 1, 1)),
        (Right.APPEAL_AUTOMATED, True, date(2027, 1, 1)),
        (Right.APPEAL_AUTOMATED, False, None),
    ],
)
def test_what_is_offered_in_california_about_automated_decisions(
    right: Right, relies: bool, first: date | None
) -> None:
    organisation = Organisation(human_appeal=relies)
    offered = [
        day
        for day in (date(2026, 12, 31), date(2027, 1, 1), date(2030, 6, 1))
        if right in intake.rights_offered(organisation, "US-CA", day)
    ]
    assert (offered[0] if offered else None) == first
    assert len(offered) == (2 if first else 0)


@pytest.mark.parametrize("right", [Right.ACCESS_AUTOMATED, Right.OPT_OUT_AUTOMATED, Right.APPEAL_AUTOMATED])
@pytest.mark.usefixtures("relies_on_it")
def test_each_is_filed_from_the_first_day_of_2027_and_not_an_hour_before(right: Right) -> None:
    with pytest.raises(IntakeRefused) as refused:
        a_submission(right, at=LAST_EVENING, details=WHICH)
    assert refused.value.errors["rights"].startswith("This can be asked for from 1 January 2027 on. (11 CCR 7")
    assert a_submission(right, at=datetime(2027, 1, 1, 8, 0, tzinfo=UTC), details=WHICH).cases.count() == 1


@pytest.mark.parametrize(
    ("changes", "at", "said"),
    [
        ({}, LAST_EVENING, f"This can be asked for from 1 January 2027 on. ({RULE})"),
        ({"received_on": date(2026, 12, 31)}, IN_2027, "since 1 January 2027, not to what was received on 31 December"),
        ({"residence": "US-WY"}, IN_2027, "One of these rights is not offered where you live."),
        ({"residence": "DE"}, IN_2027, "One of these rights is not offered where you live."),
    ],
)
@pytest.mark.usefixtures("relies_on_it")
def test_where_the_law_does_not_give_it_filing_says_so_with_the_rule(
    changes: dict[str, object], at: datetime, said: str
) -> None:
    with pytest.raises(IntakeRefused) as refused:
        an_appeal(at, **changes)
    assert said in refused.value.errors["rights"]


def test_who_does_not_rely_on_the_exception_does_not_offer_it() -> None:
    with pytest.raises(IntakeRefused) as refused:
        an_appeal()
    assert refused.value.errors == {
        "rights": f"We offer no human appeal of automated decisions: you may opt out of them instead. ({RULE})"
    }
    assert not Submission.objects.exists()


@pytest.mark.usefixtures("relies_on_it")
def test_it_says_which_decision_is_meant() -> None:
    with pytest.raises(IntakeRefused) as refused:
        an_appeal(details=" ")
    assert refused.value.errors == {
        "details": "Please tell us which decision you mean, and what the reviewer should consider."
    }


# ---- the clock, the proof, the count


@pytest.mark.usefixtures("relies_on_it")
def test_receipt_answer_and_the_one_extension_have_their_dates() -> None:
    case = fresh(an_appeal().cases.get())
    due = {duty.kind: (duty.due_on, duty.citation) for duty in case.duties.all()}
    assert due == {
        DutyKind.ACKNOWLEDGE: (date(2027, 1, 18), "11 CCR 7021(a)"),  # 10 business days
        DutyKind.ANSWER: (date(2027, 2, 18), "11 CCR 7021(b)"),  # 45 days
    }
    run_jobs(IN_2027)
    assert case.duties.get(kind=DutyKind.ACKNOWLEDGE).met_on == date(2027, 1, 4)
    move(case, "extend", at=IN_2027 + days(5), reason="The model has to be run again.")
    assert case.duties.get(kind=DutyKind.ANSWER).due_on == date(2027, 4, 4)  # 90 days from receipt
    assert "already" in shut_because(case, "extend", at=IN_2027 + days(6))


@pytest.mark.usefixtures("relies_on_it")
def test_it_is_verified_like_a_correction() -> None:
    case = an_appeal().cases.get()
    corrected = a_case(Right.CORRECT, at=IN_2027)
    assert case.state == State.VERIFYING
    assert requirement(fresh(case)).degree == requirement(fresh(corrected)).degree == Degree.REASONABLY_HIGH
    confirm(case.submission, at=IN_2027)
    assert fresh(case).state == State.VERIFYING  # the mailbox alone is not enough
    prove(a_submission(Right.APPEAL_AUTOMATED, at=IN_2027 + days(1), details=WHICH), at=IN_2027 + days(1))
    assert {each.state for each in Submission.objects.latest("received_at").cases.all()} == {State.DECIDING}


@pytest.mark.usefixtures("relies_on_it")
def test_the_two_answers_in_twelve_months_do_not_count_it_nor_are_they_counted_for_it() -> None:
    for before in (40, 20):
        answered(Right.KNOW_CATEGORIES, at=IN_2027 - days(before))
    appeal = answer(in_deciding(), by=REVIEWER, at=IN_2027)
    assert appeal.outcome == Outcome.FULFILLED
    assert limiting.limit_count(appeal) is None
    assert not MOVES["decide_limit"].concerns(appeal)
    know = case_in(State.REVIEWING, Right.KNOW_CATEGORIES, at=IN_2027 + days(2))
    count = limiting.limit_count(know)
    assert count is not None
    assert count.counted == 2


# ---- the review


@pytest.mark.parametrize("review", ["overturned", "overturned_in_part", "upheld"])
@pytest.mark.usefixtures("relies_on_it")
def test_a_person_who_may_overturn_it_reviews_the_decision_and_the_person_is_told(review: str) -> None:
    case = in_deciding()
    text = "A reviewer looked at the loan anew. Your income counts once."
    move(case, "write_answer", at=IN_2027, text=text, proof=PROOF, review=review)
    move(case, "approve", by=REVIEWER, at=IN_2027 + days(3))
    run_jobs(IN_2027 + days(3))
    closed = fresh(case)
    assert (closed.state, closed.outcome) == (State.CLOSED, Outcome.FULFILLED)
    assert closed.duties.get(kind=DutyKind.ANSWER).met_on == date(2027, 1, 7)
    (letter,) = letters_of(closed.submission, Letter.ANSWER)
    assert "Have a person review an automated decision" in letter
    assert text in letter
    assert chains.history(closed.chain).get(kind="write_answer").facts["review"] == review
    shown = [fact for line in timeline(closed) for fact in line.facts]
    assert ("automated decision", review.replace("_", " ")) in shown


@pytest.mark.usefixtures("relies_on_it")
def test_the_answer_says_what_became_of_the_decision() -> None:
    case = in_deciding()
    for review in ("", "reconsidered"):
        with pytest.raises(InputRefused) as refused:
            move(case, "write_answer", at=IN_2027, text="So.", proof=PROOF, review=review)
        assert set(refused.value.errors) == {"review"}


@pytest.mark.usefixtures("relies_on_it")
def test_an_analyst_prepares_it_and_may_not_decide_it() -> None:
    case = in_deciding()
    write(case, at=IN_2027)
    shut = shut_because(case, "approve", by=ANALYST, at=IN_2027)
    assert shut == f"A person who may overturn the automated decision has to review it: an approver. ({RULE})"
    assert shut_because(case, "approve", by=REVIEWER, at=IN_2027) == ""


@pytest.mark.parametrize("slug", ["approve", "refuse"])
@pytest.mark.usefixtures("relies_on_it")
def test_who_dealt_with_the_same_persons_opt_out_or_access_does_not_decide_it(slug: str) -> None:
    other = case_in(State.DECIDING, Right.ACCESS_AUTOMATED, at=IN_2027)
    write(other, by=APPROVER, at=IN_2027)
    case = in_deciding(IN_2027 + days(1))
    write(case, at=IN_2027 + days(1))
    at = IN_2027 + days(1)
    assert "You took part in the case that this appeal is about" in shut_because(case, slug, by=APPROVER, at=at)
    assert shut_because(case, slug, by=REVIEWER, at=at) == ""
    if slug == "approve":
        with pytest.raises(MoveShut, match="took part"):
            move(case, slug, by=APPROVER, at=at)


@pytest.mark.usefixtures("relies_on_it")
def test_another_persons_opt_out_makes_nobody_partial(house: Company) -> None:
    house.people = [SAM, PAT]
    other = case_in(State.DECIDING, Right.ACCESS_AUTOMATED, at=IN_2027, email=PAT["email"])
    write(other, by=APPROVER, at=IN_2027)
    case = in_deciding()
    write(case, at=IN_2027)
    assert shut_because(case, "approve", by=APPROVER, at=IN_2027) == ""


@pytest.mark.usefixtures("relies_on_it")
def test_who_is_not_verified_is_refused_and_told_why() -> None:
    case = an_appeal().cases.get()
    move(case, "refuse", at=IN_2027, code="ca_7021_not_verified", explanation=REASON, reason=REASON)
    (letter,) = letters_of(case.submission, Letter.REFUSAL)
    assert "7222(e)" in " ".join(letter.split())


@pytest.mark.usefixtures("relies_on_it")
def test_an_agent_may_ask_for_it_and_the_answer_goes_to_the_person() -> None:
    submission = an_appeal(requester=Requester.AGENT, requester_name="Lee Agent", requester_email="lee@agents.example")
    assert submission.person_receives
    assert submission.cases.get().state == State.VERIFYING


@pytest.mark.parametrize(
    ("relies", "at", "details", "said"),
    [
        (
            True,
            LAST_EVENING,
            WHICH,
            "Esto puede solicitarse a partir del 1 de enero de 2027. (11 CCR 7021, 7221(b)(1))",
        ),
        (False, IN_2027, WHICH, "No ofrecemos la apelación humana de decisiones automatizadas"),
        (True, IN_2027, "", "Indíquenos a qué decisión se refiere"),
    ],
)
def test_what_is_wrong_with_it_is_said_in_spanish_too(relies: bool, at: datetime, details: str, said: str) -> None:
    the_organisation(human_appeal=relies)
    with translation.override("es"), pytest.raises(IntakeRefused) as refused:
        an_appeal(at, details=details, language="es")
    assert said in " ".join(refused.value.errors.values())
