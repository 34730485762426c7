"""Documents from an owner to the person: taken in, drawn, looked through, blacked out, released, and nothing else."""

from __future__ import annotations

import hashlib
import io
import json
import re
from datetime import timedelta
from pathlib import Path

import pypdf
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from jsonschema import Draft202012Validator

from dsar.jobs import pausing
from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.vault.errors import KeyDestroyed
from exports.documents import lockdown
from exports.documents.sandbox import Sandbox
from exports.fulfil import upkeep
from exports.fulfil.account import account_of
from exports.fulfil.documents import drawing, keeping, replacing
from exports.fulfil.tasks.opening import AnswerRefused
from exports.models import Document, DocumentArea, DocumentPage, DocumentState, RunState
from exports.reports.case_report import report_html
from requests_app.events import EventKind
from requests_app.finding_moves import EDGES
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.states import State
from tests.exports import papers, tasks
from tests.exports.house import ANALYST, APPROVER, House, facts_of, files_of, fresh, run_of
from tests.exports.papers import SECRET
from tests.exports.tasks import Owner

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

GROUND = "ca_145k_rights_of_others"


def asked(house: House, right: Right = Right.KNOW_SPECIFIC) -> tuple[Case, Owner]:
    """A case that waits for the archive's owner, who has entered the task."""
    tasks.set_up()
    case = house.reviewing(right)
    house.move(case, "start_gathering")
    house.work()
    owner = Owner()
    owner.asks_for_code(tasks.link())
    house.work()
    owner.types(tasks.code())
    return fresh(case), owner


def brings(owner: Owner, content: bytes, name: str = "letter.bin") -> int:
    """Send a document; the status of the answer."""
    file = SimpleUploadedFile(name, content)
    return owner.post("/task/work/", {"do": "bring", "document": file}).status_code


def deciding(house: House, *contents: bytes) -> Case:
    """A case to whose findings these documents belong, drawn."""
    case, owner = asked(house)
    for content in contents:
        assert brings(owner, content) == 200, owner.page
    assert owner.answers("done").status_code == 200
    house.work()
    return fresh(case)


def documents(case: Case) -> list[Document]:
    return list(Document.objects.filter(task__case=case).order_by("label"))


def look_at_all(case: Case) -> None:
    """As if each page had been shown."""
    DocumentPage.objects.filter(document__task__case=case).update(seen_at=timezone.now(), seen_by="staff:1")


def mark(house: House, page: DocumentPage, *edges: int) -> None:
    """Black out from the left to the right edge, from the upper to the lower: left, top, right, bottom."""
    inputs = {name: str(value) for name, value in zip(EDGES, edges, strict=True)}
    house.move(page.document.task.case, "mark_area", page=str(page.pk), code=GROUND, **inputs)


def decide(house: House, document: Document, choice: str, code: str = "") -> None:
    house.move(document.task.case, "decide_document", document=str(document.pk), choice=choice, code=code)


def test_what_is_brought_is_sealed_drawn_and_can_be_removed_again(house: House) -> None:
    case, owner = asked(house)
    content = papers.pdf(f"Dear {SECRET}", "page two")
    assert brings(owner, content, "photo.jpg") == 200  # by its content, never by its name
    assert "Document 1: PDF" in owner.page
    (document,) = documents(case)
    assert document.clear_sha256 == hashlib.sha256(content).hexdigest()
    assert SECRET.encode() not in (house.data / document.path).read_bytes()
    assert keeping.original(document) == content
    house.work()
    document.refresh_from_db()
    assert (document.state, document.pages.count()) == (DocumentState.READY, 2)
    paths = [house.data / document.path, *(house.data / page.path for page in document.pages.all())]
    assert all(path.exists() for path in paths)
    owner.post("/task/work/", {"do": "take_away", "document_id": str(document.pk)})
    assert not documents(case)
    assert "No file was sent" in owner.page or owner.answers("done").status_code == 400


