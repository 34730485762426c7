"""Documents for a correction on the case page: what came in, and a page on which one more is sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from exports.fulfil.corrections import supporting as service
from exports.fulfil.corrections.supporting import MOST_LETTERS, NoteRefused, Sent
from requests_app import stating, supporting
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case, CorrectionAsked, Submission, SupportingDocument
from requests_app.roles import Actor
from requests_app.services.papers import MOST_BYTES, FileRefused
from requests_app.web import session
from requests_app.web.forms import PortalForm
from requests_app.web.pages import language
from requests_app.web.sections import Section, register_for_all
from requests_app.web.session import person_page


class DocumentForm(PortalForm):
    """One document, what it is about, and a word on it."""

    correction = forms.ChoiceField(
        label=gettext_lazy("What is it about?"),
        error_messages={
            "required": gettext_lazy("Please choose what the document is about."),
            "invalid_choice": gettext_lazy("Please choose what the document is about."),
        },
    )
    document = forms.FileField(
        label=gettext_lazy("The document, as a file"),
        allow_empty_file=True,
        help_text=gettext_lazy(
            "PDF, PNG or JPEG, at most 10 MB. Please black out what does not matter here, such as numbers of identity"
            " cards."
        ),
        error_messages={"required": gettext_lazy("Please choose a file first.")},
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
    )
    note = forms.CharField(
        label=gettext_lazy("What does it show? (optional)"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self, data: QueryDict | None, sent: MultiValueDict[str, UploadedFile[Any]] | None, titles: dict[int, str]
    ) -> None:
        super().__init__(data, sent)
        chosen = [(str(number), title) for number, title in titles.items()]
        cast("forms.ChoiceField", self.fields["correction"]).choices = (
            chosen if len(chosen) == 1 else [("", _("Choose…")), *chosen]
        )
        self.fields["note"].help_text = _("At most %(most)s characters.") % {"most": MOST_LETTERS}


class Shown(NamedTuple):
    """One document on the case page."""

    title: str  # of its correction
    kind: str
    document: SupportingDocument
    may_be_taken_back: bool


@register_for_all
def documents_section(case: Case) -> Section | None:
    """On the page of a correction: the documents that came in, and the way to send one."""
    sent = list(supporting.of_case(case)) if case.right_asked == Right.CORRECT else []
    takes_one = supporting.may_be_sent(case)
    if not sent and not takes_one:
        return None
    titles = _titles(document.asked for document in sent)
    context = {
        "documents": [
            Shown(titles[one.asked.number], _kind(one), one, supporting.may_be_taken_back(one)) for one in sent
        ],
        "takes_one": takes_one,
    }
    return Section("portal/supporting.html", context)


@person_page
@require_http_methods(["GET", "HEAD", "POST"])
def send(request: HttpRequest, submission: Submission) -> HttpResponse:
    """Send one document."""
    case = submission.cases.filter(right=Right.CORRECT).first()
    if case is None:
        raise Http404
    if not supporting.may_be_sent(case):
        messages.info(request, _why_not(case))
        return redirect("portal:case")
    titles = _titles(case.corrections.select_related("case__submission"))
    is_sent = request.method == "POST"
    form = DocumentForm(request.POST if is_sent else None, request.FILES if is_sent else None, titles)
    if form.is_bound and form.is_valid() and _taken(case, form, by=session.who_acts(request, submission)):
        messages.success(request, _("We have your document. Our privacy team looks at it before it decides."))
        return redirect("portal:case")
    return render(request, "portal/send_document.html", {"form": form}, status=400 if form.errors else 200)


@person_page
@require_POST
def take_back(request: HttpRequest, submission: Submission, document_id: UUID) -> HttpResponse:
    """Take one document back; whoever may withdraw the request may do that."""
    document = get_object_or_404(SupportingDocument, pk=document_id, asked__case__submission=submission)
    by = session.who_acts(request, submission)
    try:
        service.take_back(document.pk, document.asked.case_id, by=by, at=timezone.now())
    except MoveShut as shut:
        messages.error(request, shut.sentence)
    else:
        told = _("Your document is taken back: we decide without it, and destroy it unless a law makes us keep it.")
        messages.success(request, told)
    return redirect("portal:case")


def _taken(case: Case, form: DocumentForm, *, by: Actor) -> bool:
    """Whether the service took it; what it says against it is put on the form."""
    given = form.cleaned_data
    file = given["document"]
    sent = Sent(file.read(MOST_BYTES + 1), file.name or "", given["note"])
    try:
        service.take(case.pk, int(given["correction"]), sent, by=by, at=timezone.now())
    except MoveShut as shut:
        form.refuse({"correction": shut.sentence})
    except FileRefused as refused:
        form.refuse({"document": str(refused)})
    except NoteRefused as refused:
        form.refuse({"note": str(refused)})
    else:
        return True
    return False


def _why_not(case: Case) -> str:
    if supporting.are_taken(case):
        return _("Please confirm your mailbox first, with the code that we mailed to you.")
    return _("This request takes no documents any more: it is carried out, or closed.")


def _titles(asked: Iterable[CorrectionAsked]) -> dict[int, str]:
    return stating.names_of(asked, language())


def _kind(document: SupportingDocument) -> str:
    return document.content_type.rpartition("/")[2].upper()
