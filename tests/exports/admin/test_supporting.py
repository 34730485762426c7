"""Documents for a correction on the desk: looked at as pictures, each look noted, and added if they came by post."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from dsar.ledger import chains
from exports.fulfil.corrections import supporting
from exports.fulfil.corrections.supporting import Sent
from requests_app.law.words import Right
from requests_app.models import Case, SupportingDocument
from requests_app.roles import PERSON, Role
from requests_app.services.correcting import Correction
from requests_app.states import State
from tests.exports.papers import pdf
from tests.requests_app.admin.conftest import Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

POINTS = Correction(field="club.members.points", now="7", value="12")


@pytest.fixture
def asked(desk: Desk) -> Case:
    return desk.case_in(State.DECIDING, Right.CORRECT, corrections=(POINTS,))  # type: ignore[arg-type]


@pytest.fixture
def sent(asked: Case) -> SupportingDocument:
    """Two pages from the person."""
    what = Sent(pdf("Points", "more"), "points <b>.pdf", "As of May.")
    return supporting.take(asked.pk, 1, what, by=PERSON, at=timezone.now())


def page(case: Case, slug: str = "supporting") -> str:
    return f"/admin/requests_app/case/{case.pk}/{slug}/"


def looks(case: Case) -> list[dict[str, object]]:
    """The looks at pictures that were noted."""
    chain = chains.history(chains.access_chain(case.received_on()))
    return [event.facts for event in chain.filter(kind="seen.supporting")]


def test_it_is_shown_as_a_picture_page_by_page_and_each_look_is_noted(
    asked: Case, sent: SupportingDocument, analyst: Client
) -> None:
    shown = unescape(text_of(analyst, page(asked)))
    for told in ("1. Points", "points <b>.pdf", "As of May.", "Page 1 of 2", sent.clear_sha256, "2 pages to look at"):
        assert told in shown, told
    assert looks(asked) == []
    (address,) = re.findall(r'<img src="([^"]+supporting_picture[^"]+)"', analyst.get(page(asked)).content.decode())
    answer = analyst.get(unescape(address))
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"].startswith("no-store, private")
    assert answer.content.startswith(b"\x89PNG")
    assert looks(asked) == [{"case": str(asked.pk), "document": str(sent.pk), "page": 1}]
    shown = unescape(text_of(analyst, f"{page(asked)}?page=2"))
    assert "1 page to look at" in shown
    assert "not looked at yet" not in shown, "it is the open one"
    sent.refresh_from_db()
    assert (sent.seen_by, sent.pages_left) == ("", [2])
    analyst.get(f"{page(asked, 'supporting_picture')}?document={sent.pk}&page=2")
    assert "looked at" in unescape(text_of(analyst, page(asked)))
    sent.refresh_from_db()
    assert sent.seen_by.startswith("staff:")


def test_who_only_reads_cases_sees_it_and_adds_none_and_the_look_does_not_count(
    asked: Case, sent: SupportingDocument, desk: Desk
) -> None:
    auditor = desk.client(Role.AUDITOR)
    assert "Add one that came another way" not in text_of(auditor, page(asked))
    address = f"{page(asked, 'supporting_picture')}?document={sent.pk}&page=2"
    assert auditor.get(address).status_code == 200
    assert len(looks(asked)) == 1
    sent.refresh_from_db()
    assert sent.pages_seen == []
    assert "Page 2, not looked at yet" not in text_of(auditor, page(asked)), "it is the next one"
    assert "Page 1, not looked at yet" in text_of(auditor, f"{page(asked)}?page=2")
    assert auditor.post(page(asked), {"correction": "1"}).status_code == 403


def test_it_stands_on_the_case_page_and_where_the_correction_is_decided(
    asked: Case, sent: SupportingDocument, analyst: Client
) -> None:
    for address in (page(asked, "change"), page(asked, "corrections")):
        shown = unescape(text_of(analyst, address))
        assert f"{page(asked)}?document={sent.pk}" in shown, address
        assert "points <b>.pdf" in shown, address
    refused = {"version": 0, "correction": 1, "verdict": "not_held", "reason": "Weighed."}
    asked.refresh_from_db()
    answer = analyst.post(page(asked, "corrections"), refused | {"version": asked.version}, follow=True)
    assert "2 of 2 pages of document 1 on correction 1" in unescape(answer.content.decode())


def test_what_came_by_post_is_added_by_staff_and_faults_are_told(asked: Case, analyst: Client) -> None:
    assert "The person has sent no document." in text_of(analyst, page(asked))
    given = {"correction": "1", "note": "By post on 20 November."}
    broken = analyst.post(page(asked), {**given, "document": SimpleUploadedFile("a.pdf", b"%PDF-x")}, follow=True)
    assert "broken or incomplete" in broken.content.decode()
    nothing = analyst.post(page(asked), given, follow=True)
    assert "Please choose a file first." in nothing.content.decode()
    strange = analyst.post(
        page(asked), {"correction": "²", "document": SimpleUploadedFile("a.pdf", pdf("x"))}, follow=True
    )
    assert "Please choose what the document is about." in strange.content.decode()
    answer = analyst.post(page(asked), {**given, "document": SimpleUploadedFile("a.pdf", pdf("x"))}, follow=True)
    assert "The document is kept with the request." in answer.content.decode()
    kept = SupportingDocument.objects.select_related("asked__case__submission").get()
    assert (kept.note, kept.sent_by.startswith("staff:")) == ("By post on 20 November.", True)


def test_what_was_taken_back_is_told_and_shown_no_more(asked: Case, sent: SupportingDocument, analyst: Client) -> None:
    supporting.take_back(sent.pk, asked.pk, by=PERSON, at=timezone.now())
    shown = unescape(text_of(analyst, page(asked)))
    assert "document 1: PDF" in shown
    assert "and is not considered. Nobody can look at it" in shown
    assert "Page 1 of 2" not in shown
    assert analyst.get(f"{page(asked, 'supporting_picture')}?document={sent.pk}&page=1").status_code == 404
    assert "Document taken back that supported a correction" in text_of(analyst, page(asked, "change"))


@pytest.mark.parametrize("query", ["", "?document=x", "?document=6f1f6f3e-0000-4000-8000-000000000000&page=1"])
def test_there_is_no_picture_of_what_is_not_there(asked: Case, analyst: Client, query: str) -> None:
    assert analyst.get(page(asked, "supporting_picture") + query).status_code == 404


def test_other_requests_have_no_such_page(case: Case, analyst: Client) -> None:
    assert analyst.get(page(case)).status_code == 404
    assert page(case) not in text_of(analyst, page(case, "change"))
