"""Jobs in the admin: what the workers do, what they could not do, and "try again"."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from dsar.jobs import pausing, queue
from dsar.jobs.models import Job, State
from requests_app.admin.desk import DeskAdmin, actor_of
from requests_app.admin.queue import badge
from requests_app.services.staffing import note_setting

TONES = {State.WAITING: "wait", State.RUNNING: "busy", State.DONE: "sure", State.FAILED: "late"}


@admin.register(Job)
class JobAdmin(DeskAdmin[Job]):
    """The table of jobs. Arguments are ids, errors are classes: there is nothing about a person in it."""

    list_display = ("work", "standing", "attempts", "error_class", "next_try", "finished", "queue")
    list_filter = ("state", "queue")
    list_before_template = "admin/jobs/job/switch.html"
    ordering = ("-created_at",)
    sortable_by: ClassVar[tuple[str, ...]] = ()
    fields = (
        "kind",
        "state",
        "queue",
        "arguments",
        "attempts",
        "error",
        "run_at",
        "lease_until",
        "created_at",
        "finished_at",
    )
    actions = ("try_again",)

    def get_urls(self) -> list[URLPattern]:
        """The switch beside the admin's own pages."""
        switch = path("switch/", self.admin_site.admin_view(require_POST(self.switch)), name="jobs_job_switch")
        return [switch, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """The list, with the switch that pauses all work."""
        switch = {"pause": pausing.current(), "may_switch": self.has_retry_permission(request)}
        return super().changelist_view(request, {**(extra_context or {}), **switch})

    def switch(self, request: HttpRequest) -> HttpResponse:
        """Pause all work, or let it go on; noted with who did it and when."""
        if not self.has_retry_permission(request):
            raise PermissionDenied
        by, at = actor_of(request), timezone.now()
        wanted = request.POST.get("work")
        with transaction.atomic():
            if wanted == "pause" and pausing.pause(by=by.slug, at=at):
                note_setting("work_paused", by=by, at=at)
                messages.warning(request, _("All work is paused: nothing is gathered, changed, sent or rendered."))
            elif wanted == "resume" and pausing.resume():
                note_setting("work_resumed", by=by, at=at)
                messages.success(request, _("Work goes on: what is overdue comes first."))
        return HttpResponseRedirect(reverse("admin:jobs_job_changelist"))

    @admin.display(description=gettext_lazy("Kind"))
    def work(self, job: Job) -> str:
        """What kind of work it is, in words."""
        return job.kind.replace("_", " ")

    @admin.display(description=gettext_lazy("State"))
    def standing(self, job: Job) -> SafeString:
        """Where it stands."""
        return badge(job.get_state_display(), TONES[State(job.state)])

    @admin.display(description=gettext_lazy("Last error"))
    def error_class(self, job: Job) -> str | None:
        """The class of the last error, without its module."""
        return job.error.rpartition(".")[2] or None

    @admin.display(description=gettext_lazy("Next try"))
    def next_try(self, job: Job) -> str | None:
        """When it is tried next."""
        return _moment(job.run_at) if job.state == State.WAITING else None

    @admin.display(description=gettext_lazy("Ended"))
    def finished(self, job: Job) -> str | None:
        """When it was done, or given up."""
        return _moment(job.finished_at) if job.finished_at else None

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Who may have a job tried again."""
        return request.user.has_perm("jobs.change_job")

    @admin.action(description=gettext_lazy("Try again"), permissions=["retry"])
    def try_again(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Try failed jobs again, with all their attempts."""
        tried, at = 0, timezone.now()
        for job in jobs.filter(state=State.FAILED):
            with transaction.atomic():
                queue.retry(job, at=at)
                note_setting("job_tried_again", by=actor_of(request), at=at, job=str(job.pk), kind=job.kind)
            tried += 1
        if tried:
            done = ngettext("%(count)s job is tried again.", "%(count)s jobs are tried again.", tried)
            messages.success(request, done % {"count": tried})
        else:
            messages.warning(request, _("Only jobs that gave up can be tried again."))


def _moment(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"
