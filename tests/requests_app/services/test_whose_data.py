"""Whose data a case finds: that of the one record in which the points met, and what its own sources give on the way."""

from __future__ import annotations

import pytest

from requests_app.law.words import EvidenceKind, Right
from requests_app.models import Case, DataSubject, Evidence, Identifier, IdentifierStatus
from requests_app.services import identity, people
from requests_app.states import State
from tests.requests_app.company import SAM, Company
from tests.requests_app.factories import (
    AT,
    a_case,
    a_submission,
    case_in,
    confirm,
    days,
    fresh,
    move,
    offer,
    run_jobs,
    shut_because,
    the_case,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

PAT = {
    "email": "pat@example.com",
    "account_number": "A-2002",
    "phone": "510 555 0102",
    "postal_code": "94501",
    "birth_date": "1975-05-05",
}
OWN = {kind: PAT[kind] for kind in ("account_number", "phone", "birth_date")}


@pytest.fixture(autouse=True)
def two_people(company: Company) -> None:
    """The company knows both."""
    company.people = [SAM, PAT]


def found_by(case: Case) -> dict[str, list[str]]:
    """What finds a case's data now."""
    return dict(people.identifiers_of(fresh(case)))


@pytest.mark.parametrize("right", [Right.KNOW_SPECIFIC, Right.DELETE])
def test_who_reads_anothers_mailbox_and_proves_an_account_of_his_own_finds_his_own_data_only(right: Right) -> None:
    case = a_case(right, email=SAM["email"])
    confirm(case.submission)
    offer(case.submission, declared_name="Pat", **OWN)
    assert fresh(case).state == State.REVIEWING
    assert found_by(case) == {"account_number": [PAT["account_number"]], "phone": [PAT["phone"]]}


def test_a_new_mailbox_is_no_hindrance_to_who_proves_three_points_of_his_record() -> None:
    case = a_case(Right.KNOW_SPECIFIC, email="pat@new.example")
    confirm(case.submission)
    offer(case.submission, declared_name="Pat", **OWN)
    assert fresh(case).state == State.REVIEWING
    assert found_by(case) == {"account_number": [PAT["account_number"]], "phone": [PAT["phone"]]}


def test_the_mailbox_finds_where_it_stands_in_the_matched_record() -> None:
    case = a_case(Right.KNOW_CATEGORIES, email=SAM["email"])
    confirm(case.submission)
    assert found_by(case) == {}
    offer(case.submission, phone=SAM["phone"], birth_date=PAT["birth_date"])
    assert fresh(case).state == State.REVIEWING
    assert found_by(case) == {"email": [SAM["email"]], "phone": [SAM["phone"]]}


def test_a_case_stays_with_the_record_on_which_it_was_accepted_and_none_mix() -> None:
    submission = a_submission(Right.KNOW_CATEGORIES, Right.DELETE, email=SAM["email"])
    confirm(submission)
    offer(submission, phone=SAM["phone"])
    of_sam = {"email": [SAM["email"]], "phone": [SAM["phone"]]}
    assert found_by(the_case(submission, Right.KNOW_CATEGORIES)) == of_sam
    assert found_by(the_case(submission, Right.DELETE)) == {}
    offer(submission, declared_name="Pat", **OWN)
    assert found_by(the_case(submission, Right.KNOW_CATEGORIES)) == of_sam
    assert found_by(the_case(submission, Right.DELETE)) == {
        "account_number": [PAT["account_number"]],
        "phone": [PAT["phone"]],
    }


def test_more_points_of_another_record_do_not_open_what_was_accepted_before() -> None:
    """A question of ours kept one case unproved, so that whoever reads the mailbox could still offer his own."""
    submission = a_submission(Right.KNOW_SPECIFIC, Right.DELETE, email=SAM["email"])
    confirm(submission)
    move(the_case(submission, Right.DELETE), "ask_clarification", question="All of it?")
    offer(submission, phone=SAM["phone"], birth_date=SAM["birth_date"])
    specific = the_case(submission, Right.KNOW_SPECIFIC)
    offer(submission, declared_name="Pat", postal_code=PAT["postal_code"], **OWN)
    assert found_by(specific) == {"email": [SAM["email"]], "phone": [SAM["phone"]]}
    assert identity.was_proved_with(specific, SAM["birth_date"])
    assert not identity.was_proved_with(specific, PAT["birth_date"])


def test_of_two_records_with_as_many_points_that_with_the_mailbox_counts_whichever_came_first() -> None:
    case = a_case(Right.DELETE, email=SAM["email"])
    confirm(case.submission)
    offer(case.submission, declared_name="", **OWN)
    offer(case.submission, declared_name="", phone=SAM["phone"], birth_date=SAM["birth_date"])
    offer(case.submission, declared_name="Sam Rivera")
    assert fresh(case).state == State.REVIEWING
    assert found_by(case) == {"email": [SAM["email"]], "phone": [SAM["phone"]]}


def test_specific_pieces_that_fell_back_are_found_by_what_was_proved() -> None:
    case = a_case(Right.KNOW_SPECIFIC, email=SAM["email"])
    confirm(case.submission)
    offer(case.submission, declared_name="", phone=SAM["phone"])
    move(case, "fall_back")
    assert found_by(case) == {"email": [SAM["email"]], "phone": [SAM["phone"]]}


def test_what_an_earlier_request_from_the_mailbox_proved_finds_nothing_for_a_later_one() -> None:
    """The mailbox was given to somebody else meanwhile: the record of the person is the same, the data is not."""
    case_in(State.CLOSED, email=SAM["email"])
    later = a_case(Right.KNOW_SPECIFIC, email=SAM["email"], at=AT + days(400))
    confirm(later.submission, at=AT + days(400))
    offer(later.submission, at=AT + days(400), declared_name="Pat", **OWN)
    assert DataSubject.objects.count() == 1
    assert found_by(later) == {"account_number": [PAT["account_number"]], "phone": [PAT["phone"]]}


def test_an_identifier_that_staff_removed_finds_nothing_and_gathering_says_so() -> None:
    case = case_in(State.REVIEWING, Right.KNOW_CATEGORIES)
    assert not shut_because(case, "start_gathering")
    Identifier.objects.update(status=IdentifierStatus.REMOVED)
    assert found_by(case) == {}
    assert "Nothing that was proved finds this person's records" in shut_because(case, "start_gathering")


def test_a_record_that_nothing_typed_finds_again_is_not_enough() -> None:
    case = a_case(Right.KNOW_CATEGORIES, email="pat@new.example")
    confirm(case.submission)
    offer(case.submission, postal_code=PAT["postal_code"], birth_date=PAT["birth_date"])
    assert fresh(case).state == State.VERIFYING
    assert not Evidence.objects.filter(kind=EvidenceKind.DATA_POINTS).exists()


def test_which_points_matched_is_kept_sealed() -> None:
    case = case_in(State.REVIEWING, Right.KNOW_CATEGORIES)
    row = Evidence.objects.filter(kind=EvidenceKind.DATA_POINTS).values().get()
    assert b"phone" not in bytes(row["kinds_sealed"])
    best = case.submission.evidence.best_match()
    assert best is not None
    assert best.matched_kinds == set(SAM)


# ---- derived on the way


def derived(case: Case, device: str) -> None:
    """A source gives a device while this case is gathered."""
    people.derive_identifier(fresh(case), "device_id", device, "shop.devices", at=AT)


def test_what_a_source_gave_leads_on_for_its_case_and_its_round_alone() -> None:
    first = case_in(State.REVIEWING)
    move(first, "start_gathering")
    derived(first, "d-1")
    derived(first, "d-1")
    assert found_by(first)["device_id"] == ["d-1"]
    second = case_in(State.REVIEWING, at=AT + days(30))
    assert second.submission.subject == fresh(first).submission.subject
    move(second, "start_gathering", at=AT + days(30))
    assert "device_id" not in found_by(second), "the device may be somebody else's by now"
    run_jobs(AT + days(30))
    move(first, "gather_again", at=AT + days(30))
    assert "device_id" not in found_by(first)
    derived(first, "d-1")
    assert found_by(first)["device_id"] == ["d-1"]
    assert [str(row) for row in first.derivations.all()] == ["from shop.devices"] * 2
