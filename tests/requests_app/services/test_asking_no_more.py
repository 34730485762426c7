"""No more is asked than is needed: what came with the request is compared first, where it can be enough."""

from __future__ import annotations

import pytest

from dsar.jobs.models import Job
from dsar.ledger import chains
from requests_app.law.words import Degree, Right
from requests_app.models import Case, ProbeTry, ProofOffered
from requests_app.services import identity
from requests_app.states import State
from requests_app.web.proof import Standing, proof
from tests.requests_app.company import SAM, Company
from tests.requests_app.factories import AT, a_case, code_in, confirm, days, fresh, offer, run_jobs

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

NUMBER = SAM["account_number"]


def standing(case: Case) -> Standing | None:
    """What the person's page says."""
    shown = proof(fresh(case).submission, "en")
    return shown.standing if shown else None


def test_two_points_that_came_with_the_request_are_enough_for_categories_and_nothing_is_asked() -> None:
    case = a_case(Right.KNOW_CATEGORIES, account_number=NUMBER)
    assert identity.confirm_mailbox(case.submission, code_in(case.submission), at=AT)
    assert standing(case) == Standing.CHECKING
    run_jobs()
    assert fresh(case).state == State.REVIEWING
    assert standing(case) == Standing.ENOUGH
    history = [event.kind for event in chains.history(case.chain)]
    assert "proof_offered" not in history, "the person offered nothing"
    assert history[history.index("probed") + 1] == "accept_proof"  # other jobs may come before and after


def test_a_deletion_of_data_that_needs_no_more_is_accepted_too(company: Company) -> None:
    company.least_degree = Degree.REASONABLE
    case = a_case(Right.DELETE, account_number=NUMBER)
    confirm(case.submission)
    assert fresh(case).state == State.REVIEWING


@pytest.mark.parametrize(
    ("right", "number"), [(Right.KNOW_SPECIFIC, NUMBER), (Right.DELETE, NUMBER), (Right.KNOW_CATEGORIES, "")]
)
def test_where_it_can_not_be_enough_nothing_is_compared_and_no_try_used_up(right: Right, number: str) -> None:
    case = a_case(right, account_number=number)
    confirm(case.submission)
    assert standing(case) == Standing.ASKED
    assert not ProofOffered.objects.exists()
    assert not ProbeTry.objects.exists()


def test_what_did_not_match_is_a_try_and_the_person_is_asked() -> None:
    case = a_case(Right.KNOW_CATEGORIES, account_number="A-9999")
    confirm(case.submission)
    assert fresh(case).state == State.VERIFYING
    assert standing(case) == Standing.ASKED
    assert ProbeTry.objects.count() == 2
    offer(case.submission, phone=SAM["phone"])
    assert fresh(case).state == State.REVIEWING


def test_where_no_try_is_left_today_the_person_is_asked() -> None:
    cases = [a_case(Right.KNOW_CATEGORIES, account_number=f"A-9{number}") for number in range(7)]
    for case in cases:
        confirm(case.submission)
    assert ProofOffered.objects.count() == identity.TRIES_A_DAY
    assert standing(cases[-1]) == Standing.ASKED


def test_a_source_that_stays_down_leaves_the_person_with_the_questions(company: Company) -> None:
    case = a_case(Right.KNOW_CATEGORIES, account_number=NUMBER)
    company.is_down = True
    identity.note_mailbox(case.submission, at=AT)
    at = AT
    while Job.objects.get(kind="probe").state == "waiting":
        run_jobs(at, may_fail=True)
        at += days(1)
    assert standing(case) == Standing.ASKED


def test_an_item_in_dispute_is_not_compared() -> None:
    case = a_case(Right.KNOW_CATEGORIES, Right.CORRECT, account_number=NUMBER, correct_field="shop.people.phone")
    confirm(case.submission)
    assert fresh(case).state == State.REVIEWING
    assert "phone" not in identity.questions(fresh(case).submission)


def test_of_whom_nothing_more_can_be_asked_is_told_so(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(company, "question_titles", lambda _language: {"email": "E-mail", "account_number": "Number"})
    case = a_case(Right.KNOW_CATEGORIES, account_number="A-9999")
    confirm(case.submission)
    assert standing(case) == Standing.NOTHING_TO_ASK
