"""Letters for the post: those that reached nobody, and each as a sheet of paper; who prints one is noted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from dsar.vault.errors import KeyDestroyed
from requests_app.admin import sections
from requests_app.admin.desk import actor_of, today, unsealed
from requests_app.models import Case, Message
from requests_app.roles import Actor
from requests_app.services import telling
from requests_app.services.history import record_access
from requests_app.services.letters import spelt
from requests_app.services.paragraphs import paragraphs


@dataclass(frozen=True)
class Lost:
    """A letter that has to be told another way."""

    subject: str
    state: str
    print_url: str  # empty where it makes no sense on paper
    post_by: date | None
    is_late: bool
    extends: bool


@sections.panel
def to_tell(case: Case, actor: Actor) -> sections.Panel | None:  # noqa: ARG001
    """The letters that reached nobody, with the day by which each has to be posted."""
    lost = [_lost(case, item) for item in telling.to_tell(case)]
    if not lost:
        return None
    context = {"lost": lost, "move_url": reverse("admin:requests_app_case_move", args=[case.pk, "told_otherwise"])}
    return sections.Panel("to_tell", gettext_lazy("Tell another way"), "admin/requests_app/case/to_tell.html", context)


def _lost(case: Case, item: telling.ToTell) -> Lost:
    message = item.message
    url = f"{reverse('admin:requests_app_case_print', args=[case.pk])}?letter={message.pk}"
    return Lost(
        subject=message.subject,
        state=str(message.get_state_display()),
        print_url=url if telling.goes_by_post(message) else "",
        post_by=item.post_by,
        is_late=item.post_by is not None and item.post_by < today(),
        extends=item.extends,
    )


@sections.page("print")
@require_safe
def letter_to_print(request: HttpRequest, case: Case) -> HttpResponse:
    """One letter of the case with address, day and subject; a code that it carried by mail is left out."""
    message = telling.find_printable(case, request.GET.get("letter", ""))
    if message is None:
        raise Http404
    with transaction.atomic():
        record_access(
            by=actor_of(request), what="letter", at=timezone.now(), case=str(case.pk), message=str(message.pk)
        )
    submission = message.submission
    context = {
        "language": message.language,
        "case_url": reverse("admin:requests_app_case_change", args=[case.pk]),
        "organisation": submission.organisation,
        "address": f"{unsealed(submission, 'name')}\n{unsealed(submission, 'postal_address')}".strip(),
        "day": spelt(timezone.localdate(message.queued_at), message.language),
        "subject": message.subject,
        "text": "\n\n".join(paragraphs(_text(message))),
    }
    return render(request, "admin/requests_app/case/print.html", context)


def _text(message: Message) -> str:
    try:
        return telling.text_for_the_post(message)
    except KeyDestroyed:
        return _("destroyed with its key")
