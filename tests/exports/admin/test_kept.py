"""Kept until a day, on the desk: what is over is counted and listed, and settled on a page of the case."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from dsar.ledger import chains
from exports.models import KeptSettled, KeptUntil
from requests_app.models import Case, User
from requests_app.roles import Role
from tests.exports.admin.test_recipients import staff
from tests.exports.fulfil.test_keeping import A_YEAR, PROOF, case, note_of, over, reviews  # noqa: F401 - fixtures
from tests.exports.house import House
from tests.requests_app.admin.conftest import text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

SCHEDULES = "/admin/exports/retentionschedule/"
COUNTED = "Kept longer than it may be"


def page_of(case: Case, slug: str = "kept") -> str:  # noqa: F811
    return reverse(f"admin:requests_app_case_{slug}", args=[case.pk])


def looks() -> list[dict[str, object]]:
    return [event.facts for event in chains.history("access:2027-11-25").filter(kind="seen.kept_keys")]


def test_the_first_page_counts_it_and_the_page_of_schedules_says_what_where_and_since_when(
    house: House,
    case: Case,  # noqa: F811
) -> None:
    analyst, reference = staff(Role.ANALYST), case.submission.reference
    user = User.objects.get(username="a_analyst")
    assert COUNTED not in text_of(analyst, "/admin/")
    assert reference not in text_of(analyst, SCHEDULES)
    house.later(A_YEAR + timedelta(days=1))
    analyst.force_login(user)
    assert COUNTED in text_of(analyst, "/admin/")
    listed = text_of(analyst, SCHEDULES)
    for shown in (reference, "Larkspur", "Reviews", "Legal obligation to keep", "2026-11-23", "2027-11-23"):
        assert shown in listed
    assert page_of(case) in analyst.get(SCHEDULES).content.decode()
    assert page_of(case) in analyst.get(f"/admin/requests_app/case/{case.pk}/change/").content.decode()


def test_staff_are_told_what_is_wrong_with_what_they_typed_and_settle_it(case: Case, over: KeptUntil) -> None:  # noqa: F811
    analyst = staff(Role.ANALYST)
    assert "Nothing here deletes by itself" in text_of(analyst, page_of(case))
    for given, said in (
        ({"do": "gone", "row": over.pk, "text": ""}, "Say who deleted the rows"),
        ({"do": "longer", "row": over.pk, "text": "x", "code": "", "until": "2030-01-01"}, "ground"),
        ({"do": "longer", "row": over.pk, "text": "x", "code": over.ground, "until": "never"}, "new last day"),
        ({"do": "gone", "row": "²", "text": "x"}, "no such rows"),
        ({"do": "gone", "text": "x"}, "no such rows"),
    ):
        assert said in analyst.post(page_of(case), given, follow=True).content.decode()
    assert analyst.post(page_of(case), {"do": "nonsense", "row": over.pk}).status_code == 403
    kept_on = {"do": "longer", "row": over.pk, "text": "A dispute.", "code": over.ground, "until": "2030-01-01"}
    shown = analyst.post(page_of(case), kept_on, follow=True).content.decode()
    assert "kept until 2030-01-01" in shown
    assert "A dispute." in shown
    assert COUNTED not in text_of(analyst, "/admin/")
    history = text_of(analyst, f"/admin/requests_app/case/{case.pk}/change/")
    assert "Kept until a day: kept longer on a ground" in history


def test_what_was_written_is_shown_and_the_rows_are_gone(case: Case, over: KeptUntil) -> None:  # noqa: F811
    approver = staff(Role.APPROVER)
    given = {"do": "gone", "row": over.pk, "text": PROOF}
    assert PROOF in approver.post(page_of(case), given, follow=True).content.decode()
    over.refresh_from_db()
    assert over.settled == KeptSettled.GONE
    assert approver.get(page_of(case, "kept_keys"), {"row": over.pk}).status_code == 404


def test_the_keys_are_shown_on_demand_and_each_look_is_noted(
    house: House,
    case: Case,  # noqa: F811
    over: KeptUntil,  # noqa: F811
) -> None:
    analyst = staff(Role.ANALYST)
    text_of(analyst, page_of(case))
    assert looks() == []
    answer = analyst.get(page_of(case, "kept_keys"), {"row": over.pk})
    assert "no-store" in answer["Cache-Control"]
    shown = answer.content.decode()
    assert all(f"id = <code>{row[0]}</code>" in shown for row in reviews(house))
    assert "A key may have been given to somebody else since" in shown
    (look,) = looks()
    assert look == {"case": str(case.pk), "source": "shop", "collection": "reviews", "page": 1}
    for given in ({"row": over.pk, "page": "2"}, {"row": over.pk, "page": "²"}, {"row": over.pk, "page": "9" * 40}, {}):
        assert analyst.get(page_of(case, "kept_keys"), given).status_code == 404
    assert len(looks()) == 1


def test_who_only_reads_sees_neither_keys_nor_buttons(case: Case, over: KeptUntil) -> None:  # noqa: F811
    auditor = staff(Role.AUDITOR)
    shown = text_of(auditor, page_of(case))
    assert "Reviews" in shown
    assert "The rows are gone" not in shown
    assert auditor.post(page_of(case), {"do": "gone", "row": over.pk, "text": PROOF}).status_code == 403
    assert auditor.get(page_of(case, "kept_keys"), {"row": over.pk}).status_code == 403
    assert not note_of(case).settled


def test_who_has_no_business_with_cases_sees_nothing_of_it(case: Case, over: KeptUntil) -> None:  # noqa: F811
    owner: Client = staff(Role.SOURCE_OWNER)
    assert COUNTED not in owner.get("/admin/").content.decode()
    assert owner.get(page_of(case)).status_code in {302, 403}
    assert owner.get(page_of(case, "kept_keys"), {"row": over.pk}).status_code in {302, 403}