BAD = {
    "an archive": (b"PK\x03\x04 something", "We take PDF"),
    "a program that is called a picture": (b"MZ\x90\0", "We take PDF"),
    "a page of the web": (b"<html><body>Hello</body></html>", "We take PDF"),
    "nothing": (b"  ", "not an empty one"),
    "a PDF that ends too soon": (papers.pdf("Hello")[:300], "broken"),
    "a PDF with a password": (papers.pdf("Hello", password="abc"), "asks for a password"),
    "a PDF of many pages": (papers.pdf(*["x"] * 201), "too many pages"),
    "a picture that ends too soon": (papers.scan("Hello")[:40], "broken"),
    "a picture of a billion pixels": (
        papers.scan("x").replace((600).to_bytes(4, "big") + (400).to_bytes(4, "big"), b"\0\0\x80\0\0\0\x80\0", 1),
        "broken|too large",
    ),
    "a mail with more files than any has": (papers.mail("x", *[("a", b"b")] * 51), "files came with this mail"),
}


def test_each_bad_document_is_refused_with_a_sentence_and_none_is_kept(house: House) -> None:
    case, owner = asked(house)
    for what, (content, said) in BAD.items():
        assert brings(owner, content) == 400, what
        assert re.search(said, owner.page), what
    big = papers.pdf("x") + b"0" * settings.MOST_UPLOADED
    assert brings(owner, big) == 400
    assert "too large" in owner.page
    assert not documents(case)
    assert not list((house.data / "documents").rglob("*"))


