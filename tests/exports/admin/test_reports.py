"""The PDF report on the desk: ordered, waited for, downloaded, noted."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from dsar.jobs.models import Job
from dsar.ledger import chains
from dsar.vault.files import SealedWriter
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


def test_a_damaged_report_is_told_and_not_released(reviewing: Case, analyst: Client) -> None:
    report = make_report(reviewing)
    (Path(settings.DATA_DIR) / report.path).write_bytes(b"something else")
    answer = analyst.get(path(reviewing), follow=True)
    assert "be opened: its file is damaged, or its key was destroyed." in answer.content.decode()


def test_made_reports_are_listed_on_the_case(reviewing: Case, analyst: Client) -> None:
    make_report(reviewing)
    page = analyst.get(f"/admin/requests_app/case/{reviewing.pk}/change/").content.decode()
    assert f"As of event {reviewing.version} (en), made 2026-11-23 10:00" in page
