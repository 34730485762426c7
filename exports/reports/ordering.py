"""Ordering a report: made by a worker, kept sealed under the record's key, found again by the event it is as of."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.queue import NotFailed, enqueue, retry
from dsar.jobs.running import Run
from dsar.vault import files
from dsar.vault.files import SealedWriter
from exports.models import Report
from exports.reports import case_report, pdf
from requests_app.models import Case
from requests_app.roles import Actor
from requests_app.services.staffing import note_setting


def order_report(case: Case, *, language: str = "en") -> Report | None:
    """The report as of the case's last event; None while a worker makes it. Ask again: the case may move on meanwhile.

    Raises ValueError for a language in which there are no reports.
    """
    if language not in case_report.LANGUAGES:
        raise ValueError(f"There are reports in {', '.join(case_report.LANGUAGES)}, not in {language!r}.")
    as_of = _version(case.pk)
    made = Report.objects.filter(case=case, as_of=as_of, language=language).first()
    if made is None:
        with transaction.atomic():
            _order(case, as_of, language)
    return made


def _order(case: Case, as_of: int, language: str) -> None:
    """Have it made; anew if its file was lost. A job that gave up waits until somebody has it tried again."""
    ordered = _jobs(case, as_of, language)
    if ordered.exclude(state=JobState.DONE).exists():
        return
    arguments: dict[str, str | int] = {"case": str(case.pk), "as_of": as_of, "language": language}
    enqueue("render_report", arguments, key=f"{_key(case, as_of, language)}:{ordered.count()}")


def failed_job(case: Case, *, language: str = "en") -> Job | None:
    """The job that gave up on the report as of the case's last event, if one did."""
    return _jobs(case, _version(case.pk), language).filter(state=JobState.FAILED).first()


def try_again(case: Case, *, by: Actor, at: datetime, language: str = "en") -> None:
    """Have the job that gave up tried again, with all its attempts."""
    job = failed_job(case, language=language)
    if job is not None:
        with suppress(NotFailed), transaction.atomic():  # somebody else was faster
            retry(job, at=at)
            note_setting("job_tried_again", by=by, at=at, job=str(job.pk), kind=job.kind)


def discard(report: Report) -> None:
    """Forget a report whose file is damaged or lost: whoever asks next has it made anew."""
    report.delete()


def _jobs(case: Case, as_of: int, language: str) -> QuerySet[Job]:
    return Job.objects.filter(key__startswith=f"{_key(case, as_of, language)}:")


def _key(case: Case, as_of: int, language: str) -> str:
    return f"report:{case.pk}:{as_of}:{language}"


def render_report(run: Run) -> None:
    """The job: render, seal, keep. Of a case that has moved on nothing is kept: who still wants one orders it anew.

    Every change of a case raises its version in the same transaction. So if the version is the same before and after
    everything was read, all that was read belongs to it.
    """
    as_of, language = int(run.arguments["as_of"]), str(run.arguments["language"])
    case = _case(str(run.arguments["case"]))
    report_id = uuid.uuid5(case.pk, f"report:{as_of}:{language}")
    if case.version != as_of or Report.objects.filter(pk=report_id).exists():
        return
    html = case_report.report_html(case, language=language)
    if _version(case.pk) != as_of:
        return
    report = Report(id=report_id, case=case, as_of=as_of, language=language, made_at=run.at)
    report.path = str(Path("reports") / f"{report_id}.{run.job.pk.hex[:8]}.{run.fence}.sealed")
    _seal(report, pdf.pdf(html))
    with run.completing():
        report.save(force_insert=True)


def _seal(report: Report, clear: bytes) -> None:
    path = Path(settings.DATA_DIR) / report.path
    path.parent.mkdir(parents=True, exist_ok=True)
    with SealedWriter(path, report.case.submission.record_key, context=report.context) as sealed:
        sealed.write(clear)
        finished = sealed.finish()
    report.clear_size, report.size, report.sha256 = len(clear), finished.size, finished.sha256


def _case(case_id: str) -> Case:
    return Case.objects.select_related("submission__organisation", "submission__subject").get(pk=case_id)


def _version(case_id: uuid.UUID) -> int:
    return Case.objects.values_list("version", flat=True).get(pk=case_id)


def read_report(report: Report) -> bytes:
    """The clear PDF; the sealed file is checked first."""
    key = report.case.submission.record_key
    with files.open_file(report.as_sealed_file(), key, context=report.context) as clear:
        return clear.read()
