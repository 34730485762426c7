"""The PDF report on the desk: ordered, waited for, downloaded, noted."""

from __future__ import annotations

import uuid
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.ledger import chains
from dsar.vault.files import SealedFile, SealedWriter
from exports.models import Report
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.states import State
from tests.requests_app.admin.conftest import NOW, Desk

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

PDF = b"%PDF-1.7 made by a worker"


@pytest.fixture
def reviewing(desk: Desk) -> Case:
    return desk.case_in(State.REVIEWING)


def path(case: Case) -> str:
    return f"/admin/requests_app/case/{case.pk}/report/"


def make_report(case: Case) -> Report:
    """A report as the worker leaves it."""
    report = Report(id=uuid.uuid4(), case=case, as_of=case.version, made_at=NOW, clear_size=len(PDF))
    report.path = f"{report.pk}.sealed"
    file = Path(settings.DATA_DIR) / report.path
    with SealedWriter(file, case.submission.record_key, context=report.context) as sealed:
        sealed.write(PDF)
        finished = sealed.finish()
    report.size, report.sha256 = finished.size, finished.sha256
    report.save()
    return report


def test_a_report_that_is_not_made_is_ordered_and_waited_for(reviewing: Case, analyst: Client) -> None:
    for _look in range(2):
        answer = analyst.get(path(reviewing))
        assert answer.status_code == 202
        assert answer["Refresh"] == "2"
        assert "The report is being made" in answer.content.decode()
    assert Job.objects.filter(kind="render_report").count() == 1


@pytest.mark.parametrize("role", [Role.ANALYST, Role.APPROVER, Role.AUDITOR])
def test_a_made_report_is_a_file(desk: Desk, reviewing: Case, role: Role) -> None:
    make_report(reviewing)
    answer = desk.client(role).get(path(reviewing))
    assert answer.content == PDF
    assert answer["Content-Type"] == "application/pdf"
    name = f"report-{reviewing.submission.reference}-know_specific-event-{reviewing.version}-en.pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "no-store" in answer["Cache-Control"]


def test_the_download_is_noted(desk: Desk, reviewing: Case, analyst: Client) -> None:
    report = make_report(reviewing)
    analyst.get(path(reviewing))
    look = chains.history("access:2026-11-23").get(kind="seen.report")
    assert look.actor == f"staff:{desk.staff[Role.ANALYST].pk}"
    assert look.facts == {"case": str(reviewing.pk), "report": str(report.pk)}


def test_looking_at_a_report_does_not_change_the_case(reviewing: Case, analyst: Client) -> None:
    make_report(reviewing)
    analyst.get(path(reviewing))
    version = reviewing.version
    reviewing.refresh_from_db()
    assert reviewing.version == version


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_damaged_report_is_not_released_but_made_again(reviewing: Case, analyst: Client, harm: str) -> None:
    report = make_report(reviewing)
    file = Path(settings.DATA_DIR) / report.path
    file.unlink() if harm == "gone" else file.write_bytes(b"something else")
    answer = analyst.get(path(reviewing), follow=True)
    assert answer.status_code == 202
    assert "was damaged or lost. The report is made again." in answer.content.decode()
    assert not Report.objects.exists()
    assert Job.objects.get(kind="render_report").state == JobState.WAITING


def test_a_report_whose_seal_is_broken_is_told_and_not_released(reviewing: Case, analyst: Client) -> None:
    report = make_report(reviewing)
    other = make_sealed_elsewhere(report)
    Report.objects.filter(pk=report.pk).update(size=other.size, sha256=other.sha256)
    answer = analyst.get(path(reviewing), follow=True)
    assert "its seal is broken, or its key was destroyed." in unescape(answer.content.decode())


def make_sealed_elsewhere(report: Report) -> SealedFile:
    """Another file in the report's place, sealed to something else."""
    file = Path(settings.DATA_DIR) / report.path
    file.unlink()
    with SealedWriter(file, report.case.submission.record_key, context="elsewhere") as sealed:
        sealed.write(PDF)
        return sealed.finish()


@pytest.mark.parametrize("role", [Role.ANALYST, Role.APPROVER, Role.AUDITOR])
def test_a_report_that_could_not_be_made_says_why_and_is_tried_again(desk: Desk, reviewing: Case, role: Role) -> None:
    client = desk.client(role)
    client.get(path(reviewing))
    job = Job.objects.get(kind="render_report")
    end = {"state": JobState.FAILED, "finished_at": NOW, "error": "exports.reports.pdf.PangoMissing"}
    Job.objects.filter(pk=job.pk).update(**end)
    answer = client.get(path(reviewing))
    shown = answer.content.decode()
    assert "Refresh" not in answer
    assert "The report could not be made" in shown
    assert "PangoMissing" in shown
    assert "apt-get install" in shown
    assert client.post(path(reviewing), follow=True).status_code == 202
    assert Job.objects.get(kind="render_report").state == JobState.WAITING
    assert chains.history("access:2026-11-23").filter(kind="set.job_tried_again").count() == 1


def test_trying_again_what_has_not_failed_changes_nothing(reviewing: Case, analyst: Client) -> None:
    analyst.get(path(reviewing))
    analyst.post(path(reviewing))
    assert not chains.history("access:2026-11-23").filter(kind="set.job_tried_again").exists()


def test_made_reports_are_listed_on_the_case(reviewing: Case, analyst: Client) -> None:
    make_report(reviewing)
    page = analyst.get(f"/admin/requests_app/case/{reviewing.pk}/change/").content.decode()
    assert f"As of event {reviewing.version} (en), made 2026-11-23 10:00" in page
