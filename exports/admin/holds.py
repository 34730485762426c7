"""The list of holds on the desk: placing, renewing, releasing, a file; and on a case the holds that keep its data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exports.company import CompanySystems
from exports.fulfil import held
from requests_app import holding
from requests_app.admin import sections, two_people
from requests_app.admin.desk import DeskAdmin, actor_of, sees_cases, today, unsealed
from requests_app.admin.queue import badge
from requests_app.admin.two_people import number_in
from requests_app.models import Case, Hold, HoldKind, IdentifierKind, Organisation
from requests_app.roles import Actor, Role
from requests_app.services import hold_lists, holds
from requests_app.services.history import record_access
from requests_app.services.hold_lists import Fault, ListRefused
from requests_app.services.holds import Asked, HoldRefused
from requests_app.services.two_people import RuleRefused

A_PAGE = 50
EMPTY = ("", gettext_lazy("Please choose"))


class HoldForm(forms.Form):
    """A hold as somebody asks for it; the service checks it once more."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=[EMPTY, *HoldKind.choices])
    matter = forms.CharField(
        label=gettext_lazy("Matter"), help_text=gettext_lazy("Its docket or case number; no names."), max_length=200
    )
    identifier_kind = forms.ChoiceField(
        label=gettext_lazy("Kind of identifier"), choices=[EMPTY, *IdentifierKind.choices], required=False
    )
    identifier = forms.CharField(
        label=gettext_lazy("Identifier of the person"),
        help_text=gettext_lazy("Empty, with a source below: everybody in that source."),
        max_length=holds.IDENTIFIER_MOST,
        required=False,
    )
    source = forms.ChoiceField(
        label=gettext_lazy("Only in"), help_text=gettext_lazy("Empty: in every source."), required=False
    )
    begins = forms.DateField(
        label=gettext_lazy("First day"),
        help_text=gettext_lazy("Empty: today."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    ends = forms.DateField(
        label=gettext_lazy("Last day"),
        help_text=gettext_lazy("Empty: until it is released; a law-enforcement hold ends when the law says."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    is_secret = forms.BooleanField(label=gettext_lazy("An order forbids to tell the person"), required=False)

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        source = self.fields["source"]
        assert isinstance(source, forms.ChoiceField)  # noqa: S101 - declared above
        source.choices = [("", _("every source")), *CompanySystems().source_titles().items()]

    def place(self, organisation: Organisation, actor: Actor) -> Hold | None:
        """Hand it to the service; None if it refuses, with its sentence beside the field."""
        given = self.cleaned_data
        kind, value = given["identifier_kind"], given["identifier"]
        asked = Asked(
            kind=given["kind"],
            matter=given["matter"],
            person=frozenset({(kind, value)}) if kind or value else holding.NOBODY,
            source=given["source"],
            begins=given["begins"],
            ends=given["ends"],
            is_secret=given["is_secret"],
        )
        try:
            return holds.place(organisation, asked, by=actor, at=timezone.now())
        except HoldRefused as refused:
            self.add_error(refused.about or None, str(refused))
        return None


@dataclass(frozen=True)
class Line:
    """One hold in words, and which buttons this user has."""

    row: int
    title: str
    badge: SafeString
    whose: str
    days: str
    renewed: int
    is_secret: bool
    renews: bool
    asks_day: bool
    releases: bool


@admin.register(Hold)
class HoldAdmin(DeskAdmin[Hold]):
    """One page for the list; who looks at it is noted, for it names people."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """The page, or one step on it."""
        organisation = Organisation.objects.order_by("pk").first()
        if not sees_cases(request) or organisation is None:
            raise PermissionDenied
        do = request.POST.get("do", "")
        form = HoldForm(request.POST if do == "place" else None)
        faults: tuple[Fault, ...] = ()
        if form.is_bound:
            if form.is_valid() and form.place(organisation, actor_of(request)) is not None:
                messages.success(request, _("The hold is on the list: nothing that it covers is deleted."))
                return HttpResponseRedirect(request.path)
        elif do == "import":
            faults = _import(request, organisation)
            if not faults:
                return HttpResponseRedirect(request.path)
        elif request.method == "POST":
            two_people.take_step(request, {"renew": _renew, "release": _release})
            return HttpResponseRedirect(request.path)
        return self._page(request, organisation, form, faults)

    def _page(
        self, request: HttpRequest, organisation: Organisation, form: HoldForm, faults: tuple[Fault, ...]
    ) -> HttpResponse:
        actor = actor_of(request)
        page = Paginator(holds.listed(organisation), A_PAGE).get_page(request.GET.get("p"))
        with transaction.atomic():
            record_access(by=actor, what="holds", at=timezone.now(), page=page.number)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Holds"),
            "lead": _("Whose data is not deleted for now. A hold is asked for again before each batch that goes."),
            "page": page,
            "lines": [_line(hold, actor) for hold in page],
            "over": _over(),
            "form": form,
            "faults": _by_sentence(faults)[: hold_lists.MOST_FAULTS],
            "more": max(0, len(_by_sentence(faults)) - hold_lists.MOST_FAULTS),
            "columns": ", ".join(hold_lists.COLUMNS),
            "works": two_people.works(actor),
        }
        return TemplateResponse(
            request, "admin/exports/holds.html", context, status=422 if form.errors or faults else 200
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """A hold has no page of its own."""
        return HttpResponseRedirect("../../")


def _import(request: HttpRequest, organisation: Organisation) -> tuple[Fault, ...]:
    """Place what a file says; the faults, if it has some."""
    given = request.FILES.get("file")
    content = given.read(hold_lists.MOST_BYTES + 1) if isinstance(given, UploadedFile) else b""
    try:
        done = hold_lists.import_csv(organisation, content, by=actor_of(request), at=timezone.now())
    except ListRefused as refused:
        return refused.faults
    except RuleRefused as refused:
        messages.error(request, str(refused))
        return ()
    told = _("Placed: %(placed)s. On the list already: %(known)s.") % {"placed": done.placed, "known": done.known}
    messages.success(request, told)
    if done.released:
        lines = ", ".join(map(str, done.released))
        messages.warning(request, _("Released before, and not placed again: lines %(lines)s.") % {"lines": lines})
    return ()


def _by_sentence(faults: Iterable[Fault]) -> list[tuple[str, str]]:
    """Each sentence once, with the lines of which it is true: a mistake made in a column is made in every line."""
    lines: dict[str, list[int]] = {}
    for fault in faults:
        lines.setdefault(fault.sentence, []).append(fault.line)
    return [(_of_lines(numbers), sentence) for sentence, numbers in lines.items()]


def _of_lines(numbers: Sequence[int]) -> str:
    """The numbers as read: of three or more in a row, the first and the last."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    named = ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)
    return (_("Line %(named)s:") if len(numbers) == 1 else _("Lines %(named)s:")) % {"named": named}


def _renew(given: QueryDict, actor: Actor) -> str:
    try:
        text = given.get("ends") or ""
        ends = date.fromisoformat(text) if isinstance(text, str) and text else None
    except ValueError:
        raise HoldRefused("ends", _("Please give a day such as 2026-11-23.")) from None
    hold = holds.renew(number_in(given), ends=ends, by=actor, at=timezone.now())
    return _("%(hold)s: renewed until %(day)s.") % {"hold": hold, "day": hold.ends}


def _release(given: QueryDict, actor: Actor) -> str:
    hold = holds.release(number_in(given), by=actor, at=timezone.now())
    return _("%(hold)s: released. What it alone has kept comes back to the desk.") % {"hold": hold}


def _line(hold: Hold, actor: Actor) -> Line:
    on = today()
    runs = hold.released_at is None and (hold.ends is None or hold.ends >= on)
    return Line(
        row=hold.pk,
        title=str(hold),
        badge=_badge(hold, on),
        whose=_whose(hold),
        days=_days(hold),
        renewed=len(hold.renewals.all()),
        is_secret=hold.is_secret,
        renews=runs and hold.ends is not None and two_people.works(actor),
        asks_day=hold.kind == HoldKind.LEGAL,
        releases=runs and Role.APPROVER in actor.roles,
    )


def _badge(hold: Hold, on: date) -> SafeString:
    if hold.released_at is not None:
        return badge(_("released"), "quiet")
    if hold.is_active(on):
        return badge(_("in force"), "sure")
    return badge(_("not begun"), "wait") if hold.begins > on else badge(_("over"), "quiet")


def _whose(hold: Hold) -> str:
    named = ", ".join(unsealed(one, "value") for one in hold.identifiers.all()) or _("everybody")
    where = CompanySystems().source_titles().get(hold.source, hold.source) or _("every source")
    return _("%(whose)s, in %(where)s") % {"whose": named, "where": where}


def _days(hold: Hold) -> str:
    ends = _("until %(day)s") % {"day": hold.ends} if hold.ends else _("until it is released")
    return _("from %(day)s %(until)s") % {"day": hold.begins, "until": ends}


def _over() -> list[tuple[str, str]]:
    """Cases of which a hold kept something that may go now: reference and address."""
    runs = held.over().select_related("case__submission").order_by("hold_over_at")[:A_PAGE]
    cases = {run.case_id: run.case.submission.reference for run in runs if run.round == run.case.gathering_round}
    return [(reference, reverse("admin:requests_app_case_change", args=[case])) for case, reference in cases.items()]


@sections.panel
def holds_panel(case: Case, actor: Actor) -> sections.Panel | None:  # noqa: ARG001
    """The holds that keep something of this person, and what they keep of this deletion."""
    titles = CompanySystems().source_titles()
    found = holding.holds_on(case, today(), sources=titles.keys())
    if not found:
        return None
    lines = [(str(hold), _days(hold), titles.get(hold.source, "") or _("every source")) for hold in found]
    kept = [
        (run.source.title, rows)
        for run in case.source_runs.filter(round=case.gathering_round).select_related("source")
        if (rows := sum(run.counts.get(name, 0) for name in run.on_hold))
    ]
    context = {"lines": lines, "kept": kept}
    return sections.Panel("holds", gettext_lazy("Holds"), "admin/exports/holds_of_case.html", context, decides=True)
