"""Calendars in the admin: what they say, which law counts with them, and what two people change in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from requests_app.admin.calendar_forms import ChangeForm, DaysForm, LawForm, NewCalendarForm, titles_of_laws
from requests_app.admin.calendar_lines import ChangeLine, difference, lines_of, preview_of, weekend_in_words
from requests_app.admin.desk import DeskAdmin, actor_of, sees_cases, today
from requests_app.guards import MoveShut
from requests_app.models import CalendarChange, HouseCalendar, Organisation
from requests_app.move import InputRefused
from requests_app.roles import Actor
from requests_app.services import calendar_changes, calendars, filling
from requests_app.services.calendar_days import YEARS, Content

CHANGES_SHOWN = 50
YEARS_AHEAD = 3
TEMPLATES = "admin/requests_app/calendar"


@admin.register(HouseCalendar)
class HouseCalendarAdmin(DeskAdmin[HouseCalendar]):
    """Calendars, each with its page; what changes one is proposed there and decided on by somebody else."""

    def get_urls(self) -> list[URLPattern]:
        """The pages beside the admin's own."""
        return [
            self._path("<int:calendar_id>/days/", self.propose_days, "days"),
            self._path("<int:calendar_id>/law/", self.propose_law, "law"),
            self._path("changes/<int:change_id>/", self.decide, "decide"),
            *super().get_urls(),
        ]

    def _path(self, route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
        return path(route, self.admin_site.admin_view(view), name=f"requests_app_housecalendar_{name}")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who works on cases makes calendars, and proposes changes of them."""
        return request.user.has_perm("requests_app.add_housecalendar")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """Every calendar, which law counts with which, and the changes that were proposed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows, attention = [], []
        for organisation in Organisation.objects.order_by("pk"):
            found = list(organisation.calendars.select_related("current"))
            laws = calendars.laws_by_calendar(organisation)
            rows += [(each, _in_words(laws.get(each.name, ()))) for each in found]
            attention += calendars.attention(organisation, today())
        context = {
            "title": _("Calendars"),
            "rows": rows,
            "attention": attention,
            "may_edit": self.has_add_permission(request),
            "changes": _changes(request, CalendarChange.objects.all()),
        }
        return self._page(request, "list", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """What a calendar says, year by year, and what was changed in it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        calendar = _calendar(object_id)
        content = Content.of(calendar.current)
        context = {
            "title": calendar.title,
            "calendar": calendar,
            "weekend": weekend_in_words(content.weekend),
            "years": _by_year(content, today().year),
            "laws": _in_words(calendars.laws_counted_with(calendar)),
            "fill_to": (calendar.ends_in or today().year) + YEARS_AHEAD,
            "may_edit": self.has_add_permission(request),
            "changes": _changes(request, calendar.changes.all()),
        }
        return self._page(request, "page", context)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """A new calendar: nothing counts with it until it is chosen for a law, or unless a law counts by its place."""
        self._check_may_edit(request)
        now = today().year
        form = NewCalendarForm(request.POST or None, initial={"first": now - 1, "last": now + YEARS_AHEAD})
        if form.is_valid():
            calendar = form.make(by=actor_of(request), at=timezone.now())
            if calendar is not None:
                messages.success(request, _("The calendar “%(title)s” is made.") % {"title": calendar.title})
                return HttpResponseRedirect(_url_of(calendar))
        context = {"title": _("New calendar"), "form": form}
        return self._page(request, "new", context, status=422 if form.errors else 200)

    def propose_days(self, request: HttpRequest, calendar_id: int) -> HttpResponse:
        """Other days: what would move is shown first. With ``?fill=2029`` the years up to then are filled in."""
        self._check_may_edit(request)
        calendar = _calendar(calendar_id)
        if request.method == "POST":
            form = DaysForm(request.POST)
        else:
            try:
                form = DaysForm.of(_filled_as_asked(calendar, request.GET.get("fill", "")))
            except filling.CannotFill as refused:
                messages.error(request, str(refused))
                return HttpResponseRedirect(_url_of(calendar))
        return self._propose(request, calendar, form, _("Change the days of “%(title)s”") % {"title": calendar.title})

    def propose_law(self, request: HttpRequest, calendar_id: int) -> HttpResponse:
        """This calendar for a law: what would move is shown first."""
        self._check_may_edit(request)
        calendar = _calendar(calendar_id)
        form = LawForm(request.POST or None)
        return self._propose(request, calendar, form, _("Count a law with “%(title)s”") % {"title": calendar.title})

    def _propose(self, request: HttpRequest, calendar: HouseCalendar, form: ChangeForm, title: str) -> HttpResponse:
        by, at = actor_of(request), timezone.now()
        change = None
        if form.is_bound and form.is_valid():
            try:
                change = form.change(calendar, by=by, at=at)
            except MoveShut as shut:
                messages.error(request, str(shut))
                return HttpResponseRedirect(_url_of(calendar))
        if change is not None and request.POST.get("step") == "propose":
            calendar_changes.propose(change, by=by)
            messages.success(request, _("Proposed. It holds once an approver has accepted it."))
            return HttpResponseRedirect(_url_of_change(change))
        context = {
            "title": title,
            "calendar": calendar,
            "form": form,
            "preview": preview_of(change) if change else None,
        }
        return self._page(request, "propose", context, status=422 if form.is_bound and form.errors else 200)

    def decide(self, request: HttpRequest, change_id: int) -> HttpResponse:
        """A proposed change with what it moves now, and the buttons of whoever decides on it."""
        if not (self.has_view_permission(request) and sees_cases(request)):
            raise PermissionDenied
        change = get_object_or_404(CalendarChange.objects.select_related("calendar__current", "seen"), pk=change_id)
        errors: Mapping[str, str] = {}
        if request.method == "POST":
            try:
                done = _decide(request, change)
            except InputRefused as refused:
                errors = refused.errors
            except MoveShut as shut:
                messages.error(request, str(shut))
                return HttpResponseRedirect(_url_of_change(change))
            else:
                messages.success(request, done)
                return HttpResponseRedirect(_url_of_change(change))
        return self._page(request, "change", self._of_change(request, change, errors), status=422 if errors else 200)

    def _of_change(self, request: HttpRequest, change: CalendarChange, errors: Mapping[str, str]) -> dict[str, object]:
        by = actor_of(request)
        (line,) = lines_of([change])
        return {
            "title": _("Change of “%(title)s”") % {"title": change.calendar.title},
            "change": change,
            "line": line,
            "days": difference(change),
            "preview": preview_of(change) if change.waits else None,
            "accept_shut": _why_shut(calendar_changes.check_accept, change, by),
            "refuse_shut": _why_shut(calendar_changes.check_second_person, change, by),
            "may_withdraw": not _why_shut(calendar_changes.check_withdraw, change, by),
            "errors": errors,
            "typed": request.POST.get("reason", ""),
        }

    def _check_may_edit(self, request: HttpRequest) -> None:
        if not self.has_add_permission(request):
            raise PermissionDenied

    def _page(self, request: HttpRequest, name: str, context: dict[str, object], *, status: int = 200) -> HttpResponse:
        whole = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"{TEMPLATES}/{name}.html", whole, status=status)


def _decide(request: HttpRequest, change: CalendarChange) -> str:
    """Do what the button says, and say that it is done. Raises MoveShut or InputRefused."""
    by, at = actor_of(request), timezone.now()
    match request.POST.get("decision"):
        case "accept":
            moved = calendar_changes.accept(change.pk, by=by, at=at).moved or 0
            done = ngettext(
                "Accepted. %(moved)s date was counted anew.", "Accepted. %(moved)s dates were counted anew.", moved
            )
            return done % {"moved": moved}
        case "refuse":
            calendar_changes.refuse(change.pk, reason=request.POST.get("reason", ""), by=by, at=at)
            return _("Refused. Nothing has changed.")
        case "withdraw":
            calendar_changes.withdraw(change.pk, by=by, at=at)
            return _("Withdrawn. Nothing has changed.")
        case _:
            raise MoveShut(_("Choose what is to be done with this change."))


def _changes(request: HttpRequest, changes: QuerySet[CalendarChange]) -> list[ChangeLine]:
    """The newest changes, for who sees cases: reasons may speak of them."""
    return lines_of(changes.select_related("calendar")[:CHANGES_SHOWN]) if sees_cases(request) else []


def _by_year(content: Content, first: int) -> list[tuple[int, list[tuple[date, str, str]]]]:
    """The holidays with their weekdays, year by year: from the first on, then those that are past."""
    years: dict[int, list[tuple[date, str, str]]] = {}
    for day, why in sorted(content.holidays.items()):
        years.setdefault(day.year, []).append((day, date_format(day, "l"), why))
    return sorted(years.items(), key=lambda of_year: (of_year[0] < first, abs(of_year[0] - first)))


def _why_shut(check: Callable[[CalendarChange, Actor], None], change: CalendarChange, by: Actor) -> str:
    try:
        check(change, by)
    except MoveShut as shut:
        return shut.sentence
    return ""


def _filled_as_asked(calendar: HouseCalendar, until: str) -> Content:
    """What the calendar says, with the years after its last one up to the year asked for. Raises CannotFill."""
    if not (until.isascii() and until.isdigit() and int(until) in YEARS):
        return Content.of(calendar.current)
    first = (calendar.ends_in or today().year - 2) + 1
    return calendar_changes.filled(calendar, range(first, int(until) + 1))


def _calendar(calendar_id: int | str) -> HouseCalendar:
    if not str(calendar_id).isdecimal():
        raise Http404
    return get_object_or_404(HouseCalendar.objects.select_related("organisation", "current"), pk=int(calendar_id))


def _url_of(calendar: HouseCalendar) -> str:
    return reverse("admin:requests_app_housecalendar_change", args=[calendar.pk])


def _url_of_change(change: CalendarChange) -> str:
    return reverse("admin:requests_app_housecalendar_decide", args=[change.pk])


def _in_words(laws: Sequence[str]) -> str:
    titles = titles_of_laws()
    return ", ".join(sorted(titles.get(law, law) for law in laws))
