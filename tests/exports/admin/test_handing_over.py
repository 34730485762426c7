"""The page on which staff hand over: they renew, pass on and post, and never see what it is."""

from __future__ import annotations

from datetime import timedelta
from threading import BoundedSemaphore

import pytest
from django.conf import settings
from django.http.response import HttpResponseBase
from django.test import Client
from django.utils import timezone

from exports.fulfil import receivers, transfer
from exports.models import Medium
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.services.staffing import add_staff
from requests_app.web import downloads
from tests.exports.fulfil.receiving import Bank
from tests.exports.house import ANALYST, House, facts_of
from tests.requests_app.admin.conftest import PASSWORD, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


@pytest.fixture
def case(house: House) -> Case:
    return house.closed(Right.PORTABILITY)


def staff(role: Role) -> Client:
    client = Client()
    client.force_login(add_staff(f"a_{role}", f"{role}@acorn.example", PASSWORD, [role]))
    return client


def page_of(case: Case) -> str:
    return f"/admin/requests_app/case/{case.pk}/handing_over/"


def test_an_analyst_makes_the_download_available_again(house: House, case: Case) -> None:
    house.shift(settings.BUNDLE_LIFE + timedelta(days=1))
    analyst = staff(Role.ANALYST)
    assert "Make it available again" in text_of(analyst, page_of(case))
    assert analyst.post(page_of(case), {"do": "renew"}).status_code == 302
    page = text_of(analyst, page_of(case))
    assert "The person can fetch the file until Jan. 7, 2027." in page
    assert "Make it available again" not in page
    assert len(facts_of(case, EventKind.BUNDLE_RENEWED)) == 1


def test_an_auditor_reads_the_page_and_takes_no_step(house: House, case: Case) -> None:
    house.shift(settings.BUNDLE_LIFE + timedelta(days=1))
    auditor = staff(Role.AUDITOR)
    assert "Make it available again" not in text_of(auditor, page_of(case))
    assert auditor.post(page_of(case), {"do": "renew"}).status_code == 403
    assert not facts_of(case, EventKind.BUNDLE_RENEWED)


def test_a_step_that_is_none_is_refused(case: Case) -> None:
    assert staff(Role.ANALYST).post(page_of(case), {"do": "open"}).status_code == 403


def press(client: Client, case: Case, **given: str) -> str:
    assert client.post(page_of(case), given).status_code == 302
    return text_of(client, page_of(case))


def body_of(answer: HttpResponseBase) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_a_medium_is_ordered_taken_posted_and_its_passphrase_given(house: House, case: Case) -> None:
    analyst = staff(Role.ANALYST)
    assert "Choose how the passphrase reaches the person." in press(analyst, case, do="order_medium")
    page = press(analyst, case, do="order_medium", passphrase_by="phone", address="4 Orchard Lane")
    assert "A worker encrypts the file." in page
    house.work()
    one = Medium.objects.get()
    row = {"row": str(one.pk)}
    at = page_of(case).replace("handing_over", "medium_file")
    answer = analyst.post(at, row)
    assert body_of(answer).startswith(b"PK")
    assert answer["Content-Disposition"] == f'attachment; filename="{case.submission.reference}.zip"'
    shows = page_of(case).replace("handing_over", "passphrase")
    assert analyst.post(shows, row).status_code == 302, "not before it was posted"
    assert "The passphrase leaves after the medium" in text_of(analyst, page_of(case))
    letter = str(one.letter_id)
    house.move(case, "told_otherwise", letter=letter, how="post", on="2026-11-23")
    sheet = analyst.post(shows, row)
    one.refresh_from_db()
    assert one.passphrase in sheet.content.decode()
    assert "no-store" in sheet["Cache-Control"]
    assert "are destroyed" in press(analyst, case, do="give", row=row["row"], on="2026-11-23")
    assert facts_of(case, EventKind.PASSPHRASE_GIVEN)


def test_nobody_but_the_desk_takes_encrypted_files_or_sees_a_passphrase(house: House, case: Case) -> None:
    auditor = staff(Role.AUDITOR)
    for name in ("medium_file", "transfer_file", "passphrase"):
        at = page_of(case).replace("handing_over", name)
        assert auditor.post(at, {"row": "x"}).status_code == 403
        assert auditor.get(at).status_code == 403
    analyst = staff(Role.ANALYST)
    for name in ("medium_file", "transfer_file", "passphrase"):
        answer = analyst.post(page_of(case).replace("handing_over", name), {"row": "' OR 1"})
        assert (answer.status_code, answer["Location"]) == (302, page_of(case))


def test_a_file_to_be_passed_on_is_taken_encrypted_and_noted(house: House, case: Case) -> None:
    bank = Bank()
    chosen = transfer.choose(case.pk, bank.registered(way="pick_up", url="").pk, at=timezone.now())
    transfer.confirm(case.pk, chosen.pk, at=timezone.now())
    house.work()
    analyst = staff(Role.ANALYST)
    case_page = f"/admin/requests_app/case/{case.pk}/change/"
    assert "An encrypted file waits to be passed on to First Harbor Bank, N.A." in text_of(analyst, case_page)
    taken = analyst.post(page_of(case).replace("handing_over", "transfer_file"), {"row": str(chosen.pk)})
    assert bank.opened(body_of(taken)).startswith(b"PK")
    assert "Noted: the receiver has the file." in press(analyst, case, do="passed_on", row=str(chosen.pk))
    assert "waits to be passed on" not in text_of(analyst, case_page)


def test_staff_wait_like_everybody_else_while_others_hold_every_place_and_nothing_is_noted(
    house: House, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "AT_ONCE", BoundedSemaphore(1))
    analyst = staff(Role.ANALYST)
    press(analyst, case, do="order_medium", passphrase_by="phone", address="4 Orchard Lane")
    house.work()
    at, row = page_of(case).replace("handing_over", "medium_file"), {"row": str(Medium.objects.get().pk)}
    assert analyst.post(at, {"row": "x"}).status_code == 302, "what is refused takes nobody's place"
    slow = analyst.post(at, row)
    assert slow.status_code == 200
    assert analyst.post(at, row)["Location"] == page_of(case)
    assert "Other files are being fetched just now. Please try again in half a minute." in text_of(
        analyst, page_of(case)
    )
    assert len(facts_of(case, EventKind.MEDIUM_TAKEN)) == 1
    body_of(slow)  # to its end, at which it is closed
    assert body_of(analyst.post(at, row)).startswith(b"PK")


def test_what_could_not_be_sent_is_among_what_needs_attention(house: House, case: Case) -> None:
    bank = Bank()
    receiver = bank.registered(way="pick_up", url="")
    chosen = transfer.choose(case.pk, receiver.pk, at=timezone.now())
    transfer.confirm(case.pk, chosen.pk, at=timezone.now())
    receivers.end(receiver.pk, by=ANALYST, at=timezone.now())
    house.work()
    page = text_of(staff(Role.ANALYST), f"/admin/requests_app/case/{case.pk}/change/")
    assert "The file could not be sent to First Harbor Bank, N.A." in page
    assert "The receiver was ended after the person had chosen it, and got nothing." in page
