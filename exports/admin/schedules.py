"""Retention schedules in the admin: what each keeps on which ground, and the buttons to propose, accept and end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exports.fulfil import schedules
from exports.fulfil.schedules import Proposal
from exports.models import RetentionSchedule
from requests_app.admin.desk import DeskAdmin, actor_of, sees_cases, today
from requests_app.admin.rules import number_in, take_step
from requests_app.admin.timeline import names_of
from requests_app.law import packs
from requests_app.law.words import Level, Right
from requests_app.roles import Actor, Role
from requests_app.services.standing import RuleRefused


class ScheduleForm(forms.Form):
    """What a proposal says; the service checks what only the packs and the data maps know."""

    covers = forms.CharField(
        label=gettext_lazy("What it keeps"),
        help_text=gettext_lazy("A collection as source.collection, or a statutory category such as commercial."),
        max_length=200,
    )
    grounds = forms.CharField(
        label=gettext_lazy("Grounds"),
        help_text=gettext_lazy("One a line: the law and its ground, e.g. ccpa ca_105d8_legal_obligation."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    years = forms.IntegerField(label=gettext_lazy("Years"), min_value=1, max_value=schedules.MOST_YEARS)
    counted_from = forms.CharField(
        label=gettext_lazy("Counted from"),
        help_text=gettext_lazy("A date column of the collection. Empty: from the day of the request."),
        max_length=100,
        required=False,
    )
    until = forms.DateField(
        label=gettext_lazy("Last day of the schedule"),
        help_text=gettext_lazy("Empty: it has none."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean_grounds(self) -> dict[str, str]:
        """The lines as codes by law."""
        grounds: dict[str, str] = {}
        for line in self.cleaned_data["grounds"].splitlines():
            law, _space, code = line.strip().partition(" ")
            if line.strip() and (not code.strip() or law in grounds):
                raise forms.ValidationError(_("Write one law and its ground a line, each law once."))
            if line.strip():
                grounds[law] = code.strip()
        return grounds

    def propose(self, actor: Actor) -> RetentionSchedule | None:
        """Hand it to the service; None if it refuses, with its sentence."""
        try:
            return schedules.propose(Proposal(**self.cleaned_data), by=actor, at=timezone.now())
        except RuleRefused as refused:
            self.add_error(None, str(refused))
        return None


@dataclass(frozen=True)
class Line:
    """One schedule with its people by name, and what this user may do with it."""

    schedule: RetentionSchedule
    grounds: list[tuple[str, str]]
    proposed_by: str
    accepted_by: str
    ended_by: str
    may_accept: bool


@admin.register(RetentionSchedule)
class RetentionScheduleAdmin(DeskAdmin[RetentionSchedule]):
    """One page for all schedules."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Who works with cases, or reads them."""
        return sees_cases(request)

    def has_view_permission(self, request: HttpRequest, obj: RetentionSchedule | None = None) -> bool:
        """As for the list."""
        return sees_cases(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """The page, or one step on it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = ScheduleForm(request.POST if request.POST.get("do") == "propose" else None)
        if request.method == "POST" and not form.is_bound:
            take_step(request, {"accept": _accept, "end": _end})
            return HttpResponseRedirect(request.path)
        if form.is_bound and form.is_valid() and form.propose(actor_of(request)) is not None:
            messages.success(request, _("Proposed. An approver who is somebody else accepts it."))
            return HttpResponseRedirect(request.path)
        return self._page(request, form)

    def _page(self, request: HttpRequest, form: ScheduleForm) -> HttpResponse:
        actor = actor_of(request)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Retention schedules"),
            "lines": _lines(actor),
            "form": form,
            "offered": _offered(),
            "works": bool(actor.roles & {Role.ANALYST, Role.APPROVER}),
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/exports/schedules.html", context, status=status)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """A schedule has no page of its own."""
        return HttpResponseRedirect("../../")


def _accept(given: QueryDict, actor: Actor) -> str:
    schedule = schedules.accept(number_in(given), by=actor, at=timezone.now())
    return _("%(schedule)s: in force.") % {"schedule": schedule}


def _end(given: QueryDict, actor: Actor) -> str:
    return _("%(schedule)s: ended.") % {"schedule": schedules.end(number_in(given), by=actor, at=timezone.now())}


def _lines(actor: Actor) -> list[Line]:
    rows = list(RetentionSchedule.objects.all())
    names = names_of(slug for row in rows for slug in (row.proposed_by, row.accepted_by, row.ended_by))
    return [_line(row, names, actor) for row in rows]


def _line(row: RetentionSchedule, names: Mapping[str, str], actor: Actor) -> Line:
    waits = row.accepted_at is None and row.ended_at is None
    return Line(
        schedule=row,
        grounds=sorted(row.grounds.items()),
        proposed_by=names[row.proposed_by],
        accepted_by=names[row.accepted_by],
        ended_by=names[row.ended_by],
        may_accept=waits and Role.APPROVER in actor.roles and row.proposed_by != actor.slug,
    )


def _offered() -> list[tuple[str, list[tuple[str, str]]]]:
    """The grounds that may be named today, by law."""
    found = []
    for law, pack in packs.all_packs().items():
        grounds = [item for item in pack.exemptions_for(Right.DELETE, today()) if item.level is Level.DATA]
        if grounds:
            found.append((law, [(item.code, str(item.title)) for item in grounds]))
    return found
