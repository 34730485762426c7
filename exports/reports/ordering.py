"""Ordering a report: made by a worker, kept sealed under the record's key, found again by the event it is as of."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from dsar.jobs.queue import enqueue
from dsar.jobs.running import Run
from dsar.vault import files
from dsar.vault.files import SealedWriter
from exports.models import Report
from exports.reports import case_report, pdf
from requests_app.models import Case


def order_report(case: Case, *, language: str = "en", at: datetime) -> Report | None:  # noqa: ARG001
    """The report as of the case's last event; None while a worker makes it."""
    made = Report.objects.filter(case=case, as_of=case.version, language=language).first()
    if made is None:
        with transaction.atomic():
            enqueue(
                "render_report",
                {"case": str(case.pk), "as_of": case.version, "language": language},
                key=f"report:{case.pk}:{case.version}:{language}",
            )
    return made


def render_report(run: Run) -> None:
    """The job: render, seal, keep."""
    case = Case.objects.select_related("submission__organisation", "submission__subject").get(
        pk=str(run.arguments["case"])
    )
    as_of, language = int(run.arguments["as_of"]), str(run.arguments["language"])
    report_id = uuid.uuid5(case.pk, f"report:{as_of}:{language}")
    if Report.objects.filter(pk=report_id).exists():
        return
    made = pdf.pdf(case_report.report_html(case, as_of=as_of, language=language))
    report = Report(
        id=report_id,
        case=case,
        as_of=as_of,
        language=language,
        path=str(Path("reports") / f"{report_id}.{run.fence}.sealed"),
        clear_size=len(made),
        made_at=run.at,
    )
    path = Path(settings.DATA_DIR) / report.path
    path.parent.mkdir(parents=True, exist_ok=True)
    with SealedWriter(path, case.submission.record_key, context=report.context) as sealed:
        sealed.write(made)
        finished = sealed.finish()
    report.size, report.sha256 = finished.size, finished.sha256
    with run.completing():
        report.save(force_insert=True)


def read_report(report: Report) -> bytes:
    """The clear PDF; the sealed file is checked first."""
    key = report.case.submission.record_key
    with files.open_file(report.as_sealed_file(), key, context=report.context) as clear:
        return clear.read()
