"""Which of these? The records to which what is known of somebody leads in a source, and the choice among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dsar.vault.errors import VaultError
from exports.admin.near import KINDS, Point, in_words
from exports.admin.panels import may
from exports.fulfil import choosing
from exports.fulfil.whose_data import NONE_OF_THESE
from exports.models import Candidate, RecordChoice
from requests_app.admin import sections
from requests_app.admin.case_page import context_of
from requests_app.admin.desk import actor_of, unsealed
from requests_app.admin.timeline import names_of
from requests_app.guards import MoveShut
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.roles import Actor
from requests_app.services import moving
from requests_app.services.history import record_access

SLUG = "which"


@dataclass(frozen=True)
class Line:
    """One record."""

    number: int
    collection: str
    led_by: list[str | Promise]
    points: list[Point]
    masked: tuple[tuple[str, str], ...]
    chosen: bool | None


@dataclass(frozen=True)
class Question:
    """The records of one source, and what was decided about them."""

    slug: str
    title: str
    lines: list[Line]
    decided: bool
    who: str
    reason: str


@sections.page(SLUG)
def which(request: HttpRequest, case: Case) -> HttpResponse:
    """The records of each source that asks; each look is noted. Whoever may choose, chooses here."""
    if request.method == "POST":
        return _choose(request, case)
    actor = actor_of(request)
    try:
        questions = list(_questions(case))
    except VaultError:
        messages.info(request, _("The records can't be shown: their key is destroyed, or not known here."))
        questions = []
    if questions:
        with transaction.atomic():
            record_access(by=actor, what="candidates", at=timezone.now(), case=str(case.pk))
    context = {**context_of(request, case), "questions": questions, "may_choose": may("choose_records", case, actor)}
    return TemplateResponse(request, "admin/exports/which.html", context)


def _choose(request: HttpRequest, case: Case) -> HttpResponse:
    """Make the move; what it refuses is told on the page, on which the reason has to be given again."""
    here = reverse(f"admin:requests_app_case_{SLUG}", args=[case.pk])
    seen = request.POST.get("version", "")
    none = "none" in request.POST
    inputs = {
        "source": request.POST.get("source", ""),
        "records": NONE_OF_THESE if none else ",".join(request.POST.getlist("record")),
        "reason": request.POST.get("reason", ""),
    }
    try:
        moving.perform(
            "choose_records",
            case_id=case.pk,
            version=int(seen) if seen.isdecimal() and len(seen) < 10 else 0,
            actor=actor_of(request),
            at=timezone.now(),
            inputs=inputs,
        )
    except InputRefused as refused:
        wrong = refused.errors
        if "records" in wrong and not inputs["records"]:
            wrong["records"] = _("Choose a record, or say that it is none of these.")
        if "reason" in wrong:
            wrong["reason"] = _("A reason is needed.")
        for sentence in wrong.values():
            messages.error(request, sentence)
        return HttpResponseRedirect(here)
    except MoveShut as shut:
        messages.error(request, str(shut))
        return HttpResponseRedirect(here)
    messages.success(request, _("Chosen. The source is searched by that."))
    return HttpResponseRedirect(reverse("admin:requests_app_case_change", args=[case.pk]))


def _questions(case: Case) -> Iterator[Question]:
    choices = list(RecordChoice.objects.filter(case=case).select_related("case__submission"))
    names = names_of(choice.decided_by for choice in choices)
    newest = {choice.source_id: choice for choice in choices}
    for source, found in groupby(choosing.candidates_of(case), key=lambda one: one.source):
        lines = [_line(one) for one in found]
        choice = newest.get(source.pk)
        yield Question(
            slug=source.slug,
            title=source.title,
            lines=lines,
            decided=all(line.chosen is not None for line in lines),
            who=names[choice.decided_by] if choice else "",
            reason=unsealed(choice, "reason") if choice else "",
        )


def _line(candidate: Candidate) -> Line:
    shown = choosing.shown(candidate)
    titles = {found.name: found.title for found in candidate.source.map_version.as_map().collections}
    return Line(
        number=shown.number,
        collection=str(titles.get(shown.collection, shown.collection)),
        led_by=[KINDS.get(kind, kind) for kind in shown.led_by],
        points=in_words(shown.points),
        masked=shown.masked,
        chosen=shown.chosen,
    )


@sections.link
def to_which(case: Case, actor: Actor) -> sections.Link | None:  # noqa: ARG001
    """The way to the records, where a source asks."""
    if not choosing.candidates_of(case).exists():
        return None
    return sections.Link(gettext_lazy("Which of these?"), where_to_choose(case), "person_search")


@sections.starts("choose_records")
def where_to_choose(case: Case) -> str:
    """Records are chosen where they are shown."""
    return reverse(f"admin:requests_app_case_{SLUG}", args=[case.pk])
