"""A document for a correction, as it is sent on the case page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from requests_app.law.agents import Requester
from requests_app.law.words import Right
from requests_app.models import Case, Submission, SupportingDocument
from requests_app.services import identity
from requests_app.services.correcting import Correction
from tests.exports.house import House
from tests.exports.papers import pdf
from tests.exports.web.fetching import enter

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

PAGE, CASE_PAGE = "/case/me/documents/", "/case/me/"
NAME = Correction(field="shop.customers.name", value="Ann Other")
SHOE = Correction(words="my shoe size", value="43")


@pytest.fixture
def case(house: House) -> Case:
    """A correction of two things, whose person nobody knows yet."""
    return house.file(Right.CORRECT, corrections=(NAME, SHOE)).cases.get()


@pytest.fixture
def entered(client: Client, case: Case) -> Client:
    identity.note_mailbox(case.submission, at=timezone.now())
    enter(client, case.submission)
    return client


def a_file(content: bytes = b"", name: str = "my passport.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or pdf("Ann Other"), "text/html")  # what the browser says counts nothing


def cookies(client: Client) -> str:
    return "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())


def text(client: Client, path: str = CASE_PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_is_sent_for_one_of_the_corrections_before_anybody_is_known(entered: Client, case: Case) -> None:
    assert "Send a document" in text(entered)
    assert "You need not send any." in text(entered)
    assert "“my shoe size”" in text(entered, PAGE)
    answer = entered.post(PAGE, {"correction": "1", "document": a_file(), "note": "See page 1."}, follow=True)
    shown = answer.content.decode()
    assert "We have your document." in shown
    assert "Name: PDF, " in shown
    assert "Send another document" in shown
    document = SupportingDocument.objects.select_related("asked__case__submission").get()
    assert (document.asked.number, document.name, document.note) == (1, "my passport.pdf", "See page 1.")
    assert document.sent_by == "person"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"document": a_file()}, "Please choose what the document is about."),
        ({"correction": "7", "document": a_file()}, "Please choose what the document is about."),
        ({"correction": "1"}, "Please choose a file first."),
        ({"correction": "1", "document": SimpleUploadedFile("empty.pdf", b"")}, "Please choose a file first."),
        ({"correction": "1", "document": a_file(b"<svg/>")}, "Please send a PDF, PNG or JPEG file."),
        ({"correction": "1", "document": a_file(b"%PDF-1.4 broken")}, "broken or incomplete"),
        ({"correction": "1", "document": a_file(pdf("x", password="y"))}, "asks for a password"),
        ({"correction": "1", "document": a_file(), "note": "x" * 501}, "at most 500 characters"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_stays(
    entered: Client, typed: dict[str, object], said: str
) -> None:
    answer = entered.post(PAGE, {"note": "See page 1.", **typed})
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert str(typed.get("note", "See page 1.")) in answer.content.decode()
    assert not SupportingDocument.objects.exists()


def test_a_correction_that_is_closed_shows_what_came_and_takes_no_more(
    entered: Client, case: Case, house: House
) -> None:
    entered.post(PAGE, {"correction": "2", "document": a_file()})
    entered.post(f"/case/me/withdraw/{case.right}/")
    shown = text(entered)
    assert "“my shoe size”: PDF" in shown
    assert "Send another document" not in shown
    answer = entered.get(PAGE, follow=True)
    assert "takes no documents any more" in answer.content.decode()


def test_it_is_taken_back_until_it_is_decided_on(entered: Client, case: Case, house: House) -> None:
    entered.post(PAGE, {"correction": "1", "document": a_file()})
    document = SupportingDocument.objects.get()
    address = f"{PAGE}{document.pk}/take-back/"
    assert f'action="{address}"' in text(entered)
    assert entered.get(address).status_code == 405
    assert Client(enforce_csrf_checks=True, HTTP_COOKIE=cookies(entered)).post(address).status_code == 403
    stranger = Client()
    assert stranger.post(address).headers["Location"] == "/case/"
    enter(stranger, house.file(Right.CORRECT, corrections=(NAME,)))
    assert stranger.post(address).status_code == 404
    answer = entered.post(address, follow=True).content.decode()
    assert "Your document is taken back: we decide without it" in answer
    assert "taken back on" in answer
    assert address not in answer
    assert "can&#x27;t be taken back any more" in entered.post(address, follow=True).content.decode()
    entered.cookies["django_language"] = "es"
    shown = text(entered)
    assert "retirado el" in shown
    assert "y destruido" not in shown
    house.later(timedelta(hours=1))  # when the clock has come round, the person has to enter anew
    enter(entered, case.submission)
    assert "y destruido" in text(entered)


def test_other_requests_take_none_and_who_has_not_entered_is_asked_to(client: Client, house: House) -> None:
    assert client.get(PAGE).headers["Location"] == "/case/"
    enter(client, house.file(Right.KNOW_CATEGORIES))
    assert client.get(PAGE).status_code == 404
    assert "Send a document" not in text(client)


def by_an_agent(house: House) -> Submission:
    return house.file(
        Right.CORRECT,
        corrections=(NAME,),
        requester=Requester.AGENT,
        requester_name="Paula Porter",
        requester_email="paula@agents.example",
    )


def test_who_asks_for_the_person_sends_one_too(client: Client, house: House) -> None:
    submission = by_an_agent(house)
    enter(client, submission)
    assert client.get(PAGE, follow=True).redirect_chain  # the mailbox is not confirmed yet
    identity.note_mailbox(submission, at=timezone.now())
    enter(client, submission)
    assert "Send a document" in text(client)
    client.post(PAGE, {"correction": "1", "document": a_file()})
    assert SupportingDocument.objects.get().sent_by == "requester"
    assert "Name: PDF, " in text(client)


def test_the_page_speaks_spanish(entered: Client) -> None:
    entered.cookies["django_language"] = "es"
    shown = text(entered, PAGE)
    assert "Enviar un documento" in shown
    assert "Send" not in shown
