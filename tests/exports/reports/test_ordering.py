"""Ordering a report: made by a worker, of the version it tells of, kept sealed."""

from __future__ import annotations

import io
import json
import subprocess

import pytest
from django.utils import timezone
from pypdf import PdfReader

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.ledger import chains
from dsar.vault.errors import FileDamaged
from exports.models import Report
from exports.reports import case_report, ordering
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import SYSTEM
from requests_app.services.history import locked, record
from tests.exports.house import House, fresh

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def order(case: Case) -> Report | None:
    """Ask for the report."""
    return ordering.order_report(case)


def made(house: House, case: Case) -> Report:
    """Ask for the report and let the worker make it."""
    order(case)
    house.work()
    report = order(case)
    assert report is not None
    return report


def something_happens(case: Case) -> None:
    """The case moves on by an event."""
    record(locked(case.pk), EventKind.LETTER_FAILED, by=SYSTEM, at=timezone.now())


@pytest.fixture
def case(house: House) -> Case:
    """A case that has just been received."""
    case = house.file(Right.KNOW_SPECIFIC).cases.get()
    house.work()
    return fresh(case)


def test_a_worker_makes_it_and_it_is_found_again(house: House, case: Case) -> None:
    assert order(case) is None
    assert order(case) is None
    assert Job.objects.filter(kind="render_report").count() == 1
    house.work()
    report = order(case)
    assert report is not None
    assert (report.as_of, report.language) == (case.version, "en")


def test_its_text_holds_the_head_of_the_chain(house: House, case: Case) -> None:
    head = chains.history(case.chain).last()
    assert head is not None
    clear = ordering.read_report(made(house, case))
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(clear)).pages)
    assert head.hash in text.replace("\n", "")
    assert case.submission.reference in text


def test_it_lies_sealed_and_a_damaged_one_is_not_read(house: House, case: Case) -> None:
    report = made(house, case)
    path = house.data / report.path
    content = path.read_bytes()
    assert b"%PDF" not in content
    path.write_bytes(content[:-1])
    with pytest.raises(FileDamaged):
        ordering.read_report(report)


def test_one_whose_file_is_lost_is_made_again(house: House, case: Case) -> None:
    report = made(house, case)
    before = ordering.read_report(report)
    (house.data / report.path).write_bytes(b"lost")
    ordering.discard(report)
    assert ordering.read_report(made(house, case)) == before
    assert Job.objects.filter(kind="render_report").count() == 2


def test_looking_at_it_changes_no_case(house: House, case: Case) -> None:
    ordering.read_report(made(house, case))
    assert fresh(case).version == case.version


def test_the_same_event_gives_the_same_bytes(house: House, case: Case) -> None:
    report = made(house, case)
    before = ordering.read_report(report)
    (house.data / report.path).unlink()
    report.delete()
    Job.objects.filter(kind="render_report").delete()
    assert ordering.read_report(made(house, case)) == before


def test_a_case_that_moved_on_before_gets_no_report_of_the_past(house: House, case: Case) -> None:
    order(case)
    something_happens(case)
    house.work()
    assert not Report.objects.exists()
    assert made(house, case).as_of == case.version + 1


def test_a_case_that_moves_on_meanwhile_gets_none_that_mixes_two_versions(
    house: House, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = case_report.report_html

    def write_while_it_moves(written: Case, **more: str) -> str:
        html = write(written, **more)
        something_happens(written)
        return html

    monkeypatch.setattr(case_report, "report_html", write_while_it_moves)
    order(case)
    house.work()
    assert not Report.objects.exists()
    assert Job.objects.get(kind="render_report").state == JobState.DONE
    monkeypatch.setattr(case_report, "report_html", write)
    assert made(house, case).as_of == fresh(case).version


def test_a_second_attempt_makes_no_second_report(house: House, case: Case) -> None:
    report = made(house, case)
    Job.objects.filter(kind="render_report").update(state=JobState.WAITING, finished_at=None)
    house.work()
    assert list(Report.objects.all()) == [report]


def test_a_language_without_reports_is_refused(case: Case) -> None:
    with pytest.raises(ValueError, match="There are reports in en"):
        ordering.order_report(case, language="es")


@pytest.mark.slow
def test_a_closed_case_makes_a_sound_file(house: House) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    path = house.folder / "report.pdf"
    path.write_bytes(ordering.read_report(made(house, case)))
    subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)
    info = subprocess.run(["pdfinfo", path], check=True, capture_output=True, text=True).stdout
    assert "Tagged:          yes" in info
    assert json.dumps(case.submission.reference)[1:-1] in info
