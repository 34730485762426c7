"""Handing over, on a page of its own below a case: what became of the bundle, and the steps that staff take with it.

No step is a move: none changes the case, and none lets staff see what is handed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exports.fulfil import hand_over
from exports.fulfil.hand_over import NotHandedOver
from exports.models import Bundle
from requests_app.admin import sections
from requests_app.admin.case_page import context_of
from requests_app.admin.desk import actor_of
from requests_app.admin.two_people import works
from requests_app.models import Case
from requests_app.roles import Actor
from requests_app.services.letters import spelt

Step = Callable[[Case, QueryDict, Actor], str]


@sections.link
def to_handing_over(case: Case, actor: Actor) -> sections.Link | None:  # noqa: ARG001
    """The way to the page, once there is something to hand over."""
    if not Bundle.objects.filter(case=case).exists():
        return None
    url = reverse("admin:requests_app_case_handing_over", args=[case.pk])
    return sections.Link(gettext_lazy("Handing over"), url, "outbox")


@sections.page("handing_over")
def handing_over(request: HttpRequest, case: Case) -> HttpResponse:
    """What became of the bundle; posted: one step."""
    actor = actor_of(request)
    if request.method == "POST":
        _take_step(request, case, actor)
        return HttpResponseRedirect(request.path)
    at = timezone.now()
    bundle = Bundle.objects.select_related("case").filter(case=case).first()
    context = {
        **context_of(request, case),
        "bundle": bundle,
        "works": works(actor),
        "may_renew": bundle is not None and bundle.is_renewable(at),
    }
    return TemplateResponse(request, "admin/exports/handing_over.html", context)


def _take_step(request: HttpRequest, case: Case, actor: Actor) -> None:
    """Do what the pressed button says, and tell what was done, or why it was not."""
    step = STEPS.get(request.POST.get("do", ""))
    if step is None or not works(actor):
        raise PermissionDenied
    try:
        messages.success(request, step(case, request.POST, actor))
    except NotHandedOver as refused:
        messages.error(request, str(refused))


def _renew(case: Case, _given: QueryDict, actor: Actor) -> str:
    bundle = hand_over.renew(case.pk, by=actor, at=timezone.now())
    return _("The person can fetch the file until %(day)s.") % {
        "day": spelt(timezone.localdate(bundle.expires_at), "en")
    }


STEPS: Mapping[str, Step] = {"renew": _renew}
