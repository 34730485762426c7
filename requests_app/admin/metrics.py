"""The figures of a year, a page of the desk and a file: for who works on cases, checks them, or runs the house."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db.models import Min
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from requests_app.admin.desk import sees_figures, today
from requests_app.law.packs import all_packs
from requests_app.models import Organisation, Submission
from requests_app.services import metrics, metrics_tables
from requests_app.services.metrics import FiguresRefused, YearReport

TEMPLATE = "admin/requests_app/organisation/figures.html"


def title() -> str:
    """What the page is called."""
    return _("Figures of a year")


def figures(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    """The page of one year, of one law or of all; ``format=csv``: the same as a file. A wrong choice says so."""
    if not sees_figures(request):
        raise PermissionDenied
    asked = {name: request.GET.get(name, "").strip() for name in ("year", "law", "organisation", "format")}
    asked["year"] = asked["year"] or str(today().year)
    context |= {"title": title(), "asked": asked, **_choices()}
    try:
        report = _report(asked, at=timezone.now())
    except FiguresRefused as refused:
        return TemplateResponse(request, TEMPLATE, {**context, "refused": str(refused)}, status=422)
    if asked["format"] == "csv":
        return _as_file(report, asked["law"])
    return TemplateResponse(request, TEMPLATE, {**context, **_shown(report)})


def _report(asked: dict[str, str], *, at: datetime) -> YearReport:
    if asked["format"] not in ("", "csv"):
        raise FiguresRefused(_("The figures come as a page, or as CSV: write format=csv."))
    wanted = asked["organisation"]
    organisations = Organisation.objects.order_by("pk")
    organisation = next((each for each in organisations if wanted in ("", each.slug)), None)
    if organisation is None:
        raise FiguresRefused(_("There is no such organisation: an administrator adds it under Organisation."))
    return metrics.of_year(organisation, metrics.year_in(asked["year"], at=at), at=at, law=asked["law"])


def _choices() -> dict[str, object]:
    """The years since the first request, the laws, and the organisations if there are several."""
    first = Submission.objects.aggregate(first=Min("received_on"))["first"] or today()
    organisations = list(Organisation.objects.order_by("pk"))
    return {
        "years": [str(year) for year in range(today().year, first.year - 1, -1)],
        "laws": [(pack.slug, str(pack.title)) for pack in all_packs().values()],
        "organisations": organisations if len(organisations) > 1 else [],
    }


def _shown(report: YearReport) -> dict[str, object]:
    return {
        "report": report,
        "columns": list(metrics_tables.COLUMNS.values()),
        "laws_reported": [
            (law, metrics_tables.publishing(law, report.year), metrics_tables.lines(law)) for law in report.laws
        ],
        "how_counted": metrics_tables.HOW_COUNTED,
    }


def _as_file(report: YearReport, law: str) -> HttpResponse:
    response = HttpResponse(metrics_tables.as_csv(report), content_type="text/csv; charset=utf-8")
    name = "-".join(filter(None, ("figures", str(report.year), law)))
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
