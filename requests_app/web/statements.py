"""A statement on what was not corrected: offered on the case page, written on a page of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from dsar.vault.errors import VaultError
from requests_app import stating
from requests_app.guards import MoveShut
from requests_app.law import statements as law
from requests_app.law.words import Right
from requests_app.models import Case, Statement, Submission
from requests_app.services import statements
from requests_app.services.history import local_day
from requests_app.web.forms import PortalForm
from requests_app.web.pages import language
from requests_app.web.sections import Section, register
from requests_app.web.session import person_page, receives


@dataclass(frozen=True)
class Item:
    """One item that was not corrected, and the statement on it."""

    number: int
    title: str
    text: str
    statement: Statement | None
    may_write: bool

    @property
    def until(self) -> date | None:
        """Until when what was written may be changed."""
        return self.statement.changeable_until if self.statement and self.may_write else None


class StatementForm(PortalForm):
    """The statement, and whether others get it."""

    text = forms.CharField(
        label=gettext_lazy("Your statement"), required=False, widget=forms.Textarea(attrs={"rows": 12})
    )
    is_to_pass_on = forms.BooleanField(
        label=gettext_lazy("Pass it on to those to whom you disclose this information"), required=False
    )

    def __init__(self, data: QueryDict | None, *, words: int, earlier: Statement | None) -> None:
        known = {"text": earlier.text, "is_to_pass_on": earlier.is_to_pass_on} if earlier else {}
        super().__init__(data, initial=known)
        self.fields["text"].help_text = _("At most %(words)s words.") % {"words": words}


@register
def statement_section(case: Case) -> Section | None:
    """On the case page: what was not corrected, and what the person stated on it."""
    allowed = stating.words_allowed(case)
    if allowed is None:
        return None
    offers = [found for pack in case.packs() if (found := law.offer(pack, case.right_asked, case.received_on()))]
    context = {
        "offers": [offer.text.in_language(language()) for offer in offers],
        "items": _items(case),
    }
    return Section("portal/statements.html", context)


@person_page
@require_http_methods(["GET", "HEAD", "POST"])
def statement(request: HttpRequest, submission: Submission, number: int) -> HttpResponse:
    """Write the statement on one item, or another one as long as it may be changed."""
    case = submission.cases.filter(right=Right.CORRECT).first()
    if case is None or not receives(request, submission):
        raise Http404
    try:
        asked, allowed = stating.check_statement(case, number, local_day(timezone.now()))
        typed = request.POST if request.method == "POST" else None
        form = StatementForm(typed, words=allowed.value, earlier=stating.statement_on(asked))
        if form.is_bound and form.is_valid() and _filed(case, number, form):
            messages.success(request, _("We have your statement. It is kept with your request."))
            return redirect("portal:case")
    except MoveShut as shut:
        messages.error(request, shut.sentence)
        return redirect("portal:case")
    return render(
        request, "portal/statement.html", {"form": form, "title": stating.names_of([asked], language())[number]}
    )


def _filed(case: Case, number: int, form: StatementForm) -> bool:
    """Whether the service took it; what it says against it is put on the form."""
    given = form.cleaned_data
    try:
        statements.file_statement(
            case.pk, number=number, text=given["text"], is_to_pass_on=given["is_to_pass_on"], at=timezone.now()
        )
    except statements.StatementRefused as refused:
        form.refuse({"text": str(refused)})
        return False
    return True


def _items(case: Case) -> list[Item]:
    asked = stating.items_of(case)
    found = {one.asked_id: one for one in case.statements.select_related("case__submission")}
    names = stating.names_of(asked, language())
    return [_item(one.number, names[one.number], found.get(one.pk)) for one in asked]


def _item(number: int, title: str, found: Statement | None) -> Item:
    may_write = found is None or local_day(timezone.now()) <= found.changeable_until
    return Item(number, title, _text(found), found, may_write)


def _text(found: Statement | None) -> str:
    """What was written, as long as the record lives."""
    try:
        return found.text if found else ""
    except VaultError:
        return ""