def test_where_the_process_cannot_be_locked_up_no_document_is_taken(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _case, owner = asked(house)
    unlockable = Sandbox(module="tests.exports.documents.unlockable")
    monkeypatch.setattr("exports.fulfil.documents.taking.sandbox", lambda: unlockable)
    assert brings(owner, papers.pdf("Hello")) == 400
    assert "be taken at present" in owner.page
    assert "DSAR_RENDER_UNLOCKED" in caplog.text
    assert lockdown.CALLS  # of this process


def test_documents_are_asked_for_only_where_they_are_handed_over(house: House) -> None:
    _case, owner = asked(house, Right.PORTABILITY)
    assert 'value="bring"' not in owner.page
    assert brings(owner, papers.pdf("Hello")) == 400
    assert "Nothing is asked for there" in owner.page


def pausing_at(monkeypatch: pytest.MonkeyPatch, place: object, name: str) -> None:
    """Somebody pauses all work while this is done for the first time."""
    done = getattr(place, name)

    def pauses(*about: object, **more: object) -> object:
        monkeypatch.setattr(place, name, done)
        pausing.pause(by="staff:1", at=timezone.now())
        return done(*about, **more)

    monkeypatch.setattr(place, name, pauses)


def goes_on(house: House, kind: str) -> None:
    """The job was put back and left nothing; now it is done."""
    job = Job.objects.get(kind=kind)
    assert (job.state, job.attempts, job.error) == (JobState.WAITING, 0, "")
    pausing.resume()
    house.work()


def test_a_case_waits_until_every_document_is_drawn_looked_at_and_copied_through_a_pause(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    pausing_at(monkeypatch, drawing, "_page")
    case = deciding(house, papers.pdf("one", "two"))
    (document,) = documents(case)
    assert (document.state, document.pages.count()) == (DocumentState.WAITING, 0)
    goes_on(house, "draw_document")
    assert run_of(case, "archive").state == RunState.DONE
    with pytest.raises(MoveShut, match="not looked through"):
        house.move(case, "approve", APPROVER)
    with pytest.raises(InputRefused, match="2 pages of it were shown to nobody"):
        decide(house, document, "release")
    look_at_all(case)
    decide(house, document, "release")
    with pytest.raises(MoveShut, match="are being made"):
        house.move(case, "approve", APPROVER)
    pausing_at(monkeypatch, keeping, "picture")
    house.work()
    goes_on(house, "make_released_copy")
    house.move(case, "approve", APPROVER)


def test_the_released_copy_holds_no_text_no_metadata_and_nothing_under_the_black(house: House) -> None:
    case = deciding(house, papers.pdf(f"Dear {SECRET}"), papers.scan(SECRET))
    letter, picture = documents(case)
    mark(house, letter.pages.get(), 0, 100, 1000, 250)
    mark(house, picture.pages.get(), 166, 250, 500, 500)
    look_at_all(case)
    for document in (letter, picture):
        decide(house, document, "release")
    house.work()
    house.approve(case)
    files = files_of(case)
    copies = {path: files[path] for path in files if path.startswith("documents/")}
    assert list(copies) == ["documents/archive/1.pdf", "documents/archive/2.pdf"]
    for content in copies.values():
        assert papers.text_of(content).strip() == ""
        read = pypdf.PdfReader(io.BytesIO(content))
        assert not read.metadata
        assert set(read.trailer) == {"/Size", "/Root"}
        assert set(read.trailer["/Root"]) == {"/Type", "/Pages"}
        for word in SECRET.split():
            assert word.encode() not in content
    (page,) = papers.pictures_of(copies["documents/archive/1.pdf"])
    assert {page.getpixel((x, y)) for x in range(5, page.width - 5, 3) for y in range(190, 420, 3)} == {(0, 0, 0)}
    (page,) = papers.pictures_of(copies["documents/archive/2.pdf"])
    assert not papers.has_patch(page)
    assert page.getpixel((50, 50)) == (255, 255, 255)


def test_the_manifest_names_both_hashes_and_the_index_says_what_is_black(house: House) -> None:
    content = papers.pdf("Hello")
    case = deciding(house, content)
    (document,) = documents(case)
    mark(house, document.pages.get(), 0, 0, 100, 100)
    mark(house, document.pages.get(), 500, 500, 600, 600)
    look_at_all(case)
    decide(house, document, "release")
    house.work()
    house.approve(case)
    files = files_of(case)
    manifest = json.loads(files["manifest.json"])
    Draft202012Validator(json.loads(files["schemas/manifest.schema.json"])).validate(manifest)
    (entry,) = manifest["documents"]
    copy = files[entry["path"]]
    assert entry["sha256"] == hashlib.sha256(copy).hexdigest()
    assert entry["original_sha256"] == hashlib.sha256(content).hexdigest()
    assert (entry["decision"], entry["pages"], entry["blacked_out"][0]["areas"]) == ("release", 1, 2)
    index = files["index.html"].decode()
    assert 'href="documents/archive/1.pdf"' in index
    assert "2 areas are blacked out" in index
    (fact,) = facts_of(case, EventKind.DECIDE_DOCUMENT)
    assert (fact["areas"], fact["sha256"]) == (2, entry["original_sha256"])
    report = report_html(fresh(case))
    assert entry["sha256"] in report
    assert entry["original_sha256"] in report
    assert "2 areas" in report
    told = account_of(fresh(case), "en")
    assert "It holds 1 document besides." in told
    assert sum("1798.145(k)" in sentence for sentence in told) == 1  # both areas are black on the same ground
    assert "Además contiene 1 documento." in account_of(fresh(case), "es")


def test_what_came_with_a_mail_is_a_document_of_its_own_or_named_as_not_shown(house: House) -> None:
    inner = papers.mail("Forwarded")
    locked = papers.pdf("y", password="z")
    content = papers.mail(
        "Hello", ("scan.png", papers.scan("x")), ("prices.xlsx", b"PK\x03\x04"), ("locked.pdf", locked)
    )
    case = deciding(house, content, papers.mail("See below", ("old.eml", inner)))
    found = {item.label: item for item in documents(case)}
    assert sorted(found) == ["1", "1-1", "1-2", "2", "2-1"]
    assert [found[label].kind for label in ("1", "1-1", "1-2", "2-1")] == ["mail", "png", "pdf", "mail"]
    assert (found["1-2"].state, found["1-2"].fault) == (DocumentState.FAILED, "encrypted")
    look_at_all(case)
    with pytest.raises(InputRefused, match="can't be shown"):
        decide(house, found["1-2"], "release")
    decide(house, found["1-2"], "withhold", GROUND)
    for label in ("1", "1-1", "2", "2-1"):
        decide(house, found[label], "release")
    house.work()
    house.approve(case)
    manifest = json.loads(files_of(case)["manifest.json"])
    assert [entry["path"] is None for entry in manifest["documents"]] == [False, False, True, False, False]


def test_a_document_is_withheld_whole_only_on_a_ground_and_the_person_is_told_it(house: House) -> None:
    case = deciding(house, papers.pdf("Hello"))
    (document,) = documents(case)
    with pytest.raises(InputRefused):
        decide(house, document, "withhold")
    decide(house, document, "withhold", GROUND)
    with pytest.raises(MoveShut, match="Four eyes"):
        house.move(case, "approve", ANALYST)
    house.approve(case)
    files = files_of(case)
    assert not any(path.startswith("documents/") for path in files)
    assert "left out." in files["index.html"].decode()
    assert json.loads(files["manifest.json"])["documents"][0]["code"] == GROUND
    told = account_of(fresh(case), "en")
    assert not any("document besides" in sentence for sentence in told)
    (ground,) = (sentence for sentence in told if "1798.145(k)" in sentence)
    assert ground.startswith("Something is left out. This would adversely affect the rights of other people")


def test_a_redacted_copy_takes_the_place_of_its_original_once_it_was_looked_through(house: House) -> None:
    case = deciding(house, papers.pdf(f"Dear {SECRET}"))
    (document,) = documents(case)
    with pytest.raises(InputRefused, match="No redacted copy"):
        decide(house, document, "replace", GROUND)
    with pytest.raises(AnswerRefused, match="broken"):
        replacing.bring(case.pk, str(document.pk), papers.pdf("x")[:200], by=ANALYST, at=timezone.now())
    replacing.bring(case.pk, str(document.pk), papers.scan("Dear ..."), by=ANALYST, at=timezone.now())
    house.work()
    with pytest.raises(InputRefused, match="shown to nobody"):
        decide(house, document, "replace", GROUND)
    look_at_all(case)
    decide(house, document, "replace", GROUND)
    house.work()
    house.approve(case)
    files = files_of(case)
    (entry,) = json.loads(files["manifest.json"])["documents"]
    assert (entry["decision"], entry["code"]) == ("replace", GROUND)
    (page,) = papers.pictures_of(files[entry["path"]])
    assert papers.has_patch(page)


def test_a_change_of_an_area_takes_the_decision_and_the_copy_back(house: House) -> None:
    case = deciding(house, papers.pdf("Hello"))
    (document,) = documents(case)
    look_at_all(case)
    decide(house, document, "release")
    house.work()
    document.refresh_from_db()
    copy = house.data / document.copy_path
    assert copy.exists()
    mark(house, document.pages.get(), 1, 1, 2, 2)
    document.refresh_from_db()
    assert (document.decision, document.copy_path) == ("", "")
    (area,) = DocumentArea.objects.all()
    house.move(case, "unmark_area", area=str(area.pk))
    with pytest.raises(InputRefused):
        house.move(case, "unmark_area", area=str(area.pk))
    with pytest.raises(InputRefused, match="right edge"):
        mark(house, document.pages.get(), 5, 1, 5, 2)
    with pytest.raises(InputRefused, match="from 0 to 1000"):
        mark(house, document.pages.get(), 5, 1, 1001, 2)


def test_documents_alone_are_an_answer_and_gathering_anew_sets_them_aside(house: House) -> None:
    case = deciding(house, papers.pdf("Hello"))
    house.move(case, "gather_again")
    house.work()
    assert not Document.objects.of_answer(fresh(case)).exists()
    assert fresh(case).state == State.GATHERING


def test_the_files_of_documents_end_with_the_content_and_their_hashes_stay(house: House) -> None:
    case = deciding(house, papers.pdf("Hello"))
    (document,) = documents(case)
    look_at_all(case)
    decide(house, document, "release")
    house.work()
    house.approve(case)
    lying = list((house.data / "documents").rglob("*.sealed"))
    assert len(lying) == 3  # original, page, copy
    house.later(timedelta(days=50))
    house.later(timedelta(days=2))
    with pytest.raises(KeyDestroyed):
        keeping.original(Document.objects.get(pk=document.pk))
    upkeep.remove_orphaned_files(at=timezone.now() + timedelta(days=2))
    assert not [path for path in lying if Path(path).exists()]
    document.refresh_from_db()
    assert document.clear_sha256
    assert document.clear_sha256 in report_html(fresh(case))
