"""Sixty-four threads that file, link and release for one person: the count of answers never slips (G8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from threading import Barrier

import pytest
from django.db import transaction

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.running import execute
from dsar.ledger.verification import verify
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case, DataSubject, PersonLink, Submission
from requests_app.move import InputRefused
from requests_app.services import closing, identity, moving, review
from requests_app.services.history import locked
from requests_app.states import State
from tests.requests_app.at_once import TOGETHER_SECONDS, at_once, only_on_postgres
from tests.requests_app.company import SAM, Company
from tests.requests_app.factories import ANALYST, APPROVER, AT, a_submission, code_in, fresh, shut_because, the_case

pytestmark = [
    pytest.mark.slow,
    only_on_postgres,
    pytest.mark.timeout(600),
    pytest.mark.django_db(transaction=True, databases=["default", "keys"]),
]

THREADS = 64
ALLOWED = 2
TRIES = 10


def run_own_jobs(submission: Submission) -> None:
    """Find the person and compare what came with the request: the jobs of this submission, and nobody else's."""
    own = [
        f"find_person:{submission.pk}:confirmed",
        *(f"probe:{proof.pk}" for proof in submission.proofs_offered.all()),
    ]
    for job in Job.objects.filter(key__in=own, state=JobState.WAITING).order_by("kind"):
        execute(job.pk, clock=lambda: AT)


@pytest.fixture(autouse=True)
def as_many_tries_as_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried too often in a day would not be compared: that is another rule."""
    monkeypatch.setattr(identity, "TRIES_A_DAY", THREADS)


def link(case: Case, reference: str) -> None:
    """Say that the case's person is that of another request; of many who say so at once, one links."""
    inputs = {"reference": reference, "reason": "She called from both telephones."}
    with suppress(InputRefused):  # the others find them linked; how many did is counted at the end
        moving.perform("link_people", case_id=case.pk, version=case.version, actor=ANALYST, at=AT, inputs=inputs)


def file_and_approve(person: Mapping[str, str], company: Company, same_as: str) -> Case:
    """A request, confirmed, joined with the person's record, proved, linked with another one, gathered and approved."""
    account = {"email": person["email"], "account_number": person["account_number"]}
    submission = a_submission(Right.KNOW_CATEGORIES, **account)
    assert identity.confirm_mailbox(submission, code_in(submission), at=AT)
    run_own_jobs(submission)
    case = the_case(submission, Right.KNOW_CATEGORIES)
    if same_as:
        link(case, same_as)
        case = fresh(case)
    make = partial(moving.perform, case_id=case.pk, at=AT, inputs={})
    case = make("start_gathering", version=case.version, actor=ANALYST)
    company.to_search.remove(case.pk)
    with transaction.atomic():
        review.source_done(locked(case.pk), "shop", counts={"people": 1}, at=AT)
    return make("approve", version=fresh(case).version, actor=APPROVER)


def release(case: Case) -> str:
    """What a worker does in its last transaction: release, or hand back."""
    try:
        with transaction.atomic():
            Company.release(case.pk, AT)
    except MoveShut:
        with transaction.atomic():
            closing.hand_back(case.pk, "limit_reached", at=AT)
        return "handed back"
    return "released"


def file_link_and_release(
    person: Mapping[str, str], company: Company, *, also: Mapping[str, str] | None = None, same_as: str = ""
) -> Counter[str]:
    """Every thread files for this person, and all release at the same moment; how often each ending came.

    Half of them file from another mailbox, if the person has one, and link it with the request of that reference.
    """
    all_approved = Barrier(THREADS)

    def act(who: Mapping[str, str], reference: str) -> str:
        try:
            case = file_and_approve(who, company, reference)
        except BaseException:
            all_approved.abort()
            raise
        all_approved.wait(timeout=10 * TOGETHER_SECONDS)
        return release(case)

    ways = [partial(act, person, ""), partial(act, also or person, same_as)]
    return Counter(at_once(*ways * (THREADS // 2)))


def cases_of(person: Mapping[str, str], state: State) -> list[Case]:
    """The person's cases in this state."""
    cases = Case.objects.filter(state=state).select_related("submission")
    return [case for case in cases if case.submission.email == person["email"]]


def test_of_all_that_are_released_at_once_two_are_and_all_others_wait_for_a_decision(house: Company) -> None:
    assert file_link_and_release(SAM, house) == {"released": ALLOWED, "handed back": THREADS - ALLOWED}
    assert DataSubject.objects.count() == 1, "all were joined with one record"
    assert Submission.objects.filter(provided_at__isnull=False).count() == ALLOWED
    waiting = cases_of(SAM, State.DECIDING)
    assert len(waiting) == THREADS - ALLOWED
    assert "Decide on the limit first" in shut_because(waiting[0], "approve", by=APPROVER)
    assert verify().first_break is None


def test_two_mailboxes_that_are_linked_while_all_file_count_as_one_person(house: Company) -> None:
    other = {**SAM, "email": "sam.b@example.com", "account_number": "A-other"}
    house.people.append(other)
    first = a_submission(Right.KNOW_CATEGORIES, email=SAM["email"], account_number=SAM["account_number"])
    assert identity.confirm_mailbox(first, code_in(first), at=AT)
    run_own_jobs(first)
    endings = file_link_and_release(SAM, house, also=other, same_as=first.reference)
    assert endings == {"released": ALLOWED, "handed back": THREADS - ALLOWED}
    assert PersonLink.objects.count() == 1
    assert DataSubject.objects.filter(root=None).count() == 1, "two records, one person"
    assert Submission.objects.filter(provided_at__isnull=False).count() == ALLOWED
    assert verify().first_break is None


def test_without_the_lock_on_the_person_the_count_slips(house: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows that it is the lock that keeps the count, and that the test above would notice its loss."""
    monkeypatch.setattr(closing, "_hold_person", lambda case: None)
    for number in range(TRIES):
        person = {**SAM, "email": f"sam{number}@example.com", "account_number": f"A-{number}"}
        house.people.append(person)
        endings = file_link_and_release(person, house)
        assert set(endings) <= {"released", "handed back"}
        if endings["released"] > ALLOWED:
            return
    pytest.fail(f"In {TRIES} rounds of {THREADS} threads nothing slipped: this test no longer shows anything.")
