"""Documents on the desk: looked at as pictures, marked by typing, decided on; kept by no browser."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from dsar.ledger import chains
from exports.models import Document, DocumentArea, DocumentPage, DocumentState
from requests_app.facts import SURENESS_LABELS
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.services import staffing
from tests.exports import papers
from tests.exports.fulfil.test_documents import GROUND, deciding
from tests.exports.house import House, fresh
from tests.exports.papers import SECRET

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def signed_in(role: Role) -> Client:
    staffing.set_up_roles()
    client = Client()
    client.force_login(staffing.add_staff(f"a-{role}", f"{role}@larkspur-outfitters.example", None, [role]))
    return client


def page_of(case: Case, **query: object) -> str:
    words = "&".join(f"{name}={value}" for name, value in query.items())
    return f"/admin/requests_app/case/{case.pk}/documents/?{words}"


def posts(analyst: Client, case: Case, move: str, **inputs: object) -> str:
    """Send a form of the page; what is read then."""
    given = {"version": fresh(case).version, "back": page_of(case), **inputs}
    answer = analyst.post(f"/admin/requests_app/case/{case.pk}/move/{move}/", given, follow=True)
    return answer.content.decode()


def test_an_analyst_looks_marks_by_typing_and_releases(house: House) -> None:
    case = deciding(house, papers.pdf(f"Dear {SECRET}", "page two"))
    analyst = signed_in(Role.ANALYST)
    (document,) = Document.objects.all()
    first, second = document.pages.all()
    shown = analyst.get(page_of(case)).content.decode()
    assert SECRET not in shown
    assert "Page 1 of 2" in shown
    assert "1 page was shown to nobody yet" in shown
    assert not re.search(r"<script>[^<]*picture", shown)  # what draws is a file of its own
    (url,) = re.findall(rf'src="([^"]+picture/\?page={first.pk})"', shown)

    answer = analyst.get(url)
    assert answer["Content-Type"] == "image/png"
    assert "no-store" in answer["Cache-Control"]
    assert Image.open(BytesIO(answer.content)).size == (first.width, first.height)
    look = chains.history("access:2026-11-23").get(kind="seen.document")
    assert (look.facts["document"], look.facts["page"]) == (str(document.pk), 1)

    given = {"document": document.pk, "choice": "release", "code": "", "explanation": ""}
    assert "1 page of it was shown to nobody yet" in posts(analyst, case, "decide_document", **given)
    analyst.get(url.replace(str(first.pk), str(second.pk)))
    edges = {"left": 0, "top": 100, "right": 1000, "bottom": 250}
    marked = posts(analyst, case, "mark_area", page=first.pk, code=GROUND, explanation="Another person.", **edges)
    assert "Blacked out on this page" in marked
    (used,) = (each for each in case.packs()[0].exemptions if each.code == GROUND)
    beside = rf"<cite>{re.escape(used.citation)}</cite> <span [^>]+>{SURENESS_LABELS[used.sureness]}</span>"
    assert re.search(beside, marked)
    assert "width: 100.0%; height: 15.0%" in marked
    assert "Another person." in marked
    assert ": done." in posts(analyst, case, "decide_document", **given)
    house.work()
    document.refresh_from_db()
    assert document.copy_clear_sha256 in analyst.get(page_of(case)).content.decode()

    area = DocumentArea.objects.get()
    assert "Blacked out on this page" not in posts(analyst, case, "unmark_area", area=area.pk)
    document.refresh_from_db()
    assert document.decision == ""


def test_bad_edges_and_foreign_pages_are_refused_with_a_sentence(house: House) -> None:
    case = deciding(house, papers.pdf("Hello"))
    analyst = signed_in(Role.ANALYST)
    page = DocumentPage.objects.get()
    good = {"page": page.pk, "left": 1, "top": 1, "right": 2, "bottom": 2, "code": GROUND, "explanation": ""}
    for changes, said in (
        ({"right": 1}, "to the right of the left one"),
        ({"bottom": 0}, "below the upper one"),
        ({"left": "x"}, "a whole number from 0 to 1000"),
        ({"right": "1001"}, "a whole number from 0 to 1000"),
        ({"page": "8e6f3c1e-0000-4000-8000-000000000000"}, "There is no such page"),
        ({"page": "x"}, "There is no such page"),
        ({"code": ""}, "Please fill this in"),
    ):
        assert said in posts(analyst, case, "mark_area", **{**good, **changes}), changes
    assert not DocumentArea.objects.exists()
    for query in ("page=x", "page=8e6f3c1e-0000-4000-8000-000000000000", ""):
        assert analyst.get(f"/admin/requests_app/case/{case.pk}/picture/?{query}").status_code == 404
    for query in ({"page": "999999999999"}, {"page": "-1"}, {"document": "x"}):
        assert analyst.get(page_of(case, **query)).status_code == 200


def test_who_does_not_see_cases_sees_no_page_and_an_auditor_changes_nothing(house: House) -> None:
    case = deciding(house, papers.pdf("Hello"))
    page = DocumentPage.objects.get()
    url = f"/admin/requests_app/case/{case.pk}/picture/?page={page.pk}"
    for client in (Client(), signed_in(Role.SOURCE_OWNER)):
        for address in (url, page_of(case)):
            assert client.get(address).status_code in (302, 403, 404)
    auditor = signed_in(Role.AUDITOR)
    assert auditor.get(url).status_code in (200, 403, 404)
    given = {"document": page.document_id, "choice": "withhold", "code": GROUND}
    assert ": done." not in posts(auditor, case, "decide_document", **given)
    page.refresh_from_db()
    assert page.seen_at is None  # the desk alone looks through
    assert Document.objects.get().decision == ""


def test_a_redacted_copy_is_sent_on_the_page_and_a_broken_one_is_refused_there(house: House) -> None:
    case = deciding(house, papers.pdf(SECRET))
    analyst = signed_in(Role.ANALYST)
    (document,) = Document.objects.all()

    def sends(content: bytes) -> str:
        given = {"document": document.pk, "copy": SimpleUploadedFile("copy.pdf", content)}
        return analyst.post(page_of(case), given, follow=True).content.decode()

    assert "broken or incomplete" in sends(papers.pdf("x")[:200])
    assert "not a mail" in sends(papers.mail("x"))
    assert "none" in sends(b"PK\x03\x04")
    assert "The redacted copy is kept" in sends(papers.pdf("Dear ..."))
    house.work()
    copy = document.redacted
    assert copy.state == DocumentState.READY
    shown = analyst.get(page_of(case, document=copy.pk)).content.decode()
    assert "This is a redacted copy" in shown
