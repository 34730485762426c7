"""Complaints: linked with what they are about, if a reference was given; nobody learns whether there is such a one."""

from __future__ import annotations

import pytest

from dsar.ledger import chains
from requests_app.law.words import Right
from requests_app.services import complaints, references
from requests_app.services.intake import IntakeRefused
from tests.requests_app.factories import AT, a_case, a_submission, fresh, run_jobs

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]


def test_a_complaint_is_linked_with_the_request_whose_reference_it_gives() -> None:
    about = a_case(Right.OPT_OUT_SALE_SHARE)
    case = a_case(Right.COMPLAINT, about_reference=f" {about.submission.reference.lower()} ")
    assert case.about is None  # intake looks nothing up
    run_jobs()
    case = fresh(case)
    assert case.about == about
    assert chains.history(case.chain).get(kind="linked").facts["about"] == about.submission.reference
    version = case.version
    complaints.link(str(case.pk), about.submission.reference, at=AT)
    assert fresh(case).version == version


def test_of_a_request_for_several_rights_it_is_linked_with_the_first() -> None:
    submission = a_submission(Right.OPT_OUT_SALE_SHARE, Right.DELETE)
    case = a_case(Right.COMPLAINT, about_reference=submission.reference)
    run_jobs()
    about = fresh(case).about
    assert about is not None
    assert about.right_asked == Right.DELETE


def test_a_reference_that_nobody_has_links_nothing_and_is_taken_all_the_same() -> None:
    case = a_case(Right.COMPLAINT, about_reference="R-ABCD-EFGH")
    run_jobs()
    assert fresh(case).about is None
    assert chains.history(case.chain).get(kind="received").facts["about"] == "R-ABCD-EFGH"


def test_what_is_no_reference_is_told_at_its_field() -> None:
    with pytest.raises(IntakeRefused) as refused:
        a_case(Right.COMPLAINT, about_reference="the one of May")
    assert set(refused.value.errors) == {"about_reference"}


def test_without_a_complaint_a_reference_says_nothing() -> None:
    case = a_case(Right.INQUIRY, about_reference="R-ABCD-EFGH")
    assert "about" not in chains.history(case.chain).get(kind="received").facts


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("R-ABCD-EFGH", "R-ABCD-EFGH"),
        ("abcd efgh", "R-ABCD-EFGH"),
        ("rabcdefgh", "R-ABCD-EFGH"),
        ("ABCD-EFG", ""),
        ("XR-ABCD-EFGH", ""),
        ("", ""),
    ],
)
def test_a_reference_is_read_however_it_is_written(typed: str, read: str) -> None:
    assert references.read_reference(typed) == read
