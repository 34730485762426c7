"""Two records of one person: linked by a reviewer, with evidence, and unlinked again; the yearly count follows."""

from __future__ import annotations

import pytest
from django.db import transaction

from dsar.ledger import chains
from requests_app import guards, limiting
from requests_app.law.words import Right
from requests_app.models import Case, DataSubject, Organisation, PersonLink
from requests_app.move import InputRefused
from requests_app.moves import MOVES
from requests_app.services import closing, linking
from requests_app.services.history import locked
from requests_app.states import State
from tests.requests_app.at_once import at_once, only_on_postgres
from tests.requests_app.company import SAM, Company
from tests.requests_app.factories import (
    ANALYST,
    AT,
    OTHER_ANALYST,
    REASON,
    a_submission,
    answered,
    case_in,
    days,
    fresh,
    move,
    shut_because,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

OTHERS = {
    "sam.rivera@work.example": {"account_number": "A-2002", "phone": "415 555 0102"},
    "rivera@old.example": {"account_number": "A-3003", "phone": "415 555 0103"},
}


@pytest.fixture(autouse=True)
def people(house: Company) -> None:
    """Sam uses two other mailboxes, each with an account of its own."""
    house.people += [{**SAM, "email": email, **changes} for email, changes in OTHERS.items()]


WORK, OLD = OTHERS


def counted(case: Case) -> int:
    count = limiting.limit_count(fresh(case))
    assert count
    return count.counted


def reviewing(email: str = SAM["email"]) -> Case:
    return case_in(State.REVIEWING, Right.KNOW_CATEGORIES, email=email)


def provided(email: str, day: int = 30) -> Case:
    submission = answered(Right.KNOW_CATEGORIES, at=AT - days(day), email=email)
    return submission.cases.get()


def link(case: Case, other: Case, reason: str = REASON) -> None:
    move(case, "link_people", reference=other.submission.reference, reason=reason)


def unlink(case: Case, other: Case) -> None:
    """Take back the link that joined the requests of both."""
    choices = MOVES["unlink_people"].inputs[0].choices
    assert choices
    both = (case.submission.reference, other.submission.reference)
    (pk,) = [pk for pk, words in choices(fresh(case)) if all(reference in words for reference in both)]
    move(case, "unlink_people", by=OTHER_ANALYST, link=pk, reason=REASON)


def test_another_mailbox_counts_only_once_a_reviewer_has_linked_it() -> None:
    other, case = provided(WORK), reviewing()
    assert counted(case) == 0
    link(case, other)
    assert counted(case) == 1
    event = chains.history(case.chain).get(kind="link_people")
    assert event.actor == ANALYST.slug
    assert {event.facts["person"], event.facts["other"]} == {
        str(pk) for pk in DataSubject.objects.values_list("pk", flat=True)
    }
    assert PersonLink.objects.get().reason == REASON


def test_the_count_follows_from_both_sides_and_over_several_links() -> None:
    work, old, case = provided(WORK, 30), provided(OLD, 20), reviewing()
    link(case, work)
    link(reviewing(WORK), old)
    assert counted(case) == 2
    assert "Information was already provided 2 times" in shut_because(case, "start_gathering")
    assert DataSubject.objects.filter(root=None).count() == 1


def test_splitting_a_wrong_link_recomputes_the_counts_of_both_parts() -> None:
    work, old, case = provided(WORK, 30), provided(OLD, 20), reviewing()
    link(case, work)
    link(reviewing(WORK), old)
    unlink(case, work)
    assert counted(case) == 0
    assert counted(work) == 0, "the other one was received later"
    again = reviewing(OLD)
    assert counted(again) == 2, "its own, and that of the record that is still linked with it"
    taken_back = PersonLink.objects.exclude(unlinked_at=None).get()
    assert (taken_back.unlinked_by, taken_back.unlink_reason) == (OTHER_ANALYST.slug, REASON)
    assert chains.history(case.chain).filter(kind="unlink_people").count() == 1


def test_what_was_unlinked_can_be_linked_again() -> None:
    other, case = provided(WORK), reviewing()
    link(case, other)
    unlink(case, other)
    link(case, other)
    assert counted(case) == 1


def test_only_linked_records_can_be_unlinked() -> None:
    case = reviewing()
    assert "is linked with no other one" in shut_because(case, "unlink_people")
    link(case, provided(WORK))
    assert shut_because(case, "unlink_people") == ""


def test_a_link_is_chosen_among_those_of_this_person() -> None:
    case, other = reviewing(), provided(WORK)
    link(case, other)
    ((_pk, words),) = MOVES["unlink_people"].inputs[0].choices(fresh(case))  # type: ignore[misc]
    assert case.submission.reference in words
    assert other.submission.reference in words
    with pytest.raises(InputRefused, match="choose one of the offered"):
        move(case, "unlink_people", link="00000000-0000-0000-0000-000000000000", reason=REASON)


@pytest.mark.parametrize("reference", ["R-AAAA-BBBB", "nonsense"])
def test_an_unknown_reference_links_nothing(reference: str) -> None:
    with pytest.raises(InputRefused, match="No request has this reference"):
        move(reviewing(), "link_people", reference=reference, reason=REASON)


def test_a_request_of_another_organisation_is_not_known_here() -> None:
    birch = Organisation.objects.create(slug="birch", display_name="Birch")
    strange = a_submission(organisation=birch, email=WORK)
    with pytest.raises(InputRefused, match="No request has this reference"):
        move(reviewing(), "link_people", reference=strange.reference, reason=REASON)


def test_a_mailbox_that_nobody_confirmed_can_t_be_linked() -> None:
    unconfirmed = a_submission(email=WORK)
    with pytest.raises(InputRefused, match="Nobody has confirmed the mailbox"):
        move(reviewing(), "link_people", reference=unconfirmed.reference, reason=REASON)
    assert "no other one" in shut_because(unconfirmed.cases.get(), "unlink_people")


def test_one_person_is_not_linked_twice() -> None:
    case, other = reviewing(), provided(WORK)
    link(case, other)
    with pytest.raises(InputRefused, match="are one person's already"):
        link(reviewing(WORK), case)
    with pytest.raises(InputRefused, match="are one person's already"):
        link(case, case)


def test_a_case_without_a_record_joins_nothing() -> None:
    case, other = a_submission().cases.get(), provided(WORK)
    assert other.submission.subject
    with transaction.atomic():
        linking.join(locked(case.pk), other.submission.subject, by=ANALYST, at=AT, reason=REASON)
    assert not PersonLink.objects.exists()


def test_the_answer_to_a_correction_is_no_information_provided() -> None:
    """What is shown so that a correction can be checked does not count (11 CCR 7023(j))."""
    case_in(State.CLOSED, Right.CORRECT, at=AT - days(20))
    assert counted(reviewing()) == 0


@only_on_postgres
@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_two_who_link_and_one_who_releases_at_the_same_moment_wait_for_each_other() -> None:
    for email, day in ((WORK, 30), (OLD, 20)):
        provided(email, day)
    first, second, case = reviewing(WORK), reviewing(OLD), reviewing()

    def linking_with(one: Case, other: Case) -> str:
        link(one, other)
        return "linked"

    def releasing() -> str:
        with transaction.atomic():
            current = locked(case.pk)
            assert current.submission.subject
            linking.lock_root(current.submission.subject.pk)
        return "released"

    # Each on a case of its own: nothing but the records stands between them.
    answers = at_once(lambda: linking_with(first, case), lambda: linking_with(second, case), releasing)
    assert answers == ["linked", "linked", "released"]
    assert counted(case) == 2
    with transaction.atomic(), pytest.raises(guards.MoveShut, match="2 times"):
        closing.check_release(locked(case.pk))
