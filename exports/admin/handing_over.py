"""Handing over, on a page of its own below a case: what became of the bundle, and the steps that staff take with it.

No step is a move: none changes the case, and none lets staff see what is handed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dsar.vault.errors import VaultError
from exports.fulfil import encrypted, hand_over, medium, transfer
from exports.fulfil.hand_over import NotHandedOver
from exports.models import Bundle, EncryptedFile, Medium, PassphraseBy, Transfer
from requests_app.admin import sections
from requests_app.admin.case_page import context_of
from requests_app.admin.desk import actor_of, unsealed
from requests_app.admin.two_people import works
from requests_app.models import Case
from requests_app.roles import Actor
from requests_app.services.letters import spelt
from requests_app.services.paragraphs import paragraphs
from requests_app.web import downloads

Step = Callable[[Case, QueryDict, Actor], str]
Take = Callable[[str, datetime], tuple[EncryptedFile | None, str]]


@sections.link
def to_handing_over(case: Case, actor: Actor) -> sections.Link | None:  # noqa: ARG001
    """The way to the page, once there is something to hand over."""
    if not Bundle.objects.filter(case=case).exists() and not Transfer.objects.filter(case=case).exists():
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
        "transfers": Transfer.objects.filter(case=case).select_related("receiver", "file"),
        "media": Medium.objects.filter(case=case).select_related("letter"),
        "may_order": bundle is not None and not Medium.objects.filter(case=case, state__in=Medium.OPEN).exists(),
        "ways": PassphraseBy.choices,
        "has_address": bool(case.submission.postal_address_sealed),
        "may_renew": bundle is not None and bundle.is_renewable(at),
        "is_over": bundle is not None and not bundle.is_available(at),
    }
    return TemplateResponse(request, "admin/exports/handing_over.html", context)


@sections.page("transfer_file")
def transfer_file(request: HttpRequest, case: Case) -> HttpResponseBase:
    """The file that is encrypted for a receiver, for staff to pass on; nobody here can open it."""
    actor = actor_of(request)
    if request.method != "POST" or not works(actor):
        raise PermissionDenied

    def take(row: str, at: datetime) -> tuple[EncryptedFile | None, str]:
        taken = transfer.take(case.pk, row, by=actor, at=at)
        return taken.file, f"{taken.pk}.zip.age"

    return _hand_out(request, case, take)


@sections.page("medium_file")
def medium_file(request: HttpRequest, case: Case) -> HttpResponseBase:
    """The encrypted ZIP, for staff to write to a medium; nobody here can open it."""
    actor = actor_of(request)
    if request.method != "POST" or not works(actor):
        raise PermissionDenied

    def take(row: str, at: datetime) -> tuple[EncryptedFile | None, str]:
        taken = medium.take(case.pk, row, by=actor, at=at)
        return taken.file, f"{case.submission.reference}.zip"

    return _hand_out(request, case, take)


@sections.page("passphrase")
def passphrase(request: HttpRequest, case: Case) -> HttpResponse:
    """The letter with the passphrase of a medium that was posted, to be printed or read aloud."""
    actor = actor_of(request)
    if request.method != "POST" or not works(actor):
        raise PermissionDenied
    at = timezone.now()
    try:
        sheet = medium.show_passphrase(case.pk, request.POST.get("row", ""), by=actor, at=at)
    except NotHandedOver as refused:
        messages.error(request, str(refused))
        return _back(case)
    submission = case.submission
    context = {
        "language": submission.language,
        "case_url": reverse("admin:requests_app_case_handing_over", args=[case.pk]),
        "organisation": submission.organisation,
        "address": f"{unsealed(submission, 'name')}\n{unsealed(submission, 'postal_address')}".strip(),
        "day": spelt(timezone.localdate(at), submission.language),
        "subject": sheet.subject,
        "text": "\n\n".join(paragraphs(sheet.text)),
    }
    response = render(request, "admin/requests_app/case/print.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _hand_out(request: HttpRequest, case: Case, take: Take) -> HttpResponseBase:
    """The file under its name, or why not. Nobody has taken it while other downloads hold every place."""
    place = downloads.take_place()
    if place is None:
        messages.error(request, _("Other files are being fetched just now. Please try again in half a minute."))
        return _back(case)
    try:
        made, name = take(request.POST.get("row", ""), timezone.now())
        pieces: Iterator[bytes] = encrypted.opened(made) if made else iter(())
    except NotHandedOver as refused:
        messages.error(request, str(refused))
        return _back(case)
    except VaultError:
        messages.error(request, _("The encrypted file can't be opened: it is damaged, or its content has ended."))
        return _back(case)
    response = downloads.Streamed(pieces, place, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Length"] = str(made.clear_size if made else 0)
    return response


def _back(case: Case) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:requests_app_case_handing_over", args=[case.pk]))


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


def _passed_on(case: Case, given: QueryDict, actor: Actor) -> str:
    transfer.passed_on(case.pk, given.get("row", ""), by=actor, at=timezone.now())
    return _("Noted: the receiver has the file. Our copy is removed.")


def _order_medium(case: Case, given: QueryDict, actor: Actor) -> str:
    by = given.get("passphrase_by", "")
    if by not in PassphraseBy.values:
        raise NotHandedOver(_("Choose how the passphrase reaches the person."))
    medium.order(case.pk, PassphraseBy(by), given.get("address", ""), by=actor, at=timezone.now())
    return _("A worker encrypts the file. Look again in a minute.")


def _give(case: Case, given: QueryDict, actor: Actor) -> str:
    settled = medium.give(case.pk, given.get("row", ""), given.get("on", ""), by=actor, at=timezone.now())
    if settled.passphrase_by == PassphraseBy.EMAIL:
        return _("The passphrase is mailed, and then destroyed.")
    return _("Noted. The passphrase and our encrypted copy are destroyed.")


def _end_medium(case: Case, given: QueryDict, actor: Actor) -> str:
    medium.end(case.pk, given.get("row", ""), by=actor, at=timezone.now())
    return _("Given up. Its passphrase and our encrypted copy are destroyed.")


STEPS: Mapping[str, Step] = {
    "renew": _renew,
    "passed_on": _passed_on,
    "order_medium": _order_medium,
    "give": _give,
    "end_medium": _end_medium,
}
