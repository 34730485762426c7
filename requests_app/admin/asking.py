"""Who asks for the person: a panel on the case page, and the papers that were sent, as staff look at them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from dsar.vault.errors import VaultError
from requests_app import identifying
from requests_app.admin import sections
from requests_app.admin.desk import actor_of, unsealed
from requests_app.law.agents import IN_WORDS, Requester
from requests_app.models import Case, PermissionFile
from requests_app.roles import Actor
from requests_app.services import papers, silence
from requests_app.services.history import record_access

REQUESTERS = {
    Requester.SELF: gettext_lazy("the person"),
    Requester.AGENT: gettext_lazy("an agent"),
    Requester.ATTORNEY: gettext_lazy("an attorney under a power of attorney"),
    Requester.PARENT: gettext_lazy("a parent"),
    Requester.GUARDIAN: gettext_lazy("a guardian"),
    Requester.EXECUTOR: gettext_lazy("an executor"),
}
ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}


@dataclass(frozen=True)
class Paper:
    """A file that was sent, and where staff look at it."""

    sent_at: datetime
    url: str


@sections.panel
def asking_panel(case: Case, actor: Actor) -> sections.Panel | None:  # noqa: ARG001
    """Who asks for the person, what they may be asked, what is missing; nothing where the person asks."""
    submission = case.submission
    if not submission.for_another:
        return None
    language = get_language() or "en"
    authority = identifying.authority(case)
    address = reverse("admin:requests_app_case_paper", args=[case.pk])
    context = {
        "requester": REQUESTERS[submission.asked_by],
        "name": unsealed(submission, "requester_name"),
        "email": unsealed(submission, "requester_email"),
        "born_on": unsealed(submission, "born_on"),
        "may_ask": [IN_WORDS[asked].in_language(language) for asked in authority.may_ask],
        "missing": authority.sentence(language),
        "is_enough": authority.is_enough,
        "citations": authority.citations,
        "receiver": _("the person") if submission.person_receives else _("who asks"),
        "is_denied": submission.permission_denied_at is not None,
        "papers": [
            Paper(paper.sent_at, f"{address}?{urlencode({'file': str(paper.pk)})}")
            for paper in submission.permission_files.all()
        ],
    }
    return sections.Panel("asking", _("Who asks"), "admin/requests_app/case/asking.html", context, decides=True)


@sections.panel
def silence_panel(case: Case, actor: Actor) -> sections.Panel | None:  # noqa: ARG001
    """When a case that nobody proves is refused by the clock, and which reminders were written."""
    ends_on = silence.ends_on(case)
    if ends_on is None:
        return None
    reminders = [(one.get_step_display(), one.written_at) for one in case.submission.reminders.order_by("written_at")]
    context = {"ends_on": ends_on, "reminders": reminders}
    return sections.Panel("silence", _("If nothing is proved"), "admin/requests_app/case/silence.html", context)


@sections.page("paper")
def paper_page(request: HttpRequest, case: Case) -> HttpResponse:
    """A paper as it was sent, to be saved and looked at; each look is noted. It is never shown inside our own pages."""
    asked = request.GET.get("file", "")
    paper = next((one for one in case.submission.permission_files.all() if str(one.pk) == asked), None)
    if paper is None:
        raise Http404
    with transaction.atomic():
        record_access(by=actor_of(request), what="paper", at=timezone.now(), case=str(case.pk), file=asked)
    try:
        content = papers.read(paper)
    except VaultError:
        return HttpResponse(_("This file can't be opened any more."), status=410, content_type="text/plain")
    response = HttpResponse(content, content_type=paper.content_type)
    response["Content-Disposition"] = f'attachment; filename="{_name_of(case, paper)}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _name_of(case: Case, paper: PermissionFile) -> str:
    return f"{case.submission.reference}-{paper.sent_at:%Y%m%d-%H%M%S}.{ENDINGS[paper.content_type]}"
