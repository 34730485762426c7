"""The PDF report of a case, as of its last event: ordered by looking for it, made by a worker."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dsar.vault.errors import FileDamaged, VaultError
from exports.fulfil.trouble import what_to_do
from exports.models import Report
from exports.reports import ordering
from requests_app.admin import sections
from requests_app.admin.case_page import context_of
from requests_app.admin.desk import actor_of
from requests_app.models import Case
from requests_app.services.history import record_access

SECONDS_BETWEEN_LOOKS = 2


@sections.page("report")
def report(request: HttpRequest, case: Case) -> HttpResponse:
    """The report as a file; until a worker has made it, a page that looks again by itself. Posted: try again."""
    if request.method == "POST":
        ordering.try_again(case, by=actor_of(request), at=timezone.now())
        return HttpResponseRedirect(request.path)
    made = ordering.order_report(case)
    if made is None:
        return _not_made_yet(request, case)
    try:
        return _as_file(request, case, made)
    except FileDamaged:
        ordering.discard(made)
        messages.warning(request, _("The file of this report was damaged or lost. The report is made again."))
        return HttpResponseRedirect(request.path)
    except VaultError:
        messages.error(request, _("The report can't be opened: its seal is broken, or its key was destroyed."))
        return HttpResponseRedirect(reverse("admin:requests_app_case_change", args=[case.pk]))


def _not_made_yet(request: HttpRequest, case: Case) -> HttpResponse:
    """A worker is at it, or has given up: then somebody has to put right what is wrong, and have it tried again."""
    context = context_of(request, case)
    failed = ordering.failed_job(case)
    if failed is not None:
        error = failed.error.rpartition(".")[2]
        context |= {"error": error, "to_do": what_to_do(error)}
        return TemplateResponse(request, "admin/exports/report_failed.html", context)
    context["seconds"] = SECONDS_BETWEEN_LOOKS
    response = TemplateResponse(request, "admin/exports/report_is_made.html", context, status=202)
    response["Refresh"] = str(SECONDS_BETWEEN_LOOKS)
    return response


def _as_file(request: HttpRequest, case: Case, made: Report) -> HttpResponse:
    clear, actor = ordering.read_report(made), actor_of(request)
    with transaction.atomic():
        record_access(by=actor, what="report", at=timezone.now(), case=str(case.pk), report=str(made.pk))
    response = HttpResponse(clear, content_type="application/pdf")
    name = f"report-{case.submission.reference}-{case.right}-event-{made.as_of}-{made.language}.pdf"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
