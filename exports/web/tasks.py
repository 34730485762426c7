"""A task as an outsider opens it: by the link from the mail, then with a code that goes to the registered address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import wraps

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from exports.fulfil.tasks import forms as task_forms
from exports.fulfil.tasks import links, mails, page
from exports.fulfil.tasks.forms import Step
from exports.fulfil.tasks.opening import AnswerRefused
from exports.models import TaskLink
from requests_app.roles import OWNER
from requests_app.services.codes import TooManyCodes
from requests_app.services.history import local_day, record_access
from requests_app.web.forms import PortalForm
from requests_app.web.pages import portal_page

ASKED, ENTERED, SEEN = "task_asked", "task_entered", "task_seen_at"
LIFE = timedelta(hours=1)  # after the last page

TaskView = Callable[[HttpRequest, TaskLink], HttpResponse]


class TaskCodeForm(PortalForm):
    """The code that was mailed to the registered address."""

    code = forms.CharField(
        label=gettext_lazy("Code from our e-mail"),
        error_messages={"required": gettext_lazy("Please type the code from our e-mail.")},
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )


@portal_page
@require_http_methods(["GET", "HEAD", "POST"])
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail. Mail scanners open links: looking at it only shows a button; pressing that mails a code."""
    at = timezone.now()
    link = links.find(token, at=at)
    if link is None:
        return _no_way(request)
    if request.method != "POST":
        return render(request, "portal/task_link.html", {"task": link.task})
    request.session[ASKED] = link.pk
    return _mail_code(link, at)


def _mail_code(link: TaskLink, at: datetime) -> HttpResponse:
    """Mail a code and go where it is typed; asked for too often, the page is the same and no mail goes out."""
    with suppress(TooManyCodes):
        mails.send_code(link.task, at=at)
    return redirect("task:code")


@portal_page
@require_http_methods(["GET", "HEAD", "POST"])
def type_code(request: HttpRequest) -> HttpResponse:
    """Enter with the code, or ask for another one."""
    at = timezone.now()
    link = links.live(request.session.get(ASKED, 0), at=at)
    if link is None:
        return _no_way(request)
    if request.POST.get("do") == "another":
        messages.info(request, _("If a further code can be sent now, it is on its way; at most five an hour are."))
        return _mail_code(link, at)
    form = TaskCodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        if links.use_code(link, form.cleaned_data["code"], at=at):
            request.session.cycle_key()
            del request.session[ASKED]
            request.session[ENTERED], request.session[SEEN] = link.pk, at.isoformat()
            return redirect("task:work")
        form.add_error("code", _("This code does not open the task: it is mistyped, used, or older than 20 minutes."))
    context = {"form": form, "task": link.task}
    return render(request, "portal/task_code.html", context, status=400 if form.errors else 200)


def owner_page(view: TaskView) -> Callable[[HttpRequest], HttpResponseBase]:
    """A page for who has entered a task in this browser, for an hour after the last page and while its link lives."""

    @wraps(view)
    def shown(request: HttpRequest) -> HttpResponseBase:
        at = timezone.now()
        seen_at = request.session.get(SEEN)
        link = links.live(request.session.get(ENTERED, 0), at=at)
        if link is None or seen_at is None or at - datetime.fromisoformat(seen_at) > LIFE:
            _forget(request)
            return _no_way(request)
        request.session[SEEN] = at.isoformat()
        return view(request, link)

    return portal_page(shown)


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def work(request: HttpRequest, link: TaskLink) -> HttpResponse:
    """What is asked, by which identifiers; files are taken here, and the answer."""
    at, task = timezone.now(), link.task
    refused: Sequence[str] = ()
    if request.method == "POST":
        try:
            answered = task_forms.take(task.pk, request.POST, request.FILES, by=OWNER, at=at)
        except AnswerRefused as error:
            refused = error.faults
        else:
            if answered.step is Step.FINISHED:
                _forget(request)
                return redirect("task:done")
            messages.success(request, str(task_forms.IN_WORDS[answered.step]))
            for warning in answered.warnings:
                messages.warning(request, warning)
            return redirect("task:work")
    with transaction.atomic():
        record_access(by=OWNER, what="task", at=at, case=str(task.case_id), task=task.reference)
    context = {
        "page": page.shown(task, on=local_day(at)),
        "refused": refused,
        "given": task_forms.given(request.POST),
        **task_forms.choices(),
    }
    return render(request, "portal/task.html", context, status=400 if refused else 200)


@owner_page
@require_POST
def leave(request: HttpRequest, link: TaskLink) -> HttpResponse:  # noqa: ARG001
    """Close the task in this browser; what was sent stays."""
    _forget(request)
    return redirect("portal:start")


@portal_page
@require_safe
def done(request: HttpRequest) -> HttpResponse:
    """Thanks; the page holds nothing of the task."""
    return render(request, "portal/task_done.html")


def _forget(request: HttpRequest) -> None:
    for key in (ASKED, ENTERED, SEEN):
        request.session.pop(key, None)
    request.session.cycle_key()


def _no_way(request: HttpRequest) -> HttpResponse:
    """One page for whatever is wrong with a link: which it was tells nobody anything."""
    return render(request, "portal/task_no_way.html", status=404)
