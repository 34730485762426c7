"""Tasks of source owners on the desk: the list, the page on which an owner answers, and the desk's own steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from dsar.vault import files
from dsar.vault.errors import VaultError
from exports.fulfil.tasks import answering, links, page
from exports.fulfil.tasks import forms as task_forms
from exports.fulfil.tasks.forms import Step
from exports.fulfil.tasks.opening import DESK, AnswerRefused, NotYours, is_owner, may_answer
from exports.models import RunState, Task, TaskKind, TaskState, TaskUpload
from requests_app.admin import dashboard, sections
from requests_app.admin.desk import DeskAdmin, actor_of, due_in_words, sees_cases, sees_tasks, today, unsealed
from requests_app.admin.queue import badge
from requests_app.admin.timeline import names_of
from requests_app.models import Case
from requests_app.roles import Actor
from requests_app.services.history import local_day, record_access

if TYPE_CHECKING:
    from uuid import UUID

TONES = {
    TaskState.OPEN: "wait",
    TaskState.DONE: "sure",
    TaskState.NOTHING: "sure",
    TaskState.REFUSED: "late",
    TaskState.CANCELLED: "quiet",
}
STEPS: dict[str, tuple[Callable[..., Task], object]] = {
    "again": (answering.send_again, gettext_lazy("%(task)s: mailed again; links that were mailed before are dead.")),
    "revoke": (answering.revoke, gettext_lazy("%(task)s: its links open nothing any more.")),
    "anew": (answering.ask_again, gettext_lazy("%(task)s: ended; the owner is asked anew.")),
}


@dataclass(frozen=True)
class TaskLine:
    """One task in words, and what this user may do about it."""

    task: Task
    standing: SafeString
    due: str
    link_ends: datetime | None
    mailed: str
    who: str
    name: str
    note: str
    has_proof: bool
    may_open: bool
    steps: tuple[str, ...]


@sections.panel
def tasks(case: Case, actor: Actor) -> sections.Panel | None:
    """What the owners of sources were asked in the present round."""
    asked = case.tasks.filter(round=case.gathering_round).select_related("source", "run", "case__submission")
    found = list(asked.order_by("asked_at"))
    if not found:
        return None
    names, at = names_of(task.answered_by for task in found if task.answered_by), timezone.now()
    lines = [_line(task, actor, names.get(task.answered_by, ""), at) for task in found]
    return sections.Panel(
        "tasks", gettext_lazy("Tasks of source owners"), "admin/exports/tasks.html", {"lines": lines}, decides=True
    )


def _line(task: Task, actor: Actor, who: str, at: datetime) -> TaskLine:
    works = bool(actor.roles & DESK)
    return TaskLine(
        task=task,
        standing=standing_of(task),
        due=due_in_words(task.due_on, today()) if task.is_open else "",
        link_ends=links.ends_at(task, at=at),
        mailed=_mailed(task),
        who=who,
        name=unsealed(task, "name"),
        note=unsealed(task, "note"),
        has_proof=task.uploads.filter(collection=TaskUpload.PROOF).exists(),
        may_open=task.is_open and may_answer(task, actor),
        steps=tuple(_steps(task)) if works else (),
    )


def standing_of(task: Task) -> SafeString:
    """How it stands, and whether it is late."""
    if task.is_open and task.due_on < today():
        return badge(_("late"), "late")
    return badge(task.get_state_display(), TONES[TaskState(task.state)])


def _steps(task: Task) -> list[str]:
    run = task.run
    waits = task.kind == TaskKind.LOOK and run is not None and run.state in (RunState.ASKED, RunState.FAILED)
    anew = ["anew"] if waits and task.state in (TaskState.OPEN, TaskState.REFUSED, TaskState.DONE) else []
    if not task.is_open:
        return anew
    return ["again", *([] if task.is_insider else ["revoke"]), *anew]


def _mailed(task: Task) -> str:
    last = task.mails.exclude(letter="code").last()
    if last is None or last.failed_at:
        return _("the last mail did not go out")
    return _("mailed %(at)s") % {"at": local_day(last.accepted_at)} if last.accepted_at else _("mail on its way")


@admin.register(Task)
class TaskAdmin(DeskAdmin[Task]):
    """All tasks for who works with cases; their own for owners, who see nothing else of a case."""

    list_display = ("reference", "source", "asked", "standing", "due_on", "owner_email")
    list_filter = ("state", "source")
    ordering = ("due_on", "asked_at")
    sortable_by: ClassVar[tuple[str, ...]] = ()
    actions = None

    def get_urls(self) -> list[URLPattern]:
        """What the desk does, and the proof, beside the admin's own pages."""
        act = self.admin_site.admin_view(require_POST(self.act))
        return [
            path("<uuid:task_id>/act/", act, name="exports_task_act"),
            path("<uuid:task_id>/proof/", self.admin_site.admin_view(self.proof), name="exports_task_proof"),
            *super().get_urls(),
        ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As for the list."""
        return sees_tasks(request)

    def has_view_permission(self, request: HttpRequest, obj: Task | None = None) -> bool:
        """The list shows to each what is theirs."""
        if not sees_tasks(request):
            return False
        return obj is None or sees_cases(request) or is_owner(obj, actor_of(request))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        """Those of the user, unless they work with cases."""
        found = super().get_queryset(request).select_related("source", "case__submission__organisation", "map_version")
        return found if sees_cases(request) else found.filter(pk__in=_owned(request))

    @admin.display(description=gettext_lazy("Asked for"))
    def asked(self, task: Task) -> str:
        """What the owner is to do."""
        return str(task.get_kind_display())

    @admin.display(description=gettext_lazy("State"))
    def standing(self, task: Task) -> SafeString:
        """How it stands."""
        return standing_of(task)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """The page on which a task is answered; closed ones say so and show nobody's data."""
        task = self.get_object(request, object_id)
        if task is None or not self.has_view_permission(request, task):
            raise Http404
        actor, at = actor_of(request), timezone.now()
        refused: Sequence[str] = ()
        if request.method == "POST":
            try:
                answered = task_forms.take(task.pk, request.POST, request.FILES, by=actor, at=at)
            except NotYours:
                raise PermissionDenied from None
            except AnswerRefused as error:
                refused = error.faults
            else:
                messages.success(request, str(task_forms.IN_WORDS[answered.step]))
                for warning in answered.warnings:
                    messages.warning(request, warning)
                return HttpResponseRedirect(_list_or_here(request, answered.step))
        return self._page(request, task, actor, refused)

    def _page(self, request: HttpRequest, task: Task, actor: Actor, refused: Sequence[str]) -> HttpResponse:
        takes = Task.objects.wanted().filter(pk=task.pk).exists() and may_answer(task, actor)
        if takes:
            with transaction.atomic():
                record_access(by=actor, what="task", at=timezone.now(), case=str(task.case_id), task=task.reference)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Task %(task)s") % {"task": task.reference},
            "lead": f"{task.about()}: {task.get_kind_display()}",
            "task": task,
            "standing": standing_of(task),
            "page": page.shown(task, on=today()) if takes else None,
            "for_owner": not is_owner(task, actor),
            "refused": refused,
            "given": task_forms.given(request.POST),
            **task_forms.choices(),
        }
        return TemplateResponse(request, "admin/exports/task.html", context, status=422 if refused else 200)

    def act(self, request: HttpRequest, task_id: UUID) -> HttpResponse:
        """One step of the desk about a task; back to the case's page."""
        task, step = Task.objects.filter(pk=task_id).first(), STEPS.get(request.POST.get("do", ""))
        if task is None or step is None or not sees_cases(request):
            raise Http404
        service, said = step
        try:
            service(task_id, by=actor_of(request), at=timezone.now())
        except NotYours:
            raise PermissionDenied from None
        except AnswerRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, str(said) % {"task": task.reference})
        return HttpResponseRedirect(reverse("admin:requests_app_case_change", args=[task.case_id]) + "#panel-tasks")

    def proof(self, request: HttpRequest, task_id: UUID) -> HttpResponse:
        """The file that was sent as proof, to be saved and never shown in the browser; looking at it is noted."""
        sent = TaskUpload.objects.filter(task_id=task_id, collection=TaskUpload.PROOF).select_related("task__case")
        upload = sent.first()
        if upload is None or not sees_cases(request):
            raise Http404
        try:
            with files.open_file(upload.as_sealed_file(), upload.content_key, context=upload.context) as clear:
                content = clear.read()
        except VaultError:
            messages.error(request, _("The proof can't be opened: it is damaged, or its key was destroyed."))
            return HttpResponseRedirect(reverse("admin:requests_app_case_change", args=[upload.task.case_id]))
        with transaction.atomic():
            record_access(
                by=actor_of(request),
                what="proof",
                at=timezone.now(),
                case=str(upload.task.case_id),
                task=upload.task.reference,
            )
        headers = {
            "Content-Disposition": f'attachment; filename="{upload.task.reference}.bin"',
            "X-Content-Type-Options": "nosniff",
        }
        return HttpResponse(content, content_type="application/octet-stream", headers=headers)


@dashboard.counts
def waiting_for_owner(request: HttpRequest) -> Iterator[dashboard.Count]:
    """The tasks that wait for an answer of who looks at the first page, for source owners alone."""
    if sees_cases(request) or not sees_tasks(request):
        return
    waiting = Task.objects.wanted().filter(pk__in=_owned(request))
    url = f"{reverse('admin:exports_task_changelist')}?state__exact={TaskState.OPEN}"
    yield dashboard.Count(_("Tasks that wait for your answer"), waiting.count(), url)
    late = waiting.filter(due_on__lt=today()).count()
    yield dashboard.Count(_("Of these late"), late, url, is_bad=True)


def _owned(request: HttpRequest) -> QuerySet[Task, UUID]:
    email = getattr(request.user, "email", "")
    return Task.objects.owned_by(email).values_list("pk", flat=True)


def _list_or_here(request: HttpRequest, step: Step) -> str:
    return reverse("admin:exports_task_changelist") if step is Step.FINISHED else request.path
