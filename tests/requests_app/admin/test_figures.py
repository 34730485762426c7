"""The page of a year's figures: years to choose, a file, what the law says of publishing, and nobody's data."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from requests_app.law.words import Right
from requests_app.models import Organisation
from requests_app.roles import Role
from requests_app.states import State
from tests.requests_app.admin.conftest import NOW, Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

PAGE = "/admin/requests_app/organisation/figures/"


def test_the_page_shows_the_year_with_its_rule_and_how_it_is_counted(desk: Desk) -> None:
    case = desk.case_in(State.DECIDING, Right.DELETE)
    page = text_of(desk.client(Role.AUDITOR), PAGE)
    assert "Acorn &amp; Oak, requests of 2026" in page
    assert "by 1 July 2027 if data of 10,000,000 or more consumers was handled in 2026" in page
    assert "11 CCR 7102; verified" in page
    assert "Notices of receipt and of an extension are none." in page
    assert '<th scope="row">deletion</th><td data-label="Received">1</td>' in page
    assert not [word for word in (case.submission.reference, "Ann", "O&#x27;Hara") if word in page]


def test_only_who_may_see_the_organisation_finds_a_link_to_it_above_the_figures(desk: Desk) -> None:
    for role in Role:
        client = desk.client(role)
        page = client.get(PAGE)
        if page.status_code == 403:
            continue
        linked = 'href="/admin/requests_app/organisation/"' in page.content.decode()
        assert linked is (client.get("/admin/requests_app/organisation/").status_code == 200), role
        assert "Figures of a year" in page.content.decode()


def test_the_years_since_the_first_request_can_be_chosen(desk: Desk) -> None:
    desk.file(at=NOW - timedelta(days=800))
    page = text_of(desk.client(Role.ANALYST), f"{PAGE}?year=2024&law=ccpa")
    assert all(f">{year}</option>" in page for year in (2024, 2025, 2026))
    assert "requests of 2024" in page


def test_the_file_holds_the_same_figures(desk: Desk) -> None:
    desk.case_in(State.DECIDING, Right.DELETE)
    desk.file(Right.INQUIRY)
    answer = desk.client(Role.ADMINISTRATOR).get(f"{PAGE}?year=2026&law=ccpa&format=csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="figures-2026-ccpa.csv"'
    rows = {row["right"]: row for row in csv.DictReader(io.StringIO(answer.content.decode()))}
    assert (rows["delete"]["received"], rows["delete"]["open"], rows["delete"]["median_days"]) == ("1", "1", "")
    assert rows["inquiry"]["received"] == "1"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("year=soon", "This is no year: write one such as 2026."),
        ("year=2027", "The year 2027 has not begun: choose 2026 or an earlier one."),
        ("year=%00", "This is no year"),
        ("law=nowhere", "There is no law &#x27;nowhere&#x27;"),
        ("law=<script>", "&lt;script&gt;"),
        ("format=pdf", "write format=csv"),
        ("organisation=birch", "There is no such organisation"),
        ("organisation=%00", "There is no such organisation"),
    ],
)
def test_a_wrong_choice_is_told_with_a_cure(desk: Desk, query: str, said: str) -> None:
    assert said in text_of(desk.client(Role.ANALYST), f"{PAGE}?{query}", status=422)


def test_of_several_organisations_one_is_chosen(desk: Desk) -> None:
    desk.file(Right.DELETE)
    Organisation.objects.create(slug="birch", legal_name="Birch", display_name="Birch", policy_url="https://b.example")
    assert "Birch, requests of 2026" in text_of(desk.client(Role.ANALYST), f"{PAGE}?organisation=birch")
    assert "Acorn &amp; Oak, requests of 2026" in text_of(desk.client(Role.ANALYST), PAGE)


def test_without_an_organisation_the_page_says_who_adds_it(desk: Desk) -> None:
    Organisation.objects.all().delete()
    assert "There is no such organisation" in text_of(desk.client(Role.ADMINISTRATOR), PAGE, status=422)
