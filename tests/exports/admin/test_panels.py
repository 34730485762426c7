"""What the company's systems add to the page of a case, and the list of the systems themselves."""

from __future__ import annotations

import re
import sqlite3
from html import unescape

import pytest
from django.test import Client

from exports.admin.panels import MOST_LINES
from exports.models import Bundle, DataSource, Download, Part, SourceRun
from requests_app.facts import in_words
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.services import identity
from requests_app.states import State
from tests.requests_app.admin.conftest import NOW, Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def page_of(client: Client, case: Case) -> str:
    page = client.get(f"/admin/requests_app/case/{case.pk}/change/").content.decode()
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_sources_show_what_was_found_in_them(case: Case, analyst: Client) -> None:
    page = page_of(analyst, case)
    assert "Club done content, 2026-11-23 10:00 Members 1 Letters 120 Stamps 2 Invoices 1 Held" in page
    assert "Held, never disclosed: unique biometric data" in page


def test_a_source_names_what_was_searched_and_had_nothing(desk: Desk, club_url: str) -> None:
    with sqlite3.connect(club_url.removeprefix("sqlite:///")) as club:
        club.execute("DELETE FROM invoices")
    page = page_of(desk.client(Role.ANALYST), desk.case_in(State.DECIDING))
    assert "Stamps 2 Searched, with nothing in it: Invoices" in page


def test_the_approval_says_in_which_sources_nothing_was_found(desk: Desk, club_url: str) -> None:
    case, told = desk.case_in(State.DECIDING), "Who approves signs off that nothing was found in: Club"
    assert told not in page_of(desk.client(Role.ANALYST), case)
    SourceRun.objects.filter(case=case).update(records=0)
    approver = desk.client(Role.APPROVER)
    assert told in text_of(approver, f"/admin/requests_app/case/{case.pk}/move/approve/")
    desk.move(case, "approve", Role.APPROVER)
    desk.work()
    page = page_of(approver, case)
    assert told not in page
    assert "signed off that nothing was found in" in page


def test_a_plan_tells_what_a_deletion_does_to_each_collection_on_which_ground_and_until_when(desk: Desk) -> None:
    case = desk.case_in(State.DECIDING, Right.DELETE)
    page = page_of(desk.client(Role.APPROVER), case)
    kept = "Invoices 1 kept until 2033-11-23 at the latest: Legal obligation to keep"
    first = "1. Stamps 2 to be deleted, before Letters (foreign key letter_id)"
    then = "2. Letters 121 to be deleted, before Members (foreign key member_id)"
    assert f"{first} {then} 3. Members 1 to be de-identified {kept}" in page
    findings = text_of(desk.client(Role.APPROVER), f"/admin/requests_app/case/{case.pk}/findings/")
    assert "This right asks for no copy" in findings, "else records without a word in them look like a fault"
    approving = text_of(desk.client(Role.APPROVER), f"/admin/requests_app/case/{case.pk}/move/approve/")
    assert approving.index('id="panel-sources"') < approving.index('id="panel-duties"'), "what it does comes first"
    desk.move(case, "approve", Role.APPROVER)
    desk.work()
    assert "to be de-identified" not in page_of(desk.client(Role.APPROVER), case)


def test_what_is_withheld_is_listed(desk: Desk, case: Case, letters: Part, ground: str, analyst: Client) -> None:
    desk.move(case, "withhold", finding=f"{letters.pk}:3", field="body", code=ground)
    assert f"Letters , record 4: Text Lift… {in_words('code', ground)} · analyst" in page_of(analyst, case)


def test_of_much_that_is_withheld_the_rest_folds_up(
    desk: Desk, case: Case, letters: Part, ground: str, analyst: Client
) -> None:
    for number in range(MOST_LINES + 2):
        desk.move(case, "withhold", finding=f"{letters.pk}:{number}", field="", code=ground)
    page = text_of(analyst, f"/admin/requests_app/case/{case.pk}/change/")
    panel = page[page.index('id="panel-withheld"') :]
    shown, folded = panel[: panel.index("<details")], panel[panel.index("<details") :]
    assert shown.count("whole record") == MOST_LINES
    assert "<summary>2 more</summary>" in folded
    assert f"record {MOST_LINES + 2}: whole record" in folded


