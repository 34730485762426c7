"""What every page of the desk needs: who acts, what day it is, the look, and admins that edit nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from dsar.vault.errors import KeyDestroyed
from requests_app.models import Organisation
from requests_app.roles import Actor
from requests_app.services.history import local_day

Row = TypeVar("Row", bound=Model)


if TYPE_CHECKING:
    from requests_app.models import User

    class ThemedAdmin(admin.ModelAdmin[Row]):
        """Unfold's admin with the types of Django's, from which its own annotations stray."""

else:

    class ThemedAdmin(ModelAdmin, Generic[Row]):
        """Unfold's admin."""


class DeskAdmin(ThemedAdmin[Row]):
    """An admin that shows and never edits: what changes a case is a move, and what changes the rest says so itself."""

    list_per_page = 50
    show_full_result_count = False
    list_fullwidth = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nothing is added by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Nothing is edited by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Nothing is deleted by hand."""
        return False


class OnePageAdmin(DeskAdmin[Row]):
    """An admin whose rows stand on one page, and have none of their own."""

    def page(self, request: HttpRequest, context: Mapping[str, object]) -> HttpResponse:
        """The page, or one step on it; ``context`` is what every page of the admin gets."""
        raise NotImplementedError

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """The page, for who may see it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self.page(request, {**self.admin_site.each_context(request), "opts": self.opts})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """Back to the page."""
        return HttpResponseRedirect("../../")


def actor_of(request: HttpRequest) -> Actor:
    """The member of the staff who asks for this page, looked up once a request; the admin lets nobody else in."""
    known: Actor | None = getattr(request, "_desk_actor", None)
    if known is None:
        known = cast("User", request.user).as_actor()
        setattr(request, "_desk_actor", known)  # noqa: B010 - a name that the type does not have
    return known


def today() -> date:
    """The business's local date."""
    return local_day(timezone.now())


def due_in_words(due: date, on: date) -> str:
    """How near a legal date is, in words: "in 12 days", "today", "late by 3 days"."""
    days = (due - on).days
    if days < 0:
        return ngettext("late by %(days)s day", "late by %(days)s days", -days) % {"days": -days}
    return ngettext("in %(days)s day", "in %(days)s days", days) % {"days": days} if days else _("today")


def unsealed(row: Model, name: str) -> str:
    """A sealed text of a row, or the note that it is gone for good."""
    try:
        return str(getattr(row, name))
    except KeyDestroyed:
        return _("destroyed with its key")


def organisation_name(request: HttpRequest) -> str:  # noqa: ARG001 - unfold asks with the request
    """Whose desk this is; empty before the organisation is set up."""
    return Organisation.objects.values_list("display_name", flat=True).order_by("pk").first() or ""


def site_title(request: HttpRequest) -> str:
    """The name in the browser's tab and on the sign-in page."""
    name = organisation_name(request)
    return _("%(name)s privacy desk") % {"name": name} if name else _("Privacy desk")


def sees_cases(request: HttpRequest) -> bool:
    """Whether the pages of cases are for this user."""
    return request.user.has_perm("requests_app.view_case")


def sees_jobs(request: HttpRequest) -> bool:
    """Whether the list of jobs is for this user."""
    return request.user.has_perm("jobs.view_job")


def sees_sources(request: HttpRequest) -> bool:
    """Whether the company's systems are for this user: who works with what they hold, owns or configures them."""
    return sees_cases(request) or configures(request) or request.user.has_perm("exports.view_datasource")


def sees_tasks(request: HttpRequest) -> bool:
    """Whether tasks are for this user: all of them for who works with cases, their own for source owners."""
    return sees_cases(request) or request.user.has_perm("exports.view_task")


def configures(request: HttpRequest) -> bool:
    """Whether organisation and staff are for this user."""
    return request.user.has_perm("requests_app.change_organisation")


def sees_figures(request: HttpRequest) -> bool:
    """Whether the figures of a year are for this user: they hold nobody's data."""
    return sees_cases(request) or configures(request)


def sees_calendars(request: HttpRequest) -> bool:
    """Whether the calendars are for this user: who works with dates, checks them, or names the place."""
    return request.user.has_perm("requests_app.view_housecalendar")
