"""The pages of what is done to many cases in one go: what approving would do, and what was done, case by case."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from requests_app.admin.desk import actor_of
from requests_app.facts import in_words
from requests_app.models import Case
from requests_app.ports import Doing, Foreseen
from requests_app.services import approving, starting
from requests_app.services.together import NotTogether

NUMBER_LENGTH = 9  # digits of a version that the database can hold


@dataclass(frozen=True)
class SourceLine:
    """What the deletions would do in one source."""

    title: str
    deleted: int
    deidentified: int
    kept: list[tuple[str, int]]  # ground in words, records


def preview(request: HttpRequest, case_ids: Collection[UUID]) -> HttpResponse:
    """What approving the chosen cases would do; nothing is done yet."""
    try:
        foreseen = approving.preview(case_ids, actor=actor_of(request), at=timezone.now())
    except NotTogether as refused:
        return _back(request, str(refused))
    context = {
        "ready": foreseen.ready,
        "left_out": foreseen.left_out,
        "lines": _by_source(foreseen.foreseen),
        "records": sum(item.records for item in foreseen.foreseen if item.doing != Doing.KEEP),
    }
    return _page(request, "preview", _("Approve together"), context)


def confirm(request: HttpRequest) -> HttpResponse:
    """Approve what was previewed, as far as it is still the same; tells it case by case."""
    try:
        done = approving.approve(_seen(request.POST), actor=actor_of(request), at=timezone.now())
    except NotTogether as refused:
        return _back(request, str(refused))
    return _page(request, "done", _("Approved together"), {"approved": done.moved, "left_out": done.left_out})


def start(request: HttpRequest, case_ids: Collection[UUID]) -> HttpResponse:
    """Start gathering for the chosen cases; tells it case by case."""
    try:
        done = starting.start(case_ids, actor=actor_of(request), at=timezone.now())
    except NotTogether as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(_queue())
    context = {"started": done.moved, "left_out": done.left_out, "queue": _queue()}
    return _page(request, "done", _("Started together"), context)


def _seen(given: QueryDict) -> dict[UUID, int]:
    """The cases of the preview, each with the version that was shown; what is neither is passed over."""
    found = {}
    for text in given.getlist("case"):
        case_id, _colon, version = text.partition(":")
        if not (version.isascii() and version.isdecimal() and len(version) <= NUMBER_LENGTH):
            continue
        try:
            found[UUID(case_id)] = int(version)
        except ValueError:
            continue
    return found


def _by_source(foreseen: Iterable[Foreseen]) -> list[SourceLine]:
    by_source: dict[str, list[Foreseen]] = {}
    for item in foreseen:
        by_source.setdefault(item.source, []).append(item)
    return [
        SourceLine(
            title=title,
            deleted=_records(items, Doing.DELETE),
            deidentified=_records(items, Doing.DEIDENTIFY),
            kept=[(in_words("code", item.ground), item.records) for item in items if item.doing == Doing.KEEP],
        )
        for title, items in by_source.items()
    ]


def _records(items: Iterable[Foreseen], doing: Doing) -> int:
    return sum(item.records for item in items if item.doing == doing)


def _page(request: HttpRequest, name: str, title: str, context: Mapping[str, object]) -> HttpResponse:
    shown = {**admin.site.each_context(request), "opts": Case._meta, "title": title, "queue": _approvals(), **context}
    return TemplateResponse(request, f"admin/requests_app/case/together_{name}.html", shown)


def _back(request: HttpRequest, because: str) -> HttpResponse:
    messages.error(request, because)
    return HttpResponseRedirect(_approvals())


def _queue() -> str:
    return reverse("admin:requests_app_case_changelist")


def _approvals() -> str:
    """Where deletions wait for approval."""
    return f"{_queue()}?group=approval&right=delete"
