"""What the privacy policy has to say, a page of the desk: to be read, decided on, and copied."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from exports.bundle.published import NoPolicy, policy_on
from requests_app.admin.desk import today

TEMPLATE = "admin/exports/policy.html"
LANGUAGES = {"en": "English", "es": "Español"}


def policy_page(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    """The policy of a day, in a language; a wrong choice says so."""
    on, language = request.GET.get("on", "").strip(), request.GET.get("language", "en")
    context |= {
        "title": _("For the policy"),
        "on": on or today().isoformat(),
        "language": language,
        "languages": LANGUAGES,
    }
    try:
        day = date.fromisoformat(on) if on else today()
        found = policy_on(day, language if language in LANGUAGES else "en")
    except NoPolicy as refused:
        return TemplateResponse(request, TEMPLATE, {**context, "refused": str(refused)}, status=422)
    except ValueError:
        refused_day = _("Please give a day such as 2026-11-23.")
        return TemplateResponse(request, TEMPLATE, {**context, "refused": refused_day}, status=422)
    shown = {"policy": found.parts, "to_decide": found.to_decide, "html": found.as_html()}
    return TemplateResponse(request, TEMPLATE, {**context, **shown})