def test_withholdings_of_an_earlier_round_are_past(
    desk: Desk, case: Case, letters: Part, ground: str, analyst: Client
) -> None:
    desk.move(case, "withhold", finding=f"{letters.pk}:3", field="body", code=ground)
    desk.move(case, "gather_again")
    desk.work()
    assert 'id="panel-withheld"' not in analyst.get(f"/admin/requests_app/case/{case.pk}/change/").content.decode()


def test_the_bundle_is_shown_by_hash_size_and_downloads_and_can_not_be_opened(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.CLOSED)
    bundle = Bundle.objects.get()
    Download.objects.create(bundle=bundle, at=NOW)
    page = page_of(analyst, case)
    assert bundle.manifest_sha256 in page
    assert bundle.sha256 in page
    assert "Fetched 1 time " in page
    assert bundle.path not in analyst.get(f"/admin/requests_app/case/{case.pk}/change/").content.decode()


def test_acts_are_listed(desk: Desk, analyst: Client) -> None:
    case = desk.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    desk.work()
    assert "Club : suppressed, 2026-11-23 10:00" in page_of(analyst, case)


def test_a_source_is_incomplete_as_long_as_its_map_is_silent_about_anything(club: DataSource, analyst: Client) -> None:
    listed, one = "/admin/exports/datasource/", f"/admin/exports/datasource/{club.pk}/change/"
    assert "not compared with the database yet" in text_of(analyst, listed)
    club.note_schema(at=NOW)
    assert "incomplete: 4 places" in text_of(analyst, listed)
    assert "nothing is decided about letters.member_id: describe each as a field" in text_of(analyst, one)
    decided = f"{club.map_version.text}left_out:\n" + "".join(
        f"  {name}: the number of a row\n"
        for name in ("letters.member_id", "stamps.letter_id", "members.id", "invoices.id", "invoices.member_id")
    )
    DataSource.set_up(decided, read_url_variable="CLUB_READ_URL", write_url_variable="", position=0, at=NOW)
    assert "not compared with the database yet" in text_of(analyst, listed), "the note is that of another map"
    DataSource.objects.get(pk=club.pk).note_schema(at=NOW)
    assert "complete" in text_of(analyst, listed)
    assert "incomplete" not in text_of(analyst, listed)


def test_a_source_is_shown_with_its_map_and_without_its_address(
    club: DataSource, analyst: Client, club_url: str
) -> None:
    page = analyst.get(f"/admin/exports/datasource/{club.pk}/change/").content.decode()
    assert "CLUB_READ_URL" in page
    assert "one_per_person: true" in page
    assert club_url not in page
    assert 'name="_save"' not in page


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({}, "reads and writes"),
        ({"write_url_variable": ""}, "reads"),
        ({"read_url_variable": "NO_SUCH"}, "variable not set"),
        ({"active": False}, "not searched"),
    ],
)
def test_a_source_says_how_it_stands(
    club: DataSource, analyst: Client, changes: dict[str, object], standing: str
) -> None:
    DataSource.objects.update(**changes)
    page = analyst.get("/admin/exports/datasource/").content.decode()
    assert f">{standing}</span>" in page
    assert "4 collections, " in page


def test_the_answer_under_shine_the_light_is_drafted_in_its_form_beside_what_is_to_be_decided(
    desk: Desk, analyst: Client
) -> None:
    submission = desk.file(Right.SHINE_THE_LIGHT)
    identity.note_mailbox(submission, at=NOW)
    page = text_of(analyst, f"/admin/requests_app/case/{submission.cases.get().pk}/move/write_answer/")
    assert "In the calendar year 2025 we did not disclose personal information of our customers" in page
    assert "The answer is about the calendar year 2025" in page
    assert "1798.83(c)(2)" in page
