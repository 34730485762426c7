"""Whose request it is."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import transaction

from dsar.ledger import chains
from dsar.vault import digests, keys
from requests_app.models import DataSubject, Identifier, IdentifierKind, IdentifierStatus, Organisation, Submission
from requests_app.services import identity, people
from tests.requests_app.at_once import at_once, only_on_postgres
from tests.requests_app.factories import AT, a_submission, code_in, confirm, days, run_jobs

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

CLAIMED, CONFIRMED, DERIVED = IdentifierStatus.CLAIMED, IdentifierStatus.CONFIRMED, IdentifierStatus.DERIVED


def test_an_unconfirmed_request_is_joined_with_nobody() -> None:
    submission = a_submission()
    run_jobs()
    with transaction.atomic():
        people.find_person(submission, identifier_key=keys.create("identifiers", at=AT), at=AT)
    assert not DataSubject.objects.exists()
    assert people.identifiers_of(submission.cases.get()) == {}


def test_requests_from_one_confirmed_mailbox_are_one_persons() -> None:
    first, second = a_submission(), a_submission(email="SAM@example.com")
    for submission in (first, second):
        confirm(submission)
    subject = DataSubject.objects.get()
    assert first.subject == second.subject == subject
    assert str(subject) == f"person {str(subject.pk)[:8]}"
    (case,) = first.cases.all()
    assert chains.history(case.chain).get(kind="person_found").facts == {"person": str(subject.pk)}


def test_a_known_person_is_found_after_the_digest_key_was_rotated() -> None:
    confirm(a_submission())
    digests.rotate("identifier:email", at=AT)
    confirm(a_submission())
    assert DataSubject.objects.count() == 1


def test_another_organisation_has_its_own_records() -> None:
    confirm(a_submission())
    other = Organisation.objects.create(slug="birch", display_name="Birch")
    confirm(a_submission(organisation=other))
    assert DataSubject.objects.count() == 2


def test_an_address_that_is_only_claimed_finds_nobody() -> None:
    """Somebody once typed another person's address as a way to find himself: that joins no records."""
    confirm(a_submission())
    Identifier.objects.update(status=CLAIMED)
    confirm(a_submission())
    assert DataSubject.objects.count() == 2


def test_the_job_that_finds_the_person_may_run_twice() -> None:
    submission = a_submission()
    confirm(submission)
    with transaction.atomic():
        people.find_person(submission, identifier_key=keys.create("identifiers", at=AT), at=AT)
    (case,) = submission.cases.all()
    assert chains.history(case.chain).filter(kind="person_found").count() == 1


@pytest.mark.parametrize(
    ("first", "then", "kept"),
    [
        (CLAIMED, DERIVED, DERIVED),
        (CLAIMED, CONFIRMED, CONFIRMED),
        (DERIVED, CONFIRMED, CONFIRMED),
        (CONFIRMED, DERIVED, CONFIRMED),
        (CONFIRMED, CLAIMED, CONFIRMED),
        (DERIVED, CLAIMED, DERIVED),
        (IdentifierStatus.REMOVED, CONFIRMED, IdentifierStatus.REMOVED),
    ],
)
def test_what_is_known_of_an_identifier_only_becomes_surer(
    first: IdentifierStatus, then: IdentifierStatus, kept: IdentifierStatus
) -> None:
    submission = a_submission()
    confirm(submission)
    subject = DataSubject.objects.get()
    for status, provenance in ((first, "first"), (then, "then")):
        people.add_identifier(subject, IdentifierKind.PHONE, "1", status, submission, provenance, at=AT)
    row = Identifier.objects.get(kind=IdentifierKind.PHONE)
    assert (row.status, row.provenance) == (kept, "then" if kept == then else "first")


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        ("email", ["Sam@Example.com", " sam@example.com"]),
        ("phone", ["415 555 0101", "(415) 555-0101"]),
        ("account_number", ["A-1", " A-1 "]),
    ],
)
def test_two_spellings_of_an_identifier_are_one(kind: str, spellings: list[str]) -> None:
    submission = a_submission(email="other@example.com")
    confirm(submission)
    subject = DataSubject.objects.get()
    for spelling in spellings:
        people.add_identifier(subject, kind, spelling, DERIVED, submission, "shop.people", at=AT)
    (row,) = Identifier.objects.filter(kind=kind, status=DERIVED)
    assert row.value == spellings[0]
    assert "(derived)" in str(row)


def test_identifiers_are_kept_sealed_under_the_persons_own_key() -> None:
    confirm(a_submission(account_number="A-7"))
    row = Identifier.objects.get(kind="account_number")
    assert row.value == "A-7"
    keys.destroy(DataSubject.objects.get().identifier_key, at=AT)
    with pytest.raises(keys.KeyDestroyed):
        assert Identifier.objects.get(kind="account_number").value


def find(submission: Submission) -> str:
    """What the job does."""
    found = Submission.objects.get(pk=submission.pk)
    key = keys.create("identifiers", at=AT)
    with transaction.atomic():
        people.find_person(found, identifier_key=key, at=AT)
    return "found"


@pytest.mark.slow
@only_on_postgres
@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
@pytest.mark.parametrize("number", [1, 2], ids=["one submission", "two of one person"])
def test_workers_that_look_for_a_person_at_once_make_one_record(number: int) -> None:
    submissions = [a_submission() for _ in range(number)]
    for submission in submissions:
        identity.confirm_mailbox(submission, code_in(submission), at=AT)
    looks = [partial(find, submission) for submission in submissions * (4 // number)]
    assert at_once(*looks) == ["found"] * 4
    assert set(Submission.objects.values_list("subject", flat=True)) == {DataSubject.objects.get().pk}


def test_time_is_the_moment_that_was_given() -> None:
    confirm(a_submission(at=AT - days(3)), at=AT - days(2))
    assert DataSubject.objects.get().created_at == AT - days(2)
