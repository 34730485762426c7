"""A letter for the post, as plain text: whoever prints it sees it, so that each look is noted."""

from __future__ import annotations

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from requests_app.admin import sections
from requests_app.admin.desk import actor_of, unsealed
from requests_app.models import Case
from requests_app.services import telling
from requests_app.services.history import record_access
from requests_app.services.letters import spelt


@sections.page("print")
@require_safe
def letter_to_print(request: HttpRequest, case: Case) -> HttpResponse:
    """One letter of the case with address, day and subject; none that carries a code."""
    message = telling.find_printable(case, request.GET.get("letter", ""))
    if message is None:
        raise Http404
    with transaction.atomic():
        record_access(
            by=actor_of(request), what="letter", at=timezone.now(), case=str(case.pk), message=str(message.pk)
        )
    submission = message.submission
    address = [unsealed(submission, "name"), *unsealed(submission, "postal_address").splitlines()]
    day = spelt(timezone.localdate(message.queued_at), message.language)
    text = "\n".join([*address, "", "", day, "", message.subject, "", "", unsealed(message, "text")])
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
