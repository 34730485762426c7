"""The sidebar of the desk: each item for those who may see what it leads to."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from requests_app.admin.desk import (
    configures,
    sees_calendars,
    sees_cases,
    sees_figures,
    sees_jobs,
    sees_sources,
    sees_tasks,
)

Item = dict[str, object]


def groups(request: HttpRequest) -> list[Item]:  # noqa: ARG001 - unfold asks with the request, then checks each item
    """The groups of the sidebar in unfold's form."""
    return [
        {
            "title": _("Desk"),
            "items": [
                _item(_("Today"), "today", "admin:index", _everybody),
                _item(_("Queue"), "checklist", "admin:requests_app_case_changelist", sees_cases),
                _item(_("Requests received"), "inbox", "admin:requests_app_submission_changelist", sees_cases),
                _item(_("Tasks of source owners"), "assignment_ind", "admin:exports_task_changelist", sees_tasks),
                _item(_("Figures of a year"), "bar_chart", "admin:requests_app_organisation_figures", sees_figures),
            ],
        },
        {
            "title": _("House"),
            "separator": True,
            "items": [
                _item(_("Standing rules"), "rule", "admin:requests_app_standingrule_changelist", sees_cases),
                _item(_("Retention"), "event_busy", "admin:exports_retentionschedule_changelist", sees_cases),
                _item(_("Holds"), "lock", "admin:requests_app_hold_changelist", sees_cases),
                _item(_("Company systems"), "database", "admin:exports_datasource_changelist", sees_sources),
                _item(_("Receivers"), "outbox", "admin:exports_receiver_changelist", sees_figures),
                _item(_("Calendars"), "calendar_month", "admin:requests_app_housecalendar_changelist", sees_calendars),
                _item(_("Jobs"), "conveyor_belt", "admin:jobs_job_changelist", sees_jobs),
                _item(_("Organisation"), "domain", "admin:requests_app_organisation_changelist", configures),
                _item(_("Staff"), "group", "admin:requests_app_user_changelist", configures),
            ],
        },
    ]


def _item(title: str, icon: str, name: str, permission: Callable[[HttpRequest], bool]) -> Item:
    return {"title": title, "icon": icon, "link": reverse(name), "permission": permission}


def _everybody(request: HttpRequest) -> bool:
    return bool(request.user.is_authenticated)
