"""Documents that a person sends for a correction: taken, sealed, looked at before anybody decides, and told of."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from dsar.vault import keys
from dsar.vault.errors import FileDamaged, KeyDestroyed
from exports.fulfil import upkeep
from exports.fulfil.corrections import supporting
from exports.fulfil.corrections.supporting import NoteRefused, Sent
from exports.reports.case_report import report_html
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case, Hold, SupportingDocument
from requests_app.move import InputRefused
from requests_app.roles import PERSON
from requests_app.services import papers
from requests_app.services.correcting import Correction
from requests_app.services.letters import Letter
from requests_app.services.papers import FileRefused
from requests_app.services.upkeep import destroy_orphaned_keys
from requests_app.states import State
from tests.exports.fulfil.test_holding import hold
from tests.exports.house import ANALYST, House, facts_of, fresh, person
from tests.exports.papers import pdf, scan
from tests.requests_app.factories import shut_because

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

NAME = Correction(field="shop.customers.name", value="Ann Other")
PHONE = Correction(field="shop.customers.phone", value="+1 530 555 0123")
REFUSED = {"code": "ca_106_accurate", "explanation": "You signed with this name."}
SECRET = "Certificate of Ann Marie"
DOCUMENT = pdf(SECRET)


def send(case: Case, number: int = 1, content: bytes = DOCUMENT, **more: str) -> SupportingDocument:
    """The person sends a document for a correction."""
    return supporting.take(case.pk, number, Sent(content, **more), by=PERSON, at=timezone.now())


def look(*documents: SupportingDocument) -> None:
    """Somebody of the desk looks at each page of each."""
    for document in documents:
        for number in range(1, document.pages + 1):
            supporting.note_seen(document, number, by=ANALYST, at=timezone.now())


def decide(house: House, case: Case, number: int, verdict: str, **more: str) -> None:
    house.move(case, "decide_correction", correction=str(number), verdict=verdict, reason="All was weighed.", **more)


def is_destroyed(document: SupportingDocument) -> None:
    """Neither the document nor what was written beside it can be read again."""
    for read in (papers.read, lambda row: row.note):
        with pytest.raises(KeyDestroyed):
            read(document)


def letter_of(case: Case, letter: Letter) -> str:
    return " ".join(case.messages.get(letter=letter).text.split())


def test_a_document_is_sealed_and_its_event_has_its_hash_and_nothing_that_it_says(house: House) -> None:
    case = house.reviewing(Right.CORRECT, corrections=(NAME, PHONE))
    document = send(case, 2, name="ann-passport.pdf", note="The name as it is in my passport.")
    digest = hashlib.sha256(DOCUMENT).hexdigest()
    assert (document.asked.number, document.pages, document.clear_sha256) == (2, 1, digest)
    assert papers.read(document) == DOCUMENT
    assert DOCUMENT[:20] not in (house.data / document.path).read_bytes()
    (facts,) = facts_of(case, EventKind.SUPPORTING_DOCUMENT)
    assert facts == {"correction": 2, "document": str(document.pk), "size": len(DOCUMENT), "sha256": digest}
    kept = SupportingDocument.objects.select_related("asked__case__submission").get()
    assert (kept.name, kept.note) == ("ann-passport.pdf", "The name as it is in my passport.")
    assert b"passport" not in bytes(kept.note_sealed or b"") + bytes(kept.name_sealed or b"")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "choose a file first"),
        (b"<svg/>", "PDF, PNG or JPEG"),
        (b"%PDF-1.7 and then nothing", "broken or incomplete"),
        (b"%PDF-" + b"x" * papers.MOST_BYTES, "at most 10 MB"),
    ],
)
def test_what_cannot_be_shown_is_not_kept_and_the_sentence_says_what_to_do(
    house: House, content: bytes, said: str
) -> None:
    case = house.file(Right.CORRECT, corrections=(NAME,)).cases.get()
    case.submission.confirmed_at = timezone.now()
    case.submission.save()
    with pytest.raises(FileRefused, match=said):
        send(case, content=content)
    assert not SupportingDocument.objects.exists()
    assert not list(house.data.glob("supporting/*"))


def test_a_note_is_as_long_as_it_may_be_and_of_letters(house: House) -> None:
    case = house.reviewing(Right.CORRECT, corrections=(NAME,))
    with pytest.raises(NoteRefused, match="at most 500 characters"):
        send(case, note="x" * 501)
    with pytest.raises(NoteRefused, match="characters that can't be used"):
        send(case, note="a\0b")
    assert send(case, name="\n" + "x" * 300 + ".pdf").name == "x" * 96 + ".pdf"


def test_it_is_taken_from_a_confirmed_mailbox_for_a_correction_that_is_there_and_not_without_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = house.file(Right.CORRECT, corrections=(NAME, PHONE)).cases.get()
    with pytest.raises(MoveShut, match="confirm your mailbox first"):
        send(case)
    by_post = supporting.take(case.pk, 2, Sent(DOCUMENT), by=ANALYST, at=timezone.now())
    assert by_post.sent_by == ANALYST.slug, "what came by post is taken all the same"
    house.prove(case.submission)
    with pytest.raises(MoveShut, match="choose what the document is about"):
        send(case, 3)
    for _one in range(5):
        send(case)
    with pytest.raises(MoveShut, match="at most 5 documents"):
        send(case)
    monkeypatch.setattr("requests_app.supporting.MOST_OF_CASE", 5)
    with pytest.raises(MoveShut, match="A request takes at most 5"):
        send(case, 2)
    other = house.reviewing(Right.KNOW_CATEGORIES)
    with pytest.raises(MoveShut, match="takes no documents"):
        send(other)


def test_nobody_decides_on_a_correction_before_every_page_sent_for_it_was_looked_at(house: House) -> None:
    case = house.deciding(Right.CORRECT, corrections=(NAME, PHONE))
    document = send(case)
    longer = send(case, content=pdf(SECRET, "second", "third"))
    look(document)
    supporting.note_seen(longer, 2, by=ANALYST, at=timezone.now())
    supporting.note_seen(longer, 2, by=ANALYST, at=timezone.now())
    with pytest.raises(InputRefused, match="Not looked at: 2 of 3 pages of document 2 on correction 1"):
        decide(house, case, 1, "refused", **REFUSED)
    decide(house, case, 2, "granted", found="1")
    look(longer)
    longer.refresh_from_db()
    assert (longer.pages_seen, longer.pages_left, longer.seen_by) == ([1, 2, 3], [], ANALYST.slug)
    decide(house, case, 1, "refused", **REFUSED)
    house.approve(case)
    told = "Name: not corrected. Looking at all the circumstances"
    assert told in letter_of(case, Letter.CORRECTED)
    assert "We looked at what you sent for it (2 documents), and considered it" in letter_of(case, Letter.CORRECTED)
    assert letter_of(case, Letter.CORRECTED).count("We looked at what you sent") == 1


def test_a_case_is_not_refused_on_the_matter_before_that_and_the_letter_says_that_all_were_considered(
    house: House,
) -> None:
    case = house.reviewing(Right.CORRECT, corrections=(NAME,))
    documents = send(case), send(case, content=scan("Ann"))
    look(documents[0])
    with pytest.raises(InputRefused, match="Not looked at: 1 of 1 page of document 2 on correction 1"):
        house.move(case, "refuse", reason="Weighed.", **REFUSED)
    look(documents[1])
    house.move(case, "refuse", reason="Weighed.", **REFUSED)
    assert "We looked at what you sent for it (2 documents), and considered it" in letter_of(case, Letter.REFUSAL)
    with pytest.raises(MoveShut, match="carried out, or closed"):
        send(case)


def test_a_ground_that_says_nothing_of_the_matter_waits_for_no_look(house: House) -> None:
    case = house.reviewing(Right.CORRECT, corrections=(NAME,))
    send(case)
    house.move(case, "refuse", code="ca_7023h_fraud_abuse", explanation="A machine filed it.", reason="Documented.")
    assert fresh(case).state == State.CLOSED
    assert "what you sent" not in letter_of(case, Letter.REFUSAL)


def test_a_document_that_comes_after_the_decision_is_decided_on_before_approval(house: House) -> None:
    case = house.deciding(Right.CORRECT, corrections=(NAME, PHONE))
    decide(house, case, 1, "refused", **REFUSED)
    decide(house, case, 2, "granted", found="1")
    house.shift(timedelta(minutes=1))
    document = send(case)
    with pytest.raises(MoveShut, match="Somebody has to look at every page"):
        house.approve(case)
    look(document)
    with pytest.raises(MoveShut, match="sent a document after the decision"):
        house.approve(case)
    house.shift(timedelta(minutes=1))
    decide(house, case, 1, "granted", found="1")
    house.approve(case)
    assert house.sql("shop", "SELECT name FROM customers WHERE id = 7") == [("Ann Other",)]


def test_where_approving_is_the_decision_it_waits_for_the_look_too(house: House) -> None:
    case = house.deciding(Right.CORRECT, corrections=(PHONE,))
    document = send(case)
    with pytest.raises(MoveShut, match="Somebody has to look at every page"):
        house.approve(case)
    look(document)
    house.approve(case)
    assert fresh(case).outcome == "fulfilled"


def test_what_is_drawn_is_one_page_as_a_picture(house: House) -> None:
    document = send(house.reviewing(Right.CORRECT, corrections=(NAME,)))
    assert supporting.picture(document, 1).startswith(b"\x89PNG")
    with pytest.raises(FileRefused):
        supporting.picture(document, 2)
    (Path(settings.DATA_DIR) / document.path).write_bytes(b"something else")
    with pytest.raises(FileDamaged):
        supporting.picture(document, 1)


def test_it_lives_as_long_as_the_record_and_longer_than_content(house: House) -> None:
    case = house.deciding(Right.CORRECT, corrections=(PHONE,))
    document = send(case)
    look(document)
    house.approve(case)
    house.later(timedelta(days=60))
    assert facts_of(case, EventKind.CONTENT_SHREDDED)
    upkeep.remove_orphaned_files(at=timezone.now())
    assert papers.read(document) == DOCUMENT
    document.delete()
    upkeep.remove_orphaned_files(at=timezone.now())
    assert not (house.data / document.path).exists()


def test_it_goes_with_the_record_and_not_before(house: House) -> None:
    case = house.reviewing(Right.CORRECT, corrections=(NAME,))
    document = send(case, note="Mine.")
    later = timezone.now() + timedelta(days=2)
    destroy_orphaned_keys(at=later)
    assert papers.read(document) == DOCUMENT
    keys.destroy(case.submission.record_key, at=timezone.now())
    destroy_orphaned_keys(at=later)
    is_destroyed(document)


def test_what_is_taken_back_is_destroyed_considered_no_more_and_stays_in_the_history(house: House) -> None:
    case = house.deciding(Right.CORRECT, corrections=(NAME, PHONE))
    document, other = send(case, name="ann-passport.pdf", note="Mine."), send(case)
    supporting.take_back(document.pk, case.pk, by=PERSON, at=timezone.now())
    house.later(timedelta(hours=1, minutes=1))
    is_destroyed(document)
    assert not (house.data / document.path).exists()
    assert papers.read(other) == DOCUMENT
    kept = SupportingDocument.objects.get(pk=document.pk)
    assert (kept.name_sealed, kept.note_sealed, kept.clear_sha256) == (None, None, document.clear_sha256)
    (facts,) = facts_of(case, EventKind.SUPPORTING_TAKEN_BACK)
    assert facts == {"correction": 1, "document": str(document.pk)}
    look(other)
    decide(house, case, 1, "refused", **REFUSED)
    decide(house, case, 2, "granted", found="1")
    house.approve(case)
    assert "what you sent for it (1 document)" in letter_of(case, Letter.CORRECTED)
    report = report_html(fresh(case))
    assert "from person on 23 November 2026; taken back on 23 November 2026, and destroyed" in report
    assert "; each page looked at by 23 November 2026, the last by " in report


def test_what_is_decided_on_is_taken_back_no_more_but_what_came_later_is(house: House) -> None:
    case = house.deciding(Right.CORRECT, corrections=(NAME, PHONE))
    document = send(case)
    look(document)
    decide(house, case, 1, "refused", **REFUSED)
    house.shift(timedelta(minutes=1))
    late = send(case)
    supporting.take_back(late.pk, case.pk, by=PERSON, at=timezone.now())
    decide(house, case, 2, "granted", found="1")
    for one in (document, late):
        with pytest.raises(MoveShut, match="can't be taken back any more"):
            supporting.take_back(one.pk, case.pk, by=PERSON, at=timezone.now())
    house.approve(case)
    assert papers.read(document) == DOCUMENT


def test_a_hold_keeps_what_was_taken_back_and_nobody_looks_at_it(house: House) -> None:
    case = house.reviewing(Right.CORRECT, corrections=(NAME,))
    document = send(case, note="Mine.")
    hold(house)
    supporting.take_back(document.pk, case.pk, by=PERSON, at=timezone.now())
    house.later(timedelta(hours=30))
    destroy_orphaned_keys(at=timezone.now())
    assert (house.data / document.path).exists()
    assert papers.read(document) == DOCUMENT
    Hold.objects.update(released_at=timezone.now())
    house.later(timedelta(hours=2))
    is_destroyed(document)


def test_what_came_before_documents_had_keys_of_their_own_is_read_and_taken_back(house: House) -> None:
    document = SupportingDocument(asked=house.reviewing(Right.CORRECT, corrections=(NAME,)).corrections.get())
    document.pages, document.clear_size, document.sent_at = 1, len(DOCUMENT), timezone.now()
    papers.seal(document, DOCUMENT, folder=supporting.FOLDER)
    document.save()
    assert papers.read(document) == DOCUMENT
    case = document.asked.case
    supporting.take_back(document.pk, case.pk, by=PERSON, at=timezone.now())
    house.later(timedelta(hours=1, minutes=1))
    assert not (house.data / document.path).exists()
    assert case.submission.name == person().name, "the record is as it was"


def test_a_file_of_which_no_row_is_written_goes_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    case = house.reviewing(Right.CORRECT, corrections=(NAME,))

    def broken(*_arguments: object, **_facts: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(supporting, "record", broken)
    with pytest.raises(RuntimeError):
        send(case)
    assert not SupportingDocument.objects.exists()
    assert not list(house.data.glob("supporting/*"))


def test_a_duplicate_that_brings_a_document_is_decided_by_itself(house: House) -> None:
    house.reviewing(Right.CORRECT, corrections=(NAME,))
    again = house.reviewing(Right.CORRECT, corrections=(NAME,))
    send(again)
    assert "the documents that the person sent with it" in shut_because(again, "merge", at=timezone.now())


@pytest.mark.slow
def test_the_report_has_its_hash_day_and_sender_and_not_its_name(house: House) -> None:
    case = house.reviewing(Right.CORRECT, corrections=(NAME,))
    document = send(case, name="ann-passport.pdf", note="My passport.")
    report = report_html(fresh(case))
    assert f'PDF, 1 page, from person on 23 November 2026<div class="line">SHA-256 {document.clear_sha256}' in report
    assert "passport" not in report
